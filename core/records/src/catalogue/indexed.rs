//! Indexes of fields that plugins or a company mark as *indexed*: partial ones over an expression, one for all companies, on the
//! entity's table or its rows of the shared one. They are made and dropped by a job beside the work (`CONCURRENTLY` on
//! PostgreSQL), from what is declared anywhere on this installation; a name says what its index is over.
//!
//! PostgreSQL's casts what it finds: where two companies have a field of one name with different types, there is none there, or a
//! write of the one would fail for the type of the other. A company that brings such a type drops it first, and whoever made an
//! index looks once more whether somebody did meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::value::FieldType;
use kernel::{Ctx, Db, Result};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Query};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Catalogue;
use super::change::wrong;
use super::declared::Declared;
use super::definition::SHARED;
use super::formula::Formula;
use super::store::OwnField;
use crate::Records;

/// The job.
pub const KEEP: &str = "records.keep_indexes";
/// What names of these indexes begin with.
const PREFIX: &str = "own_field_";
/// What an index looks like: another shape has other names, so that it is made anew.
const SHAPE: u8 = 2;
/// Bytes of the digest in a name, in hexadecimal.
const NAME_BYTES: usize = 12;

/// Fields of a company's own with an index, for one entity.
const MOST_OWN: usize = 10;
/// The same for all companies of an installation together: each write of the entity keeps all of them.
const MOST_OF_ENTITY: usize = 40;

/// A field by entity and the key in the document: `place_of` a field.
type Field = (String, String);

/// The types that fields of one name have, and of which somebody wants an index.
type Wishes = BTreeMap<String, bool>;

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
    let digest = Sha256::digest(format!("{SHAPE} {entity} {key} {}", kind.name()).as_bytes());
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
    let table = table(entity);
    // Keys are lower-case Latin letters, digits, `_` and `~`: the declaration has seen to it.
    // The entity is among the columns too: SQLite without statistics takes the index that more equals lead into.
    let (column, rows) = match table {
        SHARED => ("entity, ", format!("entity = '{entity}' AND ")),
        _ => ("", String::new()),
    };
    format!(
        "CREATE INDEX {beside}IF NOT EXISTS {name} ON {table} (tenant_id, {column}{over}, id) \
         WHERE {rows}deleted_at IS NULL"
    )
}

/// Where records of an entity lie.
fn table(entity: &str) -> &'static str {
    Catalogue::core().find(entity).map_or(SHARED, |def| def.table)
}

/// What definitions say of fields, over all companies, of those that somebody wants an index for. A field that was removed
/// wants none, yet its values are there.
async fn declared_anywhere(conn: &impl ConnectionTrait) -> Result<BTreeMap<Field, Wishes>> {
    let wanted = Query::select().columns(["entity", "key"]).from("field_definition").and_where(is_indexed()).take();
    let select = Query::select()
        .distinct()
        .columns(["entity", "key"])
        .expr(part("kind"))
        .expr(part("place"))
        .expr(Expr::case(is_indexed(), 1).finally(0))
        .from("field_definition")
        .and_where(Expr::tuple([Expr::col("entity"), Expr::col("key")]).in_subquery(wanted))
        .take();
    let mut found: BTreeMap<Field, Wishes> = BTreeMap::new();
    for row in conn.query_all(&select).await? {
        let (entity, key): Field = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let place = row.try_get_by_index::<Option<String>>(3)?.and_then(|text| text.parse().ok()).unwrap_or_default();
        if let Some(kind) = row.try_get_by_index::<Option<String>>(2)? {
            let wishes = found.entry((entity, place_of(&key, place))).or_default();
            *wishes.entry(kind).or_default() |= row.try_get_by_index::<i32>(4)? == 1;
        }
    }
    Ok(found)
}

/// A part of a definition, as text.
fn part(name: &str) -> Expr {
    Expr::cust(format!("CAST(definition ->> '{name}' AS TEXT)"))
}

/// Whether a definition wants an index; one of a company's own not while it is removed.
fn is_indexed() -> Expr {
    // `true` on PostgreSQL, 1 on SQLite.
    part("indexed").is_in(["true", "1"]).and(Expr::col("plugin").is_not_null().or(Expr::col("removed_at").is_null()))
}

/// The key of a value in the document, where its field has been given other types.
pub(super) fn place_of(key: &str, place: u32) -> String {
    if place == 0 { key.to_owned() } else { format!("{key}~{place}") }
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
    let mine = declared.fields().map(|(entity, key, kind)| ((entity.to_owned(), key.to_owned()), kind)).collect();
    give_way(tx, ctx, &mine).await?;
    if changed { look_again(tx, ctx).await } else { Ok(()) }
}

