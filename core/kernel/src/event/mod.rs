//! The append-only, ordered event log. It is the outbox of every change and, read by record, its history.
//!
//! Order: on SQLite commits are serial, so the row number is the order. On PostgreSQL row numbers are taken before
//! commit, so a reader that only remembers the last number would miss rows that commit late. Rows therefore carry
//! their transaction's number (`xid8`), readers go by (transaction, row) and see only transactions older than every
//! running one (`pg_snapshot_xmin`): nothing is ever skipped. See core/decisions/0004.

mod follow;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Order, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ctx::{Actor, Cause, Ctx};
use crate::db::{ConnectionTrait, QueryResult, Tx};
use crate::id::{BatchId, TenantId};

pub use follow::{Concern, Follower};

/// The key among the changes of what happened to a record under which another record stands that it is about as well, as
/// `[null, id]`: processes about that one hear of it.
pub const ABOUT: &str = "about";

/// Seconds by which transactions that overlap may stand in another order than their times.
const OVERLAP: i64 = 600;

/// A place in the log. Everything at or before it has been read. In JSON: opaque text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    tx: i64,
    id: i64,
}

impl Cursor {
    /// Behind every event that there will be.
    pub const END: Self = Self { tx: i64::MAX, id: i64::MAX };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.tx, self.id)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Cursor {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = |part: &str| part.parse::<i64>().ok().filter(|n| *n >= 0);
        text.split_once('-')
            .and_then(|(tx, id)| Some(Self { tx: parse(tx)?, id: parse(id)? }))
            .ok_or("not a cursor of the event log")
    }
}

/// A change to be written.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// e.g. `lead.updated`.
    pub kind: String,
    /// Entity key.
    pub entity: &'a str,
    /// The record.
    pub record: Uuid,
    /// Its version after the change.
    pub version: i64,
    /// `{field: [before, after]}` in wire form.
    pub changes: Json,
}

/// A change that was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Row number.
    pub id: i64,
    /// Writing transaction (0 on SQLite).
    pub tx: i64,
    /// Tenant.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// e.g. `lead.updated`.
    pub kind: String,
    /// Entity key.
    pub entity: String,
    /// The record.
    pub record: Uuid,
    /// Its version after the change.
    pub version: i64,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub cause: Cause,
    /// Undo group.
    pub batch: Option<BatchId>,
    /// `{field: [before, after]}`.
    pub changes: Json,
}

impl Event {
    /// Its place in the log.
    pub const fn cursor(&self) -> Cursor {
        Cursor { tx: self.tx, id: self.id }
    }

    /// The last place before it: read after this, it is the first.
    pub const fn before(&self) -> Cursor {
        Cursor { tx: self.tx, id: self.id.saturating_sub(1) }
    }
}

const COLUMNS: [&str; 12] =
    ["id", "tx", "tenant_id", "at", "kind", "entity", "record_id", "version", "actor", "cause", "batch_id", "changes"];

/// Writes events into the transaction of the change they tell of.
///
/// # Errors
/// When the database fails.
pub async fn append(tx: &Tx, ctx: &Ctx, batch: Option<BatchId>, events: Vec<NewEvent<'_>>) -> Result<(), DbErr> {
    if events.is_empty() {
        return Ok(());
    }
    let json = |value: Result<Json, serde_json::Error>| value.map_err(|e| DbErr::Custom(e.to_string()));
    let actor = json(serde_json::to_value(&ctx.actor))?;
    let cause = json(serde_json::to_value(&ctx.cause))?;
    let now = ctx.now();
    let mut insert = Query::insert();
    insert.into_table("event_log").columns([
        "tenant_id",
        "at",
        "kind",
        "entity",
        "record_id",
        "version",
        "actor",
        "cause",
        "batch_id",
        "changes",
    ]);
    for event in events {
        insert.values_panic([
            ctx.tenant.into(),
            now.0.into(),
            event.kind.into(),
            event.entity.into(),
            event.record.into(),
            event.version.into(),
            actor.clone().into(),
            cause.clone().into(),
            batch.map(|b| b.0).into(),
            event.changes.into(),
        ]);
    }
    tx.later(&insert).await
}

/// What of the log to read.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// One tenant; none = all (only for the product's own readers).
    pub tenant: Option<TenantId>,
    /// One entity.
    pub entity: Option<String>,
}

