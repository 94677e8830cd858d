//! Messages and signals: to whoever waits in the tenant, or starts by them.

use kernel::ctx::Cause;
use kernel::jobs::{Handler, Job, JobError};
use kernel::text::Message;
use kernel::{Ctx, Error, InstanceId, RecordRef, Result, Timestamp};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::advance::Round;
use super::commands::enqueue;
use super::sender::{Sender, Sent, undeclared};
use super::slice::SLICE;
use super::start::check_variables;
use super::store::{self, Stored};
use super::timers::wait_number;
use super::{Processes, invalid};
use crate::definition::model::ElementId;
use crate::stepper::Event;
use crate::stepper::budget::{MAX_VARIABLES, weigh_all};
use crate::stepper::state::{WaitId, WaitKind};

/// The job that brings a signal to the rest of those who wait.
const SIGNAL: &str = "process.signal";
/// Waits that a signal reaches in one transaction.
pub(super) const BATCH: u64 = 100;
/// Times that one process may set itself off by what it throws, through others or not.
const MAX_AGAIN: usize = 3;
/// How a process that threw something stands in the chain of causes.
pub(super) const THROWN: &str = "thrown:";

/// A message to publish.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageInput {
    /// Its name.
    pub name: String,
    /// What tells instances apart.
    #[serde(default)]
    pub key: Option<String>,
    /// What it brings.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// The record that an instance started by it is about.
    #[serde(default)]
    pub subject: Option<RecordRef>,
}

/// A signal to broadcast.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalInput {
    /// Its name.
    pub name: String,
    /// What it brings.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
}

/// Whom a message or signal reached.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Delivered {
    /// Whether anybody got it.
    pub delivered: bool,
    /// Instances that waited for it, as far as they were reached at once.
    #[schema(value_type = Vec<Uuid>)]
    pub instances: Vec<InstanceId>,
    /// Instances that it started.
    #[schema(value_type = Vec<Uuid>)]
    pub started: Vec<InstanceId>,
}

impl Delivered {
    fn settle(mut self) -> Self {
        self.delivered = !self.instances.is_empty() || !self.started.is_empty();
        self
    }
}

impl Processes {
    /// Publishes a message: to the one wait with its name and key, else to a message start event.
    ///
    /// # Errors
    /// `Denied`, `process.invalid` (also for a variable that the receiver does not declare), `NotFound` for the subject.
    pub async fn publish_message(&self, ctx: &Ctx, input: MessageInput) -> Result<Delivered> {
        check_name(&input.name)?;
        check_name(input.key.as_deref().unwrap_or("-"))?;
        check_variables(ctx, &input.variables)?;
        if let Some(subject) = &input.subject {
            self.records.get(ctx, &subject.entity, subject.id).await?;
        }
        let sender = Some(self.sender(ctx, Sent::Message(&input.name)).await?);
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        let MessageInput { name, key, variables, subject } = input;
        let message = Thrown { name, key, variables, subject, sender };
        let delivered = round.deliver(message).await?;
        round.drain().await?;
        tx.commit().await?;
        Ok(delivered)
    }

    /// Broadcasts a signal to everybody who waits for it, and to signal start events.
    ///
    /// # Errors
    /// `Denied`, `process.invalid`.
    pub async fn broadcast_signal(&self, ctx: &Ctx, input: SignalInput) -> Result<Delivered> {
        check_name(&input.name)?;
        check_variables(ctx, &input.variables)?;
        let sender = self.sender(ctx, Sent::Signal(&input.name)).await?;
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        let mut delivered = round.signal(&input.name, input.variables, Some(sender)).await?;
        round.drain().await?;
        // Who was moved on by somebody else in the meantime did not get it.
        delivered.instances.retain(|instance| round.written.contains(instance));
        tx.commit().await?;
        Ok(delivered.settle())
    }
}

fn check_name(name: &str) -> Result<()> {
    let good = !name.trim().is_empty() && name.chars().count() <= 255 && !name.contains('\0');
    if good { Ok(()) } else { Err(invalid("name", "a name or key has 1 to 255 characters")) }
}

