//! A plugin's folder: scaffold it, build it, check it, pack it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use records::Catalogue;
use rust_embed::RustEmbed;
use serde_json::Value as Json;

use super::DevError;
use crate::engine::Engine;
use crate::manifest::known::Known;
use crate::package::{self, Files, Signer, TrustedKeys};
use crate::registry::Version;

const TARGET: &str = "wasm32-wasip2";

/// The SDK as this binary was built with it: copied into new plugins, so that they build anywhere.
#[derive(RustEmbed)]
#[folder = "../../sdk"]
#[include = "LICENSE"]
#[include = "REFERENCE.md"]
#[include = "rust/Cargo.toml"]
#[include = "rust/src/*"]
#[include = "testkit/*"]
#[include = "ui/*"]
#[include = "wit/*"]
#[include = "templates/rust/*"]
struct Sdk;

/// Plugins that show one part of the platform each.
#[derive(RustEmbed)]
#[folder = "../../examples"]
#[exclude = "*/Cargo.lock"]
#[exclude = "*/target/*"]
struct Examples;

type Result<T> = std::result::Result<T, DevError>;

/// Makes the folder of a new plugin: code, manifest, texts, a test, and a copy of the SDK with its examples.
///
/// # Errors
/// When the name is not fit, the folder exists, or cannot be written; when this binary cannot find its copy of the SDK (a
/// build for development, which reads it where it was built).
pub fn new(parent: &Path, publisher: &str, name: &str) -> Result<PathBuf> {
    let fits = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    if !fits(name) || !fits(publisher) {
        return Err(DevError::new("name and publisher are lower-case letters, digits and hyphens"));
    }
    let folder = parent.join(name);
    if folder.exists() {
        return Err(DevError::at(&folder, "exists already"));
    }
    if Sdk::iter().next().is_none() || Examples::iter().next().is_none() {
        let problem =
            "this build for development reads the SDK where it was built, and it is not there: take a release";
        return Err(DevError::new(problem));
    }
    for path in Sdk::iter() {
        let Some(file) = Sdk::get(&path) else { continue };
        let text = String::from_utf8_lossy(&file.data);
        let (to, text) = match path.strip_prefix("templates/rust/") {
            Some("Cargo.toml.txt") => ("Cargo.toml".to_owned(), fill(&text, publisher, name)),
            Some("gitignore.txt") => (".gitignore".to_owned(), text.into_owned()),
            Some(rest) => (rest.to_owned(), fill(&text, publisher, name)),
            // Inside the new plugin the SDK is a member of its workspace, not one of its own.
            None => (
                format!("sdk/{path}"),
                if path.ends_with("Cargo.toml") { text.replace("\n[workspace]\n", "\n") } else { text.into_owned() },
            ),
        };
        write(&folder.join(to), text.as_bytes())?;
    }
    for path in Examples::iter() {
        let Some(file) = Examples::get(&path) else { continue };
        let text = String::from_utf8_lossy(&file.data).replace("../../sdk/rust", "../../rust");
        write(&folder.join("sdk/examples").join(&*path), text.as_bytes())?;
    }
    Ok(folder)
}

fn fill(text: &str, publisher: &str, name: &str) -> String {
    text.replace("{{id}}", &format!("{publisher}.{name}")).replace("{{name}}", name)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| DevError::at(folder, error))?;
    }
    std::fs::write(path, content).map_err(|error| DevError::at(path, error))
}

/// Builds the component of a plugin with cargo; compiler messages go to standard error. Gives the component's path.
///
/// # Errors
/// When cargo or the target is missing, or the code does not compile.
pub fn build(folder: &Path, target_dir: Option<&Path>) -> Result<PathBuf> {
    if !folder.join(package::MANIFEST).is_file() {
        let problem = "there is no plugin here: `verstak plugin new NAME` makes one";
        return Err(DevError::at(&folder.join(package::MANIFEST), problem));
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    if let Some(target_dir) = target_dir {
        cargo.arg("--target-dir").arg(target_dir);
    }
    let output = cargo.output().map_err(|error| DevError::new(format!("cargo cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(DevError::new(format!(
            "the plugin does not build; if the target is missing: rustup target add {TARGET}"
        )));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let artifact = |line: &str| -> Option<PathBuf> {
        let message: Json = serde_json::from_str(line).ok()?;
        let manifest = Path::new(message.get("manifest_path")?.as_str()?);
        let own = manifest.parent()?.canonicalize().ok()? == folder.canonicalize().ok()?;
        let files = message.get("filenames").filter(|_| own)?.as_array()?;
        files.iter().filter_map(Json::as_str).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
    };
    messages
        .lines()
        .filter_map(artifact)
        .next_back()
        .ok_or_else(|| DevError::new("cargo made no .wasm file: crate-type must have \"cdylib\""))
}

/// Gathers the files of a package: manifest, texts, assets, data, and the given component.
///
/// # Errors
/// When a file cannot be read.
pub fn gather(folder: &Path, component: &Path) -> Result<Files> {
    let mut files = Files::new();
    let read = |path: &Path| std::fs::read(path).map_err(|error| DevError::at(path, error));
    files.insert(package::MANIFEST.to_owned(), read(&folder.join(package::MANIFEST))?);
    files.insert(package::COMPONENT.to_owned(), read(component)?);
    for place in ["i18n", "ui", "data"] {
        gather_folder(folder, &folder.join(place), &mut files)?;
    }
    Ok(files)
}

fn gather_folder(root: &Path, folder: &Path, files: &mut Files) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(|error| DevError::at(folder, error))? {
        let path = entry.map_err(DevError::new)?.path();
        if path.is_dir() {
            gather_folder(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).map_err(DevError::new)?.to_string_lossy().replace('\\', "/");
            files.insert(name, std::fs::read(&path).map_err(|error| DevError::at(&path, error))?);
        }
    }
    Ok(())
}

/// Packs a plugin in memory.
///
/// # Errors
/// What does not belong into a package.
pub fn package(folder: &Path, component: &Path, signer: Option<&Signer>) -> Result<Vec<u8>> {
    package::write(&gather(folder, component)?, signer).map_err(DevError::new)
}

/// Checks package bytes as an installation would, health included. Gives id and version.
///
/// # Errors
/// The first reason not to install it.
pub async fn check(bytes: &[u8]) -> Result<(String, String)> {
    let engine = Engine::new(&Default::default()).map_err(DevError::new)?;
    let version = Version::load(&engine, bytes, &TrustedKeys::default()).await.map_err(DevError::new)?;
    version.names(&Catalogue::core(), Known::ToAll).map_err(DevError::new)?;
    version.handles(&engine).await.map_err(DevError::new)?;
    version.health(&engine).await.map_err(DevError::new)?;
    Ok((version.manifest.id.clone(), version.manifest.version.to_string()))
}

/// Builds, checks and writes `<id>-<version>.vpkg` beside the manifest. Gives its path.
///
/// # Errors
/// Whatever stands in the way.
pub async fn pack(folder: &Path, target_dir: Option<&Path>, signer: Option<&Signer>) -> Result<PathBuf> {
    let component = build(folder, target_dir)?;
    let bytes = package(folder, &component, signer)?;
    let (id, version) = check(&bytes).await?;
    let path = folder.join(format!("{id}-{version}.vpkg"));
    write(&path, &bytes)?;
    Ok(path)
}
