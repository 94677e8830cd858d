//! The map: where an instance stands on its drawing, or where all of a definition do.
//!
//! Whoever sees the instance sees its map; so do readers of its subject, who learn no names.

mod definition;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, InstanceId, Result, Timestamp};
use people::staff;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use serde::Serialize;
use uuid::Uuid;
use work::calendar::WorkingTime;
use work::tasks::OpenTask;

use super::Processes;
use super::store::{self, Stored};
use crate::definition::model::{Definition, Node, NodeKind};
use crate::stepper::state::{Role, Status, Then, Wait, WaitId};

pub use definition::DefinitionMap;

/// How an element stands; the first is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MapState {
    /// Something went wrong and waits for an operator.
    Incident,
    /// Its deadline has passed.
    Overdue,
    /// The instance is there.
    Current,
    /// It waits there for an event.
    Waiting,
    /// It was left.
    Done,
    /// It was left, and what was done in it was undone since.
    Undone,
    /// It was cancelled.
    Cancelled,
}

impl MapState {
    const fn is_past(self) -> bool {
        matches!(self, Self::Done | Self::Undone | Self::Cancelled)
    }
}

/// Somebody who has the task of an element.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MapWho {
    /// Who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<Uuid>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The role it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<String>,
}

/// An element of an instance's map; those it never came to are not in it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MapElement {
    /// How it stands.
    pub state: MapState,
    /// How often it was entered.
    pub visits: i64,
    /// Since when it stands there; else when it was entered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub since: Option<Timestamp>,
    /// Its deadline, or when its timer comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub due: Option<Timestamp>,
    /// Seconds of working time it has taken, of its last visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub elapsed: Option<i64>,
    /// Seconds of working time it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<i64>,
    /// Who has its task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub who: Option<MapWho>,
}

/// An element that the version has no more.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct GoneElement {
    /// Its id.
    pub element: String,
    /// How often it was entered.
    pub visits: i64,
}

/// An instance on its drawing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InstanceMap {
    /// The definition.
    pub definition: Uuid,
    /// Its key.
    pub key: String,
    /// The version, whose file is the drawing.
    pub version: i64,
    /// Whether it still runs.
    pub running: bool,
    /// Elements by id.
    pub elements: BTreeMap<String, MapElement>,
    /// Flows by id: how often they were taken.
    pub flows: BTreeMap<String, i64>,
    /// Elements it was at that the version has no more.
    pub gone: Vec<GoneElement>,
}

/// The last visit of an element.
struct Last {
    entered: Timestamp,
    left: Timestamp,
    cancelled: bool,
    actor: Option<Uuid>,
}

/// Visits of an instance by element.
#[derive(Default)]
struct Visits {
    counts: BTreeMap<String, i64>,
    last: HashMap<String, Last>,
    /// Element and flow, how often.
    flows: Vec<(String, Option<String>, i64)>,
}

impl Processes {
    /// An instance on its drawing.
    ///
    /// # Errors
    /// `NotFound` when the person may see neither it nor its subject.
    pub async fn instance_map(&self, ctx: &Ctx, id: InstanceId) -> Result<InstanceMap> {
        let not_found = || Error::NotFound(format!("process instance {id}"));
        let stored = store::load(self.db.read(), ctx.tenant, id).await?.ok_or_else(not_found)?;
        let full = match (self.visible(ctx, id).await, &stored.subject) {
            (Ok(()), _) => true,
            (Err(Error::NotFound(_)), Some(subject)) => {
                self.records.get(ctx, &subject.entity, subject.id).await.map_err(|_| not_found())?;
                false
            }
            (Err(error), _) => return Err(error),
        };
        let definition = self.ready(self.db.read(), ctx.tenant, stored.definition, stored.version).await?;
        let visits = self.visits_of(ctx, id).await?;
        let tasks = self.tasks.open_of(ctx, id).await?;
        let mut map = InstanceMap {
            definition: stored.definition,
            key: definition.key.clone(),
            version: stored.version,
            running: stored.state.status == Status::Active,
            elements: BTreeMap::new(),
            flows: flows(&definition, &visits, &stored),
            gone: gone(&definition, &visits, &stored),
        };
        self.add_past(ctx, &definition, &visits, &mut map).await?;
        if map.running {
            self.add_present(ctx, &definition, &stored, &tasks, &mut map).await?;
            around(&definition, &mut map);
        }
        match full {
            true => self.add_names(ctx, &mut map).await?,
            false => map.elements.values_mut().for_each(|element| element.who = None),
        }
        Ok(map)
    }