/// A message on its way.
pub(super) struct Thrown {
    pub(super) name: String,
    pub(super) key: Option<String>,
    pub(super) variables: Map<String, Json>,
    /// What an instance that it starts is about.
    pub(super) subject: Option<RecordRef>,
    /// Who sends it from outside.
    pub(super) sender: Option<Sender>,
}

impl Thrown {
    /// Whether this wait of an instance is for it.
    fn fits(&self, stored: &Stored, wait: WaitId) -> bool {
        match stored.state.waits.get(&wait).map(|wait| &wait.kind) {
            Some(WaitKind::Message { name, key }) => *name == self.name && (key.is_none() || *key == self.key),
            _ => false,
        }
    }
}

impl Round<'_> {
    /// Brings a message to its receiver now. The wait is taken under the instance's lock: where another message or a
    /// timer was faster, the next wait gets it.
    pub(super) async fn deliver(&mut self, message: Thrown) -> Result<Delivered> {
        let mut delivered = Delivered::default();
        let mut gone = Vec::new();
        while let Some((instance, wait)) = self.receiver(&message, &gone).await? {
            let stored = store::lock(self.tx, self.ctx.tenant, instance).await?;
            if let Some(stored) = stored.filter(|stored| message.fits(stored, wait))
                && self.takes(message.sender.as_ref(), Receiver::at(&stored, wait), &message.variables).await?
            {
                let event = self.coming(wait, message.variables.clone());
                if self.step(stored, event).await? {
                    delivered.instances.push(instance);
                    return Ok(delivered.settle());
                }
            }
            gone.push((instance, wait));
        }
        if let Some(start) = self.starts_by("message", &message.name, None, 1).await?.into_iter().next()
            && self.takes(message.sender.as_ref(), start.receiver(), &message.variables).await?
        {
            delivered.started.push(self.start_by(&start, message.variables, message.subject));
            self.begin_waiting().await?;
        }
        Ok(delivered.settle())
    }

    /// Whether a receiver takes a message with these variables from its sender.
    async fn takes(&self, sender: Option<&Sender>, of: Receiver<'_>, variables: &Map<String, Json>) -> Result<bool> {
        let Some(sender) = sender else { return Ok(true) };
        let definition = self.processes.ready(self.tx, self.ctx.tenant, of.definition, of.version).await?;
        if !sender.reaches(&definition) {
            return Ok(false);
        }
        match sender.refused(&definition, of.element, variables) {
            Some(name) => Err(undeclared(name)),
            None => Ok(true),
        }
    }

    /// What a message or signal is to a wait: its coming, or, when processes set each other off without end, what is
    /// wrong.
    fn coming(&self, wait: WaitId, variables: Map<String, Json>) -> Event {
        match self.looping() {
            Some(message) => Event::Failed { wait, message },
            None => Event::Come { wait, variables, result: None },
        }
    }

    /// What is wrong when what is done now goes back, through too many others, to what processes throw.
    fn looping(&self) -> Option<Message> {
        let chain = &self.cause.chain;
        let last = chain.last().filter(|link| link.starts_with(THROWN))?;
        let again = chain.iter().filter(|link| *link == last).count();
        let far = self.cause.hop >= kernel::ctx::MAX_HOPS_TOTAL || again > MAX_AGAIN;
        let shown = chain.iter().rev().take(MAX_AGAIN).rev().map(String::as_str);
        far.then(|| Message::key("process.limit.hops").with("chain", shown.collect::<Vec<_>>().join(" -> ")))
    }

    /// The oldest wait with this name and key that is not known to be gone; one that was opened without a key takes a
    /// message with any.
    async fn receiver(&self, message: &Thrown, gone: &[(InstanceId, WaitId)]) -> Result<Option<(InstanceId, WaitId)>> {
        let fits = match &message.key {
            Some(key) => Cond::any().add(Expr::col("key").eq(key.as_str())).add(Expr::col("key").is_null()),
            None => Cond::all().add(Expr::col("key").is_null()),
        };
        let mut select = waits(self.ctx, "message", &message.name);
        for (instance, wait) in gone {
            let this = Expr::col("instance_id").eq(*instance).and(Expr::col("wait").eq(i64::from(*wait)));
            select.and_where(this.not());
        }
        // With a key both are there: the one that names it comes first.
        select.cond_where(fits).order_by_expr(Expr::col("key").is_null(), Order::Asc);
        select.order_by("since", Order::Asc).order_by("instance_id", Order::Asc).limit(1);
        match self.tx.query_one(&select).await? {
            Some(row) => Ok(Some((row.try_get_by_index(0)?, wait_number(row.try_get_by_index(1)?)))),
            None => Ok(None),
        }
    }

    /// A signal: to the first who wait for it now and the first signal start events, to the rest by a job.
    pub(super) async fn signal(
        &mut self,
        name: &str,
        variables: Map<String, Json>,
        sender: Option<Sender>,
    ) -> Result<Delivered> {
        let mut delivered = Delivered::default();
        let (now, batch) = (self.ctx.now(), batch_of(&variables));
        let waiting = signalled(self.tx, self.ctx, name, now, None, batch).await?;
        for one in &waiting {
            let taken = self.processes.taken(self.tx, self.ctx, sender.as_ref(), one.receiver(), &variables).await?;
            if let Some(taken) = taken {
                self.post(one.instance, self.coming(one.wait, taken));
                delivered.instances.push(one.instance);
            }
        }
        let starts = self.starts_by("signal", name, None, batch).await?;
        for start in &starts {
            let taken = self.processes.taken(self.tx, self.ctx, sender.as_ref(), start.receiver(), &variables).await?;
            if let Some(taken) = taken {
                delivered.started.push(self.start_by(start, taken, None));
            }
        }
        if is_full(waiting.len(), batch) || is_full(starts.len(), batch) {
            let rest = Broadcast {
                name: name.to_owned(),
                variables,
                at: now,
                after: waiting.last().map(Waiting::place),
                starts: is_full(starts.len(), batch),
                started: starts.last().map(Start::place),
                cause: Some(self.cause.clone()),
                sender,
            };
            let payload = serde_json::to_value(rest).map_err(Error::internal)?;
            enqueue(self.tx, self.ctx, SIGNAL, payload, now, None).await?;
        }
        Ok(delivered.settle())
    }

    /// Start events of a kind and name in the order of their definitions, behind `after`.
    pub(super) async fn starts_by(
        &self,
        kind: &str,
        name: &str,
        after: Option<&(Uuid, String)>,
        limit: u64,
    ) -> Result<Vec<Start>> {
        let mut select = Query::select();
        select
            .columns(["definition_id", "version", "process", "element", "since"])
            .from("process_start")
            .and_where(Expr::col("tenant_id").eq(self.ctx.tenant.0))
            .and_where(Expr::col("kind").eq(kind))
            .and_where(Expr::col("name").eq(name))
            .order_by("definition_id", Order::Asc)
            .order_by("element", Order::Asc)
            .limit(limit);
        if let Some((definition, element)) = after {
            let place = Expr::tuple([Expr::col("definition_id"), Expr::col("element")]);
            select.and_where(place.gt(Expr::tuple([Expr::val(*definition), Expr::val(element.as_str())])));
        }
        let rows = self.tx.query_all(&select).await?;
        let read = |row: &sea_orm::QueryResult| {
            Ok(Start {
                definition: row.try_get_by_index(0)?,
                version: row.try_get_by_index(1)?,
                process: row.try_get_by_index(2)?,
                element: row.try_get_by_index(3)?,
                since: Timestamp(row.try_get_by_index(4)?),
            })
        };
        rows.iter().map(read).collect()
    }

    pub(super) fn start_by(
        &mut self,
        start: &Start,
        variables: Map<String, Json>,
        subject: Option<RecordRef>,
    ) -> InstanceId {
        let id = InstanceId(self.ctx.id());
        self.start_as(id, start, variables, subject);
        id
    }

    /// The same under an id of the caller's.
    pub(super) fn start_as(
        &mut self,
        id: InstanceId,
        start: &Start,
        variables: Map<String, Json>,
        subject: Option<RecordRef>,
    ) {
        let at: ElementId = start.element.as_str().into();
        let event = match self.looping() {
            Some(message) => Event::StartStopped { at, variables, message },
            None => Event::Start { at: Some(at), variables },
        };
        self.start_with(id, start, event, subject);
    }

    /// The same with another first event than its start.
    pub(super) fn start_with(&mut self, id: InstanceId, start: &Start, event: Event, subject: Option<RecordRef>) {
        let fresh = Stored::new(self.ctx, start.definition, start.version, &start.process);
        self.begins.push((Stored { id, subject, cause: self.cause.clone(), ..fresh }, event));
    }
}

