//! The before-hook: tidies phones, refuses leads nobody could answer, asks for an amount before certain stages, and
//! gives new leads an owner by turn when nobody chose one.

use crate::phones::{Tidy, tidy};
use crate::turn;
use verstak_plugin::prelude::*;

const CONTACTS: [&str; 4] = ["phones", "emails", "sites", "messengers"];

/// Handles up to 200 changes at once, so that an import asks for the turn once per batch.
pub fn check(changes: &mut [Change]) -> Outcome {
    let settings = Settings::load();
    for change in changes.iter_mut() {
        tidy_phones(change, settings.text("country").unwrap_or("RU"));
        require_contact(change);
        require_amount(change, settings.text("amount_stages").unwrap_or_default());
    }
    match settings.text("role") {
        Some(role) => share(changes, role),
        None => Ok(()),
    }
}

fn tidy_phones(change: &mut Change, country: &str) {
    if !change.was_set("phones") {
        return;
    }
    let mut phones = change.multi("phones").to_vec();
    for phone in &mut phones {
        match tidy(&phone.value, country) {
            Tidy::Number(number) => phone.value = number,
            Tidy::Unknown => {}
            Tidy::Invalid if phone.value.trim().is_empty() => {}
            Tidy::Invalid => {
                let message =
                    Message::new("phone.short", "“{number}” is not a phone number").with("number", &phone.value);
                change.reject(message).on("phones");
                return;
            }
        }
    }
    phones.retain(|phone| !phone.value.trim().is_empty());
    if phones != change.multi("phones") {
        change.set("phones", phones);
    }
}

fn require_contact(change: &mut Change) {
    let concerned = change.is_new() || CONTACTS.iter().any(|field| change.was_set(field));
    if concerned && !change.is_rejected() && CONTACTS.iter().all(|field| change.is_empty(field)) {
        let fallback = "Add a phone number, an e-mail, a site or a messenger: otherwise nobody can answer this lead";
        change.reject(Message::new("contact.missing", fallback)).on("phones");
    }
}

fn require_amount(change: &mut Change, stages: &str) {
    let entered = change.is_new() || change.differs("stage");
    let guarded = change.text("stage").is_some_and(|stage| stages.split(',').any(|key| key.trim() == stage));
    let empty = change.number("amount").unwrap_or_default() <= 0.0;
    if entered && guarded && empty && !change.is_rejected() {
        let fallback = "Fill in the amount before moving the lead to this stage";
        change.reject(Message::new("amount.missing", fallback)).on("amount");
    }
}

fn share(changes: &mut [Change], role: &str) -> Outcome {
    let ownerless = |change: &Change| change.is_new() && !change.is_rejected() && !change.was_set("owner");
    let wanted = changes.iter().filter(|change| ownerless(change)).count();
    if wanted == 0 {
        return Ok(());
    }
    let owners = turn::take(role, wanted)?;
    for (change, owner) in changes.iter_mut().filter(|change| ownerless(change)).zip(owners) {
        change.set("owner", Value::Id(owner));
    }
    Ok(())
}
