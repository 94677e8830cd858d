//! Processes of the tenant; needs the `processes` permission, which names what may be started and sent.

use crate::HostError;
use crate::bindings::imports::verstak::work::processes as raw;
use crate::steps::Subject;

pub use raw::{Delivered, Message, NewInstance};

/// Starts the published version of a definition by its key and gives the instance's id. `variables` is a JSON object in
/// text.
pub fn start(definition: &str, subject: Option<Subject>, variables: &str) -> Result<String, HostError> {
    let definition = definition.to_owned();
    raw::start(&NewInstance { definition, subject, variables: variables.to_owned() })
}

/// Publishes a message to the instance that waits for its name and key, or starts one.
pub fn publish(message: &Message) -> Result<Delivered, HostError> {
    raw::publish(message)
}

/// Broadcasts a signal to everybody who waits for it. `variables` is a JSON object in text.
pub fn signal(name: &str, variables: &str) -> Result<Delivered, HostError> {
    raw::signal(name, variables)
}

impl Message {
    /// A message without variables.
    pub fn new(name: &str) -> Self {
        Message { name: name.to_owned(), key: None, variables: "{}".to_owned(), subject: None }
    }

    /// What tells waiting instances apart.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// What it brings, a JSON object in text.
    #[must_use]
    pub fn variables(mut self, json: impl Into<String>) -> Self {
        self.variables = json.into();
        self
    }
}
