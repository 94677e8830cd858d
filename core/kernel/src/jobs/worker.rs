//! The worker: claims due jobs, runs their handlers, retries with backoff. Tests call `run_due`; the server `serve`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::queue::{self, Job, LOCK_SECONDS, Next};
use super::{lease, schedule};
use crate::clock::{Env, Timestamp};
use crate::db::Db;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Trying again may help.
    #[error("{0}")]
    Retry(String),
    /// It never will.
    #[error("{0}")]
    Fatal(String),
    /// It cannot be done now, for no fault of its own: tried again then, and this try does not count.
    #[error("{reason}")]
    Wait {
        /// What it waits for.
        reason: String,
        /// When it is tried again.
        until: Timestamp,
    },
}

impl From<crate::Error> for JobError {
    fn from(error: crate::Error) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<DbErr> for JobError {
    fn from(error: DbErr) -> Self {
        Self::Retry(error.to_string())
    }
}

/// Does the jobs of one kind. A job may come twice; the second time must do no harm.
#[async_trait::async_trait]
pub trait Handler: Send + Sync {
    /// The kind of job it does.
    fn kind(&self) -> &'static str;
    /// Does one.
    async fn run(&self, job: &Job) -> Result<(), JobError>;
    /// Told when a job of its kind became a dead letter.
    async fn dead(&self, _job: &Job, _error: &str) {}
}

/// Runs jobs.
#[derive(Clone)]
pub struct Worker {
    db: Db,
    env: Env,
    id: Uuid,
    handlers: Arc<HashMap<&'static str, Arc<dyn Handler>>>,
}

/// Jobs taken at once.
const CLAIM: u64 = 16;
const LEASE: &str = "scheduler";
const LEASE_SECONDS: i64 = 30;

impl Worker {
    /// A worker with its handlers.
    pub fn new(db: &Db, env: &Env, handlers: Vec<Arc<dyn Handler>>) -> Self {
        let handlers = handlers.into_iter().map(|handler| (handler.kind(), handler)).collect();
        Self { db: db.clone(), env: env.clone(), id: crate::id::fresh(env), handlers: Arc::new(handlers) }
    }

    /// Runs everything that is due, also what those jobs enqueue for now. Returns how many ran.
    ///
    /// # Errors
    /// When the database fails. A failing job is not an error here.
    pub async fn run_due(&self) -> Result<usize, DbErr> {
        let mut ran = 0;
        loop {
            let jobs = self.claim(CLAIM).await?;
            if jobs.is_empty() {
                return Ok(ran);
            }
            for job in &jobs {
                self.run_one(job).await?;
                ran += 1;
            }
        }
    }

    /// Works until told to stop, `concurrency` jobs at a time; jobs in hand are finished first.
    pub async fn serve(&self, stop: CancellationToken, concurrency: usize) {
        let slots = Arc::new(tokio::sync::Semaphore::new(concurrency.max(1)));
        let tracker = tokio_util::task::TaskTracker::new();
        let mut enqueues = self.db.enqueues();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = slots.acquire() => {}
            }
            self.tick_schedules().await;
            let free = Ord::min(u64::try_from(slots.available_permits()).unwrap_or(1), CLAIM);
            let jobs = self.claim(free).await.unwrap_or_else(|e| self.log(&e));
            if jobs.is_empty() {
                tokio::select! {
                    () = stop.cancelled() => break,
                    _ = enqueues.changed() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
                continue;
            }
            for job in jobs {
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                let worker = self.clone();
                tracker.spawn(async move {
                    if let Err(error) = worker.run_one(&job).await {
                        tracing::error!(%error, job = %job.id, "a job could not be settled; it will be taken again");
                    }
                    drop(slot);
                });
            }
        }
        tracker.close();
        tracker.wait().await;
    }

    fn log(&self, error: &DbErr) -> Vec<Job> {
        tracing::error!(%error, worker = %self.id, "jobs could not be claimed");
        Vec::new()
    }

