//! A version of a plugin, checked and compiled: its manifest, imports and exports agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use process::templates::Template;
use records::Catalogue;
use records::catalogue::Labels;
use records::catalogue::declared::Declared;

use crate::capabilities::{CAPABILITIES, State};
use crate::engine::{Code, CodeError, Engine};
use crate::manifest::known::{self, Known, nearest};
use crate::manifest::{Manifest, ManifestError, entities};
use crate::package::{Files, Level, Package, PackageError, TrustedKeys};
use crate::points::lifecycle::{self, Health};
use crate::points::{self, POINTS};
use crate::surfaces::{self, Surface};
use crate::texts::Texts;
use crate::when::When;

/// Why a version is not fit to be installed.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// The package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The component.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Manifest and component contradict each other.
    #[error("plugin.toml and component.wasm do not agree: {0}")]
    Disagree(String),
    /// Its own check failed.
    #[error("the plugin's health check failed: {0}")]
    Unhealthy(String),
}

impl VersionError {
    /// Stable, for programs and for words in the reader's language; and what the developer of the package needs.
    pub(crate) fn coded(&self) -> (&'static str, String) {
        match self {
            Self::Package(error) => error.coded(),
            Self::Code(error) => ("package_component", error.to_string()),
            Self::Disagree(reason) => ("package_disagrees", reason.clone()),
            Self::Unhealthy(reason) => ("package_unhealthy", reason.clone()),
        }
    }
}

/// A checked and compiled version.
#[derive(Debug)]
pub struct Version {
    /// What it declares.
    pub manifest: Manifest,
    /// Its translations.
    pub texts: Texts,
    /// Files that its code reads, by path.
    pub(crate) data: Files,
    /// Processes to begin with that it brings.
    pub(crate) templates: Vec<Arc<Template>>,
    /// What it declares of the catalogue.
    pub declared: Declared,
    /// Names of the roles that it brings.
    pub role_names: BTreeMap<String, Labels>,
    /// Its places in the portal, in the manifest's order.
    pub(crate) surfaces: Vec<Surface>,
    /// Files that its frames load, by path below `ui/`.
    pub(crate) frames: Files,
    /// The compiled component.
    pub code: Code,
    /// Conditions of the hooks, in the manifest's order.
    pub whens: Vec<Option<When>>,
    /// Who vouches for it.
    pub level: Level,
    /// Public key of the signer.
    pub signer: Option<String>,
    /// Of the package.
    pub hash: String,
}

impl Version {
    /// Reads, checks and compiles a package.
    ///
    /// # Errors
    /// The first reason not to install it.
    pub async fn load(engine: &Engine, bytes: &[u8], trusted: &TrustedKeys) -> Result<Self, VersionError> {
        let mut package = Package::read(bytes, trusted)?;
        let surfaces = surfaces::read(&package).map_err(PackageError::from)?;
        package.manifest.pages = surfaces::pages(&surfaces).map_err(PackageError::from)?;
        let frames = surfaces::frames::read(&package, &surfaces).map_err(PackageError::from)?;
        let code = engine.compile(package.component, &package.component_hash).await?;
        agree(&package.manifest, &code)?;
        let declared = entities::declared(&package.manifest, &package.texts).map_err(PackageError::from)?;
        let role_names = entities::role_names(&package.manifest, &package.texts).map_err(PackageError::from)?;
        let templates = templates(&package.manifest, &package.data)?;
        let compile = |text: &String| When::compile(text).map_err(VersionError::Disagree);
        let whens = package.manifest.hooks.iter().map(|hook| hook.when.as_ref().map(compile).transpose());
        Ok(Self {
            whens: whens.collect::<Result<_, _>>()?,
            manifest: package.manifest,
            texts: package.texts,
            data: package.data,
            templates,
            declared,
            role_names,
            surfaces,
            frames,
            code,
            level: package.level,
            signer: package.signer,
            hash: package.hash,
        })
    }

    /// Checks the names of its manifest against a catalogue.
    ///
    /// # Errors
    /// The first that is unknown.
    pub(crate) fn names(&self, catalogue: &Catalogue, known: Known) -> Result<(), ManifestError> {
        let catalogue = catalogue.with(&self.declared);
        known::check(&self.manifest, &catalogue, known)?;
        surfaces::names(&self.manifest, &self.surfaces, &catalogue, known)
    }

