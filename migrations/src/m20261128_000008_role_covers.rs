//! Which entities a permission for `*` covers: not those that come later. Roles of before cover what there was, and
//! what became an entity of the core since.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, COVERS).await
    }
}

const COVERS: &str = r#"
ALTER TABLE access_row ADD COLUMN covers {json};
UPDATE access_row
    SET covers = '["absence", "activity", "company", "contact", "deal", "lead", "organization", "task"]'
    WHERE entity = '*' AND kind = 'permission'"#;
