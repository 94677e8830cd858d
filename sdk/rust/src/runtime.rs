//! What every plugin may use: log, settings, clock, context of the call, what is left of its budget.

use crate::bindings::imports::verstak::runtime as raw;
use crate::value::Fields;
use crate::{Field, Value};

pub use raw::context::{Actor, ActorKind, Call};
pub use raw::limits::Remaining;
pub use raw::log::Level;

/// Microseconds since 1970-01-01T00:00:00Z by the host's clock.
pub fn now() -> i64 {
    raw::clock::now()
}

/// Who calls and why.
pub fn context() -> Call {
    raw::context::current()
}

/// What is left of this call's budget.
pub fn remaining() -> Remaining {
    raw::limits::left()
}

/// Writes a line to the plugin's log; the macros `debug!`, `info!`, `warning!`, `error!` format it.
pub fn log(level: Level, line: &str) {
    raw::log::write(level, line);
}

/// What the tenant's admin set.
pub struct Settings(Vec<Field>);

impl Settings {
    /// Asks the host; keep the answer for the length of a call.
    pub fn load() -> Self {
        Settings(raw::settings::all())
    }
}

impl Fields for Settings {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.value(name)
    }
}
