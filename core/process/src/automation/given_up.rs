//! Jobs that were given up: their runs say so where people look, instead of a dead letter; of an event administrators are
//! told too, as its later rules were never asked. Whoever gave the job up tries at once; a sweep finds what is left when the
//! server ended in between.

use ::people::staff;
use kernel::event::Event;
use kernel::jobs::{self, DeadOfKind};
use kernel::text::Message;
use kernel::{Result, TenantId};
use messaging::notifications::{self, Kind};
use serde_json::Value as Json;

use super::answer::{GO_ON, Going};
use super::runs::{self, GivenUp};
use super::{Automations, reader};

/// Dead letters read at once.
const AT_ONCE: u64 = 100;

impl Automations {
    /// Turns dead letters into runs that failed. One that cannot be told keeps no other waiting; it stays for the next time.
    pub(super) async fn tell_given_up(&self) {
        for kind in [reader::NEAR, reader::FAR, GO_ON] {
            if let Err(error) = self.tell_of_kind(kind).await {
                tracing::error!(%error, kind, "dead letters of rules could not be read");
            }
        }
    }

    async fn tell_of_kind(&self, kind: &str) -> Result<()> {
        let mut after = None;
        loop {
            let page = jobs::dead_of_kind(self.processes.db().read(), kind, after, AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for dead in page {
                let (job, tenant) = (dead.id, dead.tenant);
                let Some(tenant) = tenant else {
                    tracing::error!(kind, %job, "a dead letter of a rule cannot be read");
                    continue;
                };
                if let Err(error) = self.tell_one(kind, tenant, dead).await {
                    tracing::error!(%error, kind, %job, "a run could not be told that its job was given up");
                }
            }
        }
    }

    async fn tell_one(&self, kind: &str, tenant: TenantId, dead: DeadOfKind) -> Result<()> {
        let ctx = self.processes.system(tenant).await?;
        let why = Message::key("automation.given_up").with("reason", dead.error.as_str()).in_locale(ctx.locale);
        let of = of(kind, dead.payload.clone());
        let tx = self.processes.db().begin().await?;
        if !jobs::forget_dead(&tx, dead.id).await? {
            return Ok(tx.rollback().await?);
        }
        if let Some(of) = of {
            runs::given_up(&tx, &ctx, of, &why).await?;
        }
        // A run of the event tells of its own rule alone.
        if kind != GO_ON {
            let admins = staff::admins(&tx, tenant).await?;
            let params = [("title".to_owned(), title(kind, &dead.payload)), ("reason".to_owned(), dead.error)];
            notifications::tell(&tx, &ctx, Kind::GivenUp, admins, None, &params.into()).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// What a job was about; nothing when the payload is none of ours.
fn of(kind: &str, payload: Json) -> Option<GivenUp> {
    if kind == GO_ON {
        return serde_json::from_value::<Going>(payload).ok().map(|going| GivenUp::Run(going.run));
    }
    serde_json::from_value::<Event>(payload).ok().map(|event| GivenUp::Event(Box::new(event)))
}

/// The same for administrators.
fn title(kind: &str, payload: &Json) -> String {
    let texts = ["entity", "record"].into_iter().filter_map(|part| payload.get(part).and_then(Json::as_str));
    std::iter::once(kind).chain(texts).collect::<Vec<_>>().join(" ")
}
