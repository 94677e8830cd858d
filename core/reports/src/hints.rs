//! Hints (R47, R50): what somebody should look at, computed, each with its numbers and what opens them. A rule is said where it
//! is checked; below its threshold nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use kernel::filter::{Filter, Op, Operand, Test};
use kernel::{Ctx, Result, Timestamp};
use records::stages::Semantic;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::forecast::standing;
use crate::funnel::{Funnel, FunnelInput, FunnelRow, Mode};
use crate::measures::{Drill, MANAGER, RangeInput, day_of, text};
use crate::refs::RefsView;
use crate::{Query, Reports, invalid};

const DAY: i64 = 86_400;
/// Percent of open deals from which on a habit is a problem.
const HABIT: i64 = 10;
/// Entries of 30 days below this part (percent) of the mean before are thin.
const THIN: i64 = 70;
/// Points by which a conversion has fallen, of at least so many records.
const LEAK: f64 = 10.0;
const LEAK_RECORDS: i64 = 20;
/// Late percent, of at least so many tasks.
const LATE: f64 = 25.0;
const LATE_TASKS: i64 = 10;

/// Of what hints are asked.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct HintQuery {
    /// An entity with stages; `deal` when left out.
    pub entity: Option<String>,
    /// Only what belongs to people of this department.
    pub department: Option<Uuid>,
}

/// What somebody should look at.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Hints {
    /// The worst first.
    pub items: Vec<Hint>,
    /// What ids are called.
    #[schema(value_type = BTreeMap<Uuid, crate::refs::Named>)]
    pub refs: RefsView,
    /// The moment that it was asked at.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
}

/// One thing to look at.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Hint {
    /// `pile_up`, `thin_top`, `leak`, `slow`, `late_person`, `idle`, `overdue` or `blind`.
    pub key: String,
    /// In the reader's language, with its numbers.
    pub text: String,
    /// The numbers.
    #[schema(value_type = Object)]
    pub numbers: Map<String, Json>,
    /// Where: a stage, a person.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub group: Map<String, Json>,
    /// Opens the records.
    pub drill: Option<Drill>,
}

/// What is asked about.
struct Asked {
    entity: String,
    department: Option<Uuid>,
    now: Timestamp,
    labels: BTreeMap<String, String>,
}

impl Asked {
    fn filter(&self) -> Option<Json> {
        let department = self.department?;
        Some(Filter::test("owner.department", Op::Eq, department.to_string()).to_json())
    }

    fn part(&self, part: Filter) -> Filter {
        let department = self.department.map(|id| Filter::test("owner.department", Op::Eq, id.to_string()));
        Filter::all(department.into_iter().chain([part]).collect())
    }

    /// A time that ended or begins so many days ago.
    fn days(&self, from: i64, to: i64) -> RangeInput {
        let at = |days: i64| Some(self.now.plus_seconds(-days * DAY).to_string());
        RangeInput { from: at(from), to: at(to), preset: None }
    }
}

impl Reports {
    /// What somebody should look at.
    ///
    /// # Errors
    /// `report.invalid` naming `entity`; `NotFound` for it.
    pub async fn hints(&self, ctx: &Ctx, query: &HintQuery) -> Result<Hints> {
        let entity = query.entity.clone().unwrap_or_else(|| "deal".to_owned());
        let catalogue = self.records.catalogue_of(ctx).await?;
        let def = catalogue.entity(&entity)?;
        if !def.staged {
            return Err(invalid("entity", "hints need an entity with stages"));
        }
        let stages = catalogue.pipelines.of(&entity).flat_map(|pipeline| &pipeline.stages);
        let labels = stages.map(|stage| (stage.key.clone(), stage.name_in(ctx.locale).to_owned())).collect();
        let asked = Asked { entity: entity.clone(), department: query.department, now: ctx.now(), labels };
        let mut items = Vec::new();
        if ctx.rights.may(&entity, kernel::access::Action::Read) && def.shows_key(&ctx.rights, "stage") {
            self.of_stages(ctx, &asked, &mut items).await?;
            let open = standing(&catalogue, &entity, Semantic::Open);
            if entity == "deal" {
                self.of_deals(ctx, &asked, open, &mut items).await?;
            }
        }
        let refs = self.of_people(ctx, &asked, &mut items).await?;
        Ok(Hints { items, refs, as_of: ctx.now() })
    }

