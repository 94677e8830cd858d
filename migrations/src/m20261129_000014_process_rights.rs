//! What roles grant on processes. Until now everybody with a role could start any process: roles of before keep that.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, PROCESSES).await
    }
}

const PROCESSES: &str = r#"
ALTER TABLE role ADD COLUMN processes {json} NOT NULL DEFAULT '{}';
UPDATE role SET processes = '{"definitions": {"*": ["start"]}}'"#;
