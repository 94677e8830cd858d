//! An enabled plugin that this node cannot load: what is known of it all the same, so that nothing passes its guards and
//! nothing that it waits for is taken as delivered.

use std::io::{Cursor, Read};

use kernel::{Error, Locale, Timestamp};
use serde::Deserialize;

use super::store::TenantRow;
use crate::manifest::{Hook, MAX_BYTES, Published, Subscription, Text};
use crate::package::MANIFEST;

/// What this node could not load.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) enabled: TenantRow,
    /// Why, for admins.
    pub(crate) reason: String,
    /// None: not even its manifest can be read.
    pub(crate) declared: Option<Declared>,
    /// When it was tried last.
    pub(crate) tried: Timestamp,
}

/// What must be known of a manifest that this host perhaps does not understand as a whole.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Declared {
    pub(crate) title: Text,
    #[serde(default)]
    pub(crate) description: Text,
    #[serde(default)]
    pub(crate) hooks: Vec<Hook>,
    #[serde(default)]
    pub(crate) events: Vec<Subscription>,
    #[serde(default)]
    pub(crate) prefix: Option<String>,
    #[serde(default)]
    pub(crate) publishes: Vec<Published>,
}

impl Declared {
    /// Looks into a package, whoever signed it and whatever else is wrong with it.
    pub(crate) fn read(package: &[u8]) -> Option<Self> {
        let mut archive = zip::ZipArchive::new(Cursor::new(package)).ok()?;
        let file = archive.by_name(MANIFEST).ok()?;
        let mut text = String::new();
        file.take(u64::try_from(MAX_BYTES).ok()?).read_to_string(&mut text).ok()?;
        toml::from_str(&text).ok()
    }
}

impl Failed {
    /// Whether it may look at records of an entity.
    pub(crate) fn concerns(&self, entity: &str) -> bool {
        self.enabled.grants.contains(&format!("records.{entity}"))
    }

    /// What people call it.
    pub(crate) fn title(&self, locale: Locale) -> &str {
        self.declared.as_ref().map_or(self.enabled.plugin.as_str(), |declared| declared.title.in_locale(locale))
    }

    /// What a caller is told.
    pub(crate) fn error(&self) -> Error {
        Error::Unavailable(self.reason.clone())
    }
}

/// A version that this node cannot load.
pub(crate) fn not_loaded(plugin: &str, version: &str, reason: &str) -> Error {
    Error::Unavailable(format!("this node cannot load {plugin} {version}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(manifest: &str, expected: Option<(usize, usize)>) {
        let files = [(MANIFEST.to_owned(), manifest.as_bytes().to_vec())].into();
        let package = crate::package::write(&files, None).unwrap();
        let read = Declared::read(&package).map(|declared| (declared.hooks.len(), declared.events.len()));
        assert_eq!(read, expected, "{manifest}");
    }

    #[test]
    fn manifests_of_other_times_are_read_as_far_as_needed() {
        let hooks = "[[hooks]]\nid = \"a\"\nentity = \"lead\"\noperations = [\"create\"]\n";
        let events = "[[events]]\nid = \"a\"\non = [\"lead.*\"]\n";
        check(&format!("title.en = \"x\"\nnew_key = 1\n{hooks}{events}"), Some((1, 1)));
        check(&format!("title.en = \"x\"\n[permissions.moon]\nreach = true\n{events}"), Some((0, 1)));
        check("title = 5", None);
        assert_eq!(Declared::read(b"no package"), None);
    }
}
