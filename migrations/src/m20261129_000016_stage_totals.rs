//! Counts and sums per pipeline, stage, owner and currency, kept beside the records: rows add up.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TOTALS).await?;
        for entity in ["lead", "deal"] {
            dialect::run(manager, &COUNT.replace("{entity}", entity)).await?;
        }
        Ok(())
    }
}

const TOTALS: &str = "
CREATE TABLE stage_total (
    id {serial},
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL,
    pipeline {uuid} NOT NULL,
    stage TEXT NOT NULL,
    owner {uuid},
    currency TEXT,
    records BIGINT NOT NULL,
    amounts BIGINT NOT NULL,
    amount BIGINT NOT NULL
);
CREATE INDEX stage_total_entity ON stage_total (tenant_id, entity)";

const COUNT: &str = "
INSERT INTO stage_total (tenant_id, entity, pipeline, stage, owner, currency, records, amounts, amount)
    SELECT tenant_id, '{entity}', pipeline, stage, owner, currency, count(*), count(amount), coalesce(sum(amount), 0)
    FROM {entity} WHERE deleted_at IS NULL
    GROUP BY tenant_id, pipeline, stage, owner, currency";
