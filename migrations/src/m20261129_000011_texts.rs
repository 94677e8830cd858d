//! Texts compared by the rules of languages: the collation, indexes of titles in its order, and the mark of which form of
//! searched texts and phones the rows have (records makes them anew, `records::texts`).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        if !sqlite {
            dialect::run(manager, COLLATION).await?;
        }
        let title = if sqlite { "title COLLATE verstak" } else { TITLE };
        for entity in ["lead", "deal", "contact", "company", "activity", "organization", "absence", "task"] {
            dialect::run(manager, &INDEX.replace("{entity}", entity).replace("{title}", title)).await?;
        }
        dialect::run(manager, &SHARED.replace("{title}", title)).await?;
        dialect::run(manager, "CREATE TABLE text_form (version BIGINT NOT NULL)").await
    }
}

/// Ukrainian rules order Russian and English right too; the second level leaves letter case out.
const COLLATION: &str = "CREATE COLLATION verstak (provider = icu, locale = 'uk-u-ks-level2', deterministic = false)";

const TITLE: &str = "(translate(title, 'ёЁ', 'еЕ') COLLATE verstak)";

const INDEX: &str = "
DROP INDEX {entity}_title;
CREATE INDEX {entity}_title ON {entity} (tenant_id, {title}, id) WHERE deleted_at IS NULL";

const SHARED: &str = "
DROP INDEX shared_record_title;
CREATE INDEX shared_record_title ON shared_record (tenant_id, entity, {title}, id) WHERE deleted_at IS NULL";
