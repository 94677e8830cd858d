//! What plugins declare of the catalogue, and what records claim under constraints.

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
ALTER TABLE entity_definition ADD COLUMN plugin TEXT;
ALTER TABLE field_definition ADD COLUMN plugin TEXT;
CREATE TABLE record_claim (
    record_id {uuid} NOT NULL,
    rule {bytewise} NOT NULL,
    tenant_id {uuid} NOT NULL,
    entity {bytewise} NOT NULL,
    digest {uuid} NOT NULL,
    low BIGINT,
    high BIGINT,
    amount BIGINT,
    PRIMARY KEY (record_id, rule)
);
CREATE INDEX record_claim_digest ON record_claim (digest, low)";
