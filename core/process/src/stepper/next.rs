//! What would follow: the stepper run on a copy, for previews ("next step") and dry runs.

use std::collections::HashMap;

use kernel::text::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::event::{Command, Event, Input, Outcome, VisitOutcome};
use super::state::{Failed, State, Status, Wait, WaitId, WaitKind};
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
    pub problems: Vec<(ElementId, Message)>,
    /// Whether there is more that nobody looked at: it would have taken too long.
    pub cut: bool,
}

/// What would follow if what the wait stands for came now and brought these variables. None when there is no such wait.
pub fn after(
    definition: &Definition,
    state: &State,
    wait: WaitId,
    variables: Map<String, Json>,
    input: &Input<'_>,
) -> Option<Preview> {
    let come = Event::Come { wait, variables, result: Some(Json::Null) };
    let first = step(definition, state.clone(), come, input);
    if first.stale {
        return None;
    }
    let outcome = to_rest(definition, first, input);
    let mut preview = Preview { ended: outcome.state.status != Status::Active, ..Preview::default() };
    for command in outcome.commands {
        if let Command::Visit(visit) = command
            && visit.outcome != VisitOutcome::Cancelled
        {
            preview.visited.push(visit.element);
        }
    }
    let new = |number: &u32| *number >= state.next;
    let waits = outcome.state.waits.iter().filter(|(number, wait)| new(number) && wait.is_work());
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
    preview.cut = outcome.state.paused.is_some();
    Some(preview)
}

/// Goes on until the instance waits or the time is over.
fn to_rest(definition: &Definition, mut outcome: Outcome, input: &Input<'_>) -> Outcome {
    while outcome.state.paused.is_some() && !input.pace.is_over() {
        let visits = outcome.commands.into_iter().filter(is_told);
        let mut commands: Vec<Command> = visits.collect();
        outcome = step(definition, outcome.state, Event::Continue, input);
        commands.append(&mut outcome.commands);
        outcome.commands = commands;
    }
    outcome
}

/// Whether a preview says something of a command.
const fn is_told(command: &Command) -> bool {
    matches!(
        command,
        Command::Visit(_)
            | Command::OpenTask { .. }
            | Command::CallService { .. }
            | Command::CallProcess { .. }
            | Command::Message { .. }
            | Command::Signal { .. }
    )
}

/// Where the flows of an element lead.
pub fn branches(definition: &Definition, element: &ElementId) -> Vec<ElementId> {
    let flows = definition.find(element).map(|node| definition.node(node).outgoing.as_slice()).unwrap_or_default();
    flows.iter().map(|&flow| definition.node(definition.flow(flow).target).id.clone()).collect()
}

/// A dry run.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Elements in the order they were left.
    pub visited: Vec<ElementId>,
    /// What it would do, in order: visits, tasks, services, calls, messages and signals.
    pub told: Vec<Command>,
    /// Where it stands at the end.
    pub state: State,
    /// Whether it was stopped because it had come `limit` times, or the time was over.
    pub cut: bool,
}

/// Runs an instance from its start as if everything it waits for came at once, the oldest first: tasks, services and
/// calls are done (and bring what `answers` says of their element), of racing events the first in the file comes.
/// Boundary events and event sub-processes stay quiet. Ends when the instance is over, fails or has waited `limit`
/// times, or when the time of the input's pace is over. The instance's own time stands still.
pub fn simulate(
    definition: &Definition,
    start: Event,
    process: &ElementId,
    answers: &HashMap<ElementId, Map<String, Json>>,
    limit: u32,
    input: &Input<'_>,
) -> Simulation {
    let (mut visited, mut told) = (Vec::new(), Vec::new());
    let mut outcome = to_rest(definition, step(definition, State::new(process.clone()), start, input), input);
    for _ in 0..limit {
        if outcome.state.paused.is_some() || input.pace.is_over() {
            break;
        }
        collect(&mut visited, &mut told, outcome.commands);
        let state = outcome.state;
        let Some((wait, element)) = oldest(&state) else {
            return Simulation { visited, told, state, cut: false };
        };
        let variables = answers.get(&element).cloned().unwrap_or_default();
        let come = Event::Come { wait, variables, result: None };
        outcome = to_rest(definition, step(definition, state, come, input), input);
    }
    collect(&mut visited, &mut told, outcome.commands);
    let cut = outcome.state.paused.is_some() || oldest(&outcome.state).is_some();
    Simulation { visited, told, state: outcome.state, cut }
}

fn collect(visited: &mut Vec<ElementId>, told: &mut Vec<Command>, commands: Vec<Command>) {
    for command in commands.into_iter().filter(is_told) {
        if let Command::Visit(visit) = &command {
            visited.push(visit.element.clone());
        }
        told.push(command);
    }
}

fn oldest(state: &State) -> Option<(WaitId, ElementId)> {
    let comes = |(number, wait): (&WaitId, &Wait)| {
        let comes = wait.is_work() && wait.incident.is_none() && wait.kind != WaitKind::Condition { held: true };
        comes.then(|| (*number, wait.element.clone()))
    };
    state.waits.iter().find_map(comes)
}
