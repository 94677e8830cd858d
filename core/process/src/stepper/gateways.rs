//! Joins and races. A parallel join takes one token of each incoming flow (BPMN 13.4.1); when an inclusive one fires is
//! told by `inclusive`.

use std::collections::{BTreeSet, HashSet};

use kernel::Timestamp;

use super::event::VisitOutcome;
use super::events::Place;
use super::run::{Move, Run};
use super::state::{Failed, Held, ScopeId};
use crate::definition::model::{Definition, ElementId, NodeIx, NodeKind};

/// Tokens that a join has taken.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The flows by which they came.
    pub flows: BTreeSet<ElementId>,
    /// Since when the first stood there.
    pub since: Option<Timestamp>,
    /// The flow of the last.
    pub via: Option<ElementId>,
}

impl Run<'_> {
    /// A token at a parallel, inclusive or complex gateway. One that an operator puts there has no flow and goes through.
    pub fn join(&mut self, token: Move) {
        let node = self.node(token.node);
        let decides = matches!(node.kind, NodeKind::Complex { activation: Some(_) });
        let (Some(via), true) = (self.flow_id(token.via), node.incoming.len() > 1 || decides) else {
            return self.pass(token);
        };
        let held = Held { element: node.id.clone(), via, since: self.now() };
        let Some(scope) = self.scope_mut(token.scope) else { return };
        scope.held.push(held);
        self.kept += 1;
        if matches!(node.kind, NodeKind::Parallel) && self.arrived(token.scope, &node.id).len() == node.incoming.len() {
            self.fire_join(token.scope, token.node);
        }
        if matches!(node.kind, NodeKind::Complex { .. }) {
            self.try_activation(token.scope, token.node);
        }
    }

    /// The incoming flows of a join that have a token.
    pub fn arrived(&self, scope: ScopeId, join: &ElementId) -> HashSet<&str> {
        let held = self.scope(scope).map(|scope| scope.held.as_slice()).unwrap_or_default();
        held.iter().filter(|held| held.element == *join).map(|held| &*held.via).collect()
    }

    /// Takes one token of each incoming flow that has one, and goes on.
    pub fn fire_join(&mut self, scope: ScopeId, join: NodeIx) {
        if matches!(self.node(join).kind, NodeKind::Complex { .. }) {
            return self.let_go(scope, join);
        }
        let id = self.id(join);
        let taken = self.take_held(scope, &id, &BTreeSet::new());
        self.settle_deadlock(scope, &id);
        self.visit(id, taken.since.unwrap_or(self.now()), VisitOutcome::Completed, None, taken.via);
        self.leave(scope, join);
    }

    /// Takes one token of each flow that has one at the join, but for those flows.
    pub fn take_held(&mut self, scope: ScopeId, join: &ElementId, but: &BTreeSet<ElementId>) -> Taken {
        let mut taken = Taken::default();
        let Some(state) = self.scope_mut(scope) else { return taken };
        state.held.retain(|held| {
            if held.element != *join || but.contains(&held.via) || !taken.flows.insert(held.via.clone()) {
                return true;
            }
            taken.since = taken.since.or(Some(held.since));
            taken.via = Some(held.via.clone());
            false
        });
        self.kept = self.kept.saturating_sub(taken.flows.len());
        taken
    }

    /// Joins that hold tokens while nothing in their scope can ever bring another.
    pub fn find_deadlocks(&mut self) {
        for scope in std::mem::take(&mut self.waiting) {
            if self.is_stuck(scope) {
                self.raise_deadlocks(scope);
            }
        }
    }

    fn is_stuck(&self, scope: ScopeId) -> bool {
        let Some(state) = self.scope(scope) else { return false };
        let works =
            |child: &ScopeId| self.owner(*child).is_some_and(|owner| !is_event_sub_process(self.definition, owner));
        let holds_token = |incident: &u32| {
            self.state
                .incidents
                .get(incident)
                .is_some_and(|incident| !matches!(incident.step, Failed::Deadlock | Failed::Arm))
        };
        !state.held.is_empty()
            && state.waits.is_empty()
            && !state.children.iter().any(works)
            && !state.incidents.iter().any(holds_token)
    }

    fn raise_deadlocks(&mut self, scope: ScopeId) {
        let Some(state) = self.scope(scope) else { return };
        let known: BTreeSet<&ElementId> = state
            .incidents
            .iter()
            .filter_map(|incident| self.state.incidents.get(incident))
            .filter(|incident| incident.step == Failed::Deadlock)
            .map(|incident| &incident.element)
            .collect();
        let joins: BTreeSet<ElementId> =
            state.held.iter().map(|held| &held.element).filter(|join| !known.contains(join)).cloned().collect();
        for join in joins {
            let arrived = self.arrived(scope, &join);
            let missing = self.definition.find(&join).map(|node| &self.node(node).incoming);
            let missing: Vec<String> = missing
                .into_iter()
                .flatten()
                .map(|&flow| &*self.definition.flow(flow).id)
                .filter(|flow| !arrived.contains(flow))
                .map(|flow| format!("`{flow}`"))
                .collect();
            let missing = missing.join(", ");
            let complex = |node| matches!(self.node(node).kind, NodeKind::Complex { .. });
            let message = match self.definition.find(&join).is_some_and(complex) {
                true => {
                    "its activationCondition is not true, and no other token can come: skip it to let go".to_owned()
                }
                false => format!("waits for a token by {missing} that can never come: skip it to go on without"),
            };
            self.raise(scope, join, message, Failed::Deadlock);
        }
    }

    /// The event-based gateway: its catching events wait together, the first wins.
    pub fn race(&mut self, token: Move) -> Result<(), String> {
        let node = self.node(token.node);
        let mut plans = Vec::new();
        for &flow in &node.outgoing {
            let target = self.definition.flow(flow).target;
            let plan = self
                .plan(token.scope, target)
                .map_err(|problem| format!("event `{}` behind it: {problem}", self.node(target).id))?;
            if plan.is_empty() {
                return Err(format!("`{}` behind it is not an event that can be waited for", self.node(target).id));
            }
            plans.push((target, flow, plan));
        }
        let race = self.fresh();
        let (now, via) = (self.now(), self.flow_id(token.via));
        self.visit(node.id.clone(), now, VisitOutcome::Completed, None, via);
        for (target, flow, plan) in plans {
            self.arm(token.scope, target, plan, Place::Race(race), Some(flow));
        }
        Ok(())
    }
}

/// Whether a node is an event sub-process.
pub(super) fn is_event_sub_process(definition: &Definition, node: NodeIx) -> bool {
    matches!(definition.node(node).kind, NodeKind::SubProcess { event: true, .. })
}
