//! Messages of plugins: what they had sent by mail and SMS, the gateways of SMS, how fast each may go, where messages come in.

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
-- HTML, attachments and headers, none of a letter that is plain text.
ALTER TABLE mail_outbox ADD COLUMN parts {json};
-- When it may go, where the mail server is sent so many a second.
ALTER TABLE mail_outbox ADD COLUMN slot_at BIGINT;
CREATE TABLE message (
    -- That of the letter too, where it is one.
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    plugin {bytewise} NOT NULL,
    dedup_key {bytewise} NOT NULL,
    -- Of what was asked for under the key.
    fingerprint {uuid} NOT NULL,
    -- mail, sms
    channel TEXT NOT NULL,
    gateway {bytewise} NOT NULL,
    recipients {json} NOT NULL,
    subject TEXT NOT NULL,
    -- Of an SMS. The text of a letter is in the outbox of letters.
    body TEXT NOT NULL,
    about_entity {bytewise},
    about_id {uuid},
    -- Whose act it was, and why: in their name the plugin is told what became of it.
    actor {json} NOT NULL,
    cause {json} NOT NULL,
    -- queued, sent, failed, unsure, bounced
    state TEXT NOT NULL,
    problem TEXT,
    -- What the gateway calls it.
    foreign_id TEXT,
    slot_at BIGINT,
    -- Changes of the state so far.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE UNIQUE INDEX message_key ON message (tenant_id, plugin, dedup_key);
CREATE INDEX message_lately ON message (tenant_id, plugin, created_at);
CREATE INDEX message_listed ON message (tenant_id, id);
CREATE TABLE message_gateway (
    tenant_id {uuid} NOT NULL,
    gateway {bytewise} NOT NULL,
    settings {json} NOT NULL,
    secret TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, gateway)
);
CREATE TABLE message_pace (
    -- Nobody's for the mail server of the installation.
    tenant_id {uuid} NOT NULL,
    gateway {bytewise} NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, gateway)
);
CREATE TABLE message_inbox (
    tenant_id {uuid} NOT NULL,
    channel TEXT NOT NULL,
    -- SHA-256 of the token in hexadecimal.
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, channel)
);
CREATE TABLE message_received (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    channel TEXT NOT NULL,
    -- What is the same when it comes again.
    fingerprint {uuid} NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX message_received_once ON message_received (tenant_id, fingerprint)";
