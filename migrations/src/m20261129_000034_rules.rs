//! Conditions of fields of any owner, and validation rules of entities, as administrators write them.

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
CREATE TABLE field_condition (
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    field TEXT NOT NULL,
    definition {json} NOT NULL,
    PRIMARY KEY (tenant_id, entity, field)
);
CREATE TABLE validation_rule (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    definition {json} NOT NULL,
    sort BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX validation_rule_of ON validation_rule (tenant_id, entity, sort)
";
