//! Counts changes of a company's rules of automation: whoever keeps them in memory asks for it.

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
CREATE TABLE automation_revision (
    tenant_id {uuid} PRIMARY KEY REFERENCES tenant (id),
    revision BIGINT NOT NULL
)
";