    async fn stage_funnel(&self, ctx: &Ctx, asked: &Asked, mode: Mode, period: RangeInput) -> Result<Funnel> {
        let input = FunnelInput {
            over: Some("stage".to_owned()),
            mode,
            entity: Some(asked.entity.clone()),
            group_by: vec!["step".to_owned()],
            period,
            filter: asked.filter(),
            working_time: true,
            ..FunnelInput::default()
        };
        self.funnel(ctx, &input).await
    }

    /// Pile-up, thin top, leak, slow.
    async fn of_stages(&self, ctx: &Ctx, asked: &Asked, items: &mut Vec<Hint>) -> Result<()> {
        let all = self.stage_funnel(ctx, asked, Mode::Visited, RangeInput::default()).await?;
        self.pile_up(ctx, asked, &all, items).await?;
        let made = async |from: i64, to: i64| {
            let range = asked.days(from, to).read(ctx)?;
            let within = crate::measures::within(ctx, "created_at", Some(kernel::value::FieldType::Datetime), range);
            let filter = asked.part(Filter::And(within));
            Ok::<_, kernel::Error>((self.count(ctx, &asked.entity, filter.clone()).await?, filter))
        };
        let (entries, filter) = made(30, 0).await?;
        let (before, _) = made(120, 30).await?;
        // Of three spans of thirty days together, against one: `entries < 70 % of before / 3`.
        if before > 0 && entries * 300 < before * THIN {
            let numbers = json!({"entries": entries, "before": (before + 1) / 3});
            items.push(hint(ctx, "thin_top", numbers, Map::new(), Some(drill(asked, filter))));
        }
        let now = self.stage_funnel(ctx, asked, Mode::Reached, asked.days(90, 0)).await?;
        let past = self.stage_funnel(ctx, asked, Mode::Reached, asked.days(180, 90)).await?;
        for row in &now.items {
            let Some(other) = past.items.iter().find(|other| other.group == row.group) else { continue };
            leak(ctx, asked, row, other, items);
            slow(ctx, asked, row, other, items);
        }
        Ok(())
    }

    /// A stage whose standing ones wait together for more than twice what they did on the mean of 90 days.
    async fn pile_up(&self, ctx: &Ctx, asked: &Asked, all: &Funnel, items: &mut Vec<Hint>) -> Result<()> {
        let open = |row: &&FunnelRow| row.semantic == Some(Semantic::Open) && row.standing > 0;
        let Some(worst) = &all.pile_up else { return Ok(()) };
        let Some(row) = all.items.iter().filter(open).find(|row| row.group == worst.group) else { return Ok(()) };
        let stage = row.group.get("step").and_then(Json::as_str).unwrap_or_default();
        let mean = self.waited(ctx, &asked.entity, asked.filter(), stage).await?;
        if mean > 0.0 && worst.seconds > 2.0 * mean {
            let numbers = json!({
                "stage": asked.labels.get(stage), "standing": row.standing,
                "hours": (worst.seconds / 3_600.0).round(), "mean_hours": (mean / 3_600.0).round(),
            });
            items.push(hint(ctx, "pile_up", numbers, row.group.clone(), row.standing_drill.clone()));
        }
        Ok(())
    }

