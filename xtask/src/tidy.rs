//! House rules that no compiler checks, and the two compiler passes that check the others.
//!
//! Owns: which files a rule reads and how findings are shown. Each rule is a module of pure functions from text to
//! findings. Data enters as the repository's files and cargo's metadata, and leaves as one list of findings.

mod layers;
mod licences;
mod links;
mod npm;
mod tables;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exec::{self, Context, Failure, Outcome};
use crate::setup;
use crate::workspace::Workspace;

/// Findings printed at once.
const SHOWN: usize = 60;

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the root; empty for the whole repository.
    pub file: PathBuf,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Finding {
    /// A finding about one line (0: about the file).
    pub fn new(file: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.file.display(), self.message),
            line => write!(out, "{}:{line}: {}", self.file.display(), self.message),
        }
    }
}

/// All rules, then rustfmt and the lints of guests unless `rules_only`. Those of the workspace come with its build.
pub fn run(workspace: &Workspace, rules_only: bool) -> Outcome<()> {
    let findings = rules(workspace)?;
    for finding in findings.iter().take(SHOWN) {
        eprintln!("{finding}");
    }
    if let Some(more) = findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        eprintln!("... and {more} more");
    }
    // Formatting takes a second: people hear of it together with the rules.
    let formatted = if rules_only { Ok(()) } else { format(workspace) };
    if !findings.is_empty() {
        return Err(Failure::new(format!("{} house rules are broken", findings.len())));
    }
    formatted?;
    if rules_only { Ok(()) } else { lint_guests(workspace) }
}

fn rules(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    let files = workspace.files()?;
    let mut findings = Vec::new();
    let mut texts = BTreeMap::new();
    for name in ["README.md", "CHANGELOG.md", "LICENSE", "sdk/LICENSE"] {
        if !files.iter().any(|file| file == Path::new(name)) {
            findings.push(Finding::new(Path::new(name), 0, "is missing"));
        }
    }
    for file in &files {
        // Pictures and other binary files hold no text to judge.
        let bytes = std::fs::read(workspace.root.join(file)).context(file.display())?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        findings.extend(text::check(file, &text));
        if file.extension().is_some_and(|extension| extension == "md") {
            findings.extend(links::check(&workspace.root, file, &text));
        }
        if file.file_name().is_some_and(|name| name == "package-lock.json") {
            findings.extend(npm::check(file, &text));
        }
        texts.insert(file.clone(), text);
    }
    findings.extend(tables::check(&texts));
    findings.extend(layers::check_pictures(&texts));
    findings.extend(layers::check(&workspace.metadata));
    findings.extend(standalone_layers(workspace)?);
    findings.extend(licences::check(&dependencies(workspace)?));
    Ok(findings)
}

fn standalone_layers(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    let mut findings = Vec::new();
    let sdk = workspace.path("sdk");
    for folder in workspace.standalone()?.iter().filter(|folder| !folder.starts_with(&sdk)) {
        let manifest = folder.join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).context(manifest.display())?;
        let shown = manifest.strip_prefix(&workspace.root).unwrap_or(&manifest);
        findings.extend(layers::check_guest(shown, &text));
    }
    Ok(findings)
}

/// Everything the workspace depends on here, as cargo resolved it (other systems' packages are not even fetched).
fn dependencies(workspace: &Workspace) -> Outcome<Value> {
    let mut cargo = exec::cargo(&workspace.root);
    cargo.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "host-tuple"]);
    serde_json::from_str(&exec::capture(&mut cargo)?).context("cargo metadata")
}

fn format(workspace: &Workspace) -> Outcome<()> {
    exec::run(exec::cargo(&workspace.root).args(["fmt", "--all", "--check"]))?;
    for folder in workspace.standalone()? {
        exec::run(exec::cargo(&folder).args(["fmt", "--check"]))?;
    }
    Ok(())
}

fn lint_guests(workspace: &Workspace) -> Outcome<()> {
    setup::wasm_target()?;
    let manifest = std::fs::read_to_string(workspace.path("Cargo.toml")).context("Cargo.toml")?;
    let lints = house_lints(&manifest)?;
    for folder in workspace.standalone()? {
        let mut clippy = exec::cargo(&folder);
        // What a guest exports exists only when built as a guest.
        clippy.args(["clippy", "--all-targets", "--quiet", "--target", setup::GUEST_TRIPLE]);
        clippy.arg("--target-dir").arg(workspace.guest_target());
        exec::run(clippy.args(["--", "-D", "warnings"]).args(&lints))?;
    }
    if exec::in_path("cargo-deny") && workspace.path("deny.toml").is_file() {
        let checks = ["deny", "--offline", "check", "licenses", "bans", "sources"];
        exec::run(exec::cargo(&workspace.root).args(checks))?;
    }
    Ok(())
}

/// The clippy lints of the workspace as arguments: guests are no members and cannot inherit them.
fn house_lints(manifest: &str) -> Outcome<Vec<String>> {
    let table: toml::Table = manifest.parse().context("Cargo.toml")?;
    let lints = ["workspace", "lints", "clippy"]
        .iter()
        .try_fold(&toml::Value::Table(table), |value, key| value.get(*key))
        .and_then(toml::Value::as_table)
        .map(|lints| lints.keys().flat_map(|lint| ["-D".to_owned(), format!("clippy::{lint}")]).collect());
    lints.ok_or_else(|| Failure::new("Cargo.toml has no [workspace.lints.clippy]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn house_lints_come_from_the_root_manifest() {
        let manifest = "[workspace.lints.clippy]\nunwrap_used = \"warn\"";
        assert_eq!(house_lints(manifest).expect("lints"), ["-D", "clippy::unwrap_used"]);
        for broken in ["", "[workspace", "[workspace.lints]\nclippy = 3"] {
            assert!(house_lints(broken).is_err(), "{broken:?}");
        }
    }
}
