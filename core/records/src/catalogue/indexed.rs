//! Indexes of fields that plugins mark as *indexed*: partial ones over an expression, one for all companies, for one entity's
//! rows of the shared table. They are made and dropped by a job beside the work (`CONCURRENTLY` on PostgreSQL), from what is
//! declared anywhere on this installation; a name says what its index is over.
//!
//! An index casts what it finds (PostgreSQL): where two companies have a field of one name with different types, there is
//! none, or a write of the one would fail for the type of the other. A company that brings such a type drops it first.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::value::FieldType;
use kernel::{Ctx, Db, Result};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Query};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::declared::Declared;
use super::definition::SHARED;
use super::store::OwnField;
use crate::Records;

/// The job.
pub const KEEP: &str = "records.keep_indexes";
/// What names of these indexes begin with.
const PREFIX: &str = "own_field_";
/// Bytes of the digest in a name, in hexadecimal.
const NAME_BYTES: usize = 12;

/// A field by entity and key.
type Field = (String, String);

/// Whether values of a type can be found by such an index.
pub(super) const fn fits(kind: FieldType) -> bool {
    use FieldType as T;
    matches!(
        kind,
        T::Text
            | T::Integer
            | T::Decimal
            | T::Duration
            | T::Boolean
            | T::Date
            | T::Datetime
            | T::Choice
            | T::User
            | T::Department
    )
}

/// The name of an index.
fn name((entity, key): &Field, kind: FieldType) -> String {
    let digest = Sha256::digest(format!("{entity} {key} {}", kind.name()).as_bytes());
    format!("{PREFIX}{}", hex::encode(digest.get(..NAME_BYTES).unwrap_or_default()))
}

/// What it is over: as the compiler of filters and lists writes the cell (`kernel::filter::Storage`, `words::in_order`).
fn expression(key: &str, kind: FieldType, backend: DbBackend) -> String {
    let value = format!("custom ->> '{key}'");
    let sqlite = backend == DbBackend::Sqlite;
    match kind {
        FieldType::Text if sqlite => format!("({value}) COLLATE verstak"),
        FieldType::Text => format!("(translate({value}, 'ёЁ', 'еЕ') COLLATE \"verstak\")"),
        kind if kind.is_id() && sqlite => format!("unhex({value})"),
        kind if kind.is_id() => format!("(({value})::uuid)"),
        FieldType::Boolean if !sqlite => format!("(({value})::boolean)"),
        FieldType::Datetime if !sqlite => format!("(({value})::bigint)"),
        kind if kind.is_number() && !sqlite => format!("(({value})::bigint)"),
        _ => format!("({value})"),
    }
}

fn create((entity, key): &Field, kind: FieldType, backend: DbBackend) -> String {
    let name = name(&(entity.clone(), key.clone()), kind);
    let beside = if backend == DbBackend::Sqlite { "" } else { "CONCURRENTLY " };
    let over = expression(key, kind, backend);
    // Keys are lower-case Latin letters, digits and `_`: the declaration has seen to it.
    format!(
        "CREATE INDEX {beside}IF NOT EXISTS {name} ON {SHARED} (tenant_id, {over}, id) \
         WHERE entity = '{entity}' AND deleted_at IS NULL"
    )
}

/// What definitions of plugins say of fields, over all companies: their types, and whether somebody wants an index.
async fn declared_anywhere(conn: &impl ConnectionTrait) -> Result<BTreeMap<Field, (BTreeSet<String>, bool)>> {
    let part = |name: &str| format!("CAST(definition ->> '{name}' AS TEXT)");
    let select = Query::select()
        .distinct()
        .columns(["entity", "key"])
        .expr(Expr::cust(part("kind")))
        .expr(Expr::cust(part("indexed")))
        .from("field_definition")
        .and_where(Expr::col("plugin").is_not_null())
        .take();
    let mut found: BTreeMap<Field, (BTreeSet<String>, bool)> = BTreeMap::new();
    for row in conn.query_all(&select).await? {
        let field = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (kinds, indexed) = found.entry(field).or_default();
        kinds.extend(row.try_get_by_index::<Option<String>>(2)?);
        // `true` on PostgreSQL, 1 on SQLite.
        *indexed |= row.try_get_by_index::<Option<String>>(3)?.is_some_and(|text| text == "true" || text == "1");
    }
    Ok(found)
}