/// A triggered start event.
pub(super) struct Start {
    pub(super) definition: Uuid,
    pub(super) version: i64,
    process: String,
    pub(super) element: String,
    /// What happened before starts nothing.
    pub(super) since: Timestamp,
}

/// Who gets a message or signal: an element of a version.
struct Receiver<'a> {
    definition: Uuid,
    version: i64,
    element: &'a str,
}

impl<'a> Receiver<'a> {
    /// A wait of an instance.
    fn at(stored: &'a Stored, wait: WaitId) -> Self {
        let element = stored.state.waits.get(&wait).map_or("", |wait| &wait.element);
        Self { definition: stored.definition, version: stored.version, element }
    }
}

/// An instance that waits for a signal.
struct Waiting {
    instance: InstanceId,
    wait: WaitId,
    element: String,
    definition: Uuid,
    version: i64,
}

impl Waiting {
    /// Where it stands in the order of waits.
    const fn place(&self) -> (InstanceId, WaitId) {
        (self.instance, self.wait)
    }

    fn receiver(&self) -> Receiver<'_> {
        Receiver { definition: self.definition, version: self.version, element: &self.element }
    }
}

impl Start {
    fn receiver(&self) -> Receiver<'_> {
        Receiver { definition: self.definition, version: self.version, element: &self.element }
    }

    /// Where it stands in the order of start events.
    pub(super) fn place(&self) -> (Uuid, String) {
        (self.definition, self.element.clone())
    }
}

