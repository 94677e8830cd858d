//! What others read of tasks inside their queries: selects and expressions with named columns. Whoever reads them knows
//! these columns and no table.

use kernel::clock::Period;
use kernel::{Ctx, db};
use people::staff;
use records::relations::TASK;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Query, SelectStatement};
use uuid::Uuid;

/// The account of a task's executor in `tasks`.
const ASSIGNEE: &str = "assignee_account";

/// Tasks of people that one may report on: one's own, those one made and those of the departments under one; all of them
/// for an administrator. `definition` narrows to the tasks of a process definition, `made` to those made in that time.
///
/// | column | what |
/// |---|---|
/// | `id`, `state` | the task; `open`, `completed` ... |
/// | `process`, `step` | the name of its process and its element; null of a task made by hand |
/// | `assignee`, `department`, `role` | who has it, where they work, for which role it was made |
/// | `created_at`, `due_at`, `completed_at` | microseconds |
pub fn tasks(ctx: &Ctx, definition: Option<Uuid>, made: Period) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(["id", "state", "assignee", "role", "created_at", "due_at", "completed_at"].map(|name| (TASK, name)))
        .expr_as(Expr::col((TASK, "process_name")), "process")
        .expr_as(Expr::col((TASK, "element")), "step")
        .expr_as(Expr::col((ASSIGNEE, "department_id")), "department")
        .from(TASK)
        .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((TASK, "deleted_at")).is_null())
        .cond_where(db::within(made, &Expr::col((TASK, "created_at"))));
    staff::join(&mut select, ASSIGNEE, Expr::col((TASK, "assignee")));
    if let Some(definition) = definition {
        select.and_where(Expr::col((TASK, "definition_id")).eq(definition));
    }
    own(&mut select, ctx);
    select
}

/// Narrows to one's own tasks and those of the departments under one, unless one sees everything.
fn own(select: &mut SelectStatement, ctx: &Ctx) {
    if ctx.rights.is_admin() {
        return;
    }
    let me = ctx.user().map(|user| user.0);
    let headed = staff::ids_of_headed_departments(ctx);
    let department = || Expr::col((ASSIGNEE, "department_id"));
    let mut mine = Cond::any()
        .add(Expr::col((TASK, "assignee")).eq(me))
        .add(Expr::col((TASK, "creator")).eq(me))
        .add(department().in_subquery(headed.clone()));
    // Departments below one that the person heads are theirs too.
    let subtree: Vec<Uuid> = ctx.subtree.iter().map(|department| department.0).collect();
    if !subtree.is_empty() {
        mine = mine.add(department().is_in(subtree).and(Expr::exists(headed)));
    }
    select.cond_where(mine);
}

/// How many tasks an instance of a process has, or has completed, as an expression over the instance's id.
pub fn count_of_instance(instance: impl Into<Expr>, completed: bool) -> Expr {
    let mut count = Query::select();
    count.expr(Func::count(Expr::col((TASK, "id")))).from(TASK);
    count.and_where(Expr::col((TASK, "instance_id")).eq(instance));
    if completed {
        count.and_where(Expr::col((TASK, "state")).eq("completed"));
    }
    Expr::SubQuery(None, Box::new(count.into()))
}

/// The instances in which the actor has or had a task, as a select of one column, for `IN`.
pub fn instances_assigned(ctx: &Ctx) -> SelectStatement {
    of_tenant(ctx).and_where(Expr::col((TASK, "assignee")).eq(ctx.user().map(|user| user.0))).take()
}

/// The instances with a task that was offered to the actor, as a select of one column, for `IN`.
pub fn instances_offered(ctx: &Ctx) -> SelectStatement {
    of_tenant(ctx)
        .inner_join("task_executor", Expr::col(("task_executor", "task_id")).equals((TASK, "id")))
        .and_where(Expr::col(("task_executor", "user_id")).eq(ctx.user().map(|user| user.0)))
        .take()
}

/// The instances with an open task behind its deadline, as a select of one column, for `IN`.
pub fn instances_late(ctx: &Ctx) -> SelectStatement {
    open_of_tenant(ctx).and_where(Expr::col((TASK, "due_at")).lt(ctx.now().0)).take()
}

/// The instances with an open task that one of these people has, as a select of one column, for `IN`.
pub fn instances_with(ctx: &Ctx, people: &[Uuid]) -> SelectStatement {
    open_of_tenant(ctx).and_where(Expr::col((TASK, "assignee")).is_in(people.iter().copied())).take()
}

fn open_of_tenant(ctx: &Ctx) -> SelectStatement {
    of_tenant(ctx)
        .and_where(Expr::col((TASK, "state")).eq("open"))
        .and_where(Expr::col((TASK, "deleted_at")).is_null())
        .and_where(Expr::col((TASK, "instance_id")).is_not_null())
        .take()
}

fn of_tenant(ctx: &Ctx) -> SelectStatement {
    Query::select()
        .column((TASK, "instance_id"))
        .from(TASK)
        .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
        .take()
}
