//! Jobs in order of a key, and deliveries of events to plugins by reference.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, ORDER).await?;
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        dialect::run(manager, if sqlite { ON_SQLITE } else { ON_POSTGRES }).await
    }
}

const ORDER: &str = "
ALTER TABLE job ADD COLUMN order_key {bytewise};
-- Counted per key.
ALTER TABLE job ADD COLUMN order_no BIGINT;
CREATE INDEX job_order ON job (order_key, order_no) WHERE order_key IS NOT NULL";

// Deliveries carried copies of events; they now name a range of the log and are given up only by record.
const ON_SQLITE: &str = "
UPDATE job SET
    order_key = 'plugin.event/' || lower(hex(tenant_id)) || '/' || json_extract(payload, '$.plugin') || '/'
        || json_extract(payload, '$.subscription'),
    order_no = rowid,
    max_attempts = 9223372036854775807,
    payload = json_object(
        'plugin', json_extract(payload, '$.plugin'),
        'subscription', json_extract(payload, '$.subscription'),
        'after', json_extract(payload, '$.events[0].tx') || '-' || (json_extract(payload, '$.events[0].id') - 1),
        'to', json_extract(payload, '$.events[#-1].tx') || '-' || json_extract(payload, '$.events[#-1].id'))
WHERE kind = 'plugin.event' AND json_array_length(payload, '$.events') > 0";

const ON_POSTGRES: &str = "
UPDATE job SET
    order_key = 'plugin.event/' || replace(tenant_id::text, '-', '') || '/' || (payload->>'plugin') || '/'
        || (payload->>'subscription'),
    order_no = numbered.number,
    max_attempts = 9223372036854775807,
    payload = jsonb_build_object(
        'plugin', payload->'plugin',
        'subscription', payload->'subscription',
        'after', (payload #>> '{events,0,tx}') || '-' || ((payload #>> '{events,0,id}')::bigint - 1),
        'to', (payload #>> '{events,-1,tx}') || '-' || (payload #>> '{events,-1,id}'))
FROM (SELECT id AS numbered_id, row_number() OVER (ORDER BY created_at, id) AS number FROM job) AS numbered
WHERE kind = 'plugin.event' AND id = numbered_id AND jsonb_array_length(payload->'events') > 0";
