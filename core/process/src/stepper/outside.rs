//! What each event of the outside does.

use serde_json::{Map, Value as Json};

use super::event::{Event, VisitOutcome};
use super::run::Run;
use super::state::{Failed, IncidentId, PROCESS, Role, ScopeId, Status};
use crate::definition::model::{ElementId, NodeIx, NodeKind, Trigger};

impl Run<'_> {
    /// Whether the event was about something that is there.
    pub fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Start { at, variables } => self.start(at.as_ref(), variables),
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
            Event::Cancel => {
                self.cancel_content(PROCESS);
                self.withdraw_guards(PROCESS);
                self.end(Status::Cancelled);
                true
            }
        }
    }

    fn start(&mut self, at: Option<&ElementId>, variables: Map<String, Json>) -> bool {
        let process = self.process;
        let at = at.map(|at| {
            let node = self.definition.find(at)?;
            let starts = matches!(self.node(node).kind, NodeKind::Start { .. }) && self.node(node).scope == process;
            starts.then_some(node)
        });
        if !self.state.scopes.is_empty() || at == Some(None) {
            return false;
        }
        self.begin(variables);
        match at.flatten() {
            Some(start) => self.send(PROCESS, start, None),
            None => self.start_plainly(PROCESS, process),
        }
        true
    }

    fn begin(&mut self, variables: Map<String, Json>) {
        let scope = self.open_scope(None, None, Role::Inside, None);
        if let Some(state) = self.scope_mut(scope) {
            state.variables = variables;
        }
        self.furnish(scope, self.process);
    }

    fn start_from(&mut self, element: &ElementId, variables: Map<String, Json>) -> bool {
        let Some((node, scope)) = self.place_for(element) else { return false };
        if self.state.scopes.is_empty() {
            self.begin(variables);
        } else {
            self.write_all(scope, variables);
        }
        self.send(scope, node, None);
        true
    }

    /// Where an operator's token can stand.
    fn place_for(&self, element: &ElementId) -> Option<(NodeIx, ScopeId)> {
        let node = self.definition.find(element)?;
        let scope = self.node(node).scope;
        let event_start = |trigger: &Trigger| !matches!(trigger, Trigger::None) && scope != self.process;
        match &self.node(node).kind {
            NodeKind::Boundary { .. } | NodeKind::SubProcess { event: true, .. } => return None,
            NodeKind::Start { trigger, .. } if event_start(trigger) => return None,
            _ => {}
        }
        if self.state.scopes.is_empty() {
            return (scope == self.process).then_some((node, PROCESS));
        }
        self.state.scopes.keys().find(|open| self.inside(**open) == Some(scope)).map(|open| (node, *open))
    }
}
