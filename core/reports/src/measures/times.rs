//! Figures of times: what no database computes. Rows are read, samples put together group by group.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::db::ConnectionTrait;
use kernel::filter::{Filter, Op, Operand, Test};
use kernel::value::FieldType;
use kernel::{Ctx, Result, Timestamp, Value};
use records::read::GroupBy;
use records::relations::Joined;
use records::shape::Asker;
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::Value as Json;
use std::sync::Arc;
use uuid::Uuid;
use work::calendar::{WORKING_DAY_SECONDS, WorkingTime};

use super::MAX_READ;
use super::figures::{Cell, Cells, name};
use super::money::percent;
use super::question::{Grouping, Plan, Range, STAGE, refused};
use super::registry::{Formula, Measure, Span, Stat, Unit};
use crate::axes::STEPS;
use crate::{Reports, invalid};

/// The date of steps: when they were left.
pub(super) const LEFT: &str = "left";
/// Ids of a drill at most.
const MAX_IDS: usize = kernel::filter::MAX_LIST;
/// Records whose activities are asked for at once.
const AT_ONCE: usize = kernel::filter::MAX_LIST;

/// Samples of a group, and the records behind them.
#[derive(Default)]
struct Sample {
    values: Vec<Json>,
    seconds: Vec<i64>,
    records: BTreeSet<Uuid>,
    /// Of a share: how many of `seconds` count.
    late: i64,
}

type Samples = BTreeMap<String, Sample>;

pub(super) fn too_many() -> kernel::Error {
    invalid("filter", format!("more than {MAX_READ} records: choose a shorter time, or fewer of them"))
}

impl Reports {
    pub(super) async fn times(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        measure: &Measure,
        range: Range,
        axes: &Grouping,
    ) -> Result<Cells> {
        let (part, span, stat) = match &measure.formula {
            Formula::Time(part, span, stat) => (part, *span, *stat),
            _ => return self.late(ctx, plan, measure, range, axes).await,
        };
        let calendar = self.processes.tasks().calendars().of_department(self.db().read(), ctx, None).await?;
        let samples = match span {
            Span::Fields(from, to) => {
                let filter = plan.narrowed(ctx, measure, part, range);
                self.spans(ctx, measure, &filter, axes, (from, to), &calendar).await?
            }
            Span::FirstAnswer => {
                let filter = plan.narrowed(ctx, measure, part, range);
                self.first_answers(ctx, measure, &filter, axes, &calendar).await?
            }
            Span::Visits { clock } => {
                let calendar = (!clock).then_some(&*calendar);
                self.visits(ctx, plan, measure, range, axes, calendar).await?
            }
        };
        let exact = matches!(span, Span::Fields(..));
        let cell = |(key, sample): (String, Sample)| {
            let n = i64::try_from(sample.records.len()).unwrap_or(i64::MAX);
            let mut cell = Cell::plain(said(measure.unit, stat, sample.seconds), n);
            if !exact {
                cell.drill = Some(ids(&sample.records));
            }
            (key, (sample.values, cell))
        };
        let mut cells: Cells = samples.into_iter().map(cell).collect();
        if axes.by.is_empty() && cells.is_empty() {
            cells.insert(name(&[]), (Vec::new(), Cell::plain(Json::Null, 0)));
        }
        Ok(cells)
    }

    /// The cells of records that match: their id, the fields, the axes.
    pub(super) async fn read_cells(
        &self,
        ctx: &Ctx,
        entity: &str,
        filter: &Filter,
        fields: &[&str],
        axes: &Grouping,
    ) -> Result<Vec<(Uuid, Vec<Value>, Vec<Json>)>> {
        let mut wanted = vec!["id"];
        wanted.extend(fields);
        wanted.extend(axes.by.iter().map(|axis| axis.field.as_str()));
        let rows = self.records.cells(ctx, entity, Some(filter), &wanted, MAX_READ).await.map_err(refused)?;
        let read = |mut row: Vec<Value>| {
            let groups = row.split_off(1 + fields.len());
            let rest = row.split_off(1);
            let id = if let Some(Value::Id(id)) = row.first() { *id } else { Uuid::nil() };
            let values = groups.iter().zip(&axes.by).map(|(value, axis)| grouped(ctx, axis, value));
            (id, rest, axes.values(values.collect()))
        };
        Ok(rows.ok_or_else(too_many)?.into_iter().map(read).collect())
    }

