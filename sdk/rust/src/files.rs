//! Files of records; needs the `files` permission, which names entities and what may be done.
//!
//! ```ignore
//! let file = files::put("lead", &lead, "summary.txt", b"...")?;
//! let first = files::read(&file.id, 0, 1_000)?;
//! files::fetch("lead", &lead, "call.mp3", "https://pbx.example.com/calls/7.mp3")?;
//! ```

use crate::HostError;
use crate::bindings::imports::verstak::files::files as raw;

pub use raw::{Address, File};

/// Bytes of one call at most.
pub const PIECE: u32 = 1024 * 1024;

/// The files of a record, newest first, up to 500.
pub fn of_record(entity: &str, record: &str) -> Result<Vec<File>, HostError> {
    raw::of_record(entity, record)
}

/// One file.
///
/// # Errors
/// `NotFound`, also while it is still fetched.
pub fn get(file: &str) -> Result<File, HostError> {
    raw::get(file)
}

/// Up to `length` bytes from `offset` on; fewer at the end.
pub fn read(file: &str, offset: u64, length: u32) -> Result<Vec<u8>, HostError> {
    raw::read(file, offset, length)
}

/// A whole file of at most `most` bytes, piece by piece; each is a host call.
///
/// # Errors
/// `Limit` when it is larger.
pub fn read_all(file: &File, most: usize) -> Result<Vec<u8>, HostError> {
    if usize::try_from(file.size).map_or(true, |size| size > most) {
        return Err(HostError::Limit(format!("the file is larger than {most} bytes")));
    }
    let mut whole = Vec::new();
    loop {
        let at = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        if at >= file.size {
            break;
        }
        let piece = raw::read(&file.id, at, PIECE)?;
        if piece.is_empty() {
            break;
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// Adds a file of up to 1 MiB to a record.
pub fn put(entity: &str, record: &str, name: &str, bytes: &[u8]) -> Result<File, HostError> {
    raw::put(entity, record, name, bytes)
}

/// Puts a file into the bin.
pub fn remove(file: &str) -> Result<(), HostError> {
    raw::remove(file)
}

/// Has the host fetch a file in the background from a host of the `http` permission. Gives the id that it will have.
pub fn fetch(entity: &str, record: &str, name: &str, url: &str) -> Result<String, HostError> {
    raw::from_url(entity, record, name, &Address { url: url.to_owned(), bearer: None })
}

/// The same with a secret of the settings as `Authorization: Bearer`.
pub fn fetch_with(entity: &str, record: &str, name: &str, url: &str, secret: &str) -> Result<String, HostError> {
    raw::from_url(entity, record, name, &Address { url: url.to_owned(), bearer: Some(secret.to_owned()) })
}
