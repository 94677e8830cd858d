//! Changes of records, as messages: a reader of the event log makes jobs of those that processes wait for.
//!
//! A change is published under the name of its event (`lead.created`, `deal.updated`, `deal.deleted`), a stage that was
//! entered besides as `deal.stage:won`. It starts processes by message start events of that name, with the record as
//! subject, and reaches catches of that name whose key is the record's id, or which have no key and whose instance is
//! about the record. What happened to a document (`quote.accepted`, `invoice.paid`) reaches those about its deal as well.
//! Conditions of instances about the record are asked again, and those that start processes.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use kernel::db::ConnectionTrait;
use kernel::event::{ABOUT, Concern, Event as LogEvent};
use kernel::jobs::{Handler, Job, JobError, NewJob};
use kernel::text::Message;
use kernel::{Ctx, InstanceId, RecordId, RecordRef, Result, TenantId, Timestamp};
use records::Operation;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Processes;
use super::advance::Round;
use super::locks;
use super::publish::{BATCH, Start};
use super::timers::wait_number;
use crate::automation;
use crate::stepper::Event;
use crate::stepper::state::WaitId;

pub(super) const JOB: &str = "process.record_event";
/// The name of the reader in the event log.
pub(super) const READER: &str = "process.events";
/// Events that may be read again after a restart.
pub(super) const REPEAT: usize = 10_000;

/// What a job carries.
#[derive(Serialize, Deserialize)]
struct Changed {
    entity: String,
    record: Uuid,
    names: Vec<String>,
    /// Another record that what happened is about as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<Uuid>,
    /// When it happened: who began to listen later is not meant.
    at: Timestamp,
    cause: kernel::ctx::Cause,
    /// `{field: [before, after]}`, for conditions that start something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<Map<String, Json>>,
}

impl Processes {
    /// Reads the event log up to its end and enqueues what concerns processes. Returns how many jobs were enqueued.
    ///
    /// # Errors
    /// When the database fails; nothing is lost, the next call goes on from there.
    pub async fn dispatch(&self) -> Result<usize> {
        self.follower.read_on(self).await
    }

    /// Reads the event log after every commit and at least once a second, until told to stop.
    pub async fn serve(&self, stop: CancellationToken) {
        self.follower.serve("processes", &stop, || self.dispatch()).await;
    }

    /// Those events that start something, or about whose record there is an instance or a wait.
    async fn concerned(&self, events: &[LogEvent]) -> Result<Vec<(TenantId, Changed)>> {
        let events = self.of_records(events).await?;
        let records: BTreeSet<Uuid> = events.iter().flat_map(|event| concerns(event)).collect();
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let starts = self.start_names().await?;
        let watched = self.watched(&records).await?;
        let mut found = Vec::new();
        for event in events {
            let names = names(event);
            let starts =
                |name: &String| starts.get(&(event.tenant.0, name.clone())).is_some_and(|since| *since <= event.at);
            let started = names.iter().any(starts);
            let changes = event.changes.as_object().filter(|_| starts(&String::new())).cloned();
            if started || changes.is_some() || concerns(event).any(|record| watched.contains(&record)) {
                let (entity, record, cause) = (event.entity.clone(), event.record, event.cause.clone());
                let (about, at) = (concerns(event).nth(1), event.at);
                found.push((event.tenant, Changed { entity, record, names, about, at, cause, changes }));
            }
        }
        Ok(found)
    }

