//! The worker: claims due jobs, runs their handlers, retries with backoff. Tests call `run_due`; the server `serve`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::claim::{self, Hold, InHand};
use super::lane::{Lane, Slots};
use super::queue::{self, Job, LOCK_SECONDS, Next};
use super::{lease, schedule};
use crate::clock::{Env, Timestamp};
use crate::db::{ConnectionTrait, Db, TRIES};

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Trying again may help.
    #[error("{0}")]
    Retry(String),
    /// It lost a race for locks: it is tried again at once.
    #[error("{0}")]
    Raced(String),
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
        match error {
            crate::Error::Raced(_) => Self::Raced(error.to_string()),
            _ => Self::Retry(error.to_string()),
        }
    }
}

impl From<DbErr> for JobError {
    fn from(error: DbErr) -> Self {
        Self::from(crate::Error::from(error))
    }
}

/// Does the jobs of one kind. A job may come twice; the second time must do no harm.
#[async_trait::async_trait]
pub trait Handler: Send + Sync {
    /// The kind of job it does.
    fn kind(&self) -> &'static str;
    /// Does one.
    async fn run(&self, job: &Job) -> Result<(), JobError>;
    /// Where its jobs have their slots.
    fn lane(&self) -> Lane {
        Lane::Short
    }
    /// Told when a job of its kind became a dead letter; not when the server ends in this very moment.
    async fn dead(&self, _job: &Job, _error: &str) {}
}

/// Runs jobs.
#[derive(Clone)]
pub struct Worker {
    db: Db,
    env: Env,
    id: Uuid,
    handlers: Arc<HashMap<&'static str, Arc<dyn Handler>>>,
    hand: InHand,
}

/// Jobs taken at once.
const CLAIM: usize = 16;
const LEASE: &str = "scheduler";
const LEASE_SECONDS: i64 = 30;

impl Worker {
    /// A worker with its handlers.
    pub fn new(db: &Db, env: &Env, handlers: Vec<Arc<dyn Handler>>) -> Self {
        let handlers = handlers.into_iter().map(|handler| (handler.kind(), handler)).collect();
        Self {
            db: db.clone(),
            env: env.clone(),
            id: crate::id::fresh(env),
            handlers: Arc::new(handlers),
            hand: InHand::default(),
        }
    }

    /// Runs everything that is due, also what those jobs enqueue for now. Returns how many ran.
    ///
    /// # Errors
    /// When the database fails. A failing job is not an error here.
    pub async fn run_due(&self) -> Result<usize, DbErr> {
        let mut ran = 0;
        loop {
            let mut found = false;
            for lane in Lane::ALL {
                let jobs = self.claim(lane, CLAIM, CLAIM).await?;
                found |= !jobs.is_empty();
                for (job, hold) in jobs {
                    self.run_one(&job, hold).await?;
                    ran += 1;
                }
            }
            if !found {
                return Ok(ran);
            }
        }
    }

    /// Works until told to stop, in each lane so many jobs at a time; jobs in hand are finished first.
    pub async fn serve(&self, stop: CancellationToken, slots: Slots) {
        let lanes = Lane::ALL.map(|lane| self.serve_lane(&stop, lane, slots));
        futures::future::join_all(lanes).await;
    }

