//! Signals: to everybody who waits for them in the tenant, and to the processes they start.

use kernel::ctx::Cause;
use kernel::db::ConnectionTrait;
use kernel::jobs::{Handler, Job, JobError};
use kernel::{Ctx, Error, InstanceId, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::Processes;
use super::advance::Round;
use super::commands::enqueue;
use super::publish::{BATCH, Delivered, Receiver, Start, check_name, waits};
use super::sender::{Sender, Sent};
use super::slice::SLICE;
use super::start::check_variables;
use super::timers::wait_number;
use crate::stepper::budget::{MAX_VARIABLES, weigh_all};
use crate::stepper::state::WaitId;

/// The job that brings a signal to the rest of those who wait.
pub(super) const SIGNAL: &str = "process.signal";

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

impl Processes {
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

impl Round<'_> {
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

/// How many receivers get a signal with these variables in one transaction: each has a copy of them.
fn batch_of(variables: &Map<String, Json>) -> u64 {
    let weight = weigh_all(variables).unwrap_or(MAX_VARIABLES).max(1);
    u64::try_from(8 * MAX_VARIABLES / weight).unwrap_or(BATCH).clamp(1, BATCH)
}

fn is_full(found: usize, batch: u64) -> bool {
    u64::try_from(found).unwrap_or(u64::MAX) >= batch
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
    let read = |row: &kernel::db::QueryResult| {
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
        while self.0.signal_waits(&ctx, &mut rest, None).await? {}
        while rest.starts && self.0.signal_starts(&ctx, job.id, &mut rest, None).await? {}
        Ok(())
    }

    async fn dead(&self, _: &Job, _: &str) {
        self.0.tell_given_up_of(SIGNAL).await;
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

    /// Makes an incident of a signal that was given up, wherever it was to come. Whether there was such a place.
    pub(super) async fn signal_given_up(&self, ctx: &Ctx, job: Uuid, payload: Json, reason: &str) -> Result<bool> {
        let mut rest: Broadcast = serde_json::from_value(payload).map_err(Error::internal)?;
        let mut anybody = false;
        while self.signal_waits(ctx, &mut rest, Some(reason)).await? {
            anybody = true;
        }
        while rest.starts && self.signal_starts(ctx, job, &mut rest, Some(reason)).await? {
            anybody = true;
        }
        Ok(anybody)
    }

    /// The next waits for a signal, which comes, or was given up for a reason. Whether there were any.
    async fn signal_waits(&self, ctx: &Ctx, rest: &mut Broadcast, given_up: Option<&str>) -> Result<bool> {
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
            round.given_up = given_up.map(str::to_owned);
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
    async fn signal_starts(&self, ctx: &Ctx, job: Uuid, rest: &mut Broadcast, given_up: Option<&str>) -> Result<bool> {
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        round.given_up = given_up.map(str::to_owned);
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
