//! The scripts of the modules on the database of this run: what `verstak plugin test` runs on SQLite holds on PostgreSQL too.

use std::path::PathBuf;

use kernel::Db;
use kernel::db::DbOptions;
use plugin_host::dev::test;

use crate::app::{Database, package_of, root};

async fn every_script_passes(name: &str) {
    let package = package_of(name);
    let entries = std::fs::read_dir(root().join("plugins").join(name).join("tests")).unwrap();
    let mut scripts: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    scripts.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    scripts.sort();
    assert!(scripts.len() >= 10, "{scripts:?}");
    let mut wrong = Vec::new();
    for script in scripts {
        let database = Database::fresh().await;
        let db = Db::open(&DbOptions::new(database.url())).await.unwrap();
        let report = test::run(db.clone(), &package, &script, None).await.unwrap();
        let problems = report.steps.into_iter().filter_map(|step| Some(format!("{}: {}", step.title, step.problem?)));
        wrong.extend(problems);
        db.close().await.unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_time_tracking() {
    every_script_passes("time-tracking").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_rollout() {
    every_script_passes("rollout").await;
}
