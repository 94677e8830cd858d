//! Providers of identity by which people of a company sign in, whom they know, and sign-ins that are under way.

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
CREATE TABLE sign_in_provider (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    label TEXT NOT NULL,
    issuer {bytewise} NOT NULL,
    client_id TEXT NOT NULL,
    client_secret TEXT,
    -- Domains of e-mails that it may vouch for, none named: any.
    domains {json} NOT NULL,
    trusts_email BOOLEAN NOT NULL,
    creates BOOLEAN NOT NULL,
    -- Of new people. Looked up when somebody comes: they may be gone by then.
    role_id {uuid},
    department_id {uuid},
    passwords BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX sign_in_provider_of ON sign_in_provider (tenant_id, created_at);
-- Whom an issuer means by a subject. It goes by the issuer: another client of the same one knows the same people.
CREATE TABLE provider_account (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    user_id {uuid} NOT NULL REFERENCES user_account (id),
    issuer {bytewise} NOT NULL,
    subject {bytewise} NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX provider_account_subject ON provider_account (tenant_id, issuer, subject);
CREATE UNIQUE INDEX provider_account_user ON provider_account (user_id, issuer);
-- Good once. With a user the provider has said who it is, and the code of the second factor is still to come.
CREATE TABLE sign_in_attempt (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    provider_id {uuid} NOT NULL,
    state_hash {bytewise} NOT NULL,
    browser_hash {bytewise} NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    next TEXT NOT NULL,
    user_id {uuid} REFERENCES user_account (id),
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sign_in_attempt_state ON sign_in_attempt (state_hash);
CREATE INDEX sign_in_attempt_browser ON sign_in_attempt (browser_hash);
CREATE INDEX sign_in_attempt_provider ON sign_in_attempt (provider_id);
CREATE INDEX sign_in_attempt_end ON sign_in_attempt (expires_at)";
