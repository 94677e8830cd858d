//! Plans with what came of them: the fact is the measure's own figure, asked as the reader.

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{Days, NaiveDate};
use kernel::db::ConnectionTrait;
use kernel::filter::{Filter, Op, day_start};
use kernel::value::{Currency, decimal_to_json};
use kernel::{Ctx, Result};
use records::read::Refs;
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde_json::Value as Json;
use uuid::Uuid;
use work::calendar::WorkingTime;

use super::PLAN;
use super::keep::Writes;
use super::model::{COLUMNS, PlanQuery, PlanView, Plans, Row, Who, from_row, named};
use crate::measures::{Range, RangeInput, Unit, day_of, percent_of};
use crate::{Answer, Query as Question, Reports, invalid};

/// Plans of one list.
const MAX_LISTED: u64 = 2_000;

impl Reports {
    /// Plans that the actor may see, with what came of them: the company's, their own, those of departments they are in or
    /// head and of the people there; administrators all.
    ///
    /// # Errors
    /// `report.invalid` naming `period`.
    pub async fn plans(&self, ctx: &Ctx, query: &PlanQuery) -> Result<Plans> {
        let range = query
            .period
            .as_deref()
            .map(|text| named(text).ok_or_else(|| invalid("period", "2027-01, 2027-Q1 or 2027")));
        let rows = self.plan_rows(ctx, query, range.transpose()?).await?;
        let items = self.plan_views(ctx, rows).await?;
        let mut refs = Refs::new();
        for (kind, target) in [(Who::User, "user"), (Who::Department, "department")] {
            let ids = items.iter().filter(|plan| plan.who.kind == kind).filter_map(|plan| plan.who.id);
            let ids: Vec<Uuid> = ids.collect::<BTreeSet<_>>().into_iter().collect();
            self.records.titles(ctx, target, &ids, &mut refs).await?;
        }
        Ok(Plans { items, refs: crate::refs::view(refs) })
    }

    /// The plans of exactly a time.
    pub(crate) async fn plans_between(&self, ctx: &Ctx, query: &PlanQuery, range: Range) -> Result<Vec<PlanView>> {
        let (Some(from), Some(to)) = (range.from, range.to) else { return Ok(Vec::new()) };
        let (from, to) = (day_of(ctx, from), day_of(ctx, to));
        let mut rows = self.plan_rows(ctx, query, Some((from, to))).await?;
        rows.retain(|row| row.period.from == from && row.period.to == to);
        self.plan_views(ctx, rows).await
    }

