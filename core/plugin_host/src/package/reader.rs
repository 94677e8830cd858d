//! Unpacking a package in memory, with bounds on everything a hostile file could grow.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::{CHECKSUMS, Files, MAX_FILES, MAX_PACKAGE, MAX_UNPACKED, PackageError, SIGNATURE, belongs, sha256};

/// End-of-central-directory record without a comment (APPNOTE 4.3.16).
const END_RECORD: usize = 22;

/// All files of the archive.
pub(super) fn unzip(bytes: &[u8]) -> Result<Files, PackageError> {
    if bytes.len() > MAX_PACKAGE {
        return Err(PackageError::TooLarge(format!("more than {MAX_PACKAGE} bytes")));
    }
    let declared = declared_entries(bytes)?;
    if declared > MAX_FILES {
        return Err(PackageError::TooLarge(format!("more than {MAX_FILES} files")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(malformed)?;
    if archive.len() != declared {
        return Err(PackageError::Malformed("the same path appears twice".to_owned()));
    }
    let mut files = Files::new();
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let (path, content) = entry(&mut archive, index, left)?;
        left = left.saturating_sub(u64::try_from(content.len()).unwrap_or(u64::MAX));
        if files.insert(path.clone(), content).is_some() {
            return Err(PackageError::Malformed(format!("{path} appears twice")));
        }
    }
    Ok(files)
}

fn malformed(error: impl std::fmt::Display) -> PackageError {
    PackageError::Malformed(error.to_string())
}

/// The number of entries the archive claims; refuses comments, trailing bytes and the 64-bit form.
fn declared_entries(bytes: &[u8]) -> Result<usize, PackageError> {
    let bad = || PackageError::Malformed("not a zip file, or something is appended to it".to_owned());
    let end = bytes.len().checked_sub(END_RECORD).and_then(|start| bytes.get(start..)).ok_or_else(bad)?;
    let number = |at: usize| end.get(at..at + 2).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes);
    if !end.starts_with(b"PK\x05\x06") || number(20) != Some(0) {
        return Err(bad());
    }
    number(10).map(usize::from).ok_or_else(bad)
}

fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, index: usize, left: u64) -> Result<(String, Vec<u8>), PackageError> {
    let file = archive.by_index(index).map_err(malformed)?;
    let path = file.name().map_err(malformed)?.into_owned();
    if file.is_dir() || file.is_symlink() || file.encrypted() || !belongs(&path) {
        return Err(PackageError::Extra(path));
    }
    // The header may lie about the size: what is really read is bounded.
    let mut content = Vec::new();
    file.take(left.saturating_add(1)).read_to_end(&mut content).map_err(malformed)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > left {
        return Err(PackageError::TooLarge(format!("unpacks to more than {MAX_UNPACKED} bytes")));
    }
    Ok((path, content))
}

/// Compares every file with the checksums; gives the checksum file, which signatures are over.
pub(super) fn verify(files: &Files) -> Result<Vec<u8>, PackageError> {
    let listed = files.get(CHECKSUMS).ok_or_else(|| PackageError::Missing(CHECKSUMS.to_owned()))?;
    let text = std::str::from_utf8(listed).map_err(malformed)?;
    let mut seen = 0;
    for line in text.lines() {
        let (hash, path) = line.split_once("  ").ok_or_else(|| malformed(format!("{CHECKSUMS}: `{line}`")))?;
        let content = files.get(path).ok_or_else(|| PackageError::Missing(path.to_owned()))?;
        if sha256(content) != hash {
            return Err(PackageError::Changed(path.to_owned()));
        }
        seen += 1;
    }
    let unlisted = |path: &&String| {
        ![CHECKSUMS, SIGNATURE].contains(&path.as_str())
            && !text.lines().any(|line| line.ends_with(&format!("  {path}")))
    };
    match files.keys().find(unlisted) {
        Some(path) => Err(PackageError::Extra(path.clone())),
        None if seen == files.keys().filter(|path| ![CHECKSUMS, SIGNATURE].contains(&path.as_str())).count() => {
            Ok(listed.clone())
        }
        None => Err(malformed(format!("{CHECKSUMS} names a file twice"))),
    }
}
