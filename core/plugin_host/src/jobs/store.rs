//! The table `plugin_job`.

use kernel::ctx::Cause;
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Actor, Message, TenantId, Timestamp};
use sea_orm::DbErr;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Func, OnConflict, Order, Query, SelectStatement};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Origin, Run, RunState};

const TABLE: &str = "plugin_job";
/// Seconds that ends are remembered: failures longer than the rest.
const KEPT: [(RunState, i64); 3] =
    [(RunState::Done, 7 * 86_400), (RunState::Cancelled, 7 * 86_400), (RunState::Failed, 30 * 86_400)];
/// Runs that are done which a plugin is remembered for.
const KEPT_DONE: u64 = 200;
/// Runs on a page.
pub(crate) const PAGE: u64 = 50;

const COLUMNS: [&str; 23] = [
    "id",
    "tenant_id",
    "plugin",
    "job",
    "origin",
    "state",
    "input",
    "actor",
    "cause",
    "planned_at",
    "run_at",
    "cursor",
    "progress",
    "message",
    "steps",
    "failures",
    "last_error",
    "revision",
    "created_at",
    "started_at",
    "finished_at",
    "serial",
    "ticket",
];

fn json<T: DeserializeOwned>(value: Json) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|error| DbErr::Type(error.to_string()))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<Json, DbErr> {
    serde_json::to_value(value).map_err(|error| DbErr::Type(error.to_string()))
}

fn read(row: &QueryResult) -> Result<Run, DbErr> {
    let error: Option<Json> = row.try_get_by_index(16)?;
    Ok(Run {
        id: row.try_get_by_index(0)?,
        tenant: TenantId(row.try_get_by_index(1)?),
        plugin: row.try_get_by_index(2)?,
        job: row.try_get_by_index(3)?,
        origin: json::<Origin>(Json::String(row.try_get_by_index(4)?))?,
        state: json::<RunState>(Json::String(row.try_get_by_index(5)?))?,
        input: row.try_get_by_index(6)?,
        actor: json::<Actor>(row.try_get_by_index(7)?)?,
        cause: json::<Cause>(row.try_get_by_index(8)?)?,
        planned_at: Timestamp(row.try_get_by_index(9)?),
        run_at: Timestamp(row.try_get_by_index(10)?),
        cursor: row.try_get_by_index(11)?,
        progress: row.try_get_by_index(12)?,
        message: row.try_get_by_index(13)?,
        steps: row.try_get_by_index(14)?,
        failures: row.try_get_by_index(15)?,
        last_error: error.map(json::<Message>).transpose()?,
        revision: row.try_get_by_index(17)?,
        serial: row.try_get_by_index(21)?,
        ticket: row.try_get_by_index(22)?,
        created_at: Timestamp(row.try_get_by_index(18)?),
        started_at: row.try_get_by_index::<Option<i64>>(19)?.map(Timestamp),
        finished_at: row.try_get_by_index::<Option<i64>>(20)?.map(Timestamp),
    })
}

