//! After-events: a reader of the event log notes for every subscription which part of the log concerns it; a job per
//! subscription reads that part and delivers it. Jobs carry references, never events.
//!
//! At least once, in order per record: the reader moves forward in the transaction that enqueues; the jobs of a
//! subscription are done one after another; a batch that fails twice is taken apart, and each of its records waits in a
//! job of its own, which later events of the record join, while the others go on. See
//! core/decisions/0011-deliveries-by-reference.md.

mod batches;
mod delivery;

use std::sync::Arc;

use ::messaging::messages::EVENTS;
use kernel::event::{Concern, Event};
use kernel::jobs::NewJob;
use kernel::{Actor, Ctx, Result, TenantId};
use records::{Catalogue, Operation};
use serde_json::Value as Json;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::{Point, PointKind};
use crate::PluginHost;
use crate::bindings::events as wit;
use crate::bindings::types::Value;
use crate::capabilities::events::LISTEN;
use crate::capabilities::files::{self, FileAct};
use crate::capabilities::messaging;
use crate::capabilities::{State, context_actor, from_wire};
use crate::engine::{Budget, Code, Effect, Fault, Invoke};
use crate::gates::Whereabouts;
use crate::loops;
use crate::manifest::{RecordPermission, Subscription, check};
use crate::registry::{Failed, Running};

use delivery::Delivery;
pub use delivery::EventHandler;
pub(crate) use delivery::key_of_plugin;

/// Subscriptions to events.
pub(crate) static KIND: PointKind = PointKind {
    name: "event",
    export: "events",
    budget: Budget::EVENTS,
    declared: |manifest| manifest.events.iter().map(|one| one.id.clone()).collect(),
    check: check::events,
    probe: |pre| Some(Box::new(wit::GuestIndices::new(pre).ok()?)),
};

/// Events for a subscription, by its id.
pub(super) struct Handle(pub(super) String, pub(super) Vec<wit::Event>);

impl Invoke for Handle {
    type Answer = ();
    const EFFECT: Effect = Effect::Writes;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<(), String>> {
        let guest = code.indices::<wit::GuestIndices>(KIND.export)?.load(&mut *store, instance)?;
        guest.call_handle(store, &self.0, &self.1).await
    }
}

/// Kind of the jobs.
pub const JOB: &str = "plugin.event";
/// Stands for all subscriptions of a plugin, while nobody knows them.
const ALL: &str = "*";
/// The name of the reader in the event log.
pub(crate) const READER: &str = "plugin.events";

impl PluginHost {
    /// Tries again to load what could not be loaded, begins the jobs that have come due, reads the event log up to its end
    /// and enqueues deliveries. Returns how many jobs were begun and parts of the log concerned somebody.
    ///
    /// # Errors
    /// When the database fails; nothing is lost, the next call goes on from there.
    pub async fn dispatch(&self) -> Result<usize> {
        self.inner.registry.try_again().await?;
        let begun = self.tick_jobs().await?;
        Ok(begun + self.inner.follower.read_on(self).await?)
    }

    /// The part of a page that concerns each subscription.
    async fn deliveries(&self, events: Vec<Event>) -> Result<Vec<(TenantId, Delivery)>> {
        let mut deliveries: Vec<(TenantId, Delivery)> = Vec::new();
        let (mut whereabouts, db) = (Whereabouts::default(), &self.inner.services.db);
        for event in events {
            let plugins = self.inner.registry.tenant(event.tenant).await?;
            let mut running = Vec::new();
            for (plugin, one) in plugins.subscriptions().filter(|(plugin, one)| wanted(plugin, one, &event)) {
                if whereabouts.let_in(db, &plugin.enabled.departments, &event).await? {
                    running.push((plugin.id(), one.id.as_str()));
                }
            }
            let failed = plugins.failed().iter().flat_map(|failed| awaited(failed, &event));
            for (plugin, subscription) in running.into_iter().chain(failed) {
                let known = deliveries.iter_mut().find(|(tenant, delivery)| {
                    *tenant == event.tenant && delivery.plugin == plugin && delivery.subscription == subscription
                });
                match known {
                    Some((_, delivery)) => delivery.to = event.cursor(),
                    None => deliveries.push((event.tenant, Delivery::of(plugin, subscription, &event))),
                }
            }
        }
        Ok(deliveries)
    }

