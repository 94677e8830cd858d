//! Runs of plugins' jobs, and when those with a schedule come due.

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
CREATE TABLE plugin_job (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    plugin {bytewise} NOT NULL,
    job {bytewise} NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    serial BOOLEAN NOT NULL,
    dedup_key {bytewise},
    input TEXT NOT NULL,
    actor {json} NOT NULL,
    cause {json} NOT NULL,
    planned_at BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    cursor TEXT,
    -- In ten-thousandths.
    progress BIGINT,
    message TEXT,
    steps BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    last_error {json},
    revision BIGINT NOT NULL,
    -- Counts how often it was begun again.
    ticket BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX plugin_job_plugin ON plugin_job (tenant_id, plugin, id);
CREATE INDEX plugin_job_open ON plugin_job (tenant_id, plugin, job) WHERE state IN ('waiting', 'running');
CREATE INDEX plugin_job_done ON plugin_job (tenant_id, plugin, id) WHERE state = 'done';
CREATE INDEX plugin_job_finished ON plugin_job (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX plugin_job_key ON plugin_job (tenant_id, plugin, job, dedup_key)
    WHERE dedup_key IS NOT NULL AND state = 'waiting';
CREATE TABLE plugin_schedule (
    tenant_id {uuid} NOT NULL,
    plugin {bytewise} NOT NULL,
    job {bytewise} NOT NULL,
    cron TEXT NOT NULL,
    -- Seconds.
    jitter BIGINT NOT NULL,
    overlap TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, plugin, job)
);
CREATE INDEX plugin_schedule_next ON plugin_schedule (next_at)";
