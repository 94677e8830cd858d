//! What each event of the outside does.

use serde_json::{Map, Value as Json};

use super::event::{Command, Event, VisitOutcome};
use super::run::Run;
use super::state::{Failed, IncidentId, PROCESS, Role, ScopeId, Status, WaitId};
use crate::definition::model::{ElementId, NodeIx, NodeKind, Trigger};

impl Run<'_> {
    /// Whether the event was about something that is there.
    pub fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Start { at, variables } => self.start(at.as_ref(), variables, None),
            Event::StartStopped { at, variables, message } => self.start(Some(&at), variables, Some(message)),
            Event::Come { wait, variables, result } => self.come(wait, variables, result, VisitOutcome::Completed),
            Event::Failed { wait, message } => {
                let known = self.state.waits.contains_key(&wait);
                self.raise_on_wait(wait, message, Failed::Wait { wait });
                known
            }
            Event::Error { wait, code, variables } => self.error_of(wait, &code, variables),
            Event::Escalation { wait, code } => self.escalation_of(wait, &code),
            Event::Variables { wait, variables } => {
                let scope = match wait {
                    Some(wait) => self.state.waits.get(&wait).map(|wait| wait.scope),
                    None => self.scope(PROCESS).map(|_| PROCESS),
                };
                let scope = scope.filter(|scope| self.fit(*scope, &variables, None).is_ok());
                scope.map(|scope| self.write_all(scope, variables)).is_some()
            }
            Event::SubjectChanged => {
                self.asking = true;
                !self.state.conditions.is_empty()
            }
            Event::Retry { incident: Some(incident) } => self.retry(incident),
            Event::Retry { incident: None } => {
                let incidents: Vec<IncidentId> = self.state.incidents.keys().copied().collect();
                incidents.into_iter().filter(|incident| self.retry(*incident)).count() > 0
            }
            Event::Skip { incident } => self.skip(incident),
            Event::StartFrom { element, variables } => self.start_from(&element, variables),
            Event::Move { wait, element, reason } => self.move_token(wait, &element, reason),
            Event::Cancel => {
                self.cancel_content(PROCESS);
                self.withdraw_guards(PROCESS);
                self.end(Status::Cancelled);
                true
            }
            Event::Continue => self.is_on_the_way(),
            Event::Stop { message } => {
                let moves = self.is_on_the_way();
                self.stop(None, message);
                moves
            }
        }
    }

    fn start_from(&mut self, element: &ElementId, variables: Map<String, Json>) -> bool {
        let Some((node, scope)) = self.place_for(element) else { return false };
        if self.state.scopes.is_empty() {
            if self.begin(variables).is_err() {
                return false;
            }
        } else {
            if self.fit(scope, &variables, None).is_err() {
                return false;
            }
            self.write_all(scope, variables);
        }
        self.send(scope, node, None);
        true
    }

    /// A token that waits is put before another element.
    fn move_token(&mut self, wait: WaitId, element: &ElementId, reason: String) -> bool {
        let Some(found) = self.state.waits.get(&wait).cloned() else { return false };
        let (from, left, race) = (found.scope, found.element.clone(), found.race);
        if found.host.is_some() || found.guards.is_some() {
            return false;
        }
        let Some((node, first)) = self.place_for(element) else { return false };
        let to = if self.inside(from) == Some(self.node(node).scope) { from } else { first };
        if self.leaves_repetition(from, to) {
            return false;
        }
        for sister in self.sisters(&found).into_iter().filter(|sister| *sister != wait) {
            self.withdraw(sister, VisitOutcome::Cancelled);
        }
        self.withdraw(wait, VisitOutcome::Cancelled);
        match race {
            // The gateway's token goes, whichever of its events is named.
            Some(race) => {
                self.end_race(from, race);
                self.visit(left, self.now(), VisitOutcome::Cancelled, Some(wait), None);
                self.explain(wait, reason);
            }
            None => self.explain(wait, reason),
        }
        self.send(to, node, None);
        self.abandon(from, to);
        true
    }

    /// Says in the journal why the wait was cancelled.
    fn explain(&mut self, wait: WaitId, reason: String) {
        let mut visits = self.commands.iter_mut().rev().filter_map(|command| match command {
            Command::Visit(visit) => Some(visit),
            _ => None,
        });
        if let Some(visit) = visits.find(|visit| visit.wait == Some(wait)) {
            visit.note = Some(reason);
        }
    }

    /// Whether the way out of `from` goes through a loop, a multi-instance or a member of one.
    fn leaves_repetition(&self, from: ScopeId, to: ScopeId) -> bool {
        let mut scope = Some(from);
        while let Some(id) = scope.filter(|id| *id != to) {
            let Some(state) = self.scope(id) else { return false };
            if !matches!(state.role, Role::Inside) {
                return true;
            }
            scope = state.parent;
        }
        false
    }

    /// Cancels the scopes that a token has left with nothing in them.
    fn abandon(&mut self, from: ScopeId, kept: ScopeId) {
        let mut scope = from;
        while scope != kept && scope != PROCESS {
            let Some(state) = self.scope(scope) else { return };
            let busy = state.moving > 0
                || !state.waits.is_empty()
                || !state.children.is_empty()
                || !state.held.is_empty()
                || !state.incidents.is_empty();
            let Some(parent) = state.parent.filter(|_| !busy) else { return };
            self.cancel_scope(scope, VisitOutcome::Cancelled);
            scope = parent;
        }
    }

    /// Where an operator's token can stand.
    fn place_for(&self, element: &ElementId) -> Option<(NodeIx, ScopeId)> {
        let node = self.definition.find(element)?;
        let scope = self.node(node).scope;
        let event_start = |trigger: &Trigger| !matches!(trigger, Trigger::None) && scope != self.process;
        match &self.node(node).kind {
            NodeKind::Boundary { .. } | NodeKind::SubProcess { event: true, .. } => return None,
            NodeKind::Start { trigger, .. } if event_start(trigger) => return None,
            _ if self.node(node).for_compensation => return None,
            _ => {}
        }
        if self.state.scopes.is_empty() {
            return (scope == self.process).then_some((node, PROCESS));
        }
        self.state.scopes.keys().find(|open| self.inside(**open) == Some(scope)).map(|open| (node, *open))
    }
}
