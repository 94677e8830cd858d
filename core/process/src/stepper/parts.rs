//! Several events of one element (BPMN 10.5.6, "Multiple" and "Parallel Multiple"): any of them, or all of them.
//!
//! Each is a wait of its own; they share a group. Where all must come, each that came leaves the group, and the last one
//! is the event.

use super::event::Command;
use super::events::Place;
use super::run::Run;
use super::state::{ScopeId, Wait, WaitId, WaitKind};
use crate::definition::model::{MAX_PARTS, NodeIx, Trigger};

/// One of an event's waits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// What for.
    pub kind: WaitKind,
    /// Which of several events.
    pub part: Option<u32>,
    /// Their common number.
    pub group: Option<u32>,
}

impl From<WaitKind> for Part {
    fn from(kind: WaitKind) -> Self {
        Self { kind, part: None, group: None }
    }
}

/// What an event waits for.
pub(super) type Plan = Vec<Part>;

impl<'a> Run<'a> {
    /// What each of an event's parts waits for.
    pub fn plan_parts(&mut self, scope: ScopeId, trigger: &Trigger, stays: bool) -> Result<Plan, String> {
        let several = matches!(trigger, Trigger::Several { .. });
        let mut plan = Plan::new();
        for (at, part) in (0..).zip(trigger.parts()) {
            if let Some(kind) = self.plan_trigger(scope, part, stays && !trigger.needs_all())? {
                plan.push(Part { part: several.then_some(at), ..kind.into() });
            }
        }
        Ok(plan)
    }

    /// The event of an element that a wait is for.
    pub fn trigger(&self, element: &str, part: Option<u32>) -> Option<&'a Trigger> {
        let trigger = self.definition.trigger(self.definition.find(element)?)?;
        trigger.parts().get(usize::try_from(part.unwrap_or_default()).ok()?)
    }

    /// Whether all events of an element must come.
    pub fn needs_all(&self, node: NodeIx) -> bool {
        self.definition.trigger(node).is_some_and(Trigger::needs_all)
    }

    /// Whether the wait is for one event of those that must all come, and others are still to come.
    pub fn is_one_of_all(&self, wait: WaitId, node: NodeIx) -> bool {
        let found = self.state.waits.get(&wait);
        self.needs_all(node) && found.is_some_and(|found| self.sisters(found).iter().any(|other| *other != wait))
    }

    /// Waits for the events of an element that were opened together: their numbers follow that of the group.
    pub fn sisters(&self, wait: &Wait) -> Vec<WaitId> {
        let Some(group) = wait.group else { return Vec::new() };
        let near = self.state.waits.range(group..=group.saturating_add(MAX_PARTS));
        near.filter(|(_, wait)| wait.group == Some(group)).map(|(wait, _)| *wait).collect()
    }

    /// One event was enough: the others of its element mean nothing any more.
    pub fn end_group(&mut self, gone: &Wait) {
        for wait in self.sisters(gone) {
            if self.detach(wait).is_some() {
                self.commands.push(Command::Withdraw { wait });
            }
        }
    }

    /// All events have come to one that does not interrupt: it waits for all of them anew, as long as they can be told.
    pub fn arm_all_again(&mut self, wait: WaitId, node: NodeIx) -> Option<Wait> {
        let gone = self.detach(wait)?;
        if let Ok(plan) = self.plan(gone.scope, node) {
            self.arm(gone.scope, node, plan, Place::of(&gone), None);
        }
        Some(gone)
    }
}