/// How many receivers get a signal with these variables in one transaction: each has a copy of them.
fn batch_of(variables: &Map<String, Json>) -> u64 {
    let weight = weigh_all(variables).unwrap_or(MAX_VARIABLES).max(1);
    u64::try_from(8 * MAX_VARIABLES / weight).unwrap_or(BATCH).clamp(1, BATCH)
}

fn is_full(found: usize, batch: u64) -> bool {
    u64::try_from(found).unwrap_or(u64::MAX) >= batch
}

fn waits(ctx: &Ctx, kind: &str, name: &str) -> SelectStatement {
    Query::select()
        .columns(["instance_id", "wait"])
        .from("process_wait")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("kind").eq(kind))
        .and_where(Expr::col("name").eq(name))
        .take()
}

/// Waits for a signal that were open at `at`, in the order of instances, behind `after`.
async fn signalled(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    name: &str,
    at: Timestamp,
    after: Option<(InstanceId, WaitId)>,
    limit: u64,
) -> Result<Vec<Waiting>> {
    let mut select = waits(ctx, "signal", name);
    let version = Query::select()
        .column("version")
        .from("process_instance")
        .and_where(Expr::col("id").equals(("process_wait", "instance_id")))
        .take();
    select.columns(["element", "definition_id"]).expr(Expr::SubQuery(None, Box::new(version.into())));
    select.and_where(Expr::col("since").lte(at.0));
    if let Some((instance, wait)) = after {
        let place = Expr::tuple([Expr::col("instance_id"), Expr::col("wait")]);
        select.and_where(place.gt(Expr::tuple([Expr::val(instance), Expr::val(i64::from(wait))])));
    }
    select.order_by("instance_id", Order::Asc).order_by("wait", Order::Asc).limit(limit);
    let rows = conn.query_all(&select).await?;
    let read = |row: &sea_orm::QueryResult| {
        Ok(Waiting {
            instance: row.try_get_by_index(0)?,
            wait: wait_number(row.try_get_by_index(1)?),
            element: row.try_get_by_index(2)?,
            definition: row.try_get_by_index(3)?,
            version: row.try_get_by_index(4)?,
        })
    };
    rows.iter().map(read).collect()
}

/// What the job of a signal knows.
#[derive(Serialize, Deserialize)]
struct Broadcast {
    name: String,
    variables: Map<String, Json>,
    at: Timestamp,
    after: Option<(InstanceId, WaitId)>,
    /// Whether there are more start events.
    #[serde(default)]
    starts: bool,
    /// The last start event that has had it.
    #[serde(default)]
    started: Option<(Uuid, String)>,
    #[serde(default)]
    cause: Option<Cause>,
    #[serde(default)]
    sender: Option<Sender>,
}

