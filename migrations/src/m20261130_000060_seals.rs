//! By which key secrets are sealed, and sign-ins under way found by the person.

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
-- One row. The key itself is no part of the database.
CREATE TABLE seal_key (
    place {bytewise} PRIMARY KEY,
    name {bytewise} NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempt_user ON sign_in_attempt (user_id)";
