//! Compensation: which activity undoes which. An association leads from the compensation event at the boundary of an
//! activity to the activity that undoes it; an event sub-process that starts by compensation undoes the sub-process it
//! stands in.

use super::Problems;
use super::model::{Definition, NodeIx, NodeKind, Outcome, ScopeIx, Trigger};
use super::outline::Outline;
use super::xml;

/// Joins what is undone with what undoes it.
pub fn join(outline: &mut Outline<'_>, problems: &mut Problems) {
    for place in (0..).map(NodeIx).take(outline.nodes.len()) {
        let NodeKind::Boundary { host, trigger: Trigger::Compensation, .. } = outline.definition.node(place).kind
        else {
            continue;
        };
        let undo = match undo(outline, place) {
            Ok(undo) => undo,
            Err(problem) => {
                problems.error(&outline.definition.node(place).id, problem);
                continue;
            }
        };
        let twice = outline.definition.node(host).undo.is_some();
        if twice {
            problems.error(&outline.definition.node(place).id, "the activity has two compensation events: keep one");
        }
        if let Some(host) = outline.definition.node_mut(host) {
            host.undo = Some(undo);
        }
    }
}

/// The activity that hangs on a compensation event.
fn undo(outline: &Outline<'_>, event: NodeIx) -> Result<NodeIx, String> {
    let definition = &outline.definition;
    let node = |reference: &str| {
        let local = || reference.rsplit_once(':').and_then(|(_, local)| definition.find(local));
        definition.find(reference).or_else(local)
    };
    let end = |association, name| xml::attribute(association, name).and_then(node);
    let others = outline.associations.iter().filter_map(|association| {
        match (end(*association, "sourceRef"), end(*association, "targetRef")) {
            (Some(from), to) if from == event => to,
            (from, Some(to)) if to == event => from,
            _ => None,
        }
    });
    let activities: Vec<NodeIx> = others.filter(|other| outline.is_activity(*other)).collect();
    let [place] = activities.as_slice() else {
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
    for node in &definition.nodes {
        let parts = match &node.kind {
            NodeKind::Throw(outcome) | NodeKind::End(outcome) => outcome.parts(),
            _ => continue,
        };
        for part in parts {
            match part {
                Outcome::Compensate { activity: Some(id), .. } => {
                    if definition.find(id).is_some_and(|activity| !can_be_undone(definition, activity)) {
                        problems.warn(&node.id, format!("nothing undoes `{id}`: add a compensation event to it"));
                    }
                }
                Outcome::Cancel if !has_way_out(definition, node.scope) => problems.warn(
                    &node.id,
                    "the transaction has no cancel event at its boundary: when it is cancelled, nothing follows",
                ),
                _ => {}
            }
        }
    }
}

/// Whether something undoes the activity, or something in it.
fn can_be_undone(definition: &Definition, activity: NodeIx) -> bool {
    let mut open = vec![activity];
    while let Some(node) = open.pop() {
        if definition.is_undone(node) {
            return true;
        }
        if let NodeKind::SubProcess { scope, .. } = definition.node(node).kind {
            open.extend(&definition.scope(scope).nodes);
        }
    }
    false
}

/// Whether the nearest transaction around has a cancel event at its boundary.
fn has_way_out(definition: &Definition, scope: ScopeIx) -> bool {
    let around = std::iter::successors(Some(scope), |scope| definition.scope(*scope).parent);
    let mut owners = around.filter_map(|scope| definition.scope(scope).owner);
    let transaction = owners
        .find(|owner| matches!(definition.node(*owner).kind, NodeKind::SubProcess { transaction: true, .. }))
        .map(|owner| definition.node(owner).boundary.iter());
    transaction.into_iter().flatten().any(|event| matches!(definition.trigger(*event), Some(Trigger::Cancel)))
}
