//! What a plugin may do with records, per entity.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Locale;
use kernel::access::Action;
use records::{Catalogue, EntityDef};
use serde::Deserialize;

use super::check::{fail, text};
use super::permissions::{Grant, Permission, things};
use super::{ManifestError, Text, names};

/// The entities, each a grant `records.<entity>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct RecordPermissions(pub(crate) BTreeMap<String, RecordPermission>);

/// What may be done with records of an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPermission {
    /// What the plugin may do through the `records` import.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// Fields it sees; `*` for all.
    #[serde(default)]
    pub read: Vec<String>,
    /// Fields it may set, in hooks too; `*` for all.
    #[serde(default)]
    pub write: Vec<String>,
    /// Fields of the product that it alone fills: emptied in every record when its data are removed for good.
    #[serde(default)]
    pub clear_on_purge: Vec<String>,
    /// Shown to the admin who grants it.
    #[serde(default)]
    pub reason: Text,
}

impl RecordPermission {
    /// What a plugin may do with its own entities.
    pub(super) fn everything() -> Self {
        let all = vec!["*".to_owned()];
        Self { actions: Action::ALL.to_vec(), read: all.clone(), write: all, ..Self::default() }
    }

    /// Whether the field may be seen.
    pub fn reads(&self, field: &str) -> bool {
        names(&self.read, field)
    }

    /// The same of a field of this entity: whoever sees an amount sees its currency.
    pub(crate) fn sees(&self, entity: &EntityDef, field: &str) -> bool {
        let money = || entity.field(field).and_then(|currency| entity.money_of(currency));
        self.reads(field) || money().is_some_and(|money| self.reads(&money.key))
    }

    /// Whether the field may be set.
    pub fn writes(&self, field: &str) -> bool {
        names(&self.write, field)
    }

    fn title(&self, catalogue: Option<&Catalogue>, entity: &str, locale: Locale) -> String {
        let field = |field: &String| {
            catalogue.map_or_else(|| field.clone(), |catalogue| catalogue.field_name(entity, field, locale))
        };
        let name = catalogue.map_or_else(|| entity.to_owned(), |catalogue| catalogue.entity_name(entity, locale));
        let list = |fields: &[String]| fields.iter().map(field).collect::<Vec<_>>().join(", ");
        let all = self.read.iter().any(|one| one == "*");
        let mut title = words(locale, all, self.write.is_empty())
            .replace("{entity}", &name)
            .replace("{read}", &list(&self.read))
            .replace("{write}", &list(&self.write));
        for action in [Action::Create, Action::Delete].into_iter().filter(|action| self.actions.contains(action)) {
            title.push_str("; ");
            title.push_str(by_itself(locale, action));
        }
        if !self.clear_on_purge.is_empty() {
            title.push_str(emptied(locale));
            title.push_str(&list(&self.clear_on_purge));
        }
        title
    }

    fn scope(&self) -> BTreeSet<String> {
        let action = |action: &Action| {
            let name = match action {
                Action::Read => "read",
                Action::Create => "create",
                Action::Update => "update",
                Action::Delete => "delete",
            };
            format!("action:{name}")
        };
        let fields = things("read", &self.read).chain(things("write", &self.write));
        let fields = fields.chain(things("clear_on_purge", &self.clear_on_purge));
        fields.chain(self.actions.iter().map(action)).collect()
    }
}

impl Permission for RecordPermissions {
    fn check(&self) -> Result<(), ManifestError> {
        for (entity, permission) in &self.0 {
            let place = format!("permissions.records.{entity}");
            text(&format!("{place}.reason"), &permission.reason)?;
            let writes = permission.actions.iter().any(|action| matches!(action, Action::Create | Action::Update));
            if writes && permission.write.is_empty() {
                return fail(format!("{place}.write"), "name the fields that `create` and `update` may set");
            }
            if let Some(field) = permission.clear_on_purge.iter().find(|field| !permission.write.contains(field)) {
                return fail(format!("{place}.clear_on_purge"), format!("`{field}` is not named in `write`"));
            }
        }
        Ok(())
    }

    fn grants(&self, catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let grant = |(entity, permission): (&String, &RecordPermission)| Grant {
            key: format!("records.{entity}"),
            title: permission.title(catalogue, entity, locale),
            reason: permission.reason.clone(),
            scope: permission.scope(),
        };
        self.0.iter().map(grant).collect()
    }
}

/// What is done to fields when its data are removed for good, before their names.
const fn emptied(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "; emptied in every record when the plugin's data are removed: ",
        Locale::Ru => "; при удалении данных плагина очищается во всех записях: ",
        Locale::Uk => "; коли дані плагіна видаляють, очищується в усіх записах: ",
    }
}

/// What it does with whole records.
const fn by_itself(locale: Locale, action: Action) -> &'static str {
    match (locale, matches!(action, Action::Create)) {
        (Locale::En, true) => "creates records",
        (Locale::En, false) => "deletes records",
        (Locale::Ru, true) => "создаёт записи",
        (Locale::Ru, false) => "удаляет записи",
        (Locale::Uk, true) => "створює записи",
        (Locale::Uk, false) => "видаляє записи",
    }
}

const fn words(locale: Locale, reads_all: bool, only_reads: bool) -> &'static str {
    match (locale, reads_all, only_reads) {
        (Locale::En, true, true) => "{entity}: sees all fields",
        (Locale::En, false, true) => "{entity}: sees {read}",
        (Locale::En, true, false) => "{entity}: sees all fields; sets {write}",
        (Locale::En, false, false) => "{entity}: sees {read}; sets {write}",
        (Locale::Ru, true, true) => "{entity}: видит все поля",
        (Locale::Ru, false, true) => "{entity}: видит {read}",
        (Locale::Ru, true, false) => "{entity}: видит все поля; меняет {write}",
        (Locale::Ru, false, false) => "{entity}: видит {read}; меняет {write}",
        (Locale::Uk, true, true) => "{entity}: бачить усі поля",
        (Locale::Uk, false, true) => "{entity}: бачить {read}",
        (Locale::Uk, true, false) => "{entity}: бачить усі поля; змінює {write}",
        (Locale::Uk, false, false) => "{entity}: бачить {read}; змінює {write}",
    }
}
