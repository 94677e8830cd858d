//! The tables `stored_file` and `file_usage`: a row about each file, and how much each company keeps.

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query, SelectStatement};
use uuid::Uuid;

use super::store::Stored;
use crate::clock::Timestamp;
use crate::ctx::{Actor, Ctx};
use crate::db::{ConnectionTrait, QueryResult, Tx};
use crate::id::{RecordId, RecordRef, TenantId};

/// Where a file stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its bytes come.
    Sending,
    /// It is there.
    Kept,
    /// In the bin.
    Removed,
    /// To be forgotten.
    Condemned,
}

impl State {
    const ALL: [Self; 4] = [Self::Sending, Self::Kept, Self::Removed, Self::Condemned];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::Condemned => "condemned",
        }
    }
}

/// A row.
#[derive(Debug, Clone)]
pub struct FileRow {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub tenant: TenantId,
    /// The record it belongs to.
    pub record: RecordRef,
    /// What people call it.
    pub name: String,
    /// By content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// Where it stands.
    pub state: State,
    /// Who brought it.
    pub actor: Actor,
    /// When.
    pub created_at: Timestamp,
    /// Since when it is in the bin.
    pub removed_at: Option<Timestamp>,
    /// Whether there is a thumbnail; none = nobody asked yet.
    pub thumbnail: Option<bool>,
}

const COLUMNS: [&str; 13] = [
    "id",
    "tenant_id",
    "entity",
    "record_id",
    "name",
    "media_type",
    "size",
    "sha256",
    "state",
    "actor",
    "created_at",
    "removed_at",
    "thumbnail",
];

pub(super) fn big(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Writes down a file whose bytes are about to come.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &Tx, ctx: &Ctx, id: Uuid, record: &RecordRef, name: &str) -> Result<(), DbErr> {
    let actor = serde_json::to_value(&ctx.actor).map_err(|error| DbErr::Custom(error.to_string()))?;
    let nothing = Option::<i64>::None;
    let insert = Query::insert()
        .into_table("stored_file")
        .columns(COLUMNS)
        .values_panic([
            id.into(),
            ctx.tenant.into(),
            record.entity.as_str().into(),
            record.id.into(),
            name.into(),
            "".into(),
            0_i64.into(),
            "".into(),
            State::Sending.word().into(),
            actor.into(),
            ctx.now().0.into(),
            nothing.into(),
            Option::<bool>::None.into(),
        ])
        .to_owned();
    tx.execute(&insert).await.map(drop)
}

