//! When an inclusive join fires (BPMN 13.4.3), and when a complex gateway has nothing more to wait for.
//!
//! It is decided when nothing else can move: the join fires when no token elsewhere can reach one of its empty incoming
//! flows without passing it. A token that can get there only through another join which itself waits for what this one
//! lets go cannot get there before: it counts only if it cannot come back to a flow that has a token already (the
//! standard's exception, without which joins in a loop would wait for each other for ever).

use std::cell::Cell;
use std::collections::HashSet;

use super::budget;
use super::run::Run;
use super::state::{Failed, Held, IncidentId, Role, ScopeId, Stopped, Then};
use crate::definition::model::{Definition, ElementId, FlowIx, Node, NodeIx, NodeKind, Outcome, Trigger};

/// Where a token stands: at a node, or on the flow that leads it there.
#[derive(Debug, Clone, Copy)]
struct Token {
    node: NodeIx,
    via: Option<FlowIx>,
}

impl Run<'_> {
    /// Fires inclusive joins and decides complex gateways, at most one of a scope. Whether any let go.
    pub fn decide_inclusive_joins(&mut self) -> bool {
        let mut fired = false;
        for scope in std::mem::take(&mut self.unsettled) {
            if self.activate_any(scope) {
                fired = true;
                continue;
            }
            let looks = Cell::new(self.limits.looks);
            match self.ripe_join(scope, &looks) {
                Some(join) if looks.get() == 0 => self.undecided(scope, join),
                Some(join) => {
                    match self.node(join).kind {
                        NodeKind::Complex { .. } => self.reset(scope, join),
                        _ => self.fire_join(scope, join),
                    }
                    fired = true;
                }
                None => {
                    self.waiting.insert(scope);
                }
            }
        }
        fired
    }

    /// A join of which it would take too long to find out: somebody has to say that it lets go.
    fn undecided(&mut self, scope: ScopeId, join: NodeIx) {
        let known = |incident: &IncidentId| {
            self.state.incidents.get(incident).is_some_and(|incident| incident.step == Failed::Deadlock)
        };
        if !self.scope(scope).is_some_and(|scope| scope.incidents.iter().any(known)) {
            self.raise(scope, self.id(join), budget::looks(), Failed::Deadlock);
        }
    }

    /// The first inclusive join that fires; or, when no looks are left, that which took the last.
    fn ripe_join(&self, scope: ScopeId, looks: &Cell<usize>) -> Option<NodeIx> {
        let mut seen = HashSet::new();
        let held = self.scope(scope)?.held.iter().filter(|held| seen.insert(&held.element));
        held.filter_map(|held| self.definition.find(&held.element))
            .filter(|&join| matches!(self.node(join).kind, NodeKind::Inclusive))
            .chain(self.resetting(scope))
            .find(|&join| self.is_ripe(scope, join, looks) || looks.get() == 0)
    }

    fn is_ripe(&self, scope: ScopeId, join: NodeIx, looks: &Cell<usize>) -> bool {
        let definition = self.definition;
        let id = &self.node(join).id;
        let mut arrived = self.arrived(scope, id);
        // Of a complex gateway, what it has had counts.
        arrived
            .extend(self.scope(scope).and_then(|scope| scope.resets.get(id)).into_iter().flatten().map(|via| &**via));
        let (full, empty): (Vec<FlowIx>, Vec<FlowIx>) =
            self.node(join).incoming.iter().partition(|&&flow| arrived.contains(&*definition.flow(flow).id));
        if empty.is_empty() {
            return true;
        }
        let tokens = self.tokens(scope, join);
        let upstream = upstream_of(definition, join, &empty, looks);
        if !tokens
            .iter()
            .any(|token| upstream.contains(&token.node) || token.via.is_some_and(|via| empty.contains(&via)))
        {
            return true;
        }
        let held = self.held_flows(scope);
        let free = Ahead::of(definition, join, &tokens, &held, looks);
        if empty.iter().any(|flow| free.flows.contains(flow)) {
            return false;
        }
        let back = upstream_of(definition, join, &full, looks);
        tokens.iter().all(|token| !upstream.contains(&token.node) || back.contains(&token.node))
    }

    fn held_flows(&self, scope: ScopeId) -> HashSet<FlowIx> {
        let held = self.scope(scope).map(|scope| scope.held.as_slice()).unwrap_or_default();
        held.iter().filter_map(|held| self.definition.flow_by_id.get(&held.via).copied()).collect()
    }

    /// The scope's tokens, except those that wait at this join.
    fn tokens(&self, scope: ScopeId, join: NodeIx) -> Vec<Token> {
        let Some(state) = self.scope(scope) else { return Vec::new() };
        let waits = state.waits.iter().filter_map(|wait| self.state.waits.get(wait)).map(|wait| &wait.element);
        let children = state.children.iter().filter_map(|child| {
            let child = self.scope(*child)?;
            // An event that went on before all is undone, or ends a transaction, sends nothing any more.
            let sends = !matches!(child.role, Role::Undo { then: Then::Nothing | Then::Cancel, .. });
            child.element.as_ref().filter(|_| sends)
        });
        let at = |id: &ElementId| Some(Token { node: self.definition.find(id)?, via: None });
        let mut tokens: Vec<Token> = waits.chain(children).filter_map(at).collect();
        let held = state.held.iter().filter_map(|Held { element, via, .. }| self.token(element, Some(via)));
        tokens.extend(held.filter(|token| token.node != join));
        tokens.extend(state.incidents.iter().flat_map(|incident| self.stuck(*incident)));
        tokens
    }

    fn token(&self, element: &str, via: Option<&ElementId>) -> Option<Token> {
        let via = via.and_then(|via| self.definition.flow_by_id.get(via).copied());
        Some(Token { node: self.definition.find(element)?, via })
    }

    /// The tokens of an incident. One that could not leave its element may yet go by each of its flows.
    fn stuck(&self, incident: u32) -> Vec<Token> {
        let Some(incident) = self.state.incidents.get(&incident) else { return Vec::new() };
        match &incident.step {
            Failed::Enter { via } => self.token(&incident.element, via.as_ref()).into_iter().collect(),
            Failed::Stopped { tokens } => {
                tokens.iter().filter_map(|Stopped { element, via }| self.token(element, via.as_ref())).collect()
            }
            Failed::Leave | Failed::Keep { .. } => {
                let at = self.definition.find(&incident.element).map(|at| self.node(at).outgoing.as_slice());
                let target = |&flow: &FlowIx| Token { node: self.definition.flow(flow).target, via: Some(flow) };
                at.unwrap_or_default().iter().map(target).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Takes one of the looks at a node that a decision may cost. Whether there was one.
fn look(looks: &Cell<usize>) -> bool {
    let left = looks.get().saturating_sub(1);
    looks.set(left);
    left > 0
}

/// Nodes from which a token can get to one of these incoming flows of the join without passing the join.
fn upstream_of(definition: &Definition, join: NodeIx, flows: &[FlowIx], looks: &Cell<usize>) -> HashSet<NodeIx> {
    let mut open: Vec<NodeIx> = flows.iter().map(|&flow| definition.flow(flow).source).collect();
    let mut upstream = HashSet::new();
    while let Some(node) = open.pop() {
        if node == join || !upstream.insert(node) {
            continue;
        }
        if !look(looks) {
            break;
        }
        let this = definition.node(node);
        open.extend(this.incoming.iter().map(|&flow| definition.flow(flow).source));
        match &this.kind {
            NodeKind::Boundary { host, .. } => open.push(*host),
            NodeKind::Catch(Trigger::Link(name)) => open.extend(links(
                definition,
                this,
                |kind| matches!(kind, NodeKind::Throw(Outcome::Link(to)) if to == name),
            )),
            _ => {}
        }
    }
    upstream
}

/// Link events of this kind beside a node.
fn links(definition: &Definition, beside: &Node, is: impl Fn(&NodeKind) -> bool) -> Vec<NodeIx> {
    let nodes = definition.scope(beside.scope).nodes.iter().copied();
    nodes.filter(|&node| is(&definition.node(node).kind)).collect()
}

/// Where tokens can get while one join stands still: other parallel joins need a token by each flow, other inclusive
/// ones do not let go while they wait for what comes from that join.
struct Ahead<'d> {
    definition: &'d Definition,
    join: NodeIx,
    held: &'d HashSet<FlowIx>,
    looks: &'d Cell<usize>,
    nodes: HashSet<NodeIx>,
    flows: HashSet<FlowIx>,
    open: Vec<FlowIx>,
}

impl<'d> Ahead<'d> {
    fn of(
        definition: &'d Definition,
        join: NodeIx,
        tokens: &[Token],
        held: &'d HashSet<FlowIx>,
        looks: &'d Cell<usize>,
    ) -> Self {
        let (nodes, flows) = (HashSet::new(), HashSet::new());
        let mut ahead = Self { definition, join, held, looks, nodes, flows, open: Vec::new() };
        for token in tokens {
            match token.via {
                Some(flow) => ahead.open.push(flow),
                None => ahead.visit(token.node),
            }
        }
        while let Some(flow) = ahead.open.pop() {
            if ahead.flows.insert(flow) && look(looks) {
                ahead.arrive(definition.flow(flow).target);
            }
        }
        ahead
    }

    fn arrive(&mut self, node: NodeIx) {
        let this = self.definition.node(node);
        let passes = match this.kind {
            _ if node == self.join => false,
            NodeKind::Parallel => {
                this.incoming.iter().all(|flow| self.flows.contains(flow) || self.held.contains(flow))
            }
            NodeKind::Inclusive if this.incoming.len() > 1 => !self.waits_for_join(node),
            _ => true,
        };
        if passes {
            self.visit(node);
        }
    }

    fn visit(&mut self, node: NodeIx) {
        let mut visiting = vec![node];
        while let Some(node) = visiting.pop() {
            if !self.nodes.insert(node) {
                continue;
            }
            let this = self.definition.node(node);
            self.open.extend(&this.outgoing);
            visiting.extend(&this.boundary);
            if let NodeKind::Throw(Outcome::Link(name)) = &this.kind {
                let catches = |kind: &NodeKind| matches!(kind, NodeKind::Catch(Trigger::Link(to)) if to == name);
                visiting.extend(links(self.definition, this, catches));
            }
        }
    }

    /// Whether what comes from the join can reach an empty incoming flow of another one without passing that.
    fn waits_for_join(&self, other: NodeIx) -> bool {
        let empty: Vec<FlowIx> =
            self.definition.node(other).incoming.iter().copied().filter(|flow| !self.held.contains(flow)).collect();
        upstream_of(self.definition, other, &empty, self.looks).contains(&self.join)
    }
}
