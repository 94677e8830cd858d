//! How an instance begins: at its plain starts, at a start event, behind a gateway or at a receive task that instantiates
//! (BPMN 13.2, 13.4.4).

use kernel::text::Message;
use serde_json::{Map, Value as Json};

use super::event::VisitOutcome;
use super::events::Place;
use super::parts::Plan;
use super::run::Run;
use super::state::{Failed, PROCESS, Role};
use crate::definition::model::{Begins, ElementId, FlowIx, NodeIx, NodeKind};

impl Run<'_> {
    /// Begins. Whether it can begin there.
    pub fn start(&mut self, at: Option<&ElementId>, variables: Map<String, Json>, stopped: Option<Message>) -> bool {
        let at = at.map(|at| self.definition.beginning_at(at).filter(|(node, _)| self.begins_at(*node)));
        if !self.state.scopes.is_empty() || at == Some(None) {
            return false;
        }
        let at = at.flatten();
        if let Some(message) = self.begin(variables).err().or(stopped) {
            self.begin_stopped(at.map(|(node, _)| node), message);
            return true;
        }
        match at {
            Some((node, part)) => self.begin_at(node, part),
            None => self.start_plainly(PROCESS, self.process),
        }
        true
    }

    fn begins_at(&self, node: NodeIx) -> bool {
        let inside = self.definition.scope(self.process);
        inside.starts.contains(&node) && matches!(self.node(node).kind, NodeKind::Start { .. })
            || inside.triggered_starts.contains(&node)
    }

    /// An incident at the start: a retry goes on from there.
    fn begin_stopped(&mut self, start: Option<NodeIx>, message: Message) {
        let start = start.or_else(|| self.definition.scope(self.process).starts.first().copied());
        let element = start.map_or_else(|| self.state.process.clone(), |start| self.id(start));
        let plain = start.is_none_or(|start| matches!(self.node(start).kind, NodeKind::Start { .. }));
        let step = if plain { Failed::Enter { via: None } } else { Failed::Leave };
        self.raise(PROCESS, element, message, step);
    }

    /// Opens the process. Variables that are too large are left out.
    pub fn begin(&mut self, variables: Map<String, Json>) -> Result<(), Message> {
        let scope = self.open_scope(None, None, Role::Inside, None);
        let fit = self.fit(scope, &variables, None);
        if fit.is_ok() {
            self.write_all(scope, variables);
            self.asking = false;
        }
        self.furnish(scope, self.process);
        fit
    }

    /// One of the events that begin the process has come.
    fn begin_at(&mut self, node: NodeIx, part: Option<usize>) {
        let gateway = self.gateway_before(node);
        if let Some((gateway, _)) = gateway {
            self.visit(self.id(gateway), self.now(), VisitOutcome::Completed, None, None);
        }
        let via = gateway.map(|(_, flow)| flow);
        match part.filter(|_| self.needs_all(node)) {
            Some(part) => self.await_rest(node, part, via),
            None if matches!(self.node(node).kind, NodeKind::Start { .. }) => self.send(PROCESS, node, None),
            None => {
                self.visit(self.id(node), self.now(), VisitOutcome::Completed, None, self.flow_id(via));
                self.complete_with(PROCESS, node, Map::new());
            }
        }
        if let Some((gateway, _)) = gateway.filter(|(gateway, _)| self.node(*gateway).begins == Some(Begins::All)) {
            // Each of the others goes its own way when it comes.
            for &flow in self.node(gateway).outgoing.iter().filter(|flow| Some(**flow) != via) {
                self.take(PROCESS, flow);
            }
        }
    }

    /// The gateway that instantiates before an event, and the flow to it.
    fn gateway_before(&self, node: NodeIx) -> Option<(NodeIx, FlowIx)> {
        let [flow] = self.node(node).incoming.as_slice() else { return None };
        let gateway = self.definition.flow(*flow).source;
        self.node(gateway).begins.map(|_| (gateway, *flow))
    }

    /// All events of the element must come: the instance waits there for those that have not.
    fn await_rest(&mut self, node: NodeIx, came: usize, via: Option<FlowIx>) {
        match self.plan(PROCESS, node) {
            Ok(plan) => {
                let others: Plan = plan.into_iter().filter(|part| part.part != u32::try_from(came).ok()).collect();
                self.arm(PROCESS, node, others, Place::Work, via);
            }
            Err(message) => {
                let via = self.flow_id(via);
                self.raise(PROCESS, self.id(node), message, Failed::Enter { via });
            }
        }
    }
}
