//! Demo data.

use kernel::Result;
use people::tenant::Tenant;
use people::user::User;

use crate::AppState;

/// Fills a company with believable data.
///
/// # Errors
/// When a service refuses.
pub async fn fill(_state: &AppState, _tenant: &Tenant, _admin: &User) -> Result<()> {
    Ok(())
}
