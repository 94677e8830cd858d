//! Relations that reports count over: selects with named columns, within what the person may see. Whoever reads them
//! knows these columns and no table.

use kernel::clock::Period;
use kernel::{Ctx, db};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use uuid::Uuid;

use super::instances::seen;

const INSTANCE: &str = "process_instance";
const DEFINITION: &str = "process_definition";

/// Steps of instances: those left but for cancelled ones, and those at which somebody is waited for now. `definition`
/// narrows to one, `entered` to steps entered in that time.
///
/// | column | what |
/// |---|---|
/// | `template`, `process`, `step` | definition, process of its file, element |
/// | `entered_at`, `left_at` | microseconds; null while it stands there |
/// | `thing` | the instance |
/// | `entity`, `record_id` | its subject; null without one |
/// | `started_by` | who started the instance |
/// | `finished` | 1 when the instance is completed, else 0 |
pub fn steps(ctx: &Ctx, definition: Option<Uuid>, entered: Period) -> SelectStatement {
    let part = |table: &'static str, at: &'static str, left: Expr| {
        let mut select = Query::select();
        select
            .expr_as(Expr::col((table, "definition_id")), "template")
            .expr_as(Expr::col((INSTANCE, "process")), "process")
            .expr_as(Expr::col((table, "element")), "step")
            .expr_as(Expr::col((table, at)), "entered_at")
            .expr_as(left, "left_at")
            .expr_as(Expr::col((INSTANCE, "id")), "thing")
            .expr_as(Expr::col((INSTANCE, "subject_id")), "record_id")
            .expr_as(Expr::col((INSTANCE, "subject_entity")), "entity")
            .expr_as(Expr::col((INSTANCE, "started_by")), "started_by")
            .expr_as(Expr::case(Expr::col((INSTANCE, "status")).eq("completed"), 1).finally(0), "finished")
            .from(table)
            .inner_join(INSTANCE, Expr::col((table, "instance_id")).equals((INSTANCE, "id")))
            .and_where(Expr::col((table, "tenant_id")).eq(ctx.tenant.0))
            .cond_where(db::within(entered, &Expr::col((table, at))));
        if let Some(definition) = definition {
            select.and_where(Expr::col((table, "definition_id")).eq(definition));
        }
        seen(&mut select, ctx);
        select
    };
    let mut left = part("process_visit", "entered_at", Expr::col(("process_visit", "left_at")));
    left.and_where(Expr::col(("process_visit", "outcome")).ne("cancelled"));
    let nothing = Expr::cust("CAST(NULL AS BIGINT)");
    let mut standing = part("process_wait", "since", nothing);
    standing.and_where(Expr::col(("process_wait", "kind")).is_in(["task", "service", "call"]));
    left.union(UnionType::All, standing);
    left
}

/// Instances with the names of their definitions, those started in `started`.
///
/// | column | what |
/// |---|---|
/// | `id`, `definition`, `name`, `process` | the instance, its definition with its name, the process of its file |
/// | `state`, `incidents` | `active`, `completed` or `cancelled`; how many stop it |
/// | `subject_entity`, `subject_id` | its subject; null without one |
/// | `started_by`, `started_at`, `ended_at` | who, when (microseconds); null for the product itself, and while it runs |
pub fn instances(ctx: &Ctx, definition: Option<Uuid>, started: Period) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(
            ["id", "process", "incidents", "subject_entity", "subject_id", "started_by", "started_at", "ended_at"]
                .map(|column| (INSTANCE, column)),
        )
        .expr_as(Expr::col((INSTANCE, "definition_id")), "definition")
        .expr_as(Expr::col((INSTANCE, "status")), "state")
        .column((DEFINITION, "name"))
        .from(INSTANCE)
        .inner_join(DEFINITION, Expr::col((DEFINITION, "id")).equals((INSTANCE, "definition_id")))
        .and_where(Expr::col((INSTANCE, "tenant_id")).eq(ctx.tenant.0))
        .cond_where(db::within(started, &Expr::col((INSTANCE, "started_at"))));
    if let Some(definition) = definition {
        select.and_where(Expr::col((INSTANCE, "definition_id")).eq(definition));
    }
    seen(&mut select, ctx);
    select
}
