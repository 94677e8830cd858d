//! How the system and what it is joined to are; needs the `health` permission.

use crate::HostError;
use crate::bindings::imports::verstak::health::health as raw;

pub use raw::{Part, Standing};

/// Every part of the system and of what the company has joined to it.
pub fn check() -> Result<Vec<Part>, HostError> {
    raw::check()
}

/// Those that do not do their work.
pub fn failing() -> Result<Vec<Part>, HostError> {
    Ok(check()?.into_iter().filter(|part| part.standing == Standing::Failing).collect())
}
