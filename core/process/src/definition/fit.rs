//! What keeps a drawing that can be read from being published, or will surprise its author. Not asked of versions that are
//! published already: they go on as they are.

use super::contract::{Contract, Executor};
use super::model::{Definition, ElementId, NodeKind, Outcome, Trigger};
use super::{Problem, Problems};

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
        match &node.kind {
            NodeKind::User(contract) => reminders(&node.id, contract, &mut problems),
            NodeKind::Start { trigger: Trigger::Conditional(condition), .. }
                if definition.scope(node.scope).owner.is_none() =>
            {
                for name in condition.names().filter(|name| *name != "record") {
                    problems.error(
                        &node.id,
                        format!("the condition asks for `{name}`: before the process begins there is only `record`"),
                    );
                }
            }
            _ => {}
        }
    }
    problems.0
}

fn reminders(id: &ElementId, contract: &Contract, problems: &mut Problems) {
    let Some(duration) = contract.duration else { return };
    if contract.remind_before.iter().any(|before| *before >= duration) {
        problems.error(id, "v:remindBefore is not shorter than v:duration: it would remind before the task is there");
    }
}

/// The messages and signals it throws, each with the element that does.
pub fn thrown(definition: &Definition) -> impl Iterator<Item = (&ElementId, &str)> {
    definition.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Send(message)
        | NodeKind::Throw(Outcome::Message(message))
        | NodeKind::End(Outcome::Message(message)) => Some((&node.id, message.name.as_str())),
        NodeKind::Throw(Outcome::Signal(name)) | NodeKind::End(Outcome::Signal(name)) => {
            Some((&node.id, name.as_str()))
        }
        _ => None,
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
