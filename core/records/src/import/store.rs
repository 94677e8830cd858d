//! The tables `import` and `import_refusal`.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{BatchId, Ctx, Error, Result, TenantId, Timestamp, UserId};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::convert::RowProblem;
use super::groups::Group;
use super::source::head::Head;
use super::suggest::Mapped;
use super::{Column, Options, State};

/// Imports of a list.
const LISTED: u64 = 100;
/// Refused rows of one statement.
const AT_ONCE: usize = 200;
/// Newest imports whose files are measured.
const WITH_FILES: u64 = 10_000;

/// How to run an import: what the person chose, and what only we need to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Settings {
    /// The person's choice.
    pub options: Options,
    /// Of the file, for the report.
    pub delimiter: Option<char>,
    /// The job that may write now.
    pub run: Option<Uuid>,
    /// Where the header is.
    #[serde(default)]
    pub head: Head,
    /// Of the accepted rows, those of which cells were left out.
    #[serde(default)]
    pub partial: u64,
    /// Why rows were refused and cells left out.
    #[serde(default)]
    pub reasons: Vec<Group>,
}

/// A row of `import`.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub id: Uuid,
    pub tenant: TenantId,
    pub user: UserId,
    pub entity: String,
    pub file_name: String,
    pub format: String,
    pub state: State,
    pub columns: Vec<Column>,
    pub mapping: Vec<Mapped>,
    pub settings: Settings,
    pub total: u64,
    pub processed: u64,
    pub accepted: u64,
    pub refused: u64,
    pub skipped: u64,
    pub batch: Option<BatchId>,
    pub problem: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl Stored {
    /// Forgets what an earlier run counted.
    pub(super) fn begin_anew(&mut self) {
        (self.processed, self.accepted, self.refused, self.skipped) = (0, 0, 0, 0);
        self.settings.partial = 0;
        self.settings.reasons.clear();
    }
}

/// A row of `import_refusal`: a refused one, or one that was taken without some of its cells.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// Number of the row in the file.
    pub row: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// What is wrong with it.
    pub problems: Vec<RowProblem>,
}

impl Refusal {
    /// Whether the row was taken all the same.
    pub(super) fn taken(&self) -> bool {
        self.problems.iter().all(|problem| problem.left_out)
    }
}

const COLUMNS: [&str; 19] = [
    "id",
    "tenant_id",
    "user_id",
    "entity",
    "file_name",
    "format",
    "state",
    "columns",
    "mapping",
    "options",
    "total",
    "processed",
    "accepted",
    "refused",
    "skipped",
    "batch_id",
    "problem",
    "created_at",
    "finished_at",
];

fn big(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(row: &QueryResult, index: usize) -> Result<u64> {
    Ok(u64::try_from(row.try_get_by_index::<i64>(index)?).unwrap_or_default())
}

fn word(state: State) -> String {
    json!(state).as_str().unwrap_or_default().to_owned()
}

/// Adds an import.
pub(super) async fn insert(tx: &Tx, import: &Stored) -> Result<()> {
    let mut insert = Query::insert();
    insert.into_table("import").columns(COLUMNS.into_iter().chain(["file_path"])).values_panic([
        import.id.into(),
        import.tenant.into(),
        import.user.into(),
        import.entity.as_str().into(),
        import.file_name.as_str().into(),
        import.format.as_str().into(),
        word(import.state).into(),
        json!(import.columns).into(),
        json!(import.mapping).into(),
        json!(import.settings).into(),
        big(import.total).into(),
        big(import.processed).into(),
        big(import.accepted).into(),
        big(import.refused).into(),
        big(import.skipped).into(),
        import.batch.map(|b| b.0).into(),
        import.problem.clone().into(),
        import.created_at.0.into(),
        import.finished_at.map(|t| t.0).into(),
        // The folder inside the directory of imports.
        import.id.to_string().into(),
    ]);
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes what changes in the life of an import.
pub(super) async fn update(tx: &Tx, import: &Stored) -> Result<()> {
    let mut update = Query::update();
    update
        .table("import")
        .value("state", word(import.state))
        .value("mapping", json!(import.mapping))
        .value("options", json!(import.settings))
        .value("processed", big(import.processed))
        .value("accepted", big(import.accepted))
        .value("refused", big(import.refused))
        .value("skipped", big(import.skipped))
        .value("batch_id", import.batch.map(|b| b.0))
        .value("problem", import.problem.clone())
        .value("finished_at", import.finished_at.map(|t| t.0))
        .and_where(Expr::col("id").eq(import.id));
    tx.execute(&update).await?;
    Ok(())
}

/// Writes what another header changes.
pub(super) async fn update_columns(tx: &Tx, import: &Stored) -> Result<()> {
    let update = Query::update()
        .table("import")
        .value("columns", json!(import.columns))
        .value("total", big(import.total))
        .and_where(Expr::col("id").eq(import.id))
        .take();
    tx.execute(&update).await?;
    Ok(())
}

fn select() -> SelectStatement {
    Query::select().columns(COLUMNS).from("import").take()
}

fn read(row: &QueryResult) -> Result<Stored> {
    let json = |index: usize| row.try_get_by_index::<Json>(index);
    let from = |json: Json| -> Result<_> { serde_json::from_value(json).map_err(Error::internal) };
    Ok(Stored {
        id: row.try_get_by_index(0)?,
        tenant: TenantId(row.try_get_by_index(1)?),
        user: UserId(row.try_get_by_index(2)?),
        entity: row.try_get_by_index(3)?,
        file_name: row.try_get_by_index(4)?,
        format: row.try_get_by_index(5)?,
        state: from(Json::String(row.try_get_by_index(6)?))?,
        columns: serde_json::from_value(json(7)?).map_err(Error::internal)?,
        mapping: serde_json::from_value(json(8)?).map_err(Error::internal)?,
        settings: serde_json::from_value(json(9)?).map_err(Error::internal)?,
        total: count(row, 10)?,
        processed: count(row, 11)?,
        accepted: count(row, 12)?,
        refused: count(row, 13)?,
        skipped: count(row, 14)?,
        batch: row.try_get_by_index::<Option<Uuid>>(15)?.map(BatchId),
        problem: row.try_get_by_index(16)?,
        created_at: Timestamp(row.try_get_by_index(17)?),
        finished_at: row.try_get_by_index::<Option<i64>>(18)?.map(Timestamp),
    })
}

/// Only the person's own imports; an administrator's are all.
fn mine(select: &mut SelectStatement, ctx: &Ctx) {
    select.and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    if !ctx.rights.is_admin() {
        select.and_where(Expr::col("user_id").eq(ctx.user().map(|u| u.0)));
    }
}

/// One import that the person may see.
pub(super) async fn find(conn: &impl ConnectionTrait, ctx: &Ctx, id: Uuid) -> Result<Stored> {
    let mut select = select();
    mine(select.and_where(Expr::col("id").eq(id)), ctx);
    let row = conn.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("import {id}")))?;
    read(&row)
}