    /// Asks the component for everything that the manifest declares by an id, with nothing to do and nobody to do it for:
    /// one that says that it has no such thing does not fit its manifest.
    ///
    /// # Errors
    /// `Disagree` with the nearest id that the component has.
    pub async fn handles(&self, engine: &Engine) -> Result<(), VersionError> {
        for point in POINTS {
            for id in (point.declared)(&self.manifest) {
                let Some(said) = points::ask_nothing(engine, &self.code, point, &id).await else { continue };
                let Some(listed) = said.strip_prefix(&format!("the plugin has no {} {id}", points::word(point))) else {
                    continue;
                };
                let known = listed.strip_prefix("; it has: ").unwrap_or_default().split(", ");
                let hint = nearest(&id, known).filter(|near| !near.is_empty());
                let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let problem = format!(
                    "the manifest declares the {} `{id}`, which the component does not have{hint}",
                    points::word(point)
                );
                return Err(VersionError::Disagree(problem));
            }
        }
        Ok(())
    }

    /// Asks the plugin itself whether it works, if it wants to be asked.
    ///
    /// # Errors
    /// `Unhealthy`.
    pub async fn health(&self, engine: &Engine) -> Result<(), VersionError> {
        if !self.manifest.lifecycle {
            return Ok(());
        }
        let budget = lifecycle::KIND.budget.within(engine.caps());
        let outcome = engine.call(&self.code, State::detached(budget), Health).await;
        outcome.answer.map_err(|fault| VersionError::Unhealthy(fault.to_string()))
    }
}

/// Where processes to begin with lie: `<key>.bpmn`, and `<key>.json` with its texts beside it.
const PROCESSES: &str = "data/processes/";
/// Processes of a plugin.
const MAX_PROCESSES: usize = 20;

/// Processes to begin with, by their keys, which begin with the plugin's prefix.
fn templates(manifest: &Manifest, data: &Files) -> Result<Vec<Arc<Template>>, PackageError> {
    let mut found = Vec::new();
    for (path, file) in data {
        let name = path.strip_prefix(PROCESSES).and_then(|name| name.strip_suffix(".bpmn"));
        let Some(key) = name else { continue };
        let wrong = |why: &str| PackageError::Malformed(format!("{path}: {why}"));
        if let Some(why) = misnamed(manifest.prefix.as_deref(), key) {
            return Err(wrong(why));
        }
        let table = data.get(&format!("{PROCESSES}{key}.json"));
        let table = table.ok_or_else(|| wrong("the table with its texts is missing beside it"))?;
        found.push(Arc::new(Template::of(key, file, table).map_err(|why| wrong(&why))?));
    }
    match found.len() > MAX_PROCESSES {
        true => Err(PackageError::Malformed(format!("more than {MAX_PROCESSES} processes in `{PROCESSES}`"))),
        false => Ok(found),
    }
}

/// Why a process of a plugin may not be called so, if it may not: a prefix is not kept from standing before names of ours.
fn misnamed(prefix: Option<&str>, key: &str) -> Option<&'static str> {
    let plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let own = prefix.and_then(|prefix| key.strip_prefix(prefix)?.strip_prefix('-'));
    if !plain || own.is_none() {
        return Some("it is called by the plugin's prefix, `-`, and lower-case letters");
    }
    process::templates::find(key).map(|_| "a process of the product has this key")
}

/// Exports equal what is declared; imports stay within what is asked for.
fn agree(manifest: &Manifest, code: &Code) -> Result<(), VersionError> {
    for point in POINTS {
        let name = point.export;
        match (code.exports(name), !(point.declared)(manifest).is_empty()) {
            (true, false) => {
                return Err(VersionError::Disagree(format!(
                    "the component exports `{name}`, the manifest declares none"
                )));
            }
            (false, true) => {
                return Err(VersionError::Disagree(format!(
                    "the manifest declares {name}, the component does not export `{name}`"
                )));
            }
            _ => {}
        }
    }
    let imported = CAPABILITIES.iter().filter(|capability| code.imports().contains(capability.import));
    let guarded = imported.filter_map(|capability| Some((capability.import, capability.permission.as_ref()?.name)));
    let own = |name: &str| name == "records" && !manifest.implied.is_empty();
    match guarded.into_iter().find(|(_, name)| !manifest.permissions.asks(name) && !own(name)) {
        Some((import, name)) => Err(VersionError::Disagree(format!(
            "the component imports `{import}`, the manifest does not ask for the permission `{name}`"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::misnamed;

    #[test]
    fn processes_are_called_by_the_prefix_and_never_as_ours() {
        assert_eq!(misnamed(Some("rollout"), "rollout-roadmap"), None);
        assert_eq!(misnamed(Some("dealer"), "dealer-other"), None);
        for (prefix, key) in [
            (None, "-roadmap"),
            (Some("rollout"), "roadmap"),
            (Some("rollout"), "rollouts-roadmap"),
            (Some("rollout"), "rollout-Road"),
            (Some("rollout"), "rollout-../x"),
            (Some("dealer"), "dealer-purchase"),
            (Some("quote"), "quote-approval"),
        ] {
            assert!(misnamed(prefix, key).is_some(), "{key}");
        }
    }
}