    /// Only records' own events: those of instances have names of their own.
    async fn of_records<'a>(&self, events: &'a [LogEvent]) -> Result<Vec<&'a LogEvent>> {
        let mut catalogues = HashMap::new();
        for tenant in events.iter().map(|event| event.tenant) {
            if let Entry::Vacant(place) = catalogues.entry(tenant) {
                place.insert(self.records.catalogue(tenant).await?);
            }
        }
        let known = |event: &&LogEvent| catalogues.get(&event.tenant)?.find(&event.entity);
        Ok(events.iter().filter(|event| known(event).is_some()).collect())
    }

    /// Names that start something, by tenant, and since when; conditions have the empty name.
    async fn start_names(&self) -> Result<HashMap<(Uuid, String), Timestamp>> {
        let select = Query::select()
            .columns(["tenant_id", "name", "since"])
            .from("process_start")
            .and_where(Expr::col("kind").is_in(["message", "condition"]))
            .take();
        let rows = self.db.read().query_all(&select).await?;
        let mut names = HashMap::new();
        for row in &rows {
            let since = Timestamp(row.try_get_by_index(2)?);
            let known = names.entry((row.try_get_by_index(0)?, row.try_get_by_index(1)?)).or_insert(since);
            *known = since.min(*known);
        }
        Ok(names)
    }

    /// Those of the records that an active instance is about, or that a wait names by its key.
    async fn watched(&self, records: &BTreeSet<Uuid>) -> Result<HashSet<Uuid>> {
        let about = Query::select()
            .column("subject_id")
            .from("process_instance")
            .and_where(Expr::col("subject_id").is_in(records.iter().copied()))
            .and_where(Expr::col("status").eq("active"))
            .take();
        let keyed = Query::select()
            .column("key")
            .from("process_wait")
            .and_where(Expr::col("kind").eq("message"))
            .and_where(Expr::col("key").is_in(records.iter().map(Uuid::to_string)))
            .take();
        let mut found = HashSet::new();
        for row in self.db.read().query_all(&about).await? {
            found.insert(row.try_get_by_index(0)?);
        }
        for row in self.db.read().query_all(&keyed).await? {
            found.extend(Uuid::parse_str(&row.try_get_by_index::<String>(0)?));
        }
        Ok(found)
    }

    /// Brings a change to whom it concerns; one that was given up as an incident. Whether there was anybody.
    async fn record_changed(&self, ctx: &Ctx, job: Uuid, changed: &Changed, given_up: Option<&str>) -> Result<bool> {
        let mut anybody = false;
        for name in &changed.names {
            anybody |= self.start_all(ctx, job, changed, ("message", name), given_up).await?;
        }
        if changed.changes.is_some() {
            anybody |= self.start_all(ctx, job, changed, ("condition", ""), given_up).await?;
        }
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        let mut concerned = Vec::new();
        for name in &changed.names {
            let coming = |(instance, wait)| (instance, Event::Come { wait, variables: Map::new(), result: None });
            concerned.extend(waiting(&tx, ctx, name, changed).await?.into_iter().map(coming));
        }
        let asked = |instance| (instance, Event::SubjectChanged);
        concerned.extend(conditional(&tx, ctx, changed.record).await?.into_iter().map(asked));
        for (instance, event) in concerned {
            anybody = true;
            match given_up {
                None => round.post(instance, event),
                Some(reason) => round.not_brought(instance, event, reason).await?,
            }
        }
        round.drain().await?;
        tx.commit().await?;
        Ok(anybody)
    }

    /// Makes an incident of a change that was given up, wherever it was to come. Whether there was such a place.
    pub(super) async fn change_given_up(&self, ctx: &Ctx, job: Uuid, payload: Json, reason: &str) -> Result<bool> {
        let changed: Changed = serde_json::from_value(payload).map_err(kernel::Error::internal)?;
        self.record_changed(ctx, job, &changed, Some(reason)).await
    }

    /// Starts what begins by the change, some at a time. What the job started when it came before stays one.
    /// Whether there was anything to start.
    async fn start_all(
        &self,
        ctx: &Ctx,
        job: Uuid,
        changed: &Changed,
        (kind, name): (&str, &str),
        given_up: Option<&str>,
    ) -> Result<bool> {
        let (mut after, mut anything) = (None, false);
        loop {
            let tx = self.db.begin().await?;
            let mut round = Round::new(self, &tx, ctx);
            round.given_up = given_up.map(str::to_owned);
            let starts = round.starts_by(kind, name, after.as_ref(), BATCH).await?;
            let Some(last) = starts.last().map(Start::place) else { return Ok(anything) };
            let meant = starts.into_iter().filter(|start| start.since <= changed.at).collect();
            let subject = RecordRef { entity: changed.entity.as_str().into(), id: RecordId(changed.record) };
            let meant = match &changed.changes {
                Some(changes) if kind == "condition" => {
                    let new = changed.names.iter().any(|name| Operation::of_event(name) == Some(Operation::Create));
                    round.conditional_starts(meant, &subject, changes, new).await?
                }
                _ => meant,
            };
            anything |= !meant.is_empty();
            for start in meant {
                round.start_once_by(job, &start, Map::new(), Some(subject.clone())).await?;
            }
            round.drain().await?;
            tx.commit().await?;
            after = Some(last);
        }
    }
}

