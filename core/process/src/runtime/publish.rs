//! Messages: to the one who waits in the tenant, or starts by them. What they share with signals (`signals`).

use kernel::db::{ConnectionTrait, Tx};
use kernel::text::Message;
use kernel::{Ctx, InstanceId, RecordRef, Result, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::advance::Round;
use super::sender::{Sender, Sent, undeclared};
use super::start::check_variables;
use super::store::Stored;
use super::timers::wait_number;
use super::{Processes, invalid, locks};
use crate::definition::model::ElementId;
use crate::stepper::Event;
use crate::stepper::state::{WaitId, WaitKind};

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
    pub(super) fn settle(mut self) -> Self {
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
        let message = self.thrown(ctx, input).await?;
        let tx = self.db.begin().await?;
        let delivered = self.deliver_in(&tx, ctx, message).await?;
        tx.commit().await?;
        Ok(delivered)
    }

    /// A message that the actor may publish, ready to be delivered.
    ///
    /// # Errors
    /// As [`Processes::publish_message`].
    pub(crate) async fn thrown(&self, ctx: &Ctx, input: MessageInput) -> Result<Thrown> {
        check_name(&input.name)?;
        check_name(input.key.as_deref().unwrap_or("-"))?;
        check_variables(ctx, &input.variables)?;
        if let Some(subject) = &input.subject {
            self.records.get(ctx, &subject.entity, subject.id).await?;
        }
        let sender = Some(self.sender(ctx, Sent::Message(&input.name)).await?);
        let MessageInput { name, key, variables, subject } = input;
        Ok(Thrown { name, key, variables, subject, sender })
    }

    /// Delivers it inside a transaction.
    ///
    /// # Errors
    /// `process.invalid` for a variable that the receiver does not declare; when the database fails.
    pub(crate) async fn deliver_in(&self, tx: &Tx, ctx: &Ctx, message: Thrown) -> Result<Delivered> {
        let mut round = Round::new(self, tx, ctx);
        let delivered = round.deliver(message).await?;
        round.drain().await?;
        Ok(delivered)
    }
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let good = !name.trim().is_empty() && name.chars().count() <= 255 && !name.contains('\0');
    if good { Ok(()) } else { Err(invalid("name", "a name or key has 1 to 255 characters")) }
}

/// A message on its way.
pub(crate) struct Thrown {
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
            let stored = locks::lock(self.tx, self.ctx.tenant, instance).await?;
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
    pub(super) fn coming(&self, wait: WaitId, variables: Map<String, Json>) -> Event {
        let not_brought = |reason: &String| Message::key("process.not_brought").with("reason", reason);
        match self.given_up.as_ref().map(not_brought).or_else(|| self.looping()) {
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
        let read = |row: &kernel::db::QueryResult| {
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
        let event = self.beginning(&start.element, variables);
        self.start_with(id, start, event, subject);
    }

    /// The first event of an instance at this start event, or what is wrong with its beginning.
    pub(super) fn beginning(&self, element: &str, variables: Map<String, Json>) -> Event {
        let at: ElementId = element.into();
        let given_up = |reason: &String| Message::key("process.given_up").with("reason", reason);
        match self.given_up.as_ref().map(given_up).or_else(|| self.looping()) {
            Some(message) => Event::StartStopped { at, variables, message },
            None => Event::Start { at: Some(at), variables },
        }
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
pub(super) struct Receiver<'a> {
    pub(super) definition: Uuid,
    pub(super) version: i64,
    pub(super) element: &'a str,
}

impl<'a> Receiver<'a> {
    /// A wait of an instance.
    fn at(stored: &'a Stored, wait: WaitId) -> Self {
        let element = stored.state.waits.get(&wait).map_or("", |wait| &wait.element);
        Self { definition: stored.definition, version: stored.version, element }
    }
}

impl Start {
    /// Who gets it.
    pub(super) fn receiver(&self) -> Receiver<'_> {
        Receiver { definition: self.definition, version: self.version, element: &self.element }
    }

    /// Where it stands in the order of start events.
    pub(super) fn place(&self) -> (Uuid, String) {
        (self.definition, self.element.clone())
    }
}

pub(super) fn waits(ctx: &Ctx, kind: &str, name: &str) -> SelectStatement {
    Query::select()
        .columns(["instance_id", "wait"])
        .from("process_wait")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("kind").eq(kind))
        .and_where(Expr::col("name").eq(name))
        .take()
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
        if locks::lock(self.tx, self.ctx.tenant, id).await?.is_none() {
            self.start_as(id, start, variables, subject);
        }
        Ok(())
    }
}
