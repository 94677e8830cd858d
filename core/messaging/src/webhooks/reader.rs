//! Events become deliveries: the reader of the log makes a job of each part that concerns somebody, the job writes what is
//! to be sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::event::{self, Concern, Cursor, Event, Range};
use kernel::jobs::{self, Handler, Job, JobError, NewJob};
use kernel::{Ctx, Error, Result, TenantId, UserId, id};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::store::{self, Kept, NewDelivery};
use super::{Stopped, Webhooks, events, send};

/// The name of the reader in the event log; the migration knows it too.
pub(super) const READER: &str = "webhooks";
/// Events that may be read again after a restart.
pub(super) const REPEAT: usize = 10_000;
/// The job of a part of the log.
const EVENTS: &str = "webhook.events";
/// Events of a part: it is of one page of the reader, which has fewer.
const PART: u64 = 1_000;

/// A part of a company's log.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    /// After this place.
    after: Cursor,
    /// Up to and with this place.
    to: Cursor,
}

impl Webhooks {
    /// Reads the event log up to its end and enqueues what is to be told. Returns how many jobs were enqueued.
    ///
    /// # Errors
    /// When the database fails; nothing is lost, the next call goes on from there.
    pub async fn dispatch(&self) -> Result<usize> {
        self.follower.read_on(self).await
    }

    /// Reads the event log after every commit and at least once a second, until told to stop.
    pub async fn serve(&self, stop: CancellationToken) {
        self.follower.serve("webhooks", &stop, || self.dispatch()).await;
    }

    /// Webhooks of these companies that are switched on, as they are known. One that the product has just switched off may
    /// still be among them: then a job finds that there is nothing to tell.
    async fn listening(&self, tenants: &BTreeSet<TenantId>) -> Result<HashMap<TenantId, Arc<[Kept]>>> {
        let (conn, now) = (self.db.read(), self.env.now());
        let look = self.known.look(conn, now, &tenants.iter().map(|tenant| tenant.0).collect()).await?;
        let stale = look.stale();
        let read = if stale.is_empty() { Vec::new() } else { store::enabled(conn, &stale).await? };
        Ok(self.known.keep(now, look, read.into_iter().map(|kept| (kept.tenant, kept)).collect()))
    }

    /// Writes the deliveries of a part of the log, webhook by webhook.
    async fn spread(&self, ctx: &Ctx, part: &Part) -> Result<()> {
        let range = Range { tenant: ctx.tenant, after: part.after, to: part.to, record: None };
        let events = event::read_range(self.db.read(), &range, PART).await?;
        for kept in store::enabled(self.db.read(), &BTreeSet::from([ctx.tenant.0])).await? {
            let wanted: Vec<Event> = events.iter().filter(|event| kept.wants(event)).cloned().collect();
            if !wanted.is_empty() {
                self.queue(ctx, &kept, wanted).await?;
            }
        }
        Ok(())
    }

    /// Writes what one webhook is to be told, as its owner sees it now.
    async fn queue(&self, ctx: &Ctx, kept: &Kept, wanted: Vec<Event>) -> Result<()> {
        let owner = match self.identities.of_user(ctx.tenant, UserId(kept.hook.owner)).await {
            Ok(identity) => identity.ctx(&self.env),
            Err(Error::Unauthenticated | Error::NotFound(_)) => {
                let tx = self.db.begin().await?;
                self.stop(&tx, ctx, &kept.hook, Stopped::Owner).await?;
                return Ok(tx.commit().await?);
            }
            Err(error) => return Err(error),
        };
        let seen = self.sight()?.seen(&owner, wanted).await?;
        let tx = self.db.begin().await?;
        // Asked again of what is left: the stage may be a field that they do not see.
        for event in seen.iter().filter(|event| kept.wants(event) && events::is_news(event)) {
            let delivery = NewDelivery {
                id: id::derived(&format!("webhook {} {}", kept.hook.id, event.id)),
                webhook: kept.hook.id,
                kind: &event.kind,
                entity: &event.entity,
                record: Some(event.record),
                body: events::payload(event).to_string(),
            };
            if store::queue(&tx, ctx, &delivery).await? {
                jobs::enqueue(&tx, &ctx.env, send::job(ctx, delivery.id, 0)).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

#[async_trait::async_trait]
impl Concern for Webhooks {
    fn picks(&self) -> bool {
        true
    }

    async fn heard(&self, tenants: BTreeSet<TenantId>) -> Result<BTreeSet<TenantId>> {
        let known = self.listening(&tenants).await?;
        Ok(tenants.into_iter().filter(|tenant| known.get(tenant).is_some_and(|hooks| !hooks.is_empty())).collect())
    }

    async fn jobs(&self, events: Vec<Event>) -> Result<Vec<NewJob>> {
        let known = self.listening(&events.iter().map(|event| event.tenant).collect()).await?;
        let wanted = |event: &&Event| {
            let hooks = known.get(&event.tenant);
            hooks.is_some_and(|hooks| hooks.iter().any(|kept| kept.wants(event)))
        };
        let mut parts: BTreeMap<TenantId, Part> = BTreeMap::new();
        for event in events.iter().filter(wanted) {
            let part = parts.entry(event.tenant).or_insert(Part { after: event.before(), to: event.cursor() });
            part.to = event.cursor();
        }
        let job = |(tenant, part): (TenantId, Part)| NewJob::now(&self.env, EVENTS, json!(part)).for_tenant(tenant);
        Ok(parts.into_iter().map(job).collect())
    }
}

/// Does the job of a part of the log.
pub(super) struct Spread(pub(super) Webhooks);

#[async_trait::async_trait]
impl Handler for Spread {
    fn kind(&self) -> &'static str {
        EVENTS
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let part: Part = job.read()?;
        let ctx = self.0.system(job).await?;
        Ok(self.0.spread(&ctx, &part).await?)
    }
}
