//! Saved reports, dashboards, plans, schedules; whose a record was when it was closed; how likely a stage is to be won.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, RECORDS).await?;
        dialect::run(manager, REPORTS).await
    }
}

/// Who owned what was closed before is not known any more: whoever owns it now.
const RECORDS: &str = "
ALTER TABLE lead ADD COLUMN closed_owner {uuid};
ALTER TABLE deal ADD COLUMN closed_owner {uuid};
ALTER TABLE shared_record ADD COLUMN closed_owner {uuid};
UPDATE lead SET closed_owner = owner WHERE closed_at IS NOT NULL;
UPDATE deal SET closed_owner = owner WHERE closed_at IS NOT NULL;
UPDATE shared_record SET closed_owner = owner WHERE closed_at IS NOT NULL;
ALTER TABLE deal ADD COLUMN organization {uuid};
ALTER TABLE deal ADD COLUMN forecast_category TEXT;
-- Percent, or null: by the place of the stage.
ALTER TABLE stage ADD COLUMN probability BIGINT";

const REPORTS: &str = "
CREATE TABLE report_saved (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    owner_id {uuid} NOT NULL REFERENCES user_account (id),
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- query, funnel, forecast, managers
    kind TEXT NOT NULL,
    config {json} NOT NULL,
    chart {json} NOT NULL,
    -- {all, roles}
    shared {json} NOT NULL,
    is_shared BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX report_saved_list ON report_saved (tenant_id, owner_id);
CREATE TABLE report_dashboard (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    -- Of a home: whose kind of home, then it is nobody's own.
    home {bytewise},
    owner_id {uuid} REFERENCES user_account (id),
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    shared {json} NOT NULL,
    is_shared BOOLEAN NOT NULL,
    filter_bar {json} NOT NULL,
    cards {json} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX report_dashboard_list ON report_dashboard (tenant_id, owner_id);
CREATE UNIQUE INDEX report_dashboard_home ON report_dashboard (tenant_id, home) WHERE home IS NOT NULL;
CREATE TABLE report_plan (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    version BIGINT NOT NULL,
    measure {bytewise} NOT NULL,
    -- company, department, user
    who TEXT NOT NULL,
    -- Of the company its own id.
    who_id {uuid} NOT NULL,
    -- month, quarter, year
    period TEXT NOT NULL,
    -- The first day of the period and of the next, YYYY-MM-DD.
    starts {bytewise} NOT NULL,
    ends {bytewise} NOT NULL,
    -- Ten-thousandths.
    value BIGINT NOT NULL,
    note TEXT NOT NULL,
    reason TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by {uuid}
);
CREATE UNIQUE INDEX report_plan_of ON report_plan (tenant_id, measure, who, who_id, period, starts);
CREATE INDEX report_plan_time ON report_plan (tenant_id, starts);
CREATE TABLE report_schedule (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    report_id {uuid} NOT NULL REFERENCES report_saved (id),
    version BIGINT NOT NULL,
    every TEXT NOT NULL,
    weekday BIGINT,
    month_day BIGINT,
    hour BIGINT NOT NULL,
    only_if {json},
    recipients {json} NOT NULL,
    attach BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    next_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX report_schedule_due ON report_schedule (next_at) WHERE enabled;
CREATE INDEX report_schedule_report ON report_schedule (report_id);
CREATE TABLE report_sent (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    report_id {uuid} NOT NULL REFERENCES report_saved (id),
    -- Null: sent by hand.
    schedule_id {uuid},
    user_id {uuid} NOT NULL,
    -- sent, skipped, failed
    state TEXT NOT NULL,
    problem TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX report_sent_list ON report_sent (report_id, id);
CREATE INDEX report_sent_at ON report_sent (at);
CREATE TABLE report_export (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    content {bytes} NOT NULL,
    records BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX report_export_at ON report_export (at)";
