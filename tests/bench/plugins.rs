//! Packages: the plain before-hook of the plugin host's tests under three ids, and lead-desk if it was built.

use std::path::Path;

use plugin_host::dev::project;
use plugin_host::package;
use plugin_host::{Grants, settings::Settings};
use verstak::AppState;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::company::Company;

const MANIFEST: &str = "plugin.toml";

/// Package files in memory.
pub struct Packages {
    /// Sets one field of a lead; three plugins that differ in their id.
    pub plain: Vec<Vec<u8>>,
    /// The first-party plugin.
    pub lead_desk: Option<Vec<u8>>,
}

impl Packages {
    /// Builds the guest and packs it.
    pub fn make(arguments: &Arguments) -> Outcome<Self> {
        let folder = arguments.root.join("core/plugin_host/tests/guests/plain");
        let component = project::build(&folder, Some(&arguments.components))?;
        let plain = (1..=3).map(|number| renamed(&folder, &component, number)).collect::<Outcome<_>>()?;
        Ok(Self { plain, lead_desk: std::fs::read(arguments.packages.join("lead-desk.vpkg")).ok() })
    }
}

fn renamed(folder: &Path, component: &Path, number: usize) -> Outcome<Vec<u8>> {
    let mut files = project::gather(folder, component)?;
    let manifest = files.get(MANIFEST).ok_or("the guest has no manifest")?;
    let manifest = String::from_utf8_lossy(manifest).replace("test.plain", &format!("bench.plain{number}"));
    files.insert(MANIFEST.to_owned(), manifest.into_bytes());
    Ok(package::write(&files, None)?)
}

/// The package of a plugin's folder with texts of its files changed: path, what it says, what it shall say.
pub fn changed(arguments: &Arguments, folder: &str, changes: &[(&str, &str, &str)]) -> Outcome<Vec<u8>> {
    let folder = arguments.root.join(folder);
    let component = project::build(&folder, Some(&arguments.components))?;
    let mut files = project::gather(&folder, &component)?;
    for (path, old, new) in changes {
        let text = files.get(*path).ok_or_else(|| format!("there is no {path}"))?;
        let text = String::from_utf8_lossy(text).into_owned();
        if !text.contains(old) {
            return Err(format!("{path} does not say `{old}` any more").into());
        }
        files.insert((*path).to_owned(), text.replace(old, new).into_bytes());
    }
    Ok(package::write(&files, None)?)
}

/// Installs packages and enables them for a company. `operator` may install.
pub async fn enable(state: &AppState, operator: &Company, company: &Company, packages: &[Vec<u8>]) -> Outcome {
    for package in packages {
        let id = state.plugins.install(&operator.ctx, package).await?;
        state.plugins.enable(&company.ctx, &id, &Grants::Requested, Some(&Settings::new())).await?;
    }
    Ok(())
}
