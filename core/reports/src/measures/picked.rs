//! Records that no filter finds: picked from the rows, at most [`super::MAX_READ`]; and what stood at a moment of the past, by
//! the transitions between stages. Cells open them by their ids.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kernel::db::ConnectionTrait;
use kernel::filter::{Filter, Op};
use kernel::value::FieldType;
use kernel::{Ctx, Result, Timestamp, Value};
use records::rates::Rates;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use serde_json::Value as Json;
use uuid::Uuid;
use work::calendar::WORKING_DAY_SECONDS;

use super::figures::{Cell, Cells, amount, day_of, name};
use super::money::{Purse, percent};
use super::question::{Grouping, Plan, Range, is_money, refused};
use super::registry::{Formula, Measure, Pick};
use super::times::{ids, too_many};
use super::{MAX_READ, within};
use crate::Reports;
use crate::axes::STEPS;

/// Values of a group, what each client brought, and its deals.
type Group = (Vec<Json>, HashMap<Uuid, i64>, BTreeSet<Uuid>);

/// Working days without anything done after which a deal is idle.
const IDLE_DAYS: i64 = 10;
/// Days back in which a client is one that buys again.
const REPEAT_DAYS: i64 = 365;

/// A won deal.
struct Won {
    id: Uuid,
    client: Uuid,
    at: Timestamp,
    pipeline: Option<Uuid>,
}

/// The cells of groups of records.
fn cells(groups: BTreeMap<String, (Vec<Json>, BTreeSet<Uuid>)>, axes: &Grouping) -> Cells {
    let cell = |(key, (values, records)): (String, (Vec<Json>, BTreeSet<Uuid>))| {
        let n = i64::try_from(records.len()).unwrap_or(i64::MAX);
        let cell = Cell { drill: Some(ids(&records)), ..Cell::plain(n.into(), n) };
        (key, (values, cell))
    };
    let mut cells: Cells = groups.into_iter().map(cell).collect();
    if axes.by.is_empty() && cells.is_empty() {
        let none = Cell { drill: Some(ids(&BTreeSet::new())), ..Cell::plain(0.into(), 0) };
        cells.insert(name(&[]), (Vec::new(), none));
    }
    cells
}

fn instant(value: Option<&Value>) -> Option<Timestamp> {
    if let Some(Value::Instant(at)) = value { Some(*at) } else { None }
}

fn id(value: Option<&Value>) -> Option<Uuid> {
    if let Some(Value::Id(id)) = value { Some(*id) } else { None }
}

impl Reports {
    pub(super) async fn picked(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        (measure, part, pick): (&Measure, &Filter, Pick),
        range: Range,
        axes: &Grouping,
    ) -> Result<Cells> {
        if pick == Pick::Repeat {
            return self.repeat(ctx, plan, (measure, part), range, axes).await;
        }
        let chosen: HashSet<Uuid> = match pick {
            Pick::Idle => self.idle(ctx, plan, measure, part).await?,
            _ => chosen(pick, &self.won(ctx, measure, part).await?),
        };
        let filter = plan.narrowed(ctx, measure, part, range);
        let mut groups: BTreeMap<String, (Vec<Json>, BTreeSet<Uuid>)> = BTreeMap::new();
        for (id, _, values) in self.read_cells(ctx, &measure.entity, &filter, &[], axes).await? {
            if chosen.contains(&id) {
                groups.entry(name(&values)).or_insert_with(|| (values, BTreeSet::new())).1.insert(id);
            }
        }
        Ok(cells(groups, axes))
    }

