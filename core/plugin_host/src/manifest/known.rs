//! Names of a manifest against what there is: entities, fields and events of a catalogue. What is unknown is an error with
//! the nearest known name.

use kernel::FieldKey;
use messaging::messages::EVENTS;
use records::{Catalogue, EntityDef, FieldDef, Operation};

use super::check::{Checked, fail};
use super::{Hook, Manifest, ManifestError, SettingType, Subscription, expressions, measures, roles};
use crate::capabilities::documents::DocumentsPermission;
use crate::capabilities::files::FilesPermission;
use crate::when::When;

/// What the names of a company's own entities and fields begin with: where its catalogue is not at hand they are believed.
const OWN: &str = "x_";
/// What besides its fields may be read of a record.
const ALWAYS: [&str; 1] = ["id"];
/// What happens to tasks besides changes of their fields.
const OF_TASKS: [&str; 2] = ["completed", "cancelled"];
const TASK: &str = "task";
/// What happens to files of records: told of the record, to whoever may read it.
pub(super) const FILE: &str = "file";
const OF_FILES: [&str; 3] = ["added", "removed", "renamed"];
/// What becomes of messages that the plugin sent.
pub(super) const MESSAGE: &str = messaging::messages::ENTITY;

/// Whose catalogue it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// What every company begins with: names of companies' own things are believed.
    ToAll,
    /// All that a company has.
    Whole,
}

/// Checks every name against a catalogue in which what the manifest declares is in force; stops at the first that is
/// unknown.
pub(crate) fn check(manifest: &Manifest, catalogue: &Catalogue, known: Known) -> Checked {
    let names = Names { catalogue, known };
    roles::check(manifest, catalogue)?;
    expressions::check(manifest)?;
    for (entity, permission) in manifest.record_permissions() {
        let place = format!("permissions.records.{entity}");
        names.entity(&place, entity)?;
        names.fields(&format!("{place}.read"), entity, permission.read.iter().map(String::as_str))?;
        names.fields(&format!("{place}.write"), entity, permission.write.iter().map(String::as_str))?;
        names.cleared(&format!("{place}.clear_on_purge"), entity, &permission.clear_on_purge)?;
    }
    if let Some(permission) = manifest.permissions.part::<FilesPermission>() {
        for entity in permission.entities.keys() {
            names.entity("permissions.files.entities", entity)?;
        }
    }
    if let Some(permission) = manifest.permissions.part::<DocumentsPermission>() {
        for entity in permission.entities.keys() {
            names.entity("permissions.documents.entities", entity)?;
        }
    }
    measures::check_names(manifest, &names)?;
    for (index, hook) in manifest.hooks.iter().enumerate() {
        names.hook(&format!("hooks[{index}]"), hook)?;
    }
    for (index, setting) in manifest.settings.iter().enumerate() {
        if let Some(entity) = &setting.entity {
            names.entity(&format!("settings[{index}].entity"), entity)?;
            let default = setting.default.as_ref().and_then(serde_json::Value::as_str);
            let field = default.filter(|_| setting.kind == SettingType::Field);
            names.fields(&format!("settings[{index}].default"), entity, field.into_iter())?;
        }
    }
    for (index, subscription) in manifest.events.iter().enumerate() {
        names.events(&format!("events[{index}]"), manifest, subscription)?;
    }
    Ok(())
}

/// The names that there are.
pub(crate) struct Names<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) known: Known,
}

impl Names<'_> {
    /// Whether it is a company's own name, whose catalogue is not at hand.
    pub(crate) fn believed(&self, name: &str) -> bool {
        self.known == Known::ToAll && name.starts_with(OWN)
    }

    /// Whether there is such an entity.
    pub(crate) fn entity(&self, place: &str, entity: &str) -> Checked {
        if self.catalogue.find(entity).is_some() || self.believed(entity) {
            return Ok(());
        }
        unknown(place, "entity", entity, self.catalogue.entities().iter().map(|def| def.key.as_str()))
    }

    /// Whether an entity has these fields.
    pub(crate) fn fields<'a>(&self, place: &str, entity: &str, fields: impl Iterator<Item = &'a str>) -> Checked {
        // Of an entity that is believed nothing is known.
        let Some(def) = self.catalogue.find(entity) else { return Ok(()) };
        for field in fields {
            let there = field == "*" || ALWAYS.contains(&field) || def.field(field).is_some();
            if !there && !self.believed(field) {
                return unknown(place, &format!("field of {entity}"), field, keys(def));
            }
        }
        Ok(())
    }

    /// Whether fields may be emptied without asking anybody: figures and days of the product, that need no value.
    fn cleared(&self, place: &str, entity: &str, fields: &[String]) -> Checked {
        let Some(def) = self.catalogue.find(entity) else { return Ok(()) };
        for key in fields {
            if !def.field(key).is_some_and(FieldDef::may_be_emptied) {
                return fail(
                    place,
                    format!("`{key}`: a number, duration, date, time or yes-no of the product that may be empty"),
                );
            }
        }
        Ok(())
    }

    fn hook(&self, place: &str, hook: &Hook) -> Checked {
        self.fields(&format!("{place}.watch"), &hook.entity, hook.watch.iter().map(String::as_str))?;
        let Some(text) = &hook.when else { return Ok(()) };
        let place = format!("{place}.when");
        let when = When::compile(text).map_err(|problem| ManifestError::new(&place, problem))?;
        self.fields(&place, &hook.entity, when.fields())
    }

    fn events(&self, place: &str, manifest: &Manifest, subscription: &Subscription) -> Checked {
        let place_of_names = format!("{place}.on");
        let mut entities = Vec::new();
        // Events of plugins are checked against what is installed.
        for name in subscription.on.iter().filter(|name| !manifest.hears(name)) {
            let Some((entity, what)) = name.split_once('.') else { continue };
            if entity == FILE {
                if what != "*" && !OF_FILES.contains(&what) {
                    return unknown(
                        &place_of_names,
                        "event",
                        name,
                        ["file.added", "file.removed", "file.renamed"].into_iter(),
                    );
                }
                continue;
            }
            if entity == MESSAGE {
                if what != "*" && !EVENTS.contains(&name.as_str()) {
                    return unknown(&place_of_names, "event", name, EVENTS.into_iter());
                }
                continue;
            }
            self.entity(&place_of_names, entity)?;
            let happens: Vec<String> = happens(entity).map(|what| format!("{entity}.{what}")).collect();
            if what != "*" && !happens.contains(name) {
                return unknown(&place_of_names, "event", name, happens.iter().map(String::as_str));
            }
            entities.push(entity);
        }
        // A watched field must be one of some entity that it listens to.
        let defs: Vec<_> = entities.iter().map(|entity| self.catalogue.find(entity)).collect();
        for field in &subscription.watch {
            let known = defs.iter().any(|def| def.is_none_or(|def| def.field(field).is_some()));
            if !known && !self.believed(field) {
                let all = defs.iter().flatten().flat_map(|def| keys(def));
                return unknown(&format!("{place}.watch"), "field", field, all);
            }
        }
        Ok(())
    }
}

