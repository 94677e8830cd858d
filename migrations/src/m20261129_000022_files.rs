//! Files of records, and how many bytes of them each company keeps.

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
CREATE TABLE stored_file (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    entity {bytewise} NOT NULL,
    record_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- In hexadecimal.
    sha256 TEXT NOT NULL,
    -- sending, kept, removed, condemned
    state TEXT NOT NULL,
    actor {json} NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    thumbnail BOOLEAN
);
CREATE INDEX stored_file_record ON stored_file (tenant_id, entity, record_id, id);
CREATE INDEX stored_file_left_over ON stored_file (state, created_at) WHERE state <> 'kept';
CREATE TABLE file_usage (
    tenant_id {uuid} PRIMARY KEY,
    bytes BIGINT NOT NULL,
    files BIGINT NOT NULL
)";