    /// Open records with which nothing was done for ten working days, and for which nothing is planned.
    async fn idle(&self, ctx: &Ctx, plan: &Plan, measure: &Measure, part: &Filter) -> Result<HashSet<Uuid>> {
        let calendar = self.processes.tasks().calendars().of_department(self.db().read(), ctx, None).await?;
        // A calendar without working time knows no such moment: then nothing is idle.
        let Ok(since) = calendar.subtract(ctx.now(), IDLE_DAYS * WORKING_DAY_SECONDS) else {
            return Ok(HashSet::new());
        };
        let before = Filter::test("created_at", Op::Lt, since.to_string());
        let old = Filter::all(vec![plan.narrowed(ctx, measure, part, Range::default()), before]);
        let rows = self.read_cells(ctx, &measure.entity, &old, &[], &Grouping::none()).await?;
        let mut idle: HashSet<Uuid> = rows.into_iter().map(|(id, ..)| id).collect();
        let done = Filter::test("done_at", Op::Gte, since.to_string());
        let busy = Filter::And(vec![
            Filter::test("record_entity", Op::Eq, measure.entity.as_str()),
            Filter::any(vec![done, Filter::test("done", Op::Eq, false)]),
        ]);
        let busy = self.records.cells(ctx, "activity", Some(&busy), &["record_id"], MAX_READ).await.map_err(refused)?;
        for row in busy.ok_or_else(too_many)? {
            if let Some(id) = id(row.first()) {
                idle.remove(&id);
            }
        }
        Ok(idle)
    }

    /// Won deals with their clients, the oldest first: the company, else the first contact.
    async fn won(&self, ctx: &Ctx, measure: &Measure, part: &Filter) -> Result<Vec<Won>> {
        let fields = ["company", "closed_at", "pipeline"];
        let rows = self.read_cells(ctx, &measure.entity, part, &fields, &Grouping::none()).await?;
        let without: Vec<Uuid> =
            rows.iter().filter(|(_, values, _)| id(values.first()).is_none()).map(|(id, ..)| *id).collect();
        let contacts = self.records.first_links(ctx, &measure.entity, "contacts", &without).await?;
        let read = |(deal, values, _): (Uuid, Vec<Value>, Vec<Json>)| {
            let client = id(values.first()).or_else(|| contacts.get(&deal).copied())?;
            Some(Won { id: deal, client, at: instant(values.get(1))?, pipeline: id(values.get(2)) })
        };
        let mut won: Vec<Won> = rows.into_iter().filter_map(read).collect();
        won.sort_by_key(|deal| (deal.at, deal.id));
        Ok(won)
    }

    /// Of the clients who have won a deal in the 365 days before the end, the percent with two or more.
    async fn repeat(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        (measure, part): (&Measure, &Filter),
        range: Range,
        axes: &Grouping,
    ) -> Result<Cells> {
        let to = range.to.unwrap_or_else(|| ctx.now().plus_seconds(1));
        let year = Range { from: Some(to.plus_seconds(-REPEAT_DAYS * 86_400)), to: Some(to) };
        let clients: HashMap<Uuid, Uuid> =
            self.won(ctx, measure, part).await?.into_iter().map(|deal| (deal.id, deal.client)).collect();
        let filter = plan.narrowed(ctx, measure, part, year);
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for (id, _, values) in self.read_cells(ctx, &measure.entity, &filter, &[], axes).await? {
            if let Some(client) = clients.get(&id) {
                let group = groups.entry(name(&values)).or_insert_with(|| (values, HashMap::new(), BTreeSet::new()));
                *group.1.entry(*client).or_default() += 1;
                group.2.insert(id);
            }
        }
        let none = || (name(&[]), (Vec::new(), HashMap::new(), BTreeSet::new()));
        if axes.by.is_empty() && groups.is_empty() {
            groups.extend([none()]);
        }
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let cell = |(key, (values, clients, deals)): (String, Group)| {
            let again = clients.values().filter(|deals| **deals > 1).count();
            let value = percent(count(again), count(clients.len()));
            (key, (values, Cell { drill: Some(ids(&deals)), ..Cell::plain(value, count(deals.len())) }))
        };
        Ok(groups.into_iter().map(cell).collect())
    }

