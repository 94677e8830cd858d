//! What stands in each group of steps: entries, those who stand there, times, amounts.

use std::collections::{BTreeMap, HashMap};

use kernel::db::{ConnectionTrait, QueryResult, sum_at, summed as summed_halves};
use kernel::error::FieldError;
use kernel::value::{DECIMAL_SCALE, decimal_of_sum, decimal_to_json};
use kernel::{Ctx, Result, Value};
use people::staff;
use records::shape::Asker;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, OverStatement, Query, SelectStatement, WindowStatement};
use serde_json::{Map, Value as Json};

use super::{FunnelRow, PileUp, Plan, percent, real};
use crate::axes::{Axis, OWNER, STEPS};
use crate::measures::within;
use crate::{INVALID, MAX_ROWS, Reports};

/// Steps of which working time is measured.
const MAX_MEASURED: u64 = 100_000;

impl Reports {
    /// The groups, and where things pile up.
    pub(super) async fn steps(
        &self,
        asker: &Asker<'_>,
        ctx: &Ctx,
        plan: &Plan,
    ) -> Result<(Vec<FunnelRow>, Option<PileUp>)> {
        let rows = self.db().read().query_all(&counted(asker, ctx, plan)?).await?;
        let mut items = Vec::with_capacity(rows.len());
        let mut pile_up: Option<PileUp> = None;
        for row in &rows {
            let (item, stood) = read(plan, row)?;
            if stood > pile_up.as_ref().map_or(0.0, |worst| worst.seconds) {
                pile_up = Some(PileUp { group: item.group.clone(), standing: item.standing, seconds: stood });
            }
            items.push(item);
        }
        self.add_amounts(asker, ctx, plan, &mut items).await?;
        Ok((items, pile_up))
    }

    /// Adds the sums of amounts, each currency by itself.
    async fn add_amounts(&self, asker: &Asker<'_>, ctx: &Ctx, plan: &Plan, items: &mut [FunnelRow]) -> Result<()> {
        if amount_of(ctx, plan).is_none() {
            return Ok(());
        }
        let mut sums: HashMap<String, BTreeMap<String, f64>> = HashMap::new();
        for row in self.db().read().query_all(&summed(asker, ctx, plan)?).await? {
            let group = Json::Object(group(plan, &row)?).to_string();
            let code: Option<String> = row.try_get_by_index(plan.axes.len())?;
            let sum = sum_at(&row, plan.axes.len() + 1)?;
            let sum = sum.and_then(|sum| decimal_to_json(decimal_of_sum(sum, DECIMAL_SCALE)).as_f64());
            sums.entry(group).or_default().extend(sum.map(|sum| (code.unwrap_or_default(), sum)));
        }
        for item in items {
            item.amounts = sums.remove(&Json::Object(item.group.clone()).to_string()).unwrap_or_default();
            let mut all = item.amounts.values();
            item.amount = all.next().copied().filter(|_| all.next().is_none());
        }
        Ok(())
    }

    /// Adds medians and working time; false when there are too many steps to measure.
    pub(super) async fn measure(&self, ctx: &Ctx, plan: &Plan, items: &mut [FunnelRow]) -> Result<bool> {
        let mut select = grouped(&Asker::new(&plan.catalogue, ctx, self.db().backend()), ctx, plan)?;
        select.expr(Expr::col((STEPS, "entered_at"))).expr(Expr::col((STEPS, "left_at")));
        select.and_where(Expr::col((STEPS, "left_at")).is_not_null()).limit(MAX_MEASURED + 1);
        let rows = self.db().read().query_all(&select).await?;
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) > MAX_MEASURED {
            return Ok(false);
        }
        let calendar = self.processes.tasks().calendars().of_department(self.db().read(), ctx, None).await?;
        let mut times: HashMap<String, (Vec<i64>, Vec<i64>)> = HashMap::new();
        for row in &rows {
            let group = Json::Object(group(plan, row)?).to_string();
            let at = |index: usize| Ok::<_, kernel::Error>(kernel::Timestamp(row.try_get_by_index(index)?));
            let (entered, left) = (at(plan.axes.len())?, at(plan.axes.len() + 1)?);
            let times = times.entry(group).or_default();
            times.0.push((left.0 - entered.0) / 1_000_000);
            times.1.extend(calendar.between(entered, left).ok());
        }
        for item in items {
            let Some((clock, working)) = times.get_mut(&Json::Object(item.group.clone()).to_string()) else { continue };
            item.median_seconds = median(clock);
            item.median_working_seconds = median(working);
            let all: i64 = working.iter().sum();
            let count = i64::try_from(working.len()).unwrap_or(i64::MAX);
            item.working_seconds = (count > 0).then(|| real(all) / real(count));
        }
        Ok(true)
    }
}