    async fn spans(
        &self,
        ctx: &Ctx,
        measure: &Measure,
        filter: &Filter,
        axes: &Grouping,
        (from, to): (&str, &str),
        calendar: &WorkingTime,
    ) -> Result<Samples> {
        let mut samples = Samples::new();
        for (id, values, group) in self.read_cells(ctx, &measure.entity, filter, &[from, to], axes).await? {
            if let [Value::Instant(from), Value::Instant(to)] = values.as_slice() {
                sample(&mut samples, group, id, calendar.between(*from, *to).unwrap_or_default());
            }
        }
        Ok(samples)
    }

    /// From the making of each lead to the first call, letter or message to it, or move of it by a person.
    async fn first_answers(
        &self,
        ctx: &Ctx,
        measure: &Measure,
        filter: &Filter,
        axes: &Grouping,
        calendar: &WorkingTime,
    ) -> Result<Samples> {
        let rows = self.read_cells(ctx, &measure.entity, filter, &["created_at"], axes).await?;
        let made = |values: &[Value]| if let Some(Value::Instant(at)) = values.first() { Some(*at) } else { None };
        let mut first: HashMap<Uuid, Timestamp> = HashMap::new();
        for some in rows.chunks(AT_ONCE) {
            let ids: Vec<Uuid> = some.iter().map(|(id, ..)| *id).collect();
            for (id, at) in self.reached_out(ctx, &measure.entity, &ids).await? {
                let known = first.entry(id).or_insert(at);
                *known = (*known).min(at);
            }
        }
        let began: HashMap<Uuid, Timestamp> = rows.iter().filter_map(|(id, v, _)| Some((*id, made(v)?))).collect();
        for (id, at) in self.moves(ctx, &measure.entity).await? {
            if began.get(&id).is_some_and(|began| at > *began) {
                let known = first.entry(id).or_insert(at);
                *known = (*known).min(at);
            }
        }
        let mut samples = Samples::new();
        for (id, values, group) in rows {
            if let (Some(from), Some(to)) = (made(&values), first.get(&id)) {
                sample(&mut samples, group, id, calendar.between(from, *to).unwrap_or_default());
            }
        }
        Ok(samples)
    }

    /// Outgoing calls, letters and messages about these records that were done, as far as the reader sees them.
    async fn reached_out(&self, ctx: &Ctx, entity: &str, ids: &[Uuid]) -> Result<Vec<(Uuid, Timestamp)>> {
        let any = |field: &str, values: Vec<String>| {
            let values = values.into_iter().map(|value| Operand::One(Json::from(value))).collect();
            Filter::Test(Test { field: field.to_owned(), op: Op::In, value: Operand::Many(values) })
        };
        let filter = Filter::And(vec![
            Filter::test("record_entity", Op::Eq, entity),
            any("record_id", ids.iter().map(ToString::to_string).collect()),
            any("kind", ["call", "email", "message"].map(str::to_owned).to_vec()),
            Filter::test("direction", Op::Eq, "outgoing"),
            Filter::test("done", Op::Eq, true),
        ]);
        let fields = ["record_id", "done_at"];
        let rows = self.records.cells(ctx, "activity", Some(&filter), &fields, MAX_READ).await.map_err(refused)?;
        let read = |row: Vec<Value>| match row.as_slice() {
            [Value::Id(id), Value::Instant(at)] => Some((*id, *at)),
            _ => None,
        };
        Ok(rows.ok_or_else(too_many)?.into_iter().filter_map(read).collect())
    }

