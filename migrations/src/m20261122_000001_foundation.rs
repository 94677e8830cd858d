//! Kernel and people: event log, audit, jobs, leases, tenants, users, departments, roles, access rows, sessions, tokens.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, KERNEL).await?;
        dialect::run(manager, PEOPLE).await
    }
}

const KERNEL: &str = "
CREATE TABLE event_log (
    id {serial},
    tx {tx},
    tenant_id {uuid} NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    entity TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    version BIGINT NOT NULL,
    actor {json} NOT NULL,
    cause {json} NOT NULL,
    batch_id {uuid},
    changes {json} NOT NULL
);
CREATE INDEX event_log_order ON event_log (tx, id);
CREATE INDEX event_log_record ON event_log (tenant_id, record_id, id);
CREATE INDEX event_log_batch ON event_log (batch_id) WHERE batch_id IS NOT NULL;
CREATE TABLE event_reader (
    name TEXT PRIMARY KEY,
    tx BIGINT NOT NULL,
    event_id BIGINT NOT NULL
);
CREATE TABLE audit (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    at BIGINT NOT NULL,
    actor {json} NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail {json} NOT NULL
);
CREATE INDEX audit_time ON audit (tenant_id, at);
CREATE TABLE job (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid},
    kind TEXT NOT NULL,
    payload {json} NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    locked_until BIGINT,
    locked_by {uuid},
    last_error TEXT,
    unique_key TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (run_at, id) WHERE state = 'ready';
CREATE INDEX job_running ON job (locked_until) WHERE state = 'running';
CREATE UNIQUE INDEX job_unique_key ON job (unique_key) WHERE unique_key IS NOT NULL;
CREATE TABLE schedule (
    name TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    next_at BIGINT NOT NULL
);
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder {uuid} NOT NULL,
    until BIGINT NOT NULL
);
CREATE TABLE sequence (
    tenant_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
CREATE TABLE idempotency_key (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT,
    content_type TEXT,
    body TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, key)
)";

const PEOPLE: &str = "
CREATE TABLE tenant (
    id {uuid} PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    currency TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE department (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    parent_id {uuid} REFERENCES department (id),
    head_id {uuid},
    name TEXT NOT NULL
);
CREATE INDEX department_tenant ON department (tenant_id);
CREATE TABLE user_account (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT,
    locale TEXT NOT NULL,
    department_id {uuid} REFERENCES department (id),
    active BOOLEAN NOT NULL,
    operator BOOLEAN NOT NULL,
    absent_until BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_account_email ON user_account (tenant_id, email);
CREATE INDEX user_account_sign_in ON user_account (email);
CREATE INDEX user_account_department ON user_account (department_id);
CREATE TABLE role (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    admin BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX role_key ON role (tenant_id, key);
CREATE TABLE user_role (
    user_id {uuid} NOT NULL REFERENCES user_account (id),
    role_id {uuid} NOT NULL REFERENCES role (id),
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_role_role ON user_role (role_id);
CREATE TABLE access_row (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    role_id {uuid} NOT NULL REFERENCES role (id),
    kind TEXT NOT NULL,
    entity TEXT NOT NULL,
    actions {json} NOT NULL,
    filter {json}
);
CREATE INDEX access_row_role ON access_row (role_id);
CREATE TABLE field_right (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    role_id {uuid} NOT NULL REFERENCES role (id),
    entity TEXT NOT NULL,
    field TEXT NOT NULL,
    access TEXT NOT NULL
);
CREATE INDEX field_right_role ON field_right (role_id);
CREATE TABLE session (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    user_id {uuid} NOT NULL REFERENCES user_account (id),
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);
CREATE TABLE api_token (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    user_id {uuid} NOT NULL REFERENCES user_account (id),
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    scopes {json} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_token_user ON api_token (user_id)";