/// A select of the axes' values over all steps that the person may see.
pub(super) fn grouped(asker: &Asker<'_>, ctx: &Ctx, plan: &Plan) -> Result<SelectStatement> {
    let steps = match plan.entity.as_ref().filter(|_| plan.stages) {
        Some(joined) => records::relations::stage_steps(ctx, &joined.def, kernel::clock::Period::default()),
        None => process::runtime::relations::steps(ctx, plan.definition, plan.range.into()),
    };
    axes_over(steps, asker, ctx, plan, &plan.axes)
}

/// A select of the values of some axes over rows that name records, those of the plan alone.
pub(super) fn axes_over(
    steps: SelectStatement,
    asker: &Asker<'_>,
    ctx: &Ctx,
    plan: &Plan,
    axes: &[Axis],
) -> Result<SelectStatement> {
    let mut select = Query::select();
    select.from_subquery(steps, STEPS);
    let owner = match &plan.entity {
        Some(joined) => {
            let (entity, id) = (Expr::col((STEPS, "entity")), Expr::col((STEPS, "record_id")));
            // Of records that people may not see, they get no figures either.
            records::relations::join(&mut select, asker, ctx, &joined.def, entity, id).map_err(unreadable)?;
            for filter in cohort(ctx, plan) {
                select.and_where(asker.asked(&joined.def, &filter).map_err(of_filter)?);
            }
            joined.value("owner").unwrap_or_else(|| Expr::cust("NULL"))
        }
        None => Expr::col((STEPS, "started_by")),
    };
    staff::join(&mut select, OWNER, owner);
    for (index, axis) in axes.iter().enumerate() {
        select.expr_as(axis.expression(plan.entity.as_ref(), &plan.events), name(index));
    }
    Ok(select)
}

/// Which records are counted: those of the filter, and over stages those that were made in the time.
pub(super) fn cohort(ctx: &Ctx, plan: &Plan) -> Vec<kernel::filter::Filter> {
    let mut all: Vec<_> = plan.filter.iter().cloned().collect();
    if plan.stages && (plan.range.from.is_some() || plan.range.to.is_some()) {
        all.extend(within(ctx, "created_at", Some(kernel::value::FieldType::Datetime), plan.range));
    }
    all
}

fn of_filter(error: FieldError) -> kernel::Error {
    kernel::Error::field(INVALID, "filter", error)
}

fn median(seconds: &mut [i64]) -> Option<f64> {
    seconds.sort_unstable();
    let (count, at) = (seconds.len(), |index: usize| seconds.get(index).copied().map(real));
    match count % 2 {
        1 => at(count / 2),
        _ => Some((at((count / 2).checked_sub(1)?)? + at(count / 2)?) / 2.0),
    }
}

/// The name of an axis' value in SQL. By its expression nothing can be grouped: PostgreSQL takes two for different ones
/// when their parameters have other numbers.
pub(super) fn name(axis: usize) -> Alias {
    Alias::new(format!("axis_{axis}"))
}

fn unreadable(error: FieldError) -> kernel::Error {
    kernel::Error::field(INVALID, "entity", error)
}

/// The steps with the axes' values, and the record's amount at one step of each group.
fn pieces(asker: &Asker<'_>, ctx: &Ctx, plan: &Plan) -> Result<SelectStatement> {
    let mut select = grouped(asker, ctx, plan)?;
    for column in ["step", "entered_at", "left_at", "thing", "finished"] {
        select.column((STEPS, column));
    }
    match amount_of(ctx, plan) {
        Some((amount, currency)) => {
            let mut same = WindowStatement::partition_by((STEPS, "record_id"));
            for axis in &plan.axes {
                same.add_partition_by(axis.expression(plan.entity.as_ref(), &plan.events));
            }
            same.order_by((STEPS, "entered_at"), Order::Asc);
            select.expr_as(amount, "amount").expr_as(currency, "currency");
            select.expr_window_as(Func::cust("ROW_NUMBER"), same, "turn")
        }
        None => &mut select,
    };
    Ok(select)
}