    async fn visits_of(&self, ctx: &Ctx, id: InstanceId) -> Result<Visits> {
        let of_instance = || Expr::col("instance_id").eq(id).and(Expr::col("tenant_id").eq(ctx.tenant.0));
        let mut visits = Visits::default();
        let mut counts = Query::select();
        counts.columns(["element", "via"]).expr(Func::count(Expr::col("number"))).from("process_visit");
        counts.and_where(of_instance()).and_where(Expr::col("outcome").ne("cancelled"));
        counts.group_by_columns(["element", "via"]);
        for row in self.db.read().query_all(&counts).await? {
            let (element, count): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
            *visits.counts.entry(element.clone()).or_default() += count;
            visits.flows.push((element, row.try_get_by_index(1)?, count));
        }
        let mut newest = Query::select();
        newest.expr(Func::max(Expr::col("number"))).from("process_visit").and_where(of_instance());
        newest.group_by_col("element");
        let last = Query::select()
            .columns(["element", "entered_at", "left_at", "outcome", "actor"])
            .from("process_visit")
            .and_where(of_instance())
            .and_where(Expr::col("number").in_subquery(newest))
            .take();
        for row in self.db.read().query_all(&last).await? {
            let element: String = row.try_get_by_index(0)?;
            let last = Last {
                entered: Timestamp(row.try_get_by_index(1)?),
                left: Timestamp(row.try_get_by_index(2)?),
                cancelled: row.try_get_by_index::<String>(3)? == "cancelled",
                actor: row.try_get_by_index(4)?,
            };
            visits.counts.entry(element.clone()).or_default();
            visits.last.insert(element, last);
        }
        Ok(visits)
    }

    /// What was left.
    async fn add_past(&self, ctx: &Ctx, definition: &Definition, visits: &Visits, map: &mut InstanceMap) -> Result<()> {
        for (id, last) in &visits.last {
            let Some(node) = definition.find(id).map(|node| definition.node(node)) else { continue };
            let limit = limit(node);
            let elapsed = match matches!(node.kind, NodeKind::User(_)) {
                true => self.calendar_of(ctx, last.actor).await?.between(last.entered, last.left).ok(),
                false => None,
            };
            let element = MapElement {
                state: match last.cancelled {
                    true => MapState::Cancelled,
                    false if is_undone(definition, id, last, visits) => MapState::Undone,
                    false => MapState::Done,
                },
                visits: visits.counts.get(id).copied().unwrap_or_default(),
                since: Some(last.entered),
                due: None,
                elapsed,
                limit,
                who: None,
            };
            map.elements.insert(id.clone(), element);
        }
        Ok(())
    }

    /// Where it stands.
    async fn add_present(
        &self,
        ctx: &Ctx,
        definition: &Definition,
        stored: &Stored,
        tasks: &[OpenTask],
        map: &mut InstanceMap,
    ) -> Result<()> {
        let calendar = self.calendar_of(ctx, None).await?;
        for (number, wait) in stored.state.waits.iter().filter(|(_, wait)| wait.is_work()) {
            let Some(node) = definition.find(&wait.element).map(|node| definition.node(node)) else { continue };
            let task = tasks.iter().find(|task| task.wait == *number);
            let new = self.standing_element(ctx, node, (*number, wait), task).await?;
            add(&mut map.elements, &node.id, new);
        }
        for scope in stored.state.scopes.values() {
            let (Role::Undo { then: Then::Leave, .. }, Some(element)) = (&scope.role, &scope.element) else { continue };
            let elapsed = scope.since.and_then(|since| calendar.between(since, ctx.now()).ok());
            let (state, since) = (MapState::Waiting, scope.since);
            let waits = MapElement { state, visits: 1, since, due: None, elapsed, limit: None, who: None };
            add(&mut map.elements, element, waits);
        }
        for incident in stored.state.incidents.values() {
            let Some(node) = definition.find(&incident.element).map(|node| definition.node(node)) else { continue };
            let known = map.elements.get(&*node.id).is_some_and(|element| element.state == MapState::Incident);
            let failed = MapElement {
                state: MapState::Incident,
                visits: i64::from(!known),
                since: Some(incident.since),
                due: None,
                elapsed: None,
                limit: limit(node),
                who: None,
            };
            if !known {
                add(&mut map.elements, &node.id, failed);
            }
        }
        Ok(())
    }

    async fn standing_element(
        &self,
        ctx: &Ctx,
        node: &Node,
        (_, wait): (WaitId, &Wait),
        task: Option<&OpenTask>,
    ) -> Result<MapElement> {
        let (kind, due) = store::shown(&wait.kind);
        let due = task.and_then(|task| task.due).or(due);
        let late = kind == "task" && due.is_some_and(|due| due < ctx.now());
        let state = match kind {
            _ if wait.incident.is_some() => MapState::Incident,
            _ if late => MapState::Overdue,
            "task" | "service" | "call" => MapState::Current,
            _ => MapState::Waiting,
        };
        let calendar = self.calendar_of(ctx, task.and_then(|task| task.assignee)).await?;
        let who = task.map(|task| MapWho { user: task.assignee, name: None, role: task.role.clone() });
        Ok(MapElement {
            state,
            visits: 1,
            since: Some(wait.since),
            due,
            elapsed: calendar.between(wait.since, ctx.now()).ok(),
            limit: limit(node),
            who: who.filter(|who| who.user.is_some() || who.role.is_some()),
        })
    }

