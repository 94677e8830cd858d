//! After-events: a reader of the event log turns what plugins subscribed to into jobs; the job handler delivers them.
//!
//! At least once: the reader moves forward in the transaction that enqueues, the queue retries with growing pauses and
//! keeps dead letters. Events of one act (same actor, same cause) go to a plugin together, up to 50 at a time.

use std::sync::Arc;

use kernel::event::{Concern, Event};
use kernel::jobs::{Handler, Job, JobError, NewJob};
use kernel::{Actor, Ctx, Result, TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Point;
use crate::PluginHost;
use crate::bindings::events as wit;
use crate::capabilities::{LogLevel, context_actor, from_wire};
use crate::engine::{Budget, Fault, Input};
use crate::loops;
use crate::manifest::{RunAs, Subscription};
use crate::registry::Enabled;

/// Kind of the jobs.
pub const JOB: &str = "plugin.event";
/// The name of the reader in the event log.
pub(crate) const READER: &str = "plugin.events";
/// Events delivered at once.
const DELIVER: usize = 50;

/// What a job carries.
#[derive(Serialize, Deserialize)]
struct Delivery {
    plugin: String,
    subscription: String,
    events: Vec<Event>,
}

impl PluginHost {
    /// Reads the event log up to its end and enqueues deliveries. Returns how many jobs were enqueued.
    ///
    /// # Errors
    /// When the database fails; nothing is lost, the next call goes on from there.
    pub async fn dispatch(&self) -> Result<usize> {
        self.inner.follower.read_on(self).await
    }

    async fn deliveries(&self, events: Vec<Event>) -> Result<Vec<(TenantId, Delivery)>> {
        let mut deliveries: Vec<(TenantId, Delivery)> = Vec::new();
        for event in events {
            let plugins = self.inner.registry.tenant(event.tenant).await?;
            for (plugin, subscription) in plugins.subscriptions().filter(|(plugin, one)| wanted(plugin, one, &event)) {
                let open = deliveries.iter_mut().rev().find(|(tenant, delivery)| {
                    *tenant == event.tenant
                        && delivery.plugin == plugin.id()
                        && delivery.subscription == subscription.id
                        && delivery.events.len() < DELIVER
                        && delivery
                            .events
                            .first()
                            .is_some_and(|first| first.actor == event.actor && first.cause == event.cause)
                });
                match open {
                    Some((_, delivery)) => delivery.events.push(event.clone()),
                    None => {
                        let (plugin, subscription) = (plugin.id().to_owned(), subscription.id.clone());
                        deliveries.push((event.tenant, Delivery { plugin, subscription, events: vec![event.clone()] }));
                    }
                }
            }
        }
        Ok(deliveries)
    }

    async fn deliver(&self, tenant: TenantId, delivery: Delivery) -> std::result::Result<(), JobError> {
        let plugins = self.inner.registry.tenant(tenant).await?;
        let Some(plugin) = plugins.get(&delivery.plugin) else { return Ok(()) };
        let known = plugin.manifest().events.iter().any(|one| one.id == delivery.subscription);
        let name = format!("event:{}", delivery.subscription);
        if !known || plugin.stopped.contains(&name) {
            return Ok(());
        }
        let ctx = self.event_ctx(tenant, plugin, &delivery.events).await?;
        let link = loops::link_after(plugin.id(), &delivery.subscription);
        let point = Point { plugin, name, link, budget: Budget::EVENTS, anonymous: false, own: false };
        let events = delivery.events.iter().map(|event| to_wit(plugin, event)).collect();
        match self.call(&ctx, &point, Input::Events(delivery.subscription, events)).await {
            Ok(_) => Ok(()),
            Err(Fault::Loop(chain)) => Err(JobError::Fatal(format!("plugins set each other off in a loop: {chain}"))),
            Err(fault) => Err(JobError::Retry(fault.to_string())),
        }
    }

    /// Events are handled in the name of whoever made the change. A plugin that runs as the actor gets that person's
    /// present rights; nobody's when there is no person.
    async fn event_ctx(&self, tenant: TenantId, plugin: &Enabled, events: &[Event]) -> Result<Ctx> {
        let mut ctx = people::tenant::get(&self.inner.services.db, tenant).await?.system_ctx(&self.inner.env);
        if let Some(first) = events.first() {
            ctx.actor = first.actor.clone();
            ctx.cause = first.cause.clone();
        }
        if plugin.manifest().permissions.run_as == RunAs::Actor {
            ctx.rights = Arc::default();
            if let Some(user) = ctx.user() {
                ctx.rights = self.rights_of(tenant, user).await?;
            }
        }
        Ok(ctx)
    }

    async fn rights_of(&self, tenant: TenantId, user: UserId) -> Result<Arc<kernel::access::Rights>> {
        match self.inner.identities.of_user(tenant, user).await {
            Ok(identity) => Ok(Arc::clone(&identity.rights)),
            Err(kernel::Error::Unauthenticated | kernel::Error::NotFound(_)) => Ok(Arc::default()),
            Err(error) => Err(error),
        }
    }
}

#[async_trait::async_trait]
impl Concern for PluginHost {
    async fn jobs(&self, events: Vec<Event>) -> Result<Vec<NewJob>> {
        let job = |(tenant, delivery): (TenantId, Delivery)| {
            let payload = serde_json::to_value(delivery).map_err(kernel::Error::internal)?;
            Ok(NewJob::now(&self.inner.env, JOB, payload).for_tenant(tenant))
        };
        self.deliveries(events).await?.into_iter().map(job).collect()
    }
}

/// Name, entity, watched fields, and no events of its own unless it wants them.
fn wanted(plugin: &Enabled, subscription: &Subscription, event: &Event) -> bool {
    let own = matches!(&event.actor, Actor::Plugin { id, .. } if id == plugin.id());
    let changed = |field: &String| event.changes.get(field).is_some();
    let watched =
        subscription.watch.is_empty() || !event.kind.ends_with(".updated") || subscription.watch.iter().any(changed);
    subscription.wants(&event.kind)
        && plugin.records(&event.entity).is_some()
        && watched
        && (!own || subscription.own_changes)
}

fn to_wit(plugin: &Enabled, event: &Event) -> wit::Event {
    let permission = plugin.records(&event.entity);
    let readable = |field: &str| permission.is_some_and(|permission| permission.reads(field));
    let def = records::entity(&event.entity).ok();
    let change = |(field, values): (&String, &Json)| {
        let kind = def.and_then(|def| def.field(field)).map(|field| field.kind);
        let value = |index: usize| from_wire(kind, values.get(index).unwrap_or(&Json::Null));
        wit::FieldChange { field: field.clone(), before: value(0), after: value(1) }
    };
    let changes = event.changes.as_object().into_iter().flatten().filter(|(field, _)| readable(field));
    wit::Event {
        id: format!("{}-{}", event.cursor(), event.record),
        name: event.kind.clone(),
        entity: event.entity.clone(),
        record: event.record.to_string(),
        version: u64::try_from(event.version).unwrap_or_default(),
        at: event.at.micros(),
        actor: context_actor(&event.actor, false),
        changes: changes.map(change).collect(),
    }
}

/// Delivers the jobs that `dispatch` enqueued.
pub struct EventHandler(pub(crate) PluginHost);

#[async_trait::async_trait]
impl Handler for EventHandler {
    fn kind(&self) -> &'static str {
        JOB
    }

    async fn run(&self, job: &Job) -> std::result::Result<(), JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a delivery without a tenant".to_owned()))?;
        self.0.deliver(tenant, job.read()?).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        let (Some(tenant), Ok(delivery)) = (job.tenant, job.read::<Delivery>()) else { return };
        let Ok(tenant) = people::tenant::get(&self.0.inner.services.db, tenant).await else { return };
        let ctx = tenant.system_ctx(&self.0.inner.env);
        let message = format!("{} events were not handled after {} tries: {error}", delivery.events.len(), job.attempt);
        let point = format!("event:{}", delivery.subscription);
        self.0.note(&ctx, &delivery.plugin, &point, job.id, LogLevel::Error, message);
    }
}
