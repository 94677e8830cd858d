//! Nodes that start together on one database: the schema is brought up to date once.

use futures::future::join_all;
use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions};
use migrations::Migrator;
use sea_orm_migration::MigratorTrait;

use super::released::RELEASES;
use crate::app::{Database, statement};

const NODES: usize = 8;

/// Starts all nodes at the same moment, each in a thread of its own.
async fn start_together(database: &Database) {
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(NODES));
    let nodes = (0..NODES).map(|_| {
        let (barrier, url) = (std::sync::Arc::clone(&barrier), database.url().to_owned());
        tokio::spawn(async move {
            barrier.wait().await;
            let db = Db::open(&DbOptions { url, connections: 2, full_sync: false }).await?;
            migrations::upgrade(db.for_migrations()).await?;
            db.close().await
        })
    });
    for node in join_all(nodes).await {
        node.unwrap().unwrap();
    }
}

async fn number(database: &Database, sql: &str) -> i64 {
    let db = Db::open(&DbOptions { url: database.url().to_owned(), connections: 2, full_sync: false }).await.unwrap();
    let row = db.read().query_one_raw(statement(sql)).await.unwrap().unwrap();
    let number = row.try_get_by_index(0).unwrap();
    db.close().await.unwrap();
    number
}

async fn applied(database: &Database) -> usize {
    usize::try_from(number(database, "SELECT count(*) FROM seaql_migrations").await).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_on_nothing_make_the_schema_once() {
    let database = Database::bare().await;
    start_together(&database).await;
    assert_eq!(applied(&database).await, Migrator::migrations().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_on_an_old_database_upgrade_it_once() {
    for release in RELEASES {
        let database = release.database().await;
        start_together(&database).await;
        assert_eq!(applied(&database).await, Migrator::migrations().len());
        assert!(number(&database, "SELECT count(*) FROM deal").await > 100);
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let database = Database::fresh().await;
    let db = Db::open(&DbOptions { url: database.url().to_owned(), connections: 2, full_sync: false }).await.unwrap();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_future', 0)";
    db.for_migrations().execute_unprepared(newer).await.unwrap();
    let error = migrations::upgrade(db.for_migrations()).await.unwrap_err().to_string();
    assert!(error.contains("m29990101_000001_future"), "{error}");
    db.close().await.unwrap();
}
