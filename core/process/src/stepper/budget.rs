//! What stepping may cost, and what is said when it would cost more.
//!
//! A step ends early, and goes on as another one (`Event::Continue`), when its `Pace` says so: whoever runs it measures
//! time. What cannot go on is an incident: too many steps or slices without waiting, too much kept at once, variables
//! that are too large.

use std::fmt;

use kernel::text::Message;
use serde_json::{Map, Value as Json};

/// Steps (nodes entered) that one event may cause: then the tokens are stopped by an incident.
pub const MAX_STEPS: u32 = 100_000;
/// Members of a multi-instance.
pub const MAX_MEMBERS: u32 = 10_000;
/// Tokens, waits, open scopes and incidents of an instance at once; one node may bring it above by what it opens itself.
pub const MAX_PLACES: usize = 50_000;
/// Completed activities that are kept because they can be undone.
pub const MAX_DONE: usize = 10_000;
/// Slices without waiting: with 50 ms each, two seconds of a processor.
pub const MAX_SLICES: u32 = 40;
/// Nodes looked at to find out which inclusive join of a scope fires.
pub const MAX_LOOKS: usize = 500_000;
/// Bytes of a text in a variable.
pub const MAX_TEXT: usize = 64 * 1024;
/// Bytes of all variables of an instance, and of what one activity hands to the outside.
pub const MAX_VARIABLES: usize = 1024 * 1024;
/// Lists and objects inside one another: what is deeper could not be read back from where it is stored.
pub const MAX_LEVELS: usize = 64;
/// Bytes of variables in the commands of one slice.
pub(super) const MAX_SAID: usize = 4 * MAX_VARIABLES;
/// What a value takes at least: a number as it lies in memory.
const LEAST: usize = 8;

/// Whether a slice of stepping is over.
pub trait Pace: fmt::Debug {
    /// Whether the step should stop here and be gone on with later.
    fn is_over(&self) -> bool;
}

/// A step that is never put off: its other limits hold all the same.
#[derive(Debug, Clone, Copy)]
pub struct AtOnce;

impl Pace for AtOnce {
    fn is_over(&self) -> bool {
        false
    }
}

/// How much an instance may do and be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub steps: u32,
    pub slices: u32,
    pub places: usize,
    pub looks: usize,
    pub done: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: MAX_STEPS, slices: MAX_SLICES, places: MAX_PLACES, looks: MAX_LOOKS, done: MAX_DONE }
    }
}

/// Too many steps without waiting.
pub(super) fn steps(limit: u32) -> Message {
    Message::key("process.limit.steps").with("limit", limit)
}

/// Too much work without waiting.
pub(super) fn work(slices: u32) -> Message {
    Message::key("process.limit.work").with("slices", slices)
}

/// Too much at once.
pub(super) fn places(limit: usize) -> Message {
    Message::key("process.limit.places").with("limit", limit)
}

/// Too many completed activities that can be undone.
pub(super) fn done(limit: usize) -> Message {
    Message::key("process.limit.done").with("limit", limit)
}

/// Too many ways to an inclusive join.
pub(super) fn looks() -> Message {
    Message::key("process.limit.looks")
}

/// All variables together are too large.
pub fn variables() -> Message {
    Message::key("process.limit.variables").with("limit", MAX_VARIABLES / 1024)
}

/// How much a value takes: bytes of its texts and names, and for everything in it as much as a number takes.
///
/// # Errors
/// When a text in it is longer, or its levels are more, than a variable may have.
pub fn weigh(value: &Json) -> Result<usize, Message> {
    weigh_at(value, 1)
}

/// How much variables take, with their names.
///
/// # Errors
/// As `weigh`.
pub fn weigh_all(variables: &Map<String, Json>) -> Result<usize, Message> {
    weigh_entries(variables, 0)
}

fn weigh_at(value: &Json, level: usize) -> Result<usize, Message> {
    if level > MAX_LEVELS {
        return Err(Message::key("process.limit.levels").with("limit", MAX_LEVELS));
    }
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(LEAST),
        Json::String(text) if text.len() > MAX_TEXT => {
            Err(Message::key("process.limit.text").with("limit", MAX_TEXT / 1024))
        }
        Json::String(text) => Ok(text.len().saturating_add(LEAST)),
        Json::Array(items) => {
            items.iter().try_fold(LEAST, |sum, item| Ok(sum.saturating_add(weigh_at(item, level + 1)?)))
        }
        Json::Object(map) => Ok(weigh_entries(map, level)?.saturating_add(LEAST)),
    }
}

fn weigh_entries(entries: &Map<String, Json>, level: usize) -> Result<usize, Message> {
    entries.iter().try_fold(0, |sum: usize, (name, value)| {
        Ok(sum.saturating_add(name.len()).saturating_add(weigh_at(value, level + 1)?))
    })
}

/// The same of what was weighed before it was kept; data from before the limits weighs as much as may be.
pub(super) fn weight(value: &Json) -> usize {
    weigh(value).unwrap_or(MAX_VARIABLES)
}
