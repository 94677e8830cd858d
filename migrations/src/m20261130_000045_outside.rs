//! What leaves the house: webhooks with what was sent to them, and personal links of guests with what these wrote.

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
CREATE TABLE webhook (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    url TEXT NOT NULL,
    events {json} NOT NULL,
    description TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- With whose rights it looks: whoever made or changed it last.
    owner_id {uuid} NOT NULL,
    secret TEXT NOT NULL,
    -- The one before, with which messages are signed as well until then.
    old_secret TEXT,
    old_until BIGINT,
    -- The place in the event log behind which it looks.
    since TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Since when nothing was taken there.
    failing_since BIGINT,
    -- Why it was switched off by the product itself, and when: failures, gone, owner
    stopped TEXT,
    stopped_at BIGINT,
    -- What was sent is still kept then.
    removed_at BIGINT
);
CREATE INDEX webhook_of ON webhook (tenant_id, created_at);
CREATE TABLE webhook_delivery (
    -- In the order in which they were made.
    number {serial},
    -- Of the webhook and the event, the same however often it is made.
    id {uuid} NOT NULL,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    webhook_id {uuid} NOT NULL REFERENCES webhook (id),
    kind TEXT NOT NULL,
    entity TEXT NOT NULL,
    record_id {uuid},
    -- As it is sent, byte by byte.
    body TEXT NOT NULL,
    -- waiting, delivered, dead
    state TEXT NOT NULL,
    -- Counts how often somebody had it sent anew.
    round BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT,
    ended_at BIGINT,
    -- Its turn, where many go to one place.
    slot_at BIGINT,
    -- The last answer.
    status BIGINT,
    answer TEXT,
    error TEXT
);
CREATE UNIQUE INDEX webhook_delivery_id ON webhook_delivery (id);
CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook_id, number);
CREATE INDEX webhook_delivery_dead ON webhook_delivery (webhook_id, number) WHERE state = 'dead';
CREATE INDEX webhook_delivery_old ON webhook_delivery (created_at);
CREATE TABLE guest_link (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity {bytewise} NOT NULL,
    record_id {uuid} NOT NULL,
    -- view, comment, accept
    scope TEXT NOT NULL,
    -- Keys of the fields that are shown, none: those of the card.
    fields {json},
    label TEXT NOT NULL,
    -- SHA-256 of the token in hexadecimal.
    token_hash TEXT NOT NULL UNIQUE,
    -- Whoever made it: with their rights it opens.
    owner_id {uuid} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    -- How often and when it was opened last.
    opened BIGINT NOT NULL,
    opened_at BIGINT
);
CREATE INDEX guest_link_of ON guest_link (tenant_id, record_id);
CREATE TABLE guest_comment (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    link_id {uuid} NOT NULL REFERENCES guest_link (id),
    author TEXT NOT NULL,
    -- Of the company, none: the guest.
    user_id {uuid},
    -- accepted, declined, none: a comment
    answer TEXT,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX guest_comment_of ON guest_comment (link_id, id);
-- Nobody listens yet: what happened before is nobody's news.
INSERT INTO event_reader (name, tx, event_id)
    SELECT 'webhooks', tx, id FROM event_log ORDER BY tx DESC, id DESC LIMIT 1";
