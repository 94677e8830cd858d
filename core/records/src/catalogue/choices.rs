//! The choices of a field, checked.

use std::collections::HashSet;

use kernel::error::FieldError;
use kernel::value::FieldType;
use kernel::{Result, Value};
use serde_json::Value as Json;

use super::Catalogue;
use super::change::{MAX_KEY, labels, wrong};
use super::definition::Choice;
use super::store::OwnField;
use crate::references;

/// Choices of a field.
const MAX_CHOICES: usize = 500;

/// The choices of a field: some for a choice, none for other types; keys once each.
pub(super) fn choices(kind: FieldType, given: Vec<Choice>) -> Result<Vec<Choice>> {
    let refused = |code: &str| wrong("choices", FieldError::new(code).with("max", MAX_KEY));
    if matches!(kind, FieldType::Choice | FieldType::Choices) == given.is_empty() {
        return Err(refused("choices_of_choice"));
    }
    if given.len() > MAX_CHOICES {
        return Err(wrong("choices", FieldError::new("too_many").with("max", MAX_CHOICES)));
    }
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(given.len());
    for choice in given {
        let plain = choice.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
        if choice.key.is_empty() || choice.key.len() > MAX_KEY || !plain {
            return Err(refused("choice_key"));
        }
        if choice.color.as_deref().is_some_and(|color| !is_color(color)) {
            return Err(refused("color"));
        }
        if !seen.insert(choice.key.clone()) {
            return Err(wrong("choices", FieldError::new("taken")));
        }
        let label = choice.label.map(|label| labels("choices", label)).transpose()?;
        kept.push(Choice { label, ..choice });
    }
    Ok(kept)
}

/// A default fits its field, and points to nothing.
pub(super) fn fits(field: &OwnField, offered: &[Choice], default: &Json) -> Result<(), FieldError> {
    if field.kind.is_id() || field.kind.is_multi() || field.kind == FieldType::Links {
        return Err(FieldError::new("no_default"));
    }
    let offered = |key: &str| offered.iter().any(|choice| choice.key == key && !choice.archived);
    match Value::from_json(field.kind, default)? {
        Value::Text(key) if field.kind == FieldType::Choice && !offered(&key) => {
            Err(FieldError::new("choice").with("value", key))
        }
        Value::Texts(keys) => match keys.iter().find(|key| !offered(key)) {
            Some(key) => Err(FieldError::new("choice").with("value", key)),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

pub(crate) fn is_color(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|b| b.is_ascii_hexdigit())
}

/// What a link of this type may point to: records; lists of links also people or departments. A single person or department has
/// a type of its own.
pub(super) fn is_target(catalogue: &Catalogue, kind: FieldType, key: &str) -> bool {
    let people = kind == FieldType::Links && [references::USER, references::DEPARTMENT_KEY].contains(&key);
    people || catalogue.find(key).is_some()
}