/// Its bytes are whole. False when its row is gone or says otherwise meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &Tx, tenant: TenantId, id: Uuid, stored: &Stored) -> Result<bool, DbErr> {
    let update = Query::update()
        .table("stored_file")
        .value("state", State::Kept.word())
        .value("media_type", stored.media_type)
        .value("size", big(stored.size))
        .value("sha256", stored.sha256.as_str())
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("state").eq(State::Sending.word()))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Moves a file from one state to another. False when it is not in the first.
///
/// # Errors
/// When the database fails.
pub async fn turn(tx: &Tx, file: &FileRow, to: State, at: Timestamp) -> Result<bool, DbErr> {
    let update = Query::update()
        .table("stored_file")
        .value("state", to.word())
        .value("removed_at", (to == State::Removed).then_some(at.0))
        .and_where(Expr::col("id").eq(file.id))
        .and_where(Expr::col("tenant_id").eq(file.tenant.0))
        .and_where(Expr::col("state").eq(file.state.word()))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Gives a file that is there another name. False when it is gone.
///
/// # Errors
/// When the database fails.
pub async fn rename(tx: &Tx, file: &FileRow, name: &str) -> Result<bool, DbErr> {
    let update = Query::update()
        .table("stored_file")
        .value("name", name)
        .and_where(Expr::col("id").eq(file.id))
        .and_where(Expr::col("tenant_id").eq(file.tenant.0))
        .and_where(Expr::col("state").eq(State::Kept.word()))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Gives the files of a record, or `only` some of them, to another one; those in the bin too. Gives their ids.
///
/// # Errors
/// When the database fails.
pub async fn move_to(
    tx: &Tx,
    tenant: TenantId,
    from: &RecordRef,
    to: &RecordRef,
    only: Option<&[Uuid]>,
) -> Result<Vec<Uuid>, DbErr> {
    let of = Expr::col("tenant_id")
        .eq(tenant.0)
        .and(Expr::col("entity").eq(from.entity.as_str()))
        .and(Expr::col("record_id").eq(from.id));
    let of = match only {
        Some(ids) => of.and(Expr::col("id").is_in(ids.iter().copied())),
        None => of,
    };
    let select = Query::select().column("id").from("stored_file").and_where(of.clone()).take();
    let rows = tx.query_all(&select).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    let update = Query::update()
        .table("stored_file")
        .value("entity", to.entity.as_str())
        .value("record_id", to.id)
        .and_where(of)
        .to_owned();
    tx.execute(&update).await?;
    Ok(ids)
}

/// Says whether there is a thumbnail.
///
/// # Errors
/// When the database fails.
pub async fn note_thumbnail(tx: &Tx, file: &FileRow, there: bool) -> Result<(), DbErr> {
    let update = Query::update()
        .table("stored_file")
        .value("thumbnail", there)
        .and_where(Expr::col("id").eq(file.id))
        .and_where(Expr::col("tenant_id").eq(file.tenant.0))
        .to_owned();
    tx.execute(&update).await.map(drop)
}

/// Forgets the row of a file whose bytes are gone.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &Tx, tenant: TenantId, id: Uuid) -> Result<(), DbErr> {
    let delete = Query::delete()
        .from_table("stored_file")
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .to_owned();
    tx.execute(&delete).await.map(drop)
}

/// Condemns every file of an entity's records: the entity is removed for good.
///
/// # Errors
/// When the database fails.
pub async fn condemn_entity(tx: &Tx, tenant: TenantId, entity: &str) -> Result<(), DbErr> {
    let of = || Expr::col("tenant_id").eq(tenant.0).and(Expr::col("entity").eq(entity));
    let counted = Expr::col("state").is_in([State::Kept.word(), State::Removed.word()]);
    let select = Query::select().column("size").from("stored_file").and_where(of()).and_where(counted.clone()).take();
    let mut freed = (0_i64, 0_i64);
    for row in tx.query_all(&select).await? {
        freed = (freed.0.saturating_add(row.try_get_by_index::<i64>(0)?), freed.1.saturating_add(1));
    }
    let update = Query::update()
        .table("stored_file")
        .value("state", State::Condemned.word())
        .and_where(of())
        .and_where(counted)
        .to_owned();
    tx.execute(&update).await?;
    release(tx, tenant, freed.0, freed.1).await
}

/// Counts a file more, unless the company would keep more than `most` bytes; 0 = no limit. Two at once stand in line: the
/// count is one row.
///
/// # Errors
/// When the database fails.
pub async fn reserve(tx: &Tx, tenant: TenantId, size: u64, most: u64) -> Result<bool, DbErr> {
    let size = big(size);
    let insert = Query::insert()
        .into_table("file_usage")
        .columns(["tenant_id", "bytes", "files"])
        .values_panic([tenant.into(), 0_i64.into(), 0_i64.into()])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .to_owned();
    tx.execute(&insert).await?;
    let mut update = Query::update();
    update
        .table("file_usage")
        .value("bytes", Expr::col("bytes").add(size))
        .value("files", Expr::col("files").add(1_i64))
        .and_where(Expr::col("tenant_id").eq(tenant.0));
    if most > 0 {
        update.and_where(Expr::col("bytes").lte(big(most).saturating_sub(size)));
    }
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Counts files less.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &Tx, tenant: TenantId, bytes: i64, files: i64) -> Result<(), DbErr> {
    let update = Query::update()
        .table("file_usage")
        .value("bytes", Expr::col("bytes").sub(bytes))
        .value("files", Expr::col("files").sub(files))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .to_owned();
    tx.execute(&update).await.map(drop)
}

/// Bytes that a company keeps, those in the bin too.
///
/// # Errors
/// When the database fails.
pub async fn usage(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let select =
        Query::select().column("bytes").from("file_usage").and_where(Expr::col("tenant_id").eq(tenant.0)).take();
    let bytes = conn.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// One file that is there or in the bin.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<FileRow>, DbErr> {
    let mut select = base();
    select
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("state").is_in([State::Kept.word(), State::Removed.word()]));
    conn.query_one(&select).await?.map(|row| from_row(&row)).transpose()
}

