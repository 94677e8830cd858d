//! Measures and axes that plugins bring, for the registry of `reports`.

use async_trait::async_trait;
use kernel::{Ctx, Result};
use reports::{Brought, Declared, NamedAxis};

use crate::registry::{Registry, TenantPlugins};

/// What the plugins of a company have brought; cheap to clone.
#[derive(Clone)]
pub(crate) struct BroughtFigures(pub(crate) Registry);

#[async_trait]
impl Brought for BroughtFigures {
    async fn measures(&self, ctx: &Ctx) -> Result<Vec<Declared>> {
        let plugins = self.0.tenant(ctx.tenant).await?;
        Ok(measures(&plugins, ctx))
    }

    async fn axes(&self, ctx: &Ctx) -> Result<Vec<NamedAxis>> {
        let plugins = self.0.tenant(ctx.tenant).await?;
        let open = plugins.running().iter().filter(|plugin| !ctx.is_closed(plugin.id()));
        let axis = |(plugin, one): (&str, &crate::manifest::measures::Axis)| NamedAxis {
            key: one.key.clone(),
            entity: one.entity.clone(),
            field: one.field.clone(),
            bucket: one.bucket,
            label: one.title.in_locale(ctx.locale).to_owned(),
            plugin: plugin.to_owned(),
        };
        let axes = open.flat_map(|plugin| plugin.manifest().axes.iter().map(|one| (plugin.id(), one)));
        Ok(axes.map(axis).collect())
    }
}

fn measures(plugins: &TenantPlugins, ctx: &Ctx) -> Vec<Declared> {
    let open = plugins.running().iter().filter(|plugin| !ctx.is_closed(plugin.id()));
    let all = open.flat_map(|plugin| plugin.manifest().measures.iter().map(|one| (plugin.id(), one)));
    all.map(|(plugin, one)| Declared {
        key: one.key.clone(),
        plugin: plugin.to_owned(),
        entity: one.entity.clone(),
        op: one.op.name().to_owned(),
        field: one.field.clone(),
        // Checked when it was installed.
        filter: one.filter().unwrap_or_default(),
        date: one.date.clone(),
        label: one.title.in_locale(ctx.locale).to_owned(),
    })
    .collect()
}