    /// One call with a batch whose events have one actor and chain.
    async fn handle(
        &self,
        tenant: TenantId,
        plugin: &Arc<Running>,
        subscription: &str,
        batch: &[Event],
    ) -> Result<std::result::Result<(), Fault>> {
        let ctx = self.event_ctx(tenant, plugin, batch).await?;
        let link = loops::link_after(plugin.id(), subscription);
        let name = KIND.point(subscription);
        let budget = KIND.budget.shared_by(batch.len());
        let point = Point { plugin, name, link, budget, anonymous: false, own: false, held: None };
        let catalogue = self.inner.services.records.catalogue(tenant).await?;
        let events = batch.iter().map(|event| to_wit(&catalogue, plugin, event)).collect();
        Ok(self.call(&ctx, &point, Handle(subscription.to_owned(), events), |()| Ok(())).await)
    }

    /// Events are handled in the name of whoever made the change. A plugin that runs as the actor gets that person's
    /// present rights; nobody's when there is no person.
    async fn event_ctx(&self, tenant: TenantId, plugin: &Running, events: &[Event]) -> Result<Ctx> {
        let mut ctx = people::tenant::get(&self.inner.services.db, tenant).await?.system_ctx(&self.inner.env);
        if let Some((actor, cause)) = batches::origin(events) {
            ctx.actor = actor;
            ctx.cause = cause;
        }
        self.as_now(&mut ctx, plugin.manifest().permissions.run_as).await?;
        Ok(ctx)
    }
}

#[async_trait::async_trait]
impl Concern for PluginHost {
    async fn jobs(&self, events: Vec<Event>) -> Result<Vec<NewJob>> {
        let job = |(tenant, delivery): (TenantId, Delivery)| delivery.job(&self.inner.env, tenant);
        self.deliveries(events).await?.into_iter().map(job).collect()
    }
}

/// The subscriptions of a plugin that this node cannot load: what they want is judged when it can. Of a manifest that cannot
/// be read, [`ALL`].
fn awaited<'a>(failed: &'a Failed, event: &Event) -> Vec<(&'a str, &'a str)> {
    let plugin = failed.enabled.plugin.as_str();
    match &failed.declared {
        Some(declared) => {
            let wanted = declared.events.iter().filter(|one| one.wants(&event.kind));
            wanted.map(|one| (plugin, one.id.as_str())).collect()
        }
        None if failed.concerns(&event.entity) => vec![(plugin, ALL)],
        None => Vec::new(),
    }
}

/// Whether it may hear of an event of a plugin: another one's by a grant, its own always.
fn hears(plugin: &Running, kind: &str) -> bool {
    let manifest = plugin.manifest();
    manifest.published(kind).is_some() || manifest.hears(kind) && plugin.has_grant(LISTEN)
}

/// Name, entity, watched fields, and no events of its own unless it wants them.
fn wanted(plugin: &Running, subscription: &Subscription, event: &Event) -> bool {
    let own = matches!(&event.actor, Actor::Plugin { id, .. } if id == plugin.id());
    let changed = |field: &String| event.changes.get(field).is_some();
    let watched = subscription.watch.is_empty()
        || Operation::of_event(&event.kind) != Some(Operation::Update)
        || subscription.watch.iter().any(changed);
    if is_of_message(event) {
        return subscription.wants(&event.kind) && messaging::is_told(plugin, event);
    }
    let told = match is_of_file(event) {
        true => files::may(plugin, &event.entity, FileAct::Read),
        false => plugin.records(&event.entity).is_some() || hears(plugin, &event.kind),
    };
    subscription.wants(&event.kind) && told && watched && (!own || subscription.own_changes)
}

/// Whether it tells of a message that a plugin sent, or of one that came in.
fn is_of_message(event: &Event) -> bool {
    event.entity == ::messaging::messages::ENTITY && EVENTS.contains(&event.kind.as_str())
}

/// Whether it tells of a file of a record: no field of it, and under another grant.
fn is_of_file(event: &Event) -> bool {
    event.kind.starts_with("file.") && event.changes.get("file").is_some()
}

/// A value of an event of a plugin, which no catalogue knows.
fn plain(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(number)) => Value::Number(number),
            (None, None) => Value::Decimal(number.to_string()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(_) | Json::Object(_) => Value::Json(value.to_string()),
    }
}

fn to_wit(catalogue: &Catalogue, plugin: &Running, event: &Event) -> wit::Event {
    let permission = plugin.records(&event.entity);
    let heard = is_of_file(event) || is_of_message(event) || permission.is_none() && hears(plugin, &event.kind);
    let def = catalogue.find(&event.entity);
    let sees = |permission: &RecordPermission, field: &str| match def {
        Some(def) => permission.sees(def, field),
        None => permission.reads(field),
    };
    let readable = |field: &str| heard || permission.is_some_and(|permission| sees(permission, field));
    let change = |(field, values): (&String, &Json)| {
        let kind = def.and_then(|def| def.field(field)).map(|field| field.kind);
        let value = |index: usize| match values.get(index).unwrap_or(&Json::Null) {
            value if heard => plain(value),
            value => from_wire(kind, value),
        };
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
