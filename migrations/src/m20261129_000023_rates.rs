//! Rates of currencies.

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
CREATE TABLE currency_rate (
    tenant_id {uuid} NOT NULL,
    currency {bytewise} NOT NULL,
    -- YYYY-MM-DD.
    day {bytewise} NOT NULL,
    -- A decimal number as text, exactly.
    rate TEXT NOT NULL,
    PRIMARY KEY (tenant_id, currency, day)
)";
