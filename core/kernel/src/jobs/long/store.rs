//! Rows of long jobs.

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{LongJob, MAX_RUNNING, NewLongJob, Problem, StartedBy, State, Step};
use crate::clock::{Env, Timestamp};
use crate::db::{ConnectionTrait, QueryResult, Tx};
use crate::id::{TenantId, UserId};
use crate::jobs::queue::{self, NewJob};
use crate::{Ctx, Error, Result};

/// The queue's job behind a long one.
pub(in crate::jobs) const KIND: &str = "long.run";
/// Seconds the queue leaves a job to the request that does it at once.
const AT_ONCE_SECONDS: i64 = 120;
/// Seconds a job is kept from others without a step that ends.
const HELD_SECONDS: i64 = 60;

const COLUMNS: [&str; 18] = [
    "id",
    "tenant_id",
    "user_id",
    "started_by",
    "kind",
    "input",
    "state",
    "cursor",
    "done",
    "total",
    "result",
    "problem",
    "created_at",
    "updated_at",
    "finished_at",
    "revision",
    "starts",
    "subject",
];

/// Begins long work in the caller's transaction. Work with a subject that was begun before is the same work: one that
/// failed or was cancelled goes on, one that runs or is done is given as it stands.
///
/// `held`: the caller does it at once (`LongJobs::run_now`), if the flag beside the job says that this call began it or
/// took it up again; workers take it over when they do not see its end within two minutes.
///
/// # Errors
/// `Denied` when no person acts, conflict `job.too_many`.
pub async fn begin(tx: &Tx, ctx: &Ctx, new: NewLongJob, held: bool) -> Result<(LongJob, bool)> {
    let user = ctx.user().ok_or(Error::Denied("action"))?;
    if let Some(subject) = &new.subject
        && let Some(known) = find(tx, ctx.tenant, subject).await?
    {
        if matches!(known.state, State::Running | State::Done) {
            return Ok((known, false));
        }
        return Ok((again(tx, ctx, known, held, false).await?, true));
    }
    few_enough(tx, ctx, user).await?;
    let started_by = StartedBy { actor: ctx.actor.clone(), cause: ctx.cause.clone(), admin: ctx.rights.is_admin() };
    let job = LongJob {
        id: ctx.id(),
        tenant: ctx.tenant,
        user,
        started_by,
        kind: new.kind.to_owned(),
        input: new.input,
        state: State::Running,
        cursor: Json::Null,
        done: 0,
        total: new.total,
        result: Json::Null,
        problem: None,
        created_at: ctx.now(),
        updated_at: ctx.now(),
        finished_at: None,
        revision: 0,
        starts: 1,
    };
    insert(tx, &job, new.subject).await?;
    enqueue(tx, &ctx.env, &job, held).await?;
    Ok((job, true))
}

async fn few_enough(tx: &Tx, ctx: &Ctx, user: UserId) -> Result<()> {
    let mut select = Query::select();
    select.expr(Func::count(Expr::col("id"))).from("long_job").and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    select.and_where(Expr::col("user_id").eq(user.0)).and_where(Expr::col("state").eq("running"));
    let running: i64 = tx.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    if running >= MAX_RUNNING { Err(Error::Conflict { code: "job.too_many", current: None }) } else { Ok(()) }
}

