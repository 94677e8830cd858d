//! Rules of automation, what they did, and whether they look at the changes of a batch.

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
ALTER TABLE batch ADD COLUMN rules BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE automation_rule (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    name {bytewise} NOT NULL,
    definition {json} NOT NULL,
    enabled BOOLEAN NOT NULL,
    sort BIGINT NOT NULL,
    -- The place in the event log behind which it looks.
    since TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Of a rule about dates: until when they were looked at.
    swept BIGINT,
    -- Its runs are still shown then.
    removed_at BIGINT
);
CREATE INDEX automation_rule_of ON automation_rule (tenant_id, entity, sort);
CREATE UNIQUE INDEX automation_rule_name ON automation_rule (tenant_id, entity, name) WHERE removed_at IS NULL;
CREATE TABLE automation_run (
    -- In the order in which they began.
    number {serial},
    id {uuid} NOT NULL,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    rule_id {uuid} NOT NULL REFERENCES automation_rule (id),
    entity TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    -- What set it off, once for a rule and record.
    occasion {bytewise} NOT NULL,
    event {json} NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    due_at BIGINT,
    ended_at BIGINT,
    -- Actions that were done.
    step BIGINT NOT NULL,
    results {json} NOT NULL,
    tries BIGINT NOT NULL,
    error TEXT,
    -- Why a letter of it did not go out.
    unsent TEXT
);
CREATE UNIQUE INDEX automation_run_once ON automation_run (rule_id, record_id, occasion);
CREATE UNIQUE INDEX automation_run_id ON automation_run (id);
CREATE INDEX automation_run_time ON automation_run (tenant_id, number);
CREATE INDEX automation_run_record ON automation_run (tenant_id, record_id);
CREATE INDEX automation_run_old ON automation_run (at)";