fn keys(def: &EntityDef) -> impl Iterator<Item = &str> {
    def.fields.iter().map(|field| FieldKey::as_str(&field.key))
}

/// What may happen to records of an entity.
fn happens(entity: &str) -> impl Iterator<Item = &'static str> {
    let changes = [Operation::Create, Operation::Update, Operation::Delete, Operation::Restore].map(Operation::past);
    let of_tasks = if entity == TASK { OF_TASKS.as_slice() } else { &[] };
    changes.into_iter().chain(of_tasks.iter().copied())
}

/// What there is not, with the nearest that there is.
pub(crate) fn unknown<'a>(place: &str, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Checked {
    let hint = nearest(name, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    fail(place, format!("there is no {what} `{name}`{hint}"))
}

/// The known name that is most like another, if one is like it.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let apart = |known: &str| strsim::damerau_levenshtein(name, known);
    let near = known.map(|known| (apart(known), known)).min()?;
    (near.0 <= (name.chars().count() / 3).max(2)).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "acme.leads"
version = "1.2.3"
api = "1"
title.en = "Leads"
[permissions.records.lead]
read = ["title", "amount", "x_score"]
write = ["title"]
reason.en = "To check them."
[permissions.records.x_flat]
read = ["x_floor", "rooms"]
reason.en = "To check them."
[permissions.records.task]
read = ["*"]
reason.en = "To check them."
[[hooks]]
id = "check"
entity = "lead"
operations = ["create", "update"]
watch = ["amount"]
when = "fields.amount > 10.0 && before.title != 'x'"
[[events]]
id = "made"
on = ["lead.created", "task.completed", "x_flat.*"]
"#;

    fn check_names(from: &str, to: &str, expected: &str) {
        assert!(GOOD.contains(from), "{from}");
        let manifest = Manifest::parse(&GOOD.replacen(from, to, 1)).unwrap();
        let error = check(&manifest, &Catalogue::core(), Known::ToAll).expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }

    #[test]
    fn what_there_is_passes_and_own_names_are_believed_until_a_company_is_known() {
        let manifest = Manifest::parse(GOOD).unwrap();
        check(&manifest, &Catalogue::core(), Known::ToAll).unwrap();
        let error = check(&manifest, &Catalogue::core(), Known::Whole).unwrap_err().to_string();
        assert!(error.contains("permissions.records.lead.read: there is no field of lead `x_score`"), "{error}");
    }

    #[test]
    fn misspelt_names_come_with_the_nearest_right_one() {
        check_names(
            "[permissions.records.task]",
            "[permissions.records.taks]\nread = [\"*\"]\nreason.en = \"x\"\n[permissions.records.task]",
            "no entity `taks`; did you mean `task`?",
        );
        check_names(
            "\"amount\", \"x",
            "\"amount\", \"amuont\", \"x",
            "read: there is no field of lead `amuont`; did you mean `amount`?",
        );
        check_names("write = [\"title\"]", "write = [\"titel\"]", "write: there is no field of lead `titel`");
        check_names(
            "write = [\"title\"]",
            "write = [\"title\"]\nclear_on_purge = [\"title\"]",
            "clear_on_purge: `title`: a",
        );
        check_names("lead.created", "lead.craeted", "no event `lead.craeted`; did you mean `lead.created`?");
        check_names("task.completed", "task.compleeted", "did you mean `task.completed`?");
        check_names(
            "fields.amount",
            "fields.ammount",
            "when: there is no field of lead `ammount`; did you mean `amount`?",
        );
        check_names("before.title", "before.titles", "did you mean `title`?");
        check_names("lead.created", "lead.zzzzzzzzzz", "there is no event `lead.zzzzzzzzzz`");
    }
}
