//! The part `[permissions]` of a manifest: whose rights count, and one table per capability, each read and checked by the
//! capability itself.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use kernel::Locale;
use records::Catalogue;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::{ManifestError, Text};
use crate::capabilities::CAPABILITIES;
use crate::surfaces::frames;

/// What a plugin asks of one capability.
pub(crate) trait Permission: Any + fmt::Debug + Send + Sync {
    /// What its types cannot express.
    fn check(&self) -> Result<(), ManifestError>;

    /// What an admin grants, in words of a language.
    fn grants(&self, catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant>;
}

/// One thing an admin grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// `records.lead`, `kv`, `tasks.create`.
    pub(crate) key: String,
    /// What it allows.
    pub(crate) title: String,
    /// Why the plugin wants it.
    pub(crate) reason: Text,
    /// The single things it allows: `read:title`, `read:*`, `action:create`.
    pub(crate) scope: BTreeSet<String>,
}

impl Grant {
    /// Whether it allows a single thing.
    fn allows(&self, thing: &str) -> bool {
        let all = thing.split_once(':').map(|(kind, _)| format!("{kind}:*"));
        self.scope.contains(thing) || all.is_some_and(|all| self.scope.contains(&all))
    }

    /// Whether it allows all that another one does.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.scope.iter().all(|thing| self.allows(thing))
    }
}

/// The single things of a kind.
pub(crate) fn things<'a>(kind: &'a str, names: &'a [String]) -> impl Iterator<Item = String> + 'a {
    names.iter().map(move |name| format!("{kind}:{name}"))
}

/// The key of the grant to act in the plugin's own name.
pub(crate) const RUN_AS: &str = "run_as";

fn own_name(locale: Locale) -> Grant {
    let title = match locale {
        Locale::En => "Acts in its own name: what it reads and changes does not depend on whose work it is",
        Locale::Ru => "Действует от своего имени: что он читает и меняет, не зависит от того, чья это работа",
        Locale::Uk => "Діє від власного імені: що він читає і змінює, не залежить від того, чия це робота",
    };
    let reason = [
        ("en", "Nobody's rights narrow it; only this list does."),
        ("ru", "Его не ограничивают ничьи права, только этот список."),
        ("uk", "Його не обмежують нічиї права, лише цей список."),
    ];
    Grant {
        key: RUN_AS.to_owned(),
        title: title.to_owned(),
        reason: Text(reason.map(|(locale, words)| (locale.to_owned(), words.to_owned())).into()),
        scope: BTreeSet::new(),
    }
}

/// The table `[permissions.<name>]` of a manifest.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) read: fn(Json) -> Result<Arc<dyn Permission>, String>,
}

impl Part {
    /// A part that is read as a `T`.
    pub(crate) const fn of<T: Permission + DeserializeOwned>(name: &'static str) -> Self {
        Self { name, read: read::<T> }
    }
}

fn read<T: Permission + DeserializeOwned>(json: Json) -> Result<Arc<dyn Permission>, String> {
    let part: T = serde_json::from_value(json).map_err(|error| error.to_string())?;
    Ok(Arc::new(part))
}

/// Whose rights count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunAs {
    /// Of whoever makes the change or the request, narrowed by the grants. Where a process asks there is nobody: then
    /// it runs as the plugin.
    #[default]
    Actor,
    /// Of the plugin itself: exactly its grants, for every record of the tenant.
    Plugin,
}

/// What a plugin asks for; each becomes a grant with a key.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    /// Whose rights count when it reads and writes records.
    pub run_as: RunAs,
    /// In the order of the table of capabilities.
    parts: Vec<(&'static str, Arc<dyn Permission>)>,
}

impl Permissions {
    /// What it asks of the capability that reads its part as a `T`.
    pub(crate) fn part<T: Permission>(&self) -> Option<&T> {
        self.parts.iter().find_map(|(_, part)| {
            let part: &dyn Any = &**part;
            part.downcast_ref::<T>()
        })
    }

    /// Whether it has the table `[permissions.<name>]`.
    pub(crate) fn asks(&self, name: &str) -> bool {
        self.parts.iter().any(|(part, _)| *part == name)
    }

    /// Whether it asks for records of an entity.
    pub(super) fn records_of(&self, entity: &str) -> bool {
        self.part::<super::RecordPermissions>().is_some_and(|records| records.0.contains_key(entity))
    }

    /// Everything an admin grants, in a stable order.
    pub(crate) fn grants(&self, catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let own = (self.run_as == RunAs::Plugin).then(|| own_name(locale));
        self.parts.iter().flat_map(|(_, part)| part.grants(catalogue, locale)).chain(own).collect()
    }

    pub(super) fn check(&self) -> Result<(), ManifestError> {
        self.parts.iter().try_for_each(|(_, part)| part.check())
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut tables = BTreeMap::<String, Json>::deserialize(deserializer)?;
        let run_as = tables.remove("run_as").map(serde_json::from_value).transpose();
        let run_as = run_as.map_err(|error| D::Error::custom(format!("permissions.run_as: {error}")))?;
        let mut parts: Vec<(&'static str, Arc<dyn Permission>)> = Vec::new();
        let of_imports = CAPABILITIES.iter().filter_map(|capability| capability.permission.as_ref());
        for part in of_imports.chain([&frames::PART]) {
            if let Some(table) = tables.remove(part.name) {
                let read = (part.read)(table);
                parts.push((part.name, read.map_err(|error| wrong::<D>(part.name, &error))?));
            }
        }
        match tables.keys().next() {
            Some(unknown) => Err(D::Error::custom(format!("unknown field `{unknown}` in `permissions`"))),
            None => Ok(Self { run_as: run_as.unwrap_or_default(), parts }),
        }
    }
}

fn wrong<'de, D: Deserializer<'de>>(name: &str, error: &str) -> D::Error {
    D::Error::custom(format!("permissions.{name}: {error}"))
}
