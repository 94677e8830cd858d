//! Rows of what rules did: one for a rule, a record and what set it off.
//!
//! A run goes on from step to step: each is written with the step that it expects, so that of two who do the same at the same
//! time one is left behind.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::event::Event;
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Ctx, Error, Result, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Automations, buttons, dates};

const TABLE: &str = "automation_run";
const COLUMNS: [&str; 16] = [
    "id",
    "tenant_id",
    "rule_id",
    "entity",
    "record_id",
    "occasion",
    "event",
    "state",
    "at",
    "due_at",
    "ended_at",
    "step",
    "results",
    "error",
    "tries",
    "number",
];
/// The job that forgets old runs.
pub const SWEEP: &str = "automation.sweep";
/// Days for which runs are kept.
const DAYS: i64 = 90;
/// Runs of one transaction of the sweep.
const BATCH: u64 = 1_000;
/// The occasion of rules that act once for a record.
pub(super) const ONCE: &str = "once";
/// Characters of an error.
const MAX_ERROR: usize = 2_000;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AutomationRunState)]
pub enum RunState {
    /// For its time: the delay of the rule, or the next try.
    Waiting,
    /// It is being done.
    Running,
    /// All of it was done.
    Done,
    /// Something could not be done; what comes after it was not.
    Failed,
    /// Rules set each other off in a loop.
    Stopped,
    /// After the delay the condition did not hold any more, or there was nothing to do.
    Passed,
}

impl RunState {
    /// Its name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Passed => "passed",
        }
    }
}

/// A run as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub id: Uuid,
    /// Counts runs in the order in which they began; the database gives it.
    pub number: i64,
    pub tenant: TenantId,
    pub rule: Uuid,
    pub entity: String,
    pub record: Uuid,
    pub occasion: String,
    pub event: Event,
    pub state: RunState,
    pub at: Timestamp,
    pub due: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    /// Actions that were done.
    pub step: usize,
    /// What came of each.
    pub results: Vec<Json>,
    pub error: Option<String>,
    /// Tries of the action at hand.
    pub tries: i64,
}

impl Run {
    pub fn read(row: &QueryResult) -> Result<Self> {
        let json = |index: usize| row.try_get_by_index::<Json>(index);
        let named = Json::String(row.try_get_by_index(7)?);
        let at = |index: usize| Ok::<_, sea_orm::DbErr>(row.try_get_by_index::<Option<i64>>(index)?.map(Timestamp));
        Ok(Self {
            id: row.try_get_by_index(0)?,
            tenant: TenantId(row.try_get_by_index(1)?),
            rule: row.try_get_by_index(2)?,
            entity: row.try_get_by_index(3)?,
            record: row.try_get_by_index(4)?,
            occasion: row.try_get_by_index(5)?,
            event: serde_json::from_value(json(6)?).map_err(Error::internal)?,
            state: serde_json::from_value(named).map_err(Error::internal)?,
            at: Timestamp(row.try_get_by_index(8)?),
            due: at(9)?,
            ended: at(10)?,
            step: usize::try_from(row.try_get_by_index::<i64>(11)?).unwrap_or(usize::MAX),
            results: serde_json::from_value(json(12)?).map_err(Error::internal)?,
            error: row.try_get_by_index(13)?,
            tries: row.try_get_by_index(14)?,
            number: row.try_get_by_index(15)?,
        })
    }
}

pub(super) fn select() -> SelectStatement {
    Query::select().columns(COLUMNS).from(TABLE).take()
}

