//! Scopes: opened with their data and guards, finished when nothing is left in them, cancelled so that nothing is left.

use super::compensation::count_of_done;
use super::event::VisitOutcome;
use super::events::Place;
use super::parts::Plan;
use super::run::{Move, Run};
use super::state::{Failed, PROCESS, Role, ScopeId, ScopeState, Status, Then, WaitId};
use super::variables::weight_of;
use crate::definition::model::{ElementId, NodeIx, NodeKind, ScopeIx};
use serde_json::Value as Json;

impl Run<'_> {
    /// A scope with nothing in it yet.
    pub fn open_scope(
        &mut self,
        parent: Option<ScopeId>,
        element: Option<ElementId>,
        role: Role,
        via: Option<ElementId>,
    ) -> ScopeId {
        let scope = if parent.is_some() { self.fresh() } else { PROCESS };
        let state = ScopeState { parent, element, role, via, since: Some(self.now()), ..ScopeState::default() };
        self.state.scopes.insert(scope, state);
        if let Some(parent) = parent.and_then(|parent| self.scope_mut(parent)) {
            parent.children.insert(scope);
        }
        scope
    }

    /// Gives a scope its data objects and arms its event sub-processes.
    pub fn furnish(&mut self, scope: ScopeId, inside: ScopeIx) {
        let inside = self.definition.scope(inside);
        if let Some(state) = self.scope_mut(scope) {
            for name in &inside.data {
                state.variables.entry(name.as_str()).or_insert(Json::Null);
            }
        }
        for &sub_process in &inside.event_sub_processes {
            if let Some(start) = self.event_start(sub_process) {
                self.arm_start(scope, start);
            }
        }
    }

    /// The start event of an event sub-process.
    pub fn event_start(&self, sub_process: NodeIx) -> Option<NodeIx> {
        match self.node(sub_process).kind {
            NodeKind::SubProcess { scope, .. } => self.definition.scope(scope).triggered_starts.first().copied(),
            _ => None,
        }
    }

    /// Arms the start of an event sub-process.
    pub fn arm_start(&mut self, scope: ScopeId, start: NodeIx) {
        match self.plan(scope, start) {
            Ok(plan) => drop(self.arm(scope, start, plan, Place::Scope(scope), None)),
            Err(message) => self.raise(scope, self.id(start), message, Failed::Arm),
        }
    }

    /// Puts tokens where a scope plainly begins.
    pub fn start_plainly(&mut self, scope: ScopeId, inside: ScopeIx) {
        for &start in &self.definition.scope(inside).starts {
            self.send(scope, start, None);
        }
        self.check(scope);
    }

    /// A sub-process begins: in a scope of its own, or in that of the member it is.
    pub fn open_sub_process(&mut self, token: Move, inside: ScopeIx, boundary: Vec<(NodeIx, Plan)>) {
        let scope = if self.is_member(token.scope, token.node) {
            token.scope
        } else {
            let (element, via) = (self.id(token.node), self.flow_id(token.via));
            let scope = self.open_scope(Some(token.scope), Some(element), Role::Inside, via);
            self.arm_boundary(boundary, token.scope, Place::Scope(scope));
            scope
        };
        self.furnish(scope, inside);
        self.start_plainly(scope, inside);
    }

    /// An event sub-process begins at its start event. An interrupting one takes over its scope.
    pub fn open_event_sub_process(&mut self, parent: ScopeId, start: NodeIx, interrupting: bool) {
        if interrupting {
            self.interrupt(parent);
        }
        let inside = self.node(start).scope;
        let Some(sub_process) = self.definition.scope(inside).owner else { return };
        let scope = self.open_scope(Some(parent), Some(self.id(sub_process)), Role::Inside, None);
        self.furnish(scope, inside);
        self.send(scope, start, None);
    }

    /// Ends all work of a scope, which stays open for what took it over.
    pub fn interrupt(&mut self, scope: ScopeId) {
        self.cancel_content(scope);
        let Some(state) = self.scope_mut(scope) else { return };
        state.interrupted = true;
        let guards: Vec<WaitId> = state.guards.iter().copied().collect();
        for wait in guards {
            let starts = self.state.waits.get(&wait).is_some_and(|wait| wait.scope == scope);
            if starts {
                self.withdraw(wait, VisitOutcome::Cancelled);
            }
        }
    }

    /// The inside of a scope instance; none for the body of a repetition, the member of an atomic activity, and where
    /// something is undone.
    pub fn inside(&self, scope: ScopeId) -> Option<ScopeIx> {
        let state = self.scope(scope)?;
        match (&state.role, &state.element) {
            (Role::Body { .. } | Role::Undo { .. } | Role::Handler, _) => None,
            (_, None) => Some(self.process),
            (_, Some(element)) => match self.node(self.definition.find(element)?).kind {
                NodeKind::SubProcess { scope, .. } => Some(scope),
                _ => None,
            },
        }
    }

    /// Finishes a scope in which nothing is left.
    pub fn close_if_done(&mut self, scope: ScopeId) {
        let Some(state) = self.scope(scope) else { return };
        let holds = !state.held.is_empty() || !state.resets.is_empty();
        let busy =
            state.moving > 0 || !state.waits.is_empty() || !state.children.is_empty() || !state.incidents.is_empty();
        if holds {
            self.unsettled.insert(scope);
        } else if !busy {
            match state.role {
                Role::Undo { .. } => self.undo_next(scope),
                Role::Handler => self.remove_scope(scope),
                _ if self.inside(scope).is_some() => self.finish_scope(scope),
                _ => {}
            }
        }
    }

    /// A scope has come to its end: the activity it is the inside of is done.
    fn finish_scope(&mut self, scope: ScopeId) {
        self.withdraw_guards(scope);
        let Some(state) = self.scope(scope) else { return };
        let (Some(parent), Some(node)) = (state.parent, self.owner(scope)) else {
            return self.end(Status::Completed);
        };
        let (since, via) = (state.since.unwrap_or(self.now()), state.via.clone());
        let member = matches!(state.role, Role::Member { .. });
        self.visit(self.id(node), since, VisitOutcome::Completed, None, via);
        let done = self.done_inside(scope, node);
        if member {
            return self.complete(scope, node, done);
        }
        self.remove_scope(scope);
        self.complete(parent, node, done);
    }

    /// A terminate end event (BPMN 13.5.6), of its own scope only; behind an activity that undoes another, of what it does.
    pub fn terminate(&mut self, scope: ScopeId) {
        self.cancel_content(scope);
        match self.inside(scope) {
            Some(_) => self.finish_scope(scope),
            None => self.check(scope),
        }
    }

    /// Takes an empty scope out of the state.
    pub fn remove_scope(&mut self, scope: ScopeId) {
        let gone = self.state.scopes.remove(&scope);
        self.weight = self.weight.saturating_sub(gone.as_ref().map_or(0, weight_of));
        self.done = self.done.saturating_sub(gone.as_ref().map_or(0, count_of_done));
        if let Some(parent) = gone.and_then(|gone| gone.parent) {
            if let Some(parent) = self.scope_mut(parent) {
                parent.children.remove(&scope);
            }
            self.check(parent);
        }
    }

    pub fn withdraw_guards(&mut self, scope: ScopeId) {
        let guards: Vec<WaitId> = self.scope(scope).into_iter().flat_map(|scope| &scope.guards).copied().collect();
        for wait in guards {
            self.withdraw(wait, VisitOutcome::Cancelled);
        }
    }

    /// Cancels a scope with everything in it.
    pub fn cancel_scope(&mut self, scope: ScopeId, outcome: VisitOutcome) {
        self.cancel_inside(scope);
        self.withdraw_guards(scope);
        let was_inside = self.inside(scope).is_some();
        let Some(state) = self.scope(scope) else { return };
        let (element, since, via) = (state.element.clone(), state.since.unwrap_or(self.now()), state.via.clone());
        // The event that has something undone is left with that.
        let undoing = matches!(state.role, Role::Undo { then: Then::Leave, .. });
        if let (true, Some(element)) = (was_inside || undoing, element) {
            self.visit(element, since, outcome, None, via);
        }
        self.remove_scope(scope);
    }

    /// Cancels what is in a scope: scopes inside, waits, tokens at joins and on their way, incidents.
    pub fn cancel_content(&mut self, scope: ScopeId) {
        if self.scope(scope).is_some_and(|state| state.moving > 0) {
            self.queue.retain(|token| token.scope != scope);
        }
        self.cancel_inside(scope);
    }

    /// The same; tokens on their way are dropped when their turn comes, if the scope is no more by then.
    fn cancel_inside(&mut self, scope: ScopeId) {
        let Some(state) = self.scope_mut(scope) else { return };
        let held = std::mem::take(&mut state.held).len();
        state.resets.clear();
        state.moving = 0;
        let children = state.children.clone();
        let waits = state.waits.clone();
        let incidents = state.incidents.clone();
        self.kept = self.kept.saturating_sub(held);
        children.into_iter().for_each(|child| self.cancel_scope(child, VisitOutcome::Cancelled));
        waits.into_iter().for_each(|wait| self.withdraw(wait, VisitOutcome::Cancelled));
        incidents.into_iter().for_each(|incident| self.settle(incident));
    }
}
