//! What would follow: the stepper run on a copy, for previews ("next step") and dry runs.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::event::{Command, Event, Input, VisitOutcome};
use super::state::{Failed, State, Status, WaitId, WaitKind};
use super::step;
use crate::definition::model::{Definition, ElementId};

/// What would follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Elements that would be left, in order, without those that an event cancels.
    pub visited: Vec<ElementId>,
    /// Elements that would then be waited for: tasks, services, calls, events, in the order they were opened.
    pub next: Vec<ElementId>,
    /// Elements of which one or several follow: a condition cannot be answered yet (it asks for what is not filled in).
    pub possible: Vec<ElementId>,
    /// Whether the instance would be over.
    pub ended: bool,
    /// Elements that would fail, with what is wrong.
    pub problems: Vec<(ElementId, String)>,
}

/// What would follow if what the wait stands for came now and brought these variables. None when there is no such wait.
pub fn after(
    definition: &Definition,
    state: &State,
    wait: WaitId,
    variables: Map<String, Json>,
    input: &Input<'_>,
) -> Option<Preview> {
    let outcome = step(definition, state.clone(), Event::Come { wait, variables, result: Some(Json::Null) }, input);
    if outcome.stale {
        return None;
    }
    let mut preview = Preview { ended: outcome.state.status != Status::Active, ..Preview::default() };
    for command in outcome.commands {
        if let Command::Visit(visit) = command
            && visit.outcome != VisitOutcome::Cancelled
        {
            preview.visited.push(visit.element);
        }
    }
    let new = |number: &u32| *number >= state.next;
    let waits = outcome.state.waits.iter().filter(|(number, wait)| new(number) && is_work(definition, &wait.element));
    preview.next = waits.map(|(_, wait)| wait.element.clone()).collect();
    for (_, incident) in outcome.state.incidents.iter().filter(|(number, _)| new(number)) {
        let branches = match incident.step {
            Failed::Leave => branches(definition, &incident.element),
            _ => Vec::new(),
        };
        if branches.is_empty() {
            preview.problems.push((incident.element.clone(), incident.message.clone()));
        }
        preview.possible.extend(branches);
    }
    Some(preview)
}

/// Where the flows of an element lead.
fn branches(definition: &Definition, element: &ElementId) -> Vec<ElementId> {
    let flows = definition.find(element).map(|node| definition.node(node).outgoing.as_slice()).unwrap_or_default();
    flows.iter().map(|&flow| definition.node(definition.flow(flow).target).id.clone()).collect()
}

fn is_work(definition: &Definition, element: &ElementId) -> bool {
    definition.find(element).is_some_and(|node| definition.node(node).kind.is_work())
}

/// A dry run.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Elements in the order they were left.
    pub visited: Vec<ElementId>,
    /// Where it stands at the end.
    pub state: State,
    /// Whether it was stopped because it had come `limit` times.
    pub cut: bool,
}

/// Runs an instance from its start as if everything it waits for came at once, the oldest first: tasks, services and
/// calls are done (and bring what `answers` says of their element), of racing events the first in the file comes.
/// Boundary events and event sub-processes stay quiet. Ends when the instance is over, fails or has waited `limit`
/// times. Time stands still.
pub fn simulate(
    definition: &Definition,
    start: Event,
    process: &ElementId,
    answers: &HashMap<ElementId, Map<String, Json>>,
    limit: u32,
    input: &Input<'_>,
) -> Simulation {
    let mut visited = Vec::new();
    let mut outcome = step(definition, State::new(process.clone()), start, input);
    for _ in 0..limit {
        collect(&mut visited, outcome.commands);
        let state = outcome.state;
        let Some((wait, element)) = oldest(definition, &state) else {
            return Simulation { visited, state, cut: false };
        };
        let variables = answers.get(&element).cloned().unwrap_or_default();
        outcome = step(definition, state, Event::Come { wait, variables, result: None }, input);
    }
    collect(&mut visited, outcome.commands);
    let cut = oldest(definition, &outcome.state).is_some();
    Simulation { visited, state: outcome.state, cut }
}

fn collect(visited: &mut Vec<ElementId>, commands: Vec<Command>) {
    visited.extend(commands.into_iter().filter_map(|command| match command {
        Command::Visit(visit) => Some(visit.element),
        _ => None,
    }));
}

fn oldest(definition: &Definition, state: &State) -> Option<(WaitId, ElementId)> {
    let comes = |(number, wait): (&WaitId, &super::state::Wait)| {
        let work = is_work(definition, &wait.element) && wait.incident.is_none();
        (work && wait.kind != WaitKind::Condition { held: true }).then(|| (*number, wait.element.clone()))
    };
    state.waits.iter().find_map(comes)
}
