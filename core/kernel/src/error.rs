//! The error that services return. HTTP turns it into problem details; the CLI prints it; plugins see its kind.

use std::collections::BTreeMap;

use sea_orm::DbErr;

use crate::db::{is_lost, is_too_long, taken};
use crate::id::RecordRef;
use crate::text::{Locale, Message};

/// Result of a service function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Machine-readable, e.g. `required`.
    pub code: String,
    /// For people.
    pub message: Message,
}

impl FieldError {
    /// An error whose message is `field.<code>` of the translations.
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), message: Message::key(&format!("field.{code}")) }
    }

    /// An error of a general code, whose message is a text of its own: `field.<words>`.
    pub fn worded(code: &str, words: &str) -> Self {
        Self { code: code.to_owned(), message: Message::key(&format!("field.{words}")) }
    }

    /// Adds a parameter to the message.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.message = self.message.with(name, value);
        self
    }
}

/// Errors by field key.
pub type FieldErrors = BTreeMap<String, FieldError>;

/// One of the reasons of a refusal: what is to be done first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Machine-readable, e.g. `required`.
    pub code: String,
    /// The field it is about.
    pub field: Option<String>,
    /// For people.
    pub message: Message,
}

/// A refusal by rules: a plugin's veto, a stage guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// e.g. `hook.rejected`, `stage.refused`.
    pub code: String,
    /// Which plugin refused, if one did.
    pub plugin: Option<String>,
    /// Why, for people.
    pub message: Message,
    /// Per field.
    pub fields: FieldErrors,
    /// The record that stands in the way, where the asker may see it.
    pub other: Option<RecordRef>,
    /// The key of the constraint that it breaks.
    pub rule: Option<String>,
    /// How HTTP tells it, where whoever refuses says so: 403, 409 or 422.
    pub status: Option<u16>,
    /// All reasons at once, where there are several.
    pub conditions: Vec<Condition>,
}

impl Refusal {
    /// A refusal by a rule of the product, about nothing in particular.
    pub fn new(code: impl Into<String>, message: Message) -> Self {
        Self {
            code: code.into(),
            plugin: None,
            message,
            fields: FieldErrors::new(),
            other: None,
            rule: None,
            status: None,
            conditions: Vec::new(),
        }
    }
}

/// Why a service function did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or the token is not good.
    #[error("not signed in")]
    Unauthenticated,
    /// It does not exist, or the actor may not know that it does.
    #[error("not found: {0}")]
    NotFound(String),
    /// Public, but not for this actor. The text is a key under `denied.`.
    #[error("denied: {0}")]
    Denied(&'static str),
    /// The input is wrong; nothing was changed.
    #[error("invalid: {fields:?}")]
    Invalid {
        /// e.g. `record.invalid`.
        code: &'static str,
        /// What is wrong where.
        fields: FieldErrors,
    },
    /// A rule says no; nothing was changed.
    #[error("refused: {0:?}")]
    Refused(Box<Refusal>),
    /// The state has moved on.
    #[error("conflict: {code}")]
    Conflict {
        /// e.g. `record.conflict`.
        code: &'static str,
        /// What the caller needs to decide, e.g. the current record.
        current: Option<serde_json::Value>,
    },
    /// More than is allowed; try again after so many seconds.
    #[error("too many requests")]
    Limited {
        /// Seconds.
        retry_after: u64,
    },
    /// Bigger than the limit it names.
    #[error("too large: {0:?}")]
    TooLarge(Message),
    /// Cannot be done now; trying again may help.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database undid it for the sake of another transaction; nothing was written. Trying again helps: whoever
    /// began the work does so ([`crate::db::again`]).
    #[error("lost a race: {0}")]
    Raced(DbErr),
    /// The database failed.
    #[error("database: {0}")]
    Database(DbErr),
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

/// Two who take the same unique name at the same time: the second one is told, it is no fault of ours.
impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_lost(&error) {
            return Self::Raced(error);
        }
        if is_too_long(&error) {
            return Self::Unavailable("reading took too long".into());
        }
        if let Some(what) = taken(&error) {
            tracing::warn!(%what, "taken by another request at the same time");
            return Self::Conflict { code: "taken", current: None };
        }
        Self::Database(error)
    }
}

impl Error {
    /// One wrong field.
    pub fn field(code: &'static str, field: &str, error: FieldError) -> Self {
        Self::Invalid { code, fields: FieldErrors::from([(field.to_owned(), error)]) }
    }

    /// A fault of ours, from any error.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// The machine-readable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Unauthenticated => "auth.required",
            Self::NotFound(_) => "not_found",
            Self::Denied("config") => "config.denied",
            Self::Denied(_) => "denied",
            Self::Invalid { code, .. } | Self::Conflict { code, .. } => code,
            Self::Refused(refusal) => &refusal.code,
            Self::Limited { .. } => "rate_limited",
            Self::TooLarge(_) => "too_large",
            Self::Unavailable(_) | Self::Raced(_) => "unavailable",
            Self::Database(_) | Self::Internal(_) => "internal",
        }
    }

    /// What happened, for people.
    pub fn message(&self) -> Message {
        match self {
            Self::Denied(what) => Message::key(&format!("denied.{what}")),
            Self::Refused(refusal) => refusal.message.clone(),
            Self::Limited { retry_after } => Message::key("error.rate_limited").with("seconds", retry_after),
            Self::TooLarge(message) => message.clone(),
            Self::NotFound(_) => Message::key("error.not_found"),
            Self::Unauthenticated => Message::key("error.auth.required"),
            Self::Unavailable(_) | Self::Raced(_) => Message::key("error.unavailable"),
            Self::Database(_) | Self::Internal(_) => Message::key("error.internal"),
            Self::Invalid { code, .. } | Self::Conflict { code, .. } => Message::key(&format!("error.{code}")),
        }
    }

    /// Errors by field, in a language: field -> (code, words).
    pub fn fields_in(&self, locale: Locale) -> BTreeMap<String, (String, String)> {
        let fields = match self {
            Self::Invalid { fields, .. } => fields,
            Self::Refused(refusal) => &refusal.fields,
            _ => return BTreeMap::new(),
        };
        fields.iter().map(|(key, e)| (key.clone(), (e.code.clone(), e.message.in_locale(locale)))).collect()
    }
}
