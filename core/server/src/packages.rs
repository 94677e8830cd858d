//! Packages that lie beside the program or in the data folder: installed when a server starts or a company is made, like any
//! upload, and switched on by administrators. One that cannot be installed keeps nobody from anything: the log says why.

use std::io::Read;
use std::path::{Path, PathBuf};

use kernel::{Ctx, Error, Locale, Result, db};
use people::tenant;
use plugin_host::Offered;
use plugin_host::package::MAX_PACKAGE;

use crate::config::Config;
use crate::state::AppState;

/// The folder's name, in the data folder and beside the program.
const FOLDER: &str = "packages";
/// What names of packages end in.
const ENDING: &str = "vpkg";
/// Packages that are looked at.
const MAX_FOUND: usize = 100;

/// A package that was found, and what came of it.
#[derive(Debug)]
pub struct Found {
    /// Where it lies.
    pub file: PathBuf,
    /// What it is, or why it is not installed, in English.
    pub outcome: Result<Offered, String>,
}

/// Installs every package that is found and not installed yet. Before there is any company nothing is done: making one asks again.
///
/// # Errors
/// When the database fails.
pub async fn install_found(state: &AppState) -> Result<Vec<Found>> {
    let files = files(&state.config);
    // The audit of the oldest company has what concerns the installation.
    let Some(oldest) = tenant::list(&state.db).await?.into_iter().next().filter(|_| !files.is_empty()) else {
        return Ok(Vec::new());
    };
    let ctx = oldest.system_ctx(&state.env);
    let mut found = Vec::with_capacity(files.len());
    for file in files {
        let outcome = install(state, &ctx, &file).await;
        match &outcome {
            Ok(Offered { plugin, version, new: true }) => {
                tracing::info!(plugin, version, file = %file.display(), "installed: administrators may switch it on");
            }
            Ok(Offered { plugin, version, .. }) => tracing::debug!(plugin, version, "installed already"),
            Err(problem) => tracing::error!(problem, file = %file.display(), "a package was not installed"),
        }
        found.push(Found { file, outcome });
    }
    Ok(found)
}

async fn install(state: &AppState, ctx: &Ctx, file: &Path) -> Result<Offered, String> {
    let bytes = read(file).map_err(|error| error.to_string())?;
    db::again_raced(|| state.plugins.offer(ctx, &bytes)).await.map_err(|error| in_words(&error))
}

/// A file of at most the bytes that a package may have, and one more: so that a longer one is refused as such.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let most = u64::try_from(MAX_PACKAGE).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn in_words(error: &Error) -> String {
    let fields = error.fields_in(Locale::En);
    match fields.into_values().next() {
        Some((_, words)) => words,
        None => error.message().in_locale(Locale::En),
    }
}

/// Packages of the data folder, then those of the folder that is configured, else beside the program; each folder by name.
fn files(config: &Config) -> Vec<PathBuf> {
    let chosen = match config.plugins.packages.as_os_str().is_empty() {
        true => config.plugins.beside.as_ref().map(|program| program.join(FOLDER)),
        false => Some(config.plugins.packages.clone()),
    };
    let folders = std::iter::once(config.data.dir.join(FOLDER)).chain(chosen);
    let mut all: Vec<PathBuf> = folders.flat_map(|folder| packages_of(&folder)).collect();
    if all.len() > MAX_FOUND {
        tracing::warn!(found = all.len(), "only the first {MAX_FOUND} packages are looked at");
        all.truncate(MAX_FOUND);
    }
    all
}

fn packages_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let package = |path: &PathBuf| path.is_file() && path.extension().is_some_and(|ending| ending == ENDING);
    let mut found: Vec<PathBuf> = entries.filter(package).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn packages_of_the_data_folder_and_of_one_other_are_found_by_name() {
        let (data, beside, named) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let overrides = Overrides { data: Some(data.path().to_owned()), ..Overrides::default() };
        let mut config = Config::load(None, &overrides).unwrap();
        assert!(files(&config).is_empty(), "no folder is no error");
        for (folder, names) in [
            (data.path().join(FOLDER), &["b.vpkg", "a.vpkg", "c.txt"][..]),
            (beside.path().join(FOLDER), &["d.vpkg"][..]),
            (named.path().to_owned(), &["e.vpkg"][..]),
        ] {
            std::fs::create_dir_all(&folder).unwrap();
            names.iter().for_each(|name| std::fs::write(folder.join(name), "").unwrap());
        }
        std::fs::create_dir(data.path().join(FOLDER).join("folder.vpkg")).unwrap();
        let names = |config: &Config| -> Vec<String> {
            files(config).iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(&config), ["a.vpkg", "b.vpkg"]);
        config.plugins.beside = Some(beside.path().to_owned());
        assert_eq!(names(&config), ["a.vpkg", "b.vpkg", "d.vpkg"]);
        config.plugins.packages = named.path().to_owned();
        assert_eq!(names(&config), ["a.vpkg", "b.vpkg", "e.vpkg"]);
    }
}
