//! Processes watched and done: what counters of tasks ask for, migrations that can be taken back, how each person wants to
//! be told.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let times = match manager.get_database_backend() {
            DbBackend::Sqlite => "json_extract(action, '$.returned')",
            _ => "(action->>'returned')::BIGINT",
        };
        dialect::run(manager, TASKS).await?;
        dialect::run(manager, &FILLED.replace("{times}", times)).await?;
        dialect::run(manager, AROUND).await
    }
}

const TASKS: &str = "
-- When half of the working time until the deadline has gone by, who has the task and has looked at it, how often it was
-- given back.
ALTER TABLE task_contract ADD COLUMN half_at BIGINT;
ALTER TABLE task_contract ADD COLUMN seen_by {uuid};
ALTER TABLE task_contract ADD COLUMN returned BIGINT NOT NULL DEFAULT 0";

/// What is there already: nobody is told of old tasks as new ones.
const FILLED: &str = "
UPDATE task_contract SET
    half_at = (SELECT created_at + (due_at - created_at) / 2 FROM task WHERE task.id = task_contract.id),
    seen_by = (SELECT assignee FROM task WHERE task.id = task_contract.id),
    returned = COALESCE({times}, 0)";

const AROUND: &str = "
-- An instance as it stood before its last migration, good until its next step.
CREATE TABLE process_migration (
    instance_id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    batch_id {uuid},
    definition_id {uuid} NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX process_migration_batch ON process_migration (batch_id, instance_id) WHERE batch_id IS NOT NULL;
CREATE INDEX process_migration_old ON process_migration (at);
CREATE TABLE notification_setting (
    user_id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    settings {json} NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Not shown: kept back until working time begins, or not wanted in the portal. A digest still has to tell of it.
ALTER TABLE notification ADD COLUMN shown BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE notification ADD COLUMN digest BOOLEAN NOT NULL DEFAULT FALSE";
