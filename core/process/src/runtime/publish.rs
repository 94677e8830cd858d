//! Messages and signals: to whoever waits in the tenant, or starts by them.

use kernel::jobs::{Handler, Job, JobError};
use kernel::{Ctx, Error, Result, Timestamp};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::advance::Round;
use super::commands::enqueue;
use super::start::{Subject, check_variables};
use super::store::Stored;
use super::timers::wait_number;
use super::{Processes, invalid};
use crate::stepper::Event;
use crate::stepper::state::WaitId;

/// The job that brings a signal to the rest of those who wait.
const SIGNAL: &str = "process.signal";
/// Waits that a signal reaches in one transaction.
const BATCH: u64 = 100;

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
    pub subject: Option<Subject>,
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
    pub instances: Vec<Uuid>,
    /// Instances that it started.
    pub started: Vec<Uuid>,
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
    /// `process.invalid`, `NotFound` for the subject.
    pub async fn publish_message(&self, ctx: &Ctx, input: MessageInput) -> Result<Delivered> {
        check_name(&input.name)?;
        check_name(input.key.as_deref().unwrap_or("-"))?;
        check_variables(&input.variables)?;
        if let Some(subject) = &input.subject {
            self.records.get(ctx, &subject.entity, subject.id).await?;
        }
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        let subject = input.subject.map(|subject| (subject.entity, subject.id));
        let delivered = round.message_about(&input.name, input.key.as_deref(), input.variables, subject).await?;
        round.drain().await?;
        tx.commit().await?;
        Ok(delivered)
    }

    /// Broadcasts a signal to everybody who waits for it, and to signal start events.
    ///
    /// # Errors
    /// `process.invalid`.
    pub async fn broadcast_signal(&self, ctx: &Ctx, input: SignalInput) -> Result<Delivered> {
        check_name(&input.name)?;
        check_variables(&input.variables)?;
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        let delivered = round.signal(&input.name, input.variables).await?;
        round.drain().await?;
        tx.commit().await?;
        Ok(delivered)
    }
}

fn check_name(name: &str) -> Result<()> {
    let good = !name.trim().is_empty() && name.chars().count() <= 255 && !name.contains('\0');
    if good { Ok(()) } else { Err(invalid("name", "a name or key has 1 to 255 characters")) }
}

