//! The funnel (R44-R47): how many come to each step, how many go on, how long it takes, where they pile up.
//!
//! Over steps of processes (the journal and what is waited for now) or over stages of an entity's pipelines (stage
//! transitions). Counting is done in the database; medians and working time, which no database knows, by reading the
//! steps, up to `MAX_MEASURED` of them.
//!
//! Over stages it is of a cohort: of the records that entered the pipeline in the period. How many *reached* a stage is
//! counted from how far each has come, so that skipping a stage is passing it and going back takes nothing away.
//!
//! | module | what |
//! |---|---|
//! | `steps` | what stands in each group: entries, those who stand there, times, amounts |
//! | `stages` | how many reached each stage or stood there, how many went on |

mod stages;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kernel::filter::Filter;
use kernel::{Ctx, Error, Result, Timestamp};
use process::runtime::Events;
use records::Catalogue;
use records::read::Refs;
use records::relations::Joined;
use records::shape::Asker;
use records::stages::Semantic;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::axes::Axis;
use crate::measures::{Drill, Range, RangeInput};
use crate::refs::{RefsView, StepNames};
use crate::{INVALID, MAX_AXES, Reports, invalid};

/// What is counted over stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FunnelMode)]
pub enum Mode {
    /// Records that stood there or further.
    #[default]
    Reached,
    /// Records that really stood there.
    Visited,
}

/// What the funnel is about.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FunnelInput {
    /// `process` (steps of processes) or `stage` (stages of `entity`).
    pub over: Option<String>,
    /// Over stages: what is counted.
    pub mode: Mode,
    /// Only this process definition, by id or key.
    pub definition: Option<String>,
    /// Entity of the records: of stages, or of the instances' subjects.
    pub entity: Option<String>,
    /// Up to four of `template`, `process`, `step`, `event`, `manager`, `department`, `organization`, `client`, `source`,
    /// `field:<key>`, `field:<link>.<key>`; `step` by default.
    pub group_by: Vec<String>,
    /// Steps that were entered in this time; over stages, records that were made in it.
    pub period: RangeInput,
    /// Which records of `entity`.
    #[schema(value_type = Option<Object>)]
    pub filter: Option<Json>,
    /// Whether medians and working time are measured too.
    pub working_time: bool,
}

/// The funnel.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Funnel {
    /// Groups: over stages in the order of the pipeline, else the step that most come to first.
    pub items: Vec<FunnelRow>,
    /// Where things pile up: the group with the longest time of all that stand there.
    pub pile_up: Option<PileUp>,
    /// Of when it is: kept for a minute while nothing is written.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
    /// Whether medians and working time were measured; not when there are more steps than they are measured for.
    pub working_time: bool,
    /// Over stages: what was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mode: Option<Mode>,
    /// Over stages: records of the cohort that are closed, and how many percent of them were won.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed: Option<Closed>,
    /// What ids in groups are called.
    #[schema(value_type = BTreeMap<Uuid, crate::refs::Named>)]
    pub refs: RefsView,
    /// Over processes: what steps are called, by definition and element.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>, required = false)]
    pub steps: StepNames,
}

/// Records of a cohort that are closed.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
#[schema(as = FunnelClosed)]
pub struct Closed {
    /// Won.
    pub won: i64,
    /// Lost.
    pub lost: i64,
    /// Won of both, percent; none when there are none.
    pub win_rate: Option<f64>,
}

/// One group.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
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
    /// Median time in a step that was left, seconds; measured with working time.
    pub median_seconds: Option<f64>,
    /// The same in working time of the company.
    pub median_working_seconds: Option<f64>,
    /// What the stage means.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub semantic: Option<Semantic>,
    /// Records, by the funnel's mode; instances over processes.
    pub count: i64,
    /// Percent of the first stage of the same other values.
    pub share_percent: Option<f64>,
    /// Those who reached the next stage.
    pub converted: Option<i64>,
    /// Percent of them.
    pub conversion: Option<f64>,
    /// The same without those who are open and have come just to here.
    pub decided: Option<f64>,
    /// Opens the records of `count`.
    pub drill: Option<Drill>,
    /// Opens the records of `standing`.
    pub standing_drill: Option<Drill>,
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
    mode: Mode,
    catalogue: Arc<Catalogue>,
    entity: Option<Joined>,
    axes: Vec<Axis>,
    events: Events,
    definition: Option<Uuid>,
    range: Range,
    filter: Option<Filter>,
}

impl Plan {
    fn has_step(&self) -> bool {
        self.axes.iter().any(|axis| matches!(axis, Axis::Step))
    }
}

