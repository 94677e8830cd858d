//! Lists of tasks by keyset: what the actor sees, narrowed by what is asked.

use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::{Ctx, Error, InstanceId, Result};
use records::relations::TASK;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, LikeExpr, Order, Query, SelectStatement, UnionType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::counters::Counter;
use super::model::{Task, TaskState};
use super::store::{self, Stored};
use super::{Tasks, access};
use crate::input::{self, wrong};

/// Tasks of a page at most.
pub const MAX_LIMIT: u64 = 200;
/// Words looked for at once.
const MAX_WORDS: usize = 8;

/// Which tasks to list. Everything given must be true of them.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// Of this process instance.
    #[param(value_type = Option<Uuid>)]
    pub instance: Option<InstanceId>,
    /// Of this version of a process definition.
    pub definition: Option<Uuid>,
    /// At this BPMN element.
    pub element: Option<String>,
    /// Whoever has it: `me`, `others` (everybody else, and nobody), `none` or a person's id.
    pub assignee: Option<String>,
    /// One of those who may do it: `me` or a person's id.
    pub candidate: Option<String>,
    /// Made by: `me` or a person's id.
    pub creator: Option<String>,
    /// With this role (by key) among its executors.
    pub role: Option<String>,
    /// `open`, `completed` or `cancelled`; all by default.
    #[param(inline)]
    pub state: Option<TaskState>,
    /// Open ones whose deadline has passed, or with `false` those for which it has not.
    pub overdue: Option<bool>,
    /// Exactly those that this counter of `/tasks/counters` counts.
    #[param(inline)]
    pub counter: Option<Counter>,
    /// Whose counter: `me` (by default), `team` or a person's id.
    pub of: Option<String>,
    /// About this record: its id, or `<entity>:<id>`.
    pub subject: Option<String>,
    /// Words of the title, the number, the process.
    pub q: Option<String>,
    /// `created` (newest first, by default) or `due` (the nearest deadline first).
    pub sort: Option<String>,
    /// 1 to 200; 50 by default.
    pub limit: Option<u64>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Whether to count all of them.
    pub total: bool,
}

/// A page of tasks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskPage {
    /// The tasks.
    pub items: Vec<Task>,
    /// For the next page, if there is one.
    pub next_cursor: Option<String>,
    /// All of them, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl Tasks {
    /// A page of the tasks that the actor sees.
    ///
    /// # Errors
    /// `task.invalid` naming what of the query is not understood.
    pub async fn list(&self, ctx: &Ctx, query: &TaskQuery) -> Result<TaskPage> {
        let limit = query.limit.unwrap_or(50);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(wrong("limit", FieldError::new("range").with("min", 1).with("max", MAX_LIMIT)));
        }
        let by_due = by_due(query)?;
        let conn = self.db.read();
        let mut select = store::select(ctx.tenant);
        self.matching(ctx, query, &mut select).await?;
        if let Some(cursor) = &query.cursor {
            select.cond_where(after(cursor, by_due)?);
        }
        if by_due {
            select.order_by((TASK, "due_sort"), Order::Asc).order_by((TASK, "id"), Order::Asc);
        } else {
            select.order_by((TASK, "id"), Order::Desc);
        }
        let rows = conn.query_all(select.limit(limit + 1)).await?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let tasks: Vec<Stored> = rows.iter().take(page).map(store::from_row).collect::<Result<_, _>>()?;
        let next_cursor = tasks.last().filter(|_| rows.len() > page).map(|last| place(last, by_due));
        let total = if query.total { Some(self.count(ctx, query).await?) } else { None };
        Ok(TaskPage { items: tasks.iter().map(|task| task.shown(ctx)).collect(), next_cursor, total })
    }

    async fn count(&self, ctx: &Ctx, query: &TaskQuery) -> Result<i64> {
        let mut select = Query::select();
        select
            .expr(Func::count(Expr::col((TASK, "id"))))
            .from(TASK)
            .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
            .and_where(Expr::col((TASK, "deleted_at")).is_null());
        self.matching(ctx, query, &mut select).await?;
        Ok(self.db.read().query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?)
    }

    /// What is asked for, as far as the actor sees it.
    async fn matching(&self, ctx: &Ctx, query: &TaskQuery, select: &mut SelectStatement) -> Result<()> {
        matching(ctx, query, select)?;
        if let Some(counter) = query.counter {
            let counted = self.counted_by(ctx, counter, query.of.as_deref()).await?;
            select.and_where(Expr::col((TASK, "id")).in_subquery(counted));
        }
        if own(query) { Ok(()) } else { access::narrow(self.db.read(), ctx, select).await }
    }
}

fn by_due(query: &TaskQuery) -> Result<bool> {
    match query.sort.as_deref() {
        None | Some("created") => Ok(false),
        Some("due") => Ok(true),
        Some(other) => {
            let value: String = other.chars().take(100).collect();
            Err(wrong("sort", FieldError::new("choice").with("value", value)))
        }
    }
}