pub(super) async fn by_id(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<Run>> {
    let mut select = select();
    select.and_where(Expr::col("id").eq(id)).and_where(Expr::col("tenant_id").eq(tenant.0));
    conn.query_one(&select).await?.as_ref().map(Run::read).transpose()
}

pub(super) async fn by_occasion(
    conn: &impl ConnectionTrait,
    rule: Uuid,
    record: Uuid,
    occasion: &str,
) -> Result<Option<Run>> {
    let mut select = select();
    select
        .and_where(Expr::col("rule_id").eq(rule))
        .and_where(Expr::col("record_id").eq(record))
        .and_where(Expr::col("occasion").eq(occasion));
    conn.query_one(&select).await?.as_ref().map(Run::read).transpose()
}

/// Makes a run, unless its occasion has one. Returns whether it was made.
pub(super) async fn make(tx: &Tx, run: &Run) -> Result<bool> {
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(COLUMNS.into_iter().filter(|column| *column != "number"))
        .values_panic([
            run.id.into(),
            run.tenant.0.into(),
            run.rule.into(),
            run.entity.as_str().into(),
            run.record.into(),
            run.occasion.as_str().into(),
            serde_json::to_value(&run.event).map_err(Error::internal)?.into(),
            run.state.name().into(),
            run.at.0.into(),
            run.due.map(|at| at.0).into(),
            run.ended.map(|at| at.0).into(),
            0_i64.into(),
            json!([]).into(),
            run.error.as_deref().map(short).into(),
            0_i64.into(),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .to_owned();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// What a run has come to.
pub(super) enum Came<'a> {
    /// An action was done; `last` when it was the last one.
    Further { result: &'a Json, last: bool },
    /// It is tried again then.
    Again { at: Timestamp, why: &'a str },
    /// It is done from here, or waits no more.
    Going,
    /// It ends like this.
    Ended { state: RunState, why: Option<&'a str> },
}

/// Writes what a run has come to, unless somebody else has brought it further. Returns whether it was written.
pub(super) async fn came(tx: &Tx, ctx: &Ctx, run: &mut Run, to: Came<'_>) -> Result<bool> {
    let (before, step) = (run.state, run.step);
    match to {
        Came::Further { result, last } => {
            run.step += 1;
            run.results.push(result.clone());
            (run.tries, run.error, run.due) = (0, None, None);
            run.state = if last { RunState::Done } else { RunState::Running };
            run.ended = last.then(|| ctx.now());
        }
        Came::Again { at, why } => {
            run.tries += 1;
            (run.state, run.due, run.error) = (RunState::Waiting, Some(at), Some(short(why)));
        }
        Came::Going => (run.state, run.due, run.ended) = (RunState::Running, None, None),
        Came::Ended { state, why } => {
            (run.state, run.due, run.ended, run.error) = (state, None, Some(ctx.now()), why.map(short));
        }
    }
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let update = Query::update()
        .table(TABLE)
        .value("state", run.state.name())
        .value("due_at", run.due.map(|at| at.0))
        .value("ended_at", run.ended.map(|at| at.0))
        .value("step", number(run.step))
        .value("results", Json::Array(run.results.clone()))
        .value("error", run.error.clone())
        .value("tries", run.tries)
        .and_where(Expr::col("id").eq(run.id))
        .and_where(Expr::col("step").eq(number(step)))
        .and_where(Expr::col("state").eq(before.name()))
        .to_owned();
    if tx.execute(&update).await?.rows_affected() != 1 {
        return Ok(false);
    }
    if run.state == RunState::Done {
        fail_unsent(tx, run.id).await?;
    }
    Ok(true)
}

/// A letter of a run did not go out, whether the rest of it is done by now or not: said where the run is. Nothing: it is
/// to be sent again.
pub(super) async fn unsent(tx: &Tx, tenant: TenantId, id: Uuid, why: Option<&str>) -> Result<()> {
    let update = Query::update()
        .table(TABLE)
        .value("unsent", why.map(short))
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .to_owned();
    tx.execute(&update).await?;
    fail_unsent(tx, id).await
}

/// What is done but for a letter has failed.
async fn fail_unsent(tx: &Tx, id: Uuid) -> Result<()> {
    let update = Query::update()
        .table(TABLE)
        .value("state", RunState::Failed.name())
        .value("error", Expr::col("unsent"))
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("state").eq(RunState::Done.name()))
        .and_where(Expr::col("unsent").is_not_null())
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// Ends runs in the middle of which their job was given up.
pub(super) async fn given_up(tx: &Tx, ctx: &Ctx, of: GivenUp, why: &str) -> Result<()> {
    let mut update = Query::update();
    update
        .table(TABLE)
        .value("state", RunState::Failed.name())
        .value("error", short(why))
        .value("ended_at", ctx.now().0)
        .value("due_at", Option::<i64>::None)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    match of {
        GivenUp::Run(id) => update
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("state").is_in([RunState::Waiting.name(), RunState::Running.name()])),
        GivenUp::Event(event) => {
            if let Some((rule, _)) = dates::meant(&event) {
                update.and_where(Expr::col("rule_id").eq(rule));
            }
            update
                .and_where(Expr::col("record_id").eq(event.record))
                .and_where(Expr::col("occasion").is_in([occasion_of(&event), ONCE.to_owned()]))
                .and_where(Expr::col("state").eq(RunState::Running.name()))
        }
    };
    tx.execute(&update).await?;
    Ok(())
}

/// Runs whose job was given up: one, or all that an event of a record began.
pub(super) enum GivenUp {
    Run(Uuid),
    Event(Box<Event>),
}

/// What stands for an event among the occasions of runs; for a date its value, for a button its press.
pub(super) fn occasion_of(event: &Event) -> String {
    match (dates::meant(event), buttons::press_of(event)) {
        (Some((_, value)), _) => format!("date:{value}"),
        (None, Some(press)) => format!("press:{press}"),
        (None, None) => format!("event:{}", event.id),
    }
}

/// Forgets a run that has nothing to tell.
pub(super) async fn forget(tx: &Tx, run: &Run) -> Result<()> {
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("id").eq(run.id))
        .and_where(Expr::col("state").eq(RunState::Waiting.name()))
        .to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

/// Forgets a run that did nothing for a new one of its occasion, unless somebody tries it again meanwhile.
pub(super) async fn give_way(tx: &Tx, run: &Run) -> Result<()> {
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("id").eq(run.id))
        .and_where(Expr::col("step").eq(0_i64))
        .and_where(Expr::col("state").eq(run.state.name()))
        .to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(MAX_ERROR).collect()
}

/// Forgets old runs; those of rules that act once for a record stay, and those that wait.
pub(super) struct Sweep(pub Automations);

#[async_trait::async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        let db = self.0.processes.db();
        let before = self.0.processes.now().plus_seconds(-DAYS * 86_400);
        loop {
            let old = Query::select()
                .column("id")
                .from(TABLE)
                .and_where(Expr::col("at").lt(before.0))
                .and_where(Expr::col("occasion").ne(ONCE))
                .and_where(Expr::col("state").is_not_in([RunState::Waiting.name(), RunState::Running.name()]))
                .order_by("at", Order::Asc)
                .limit(BATCH)
                .take();
            let delete = Query::delete().from_table(TABLE).and_where(Expr::col("id").in_subquery(old)).to_owned();
            let tx = db.begin().await.map_err(Error::from)?;
            let gone = tx.execute(&delete).await.map_err(Error::from)?.rows_affected();
            tx.commit().await.map_err(Error::from)?;
            if gone < BATCH {
                return Ok(());
            }
        }
    }
}
