//! Events: what happened, after it was committed. Delivered at least once; `Event::id` tells repeats apart.
//!
//! A plugin publishes events of its own ([`publish`]): the manifest declares them (`[[publishes]]`), others subscribe to
//! `<prefix>.<name>` and find the fields among the changes: `event.after("amount")`.

use crate::bindings::imports::verstak::events::events as raw;
use crate::{HostError, Value};

pub use crate::bindings::events::exports::verstak::plugin::events::{Event, FieldChange};
pub use raw::NewEvent;

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

impl NewEvent {
    /// An event that the manifest declares, by its name without the prefix; `payload` is a JSON object in text.
    pub fn new(name: &str, payload: impl Into<String>) -> Self {
        NewEvent { name: name.to_owned(), payload: payload.into(), key: None }
    }

    /// Delivered in order with others of this key.
    #[must_use]
    pub fn in_order(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// Publishes one event. Needs the `events` permission with `publish = true`.
///
/// # Errors
/// `Invalid` when it is not as the manifest declares it, `Limit`, `Denied`.
pub fn publish(event: NewEvent) -> Result<(), HostError> {
    raw::publish(&[event])
}

/// Publishes up to 200 events, all or none.
///
/// # Errors
/// As [`publish`].
pub fn publish_all(events: &[NewEvent]) -> Result<(), HostError> {
    raw::publish(events)
}