    /// When people have moved records to a stage.
    async fn moves(&self, ctx: &Ctx, entity: &str) -> Result<Vec<(Uuid, Timestamp)>> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let steps = records::relations::stage_steps(ctx, catalogue.entity(entity)?, kernel::clock::Period::default());
        let mut select = Query::select();
        select
            .columns([(STEPS, "record_id"), (STEPS, "entered_at")])
            .from_subquery(steps, STEPS)
            .and_where(Expr::col((STEPS, "started_by")).is_not_null())
            .limit(MAX_READ + 1);
        let rows = self.db().read().query_all(&select).await?;
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) > MAX_READ {
            return Err(too_many());
        }
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, Timestamp(row.try_get_by_index(1)?)))).collect()
    }

    /// The visits of records to stages that were left in a time: those of a record to one stage together.
    async fn visits(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        measure: &Measure,
        range: Range,
        axes: &Grouping,
        calendar: Option<&WorkingTime>,
    ) -> Result<Samples> {
        let (def, backend) = (plan.def(measure)?, self.db().backend());
        let joined = Joined::new(Arc::clone(def), backend);
        let asker = Asker::new(&plan.catalogue, ctx, backend);
        let steps = records::relations::stage_steps(ctx, def, kernel::clock::Period::default());
        let step = |column: &'static str| Expr::col((STEPS, column));
        let mut select = Query::select();
        for column in ["record_id", "step", "entered_at", "left_at"] {
            select.column((STEPS, column));
        }
        select.from_subquery(steps, STEPS);
        let wrong = |error| kernel::Error::field(crate::INVALID, "filter", error);
        records::relations::join(&mut select, &asker, ctx, def, step("entity"), step("record_id")).map_err(wrong)?;
        let mut kinds = Vec::with_capacity(axes.by.len());
        for axis in &axes.by {
            let found = records::relations::readable(&asker, ctx, &joined, &axis.field);
            let (value, kind) = match axis.field == STAGE {
                true => (step("step"), FieldType::Stage),
                false => found.unwrap_or_else(|| (Expr::cust("NULL"), FieldType::Text)),
            };
            select.expr(value);
            kinds.push(kind);
        }
        select.and_where(step("left_at").is_not_null());
        if let Some(from) = range.from {
            select.and_where(step("left_at").gte(from.0));
        }
        if let Some(to) = range.to {
            select.and_where(step("left_at").lt(to.0));
        }
        if let Some(filter) = &plan.filter {
            select.and_where(asker.asked(def, filter).map_err(wrong)?);
        }
        select.limit(MAX_READ + 1);
        let rows = self.db().read().query_all(&select).await?;
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) > MAX_READ {
            return Err(too_many());
        }
        let mut together: BTreeMap<(String, Uuid, String), (Vec<Json>, i64)> = BTreeMap::new();
        for row in &rows {
            let (id, stage): (Uuid, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let at = |index: usize| Ok::<_, kernel::Error>(Timestamp(row.try_get_by_index(index)?));
            let (entered, left) = (at(2)?, at(3)?);
            let mut group = Vec::with_capacity(axes.by.len());
            for (index, (axis, kind)) in axes.by.iter().zip(&kinds).enumerate() {
                group.push(grouped(ctx, axis, &Value::from_cell(*kind, row, 4 + index)?));
            }
            let group = axes.values(group);
            let seconds = match calendar {
                Some(calendar) => calendar.between(entered, left).unwrap_or_default(),
                None => (left.0 - entered.0) / 1_000_000,
            };
            together.entry((name(&group), id, stage)).or_insert_with(|| (group, 0)).1 += seconds;
        }
        let mut samples = Samples::new();
        for ((_, id, _), (group, seconds)) in together {
            sample(&mut samples, group, id, seconds);
        }
        Ok(samples)
    }

    /// The share of tasks whose deadline lies in the time and has passed that were done behind it or are still open.
    async fn late(&self, ctx: &Ctx, plan: &Plan, measure: &Measure, range: Range, axes: &Grouping) -> Result<Cells> {
        let passed = late_base(ctx);
        let filter = plan.narrowed(ctx, measure, &passed, range);
        let fields = ["due", "completed_at", "state"];
        let mut samples = Samples::new();
        for (id, values, group) in self.read_cells(ctx, &measure.entity, &filter, &fields, axes).await? {
            let late = match values.as_slice() {
                [Value::Instant(due), Value::Instant(done), _] => done > due,
                _ => true,
            };
            let sample = sample(&mut samples, group, id, 0);
            sample.late += i64::from(late);
        }
        let cell = |(key, sample): (String, Sample)| {
            let n = i64::try_from(sample.seconds.len()).unwrap_or(i64::MAX);
            (key, (sample.values, Cell::plain(percent(sample.late, n), n)))
        };
        let mut cells: Cells = samples.into_iter().map(cell).collect();
        if axes.by.is_empty() && cells.is_empty() {
            cells.insert(name(&[]), (Vec::new(), Cell::plain(Json::Null, 0)));
        }
        Ok(cells)
    }
}

