//! Aggregates: counts, sums, averages, extremes, grouped by up to four fields or calendar buckets.
//!
//! Calendar buckets of instants follow the tenant's time zone on both databases: SQL groups by quarter of an hour
//! (every offset in use is a multiple of it), and the groups are folded into days, weeks, months here.
//!
//! Amounts of different currencies are never put together: figures of money are kept by currency, and there is one
//! number only where there is one currency.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use kernel::db::{ConnectionTrait, QueryResult, sum_at, summed};
use kernel::error::FieldError;
use kernel::value::{DECIMAL_SCALE, FieldType, decimal_of_sum, decimal_to_json, unscaled};
use kernel::{Ctx, Error, FieldKey, Result, Timestamp, Value};
use rust_decimal::Decimal;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query as Sql, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::list::{Query, matching};
use crate::catalogue::{EntityDef, FieldDef};
use crate::shape::Asker;
use crate::{Records, totals};

/// Fields or buckets to group by, at most.
const MAX_GROUPS: usize = 4;
/// Measures at most.
const MAX_MEASURES: usize = 10;
/// Groups of an answer at most; more are refused.
const MAX_ROWS: usize = 20_000;
/// Groups that the database may give for calendar buckets, before they are folded.
const MAX_QUARTERS: usize = 2_000_000;
const QUARTER_HOUR: i64 = 15 * 60 * 1_000_000;

/// A calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Bucket {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// What to group by.
#[derive(Debug, Clone)]
pub struct GroupBy {
    /// Field key.
    pub field: String,
    /// For dates and times.
    pub bucket: Option<Bucket>,
}

/// What to compute.
#[derive(Debug, Clone)]
pub struct Measure {
    /// How.
    pub op: MeasureOp,
    /// Of which field (not for `count`).
    pub field: Option<String>,
}

/// How to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MeasureOp {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// An aggregate to compute over the records that match `query` (its sort, limit and cursor do not count).
#[derive(Debug, Clone, Default)]
pub struct Aggregate {
    /// Which records.
    pub query: Query,
    /// Grouped by what.
    pub group_by: Vec<GroupBy>,
    /// What to compute; a count by default.
    pub measures: Vec<Measure>,
}

/// One group of the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Field -> value.
    pub group: Map<String, Json>,
    /// `count`, `sum_amount` ... -> value; of money null when there are several currencies, and beside it
    /// `sum_amount_by_currency` -> code -> value.
    pub values: Map<String, Json>,
}

struct Axis<'a> {
    field: &'a FieldDef,
    cell: Expr,
    bucket: Option<Bucket>,
}

struct Cell {
    name: String,
    op: MeasureOp,
    field: Option<(Expr, FieldType)>,
    /// Of money: which of the currencies beside the groups is its own.
    currency: Option<usize>,
}

/// What is computed, and the currencies that amounts are told apart by.
#[derive(Default)]
struct Cells {
    all: Vec<Cell>,
    currencies: Vec<(FieldKey, Expr)>,
}

/// A measure's totals by currency; of what is no money under none.
type Totals = BTreeMap<Option<String>, Total>;

#[derive(Default, Clone)]
struct Total {
    count: i64,
    sum: i128,
    least: Option<i64>,
    most: Option<i64>,
}

