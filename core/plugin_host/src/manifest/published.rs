//! Events of plugins' own: what one publishes, `<prefix>.<name>`, and what another hears of. Pure.

use std::collections::BTreeMap;

use records::Catalogue;
use serde::{Deserialize, Serialize};

use super::check::{Checked, each, fail, parameters, words};
use super::known::unknown;
use super::{Manifest, Parameter, Text};
use crate::capabilities::events::EventsPermission;

/// Characters of a name.
const MAX_NAME: usize = 64;

/// Characters of a prefix.
const PREFIX: std::ops::RangeInclusive<usize> = 2..=16;
/// What events of the product begin with, besides its entities.
const RESERVED: [&str; 13] = [
    "absence",
    "calendar",
    "department",
    "driver",
    "file",
    "gate",
    "message",
    "plugin",
    "process",
    "system",
    "task",
    "user",
    "verstak",
];

/// Events of the product that are not about records.
const OF_PRODUCT: [&str; 2] = [crate::gates::CHANGED, work::calendar::CHANGED];

/// An event that the plugin publishes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// What stands behind the prefix and a dot.
    pub name: String,
    /// Shown to admins and to authors of other plugins.
    pub title: Text,
    /// In more words.
    #[serde(default)]
    pub description: Text,
    /// What it carries.
    #[serde(default)]
    pub fields: Vec<Parameter>,
}

impl Manifest {
    fn events_permission(&self) -> Option<&EventsPermission> {
        self.permissions.part::<EventsPermission>()
    }

    /// Whether it asks to hear of an event of a plugin; its own it may hear of where it publishes it.
    pub(crate) fn hears(&self, event: &str) -> bool {
        let own = || self.published(event).is_some();
        self.events_permission().is_some_and(|asked| asked.listen.iter().any(|name| name == event)) || own()
    }

    /// The event that it publishes under a whole name.
    pub(crate) fn published(&self, event: &str) -> Option<&Published> {
        let (prefix, name) = event.split_once('.')?;
        self.publishes.iter().find(|one| one.name == name && self.prefix.as_deref() == Some(prefix))
    }
}

/// The part `[[publishes]]`, and that the permission fits it.
pub(super) fn check(manifest: &Manifest) -> Checked {
    let asks = manifest.events_permission().is_some_and(|asked| asked.publish);
    if asks && manifest.publishes.is_empty() {
        return fail("permissions.events.publish", "there is no [[publishes]]");
    }
    if let Some(asked) = manifest.events_permission() {
        for name in &asked.listen {
            if name.split_once('.').is_none_or(|(prefix, name)| prefix.is_empty() || !is_name(name)) {
                return fail("permissions.events.listen", format!("`{name}` is not `<prefix>.<name>`"));
            }
            if !manifest.events.iter().any(|subscription| subscription.on.contains(name)) {
                return fail("permissions.events.listen", format!("no [[events]] subscribes to `{name}`"));
            }
        }
    }
    if manifest.publishes.is_empty() {
        return Ok(());
    }
    match &manifest.prefix {
        Some(prefix) => check_prefix(prefix)?,
        None => return fail("prefix", "is what the names of [[publishes]] begin with: choose one"),
    }
    if !asks {
        return fail("publishes", "add [permissions.events] with `publish = true` and the reason");
    }
    each(
        "publishes",
        &manifest.publishes,
        |one| one.name.clone(),
        |place, one| {
            if !is_name(&one.name) {
                return fail(
                    format!("{place}.name"),
                    format!("must be lower-case letters, digits, `_` and dots between them, at most {MAX_NAME}"),
                );
            }
            words(place, &one.title, &one.description)?;
            parameters(&format!("{place}.fields"), &one.fields)
        },
    )
}

