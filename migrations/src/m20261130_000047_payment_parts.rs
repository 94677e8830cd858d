//! Which payments pay which invoices, so that an invoice tells them: made of what payments say of themselves.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLE).await?;
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        dialect::run(manager, if sqlite { ON_SQLITE } else { ON_POSTGRES }).await
    }
}

const TABLE: &str = "
CREATE TABLE payment_part (
    tenant_id {uuid} NOT NULL,
    invoice_id {uuid} NOT NULL,
    payment_id {uuid} NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id, payment_id)
)";

const ON_SQLITE: &str = "
INSERT INTO payment_part (tenant_id, invoice_id, payment_id)
SELECT DISTINCT payment.tenant_id, unhex(replace(json_extract(part.value, '$.invoice'), '-', '')), payment.id
FROM sale_payment AS payment, json_each(payment.allocations) AS part
WHERE payment.allocations IS NOT NULL AND json_type(payment.allocations) = 'array'";

const ON_POSTGRES: &str = "
INSERT INTO payment_part (tenant_id, invoice_id, payment_id)
SELECT DISTINCT payment.tenant_id, (part.value ->> 'invoice')::uuid, payment.id
FROM sale_payment AS payment, jsonb_array_elements(
    CASE WHEN jsonb_typeof(payment.allocations) = 'array' THEN payment.allocations ELSE '[]'::jsonb END
) AS part";