    async fn plan_rows(
        &self,
        ctx: &Ctx,
        query: &PlanQuery,
        within: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<Vec<Row>> {
        let mut select = Query::select();
        select.columns(COLUMNS).column("reason").from(PLAN).and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        if let Some((from, to)) = within {
            select.and_where(Expr::col("starts").gte(from.to_string()));
            select.and_where(Expr::col("ends").lte(to.to_string()));
        }
        if let Some(measure) = &query.measure {
            select.and_where(Expr::col("measure").eq(measure.as_str()));
        }
        for (kind, id) in [(Who::User, query.user), (Who::Department, query.department)] {
            if let Some(id) = id {
                select.and_where(Expr::col("who").eq(kind.name())).and_where(Expr::col("who_id").eq(id));
            }
        }
        for column in ["starts", "ends", "measure", "who", "who_id"] {
            select.order_by(column, Order::Asc);
        }
        let rows = self.db().read().query_all(&select.limit(MAX_LISTED).take()).await?;
        let rows = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
        let writes = self.writes(ctx).await?;
        let (me, own) = (ctx.user().map(|user| user.0), ctx.department.map(|department| department.0));
        let seen = |row: &Row| match row.who.kind {
            Who::Company => true,
            Who::User => row.who.id == me || writes.may(&row.who),
            Who::Department => row.who.id == own || writes.may(&row.who),
        };
        Ok(rows.into_iter().filter(seen).collect())
    }

    async fn plan_views(&self, ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<PlanView>> {
        let writes = self.writes(ctx).await?;
        let calendar = self.processes.tasks().calendars().of_department(self.db().read(), ctx, None).await?;
        let measures = self.measures(ctx).await?.items;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let known = measures.iter().find(|one| one.key == row.measure);
            let answer = match known {
                Some(_) => Some(self.query(ctx, &question(ctx, &row)).await?),
                None => None,
            };
            let (label, unit) = match known {
                Some(known) => (known.label.clone(), Some(known.unit)),
                None => (row.measure.clone(), None),
            };
            views.push(view(ctx, &writes, &calendar, row, (label, unit), answer));
        }
        Ok(views)
    }
}

/// The measure's own figure of whose the plan is.
fn question(ctx: &Ctx, row: &Row) -> Question {
    let range = row.period.range(ctx);
    let said = |at: Option<kernel::Timestamp>| at.map(|at| at.to_string());
    Question {
        measures: vec![row.measure.clone()],
        who: (row.who.kind != Who::Company)
            .then_some((row.who.kind == Who::Department, row.who.id.unwrap_or_default())),
        period: Some(RangeInput { from: said(range.from), to: said(range.to), preset: None }),
        ..Question::default()
    }
}

fn view(
    ctx: &Ctx,
    writes: &Writes,
    calendar: &WorkingTime,
    row: Row,
    (label, unit): (String, Option<Unit>),
    answer: Option<Answer>,
) -> PlanView {
    let (working_days, working_days_gone) = working_days(ctx, calendar, row.period.from, row.period.to);
    let fact = answer.as_ref().and_then(|answer| answer.totals.values.get(&row.measure)).cloned().unwrap_or(Json::Null);
    let drill = answer.as_ref().and_then(|answer| answer.totals.drill.get(&row.measure)).cloned().flatten();
    let currency = answer.map(|answer| answer.currency).unwrap_or_default();
    let number = decimal(&fact);
    let money = unit == Some(Unit::Money);
    let decimals = match Currency::all().find(|known| money && known.code() == currency) {
        Some(known) => known.decimals(),
        None => 2,
    };
    let told = |number: Decimal| {
        decimal_to_json(number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero).normalize())
    };
    let run_rate = number.filter(|_| working_days_gone > 0).and_then(|fact| {
        let all = fact.checked_mul(Decimal::from(working_days))?;
        all.checked_div(Decimal::from(working_days_gone))
    });
    PlanView {
        id: row.id,
        version: row.version,
        label,
        unit,
        who: row.who,
        period: row.period,
        value: decimal_to_json(row.value.normalize()),
        deviation: number.map_or(Json::Null, |fact| told(fact - row.value)),
        percent: number.map_or(Json::Null, |fact| percent_of(fact, row.value)),
        run_rate: run_rate.map_or(Json::Null, told),
        working_days,
        working_days_gone,
        may_edit: writes.may(&row.who),
        measure: row.measure,
        note: row.note,
        reason: row.reason,
        fact,
        currency,
        drill,
    }
}

fn decimal(json: &Json) -> Option<Decimal> {
    let text = json.as_number()?.to_string();
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// Working days of a time, and those of them that are over: nothing of their working time is to come.
fn working_days(ctx: &Ctx, calendar: &WorkingTime, from: NaiveDate, to: NaiveDate) -> (i64, i64) {
    let (mut all, mut gone, mut day) = (0, 0, from);
    while day < to {
        let next = day + Days::new(1);
        let (begins, ends) = (day_start(day, ctx.zone), day_start(next, ctx.zone));
        if calendar.between(begins, ends).is_ok_and(|seconds| seconds > 0) {
            all += 1;
            let now = ctx.now();
            let over = ends <= now || (begins <= now && calendar.between(now, ends).is_ok_and(|left| left == 0));
            gone += i64::from(over);
        }
        day = next;
    }
    (all, gone)
}

/// Records that are somebody's, or the people's of a department.
pub(crate) fn of_whom(field: &str, department: bool, id: Uuid) -> Filter {
    let field = if department { format!("{field}.department") } else { field.to_owned() };
    Filter::test(&field, Op::Eq, id.to_string())
}