/// Nobody speaks in the name of the product.
fn check_prefix(prefix: &str) -> Checked {
    let begins = prefix.starts_with(|letter: char| letter.is_ascii_lowercase());
    let letters = prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !begins || !letters || !PREFIX.contains(&prefix.len()) {
        return fail("prefix", "must be 2 to 16 lower-case Latin letters and digits, a letter first");
    }
    if RESERVED.contains(&prefix) || Catalogue::core().find(prefix).is_some() {
        return fail("prefix", format!("the product has `{prefix}`: choose another word"));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= MAX_NAME && name.split('.').all(|part| !part.is_empty() && part.bytes().all(plain))
}

/// Checks what it hears of against the events that other installed plugins publish, by prefix.
///
/// # Errors
/// The first that nobody publishes, with the nearest that somebody does.
pub(crate) fn check_names(manifest: &Manifest, others: &BTreeMap<String, Vec<String>>) -> Checked {
    if let Some(prefix) = manifest.prefix.as_ref().filter(|_| !manifest.publishes.is_empty())
        && others.contains_key(prefix)
    {
        return fail("prefix", format!("another installed module has the prefix `{prefix}`"));
    }
    let listen = manifest.events_permission().map_or(&[][..], |asked| &asked.listen);
    let of_product = |name: &str| OF_PRODUCT.contains(&name) || people::told::EVENTS.contains(&name);
    let known = |name: &str| of_product(name) || manifest.published(name).is_some();
    for name in listen.iter().filter(|name| !known(name)) {
        let prefix = name.split_once('.').map_or("", |(prefix, _)| prefix);
        let whole = |(prefix, names): (&String, &Vec<String>)| {
            names.iter().map(|name| format!("{prefix}.{name}")).collect::<Vec<_>>()
        };
        let known: Vec<String> = others.iter().flat_map(whole).collect();
        if known.contains(name) {
            continue;
        }
        if others.contains_key(prefix) {
            return unknown("permissions.events.listen", "event", name, known.iter().map(String::as_str));
        }
        let near = super::known::nearest(name, known.iter().map(String::as_str));
        let hint =
            near.map_or_else(|| "install that module first".to_owned(), |near| format!("did you mean `{near}`?"));
        return fail("permissions.events.listen", format!("no installed module publishes `{name}`; {hint}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "acme.leads"
version = "1.2.3"
api = "1"
prefix = "ours"
title.en = "Leads"
[permissions.events]
publish = true
listen = ["leave.approved"]
reason.en = "To work with others."
[[publishes]]
name = "found"
title.en = "A large lead was found"
fields = [{ name = "amount", type = "number", required = true }]
[[events]]
id = "all"
on = ["leave.approved", "ours.found"]
own_changes = true
"#;

    fn check_manifest(from: &str, to: &str, expected: &str) {
        assert!(GOOD.contains(from), "{from}");
        let error = Manifest::parse(&GOOD.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }

    #[test]
    fn what_is_published_and_heard_is_checked() {
        let good = Manifest::parse(GOOD).unwrap();
        assert!(good.hears("leave.approved") && good.hears("ours.found") && !good.hears("leave.refused"));
        check_manifest("prefix = \"ours\"", "", "prefix: is what the names of [[publishes]] begin with");
        for taken in ["lead", "deal", "process", "message"] {
            let to = format!("prefix = \"{taken}\"");
            check_manifest("prefix = \"ours\"", &to, &format!("prefix: the product has `{taken}`"));
        }
        check_manifest("prefix = \"ours\"", "prefix = \"o\"", "prefix: must be 2 to 16");
        check_manifest("publish = true", "", "publishes: add [permissions.events] with `publish = true`");
        check_manifest("reason.en = \"To work with others.\"", "", "permissions.events.reason.en: English words");
        check_manifest("name = \"found\"", "name = \"Found\"", "publishes[0].name: must be lower-case");
        check_manifest("name = \"found\"", "name = \"a..b\"", "publishes[0].name: must be lower-case");
        check_manifest("\"number\"", "\"money\"", "unknown variant `money`");
        check_manifest("listen = [\"leave.approved\"]", "listen = [\"leave\"]", "`leave` is not `<prefix>.<name>`");
        check_manifest("on = [\"leave.approved\", ", "on = [", "no [[events]] subscribes to `leave.approved`");
        check_manifest(
            "on = [\"leave.approved\", ",
            "on = [\"leave.refused\", \"leave.approved\", ",
            "name `leave.refused` in",
        );
    }

    #[test]
    fn what_nobody_publishes_is_told_with_the_nearest() {
        let manifest = Manifest::parse(GOOD).unwrap();
        let check = |others: &[(&str, &[&str])], expected: Option<&str>| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let others = others.iter().map(|(prefix, of)| ((*prefix).to_owned(), names(of))).collect();
            match (check_names(&manifest, &others), expected) {
                (Ok(()), None) => {}
                (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{error}"),
                (got, _) => panic!("{others:?}: {got:?}"),
            }
        };
        check(&[("leave", &["approved"])], None);
        check(&[("leave", &["aproved", "refused"])], Some("no event `leave.approved`; did you mean `leave.aproved`?"));
        check(&[("leaves", &["approved"])], Some("no installed module publishes `leave.approved`; did you mean"));
        check(&[], Some("install that module first"));
        check(&[("leave", &["approved"]), ("ours", &[])], Some("another installed module has the prefix `ours`"));
    }
}
