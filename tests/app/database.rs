//! A database for one test: a copy of a migrated one, removed afterwards.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions};
use sea_orm::{DbBackend, Statement};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Whether the suite runs on PostgreSQL.
pub fn on_postgres() -> bool {
    std::env::var("VERSTAK_TEST_DATABASE").is_ok_and(|name| name == "postgres")
}

fn cluster() -> String {
    std::env::var("VERSTAK_TEST_POSTGRES_URL").expect("VERSTAK_TEST_POSTGRES_URL is the address of a cluster")
}

/// The address of another database of the same cluster.
fn address(name: &str) -> String {
    let url = cluster();
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

pub fn statement(sql: &str) -> Statement {
    Statement::from_string(if on_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite }, sql)
}

/// A database with its folder; both go when it is dropped.
pub struct Database {
    folder: TempDir,
    url: String,
    name: Option<String>,
}

impl Database {
    /// A migrated, empty one.
    pub async fn fresh() -> Self {
        kernel::net::choose_encryption();
        if on_postgres() { Self::postgres(Some(&postgres_template().await)).await } else { Self::sqlite(true).await }
    }

    /// One without any table.
    pub async fn bare() -> Self {
        kernel::net::choose_encryption();
        if on_postgres() { Self::postgres(None).await } else { Self::sqlite(false).await }
    }

    async fn sqlite(migrated: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("verstak.db");
        if migrated {
            std::fs::copy(sqlite_template().await.path().join("verstak.db"), &file).unwrap();
        }
        Self { url: format!("sqlite:{}", file.display()), folder, name: None }
    }

    async fn postgres(template: Option<&str>) -> Self {
        let name = fresh_name();
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        admin(&format!("CREATE DATABASE {name}{template}")).await;
        Self { folder: tempfile::tempdir().unwrap(), url: address(&name), name: Some(name) }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        drop(dropped.join());
    }
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("verstak_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn admin(sql: &str) {
    let connection = sea_orm::Database::connect(cluster()).await.unwrap();
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

async fn migrate(url: &str) {
    let db = Db::open(&DbOptions { url: url.to_owned(), connections: 2, full_sync: false }).await.unwrap();
    migrations::upgrade(db.for_migrations()).await.unwrap();
    db.close().await.unwrap();
}

async fn sqlite_template() -> &'static TempDir {
    static TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().unwrap();
            migrate(&format!("sqlite:{}", folder.path().join("verstak.db").display())).await;
            folder
        })
        .await
}

async fn postgres_template() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let made = TEMPLATE.get_or_init(|| async {
        let name = fresh_name();
        admin(&format!("CREATE DATABASE {name}")).await;
        migrate(&address(&name)).await;
        name
    });
    made.await.clone()
}

/// An id as a literal of the database's SQL.
pub fn uuid_sql(id: &str) -> String {
    if on_postgres() { format!("'{id}'::uuid") } else { format!("x'{}'", id.replace('-', "")) }
}