impl Records {
    /// Computes an aggregate.
    ///
    /// # Errors
    /// `request.invalid` naming `filter`, `group_by` or `measures`.
    pub async fn aggregate(&self, ctx: &Ctx, entity: &str, ask: &Aggregate) -> Result<Vec<Group>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        let conn = self.db.read();
        let asker = Asker::new(&catalogue, ctx, conn.get_database_backend());
        let axes = axes(def, ctx, asker.backend(), &ask.group_by)?;
        let cells = cells(def, ctx, asker.backend(), &ask.measures)?;
        let limit =
            if axes.iter().any(|axis| axis.field.kind == FieldType::Datetime) { MAX_QUARTERS } else { MAX_ROWS };
        let kept = from_totals(ctx, def, ask, &axes);
        let mut select = statement(ctx, def, &asker, ask, &axes, &cells, kept)?;
        if !kept {
            let pieces = crate::search::needed(def, ctx, asker.home(), &ask.query);
            let search = self.search(&catalogue, ctx, def, pieces).await?;
            super::narrow::narrow_all(conn, search.as_ref(), &mut select).await?;
        }
        select.limit(u64::try_from(limit * (1 + cells.currencies.len()) + 1).unwrap_or(u64::MAX));
        let rows = conn.query_all(&select).await?;
        let mut groups: BTreeMap<Vec<String>, (Vec<Json>, Vec<Totals>)> = BTreeMap::new();
        for row in &rows {
            let keys =
                axes.iter().enumerate().map(|(i, axis)| axis_value(axis, row, i, ctx)).collect::<Result<Vec<_>>>()?;
            let order: Vec<String> = keys.iter().map(Json::to_string).collect();
            let entry = groups.entry(order).or_insert_with(|| (keys, vec![Totals::new(); cells.all.len()]));
            for (i, (cell, totals)) in cells.all.iter().zip(&mut entry.1).enumerate() {
                let code =
                    cell.currency.map(|at| row.try_get_by_index::<Option<String>>(axes.len() + at)).transpose()?;
                let total = totals.entry(code.flatten()).or_default();
                fold(total, row, axes.len() + cells.currencies.len() + i * 5)?;
            }
        }
        if groups.len() > MAX_ROWS || rows.len() > limit * (1 + cells.currencies.len()) {
            return Err(bad("group_by", FieldError::new("too_many").with("max", MAX_ROWS)));
        }
        if groups.is_empty() && axes.is_empty() {
            groups.insert(Vec::new(), (Vec::new(), vec![Totals::new(); cells.all.len()]));
        }
        Ok(groups.into_values().map(|(keys, totals)| group(&axes, &cells.all, keys, &totals)).collect())
    }
}

fn bad(field: &'static str, error: FieldError) -> Error {
    Error::field("request.invalid", field, error)
}

fn axes<'a>(def: &'a EntityDef, ctx: &Ctx, backend: DbBackend, group_by: &[GroupBy]) -> Result<Vec<Axis<'a>>> {
    if group_by.len() > MAX_GROUPS {
        return Err(bad("group_by", FieldError::new("too_many").with("max", MAX_GROUPS)));
    }
    let axis = |by: &GroupBy| {
        let found = def.field(&by.field).filter(|f| f.is_sortable() && def.shows(&ctx.rights, f));
        let Some((field, cell)) = found.and_then(|field| Some((field, field.cell(def, backend)?))) else {
            return Err(bad("group_by", FieldError::new("choice").with("value", &by.field)));
        };
        let timed = matches!(field.kind, FieldType::Date | FieldType::Datetime);
        if by.bucket.is_some() != timed {
            let reason = if timed { "a date needs a bucket" } else { "only dates have buckets" };
            return Err(bad("group_by", FieldError::new("invalid").with("reason", reason)));
        }
        Ok(Axis { field, cell, bucket: by.bucket })
    };
    group_by.iter().map(axis).collect()
}

fn cells(def: &EntityDef, ctx: &Ctx, backend: DbBackend, measures: &[Measure]) -> Result<Cells> {
    if measures.len() > MAX_MEASURES {
        return Err(bad("measures", FieldError::new("too_many").with("max", MAX_MEASURES)));
    }
    let count = [Measure { op: MeasureOp::Count, field: None }];
    let measures = if measures.is_empty() { &count[..] } else { measures };
    let mut cells = Cells::default();
    for measure in measures {
        if measure.op == MeasureOp::Count {
            cells.all.push(Cell { name: "count".into(), op: measure.op, field: None, currency: None });
            continue;
        }
        let key = measure.field.as_deref().unwrap_or_default();
        let numeric = |f: &&FieldDef| {
            let extreme = matches!(measure.op, MeasureOp::Min | MeasureOp::Max);
            (f.kind.is_number() || (extreme && f.kind == FieldType::Datetime)) && def.shows(&ctx.rights, f)
        };
        let found = def.field(key).filter(numeric);
        let Some((field, cell)) = found.and_then(|field| Some((field, field.cell(def, backend)?))) else {
            return Err(bad("measures", FieldError::new("choice").with("value", key)));
        };
        let currency = def.currency_of(field).filter(|_| field.kind == FieldType::Money);
        let currency = currency.and_then(|currency| cells.currency(def, currency, backend));
        let op_name = serde_json::to_value(measure.op).unwrap_or_default();
        let name = format!("{}_{key}", op_name.as_str().unwrap_or_default());
        cells.all.push(Cell { name, op: measure.op, field: Some((cell, field.kind)), currency });
    }
    Ok(cells)
}

