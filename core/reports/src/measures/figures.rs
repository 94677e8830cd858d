//! Counts, sums, averages and shares: aggregates of records, group by group.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::NaiveDate;
use kernel::filter::{Filter, Op, Operand, Test};
use kernel::value::decimal_to_json;
use kernel::{Ctx, Result, Timestamp};
use records::rates::Rates;
use records::read::{Aggregate, Bucket, Group, GroupBy, Measure as Computed, MeasureOp, Query as Records};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::money::{Purse, percent, percent_of, said};
use super::question::{CURRENCY, Grouping, Plan, Range, is_money, refused};
use super::registry::{Formula, Measure};
use crate::Reports;

/// Groups that figures tell apart besides those that are asked for: stage, probability, day.
const BESIDES: usize = 3;

/// One figure.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) value: Json,
    /// Records behind it.
    pub(super) n: i64,
    /// Of an amount.
    pub(super) by_currency: Option<BTreeMap<String, Decimal>>,
    /// Currencies without a rate.
    pub(super) missing: BTreeSet<String>,
    /// Opens the records where no filter of the question does: ids of them, or nothing when there are too many.
    pub(super) drill: Option<Option<Filter>>,
}

impl Cell {
    pub(super) fn plain(value: Json, n: i64) -> Self {
        Self { value, n, by_currency: None, missing: BTreeSet::new(), drill: None }
    }
}

/// Figures of a measure by group: the values of the axes in order.
pub(super) type Cells = BTreeMap<String, (Vec<Json>, Cell)>;

/// The name of a group.
pub(super) fn name(values: &[Json]) -> String {
    Json::from(values.to_vec()).to_string()
}

impl Reports {
    /// The figures of a measure; with no axes of all records together.
    pub(super) async fn figures(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        measure: &Measure,
        range: Range,
        axes: &Grouping,
        rates: &Rates,
    ) -> Result<Cells> {
        if let Some(at) = plan.as_of.filter(|_| measure.past) {
            return self.standing_at(ctx, plan, measure, at, axes, rates).await;
        }
        match &measure.formula {
            Formula::Count(part) => {
                let counted = self.counted(ctx, plan, measure, part, range, axes).await?;
                Ok(counted.into_iter().map(|(key, (values, n))| (key, (values, Cell::plain(n.into(), n)))).collect())
            }
            Formula::Share(part, whole) => {
                let both = Filter::all(vec![whole.clone(), part.clone()]);
                let parts = self.counted(ctx, plan, measure, &both, range, axes).await?;
                let wholes = self.counted(ctx, plan, measure, whole, range, axes).await?;
                let share = |(key, (values, n)): (String, (Vec<Json>, i64))| {
                    let part = parts.get(&key).map_or(0, |(_, n)| *n);
                    (key, (values, Cell::plain(percent(part, n), n)))
                };
                Ok(wholes.into_iter().map(share).collect())
            }
            Formula::SumShare(part, field) => {
                let parts = self.sums(ctx, plan, (measure, part, field), range, axes).await?;
                let whole = Filter::And(Vec::new());
                let wholes = self.sums(ctx, plan, (measure, &whole, field), range, axes).await?;
                let share = |(key, (values, sum, n)): (String, (Vec<Json>, Decimal, i64))| {
                    let part = parts.get(&key).map_or(Decimal::ZERO, |(_, sum, _)| *sum);
                    (key, (values, Cell::plain(percent_of(part, sum), n)))
                };
                Ok(wholes.into_iter().map(share).collect())
            }
            Formula::Sum(part, field) if is_money(measure) => {
                self.amounts_of(ctx, plan, (measure, part, &[(field.as_str(), 1)]), range, axes, rates).await
            }
            Formula::Less(part, field, less) => {
                self.amounts_of(ctx, plan, (measure, part, &[(*field, 1), (*less, -1)]), range, axes, rates).await
            }
            Formula::Rows(part) => self.of_rows(ctx, plan, (measure, part), range, axes, rates).await,
            Formula::Average(part, field) if is_money(measure) => {
                let filled = Filter::all(vec![part.clone(), filled(field)]);
                let purses =
                    self.purses(ctx, plan, (measure, &filled, &[(field.as_str(), 1)]), range, axes, rates).await?;
                Ok(purses
                    .into_iter()
                    .map(|(key, (values, purse, n))| (key, (values, amount(plan, purse, n, n))))
                    .collect())
            }
            Formula::Sum(part, field) => {
                self.plain_figures(ctx, plan, (measure, part, field), range, axes, false).await
            }
            Formula::Average(part, field) => {
                let filled = Filter::all(vec![part.clone(), filled(field)]);
                self.plain_figures(ctx, plan, (measure, &filled, field), range, axes, true).await
            }
            Formula::Weighted(part) => self.weighted(ctx, plan, (measure, part), range, axes, rates).await,
            Formula::Picked(part, pick) => self.picked(ctx, plan, (measure, part, *pick), range, axes).await,
            Formula::Time(..) | Formula::Late => self.times(ctx, plan, measure, range, axes).await,
        }
    }

