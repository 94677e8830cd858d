//! The funnel (R44-R47): how many come to each step, how many go on, how long it takes, where they pile up.
//!
//! Over steps of processes (the journal and what is waited for now) or over stages of an entity's pipelines (stage
//! transitions). Counting is done in the database; working time, which no database knows, by reading the steps, up to
//! `MAX_MEASURED` of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kernel::db::{ConnectionTrait, QueryResult, sum_at, summed as summed_halves};
use kernel::error::FieldError;
use kernel::value::{DECIMAL_SCALE, decimal_of_sum, decimal_to_json};
use kernel::{Ctx, Result, Value};
use people::staff;
use process::runtime::Events;
use records::Catalogue;
use records::relations::Joined;
use records::shape::Asker;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, OverStatement, Query, SelectStatement, WindowStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::axes::{Axis, OWNER, STEPS};
use super::{MAX_AXES, MAX_ROWS, Period, Reports, invalid};

/// Steps of which working time is measured.
const MAX_MEASURED: u64 = 100_000;

/// What the funnel is about.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FunnelInput {
    /// `process` (steps of processes) or `stage` (stages of `entity`).
    pub over: Option<String>,
    /// Only this process definition, by id or key.
    pub definition: Option<String>,
    /// Entity of the records: of stages, or of the instances' subjects.
    pub entity: Option<String>,
    /// Up to four of `template`, `process`, `step`, `event`, `manager`, `department`, `client`, `field:<key>`; `step`
    /// by default.
    pub group_by: Vec<String>,
    /// Steps that were entered in this time.
    pub period: Period,
    /// Whether time between steps is measured in working time too.
    pub working_time: bool,
}

/// The funnel.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Funnel {
    /// Groups, the step that most come to first.
    pub items: Vec<FunnelRow>,
    /// Where things pile up: the group with the longest time of all that stand there.
    pub pile_up: Option<PileUp>,
    /// Whether working time was measured; not when there are more steps than it is measured for.
    pub working_time: bool,
}

/// One group.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FunnelRow {
    /// Value by axis; ids of definitions, people, departments, companies.
    #[schema(value_type = Object)]
    pub group: Map<String, Json>,
    /// Times a step of it was entered.
    pub entered: i64,
    /// Times it was left.
    pub left: i64,
    /// Those who stand there now.
    pub standing: i64,
    /// Instances, or records.
    pub instances: i64,
    /// Of them, those that are finished.
    pub finished: i64,
    /// Percent of them that are finished.
    pub finished_percent: f64,
    /// Share of the funnel's largest group, percent.
    pub conversion_percent: f64,
    /// Sum of the records' amounts (with `entity`); none when they are of several currencies.
    pub amount: Option<f64>,
    /// The same by currency.
    pub amounts: BTreeMap<String, f64>,
    /// Mean time in a step that was left, seconds.
    pub seconds: Option<f64>,
    /// The same in working time of the company.
    pub working_seconds: Option<f64>,
}

/// Where things pile up.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PileUp {
    /// The group.
    #[schema(value_type = Object)]
    pub group: Map<String, Json>,
    /// Those who stand there.
    pub standing: i64,
    /// How long they have stood there altogether, seconds.
    pub seconds: f64,
}

/// A funnel that can be asked for.
struct Plan {
    stages: bool,
    catalogue: Arc<Catalogue>,
    entity: Option<Joined>,
    axes: Vec<Axis>,
    events: Events,
    definition: Option<Uuid>,
    period: Period,
}

impl Reports {
    /// The funnel.
    ///
    /// # Errors
    /// `report.invalid` naming `over`, `entity` or `group_by`; `NotFound` for the definition or entity.
    pub async fn funnel(&self, ctx: &Ctx, input: &FunnelInput) -> Result<Funnel> {
        let plan = self.plan(ctx, input).await?;
        let asker = Asker::new(&plan.catalogue, ctx, self.db().backend());
        let rows = self.db().read().query_all(&counted(&asker, ctx, &plan)?).await?;
        let mut items = Vec::with_capacity(rows.len());
        let mut pile_up: Option<PileUp> = None;
        for row in &rows {
            let (item, stood) = read(&plan, row)?;
            if stood > pile_up.as_ref().map_or(0.0, |worst| worst.seconds) {
                pile_up = Some(PileUp { group: item.group.clone(), standing: item.standing, seconds: stood });
            }
            items.push(item);
        }
        self.add_amounts(&asker, ctx, &plan, &mut items).await?;
        let most = items.iter().map(|item| item.entered).max().unwrap_or(0);
        for item in &mut items {
            item.conversion_percent = percent(item.entered, most);
        }
        let working_time = input.working_time && self.measure(ctx, &plan, &mut items).await?;
        Ok(Funnel { items, pile_up, working_time })
    }

