//! Pages of plugins that a company has opened to people without an account.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = "
CREATE TABLE plugin_public_page (
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    plugin TEXT NOT NULL,
    surface TEXT NOT NULL,
    -- What strangers read while the plugin is off, by language, none: there is no page then.
    closed {json},
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, plugin, surface)
)";
