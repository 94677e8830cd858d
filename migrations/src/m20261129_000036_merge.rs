//! Duplicates and merges: into what a record was merged, what moved with it beside records, what a company wants to be told;
//! lists as files.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["lead", "deal", "contact", "company", "shared_record"] {
            dialect::run(manager, &MERGED.replace("{table}", table)).await?;
        }
        dialect::run(manager, AROUND).await
    }
}

const MERGED: &str = "
ALTER TABLE {table} ADD COLUMN merged_into {uuid};
CREATE INDEX {table}_merged ON {table} (merged_into) WHERE merged_into IS NOT NULL";

const AROUND: &str = "
CREATE INDEX company_tax_id ON company (tenant_id, tax_id) WHERE tax_id IS NOT NULL;
CREATE INDEX company_registration ON company (tenant_id, registration_number) WHERE registration_number IS NOT NULL;
CREATE TABLE duplicate_policy (
    tenant_id {uuid} NOT NULL,
    entity {bytewise} NOT NULL,
    mode TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entity)
);
-- Files and processes that moved to the record that stays: for the undo.
CREATE TABLE merge_along (
    batch_id {uuid} NOT NULL,
    tenant_id {uuid} NOT NULL,
    kind {bytewise} NOT NULL,
    thing_id {uuid} NOT NULL,
    from_id {uuid} NOT NULL,
    PRIMARY KEY (batch_id, kind, thing_id)
);
-- A list as a file, in pieces: whoever asked reads it until it is old.
CREATE TABLE list_export (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    entity {bytewise} NOT NULL,
    question {json} NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    rights {bytewise} NOT NULL,
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    made BOOLEAN NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX list_export_old ON list_export (at);
CREATE TABLE list_export_piece (
    export_id {uuid} NOT NULL,
    piece BIGINT NOT NULL,
    content {bytes} NOT NULL,
    PRIMARY KEY (export_id, piece)
);
ALTER TABLE report_export ADD COLUMN rights {bytewise}";
