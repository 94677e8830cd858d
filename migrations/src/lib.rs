//! The database schema, forwards only.
//!
//! Owns: every table of the product, one file per step named `m<date>_<n>_<what>.rs`. Must not know: any entity
//! or type of the core, so that an old migration never changes when the code does. In: a connection; out: the
//! schema of the newest version (`upgrade`). Column types are the portable ones of `dialect`. A released step is never
//! changed: databases in the world have it.

mod dialect;
mod m20261122_000001_foundation;
mod m20261122_000002_records;
mod m20261122_000003_plugins;
mod m20261122_000004_work;
mod m20261122_000005_process;
mod m20261128_000006_jobs;
mod m20261128_000007_long_jobs;
mod m20261128_000008_role_covers;
mod m20261128_000009_catalogue;
mod m20261128_000010_tasks;
mod m20261129_000011_texts;
mod m20261129_000012_answers;
mod m20261129_000013_lanes;
mod m20261129_000014_process_rights;
mod m20261129_000015_session_address;
mod m20261129_000016_stage_totals;
mod m20261129_000017_indexes;
mod m20261129_000018_search;
mod m20261129_000019_modules;
mod m20261129_000020_plugin_jobs;
mod m20261129_000021_wide_sums;
mod m20261129_000022_files;
mod m20261129_000023_rates;
mod m20261129_000024_gates;
mod m20261129_000025_drawings;
mod m20261129_000026_messaging;
mod m20261129_000027_reports;
mod m20261129_000030_notices;
mod m20261129_000031_stage_labels;
mod m20261129_000032_sales;
mod m20261129_000033_pipelines;
mod m20261129_000034_rules;
mod m20261129_000035_documents;
mod m20261129_000036_merge;
mod m20261129_000037_plugin_fills;
mod m20261129_000039_sign_in;
mod m20261129_000040_automation;
mod m20261129_000041_watch;
mod m20261129_000042_layouts;
mod m20261130_000043_configuration;
mod m20261130_000044_directories;
mod m20261130_000045_outside;
mod m20261130_000046_own_templates;
mod m20261130_000047_payment_parts;
mod m20261130_000049_known_rules;
mod m20261130_000051_view_as;
mod m20261130_000052_providers;
mod m20261130_000054_known_webhooks;
mod m20261130_000056_public_pages;
mod m20261130_000057_search_parts;
mod m20261130_000058_page_links;
mod m20261130_000059_rule_hooks;
mod m20261130_000060_seals;
mod upgrade;

use sea_orm_migration::prelude::*;

pub use upgrade::upgrade;

/// The ordered list of migrations.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_foundation::Migration),
            Box::new(m20261122_000002_records::Migration),
            Box::new(m20261122_000003_plugins::Migration),
            Box::new(m20261122_000004_work::Migration),
            Box::new(m20261122_000005_process::Migration),
            Box::new(m20261128_000006_jobs::Migration),
            Box::new(m20261128_000007_long_jobs::Migration),
            Box::new(m20261128_000008_role_covers::Migration),
            Box::new(m20261128_000009_catalogue::Migration),
            Box::new(m20261128_000010_tasks::Migration),
            Box::new(m20261129_000011_texts::Migration),
            Box::new(m20261129_000012_answers::Migration),
            Box::new(m20261129_000013_lanes::Migration),
            Box::new(m20261129_000014_process_rights::Migration),
            Box::new(m20261129_000015_session_address::Migration),
            Box::new(m20261129_000016_stage_totals::Migration),
            Box::new(m20261129_000017_indexes::Migration),
            Box::new(m20261129_000018_search::Migration),
            Box::new(m20261129_000019_modules::Migration),
            Box::new(m20261129_000020_plugin_jobs::Migration),
            Box::new(m20261129_000021_wide_sums::Migration),
            Box::new(m20261129_000022_files::Migration),
            Box::new(m20261129_000023_rates::Migration),
            Box::new(m20261129_000024_gates::Migration),
            Box::new(m20261129_000025_drawings::Migration),
            Box::new(m20261129_000026_messaging::Migration),
            Box::new(m20261129_000027_reports::Migration),
            Box::new(m20261129_000030_notices::Migration),
            Box::new(m20261129_000031_stage_labels::Migration),
            Box::new(m20261129_000032_sales::Migration),
            Box::new(m20261129_000033_pipelines::Migration),
            Box::new(m20261129_000034_rules::Migration),
            Box::new(m20261129_000035_documents::Migration),
            Box::new(m20261129_000036_merge::Migration),
            Box::new(m20261129_000037_plugin_fills::Migration),
            Box::new(m20261129_000039_sign_in::Migration),
            Box::new(m20261129_000040_automation::Migration),
            Box::new(m20261129_000041_watch::Migration),
            Box::new(m20261129_000042_layouts::Migration),
            Box::new(m20261130_000043_configuration::Migration),
            Box::new(m20261130_000044_directories::Migration),
            Box::new(m20261130_000045_outside::Migration),
            Box::new(m20261130_000046_own_templates::Migration),
            Box::new(m20261130_000047_payment_parts::Migration),
            Box::new(m20261130_000049_known_rules::Migration),
            Box::new(m20261130_000051_view_as::Migration),
            Box::new(m20261130_000056_public_pages::Migration),
            Box::new(m20261130_000052_providers::Migration),
            Box::new(m20261130_000054_known_webhooks::Migration),
            Box::new(m20261130_000057_search_parts::Migration),
            Box::new(m20261130_000058_page_links::Migration),
            Box::new(m20261130_000059_rule_hooks::Migration),
            Box::new(m20261130_000060_seals::Migration),
        ]
    }
}