    async fn plan(&self, ctx: &Ctx, input: &FunnelInput) -> Result<Plan> {
        let stages = match input.over.as_deref() {
            None | Some("process") => false,
            Some("stage") => true,
            Some(_) => return Err(invalid("over", "`process` or `stage`")),
        };
        let catalogue = self.records.catalogue_of(ctx).await?;
        let entity = input.entity.as_deref().map(|key| catalogue.entity(key)).transpose()?;
        let entity = entity.map(|def| Joined::new(Arc::clone(def), self.db().backend()));
        if stages && !entity.as_ref().is_some_and(|joined| joined.def.staged) {
            return Err(invalid("entity", "the funnel over stages needs an entity with stages"));
        }
        if input.group_by.len() > MAX_AXES {
            return Err(invalid("group_by", format!("at most {MAX_AXES} axes")));
        }
        let mut axes = Vec::new();
        for text in &input.group_by {
            let axis = Axis::parse(ctx, text, entity.as_ref())?;
            if !axes.contains(&axis) {
                axes.push(axis);
            }
        }
        if axes.is_empty() {
            axes.push(Axis::Step);
        }
        let definition = match &input.definition {
            Some(name) => Some(self.processes.definition(ctx, name, None).await?.id),
            None => None,
        };
        let events =
            if axes.contains(&Axis::Event) { self.processes.events_of_elements(ctx).await? } else { Events::new() };
        Ok(Plan { stages, catalogue, entity, axes, events, definition, period: input.period })
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

    /// Adds mean working time; false when there are too many steps to measure.
    async fn measure(&self, ctx: &Ctx, plan: &Plan, items: &mut [FunnelRow]) -> Result<bool> {
        let mut select = grouped(&Asker::new(&plan.catalogue, ctx, self.db().backend()), ctx, plan)?;
        select.expr(Expr::col((STEPS, "entered_at"))).expr(Expr::col((STEPS, "left_at")));
        select.and_where(Expr::col((STEPS, "left_at")).is_not_null()).limit(MAX_MEASURED + 1);
        let rows = self.db().read().query_all(&select).await?;
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) > MAX_MEASURED {
            return Ok(false);
        }
        let calendar = self.processes.tasks().calendars().of_department(self.db().read(), ctx, None).await?;
        let mut sums: HashMap<String, (f64, f64)> = HashMap::new();
        for row in &rows {
            let group = Json::Object(group(plan, row)?).to_string();
            let at = |index: usize| Ok::<_, kernel::Error>(kernel::Timestamp(row.try_get_by_index(index)?));
            let (entered, left) = (at(plan.axes.len())?, at(plan.axes.len() + 1)?);
            if let Ok(seconds) = calendar.between(entered, left) {
                let sum = sums.entry(group).or_default();
                sum.0 += real(seconds);
                sum.1 += 1.0;
            }
        }
        for item in items {
            let sum = sums.get(&Json::Object(item.group.clone()).to_string());
            item.working_seconds = sum.map(|(seconds, count)| seconds / count);
        }
        Ok(true)
    }
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts and seconds far below 2^53")]
const fn real(number: i64) -> f64 {
    number as f64
}

fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { (real(part) * 1_000.0 / real(whole)).round() / 10.0 }
}

/// A select of the axes' values over all steps that the person may see.
fn grouped(asker: &Asker<'_>, ctx: &Ctx, plan: &Plan) -> Result<SelectStatement> {
    let steps = match plan.entity.as_ref().filter(|_| plan.stages) {
        Some(joined) => records::relations::stage_steps(ctx, &joined.def, plan.period.into()),
        None => process::runtime::relations::steps(ctx, plan.definition, plan.period.into()),
    };
    let mut select = Query::select();
    select.from_subquery(steps, STEPS);
    let owner = match &plan.entity {
        Some(joined) => {
            let (entity, id) = (Expr::col((STEPS, "entity")), Expr::col((STEPS, "record_id")));
            // Of records that people may not see, they get no figures either.
            records::relations::join(&mut select, asker, ctx, &joined.def, entity, id).map_err(unreadable)?;
            joined.value("owner").unwrap_or_else(|| Expr::cust("NULL"))
        }
        None => Expr::col((STEPS, "started_by")),
    };
    staff::join(&mut select, OWNER, owner);
    for (index, axis) in plan.axes.iter().enumerate() {
        select.expr_as(axis.expression(plan.entity.as_ref(), &plan.events), name(index));
    }
    Ok(select)
}

/// The name of an axis' value in SQL. By its expression nothing can be grouped: PostgreSQL takes two for different ones
/// when their parameters have other numbers.
fn name(axis: usize) -> Alias {
    Alias::new(format!("axis_{axis}"))
}

fn unreadable(error: FieldError) -> kernel::Error {
    kernel::Error::field(super::INVALID, "entity", error)
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
fn amount_of(ctx: &Ctx, plan: &Plan) -> Option<(Expr, Expr)> {
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
    let mut group = Map::new();
    for (index, axis) in plan.axes.iter().enumerate() {
        group.insert(axis.name(), Value::from_cell(axis.kind(), row, index)?.to_json());
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
        conversion_percent: 0.0,
        amount: None,
        amounts: BTreeMap::new(),
        seconds: micros.map(|micros| micros / 1e6),
        working_seconds: None,
    };
    Ok((row, stood.map_or(0.0, |micros| real(micros) / 1e6)))
}
