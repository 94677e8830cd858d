//! A version of a plugin, checked and compiled: its manifest, imports and exports agree.

use crate::capabilities::State;
use crate::engine::{Answer, Budget, Code, CodeError, Engine, Input};
use crate::manifest::Manifest;
use crate::package::{Level, Package, PackageError, TrustedKeys};
use crate::texts::Texts;
use crate::when::When;

/// Interfaces that need a permission, and the permission's name in the manifest.
const GUARDED: [(&str, &str); 5] = [
    ("verstak:records/records", "records"),
    ("verstak:storage/kv", "kv"),
    ("verstak:people/people", "people"),
    ("verstak:work/processes", "processes"),
    ("verstak:work/tasks", "tasks"),
];

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

/// A checked and compiled version.
#[derive(Debug)]
pub struct Version {
    /// What it declares.
    pub manifest: Manifest,
    /// Its translations.
    pub texts: Texts,
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
        let package = Package::read(bytes, trusted)?;
        let code = engine.compile(package.component, &package.component_hash).await?;
        agree(&package.manifest, &code)?;
        let compile = |text: &String| When::compile(text).map_err(VersionError::Disagree);
        let whens = package.manifest.hooks.iter().map(|hook| hook.when.as_ref().map(compile).transpose());
        Ok(Self {
            whens: whens.collect::<Result<_, _>>()?,
            manifest: package.manifest,
            texts: package.texts,
            code,
            level: package.level,
            signer: package.signer,
            hash: package.hash,
        })
    }

    /// Asks the plugin itself whether it works, if it wants to be asked.
    ///
    /// # Errors
    /// `Unhealthy`.
    pub async fn health(&self, engine: &Engine) -> Result<(), VersionError> {
        if !self.manifest.lifecycle {
            return Ok(());
        }
        let outcome =
            engine.call(&self.code, State::detached(Budget::HEALTH.within(engine.caps())), Input::Health).await;
        match outcome.answer {
            Ok(Answer::Done) => Ok(()),
            Ok(_) => Err(VersionError::Unhealthy("it answered something else".to_owned())),
            Err(fault) => Err(VersionError::Unhealthy(fault.to_string())),
        }
    }
}

/// Exports equal what is declared; imports stay within what is asked for.
fn agree(manifest: &Manifest, code: &Code) -> Result<(), VersionError> {
    let declared = [
        !manifest.hooks.is_empty(),
        !manifest.events.is_empty(),
        !manifest.routes.is_empty(),
        !manifest.actions.is_empty(),
        !manifest.conditions.is_empty(),
        manifest.lifecycle,
    ];
    for ((name, exported), declared) in code.exports().into_iter().zip(declared) {
        match (exported, declared) {
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
    let asked = |name: &str| match name {
        "records" => !manifest.permissions.records.is_empty(),
        "kv" => manifest.permissions.kv.is_some(),
        "processes" => manifest.permissions.processes.is_some(),
        "tasks" => manifest.permissions.tasks.is_some(),
        _ => manifest.permissions.people.is_some(),
    };
    match GUARDED.iter().find(|(import, name)| code.imports().contains(*import) && !asked(name)) {
        Some((import, name)) => Err(VersionError::Disagree(format!(
            "the component imports `{import}`, the manifest does not ask for the permission `{name}`"
        ))),
        None => Ok(()),
    }
}
