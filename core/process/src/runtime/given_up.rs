//! Jobs that were given up: an incident says so where people look, instead of a dead letter; of what no instance waits
//! for, administrators are told.
//!
//! The dead letter of a job of one instance goes in the transaction that writes its incident; that of a job for many, which
//! finds what it has told already, goes last. Whoever gave the job up tries at once; a sweep finds
//! what is left when the server ended in between.

use kernel::jobs::{self, DeadOfKind};
use kernel::text::Message;
use kernel::{Error, InstanceId, Result};
use messaging::notifications::{self, Kind};
use serde_json::Value as Json;

use super::advance::Round;
use super::go_on::{self, Paused};
use super::services::{self, ServiceCall};
use super::{Processes, locks, reader, signals, timers};
use crate::stepper::Event;

/// Dead letters read at once.
const AT_ONCE: u64 = 100;

impl Processes {
    /// Turns dead letters that an instance waits for into incidents. One that cannot be told keeps no other waiting; it stays
    /// for the next time.
    pub(super) async fn tell_given_up(&self) {
        for kind in [go_on::JOB, services::CALL, services::OWN, timers::START, signals::SIGNAL, reader::JOB] {
            self.tell_given_up_of(kind).await;
        }
    }

    /// The same for one kind.
    pub(super) async fn tell_given_up_of(&self, kind: &str) {
        if let Err(error) = self.tell_pages(kind).await {
            tracing::error!(%error, kind, "dead letters of processes could not be read");
        }
    }

    async fn tell_pages(&self, kind: &str) -> Result<()> {
        let mut after = None;
        loop {
            let page = jobs::dead_of_kind(self.db.read(), kind, after, AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for dead in page {
                let job = dead.id;
                let told = match kind {
                    timers::START | signals::SIGNAL | reader::JOB => self.tell_all(kind, dead).await,
                    _ => self.tell_one(kind, dead).await,
                };
                if let Err(error) = told {
                    tracing::error!(%error, kind, %job, "an instance could not be told that its job was given up");
                }
            }
        }
    }

    /// Of what was to begin, or to come to many.
    async fn tell_all(&self, kind: &str, dead: DeadOfKind) -> Result<()> {
        let Some(tenant) = dead.tenant else {
            tracing::error!(kind, job = %dead.id, "a dead letter of a process cannot be read");
            return Ok(());
        };
        let ctx = self.system(tenant).await?;
        let (payload, reason) = (dead.payload.clone(), dead.error.as_str());
        let told = match kind {
            timers::START => self.start_given_up(&ctx, payload, reason).await.map(|()| true),
            signals::SIGNAL => self.signal_given_up(&ctx, dead.id, payload, reason).await,
            _ => self.change_given_up(&ctx, dead.id, payload, reason).await,
        };
        let told = match told {
            Err(error @ (Error::Raced(_) | Error::Database(_) | Error::Unavailable(_))) => return Err(error),
            Err(error) => {
                tracing::error!(%error, kind, job = %dead.id, "what was given up cannot be an incident");
                false
            }
            Ok(told) => told,
        };
        let tx = self.db.begin().await?;
        if jobs::forget_dead(&tx, dead.id).await? && !told {
            let admins = people::staff::admins(&tx, tenant).await?;
            let params = [("title".to_owned(), title(kind, &dead.payload)), ("reason".to_owned(), dead.error)];
            notifications::tell(&tx, &ctx, Kind::GivenUp, admins, None, &params.into()).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn tell_one(&self, kind: &str, dead: DeadOfKind) -> Result<()> {
        let (Some(tenant), Some((instance, event))) = (dead.tenant, event(kind, dead.payload, &dead.error)) else {
            tracing::error!(kind, job = %dead.id, "a dead letter of a process cannot be read");
            return Ok(());
        };
        let ctx = self.system(tenant).await?;
        let tx = self.db.begin().await?;
        // The instance first, as everywhere.
        let stored = locks::lock(&tx, tenant, instance).await?;
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

/// What a job was about, for administrators: the element, the signal or the record by its name.
fn title(kind: &str, payload: &Json) -> String {
    let parts: &[&str] = match kind {
        timers::START => &["process", "element"],
        signals::SIGNAL => &["name"],
        _ => &["entity", "record"],
    };
    let texts = parts.iter().filter_map(|part| payload.get(part).and_then(Json::as_str));
    std::iter::once(kind).chain(texts).collect::<Vec<_>>().join(" ")
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