impl Round<'_> {
    /// A message thrown inside a process.
    pub(super) async fn message(
        &mut self,
        name: &str,
        key: Option<&str>,
        variables: Map<String, Json>,
    ) -> Result<Delivered> {
        self.message_about(name, key, variables, None).await
    }

    /// A message; an instance that it starts is about `subject`.
    pub(super) async fn message_about(
        &mut self,
        name: &str,
        key: Option<&str>,
        variables: Map<String, Json>,
        subject: Option<(String, Uuid)>,
    ) -> Result<Delivered> {
        let mut delivered = Delivered::default();
        if let Some((instance, wait)) = self.receiver(name, key).await? {
            self.queue.push_back((instance, Event::Come { wait, variables, result: None }));
            delivered.instances.push(instance);
            return Ok(delivered.settle());
        }
        if let Some(start) = self.starts_by("message", name).await?.into_iter().next() {
            delivered.started.push(self.start_by(&start, variables, subject));
        }
        Ok(delivered.settle())
    }

    /// The oldest wait with this name and key; one that was opened without a key takes a message with any.
    async fn receiver(&self, name: &str, key: Option<&str>) -> Result<Option<(Uuid, WaitId)>> {
        let fits = match key {
            Some(key) => Cond::any().add(Expr::col("key").eq(key)).add(Expr::col("key").is_null()),
            None => Cond::all().add(Expr::col("key").is_null()),
        };
        let mut select = waits(self.ctx, "message", name);
        // With a key both are there: the one that names it comes first.
        select.cond_where(fits).order_by_expr(Expr::col("key").is_null(), Order::Asc);
        select.order_by("since", Order::Asc).order_by("instance_id", Order::Asc).limit(1);
        match self.tx.query_one(&select).await? {
            Some(row) => Ok(Some((row.try_get_by_index(0)?, wait_number(row.try_get_by_index(1)?)))),
            None => Ok(None),
        }
    }

    /// A signal: to the first who wait for it now, to the rest by a job, and to signal start events.
    pub(super) async fn signal(&mut self, name: &str, variables: Map<String, Json>) -> Result<Delivered> {
        let mut delivered = Delivered::default();
        let now = self.ctx.now();
        let waiting = signalled(self.tx, self.ctx, name, now, None).await?;
        for (instance, wait) in &waiting {
            let event = Event::Come { wait: *wait, variables: variables.clone(), result: None };
            self.queue.push_back((*instance, event));
            delivered.instances.push(*instance);
        }
        if u64::try_from(waiting.len()).unwrap_or(u64::MAX) == BATCH {
            let rest = Broadcast {
                name: name.to_owned(),
                variables: variables.clone(),
                at: now,
                after: waiting.last().copied(),
            };
            let payload = serde_json::to_value(rest).map_err(Error::internal)?;
            enqueue(self.tx, self.ctx, SIGNAL, payload, now, None).await?;
        }
        for start in self.starts_by("signal", name).await? {
            delivered.started.push(self.start_by(&start, variables.clone(), None));
        }
        Ok(delivered.settle())
    }

    pub(super) async fn starts_by(&self, kind: &str, name: &str) -> Result<Vec<Start>> {
        let select = Query::select()
            .columns(["definition_id", "version", "process", "element", "since"])
            .from("process_start")
            .and_where(Expr::col("tenant_id").eq(self.ctx.tenant.0))
            .and_where(Expr::col("kind").eq(kind))
            .and_where(Expr::col("name").eq(name))
            .order_by("definition_id", Order::Asc)
            .order_by("element", Order::Asc)
            .limit(BATCH)
            .take();
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
        subject: Option<(String, Uuid)>,
    ) -> Uuid {
        let id = self.ctx.id();
        self.start_as(id, start, variables, subject);
        id
    }

    /// The same under an id of the caller's.
    pub(super) fn start_as(
        &mut self,
        id: Uuid,
        start: &Start,
        variables: Map<String, Json>,
        subject: Option<(String, Uuid)>,
    ) {
        let stored = Stored { id, subject, ..Stored::new(self.ctx, start.definition, start.version, &start.process) };
        let event = Event::Start { at: Some(start.element.as_str().into()), variables };
        self.begins.push((stored, event));
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
    after: Option<(Uuid, WaitId)>,
) -> Result<Vec<(Uuid, WaitId)>> {
    let mut select = waits(ctx, "signal", name);
    select.and_where(Expr::col("since").lte(at.0));
    if let Some((instance, wait)) = after {
        let place = Expr::tuple([Expr::col("instance_id"), Expr::col("wait")]);
        select.and_where(place.gt(Expr::tuple([Expr::val(instance), Expr::val(i64::from(wait))])));
    }
    select.order_by("instance_id", Order::Asc).order_by("wait", Order::Asc).limit(BATCH);
    let rows = conn.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, wait_number(row.try_get_by_index(1)?)))).collect()
}

/// What the job of a signal knows.
#[derive(Serialize, Deserialize)]
struct Broadcast {
    name: String,
    variables: Map<String, Json>,
    at: Timestamp,
    after: Option<(Uuid, WaitId)>,
}

/// Brings a signal to the rest of those who wait, batch after batch. A batch that comes twice finds its waits gone.
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
        let ctx = self.0.system(tenant).await?;
        loop {
            let waiting = signalled(self.0.db.read(), &ctx, &rest.name, rest.at, rest.after).await?;
            let Some(last) = waiting.last().copied() else { return Ok(()) };
            let tx = self.0.db.begin().await?;
            for (instance, wait) in waiting {
                let part = tx.savepoint().await?;
                let event = Event::Come { wait, variables: rest.variables.clone(), result: None };
                match Round::new(&self.0, &part, &ctx).run(instance, event).await {
                    Ok(_) => part.commit().await?,
                    Err(error) => {
                        tracing::error!(%error, %instance, "a signal could not be delivered");
                        part.rollback().await?;
                    }
                }
            }
            tx.commit().await?;
            rest.after = Some(last);
        }
    }
}
