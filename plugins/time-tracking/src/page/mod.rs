//! What pages ask of the code: figures, and presses.

pub mod acts;
pub mod money;
pub mod now;
pub mod planned;
pub mod report;
pub mod task;
pub mod team;
pub mod week;

use verstak_plugin::prelude::*;

use crate::zone::{self, Date};

/// A value for a column of instants.
pub fn at(instant: Option<i64>) -> Value {
    instant.map_or(Value::Null, Value::Instant)
}

/// A date of the page's address or of a source's input.
pub fn date_of(ask: &Ask, name: &str) -> Option<Date> {
    ask.text(name).or_else(|| ask.view.param(name)).and_then(zone::date)
}