/// The same, kept from other writers until the transaction ends.
pub(super) async fn find_locked(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<Stored> {
    let mut select = select();
    mine(select.and_where(Expr::col("id").eq(id)), ctx);
    lock(tx, &mut select);
    let row = tx.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("import {id}")))?;
    read(&row)
}

/// An import of the tenant for the job that works on it.
pub(super) async fn of_job(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<Stored>> {
    let mut select = select();
    select.and_where(Expr::col("id").eq(id)).and_where(Expr::col("tenant_id").eq(tenant.0));
    conn.query_one(&select).await?.as_ref().map(read).transpose()
}

/// The same, kept from other writers until the transaction ends.
pub(super) async fn of_job_locked(tx: &Tx, tenant: TenantId, id: Uuid) -> Result<Option<Stored>> {
    let mut select = select();
    select.and_where(Expr::col("id").eq(id)).and_where(Expr::col("tenant_id").eq(tenant.0));
    lock(tx, &mut select);
    tx.query_one(&select).await?.as_ref().map(read).transpose()
}

/// A write transaction of SQLite is alone anyway.
fn lock(tx: &Tx, select: &mut SelectStatement) {
    if tx.get_database_backend() == DbBackend::Postgres {
        select.lock(LockType::Update);
    }
}

/// The person's last imports.
pub(super) async fn list(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<Stored>> {
    let mut select = select();
    mine(&mut select, ctx);
    select.order_by("created_at", Order::Desc).order_by("id", Order::Desc).limit(LISTED);
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// All imports of a company whose files may still be there.
pub(super) async fn ids(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Uuid>> {
    let select = Query::select()
        .column("id")
        .from("import")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("created_at", Order::Desc)
        .limit(WITH_FILES)
        .take();
    conn.query_all(&select).await?.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Imports whose files may go.
pub(super) async fn ended_before(conn: &impl ConnectionTrait, before: Timestamp) -> Result<Vec<Uuid>> {
    let ended = Expr::col("finished_at").lt(before.0);
    let left = Expr::col("finished_at").is_null().and(Expr::col("state").is_in(["uploaded", "checked"]));
    let select = Query::select()
        .column("id")
        .from("import")
        .and_where(Expr::col("created_at").lt(before.0))
        .and_where(ended.or(left))
        .take();
    conn.query_all(&select).await?.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Adds refused rows, and those that lack cells.
pub(super) async fn refuse(tx: &Tx, import: Uuid, refusals: &[Refusal]) -> Result<()> {
    // A record may have a thousand rows of the file.
    for refusals in refusals.chunks(AT_ONCE) {
        let mut insert = Query::insert();
        insert.into_table("import_refusal").columns(["import_id", "row_number", "cells", "errors"]);
        for refusal in refusals {
            insert.values_panic([
                import.into(),
                big(refusal.row).into(),
                json!(refusal.cells.iter().map(|cell| cell.replace('\0', "\u{fffd}")).collect::<Vec<_>>()).into(),
                json!(refusal.problems).into(),
            ]);
        }
        tx.execute(&insert).await?;
    }
    Ok(())
}

/// Refused rows in the order of the file, after a row.
pub(super) async fn refusals(
    conn: &impl ConnectionTrait,
    import: Uuid,
    after: Option<u64>,
    limit: u64,
) -> Result<Vec<Refusal>> {
    let mut select = Query::select();
    select
        .columns(["row_number", "cells", "errors"])
        .from("import_refusal")
        .and_where(Expr::col("import_id").eq(import));
    if let Some(after) = after {
        select.and_where(Expr::col("row_number").gt(big(after)));
    }
    select.order_by("row_number", Order::Asc).limit(limit);
    let read = |row: &QueryResult| {
        Ok(Refusal {
            row: count(row, 0)?,
            cells: serde_json::from_value(row.try_get_by_index::<Json>(1)?).map_err(Error::internal)?,
            problems: serde_json::from_value(row.try_get_by_index::<Json>(2)?).map_err(Error::internal)?,
        })
    };
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Forgets the refused rows of an earlier dry run.
pub(super) async fn forget_refusals(tx: &Tx, import: Uuid) -> Result<()> {
    let delete = Query::delete().from_table("import_refusal").and_where(Expr::col("import_id").eq(import)).to_owned();
    tx.execute(&delete).await?;
    Ok(())
}
