//! Whether what a task promises can be kept and counted with.

use kernel::Result;
use kernel::error::FieldError;

use super::contract::TaskContract;
use crate::input::{self, MAX_NOTE, invalid, wrong};

/// Fields of a form, reminders, escalations.
const MAX_FIELDS: usize = 200;
const MAX_REMINDERS: usize = 16;
/// Items of a checklist.
pub(super) const MAX_CHECKLIST: usize = 200;
/// Longest working time of a contract: about seven years of eight-hour days.
const MAX_SECONDS: i64 = 20_000 * 3_600;

/// Texts of a checklist.
pub(super) fn check_checklist(texts: &[String]) -> Result<()> {
    if texts.len() > MAX_CHECKLIST {
        return Err(wrong("checklist", FieldError::new("too_many").with("max", MAX_CHECKLIST)));
    }
    for text in texts {
        if text.trim().is_empty() {
            return Err(wrong("checklist", FieldError::new("required")));
        }
        input::text("checklist", text, MAX_NOTE)?;
    }
    Ok(())
}

/// A contract that can be kept and counted with.
pub(super) fn check_contract(contract: &TaskContract) -> Result<()> {
    let length = |field: &str, seconds: i64| {
        let range = || FieldError::new("range").with("min", 0).with("max", MAX_SECONDS);
        if (0..=MAX_SECONDS).contains(&seconds) { Ok(()) } else { Err(wrong(field, range())) }
    };
    length("duration", contract.duration.unwrap_or(0))?;
    if contract.remind_before.len() > MAX_REMINDERS {
        return Err(wrong("remind_before", FieldError::new("too_many").with("max", MAX_REMINDERS)));
    }
    for before in &contract.remind_before {
        length("remind_before", *before)?;
    }
    if contract.escalate.len() > MAX_REMINDERS {
        return Err(wrong("escalate", FieldError::new("too_many").with("max", MAX_REMINDERS)));
    }
    for escalation in &contract.escalate {
        length("escalate", escalation.after)?;
        length("escalate", escalation.every.unwrap_or(0))?;
    }
    if let Some(action) = &contract.main_action {
        if action.kind.trim().is_empty() {
            return Err(wrong("main_action", FieldError::new("required")));
        }
        input::text("main_action", &action.kind, 200)?;
        if !super::act::KINDS.contains(&action.kind.as_str()) && !action.kind.starts_with("plugin:") {
            return Err(wrong("main_action", FieldError::new("choice").with("value", &action.kind)));
        }
        input::variables("main_action", &action.parameters)?;
    }
    check_form(contract)
}

fn check_form(contract: &TaskContract) -> Result<()> {
    if contract.form.len() > MAX_FIELDS {
        return Err(wrong("form", FieldError::new("too_many").with("max", MAX_FIELDS)));
    }
    for field in &contract.form {
        if field.name.trim().is_empty() || field.record_field() == Some("") {
            return Err(wrong("form", invalid("a field without a name")));
        }
        input::text("form", &field.name, 200)?;
        input::text("form", field.label.as_deref().unwrap_or_default(), MAX_NOTE)?;
        if !["text", "number", "boolean", "date", "choice"].contains(&field.kind.as_str()) {
            let kind: String = field.kind.chars().take(50).collect();
            return Err(wrong("form", FieldError::new("choice").with("value", kind)));
        }
        if field.kind == "choice" && (field.choices.is_empty() || field.choices.len() > MAX_FIELDS) {
            return Err(wrong("form", invalid(format!("`{}` needs 1 to {MAX_FIELDS} choices", field.name))));
        }
        if let Some(value) = &field.value {
            input::json("form", value)?;
        }
        for choice in &field.choices {
            input::text("form", choice, MAX_NOTE)?;
        }
    }
    Ok(())
}
