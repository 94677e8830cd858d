//! Compensation: which activity undoes which. An association leads from the compensation event at the boundary of an
//! activity to the activity that undoes it; an event sub-process that starts by compensation undoes the sub-process it
//! stands in.

use std::collections::{HashMap, HashSet};

use super::Problems;
use super::model::{Definition, NodeIx, NodeKind, Outcome, ScopeIx, Trigger};
use super::outline::Outline;
use super::xml;

/// Joins what is undone with what undoes it.
pub fn join(outline: &mut Outline<'_>, problems: &mut Problems) {
    let joined = associated(outline);
    for place in (0..).map(NodeIx).take(outline.nodes.len()) {
        let definition = &outline.definition;
        let NodeKind::Boundary { host, trigger: Trigger::Compensation, .. } = definition.node(place).kind else {
            continue;
        };
        let twice =
            definition.node(host).undo.is_some().then_some("the activity has two compensation events: keep one");
        let joined = joined.get(&place).map(Vec::as_slice).unwrap_or_default();
        match undo(outline, place, joined).and_then(|undo| twice.map_or(Ok(undo), |problem| Err(problem.to_owned()))) {
            Ok(undo) => {
                if let Some(host) = outline.definition.node_mut(host) {
                    host.undo = Some(undo);
                }
            }
            Err(problem) => problems.error(&definition.node(place).id, problem),
        }
    }
}

/// Activities that associations join with a compensation event, by that.
fn associated(outline: &Outline<'_>) -> HashMap<NodeIx, Vec<NodeIx>> {
    let definition = &outline.definition;
    let node = |reference: &str| {
        let local = || reference.rsplit_once(':').and_then(|(_, local)| definition.find(local));
        definition.find(reference).or_else(local)
    };
    let end = |association, name| xml::attribute(association, name).and_then(node);
    let mut joined: HashMap<NodeIx, Vec<NodeIx>> = HashMap::new();
    for association in &outline.associations {
        let (Some(from), Some(to)) = (end(*association, "sourceRef"), end(*association, "targetRef")) else { continue };
        for (event, other) in [(from, to), (to, from)] {
            let undone = matches!(definition.trigger(event), Some(Trigger::Compensation));
            if undone && outline.is_activity(other) {
                joined.entry(event).or_default().push(other);
            }
        }
    }
    joined
}

/// The activity that hangs on a compensation event.
fn undo(outline: &Outline<'_>, event: NodeIx, joined: &[NodeIx]) -> Result<NodeIx, String> {
    let definition = &outline.definition;
    let [place] = joined else {
        return Err("the compensation event needs one association to the activity that undoes what was done".to_owned());
    };
    let undo = definition.node(*place);
    if !undo.for_compensation {
        Err(format!("`{}` is not marked as an activity for compensation (`isForCompensation`)", undo.id))
    } else if undo.scope != definition.node(event).scope {
        Err(format!("`{}` is in another process or sub-process than what it undoes", undo.id))
    } else {
        Ok(*place)
    }
}

/// Event sub-processes that undo the sub-processes they stand in.
pub fn starts(outline: &mut Outline<'_>, problems: &mut Problems) {
    for place in (0..).map(ScopeIx).take(outline.definition.scopes.len()) {
        let definition = &outline.definition;
        let undoes = |node: &&NodeIx| {
            let NodeKind::SubProcess { scope, .. } = definition.node(**node).kind else { return false };
            let starts = &definition.scope(scope).triggered_starts;
            starts.iter().any(|start| matches!(definition.trigger(*start), Some(Trigger::Compensation)))
        };
        let found: Vec<NodeIx> = definition.scope(place).event_sub_processes.iter().filter(undoes).copied().collect();
        if let [_, second, ..] = found.as_slice() {
            let id = &definition.node(*second).id;
            problems.error(id, "two event sub-processes undo the same sub-process: keep one");
        }
        if let Some(scope) = outline.definition.scope_mut(place) {
            scope.undo = found.first().copied();
        }
    }
}

/// What is doubtful about compensation and transactions.
pub fn check(definition: &Definition, problems: &mut Problems) {
    let (undone, left) = (undone(definition), with_cancel_event(definition));
    for node in &definition.nodes {
        let parts = match &node.kind {
            NodeKind::Throw(outcome) | NodeKind::End(outcome) => outcome.parts(),
            _ => continue,
        };
        for part in parts {
            match part {
                Outcome::Compensate { activity: Some(id), .. }
                    if definition.find(id).is_some_and(|activity| !undone.contains(&activity)) =>
                {
                    problems.warn(&node.id, format!("nothing undoes `{id}`: add a compensation event to it"));
                }
                Outcome::Cancel if !transaction_around(definition, node.scope).is_some_and(|it| left.contains(&it)) => {
                    problems.warn(
                        &node.id,
                        "the transaction has no cancel event at its boundary: when it is cancelled, nothing follows",
                    );
                }
                _ => {}
            }
        }
    }
}

/// Activities that something undoes, or something in them.
fn undone(definition: &Definition) -> HashSet<NodeIx> {
    let mut found = HashSet::new();
    for node in (0..).map(NodeIx).take(definition.nodes.len()).filter(|node| definition.is_undone(*node)) {
        let mut at = Some(node);
        while let Some(node) = at.filter(|node| found.insert(*node)) {
            at = definition.scope(definition.node(node).scope).owner;
        }
    }
    found
}

/// Transactions with a cancel event at their boundary.
fn with_cancel_event(definition: &Definition) -> HashSet<NodeIx> {
    let hosts = definition.nodes.iter().filter_map(|node| match node.kind {
        NodeKind::Boundary { host, trigger: Trigger::Cancel, .. } => Some(host),
        _ => None,
    });
    hosts.collect()
}

fn transaction_around(definition: &Definition, scope: ScopeIx) -> Option<NodeIx> {
    let around = std::iter::successors(Some(scope), |scope| definition.scope(*scope).parent);
    let mut owners = around.filter_map(|scope| definition.scope(scope).owner);
    owners.find(|owner| matches!(definition.node(*owner).kind, NodeKind::SubProcess { transaction: true, .. }))
}
