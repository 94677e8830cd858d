//! One step: the event moves tokens, tokens move on until nothing can move.
//!
//! Work is queued, never recursive along flows: a token in hand is done with before the next is taken, and scopes are
//! closed only between tokens.

use std::collections::{BTreeSet, VecDeque};

use super::event::{Command, Input, Outcome, Visit, VisitOutcome};
use super::state::{PROCESS, ScopeId, ScopeState, State, Status, WaitId};
use crate::definition::model::{Definition, ElementId, FlowIx, Node, NodeIx, ScopeIx};
use kernel::Timestamp;

/// A token on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    /// Its scope.
    pub scope: ScopeId,
    /// Where it arrives.
    pub node: NodeIx,
    /// By which flow.
    pub via: Option<FlowIx>,
}

/// A step under way.
pub(super) struct Run<'a> {
    pub definition: &'a Definition,
    pub input: &'a Input<'a>,
    /// The process's inside.
    pub process: ScopeIx,
    pub state: State,
    pub commands: Vec<Command>,
    /// Tokens on their way. Those of scopes that are no more are dropped when their turn comes.
    pub queue: VecDeque<Move>,
    /// Scopes that something left: they may be done.
    pub closing: Vec<ScopeId>,
    /// Scopes with held tokens in which something moved: their inclusive joins are to be decided.
    pub unsettled: BTreeSet<ScopeId>,
    /// Scopes whose joins wait: to be looked at for deadlocks.
    pub waiting: BTreeSet<ScopeId>,
    /// Variables or the subject changed, or a condition was armed.
    pub asking: bool,
    /// Nodes that may be entered.
    limit: u32,
    entered: u32,
}

impl<'a> Run<'a> {
    pub fn new(definition: &'a Definition, process: ScopeIx, state: State, input: &'a Input<'a>, limit: u32) -> Self {
        Self {
            definition,
            input,
            process,
            state,
            commands: Vec::new(),
            queue: VecDeque::new(),
            closing: Vec::new(),
            unsettled: BTreeSet::new(),
            waiting: BTreeSet::new(),
            asking: false,
            limit,
            entered: 0,
        }
    }

    pub fn outcome(self, stale: bool) -> Outcome {
        Outcome { state: self.state, commands: self.commands, stale }
    }

    /// Moves everything that can move.
    pub fn drain(&mut self) {
        while self.state.status == Status::Active {
            if self.asking {
                self.asking = false;
                self.ask_conditions();
            } else if let Some(scope) = self.closing.pop() {
                self.close_if_done(scope);
            } else if let Some(token) = self.queue.pop_front() {
                self.advance(token);
            } else if !self.decide_inclusive_joins() {
                break;
            }
        }
        if self.state.status == Status::Active {
            self.find_deadlocks();
        }
    }

    fn advance(&mut self, token: Move) {
        let Some(scope) = self.scope_mut(token.scope) else { return };
        scope.moving = scope.moving.saturating_sub(1);
        if self.entered == self.limit {
            return self.stop(token, self.limit);
        }
        self.entered += 1;
        self.enter(token);
        self.check(token.scope);
    }

    /// Sends a token on its way.
    pub fn send(&mut self, scope: ScopeId, node: NodeIx, via: Option<FlowIx>) {
        if let Some(state) = self.scope_mut(scope) {
            state.moving = state.moving.saturating_add(1);
            self.queue.push_back(Move { scope, node, via });
        }
    }

    /// Something moved in the scope or left it.
    pub fn check(&mut self, scope: ScopeId) {
        if self.closing.last() != Some(&scope) {
            self.closing.push(scope);
        }
    }

    pub fn scope(&self, scope: ScopeId) -> Option<&ScopeState> {
        self.state.scopes.get(&scope)
    }

    pub fn scope_mut(&mut self, scope: ScopeId) -> Option<&mut ScopeState> {
        self.state.scopes.get_mut(&scope)
    }

    /// The next free number.
    pub fn fresh(&mut self) -> u32 {
        let number = self.state.next;
        self.state.next = number.saturating_add(1);
        number
    }

    pub fn now(&self) -> Timestamp {
        self.input.now
    }

    /// A node, for as long as the definition lives.
    pub fn node(&self, node: NodeIx) -> &'a Node {
        self.definition.node(node)
    }

    pub fn id(&self, node: NodeIx) -> ElementId {
        self.node(node).id.clone()
    }

    pub fn flow_id(&self, flow: Option<FlowIx>) -> Option<ElementId> {
        flow.map(|flow| self.definition.flow(flow).id.clone())
    }

    /// The activity a scope belongs to.
    pub fn owner(&self, scope: ScopeId) -> Option<NodeIx> {
        self.scope(scope).and_then(|scope| scope.element.as_deref()).and_then(|id| self.definition.find(id))
    }

    /// Writes a line of the journal for an element that is left now.
    pub fn visit(
        &mut self,
        element: ElementId,
        entered: Timestamp,
        outcome: VisitOutcome,
        wait: Option<WaitId>,
        via: Option<ElementId>,
    ) {
        self.commands.push(Command::Visit(Visit { element, entered, left: self.input.now, outcome, wait, via }));
    }

    /// The instance is over.
    pub fn end(&mut self, status: Status) {
        self.state.status = status;
        self.queue.clear();
        if let Some(process) = self.scope_mut(PROCESS) {
            process.moving = 0;
        }
        self.commands.push(Command::Ended);
    }
}
