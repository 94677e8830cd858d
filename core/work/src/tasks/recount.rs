//! Open deadlines after a change of a calendar: what would move is shown beforehand, then they are counted anew in a long
//! job, each step of it one transaction with its progress.
//!
//! Counted anew are deadlines in working time (`Counted`), from the moment and by the calendar they were counted from;
//! those that somebody said stay. One that has passed and would still have passed stays too: what was late stays late.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::jobs::long::{self, LongJob, NewLongJob, Step, Steps};
use kernel::{Ctx, Error, Result, TaskId, Timestamp};
use people::{Identities, staff};
use records::relations::TASK;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::model::TaskState;
use super::store::{self, Counted, Marks};
use super::{Tasks, open};
use crate::calendar::{CalendarOf, CalendarSettings, Known, WorkingTime};
use crate::input::wrong;

/// The kind of long job.
pub const KIND: &str = "calendar.recompute";
/// Open deadlines that are looked at while the request waits; more are a job to watch.
pub const AT_ONCE: i64 = 200;
/// Tasks that one step looks at, and that it changes.
const PAGE: u64 = 500;
const STEP: usize = 50;
/// Tasks that a preview looks at.
const LOOKED_AT: u64 = 10_000;
const EXAMPLES: usize = 10;
/// Seconds of working time that a preview counts at most: a year of days and nights.
const MAX_SECONDS: i64 = 366 * 86_400;

/// What becomes of open deadlines when a calendar changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OpenDeadlines {
    /// They stay.
    #[default]
    Keep,
    /// Those in working time are counted anew.
    Recompute,
}

/// What a change of a calendar would do.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct CalendarPreview {
    /// When work of `duration` that begins at `from` would be due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// Open deadlines that would move.
    pub moved: u64,
    /// Whether all open tasks were looked at: of very many only the first 10,000 are.
    pub complete: bool,
    /// Some of them.
    pub examples: Vec<MovedDeadline>,
}

/// A deadline that would move.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MovedDeadline {
    /// The task.
    #[schema(value_type = Uuid)]
    pub task: TaskId,
    /// What is to be done.
    pub title: String,
    /// Who has it.
    pub assignee: Option<Uuid>,
    /// When it is due now.
    #[schema(value_type = String)]
    pub due: Timestamp,
    /// When it would be.
    #[schema(value_type = String)]
    pub then: Timestamp,
}

/// An open task with a deadline, as far as it is needed to look at it.
struct Dated {
    task: MovedDeadline,
    counted: Option<Counted>,
}

impl Tasks {
    /// What setting a calendar to this would do; nothing is changed (administrators). With `duration`, seconds of
    /// working time, also when work that begins at `from` (now) would be due by it.
    ///
    /// # Errors
    /// As setting it; `task.invalid` naming `duration`.
    pub async fn preview_calendar(
        &self,
        ctx: &Ctx,
        of: CalendarOf,
        settings: Option<&CalendarSettings>,
        from: Option<Timestamp>,
        duration: Option<i64>,
    ) -> Result<CalendarPreview> {
        self.calendars.check(ctx, of, settings).await?;
        let conn = self.db.read();
        let known = self.calendars.fresh(conn, ctx).await?.with(ctx, of, settings)?;
        let due = match duration {
            Some(seconds) if !(0..=MAX_SECONDS).contains(&seconds) => {
                return Err(wrong("duration", FieldError::new("range").with("min", 0).with("max", MAX_SECONDS)));
            }
            Some(seconds) => {
                let (person, department) = owner_of(of);
                let department = match person {
                    Some(person) => staff::department_of(conn, ctx.tenant, person).await?,
                    None => department,
                };
                known.counting(ctx.tenant, person, department).1.add(from.unwrap_or_else(|| ctx.now()), seconds).ok()
            }
            None => None,
        };
        let mut preview = CalendarPreview { due, complete: true, ..CalendarPreview::default() };
        let (mut after, mut seen) = (None, 0);
        loop {
            let page = dated(conn, ctx, after, PAGE).await?;
            let Some(last) = page.last().map(|one| one.task.task) else { return Ok(preview) };
            seen += PAGE;
            for moved in moving(conn, ctx, &known, of, page).await? {
                preview.moved += 1;
                if preview.examples.len() < EXAMPLES {
                    preview.examples.push(moved);
                }
            }
            if seen >= LOOKED_AT {
                preview.complete = dated(conn, ctx, Some(last), 1).await?.is_empty();
                return Ok(preview);
            }
            after = Some(last);
        }
    }

