//! What happened with records, also in the past: the history that an import brings. Needs the `timeline` permission.

use crate::HostError;
use crate::bindings::imports::verstak::records::timeline as raw;

pub use raw::Entry;

impl Entry {
    /// Something of a kind (`note`, `call`, `meeting`, `email`, `message`) that happened with a record at an instant
    /// (microseconds since 1970-01-01T00:00:00Z). The same key is the same entry.
    pub fn new(key: impl Into<String>, kind: &str, entity: &str, record: &str, at: i64) -> Self {
        Entry {
            key: key.into(),
            entity: entity.to_owned(),
            record: record.to_owned(),
            kind: kind.to_owned(),
            title: String::new(),
            text: String::new(),
            at,
            person: None,
            direction: String::new(),
        }
    }

    /// One line.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// In more words.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Who did it.
    #[must_use]
    pub fn by(mut self, person: &str) -> Self {
        self.person = Some(person.to_owned());
        self
    }

    /// It came in.
    #[must_use]
    pub fn incoming(mut self) -> Self {
        self.direction = "incoming".to_owned();
        self
    }

    /// It went out.
    #[must_use]
    pub fn outgoing(mut self) -> Self {
        self.direction = "outgoing".to_owned();
        self
    }
}

/// Writes up to 200 entries; answers their ids. A key that wrote one before writes none.
///
/// # Errors
/// `Denied`, `Limit`; per entry `Invalid`, `NotFound`.
pub fn add(entries: &[Entry]) -> Result<Vec<Result<String, HostError>>, HostError> {
    raw::add(entries)
}
