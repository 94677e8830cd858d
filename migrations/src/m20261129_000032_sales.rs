//! Sales: products, taxes, prices, series of numbers, quotes, orders, invoices, payments; rows of leads and deals; what
//! organizations sell by; the numbers that were given.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &TABLES.replace("{document}", DOCUMENT).replace("{common}", COMMON)).await?;
        for table in ENTITIES {
            dialect::run(manager, &COMMON_INDEXES.replace("{entity}", table)).await?;
        }
        for (table, column) in LINKS {
            dialect::run(manager, &LINK.replace("{table}", table).replace("{column}", column)).await?;
        }
        for (table, column) in ADDED {
            dialect::run(manager, &format!("ALTER TABLE {table} ADD COLUMN {column}")).await?;
        }
        dialect::run(manager, AROUND).await
    }
}

const COMMON: &str = "
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner {uuid},
    creator {uuid},
    editor {uuid},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    deleted_at BIGINT,
    comments TEXT,
    origin_system TEXT,
    origin_id TEXT,
    search TEXT NOT NULL,
    custom {json}";

/// What documents have in common.
const DOCUMENT: &str = "{common},
    document_number TEXT,
    document_date TEXT,
    tax_date TEXT,
    company {uuid},
    contact {uuid},
    organization {uuid},
    deal {uuid},
    amount BIGINT,
    currency TEXT,
    net BIGINT,
    tax BIGINT,
    tax_rounding TEXT,
    cash_rounding BIGINT,
    rounding BIGINT,
    terms TEXT,
    rows {json},
    discount_percent BIGINT,
    discount_amount BIGINT";

/// A series counts by organization, kind of document and period. `last_date` is YYYY-MM-DD.
const TABLES: &str = "
CREATE TABLE product ({common},
    code TEXT,
    kind TEXT,
    category TEXT,
    unit TEXT,
    tax {uuid},
    description TEXT,
    active BOOLEAN
);
CREATE TABLE sale_tax ({common},
    code TEXT,
    rate BIGINT,
    valid_from TEXT,
    category TEXT,
    exemption TEXT
);
CREATE TABLE sale_price_list ({common},
    list_currency TEXT,
    tax_included BOOLEAN,
    valid_from TEXT,
    valid_to TEXT,
    organization {uuid},
    priority BIGINT,
    clients {json},
    percent_of {uuid},
    percent BIGINT,
    rounded_to BIGINT
);
CREATE TABLE sale_price ({common},
    price_list {uuid},
    product {uuid},
    min_quantity BIGINT,
    price BIGINT
);
CREATE TABLE sale_number_series ({common},
    kind TEXT,
    organization {uuid},
    prefix TEXT,
    pattern TEXT
);
CREATE TABLE sale_quote ({document},
    state TEXT NOT NULL,
    valid_to TEXT,
    revision BIGINT,
    revises {uuid},
    revised BOOLEAN
);
CREATE TABLE sale_order ({document},
    state TEXT NOT NULL,
    deliver_by TEXT,
    quote {uuid}
);
CREATE TABLE sale_invoice ({document},
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    due_date TEXT,
    void_reason TEXT,
    issued_at BIGINT,
    paid BIGINT,
    credited BIGINT,
    debt BIGINT,
    quote {uuid},
    order_id {uuid},
    credits {uuid}
);
CREATE TABLE sale_payment ({common},
    state TEXT NOT NULL,
    amount BIGINT,
    currency TEXT,
    paid_on TEXT,
    method TEXT,
    purpose TEXT,
    payer_tax_id TEXT,
    company {uuid},
    organization {uuid},
    allocations {json},
    left_over BIGINT
);
CREATE TABLE number_counter (
    tenant_id {uuid} NOT NULL,
    series {bytewise} NOT NULL,
    period {bytewise} NOT NULL,
    value BIGINT NOT NULL,
    last_date {bytewise} NOT NULL,
    PRIMARY KEY (tenant_id, series, period)
)";

/// Tables of entities.
const ENTITIES: [&str; 9] = [
    "product",
    "sale_tax",
    "sale_price_list",
    "sale_price",
    "sale_number_series",
    "sale_quote",
    "sale_order",
    "sale_invoice",
    "sale_payment",
];

const COMMON_INDEXES: &str = "
CREATE UNIQUE INDEX {entity}_number ON {entity} (tenant_id, number);
CREATE INDEX {entity}_created ON {entity} (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_title ON {entity} (tenant_id, title, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_owner ON {entity} (tenant_id, owner, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX {entity}_origin ON {entity} (tenant_id, origin_system, origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX {entity}_deleted ON {entity} (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL";

/// Links that are columns: from the other side they are lists, newest first.
const LINKS: [(&str, &str); 18] = [
    ("sale_price", "product"),
    ("sale_price", "price_list"),
    ("sale_quote", "company"),
    ("sale_quote", "contact"),
    ("sale_quote", "deal"),
    ("sale_quote", "revises"),
    ("sale_order", "company"),
    ("sale_order", "contact"),
    ("sale_order", "deal"),
    ("sale_order", "quote"),
    ("sale_invoice", "company"),
    ("sale_invoice", "contact"),
    ("sale_invoice", "deal"),
    ("sale_invoice", "quote"),
    ("sale_invoice", "order_id"),
    ("sale_invoice", "credits"),
    ("sale_invoice", "organization"),
    ("sale_payment", "company"),
];

const LINK: &str = "
CREATE INDEX {table}_of_{column} ON {table} (tenant_id, {column}, created_at, id)
    WHERE {column} IS NOT NULL AND deleted_at IS NULL";

/// Columns of entities that were there.
const ADDED: [(&str, &str); 10] = [
    ("lead", "rows {json}"),
    ("deal", "rows {json}"),
    ("deal", "discount_percent BIGINT"),
    ("deal", "discount_amount BIGINT"),
    ("deal", "rows_amount BIGINT"),
    ("deal", "amount_by_hand BOOLEAN"),
    ("organization", "bank_details TEXT"),
    ("organization", "tax_mode TEXT"),
    ("organization", "tax_rounding TEXT"),
    ("organization", "cash_rounding BIGINT"),
];

const AROUND: &str = "
CREATE INDEX sale_invoice_due ON sale_invoice (tenant_id, due_date, id) WHERE debt > 0 AND deleted_at IS NULL";
