//! SQLite's index of searched texts: a group of three letters says which kind of text it stands in, so what stands in one
//! kind is found without reading what many records say in another (core/decisions/0059). Texts that were indexed before
//! are put in anew by the job that fills gaps (`search_gap`), some at a time; the records are read without it until then.
//!
//! PostgreSQL's groups have said so from the first.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            dialect::run(manager, SQLITE).await?;
        }
        Ok(())
    }
}

/// `search_document` stays: places in the index are in its order, the newest records last.
const SQLITE: &str = "
INSERT INTO search_gap (tenant_id, entity)
    SELECT tenant_id, entity FROM search_document
    UNION SELECT tenant_id, entity FROM search_pending WHERE true
    ON CONFLICT (tenant_id, entity) DO UPDATE SET filled_to = NULL;
DELETE FROM search_pending;
DROP TABLE search_index;
CREATE VIRTUAL TABLE search_index USING fts5 (
    title, words, reach, long,
    content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
)";
