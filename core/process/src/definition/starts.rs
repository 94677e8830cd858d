//! What begins instances of a process: start events with a trigger, each event of several, the events behind a gateway
//! that instantiates, receive tasks that do.

use super::model::{Definition, MessageRef, NodeIx, NodeKind, ScopeIx, Timer, Trigger};
use kernel::expression::Expression;

/// Between the element and the number of the event, where it has several.
const PART: char = '#';

/// What an instance begins with.
#[derive(Debug, Clone, Copy)]
pub enum Beginning<'d> {
    /// A message.
    Message(&'d MessageRef),
    /// A signal by its name.
    Signal(&'d str),
    /// A time.
    Timer(&'d Timer),
    /// A condition over a record.
    Condition(&'d Expression),
}

impl Definition {
    /// What begins instances of the process with this inside. Each by its name: the element's id, with `#` and a number
    /// where the element has several events.
    pub fn beginnings(&self, inside: ScopeIx) -> Vec<(String, Beginning<'_>)> {
        let mut found = Vec::new();
        for &node in &self.scope(inside).triggered_starts {
            let id = &self.node(node).id;
            let parts = self.trigger(node).map(Trigger::parts).unwrap_or_default();
            match (&self.node(node).kind, parts) {
                (NodeKind::Receive(message), _) => found.push((id.to_string(), Beginning::Message(message))),
                (_, [only]) => found.extend(beginning(only).map(|it| (id.to_string(), it))),
                (_, parts) => {
                    for (at, part) in parts.iter().enumerate() {
                        found.extend(beginning(part).map(|it| (format!("{id}{PART}{at}"), it)));
                    }
                }
            }
        }
        found
    }

    /// The element with this name of a beginning, and the place of its event among several.
    pub fn beginning_at(&self, name: &str) -> Option<(NodeIx, Option<usize>)> {
        if let Some(node) = self.find(name) {
            return Some((node, None));
        }
        let (id, part) = name.rsplit_once(PART)?;
        let (node, part) = (self.find(id)?, part.parse().ok()?);
        self.trigger(node)?.parts().get(part)?;
        Some((node, Some(part)))
    }

    /// What the name of a beginning stands for.
    pub fn beginning(&self, name: &str) -> Option<Beginning<'_>> {
        let (node, part) = self.beginning_at(name)?;
        match &self.node(node).kind {
            NodeKind::Receive(message) => Some(Beginning::Message(message)),
            _ => beginning(self.trigger(node)?.parts().get(part.unwrap_or_default())?),
        }
    }
}

fn beginning(trigger: &Trigger) -> Option<Beginning<'_>> {
    Some(match trigger {
        Trigger::Message(message) => Beginning::Message(message),
        Trigger::Signal(name) => Beginning::Signal(name),
        Trigger::Timer(timer) => Beginning::Timer(timer),
        Trigger::Conditional(condition) => Beginning::Condition(condition),
        _ => return None,
    })
}
