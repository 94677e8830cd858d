//! How many records reached each stage or stood there, how many went on. Counted from how far each has come: the database
//! groups records by that, the sums are made here.

use std::collections::BTreeMap;

use kernel::db::ConnectionTrait;
use kernel::db::{sum_at, summed};
use kernel::filter::{Filter, Op};
use kernel::value::{DECIMAL_SCALE, decimal_of_sum, decimal_to_json};
use kernel::{Ctx, Result};
use records::shape::Asker;
use records::stages::{Pipeline, Semantic, Stage};
use rust_decimal::Decimal;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Query};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::steps::{amount_of, axes_over, cohort, group_of, name};
use super::{Closed, FunnelInput, FunnelRow, Mode, Plan, percent, some_percent};
use crate::axes::{Axis, STEPS};
use crate::forecast::reached;
use crate::measures::Drill;
use crate::{MAX_ROWS, Reports, invalid};

/// Days of which the mean of what waited is made, and steps that are read for it.
const MEAN_DAYS: i64 = 90;
const MAX_STEPS: u64 = 50_000;

/// The records of a group, by how far they have come and where they are now.
#[derive(Debug, Default)]
struct Group {
    values: Map<String, Json>,
    pipeline: Uuid,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// Rank of the furthest stage; none where it has none.
    furthest: Option<i64>,
    open: bool,
    records: i64,
    currency: Option<String>,
    amount: Option<Decimal>,
}

/// Ranks of stages: the open ones of a pipeline in order, then the won ones together. A lost one is no way further.
fn ranks<'a>(pipelines: impl Iterator<Item = &'a Pipeline>) -> Vec<(String, i64)> {
    let mut all = Vec::new();
    for pipeline in pipelines {
        let open = pipeline.stages.iter().filter(|stage| stage.semantic == Semantic::Open);
        let open: Vec<(String, i64)> = (0_i64..).zip(open).map(|(rank, stage)| (stage.key.clone(), rank)).collect();
        let last = i64::try_from(open.len()).unwrap_or(i64::MAX);
        all.extend(open);
        let won = pipeline.stages.iter().filter(|stage| stage.semantic == Semantic::Won);
        all.extend(won.map(|stage| (stage.key.clone(), last)));
    }
    all
}

impl Group {
    /// Records that have come to a rank or further.
    fn reached(&self, rank: i64) -> i64 {
        self.parts.iter().filter(|part| part.furthest >= Some(rank)).map(|part| part.records).sum()
    }

    /// Open ones that have come just to a rank.
    fn undecided(&self, rank: i64) -> i64 {
        self.parts.iter().filter(|part| part.open && part.furthest == Some(rank)).map(|part| part.records).sum()
    }

    /// Their amounts by currency.
    fn amounts(&self, rank: i64) -> BTreeMap<String, f64> {
        let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
        for part in self.parts.iter().filter(|part| part.furthest >= Some(rank)) {
            if let Some(amount) = part.amount {
                *sums.entry(part.currency.clone().unwrap_or_default()).or_default() += amount;
            }
        }
        sums.into_iter().filter_map(|(code, sum)| Some((code, decimal_to_json(sum).as_f64()?))).collect()
    }
}

impl Reports {
    /// Counts records by stages, in place of the rows of steps. Gives how many are closed.
    pub(super) async fn by_stages(
        &self,
        asker: &Asker<'_>,
        ctx: &Ctx,
        plan: &Plan,
        items: &mut Vec<FunnelRow>,
    ) -> Result<Closed> {
        let Some(joined) = &plan.entity else { return Ok(Closed::default()) };
        let (groups, closed) = self.cohorts(asker, ctx, plan).await?;
        if !plan.has_step() {
            for item in items.iter_mut() {
                item.drill = opens(ctx, plan, &item.group, None);
            }
            return Ok(closed);
        }
        let mut known: BTreeMap<(String, String), FunnelRow> = BTreeMap::new();
        for item in items.drain(..) {
            let step = item.group.get("step").and_then(Json::as_str).unwrap_or_default().to_owned();
            known.insert((without_step(&item.group), step), item);
        }
        for group in groups.values() {
            let Some(pipeline) = plan.catalogue.pipelines.ever(&joined.def.key).find(|one| one.id == group.pipeline)
            else {
                continue;
            };
            items.extend(rows(ctx, plan, pipeline, group, &mut known));
        }
        // Stages that are there no more keep their rows, behind the others.
        for item in known.into_values().filter(|item| item.entered > 0) {
            if !items.iter().any(|other| other.group == item.group) {
                items.push(item);
            }
        }
        match u64::try_from(items.len()).is_ok_and(|count| count > MAX_ROWS) {
            true => Err(invalid("group_by", format!("more than {MAX_ROWS} groups"))),
            false => Ok(closed),
        }
    }

