//! A token arrives at a node, and leaves it by the flows whose conditions hold.

use kernel::text::Message;
use serde_json::Value as Json;

use super::compensation::DoneBlock;
use super::event::VisitOutcome;
use super::gateways::is_event_sub_process;
use super::run::{Move, Run};
use super::state::{Failed, Role, ScopeId};
use crate::definition::model::{FlowIx, Node, NodeIx, NodeKind, Outcome, Trigger};

impl Run<'_> {
    /// A token arrives. What fails becomes an incident that holds it.
    pub fn enter(&mut self, token: Move) {
        if let Err(message) = self.arrive(token) {
            let via = self.flow_id(token.via);
            self.raise(token.scope, self.id(token.node), message, Failed::Enter { via });
        }
    }

    fn arrive(&mut self, token: Move) -> Result<(), Message> {
        let node = self.node(token.node);
        match &node.kind {
            NodeKind::Start { .. }
            | NodeKind::Exclusive
            | NodeKind::Catch(Trigger::None | Trigger::Link(_))
            | NodeKind::Throw(Outcome::None)
            | NodeKind::End(Outcome::None) => self.pass(token),
            NodeKind::Catch(_) => self.await_event(token)?,
            NodeKind::Throw(outcome) | NodeKind::End(outcome) => return self.throw(token, outcome),
            NodeKind::Parallel | NodeKind::Inclusive | NodeKind::Complex { .. } => self.join(token),
            NodeKind::EventBased => self.race(token)?,
            NodeKind::Boundary { .. } | NodeKind::SubProcess { event: true, .. } => {
                return Err("it starts by its event, a token cannot enter it".into());
            }
            _ if node.repeat.is_some() && !self.is_member(token.scope, token.node) => return self.open_body(token),
            _ => return self.run_activity(token),
        }
        Ok(())
    }

    /// Through the node at once.
    pub fn pass(&mut self, token: Move) {
        let (now, via) = (self.now(), self.flow_id(token.via));
        self.visit(self.id(token.node), now, VisitOutcome::Completed, None, via);
        self.leave(token.scope, token.node);
    }

    /// Whether the scope is one member of this repeated activity.
    pub fn is_member(&self, scope: ScopeId, node: NodeIx) -> bool {
        self.scope(scope).is_some_and(|scope| {
            matches!(scope.role, Role::Member { .. }) && scope.element.as_deref() == Some(&*self.node(node).id)
        })
    }

    /// The activity is done in this scope: what was done is kept if it can be undone, and its token goes on, or the
    /// repetition it is a member of.
    pub fn complete(&mut self, scope: ScopeId, node: NodeIx, done: Option<DoneBlock>) {
        if let Some(done) = done
            && !self.keep(scope, node, done)
        {
            return;
        }
        if self.is_member(scope, node) {
            self.member_done(scope, true);
        } else if !is_event_sub_process(self.definition, node) {
            self.leave(scope, node);
        }
    }

    /// A token leaves a node.
    pub fn leave(&mut self, scope: ScopeId, node: NodeIx) {
        let from = self.node(node);
        if let [flow] = from.outgoing.as_slice()
            && self.definition.flow(*flow).condition.is_none()
        {
            self.take(scope, *flow);
        } else {
            match self.choose(scope, from) {
                Ok(flows) => flows.into_iter().for_each(|flow| self.take(scope, flow)),
                Err(message) => self.raise(scope, from.id.clone(), message, Failed::Leave),
            }
        }
        self.check(scope);
    }

    pub fn take(&mut self, scope: ScopeId, flow: FlowIx) {
        self.send(scope, self.definition.flow(flow).target, Some(flow));
    }

    fn choose(&mut self, scope: ScopeId, node: &Node) -> Result<Vec<FlowIx>, String> {
        match node.kind {
            NodeKind::Parallel => Ok(node.outgoing.clone()),
            NodeKind::Exclusive => self.choose_one(scope, node),
            _ => self.choose_all(scope, node),
        }
    }

    /// The first flow that is true, else the default (BPMN 13.4.2).
    fn choose_one(&mut self, scope: ScopeId, node: &Node) -> Result<Vec<FlowIx>, String> {
        for &flow in node.outgoing.iter().filter(|&&flow| Some(flow) != node.default) {
            if self.is_open(scope, flow)? {
                return Ok(vec![flow]);
            }
        }
        match node.default {
            Some(flow) => Ok(vec![flow]),
            None if node.outgoing.is_empty() => Ok(Vec::new()),
            None => Err(nothing_holds()),
        }
    }

    /// All flows that are true; the default when none is (BPMN 13.4.3 for gateways). Of an activity or event the default
    /// stands against the conditional flows only (BPMN 13.3.1).
    fn choose_all(&mut self, scope: ScopeId, node: &Node) -> Result<Vec<FlowIx>, String> {
        let gateway = matches!(node.kind, NodeKind::Inclusive | NodeKind::Complex { .. });
        let (mut flows, mut answered) = (Vec::new(), false);
        for &flow in node.outgoing.iter().filter(|&&flow| Some(flow) != node.default) {
            if self.is_open(scope, flow)? {
                answered |= gateway || self.definition.flow(flow).condition.is_some();
                flows.push(flow);
            }
        }
        if !answered {
            flows.extend(node.default);
        }
        if flows.is_empty() && !node.outgoing.is_empty() { Err(nothing_holds()) } else { Ok(flows) }
    }

    fn is_open(&mut self, scope: ScopeId, flow: FlowIx) -> Result<bool, String> {
        let state = self.state_of_gateway(self.definition.flow(flow).source, true);
        self.is_open_with(scope, flow, state)
    }

    /// The same where there are these variables more.
    pub fn is_open_with(&mut self, scope: ScopeId, flow: FlowIx, more: Vec<(&str, Json)>) -> Result<bool, String> {
        let flow = self.definition.flow(flow);
        match &flow.condition {
            None => Ok(true),
            Some(condition) => self
                .holds_with(scope, condition, more)
                .map_err(|problem| format!("condition of the flow `{}`: {problem}", flow.id)),
        }
    }

    /// The flows an operator goes on by, past conditions that fail: those without one, else the first.
    pub fn leave_skipping(&mut self, scope: ScopeId, node: NodeIx) {
        let node = self.node(node);
        let free = |flow: &&FlowIx| Some(**flow) == node.default || self.definition.flow(**flow).condition.is_none();
        let mut flows: Vec<FlowIx> = node.outgoing.iter().filter(free).copied().collect();
        match node.kind {
            NodeKind::Exclusive | NodeKind::EventBased => {
                flows = node.default.or(flows.first().copied()).into_iter().collect()
            }
            _ => {}
        }
        if flows.is_empty() {
            flows.extend(node.outgoing.first());
        }
        flows.into_iter().for_each(|flow| self.take(scope, flow));
        self.check(scope);
    }
}

pub(super) fn nothing_holds() -> String {
    "none of the conditions of its flows is true and there is no default flow: add a default flow, or skip the element"
        .to_owned()
}
