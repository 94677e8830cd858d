//! Figures of the company, as the portal and the API show them; needs the `reports` permission.

use crate::HostError;
use crate::bindings::imports::verstak::reports::reports as raw;

/// Asks for measures by key, with the rights of whoever acts: the body of `POST /api/v1/reports/query` as JSON in text, and
/// its answer.
pub fn query(json: &str) -> Result<String, HostError> {
    raw::query(json)
}
