//! Instances that a slice of stepping was not enough for: a job goes on with them.

use kernel::ctx::Cause;
use kernel::jobs::{Handler, Job, JobError};
use kernel::text::Message;
use kernel::{Ctx, Error, InstanceId, Result};
use serde::{Deserialize, Serialize};

use super::Processes;
use super::advance::Round;
use super::commands::enqueue;
use crate::stepper::Event;

pub(super) const JOB: &str = "process.continue";

/// What the job knows.
#[derive(Serialize, Deserialize)]
pub(super) struct Paused {
    pub(super) instance: InstanceId,
    /// Why the step was made that is not over.
    cause: Cause,
    /// Steps of the transactions before.
    steps: u32,
}

impl Round<'_> {
    /// Has the instance go on after the commit.
    pub(super) async fn go_on_later(&self, instance: InstanceId) -> Result<()> {
        let paused = Paused { instance, cause: self.cause.clone(), steps: self.steps };
        let payload = serde_json::to_value(paused).map_err(Error::internal)?;
        enqueue(self.tx, self.ctx, JOB, payload, self.ctx.now(), None).await
    }
}

/// Goes on with an instance for another slice. One that went on already is let be.
pub(super) struct GoOn(pub(super) Processes);

#[async_trait::async_trait]
impl Handler for GoOn {
    fn kind(&self) -> &'static str {
        JOB
    }

    async fn dead(&self, _: &Job, _: &str) {
        self.0.tell_given_up_of(JOB).await;
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a step without a tenant".into()))?;
        let paused: Paused =
            serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Fatal(error.to_string()))?;
        let ctx = Ctx { cause: paused.cause, ..self.0.system(tenant).await? };
        let tx = self.0.db.begin().await?;
        let went = Round::after(&self.0, &tx, &ctx, paused.steps).run(paused.instance, Event::Continue).await;
        match went {
            Ok(_) => Ok(tx.commit().await?),
            Err(Error::Conflict { code: "process.chain_too_long", .. }) => {
                tx.rollback().await?;
                let message = Message::key("process.limit.chain");
                self.0.happen(&ctx, paused.instance, Event::Stop { message }).await?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}
