//! Due times. One job per second in which something is due wakes whatever waits until then; a sweep finds the rest.

use std::time::Duration;

use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::{Handler, Job, JobError};
use kernel::{Ctx, Error, InstanceId, Result, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::Processes;
use super::advance::Round;
use super::commands::enqueue;
use super::locks;
use super::slice::SLICE;
use super::store::Stored;
use crate::definition::model::{Definition, TimeValue, Timer};
use crate::definition::starts::Beginning;
use crate::stepper::Event;
use crate::stepper::state::{Cycle, WaitId};
use crate::stepper::timers as times;

/// The job that fires due timers of a tenant.
pub(super) const DUE: &str = "process.timers";
/// The scheduled job that finds timers no job came for.
pub const SWEEP: &str = "process.sweep";
/// The job of a timer start event.
pub(super) const START: &str = "process.start_timer";
/// Timers of one transaction.
const BATCH: u64 = 50;
/// Seconds after which a timer that could not fire is tried again.
const AGAIN_SECONDS: i64 = 60;
const SECOND: i64 = 1_000_000;
/// Due times that the sweep looks at.
const SWEPT: u64 = 10_000;

/// Sees to it that whatever waits until `at` is woken, at most a second late.
pub(super) async fn arm(tx: &Tx, ctx: &Ctx, at: Timestamp) -> Result<()> {
    let second = at.0.div_euclid(SECOND) + i64::from(at.0.rem_euclid(SECOND) > 0);
    if at <= ctx.now() {
        return enqueue(tx, ctx, DUE, json!({}), ctx.now(), None).await;
    }
    let key = format!("{DUE}:{}:{second}", ctx.tenant.0);
    enqueue(tx, ctx, DUE, json!({}), Timestamp(second.saturating_mul(SECOND)), Some(key)).await
}

/// Fires a tenant's due timers.
pub(super) struct Due(pub(super) Processes);

#[async_trait::async_trait]
impl Handler for Due {
    fn kind(&self) -> &'static str {
        DUE
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a timer job without a tenant".into()))?;
        Ok(self.0.fire_due(tenant).await?)
    }
}

/// Fires due timers of all tenants, once a minute, and tells of jobs that were given up: what a lost job left behind.
pub(super) struct Sweep(pub(super) Processes);

#[async_trait::async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        self.0.tell_given_up().await;
        let now = self.0.env.now();
        // By the index of due times: those whose company is not among the first have their turn in a minute.
        let first = Query::select()
            .column("tenant_id")
            .from("process_wait")
            .and_where(Expr::col("due_at").lte(now.plus_seconds(-2).0))
            .order_by("due_at", Order::Asc)
            .limit(SWEPT)
            .take();
        let select = Query::select().distinct().column("tenant_id").from_subquery(first, "due").take();
        for row in self.0.db.read().query_all(&select).await? {
            self.0.fire_due(TenantId(row.try_get_by_index(0)?)).await?;
        }
        Ok(())
    }
}

impl Processes {
    /// Fires everything that is due in a tenant, some timers to a transaction.
    async fn fire_due(&self, tenant: TenantId) -> Result<()> {
        let ctx = self.system(tenant).await?;
        loop {
            let due = self.due(&ctx).await?;
            if due.is_empty() {
                return Ok(());
            }
            if !self.fire_together(&ctx, &due).await? {
                self.fire_apart(&ctx, due).await?;
            }
        }
    }