    async fn counted(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        measure: &Measure,
        part: &Filter,
        range: Range,
        axes: &Grouping,
    ) -> Result<BTreeMap<String, (Vec<Json>, i64)>> {
        let filter = plan.narrowed(ctx, measure, part, range);
        let groups = self.aggregated(ctx, measure, filter, &axes.by, None).await?;
        let mut counted: BTreeMap<String, (Vec<Json>, i64)> = BTreeMap::new();
        for group in &groups {
            let values = values_of(group, axes);
            counted.entry(name(&values)).or_insert_with(|| (values, 0)).1 += count(group);
        }
        Ok(counted)
    }

    async fn plain_figures(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        of: (&Measure, &Filter, &str),
        range: Range,
        axes: &Grouping,
        mean: bool,
    ) -> Result<Cells> {
        let sums = self.sums(ctx, plan, of, range, axes).await?;
        let cell = |(key, (values, sum, n)): (String, (Vec<Json>, Decimal, i64))| {
            let value = match (mean, n) {
                (false, _) => decimal_to_json(sum),
                (true, 0) => Json::Null,
                (true, _) => decimal_to_json((sum / Decimal::from(n)).round_dp(4).normalize()),
            };
            (key, (values, Cell::plain(value, n)))
        };
        Ok(sums.into_iter().map(cell).collect())
    }

    /// The sum of a field that is no amount, and how many records, by group.
    async fn sums(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        (measure, part, field): (&Measure, &Filter, &str),
        range: Range,
        axes: &Grouping,
    ) -> Result<BTreeMap<String, (Vec<Json>, Decimal, i64)>> {
        let filter = plan.narrowed(ctx, measure, part, range);
        let groups = self.aggregated(ctx, measure, filter, &axes.by, Some(field)).await?;
        let mut sums: BTreeMap<String, (Vec<Json>, Decimal, i64)> = BTreeMap::new();
        for group in &groups {
            let values = values_of(group, axes);
            let sum = sums.entry(name(&values)).or_insert_with(|| (values, Decimal::ZERO, 0));
            sum.1 += group.values.get(&format!("sum_{field}")).and_then(decimal).unwrap_or_default();
            sum.2 += count(group);
        }
        Ok(sums)
    }

    async fn aggregated(
        &self,
        ctx: &Ctx,
        measure: &Measure,
        filter: Filter,
        axes: &[GroupBy],
        sum: Option<&str>,
    ) -> Result<Vec<Group>> {
        let mut measures = vec![Computed { op: MeasureOp::Count, field: None }];
        measures.extend(sum.map(|field| Computed { op: MeasureOp::Sum, field: Some(field.to_owned()) }));
        let query = Records { filter: Some(filter), ..Records::default() };
        let ask = Aggregate { query, group_by: axes.to_vec(), measures, besides: BESIDES };
        self.records.aggregate(ctx, &measure.entity, &ask).await.map_err(refused)
    }

    /// Amounts of open records, each by how likely it is: as somebody has said, else as its stage is.
    async fn weighted(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        (measure, part): (&Measure, &Filter),
        range: Range,
        axes: &Grouping,
        rates: &Rates,
    ) -> Result<Cells> {
        let mut by = axes.by.clone();
        let apart = ["stage", "probability"].map(|field| GroupBy { field: field.to_owned(), bucket: None });
        by.extend(apart.into_iter().filter(|one| !axes.by.iter().any(|axis| axis.field == one.field)));
        let filter = plan.narrowed(ctx, measure, part, range);
        let groups = self.aggregated(ctx, measure, filter, &by, Some("amount")).await?;
        let today = day_of(ctx, ctx.now());
        let mut purses: BTreeMap<String, (Vec<Json>, Purse, i64)> = BTreeMap::new();
        for group in &groups {
            let values = values_of(group, axes);
            let entry = purses.entry(name(&values)).or_insert_with(|| (values, Purse::default(), 0));
            entry.2 += count(group);
            let likely = likely(plan, measure, group);
            for (code, sum) in amounts(group, "amount") {
                let part = sum.checked_mul(likely).unwrap_or_default() / Decimal::ONE_HUNDRED;
                entry.1.put(part, &code, &plan.currency, today, rates);
            }
        }
        let none = || (name(&[]), (Vec::new(), Purse::default(), 0));
        if axes.by.is_empty() && purses.is_empty() {
            purses.extend([none()]);
        }
        let cell =
            |(key, (values, purse, n)): (String, (Vec<Json>, Purse, i64))| (key, (values, amount(plan, purse, n, 1)));
        Ok(purses.into_iter().map(cell).collect())
    }

    /// Sums of amounts as figures.
    async fn amounts_of(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        asked: (&Measure, &Filter, &[(&str, i8)]),
        range: Range,
        axes: &Grouping,
        rates: &Rates,
    ) -> Result<Cells> {
        let purses = self.purses(ctx, plan, asked, range, axes, rates).await?;
        Ok(purses.into_iter().map(|(key, (values, purse, n))| (key, (values, amount(plan, purse, n, 1)))).collect())
    }

