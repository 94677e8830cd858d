//! What keeps a drawing that can be read from being published, or will surprise its author. Not asked of versions that are
//! published already: they go on as they are.

use super::contract::{Contract, Executor};
use super::model::{Definition, ElementId, NodeKind, Outcome};
use super::starts::Beginning;
use super::{Problem, Problems};
use kernel::expression::Expression;

/// What is wrong with it, as far as the file alone tells.
pub fn problems(definition: &Definition) -> Vec<Problem> {
    let mut problems = Problems::default();
    for process in definition.processes.iter().filter(|process| process.executable && process.marked_off) {
        problems.error(
            &process.id,
            "the process is marked as not executable, and no other one of the file is executable: mark it as executable",
        );
    }
    for node in &definition.nodes {
        if let NodeKind::User(contract) = &node.kind {
            reminders(&node.id, contract, &mut problems);
        }
    }
    for process in definition.processes.iter().filter(|process| process.executable) {
        for (name, beginning) in definition.beginnings(process.scope) {
            if let (Beginning::Condition(condition), Some((node, _))) = (beginning, definition.beginning_at(&name)) {
                asks_only_for_record(&definition.node(node).id, condition, &mut problems);
            }
        }
    }
    problems.0
}

fn asks_only_for_record(id: &ElementId, condition: &Expression, problems: &mut Problems) {
    for name in condition.names().filter(|name| *name != "record") {
        let message = format!("the condition asks for `{name}`: before the process begins there is only `record`");
        problems.error(id, message);
    }
}

fn reminders(id: &ElementId, contract: &Contract, problems: &mut Problems) {
    let Some(duration) = contract.duration else { return };
    if contract.remind_before.iter().any(|before| *before >= duration) {
        problems.error(id, "v:remindBefore is not shorter than v:duration: it would remind before the task is there");
    }
}

/// The messages and signals it throws, each with the element that does.
pub fn thrown(definition: &Definition) -> impl Iterator<Item = (&ElementId, &str)> {
    definition.nodes.iter().flat_map(|node| {
        let (sent, outcomes) = match &node.kind {
            NodeKind::Send(message) => (Some(message.name.as_str()), [].as_slice()),
            NodeKind::Throw(outcome) | NodeKind::End(outcome) => (None, outcome.parts()),
            _ => (None, [].as_slice()),
        };
        let thrown = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Message(message) => Some(message.name.as_str()),
            Outcome::Signal(name) => Some(name.as_str()),
            _ => None,
        });
        sent.into_iter().chain(thrown).map(|name| (&node.id, name))
    })
}

/// The roles it names, with the element where each is named first.
pub fn roles(definition: &Definition) -> Vec<(ElementId, String)> {
    let mut roles: Vec<(ElementId, String)> = Vec::new();
    for node in &definition.nodes {
        let NodeKind::User(contract) = &node.kind else { continue };
        let escalations = contract.escalate.iter().map(|escalate| &escalate.to);
        for executor in contract.executors.iter().chain(escalations) {
            if let Executor::Role(role) = executor
                && !roles.iter().any(|(_, known)| known == role)
            {
                roles.push((ElementId::clone(&node.id), role.clone()));
            }
        }
    }
    roles
}
