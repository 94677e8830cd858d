//! Processes: definitions with their versions, instances, what they wait for, their journal.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, PROCESSES).await
    }
}

const PROCESSES: &str = "
CREATE TABLE process_definition (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    key {bytewise} NOT NULL,
    name TEXT NOT NULL,
    latest BIGINT NOT NULL,
    published BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX process_definition_key ON process_definition (tenant_id, key);
CREATE TABLE process_version (
    definition_id {uuid} NOT NULL REFERENCES process_definition (id),
    version BIGINT NOT NULL,
    tenant_id {uuid} NOT NULL,
    fingerprint TEXT NOT NULL,
    xml {bytes} NOT NULL,
    problems {json} NOT NULL,
    processes {json} NOT NULL,
    created_at BIGINT NOT NULL,
    created_by {json} NOT NULL,
    published_at BIGINT,
    PRIMARY KEY (definition_id, version)
);
CREATE INDEX process_version_fingerprint ON process_version (definition_id, fingerprint);
-- What makes instances of published versions.
CREATE TABLE process_start (
    definition_id {uuid} NOT NULL REFERENCES process_definition (id),
    element {bytewise} NOT NULL,
    tenant_id {uuid} NOT NULL,
    version BIGINT NOT NULL,
    process TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Since when some version of the definition has begun by this: what happened before starts nothing.
    since BIGINT NOT NULL,
    PRIMARY KEY (definition_id, element)
);
CREATE INDEX process_start_name ON process_start (tenant_id, kind, name);
-- Processes of published versions by id: what call activities name.
CREATE TABLE process_callable (
    tenant_id {uuid} NOT NULL,
    process {bytewise} NOT NULL,
    definition_id {uuid} NOT NULL REFERENCES process_definition (id),
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, process)
);
CREATE TABLE process_instance (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    definition_id {uuid} NOT NULL REFERENCES process_definition (id),
    version BIGINT NOT NULL,
    process TEXT NOT NULL,
    status TEXT NOT NULL,
    incidents BIGINT NOT NULL,
    subject_entity TEXT,
    subject_id {uuid},
    parent_id {uuid},
    parent_wait BIGINT,
    depth BIGINT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    started_by {uuid},
    ended_at BIGINT
);
CREATE INDEX process_instance_list ON process_instance (tenant_id, started_at, id);
CREATE INDEX process_instance_definition ON process_instance (definition_id, status, started_at);
CREATE INDEX process_instance_subject ON process_instance (subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX process_instance_parent ON process_instance (parent_id) WHERE parent_id IS NOT NULL;
-- Everything that running instances wait for.
CREATE TABLE process_wait (
    instance_id {uuid} NOT NULL REFERENCES process_instance (id),
    wait BIGINT NOT NULL,
    tenant_id {uuid} NOT NULL,
    definition_id {uuid} NOT NULL,
    element {bytewise} NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,
    key TEXT,
    due_at BIGINT,
    since BIGINT NOT NULL,
    PRIMARY KEY (instance_id, wait)
);
CREATE INDEX process_wait_name ON process_wait (tenant_id, kind, name, key) WHERE name IS NOT NULL;
CREATE INDEX process_wait_due ON process_wait (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX process_wait_element ON process_wait (definition_id, element);
-- The journal, for people: elements that were left.
CREATE TABLE process_visit (
    instance_id {uuid} NOT NULL REFERENCES process_instance (id),
    number BIGINT NOT NULL,
    tenant_id {uuid} NOT NULL,
    definition_id {uuid} NOT NULL,
    element {bytewise} NOT NULL,
    entered_at BIGINT NOT NULL,
    left_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    actor {uuid},
    PRIMARY KEY (instance_id, number)
);
CREATE INDEX process_visit_element ON process_visit (definition_id, element, left_at);
-- The journal, for machines: what every step was given, to replay it.
CREATE TABLE process_step (
    instance_id {uuid} NOT NULL REFERENCES process_instance (id),
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor {uuid},
    event TEXT NOT NULL,
    PRIMARY KEY (instance_id, revision)
)";