    /// Amounts by group, several fields of one record with their signs. A flow is worth what it was on its day, so where
    /// other currencies are among it, it is asked for by day.
    async fn purses(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        (measure, part, fields): (&Measure, &Filter, &[(&str, i8)]),
        range: Range,
        axes: &Grouping,
        rates: &Rates,
    ) -> Result<BTreeMap<String, (Vec<Json>, Purse, i64)>> {
        let filter = plan.narrowed(ctx, measure, part, range);
        let today = day_of(ctx, ctx.now());
        let mut purses: BTreeMap<String, (Vec<Json>, Purse, i64)> = BTreeMap::new();
        for (turn, (field, sign)) in fields.iter().enumerate() {
            // Sums that are no money of their own are of the record's currency.
            let by = plan.with_currency(measure, field, &axes.by);
            let groups = self.aggregated(ctx, measure, filter.clone(), &by, Some(field)).await?;
            let foreign = groups.iter().any(|group| sums(group, field).iter().any(|(code, _)| *code != plan.currency));
            let (groups, by_day) = match measure.date.as_deref().filter(|_| foreign) {
                None => (groups, None),
                Some(date) => {
                    let mut by_day: Vec<GroupBy> = by.iter().filter(|axis| axis.field != date).cloned().collect();
                    by_day.push(GroupBy { field: date.to_owned(), bucket: Some(Bucket::Day) });
                    (self.aggregated(ctx, measure, filter.clone(), &by_day, Some(field)).await?, Some(date))
                }
            };
            for group in &groups {
                let day = by_day.and_then(|date| group.group.get(date)?.as_str()?.parse::<NaiveDate>().ok());
                let values = axes.by.iter().map(|axis| match (axis.bucket, day) {
                    (Some(bucket), Some(day)) if by_day == Some(axis.field.as_str()) => {
                        Json::from(bucket.start(day).to_string())
                    }
                    _ => group.group.get(&axis.field).cloned().unwrap_or(Json::Null),
                });
                let values = axes.values(values.collect());
                let entry = purses.entry(name(&values)).or_insert_with(|| (values, Purse::default(), 0));
                entry.2 += if turn == 0 { count(group) } else { 0 };
                for (code, sum) in sums(group, field) {
                    let sum = sum * Decimal::from(*sign);
                    entry.1.put(sum, &code, &plan.currency, day.unwrap_or(today), rates);
                }
            }
        }
        Ok(purses)
    }
}

/// How likely the records of a group are to be won, percent.
fn likely(plan: &Plan, measure: &Measure, group: &Group) -> Decimal {
    if let Some(own) = group.group.get("probability").and_then(Json::as_i64) {
        return Decimal::from(own);
    }
    let stage = group.group.get("stage").and_then(Json::as_str).unwrap_or_default();
    let found = plan.catalogue.pipelines.stage(&measure.entity, stage);
    found.and_then(|(pipeline, stage)| pipeline.probability(&stage.key)).map_or(Decimal::ZERO, Decimal::from)
}

/// An amount as it is said, by a number of records.
pub(super) fn amount(plan: &Plan, purse: Purse, n: i64, by: i64) -> Cell {
    let whole = purse.total().filter(|_| by > 0).and_then(|total| total.checked_div(Decimal::from(by)));
    let value = whole.map_or(Json::Null, |whole| said(whole, &plan.currency));
    Cell { value, n, by_currency: Some(purse.by_currency), missing: purse.missing, drill: None }
}

pub(super) fn filled(field: &str) -> Filter {
    Filter::Test(Test { field: field.to_owned(), op: Op::NotEmpty, value: Operand::None })
}

/// The day of the company in which an instant lies.
pub(crate) fn day_of(ctx: &Ctx, at: Timestamp) -> NaiveDate {
    at.utc().with_timezone(&ctx.zone).date_naive()
}

fn values_of(group: &Group, axes: &Grouping) -> Vec<Json> {
    let read = axes.by.iter().map(|axis| group.group.get(&axis.field).cloned().unwrap_or(Json::Null));
    axes.values(read.collect())
}

fn count(group: &Group) -> i64 {
    group.values.get("count").and_then(Json::as_i64).unwrap_or_default()
}

fn decimal(json: &Json) -> Option<Decimal> {
    let text = json.as_number()?.to_string();
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// The sums of a money field by currency.
pub(crate) fn amounts<'a>(group: &'a Group, field: &str) -> impl Iterator<Item = (String, Decimal)> + use<'a> {
    let sums = group.values.get(&format!("sum_{field}_by_currency")).and_then(Json::as_object);
    sums.into_iter().flatten().filter_map(|(code, sum)| Some((code.clone(), decimal(sum)?)))
}

/// The same, also of a field that is a number and of the currency that its group is told apart by.
fn sums(group: &Group, field: &str) -> Vec<(String, Decimal)> {
    if group.values.contains_key(&format!("sum_{field}_by_currency")) {
        return amounts(group, field).collect();
    }
    let code = group.group.get(CURRENCY).and_then(Json::as_str).map(str::to_owned);
    let plain = group.values.get(&format!("sum_{field}")).and_then(decimal);
    code.zip(plain).into_iter().collect()
}
