//! Errors and escalations on their way outwards (BPMN 13.5.3, 13.5.4): in each scope the event sub-process, then the
//! boundary event; a code of its own before a catch-all.

use serde_json::Map;
use serde_json::Value as Json;

use super::event::{Command, VisitOutcome};
use super::run::{Move, Run};
use super::state::{Failed, PROCESS, Role, ScopeId, Status, WaitId};
use crate::definition::model::{ElementId, NodeIx, NodeKind, Trigger};

/// What was thrown.
#[derive(Debug, Clone, Copy)]
enum Thrown<'t> {
    Error(&'t str),
    Escalation(&'t str),
}

/// Who catches.
#[derive(Debug, Clone, Copy)]
struct Catcher {
    node: NodeIx,
    interrupting: bool,
    at: At,
}

#[derive(Debug, Clone, Copy)]
enum At {
    /// On the boundary of the activity with this wait.
    Wait(WaitId),
    /// On the boundary of the activity whose scope this is.
    Boundary(ScopeId),
    /// An event sub-process of this scope.
    Inside(ScopeId),
}

impl Run<'_> {
    /// An end event throws an error.
    pub fn throw_error(&mut self, token: Move, code: &str) {
        let catcher = self.catcher(token.scope, None, Thrown::Error(code));
        let (now, via, id) = (self.now(), self.flow_id(token.via), self.id(token.node));
        match catcher {
            Some(catcher) => {
                self.visit(id, now, VisitOutcome::Completed, None, via);
                self.catch(catcher, token.scope, Map::new(), VisitOutcome::Error);
            }
            None if self.input.called => {
                self.visit(id, now, VisitOutcome::Completed, None, via);
                self.fail(code);
            }
            None => self.raise(token.scope, id, uncaught(code), Failed::Uncaught { code: code.to_owned(), wait: None }),
        }
    }

    /// A throwing event throws an escalation; it goes on unless what caught it interrupts it.
    pub fn throw_escalation(&mut self, token: Move, code: &str) {
        let (now, via) = (self.now(), self.flow_id(token.via));
        self.visit(self.id(token.node), now, VisitOutcome::Completed, None, via);
        if self.escalate(token.scope, None, code) {
            self.leave(token.scope, token.node);
        }
    }

    /// An escalation rises from a scope, or from the activity of a wait in it. Whether its source goes on.
    fn escalate(&mut self, scope: ScopeId, source: Option<WaitId>, code: &str) -> bool {
        match self.catcher(scope, source, Thrown::Escalation(code)) {
            Some(catcher) => {
                self.catch(catcher, scope, Map::new(), VisitOutcome::Cancelled);
                !catcher.interrupting
            }
            None => {
                if self.input.called {
                    self.commands.push(Command::Escalated { code: code.to_owned() });
                }
                true
            }
        }
    }

    /// The activity of a wait threw an escalation. Whether there is such a wait.
    pub fn escalation_of(&mut self, wait: WaitId, code: &str) -> bool {
        let Some(scope) = self.state.waits.get(&wait).map(|wait| wait.scope) else { return false };
        self.escalate(scope, Some(wait), code);
        true
    }

    /// The activity of a wait threw an error. Whether there is such a wait.
    pub fn error_of(&mut self, wait: WaitId, code: &str, variables: Map<String, Json>) -> bool {
        let Some(scope) = self.state.waits.get(&wait).map(|wait| wait.scope) else { return false };
        if let Err(message) = self.fit(scope, &variables, None) {
            self.raise_on_wait(wait, message, Failed::Wait { wait });
            return true;
        }
        match self.catcher(scope, Some(wait), Thrown::Error(code)) {
            Some(catcher) => self.catch(catcher, scope, variables, VisitOutcome::Error),
            None if self.input.called => self.fail(code),
            None => {
                let step = Failed::Uncaught { code: code.to_owned(), wait: Some(wait) };
                self.raise_on_wait(wait, uncaught(code), step);
            }
        }
        true
    }

    /// A called process is ended by an error that its caller may catch.
    fn fail(&mut self, code: &str) {
        self.cancel_content(PROCESS);
        self.withdraw_guards(PROCESS);
        self.commands.push(Command::Failed { code: code.to_owned() });
        self.end(Status::Cancelled);
    }

    fn catcher(&self, scope: ScopeId, source: Option<WaitId>, thrown: Thrown<'_>) -> Option<Catcher> {
        let activity =
            source.and_then(|wait| Some((wait, self.definition.find(&self.state.waits.get(&wait)?.element)?)));
        if let Some((wait, node)) = activity.filter(|(_, node)| !self.is_member(scope, *node))
            && let Some(catcher) = self.best(self.node(node).boundary.iter().copied(), thrown, At::Wait(wait))
        {
            return Some(catcher);
        }
        let (mut at, mut from) = (scope, None);
        loop {
            let found = self.inner_catcher(at, from, thrown).or_else(|| self.outer_catcher(at, thrown));
            if found.is_some() {
                return found;
            }
            from = self.owner(at);
            at = self.scope(at)?.parent?;
        }
    }

    /// An event sub-process of the scope, but not the one that the throw comes from.
    fn inner_catcher(&self, scope: ScopeId, from: Option<NodeIx>, thrown: Thrown<'_>) -> Option<Catcher> {
        let inside = self.inside(scope)?;
        if self.scope(scope)?.interrupted {
            return None;
        }
        let sub_processes = self.definition.scope(inside).event_sub_processes.iter().copied();
        let starts = sub_processes.filter(|&node| Some(node) != from).filter_map(|node| self.event_start(node));
        self.best(starts, thrown, At::Inside(scope))
    }

    /// A boundary event of the activity whose scope it is. A member has none: its repetition has them. What is undone was
    /// completed: it catches nothing.
    fn outer_catcher(&self, scope: ScopeId, thrown: Thrown<'_>) -> Option<Catcher> {
        if matches!(self.scope(scope)?.role, Role::Member { .. } | Role::Undo { .. } | Role::Handler) {
            return None;
        }
        let node = self.owner(scope)?;
        self.best(self.node(node).boundary.iter().copied(), thrown, At::Boundary(scope))
    }

    fn best(&self, events: impl Iterator<Item = NodeIx>, thrown: Thrown<'_>, at: At) -> Option<Catcher> {
        let mut any = None;
        for node in events {
            let (NodeKind::Boundary { trigger, interrupting, .. } | NodeKind::Start { trigger, interrupting }) =
                &self.node(node).kind
            else {
                continue;
            };
            let interrupting = *interrupting || matches!(thrown, Thrown::Error(_));
            let catcher = Catcher { node, interrupting, at };
            for part in trigger.parts() {
                let code = match (part, thrown) {
                    (Trigger::Error(code), Thrown::Error(_)) | (Trigger::Escalation(code), Thrown::Escalation(_)) => {
                        code
                    }
                    _ => continue,
                };
                let (Thrown::Error(wanted) | Thrown::Escalation(wanted)) = thrown;
                match code {
                    Some(code) if code == wanted => return Some(catcher),
                    Some(_) => {}
                    None => any = any.or(Some(catcher)),
                }
            }
        }
        any
    }

    fn catch(&mut self, catcher: Catcher, from: ScopeId, variables: Map<String, Json>, outcome: VisitOutcome) {
        let (scope, since) = match catcher.at {
            At::Inside(scope) => {
                self.write_all(scope, variables);
                return self.open_event_sub_process(scope, catcher.node, catcher.interrupting);
            }
            At::Wait(wait) => (from, self.state.waits.get(&wait).map(|wait| wait.since)),
            At::Boundary(scope) => {
                let Some(state) = self.scope(scope) else { return };
                (state.parent.unwrap_or(PROCESS), state.since)
            }
        };
        self.write_all(scope, variables);
        match catcher.at {
            At::Wait(wait) if catcher.interrupting => self.withdraw(wait, outcome),
            At::Boundary(inner) if catcher.interrupting => self.cancel_scope(inner, outcome),
            _ => {}
        }
        let event: ElementId = self.id(catcher.node);
        self.visit(event, since.unwrap_or(self.now()), VisitOutcome::Completed, None, None);
        self.leave(scope, catcher.node);
    }
}

fn uncaught(code: &str) -> String {
    format!("the error `{code}` is caught nowhere: retry, skip the element, or add an event that catches it")
}
