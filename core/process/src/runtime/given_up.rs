//! Instances whose job was given up: an incident says so where people look, instead of a dead letter.
//!
//! A dead letter goes in the transaction that writes its incident. Whoever gave the job up tries at once; a sweep finds
//! what is left when the server ended in between.

use kernel::jobs::{self, DeadOfKind};
use kernel::text::Message;
use kernel::{InstanceId, Result};
use serde_json::Value as Json;

use super::advance::Round;
use super::go_on::{self, Paused};
use super::services::{self, ServiceCall};
use super::{Processes, store};
use crate::stepper::Event;

/// Dead letters of a kind that one sweep tells of.
const AT_ONCE: u64 = 100;

impl Processes {
    /// Turns dead letters that an instance waits for into incidents.
    ///
    /// # Errors
    /// When the database fails; the rest stays for the next time.
    pub(super) async fn tell_given_up(&self) -> Result<()> {
        for kind in [go_on::JOB, services::CALL, services::OWN] {
            self.tell_given_up_of(kind).await?;
        }
        Ok(())
    }

    /// The same for one kind, for a handler that can only log what goes wrong.
    pub(super) async fn tell_given_up_aloud(&self, kind: &str) {
        if let Err(error) = self.tell_given_up_of(kind).await {
            tracing::error!(%error, kind, "an instance could not be told that its job was given up");
        }
    }

    async fn tell_given_up_of(&self, kind: &str) -> Result<()> {
        for dead in jobs::dead_of_kind(self.db.read(), kind, AT_ONCE).await? {
            self.tell_one(kind, dead).await?;
        }
        Ok(())
    }

    async fn tell_one(&self, kind: &str, dead: DeadOfKind) -> Result<()> {
        let (Some(tenant), Some((instance, event))) = (dead.tenant, event(kind, dead.payload, &dead.error)) else {
            tracing::error!(kind, job = %dead.id, "a dead letter of a process cannot be read");
            return Ok(());
        };
        let ctx = self.system(tenant).await?;
        let tx = self.db.begin().await?;
        // The instance first, as everywhere.
        let stored = store::lock(&tx, tenant, instance).await?;
        if !jobs::forget_dead(&tx, dead.id).await? {
            return Ok(());
        }
        if let Some(stored) = stored {
            let ctx = kernel::Ctx { cause: stored.cause.clone(), ..ctx };
            Round::new(self, &tx, &ctx).run_on(stored, event).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// What happens to which instance; nothing when the payload is none of ours.
fn event(kind: &str, payload: Json, error: &str) -> Option<(InstanceId, Event)> {
    let message = Message::key("process.given_up").with("reason", error);
    if kind == go_on::JOB {
        let paused: Paused = serde_json::from_value(payload).ok()?;
        return Some((paused.instance, Event::Stop { message }));
    }
    let call: ServiceCall = serde_json::from_value(payload).ok()?;
    Some((call.instance, Event::Failed { wait: call.wait, message }))
}
