//! Personal links by which somebody sets their password, second factors, and acts found by what was done.

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
-- One of each purpose for a person: a new one takes the place of the old one.
CREATE TABLE sign_in_link (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    user_id {uuid} NOT NULL REFERENCES user_account (id),
    purpose TEXT NOT NULL,
    secret_hash {bytewise} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sign_in_link_secret ON sign_in_link (secret_hash);
CREATE UNIQUE INDEX sign_in_link_of ON sign_in_link (user_id, purpose);
-- RFC 6238. Not in force until a first code was right.
CREATE TABLE second_factor (
    user_id {uuid} PRIMARY KEY REFERENCES user_account (id),
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    secret {bytewise} NOT NULL,
    -- Hashes of the codes for a lost device, those that were used left out.
    recovery {json} NOT NULL,
    -- The step of the last code that was taken: each is good once.
    last_step BIGINT NOT NULL,
    -- Wrong codes since the window began.
    wrong BIGINT NOT NULL,
    wrong_since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT
);
-- Acts of one kind, the newest first.
CREATE INDEX audit_action ON audit (tenant_id, action, at)";
