//! What imports of configuration changed, so that each can be taken back as a whole.

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
CREATE TABLE configuration_import (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    -- Objects by area and key, as they were and as they became.
    changes {json} NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX configuration_import_of ON configuration_import (tenant_id, created_at);
";
