//! What a letter may have besides plain text: HTML, files, headers of its own.

use kernel::error::FieldError;
use kernel::{Error, Result};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::input::{self, wrong};

/// Bytes of HTML.
pub const MAX_HTML: usize = 500_000;
/// Files of a letter.
pub const MAX_FILES: usize = 20;
/// Bytes of all files of a letter together: mail servers take about 25 MiB, and files grow by a third on their way.
pub const MAX_FILE_BYTES: u64 = 15 * 1024 * 1024;
/// Headers of a letter's own.
pub const MAX_HEADERS: usize = 20;
/// Characters of a header: a line of RFC 5322, section 2.1.1.
const MAX_HEADER: usize = 900;
/// Headers that may be set, besides those that begin with `X-`; in lower case.
const HEADERS: [&str; 9] = [
    "auto-submitted",
    "feedback-id",
    "importance",
    "in-reply-to",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "precedence",
    "references",
];

/// A file that goes with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Which.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// By its content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

/// Beside plain text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// The same in HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Files of records, read when the letter goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Attached>,
    /// Headers, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

impl Parts {
    /// What they are in the database.
    pub(super) fn stored(&self) -> Result<Option<Json>> {
        if *self == Self::default() {
            return Ok(None);
        }
        serde_json::to_value(self).map(Some).map_err(Error::internal)
    }

    pub(super) fn read(stored: Option<Json>) -> Result<Self, DbErr> {
        stored
            .map_or_else(|| Ok(Self::default()), serde_json::from_value)
            .map_err(|error| DbErr::Type(error.to_string()))
    }

    /// Whether they can be sent.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(html) = &self.html {
            input::text("html", html, MAX_HTML)?;
        }
        if self.files.len() > MAX_FILES {
            return Err(wrong("attachments", FieldError::new("too_many").with("max", MAX_FILES)));
        }
        if self.files.iter().map(|file| file.size).sum::<u64>() > MAX_FILE_BYTES {
            let most = MAX_FILE_BYTES / (1024 * 1024);
            return Err(wrong("attachments", FieldError::new("files_too_large").with("max", most)));
        }
        if self.headers.len() > MAX_HEADERS {
            return Err(wrong("headers", FieldError::new("too_many").with("max", MAX_HEADERS)));
        }
        self.headers.iter().try_for_each(|(name, value)| check_header(name, value))
    }
}

/// A header of the safe set in one line: what it says can neither end it nor begin another.
fn check_header(name: &str, value: &str) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    let own = lower.strip_prefix("x-").is_some_and(|rest| !rest.is_empty());
    let token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name.len() > 100 || !token || !(own || HEADERS.contains(&lower.as_str())) {
        let shown: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
        return Err(wrong("headers", FieldError::new("header_name").with("value", shown)));
    }
    input::text("headers", value, MAX_HEADER)?;
    if value.chars().any(char::is_control) {
        return Err(wrong("headers", FieldError::new("line_end").with("value", name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, fits: bool) {
        let parts = Parts { headers: vec![(name.to_owned(), value.to_owned())], ..Parts::default() };
        assert_eq!(parts.check().is_ok(), fits, "{name}: {value:?}");
    }

    #[test]
    fn headers_of_a_safe_set_in_one_line_are_taken() {
        check("X-Campaign", "осень 2026", true);
        check("list-unsubscribe", "<https://example.com/u/1>", true);
        for name in
            ["From", "To", "Bcc", "Subject", "DKIM-Signature", "Content-Type", "X-", "X Y", "X-A:", "X-A\r\nBcc", ""]
        {
            check(name, "x", false);
        }
        for value in ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b", "a\u{85}b", &"x".repeat(901)] {
            check("X-A", value, false);
        }
    }

    #[test]
    fn files_are_bounded_in_number_and_bytes() {
        let file = |size| Attached { id: Uuid::nil(), name: "a".into(), media_type: "text/plain".into(), size };
        let of = |count: usize, size| Parts { files: vec![file(size); count], ..Parts::default() };
        assert!(of(20, 1_000).check().is_ok() && of(21, 1).check().is_err() && of(2, 8 * 1024 * 1024).check().is_err());
        assert!(Parts { html: Some("x".repeat(500_001)), ..Parts::default() }.check().is_err());
    }
}