/// Brings a signal to the rest of those who wait and to the rest of its start events, batch after batch. A batch that
/// comes twice finds its waits gone and its instances there.
pub(super) struct SignalJob(pub(super) Processes);

#[async_trait::async_trait]
impl Handler for SignalJob {
    fn kind(&self) -> &'static str {
        SIGNAL
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a signal without a tenant".into()))?;
        let mut rest: Broadcast =
            serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Fatal(error.to_string()))?;
        let mut ctx = self.0.system(tenant).await?;
        ctx.cause = rest.cause.take().unwrap_or(ctx.cause);
        while self.0.signal_waits(&ctx, &mut rest).await? {}
        while rest.starts && self.0.signal_starts(&ctx, job.id, &mut rest).await? {}
        Ok(())
    }
}

impl Processes {
    /// What a receiver takes of a signal; none when it is not for it.
    async fn taken(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        sender: Option<&Sender>,
        of: Receiver<'_>,
        variables: &Map<String, Json>,
    ) -> Result<Option<Map<String, Json>>> {
        let Some(sender) = sender else { return Ok(Some(variables.clone())) };
        let definition = self.ready(conn, ctx.tenant, of.definition, of.version).await?;
        Ok(sender.reaches(&definition).then(|| sender.taken(&definition, of.element, variables.clone())))
    }

    /// The next waits for a signal. Whether there were any.
    async fn signal_waits(&self, ctx: &Ctx, rest: &mut Broadcast) -> Result<bool> {
        let batch = batch_of(&rest.variables);
        let waiting = signalled(self.db.read(), ctx, &rest.name, rest.at, rest.after, batch).await?;
        let Some(last) = waiting.last().map(Waiting::place) else { return Ok(false) };
        let tx = self.db.begin().await?;
        let mut left = SLICE;
        for one in waiting {
            let taken = self.taken(&tx, ctx, rest.sender.as_ref(), one.receiver(), &rest.variables).await?;
            let Some(taken) = taken else { continue };
            let (instance, part) = (one.instance, tx.savepoint().await?);
            let mut round = Round::new(self, &part, ctx).within(left);
            let event = round.coming(one.wait, taken);
            let ran = round.run(instance, event).await;
            left = round.left;
            match ran {
                Ok(_) => part.commit().await?,
                // It is no fault of the instance: the whole batch is tried again.
                Err(error @ Error::Raced(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, %instance, "a signal could not be delivered");
                    part.rollback().await?;
                }
            }
        }
        tx.commit().await?;
        rest.after = Some(last);
        Ok(true)
    }

    /// The next start events of a signal. Whether there were any.
    async fn signal_starts(&self, ctx: &Ctx, job: Uuid, rest: &mut Broadcast) -> Result<bool> {
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        let batch = batch_of(&rest.variables);
        let starts = round.starts_by("signal", &rest.name, rest.started.as_ref(), batch).await?;
        let Some(last) = starts.last().map(Start::place) else { return Ok(false) };
        for start in starts.iter().filter(|start| start.since <= rest.at) {
            let taken = self.taken(&tx, ctx, rest.sender.as_ref(), start.receiver(), &rest.variables).await?;
            if let Some(taken) = taken {
                round.start_once_by(job, start, taken, None).await?;
            }
        }
        round.drain().await?;
        tx.commit().await?;
        rest.started = Some(last);
        Ok(true)
    }
}

impl Round<'_> {
    /// Starts an instance for a job, which finds what it started when it comes twice.
    pub(super) async fn start_once_by(
        &mut self,
        job: Uuid,
        start: &Start,
        variables: Map<String, Json>,
        subject: Option<RecordRef>,
    ) -> Result<()> {
        let id = InstanceId(kernel::id::derived(&format!("{job}:{}:{}", start.definition, start.element)));
        if store::lock(self.tx, self.ctx.tenant, id).await?.is_none() {
            self.start_as(id, start, variables, subject);
        }
        Ok(())
    }
}
