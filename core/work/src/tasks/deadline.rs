//! Deadlines: reminders before, the mark and the notice when one has passed, escalation after. All are jobs with a time;
//! one that comes twice, or for a deadline that the task no longer has, does nothing.

use std::sync::Arc;

use kernel::db::Tx;
use kernel::jobs::{Handler, Job, JobError, NewJob, enqueue};
use kernel::{Ctx, Error, Result, TaskId, Timestamp};
use messaging::notifications::{self, Kind};
use people::staff;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::contract::{Escalation, ExecutorRule};
use super::model::TaskState;
use super::open::told;
use super::parts;
use super::store::{self, Stored};
use super::{Tasks, resolve};
use crate::calendar::WorkingTime;

/// The job of a reminder.
pub const REMIND: &str = "task.remind";
/// The job of a deadline.
pub const OVERDUE: &str = "task.overdue";
/// The job of an escalation.
pub const ESCALATE: &str = "task.escalate";
/// Times one escalation is repeated at most.
const MAX_REPEATS: u32 = 1_000;

/// What a job of a deadline is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    task: TaskId,
    /// The deadline it was made for.
    due: Timestamp,
    /// Which reminder or escalation of the contract.
    #[serde(default)]
    number: u32,
    /// Which repetition.
    #[serde(default)]
    times: u32,
}

/// Enqueues what belongs to a task's deadline.
pub(super) async fn schedule(tx: &Tx, ctx: &Ctx, task: &Stored, calendar: &WorkingTime) -> Result<()> {
    let Some(due) = task.due else { return Ok(()) };
    let payload = Payload { task: task.id, due, number: 0, times: 0 };
    for (number, before) in (0..).zip(&task.contract.remind_before) {
        // A calendar without so much time before the deadline has no moment for the reminder either.
        match calendar.subtract(due, *before) {
            Ok(at) if at > ctx.now() => later(tx, ctx, REMIND, at, Payload { number, ..payload.clone() }).await?,
            _ => {}
        }
    }
    later(tx, ctx, OVERDUE, due, payload).await
}

/// When so many seconds of working time have passed. A calendar that has no hours left does not hold a notice back: then
/// the clock counts.
fn moment(calendar: &WorkingTime, from: Timestamp, seconds: i64) -> Timestamp {
    calendar.add(from, seconds).unwrap_or_else(|_| from.plus_seconds(seconds))
}

async fn later(tx: &Tx, ctx: &Ctx, kind: &str, at: Timestamp, payload: Payload) -> Result<()> {
    let payload: Json = serde_json::to_value(payload).map_err(Error::internal)?;
    let job = NewJob { run_at: at, ..NewJob::now(&ctx.env, kind, payload) }.for_tenant(ctx.tenant);
    enqueue(tx, &ctx.env, job).await?;
    Ok(())
}

/// The product itself in the tenant of a job.
pub(super) async fn system(tasks: &Tasks, job: &Job) -> Result<Ctx, JobError> {
    let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a job of no tenant".into()))?;
    Ok(people::tenant::get(&tasks.db, tenant).await?.system_ctx(&tasks.env))
}

pub(super) fn handlers(tasks: &Tasks) -> Vec<Arc<dyn Handler>> {
    let handler = |kind| -> Arc<dyn Handler> { Arc::new(Deadline { tasks: tasks.clone(), kind }) };
    [REMIND, OVERDUE, ESCALATE].map(handler).into()
}

/// Does the jobs of deadlines.
struct Deadline {
    tasks: Tasks,
    kind: &'static str,
}

