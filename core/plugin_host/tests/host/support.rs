//! Databases, built guests and packages, each made once per run.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use kernel::Db;
use kernel::db::DbOptions;
use plugin_host::dev::project;
use sea_orm_migration::MigratorTrait;

/// The folder of the whole product.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// An empty, migrated database, gone with the guard.
pub async fn database() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = DbOptions::new(&format!("sqlite:{}", folder.path().join("test.db").display()));
    options.full_sync = false;
    let db = Db::open(&options).await.unwrap();
    migrations::Migrator::up(db.for_migrations(), None).await.unwrap();
    (db, folder)
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
