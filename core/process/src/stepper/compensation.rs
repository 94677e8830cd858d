//! Compensation (BPMN 10.7, 13.5.5): what was completed is undone, the last first, one after the other.
//!
//! A scope keeps what was completed in it and can be undone, with the data it had (`ScopeState::done`). An event has it
//! undone in a scope of its own (`Role::Undo`): it takes what is to be undone out of the scopes it reaches, so nothing
//! is undone twice, and what has not been completed is not there. An activity with a compensation event at its boundary
//! is undone by the activity that hangs on it (`Role::Handler`), a sub-process by its event sub-process for
//! compensation, or else by undoing what was done inside it.

use serde_json::{Map, Value as Json};

use super::budget::{self, MAX_VARIABLES};
use super::event::VisitOutcome;
use super::run::{Move, Run};
use super::state::{Done, DoneKind, Failed, Role, ScopeId, ScopeState, Then};
use super::variables::weight_of_done;
use crate::definition::model::{ElementId, NodeIx, NodeKind};

/// A completed activity on its way to where it is kept, with what was done inside it.
#[derive(Debug, Clone)]
pub(super) struct DoneBlock {
    root: Done,
    inner: Vec<Done>,
}

impl DoneBlock {
    /// One that had nothing in it.
    pub fn alone(root: Done) -> Self {
        Self { root, inner: Vec::new() }
    }
}

/// How many completed activities a scope keeps.
pub(super) fn count_of_done(scope: &ScopeState) -> usize {
    let left = if let Role::Undo { left, .. } = &scope.role { left.len() } else { 0 };
    scope.done.len() + left
}

/// The parts of a list: each activity with what was done inside it, the last first.
fn blocks(mut list: Vec<Done>) -> Vec<Vec<Done>> {
    let mut found = Vec::new();
    while let Some(root) = list.last() {
        let at = list.len().saturating_sub(root.within.saturating_add(1));
        found.push(list.split_off(at));
    }
    found
}

/// A list of parts in the order of completion.
fn in_order(mut blocks: Vec<Vec<Done>>) -> Vec<Done> {
    blocks.sort_by_key(|block| block.last().map(|root| root.order));
    blocks.into_iter().flatten().collect()
}

