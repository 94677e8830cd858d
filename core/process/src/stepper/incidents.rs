//! Incidents: a step that failed is kept; what went before it stands; an operator has it done again or goes on behind.

use std::collections::BTreeMap;

use kernel::text::Message;
use serde_json::Map;

use super::budget;
use super::compensation::DoneBlock;
use super::event::{Command, VisitOutcome};
use super::run::{Move, Run};
use super::state::{Failed, Incident, IncidentId, ScopeId, Stopped, WaitId, WaitKind};
use super::variables::weight_of_done;
use crate::definition::model::{ElementId, FlowIx, NodeIx, NodeKind, Outcome};

/// What is said where a version has no place for what runs.
pub(super) const NO_ELEMENT: &str = "the definition has no such element any more: migrate the instance";

impl Failed {
    /// How many tokens it keeps.
    pub fn tokens(&self) -> usize {
        if let Self::Stopped { tokens } = self { tokens.len() } else { 0 }
    }

    /// What the data it keeps takes.
    pub fn weight(&self) -> usize {
        if let Self::Keep { done } = self { weight_of_done(done) } else { 0 }
    }
}

impl Run<'_> {
    /// An incident that holds a token of the scope.
    pub fn raise(&mut self, scope: ScopeId, element: ElementId, message: impl Into<Message>, step: Failed) {
        let incident = self.fresh();
        if let Some(state) = self.scope_mut(scope) {
            state.incidents.insert(incident);
            self.report(incident, scope, element, message.into(), step);
        }
    }

    /// An incident of a wait, which stays open.
    pub fn raise_on_wait(&mut self, wait: WaitId, message: impl Into<Message>, step: Failed) {
        let Some(found) = self.state.waits.get(&wait) else { return };
        let (scope, element) = (found.scope, found.element.clone());
        if let Some(known) = found.incident.and_then(|incident| self.state.incidents.get_mut(&incident)) {
            known.message = message.into();
            known.step = step;
            return;
        }
        let incident = self.fresh();
        self.state.waits.entry(wait).and_modify(|wait| wait.incident = Some(incident));
        self.report(incident, scope, element, message.into(), step);
    }

    fn report(&mut self, incident: IncidentId, scope: ScopeId, element: ElementId, message: Message, step: Failed) {
        self.commands.push(Command::Incident { incident, element: element.clone(), message: message.clone() });
        self.weight += step.weight();
        self.state.incidents.insert(incident, Incident { element, scope, message, since: self.input.now, step });
    }

    /// An incident is over without anybody's doing.
    pub fn settle(&mut self, incident: IncidentId) {
        self.take_incident(incident);
    }

    /// An incident is over. What it kept, if there was one.
    fn take_incident(&mut self, incident: IncidentId) -> Option<Incident> {
        let gone = self.state.incidents.remove(&incident)?;
        self.kept = self.kept.saturating_sub(gone.step.tokens());
        self.weight = self.weight.saturating_sub(gone.step.weight());
        self.commands.push(Command::Resolved { incident });
        if let Some(scope) = self.scope_mut(gone.scope) {
            scope.incidents.remove(&incident);
        }
        if let Failed::Wait { wait } | Failed::Uncaught { wait: Some(wait), .. } = &gone.step {
            self.state.waits.entry(*wait).and_modify(|wait| wait.incident = None);
        }
        self.check(gone.scope);
        Some(gone)
    }

    /// A join fires: it is not stuck any more.
    pub fn settle_deadlock(&mut self, scope: ScopeId, join: &ElementId) {
        self.settle_where(scope, |incident| incident.step == Failed::Deadlock && incident.element == *join);
    }

    /// A repetition asks anew how to go on.
    pub fn settle_repeat(&mut self, body: ScopeId) {
        self.settle_where(body, |incident| incident.step == Failed::Repeat);
    }

    pub fn settle_where(&mut self, scope: ScopeId, is: impl Fn(&Incident) -> bool) {
        let Some(state) = self.scope(scope).filter(|state| !state.incidents.is_empty()) else { return };
        let matching = |incident: &&IncidentId| self.state.incidents.get(incident).is_some_and(&is);
        let incidents: Vec<IncidentId> = state.incidents.iter().filter(matching).copied().collect();
        for incident in incidents {
            self.settle(incident);
        }
    }

    /// Too much of something: everything on its way is kept, one incident for each scope.
    pub fn stop(&mut self, first: Option<Move>, why: Message) {
        let mut scopes: BTreeMap<ScopeId, Vec<Stopped>> = BTreeMap::new();
        let queue = std::mem::take(&mut self.queue);
        for token in first.into_iter().chain(queue) {
            let stopped = Stopped { element: self.id(token.node), via: self.flow_id(token.via) };
            if let Some(scope) = self.scope_mut(token.scope) {
                scope.moving = 0;
                scopes.entry(token.scope).or_default().push(stopped);
            }
        }
        for (scope, tokens) in scopes {
            let Some(element) = tokens.first().map(|token| token.element.clone()) else { continue };
            self.kept += tokens.len();
            self.raise(scope, element, why.clone(), Failed::Stopped { tokens });
        }
    }

    /// Has a failed step done again. Whether there was such an incident.
    pub fn retry(&mut self, incident: IncidentId) -> bool {
        let Some(Incident { element, scope, step, .. }) = self.take_incident(incident) else { return false };
        let node = self.definition.find(&element);
        match (step, node) {
            (Failed::Stopped { tokens }, _) => self.resume(scope, &tokens),
            (Failed::Wait { wait } | Failed::Uncaught { wait: Some(wait), .. }, _) => self.order_again(wait),
            (Failed::Collect, _) => self.member_done(scope, true),
            (Failed::Repeat, _) => self.go_on(scope),
            (Failed::Deadlock | Failed::Complex, _) => self.check(scope),
            (Failed::Keep { done }, Some(node)) => self.complete(scope, node, Some(DoneBlock::alone(*done))),
            (Failed::Enter { via }, Some(node)) => self.send(scope, node, self.flow_named(via.as_ref())),
            (Failed::Uncaught { wait: None, .. }, Some(node)) => self.send(scope, node, None),
            (Failed::Leave, Some(node)) => self.leave(scope, node),
            (Failed::Arm, Some(node)) => self.arm_start(scope, node),
            (step, None) => {
                self.raise(scope, element, NO_ELEMENT, step);
            }
        }
        true
    }

    fn flow_named(&self, flow: Option<&ElementId>) -> Option<FlowIx> {
        flow.and_then(|flow| self.definition.flow_by_id.get(flow).copied())
    }

    fn resume(&mut self, scope: ScopeId, tokens: &[Stopped]) {
        for token in tokens {
            if let Some(node) = self.definition.find(&token.element) {
                self.send(scope, node, self.flow_named(token.via.as_ref()));
            }
        }
    }

    /// Asks the outside again for what a wait stands for.
    fn order_again(&mut self, wait: WaitId) {
        let Some(found) = self.state.waits.get(&wait) else { return };
        let (scope, element, kind) = (found.scope, found.element.clone(), found.kind.clone());
        if !matches!(kind, WaitKind::Task | WaitKind::Service | WaitKind::Call) {
            return self.announce(wait, &kind);
        }
        let node = self.definition.find(&element);
        let order = node.ok_or_else(|| NO_ELEMENT.to_owned());
        match order.and_then(|node| self.order(scope, node, wait)) {
            Ok((_, command, weight)) => self.say(command, weight),
            Err(message) => self.raise_on_wait(wait, message, Failed::Wait { wait }),
        }
    }

    /// Goes on behind the failed element as if it was done. Whether there was such an incident.
    pub fn skip(&mut self, incident: IncidentId) -> bool {
        let Some(Incident { element, scope, step, .. }) = self.take_incident(incident) else { return false };
        let node = self.definition.find(&element);
        match (step, node) {
            (Failed::Wait { wait } | Failed::Uncaught { wait: Some(wait), .. }, _) => {
                self.commands.push(Command::Withdraw { wait });
                self.come(wait, Map::new(), None, VisitOutcome::Skipped);
            }
            (Failed::Collect, _) => self.member_done(scope, false),
            (Failed::Repeat, _) => self.finish_body(scope),
            (Failed::Stopped { tokens }, _) => self.skip_stopped(scope, element, tokens),
            (Failed::Enter { via }, Some(node)) => self.skip_node(scope, node, via),
            (Failed::Uncaught { wait: None, .. }, Some(node)) => self.skip_node(scope, node, None),
            (Failed::Leave, Some(node)) => self.leave_skipping(scope, node),
            (Failed::Keep { .. }, Some(node)) => self.complete(scope, node, None),
            (Failed::Deadlock | Failed::Complex, Some(node)) => self.fire_join(scope, node),
            (Failed::Arm, _) | (_, None) => {}
        }
        self.check(scope);
        true
    }

    /// Goes on behind each of the tokens, as far as there is room for what follows; the others stay where they are.
    fn skip_stopped(&mut self, scope: ScopeId, element: ElementId, tokens: Vec<Stopped>) {
        self.kept += tokens.len();
        let mut tokens = tokens.into_iter();
        while self.places() < self.limits.places
            && let Some(token) = tokens.next()
        {
            self.kept -= 1;
            if let Some(node) = self.definition.find(&token.element) {
                self.skip_node(scope, node, token.via);
            }
        }
        let tokens: Vec<Stopped> = tokens.collect();
        if !tokens.is_empty() {
            self.raise(scope, element, budget::places(self.limits.places), Failed::Stopped { tokens });
        }
    }

    fn skip_node(&mut self, scope: ScopeId, node: NodeIx, via: Option<ElementId>) {
        let now = self.now();
        self.visit(self.id(node), now, VisitOutcome::Skipped, None, via);
        match &self.node(node).kind {
            NodeKind::EventBased => self.skip_race(scope, node),
            NodeKind::Throw(Outcome::Link(_)) | NodeKind::End(_) => {}
            _ if self.is_member(scope, node) => self.member_done(scope, false),
            _ => self.leave_skipping(scope, node),
        }
        self.check(scope);
    }

    /// Past an event-based gateway: as if the first of its events had come.
    fn skip_race(&mut self, scope: ScopeId, gateway: NodeIx) {
        if let Some(&flow) = self.node(gateway).outgoing.first() {
            self.leave_skipping(scope, self.definition.flow(flow).target);
        }
    }
}
