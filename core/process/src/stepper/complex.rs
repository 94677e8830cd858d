//! Complex gateways (BPMN 10.6.5, 13.4.5): they let go when their activation condition is true, then wait for the rest
//! and are as new.
//!
//! The condition sees `activationCount` (tokens that stand there) and `activationCounts` (the same by flow). When it
//! lets go, one token of each flow that has one is taken, and flows are chosen as behind an inclusive gateway. Then it
//! waits for a token by each of the other flows, except where none can come (as an inclusive join does), takes them, and
//! asks the conditions of its flows again; they see `waitingForStart`, false now. A flow without a condition is taken only
//! the first time, or nobody could draw "the first of three goes on, the others end here". A gateway that has had a token
//! by every flow waits for nothing and asks nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::event::VisitOutcome;
use super::run::Run;
use super::state::{Failed, ScopeId};
use crate::definition::model::{ElementId, FlowIx, NodeIx, NodeKind};

impl Run<'_> {
    /// Variables that the conditions of a gateway's flows see besides all others.
    pub fn state_of_gateway(&self, node: NodeIx, start: bool) -> Vec<(&'static str, Json)> {
        match self.node(node).kind {
            NodeKind::Complex { .. } => vec![("waitingForStart", start.into())],
            _ => Vec::new(),
        }
    }

    /// Whether a complex gateway is to be asked whether it lets go.
    fn is_waiting_for_start(&self, scope: ScopeId, id: &ElementId) -> bool {
        let Some(state) = self.scope(scope) else { return false };
        !state.resets.contains_key(id) && !self.is_failing(scope, id)
    }

    fn is_failing(&self, scope: ScopeId, id: &ElementId) -> bool {
        let failing = |incident: &u32| {
            let incident = self.state.incidents.get(incident);
            incident.is_some_and(|incident| incident.step == Failed::Complex && incident.element == *id)
        };
        self.scope(scope).is_some_and(|scope| scope.incidents.iter().any(failing))
    }

    /// A complex gateway lets go if its condition is true. Whether it did.
    pub fn try_activation(&mut self, scope: ScopeId, gateway: NodeIx) -> bool {
        let id = self.id(gateway);
        if !self.is_waiting_for_start(scope, &id) {
            return false;
        }
        match self.is_activated(scope, gateway) {
            Ok(true) => self.activate(scope, gateway),
            Ok(false) => {
                self.inactive.insert(scope);
                return false;
            }
            Err(problem) => {
                self.raise(scope, id, format!("activationCondition: {problem}"), Failed::Complex);
                return false;
            }
        }
        true
    }

    fn is_activated(&mut self, scope: ScopeId, gateway: NodeIx) -> Result<bool, String> {
        let node = self.node(gateway);
        let NodeKind::Complex { activation: Some(condition) } = &node.kind else { return Ok(true) };
        let flows = node.incoming.iter().map(|&flow| (self.definition.flow(flow).id.to_string(), 0_u32));
        let mut counts: BTreeMap<String, u32> = flows.collect();
        for held in self.scope(scope).into_iter().flat_map(|state| &state.held).filter(|held| held.element == node.id) {
            *counts.entry(held.via.to_string()).or_default() += 1;
        }
        let sum: u32 = counts.values().sum();
        let more = vec![
            ("activationCount", json!(sum)),
            ("activationCounts", json!(counts)),
            ("waitingForStart", Json::Bool(true)),
        ];
        self.holds_with(scope, condition, more)
    }

    fn activate(&mut self, scope: ScopeId, gateway: NodeIx) {
        let id = self.id(gateway);
        let taken = self.take_held(scope, &id, &BTreeSet::new());
        self.settle_complex(scope, &id);
        if taken.flows.len() < self.node(gateway).incoming.len()
            && let Some(state) = self.scope_mut(scope)
        {
            state.resets.insert(id.clone(), taken.flows);
        }
        self.visit(id, taken.since.unwrap_or(self.now()), VisitOutcome::Completed, None, taken.via);
        self.leave(scope, gateway);
    }

    /// Asks the complex gateways of a scope that hold tokens whether they let go. Whether one did.
    pub fn activate_any(&mut self, scope: ScopeId) -> bool {
        let held: BTreeSet<NodeIx> = self
            .scope(scope)
            .into_iter()
            .flat_map(|scope| &scope.held)
            .filter_map(|held| self.definition.find(&held.element))
            .filter(|node| matches!(self.node(*node).kind, NodeKind::Complex { .. }))
            .collect();
        held.into_iter().any(|gateway| self.try_activation(scope, gateway))
    }

    /// Complex gateways of a scope that have let go and wait for the rest.
    pub fn resetting(&self, scope: ScopeId) -> Vec<NodeIx> {
        let gateways = self.scope(scope).into_iter().flat_map(|scope| scope.resets.keys());
        let gateways = gateways.filter(|id| !self.is_failing(scope, id));
        gateways.filter_map(|id| self.definition.find(id)).collect()
    }

    /// Nothing more can come: the gateway takes what has come since, and waits anew.
    pub fn reset(&mut self, scope: ScopeId, gateway: NodeIx) {
        let id = self.id(gateway);
        let flows = match self.flows_of_reset(scope, gateway) {
            Ok(flows) => flows,
            Err(problem) => return self.raise(scope, id, problem, Failed::Complex),
        };
        let had = self.scope_mut(scope).and_then(|scope| scope.resets.remove(&id)).unwrap_or_default();
        let taken = self.take_held(scope, &id, &had);
        self.settle_complex(scope, &id);
        if !taken.flows.is_empty() || !flows.is_empty() {
            self.visit(id, taken.since.unwrap_or(self.now()), VisitOutcome::Completed, None, taken.via);
        }
        flows.into_iter().for_each(|flow| self.take(scope, flow));
        self.check(scope);
    }

    /// Flows whose conditions are true, else the default. None is no failure here.
    fn flows_of_reset(&mut self, scope: ScopeId, gateway: NodeIx) -> Result<Vec<FlowIx>, String> {
        let node = self.node(gateway);
        let (mut flows, mut asked) = (Vec::new(), false);
        for &flow in &node.outgoing {
            if Some(flow) == node.default || self.definition.flow(flow).condition.is_none() {
                continue;
            }
            asked = true;
            if self.is_open_with(scope, flow, self.state_of_gateway(gateway, false))? {
                flows.push(flow);
            }
        }
        if flows.is_empty() && asked {
            flows.extend(node.default);
        }
        Ok(flows)
    }

    /// An operator has the gateway go on, whatever its conditions say.
    pub fn let_go(&mut self, scope: ScopeId, gateway: NodeIx) {
        let id = self.id(gateway);
        let had = self.scope_mut(scope).and_then(|scope| scope.resets.remove(&id));
        match had {
            Some(had) => {
                self.take_held(scope, &id, &had);
                self.settle_complex(scope, &id);
                self.check(scope);
            }
            None => self.activate(scope, gateway),
        }
    }

    fn settle_complex(&mut self, scope: ScopeId, gateway: &ElementId) {
        self.settle_deadlock(scope, gateway);
        self.settle_where(scope, |incident| incident.step == Failed::Complex && incident.element == *gateway);
    }
}
