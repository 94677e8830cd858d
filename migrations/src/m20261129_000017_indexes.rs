//! What was found by walking through whole tables has an index.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in LINKS {
            dialect::run(manager, &LINK.replace("{table}", table).replace("{column}", column)).await?;
        }
        // The place in the log of one company: see `kernel::event`.
        let place = if manager.get_database_backend() == DbBackend::Sqlite { "id" } else { "tx, id" };
        dialect::run(manager, &AROUND.replace("{place}", place)).await
    }
}

/// Links that are columns: from the other side they are lists, newest first.
const LINKS: [(&str, &str); 7] = [
    ("lead", "contact"),
    ("lead", "company"),
    ("lead", "deal"),
    ("deal", "company"),
    ("deal", "lead"),
    ("contact", "lead"),
    ("company", "lead"),
];

const LINK: &str = "
CREATE INDEX {table}_of_{column} ON {table} (tenant_id, {column}, created_at, id)
    WHERE {column} IS NOT NULL AND deleted_at IS NULL";

const AROUND: &str = "
CREATE INDEX event_log_tenant ON event_log (tenant_id, {place});
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
DROP INDEX process_wait_due;
CREATE INDEX process_wait_due ON process_wait (due_at, tenant_id) WHERE due_at IS NOT NULL;
CREATE INDEX process_wait_due_of ON process_wait (tenant_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX process_instance_newest ON process_instance (tenant_id, id);
CREATE INDEX process_wait_key ON process_wait (key, kind) WHERE key IS NOT NULL;
CREATE INDEX process_wait_condition ON process_wait (tenant_id, instance_id) WHERE kind = 'condition'";
