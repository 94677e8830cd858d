//! Addresses of rules of automation, at which somebody outside sends something.

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
CREATE TABLE automation_hook (
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    rule_id {uuid} NOT NULL,
    -- SHA-256 of the token in hexadecimal.
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, rule_id)
)";