fn kind_of(name: &str) -> Option<FieldType> {
    serde_json::from_value(name.into()).ok()
}

/// The indexes that there are, and whether each is whole: one whose making was broken off is not.
async fn existing(conn: &impl ConnectionTrait) -> Result<BTreeMap<String, bool>> {
    let begins = LikeExpr::new(format!("{}%", PREFIX.replace('_', "\\_"))).escape('\\');
    let mut select = Query::select();
    let sqlite = conn.get_database_backend() == DbBackend::Sqlite;
    if sqlite {
        select.column("name").from("sqlite_master").and_where(Expr::col("name").like(begins));
    } else {
        select
            .expr(Expr::cust("pg_class.relname::text"))
            .column(("pg_index", "indisvalid"))
            .from("pg_index")
            .inner_join("pg_class", Expr::col(("pg_class", "oid")).equals(("pg_index", "indexrelid")))
            .and_where(Expr::cust("pg_class.relname::text").like(begins));
    }
    let mut found = BTreeMap::new();
    for row in conn.query_all(&select).await? {
        found.insert(row.try_get_by_index(0)?, sqlite || row.try_get_by_index(1)?);
    }
    Ok(found)
}

/// Has the indexes looked at when the transaction is committed, where a declaration wants some or has wanted them; drops those
/// that would not take what it declares.
pub(super) async fn declare(tx: &Tx, ctx: &Ctx, declared: &Declared, changed: bool) -> Result<()> {
    if tx.get_database_backend() != DbBackend::Sqlite {
        give_way(tx, ctx, declared).await?;
    }
    if changed { look_again(tx, ctx).await } else { Ok(()) }
}

/// Has the indexes looked at when the transaction is committed.
pub(super) async fn look_again(tx: &Tx, ctx: &Ctx) -> Result<()> {
    let job = NewJob::now(&ctx.env, KEEP, json!({})).in_order(KEEP.to_owned());
    jobs::enqueue(tx, &ctx.env, job).await?;
    Ok(())
}

/// Drops indexes of other companies' fields of the same name and another type.
async fn give_way(tx: &Tx, ctx: &Ctx, declared: &Declared) -> Result<()> {
    let mine: BTreeMap<Field, FieldType> =
        declared.fields().map(|(entity, key, kind)| ((entity.to_owned(), key.to_owned()), kind)).collect();
    let entities: BTreeSet<&str> = mine.keys().map(|(entity, _)| entity.as_str()).collect();
    if entities.is_empty() {
        return Ok(());
    }
    let select = Query::select()
        .distinct()
        .columns(["entity", "key"])
        .expr(Expr::cust("CAST(definition ->> 'kind' AS TEXT)"))
        .from("field_definition")
        .and_where(Expr::col("plugin").is_not_null())
        .and_where(Expr::col("tenant_id").ne(ctx.tenant.0))
        .and_where(Expr::col("entity").is_in(entities))
        .take();
    for row in tx.query_all(&select).await? {
        let field: Field = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let other = row.try_get_by_index::<Option<String>>(2)?.as_deref().and_then(kind_of);
        if let (Some(other), Some(kind)) = (other, mine.get(&field))
            && other != *kind
        {
            tx.execute_unprepared(&format!("DROP INDEX IF EXISTS {}", name(&field, other))).await?;
        }
    }
    Ok(())
}

/// Whether what is declared wants other indexes than what was.
pub(super) fn differs(before: &OwnField, now: &OwnField) -> bool {
    before.indexed != now.indexed
}