async fn insert(tx: &Tx, job: &LongJob, subject: Option<String>) -> Result<()> {
    let insert = Query::insert()
        .into_table("long_job")
        .columns(COLUMNS)
        .values_panic([
            job.id.into(),
            job.tenant.0.into(),
            job.user.0.into(),
            json(&job.started_by)?.into(),
            job.kind.as_str().into(),
            job.input.clone().into(),
            word(job.state)?.into(),
            job.cursor.clone().into(),
            job.done.into(),
            job.total.into(),
            job.result.clone().into(),
            Option::<Json>::None.into(),
            job.created_at.0.into(),
            job.updated_at.0.into(),
            Option::<i64>::None.into(),
            job.revision.into(),
            job.starts.into(),
            subject.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Work that is over is begun from its beginning, for what could not be done the first time; what was done must be found by
/// its steps.
///
/// # Errors
/// Conflict `record.conflict` when somebody else was quicker.
pub async fn anew(tx: &Tx, ctx: &Ctx, job: LongJob, held: bool) -> Result<LongJob> {
    again(tx, ctx, job, held, true).await
}

/// One that stopped goes on from where it was, or begins `anew`.
async fn again(tx: &Tx, ctx: &Ctx, mut job: LongJob, held: bool, anew: bool) -> Result<LongJob> {
    if anew {
        (job.cursor, job.done, job.result) = (Json::Null, 0, Json::Null);
    }
    let update = Query::update()
        .table("long_job")
        .value("cursor", job.cursor.clone())
        .value("done", job.done)
        .value("result", job.result.clone())
        .value("state", "running")
        .value("problem", Option::<Json>::None)
        .value("finished_at", Option::<i64>::None)
        .value("updated_at", ctx.now().0)
        .value("revision", job.revision + 1)
        .value("starts", job.starts + 1)
        .value("holder", Option::<Uuid>::None)
        .and_where(Expr::col("id").eq(job.id))
        .and_where(Expr::col("revision").eq(job.revision))
        .to_owned();
    if tx.execute(&update).await?.rows_affected() != 1 {
        return Err(Error::Conflict { code: "record.conflict", current: None });
    }
    job.state = State::Running;
    job.problem = None;
    job.finished_at = None;
    job.revision += 1;
    job.starts += 1;
    enqueue(tx, &ctx.env, &job, held).await?;
    Ok(job)
}

async fn enqueue(tx: &Tx, env: &Env, job: &LongJob, held: bool) -> Result<()> {
    let mut queued = NewJob::now(env, KIND, json!({"id": job.id})).for_tenant(job.tenant).unique(key(job));
    if held {
        queued.run_at = env.now().plus_seconds(AT_ONCE_SECONDS);
    }
    Ok(queue::enqueue(tx, env, queued).await?)
}

/// Of its own for each start: the queue may still hold the end of the one before.
fn key(job: &LongJob) -> String {
    format!("{KIND}:{}:{}", job.id, job.starts)
}

/// Takes back the promise to the queue: the work is over.
pub(super) async fn forget(tx: &Tx, job: &LongJob) -> Result<(), DbErr> {
    queue::forget(tx, &key(job)).await
}

fn select() -> SelectStatement {
    Query::select().columns(COLUMNS).from("long_job").take()
}

/// The work with this subject, if it was begun.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &impl ConnectionTrait, tenant: TenantId, subject: &str) -> Result<Option<LongJob>> {
    let mut select = select();
    select.and_where(Expr::col("tenant_id").eq(tenant.0)).and_where(Expr::col("subject").eq(subject));
    conn.query_one(&select).await?.as_ref().map(read).transpose()
}

/// A job by id.
pub(super) async fn load(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<LongJob>> {
    let mut select = select();
    select.and_where(Expr::col("id").eq(id));
    conn.query_one(&select).await?.as_ref().map(read).transpose()
}

/// A job that the actor may see.
pub(super) async fn visible(conn: &impl ConnectionTrait, ctx: &Ctx, id: Uuid) -> Result<LongJob> {
    let found = load(conn, id).await?.filter(|job| job.tenant == ctx.tenant);
    let mine = found.filter(|job| ctx.rights.is_admin() || ctx.user() == Some(job.user));
    mine.ok_or_else(|| Error::NotFound(format!("job {id}")))
}

/// The actor's own, newest first.
pub(super) async fn of_person(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<LongJob>> {
    let Some(user) = ctx.user() else { return Ok(Vec::new()) };
    let mut select = select();
    select.and_where(Expr::col("tenant_id").eq(ctx.tenant.0)).and_where(Expr::col("user_id").eq(user.0));
    select.order_by("id", Order::Desc).limit(100);
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Takes a running job for `holder`, unless somebody works on it; whoever was too slow can save nothing any more.
pub(super) async fn hold(tx: &Tx, env: &Env, id: Uuid, holder: Uuid) -> Result<bool, DbErr> {
    let now = env.now();
    let update = Query::update()
        .table("long_job")
        .value("holder", holder)
        .value("held_until", now.plus_seconds(HELD_SECONDS).0)
        .value("revision", Expr::col("revision").add(1))
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("state").eq("running"))
        .and_where(Expr::col("holder").is_null().or(Expr::col("held_until").lt(now.0)))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Gives it back.
pub(super) async fn release(tx: &Tx, id: Uuid, holder: Uuid) -> Result<(), DbErr> {
    let update = Query::update()
        .table("long_job")
        .value("holder", Option::<Uuid>::None)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("holder").eq(holder))
        .to_owned();
    tx.later(&update).await
}

/// Saves what a step did. False when somebody else was quicker, or stopped the job.
pub(super) async fn advance(tx: &Tx, env: &Env, job: &LongJob, step: &Step) -> Result<bool> {
    let state = if step.over { State::Done } else { State::Running };
    let mut update = Query::update();
    update
        .table("long_job")
        .value("cursor", step.cursor.clone())
        .value("done", step.done)
        .value("result", step.result.clone())
        .value("state", word(state)?)
        .value("updated_at", env.now().0)
        .value("held_until", env.now().plus_seconds(HELD_SECONDS).0)
        .value("revision", job.revision + 1);
    if step.over {
        update.value("finished_at", env.now().0);
    }
    update.and_where(Expr::col("id").eq(job.id)).and_where(Expr::col("revision").eq(job.revision));
    let advanced = tx.execute(&update).await?.rows_affected() == 1;
    if advanced {
        queue::came_further(tx, &key(job)).await?;
    }
    Ok(advanced)
}

/// Stops a job that runs. False when it was over.
pub(super) async fn stop(tx: &Tx, env: &Env, job: &LongJob, state: State, problem: Option<&Problem>) -> Result<bool> {
    let update = Query::update()
        .table("long_job")
        .value("state", word(state)?)
        .value("problem", problem.map(json).transpose()?)
        .value("updated_at", env.now().0)
        .value("finished_at", env.now().0)
        .value("revision", Expr::col("revision").add(1))
        .and_where(Expr::col("id").eq(job.id))
        .and_where(Expr::col("starts").eq(job.starts))
        .and_where(Expr::col("state").eq("running"))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Removes jobs that ended before `until`.
///
/// # Errors
/// When the database fails.
pub async fn clean(tx: &Tx, until: Timestamp) -> Result<(), DbErr> {
    let delete = Query::delete().from_table("long_job").and_where(Expr::col("finished_at").lt(until.0)).to_owned();
    tx.later(&delete).await
}

fn json(value: &impl serde::Serialize) -> Result<Json> {
    serde_json::to_value(value).map_err(Error::internal)
}

fn word(state: State) -> Result<String> {
    parsed(json(&state)?)
}

fn parsed<T: DeserializeOwned>(json: Json) -> Result<T> {
    serde_json::from_value(json).map_err(Error::internal)
}

fn read(row: &QueryResult) -> Result<LongJob> {
    let json = |index: usize| Ok::<_, DbErr>(row.try_get_by_index::<Option<Json>>(index)?.unwrap_or(Json::Null));
    let problem = json(11)?;
    Ok(LongJob {
        id: row.try_get_by_index(0)?,
        tenant: TenantId(row.try_get_by_index(1)?),
        user: UserId(row.try_get_by_index(2)?),
        started_by: parsed(json(3)?)?,
        kind: row.try_get_by_index(4)?,
        input: json(5)?,
        state: parsed(Json::String(row.try_get_by_index(6)?))?,
        cursor: json(7)?,
        done: row.try_get_by_index(8)?,
        total: row.try_get_by_index(9)?,
        result: json(10)?,
        problem: if matches!(problem, Json::Null) { None } else { Some(parsed(problem)?) },
        created_at: Timestamp(row.try_get_by_index(12)?),
        updated_at: Timestamp(row.try_get_by_index(13)?),
        finished_at: row.try_get_by_index::<Option<i64>>(14)?.map(Timestamp),
        revision: row.try_get_by_index(15)?,
        starts: row.try_get_by_index(16)?,
    })
}