/// Tasks that count for lateness: their deadline has passed, and nobody has called them off.
pub(super) fn late_base(ctx: &Ctx) -> Filter {
    Filter::And(vec![Filter::test("state", Op::Ne, "cancelled"), Filter::test("due", Op::Lt, ctx.now().to_string())])
}

/// The value of an axis in a group.
pub(super) fn grouped(ctx: &Ctx, axis: &GroupBy, value: &Value) -> Json {
    match axis.bucket {
        Some(bucket) => bucket.of(value, ctx.zone).map_or(Json::Null, |day| Json::from(day.to_string())),
        None => value.to_json(),
    }
}

fn sample(samples: &mut Samples, group: Vec<Json>, record: Uuid, seconds: i64) -> &mut Sample {
    let sample = samples.entry(name(&group)).or_default();
    sample.values = group;
    sample.seconds.push(seconds);
    sample.records.insert(record);
    sample
}

/// Opens exactly these records; nothing when there are too many to be named.
pub(super) fn ids(records: &BTreeSet<Uuid>) -> Option<Filter> {
    let named = || records.iter().map(|id| Operand::One(Json::from(id.to_string()))).collect();
    (records.len() <= MAX_IDS)
        .then(|| Filter::Test(Test { field: "id".to_owned(), op: Op::In, value: Operand::Many(named()) }))
}

/// A figure of seconds as it is said.
pub(super) fn said(unit: Unit, stat: Stat, mut seconds: Vec<i64>) -> Json {
    seconds.sort_unstable();
    let count = seconds.len();
    let at = |index: usize| seconds.get(index).copied().map(Decimal::from);
    let figure = match stat {
        Stat::Median if count.is_multiple_of(2) => {
            let both = (count / 2).checked_sub(1).and_then(|lower| Some(at(lower)? + at(count / 2)?));
            both.map(|both| both / Decimal::TWO)
        }
        Stat::Median => at(count / 2),
        // The nearest rank: the least of which 90 of 100 are no longer.
        Stat::P90 => (count * 9).div_ceil(10).checked_sub(1).and_then(at),
        Stat::Mean => {
            let sum: Decimal = seconds.iter().map(|one| Decimal::from(*one)).sum();
            sum.checked_div(Decimal::from(count))
        }
    };
    let (by, decimals) = match unit {
        Unit::Days => (Decimal::from(WORKING_DAY_SECONDS), 1),
        _ => (Decimal::ONE, 0),
    };
    figure.map_or(Json::Null, |figure| {
        let rounded = (figure / by).round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        kernel::value::decimal_to_json(rounded)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_times_are_what_statistics_call_them() {
        let check = |stat: Stat, seconds: &[i64], expected: Json| {
            assert_eq!(said(Unit::Seconds, stat, seconds.to_vec()), expected, "{stat:?} {seconds:?}");
        };
        check(Stat::Median, &[], Json::Null);
        check(Stat::Median, &[5], 5.into());
        check(Stat::Median, &[9, 1, 5], 5.into());
        check(Stat::Median, &[1, 4], 3.into());
        check(Stat::P90, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 9.into());
        check(Stat::P90, &[7], 7.into());
        check(Stat::Mean, &[1, 2, 2], 2.into());
        assert_eq!(said(Unit::Days, Stat::Median, vec![8 * 3_600 * 3 / 2]), Json::from(1.5));
    }
}
