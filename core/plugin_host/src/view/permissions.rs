//! What a plugin asks for, said to admins in their language. Pure.

use kernel::Locale;
use records::Catalogue;

use super::PermissionView;
use crate::manifest::Manifest;
use crate::manifest::permissions::RUN_AS;
use crate::registry::store::TenantRow;

/// What a plugin asks for, in the order of its grant keys.
pub(super) fn permissions(
    catalogue: &Catalogue,
    manifest: &Manifest,
    row: Option<&TenantRow>,
    locale: Locale,
) -> Vec<PermissionView> {
    // What was enabled before one could grant it acts in its own name all the same.
    let granted = |key: &str| row.is_some_and(|row| row.enabled && (row.grants.contains(key) || key == RUN_AS));
    let grants = manifest.permissions.grants(Some(catalogue), locale).into_iter();
    grants
        .map(|grant| PermissionView {
            granted: granted(&grant.key),
            key: grant.key,
            title: grant.title,
            reason: grant.reason.in_locale(locale).to_owned(),
            change: None,
        })
        .collect()
}