impl Reports {
    /// The funnel.
    ///
    /// # Errors
    /// `report.invalid` naming `over`, `entity`, `group_by`, `period` or `filter`; `NotFound` for the definition or entity.
    pub async fn funnel(&self, ctx: &Ctx, input: &FunnelInput) -> Result<Funnel> {
        let plan = self.plan(ctx, input).await?;
        let asker = Asker::new(&plan.catalogue, ctx, self.db().backend());
        let (mut items, pile_up) = self.steps(&asker, ctx, &plan).await?;
        let most = items.iter().map(|item| item.entered).max().unwrap_or(0);
        for item in &mut items {
            item.conversion_percent = percent(item.entered, most);
            item.count = item.instances;
        }
        let working_time = input.working_time && self.measure(ctx, &plan, &mut items).await?;
        let closed = match plan.stages {
            true => Some(self.by_stages(&asker, ctx, &plan, &mut items).await?),
            false => None,
        };
        let refs = self.funnel_refs(ctx, &plan, &items).await?;
        let elements = match plan.stages {
            true => BTreeSet::new(),
            false => items.iter().filter_map(|item| item.group.get(Axis::Step.name())?.as_str()).collect(),
        };
        let steps = self.step_names(ctx, &elements, plan.definition).await?;
        let (as_of, mode) = (ctx.now(), plan.stages.then_some(plan.mode));
        Ok(Funnel { items, pile_up, as_of, working_time, mode, closed, refs, steps })
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
        let filter = input.filter.as_ref().filter(|filter| !filter.is_null()).map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Error::field(INVALID, "filter", error))?;
        if filter.is_some() && entity.is_none() {
            return Err(invalid("filter", "needs `entity`: of which records?"));
        }
        let axes = axes(ctx, &Asker::new(&catalogue, ctx, self.db().backend()), input, entity.as_ref())?;
        let definition = match &input.definition {
            Some(name) => Some(self.processes.definition(ctx, name, None).await?.id),
            None => None,
        };
        let events = match axes.iter().any(|axis| matches!(axis, Axis::Event)) {
            true => self.processes.events_of_elements(ctx).await?,
            false => Events::new(),
        };
        let (range, mode) = (input.period.read(ctx)?, input.mode);
        Ok(Plan { stages, mode, catalogue, entity, axes, events, definition, range, filter })
    }

    /// What the ids of groups are called, as far as the reader may know.
    async fn funnel_refs(&self, ctx: &Ctx, plan: &Plan, items: &[FunnelRow]) -> Result<RefsView> {
        let mut refs = Refs::new();
        let mut view = RefsView::new();
        for axis in &plan.axes {
            let values = items.iter().filter_map(|item| item.group.get(axis.name())?.as_str()?.parse::<Uuid>().ok());
            let ids: Vec<Uuid> = values.collect::<BTreeSet<_>>().into_iter().collect();
            match axis {
                Axis::Template if plan.stages => crate::refs::pipelines(&plan.catalogue, &ids, &mut view),
                Axis::Template => self.definition_names(ctx, &ids, &mut view).await?,
                _ => {
                    let target = match axis {
                        Axis::Manager => Some("user".to_owned()),
                        Axis::Department => Some("department".to_owned()),
                        Axis::Client(key) | Axis::Field(_, key, _) => {
                            plan.entity.as_ref().and_then(|joined| crate::refs::target(&joined.def, key))
                        }
                        Axis::Hop(name, ..) => plan.entity.as_ref().and_then(|joined| {
                            let (link, field) = name.strip_prefix("field:")?.split_once('.')?;
                            let target = plan.catalogue.find(joined.def.field(link)?.target()?)?;
                            crate::refs::target(target, field)
                        }),
                        _ => None,
                    };
                    if let Some(target) = target {
                        self.records.titles(ctx, &target, &ids, &mut refs).await?;
                    }
                }
            }
        }
        view.extend(crate::refs::view(refs));
        Ok(view)
    }
}

fn axes(ctx: &Ctx, asker: &Asker<'_>, input: &FunnelInput, entity: Option<&Joined>) -> Result<Vec<Axis>> {
    if input.group_by.len() > MAX_AXES {
        return Err(invalid("group_by", format!("at most {MAX_AXES} axes")));
    }
    let mut axes: Vec<Axis> = Vec::new();
    for text in &input.group_by {
        let axis = Axis::parse(ctx, asker, text, entity)?;
        if !axes.iter().any(|known| known.name() == axis.name()) {
            axes.push(axis);
        }
    }
    if axes.is_empty() {
        axes.push(Axis::Step);
    }
    Ok(axes)
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts and seconds far below 2^53")]
const fn real(number: i64) -> f64 {
    number as f64
}

fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { (real(part) * 1_000.0 / real(whole)).round() / 10.0 }
}

/// The same; none of nothing.
fn some_percent(part: i64, whole: i64) -> Option<f64> {
    (whole != 0).then(|| percent(part, whole))
}