/// Reads at most `limit` events after `cursor`, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn read_after(
    conn: &impl ConnectionTrait,
    cursor: Cursor,
    selection: &Selection,
    limit: u64,
) -> Result<Vec<Event>, DbErr> {
    let mut select = base();
    unread(&mut select, conn.get_database_backend() == DbBackend::Postgres, cursor);
    if let Some(tenant) = selection.tenant {
        select.and_where(Expr::col("tenant_id").eq(tenant.0));
    }
    if let Some(entity) = &selection.entity {
        select.and_where(Expr::col("entity").eq(entity.as_str()));
    }
    select.limit(limit);
    rows(conn, &select).await
}

/// The places of at most `limit` events after `cursor`, oldest first, with whose they are: nothing of them is decoded.
async fn places_after(
    conn: &impl ConnectionTrait,
    cursor: Cursor,
    limit: u64,
) -> Result<Vec<(Cursor, TenantId)>, DbErr> {
    let mut select = Query::select().columns(["tx", "id", "tenant_id"]).from("event_log").take();
    unread(&mut select, conn.get_database_backend() == DbBackend::Postgres, cursor);
    select.limit(limit);
    let found = conn.query_all(&select).await?;
    let place = |row: &QueryResult| {
        let cursor = Cursor { tx: row.try_get_by_index(0)?, id: row.try_get_by_index(1)? };
        Ok((cursor, TenantId(row.try_get_by_index(2)?)))
    };
    found.iter().map(place).collect()
}

/// Events of some companies after a place, up to and with another one that a reader has seen, oldest first.
async fn read_of(
    conn: &impl ConnectionTrait,
    tenants: &BTreeSet<TenantId>,
    (after, to): (Cursor, Cursor),
) -> Result<Vec<Event>, DbErr> {
    let mut select = between(conn.get_database_backend() == DbBackend::Postgres, after, to);
    select.and_where(Expr::col("tenant_id").is_in(tenants.iter().map(|tenant| tenant.0)));
    rows(conn, &select).await
}

/// Part of the log that a reader has passed already.
#[derive(Debug, Clone)]
pub struct Range {
    /// Of this tenant.
    pub tenant: TenantId,
    /// After this place.
    pub after: Cursor,
    /// Up to and with this place.
    pub to: Cursor,
    /// Of this record alone, where given.
    pub record: Option<Uuid>,
}

/// Reads at most `limit` events of a range, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn read_range(conn: &impl ConnectionTrait, range: &Range, limit: u64) -> Result<Vec<Event>, DbErr> {
    let mut select = between(conn.get_database_backend() == DbBackend::Postgres, range.after, range.to);
    select.and_where(Expr::col("tenant_id").eq(range.tenant.0));
    if let Some(record) = range.record {
        select.and_where(Expr::col("record_id").eq(record));
    }
    select.limit(limit);
    rows(conn, &select).await
}

/// Whether something was committed that readers may not see yet, because an older transaction is still running.
///
/// # Errors
/// When the database fails.
pub async fn any_hidden(conn: &impl ConnectionTrait) -> Result<bool, DbErr> {
    if conn.get_database_backend() != DbBackend::Postgres {
        return Ok(false);
    }
    let hidden = Expr::cust("tx >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint");
    let select = Query::select().column("id").from("event_log").and_where(hidden).limit(1).take();
    Ok(conn.query_one(&select).await?.is_some())
}

/// The history of one record, newest first, older than row `before` where given, without events of some kinds.
///
/// # Errors
/// When the database fails.
pub async fn of_record(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    record: Uuid,
    before: Option<i64>,
    without: &[&str],
    limit: u64,
) -> Result<Vec<Event>, DbErr> {
    let mut select = base();
    select.and_where(Expr::col("tenant_id").eq(tenant.0)).and_where(Expr::col("record_id").eq(record));
    if !without.is_empty() {
        select.and_where(Expr::col("kind").is_not_in(without.iter().copied()));
    }
    if let Some(before) = before {
        select.and_where(Expr::col("id").lt(before));
    }
    select.order_by("id", Order::Desc).limit(limit);
    rows(conn, &select).await
}

