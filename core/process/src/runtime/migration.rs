//! Whether an instance can stand in another version as it stands in its own, and its state under the names there.

use std::collections::{BTreeMap, HashMap};

use super::operations::MigrationProblem;
use crate::definition::model::{Definition, ElementId, Node};
use crate::stepper::state::{Done, DoneKind, Failed, OnTheWay, Role, State};

/// Elements at which the instance stands.
fn standing(state: &State) -> Vec<ElementId> {
    let mut found: Vec<ElementId> = state.waits.values().map(|wait| wait.element.clone()).collect();
    for scope in state.scopes.values() {
        found.extend(scope.element.clone());
        found.extend(scope.held.iter().map(|held| held.element.clone()));
        found.extend(scope.resets.keys().cloned());
    }
    found.extend(kept(state).map(|done| done.element.clone()));
    found.extend(state.incidents.values().map(|incident| incident.element.clone()));
    found.extend(on_the_way(state).map(|token| token.element.clone()));
    found.sort();
    found.dedup();
    found
}

/// Completed activities that can be undone.
fn kept(state: &State) -> impl Iterator<Item = &Done> {
    let stopped = state.incidents.values().filter_map(|incident| match &incident.step {
        Failed::Keep { done } => Some(&**done),
        _ => None,
    });
    state.scopes.values().flat_map(|scope| scope.done.iter().chain(left_of(&scope.role))).chain(stopped)
}

/// What a scope is still to undo.
fn left_of(role: &Role) -> &[Done] {
    match role {
        Role::Undo { left, .. } => left,
        _ => &[],
    }
}

/// Tokens that a slice of stepping was not enough for.
fn on_the_way(state: &State) -> impl Iterator<Item = &OnTheWay> {
    state.paused.iter().flat_map(|paused| &paused.tokens)
}

/// What keeps the instance from standing in the new version as it stands in the old.
pub(super) fn fits(
    old: &Definition,
    new: &Definition,
    state: &State,
    mapping: &BTreeMap<String, String>,
) -> Vec<MigrationProblem> {
    let mut problems = Vec::new();
    let mut wrong = |element: &str, message: String| {
        problems.push(MigrationProblem { element: element.to_owned(), message });
    };
    if new.process(&state.process).is_none() {
        wrong(&state.process, "the version has no process with this id".into());
    }
    for element in standing(state) {
        let name = mapping.get(&*element).map_or(&*element, String::as_str);
        let Some(there) = new.find(name).map(|node| new.node(node)) else {
            wrong(&element, format!("the version has no element `{name}`: map it to another one"));
            continue;
        };
        let Some(here) = old.find(&element).map(|node| old.node(node)) else { continue };
        if std::mem::discriminant(&here.kind) != std::mem::discriminant(&there.kind) {
            wrong(&element, format!("`{name}` is another kind of element"));
        } else if here.repeat.is_some() != there.repeat.is_some() {
            wrong(&element, format!("`{name}` is repeated differently"));
        } else if around(old, here, mapping) != around(new, there, &BTreeMap::new()) {
            wrong(&element, format!("`{name}` stands in another sub-process"));
        }
    }
    for done in kept(state).filter(|done| done.kind == DoneKind::Activity) {
        let name = mapping.get(&*done.element).map_or(&*done.element, String::as_str);
        let undone =
            |definition: &Definition, id: &str| definition.find(id).is_some_and(|node| definition.is_undone(node));
        if undone(old, &done.element) && !undone(new, name) {
            wrong(&done.element, format!("it has been done, and nothing undoes `{name}` in the version"));
        }
    }
    for (gateway, flows) in state.scopes.values().flat_map(|scope| &scope.resets) {
        for flow in flows.iter().filter(|flow| !new.flow_by_id.contains_key(&***flow)) {
            wrong(gateway, format!("a token came by the flow `{flow}`, which the version does not have"));
        }
    }
    let joins = state.scopes.values().flat_map(|scope| &scope.held);
    for held in joins.filter(|held| !new.flow_by_id.contains_key(&*held.via)) {
        wrong(&held.element, format!("a token came by the flow `{}`, which the version does not have", held.via));
    }
    problems
}

/// Ids of the sub-processes around a node, the innermost first, as they are called in the new version.
fn around(definition: &Definition, node: &Node, mapping: &BTreeMap<String, String>) -> Vec<String> {
    let mut names = Vec::new();
    let mut scope = Some(node.scope);
    while let Some(inside) = scope.map(|scope| definition.scope(scope)) {
        if let Some(owner) = inside.owner {
            let id = definition.node(owner).id.to_string();
            names.push(mapping.get(&id).cloned().unwrap_or(id));
        }
        scope = inside.parent;
    }
    names
}

/// The state with elements under their new names.
pub(super) fn renamed(state: &mut State, mapping: &BTreeMap<String, String>) {
    let names: HashMap<&str, ElementId> =
        mapping.iter().map(|(old, new)| (old.as_str(), ElementId::from(new.as_str()))).collect();
    let rename = |element: &mut ElementId| {
        if let Some(name) = names.get(&**element) {
            *element = ElementId::clone(name);
        }
    };
    for wait in state.waits.values_mut() {
        rename(&mut wait.element);
    }
    for scope in state.scopes.values_mut() {
        scope.element.iter_mut().for_each(rename);
        scope.held.iter_mut().for_each(|held| rename(&mut held.element));
        scope.done.iter_mut().for_each(|done| rename(&mut done.element));
        if let Role::Undo { left, .. } = &mut scope.role {
            left.iter_mut().for_each(|done| rename(&mut done.element));
        }
        let resets = std::mem::take(&mut scope.resets).into_iter();
        scope.resets = resets
            .map(|(mut gateway, flows)| {
                rename(&mut gateway);
                (gateway, flows)
            })
            .collect();
    }
    for token in state.paused.iter_mut().flat_map(|paused| &mut paused.tokens) {
        rename(&mut token.element);
    }
    for incident in state.incidents.values_mut() {
        rename(&mut incident.element);
        if let Failed::Stopped { tokens } = &mut incident.step {
            tokens.iter_mut().for_each(|token| rename(&mut token.element));
        }
        if let Failed::Keep { done } = &mut incident.step {
            rename(&mut done.element);
        }
    }
}
