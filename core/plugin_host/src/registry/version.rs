//! A version of a plugin, checked and compiled: its manifest, imports and exports agree.

use std::collections::BTreeMap;

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
    /// What it declares of the catalogue.
    pub declared: Declared,
    /// Names of the roles that it brings.
    pub role_names: BTreeMap<String, Labels>,
    /// Its places in the portal, in the manifest's order.
    pub(crate) surfaces: Vec<Surface>,
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
        let code = engine.compile(package.component, &package.component_hash).await?;
        agree(&package.manifest, &code)?;
        let declared = entities::declared(&package.manifest, &package.texts).map_err(PackageError::from)?;
        let role_names = entities::role_names(&package.manifest, &package.texts).map_err(PackageError::from)?;
        let compile = |text: &String| When::compile(text).map_err(VersionError::Disagree);
        let whens = package.manifest.hooks.iter().map(|hook| hook.when.as_ref().map(compile).transpose());
        Ok(Self {
            whens: whens.collect::<Result<_, _>>()?,
            manifest: package.manifest,
            texts: package.texts,
            data: package.data,
            declared,
            role_names,
            surfaces,
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
