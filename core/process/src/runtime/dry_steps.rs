//! What a dry run tells of each step: who would get its task, until when, what would be written and sent.
//!
//! Times follow the flows: a step begins when those before it are due, as if everybody used all the time they have.

use std::collections::HashMap;

use kernel::{Ctx, RecordRef, Result, Timestamp};
use people::staff;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::Processes;
use super::commands::{executors, user_task};
use crate::definition::model::{Definition, ElementId, NodeKind};
use crate::stepper::event::{Command, Evaluated};
use crate::stepper::next::{Simulation, branches};
use crate::stepper::state::{Failed, State};

/// Steps that are told.
const MAX_STEPS: usize = 500;
/// People that are named of a step.
const MAX_PEOPLE: usize = 20;

/// A step of a dry run.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DryStep {
    /// The element.
    pub element: String,
    /// Its name; may be empty.
    pub name: String,
    /// Its place in the path, from 1.
    pub order: usize,
    /// Who would get its task; nobody for what is no task.
    pub who: Vec<DryWho>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub due: Option<Timestamp>,
    /// What would be written and sent.
    pub effects: Vec<DryEffect>,
}

/// Somebody who would get a task.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DryWho {
    /// By this role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<Uuid>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// What of the contract finds nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unresolved: Option<String>,
}

/// Something that would be written or sent.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DryEffect {
    /// `email`, `update-record`, `create-record` ..., `message`, `signal`, `call`; of a task its main action.
    pub kind: String,
    /// With what.
    #[schema(value_type = Object)]
    pub parameters: Map<String, Json>,
}

/// A gateway that nobody can answer yet.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DryOpen {
    /// The element.
    pub element: String,
    /// Where it may go on.
    pub branches: Vec<String>,
}

/// Elements that could not be left because a condition has no answer.
pub(super) fn open(definition: &Definition, state: &State) -> Vec<DryOpen> {
    let stuck = state.incidents.values().filter(|incident| matches!(incident.step, Failed::Leave));
    let shown = stuck.map(|incident| DryOpen {
        element: incident.element.to_string(),
        branches: branches(definition, &incident.element).iter().map(ToString::to_string).collect(),
    });
    shown.collect()
}

/// Everything the run says of one element, each time it comes to it.
struct Told<'a> {
    element: &'a ElementId,
    task: Option<&'a Evaluated>,
    effects: Vec<DryEffect>,
}

impl Processes {
    /// Who gets what along the way of a dry run.
    pub(super) async fn dry_steps(
        &self,
        ctx: &Ctx,
        definition: &Definition,
        ran: &Simulation,
        subject: Option<&RecordRef>,
    ) -> Result<Vec<DryStep>> {
        let told = told(definition, &ran.told);
        let mut ends: HashMap<&str, Timestamp> = HashMap::new();
        let mut steps = Vec::new();
        for (place, told) in told.iter().take(MAX_STEPS).enumerate() {
            let Some(node) = definition.find(told.element).map(|node| definition.node(node)) else { continue };
            let sources = node.incoming.iter().map(|flow| &*definition.node(definition.flow(*flow).source).id);
            let from = sources.filter_map(|source| ends.get(source)).max().copied().unwrap_or_else(|| ctx.now());
            let mut step = DryStep {
                element: told.element.to_string(),
                name: node.name.clone(),
                order: place + 1,
                who: Vec::new(),
                due: None,
                effects: told.effects.clone(),
            };
            if let (Some(evaluated), Some((_, contract))) = (told.task, user_task(definition, told.element)) {
                let rules = executors(contract, evaluated.executors.clone()).unwrap_or_default();
                let prospect = self.tasks().prospect(ctx, &rules, subject, contract.duration, from).await?;
                step.due = prospect.due;
                step.who = self.named(ctx, prospect).await?;
            }
            ends.insert(&node.id, step.due.unwrap_or(from));
            steps.push(step);
        }
        Ok(steps)
    }

    /// Rules with the people they name.
    async fn named(&self, ctx: &Ctx, prospect: work::tasks::Prospect) -> Result<Vec<DryWho>> {
        let ids: Vec<Uuid> = prospect.people.into_iter().take(MAX_PEOPLE).collect();
        let people = staff::by_ids(self.db().read(), ctx.tenant, &ids).await?;
        let role = prospect.executors.iter().find_map(|executor| executor.role.clone());
        let mut who: Vec<DryWho> = ids
            .iter()
            .filter_map(|id| people.iter().find(|user| user.id == *id))
            .map(|user| {
                let own = prospect.executors.iter().any(|executor| executor.user == Some(user.id));
                let role = if own { None } else { role.clone() };
                DryWho { role, user: Some(user.id), name: Some(user.name.clone()), unresolved: None }
            })
            .collect();
        who.extend(
            prospect.executors.into_iter().filter(|executor| executor.unresolved.is_some()).map(|executor| DryWho {
                role: executor.role,
                user: None,
                name: None,
                unresolved: executor.unresolved,
            }),
        );
        Ok(who)
    }
}

/// The path: each element when it is left, or where it still waits, with what it asks for.
fn told<'a>(definition: &Definition, commands: &'a [Command]) -> Vec<Told<'a>> {
    let mut path: Vec<Told<'a>> = Vec::new();
    let mut waiting: HashMap<u32, usize> = HashMap::new();
    // What is thrown or called stands before the visit of its element.
    let mut thrown: Vec<DryEffect> = Vec::new();
    for command in commands {
        match command {
            Command::OpenTask { wait, element, parameters } => {
                waiting.insert(*wait, path.len());
                let action = user_task(definition, element).and_then(|(_, contract)| contract.main_action.as_ref());
                let effects = action
                    .map(|action| DryEffect { kind: action.kind.clone(), parameters: parameters.main_action.clone() });
                path.push(Told { element, task: Some(parameters), effects: effects.into_iter().collect() });
            }
            Command::CallService { wait, element, parameters } => {
                waiting.insert(*wait, path.len());
                let kind = match definition.find(element).map(|node| &definition.node(node).kind) {
                    Some(NodeKind::Service(service)) => service.kind.clone(),
                    _ => "service".to_owned(),
                };
                path.push(Told {
                    element,
                    task: None,
                    effects: vec![DryEffect { kind, parameters: parameters.clone() }],
                });
            }
            Command::CallProcess { wait, element, variables } => {
                waiting.insert(*wait, path.len());
                let effect = DryEffect { kind: "call".to_owned(), parameters: variables.clone() };
                path.push(Told { element, task: None, effects: vec![effect] });
            }
            Command::Message { name, .. } => thrown.push(sent("message", name)),
            Command::Signal { name, .. } => thrown.push(sent("signal", name)),
            Command::Visit(visit) => {
                let known = visit.wait.and_then(|wait| waiting.remove(&wait)).and_then(|place| path.get_mut(place));
                match known {
                    Some(told) => told.effects.append(&mut thrown),
                    None => {
                        path.push(Told { element: &visit.element, task: None, effects: std::mem::take(&mut thrown) })
                    }
                }
            }
            _ => {}
        }
    }
    path
}

fn sent(kind: &str, name: &str) -> DryEffect {
    DryEffect { kind: kind.to_owned(), parameters: Map::from_iter([("name".to_owned(), name.into())]) }
}
