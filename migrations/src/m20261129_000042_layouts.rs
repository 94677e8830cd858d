//! Layouts of entities, each save of them a row: the newest of a place counts, earlier ones can be brought back.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}

const TABLES: &str = "
CREATE TABLE layout (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    pipeline_id {uuid},
    role_id {uuid},
    definition {json},
    created_at BIGINT NOT NULL,
    created_by {uuid}
);
CREATE INDEX layout_of ON layout (tenant_id, entity, created_at)
";
