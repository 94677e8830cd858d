//! Events: what happened, after it was committed. Delivered at least once; `Event::id` tells repeats apart.

use crate::Value;

pub use crate::bindings::events::exports::verstak::plugin::events::{Event, FieldChange};
pub use crate::bindings::imports::verstak::runtime::context::{Actor, ActorKind};

/// Reading an event.
pub trait EventExt {
    /// The change of one field, when it changed.
    fn change(&self, field: &str) -> Option<&FieldChange>;
    /// The new value of a field, when it changed.
    fn after(&self, field: &str) -> Option<&Value>;
}

impl EventExt for Event {
    fn change(&self, field: &str) -> Option<&FieldChange> {
        self.changes.iter().find(|change| change.field == field)
    }

    fn after(&self, field: &str) -> Option<&Value> {
        self.change(field).map(|change| &change.after)
    }
}
