//! Files that strangers send by a form of a public page of the plugin; needs the `files` permission with `add`.
//!
//! ```ignore
//! for upload in deed.texts("photos") {
//!     uploads::take(&upload, "callback_request", &id)?;
//! }
//! ```

use crate::HostError;
use crate::bindings::imports::verstak::public::uploads as raw;
use crate::files::File;

/// Gives a file that waits to a record; the same record gets it once, however often it is asked.
///
/// # Errors
/// `NotFound` when no such file waits, or not any more.
pub fn take(upload: &str, entity: &str, record: &str) -> Result<File, HostError> {
    raw::take(upload, entity, record)
}
