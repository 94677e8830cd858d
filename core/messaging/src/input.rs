//! Limits of what comes from outside: texts that both databases can keep.

use kernel::error::FieldError;
use kernel::{Error, Result};

/// The code of errors about wrong input here: clients know it from letters and notifications of tasks.
pub(crate) const INVALID: &str = "task.invalid";

/// One wrong field.
pub(crate) fn wrong(field: &str, error: FieldError) -> Error {
    Error::field(INVALID, field, error)
}

/// A text of at most `max` characters without NUL, which no database keeps.
pub(crate) fn text(field: &str, text: &str, max: usize) -> Result<()> {
    // Bytes first: counting the characters of a huge text is work.
    if text.len() > max.saturating_mul(4) || text.chars().count() > max {
        return Err(wrong(field, FieldError::new("too_long").with("max", max)));
    }
    if text.contains('\0') {
        return Err(wrong(field, FieldError::new("characters")));
    }
    Ok(())
}