    async fn serve_lane(&self, stop: &CancellationToken, lane: Lane, slots: Slots) {
        let free = Arc::new(tokio::sync::Semaphore::new(slots.of(lane)));
        let tracker = tokio_util::task::TaskTracker::new();
        let mut enqueues = self.db.enqueues();
        // A job that ended may have kept the next one of its line waiting.
        let ended = Arc::new(tokio::sync::Notify::new());
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = free.acquire() => {}
            }
            if lane == Lane::Short {
                self.tick_schedules().await;
            }
            enqueues.mark_unchanged();
            let count = Ord::min(free.available_permits(), CLAIM);
            let jobs = self.claim(lane, count, slots.of_line(lane)).await.unwrap_or_else(|e| self.log(&e));
            if jobs.is_empty() {
                tokio::select! {
                    () = stop.cancelled() => break,
                    _ = enqueues.changed() => {}
                    () = ended.notified() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
                continue;
            }
            for (job, hold) in jobs {
                let Ok(slot) = Arc::clone(&free).acquire_owned().await else { return };
                let (worker, ended) = (self.clone(), Arc::clone(&ended));
                tracker.spawn(async move {
                    if let Err(error) = worker.run_one(&job, hold).await {
                        tracing::error!(%error, job = %job.id, "a job could not be settled; it will be taken again");
                    }
                    drop(slot);
                    ended.notify_one();
                });
            }
        }
        tracker.close();
        tracker.wait().await;
    }

    fn log(&self, error: &DbErr) -> Vec<(Job, Hold)> {
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

    /// Takes due jobs of a lane, up to `limit` and of a company and kind no more than `of_line` in hand. Those that took
    /// too many workers with them are given up instead.
    async fn claim(&self, lane: Lane, limit: usize, of_line: usize) -> Result<Vec<(Job, Hold)>, DbErr> {
        let of_lane = self.handlers.values().filter(|handler| handler.lane() == lane);
        let mut kinds: Vec<&str> = of_lane.map(|handler| handler.kind()).collect();
        kinds.sort_unstable();
        loop {
            let now = self.env.now();
            let chosen = claim::choose(self.db.read(), now, &kinds, &self.hand, (limit, of_line)).await?;
            if chosen.is_empty() {
                return Ok(Vec::new());
            }
            let tx = self.db.begin().await?;
            let dead = claim::give_up(&tx, &self.env, &chosen).await?;
            let jobs = claim::take(&tx, &self.env, self.id, &chosen).await?;
            tx.commit().await?;
            for job in &dead {
                self.told_lost(job).await;
            }
            if !jobs.is_empty() || dead.is_empty() {
                return Ok(jobs.into_iter().map(|job| self.in_hand(job)).collect());
            }
        }
    }

    async fn told_lost(&self, job: &Job) {
        tracing::error!(kind = job.kind, job = %job.id, "a job was given up: {}", claim::LOST);
        if let Some(handler) = self.handlers.get(job.kind.as_str()) {
            handler.dead(job, claim::LOST).await;
        }
    }

    fn in_hand(&self, job: Job) -> (Job, Hold) {
        let hold = self.hand.take(&job);
        (job, hold)
    }

    async fn run_one(&self, job: &Job, hold: Hold) -> Result<(), DbErr> {
        let Some(handler) = self.handlers.get(job.kind.as_str()) else { return Ok(()) };
        let alive = CancellationToken::new();
        let beat = tokio::spawn(heartbeat(self.clone(), job.id, alive.clone()));
        let result = std::panic::AssertUnwindSafe(run(&**handler, job)).catch_unwind().await;
        alive.cancel();
        drop(beat.await);
        let result = result.unwrap_or_else(|_| Err(JobError::Retry("the handler panicked".into())));
        let tx = self.db.begin().await?;
        match &result {
            Ok(()) => queue::finish(&tx, self.id, job).await?,
            Err(error) => {
                let next = self.next(job, error);
                queue::fail(&tx, self.id, job, next, &error.to_string()).await?;
                told(job, error, next);
            }
        }
        tx.commit().await?;
        if let Err(error) = &result
            && self.next(job, error) == Next::Dead
        {
            handler.dead(job, &error.to_string()).await;
        }
        drop(hold);
        Ok(())
    }

    /// Tried again after 5 s, 20 s, 80 s ... at most an hour; not after the last try.
    fn next(&self, job: &Job, error: &JobError) -> Next {
        match error {
            JobError::Wait { until, .. } => Next::Wait(*until),
            JobError::Retry(_) | JobError::Raced(_) if job.attempt < job.max_attempts => {
                let exponent = u32::try_from((job.attempt - 1).clamp(0, 6)).unwrap_or(0);
                let seconds = Ord::min(5 * 4_i64.pow(exponent), 3_600);
                Next::Again(self.env.now().plus_seconds(seconds))
            }
            JobError::Retry(_) | JobError::Raced(_) | JobError::Fatal(_) => Next::Dead,
        }
    }
}

/// What waits has not failed.
fn told(job: &Job, error: &JobError, next: Next) {
    if matches!(next, Next::Wait(_)) {
        tracing::debug!(kind = job.kind, job = %job.id, %error, ?next, "a job waits");
    } else {
        tracing::warn!(kind = job.kind, job = %job.id, attempt = job.attempt, %error, ?next, "a job was not done");
    }
}

/// Does a job, and again while it loses races: a handler bears repetition, also of what it has committed.
async fn run(handler: &dyn Handler, job: &Job) -> Result<(), JobError> {
    for _ in 1..TRIES {
        match handler.run(job).await {
            Err(JobError::Raced(_)) => {}
            result => return result,
        }
    }
    handler.run(job).await
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
