//! Plugins as far as this node got with them: one that it cannot load is shown by what is known of it all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kernel::{Ctx, Error, Result};

use super::{PluginDetail, PluginState, PluginSummary};
use crate::PluginHost;
use crate::package::Level;
use crate::registry::store::{Installed, TenantRow};
use crate::registry::{Failed, OnNode, Version};

impl PluginHost {
    /// The version that counts for the tenant: the one it has enabled, else the newest.
    pub(super) async fn seen(&self, ctx: &Ctx, newest: &Installed, row: Option<&TenantRow>) -> Result<Seen> {
        let plugin = &newest.plugin;
        let on_node = self.inner.registry.tenant(ctx.tenant).await?.get(plugin);
        if let (Some(OnNode::Failed(failed)), Some(row)) = (&on_node, row.filter(|row| row.enabled))
            && failed.enabled.version == row.version
        {
            return Ok(Seen::Failed(Arc::clone(failed)));
        }
        let wanted = row.filter(|row| row.enabled).map_or(&newest.version, |row| &row.version);
        let loaded = match self.inner.registry.version(plugin, wanted).await {
            Err(Error::NotFound(_)) => self.inner.registry.version(plugin, &newest.version).await,
            other => other,
        };
        match loaded {
            Ok(version) => Ok(Seen::Loaded(version)),
            Err(Error::Unavailable(reason)) => {
                let enabled = row.filter(|row| row.enabled).cloned().unwrap_or_else(|| nobodys(newest));
                Ok(Seen::Failed(Arc::new(self.inner.registry.failed_one(enabled, reason).await)))
            }
            Err(error) => Err(error),
        }
    }
}

/// A version as far as this node got with it.
pub(super) enum Seen {
    Loaded(Arc<Version>),
    Failed(Arc<Failed>),
}

/// What a company that never enabled a plugin has of it.
fn nobodys(installed: &Installed) -> TenantRow {
    TenantRow {
        plugin: installed.plugin.clone(),
        version: installed.version.clone(),
        enabled: false,
        grants: BTreeSet::new(),
        settings: BTreeMap::new(),
        secret: String::new(),
        stopped: BTreeSet::new(),
        departments: None,
    }
}

pub(super) fn failed_summary(ctx: &Ctx, failed: &Failed, newest: &Installed) -> PluginSummary {
    let row = &failed.enabled;
    let description = failed.declared.as_ref().map(|declared| declared.description.in_locale(ctx.locale));
    PluginSummary {
        id: row.plugin.clone(),
        title: failed.title(ctx.locale).to_owned(),
        description: description.unwrap_or_default().to_owned(),
        version: row.version.clone(),
        available: (newest.version != row.version).then(|| newest.version.clone()),
        level: Level::of_name(&newest.level),
        enabled: row.enabled,
        state: PluginState::Failed,
        problem: Some(failed.reason.clone()),
        category: String::new(),
    }
}

impl PluginDetail {
    /// Of a plugin whose manifest is not understood.
    pub(super) fn bare(summary: PluginSummary) -> Self {
        Self {
            summary,
            permissions: Vec::new(),
            update: None,
            schema: Vec::new(),
            brings: Vec::new(),
            settings_schema: Vec::new(),
            settings: BTreeMap::new(),
            hooks: Vec::new(),
            events: Vec::new(),
            routes: Vec::new(),
            actions: Vec::new(),
            conditions: Vec::new(),
            secret: None,
            gate: None,
            gate_version: String::new(),
        }
    }
}