/// The changes of one undo group, newest first, older than row `before` where given.
///
/// # Errors
/// When the database fails.
pub async fn of_batch(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    batch: BatchId,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Event>, DbErr> {
    let mut select = base();
    select.and_where(Expr::col("tenant_id").eq(tenant.0)).and_where(Expr::col("batch_id").eq(batch.0));
    if let Some(before) = before {
        select.and_where(Expr::col("id").lt(before));
    }
    select.order_by("id", Order::Desc).limit(limit);
    rows(conn, &select).await
}

/// The removals of one undo group, newest first.
///
/// # Errors
/// When the database fails.
pub async fn removals_of_batch(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    batch: BatchId,
    limit: u64,
) -> Result<Vec<Event>, DbErr> {
    let mut select = base();
    select
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("batch_id").eq(batch.0))
        .and_where(Expr::col("kind").like("%.deleted"));
    select.order_by("id", Order::Desc).limit(limit);
    rows(conn, &select).await
}

/// How many changes an undo group has, and the row of its first.
///
/// # Errors
/// When the database fails.
pub async fn extent_of_batch(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    batch: BatchId,
) -> Result<(i64, i64), DbErr> {
    let mut select = Query::select();
    select
        .expr(Func::count(Expr::col("id")))
        .expr(Func::min(Expr::col("id")))
        .from("event_log")
        .and_where(Expr::col("batch_id").eq(batch.0))
        .and_where(Expr::col("tenant_id").eq(tenant.0));
    let Some(row) = conn.query_one(&select).await? else { return Ok((0, 0)) };
    Ok((row.try_get_by_index(0)?, row.try_get_by_index::<Option<i64>>(1)?.unwrap_or(0)))
}

/// What some undo groups did to records since row `first`, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_records(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    records: &[Uuid],
    batches: &[BatchId],
    first: i64,
) -> Result<Vec<Event>, DbErr> {
    let mut select = base();
    // Found by the records, which have few events each: the index of a group would read all of it.
    let batch = Func::coalesce([Expr::col("batch_id"), Expr::col("batch_id")]);
    select
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("record_id").is_in(records.iter().copied()))
        .and_where(Expr::col("id").gte(first))
        .and_where(Expr::from(batch).is_in(batches.iter().map(|batch| batch.0)));
    select.order_by("id", Order::Desc);
    rows(conn, &select).await
}

/// A place before everything that happened since `at`, in any company: found by halving, for rows are written nearly in
/// the order of their times.
///
/// # Errors
/// When the database fails.
pub async fn place_before(conn: &impl ConnectionTrait, at: Timestamp) -> Result<Cursor, DbErr> {
    let at = at.plus_seconds(-OVERLAP).0;
    let (mut place, mut low, mut high) = (Cursor::default(), 0, head(conn).await?.id);
    while low < high {
        let middle = low + (high - low) / 2;
        let select = Query::select()
            .columns(["tx", "id", "at"])
            .from("event_log")
            .and_where(Expr::col("id").gt(middle))
            .order_by("id", Order::Asc)
            .limit(1)
            .take();
        let Some(row) = conn.query_one(&select).await? else { break };
        let (tx, id, then): (i64, i64, i64) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        if then < at {
            (place, low) = (Cursor { tx, id }, id);
        } else {
            high = middle;
        }
    }
    Ok(place)
}

/// The place of the newest event that readers may see.
///
/// # Errors
/// When the database fails.
pub async fn head(conn: &impl ConnectionTrait) -> Result<Cursor, DbErr> {
    newest_seen(conn, Query::select()).await
}

