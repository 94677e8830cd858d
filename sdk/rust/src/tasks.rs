//! Tasks of the tenant; needs the `tasks` permission with `read`, `complete` or both.

use crate::HostError;
use crate::bindings::imports::verstak::work::tasks as raw;

pub use raw::{Completion, Page, Query, State, Task};

/// Open tasks of whoever caused this call, up to 200.
pub fn mine() -> Result<Vec<Task>, HostError> {
    Ok(raw::find(&Query { mine: true, ..open() })?.tasks)
}

/// Open tasks of a process instance, up to 200.
pub fn of_instance(instance: &str) -> Result<Vec<Task>, HostError> {
    Ok(raw::find(&Query { instance: Some(instance.to_owned()), ..open() })?.tasks)
}

/// One page of tasks.
pub fn find(query: &Query) -> Result<Page, HostError> {
    raw::find(query)
}

/// Completes a task; `variables` is a JSON object in text. Answers how it stands then.
pub fn complete(task: &str, variables: &str) -> Result<State, HostError> {
    raw::complete(task, &Completion { variables: variables.to_owned(), result: None, comment: None })
}

/// Completes a task with a result and a comment.
pub fn complete_with(task: &str, completion: &Completion) -> Result<State, HostError> {
    raw::complete(task, completion)
}

fn open() -> Query {
    Query { mine: false, instance: None, state: Some(State::Open), limit: 200, cursor: None }
}
