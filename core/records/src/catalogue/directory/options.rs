//! Fields that take their options from a directory, and let go of it.

use kernel::Result;
use kernel::error::FieldError;
use kernel::value::FieldType;

use super::Directory;
use crate::catalogue::Choice;
use crate::catalogue::change::wrong;
use crate::catalogue::choices::choices;
use crate::catalogue::store::OwnField;

/// Passes a directory that is there.
pub(in crate::catalogue) fn standing<'a>(all: &'a [Directory], key: &str) -> Result<&'a Directory> {
    let found = all.iter().find(|one| one.key == key && !one.removed);
    found.ok_or_else(|| wrong("directory", FieldError::new("choice").with("value", key)))
}

/// Gives a field the choices of a directory, which has all that it has; with no key the present ones are its own.
pub(in crate::catalogue) fn bind(own: &mut OwnField, all: &[Directory], key: &str) -> Result<()> {
    if !matches!(own.kind, FieldType::Choice | FieldType::Choices) {
        return Err(wrong("directory", FieldError::new("choices_of_choice")));
    }
    let before = own.directory.as_deref().and_then(|key| all.iter().find(|one| one.key == key));
    let present = before.map_or_else(|| own.choices.clone(), |before| before.choices(false));
    if key.is_empty() {
        let given = present.into_iter().map(|choice| Choice { parent: None, ..choice }).collect();
        own.choices = choices(own.kind, given)?;
        own.directory = None;
        return Ok(());
    }
    let next = standing(all, key)?;
    if let Some(lost) = present.iter().find(|choice| next.item(&choice.key).is_none_or(|item| item.removed)) {
        return Err(wrong("directory", FieldError::new("directory_lacks").with("value", &lost.key)));
    }
    own.choices = Vec::new();
    own.directory = Some(key.to_owned());
    Ok(())
}
