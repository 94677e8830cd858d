//! Drawings of processes: their revisions, who edits them, notes on their elements; what was said when a version was
//! published.

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
CREATE TABLE process_drawing (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    title TEXT NOT NULL,
    -- draft, as_is, to_be
    kind TEXT NOT NULL,
    pair_id {uuid},
    -- Id of the process that it would be published as.
    key {bytewise},
    revision BIGINT NOT NULL,
    -- The last number that was given, also to a revision set aside.
    latest BIGINT NOT NULL,
    problems {json} NOT NULL,
    diagram BOOLEAN NOT NULL,
    -- What was last published from it.
    definition_id {uuid} REFERENCES process_definition (id),
    version BIGINT,
    lease_user {uuid},
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    created_by {uuid},
    updated_at BIGINT NOT NULL
);
CREATE INDEX process_drawing_list ON process_drawing (tenant_id, id);
CREATE TABLE process_drawing_revision (
    drawing_id {uuid} NOT NULL REFERENCES process_drawing (id),
    revision BIGINT NOT NULL,
    tenant_id {uuid} NOT NULL,
    xml {bytes} NOT NULL,
    fingerprint TEXT NOT NULL,
    size BIGINT NOT NULL,
    name TEXT,
    aside BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    author {uuid},
    -- The version that was published from it.
    version BIGINT,
    PRIMARY KEY (drawing_id, revision)
);
CREATE INDEX process_drawing_revision_at ON process_drawing_revision (at);
CREATE TABLE process_drawing_note (
    id {uuid} PRIMARY KEY,
    drawing_id {uuid} NOT NULL REFERENCES process_drawing (id),
    tenant_id {uuid} NOT NULL,
    element {bytewise} NOT NULL,
    pain TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by {uuid}
);
CREATE INDEX process_drawing_note_drawing ON process_drawing_note (drawing_id, id);
ALTER TABLE process_version ADD COLUMN note TEXT;
-- The flow by which it was entered, and why an operator took it away.
ALTER TABLE process_visit ADD COLUMN via {bytewise};
ALTER TABLE process_visit ADD COLUMN note TEXT";
