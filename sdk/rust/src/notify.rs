//! Notices to people, in the bell of the portal; needs the `notify` permission.

use crate::bindings::imports::verstak::notify::notify as raw;
use crate::{HostError, Message};

pub use raw::{Notice, Receipt};

impl Notice {
    /// A notice for nobody yet; each person is told once under a key.
    pub fn new(key: impl Into<String>, text: Message) -> Self {
        Notice { key: key.into(), people: Vec::new(), text, link: None, confirm: false }
    }

    /// Whom it is for.
    #[must_use]
    pub fn to<S: AsRef<str>>(mut self, people: impl IntoIterator<Item = S>) -> Self {
        self.people.extend(people.into_iter().map(|id| id.as_ref().to_owned()));
        self
    }

    /// The address in the portal that opens with it, beginning with `/`.
    #[must_use]
    pub fn link(mut self, address: impl Into<String>) -> Self {
        self.link = Some(address.into());
        self
    }

    /// They are asked to confirm that they have read it.
    #[must_use]
    pub fn confirm(mut self) -> Self {
        self.confirm = true;
        self
    }
}

/// Tells people; not in before-hooks.
///
/// # Errors
/// `Invalid`, `Limit`, `Denied`; then nobody was told.
pub fn send(notice: Notice) -> Result<(), HostError> {
    raw::send(&[notice])
}

/// Up to 200 notices, all or none.
///
/// # Errors
/// As [`send`].
pub fn send_many(notices: &[Notice]) -> Result<(), HostError> {
    raw::send(notices)
}

/// Who was told under a key, and what became of it.
///
/// # Errors
/// `Denied`.
pub fn receipts(key: &str) -> Result<Vec<Receipt>, HostError> {
    raw::receipts(key)
}
