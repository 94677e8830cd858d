//! Limits of what comes from outside: texts and JSON that both databases can keep.

use kernel::error::{FieldError, FieldErrors};
use kernel::{Error, Result};
use serde_json::{Map, Value as Json};

/// The code of errors about wrong input here.
pub const INVALID: &str = "task.invalid";

/// Characters of a title.
pub(crate) const MAX_TITLE: usize = 255;
/// Characters of a description, a text value of a form.
pub(crate) const MAX_TEXT: usize = 20_000;
/// Characters of a comment or note.
pub(crate) const MAX_NOTE: usize = 4_000;
/// Bytes of the variables of a task, a result.
pub(crate) const MAX_JSON: usize = 256 * 1024;
/// Variables given at once.
const MAX_VARIABLES: usize = 500;
/// Levels of JSON inside each other.
const MAX_DEPTH: usize = 32;
/// Characters of a variable's name.
const MAX_NAME: usize = 200;

/// One wrong field of a task.
pub(crate) fn wrong(field: &str, error: FieldError) -> Error {
    Error::field(INVALID, field, error)
}

/// Several wrong fields, if there are any.
pub(crate) fn settle(fields: FieldErrors) -> Result<()> {
    if fields.is_empty() { Ok(()) } else { Err(Error::Invalid { code: INVALID, fields }) }
}

/// Something said by a rule of the product, `reason` for people.
pub(crate) fn invalid(reason: impl std::fmt::Display) -> FieldError {
    FieldError::new("invalid").with("reason", reason)
}

/// A text of at most `max` characters without NUL, which no database keeps.
pub(crate) fn text(field: &str, text: &str, max: usize) -> Result<()> {
    fits(text, max).map_err(|error| wrong(field, error))
}

/// The same as an error of a field to be gathered.
pub(crate) fn fits(text: &str, max: usize) -> Result<(), FieldError> {
    // Bytes first: counting the characters of a huge text is work.
    if text.len() > max.saturating_mul(4) || text.chars().count() > max {
        return Err(FieldError::new("too_long").with("max", max));
    }
    if text.contains('\0') {
        return Err(FieldError::new("characters"));
    }
    Ok(())
}

/// Variables that can be kept: few enough, small enough, no NUL in names or texts, not nested without end.
pub(crate) fn variables(field: &str, variables: &Map<String, Json>) -> Result<()> {
    if variables.len() > MAX_VARIABLES {
        return Err(wrong(field, FieldError::new("too_many").with("max", MAX_VARIABLES)));
    }
    for name in variables.keys() {
        if name.is_empty() {
            return Err(wrong(field, invalid("a variable without a name")));
        }
        text(field, name, MAX_NAME)?;
    }
    let mut size = 0;
    for (name, value) in variables {
        size += name.len();
        keepable(value, MAX_DEPTH, &mut size).map_err(|error| wrong(field, error))?;
    }
    Ok(())
}

/// A JSON value that can be kept.
pub(crate) fn json(field: &str, value: &Json) -> Result<()> {
    keepable(value, MAX_DEPTH, &mut 0).map_err(|error| wrong(field, error))
}

fn keepable(value: &Json, depth: usize, size: &mut usize) -> Result<(), FieldError> {
    let Some(deeper) = depth.checked_sub(1) else { return Err(invalid("nested too deeply")) };
    *size += match value {
        Json::String(text) => text.len() + 2,
        _ => 8,
    };
    if *size > MAX_JSON {
        return Err(FieldError::new("too_long").with("max", MAX_JSON));
    }
    match value {
        Json::String(text) if text.contains('\0') => Err(FieldError::new("characters")),
        Json::Array(items) => items.iter().try_for_each(|item| keepable(item, deeper, size)),
        Json::Object(fields) => fields.iter().try_for_each(|(key, item)| {
            if key.contains('\0') {
                return Err(FieldError::new("characters"));
            }
            *size += key.len();
            keepable(item, deeper, size)
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_database_keeps_is_refused() {
        let check = |value: Json, code: Option<&str>| {
            let got = keepable(&value, MAX_DEPTH, &mut 0);
            assert_eq!(got.err().map(|e| e.code), code.map(str::to_owned), "{value:.60}");
        };
        check(json!({"a": [1, "x", null, {"b": true}]}), None);
        check(json!({"a": "x\0"}), Some("characters"));
        check(json!({"a\0": 1}), Some("characters"));
        check(json!("x".repeat(MAX_JSON)), Some("too_long"));
        check(json!(vec![1; MAX_JSON]), Some("too_long"));
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        check(deep, Some("invalid"));
    }
}
