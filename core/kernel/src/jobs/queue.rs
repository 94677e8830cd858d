//! Rows of the queue: enqueue, finish, fail.

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde_json::Value as Json;
use uuid::Uuid;

use super::order;
use crate::clock::{Env, Timestamp};
use crate::db::{ConnectionTrait, QueryResult, Tx};
use crate::id::TenantId;

/// Seconds a claimed job is kept from other workers without a sign of life.
pub(super) const LOCK_SECONDS: i64 = 120;

/// A job to be done.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Whose, if it belongs to a tenant.
    pub tenant: Option<TenantId>,
    /// Which handler, e.g. `import.run`.
    pub kind: String,
    /// What exactly.
    pub payload: Json,
    /// Not before.
    pub run_at: Timestamp,
    /// Tries before it becomes a dead letter.
    pub max_attempts: i64,
    /// A second job with the same key is not enqueued while the first exists.
    pub unique_key: Option<String>,
    /// Jobs with the same key are done one after another, in the order of their enqueueing; see [`super::order`].
    pub order_key: Option<String>,
    /// A member of the payload: while the last job with the order key waits for its turn alone, it gets this job's value
    /// of the member, and no job is added.
    pub widens: Option<&'static str>,
}

impl NewJob {
    /// A job due at once, with 8 tries (about an hour and a half of backoff).
    pub fn now(env: &Env, kind: &str, payload: Json) -> Self {
        Self {
            tenant: None,
            kind: kind.into(),
            payload,
            run_at: env.now(),
            max_attempts: 8,
            unique_key: None,
            order_key: None,
            widens: None,
        }
    }

    /// The same, for a tenant.
    #[must_use]
    pub const fn for_tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// The same, at most one at a time by this key.
    #[must_use]
    pub fn unique(mut self, key: String) -> Self {
        self.unique_key = Some(key);
        self
    }

    /// The same, done after all jobs with this key that were enqueued before it.
    #[must_use]
    pub fn in_order(mut self, key: String) -> Self {
        self.order_key = Some(key);
        self
    }
}

/// A claimed job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub tenant: Option<TenantId>,
    /// Which handler.
    pub kind: String,
    /// What exactly.
    pub payload: Json,
    /// This try, from 1.
    pub attempt: i64,
    /// Tries before it becomes a dead letter.
    pub max_attempts: i64,
    /// What it is done in the order of.
    pub order_key: Option<String>,
    /// Its worker vanished while it ran, and it came no further since.
    pub taken_over: bool,
}

