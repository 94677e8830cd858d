//! Modules that are on for some departments alone.

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

/// Ids of departments, as a list; nothing: for everybody.
const SQL: &str = "ALTER TABLE plugin_tenant ADD COLUMN departments {json}";