impl Run<'_> {
    /// An activity without scopes of its own is done and brought these variables.
    pub fn complete_with(&mut self, scope: ScopeId, node: NodeIx, brought: Map<String, Json>) {
        let done = self.definition.is_undone(node).then(|| {
            let mut variables = if self.is_member(scope, node) { self.own_of_member(scope) } else { Map::new() };
            variables.extend(brought);
            DoneBlock::alone(self.done_of(self.id(node), DoneKind::Activity, variables))
        });
        self.complete(scope, node, done);
    }

    /// Variables of a member, with its number.
    fn own_of_member(&self, member: ScopeId) -> Map<String, Json> {
        let Some(state) = self.scope(member) else { return Map::new() };
        let mut variables = state.variables.clone();
        if let Role::Member { index } = state.role {
            variables.insert("loopCounter".to_owned(), index.into());
        }
        variables
    }

    fn done_of(&mut self, element: ElementId, kind: DoneKind, variables: Map<String, Json>) -> Done {
        Done { order: self.fresh(), element, kind, variables, within: 0 }
    }

    /// What is to be kept of a scope that has come to its end.
    pub fn done_inside(&mut self, scope: ScopeId, node: NodeIx) -> Option<DoneBlock> {
        let this = self.node(node);
        let around = self.scope(scope)?.parent.and_then(|parent| self.scope(parent));
        let undoing = around.is_some_and(|around| matches!(around.role, Role::Undo { .. } | Role::Handler));
        if this.for_compensation || undoing {
            return None;
        }
        let inner = if this.undo.is_some() { Vec::new() } else { self.take_list(scope) };
        if inner.is_empty() && !self.definition.is_undone(node) {
            return None;
        }
        let variables = match self.scope_mut(scope) {
            // What is collected of a member is still to be read.
            Some(state) if matches!(state.role, Role::Member { .. }) => self.own_of_member(scope),
            Some(state) => std::mem::take(&mut state.variables),
            None => Map::new(),
        };
        let root = self.done_of(this.id.clone(), DoneKind::Activity, variables);
        if !self.scope(scope).is_some_and(|state| matches!(state.role, Role::Member { .. })) {
            self.weight = self.weight.saturating_sub(weight_of_done(&root));
        }
        Some(DoneBlock { root, inner })
    }

    /// What is to be kept of a repetition: its members.
    pub fn done_of_body(&mut self, body: ScopeId, node: NodeIx) -> Option<DoneBlock> {
        let inner = self.take_list(body);
        let root = (!inner.is_empty()).then(|| self.done_of(self.id(node), DoneKind::Repetition, Map::new()))?;
        Some(DoneBlock { root, inner })
    }

    /// Takes all that a scope keeps.
    fn take_list(&mut self, scope: ScopeId) -> Vec<Done> {
        let list = self.scope_mut(scope).map(|state| std::mem::take(&mut state.done)).unwrap_or_default();
        self.pick_up(&list);
        list
    }

    fn pick_up(&mut self, list: &[Done]) {
        self.done = self.done.saturating_sub(list.len());
        self.weight = self.weight.saturating_sub(list.iter().map(weight_of_done).sum());
    }

    fn put_down(&mut self, list: &[Done]) {
        self.done += list.len();
        self.weight += list.iter().map(weight_of_done).sum::<usize>();
    }

    /// Keeps what was done. Without room for it the token stays with an incident; what was done inside something is kept
    /// already. Whether it is kept.
    pub fn keep(&mut self, scope: ScopeId, node: NodeIx, done: DoneBlock) -> bool {
        let DoneBlock { mut root, inner: mut list } = done;
        let full = self.done >= self.limits.done;
        let heavy = self.weight.saturating_add(weight_of_done(&root)) > MAX_VARIABLES;
        if list.is_empty() && (full || heavy) {
            let message = if full { budget::done(self.limits.done) } else { budget::variables() };
            self.raise(scope, self.id(node), message, Failed::Keep { done: Box::new(root) });
            return false;
        }
        root.within = list.len();
        list.push(root);
        let member = self.is_member(scope, node);
        let keeper = self.scope(scope).and_then(|state| state.parent.filter(|_| member)).unwrap_or(scope);
        self.put_down(&list);
        match self.scope_mut(keeper) {
            Some(state) => state.done.append(&mut list),
            None => self.pick_up(&list),
        }
        true
    }

    /// An event has completed activities undone: one with all its completions, or all that it reaches.
    pub fn throw_compensation(&mut self, token: Move, activity: Option<&ElementId>, wait: bool) {
        let left = self.take_done(token.scope, activity);
        if left.is_empty() {
            return self.pass(token);
        }
        if !wait {
            self.pass(token);
        }
        let then = if wait { Then::Leave } else { Then::Nothing };
        let (element, via) = (self.id(token.node), self.flow_id(token.via));
        self.undo(token.scope, element, left, then, via);
    }

    /// What was done in the scope, and from an event sub-process in the scopes around it, in the order of completion.
    fn take_done(&mut self, scope: ScopeId, activity: Option<&ElementId>) -> Vec<Done> {
        let mut taken: Vec<Vec<Done>> = Vec::new();
        let mut at = Some(scope);
        while let Some(scope) = at {
            let (wanted, mut others): (Vec<_>, Vec<_>) = blocks(self.take_list(scope))
                .into_iter()
                .partition(|block| activity.is_none_or(|id| block.last().is_some_and(|root| root.element == *id)));
            others.reverse();
            let others: Vec<Done> = others.into_iter().flatten().collect();
            self.put_down(&others);
            if let Some(state) = self.scope_mut(scope) {
                state.done = others;
            }
            taken.extend(wanted);
            let event =
                self.owner(scope).is_some_and(|node| super::gateways::is_event_sub_process(self.definition, node));
            let inside = self.scope(scope).filter(|state| event && state.role == Role::Inside);
            at = inside.and_then(|state| state.parent);
        }
        in_order(taken)
    }

    /// Opens the scope in which something is undone.
    pub fn undo(&mut self, around: ScopeId, element: ElementId, left: Vec<Done>, then: Then, via: Option<ElementId>) {
        self.put_down(&left);
        let scope = self.open_scope(Some(around), Some(element), Role::Undo { left, then }, via);
        self.undo_next(scope);
    }

    /// Undoes the next activity; when there is none, what follows.
    pub fn undo_next(&mut self, scope: ScopeId) {
        while let Some(Role::Undo { left, .. }) = self.scope_mut(scope).map(|state| &mut state.role) {
            let Some(root) = left.pop() else { return self.undone(scope) };
            let inner = left.split_off(left.len().saturating_sub(root.within));
            self.pick_up(std::slice::from_ref(&root));
            self.pick_up(&inner);
            if self.undo_one(scope, root, inner) {
                return;
            }
        }
    }

    /// Whether something is to be waited for.
    fn undo_one(&mut self, scope: ScopeId, root: Done, mut inner: Vec<Done>) -> bool {
        let Some(place) = self.definition.find(&root.element) else { return false };
        let node = self.node(place);
        let whole = root.kind == DoneKind::Activity;
        match (&node.kind, node.undo) {
            (_, Some(undo)) if whole => {
                let handler = self.restore(scope, root, Role::Handler);
                self.send(handler, undo, None);
                true
            }
            (NodeKind::SubProcess { scope: inside, .. }, _) if root.kind != DoneKind::Repetition => {
                let undo = self.definition.scope(*inside).undo.filter(|_| whole);
                match undo.and_then(|undo| self.event_start(undo)) {
                    Some(start) => self.undo_by_itself(scope, root, inner, start),
                    None if inner.is_empty() => return false,
                    None => {
                        self.put_down(&inner);
                        let restored = self.restore(scope, root, Role::Undo { left: inner, then: Then::Nothing });
                        self.undo_next(restored);
                    }
                }
                true
            }
            _ => {
                self.put_down(&inner);
                if let Some(Role::Undo { left, .. }) = self.scope_mut(scope).map(|state| &mut state.role) {
                    left.append(&mut inner);
                }
                false
            }
        }
    }

    /// A completed sub-process is undone by its own event sub-process, which sees what it had and did.
    fn undo_by_itself(&mut self, scope: ScopeId, root: Done, inner: Vec<Done>, start: NodeIx) {
        self.put_down(&inner);
        let restored = self.restore(scope, root, Role::Undo { left: Vec::new(), then: Then::Nothing });
        if let Some(state) = self.scope_mut(restored) {
            state.done = inner;
        }
        self.open_event_sub_process(restored, start, false);
    }

    /// A scope with the data that an activity had when it was completed.
    fn restore(&mut self, around: ScopeId, root: Done, role: Role) -> ScopeId {
        self.weight += weight_of_done(&root);
        let scope = self.open_scope(Some(around), Some(root.element), role, None);
        if let Some(state) = self.scope_mut(scope) {
            state.variables = root.variables;
        }
        scope
    }

    /// Everything is undone.
    fn undone(&mut self, scope: ScopeId) {
        let Some(state) = self.scope(scope) else { return };
        let (Role::Undo { then, .. }, Some(around), Some(element)) = (&state.role, state.parent, state.element.clone())
        else {
            return;
        };
        let (then, since, via) = (*then, state.since.unwrap_or(self.now()), state.via.clone());
        self.remove_scope(scope);
        match then {
            Then::Nothing => {}
            Then::Cancel => self.leave_cancelled(around),
            Then::Leave => match self.definition.find(&element) {
                Some(node) => {
                    self.visit(element, since, VisitOutcome::Completed, None, via);
                    self.leave(around, node);
                }
                None => self.raise(around, element, super::incidents::NO_ELEMENT, Failed::Leave),
            },
        }
    }

    /// All that was done in a scope and in what is open inside it, in the order of completion; what is open is undone as
    /// far as it came.
    pub fn take_all(&mut self, scope: ScopeId) -> Vec<Done> {
        let mut list = self.take_list(scope);
        let Some(state) = self.scope_mut(scope) else { return list };
        if let Role::Undo { left, .. } = &mut state.role {
            let mut left = std::mem::take(left);
            self.pick_up(&left);
            list.append(&mut left);
        }
        let children = self.scope(scope).map(|state| state.children.clone()).unwrap_or_default();
        for child in children {
            // What undoes something is no work of the scope.
            if self.scope(child).is_some_and(|state| state.role == Role::Handler) {
                continue;
            }
            let mut inner = self.take_all(child);
            let Some(state) = self.scope(child).filter(|_| !inner.is_empty()) else { continue };
            let within = inner.len();
            let element = state.element.clone().filter(|_| !self.is_undoing_event(child));
            list.append(&mut inner);
            if let Some(element) = element {
                let variables = self.own_of_member(child);
                let root = self.done_of(element, DoneKind::Unfinished, variables);
                list.push(Done { within, ..root });
            }
        }
        in_order(blocks(list))
    }

    /// Whether the scope is that of an event that has something undone.
    fn is_undoing_event(&self, scope: ScopeId) -> bool {
        let of_sub_process =
            self.owner(scope).is_some_and(|node| matches!(self.node(node).kind, NodeKind::SubProcess { .. }));
        !of_sub_process && self.scope(scope).is_some_and(|state| matches!(state.role, Role::Undo { .. }))
    }
}