    /// Sets a calendar, or with `None` goes back to the inherited one (administrators). To recompute, a job is begun in
    /// the same transaction; the flag says that the caller has to do it, when at most `AT_ONCE` deadlines are open.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `calendar.invalid` by place; conflict `job.too_many`.
    pub async fn set_calendar(
        &self,
        ctx: &Ctx,
        of: CalendarOf,
        settings: Option<&CalendarSettings>,
        open: OpenDeadlines,
    ) -> Result<Option<(LongJob, bool)>> {
        self.calendars.check(ctx, of, settings).await?;
        let total = match open {
            OpenDeadlines::Keep => 0,
            OpenDeadlines::Recompute => self.open_deadlines(ctx).await?,
        };
        let tx = self.db.begin().await?;
        self.calendars.put(&tx, ctx, of, settings).await?;
        let begun = match open {
            OpenDeadlines::Keep => None,
            OpenDeadlines::Recompute => {
                let new = NewLongJob { kind: KIND, subject: None, input: json!(of), total };
                Some(long::begin(&tx, ctx, new, total <= AT_ONCE).await?)
            }
        };
        tx.commit().await?;
        self.calendars.forget();
        Ok(begun)
    }

    async fn open_deadlines(&self, ctx: &Ctx) -> Result<i64> {
        let count = with_deadline(ctx).expr(Func::count(Expr::col((TASK, "id")))).take();
        Ok(self.db.read().query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?)
    }

    /// Counts the deadline of one task anew, if that still moves it.
    async fn recount(&self, tx: &Tx, ctx: &Ctx, known: &Known, id: TaskId) -> Result<bool> {
        let old = match store::load_locked(tx, ctx.tenant, id).await {
            Err(Error::NotFound(_)) => return Ok(false),
            found => found?,
        };
        let Some((counted, due)) = old.marks.counted.clone().zip(old.due) else { return Ok(false) };
        let department = match counted.person {
            Some(person) => staff::department_of(tx, ctx.tenant, person).await?,
            None => counted.department,
        };
        let (_, calendar) = known.counting(ctx.tenant, counted.person, department);
        let Some(then) = moved_to(ctx.now(), due, &counted, &calendar).filter(|_| old.state == TaskState::Open) else {
            return Ok(false);
        };
        let mut task = old.clone();
        self.new_deadline(tx, ctx, &mut task, Some(then)).await?;
        task.half = open::half(&calendar, counted.from, then);
        task.marks.counted = Some(counted);
        self.keep(tx, ctx, &old, &mut task, None).await?;
        Ok(true)
    }
}

/// The person or department of a calendar.
const fn owner_of(of: CalendarOf) -> (Option<Uuid>, Option<Uuid>) {
    match of {
        CalendarOf::Company => (None, None),
        CalendarOf::Department(id) => (None, Some(id)),
        CalendarOf::Person(id) => (Some(id), None),
    }
}

/// Where a deadline goes by another calendar; none where it stays.
fn moved_to(now: Timestamp, due: Timestamp, counted: &Counted, calendar: &WorkingTime) -> Option<Timestamp> {
    let then = calendar.add(counted.from, counted.seconds).ok()?;
    (then != due && (due > now || then > now)).then_some(then)
}

fn with_deadline(ctx: &Ctx) -> SelectStatement {
    Query::select()
        .from(TASK)
        .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((TASK, "state")).eq("open"))
        .and_where(Expr::col((TASK, "deleted_at")).is_null())
        .and_where(Expr::col((TASK, "due_at")).is_not_null())
        .take()
}