    async fn tick_schedules(&self) {
        let result = async {
            if schedule_due(&self.db, self.env.now()).await?
                && lease::hold(&self.db, &self.env, LEASE, self.id, LEASE_SECONDS).await?
            {
                schedule::tick(&self.db, &self.env).await?;
            }
            Ok::<_, DbErr>(())
        };
        if let Err(error) = result.await {
            tracing::error!(%error, "schedules could not be ticked");
        }
    }

    async fn claim(&self, limit: u64) -> Result<Vec<Job>, DbErr> {
        if !due(&self.db, self.env.now()).await? {
            return Ok(Vec::new());
        }
        let kinds: Vec<&str> = self.handlers.keys().copied().collect();
        let tx = self.db.begin().await?;
        let jobs = queue::claim(&tx, &self.env, self.id, &kinds, limit).await?;
        tx.commit().await?;
        Ok(jobs)
    }

    async fn run_one(&self, job: &Job) -> Result<(), DbErr> {
        let Some(handler) = self.handlers.get(job.kind.as_str()) else { return Ok(()) };
        let alive = CancellationToken::new();
        let beat = tokio::spawn(heartbeat(self.clone(), job.id, alive.clone()));
        let result = std::panic::AssertUnwindSafe(handler.run(job)).catch_unwind().await;
        alive.cancel();
        drop(beat.await);
        let result = result.unwrap_or_else(|_| Err(JobError::Retry("the handler panicked".into())));
        let tx = self.db.begin().await?;
        match &result {
            Ok(()) => queue::finish(&tx, self.id, job).await?,
            Err(error) => {
                let next = self.next(job, error);
                queue::fail(&tx, self.id, job, next, &error.to_string()).await?;
                tracing::warn!(kind = job.kind, job = %job.id, attempt = job.attempt, %error, ?next, "a job was not done");
            }
        }
        tx.commit().await?;
        if let Err(error) = &result
            && self.next(job, error) == Next::Dead
        {
            handler.dead(job, &error.to_string()).await;
        }
        Ok(())
    }

    /// Tried again after 5 s, 20 s, 80 s ... at most an hour; not after the last try.
    fn next(&self, job: &Job, error: &JobError) -> Next {
        match error {
            JobError::Wait { until, .. } => Next::Wait(*until),
            JobError::Retry(_) if job.attempt < job.max_attempts => {
                let exponent = u32::try_from((job.attempt - 1).clamp(0, 6)).unwrap_or(0);
                let seconds = Ord::min(5 * 4_i64.pow(exponent), 3_600);
                Next::Again(self.env.now().plus_seconds(seconds))
            }
            JobError::Retry(_) | JobError::Fatal(_) => Next::Dead,
        }
    }
}

async fn heartbeat(worker: Worker, job: Uuid, done: CancellationToken) {
    let period = Duration::from_secs(u64::try_from(LOCK_SECONDS / 4).unwrap_or(30));
    while tokio::time::timeout(period, done.cancelled()).await.is_err() {
        let extended = async {
            let tx = worker.db.begin().await?;
            let mine = queue::extend(&tx, &worker.env, worker.id, job).await?;
            tx.commit().await?;
            Ok::<_, DbErr>(mine)
        };
        if let Ok(false) | Err(_) = extended.await {
            tracing::warn!(%job, "a job's lock could not be extended");
        }
    }
}

/// Whether anything is due: read without the write lock, so that an idle worker stops nobody.
async fn due(db: &Db, now: Timestamp) -> Result<bool, DbErr> {
    let select = Query::select().column("id").from("job").cond_where(queue::due(now)).limit(1).take();
    Ok(db.read().query_one(&select).await?.is_some())
}

async fn schedule_due(db: &Db, now: Timestamp) -> Result<bool, DbErr> {
    let select =
        Query::select().column("name").from("schedule").and_where(Expr::col("next_at").lte(now.0)).limit(1).take();
    Ok(db.read().query_one(&select).await?.is_some())
}

impl Job {
    /// Reads the payload.
    ///
    /// # Errors
    /// `Fatal`: a payload that is not understood will not be next time either.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_value::<T>(Json::clone(&self.payload)).map_err(|e| JobError::Fatal(format!("payload: {e}")))
    }
}
