//! Kept sums of money reach beyond 64 bits: what is above the lower 32 bits has a column of its own.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, "ALTER TABLE stage_total ADD COLUMN amount_upper BIGINT NOT NULL DEFAULT 0").await
    }
}