/// The amount of the plan's records and its currency, where the person may see them.
pub(super) fn amount_of(ctx: &Ctx, plan: &Plan) -> Option<(Expr, Expr)> {
    let joined = plan.entity.as_ref()?;
    let field = joined.def.field("amount").filter(|field| joined.def.shows(&ctx.rights, field))?;
    Some((joined.value(&field.key)?, joined.value(&joined.def.currency_of(field)?.key)?))
}

/// The sums of amounts by group and currency, each record once in a group.
fn summed(asker: &Asker<'_>, ctx: &Ctx, plan: &Plan) -> Result<SelectStatement> {
    let mut select = Query::select();
    select.from_subquery(pieces(asker, ctx, plan)?, "piece");
    for index in 0..plan.axes.len() {
        select.column(name(index)).group_by_col(name(index));
    }
    select
        .column("currency")
        .group_by_col("currency")
        .exprs(summed_halves(&Expr::col("amount")))
        .and_where(Expr::col("turn").eq(1))
        .and_where(Expr::col("amount").is_not_null());
    Ok(select)
}

fn counted(asker: &Asker<'_>, ctx: &Ctx, plan: &Plan) -> Result<SelectStatement> {
    let mut select = Query::select();
    select.from_subquery(pieces(asker, ctx, plan)?, "piece");
    for index in 0..plan.axes.len() {
        select.column(name(index)).group_by_col(name(index));
    }
    let (left, entered, thing) = (|| Expr::col("left_at"), || Expr::col("entered_at"), || Expr::col("thing"));
    let done: Expr = Expr::case(Expr::col("finished").eq(1), thing()).into();
    // What is finished has come to its end and waits for nobody.
    let stands = left().is_null().and(Expr::col("finished").eq(0));
    select
        .expr(Func::count(Expr::col("step")))
        .expr(Func::count(left()))
        .expr(Func::count_distinct(thing()))
        .expr(Func::count_distinct(done))
        .expr(Func::avg(left().sub(entered())).cast_as("DOUBLE PRECISION"))
        .expr(Func::sum(Expr::case(stands, Expr::val(ctx.now().0).sub(entered())).finally(0)).cast_as("BIGINT"))
        .order_by_expr(Func::count(Expr::col("step")).into(), Order::Desc)
        .limit(MAX_ROWS);
    Ok(select)
}

fn group(plan: &Plan, row: &QueryResult) -> Result<Map<String, Json>> {
    group_of(&plan.axes, row)
}

/// The values of axes in a row.
pub(super) fn group_of(axes: &[Axis], row: &QueryResult) -> Result<Map<String, Json>> {
    let mut group = Map::new();
    for (index, axis) in axes.iter().enumerate() {
        group.insert(axis.name().to_owned(), Value::from_cell(axis.kind(), row, index)?.to_json());
    }
    Ok(group)
}

/// A group and the seconds that those who stand in it have stood there.
fn read(plan: &Plan, row: &QueryResult) -> Result<(FunnelRow, f64)> {
    let after = plan.axes.len();
    let number = |index: usize| row.try_get_by_index::<i64>(after + index);
    let (entered, left, instances, finished) = (number(0)?, number(1)?, number(2)?, number(3)?);
    let micros: Option<f64> = row.try_get_by_index(after + 4)?;
    let stood: Option<i64> = row.try_get_by_index(after + 5)?;
    let row = FunnelRow {
        group: group(plan, row)?,
        entered,
        left,
        standing: entered - left,
        instances,
        finished,
        finished_percent: percent(finished, instances),
        seconds: micros.map(|micros| micros / 1e6),
        ..FunnelRow::default()
    };
    Ok((row, stood.map_or(0.0, |micros| real(micros) / 1e6)))
}
