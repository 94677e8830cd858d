//! Doing long jobs: at once for a request, or by the queue.

use uuid::Uuid;

use super::{LongJob, LongJobs, Problem, State, Step, store};
use crate::jobs::{Handler, Job, JobError, Lane};
use crate::{Ctx, Error, Result};

/// Does long jobs for the queue.
pub struct LongRun(pub LongJobs);

#[derive(serde::Deserialize)]
struct Payload {
    id: Uuid,
}

#[async_trait::async_trait]
impl Handler for LongRun {
    fn kind(&self) -> &'static str {
        store::KIND
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let Payload { id } = job.read()?;
        Ok(self.0.run(id).await?)
    }

    async fn dead(&self, job: &Job, error: &str) {
        let Ok(Payload { id }) = job.read() else { return };
        tracing::error!(%error, job = %id, "a long job was given up");
        let problem = problem(&Error::Internal(error.to_owned()));
        let marked = async {
            let Some(job) = store::load(self.0.db.read(), id).await? else { return Ok(()) };
            self.0.stop(&job, State::Failed, Some(&problem)).await
        };
        if let Err(error) = marked.await {
            tracing::error!(%error, job = %id, "a long job could not be marked as failed");
        }
    }
}

impl LongJobs {
    /// Does steps of a job until it is over or somebody stops it. One works on a job at a time.
    ///
    /// # Errors
    /// When trying again may help, also because somebody else works on it; what never will stops the job and is kept
    /// in it.
    pub async fn run(&self, id: Uuid) -> Result<()> {
        let holder = crate::id::fresh(&self.env);
        let tx = self.db.begin().await?;
        let held = store::hold(&tx, &self.env, id, holder).await?;
        tx.commit().await?;
        if !held {
            let running = store::load(self.db.read(), id).await?.is_some_and(|job| job.state == State::Running);
            return if running { Err(Error::Unavailable("somebody else works on it".into())) } else { Ok(()) };
        }
        let ran = self.steps(id).await;
        let tx = self.db.begin().await?;
        store::release(&tx, id, holder).await?;
        tx.commit().await?;
        ran
    }

    async fn steps(&self, id: Uuid) -> Result<()> {
        while let Some(job) = store::load(self.db.read(), id).await?.filter(|job| job.state == State::Running) {
            match self.step(&job).await {
                Ok(()) => {}
                Err(error @ (Error::Database(_) | Error::Raced(_) | Error::Unavailable(_) | Error::Limited { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(%error, job = %id, kind = job.kind, "a long job stopped");
                    self.stop(&job, State::Failed, Some(&problem(&error))).await?;
                }
            }
        }
        Ok(())
    }

    /// Does a job that was begun as held, for a request that waits for its end. Goes on when the request goes away. Gives
    /// how the job stands then: what began it is committed, so where it cannot be done now the queue goes on with it.
    pub async fn run_now(&self, job: LongJob) -> LongJob {
        let (jobs, id) = (self.clone(), job.id);
        let ran = tokio::spawn(async move { jobs.run(id).await }).await;
        if let Err(error) = ran.unwrap_or_else(|fault| Err(Error::internal(fault))) {
            tracing::warn!(%error, job = %id, "a long job is left to the queue");
        }
        match store::load(self.db.read(), id).await {
            Ok(now) => now.unwrap_or(job),
            Err(error) => {
                tracing::warn!(%error, job = %id, "how a long job stands could not be read");
                job
            }
        }
    }

    async fn step(&self, job: &LongJob) -> Result<()> {
        let steps = self.kinds.get().and_then(|kinds| kinds.get(job.kind.as_str()));
        let steps = steps.ok_or_else(|| Error::Internal(format!("nobody does jobs of the kind {}", job.kind)))?;
        let mut step = steps.step(job).await?;
        let tx = match step.tx.take() {
            Some(tx) => tx,
            None => self.db.begin().await?,
        };
        self.save(tx, job, &step).await
    }

    /// Commits a step with its progress. Somebody who was quicker, or stopped the job, is left alone: the work of a
    /// step in a transaction is undone then, other work is repeated harmlessly by whoever goes on.
    async fn save(&self, tx: crate::db::Tx, job: &LongJob, step: &Step) -> Result<()> {
        if !store::advance(&tx, &self.env, job, step).await? {
            return Ok(tx.rollback().await?);
        }
        if step.over {
            store::forget(&tx, job).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn stop(&self, job: &LongJob, state: State, problem: Option<&Problem>) -> Result<()> {
        let tx = self.db.begin().await?;
        if store::stop(&tx, &self.env, job, state, problem).await? {
            store::forget(&tx, job).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Stops a job of the actor's own, or anybody's for an administrator. The step in hand is finished; what was done
    /// stays done. One that is over stays as it is.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn cancel(&self, ctx: &Ctx, id: Uuid) -> Result<LongJob> {
        let job = store::visible(self.db.read(), ctx, id).await?;
        self.stop(&job, State::Cancelled, None).await?;
        store::visible(self.db.read(), ctx, id).await
    }
}

fn problem(error: &Error) -> Problem {
    Problem { code: error.code().to_owned(), message: error.message() }
}
