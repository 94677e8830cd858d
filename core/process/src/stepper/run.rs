//! One step: the event moves tokens, tokens move on until nothing can move.
//!
//! Work is queued, never recursive along flows: a token in hand is done with before the next is taken, and scopes are
//! closed only between tokens.

use std::collections::{BTreeSet, VecDeque};

use super::budget::{self, Limits, MAX_SAID};
use super::compensation::count_of_done;
use super::event::{Command, Input, Outcome, Visit, VisitOutcome};
use super::incidents::NO_ELEMENT;
use super::state::{Failed, OnTheWay, PROCESS, Paused, ScopeId, ScopeState, State, Status, WaitId};
use super::variables::weight_of;
use crate::definition::model::{Definition, ElementId, FlowIx, Node, NodeIx, NodeKind, ScopeIx};
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
    /// Scopes in which a complex gateway holds tokens and has not let go: asked again when variables change.
    pub inactive: BTreeSet<ScopeId>,
    /// Conditions that are still to be asked.
    to_ask: VecDeque<WaitId>,
    pub limits: Limits,
    /// What all variables take.
    pub weight: usize,
    /// What the variables in the commands take.
    said: usize,
    /// Tokens that stand at joins or were stopped.
    pub kept: usize,
    /// Completed activities that are kept because they can be undone.
    pub done: usize,
    entered: u32,
    slices: u32,
    /// Whether anything moved in this slice.
    moved: bool,
}

impl<'a> Run<'a> {
    pub fn new(
        definition: &'a Definition,
        process: ScopeIx,
        state: State,
        input: &'a Input<'a>,
        limits: Limits,
    ) -> Self {
        let mut run = Self {
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
            inactive: BTreeSet::new(),
            to_ask: VecDeque::new(),
            limits,
            weight: 0,
            said: 0,
            kept: 0,
            done: 0,
            entered: 0,
            slices: 0,
            moved: false,
        };
        run.weight = run.state.scopes.values().map(weight_of).sum();
        run.weight += run.state.incidents.values().map(|incident| incident.step.weight()).sum::<usize>();
        run.done = run.state.scopes.values().map(count_of_done).sum();
        run.inactive =
            run.state.scopes.iter().filter(|(_, scope)| run.holds_at_complex(scope)).map(|(id, _)| *id).collect();
        run.kept = run.state.scopes.values().map(|scope| scope.held.len()).sum();
        run.kept += run.state.incidents.values().map(|incident| incident.step.tokens()).sum::<usize>();
        run.take_up();
        run
    }

    fn holds_at_complex(&self, scope: &ScopeState) -> bool {
        let complex = |node| matches!(self.node(node).kind, NodeKind::Complex { .. });
        scope.held.iter().any(|held| self.definition.find(&held.element).is_some_and(complex))
    }

    /// Brings back what was on its way when the last slice was over.
    fn take_up(&mut self) {
        let Some(paused) = self.state.paused.take() else { return };
        (self.entered, self.slices) = (paused.steps, paused.slices);
        self.to_ask = paused.asking.into();
        self.closing = paused.closing;
        self.unsettled =
            self.state.scopes.iter().filter(|(_, scope)| !scope.held.is_empty()).map(|(id, _)| *id).collect();
        for OnTheWay { scope, element, via } in paused.tokens {
            match self.definition.find(&element) {
                Some(node) => self.send(scope, node, via.and_then(|via| self.definition.flow_by_id.get(&via).copied())),
                None => self.raise(scope, element, NO_ELEMENT, Failed::Enter { via }),
            }
        }
    }

    /// Whether anything is on its way from the slice before.
    pub fn is_on_the_way(&self) -> bool {
        !(self.queue.is_empty() && self.to_ask.is_empty() && self.closing.is_empty())
    }

    /// Keeps what is on its way for the next step.
    pub fn keep_on_the_way(&mut self) {
        if !self.is_on_the_way() {
            return;
        }
        let queue = std::mem::take(&mut self.queue);
        let mut tokens = Vec::with_capacity(queue.len());
        for Move { scope, node, via } in queue {
            if let Some(state) = self.scope_mut(scope) {
                state.moving = 0;
                tokens.push(OnTheWay { scope, element: self.id(node), via: self.flow_id(via) });
            }
        }
        let asking = std::mem::take(&mut self.to_ask).into();
        let closing = std::mem::take(&mut self.closing);
        self.state.paused = Some(Paused { tokens, asking, closing, steps: self.entered, slices: self.slices });
    }

    fn is_over(&self) -> bool {
        self.said > MAX_SAID || self.input.pace.is_over()
    }

    /// The slice is over: what is on its way goes on in another step, or, after too many slices, when somebody has looked
    /// at it. Whether this step ends here.
    fn pause(&mut self) -> bool {
        self.slices += u32::from(std::mem::take(&mut self.moved));
        if self.slices > self.limits.slices {
            let message = budget::work(self.limits.slices);
            if let Some(wait) = std::mem::take(&mut self.to_ask).pop_front() {
                self.raise_on_wait(wait, message.clone(), Failed::Wait { wait });
            }
            self.asking = false;
            self.stop(None, message);
            return false;
        }
        if self.asking {
            self.asking = false;
            self.to_ask = self.state.conditions.iter().copied().collect();
        }
        if !self.is_on_the_way() {
            return false;
        }
        self.keep_on_the_way();
        self.commands.push(Command::Continue);
        true
    }

    /// Tokens, waits, open scopes and incidents.
    pub fn places(&self) -> usize {
        let State { scopes, waits, incidents, .. } = &self.state;
        scopes.len() + waits.len() + incidents.len() + self.queue.len() + self.kept
    }

    /// Tells the outside something with variables.
    pub fn say(&mut self, command: Command, weight: usize) {
        self.said = self.said.saturating_add(weight);
        self.commands.push(command);
    }

    pub fn outcome(self, stale: bool) -> Outcome {
        Outcome { state: self.state, commands: self.commands, stale }
    }

    /// Moves everything that can move.
    pub fn drain(&mut self) {
        while self.state.status == Status::Active {
            let asks = self.asking || !self.to_ask.is_empty();
            let works = asks || self.closing.is_empty() && !self.queue.is_empty();
            if works && self.is_over() && self.pause() {
                return;
            }
            if asks {
                self.ask_next();
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

    /// Asks one of the conditions; all of them anew when something changed since the last was asked.
    fn ask_next(&mut self) {
        self.moved = true;
        if std::mem::take(&mut self.asking) {
            self.to_ask = self.state.conditions.iter().copied().collect();
            self.unsettled.append(&mut self.inactive);
        }
        if let Some(wait) = self.to_ask.pop_front() {
            self.ask_condition(wait);
        }
    }

    fn advance(&mut self, token: Move) {
        self.moved = true;
        let Some(scope) = self.scope_mut(token.scope) else { return };
        scope.moving = scope.moving.saturating_sub(1);
        if self.entered >= self.limits.steps {
            return self.stop(Some(token), budget::steps(self.limits.steps));
        }
        if self.places() >= self.limits.places {
            return self.stop(Some(token), budget::places(self.limits.places));
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
        self.commands.push(Command::Visit(Visit {
            element,
            entered,
            left: self.input.now,
            outcome,
            wait,
            via,
            note: None,
        }));
    }

    /// The instance is over.
    pub fn end(&mut self, status: Status) {
        self.state.status = status;
        self.queue.clear();
        self.to_ask.clear();
        if let Some(process) = self.scope_mut(PROCESS) {
            process.moving = 0;
            process.done.clear();
        }
        self.commands.push(Command::Ended);
    }
}
