//! Databases, built guests and packages, each made once per run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions};
use plugin_host::dev::project;
use tokio::sync::OnceCell;

/// The folder of the whole product.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// An empty, migrated database, gone with the guard: SQLite, or PostgreSQL where the run says so.
pub async fn database() -> (Db, tempfile::TempDir) {
    let (db, _, folder) = place().await;
    (db, folder)
}

/// The same, with what another node opens it by.
pub async fn place() -> (Db, DbOptions, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("test.db").display());
    let url = match std::env::var("VERSTAK_TEST_POSTGRES_URL") {
        Ok(server) if std::env::var("VERSTAK_TEST_DATABASE").is_ok_and(|kind| kind == "postgres") => {
            postgres(&server, folder.path()).await
        }
        _ => {
            std::fs::copy(migrated().await.path().join("test.db"), folder.path().join("test.db")).unwrap();
            sqlite
        }
    };
    let (db, options) = open(&url).await;
    (db, options, folder)
}

/// A migrated SQLite database to copy.
async fn migrated() -> &'static tempfile::TempDir {
    static MADE: OnceCell<tempfile::TempDir> = OnceCell::const_new();
    let make = async || {
        let folder = tempfile::tempdir().unwrap();
        let (db, _) = open(&format!("sqlite:{}", folder.path().join("test.db").display())).await;
        db.close().await.unwrap();
        folder
    };
    MADE.get_or_init(make).await
}

async fn open(url: &str) -> (Db, DbOptions) {
    let mut options = DbOptions::new(url);
    options.full_sync = false;
    let db = Db::open(&options).await.unwrap();
    migrations::upgrade(db.for_migrations()).await.unwrap();
    (db, options)
}

/// A fresh database on the server, named after the folder; it goes with the cluster.
async fn postgres(server: &str, folder: &Path) -> String {
    let name: String = folder.file_name().unwrap().to_string_lossy().to_lowercase().replace('.', "plugins_");
    let db = Db::open(&DbOptions::new(server)).await.unwrap();
    db.for_migrations()
        .execute_unprepared(&format!("CREATE DATABASE \"{name}_{}\"", std::process::id()))
        .await
        .unwrap();
    db.close().await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}_{}", std::process::id())
}

/// The component of a guest, built on first use and once in a run. Cargo runs one at a time; where other plugins were built
/// (`VERSTAK_COMPONENTS`) what guests depend on is built already.
pub fn component(folder: &Path) -> PathBuf {
    static BUILT: Mutex<BTreeMap<PathBuf, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let target = std::env::var_os("VERSTAK_COMPONENTS").map_or_else(|| root().join("target/guests"), PathBuf::from);
        project::build(folder, Some(&target)).unwrap()
    };
    built.entry(folder.to_owned()).or_insert_with(make).clone()
}

/// The package of a plugin folder.
pub fn package(folder: &Path) -> Vec<u8> {
    project::package(folder, &component(folder), None).unwrap()
}

/// The folder of a guest made for these tests.
pub fn guest(name: &str) -> PathBuf {
    root().join("core/plugin_host/tests/guests").join(name)
}
