//! Tasks of the tenant; needs the `tasks` permission with `read`, `complete`, `create` or several of them.

use crate::HostError;
use crate::bindings::imports::verstak::work::tasks as raw;

pub use raw::{Completion, NewTask, Page, Query, State, Task};

use crate::steps::Subject;

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

impl NewTask {
    /// A task for whoever caused this call, else for the owner of its subject.
    pub fn new(title: &str) -> Self {
        NewTask {
            title: title.to_owned(),
            description: String::new(),
            executors: Vec::new(),
            subject: None,
            due: None,
            variables: "{}".to_owned(),
        }
    }

    /// The record it is about.
    #[must_use]
    pub fn about(mut self, entity: &str, id: &str) -> Self {
        self.subject = Some(Subject { entity: entity.to_owned(), id: id.to_owned() });
        self
    }

    /// One more who may do it: `user:<id or e-mail>`, `role:<key>`, `owner`, `head`, `deputy`.
    #[must_use]
    pub fn executor(mut self, rule: impl Into<String>) -> Self {
        self.executors.push(rule.into());
        self
    }

    /// Its deadline, microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn due(mut self, at: i64) -> Self {
        self.due = Some(at);
        self
    }

    /// In more words.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }
}

/// Makes one task; answers its id.
pub fn create(task: NewTask) -> Result<String, HostError> {
    let made = create_many(&[task])?;
    made.into_iter().next().unwrap_or_else(|| Err(HostError::Internal("the host gave no result".to_owned())))
}

/// Makes up to 200 tasks; one result each.
pub fn create_many(tasks: &[NewTask]) -> Result<Vec<Result<String, HostError>>, HostError> {
    raw::create(tasks)
}

/// Makes up to 200 tasks once: a key (1 to 200 characters) that made a task before gives the id of that task. The id of
/// the event that asks for a task makes repeats of its delivery harmless. One result each.
pub fn create_once(
    tasks: impl IntoIterator<Item = (String, NewTask)>,
) -> Result<Vec<Result<String, HostError>>, HostError> {
    let tasks: Vec<_> = tasks.into_iter().map(|(key, task)| raw::KeyedTask { key, task }).collect();
    raw::create_once(&tasks)
}
