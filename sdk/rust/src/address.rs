//! Where people are when they work; needs the `address` permission.

use crate::HostError;
use crate::bindings::imports::verstak::address::address as raw;

/// The IP address that the request of whoever acts came from; nothing where no person's request stands behind the call, or the
/// address is not known. It is personal data: keep it only where an administrator said so, and show people what is kept of them.
///
/// # Errors
/// `Denied` without the permission.
pub fn of_request() -> Result<Option<String>, HostError> {
    raw::of_request()
}