impl Records {
    /// Makes the indexes that are declared and missing, drops those that nobody declares. Once at a time.
    ///
    /// # Errors
    /// When the database fails; what was made stays.
    pub async fn keep_indexes(&self) -> Result<()> {
        let db = self.db();
        let backend = db.backend();
        let mut wanted: BTreeMap<String, (Field, FieldType)> = BTreeMap::new();
        for (field, (kinds, indexed)) in declared_anywhere(db.read()).await? {
            let mut all = kinds.iter().map(|kind| kind_of(kind));
            match (all.next().flatten(), all.next()) {
                (Some(kind), None) if indexed && fits(kind) => {
                    wanted.insert(name(&field, kind), (field, kind));
                }
                (_, Some(_)) if indexed => {
                    let (entity, key) = field;
                    tracing::warn!(entity, key, "two modules declare it with different types: it has no index");
                }
                _ => {}
            }
        }
        let there = existing(db.read()).await?;
        for (name, whole) in &there {
            if !whole || !wanted.contains_key(name) {
                run(db, &format!("DROP INDEX {}IF EXISTS {name}", beside(backend))).await?;
            }
        }
        let missing = wanted.into_iter().filter(|(name, _)| !there.get(name).copied().unwrap_or(false));
        for (_, (field, kind)) in missing {
            tracing::info!(entity = field.0, key = field.1, "an index is made");
            run(db, &create(&field, kind, backend)).await?;
        }
        Ok(())
    }
}

const fn beside(backend: DbBackend) -> &'static str {
    if matches!(backend, DbBackend::Sqlite) { "" } else { "CONCURRENTLY " }
}

/// On PostgreSQL outside of any transaction: there only can it be made beside the work.
async fn run(db: &Db, sql: &str) -> Result<()> {
    if db.backend() == DbBackend::Sqlite {
        let tx = db.begin().await?;
        tx.execute_unprepared(sql).await?;
        tx.commit().await?;
    } else {
        db.for_migrations().execute_unprepared(sql).await?;
    }
    Ok(())
}

/// Keeps the indexes.
pub struct KeepIndexes(pub Records);

#[async_trait::async_trait]
impl Handler for KeepIndexes {
    fn kind(&self) -> &'static str {
        KEEP
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _job: &Job) -> std::result::Result<(), JobError> {
        Ok(self.0.keep_indexes().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_over_the_cell_that_filters_ask_for() {
        use kernel::filter::Storage;
        let kinds = [FieldType::Integer, FieldType::Date, FieldType::Datetime, FieldType::User, FieldType::Boolean];
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            for kind in kinds {
                let cell = Storage::Document("starts".into(), None).cell("shared_record", kind, backend);
                let mut select = Query::select();
                let Some(cell) = cell else { panic!("{kind:?} has no cell") };
                select.expr(cell);
                let asked = match backend {
                    DbBackend::Sqlite => select.to_string(sea_orm::sea_query::SqliteQueryBuilder),
                    _ => select.to_string(sea_orm::sea_query::PostgresQueryBuilder),
                };
                let plain = |text: &str| {
                    let text = text.replace("SELECT ", "").replace("\"shared_record\".", "").replace('"', "");
                    let cast = text.replace("CAST(", "").replace(" AS ", "::").replace(['(', ')', ' '], "");
                    cast.to_lowercase()
                };
                assert_eq!(plain(&asked), plain(&expression("starts", kind, backend)), "{kind:?} {backend:?}");
            }
        }
    }

    #[test]
    fn names_tell_fields_and_types_apart() {
        let of = |entity: &str, key: &str, kind| name(&(entity.to_owned(), key.to_owned()), kind);
        assert_ne!(of("a_b", "c", FieldType::Date), of("a", "b_c", FieldType::Date));
        assert_ne!(of("a_b", "c", FieldType::Date), of("a_b", "c", FieldType::Text));
        assert!(of("a_b", "c", FieldType::Date).len() < 63);
    }
}
