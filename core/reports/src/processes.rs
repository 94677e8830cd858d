//! The process report (R13): each instance that the person may see, finished or not, and how long it took.

use kernel::db::ConnectionTrait;
use kernel::{Ctx, RecordId, RecordRef, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Period, Reports, invalid};

/// The rows of instances in the query, and their columns in the order in which they are read.
const INSTANCE: &str = "instance";
const COLUMNS: [&str; 11] = [
    "id",
    "definition",
    "process",
    "state",
    "incidents",
    "subject_entity",
    "subject_id",
    "started_by",
    "started_at",
    "ended_at",
    "name",
];
/// Rows of a page at most.
const MAX_LIMIT: u64 = 500;

/// Which instances.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessReportInput {
    /// Only of this definition, by id or key.
    pub definition: Option<String>,
    /// `active`, `completed` or `cancelled`.
    pub state: Option<String>,
    /// Started by this person; `me` for oneself.
    pub started_by: Option<String>,
    /// Started in this time.
    pub period: Period,
    /// Page size, 1 to 500; 100 by default.
    pub limit: Option<u64>,
    /// Id of the last row of the page before.
    pub cursor: Option<Uuid>,
}

/// Processes and how long they took.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProcessReport {
    /// The instances, newest first.
    pub items: Vec<ProcessRow>,
    /// For the next page, if there is one.
    pub next_cursor: Option<Uuid>,
}

/// One instance.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProcessRow {
    /// Which.
    pub id: Uuid,
    /// Its definition.
    pub definition: Uuid,
    /// Id of its process.
    pub process: String,
    /// Name of its definition.
    pub name: String,
    /// `active`, `completed` or `cancelled`.
    pub state: String,
    /// Failed steps that wait.
    pub incidents: i64,
    /// The record it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<RecordRef>,
    /// Who started it.
    pub started_by: Option<Uuid>,
    /// When it began.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// When it was over.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// From its beginning to its end, or to now.
    pub seconds: i64,
    /// The same in working time of the company.
    pub working_seconds: Option<i64>,
    /// Its tasks that are done, and all of them.
    pub tasks_done: i64,
    /// All its tasks.
    pub tasks: i64,
}

impl Reports {
    /// The process report.
    ///
    /// # Errors
    /// `report.invalid`, `NotFound` for the definition.
    pub async fn process_report(&self, ctx: &Ctx, input: &ProcessReportInput) -> Result<ProcessReport> {
        let limit = input.limit.unwrap_or(100);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(invalid("limit", format!("from 1 to {MAX_LIMIT}")));
        }
        let rows = self.db().read().query_all(&self.listed(ctx, input, limit).await?).await?;
        let calendar = self.processes.tasks().calendars().of_department(self.db().read(), ctx, None).await?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut items = Vec::with_capacity(rows.len());
        for row in rows.iter().take(page) {
            let started_at = Timestamp(row.try_get_by_index(8)?);
            let ended_at = row.try_get_by_index::<Option<i64>>(9)?.map(Timestamp);
            let until = ended_at.unwrap_or_else(|| ctx.now());
            let entity: Option<String> = row.try_get_by_index(5)?;
            let subject: Option<RecordId> = row.try_get_by_index(6)?;
            items.push(ProcessRow {
                id: row.try_get_by_index(0)?,
                definition: row.try_get_by_index(1)?,
                process: row.try_get_by_index(2)?,
                state: row.try_get_by_index(3)?,
                incidents: row.try_get_by_index(4)?,
                subject: entity.zip(subject).map(|(entity, id)| RecordRef { entity: entity.into(), id }),
                started_by: row.try_get_by_index(7)?,
                started_at,
                ended_at,
                name: row.try_get_by_index(10)?,
                tasks: row.try_get_by_index(11)?,
                tasks_done: row.try_get_by_index(12)?,
                seconds: (until.0 - started_at.0) / 1_000_000,
                working_seconds: calendar.between(started_at, until).ok(),
            });
        }
        let next_cursor = if rows.len() > page { items.last().map(|last| last.id) } else { None };
        Ok(ProcessReport { items, next_cursor })
    }

    async fn listed(
        &self,
        ctx: &Ctx,
        input: &ProcessReportInput,
        limit: u64,
    ) -> Result<sea_orm::sea_query::SelectStatement> {
        let definition = match &input.definition {
            Some(name) => Some(self.processes.definition(ctx, name, None).await?.id),
            None => None,
        };
        let instances = process::runtime::relations::instances(ctx, definition, input.period.into());
        let tasks = |done: bool| work::tasks::relations::count_of_instance(Expr::col((INSTANCE, "id")), done);
        let mut select = Query::select();
        select
            .columns(COLUMNS.map(|column| (INSTANCE, column)))
            .expr(tasks(false))
            .expr(tasks(true))
            .from_subquery(instances, INSTANCE);
        match input.state.as_deref() {
            None => {}
            Some(state @ ("active" | "completed" | "cancelled")) => {
                select.and_where(Expr::col((INSTANCE, "state")).eq(state));
            }
            Some(_) => return Err(invalid("state", "active, completed or cancelled")),
        }
        match input.started_by.as_deref() {
            None => {}
            Some("me") => {
                select.and_where(Expr::col((INSTANCE, "started_by")).eq(ctx.user().map(|user| user.0)));
            }
            Some(id) => {
                let id = Uuid::parse_str(id).map_err(|_| invalid("started_by", "`me` or a person's id"))?;
                select.and_where(Expr::col((INSTANCE, "started_by")).eq(id));
            }
        }
        if let Some(cursor) = input.cursor {
            select.and_where(Expr::col((INSTANCE, "id")).lt(cursor));
        }
        select.order_by((INSTANCE, "id"), Order::Desc).limit(limit + 1);
        Ok(select)
    }
}