impl Cells {
    /// The place of a currency's column.
    fn currency(&mut self, def: &EntityDef, field: &FieldDef, backend: DbBackend) -> Option<usize> {
        if let Some(known) = self.currencies.iter().position(|(key, _)| *key == field.key) {
            return Some(known);
        }
        self.currencies.push((field.key.clone(), field.cell(def, backend)?));
        Some(self.currencies.len() - 1)
    }
}

/// Whether the kept totals answer, without a look at the records.
fn from_totals(ctx: &Ctx, def: &EntityDef, ask: &Aggregate, axes: &[Axis<'_>]) -> bool {
    let sums = |measure: &Measure| match measure.op {
        MeasureOp::Count => true,
        MeasureOp::Sum | MeasureOp::Avg => measure.field.as_deref().is_some_and(totals::sums),
        MeasureOp::Min | MeasureOp::Max => false,
    };
    let asked = axes.iter().map(|axis| axis.field.key.clone());
    !ask.query.deleted
        && ask.query.words.is_none()
        && ask.measures.iter().all(sums)
        && totals::answer(def, ctx, ask.query.filter.as_ref(), asked)
}

/// For every measure five columns: how many values, the sum's upper and lower half, least, most. Of kept totals, `kept`, rows add up.
fn statement(
    ctx: &Ctx,
    def: &EntityDef,
    asker: &Asker<'_>,
    ask: &Aggregate,
    axes: &[Axis<'_>],
    cells: &Cells,
    kept: bool,
) -> Result<SelectStatement> {
    let mut select = Sql::select();
    match kept {
        true => totals::instead_of(def, ctx.tenant, &mut select),
        false => drop(select.from(def.table)),
    }
    for (i, axis) in axes.iter().enumerate() {
        let expr = match axis.field.kind {
            FieldType::Datetime => axis.cell.clone().div(QUARTER_HOUR),
            _ => axis.cell.clone(),
        };
        select.expr_as(expr, Alias::new(format!("g{i}"))).add_group_by([Expr::col(Alias::new(format!("g{i}")))]);
    }
    let bigint = |expr: Expr| if asker.backend() == DbBackend::Postgres { expr.cast_as("bigint") } else { expr };
    for (i, (_, currency)) in cells.currencies.iter().enumerate() {
        let name = || Alias::new(format!("c{i}"));
        select.expr_as(currency.clone(), name()).add_group_by([Expr::col(name())]);
    }
    for cell in &cells.all {
        match &cell.field {
            None => {
                select.expr(if kept {
                    added(def, "records")
                } else {
                    Func::count(Expr::col((def.table, "id"))).into()
                });
                for _ in 0..4 {
                    select.expr(bigint(Expr::cust("NULL")));
                }
            }
            // Least and most are not kept.
            Some(_) if kept => {
                select.expr(added(def, "amounts")).exprs(totals::amount(def));
                select.expr(bigint(Expr::cust("NULL"))).expr(bigint(Expr::cust("NULL")));
            }
            Some((value, kind)) => {
                let column = || value.clone();
                select.expr(Func::count(column()));
                match kind {
                    FieldType::Datetime => select.exprs([bigint(Expr::cust("NULL")), bigint(Expr::cust("NULL"))]),
                    _ => select.exprs(summed(value)),
                };
                select.expr(Func::min(column())).expr(Func::max(column()));
            }
        }
    }
    if kept && !(axes.is_empty() && cells.currencies.is_empty()) {
        // What has left a group is still among the differences.
        select.and_having(added(def, "records").ne(0));
    }
    matching(&mut select, ctx, def, asker, &ask.query)?;
    Ok(select)
}

/// A column of kept totals, added up.
fn added(def: &EntityDef, column: &'static str) -> Expr {
    let sum = Expr::expr(Func::sum(Expr::col((def.table, column)))).cast_as("bigint");
    Func::coalesce([sum, Expr::val(0_i64)]).into()
}

fn axis_value(axis: &Axis<'_>, row: &QueryResult, index: usize, ctx: &Ctx) -> Result<Json> {
    let Some(bucket) = axis.bucket else { return Ok(Value::from_cell(axis.field.kind, row, index)?.to_json()) };
    let day = match axis.field.kind {
        FieldType::Datetime => row
            .try_get_by_index::<Option<i64>>(index)?
            .map(|quarter| Timestamp(quarter.saturating_mul(QUARTER_HOUR)).utc().with_timezone(&ctx.zone).date_naive()),
        _ => match Value::from_cell(FieldType::Date, row, index)? {
            Value::Date(day) => Some(day),
            _ => None,
        },
    };
    Ok(day.map_or(Json::Null, |day| Json::String(bucket.start(day).to_string())))
}

impl Bucket {
    /// The period of a value: its first day, in a time zone; none of what is no date.
    pub fn of(self, value: &Value, zone: chrono_tz::Tz) -> Option<NaiveDate> {
        match value {
            Value::Date(day) => Some(self.start(*day)),
            Value::Instant(at) => Some(self.start(at.utc().with_timezone(&zone).date_naive())),
            _ => None,
        }
    }

    /// The first day of the period after the one that begins on a day.
    pub fn next(self, first: NaiveDate) -> NaiveDate {
        let months = |count: u32| first.checked_add_months(Months::new(count)).unwrap_or(first);
        match self {
            Self::Day => first + Days::new(1),
            Self::Week => first + Days::new(7),
            Self::Month => months(1),
            Self::Quarter => months(3),
            Self::Year => months(12),
        }
    }

    /// The first day of the period that a day is in.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        let month = |month0: u32| NaiveDate::from_ymd_opt(day.year(), month0 + 1, 1).unwrap_or(day);
        match self {
            Self::Day => day,
            Self::Week => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
            Self::Month => month(day.month0()),
            Self::Quarter => month(day.month0() / 3 * 3),
            Self::Year => month(0),
        }
    }
}

fn fold(total: &mut Total, row: &QueryResult, at: usize) -> Result<()> {
    total.count += row.try_get_by_index::<i64>(at)?;
    total.sum += sum_at(row, at + 1)?.unwrap_or(0);
    let least: Option<i64> = row.try_get_by_index(at + 3)?;
    let most: Option<i64> = row.try_get_by_index(at + 4)?;
    total.least = [total.least, least].into_iter().flatten().min();
    total.most = [total.most, most].into_iter().flatten().max();
    Ok(())
}

fn group(axes: &[Axis<'_>], cells: &[Cell], keys: Vec<Json>, totals: &[Totals]) -> Group {
    let group = axes.iter().map(|axis| axis.field.key.to_string()).zip(keys).collect();
    let mut values = Map::new();
    for (cell, totals) in cells.iter().zip(totals) {
        // Rows without an amount have nothing in any currency.
        let mut some = totals.iter().filter(|(_, total)| cell.currency.is_none() || total.count > 0);
        let value = match (some.next(), some.next()) {
            (Some((_, one)), None) => cell_value(cell, one),
            (None, _) => cell_value(cell, &Total::default()),
            _ => Json::Null,
        };
        values.insert(cell.name.clone(), value);
        if cell.currency.is_some() {
            let some = totals.iter().filter(|(_, total)| total.count > 0);
            let by_code = some.map(|(code, total)| (code.clone().unwrap_or_default(), cell_value(cell, total)));
            values.insert(format!("{}_by_currency", cell.name), Json::Object(by_code.collect()));
        }
    }
    Group { group, values }
}

fn cell_value(cell: &Cell, total: &Total) -> Json {
    let kind = cell.field.as_ref().map_or(FieldType::Integer, |(_, kind)| *kind);
    let plain = |stored: i64| match kind {
        FieldType::Datetime => Value::Instant(Timestamp(stored)).to_json(),
        FieldType::Integer | FieldType::Duration => Json::from(stored),
        _ => decimal_to_json(unscaled(stored)),
    };
    let scale = if matches!(kind, FieldType::Integer | FieldType::Duration) { 0 } else { DECIMAL_SCALE };
    let sum = decimal_of_sum(total.sum, scale);
    match cell.op {
        MeasureOp::Count => Json::from(total.count),
        MeasureOp::Sum => decimal_to_json(sum),
        MeasureOp::Avg if total.count == 0 => Json::Null,
        MeasureOp::Avg => decimal_to_json((sum / Decimal::from(total.count)).round_dp(4).normalize()),
        MeasureOp::Min => total.least.map_or(Json::Null, plain),
        MeasureOp::Max => total.most.map_or(Json::Null, plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_begin_where_calendars_say() {
        let day: NaiveDate = "2026-11-22".parse().unwrap();
        let start = |bucket: Bucket| bucket.start(day).to_string();
        assert_eq!(start(Bucket::Week), "2026-11-16");
        assert_eq!(start(Bucket::Month), "2026-11-01");
        assert_eq!(start(Bucket::Quarter), "2026-10-01");
        assert_eq!(start(Bucket::Year), "2026-01-01");
    }
}
