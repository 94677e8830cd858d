//! Plugins as files: built as components, packed by the product's own command.
//!
//! Owns: which folders are plugins and where their packages go. Must not know: what is inside a package.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exec::{self, Context, Failure, Outcome};
use crate::setup::GUEST_TRIPLE;
use crate::workspace::Workspace;

/// Folders with a `plugin.toml`: first-party plugins, then examples.
pub fn folders(workspace: &Workspace) -> Vec<PathBuf> {
    ["plugins", "examples"].iter().flat_map(|below| plugins_below(&workspace.path(below))).collect()
}

fn plugins_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.join("plugin.toml").is_file()).collect();
    found.sort();
    found
}

/// The id in a plugin's manifest.
pub fn id(folder: &Path) -> Outcome<String> {
    let manifest = folder.join("plugin.toml");
    let text = std::fs::read_to_string(&manifest).context(manifest.display())?;
    manifest_id(&text).context(manifest.display())
}

fn manifest_id(text: &str) -> Result<String, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let plugin = table.get("plugin").and_then(toml::Value::as_table);
    let id = table.get("id").or_else(|| plugin.and_then(|plugin| plugin.get("id")));
    id.and_then(toml::Value::as_str).map(str::to_owned).ok_or_else(|| "the manifest has no id".into())
}

/// The package of a plugin's folder.
pub fn package(workspace: &Workspace, folder: &Path) -> Outcome<PathBuf> {
    let name = folder.file_name().ok_or_else(|| Failure::new(format!("{} has no name", folder.display())))?;
    Ok(workspace.package_folder().join(name).with_extension("vpkg"))
}

/// Builds every plugin written in Rust as a component, all into one target folder, so that they share dependencies.
pub fn build_components(workspace: &Workspace) -> Outcome<()> {
    for folder in folders(workspace) {
        if folder.join("Cargo.toml").is_file() {
            let mut cargo = exec::cargo(&folder);
            cargo.args(["build", "--release", "--target", GUEST_TRIPLE, "--target-dir"]).arg(workspace.guest_target());
            if folder.join("Cargo.lock").is_file() {
                cargo.arg("--locked");
            }
            exec::run(&mut cargo)?;
        }
    }
    Ok(())
}

/// Packs every plugin with this `verstak`, which also checks it as an installation would.
pub fn pack(workspace: &Workspace, verstak: &Path) -> Outcome<()> {
    std::fs::create_dir_all(workspace.package_folder()).context("package folder")?;
    for folder in folders(workspace) {
        let out = package(workspace, &folder)?;
        exec::run(command(workspace, verstak, "pack", &folder).arg("--out").arg(&out))?;
    }
    Ok(())
}

/// `verstak plugin WORD FOLDER`, building into the folder that all guests share.
pub fn command(workspace: &Workspace, verstak: &Path, word: &str, folder: &Path) -> Command {
    let mut command = exec::tool(verstak);
    command
        .current_dir(&workspace.root)
        .args(["plugin", word])
        .arg(folder)
        .arg("--target-dir")
        .arg(workspace.guest_target());
    command
}

/// The built product.
pub fn verstak(workspace: &Workspace) -> Command {
    let mut command = exec::tool(workspace.binary());
    command.current_dir(&workspace.root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_or_missed() {
        assert_eq!(manifest_id("id = \"lead-desk\"").as_deref(), Ok("lead-desk"));
        assert_eq!(manifest_id("[plugin]\nid = \"lead-desk\"").as_deref(), Ok("lead-desk"));
        for text in ["", "id = 3", "id", "[plugin]\nname = \"x\""] {
            assert!(manifest_id(text).is_err(), "{text:?}");
        }
    }
}
