//! The index of searched texts: groups of three letters, and what is not in it yet.
//!
//! SQLite: FTS5 with its trigram tokenizer over texts it does not keep; what was just written waits in `search_pending`.
//! PostgreSQL: GIN over arrays of numbers that stand for groups of letters, which needs no extension.
//! Records from before are put in by a job of the program (`search_gap`).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        dialect::run(manager, if sqlite { SQLITE } else { POSTGRES }).await?;
        dialect::run(manager, GAP).await?;
        for entity in ["lead", "deal", "contact", "company", "activity", "organization", "absence", "task"] {
            dialect::run(manager, &FROM_BEFORE.replace("{entity}", entity)).await?;
        }
        dialect::run(manager, SHARED_FROM_BEFORE).await
    }
}

const SQLITE: &str = "
CREATE TABLE search_document (
    id INTEGER PRIMARY KEY,
    record_id {uuid} NOT NULL UNIQUE,
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL
);
CREATE TABLE search_pending (
    record_id {uuid} NOT NULL PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    reach TEXT NOT NULL,
    long TEXT NOT NULL
) WITHOUT ROWID;
CREATE VIRTUAL TABLE search_index USING fts5 (
    title, words, reach, long,
    content = '', contentless_delete = 1, detail = column, tokenize = 'trigram case_sensitive 1'
)";

/// Without statistics the planner takes an array that holds others to be rare, and always searches the index.
const POSTGRES: &str = "
CREATE TABLE search_document (
    record_id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL,
    grams INTEGER[] NOT NULL
);
ALTER TABLE search_document ALTER COLUMN grams SET STATISTICS 0;
CREATE INDEX search_document_grams ON search_document USING gin (grams) WITH (gin_pending_list_limit = 1024)";

const GAP: &str = "
CREATE TABLE search_gap (
    tenant_id {uuid} NOT NULL,
    entity TEXT NOT NULL,
    filled_to {uuid},
    PRIMARY KEY (tenant_id, entity)
)";

const FROM_BEFORE: &str =
    "INSERT INTO search_gap (tenant_id, entity) SELECT DISTINCT tenant_id, '{entity}' FROM {entity}";

const SHARED_FROM_BEFORE: &str =
    "INSERT INTO search_gap (tenant_id, entity) SELECT DISTINCT tenant_id, entity FROM shared_record";