#[async_trait::async_trait]
impl Handler for Deadline {
    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.read()?;
        let ctx = system(&self.tasks, job).await?;
        let tx = self.tasks.db.begin().await?;
        let old = match store::load_locked(&tx, ctx.tenant, payload.task).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        if old.state != TaskState::Open || old.due != Some(payload.due) {
            return Ok(());
        }
        let mut task = old.clone();
        let told = match self.kind {
            REMIND => self.tasks.remind(&tx, &ctx, &mut task, &payload).await?,
            OVERDUE => self.tasks.mark_overdue(&tx, &ctx, &mut task, &payload).await?,
            _ => self.tasks.escalate(&tx, &ctx, &mut task, &payload).await?,
        };
        if told {
            self.tasks.keep(&tx, &ctx, &old, &mut task, None).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

impl Tasks {
    async fn remind(&self, tx: &Tx, ctx: &Ctx, task: &mut Stored, payload: &Payload) -> Result<bool> {
        if !task.marks.reminded.insert(payload.number) {
            return Ok(false);
        }
        task.reminders_sent += 1;
        let people = doers(tx, task).await?;
        notifications::tell(tx, ctx, Kind::Reminder, people, task.id, &told(task)).await?;
        Ok(true)
    }

    async fn mark_overdue(&self, tx: &Tx, ctx: &Ctx, task: &mut Stored, payload: &Payload) -> Result<bool> {
        if task.overdue_marked.is_some() {
            return Ok(false);
        }
        task.overdue_marked = Some(ctx.now());
        let mut people = doers(tx, task).await?;
        if task.instance.is_none() {
            people.extend(task.creator);
        }
        if people.is_empty() {
            people = staff::admins(tx, ctx.tenant).await?;
        }
        notifications::tell(tx, ctx, Kind::Overdue, people, task.id, &told(task)).await?;
        let calendar = self.calendar_of(tx, ctx, task).await?;
        for (number, escalation) in (0..).zip(&task.contract.escalate) {
            let at = moment(&calendar, payload.due, escalation.after);
            later(tx, ctx, ESCALATE, at, Payload { number, times: 0, ..payload.clone() }).await?;
        }
        Ok(true)
    }

    async fn escalate(&self, tx: &Tx, ctx: &Ctx, task: &mut Stored, payload: &Payload) -> Result<bool> {
        let index = usize::try_from(payload.number).unwrap_or(usize::MAX);
        let Some(escalation) = task.contract.escalate.get(index).cloned() else { return Ok(false) };
        let done = task.marks.escalated.entry(payload.number).or_default();
        if *done != payload.times {
            return Ok(false);
        }
        *done += 1;
        let mut people = self.escalated_to(tx, ctx, task, &escalation).await?;
        if escalation.reassign && task.needed() == 1 {
            reassign(tx, ctx, task, &people).await?;
        }
        let found: Vec<Uuid> = people.drain(..).map(|(id, _)| id).collect();
        let found = if found.is_empty() { staff::admins(tx, ctx.tenant).await? } else { found };
        notifications::tell(tx, ctx, Kind::Escalation, found, task.id, &told(task)).await?;
        if let Some(every) = escalation.every.filter(|every| *every > 0)
            && payload.times < MAX_REPEATS
        {
            let calendar = self.calendar_of(tx, ctx, task).await?;
            let at = moment(&calendar, ctx.now(), every);
            later(tx, ctx, ESCALATE, at, Payload { times: payload.times + 1, ..payload.clone() }).await?;
        }
        Ok(true)
    }

    /// People of an escalation with whether they are present. `head` is the head above the one who has the task.
    async fn escalated_to(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        task: &Stored,
        escalation: &Escalation,
    ) -> Result<Vec<(Uuid, bool)>> {
        let about = match escalation.to {
            ExecutorRule::Head => task.assignee.or(task.owner),
            _ => task.owner,
        };
        let found = resolve::resolve(tx, ctx, std::slice::from_ref(&escalation.to), about).await?;
        let now = ctx.now();
        Ok(found.people.into_values().map(|(user, _)| (user.id, staff::is_present(&user, now))).collect())
    }

    pub(super) async fn calendar_of(&self, tx: &Tx, ctx: &Ctx, task: &Stored) -> Result<Arc<WorkingTime>> {
        match task.assignee.or(task.owner) {
            Some(person) => self.calendars.of_person(tx, ctx, person).await,
            None => self.calendars.of_department(tx, ctx, None).await,
        }
    }
}

/// Gives the task to the first who is present.
async fn reassign(tx: &Tx, ctx: &Ctx, task: &mut Stored, people: &[(Uuid, bool)]) -> Result<()> {
    let Some((to, _)) = people.iter().find(|(_, present)| *present).or_else(|| people.first()) else { return Ok(()) };
    parts::add_candidates(tx, ctx.tenant, task.id, &[(*to, None)]).await?;
    task.candidates = u32::try_from(parts::candidates(tx, task.id).await?.len()).unwrap_or(u32::MAX);
    task.assignee = Some(*to);
    task.claimed = Some(ctx.now());
    Ok(())
}

/// Who should do it: whoever has it, else everybody who may.
async fn doers(tx: &Tx, task: &Stored) -> Result<Vec<Uuid>> {
    match task.assignee {
        Some(assignee) => Ok(vec![assignee]),
        None => parts::candidates(tx, task.id).await,
    }
}