    /// The records of the cohort by group, how far they have come, and currency.
    async fn cohorts(
        &self,
        asker: &Asker<'_>,
        ctx: &Ctx,
        plan: &Plan,
    ) -> Result<(BTreeMap<(String, Uuid), Group>, Closed)> {
        let Some(joined) = &plan.entity else { return Ok(Default::default()) };
        let ranks = ranks(plan.catalogue.pipelines.of(&joined.def.key));
        let axes: Vec<Axis> = plan.axes.iter().filter(|axis| !matches!(axis, Axis::Step)).cloned().collect();
        let steps = records::relations::furthest(ctx, &joined.def, &ranks);
        let mut pieces = axes_over(steps, asker, ctx, plan, &axes)?;
        pieces
            .expr_as(Expr::col((STEPS, "template")), "pipeline_of")
            .expr_as(Expr::col((STEPS, "furthest")), "furthest");
        pieces.expr_as(joined.value("stage").unwrap_or_else(|| Expr::cust("NULL")), "stage_now");
        let amount = amount_of(ctx, plan);
        if let Some((amount, currency)) = &amount {
            pieces.expr_as(amount.clone(), "amount").expr_as(currency.clone(), "currency");
        }
        let mut select = Query::select();
        select.from_subquery(pieces, "piece");
        for index in 0..axes.len() {
            select.column(name(index)).group_by_col(name(index));
        }
        for column in ["pipeline_of", "furthest", "stage_now"] {
            select.column(column).group_by_col(column);
        }
        select.expr(Func::count(Expr::col("pipeline_of")));
        if amount.is_some() {
            select.column("currency").group_by_col("currency").exprs(summed(&Expr::col("amount")));
        }
        select.limit(MAX_ROWS * 10 + 1);
        let rows = self.db().read().query_all(&select).await?;
        if u64::try_from(rows.len()).is_ok_and(|count| count > MAX_ROWS * 10) {
            return Err(invalid("group_by", format!("more than {MAX_ROWS} groups")));
        }
        let (mut groups, mut closed) = (BTreeMap::<(String, Uuid), Group>::new(), Closed::default());
        let after = axes.len();
        for row in &rows {
            let values = group_of(&axes, row)?;
            let pipeline: Uuid = row.try_get_by_index(after)?;
            let stage: String = row.try_get_by_index(after + 2)?;
            let semantic =
                plan.catalogue.pipelines.stage_ever(&joined.def.key, &stage).map(|(_, stage)| stage.semantic);
            let sum = if amount.is_some() { sum_at(row, after + 5)? } else { None };
            let part = Part {
                furthest: row.try_get_by_index(after + 1)?,
                open: semantic == Some(Semantic::Open),
                records: row.try_get_by_index(after + 3)?,
                currency: if amount.is_some() { row.try_get_by_index(after + 4)? } else { None },
                amount: sum.map(|sum| decimal_of_sum(sum, DECIMAL_SCALE)),
            };
            match semantic {
                Some(Semantic::Won) => closed.won += part.records,
                Some(Semantic::Lost) => closed.lost += part.records,
                _ => {}
            }
            let group = groups.entry((Json::Object(values.clone()).to_string(), pipeline)).or_default();
            (group.values, group.pipeline) = (values, pipeline);
            group.parts.push(part);
        }
        closed.win_rate = some_percent(closed.won, closed.won + closed.lost);
        Ok((groups, closed))
    }
}

/// The other values of a group, as its name.
fn without_step(group: &Map<String, Json>) -> String {
    let others: Map<String, Json> =
        group.iter().filter(|(key, _)| *key != "step").map(|(key, value)| (key.clone(), value.clone())).collect();
    Json::Object(others).to_string()
}

