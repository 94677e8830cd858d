//! What enabling a version would change of the company's entities and fields.

use kernel::{Ctx, Result};
use records::Catalogue;
use records::catalogue::declared::{Planned, What};
use records::catalogue::entity_label;
use serde::Serialize;

use crate::PluginHost;
use crate::registry::Version;

/// One change of entities and fields.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginSchemaChange)]
pub struct SchemaChange {
    /// What is done.
    pub what: What,
    /// Key of the entity.
    pub entity: String,
    /// Its name.
    pub entity_label: String,
    /// Key of the field, stage or constraint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key: Option<String>,
    /// Its name.
    pub label: String,
    /// Why it cannot be done: then the version cannot be enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refused: Option<String>,
}

impl PluginHost {
    pub(super) async fn schema(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        version: &Version,
    ) -> Result<Vec<SchemaChange>> {
        let plan = self.inner.services.records.plan_declaration(ctx, &version.declared).await?;
        let after = catalogue.with(&version.declared);
        let named = |key: &str| {
            let def = after.find(key).or_else(|| catalogue.find(key));
            def.map_or_else(|| key.to_owned(), |def| entity_label(def, true, ctx.locale))
        };
        let shown = |one: Planned| SchemaChange {
            what: one.what,
            entity_label: named(&one.entity),
            label: match one.label.in_locale(ctx.locale) {
                "" => one.key.clone().unwrap_or_else(|| named(&one.entity)),
                label => label.to_owned(),
            },
            entity: one.entity.to_string(),
            key: one.key,
            refused: one.refused.map(|error| error.message.in_locale(ctx.locale)),
        };
        Ok(plan.changes.into_iter().map(shown).collect())
    }
}