/// The files of a record in one state, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_record(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    record: &RecordRef,
    state: State,
    limit: u64,
) -> Result<Vec<FileRow>, DbErr> {
    let mut select = of(tenant, record, state);
    select.order_by("created_at", Order::Desc).order_by("id", Order::Desc).limit(limit);
    conn.query_all(&select).await?.iter().map(from_row).collect()
}

/// How many files a record has.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &impl ConnectionTrait, tenant: TenantId, record: &RecordRef) -> Result<u64, DbErr> {
    let mut select = of(tenant, record, State::Kept);
    select.clear_selects().expr(Expr::cust("count(*)"));
    let count = conn.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn of(tenant: TenantId, record: &RecordRef, state: State) -> SelectStatement {
    let mut select = base();
    select
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(record.entity.as_str()))
        .and_where(Expr::col("record_id").eq(record.id))
        .and_where(Expr::col("state").eq(state.word()));
    select
}

/// Files of all companies in one state since before an instant: for the sweep.
///
/// # Errors
/// When the database fails.
pub async fn left_over(
    conn: &impl ConnectionTrait,
    state: State,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<FileRow>, DbErr> {
    let since = if state == State::Removed { "removed_at" } else { "created_at" };
    let mut select = base();
    select
        .and_where(Expr::col("state").eq(state.word()))
        .and_where(Expr::col(since).lt(before.0))
        .order_by("id", Order::Asc)
        .limit(limit);
    conn.query_all(&select).await?.iter().map(from_row).collect()
}

/// Files of all companies whose bytes are there, after an id, in the order of ids: for a backup.
///
/// # Errors
/// When the database fails.
pub async fn whole_after(conn: &impl ConnectionTrait, after: Option<Uuid>, limit: u64) -> Result<Vec<FileRow>, DbErr> {
    let mut select = base();
    select
        .and_where(Expr::col("state").is_in([State::Kept.word(), State::Removed.word()]))
        .order_by("id", Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        select.and_where(Expr::col("id").gt(after));
    }
    conn.query_all(&select).await?.iter().map(from_row).collect()
}

pub(super) fn base() -> SelectStatement {
    Query::select().columns(COLUMNS).from("stored_file").take()
}

pub(super) fn from_row(row: &QueryResult) -> Result<FileRow, DbErr> {
    let word: String = row.try_get_by_index(8)?;
    let state = State::ALL.into_iter().find(|state| state.word() == word);
    let actor = serde_json::from_value(row.try_get_by_index(9)?);
    Ok(FileRow {
        id: row.try_get_by_index(0)?,
        tenant: TenantId(row.try_get_by_index(1)?),
        record: RecordRef {
            entity: row.try_get_by_index::<String>(2)?.as_str().into(),
            id: RecordId(row.try_get_by_index(3)?),
        },
        name: row.try_get_by_index(4)?,
        media_type: row.try_get_by_index(5)?,
        size: u64::try_from(row.try_get_by_index::<i64>(6)?).unwrap_or(0),
        sha256: row.try_get_by_index(7)?,
        state: state.ok_or_else(|| DbErr::Type(format!("state of a file: {word}")))?,
        actor: actor.map_err(|error| DbErr::Type(error.to_string()))?,
        created_at: Timestamp(row.try_get_by_index(10)?),
        removed_at: row.try_get_by_index::<Option<i64>>(11)?.map(Timestamp),
        thumbnail: row.try_get_by_index(12)?,
    })
}