    /// The calendar that counts for somebody, or for the company.
    pub(super) async fn calendar_of(&self, ctx: &Ctx, user: Option<Uuid>) -> Result<Arc<WorkingTime>> {
        let calendars = self.tasks.calendars();
        match user {
            Some(user) => calendars.of_person(self.db.read(), ctx, user).await,
            None => calendars.of_department(self.db.read(), ctx, None).await,
        }
    }

    async fn add_names(&self, ctx: &Ctx, map: &mut InstanceMap) -> Result<()> {
        let whos = || map.elements.values().filter_map(|element| element.who.as_ref());
        let ids: Vec<Uuid> = whos().filter_map(|who| who.user).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let people = staff::by_ids(self.db.read(), ctx.tenant, &ids).await?;
        for who in map.elements.values_mut().filter_map(|element| element.who.as_mut()) {
            who.name = people.iter().find(|user| Some(user.id) == who.user).map(|user| user.name.clone());
        }
        Ok(())
    }
}

/// Whether what undoes an activity has come to its end since that was left.
fn is_undone(definition: &Definition, id: &str, last: &Last, visits: &Visits) -> bool {
    let undo = definition.find(id).and_then(|node| definition.undo_of(node));
    let undo = undo.and_then(|undo| visits.last.get(&*definition.node(undo).id));
    undo.is_some_and(|undo| !undo.cancelled && undo.left >= last.left)
}

/// Working time that a step may take.
pub(super) fn limit(node: &Node) -> Option<i64> {
    match &node.kind {
        NodeKind::User(contract) => contract.duration,
        _ => None,
    }
}

/// Several tokens at one element: the worst of them, the oldest, the first deadline.
fn add(elements: &mut BTreeMap<String, MapElement>, id: &str, new: MapElement) {
    let Some(known) = elements.get_mut(id) else {
        elements.insert(id.to_owned(), new);
        return;
    };
    let visits = known.visits + new.visits;
    if known.state.is_past() {
        *known = MapElement { visits, ..new };
        return;
    }
    known.state = known.state.min(new.state);
    known.visits = visits;
    known.since = known.since.into_iter().chain(new.since).min();
    known.due = known.due.into_iter().chain(new.due).min();
    known.elapsed = known.elapsed.into_iter().chain(new.elapsed).max();
    known.who = known.who.take().or(new.who);
}

/// Sub-processes show the worst of what stands in them.
fn around(definition: &Definition, map: &mut InstanceMap) {
    let standing: Vec<(String, MapState, Option<Timestamp>)> = map
        .elements
        .iter()
        .filter(|(_, element)| !element.state.is_past())
        .map(|(id, element)| (id.clone(), element.state, element.since))
        .collect();
    let mut inside: BTreeMap<String, (MapState, Option<Timestamp>)> = BTreeMap::new();
    for (id, state, since) in standing {
        let mut node = definition.find(&id);
        while let Some(owner) = node.and_then(|node| definition.scope(definition.node(node).scope).owner) {
            let entry = inside.entry(definition.node(owner).id.to_string()).or_insert((state, since));
            *entry = (entry.0.min(state), entry.1.into_iter().chain(since).min());
            node = Some(owner);
        }
    }
    for (id, (state, since)) in inside {
        let element = MapElement { state, visits: 1, since, due: None, elapsed: None, limit: None, who: None };
        add(&mut map.elements, &id, element);
    }
}

/// Flows that were taken; of visits that did not keep theirs, the only one there is.
fn flows(definition: &Definition, visits: &Visits, stored: &Stored) -> BTreeMap<String, i64> {
    let mut flows: BTreeMap<String, i64> = BTreeMap::new();
    let mut take = |element: &str, via: Option<&str>, count: i64| {
        let id = match via {
            Some(via) => definition.flow_by_id.contains_key(via).then(|| via.to_owned()),
            None => definition.find(element).and_then(|node| match definition.node(node).incoming.as_slice() {
                [only] => Some(definition.flow(*only).id.to_string()),
                _ => None,
            }),
        };
        if let Some(id) = id {
            *flows.entry(id).or_default() += count;
        }
    };
    for (element, via, count) in &visits.flows {
        take(element, via.as_deref(), *count);
    }
    for wait in stored.state.waits.values().filter(|wait| wait.host.is_none() && wait.guards.is_none()) {
        take(&wait.element, wait.via.as_deref(), 1);
    }
    flows
}

fn gone(definition: &Definition, visits: &Visits, stored: &Stored) -> Vec<GoneElement> {
    let mut gone: BTreeMap<&str, i64> = BTreeMap::new();
    for (element, count) in visits.counts.iter().filter(|(element, _)| definition.find(element).is_none()) {
        *gone.entry(element).or_default() += count;
    }
    for wait in stored.state.waits.values().filter(|wait| definition.find(&wait.element).is_none()) {
        *gone.entry(&wait.element).or_default() += 1;
    }
    gone.into_iter().map(|(element, visits)| GoneElement { element: element.to_owned(), visits }).collect()
}
