//! Answers kept for `Idempotency-Key` have their headers, and bodies that are no text.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Secrets that an earlier version kept in clear go; answers of before have lost their headers anyway.
        dialect::run(manager, "DELETE FROM idempotency_key; ALTER TABLE idempotency_key ADD COLUMN head TEXT").await
    }
}
