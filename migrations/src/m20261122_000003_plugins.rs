//! Plugins: installed versions, what tenants enabled, their stores, logs and costs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        dialect::run(manager, &PLUGINS.replace("{bytes}", if sqlite { "BLOB" } else { "BYTEA" })).await
    }
}

const PLUGINS: &str = "
CREATE TABLE plugin (
    id TEXT PRIMARY KEY,
    signer TEXT,
    installed_at BIGINT NOT NULL
);
CREATE TABLE plugin_version (
    plugin TEXT NOT NULL REFERENCES plugin (id),
    version TEXT NOT NULL,
    level TEXT NOT NULL,
    hash TEXT NOT NULL,
    package {bytes} NOT NULL,
    installed_at BIGINT NOT NULL,
    PRIMARY KEY (plugin, version)
);
CREATE TABLE plugin_tenant (
    tenant_id {uuid} NOT NULL,
    plugin TEXT NOT NULL,
    version TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    grants {json} NOT NULL,
    settings {json} NOT NULL,
    secret TEXT NOT NULL,
    stopped {json} NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, plugin)
);
CREATE INDEX plugin_tenant_plugin ON plugin_tenant (plugin);
CREATE TABLE plugin_change (
    id BIGINT PRIMARY KEY,
    counter BIGINT NOT NULL
);
INSERT INTO plugin_change (id, counter) VALUES (1, 0);
CREATE TABLE plugin_kv (
    tenant_id {uuid} NOT NULL,
    plugin TEXT NOT NULL,
    key TEXT NOT NULL,
    value {bytes} NOT NULL,
    revision BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, plugin, key)
);
CREATE INDEX plugin_kv_expiry ON plugin_kv (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE plugin_log (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    plugin TEXT NOT NULL,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    point TEXT NOT NULL,
    message TEXT NOT NULL,
    invocation {uuid} NOT NULL,
    duration_us BIGINT
);
CREATE INDEX plugin_log_plugin ON plugin_log (tenant_id, plugin, id);
CREATE TABLE plugin_cost (
    tenant_id {uuid} NOT NULL,
    plugin TEXT NOT NULL,
    point TEXT NOT NULL,
    day TEXT NOT NULL,
    calls BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    cpu_us BIGINT NOT NULL,
    wall_us BIGINT NOT NULL,
    host_calls BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, plugin, point, day)
);
CREATE TABLE plugin_seen (
    tenant_id {uuid} NOT NULL,
    plugin TEXT NOT NULL,
    signature TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, plugin, signature)
);
CREATE INDEX plugin_seen_expiry ON plugin_seen (expires_at)";