fn matching(ctx: &Ctx, query: &TaskQuery, select: &mut SelectStatement) -> Result<()> {
    let column = |name: &'static str| Expr::col((TASK, name));
    if let Some(instance) = query.instance {
        select.and_where(column("id").in_subquery(ids(Expr::col("instance_id").eq(instance))));
    }
    if let Some(definition) = query.definition {
        select.and_where(column("definition_id").eq(definition));
    }
    if let Some(element) = &query.element {
        input::text("element", element, 1_000)?;
        select.and_where(column("element").eq(element.as_str()));
    }
    match query.assignee.as_deref() {
        None => {}
        Some("none") => drop(select.and_where(column("assignee").is_null())),
        Some("others") => {
            let me = person(ctx, "assignee", "me")?;
            select.and_where(column("assignee").is_null().or(column("assignee").ne(me)));
        }
        Some(who) => {
            let who = person(ctx, "assignee", who)?;
            if query.state == Some(TaskState::Open) {
                let open = Expr::col("assignee").eq(who).and(Expr::col("state").eq("open"));
                select.and_where(column("id").in_subquery(ids(open)));
            } else {
                select.and_where(column("assignee").eq(who));
            }
        }
    }
    if let Some(who) = &query.candidate {
        let tasks = access::offered_to([person(ctx, "candidate", who)?]);
        select.and_where(column("id").in_subquery(tasks));
    }
    if let Some(who) = &query.creator {
        select.and_where(column("creator").eq(person(ctx, "creator", who)?));
    }
    if let Some(role) = &query.role {
        input::text("role", role, 254)?;
        let of_role = || Expr::col("tenant_id").eq(ctx.tenant.0).and(Expr::col("role").eq(role.as_str()));
        let mut named = ids(of_role());
        let members = Query::select().column("task_id").from("task_executor").and_where(of_role()).take();
        named.union(UnionType::Distinct, members);
        select.and_where(column("id").in_subquery(named));
    }
    if let Some(state) = query.state {
        select.and_where(column("state").eq(state.name()));
    }
    if let Some(overdue) = query.overdue {
        let now = ctx.now().0;
        if overdue {
            let late = Expr::col("tenant_id").eq(ctx.tenant.0).and(Expr::col("state").eq("open"));
            select.and_where(column("id").in_subquery(ids(late.and(Expr::col("due_sort").lte(now)))));
        } else {
            select.cond_where(Cond::any().add(column("state").ne("open")).add(column("due_sort").gt(now)));
        }
    }
    if let Some(subject) = &query.subject {
        about(subject, select)?;
    }
    words(query.q.as_deref(), select)
}

/// Ids of the tasks for which something is true: as a list of its own, so that the index made for it is used whatever
/// the database believes about the order of the rest.
fn ids(condition: Expr) -> SelectStatement {
    Query::select().column("id").from(TASK).and_where(condition).take()
}

/// Whether everything asked for is the actor's own anyhow.
fn own(query: &TaskQuery) -> bool {
    [&query.assignee, &query.candidate, &query.creator].into_iter().any(|who| who.as_deref() == Some("me"))
}

fn person(ctx: &Ctx, field: &str, who: &str) -> Result<Uuid> {
    if who == "me" {
        return ctx.user().map(|user| user.0).ok_or(Error::Denied("action"));
    }
    Uuid::parse_str(who).map_err(|_| wrong(field, FieldError::new("id")))
}

fn about(subject: &str, select: &mut SelectStatement) -> Result<()> {
    let (entity, id) = match subject.split_once(':') {
        Some((entity, id)) => (Some(entity), id),
        None => (None, subject),
    };
    let id = Uuid::parse_str(id).map_err(|_| wrong("subject", FieldError::new("id")))?;
    select.and_where(Expr::col((TASK, "record_id")).eq(id));
    if let Some(entity) = entity {
        input::text("subject", entity, 200)?;
        select.and_where(Expr::col((TASK, "record_entity")).eq(entity));
    }
    Ok(())
}

fn words(q: Option<&str>, select: &mut SelectStatement) -> Result<()> {
    let Some(q) = q else { return Ok(()) };
    input::text("q", q, 200)?;
    for word in kernel::words::folded(q).split_whitespace().take(MAX_WORDS) {
        let pattern = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        select.and_where(Expr::col((TASK, "search")).like(LikeExpr::new(format!("%{pattern}%")).escape('\\')));
    }
    Ok(())
}

/// The cursor after a task.
fn place(task: &Stored, by_due: bool) -> String {
    if by_due { format!("{}_{}", task.due.map_or(i64::MAX, |due| due.0), task.id) } else { task.id.to_string() }
}

fn after(cursor: &str, by_due: bool) -> Result<Cond> {
    let wrong = || wrong("cursor", FieldError::worded("invalid", "cursor_foreign"));
    let id = Expr::col((TASK, "id"));
    if !by_due {
        return Ok(Cond::all().add(id.lt(Uuid::parse_str(cursor).map_err(|_| wrong())?)));
    }
    let (due, last) = cursor.split_once('_').ok_or_else(wrong)?;
    let (due, last) = (due.parse::<i64>().map_err(|_| wrong())?, Uuid::parse_str(last).map_err(|_| wrong())?);
    let column = || Expr::col((TASK, "due_sort"));
    Ok(Cond::any().add(column().gt(due)).add(column().eq(due).and(id.gt(last))))
}
