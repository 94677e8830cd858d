//! Papers made of records: settings of their templates, what was made, in which language a client is written to.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}

/// `data` is all that stands on a paper. `letter` and what begins with it: the letter that brings it, where one does.
const TABLES: &str = "
CREATE TABLE document_template (
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    key {bytewise} NOT NULL,
    version BIGINT NOT NULL,
    settings {json} NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
CREATE TABLE made_document (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    record_id {uuid} NOT NULL,
    template TEXT NOT NULL,
    template_version BIGINT NOT NULL,
    locale TEXT NOT NULL,
    data {json} NOT NULL,
    organization {uuid},
    state TEXT NOT NULL,
    file_id {uuid} NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT,
    letter {json},
    letter_id {uuid},
    letter_state TEXT,
    problem TEXT,
    actor {json} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX made_document_record ON made_document (tenant_id, record_id, created_at);
ALTER TABLE company ADD COLUMN language TEXT;
ALTER TABLE contact ADD COLUMN language TEXT;
ALTER TABLE organization ADD COLUMN language TEXT;
";
