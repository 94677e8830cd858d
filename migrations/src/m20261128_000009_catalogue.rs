//! A catalogue per company: own entities and fields, the table that entities share, values of own fields beside the
//! columns of the product's; organizations and absences; departments with several heads and dated membership.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DEFINITIONS).await?;
        for entity in ["lead", "deal", "contact", "company", "activity"] {
            dialect::run(manager, &format!("ALTER TABLE {entity} ADD COLUMN custom {{json}}")).await?;
        }
        dialect::run(manager, SHARED).await?;
        dialect::run(manager, &ENTITIES.replace("{common}", COMMON)).await?;
        for entity in ["organization", "absence"] {
            dialect::run(manager, &COMMON_INDEXES.replace("{entity}", entity)).await?;
        }
        dialect::run(manager, STAFF).await?;
        dialect::run(manager, MONEY).await
    }
}

const DEFINITIONS: &str = "
CREATE TABLE catalogue_revision (
    tenant_id {uuid} PRIMARY KEY REFERENCES tenant (id),
    revision BIGINT NOT NULL
);
CREATE TABLE entity_definition (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    key {bytewise} NOT NULL,
    definition {json} NOT NULL,
    sort BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX entity_definition_key ON entity_definition (tenant_id, key);
CREATE TABLE field_definition (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity {bytewise} NOT NULL,
    key {bytewise} NOT NULL,
    definition {json} NOT NULL,
    sort BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX field_definition_key ON field_definition (tenant_id, entity, key)";

/// Rows of companies' own entities and, later, of plugins'.
const SHARED: &str = "
CREATE TABLE shared_record (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity {bytewise} NOT NULL,
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
    stage TEXT,
    pipeline {uuid},
    stage_since BIGINT,
    closed_at BIGINT,
    custom {json}
);
CREATE UNIQUE INDEX shared_record_number ON shared_record (tenant_id, entity, number);
CREATE INDEX shared_record_created ON shared_record (tenant_id, entity, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX shared_record_updated ON shared_record (tenant_id, entity, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX shared_record_title ON shared_record (tenant_id, entity, title, id) WHERE deleted_at IS NULL;
CREATE INDEX shared_record_owner ON shared_record (tenant_id, entity, owner, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX shared_record_stage ON shared_record (tenant_id, entity, stage, created_at, id)
    WHERE deleted_at IS NULL AND stage IS NOT NULL;
CREATE INDEX shared_record_origin ON shared_record (tenant_id, entity, origin_system, origin_id)
    WHERE origin_id IS NOT NULL;
CREATE INDEX shared_record_deleted ON shared_record (tenant_id, entity, deleted_at) WHERE deleted_at IS NOT NULL";

const COMMON: &str = "
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
    custom {json}";

const ENTITIES: &str = "
CREATE TABLE organization ({common},
    legal_name TEXT,
    country TEXT,
    tax_id TEXT,
    registration_number TEXT,
    legal_address TEXT,
    address TEXT,
    phones {json},
    emails {json},
    sites {json},
    head {uuid},
    main BOOLEAN
);
CREATE TABLE absence ({common},
    user_id {uuid} NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    deputy {uuid},
    label TEXT,
    source TEXT
);
CREATE INDEX absence_user ON absence (tenant_id, user_id, starts_at) WHERE deleted_at IS NULL";

const COMMON_INDEXES: &str = "
CREATE UNIQUE INDEX {entity}_number ON {entity} (tenant_id, number);
CREATE INDEX {entity}_created ON {entity} (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_title ON {entity} (tenant_id, title, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_owner ON {entity} (tenant_id, owner, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_deleted ON {entity} (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL";

/// What was said by one column each becomes rows: several heads, and who was where since when. Where somebody is now
/// stays a column of theirs.
const STAFF: &str = "
CREATE TABLE department_head (
    tenant_id {uuid} NOT NULL,
    department_id {uuid} NOT NULL REFERENCES department (id),
    user_id {uuid} NOT NULL,
    sort BIGINT NOT NULL,
    PRIMARY KEY (department_id, user_id)
);
CREATE INDEX department_head_user ON department_head (user_id);
INSERT INTO department_head (tenant_id, department_id, user_id, sort)
    SELECT tenant_id, id, head_id, 0 FROM department WHERE head_id IS NOT NULL;
ALTER TABLE department DROP COLUMN head_id;
CREATE TABLE department_member (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES user_account (id),
    department_id {uuid} NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (user_id, since)
);
CREATE INDEX department_member_department ON department_member (department_id, since);
INSERT INTO department_member (tenant_id, user_id, department_id, since)
    SELECT tenant_id, id, department_id, created_at FROM user_account WHERE department_id IS NOT NULL;
ALTER TABLE user_account ADD COLUMN position TEXT";

/// An amount is in a currency: where none was kept, it was the company's.
const MONEY: &str = "
UPDATE lead SET currency = (SELECT currency FROM tenant WHERE tenant.id = lead.tenant_id)
    WHERE amount IS NOT NULL AND currency IS NULL;
UPDATE deal SET currency = (SELECT currency FROM tenant WHERE tenant.id = deal.tenant_id)
    WHERE amount IS NOT NULL AND currency IS NULL;
UPDATE company SET currency = (SELECT currency FROM tenant WHERE tenant.id = company.tenant_id)
    WHERE revenue IS NOT NULL AND currency IS NULL";
