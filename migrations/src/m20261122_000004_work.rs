//! Work: tasks with their executors and votes, notifications, working calendars, letters out.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TASKS).await?;
        dialect::run(manager, AROUND).await
    }
}

/// `marks` counts reminders and escalations; `action` is what became of the main action; `search` is the title in lower
/// case. A task without a deadline sorts after all others by `due_sort`.
const TASKS: &str = "
CREATE TABLE task (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    search TEXT NOT NULL,
    instance_id {uuid},
    wait BIGINT,
    element TEXT,
    process_name TEXT,
    definition_id {uuid},
    subject_entity TEXT,
    subject_id {uuid},
    creator {uuid},
    owner {uuid},
    role TEXT,
    assignee {uuid},
    candidates BIGINT NOT NULL,
    executors {json} NOT NULL,
    contract {json} NOT NULL,
    variables {json} NOT NULL,
    checklist {json} NOT NULL,
    action {json} NOT NULL,
    result {json},
    marks {json} NOT NULL,
    reminders_sent BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    claimed_at BIGINT,
    due_at BIGINT,
    due_sort BIGINT NOT NULL,
    overdue_at BIGINT,
    completed_at BIGINT,
    completed_by {uuid}
);
CREATE INDEX task_newest ON task (tenant_id, id);
CREATE INDEX task_state ON task (tenant_id, state, id);
CREATE INDEX task_open_due ON task (tenant_id, due_sort, id) WHERE state = 'open';
CREATE INDEX task_open_assignee ON task (assignee, due_at) WHERE state = 'open';
CREATE INDEX task_unclaimed ON task (tenant_id, id) WHERE state = 'open' AND assignee IS NULL;
CREATE INDEX task_assignee ON task (assignee, id) WHERE assignee IS NOT NULL;
CREATE INDEX task_creator ON task (creator, id) WHERE creator IS NOT NULL;
CREATE INDEX task_subject ON task (tenant_id, subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX task_role ON task (tenant_id, role, id) WHERE role IS NOT NULL;
CREATE UNIQUE INDEX task_wait ON task (instance_id, wait) WHERE instance_id IS NOT NULL;
CREATE TABLE task_executor (
    task_id {uuid} NOT NULL REFERENCES task (id),
    user_id {uuid} NOT NULL,
    tenant_id {uuid} NOT NULL,
    role TEXT,
    PRIMARY KEY (task_id, user_id)
);
CREATE INDEX task_executor_user ON task_executor (user_id, task_id);
CREATE INDEX task_executor_role ON task_executor (tenant_id, role, task_id) WHERE role IS NOT NULL;
CREATE TABLE task_turn (
    tenant_id {uuid} NOT NULL,
    queue TEXT NOT NULL,
    user_id {uuid} NOT NULL,
    PRIMARY KEY (tenant_id, queue)
);
CREATE TABLE task_vote (
    task_id {uuid} NOT NULL REFERENCES task (id),
    user_id {uuid} NOT NULL,
    action {json},
    result {json},
    variables {json},
    completed_at BIGINT,
    PRIMARY KEY (task_id, user_id)
)";

const AROUND: &str = "
CREATE TABLE notification (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    user_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    task_id {uuid},
    params {json} NOT NULL,
    at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX notification_user ON notification (user_id, id);
CREATE INDEX notification_unread ON notification (user_id, id) WHERE read_at IS NULL;
CREATE INDEX notification_task ON notification (task_id) WHERE task_id IS NOT NULL;
CREATE TABLE calendar (
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    kind TEXT NOT NULL,
    owner_id {uuid} NOT NULL,
    settings {json} NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind, owner_id)
);
CREATE TABLE mail_outbox (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    reference_kind TEXT NOT NULL,
    reference_id {uuid} NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    reply_to TEXT,
    recipients {json} NOT NULL,
    copies {json} NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX mail_outbox_reference ON mail_outbox (reference_id);
CREATE INDEX mail_outbox_state ON mail_outbox (tenant_id, state, id)";
