//! Records: the core entities, their links, communications, pipelines, stage transitions, views, batches and imports.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, ENTITIES).await?;
        for entity in ["lead", "deal", "contact", "company", "activity"] {
            dialect::run(manager, &COMMON_INDEXES.replace("{entity}", entity)).await?;
        }
        for entity in ["lead", "deal"] {
            dialect::run(manager, &STAGE_INDEXES.replace("{entity}", entity)).await?;
        }
        dialect::run(manager, AROUND).await
    }
}

const ENTITIES: &str = "
CREATE TABLE lead (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner {uuid},
    creator {uuid},
    editor {uuid},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    deleted_at BIGINT,
    comments TEXT,
    origin_system TEXT,
    origin_id TEXT,
    search TEXT NOT NULL,
    stage TEXT NOT NULL,
    pipeline {uuid} NOT NULL,
    stage_since BIGINT NOT NULL,
    closed_at BIGINT,
    utm_source TEXT,
    utm_medium TEXT,
    utm_campaign TEXT,
    utm_content TEXT,
    utm_term TEXT,
    phones {json},
    emails {json},
    sites {json},
    messengers {json},
    honorific TEXT,
    first_name TEXT,
    middle_name TEXT,
    last_name TEXT,
    birthdate TEXT,
    company_title TEXT,
    position TEXT,
    address TEXT,
    source TEXT,
    source_description TEXT,
    amount BIGINT,
    currency TEXT,
    returning_client BOOLEAN,
    contact {uuid},
    company {uuid},
    deal {uuid}
);
CREATE TABLE deal (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner {uuid},
    creator {uuid},
    editor {uuid},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    deleted_at BIGINT,
    comments TEXT,
    origin_system TEXT,
    origin_id TEXT,
    search TEXT NOT NULL,
    stage TEXT NOT NULL,
    pipeline {uuid} NOT NULL,
    stage_since BIGINT NOT NULL,
    closed_at BIGINT,
    utm_source TEXT,
    utm_medium TEXT,
    utm_campaign TEXT,
    utm_content TEXT,
    utm_term TEXT,
    kind TEXT,
    probability BIGINT,
    amount BIGINT,
    currency TEXT,
    begin_date TEXT,
    close_date TEXT,
    source TEXT,
    source_description TEXT,
    company {uuid},
    lead {uuid}
);
CREATE TABLE contact (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner {uuid},
    creator {uuid},
    editor {uuid},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    deleted_at BIGINT,
    comments TEXT,
    origin_system TEXT,
    origin_id TEXT,
    search TEXT NOT NULL,
    utm_source TEXT,
    utm_medium TEXT,
    utm_campaign TEXT,
    utm_content TEXT,
    utm_term TEXT,
    phones {json},
    emails {json},
    sites {json},
    messengers {json},
    honorific TEXT,
    first_name TEXT,
    middle_name TEXT,
    last_name TEXT,
    birthdate TEXT,
    kind TEXT,
    position TEXT,
    address TEXT,
    source TEXT,
    source_description TEXT,
    lead {uuid}
);
CREATE TABLE company (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner {uuid},
    creator {uuid},
    editor {uuid},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    deleted_at BIGINT,
    comments TEXT,
    origin_system TEXT,
    origin_id TEXT,
    search TEXT NOT NULL,
    utm_source TEXT,
    utm_medium TEXT,
    utm_campaign TEXT,
    utm_content TEXT,
    utm_term TEXT,
    phones {json},
    emails {json},
    sites {json},
    messengers {json},
    kind TEXT,
    industry TEXT,
    employees TEXT,
    revenue BIGINT,
    currency TEXT,
    tax_id TEXT,
    registration_number TEXT,
    legal_address TEXT,
    address TEXT,
    lead {uuid}
);
CREATE TABLE activity (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner {uuid},
    creator {uuid},
    editor {uuid},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    deleted_at BIGINT,
    comments TEXT,
    origin_system TEXT,
    origin_id TEXT,
    search TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    direction TEXT,
    starts_at BIGINT,
    ends_at BIGINT,
    deadline BIGINT,
    done BOOLEAN NOT NULL,
    done_at BIGINT,
    result TEXT,
    record_entity TEXT,
    record_id {uuid}
)";

/// Each list order that people use is a keyset over one of these.
const COMMON_INDEXES: &str = "
CREATE UNIQUE INDEX {entity}_number ON {entity} (tenant_id, number);
CREATE INDEX {entity}_created ON {entity} (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_updated ON {entity} (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_title ON {entity} (tenant_id, title, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_owner ON {entity} (tenant_id, owner, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_origin ON {entity} (tenant_id, origin_system, origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX {entity}_deleted ON {entity} (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL";

const STAGE_INDEXES: &str = "
CREATE INDEX {entity}_stage ON {entity} (tenant_id, stage, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_amount ON {entity} (tenant_id, amount, id) WHERE deleted_at IS NULL";

const AROUND: &str = "
CREATE INDEX activity_record ON activity (tenant_id, record_id, created_at) WHERE record_id IS NOT NULL;
CREATE TABLE communication (
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    field TEXT NOT NULL,
    value {bytewise} NOT NULL,
    PRIMARY KEY (record_id, field, value)
);
CREATE INDEX communication_value ON communication (tenant_id, field, value);
CREATE TABLE record_link (
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    field TEXT NOT NULL,
    target_id {uuid} NOT NULL,
    sort BIGINT NOT NULL,
    PRIMARY KEY (record_id, field, target_id)
);
CREATE INDEX record_link_target ON record_link (target_id, field);
CREATE TABLE pipeline (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    sort BIGINT NOT NULL
);
CREATE UNIQUE INDEX pipeline_key ON pipeline (tenant_id, entity, key);
CREATE TABLE stage (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    pipeline_id {uuid} NOT NULL REFERENCES pipeline (id),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    semantic TEXT NOT NULL,
    color TEXT NOT NULL,
    sort BIGINT NOT NULL
);
CREATE UNIQUE INDEX stage_key ON stage (tenant_id, entity, key);
CREATE TABLE stage_transition (
    id {serial},
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    pipeline_id {uuid} NOT NULL,
    stage TEXT NOT NULL,
    from_stage TEXT,
    entered_at BIGINT NOT NULL,
    entered_by {uuid},
    left_at BIGINT,
    comment TEXT
);
CREATE INDEX stage_transition_record ON stage_transition (record_id, id);
CREATE INDEX stage_transition_time ON stage_transition (tenant_id, entity, entered_at);
CREATE TABLE record_view (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    owner_id {uuid} NOT NULL REFERENCES user_account (id),
    entity TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    config {json} NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX record_view_entity ON record_view (tenant_id, entity);
CREATE TABLE batch (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    kind TEXT NOT NULL,
    actor {json} NOT NULL,
    user_id {uuid},
    created_at BIGINT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX batch_time ON batch (tenant_id, created_at);
CREATE TABLE import (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    user_id {uuid} NOT NULL REFERENCES user_account (id),
    entity TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_path TEXT NOT NULL,
    format TEXT NOT NULL,
    state TEXT NOT NULL,
    columns {json} NOT NULL,
    mapping {json} NOT NULL,
    options {json} NOT NULL,
    total BIGINT NOT NULL,
    processed BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    batch_id {uuid},
    problem TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX import_time ON import (tenant_id, created_at);
CREATE TABLE import_refusal (
    import_id {uuid} NOT NULL REFERENCES import (id),
    row_number BIGINT NOT NULL,
    cells {json} NOT NULL,
    errors {json} NOT NULL,
    PRIMARY KEY (import_id, row_number)
)";
