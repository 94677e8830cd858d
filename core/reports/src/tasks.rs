//! The task report (R15, R16): tasks by process, step and people, done and not done, overdue, time spent.

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::{MAX_AXES, MAX_ROWS, Period, Reports, invalid};

/// What to report.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskReportInput {
    /// Up to four of `process`, `step`, `assignee`, `department`, `role`, `state`; `process` by default.
    pub group_by: Vec<String>,
    /// Only of this definition, by id or key.
    pub definition: Option<String>,
    /// Made in this time.
    pub period: Period,
}

/// Tasks by groups.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TaskReport {
    /// The groups, the largest first.
    pub items: Vec<TaskRow>,
}

/// One group.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TaskRow {
    /// Value by what it is grouped by.
    #[schema(value_type = Object)]
    pub group: Map<String, Json>,
    /// All tasks.
    pub total: i64,
    /// Not done yet.
    pub open: i64,
    /// Done.
    pub completed: i64,
    /// Open behind their deadline, or done behind it.
    pub overdue: i64,
    /// Mean time from the making of a task to its completion.
    pub seconds: Option<f64>,
    /// All that time together.
    pub seconds_spent: i64,
}

/// What tasks can be grouped by: columns of `work`'s relation.
const GROUPS: [&str; 6] = ["process", "step", "assignee", "department", "role", "state"];

impl Reports {
    /// The task report, over the tasks that the person may see.
    ///
    /// # Errors
    /// `report.invalid`, `NotFound` for the definition.
    pub async fn task_report(&self, ctx: &Ctx, input: &TaskReportInput) -> Result<TaskReport> {
        let groups = chosen(&input.group_by)?;
        let mut select = self.counted_tasks(ctx, input).await?;
        for name in &groups {
            select.column(*name).group_by_col(*name);
        }
        let rows = self.db().read().query_all(&select).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let number = |index: usize| row.try_get_by_index::<Option<i64>>(index).map(Option::unwrap_or_default);
            let mut group = Map::new();
            for (index, name) in groups.iter().enumerate() {
                let value = match *name {
                    "assignee" | "department" => json!(row.try_get_by_index::<Option<Uuid>>(6 + index)?),
                    _ => json!(row.try_get_by_index::<Option<String>>(6 + index)?),
                };
                group.insert((*name).to_owned(), value);
            }
            items.push(TaskRow {
                group,
                total: number(0)?,
                open: number(1)?,
                completed: number(2)?,
                overdue: number(3)?,
                seconds: row.try_get_by_index::<Option<f64>>(4)?.map(|micros| micros / 1e6),
                seconds_spent: number(5)? / 1_000_000,
            });
        }
        Ok(TaskReport { items })
    }

    async fn counted_tasks(&self, ctx: &Ctx, input: &TaskReportInput) -> Result<SelectStatement> {
        let definition = match &input.definition {
            Some(name) => Some(self.processes.definition(ctx, name, None).await?.id),
            None => None,
        };
        let tasks = work::tasks::relations::tasks(ctx, definition, input.period.into());
        let task = |column: &'static str| Expr::col(column);
        let one = |condition: Expr| Expr::case(condition, 1).finally(0);
        let is = |state: &str| task("state").eq(state);
        let spent = || task("completed_at").sub(task("created_at"));
        let late_open = is("open").and(task("due_at").lt(ctx.now().0));
        let late = late_open.or(task("completed_at").gt(task("due_at")));
        let mut select = Query::select();
        select
            .expr(Func::count(task("id")))
            .expr(Func::sum(one(is("open"))).cast_as("BIGINT"))
            .expr(Func::sum(one(is("completed"))).cast_as("BIGINT"))
            .expr(Func::sum(one(late)).cast_as("BIGINT"))
            .expr(Func::avg(Expr::case(is("completed"), spent())).cast_as("DOUBLE PRECISION"))
            .expr(Func::sum(Expr::case(is("completed"), spent()).finally(0)).cast_as("BIGINT"))
            .from_subquery(tasks, "counted")
            .order_by_expr(Func::count(task("id")).into(), Order::Desc)
            .limit(MAX_ROWS);
        Ok(select)
    }
}

fn chosen(names: &[String]) -> Result<Vec<&'static str>> {
    if names.len() > MAX_AXES {
        return Err(invalid("group_by", format!("at most {MAX_AXES}")));
    }
    let mut groups = Vec::new();
    for name in names {
        let Some(group) = GROUPS.into_iter().find(|known| known == name) else {
            return Err(invalid("group_by", format!("`{name}` is none of {}", GROUPS.join(", "))));
        };
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    Ok(if groups.is_empty() { GROUPS.into_iter().take(1).collect() } else { groups })
}
