//! As whom a session looks, and until when; 0: it has ended, and nobody has taken note yet.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, COLUMNS).await
    }
}

const COLUMNS: &str = "
ALTER TABLE session ADD COLUMN as_user {uuid};
ALTER TABLE session ADD COLUMN as_role {uuid};
ALTER TABLE session ADD COLUMN as_until BIGINT
";
