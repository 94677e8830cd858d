//! Fields of the product that plugins fill and that are emptied when their data are removed for good.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLE).await
    }
}

const TABLE: &str = "
CREATE TABLE plugin_fill (
    tenant_id {uuid} NOT NULL,
    plugin {bytewise} NOT NULL,
    entity {bytewise} NOT NULL,
    field {bytewise} NOT NULL,
    PRIMARY KEY (tenant_id, plugin, entity, field)
)";
