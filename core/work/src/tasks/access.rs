//! Who sees a task and who may act on it.
//!
//! A task is seen by its candidates, its assignee, whoever made it, the heads above candidates and assignee in the
//! department tree, and administrators. All of them but the maker may act. Others are told that it does not exist.

use std::collections::HashSet;

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, Result, TaskId, UserId};
use people::staff;
use records::relations::TASK;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use uuid::Uuid;

use super::Tasks;
use super::parts;
use super::store::Stored;

/// In what role somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// They have it.
    Assignee,
    /// They are one of those who may do it.
    Candidate,
    /// They answer for those who may do it, or for everything.
    Above,
    /// They only look.
    Sees,
}

/// How the actor stands to a task.
///
/// # Errors
/// `NotFound` for those who may not know of it.
pub(super) async fn standing(conn: &impl ConnectionTrait, ctx: &Ctx, task: &Stored) -> Result<Standing> {
    let me = ctx.user().map(|user| user.0);
    if me.is_some() && task.assignee == me {
        return Ok(Standing::Assignee);
    }
    let candidates = parts::candidates(conn, task.id).await?;
    if me.is_some_and(|me| candidates.contains(&me)) {
        return Ok(Standing::Candidate);
    }
    if ctx.rights.is_admin() {
        return Ok(Standing::Above);
    }
    let departments = staff::headed(conn, ctx).await?;
    let people: Vec<Uuid> = candidates.into_iter().chain(task.assignee).collect();
    if staff::any_in(conn, &people, &departments).await? {
        return Ok(Standing::Above);
    }
    if me.is_some() && task.creator == me {
        return Ok(Standing::Sees);
    }
    Err(Error::NotFound(format!("task {}", task.id)))
}

/// The same for those who may act.
///
/// # Errors
/// `NotFound`; `Denied` for those who only see it.
pub(super) async fn acting(conn: &impl ConnectionTrait, ctx: &Ctx, task: &Stored) -> Result<Standing> {
    match standing(conn, ctx, task).await? {
        Standing::Sees => Err(Error::Denied("action")),
        standing => Ok(standing),
    }
}

/// Passes whoever may say that an open task need not be done: of one that keeps its record in a stage only those above, for
/// the record could leave then.
///
/// # Errors
/// `Denied`.
pub(super) async fn letting_go(conn: &impl ConnectionTrait, ctx: &Ctx, task: &Stored) -> Result<()> {
    if task.contract.stage.is_none() || ctx.rights.is_admin() {
        return Ok(());
    }
    match standing(conn, ctx, task).await {
        Ok(Standing::Above) => Ok(()),
        Ok(_) | Err(Error::NotFound(_)) => Err(Error::Denied("action")),
        Err(error) => Err(error),
    }
}

/// Narrows a list to what the actor may see.
pub(super) async fn narrow(conn: &impl ConnectionTrait, ctx: &Ctx, select: &mut SelectStatement) -> Result<()> {
    if ctx.rights.is_admin() {
        return Ok(());
    }
    let Some(UserId(me)) = ctx.user() else {
        select.and_where(Expr::val(1).eq(0));
        return Ok(());
    };
    // One list of ids, each part of it from an index of its own: a condition with OR makes a database without statistics
    // read every task there is.
    let by = |column: &'static str| Query::select().column("id").from(TASK).and_where(Expr::col(column).eq(me)).take();
    let mut mine = by("assignee");
    mine.union(UnionType::Distinct, by("creator")).union(UnionType::Distinct, offered_to([me]));
    let departments = staff::headed(conn, ctx).await?;
    if !departments.is_empty() {
        let people = staff::ids_of_departments(&departments);
        let had = Expr::col("assignee").in_subquery(people.clone());
        let theirs = Query::select().column("id").from(TASK).and_where(had).take();
        let offered = Expr::col("user_id").in_subquery(people);
        let may = Query::select().column("task_id").from("task_executor").and_where(offered).take();
        mine.union(UnionType::Distinct, theirs).union(UnionType::Distinct, may);
    }
    select.and_where(Expr::col((TASK, "id")).in_subquery(mine));
    Ok(())
}

/// Tasks that these people are candidates of.
pub(super) fn offered_to(people: impl IntoIterator<Item = Uuid>) -> SelectStatement {
    Query::select().column("task_id").from("task_executor").and_where(Expr::col("user_id").is_in(people)).take()
}

impl Tasks {
    /// Those of the tasks that the actor sees: for event streams.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visible(&self, ctx: &Ctx, ids: &[TaskId]) -> Result<HashSet<TaskId>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let mut select = Query::select();
        select
            .column((TASK, "id"))
            .from(TASK)
            .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
            .and_where(Expr::col((TASK, "id")).is_in(ids.iter().copied()));
        narrow(self.db.read(), ctx, &mut select).await?;
        let rows = self.db.read().query_all(&select).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }
}
