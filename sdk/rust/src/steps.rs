//! Actions and conditions: steps of processes and main actions of tasks that the plugin does.
//!
//! `v:service="plugin:<plugin id>/<id>"` in a BPMN file asks for one. An action answers with a JSON object of its
//! declared output, a condition with yes or no; the service task puts the answer into its `v:resultVariable`, and the
//! gateway after it looks there: `vars.price.percent > 5`, `vars.ok`. A call may come again with the same
//! [`Call::key`]: what must happen once should remember it.

use std::fmt;

use crate::bindings::imports::verstak::work::steps as raw;
use crate::{Failure, HostError, Row, records};

pub use crate::bindings::imports::verstak::work::subjects::Subject;
pub use raw::{BpmnError, Call, Failure as NotDone};

/// What an action or condition answers.
pub type Done<T> = Result<T, NotDone>;

impl Call {
    /// The record that the process or task is about, with the fields the plugin may read.
    ///
    /// # Errors
    /// `Never` when it is about nothing or not about a record of this entity, or the record is gone.
    pub fn subject_of(&self, entity: &str) -> Done<Row> {
        let subject = self.subject.as_ref().filter(|subject| subject.entity == entity);
        let subject = subject.ok_or_else(|| NotDone::Never(format!("the process is not about a {entity}")))?;
        let row = records::get(entity, &subject.id)?;
        row.ok_or_else(|| NotDone::Never(format!("the {entity} {} is gone", subject.id)))
    }
}

impl NotDone {
    /// Trying again later may help.
    pub fn again(why: impl fmt::Display) -> Self {
        NotDone::Again(why.to_string())
    }

    /// It never will.
    pub fn never(why: impl fmt::Display) -> Self {
        NotDone::Never(why.to_string())
    }

    /// A BPMN error with this code, for a boundary event.
    pub fn bpmn(code: &str, text: impl fmt::Display) -> Self {
        NotDone::Error(BpmnError { code: code.to_owned(), text: text.to_string() })
    }
}

/// What the host could not do now may be done later; what it refused stays refused.
impl From<HostError> for NotDone {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Conflict(_) | HostError::Limit(_) | HostError::Unavailable(_) | HostError::Internal(_) => {
                NotDone::again(crate::value::describe(&error))
            }
            HostError::Denied(_) | HostError::NotFound(_) | HostError::Invalid(_) => {
                NotDone::never(crate::value::describe(&error))
            }
        }
    }
}

impl From<Failure> for NotDone {
    fn from(failure: Failure) -> Self {
        NotDone::Again(failure.0)
    }
}
