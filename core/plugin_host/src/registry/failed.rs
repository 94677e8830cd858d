//! An enabled plugin that this node cannot load: what is known of it all the same, so that nothing passes its guards and
//! nothing that it waits for is taken as delivered.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use kernel::{Error, Locale, Timestamp};
use serde::Deserialize;

use super::store::TenantRow;
use crate::manifest::{Hook, MAX_BYTES, Published, SettingType, Subscription, Text};
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
        toml::from_str(&manifest_of(package)?).ok()
    }
}

/// The text of the manifest of a package.
fn manifest_of(package: &[u8]) -> Option<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).ok()?;
    let file = archive.by_name(MANIFEST).ok()?;
    let mut text = String::new();
    file.take(u64::try_from(MAX_BYTES).ok()?).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Keys of the secrets among the settings of a package, whatever else its manifest says.
pub(crate) fn secret_keys(package: &[u8]) -> Option<BTreeSet<String>> {
    let manifest: toml::Table = toml::from_str(&manifest_of(package)?).ok()?;
    let settings = manifest.get("settings").and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |setting: &toml::Value, name: &str| setting.get(name).and_then(toml::Value::as_str).map(str::to_owned);
    let secrets =
        settings.iter().filter(|setting| text(setting, "type").as_deref() == Some(SettingType::Secret.name()));
    Some(secrets.filter_map(|setting| text(setting, "key")).collect())
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

    #[test]
    fn secrets_of_manifests_of_other_times_are_known_too() {
        let setting = |key: &str, kind: &str| format!("[[settings]]\nkey = \"{key}\"\ntype = \"{kind}\"\n");
        let settings = setting("token", "secret") + &setting("open", "text") + &setting("far", "of another time");
        for (manifest, expected) in [
            (settings.as_str(), Some(vec!["token"])),
            ("title = 5\n", Some(vec![])),
            ("settings = 5\n", Some(vec![])),
            ("no manifest", None),
        ] {
            let files = [(MANIFEST.to_owned(), manifest.as_bytes().to_vec())].into();
            let package = crate::package::write(&files, None).unwrap();
            let keys = expected.map(|keys| keys.into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
            assert_eq!(secret_keys(&package), keys, "{manifest}");
        }
    }
}