    /// Timers that all fire, as nearly always: without a way back for each of them, which costs more than the timer.
    /// False when one of them did not; then nothing has happened.
    async fn fire_together(&self, ctx: &Ctx, due: &[(InstanceId, WaitId)]) -> Result<bool> {
        let tx = self.db.begin().await?;
        let mut read = locks::lock_many(&tx, ctx.tenant, due.iter().map(|(instance, _)| *instance)).await?;
        let mut left = SLICE;
        for (instance, wait) in due {
            let mut round = Round::new(self, &tx, ctx).within(left);
            match round.timer(*instance, *wait, read.remove(instance)).await {
                Ok(true) => {}
                Err(error @ Error::Raced(_)) => return Err(error),
                Ok(false) | Err(_) => return tx.rollback().await.map(|()| false).map_err(Error::from),
            }
            left = round.left;
            for written in round.written {
                read.remove(&written);
            }
        }
        match tx.commit().await.map_err(Error::from) {
            Ok(()) => Ok(true),
            Err(error @ Error::Raced(_)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Timers one of which does not fire: what goes wrong with it holds nobody else up.
    async fn fire_apart(&self, ctx: &Ctx, due: Vec<(InstanceId, WaitId)>) -> Result<()> {
        let tx = self.db.begin().await?;
        let mut read = locks::lock_many(&tx, ctx.tenant, due.iter().map(|(instance, _)| *instance)).await?;
        let mut left = SLICE;
        for (instance, wait) in due {
            let stored = read.remove(&instance);
            for written in self.fire(&tx, ctx, (instance, wait), stored, &mut left).await? {
                read.remove(&written);
            }
        }
        Ok(tx.commit().await?)
    }

    async fn due(&self, ctx: &Ctx) -> Result<Vec<(InstanceId, WaitId)>> {
        let select = Query::select()
            .columns(["instance_id", "wait"])
            .from("process_wait")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("due_at").lte(ctx.now().0))
            .order_by("due_at", Order::Asc)
            .limit(BATCH)
            .take();
        let rows = self.db.read().query_all(&select).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, wait_number(row.try_get_by_index(1)?)))).collect()
    }

    /// One timer with a way back. `stored` is the instance, where it was read and nothing has changed since. Gives the
    /// instances that were written.
    async fn fire(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        (instance, wait): (InstanceId, WaitId),
        stored: Option<Stored>,
        left: &mut Duration,
    ) -> Result<Vec<InstanceId>> {
        let part = tx.savepoint().await?;
        let mut round = Round::new(self, &part, ctx).within(*left);
        let happened = round.timer(instance, wait, stored).await;
        *left = round.left;
        let problem = match happened {
            Ok(true) => {
                let written = std::mem::take(&mut round.written);
                part.commit().await?;
                return Ok(written);
            }
            Ok(false) => "nobody waits for it".to_owned(),
            // It is no fault of the timer: all of them are tried again.
            Err(error @ Error::Raced(_)) => return Err(error),
            Err(error) => error.to_string(),
        };
        part.rollback().await?;
        tracing::warn!(%instance, wait, problem, "a timer could not fire; it is tried again in a minute");
        let update = Query::update()
            .table("process_wait")
            .value("due_at", ctx.now().plus_seconds(AGAIN_SECONDS).0)
            .and_where(Expr::col("instance_id").eq(instance))
            .and_where(Expr::col("wait").eq(i64::from(wait)))
            .and_where(Expr::col("due_at").lte(ctx.now().0))
            .to_owned();
        tx.later(&update).await?;
        Ok(Vec::new())
    }
}

impl Round<'_> {
    /// A timer comes.
    async fn timer(&mut self, instance: InstanceId, wait: WaitId, stored: Option<Stored>) -> Result<bool> {
        let event = Event::Come { wait, variables: Map::new(), result: None };
        match stored {
            Some(stored) => self.run_on(stored, event).await,
            None => self.run(instance, event).await,
        }
    }
}

pub(super) fn wait_number(number: i64) -> WaitId {
    WaitId::try_from(number).unwrap_or(WaitId::MAX)
}

/// What the job of a timer start event knows.
#[derive(Serialize, Deserialize)]
struct StartAt {
    definition: Uuid,
    version: i64,
    process: String,
    element: String,
    at: Timestamp,
    #[serde(default)]
    cycle: Option<Cycle>,
}

