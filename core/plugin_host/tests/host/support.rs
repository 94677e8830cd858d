//! Databases, built guests and packages, each made once per run.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions};
use plugin_host::dev::project;

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
        _ => sqlite,
    };
    let mut options = DbOptions::new(&url);
    options.full_sync = false;
    let db = Db::open(&options).await.unwrap();
    migrations::upgrade(db.for_migrations()).await.unwrap();
    (db, options, folder)
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

/// The component of a guest, built on first use. Cargo runs one at a time.
pub fn component(folder: &Path) -> PathBuf {
    static ONE: OnceLock<Mutex<()>> = OnceLock::new();
    let _guard = ONE.get_or_init(Mutex::default).lock().unwrap();
    project::build(folder, Some(&root().join("target/guests"))).unwrap()
}

/// The package of a plugin folder.
pub fn package(folder: &Path) -> Vec<u8> {
    project::package(folder, &component(folder), None).unwrap()
}

/// The folder of a guest made for these tests.
pub fn guest(name: &str) -> PathBuf {
    root().join("core/plugin_host/tests/guests").join(name)
}
