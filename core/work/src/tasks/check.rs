//! THE step contract. Whatever door a completion comes through, it passes `contract`: nothing else decides whether a
//! task may be completed.

use chrono::NaiveDate;
use kernel::error::{FieldError, FieldErrors};
use kernel::{Error, Fields, Result};
use serde_json::{Map, Value as Json};

use super::contract::FormField;
use super::model::TaskState;
use super::store::Stored;
use crate::input::{self, MAX_TEXT};

/// What a completion brings.
pub(super) struct Brought<'a> {
    /// Values given now.
    pub variables: &'a Map<String, Json>,
    /// Values this person gave before.
    pub given: &'a Map<String, Json>,
    /// The subject as it is, when the form speaks of its fields.
    pub record: Option<&'a Fields>,
    /// Whether the main action has a result: the task's, or this person's when several must complete it.
    pub action_done: bool,
}

/// Whether the task may be completed with this.
///
/// # Errors
/// `task.completed` or `task.cancelled` when it is not open; `task.main_action_missing`; `task.invalid` by field for
/// values that are missing or of a wrong kind.
pub(super) fn contract(task: &Stored, brought: &Brought<'_>) -> Result<()> {
    still_open(task)?;
    if misses_action(task, brought) {
        return Err(Error::Conflict { code: "task.main_action_missing", current: None });
    }
    input::settle(wrong_fields(task, brought))
}

/// Whether the main action has to be done first.
pub(super) fn misses_action(task: &Stored, brought: &Brought<'_>) -> bool {
    let form_is_it = task.action_kind() == Some("form");
    task.contract.require_main_action && !brought.action_done && !form_is_it
}

/// Fields that are missing or of a wrong kind.
pub(super) fn wrong_fields(task: &Stored, brought: &Brought<'_>) -> FieldErrors {
    let mut errors = FieldErrors::new();
    for (name, _) in brought.variables.iter().filter(|(name, _)| name.starts_with("record.")) {
        if !task.contract.form.iter().any(|field| field.name == *name) {
            errors.insert(name.chars().take(100).collect(), FieldError::new("unknown"));
        }
    }
    for field in &task.contract.form {
        if let Err(error) = filled(task, field, brought) {
            errors.insert(field.name.clone(), error);
        }
    }
    errors
}

/// Only open tasks change.
pub(super) fn still_open(task: &Stored) -> Result<()> {
    match task.state {
        TaskState::Open => Ok(()),
        TaskState::Completed => Err(Error::Conflict { code: "task.completed", current: None }),
        TaskState::Cancelled => Err(Error::Conflict { code: "task.cancelled", current: None }),
        TaskState::Review => Err(Error::Conflict { code: "task.in_review", current: None }),
    }
}

/// Whether a field of the form has a value of its kind. A value that stands there already counts.
fn filled(task: &Stored, field: &FormField, brought: &Brought<'_>) -> Result<(), FieldError> {
    if let Some(value) = brought.variables.get(&field.name) {
        // The subject's own fields are judged by the write pipeline.
        if field.record_field().is_none() {
            of_kind(field, value)?;
        }
        return if field.required && is_empty(value) { Err(FieldError::new("required")) } else { Ok(()) };
    }
    let there = match field.record_field() {
        Some(key) => brought.record.and_then(|record| record.get(key)).is_some_and(|value| !value.is_empty()),
        None => {
            let known = brought.given.get(&field.name).or_else(|| task.variables.get(&field.name));
            known.is_some_and(|value| !is_empty(value))
        }
    };
    if field.required && !there { Err(FieldError::new("required")) } else { Ok(()) }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A value of a form is of its field's kind, or null.
pub(super) fn of_kind(field: &FormField, value: &Json) -> Result<(), FieldError> {
    let wrong = || FieldError::new("type").with("type", &field.kind);
    match (field.kind.as_str(), value) {
        (_, Json::Null) | ("number", Json::Number(_)) | ("boolean", Json::Bool(_)) => Ok(()),
        ("text", Json::String(text)) => input::fits(text, MAX_TEXT),
        ("date", Json::String(text)) => {
            let parsed = text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
            if parsed || text.is_empty() { Ok(()) } else { Err(FieldError::new("date")) }
        }
        ("choice", Json::String(text)) if text.is_empty() || field.choices.contains(text) => Ok(()),
        ("choice", Json::String(text)) => {
            Err(FieldError::new("choice").with("value", text.chars().take(100).collect::<String>()))
        }
        _ => Err(wrong()),
    }
}

/// Values of the form that belong to the subject, by its field keys.
pub(super) fn of_record(variables: &Map<String, Json>) -> Map<String, Json> {
    let fields =
        variables.iter().filter_map(|(name, value)| Some((name.strip_prefix("record.")?.to_owned(), value.clone())));
    fields.collect()
}

/// Values that are the process's own.
pub(super) fn of_process(variables: &Map<String, Json>) -> Map<String, Json> {
    variables.iter().filter(|(name, _)| !name.starts_with("record.")).map(|(n, v)| (n.clone(), v.clone())).collect()
}