/// Open tasks with a deadline behind this one, by id.
async fn dated(conn: &impl ConnectionTrait, ctx: &Ctx, after: Option<TaskId>, limit: u64) -> Result<Vec<Dated>> {
    let mut select = with_deadline(ctx);
    select
        .columns(["id", "title", "assignee", "due_at"].map(|column| (TASK, column)))
        .column(("task_contract", "marks"))
        .inner_join("task_contract", Expr::col(("task_contract", "id")).equals((TASK, "id")))
        .order_by((TASK, "id"), Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        select.and_where(Expr::col((TASK, "id")).gt(after));
    }
    let rows = conn.query_all(&select).await?;
    let read = rows.iter().map(|row| {
        let due = Timestamp(row.try_get_by_index(3)?);
        let task = MovedDeadline {
            task: row.try_get_by_index(0)?,
            title: row.try_get_by_index(1)?,
            assignee: row.try_get_by_index(2)?,
            due,
            then: due,
        };
        let marks: Marks = serde_json::from_value(row.try_get_by_index(4)?).map_err(Error::internal)?;
        Ok(Dated { task, counted: marks.counted })
    });
    read.collect()
}

/// Those of the tasks that a calendar reaches and moves.
async fn moving(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    known: &Known,
    of: CalendarOf,
    page: Vec<Dated>,
) -> Result<Vec<MovedDeadline>> {
    let mut people: Vec<Uuid> = page.iter().filter_map(|one| one.counted.as_ref()?.person).collect();
    people.sort_unstable();
    people.dedup();
    let found = staff::by_ids(conn, ctx.tenant, &people).await?;
    let departments: HashMap<Uuid, Option<Uuid>> =
        found.into_iter().map(|user| (user.id, user.department_id)).collect();
    let moved = page.into_iter().filter_map(|Dated { task, counted }| {
        let counted = counted?;
        let department = match counted.person {
            Some(person) => departments.get(&person).copied().flatten(),
            None => counted.department,
        };
        let reached = known.reaches(ctx.tenant, of, counted.person, department);
        let calendar: Arc<WorkingTime> = known.counting(ctx.tenant, counted.person, department).1;
        let then = moved_to(ctx.now(), task.due, &counted, &calendar).filter(|_| reached)?;
        Some(MovedDeadline { then, ..task })
    });
    Ok(moved.collect())
}

/// Does the steps of counting anew.
pub struct RecountSteps {
    tasks: Tasks,
    identities: Identities,
}

impl RecountSteps {
    /// Over the service of tasks.
    pub fn new(tasks: &Tasks, identities: &Identities) -> Self {
        Self { tasks: tasks.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for RecountSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let of: CalendarOf = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let after: Option<TaskId> = serde_json::from_value(job.cursor.clone()).map_err(Error::internal)?;
        let mut moved = job.result.get("moved").and_then(serde_json::Value::as_u64).unwrap_or(0);
        let tasks = &self.tasks;
        let ctx = job.acting(self.identities.of_user(job.tenant, job.user).await?.ctx(&tasks.env));
        people::require_admin(&ctx)?;
        // Another node may have changed it: what is kept here does not count.
        tasks.calendars.forget();
        let conn = tasks.db.read();
        let known = tasks.calendars.fresh(conn, &ctx).await?;
        let page = dated(conn, &ctx, after, PAGE).await?;
        let Some(last) = page.last().map(|one| one.task.task) else {
            let result = json!({"moved": moved});
            return Ok(Step { tx: None, cursor: json!(after), done: job.done, result, over: true });
        };
        let seen: Vec<TaskId> = page.iter().map(|one| one.task.task).collect();
        let wanted = moving(conn, &ctx, &known, of, page).await?;
        // So many changes at a time: the next step goes on behind the last of them.
        let last = if wanted.len() > STEP { wanted.get(STEP - 1).map_or(last, |one| one.task) } else { last };
        let done = seen.iter().filter(|id| **id <= last).count();
        let tx = tasks.db.begin().await?;
        for one in wanted.iter().take(STEP) {
            moved += u64::from(tasks.recount(&tx, &ctx, &known, one.task).await?);
        }
        let done = job.done + i64::try_from(done).unwrap_or(0);
        Ok(Step { tx: Some(tx), cursor: json!(last), done, result: json!({"moved": moved}), over: false })
    }
}
