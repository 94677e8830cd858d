//! Notices of plugins among the notifications of people: once per key, with an address, some to be confirmed.

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
-- Whose notice it is, or null: the product's.
ALTER TABLE notification ADD COLUMN plugin {bytewise};
ALTER TABLE notification ADD COLUMN notice_key {bytewise};
-- An address of the portal.
ALTER TABLE notification ADD COLUMN link TEXT;
-- Whether the reader is asked to confirm it, and when they did.
ALTER TABLE notification ADD COLUMN confirm BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE notification ADD COLUMN confirmed_at BIGINT;
CREATE UNIQUE INDEX notification_notice ON notification (tenant_id, plugin, notice_key, user_id)
    WHERE plugin IS NOT NULL;
CREATE INDEX notification_of_plugin ON notification (tenant_id, plugin, at) WHERE plugin IS NOT NULL";
