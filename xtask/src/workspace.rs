//! Where things are: the repository's root, cargo's target folder and what is built into it.
//!
//! Every path of a built file comes from here, because the target folder may lie outside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::exec::{self, Context, Failure, Outcome};

/// What lints as it compiles: clippy's own compiler.
pub const LINTER: &str = "clippy-driver";

/// The repository this command was started in.
pub struct Workspace {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// Cargo's target folder, absolute.
    pub target: PathBuf,
    /// `cargo metadata --no-deps`: our own packages and what they declare.
    pub metadata: Value,
}

impl Workspace {
    /// Finds the root (from the package's folder as cargo gives it, else upwards from the current one) and asks cargo.
    pub fn find() -> Outcome<Self> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => std::env::current_dir().context("current folder")?,
        };
        let root = start
            .ancestors()
            .find(|folder| folder.join("xtask/Cargo.toml").is_file() && folder.join("Cargo.toml").is_file())
            .ok_or_else(|| Failure::new(format!("{} is not inside the repository", start.display())))?
            .to_owned();
        let text = exec::capture(exec::cargo(&root).args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
        let target = metadata.get("target_directory").and_then(Value::as_str).map(PathBuf::from);
        let target = target.ok_or_else(|| Failure::new("cargo metadata names no target folder"))?;
        Ok(Self { root, target, metadata })
    }

    /// `cargo` for what compiles the workspace, with clippy as the compiler of its members where it is installed: they are
    /// compiled and linted in one pass, and libraries only once.
    pub fn cargo(&self) -> Command {
        let mut cargo = exec::cargo(&self.root);
        if exec::in_path(LINTER) {
            cargo.env("RUSTC_WORKSPACE_WRAPPER", LINTER);
        }
        cargo
    }

    /// A path below the root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The product's binary of the dev profile.
    pub fn binary(&self) -> PathBuf {
        self.target.join("debug").join("verstak")
    }

    /// The target folder shared by all guests and other packages outside the workspace.
    pub fn guest_target(&self) -> PathBuf {
        self.target.join("plugins")
    }

    /// Where packed plugins (`<folder>.vpkg`) are put.
    pub fn package_folder(&self) -> PathBuf {
        self.target.join("packages")
    }

    /// Files of the repository: committed ones and new ones that are not ignored, relative to the root.
    pub fn files(&self) -> Outcome<Vec<PathBuf>> {
        let mut git = exec::tool("git");
        git.current_dir(&self.root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listing = exec::capture(&mut git)?;
        let mut files: Vec<PathBuf> = listing.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
        files.retain(|file| self.root.join(file).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Packages that are not members of the workspace (guests, the SDK), by their own folder.
    /// Templates are left out: their manifests are filled in by `verstak plugin new`.
    pub fn standalone(&self) -> Outcome<Vec<PathBuf>> {
        let packages = self.metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
        let members: Vec<&str> =
            packages.filter_map(|package| package.get("manifest_path").and_then(Value::as_str)).collect();
        let manifests = self.files()?.into_iter().filter(|file| {
            let template = file.components().any(|part| part.as_os_str() == "templates");
            file.file_name().is_some_and(|name| name == "Cargo.toml") && !template
        });
        let foreign = manifests.map(|file| self.root.join(file)).filter(|file| {
            *file != self.root.join("Cargo.toml") && !members.iter().any(|member| Path::new(member) == file)
        });
        Ok(foreign.filter_map(|file| file.parent().map(Path::to_owned)).collect())
    }
}
