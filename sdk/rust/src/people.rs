//! Colleagues of the tenant; needs the `people` permission.

use crate::HostError;
use crate::bindings::imports::verstak::people::people as raw;

pub use raw::Member;

/// Active members of a role, by id.
pub fn role_members(role: &str) -> Result<Vec<Member>, HostError> {
    raw::role_members(role)
}

/// One user.
pub fn user(id: &str) -> Result<Option<Member>, HostError> {
    Ok(raw::users(&[id.to_owned()])?.into_iter().next().flatten())
}
