//! Long work that people watch, and batches read newest first without sorting.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, LONG_JOBS).await
    }
}

/// `subject` names work that is begun once, e.g. the undo of a batch; `cursor` is where the next step begins;
/// `starts` counts how often it was begun or taken up again; `holder` is who works on it, until `held_until` without a
/// sign of life.
const LONG_JOBS: &str = "
CREATE TABLE long_job (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    user_id {uuid},
    started_by {json} NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT,
    input {json} NOT NULL,
    state TEXT NOT NULL,
    cursor {json},
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    result {json},
    problem {json},
    starts BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    holder {uuid},
    held_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX long_job_subject ON long_job (tenant_id, subject) WHERE subject IS NOT NULL;
CREATE INDEX long_job_user ON long_job (tenant_id, user_id, id);
CREATE INDEX long_job_running ON long_job (tenant_id, user_id) WHERE state = 'running';
CREATE INDEX long_job_finished ON long_job (finished_at) WHERE finished_at IS NOT NULL;
DROP INDEX event_log_batch;
CREATE INDEX event_log_batch ON event_log (batch_id, id) WHERE batch_id IS NOT NULL";