/// Adds a job in the caller's transaction, unless one with its unique key is there already or one that waits was
/// widened.
///
/// # Errors
/// When the database fails.
pub async fn enqueue(tx: &Tx, env: &Env, job: NewJob) -> Result<(), DbErr> {
    if let (Some(key), Some(member)) = (&job.order_key, job.widens)
        && order::widen(tx, env, key, member, &job.payload).await?
    {
        return Ok(());
    }
    tx.note_job();
    let number = job.order_key.as_deref().map(order::next_number);
    let insert = Query::insert()
        .into_table("job")
        .columns([
            "id",
            "tenant_id",
            "kind",
            "payload",
            "state",
            "run_at",
            "attempts",
            "max_attempts",
            "unique_key",
            "created_at",
            "order_key",
            "order_no",
        ])
        .values_panic([
            crate::id::fresh(env).into(),
            job.tenant.map(|t| t.0).into(),
            job.kind.into(),
            job.payload.into(),
            "ready".into(),
            job.run_at.0.into(),
            0_i64.into(),
            job.max_attempts.into(),
            job.unique_key.into(),
            env.now().0.into(),
            job.order_key.into(),
            number.unwrap_or_else(|| Option::<i64>::None.into()),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .to_owned();
    tx.later(&insert).await
}

/// Keeps a long job from being taken over. Returns false when it was.
pub(super) async fn extend(tx: &Tx, env: &Env, worker: Uuid, job: Uuid) -> Result<bool, DbErr> {
    let update = Query::update()
        .table("job")
        .value("locked_until", env.now().plus_seconds(LOCK_SECONDS).0)
        .and_where(Expr::col("id").eq(job))
        .and_where(Expr::col("locked_by").eq(worker))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Replaces the payload of a job in hand, so that its next try goes on from there. Returns false when another worker
/// has taken it over.
///
/// # Errors
/// When the database fails.
pub async fn note_progress(tx: &Tx, job: &Job, payload: Json) -> Result<bool, DbErr> {
    let update = Query::update()
        .table("job")
        .value("payload", payload)
        .value("lost", 0_i64)
        .and_where(Expr::col("id").eq(job.id))
        .and_where(Expr::col("state").eq("running"))
        .and_where(Expr::col("attempts").eq(job.attempt))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// A job in hand came further: what takes its worker away from now on has to do so as often again before the job is
/// given up. By its unique key.
///
/// # Errors
/// When the database fails.
pub async fn came_further(tx: &Tx, unique_key: &str) -> Result<(), DbErr> {
    let update = Query::update()
        .table("job")
        .value("lost", 0_i64)
        .and_where(Expr::col("unique_key").eq(unique_key))
        .and_where(Expr::col("lost").gt(0_i64))
        .to_owned();
    tx.later(&update).await
}

/// Forgets a dead letter whose story is told elsewhere. Returns false when it is none any more.
///
/// # Errors
/// When the database fails.
pub async fn forget_dead(tx: &Tx, job: Uuid) -> Result<bool, DbErr> {
    let delete = Query::delete()
        .from_table("job")
        .and_where(Expr::col("id").eq(job))
        .and_where(Expr::col("state").eq("dead"))
        .to_owned();
    Ok(tx.execute(&delete).await?.rows_affected() == 1)
}

/// Forgets a job that was done.
pub(super) async fn finish(tx: &Tx, worker: Uuid, job: &Job) -> Result<(), DbErr> {
    let delete = Query::delete()
        .from_table("job")
        .and_where(Expr::col("id").eq(job.id))
        .and_where(Expr::col("locked_by").eq(worker))
        .to_owned();
    order::wake_next(tx, job);
    tx.later(&delete).await
}

/// Takes out a job by its unique key, unless a worker has it in hand.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &Tx, unique_key: &str) -> Result<(), DbErr> {
    let delete = Query::delete()
        .from_table("job")
        .and_where(Expr::col("unique_key").eq(unique_key))
        .and_where(Expr::col("state").eq("ready"))
        .to_owned();
    tx.later(&delete).await
}

/// What becomes of a job that was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It is tried again then.
    Again(Timestamp),
    /// The same, and this try does not count.
    Wait(Timestamp),
    /// It is a dead letter.
    Dead,
}

/// Puts a job that was not done back, or among the dead letters.
pub(super) async fn fail(tx: &Tx, worker: Uuid, job: &Job, next: Next, error: &str) -> Result<(), DbErr> {
    let mut update = Query::update();
    update
        .table("job")
        .value("state", if next == Next::Dead { "dead" } else { "ready" })
        .value("last_error", error.chars().take(2_000).collect::<String>())
        .value("locked_until", Option::<i64>::None)
        .value("locked_by", Option::<Uuid>::None)
        .value("lost", 0_i64)
        .and_where(Expr::col("id").eq(job.id))
        .and_where(Expr::col("locked_by").eq(worker));
    match next {
        Next::Again(at) => update.value("run_at", at.0),
        Next::Wait(at) => update.value("run_at", at.0).value("attempts", Expr::col("attempts").sub(1)),
        // A dead letter must not block a new job with the same key.
        Next::Dead => update.value("unique_key", Option::<String>::None),
    };
    if next == Next::Dead {
        order::wake_next(tx, job);
    }
    tx.later(&update).await
}

/// Makes jobs that wait for their time due now: whatever they waited for may be there.
///
/// # Errors
/// When the database fails.
pub async fn hasten(tx: &Tx, env: &Env, tenant: TenantId, kind: &str) -> Result<(), DbErr> {
    let update = Query::update()
        .table("job")
        .value("run_at", env.now().0)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("kind").eq(kind))
        .and_where(Expr::col("state").eq("ready"))
        .to_owned();
    tx.note_job();
    tx.later(&update).await
}

/// Makes a job that waits for its time due now, by its unique key.
///
/// # Errors
/// When the database fails.
pub async fn hasten_one(tx: &Tx, env: &Env, unique_key: &str) -> Result<(), DbErr> {
    let update = Query::update()
        .table("job")
        .value("run_at", env.now().0)
        .and_where(Expr::col("unique_key").eq(unique_key))
        .and_where(Expr::col("state").eq("ready"))
        .to_owned();
    tx.note_job();
    tx.later(&update).await
}

/// A job that failed for good.
#[derive(Debug, Clone)]
pub struct Dead {
    /// Its id.
    pub id: Uuid,
    /// Which handler.
    pub kind: String,
    /// Why.
    pub error: String,
    /// Tries.
    pub attempts: i64,
}

/// The dead letters of a tenant (or those of no tenant), newest last, at most 500.
///
/// # Errors
/// When the database fails.
pub async fn dead(conn: &impl ConnectionTrait, tenant: Option<TenantId>) -> Result<Vec<Dead>, DbErr> {
    let mut select = Query::select();
    select.columns(["id", "kind", "last_error", "attempts"]).from("job").and_where(Expr::col("state").eq("dead"));
    match tenant {
        Some(tenant) => select.and_where(Expr::col("tenant_id").eq(tenant.0)),
        None => select.and_where(Expr::col("tenant_id").is_null()),
    };
    select.order_by("created_at", Order::Asc).limit(500);
    let read = |row: &QueryResult| {
        Ok(Dead {
            id: row.try_get_by_index(0)?,
            kind: row.try_get_by_index(1)?,
            error: row.try_get_by_index::<Option<String>>(2)?.unwrap_or_default(),
            attempts: row.try_get_by_index(3)?,
        })
    };
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Since when a job that waits for nothing but a worker should have run, of the one that waits longest: none that was due
/// before then.
///
/// # Errors
/// When the database fails.
pub async fn waits_since(conn: &impl ConnectionTrait, before: Timestamp) -> Result<Option<Timestamp>, DbErr> {
    let select = Query::select()
        .column("run_at")
        .from("job")
        .and_where(Expr::cust("state = 'ready'"))
        .and_where(Expr::col("run_at").lt(before.0))
        // Those of an order may wait for each other.
        .and_where(Expr::col("order_key").is_null())
        .order_by("run_at", Order::Asc)
        .limit(1)
        .take();
    conn.query_one(&select).await?.map(|row| row.try_get_by_index(0).map(Timestamp)).transpose()
}

/// A dead letter with what it was about.
#[derive(Debug, Clone)]
pub struct DeadOfKind {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub tenant: Option<TenantId>,
    /// What exactly.
    pub payload: Json,
    /// Why.
    pub error: String,
}

/// The dead letters of a kind among all tenants, oldest first, behind one of them where given, at most `limit`: for whoever
/// tells their story elsewhere.
///
/// # Errors
/// When the database fails.
pub async fn dead_of_kind(
    conn: &impl ConnectionTrait,
    kind: &str,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<DeadOfKind>, DbErr> {
    let mut select = Query::select()
        .columns(["id", "tenant_id", "payload", "last_error"])
        .from("job")
        .and_where(Expr::cust("state = 'dead'"))
        .and_where(Expr::col("kind").eq(kind))
        .order_by("id", Order::Asc)
        .limit(limit)
        .take();
    if let Some(after) = after {
        select.and_where(Expr::col("id").gt(after));
    }
    let read = |row: &QueryResult| {
        Ok(DeadOfKind {
            id: row.try_get_by_index(0)?,
            tenant: row.try_get_by_index::<Option<Uuid>>(1)?.map(TenantId),
            payload: row.try_get_by_index(2)?,
            error: row.try_get_by_index::<Option<String>>(3)?.unwrap_or_default(),
        })
    };
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Makes a dead letter due again with fresh tries. Returns false when there is none with this id in the tenant.
///
/// # Errors
/// When the database fails.
pub async fn retry_dead(tx: &Tx, env: &Env, tenant: TenantId, job: Uuid) -> Result<bool, DbErr> {
    let update = Query::update()
        .table("job")
        .value("state", "ready")
        .value("attempts", 0_i64)
        .value("lost", 0_i64)
        .value("run_at", env.now().0)
        .and_where(Expr::col("id").eq(job))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("state").eq("dead"))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}
