//! The plugin's own small store, one per tenant; needs the `kv` permission.

use crate::HostError;
use crate::bindings::imports::verstak::storage::kv as raw;

pub use raw::{Entry, Put};

/// One entry, or `None` when there is no such key or it has expired.
pub fn get(key: &str) -> Result<Option<Entry>, HostError> {
    Ok(raw::get(&[key.to_owned()])?.into_iter().next().flatten())
}

/// Several entries in the order asked for.
pub fn get_many(keys: &[String]) -> Result<Vec<Option<Entry>>, HostError> {
    raw::get(keys)
}

/// Writes one value; `ttl` in seconds.
pub fn set(key: &str, value: impl Into<Vec<u8>>, ttl: Option<u32>) -> Result<(), HostError> {
    raw::set(&[Put { key: key.to_owned(), value: value.into(), ttl_seconds: ttl }])
}

/// Writes only when the key still has this revision (`None`: when there is no such key).
/// `Ok(false)` when somebody else was faster.
pub fn swap(key: &str, value: impl Into<Vec<u8>>, expected: Option<u64>) -> Result<bool, HostError> {
    let put = Put { key: key.to_owned(), value: value.into(), ttl_seconds: None };
    match raw::swap(&put, expected) {
        Ok(_) => Ok(true),
        Err(HostError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a mark that lasts `ttl` seconds and answers whether it is new: the way to do something once per event.
pub fn first_time(key: &str, ttl: u32) -> Result<bool, HostError> {
    let put = Put { key: key.to_owned(), value: vec![1], ttl_seconds: Some(ttl) };
    match raw::swap(&put, None) {
        Ok(_) => Ok(true),
        Err(HostError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes a key.
pub fn delete(key: &str) -> Result<(), HostError> {
    raw::delete(&[key.to_owned()])
}

/// Keys with a prefix, up to 200, after `after`.
pub fn keys(prefix: &str, after: Option<&str>) -> Result<Vec<String>, HostError> {
    raw::keys(prefix, after)
}
