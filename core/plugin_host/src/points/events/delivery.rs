//! Delivers a part of the event log to a subscription: a job of the subscription, or of one record that is held back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kernel::clock::Env;
use kernel::db::Tx;
use kernel::event::{self, Cursor, Event, Range};
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::{Result, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::batches::batches;
use super::{ALL, JOB, KIND, wanted};
use crate::PluginHost;
use crate::capabilities::LogLevel;
use crate::engine::Fault;
use crate::gates::Whereabouts;
use crate::manifest::Subscription;
use crate::registry::{OnNode, Running};

/// Events of the log read at once.
const PAGE: usize = 1_000;
/// The job of a subscription fails as a whole this often before a failing batch is taken apart.
const WHOLE: i64 = 1;
/// Tries of a record's events before they are given up.
const RECORD_TRIES: i64 = 8;
/// Seconds before the events of a record are tried again by themselves.
const FIRST_PAUSE: i64 = 5;
/// Seconds to wait for a breaker or a free slot.
const PASSING_PAUSE: i64 = 30;
/// Seconds to wait for an administrator: enabling the plugin again ends it.
const STOPPED_PAUSE: i64 = 3_600;

type Done = std::result::Result<(), JobError>;

/// What a job carries: which part of the log is for whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(super) plugin: String,
    pub(super) subscription: String,
    /// After this place of the log.
    after: Cursor,
    /// Up to and with this place.
    pub(super) to: Cursor,
    /// Only the events of this record, which are held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Uuid>,
    /// Events after `after` that were delivered, or handed to a job of their record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<i64>,
}

/// What the order keys of all deliveries of a plugin in a tenant begin with.
pub(crate) fn key_of_plugin(tenant: TenantId, plugin: &str) -> String {
    format!("{JOB}/{}/{plugin}/", tenant.0.simple())
}

impl Delivery {
    /// The delivery of one event to a subscription.
    pub(super) fn of(plugin: &str, subscription: &str, event: &Event) -> Self {
        Self {
            plugin: plugin.to_owned(),
            subscription: subscription.to_owned(),
            after: event.before(),
            to: event.cursor(),
            record: None,
            done: Vec::new(),
        }
    }

    /// Jobs of a subscription are done in order, and so are those of each record that is held back.
    fn order_key(&self, tenant: TenantId) -> String {
        let subscription = format!("{}{}", key_of_plugin(tenant, &self.plugin), self.subscription);
        match self.record {
            Some(record) => format!("{subscription}#{}", record.simple()),
            None => subscription,
        }
    }

    /// The job. A job of the same order that waits takes it on instead.
    pub(super) fn job(&self, env: &Env, tenant: TenantId) -> Result<NewJob> {
        let payload = serde_json::to_value(self).map_err(kernel::Error::internal)?;
        let job = NewJob::now(env, JOB, payload).for_tenant(tenant).in_order(self.order_key(tenant));
        // A subscription's job is never given up: it hands on what fails.
        let max_attempts = if self.record.is_some() { RECORD_TRIES } else { i64::MAX };
        Ok(NewJob { widens: Some("to"), max_attempts, ..job })
    }

    fn range(&self, tenant: TenantId) -> Range {
        Range { tenant, after: self.after, to: self.to, record: self.record }
    }
}

/// A job in hand.
struct Round<'a> {
    host: &'a PluginHost,
    job: &'a Job,
    tenant: TenantId,
    plugin: &'a Arc<Running>,
    subscription: &'a Subscription,
    delivery: Delivery,
}

