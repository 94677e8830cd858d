//! Packing: the same files always give the same bytes.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{CHECKSUMS, Files, PackageError, SIGNATURE, Signer, belongs, sha256};

/// Packs files, with a signature where there is a signer. Whatever stands in `checksums.txt` and `signature.toml`
/// is replaced.
///
/// # Errors
/// When a path does not belong into a package.
pub fn write(files: &Files, signer: Option<&Signer>) -> Result<Vec<u8>, PackageError> {
    let mut all: Files = files.clone();
    all.remove(CHECKSUMS);
    all.remove(SIGNATURE);
    if let Some(path) = all.keys().find(|path| !belongs(path)) {
        return Err(PackageError::Extra(path.clone()));
    }
    let checksums: String = all.iter().map(|(path, content)| format!("{}  {path}\n", sha256(content))).collect();
    if let Some(signer) = signer {
        all.insert(SIGNATURE.to_owned(), signer.sign(checksums.as_bytes()).into_bytes());
    }
    all.insert(CHECKSUMS.to_owned(), checksums.into_bytes());
    zip(&all).map_err(|error| PackageError::Malformed(error.to_string()))
}

fn zip(files: &Files) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(path.clone(), options)?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}