    /// What stood in an open stage at a moment of the past; amounts as they are now, at the rate of that day.
    pub(super) async fn standing_at(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        measure: &Measure,
        at: Timestamp,
        axes: &Grouping,
        rates: &Rates,
    ) -> Result<Cells> {
        let stood = self.stood(ctx, plan, measure, at).await?;
        let mut all: Vec<Filter> = plan.filter.iter().cloned().collect();
        all.extend(within(
            ctx,
            "created_at",
            Some(FieldType::Datetime),
            Range { from: None, to: Some(at.plus_seconds(1)) },
        ));
        let money = matches!(measure.formula, Formula::Sum(..)) && is_money(measure);
        let fields: &[&str] = if money { &["amount", "currency"] } else { &[] };
        let day = day_of(ctx, at);
        let mut groups: BTreeMap<String, (Vec<Json>, BTreeSet<Uuid>, Purse)> = BTreeMap::new();
        for (id, cells, values) in self.read_cells(ctx, &measure.entity, &Filter::all(all), fields, axes).await? {
            if !stood.contains(&id) {
                continue;
            }
            let group = groups.entry(name(&values)).or_insert_with(|| (values, BTreeSet::new(), Purse::default()));
            group.1.insert(id);
            if let [Value::Decimal(sum), Value::Text(code)] = cells.as_slice() {
                group.2.put(*sum, code, &plan.currency, day, rates);
            }
        }
        if axes.by.is_empty() && groups.is_empty() {
            groups.insert(name(&[]), (Vec::new(), BTreeSet::new(), Purse::default()));
        }
        let cell = |(key, (values, records, purse)): (String, (Vec<Json>, BTreeSet<Uuid>, Purse))| {
            let n = i64::try_from(records.len()).unwrap_or(i64::MAX);
            let cell = if money { amount(plan, purse, n, 1) } else { Cell::plain(Json::from(n), n) };
            (key, (values, Cell { drill: Some(ids(&records)), ..cell }))
        };
        Ok(groups.into_iter().map(cell).collect())
    }

    /// The records that stood in an open stage at a moment.
    async fn stood(&self, ctx: &Ctx, plan: &Plan, measure: &Measure, at: Timestamp) -> Result<HashSet<Uuid>> {
        let def = plan.def(measure)?;
        let pipelines = plan.catalogue.pipelines.ever(&def.key);
        let stages = pipelines.flat_map(|pipeline| pipeline.stages.iter().chain(&pipeline.gone));
        let open: Vec<String> = stages
            .filter(|stage| stage.semantic == records::stages::Semantic::Open)
            .map(|stage| stage.key.clone())
            .collect();
        let steps = records::relations::stage_steps(ctx, def, kernel::clock::Period::default());
        let step = |column: &'static str| Expr::col((STEPS, column));
        let mut select = Query::select();
        select
            .column((STEPS, "record_id"))
            .from_subquery(steps, STEPS)
            .and_where(step("entered_at").lte(at.0))
            .cond_where(Cond::any().add(step("left_at").is_null()).add(step("left_at").gt(at.0)))
            .and_where(step("step").is_in(open))
            .limit(MAX_READ + 1);
        let rows = self.db().read().query_all(&select).await?;
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) > MAX_READ {
            return Err(too_many());
        }
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}

/// The deals of won ones that are picked.
fn chosen(pick: Pick, won: &[Won]) -> HashSet<Uuid> {
    let mut before: HashMap<Uuid, HashSet<Option<Uuid>>> = HashMap::new();
    let mut chosen = HashSet::new();
    for deal in won {
        let pipelines = before.entry(deal.client).or_default();
        let picked = match pick {
            Pick::Gained => pipelines.is_empty(),
            _ => pipelines.iter().any(|pipeline| *pipeline != deal.pipeline),
        };
        if picked {
            chosen.insert(deal.id);
        }
        pipelines.insert(deal.pipeline);
    }
    chosen
}