/// Adds a run; nothing when one with its key waits to begin.
pub(super) async fn insert(tx: &Tx, run: &Run, key: Option<&str>) -> Result<bool, DbErr> {
    let mut columns = COLUMNS.to_vec();
    columns.push("dedup_key");
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(columns)
        .values_panic([
            run.id.into(),
            run.tenant.0.into(),
            run.plugin.as_str().into(),
            run.job.as_str().into(),
            run.origin.name().into(),
            run.state.name().into(),
            run.input.as_str().into(),
            to_json(&run.actor)?.into(),
            to_json(&run.cause)?.into(),
            run.planned_at.0.into(),
            run.run_at.0.into(),
            run.cursor.clone().into(),
            run.progress.into(),
            run.message.clone().into(),
            run.steps.into(),
            run.failures.into(),
            Option::<Json>::None.into(),
            run.revision.into(),
            run.created_at.0.into(),
            Option::<i64>::None.into(),
            Option::<i64>::None.into(),
            run.serial.into(),
            run.ticket.into(),
            key.into(),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .to_owned();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

fn of_plugin(tenant: TenantId, plugin: &str) -> SelectStatement {
    Query::select()
        .from(TABLE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .take()
}

fn is_open() -> Expr {
    Expr::cust("state IN ('waiting', 'running')")
}

/// The run of a job that waits to begin under a key.
pub(super) async fn with_key(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
    job: &str,
    key: &str,
) -> Result<Option<Uuid>, DbErr> {
    let select = of_plugin(tenant, plugin)
        .column("id")
        .and_where(Expr::col("job").eq(job))
        .and_where(Expr::col("dedup_key").eq(key))
        .and_where(Expr::cust("state = 'waiting'"))
        .take();
    conn.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()
}

/// How many runs of a plugin are not over, by job.
pub(crate) async fn open(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
) -> Result<Vec<(String, i64)>, DbErr> {
    let select = of_plugin(tenant, plugin)
        .column("job")
        .expr(Expr::expr(Func::count(Expr::col(Asterisk))))
        .and_where(is_open())
        .group_by_col("job")
        .take();
    let read = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// The first run of a job that is done in turn and not over.
pub(crate) async fn serial(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
    job: &str,
) -> Result<Option<Run>, DbErr> {
    let select = of_plugin(tenant, plugin)
        .columns(COLUMNS)
        .and_where(Expr::col("job").eq(job))
        .and_where(Expr::col("serial").eq(true))
        .and_where(is_open())
        .order_by("id", Order::Asc)
        .limit(1)
        .take();
    conn.query_one(&select).await?.as_ref().map(read).transpose()
}

/// A run.
pub(crate) async fn load(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Run>, DbErr> {
    let select = Query::select().columns(COLUMNS).from(TABLE).and_where(Expr::col("id").eq(id)).take();
    conn.query_one(&select).await?.as_ref().map(read).transpose()
}

/// Runs of a plugin, newest first, older than `before`.
pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
    (job, state): (Option<&str>, Option<RunState>),
    before: Option<Uuid>,
) -> Result<Vec<Run>, DbErr> {
    let mut select = of_plugin(tenant, plugin);
    select.columns(COLUMNS);
    if let Some(job) = job {
        select.and_where(Expr::col("job").eq(job));
    }
    if let Some(state) = state {
        select.and_where(Expr::col("state").eq(state.name()));
    }
    if let Some(before) = before {
        select.and_where(Expr::col("id").lt(before));
    }
    select.order_by("id", Order::Desc).limit(PAGE);
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Takes a run into hand. Returns false when it is over, or somebody else did.
pub(super) async fn begin(tx: &Tx, run: &mut Run, now: Timestamp) -> Result<bool, DbErr> {
    let update = Query::update()
        .table(TABLE)
        .value("state", RunState::Running.name())
        // A run that has begun is not the one that is enqueued now.
        .value("dedup_key", Option::<String>::None)
        .value("started_at", run.started_at.unwrap_or(now).0)
        .value("revision", run.revision + 1)
        .and_where(Expr::col("id").eq(run.id))
        .and_where(Expr::col("revision").eq(run.revision))
        .and_where(is_open())
        .to_owned();
    run.revision += 1;
    run.state = RunState::Running;
    run.started_at = run.started_at.or(Some(now));
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Writes down how a run in hand stands. Returns false when somebody stopped it or took it over.
pub(super) async fn save(tx: &Tx, run: &mut Run) -> Result<bool, DbErr> {
    let error = run.last_error.as_ref().map(to_json).transpose()?;
    let update = Query::update()
        .table(TABLE)
        .value("state", run.state.name())
        .value("run_at", run.run_at.0)
        .value("cursor", run.cursor.clone())
        .value("progress", run.progress)
        .value("message", run.message.clone())
        .value("steps", run.steps)
        .value("failures", run.failures)
        .value("last_error", error)
        .value("finished_at", run.finished_at.map(Timestamp::micros))
        .value("revision", run.revision + 1)
        .and_where(Expr::col("id").eq(run.id))
        .and_where(Expr::col("revision").eq(run.revision))
        .and_where(Expr::cust("state = 'running'"))
        .to_owned();
    run.revision += 1;
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Changes the state of a run from outside. Returns false when it stands otherwise than it did.
pub(crate) async fn turn(tx: &Tx, run: &Run, to: RunState, now: Timestamp) -> Result<bool, DbErr> {
    let mut update = Query::update();
    update
        .table(TABLE)
        .value("state", to.name())
        .value("run_at", if to.is_open() { now.0 } else { run.run_at.0 })
        .value("ticket", run.ticket + i64::from(to.is_open() && !run.state.is_open()))
        .value("failures", 0_i64)
        .value("dedup_key", Option::<String>::None)
        .value("finished_at", (!to.is_open()).then_some(now.0))
        .value("revision", Expr::col("revision").add(1_i64))
        .and_where(Expr::col("id").eq(run.id))
        .and_where(Expr::col("state").eq(run.state.name()));
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Removes runs that a schedule has planned and that have not begun: the plugin is disabled.
pub(crate) async fn unplan(tx: &Tx, tenant: TenantId, plugin: &str) -> Result<(), DbErr> {
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("origin").eq(Origin::Schedule.name()))
        .and_where(Expr::cust("state = 'waiting'"))
        .and_where(Expr::col("started_at").is_null())
        .to_owned();
    tx.later(&delete).await
}

/// Stops all runs of a plugin in every company: it is uninstalled.
pub(crate) async fn stop_all(tx: &Tx, plugin: &str, now: Timestamp) -> Result<(), DbErr> {
    let update = Query::update()
        .table(TABLE)
        .value("state", RunState::Cancelled.name())
        .value("dedup_key", Option::<String>::None)
        .value("finished_at", now.0)
        .value("revision", Expr::col("revision").add(1_i64))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(is_open())
        .to_owned();
    tx.later(&update).await
}

/// Forgets the oldest of a plugin's runs that are done, past what is kept.
pub(super) async fn trim(tx: &Tx, run: &Run) -> Result<(), DbErr> {
    let oldest = of_plugin(run.tenant, &run.plugin)
        .column("id")
        .and_where(Expr::cust("state = 'done'"))
        .order_by("id", Order::Desc)
        .offset(KEPT_DONE)
        .limit(1)
        .take();
    let Some(row) = tx.query_one(&oldest).await? else { return Ok(()) };
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(run.tenant.0))
        .and_where(Expr::col("plugin").eq(run.plugin.as_str()))
        .and_where(Expr::cust("state = 'done'"))
        .and_where(Expr::col("id").lte(row.try_get_by_index::<Uuid>(0)?))
        .to_owned();
    tx.later(&delete).await
}

/// Forgets ends that are long past.
pub(crate) async fn clean(tx: &Tx, now: Timestamp) -> Result<(), DbErr> {
    for (state, seconds) in KEPT {
        let delete = Query::delete()
            .from_table(TABLE)
            .and_where(Expr::col("finished_at").lt(now.plus_seconds(-seconds).0))
            .and_where(Expr::col("state").eq(state.name()))
            .to_owned();
        tx.later(&delete).await?;
    }
    Ok(())
}
