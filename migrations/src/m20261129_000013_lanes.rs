//! Jobs are taken by kind and company, and those that take their server with them are counted.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, JOBS).await
    }
}

const JOBS: &str = "
-- Workers that vanished one after another while they had it.
ALTER TABLE job ADD COLUMN lost BIGINT NOT NULL DEFAULT 0;
DROP INDEX job_due;
CREATE INDEX job_due ON job (kind, run_at, id) WHERE state = 'ready';
CREATE INDEX job_line ON job (kind, tenant_id, run_at, id) WHERE state = 'ready';
CREATE INDEX job_dead ON job (kind, id) WHERE state = 'dead'";