    /// Deals that nobody works on, whose date has passed, of which nothing is known.
    async fn of_deals(&self, ctx: &Ctx, asked: &Asked, open: Filter, items: &mut Vec<Hint>) -> Result<()> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let def = catalogue.entity(&asked.entity)?;
        let open = asked.part(open);
        let all = self.count(ctx, &asked.entity, open.clone()).await?;
        let often = |count: i64| all > 0 && count * 100 >= all * HABIT;
        let numbers =
            |count: i64| json!({"count": count, "open": all, "percent": crate::measures::percent(count, all)});
        let query = Query { measures: vec!["deal.idle".to_owned()], filter: asked.filter(), ..Query::default() };
        let answer = self.query(ctx, &query).await?;
        let idle = answer.totals.values.get("deal.idle").and_then(Json::as_i64).unwrap_or(0);
        if often(idle) {
            let opens = answer.totals.drill.get("deal.idle").cloned().flatten();
            items.push(hint(ctx, "idle", numbers(idle), Map::new(), opens));
        }
        let shows = |key: &str| def.shows_key(&ctx.rights, key);
        let today = day_of(ctx, ctx.now()).to_string();
        let empty = |field: &str| Filter::Test(Test { field: field.to_owned(), op: Op::Empty, value: Operand::None });
        let mut rules = Vec::new();
        if shows("close_date") {
            rules.push(("overdue", Filter::test("close_date", Op::Lt, today)));
        }
        if shows("close_date") && shows("amount") {
            rules.push(("blind", Filter::Or(vec![empty("amount"), empty("close_date")])));
        }
        for (key, part) in rules {
            let filter = Filter::all(vec![open.clone(), part]);
            let count = self.count(ctx, &asked.entity, filter.clone()).await?;
            if often(count) {
                items.push(hint(ctx, key, numbers(count), Map::new(), Some(drill(asked, filter))));
            }
        }
        Ok(())
    }

    /// People who are late with their tasks.
    async fn of_people(&self, ctx: &Ctx, asked: &Asked, items: &mut Vec<Hint>) -> Result<RefsView> {
        let key = "task.late_share";
        let filter = asked.department.map(|id| Filter::test("assignee.department", Op::Eq, id.to_string()).to_json());
        let query = Query {
            measures: vec![key.to_owned()],
            group_by: vec![Json::from(MANAGER)],
            period: Some(asked.days(90, 0)),
            filter,
            ..Query::default()
        };
        let answer = self.query(ctx, &query).await?;
        let mut named = BTreeSet::new();
        for row in &answer.rows {
            let (share, tasks) = (row.figures.values.get(key).and_then(Json::as_f64), row.figures.n.get(key).copied());
            let person = row.group.get(MANAGER).and_then(Json::as_str).and_then(|text| text.parse::<Uuid>().ok());
            let (Some(share), Some(tasks), Some(person)) = (share, tasks, person) else { continue };
            if share >= LATE && tasks >= LATE_TASKS {
                let name = answer.refs.get(&person).map(|one| one.title.clone());
                let numbers = json!({"person": name, "percent": share, "tasks": tasks});
                let group = Map::from_iter([("manager".to_owned(), json!(person))]);
                let opens = row.figures.drill.get(key).cloned().flatten();
                items.push(hint(ctx, "late_person", numbers, group, opens));
                named.insert(person);
            }
        }
        Ok(answer.refs.into_iter().filter(|(id, _)| named.contains(id)).collect())
    }
}

/// A conversion that has fallen.
fn leak(ctx: &Ctx, asked: &Asked, row: &FunnelRow, before: &FunnelRow, items: &mut Vec<Hint>) {
    let (Some(now), Some(past)) = (row.conversion, before.conversion) else { return };
    if past - now >= LEAK && row.count >= LEAK_RECORDS && before.count >= LEAK_RECORDS {
        let stage = row.group.get("step").and_then(Json::as_str).unwrap_or_default();
        let numbers = json!({"stage": asked.labels.get(stage), "conversion": now, "before": past, "count": row.count});
        items.push(hint(ctx, "leak", numbers, row.group.clone(), row.drill.clone()));
    }
}

/// A stage in which things take half as long again.
fn slow(ctx: &Ctx, asked: &Asked, row: &FunnelRow, before: &FunnelRow, items: &mut Vec<Hint>) {
    let (Some(now), Some(past)) = (row.median_working_seconds, before.median_working_seconds) else { return };
    if row.semantic == Some(Semantic::Open) && past > 0.0 && now >= past * 1.5 {
        let stage = row.group.get("step").and_then(Json::as_str).unwrap_or_default();
        let hours = |seconds: f64| (seconds / 360.0).round() / 10.0;
        let numbers = json!({"stage": asked.labels.get(stage), "hours": hours(now), "before_hours": hours(past)});
        items.push(hint(ctx, "slow", numbers, row.group.clone(), row.drill.clone()));
    }
}

fn drill(asked: &Asked, filter: Filter) -> Drill {
    Drill { entity: asked.entity.clone(), filter: filter.to_json() }
}

fn hint(ctx: &Ctx, key: &str, numbers: Json, group: Map<String, Json>, drill: Option<Drill>) -> Hint {
    let Json::Object(numbers) = numbers else {
        return Hint { key: key.to_owned(), text: String::new(), numbers: Map::new(), group, drill };
    };
    let mut words = text(ctx.locale, &format!("hint.{key}"));
    for (name, value) in &numbers {
        let value = value.as_str().map_or_else(|| written(ctx.locale, value), str::to_owned);
        words = words.replace(&format!("{{{name}}}"), &value);
    }
    Hint { key: key.to_owned(), text: words, numbers, group, drill }
}

/// A number as people write it there.
fn written(locale: kernel::Locale, number: &Json) -> String {
    match locale {
        kernel::Locale::En => number.to_string(),
        kernel::Locale::Ru | kernel::Locale::Uk => number.to_string().replace('.', ","),
    }
}
