//! Pipelines that administrators make and change: names in each language, rules of stages, deadlines of records in them. What
//! was taken away keeps its row, with the batch that moved its records.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, RULES).await?;
        for entity in ["lead", "deal", "shared_record"] {
            dialect::run(manager, &format!("ALTER TABLE {entity} ADD COLUMN stage_due BIGINT")).await?;
        }
        Ok(())
    }
}

const RULES: &str = "
ALTER TABLE pipeline ADD COLUMN labels {json};
ALTER TABLE pipeline ADD COLUMN archived_at BIGINT;
ALTER TABLE pipeline ADD COLUMN removed_at BIGINT;
ALTER TABLE pipeline ADD COLUMN removed_in {uuid};
ALTER TABLE pipeline ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE stage ADD COLUMN rules {json};
ALTER TABLE stage ADD COLUMN removed_at BIGINT;
ALTER TABLE stage ADD COLUMN removed_in {uuid}";
