//! Runs as administrators see them, and those that are to be tried again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::people::require_admin;
use kernel::db::ConnectionTrait;
use kernel::jobs;
use kernel::{Ctx, Error, Fields, RecordId, Result, Timestamp, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::answer::job_of;
use super::model::PlacedRule;
use super::runs::{self, Came, Run, RunState};
use super::{Automations, rules};

/// Runs of a page.
const PAGE: u64 = 50;
/// Runs of a page at most.
const MAX_PAGE: u64 = 200;

/// Which runs.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// Of this rule.
    pub rule: Option<Uuid>,
    /// About this record.
    pub record: Option<Uuid>,
    /// In this state.
    pub state: Option<RunState>,
    /// Where the page before ended.
    pub cursor: Option<i64>,
    /// 1 to 200; 50 by default.
    pub limit: Option<u64>,
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationRuns)]
pub struct RunPage {
    /// The runs.
    pub items: Vec<RunView>,
    /// For the next page.
    pub next_cursor: Option<i64>,
}

/// What a rule did about one event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationRun)]
pub struct RunView {
    /// Its id.
    pub id: Uuid,
    /// The rule.
    pub rule: Uuid,
    /// What it is called.
    pub name: String,
    /// The record's entity.
    pub entity: String,
    /// The record.
    pub record: Uuid,
    /// Its title, while it is there.
    pub title: String,
    /// What set it off, e.g. `deal.updated`.
    pub event: String,
    /// When that was.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// How it stands.
    pub state: RunState,
    /// Why it did not go on, in the company's language or English.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
    /// What came of each action that was done: the letter, the task, the record.
    #[schema(value_type = Vec<Object>)]
    pub results: Vec<Json>,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    pub due_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    pub ended_at: Option<Timestamp>,
}

impl Automations {
    /// What rules did (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn runs(&self, ctx: &Ctx, query: &RunQuery) -> Result<RunPage> {
        require_admin(ctx)?;
        let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let mut select = runs::select();
        select.and_where(Expr::col("tenant_id").eq(ctx.tenant.0)).order_by("number", Order::Desc).limit(limit + 1);
        let equal = [
            ("rule_id", query.rule.map(Expr::val)),
            ("record_id", query.record.map(Expr::val)),
            ("state", query.state.map(|state| Expr::val(state.name()))),
        ];
        for (column, value) in equal {
            if let Some(value) = value {
                select.and_where(Expr::col(column).eq(value));
            }
        }
        if let Some(cursor) = query.cursor {
            select.and_where(Expr::col("number").lt(cursor));
        }
        let rows = self.processes.db().read().query_all(&select).await?;
        let mut found: Vec<Run> = rows.iter().map(Run::read).collect::<Result<_>>()?;
        let more = u64::try_from(found.len()).unwrap_or(u64::MAX) > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = found.last().map(|run| run.number).filter(|_| more);
        Ok(RunPage { items: self.shown(ctx, found).await?, next_cursor })
    }

    /// Tries a run again that failed or was stopped: from the action that failed on (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`, conflict `automation.state`.
    pub async fn retry(&self, ctx: &Ctx, id: Uuid) -> Result<RunView> {
        require_admin(ctx)?;
        let tx = self.processes.db().begin().await?;
        let missing = || Error::NotFound(format!("run {id}"));
        let mut run = runs::by_id(&tx, ctx.tenant, id).await?.ok_or_else(missing)?;
        let over = || Error::Conflict { code: "automation.state", current: None };
        if !matches!(run.state, RunState::Failed | RunState::Stopped) {
            return Err(over());
        }
        run.tries = 0;
        if !runs::came(&tx, ctx, &mut run, Came::Going).await? {
            return Err(over());
        }
        runs::unsent(&tx, ctx.tenant, run.id, None).await?;
        jobs::enqueue(&tx, &ctx.env, job_of(ctx, &run, ctx.now(), true)?).await?;
        tx.commit().await?;
        self.shown(ctx, vec![run]).await?.pop().ok_or_else(missing)
    }

    async fn shown(&self, ctx: &Ctx, found: Vec<Run>) -> Result<Vec<RunView>> {
        let conn = self.processes.db().read();
        let ids: BTreeSet<Uuid> = found.iter().map(|run| run.rule).collect();
        let named = rules::named(conn, ctx, ids).await?;
        let names: HashMap<Uuid, PlacedRule> = named.into_iter().map(|placed| (placed.id, placed)).collect();
        let mut by_entity: BTreeMap<&str, Vec<RecordId>> = BTreeMap::new();
        for run in &found {
            by_entity.entry(&run.entity).or_default().push(RecordId(run.record));
        }
        let mut titles: HashMap<RecordId, String> = HashMap::new();
        for (entity, ids) in by_entity {
            match self.processes.records().images(ctx, entity, &ids).await {
                Ok(images) => titles.extend(images.into_iter().map(|(id, image)| (id, title(&image)))),
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let view = |run: Run| RunView {
            name: names.get(&run.rule).map(|placed| placed.rule.name.clone()).unwrap_or_default(),
            title: titles.get(&RecordId(run.record)).cloned().unwrap_or_default(),
            id: run.id,
            rule: run.rule,
            entity: run.entity,
            record: run.record,
            event: run.event.kind,
            at: run.at,
            state: run.state,
            error: run.error,
            results: run.results,
            due_at: run.due,
            ended_at: run.ended,
        };
        Ok(found.into_iter().map(view).collect())
    }
}

pub(super) fn title(image: &Fields) -> String {
    image.get("title").and_then(Value::as_text).unwrap_or_default().to_owned()
}
