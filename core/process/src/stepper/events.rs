//! Events: armed and come.

use serde_json::{Map, Value as Json};

use super::activities::result_of;
use super::event::{Command, Subscription, VisitOutcome};
use super::incidents::NO_ELEMENT;
use super::parts::{Part, Plan};
use super::run::{Move, Run};
use super::state::{Cycle, Failed, ScopeId, Wait, WaitId, WaitKind};
use super::timers;
use crate::definition::model::{ElementId, FlowIx, NodeIx, NodeKind, TimeValue, Timer, Trigger};

/// What a wait belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// It is the scope's work.
    Work,
    /// The same, and its sisters end with it: behind an event-based gateway.
    Race(u32),
    /// A boundary event of the activity with this wait.
    Host(WaitId),
    /// A boundary event around this scope, or a start inside it.
    Scope(ScopeId),
}

impl Place {
    /// Where a wait is.
    pub const fn of(wait: &Wait) -> Self {
        match (wait.host, wait.guards) {
            (Some(host), _) => Self::Host(host),
            (None, Some(scope)) => Self::Scope(scope),
            (None, None) => Self::Work,
        }
    }
}

impl Run<'_> {
    /// An intermediate catching event.
    pub fn await_event(&mut self, token: Move) -> Result<(), String> {
        let plan = self.plan(token.scope, token.node)?;
        if plan.is_empty() {
            return Err("nothing can come to this event".to_owned());
        }
        self.arm(token.scope, token.node, plan, Place::Work, token.via);
        Ok(())
    }

    /// What an event's waits are for; nothing for what is not waited for outside (errors, escalations, links).
    pub fn plan(&mut self, scope: ScopeId, node: NodeIx) -> Result<Plan, String> {
        match &self.node(node).kind {
            NodeKind::Catch(trigger) => self.plan_parts(scope, trigger, false),
            NodeKind::Boundary { interrupting, trigger, .. } | NodeKind::Start { interrupting, trigger } => {
                self.plan_parts(scope, trigger, !interrupting)
            }
            NodeKind::Receive(message) => {
                let kind = WaitKind::Message { name: message.name.clone(), key: self.key(scope, message)? };
                Ok(vec![kind.into()])
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What one event's wait is for.
    pub fn plan_trigger(&mut self, scope: ScopeId, trigger: &Trigger, stays: bool) -> Result<Option<WaitKind>, String> {
        Ok(Some(match trigger {
            Trigger::Message(message) => {
                WaitKind::Message { name: message.name.clone(), key: self.key(scope, message)? }
            }
            Trigger::Signal(name) => WaitKind::Signal { name: name.clone() },
            Trigger::Conditional(_) => WaitKind::Condition { held: false },
            Trigger::Timer(timer) => self.plan_timer(scope, timer, stays)?,
            _ => return Ok(None),
        }))
    }

    fn plan_timer(&mut self, scope: ScopeId, timer: &Timer, stays: bool) -> Result<WaitKind, String> {
        let (Timer::Date(value) | Timer::Duration(value) | Timer::Cycle(value)) = timer;
        let text = match value {
            TimeValue::Text(text) => text.clone(),
            TimeValue::Expression(expression) => {
                self.text(scope, expression).map_err(|problem| format!("time: {problem}"))?
            }
        };
        let (now, zone) = (self.now(), self.input.zone);
        let (at, cycle) = match timer {
            Timer::Date(_) => (timers::instant(&text, zone)?, None),
            Timer::Duration(_) => (timers::span(&text)?.after(now, 1, zone)?, None),
            Timer::Cycle(_) => timers::first(&text, now, zone).map(|(at, cycle)| (at, Some(cycle)))?,
        };
        Ok(WaitKind::Timer { at, cycle: cycle.filter(|_| stays) })
    }

    /// Waits of the boundary events of an activity.
    pub fn plan_events(&mut self, scope: ScopeId, host: NodeIx) -> Result<Vec<(NodeIx, Plan)>, String> {
        let mut plans = Vec::new();
        for &event in &self.node(host).boundary {
            let plan = self.plan(scope, event);
            let plan = plan.map_err(|problem| format!("boundary event `{}`: {problem}", self.node(event).id))?;
            plans.push((event, plan));
        }
        Ok(plans)
    }

    /// Arms boundary events.
    pub fn arm_boundary(&mut self, plans: Vec<(NodeIx, Plan)>, scope: ScopeId, place: Place) {
        for (event, plan) in plans {
            self.arm(scope, event, plan, place, None);
        }
    }

    /// Opens the waits of an event and tells the outside. Gives the first.
    pub fn arm(
        &mut self,
        scope: ScopeId,
        node: NodeIx,
        plan: Plan,
        place: Place,
        via: Option<FlowIx>,
    ) -> Option<WaitId> {
        let (group, mut first) = ((plan.len() > 1).then(|| self.fresh()), None);
        for part in plan {
            let wait = self.fresh();
            self.announce(wait, &part.kind);
            self.open_wait(wait, scope, node, Part { group, ..part }, place, via);
            first = first.or(Some(wait));
        }
        first
    }

    /// The command for a wait that is no work of somebody.
    pub fn announce(&mut self, wait: WaitId, kind: &WaitKind) {
        let what = match kind {
            WaitKind::Timer { at, .. } => return self.commands.push(Command::ArmTimer { wait, at: *at }),
            WaitKind::Message { name, key } => Subscription::Message { name: name.clone(), key: key.clone() },
            WaitKind::Signal { name } => Subscription::Signal { name: name.clone() },
            WaitKind::Condition { .. } => return self.asking = true,
            WaitKind::Task | WaitKind::Service | WaitKind::Call => return,
        };
        self.commands.push(Command::Subscribe { wait, what });
    }

    /// Puts a wait into the state.
    pub fn open_wait(
        &mut self,
        wait: WaitId,
        scope: ScopeId,
        node: NodeIx,
        what: Part,
        place: Place,
        via: Option<FlowIx>,
    ) {
        let mut new = self.wait_of(scope, node, what, via);
        match place {
            Place::Work | Place::Race(_) => {
                new.race = if let Place::Race(race) = place { Some(race) } else { None };
                if let Some(scope) = self.scope_mut(scope) {
                    scope.waits.insert(wait);
                }
            }
            Place::Host(host) => {
                new.host = Some(host);
                self.state.waits.entry(host).and_modify(|host| host.boundary.push(wait));
            }
            Place::Scope(guarded) => {
                new.guards = Some(guarded);
                if let Some(scope) = self.scope_mut(guarded) {
                    scope.guards.insert(wait);
                }
            }
        }
        if matches!(new.kind, WaitKind::Condition { .. }) {
            self.state.conditions.insert(wait);
        }
        self.state.waits.insert(wait, new);
    }

    fn wait_of(&self, scope: ScopeId, node: NodeIx, what: Part, via: Option<FlowIx>) -> Wait {
        let Part { kind, part, group } = what;
        Wait {
            scope,
            element: self.id(node),
            kind,
            part,
            group,
            host: None,
            guards: None,
            boundary: Vec::new(),
            race: None,
            incident: None,
            since: self.now(),
            via: self.flow_id(via),
        }
    }

    /// Takes a wait out of the state, with its incident. Nothing is told outside.
    pub fn detach(&mut self, wait: WaitId) -> Option<Wait> {
        let gone = self.state.waits.remove(&wait)?;
        self.state.conditions.remove(&wait);
        if let Some(host) = gone.host {
            self.state.waits.entry(host).and_modify(|host| host.boundary.retain(|other| *other != wait));
        } else if let Some(guarded) = gone.guards {
            if let Some(scope) = self.scope_mut(guarded) {
                scope.guards.remove(&wait);
            }
        } else {
            if let Some(scope) = self.scope_mut(gone.scope) {
                scope.waits.remove(&wait);
            }
        }
        if let Some(incident) = gone.incident {
            self.settle(incident);
        }
        Some(gone)
    }

    /// Cancels a wait with its boundary events.
    pub fn withdraw(&mut self, wait: WaitId, outcome: VisitOutcome) {
        let Some(gone) = self.detach(wait) else { return };
        self.commands.push(Command::Withdraw { wait });
        self.withdraw_all(gone.boundary.iter().copied(), outcome);
        let last = self.sisters(&gone).is_empty();
        if gone.host.is_none() && gone.guards.is_none() && gone.race.is_none() && last {
            self.visit(gone.element, gone.since, outcome, Some(wait), gone.via);
        }
    }

    fn withdraw_all(&mut self, waits: impl IntoIterator<Item = WaitId>, outcome: VisitOutcome) {
        waits.into_iter().for_each(|wait| self.withdraw(wait, outcome));
    }

    /// What a wait stands for has come. Whether there was such a wait.
    pub fn come(
        &mut self,
        wait: WaitId,
        variables: Map<String, Json>,
        result: Option<Json>,
        outcome: VisitOutcome,
    ) -> bool {
        let Some(found) = self.state.waits.get(&wait) else { return false };
        let (scope, guards) = (found.scope, found.guards.is_some());
        let Some(node) = self.definition.find(&found.element) else {
            self.raise_on_wait(wait, NO_ELEMENT, Failed::Wait { wait });
            return true;
        };
        if let Err(message) = self.fit(scope, &variables, result.as_ref()) {
            self.raise_on_wait(wait, message, Failed::Wait { wait });
            return true;
        }
        let brought = if self.definition.is_undone(node) { variables.clone() } else { Map::new() };
        self.write_all(scope, variables);
        if outcome == VisitOutcome::Completed && self.is_one_of_all(wait, node) {
            self.detach(wait);
            return true;
        }
        match self.node(node).kind {
            NodeKind::Start { interrupting, .. } if guards => self.start_event_sub_process(wait, node, interrupting),
            NodeKind::Boundary { interrupting, .. } => self.boundary_comes(wait, node, interrupting),
            _ => self.work_done(wait, node, (brought, result), outcome),
        }
        true
    }

    fn work_done(
        &mut self,
        wait: WaitId,
        node: NodeIx,
        (mut brought, result): (Map<String, Json>, Option<Json>),
        outcome: VisitOutcome,
    ) {
        let Some(gone) = self.detach(wait) else { return };
        self.withdraw_all(gone.boundary.iter().copied(), VisitOutcome::Cancelled);
        self.end_group(&gone);
        if let Some(race) = gone.race {
            self.end_race(gone.scope, race);
        }
        if let (Some(name), Some(value)) = (result_of(self.node(node)), result) {
            if self.definition.is_undone(node) {
                brought.insert(name.to_owned(), value.clone());
            }
            self.put(gone.scope, name, value);
        }
        self.visit(gone.element, gone.since, outcome, Some(wait), gone.via);
        match outcome {
            VisitOutcome::Completed => self.complete_with(gone.scope, node, brought),
            _ => self.complete(gone.scope, node, None),
        }
    }

    pub(super) fn end_race(&mut self, scope: ScopeId, race: u32) {
        let waits = self.scope(scope).map(|scope| scope.waits.clone()).unwrap_or_default();
        let lost = |wait: &WaitId| self.state.waits.get(wait).is_some_and(|wait| wait.race == Some(race));
        let sisters: Vec<WaitId> = waits.into_iter().filter(lost).collect();
        for wait in sisters {
            // A loser was never entered: the gateway's token went to the winner.
            if self.detach(wait).is_some() {
                self.commands.push(Command::Withdraw { wait });
            }
        }
    }

    fn boundary_comes(&mut self, wait: WaitId, node: NodeIx, interrupting: bool) {
        let Some(gone) = self.after_coming(wait, interrupting) else { return };
        if interrupting {
            if let Some(host) = gone.host {
                self.withdraw(host, VisitOutcome::Cancelled);
            } else if let Some(scope) = gone.guards {
                self.cancel_scope(scope, VisitOutcome::Cancelled);
            }
        }
        self.visit(gone.element, gone.since, VisitOutcome::Completed, Some(wait), None);
        self.leave(gone.scope, node);
    }

    fn start_event_sub_process(&mut self, wait: WaitId, node: NodeIx, interrupting: bool) {
        if let Some(gone) = self.after_coming(wait, interrupting)
            && let Some(scope) = gone.guards
        {
            self.open_event_sub_process(scope, node, interrupting);
        }
    }

    /// An event that stays armed: a timer of a cycle gets its next time, another one stays as it is.
    fn after_coming(&mut self, wait: WaitId, interrupting: bool) -> Option<Wait> {
        let timer = matches!(self.state.waits.get(&wait)?.kind, WaitKind::Timer { .. });
        let all = self.definition.find(&self.state.waits.get(&wait)?.element);
        if !interrupting && let Some(node) = all.filter(|node| self.needs_all(*node)) {
            return self.arm_all_again(wait, node);
        }
        if !interrupting && !timer {
            if let Some(incident) = self.state.waits.get(&wait).and_then(|wait| wait.incident) {
                self.settle(incident);
            }
            return self.state.waits.get(&wait).cloned();
        }
        let gone = self.detach(wait)?;
        if let (WaitKind::Timer { cycle: Some(cycle), .. }, Some(node)) =
            (&gone.kind, self.definition.find(&gone.element))
        {
            self.arm_again(&gone, node, cycle);
        }
        Some(gone)
    }

    fn arm_again(&mut self, gone: &Wait, node: NodeIx, cycle: &Cycle) {
        let WaitKind::Timer { at, .. } = gone.kind else { return };
        // A cycle whose next time cannot be told (beyond the calendar) has come to its end.
        if let Ok(Some((at, cycle))) = timers::next(cycle, at, self.now(), self.input.zone) {
            let kind = WaitKind::Timer { at, cycle: Some(cycle) };
            let (wait, again) = (self.fresh(), Part { kind, part: gone.part, group: gone.group });
            self.announce(wait, &again.kind);
            self.open_wait(wait, gone.scope, node, again, Place::of(gone), None);
        }
    }

    /// Asks a condition that is waited for; it comes when its answer turns true.
    pub fn ask_condition(&mut self, wait: WaitId) {
        let Some((scope, before, element)) = self.condition(wait) else { return };
        let part = self.state.waits.get(&wait).and_then(|wait| wait.part);
        let Some(Trigger::Conditional(condition)) = self.trigger(&element, part) else { return };
        match self.holds(scope, condition) {
            Ok(now) => self.answered(wait, before, now),
            Err(message) => self.raise_on_wait(wait, message, Failed::Wait { wait }),
        }
    }

    fn condition(&self, wait: WaitId) -> Option<(ScopeId, bool, ElementId)> {
        let wait = self.state.waits.get(&wait)?;
        match wait.kind {
            WaitKind::Condition { held } => Some((wait.scope, held, wait.element.clone())),
            _ => None,
        }
    }

    fn answered(&mut self, wait: WaitId, before: bool, now: bool) {
        let Some(found) = self.state.waits.get_mut(&wait) else { return };
        found.kind = WaitKind::Condition { held: now };
        if let Some(incident) = found.incident.take() {
            self.settle(incident);
        }
        if now && !before {
            self.come(wait, Map::new(), None, VisitOutcome::Completed);
        }
    }
}