/// The same of one company alone: it tells nothing of what the others do.
///
/// # Errors
/// When the database fails.
pub async fn head_of(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Cursor, DbErr> {
    let mut select = Query::select();
    select.and_where(Expr::col("tenant_id").eq(tenant.0));
    newest_seen(conn, select).await
}

async fn newest_seen(conn: &impl ConnectionTrait, mut select: SelectStatement) -> Result<Cursor, DbErr> {
    select.columns(["tx", "id"]).from("event_log");
    if conn.get_database_backend() == DbBackend::Postgres {
        select.and_where(Expr::cust("tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"));
        select.order_by("tx", Order::Desc);
    }
    select.order_by("id", Order::Desc).limit(1);
    match conn.query_one(&select).await? {
        Some(row) => Ok(Cursor { tx: row.try_get_by_index(0)?, id: row.try_get_by_index(1)? }),
        None => Ok(Cursor::default()),
    }
}

/// The place of the newest event that was committed, whether readers may see it yet or not: what is at or before it
/// happened before now.
///
/// # Errors
/// When the database fails.
pub async fn newest(conn: &impl ConnectionTrait) -> Result<Cursor, DbErr> {
    let mut select = Query::select();
    select.columns(["tx", "id"]).from("event_log");
    select.order_by("tx", Order::Desc).order_by("id", Order::Desc).limit(1);
    match conn.query_one(&select).await? {
        Some(row) => Ok(Cursor { tx: row.try_get_by_index(0)?, id: row.try_get_by_index(1)? }),
        None => Ok(Cursor::default()),
    }
}

/// Where a named reader stands; a reader that never read stands at the start.
///
/// # Errors
/// When the database fails.
pub async fn reader(conn: &impl ConnectionTrait, name: &str) -> Result<Cursor, DbErr> {
    let select =
        Query::select().columns(["tx", "event_id"]).from("event_reader").and_where(Expr::col("name").eq(name)).take();
    match conn.query_one(&select).await? {
        Some(row) => Ok(Cursor { tx: row.try_get_by_index(0)?, id: row.try_get_by_index(1)? }),
        None => Ok(Cursor::default()),
    }
}

/// Moves a named reader forward, in the transaction that did what the events asked for. Returns false, moving
/// nothing, when another node has moved it since it was read at `from`.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &Tx, name: &str, from: Cursor, to: Cursor) -> Result<bool, DbErr> {
    let insert = Query::insert()
        .into_table("event_reader")
        .columns(["name", "tx", "event_id"])
        .values_panic([name.into(), to.tx.into(), to.id.into()])
        .on_conflict(
            OnConflict::column("name")
                .values([("tx", Expr::col(("excluded", "tx"))), ("event_id", Expr::col(("excluded", "event_id")))])
                .action_and_where(Expr::col(("event_reader", "tx")).eq(from.tx))
                .action_and_where(Expr::col(("event_reader", "event_id")).eq(from.id))
                .to_owned(),
        )
        .to_owned();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// How many events readers have not passed yet at `cursor`.
///
/// # Errors
/// When the database fails.
pub async fn lag(conn: &impl ConnectionTrait, cursor: Cursor) -> Result<i64, DbErr> {
    let select = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from("event_log")
        .and_where(Expr::col("tx").gt(cursor.tx).or(Expr::col("tx").eq(cursor.tx).and(Expr::col("id").gt(cursor.id))))
        .take();
    conn.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// On PostgreSQL a comparison of rows: the database begins at the right place of the index.
fn place(postgres: bool) -> Expr {
    if postgres { Expr::tuple([Expr::col("tx"), Expr::col("id")]) } else { Expr::col("id") }
}

fn bound(postgres: bool, cursor: Cursor) -> Expr {
    if postgres { Expr::tuple([Expr::val(cursor.tx), Expr::val(cursor.id)]) } else { Expr::val(cursor.id) }
}

fn base() -> SelectStatement {
    Query::select().columns(COLUMNS).from("event_log").take()
}

/// After a place, as far as readers may see, in the order of the log.
fn unread(select: &mut SelectStatement, postgres: bool, cursor: Cursor) {
    select.and_where(place(postgres).gt(bound(postgres, cursor)));
    if postgres {
        select.and_where(Expr::cust("tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"));
        select.order_by("tx", Order::Asc);
    }
    select.order_by("id", Order::Asc);
}

/// Events after a place, up to and with another, in the order of the log.
fn between(postgres: bool, after: Cursor, to: Cursor) -> SelectStatement {
    let mut select = base();
    select.and_where(place(postgres).gt(bound(postgres, after))).and_where(place(postgres).lte(bound(postgres, to)));
    if postgres {
        select.order_by("tx", Order::Asc);
    }
    select.order_by("id", Order::Asc);
    select
}

async fn rows(conn: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<Event>, DbErr> {
    conn.query_all(select).await?.iter().map(from_row).collect()
}

fn from_row(row: &QueryResult) -> Result<Event, DbErr> {
    let json = |e: serde_json::Error| DbErr::Type(e.to_string());
    Ok(Event {
        id: row.try_get_by_index(0)?,
        tx: row.try_get_by_index(1)?,
        tenant: TenantId(row.try_get_by_index(2)?),
        at: Timestamp(row.try_get_by_index(3)?),
        kind: row.try_get_by_index(4)?,
        entity: row.try_get_by_index(5)?,
        record: row.try_get_by_index(6)?,
        version: row.try_get_by_index(7)?,
        actor: serde_json::from_value(row.try_get_by_index(8)?).map_err(json)?,
        cause: serde_json::from_value(row.try_get_by_index(9)?).map_err(json)?,
        batch: row.try_get_by_index::<Option<Uuid>>(10)?.map(BatchId),
        changes: row.try_get_by_index(11)?,
    })
}
