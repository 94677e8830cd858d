//! What an admin decides on before another version takes the place of the one that the company has.

use kernel::{Ctx, Error, Result};
use records::Catalogue;

use super::brings::{brings, changes};
use super::permissions::permissions;
use super::{PermissionView, UpdateView, settings_form};
use crate::PluginHost;
use crate::manifest::review::PermissionChange;
use crate::registry::store::{Installed, TenantRow};

impl PluginHost {
    /// The newest version, where the company has another one and this node can load it.
    pub(super) async fn update(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        newest: &Installed,
        row: Option<&TenantRow>,
    ) -> Result<Option<UpdateView>> {
        let Some(row) = row.filter(|row| row.version != newest.version) else { return Ok(None) };
        let registry = &self.inner.registry;
        let version = match registry.version(&newest.plugin, &newest.version).await {
            Ok(version) => version,
            Err(Error::Unavailable(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let before = registry.version(&row.plugin, &row.version).await.ok();
        let had = before.as_ref().map(|before| brings(catalogue, before, ctx.locale)).unwrap_or_default();
        let before = before.map(|before| permissions(catalogue, &before.manifest, Some(row), ctx.locale));
        let views = permissions(catalogue, &version.manifest, Some(row), ctx.locale).into_iter();
        let mut views: Vec<PermissionView> = views.chain(before.into_iter().flatten()).collect();
        let compared = self.differences(row, &version).await;
        let shown = compared.iter().filter_map(|one| {
            // Of two with one key the new version's comes first.
            let index = views.iter().position(|view| view.key == one.key)?;
            Some(PermissionView { change: one.change, ..views.remove(index) })
        });
        let permissions: Vec<PermissionView> = shown.collect();
        let more = |view: &PermissionView| matches!(view.change, Some(PermissionChange::New | PermissionChange::Wider));
        Ok(Some(UpdateView {
            version: newest.version.clone(),
            replaces: row.version.clone(),
            asks_more: permissions.iter().any(more),
            permissions,
            schema: self.schema(catalogue, ctx, &version).await?,
            brings: changes(had, brings(catalogue, &version, ctx.locale)),
            settings_schema: settings_form(&version.manifest, ctx.locale),
        }))
    }
}
