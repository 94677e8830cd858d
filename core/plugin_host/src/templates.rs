//! Processes to begin with that modules bring.

use std::sync::Arc;

use kernel::{Ctx, Result};
use process::templates::Template;

use crate::PluginHost;

impl PluginHost {
    /// Those of the modules that the company runs, as far as the modules exist for whoever asks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn process_templates(&self, ctx: &Ctx) -> Result<Vec<Arc<Template>>> {
        let plugins = self.inner.services.gates.plugins(ctx.tenant).await?;
        let open = plugins.running().iter().filter(|plugin| !ctx.is_closed(plugin.id()));
        Ok(open.flat_map(|plugin| plugin.version.templates.iter().cloned()).collect())
    }
}
