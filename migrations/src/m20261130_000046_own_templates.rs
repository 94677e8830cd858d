//! Templates of papers that companies bring themselves, with all their versions.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}

/// `paper` is the kind of paper that a template of a document of sale stands for; `content` is the file as it was uploaded.
/// A template that was removed stays while papers name its versions.
const TABLES: &str = "
CREATE TABLE own_template (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    entity TEXT NOT NULL,
    paper TEXT,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    usual BOOLEAN NOT NULL,
    removed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX own_template_tenant ON own_template (tenant_id);
CREATE TABLE own_template_version (
    template_id {uuid} NOT NULL REFERENCES own_template (id),
    version BIGINT NOT NULL,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    file_name TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    content {bytes} NOT NULL,
    unknown {json} NOT NULL,
    actor {json} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (template_id, version)
);
CREATE INDEX own_template_version_tenant ON own_template_version (tenant_id);
ALTER TABLE made_document ADD COLUMN own_template {uuid};
";
