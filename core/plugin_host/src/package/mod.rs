//! `.vpkg`: one file with everything of a plugin version. Owns the format: a deterministic zip of `plugin.toml`,
//! `component.wasm`, `i18n/<locale>.toml`, `ui/...`, `data/...`, `checksums.txt` of all of them, and `signature.toml` over the
//! checksums. Whatever is extra, missing, doubled, changed or tricky is refused; nothing is ever written to disk.

mod reader;
mod signature;
mod writer;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::manifest::{Manifest, ManifestError};
use crate::texts::Texts;

pub use signature::{Level, Signer, TrustedKeys};
pub use writer::write;

/// Bytes of a package.
pub const MAX_PACKAGE: usize = 32 * 1024 * 1024;
/// Bytes of all files together.
pub const MAX_UNPACKED: u64 = 96 * 1024 * 1024;
/// Bytes of a file of `data/`.
pub const MAX_DATA_FILE: usize = 1024 * 1024;
/// Bytes of all files of `data/`: they stay in memory.
pub const MAX_DATA: usize = 4 * 1024 * 1024;
/// Files in a package.
pub const MAX_FILES: usize = 500;

pub(crate) const MANIFEST: &str = "plugin.toml";
pub(crate) const COMPONENT: &str = "component.wasm";
pub(crate) const CHECKSUMS: &str = "checksums.txt";
pub(crate) const SIGNATURE: &str = "signature.toml";

/// Files by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Why a package is refused. Texts are English: packages are made by developers; administrators read the words of its code.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Not a package at all.
    #[error("not a plugin package: {0}")]
    Malformed(String),
    /// Too big, too many, or growing out of proportion.
    #[error("the package is too large: {0}")]
    TooLarge(String),
    /// A file that does not belong.
    #[error("the package has a file that does not belong: {0}")]
    Extra(String),
    /// A file that must be there.
    #[error("the package lacks {0}")]
    Missing(String),
    /// A file that is not what the checksums say.
    #[error("{0} has been changed after packing")]
    Changed(String),
    /// A signature that does not hold.
    #[error("the signature is not good: {0}")]
    Signature(String),
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A translation file.
    #[error("{0}")]
    Texts(String),
}

impl PackageError {
    /// Stable, for programs and for words in the reader's language; and what the developer of the package needs.
    pub(crate) fn coded(&self) -> (&'static str, String) {
        let (code, reason) = match self {
            Self::Malformed(reason) => ("package_malformed", reason),
            Self::TooLarge(reason) => ("package_too_large", reason),
            Self::Extra(path) => ("package_extra", path),
            Self::Missing(path) => ("package_missing", path),
            Self::Changed(path) => ("package_changed", path),
            Self::Signature(reason) => ("package_signature", reason),
            Self::Manifest(error) => return ("package_manifest", error.to_string()),
            Self::Texts(reason) => ("package_texts", reason),
        };
        (code, reason.clone())
    }
}

/// A package that has been read and checked.
#[derive(Debug, Clone)]
pub struct Package {
    /// What it is.
    pub manifest: Manifest,
    /// The code.
    pub component: Vec<u8>,
    /// Its translations.
    pub texts: Texts,
    /// UI assets by path below `ui/`.
    pub assets: Files,
    /// Files that its code reads, by their whole path.
    pub data: Files,
    /// Who vouches for it.
    pub level: Level,
    /// Public key of the signer, hexadecimal; none when unsigned.
    pub signer: Option<String>,
    /// SHA-256 of the whole file, hexadecimal.
    pub hash: String,
    /// SHA-256 of the component, hexadecimal.
    pub component_hash: String,
}

impl Package {
    /// Reads and checks a package.
    ///
    /// # Errors
    /// The first reason to refuse it.
    pub fn read(bytes: &[u8], trusted: &TrustedKeys) -> Result<Self, PackageError> {
        let mut files = reader::unzip(bytes)?;
        let checksums = reader::verify(&files)?;
        let (level, signer) = signature::verify(files.get(SIGNATURE).map(Vec::as_slice), &checksums, trusted)?;
        let manifest = Manifest::parse(&utf8(&files, MANIFEST)?)?;
        let texts = Texts::read(&files).map_err(PackageError::Texts)?;
        let component = files.remove(COMPONENT).ok_or_else(|| PackageError::Missing(COMPONENT.to_owned()))?;
        let data: Files = files.extract_if(.., |path, _| path.starts_with("data/")).collect();
        if data.values().any(|bytes| bytes.len() > MAX_DATA_FILE)
            || data.values().map(Vec::len).sum::<usize>() > MAX_DATA
        {
            let most = format!("`data/` may have 1 MiB a file and {} MiB in all", MAX_DATA / 1024 / 1024);
            return Err(PackageError::TooLarge(most));
        }
        let asset = |(path, bytes): (String, Vec<u8>)| Some((path.strip_prefix("ui/")?.to_owned(), bytes));
        Ok(Self {
            manifest,
            component_hash: sha256(&component),
            component,
            texts,
            assets: files.into_iter().filter_map(asset).collect(),
            data,
            level,
            signer,
            hash: sha256(bytes),
        })
    }
}

fn utf8(files: &Files, path: &str) -> Result<String, PackageError> {
    let bytes = files.get(path).ok_or_else(|| PackageError::Missing(path.to_owned()))?;
    String::from_utf8(bytes.clone()).map_err(|_| PackageError::Malformed(format!("{path} is not UTF-8 text")))
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether a path may stand in a package: known places, plain names, no tricks.
pub(crate) fn belongs(path: &str) -> bool {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.len() <= 100
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if [MANIFEST, COMPONENT, CHECKSUMS, SIGNATURE].contains(&path) {
        return true;
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["i18n", file] => ["en.toml", "ru.toml", "uk.toml"].contains(file),
        ["ui" | "data", rest @ ..] => !rest.is_empty() && rest.len() <= 6 && rest.iter().all(|name| plain(name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
