//! Why something is not done: one kind of refusal for hooks, presses and routes.

use serde_json::json;
use verstak_plugin::prelude::*;

use crate::store::me;

/// Something that is not to be done, in words for people and with a code for programs.
#[derive(Debug, Clone, PartialEq)]
pub struct No {
    /// `time.overlap` ...
    pub code: &'static str,
    /// Of an answer over HTTP.
    pub status: u16,
    /// For people.
    pub message: Message,
}

impl No {
    /// The state of things forbids it.
    pub fn conflict(code: &'static str, key: &str, text: &str) -> Self {
        Self { code, status: 409, message: Message::new(key, text) }
    }

    /// What was given makes no sense.
    pub fn wrong(code: &'static str, key: &str, text: &str) -> Self {
        Self { code, status: 422, message: Message::new(key, text) }
    }

    /// It is not theirs to do.
    pub fn denied(key: &str, text: &str) -> Self {
        Self { code: "time.denied", status: 403, message: Message::new(key, text) }
    }

    /// Puts a value into the words.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.message = self.message.with(name, value);
        self
    }
}

/// A refusal, or what the host said.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// It is not to be done.
    No(No),
    /// It could not be done.
    Host(HostError),
}

/// What may be refused.
pub type Done<T = ()> = Result<T, Trouble>;

impl From<No> for Trouble {
    fn from(no: No) -> Self {
        Self::No(no)
    }
}

impl From<HostError> for Trouble {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl From<Trouble> for NotActed {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::No(no) => NotActed::refuse(no.message),
            Trouble::Host(error) => error.into(),
        }
    }
}

impl From<Trouble> for Message {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::No(no) => no.message,
            Trouble::Host(error) => error.into(),
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::No(no) => Failure(no.message.fallback),
            Trouble::Host(error) => error.into(),
        }
    }
}

/// Passes while none of these fields of a record that is there gets another value: the module alone writes them, or nobody.
///
/// # Errors
/// `time.fixed`.
pub fn must_stay(change: &Change, fields: &[&str]) -> Done {
    if change.is_new() || !fields.iter().any(|field| change.differs(field)) {
        return Ok(());
    }
    Err(No::conflict("time.fixed", "fixed", "This is not changed by hand any more").into())
}

/// Takes away what somebody says of a new record that only the module says; example data may say it.
pub fn unsay(change: &mut Change, fields: &[&str]) {
    let said = fields.iter().filter(|field| change.is_new() && me().is_some() && change.was_set(field));
    for field in said.copied().collect::<Vec<_>>() {
        change.set(field, Value::Null);
    }
}

/// An answer of a route.
///
/// # Errors
/// What the host could not do.
pub fn response(trouble: Trouble) -> Outcome<Response> {
    let (status, code, detail) = match trouble {
        Trouble::No(no) => (no.status, no.code, filled(&no.message)),
        Trouble::Host(HostError::Invalid(invalid)) => (422, "time.refused", invalid.text),
        Trouble::Host(HostError::Denied(text)) => (403, "time.denied", text),
        Trouble::Host(HostError::NotFound(text)) => (404, "not_found", text),
        Trouble::Host(HostError::Conflict(text)) => (409, "time.conflict", text),
        // Many at once are no failure of the module: its breaker would close the door to all of them.
        Trouble::Host(HostError::Unavailable(text)) => (503, "time.busy", text),
        Trouble::Host(error) => return Err(error.into()),
    };
    Ok(Response::json(status, json!({ "code": code, "status": status, "detail": detail }).to_string()))
}

/// The English words with their values; routes answer programs.
fn filled(message: &Message) -> String {
    message
        .parameters
        .iter()
        .fold(message.fallback.clone(), |text, one| text.replace(&format!("{{{}}}", one.name), &one.value))
}
