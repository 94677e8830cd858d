//! Personal links to pages of plugins: each opens one page for one record.

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
CREATE TABLE plugin_page_link (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    plugin TEXT NOT NULL,
    surface TEXT NOT NULL,
    entity TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    -- Of what stands behind the sign # in its address.
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX plugin_page_link_of ON plugin_page_link (tenant_id, plugin, entity, record_id)";