impl Round<'_> {
    /// Page by page to the end of the part.
    async fn run(&mut self) -> Done {
        let mut whereabouts = Whereabouts::default();
        loop {
            let limit = u64::try_from(PAGE).unwrap_or(u64::MAX);
            let db = &self.host.inner.services.db;
            let page = event::read_range(db.read(), &self.delivery.range(self.tenant), limit).await?;
            let (whole, end) = (page.len() == PAGE, page.last().map(Event::cursor));
            let done: HashSet<i64> = self.delivery.done.iter().copied().collect();
            let fresh = |event: &Event| !done.contains(&event.id) && wanted(self.plugin, self.subscription, event);
            let (mut events, gate) = (Vec::new(), &self.plugin.enabled.departments);
            for event in page.into_iter().filter(fresh) {
                if whereabouts.let_in(db, gate, &event).await? {
                    events.push(event);
                }
            }
            self.page(events).await?;
            let (Some(end), true) = (end, whole) else { return Ok(()) };
            self.delivery.after = end;
            self.delivery.done.clear();
            self.note().await?;
        }
    }

    async fn page(&mut self, events: Vec<Event>) -> Done {
        let mut held = self.held(&events).await?;
        for batch in batches(events) {
            let (waiting, free): (Vec<Event>, Vec<Event>) =
                batch.into_iter().partition(|event| held.contains(&event.record));
            self.hold(&waiting, self.host.inner.env.now()).await?;
            if free.is_empty() {
                continue;
            }
            match self.host.handle(self.tenant, self.plugin, &self.subscription.id, &free).await? {
                Ok(()) => self.delivery.done.extend(free.iter().map(|event| event.id)),
                Err(fault) => {
                    self.failed(&fault, &free).await?;
                    held.extend(free.iter().map(|event| event.record));
                }
            }
        }
        Ok(())
    }

    /// Records of these events that have a job of their own: earlier events of theirs were not delivered yet.
    async fn held(&self, events: &[Event]) -> Result<HashSet<Uuid>> {
        if self.delivery.record.is_some() {
            return Ok(HashSet::new());
        }
        let key = |event: &Event| (self.of_record(event.record).order_key(self.tenant), event.record);
        let keys: HashMap<String, Uuid> = events.iter().map(key).collect();
        let wanted: Vec<String> = keys.keys().cloned().collect();
        let mut held = HashSet::new();
        for some in wanted.chunks(500) {
            let busy = jobs::order::busy(self.host.inner.services.db.read(), some).await?;
            held.extend(busy.iter().filter_map(|key| keys.get(key)));
        }
        Ok(held)
    }

    fn of_record(&self, record: Uuid) -> Delivery {
        Delivery { record: Some(record), done: Vec::new(), ..self.delivery.clone() }
    }

    /// Hands events to the jobs of their records.
    async fn hold(&mut self, events: &[Event], from: kernel::Timestamp) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut parts: Vec<Delivery> = Vec::new();
        for event in events {
            match parts.iter_mut().find(|part| part.record == Some(event.record)) {
                Some(part) => part.to = event.cursor(),
                None => {
                    let part = self.of_record(event.record);
                    parts.push(Delivery { after: event.before(), to: event.cursor(), ..part });
                }
            }
        }
        self.delivery.done.extend(events.iter().map(|event| event.id));
        let env = &self.host.inner.env;
        let tx = self.host.inner.services.db.begin().await?;
        for part in &parts {
            jobs::enqueue(&tx, env, NewJob { run_at: from, ..part.job(env, self.tenant)? }).await?;
        }
        self.note_in(&tx).await?;
        Ok(tx.commit().await?)
    }

    /// What a failed call means: the job waits, or is tried again as a whole, or hands the records of the batch on.
    async fn failed(&mut self, fault: &Fault, batch: &[Event]) -> Done {
        let now = self.host.inner.env.now();
        if fault.is_passing() {
            self.note().await?;
            return Err(JobError::Wait { reason: fault.to_string(), until: now.plus_seconds(PASSING_PAUSE) });
        }
        let looped = matches!(fault, Fault::Loop(_));
        if self.delivery.record.is_some() {
            self.note().await?;
            return Err(match fault {
                Fault::Loop(chain) => JobError::Fatal(format!("plugins set each other off in a loop: {chain}")),
                _ => JobError::Retry(fault.to_string()),
            });
        }
        if self.job.attempt <= WHOLE && !looped {
            self.note().await?;
            return Err(JobError::Retry(fault.to_string()));
        }
        let from = if looped { now } else { now.plus_seconds(FIRST_PAUSE) };
        Ok(self.hold(batch, from).await?)
    }

    /// Writes down how far the job has come.
    async fn note(&self) -> Result<()> {
        let tx = self.host.inner.services.db.begin().await?;
        self.note_in(&tx).await?;
        Ok(tx.commit().await?)
    }

    async fn note_in(&self, tx: &Tx) -> Result<()> {
        let payload = serde_json::to_value(&self.delivery).map_err(kernel::Error::internal)?;
        if jobs::note_progress(tx, self.job, payload).await? {
            return Ok(());
        }
        Err(kernel::Error::Unavailable("another worker has taken the job over".to_owned()))
    }
}

impl PluginHost {
    async fn deliver(&self, job: &Job, tenant: TenantId, delivery: Delivery) -> Done {
        let plugins = self.inner.registry.tenant(tenant).await?;
        let wait = |reason: &str, seconds: i64| {
            let until = self.inner.env.now().plus_seconds(seconds);
            Err(JobError::Wait { reason: reason.to_owned(), until })
        };
        let plugin = match plugins.get(&delivery.plugin) {
            Some(OnNode::Running(plugin)) => plugin,
            Some(OnNode::Failed(failed)) => return wait(&failed.reason, PASSING_PAUSE),
            // Disabled since.
            None => return Ok(()),
        };
        if delivery.subscription == ALL {
            return self.spread(tenant, &plugin, &delivery).await;
        }
        let known = plugin.manifest().events.iter().find(|one| one.id == delivery.subscription);
        let Some(subscription) = known else { return Ok(()) };
        if plugin.stopped().contains(&KIND.point(&subscription.id)) {
            return wait("stopped after repeated failures until the plugin is enabled again", STOPPED_PAUSE);
        }
        Round { host: self, job, tenant, plugin: &plugin, subscription, delivery }.run().await
    }
}

impl PluginHost {
    /// Events that came while nobody knew the plugin's subscriptions, for each of them.
    async fn spread(&self, tenant: TenantId, plugin: &Running, delivery: &Delivery) -> Done {
        let tx = self.inner.services.db.begin().await?;
        for subscription in &plugin.manifest().events {
            let part = Delivery { subscription: subscription.id.clone(), ..delivery.clone() };
            // What waits already begins later: it is not widened.
            let job = NewJob { widens: None, ..part.job(&self.inner.env, tenant)? };
            jobs::enqueue(&tx, &self.inner.env, job).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Delivers what `dispatch` enqueued.
pub struct EventHandler(pub(crate) PluginHost);

#[async_trait::async_trait]
impl Handler for EventHandler {
    fn kind(&self) -> &'static str {
        JOB
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn run(&self, job: &Job) -> Done {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a delivery without a tenant".to_owned()))?;
        self.0.deliver(job, tenant, job.read()?).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        let (Some(tenant), Ok(delivery)) = (job.tenant, job.read::<Delivery>()) else { return };
        let Ok(tenant) = people::tenant::get(&self.0.inner.services.db, tenant).await else { return };
        let ctx = tenant.system_ctx(&self.0.inner.env);
        let record = delivery.record.map_or_else(String::new, |record| format!(" of the record {record}"));
        let message = format!("events{record} were not handled after {} tries: {error}", job.attempt);
        let point = KIND.point(&delivery.subscription);
        self.0.note(&ctx, &delivery.plugin, &point, job.id, LogLevel::Error, message);
    }
}