/// The rows of a group, stage by stage: the open ones in order, won, lost.
fn rows(
    ctx: &Ctx,
    plan: &Plan,
    pipeline: &Pipeline,
    group: &Group,
    known: &mut BTreeMap<(String, String), FunnelRow>,
) -> Vec<FunnelRow> {
    let ranks = ranks(std::iter::once(pipeline));
    let rank_of = |stage: &Stage| ranks.iter().find(|(key, _)| *key == stage.key).map(|(_, rank)| *rank);
    let many_won = pipeline.stages.iter().filter(|stage| stage.semantic == Semantic::Won).count() > 1;
    let mut stages: Vec<&Stage> = pipeline.stages.iter().collect();
    stages.sort_by_key(|stage| match stage.semantic {
        Semantic::Open => 0,
        Semantic::Won => 1,
        Semantic::Lost => 2,
    });
    let name = Json::Object(group.values.clone()).to_string();
    let mut rows: Vec<FunnelRow> = Vec::new();
    for stage in stages {
        let mut row = known.remove(&(name.clone(), stage.key.clone())).unwrap_or_default();
        row.group = with_step(plan, group, &stage.key);
        row.semantic = Some(stage.semantic);
        // One of several stages that are won, and every one that is lost, is reached by standing there alone.
        let rank =
            rank_of(stage).filter(|_| plan.mode == Mode::Reached && !(many_won && stage.semantic == Semantic::Won));
        if let Some(rank) = rank {
            row.count = group.reached(rank);
            row.amounts = group.amounts(rank);
            let mut all = row.amounts.values();
            row.amount = all.next().copied().filter(|_| all.next().is_none());
            if stage.semantic == Semantic::Open {
                let next = group.reached(rank + 1);
                row.converted = Some(next);
                row.conversion = some_percent(next, row.count);
                row.decided = some_percent(next, row.count - group.undecided(rank));
            }
        } else {
            row.count = row.instances;
        }
        let stood = match rank {
            Some(rank) => ranks.iter().filter(|(_, other)| *other >= rank).map(|(key, _)| key.as_str()).collect(),
            None => vec![stage.key.as_str()],
        };
        row.drill = opens(ctx, plan, &row.group, Some(reached(&stood)));
        row.standing_drill = opens(ctx, plan, &row.group, Some(Filter::test("stage", Op::Eq, stage.key.as_str())));
        rows.push(row);
    }
    let first = rows.first().map_or(0, |row| row.count);
    for row in &mut rows {
        row.share_percent = (first > 0).then(|| percent(row.count, first));
    }
    rows
}

fn with_step(plan: &Plan, group: &Group, stage: &str) -> Map<String, Json> {
    let value = |axis: &Axis| match axis {
        Axis::Step => Json::from(stage),
        other => group.values.get(other.name()).cloned().unwrap_or(Json::Null),
    };
    plan.axes.iter().map(|axis| (axis.name().to_owned(), value(axis))).collect()
}

/// What opens the records of a group.
fn opens(ctx: &Ctx, plan: &Plan, group: &Map<String, Json>, part: Option<Filter>) -> Option<Drill> {
    let joined = plan.entity.as_ref()?;
    let mut all = cohort(ctx, plan);
    for axis in &plan.axes {
        all.extend(group.get(axis.name()).and_then(|value| axis.filter(value)));
    }
    all.extend(part);
    Some(Drill { entity: joined.def.key.to_string(), filter: Filter::all(all).to_json() })
}

impl Reports {
    /// How long, on the mean of 90 days, those who stood in a stage had waited together, seconds: what one day after another
    /// at this hour would have said.
    pub(crate) async fn waited(&self, ctx: &Ctx, entity: &str, filter: Option<Json>, stage: &str) -> Result<f64> {
        let input = FunnelInput {
            over: Some("stage".to_owned()),
            entity: Some(entity.to_owned()),
            filter,
            ..FunnelInput::default()
        };
        let plan = self.plan(ctx, &input).await?;
        let asker = Asker::new(&plan.catalogue, ctx, self.db().backend());
        let mut select = super::steps::grouped(&asker, ctx, &plan)?;
        let step = |column: &'static str| Expr::col((STEPS, column));
        let since = ctx.now().plus_seconds(-MEAN_DAYS * 86_400).0;
        select
            .expr(step("entered_at"))
            .expr(step("left_at"))
            .and_where(step("step").eq(stage))
            .cond_where(Cond::any().add(step("left_at").is_null()).add(step("left_at").gt(since)))
            .limit(MAX_STEPS + 1);
        let rows = self.db().read().query_all(&select).await?;
        if u64::try_from(rows.len()).is_ok_and(|count| count > MAX_STEPS) {
            return Ok(0.0);
        }
        let (after, now) = (plan.axes.len(), ctx.now().0);
        let mut together = 0.0;
        for row in &rows {
            let entered: i64 = row.try_get_by_index(after)?;
            let left: Option<i64> = row.try_get_by_index(after + 1)?;
            together += (1..=MEAN_DAYS)
                .map(|day| now - day * 86_400_000_000)
                .filter(|at| entered < *at && left.is_none_or(|left| left > *at))
                .map(|at| super::real((at - entered) / 1_000_000))
                .sum::<f64>();
        }
        Ok(together / super::real(MEAN_DAYS))
    }
}