/// The same for a field of a company's own, new or with another type; `before` is what it was.
pub(super) async fn declare_own(
    tx: &Tx,
    ctx: &Ctx,
    (entity, key): (&str, &str),
    (before, now): (Option<&OwnField>, &OwnField),
) -> Result<()> {
    let place = |own: &OwnField| (place_of(key, own.place), own.kind);
    if before.map(place) != Some(place(now)) {
        give_way(tx, ctx, &BTreeMap::from([((entity.to_owned(), place_of(key, now.place)), now.kind)])).await?;
    }
    let wish = |own: &OwnField| own.indexed.then(|| place(own));
    if before.and_then(wish) == wish(now) { Ok(()) } else { look_again(tx, ctx).await }
}

/// Has the indexes looked at when the transaction is committed.
pub(super) async fn look_again(tx: &Tx, ctx: &Ctx) -> Result<()> {
    let job = NewJob::now(&ctx.env, KEEP, json!({})).in_order(KEEP.to_owned());
    jobs::enqueue(tx, &ctx.env, job).await?;
    Ok(())
}

/// Passes a field of the company's own as one more with an index.
///
/// # Errors
/// `config.invalid` on `indexed`.
pub(super) async fn may_be_indexed(tx: &Tx, ctx: &Ctx, entity: &str, key: &str, own: &OwnField) -> Result<()> {
    let live = |text: &String| Formula::kept(own.kind, text.clone(), own.decimals).live;
    if !fits(own.kind) || own.formula.as_ref().is_some_and(live) {
        return Err(wrong("indexed", FieldError::new("not_indexed").with("type", own.kind.name())));
    }
    let select = Query::select()
        .distinct()
        .column("key")
        .expr(Expr::case(Expr::col("tenant_id").eq(ctx.tenant.0).and(Expr::col("plugin").is_null()), 1).finally(0))
        .from("field_definition")
        .and_where(Expr::col("entity").eq(entity))
        .and_where(is_indexed())
        .take();
    let (mut mine, mut all) = (0, BTreeSet::new());
    for row in tx.query_all(&select).await? {
        let other: String = row.try_get_by_index(0)?;
        if other != key {
            mine += usize::from(row.try_get_by_index::<i32>(1)? == 1);
            all.insert(other);
        }
    }
    if mine >= MOST_OWN {
        return Err(wrong("indexed", FieldError::new("too_many_indexes").with("max", MOST_OWN)));
    }
    if all.len() >= MOST_OF_ENTITY {
        return Err(wrong("indexed", FieldError::new("too_many_indexes_here").with("max", MOST_OF_ENTITY)));
    }
    Ok(())
}

/// Drops indexes of fields of the same name and another type, of whomever: PostgreSQL's would refuse the values.
async fn give_way(tx: &Tx, ctx: &Ctx, mine: &BTreeMap<Field, FieldType>) -> Result<()> {
    let entities: BTreeSet<&str> = mine.keys().map(|(entity, _)| entity.as_str()).collect();
    if entities.is_empty() || tx.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let select = Query::select()
        .distinct()
        .columns(["entity", "key"])
        .expr(part("kind"))
        .expr(part("place"))
        .from("field_definition")
        .and_where(Expr::col("tenant_id").ne(ctx.tenant.0))
        .and_where(Expr::col("entity").is_in(entities))
        .take();
    for row in tx.query_all(&select).await? {
        let (entity, key): Field = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let place = row.try_get_by_index::<Option<String>>(3)?.and_then(|text| text.parse().ok()).unwrap_or_default();
        let field = (entity, place_of(&key, place));
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
        // Whoever declared another type while one was made has found nothing to drop: the second look does.
        if self.keep_indexes_once().await? {
            self.keep_indexes_once().await?;
        }
        Ok(())
    }

    /// One look; whether an index was made.
    async fn keep_indexes_once(&self) -> Result<bool> {
        let db = self.db();
        let backend = db.backend();
        let wanted = wanted(declared_anywhere(db.read()).await?, backend);
        let there = existing(db.read()).await?;
        for (name, whole) in &there {
            if !whole || !wanted.contains_key(name) {
                run(db, &format!("DROP INDEX {}IF EXISTS {name}", beside(backend))).await?;
            }
        }
        let mut made = false;
        let missing = wanted.into_iter().filter(|(name, _)| !there.get(name).copied().unwrap_or(false));
        for (_, (field, kind)) in missing {
            tracing::info!(entity = field.0, key = field.1, "an index is made");
            run(db, &create(&field, kind, backend)).await?;
            made = true;
        }
        Ok(made)
    }
}

/// The indexes there should be, by name. SQLite's take what they find, whatever its type.
fn wanted(declared: BTreeMap<Field, Wishes>, backend: DbBackend) -> BTreeMap<String, (Field, FieldType)> {
    let mut wanted = BTreeMap::new();
    for (field, wishes) in declared {
        if wishes.len() > 1 && backend != DbBackend::Sqlite {
            let (entity, key) = field;
            tracing::warn!(entity, key, "it is declared with different types: it has no index");
            continue;
        }
        let kinds = wishes.into_iter().filter(|(_, indexed)| *indexed).filter_map(|(kind, _)| kind_of(&kind));
        for kind in kinds.filter(|kind| fits(*kind)) {
            wanted.insert(name(&field, kind), (field.clone(), kind));
        }
    }
    wanted
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
