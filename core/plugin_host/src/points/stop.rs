//! Points that failed too often: stopped until an administrator enables the plugin again, who is told of it.

use kernel::{Ctx, Result};
use messaging::notifications::{self, Kind};

use crate::PluginHost;
use crate::breaker::OPENINGS_WITHIN;
use crate::registry::OnNode;
use crate::registry::store::TenantRow;

impl PluginHost {
    /// Stops a point and tells administrators: once an hour, however often it is enabled again in between.
    pub(super) async fn stop_point(&self, ctx: &Ctx, plugin: &str, point: &str) -> Result<()> {
        let title = match self.inner.registry.tenant(ctx.tenant).await?.get(plugin) {
            Some(OnNode::Running(running)) => running.manifest().title.in_locale(ctx.locale).to_owned(),
            _ => plugin.to_owned(),
        };
        let tx = self.inner.services.db.begin().await?;
        let stop = |row: &mut TenantRow| {
            row.stopped.insert(point.to_owned());
            Ok(())
        };
        self.change_row_in(&tx, ctx, plugin, "plugin.point_stopped", stop).await?;
        let admins = people::staff::admins(&tx, ctx.tenant).await?;
        let told = [("plugin", plugin), ("point", point), ("title", &title)];
        let told = told.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let since = ctx.now().plus_seconds(-OPENINGS_WITHIN);
        if !notifications::was_told(&tx, Kind::Stopped, &admins, &told, since).await? {
            // Whoever happened to call it may be an administrator, and is told too.
            let system = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
            notifications::tell(&tx, &system, Kind::Stopped, admins, None, &told).await?;
        }
        tx.commit().await?;
        self.inner.registry.changed();
        Ok(())
    }
}