/// Enqueues the first time of a published version's timer start event.
pub(super) async fn arm_start(
    tx: &Tx,
    ctx: &Ctx,
    definition: &Definition,
    (id, version): (Uuid, i64),
    process: &str,
    element: &str,
) -> Result<()> {
    let Some(timer) = start_timer(definition, element) else { return Ok(()) };
    let (text, found) = match timer {
        Timer::Date(TimeValue::Text(text)) => (text, times::instant(text, ctx.zone).map(|at| (at, None))),
        Timer::Duration(TimeValue::Text(text)) => {
            (text, times::span(text).and_then(|span| span.after(ctx.now(), 1, ctx.zone)).map(|at| (at, None)))
        }
        Timer::Cycle(TimeValue::Text(text)) => {
            (text, times::first(text, ctx.now(), ctx.zone).map(|(at, cycle)| (at, Some(cycle))))
        }
        _ => {
            return Err(super::invalid(
                element,
                "a timer that starts a process must be written out: there are no variables yet",
            ));
        }
    };
    let (at, cycle) = found.map_err(|reason| super::invalid(element, format!("`{text}`: {reason}")))?;
    // A day that has gone by starts nothing.
    if cycle.is_none() && at < ctx.now() {
        return Ok(());
    }
    let next = StartAt { definition: id, version, process: process.into(), element: element.into(), at, cycle };
    enqueue_start(tx, ctx, &next).await
}

fn start_timer<'a>(definition: &'a Definition, element: &str) -> Option<&'a Timer> {
    match definition.beginning(element)? {
        Beginning::Timer(timer) => Some(timer),
        _ => None,
    }
}

async fn enqueue_start(tx: &Tx, ctx: &Ctx, next: &StartAt) -> Result<()> {
    let key = format!("{START}:{}:{}:{}:{}", next.definition, next.version, next.element, next.at.0);
    let payload = serde_json::to_value(next).map_err(kernel::Error::internal)?;
    enqueue(tx, ctx, START, payload, next.at, Some(key)).await
}

/// Starts an instance at its time and arms the next time, both in one transaction.
pub(super) struct StartTimer(pub(super) Processes);

#[async_trait::async_trait]
impl Handler for StartTimer {
    fn kind(&self) -> &'static str {
        START
    }

    async fn dead(&self, _: &Job, _: &str) {
        self.0.tell_given_up_of(START).await;
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a start job without a tenant".into()))?;
        let start: StartAt =
            serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Fatal(error.to_string()))?;
        let ctx = self.0.system(tenant).await?;
        let tx = self.0.db.begin().await?;
        Round::new(&self.0, &tx, &ctx).start_timed(start).await?;
        Ok(tx.commit().await?)
    }
}

impl Round<'_> {
    /// Starts an instance at its time and arms the next one; nothing when the version starts nothing any more.
    async fn start_timed(&mut self, start: StartAt) -> Result<()> {
        let (tx, ctx) = (self.tx, self.ctx);
        if !self.processes.starts(tx, ctx, start.definition, start.version, &start.element).await? {
            return Ok(());
        }
        let next = match &start.cycle {
            // A cycle whose next time cannot be told (beyond the calendar) has come to its end.
            Some(cycle) => times::next(cycle, start.at, ctx.now(), ctx.zone).unwrap_or_default(),
            None => None,
        };
        // The instance carries the time as its mark: a job that comes twice makes one.
        let mark = InstanceId(kernel::id::derived(&format!("{}:{}:{}", start.definition, start.element, start.at.0)));
        self.start_once(mark, (start.definition, start.version), &start.process, &start.element).await?;
        if let Some((at, cycle)) = next {
            enqueue_start(tx, ctx, &StartAt { at, cycle: Some(cycle), ..start }).await?;
        }
        Ok(())
    }
}

impl Processes {
    /// Begins, with an incident, what a timer start event should have begun; its next times come.
    pub(super) async fn start_given_up(&self, ctx: &Ctx, payload: Json, reason: &str) -> Result<()> {
        let start: StartAt = serde_json::from_value(payload).map_err(Error::internal)?;
        let tx = self.db.begin().await?;
        Round::given_up(self, &tx, ctx, reason).start_timed(start).await?;
        Ok(tx.commit().await?)
    }
}
