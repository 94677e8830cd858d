//! Documents into the index, inside the write's own transaction.
//!
//! PostgreSQL's index takes them at once and sorts them in now and then (GIN's fast update). SQLite's would write several
//! pages for each transaction, so documents wait in `search_pending`, where they are found too, and a writer puts some
//! hundreds into the index together.

use std::sync::atomic::Ordering;

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, RecordId, Result};
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, OnConflict, Query};
use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

use super::document::{Document, PARTS, groups, in_part, mark_of, number_of};
use crate::Records;
use crate::catalogue::EntityDef;

/// Written documents after which a writer puts them into the index.
const MOVED_AT: u32 = 400;
/// Documents that go into the index in one transaction.
const CHUNK: i64 = 500;

/// Puts documents in the place of those that the records had; none without documents.
pub(crate) fn keep(
    ctx: &Ctx,
    def: &EntityDef,
    backend: DbBackend,
    documents: Vec<(RecordId, Document)>,
) -> Option<InsertStatement> {
    if documents.is_empty() {
        return None;
    }
    let sqlite = backend == DbBackend::Sqlite;
    let (table, columns) = if sqlite { ("search_pending", &PARTS[..]) } else { ("search_document", &["grams"][..]) };
    let mark = mark_of(ctx.tenant, &def.key);
    let mut insert = Query::insert();
    insert.into_table(table);
    insert.columns(["record_id", "tenant_id", "entity"].into_iter().chain(columns.iter().copied()));
    for (record, mut parts) in documents {
        if sqlite {
            for (part, text) in parts.iter_mut().enumerate() {
                *text = in_part(part, text);
            }
        }
        let [title, ..] = &mut parts;
        title.insert_str(0, &mark);
        let mut cells: Vec<Expr> = vec![record.into(), ctx.tenant.0.into(), def.key.as_str().into()];
        if sqlite {
            cells.extend(parts.map(Expr::val));
        } else {
            cells.push(Expr::val(numbers(&parts)).cast_as("integer[]"));
        }
        insert.values_panic(cells);
    }
    insert.on_conflict(OnConflict::column("record_id").update_columns(columns.iter().copied()).to_owned());
    Some(insert)
}

/// The groups of a document as PostgreSQL writes an array.
fn numbers(parts: &Document) -> String {
    let numbers = parts
        .iter()
        .enumerate()
        .flat_map(|(part, text)| groups(text).into_iter().map(move |group| number_of(part, group).to_string()));
    format!("{{{}}}", numbers.collect::<Vec<_>>().join(","))
}

impl Records {
    /// Counts documents that were written, and puts those that wait into the index when they are many. A failure is told
    /// in the log alone: they are found where they are.
    pub(crate) async fn index_after(&self, written: usize) {
        if self.db().backend() != DbBackend::Sqlite {
            return;
        }
        let written = u32::try_from(written).unwrap_or(u32::MAX);
        if self.search.written.fetch_add(written, Ordering::Relaxed).saturating_add(written) < MOVED_AT {
            return;
        }
        self.search.written.store(0, Ordering::Relaxed);
        if let Err(error) = self.index_pending().await {
            tracing::warn!(%error, "searched texts could not be put into their index");
        }
    }

    /// Puts every document that waits into the index.
    pub(super) async fn index_pending(&self) -> Result<()> {
        if self.db().backend() != DbBackend::Sqlite {
            return Ok(());
        }
        loop {
            let tx = self.db().begin().await?;
            let moved = index_some(&tx).await?;
            tx.commit().await?;
            if moved < CHUNK {
                return Ok(());
            }
        }
    }
}

/// Puts some of the documents that wait into SQLite's index. Gives how many.
pub(super) async fn index_some(tx: &Tx) -> Result<i64> {
    let sqlite =
        |sql: &str, values: Vec<sea_orm::Value>| Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    let found = tx.query_one_raw(sqlite(SOME, vec![CHUNK.into()])).await?;
    let Some(row) = found else { return Ok(0) };
    let (count, last): (i64, Option<Uuid>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let Some(last) = last else { return Ok(0) };
    for sql in MOVE {
        tx.execute_raw(sqlite(sql, vec![last.into()])).await?;
    }
    Ok(count)
}

const SOME: &str =
    "SELECT count(*), max(record_id) FROM (SELECT record_id FROM search_pending ORDER BY record_id LIMIT ?)";

const MOVE: [&str; 3] = [
    "INSERT INTO search_document (record_id, tenant_id, entity)
    SELECT record_id, tenant_id, entity FROM search_pending WHERE record_id <= ? ON CONFLICT (record_id) DO NOTHING",
    "INSERT OR REPLACE INTO search_index (rowid, title, words, reach, long)
    SELECT search_document.id, title, words, reach, long
    FROM search_pending CROSS JOIN search_document ON search_document.record_id = search_pending.record_id
    WHERE search_pending.record_id <= ?",
    "DELETE FROM search_pending WHERE record_id <= ?",
];
