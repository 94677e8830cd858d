//! Records over HTTP.

mod aggregates;
mod bulk;
mod crud;
mod duplicates;
mod exports;
mod filters;
mod given;
mod idempotency;
pub mod imports;
mod imports_whole;
mod lists;
mod merge;
pub mod own;
pub mod pipelines;
pub mod plans;
mod search;
mod search_parts;
mod stages;
mod tasks;
mod texts;
mod timeline;
mod totals;
mod undo;
mod uploads;
mod views;

use crate::app::{TestApp, on_postgres};

/// Makes many records out of the first of a table, numbered on, with titles of their own.
async fn multiply(app: &TestApp, table: &str, count: u32) {
    let (id, numbers) = if on_postgres() {
        ("gen_random_uuid()", format!("generate_series(2, {count}) AS n (i)"))
    } else {
        let all = format!("n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
        ("randomblob(16)", format!("(WITH RECURSIVE {all} SELECT i FROM n) AS n"))
    };
    let columns = "created_at, updated_at, last_activity_at, search";
    app.sql(&format!(
        "INSERT INTO {table} (id, tenant_id, number, version, title, {columns})
         SELECT {id}, tenant_id, n.i, 1, 'T' || n.i, {columns} FROM {table}, {numbers} WHERE number = 1"
    ))
    .await;
}