impl Round<'_> {
    /// Has what an event was to bring be an incident of the waits it was for.
    async fn not_brought(&mut self, instance: InstanceId, event: Event, reason: &str) -> Result<()> {
        let waits: Vec<WaitId> = match event {
            Event::Come { wait, .. } => vec![wait],
            _ => match locks::lock(self.tx, self.ctx.tenant, instance).await? {
                Some(stored) => stored.state.conditions.iter().copied().collect(),
                None => Vec::new(),
            },
        };
        for wait in waits {
            let message = Message::key("process.not_brought").with("reason", reason);
            self.post(instance, Event::Failed { wait, message });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Concern for Processes {
    async fn jobs(&self, events: Vec<LogEvent>) -> Result<Vec<NewJob>> {
        let job = |(tenant, changed): (TenantId, Changed)| {
            let payload = serde_json::to_value(changed).map_err(kernel::Error::internal)?;
            Ok(NewJob::now(&self.env, JOB, payload).for_tenant(tenant))
        };
        let mut made: Vec<NewJob> = self.concerned(&events).await?.into_iter().map(job).collect::<Result<_>>()?;
        made.extend(automation::reader::jobs(&self.rules, &self.db, &self.env, &events).await?);
        Ok(made)
    }
}

/// The record of an event; of what happened to it, beside changes of its fields, also the one that it says it is about.
fn concerns(event: &LogEvent) -> impl Iterator<Item = Uuid> + use<> {
    let about = event.changes.get(ABOUT).and_then(|pair| pair.get(1)).and_then(Json::as_str);
    let about = about.filter(|_| Operation::of_event(&event.kind).is_none()).and_then(|id| id.parse().ok());
    std::iter::once(event.record).chain(about)
}

fn names(event: &LogEvent) -> Vec<String> {
    let mut names = vec![event.kind.clone()];
    if let Some(stage) = event.changes.get("stage").and_then(|pair| pair.get(1)).and_then(Json::as_str) {
        names.push(format!("{}.stage:{stage}", event.entity));
    }
    names
}

async fn waiting(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    name: &str,
    changed: &Changed,
) -> Result<Vec<(InstanceId, WaitId)>> {
    let records: Vec<Uuid> = std::iter::once(changed.record).chain(changed.about).collect();
    let keys: Vec<String> = records.iter().map(Uuid::to_string).collect();
    let own = Query::select()
        .column("id")
        .from("process_instance")
        .and_where(Expr::col("subject_id").is_in(records))
        .and_where(Expr::col("status").eq("active"))
        .take();
    let unkeyed = Expr::col("key").is_null().and(Expr::col("instance_id").in_subquery(own));
    let select = Query::select()
        .columns(["instance_id", "wait"])
        .from("process_wait")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("kind").eq("message"))
        .and_where(Expr::col("name").eq(name))
        .and_where(Expr::col("since").lte(changed.at.0))
        .cond_where(Cond::any().add(Expr::col("key").is_in(keys)).add(unkeyed))
        .take();
    let rows = conn.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, wait_number(row.try_get_by_index(1)?)))).collect()
}

/// Instances about the record that wait for a condition.
async fn conditional(conn: &impl ConnectionTrait, ctx: &Ctx, record: Uuid) -> Result<Vec<InstanceId>> {
    let waits = Query::select()
        .column("instance_id")
        .from("process_wait")
        .and_where(Expr::cust("kind = 'condition'"))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take();
    let select = Query::select()
        .column("id")
        .from("process_instance")
        .and_where(Expr::col("subject_id").eq(record))
        .and_where(Expr::col("status").eq("active"))
        .and_where(Expr::col("id").in_subquery(waits))
        .take();
    let rows = conn.query_all(&select).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Brings a change of a record to processes.
pub(super) struct RecordEvents(pub(super) Processes);

#[async_trait::async_trait]
impl Handler for RecordEvents {
    fn kind(&self) -> &'static str {
        JOB
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a change without a tenant".into()))?;
        let changed: Changed =
            serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Fatal(error.to_string()))?;
        if changed.cause.hop >= kernel::ctx::MAX_HOPS_TOTAL {
            let chain = changed.cause.chain.join(" -> ");
            return Err(JobError::Fatal(format!("processes and plugins set each other off in a loop: {chain}")));
        }
        let ctx = self.0.system(tenant).await?;
        Ok(self
            .0
            .record_changed(&Ctx { cause: changed.cause.clone(), ..ctx }, job.id, &changed, None)
            .await
            .map(drop)?)
    }

    async fn dead(&self, _: &Job, _: &str) {
        self.0.tell_given_up_of(JOB).await;
    }
}
