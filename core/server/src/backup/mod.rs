//! Backups: the database at one moment and the bytes of all files, in a folder of their own; and putting one back.
//!
//! A backup is written beside the running server. It is a folder `verstak-<time>` with the database (`database.sqlite`, or
//! `database.dump` of `pg_dump`), the files by id, `files.jsonl` with a line for each, and `backup.json`, which says what belongs
//! together and is written last; until then the folder is called `.part`, so that one that was broken off is never taken for
//! whole.
//!
//! Bytes of files never change and are in the store before their row says so: what is copied after the moment of the database is
//! all that its rows name. A file that is forgotten for good in between is in the list of rows, and nowhere else.
//!
//! Putting back, on a data folder that no server uses, once every file was found to be what it was: files first, then the database by one rename (or one transaction of `pg_restore`). Whoever is killed in between has
//! the old database, and files that it does not know.

mod copy;
mod database;
mod restore;

use std::path::{Path, PathBuf};

use kernel::db::Db;
use kernel::files::{Store, table};
use kernel::{Error, Result, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Config;

use copy::Lines;
pub use restore::restore;

/// What belongs together.
const LIST: &str = "backup.json";
/// A line for each file.
const FILES: &str = "files.jsonl";
/// The folder of their bytes.
const FOLDER: &str = "files";
/// Rows of files read at once.
const PAGE: u64 = 500;
/// The form of a backup.
const FORM: u32 = 1;
/// Backups of one second.
const MAX_OF_A_SECOND: u32 = 100;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// How it is written.
    form: u32,
    /// Of the program that made it.
    pub version: String,
    /// When it was begun.
    pub at: Timestamp,
    /// `database.sqlite` or `database.dump`.
    database: Kept,
    /// The list of files.
    list: Kept,
    /// How many files of records it has.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A file of the backup itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    name: String,
    size: u64,
    sha256: String,
}

/// A file of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptFile {
    tenant: TenantId,
    id: Uuid,
    size: u64,
    sha256: String,
}

impl KeptFile {
    fn path(&self, backup: &Path) -> PathBuf {
        let id = self.id.simple().to_string();
        // The end of an id is random: as many files in each folder.
        let shelf = id.get(id.len().saturating_sub(2)..).unwrap_or("00").to_owned();
        backup.join(FOLDER).join(self.tenant.0.simple().to_string()).join(shelf).join(id)
    }
}

impl Backup {
    /// Reads what a backup is.
    ///
    /// # Errors
    /// `Unavailable` where the folder is no whole backup, or one of another form.
    pub async fn read(folder: &Path) -> Result<Self> {
        let text = tokio::fs::read(folder.join(LIST)).await;
        let text = text.map_err(|error| wrong(folder, format!("{LIST}: {error}")))?;
        let list: Self = serde_json::from_slice(&text).map_err(|error| wrong(folder, format!("{LIST}: {error}")))?;
        match list.form {
            FORM => Ok(list),
            form => Err(wrong(folder, format!("it has the form {form}, this program reads {FORM}"))),
        }
    }
}

fn wrong(folder: &Path, why: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("{} is no whole backup: {why}", folder.display()))
}

/// A folder that is not there yet, and the one in which it is made: several backups of one second are numbered.
fn free(to: &Path, now: Timestamp) -> Result<(PathBuf, PathBuf)> {
    let name = format!("verstak-{}", now.utc().format("%Y%m%dT%H%M%SZ"));
    let names = (1..=MAX_OF_A_SECOND).map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") });
    let mut folders = names.map(|name| (to.join(&name), to.join(format!("{name}.part"))));
    let free = folders.find(|(whole, part)| !whole.exists() && !part.exists());
    free.ok_or_else(|| Error::Unavailable(format!("{} is there already", to.join(name).display())))
}

/// Makes a backup in a new folder inside `to`, and gives the folder. The server may run.
///
/// # Errors
/// `Unavailable` when something cannot be read or written; the unfinished folder `.part` is left.
pub async fn backup(config: &Config, to: &Path, now: Timestamp) -> Result<(PathBuf, Backup)> {
    let (whole, part) = free(to, now)?;
    copy::folder(&part).await?;
    let db = Db::open(&config.db_options()).await?;
    let store = Store::open(&config.store_options())?;
    let database = database::save(&config.db_options().url, &db, &part).await?;
    let mut saved = Backup {
        form: FORM,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now,
        database,
        list: Kept { name: FILES.to_owned(), size: 0, sha256: String::new() },
        files: 0,
        bytes: 0,
    };
    save_files(&db, &store, &part, &mut saved).await?;
    db.close().await?;
    let text = serde_json::to_vec_pretty(&saved).map_err(Error::internal)?;
    copy::write(&part.join(LIST), &text).await?;
    copy::settle(&part).await?;
    tokio::fs::rename(&part, &whole).await.map_err(|error| copy::failed(&whole, &error))?;
    copy::settle(to).await?;
    Ok((whole, saved))
}

/// Copies the bytes of every file that the database names.
async fn save_files(db: &Db, store: &Store, part: &Path, saved: &mut Backup) -> Result<()> {
    let mut lines = Lines::new(part.join(FILES)).await?;
    let mut after = None;
    loop {
        let rows = table::whole_after(db.read(), after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows {
            let file = KeptFile { tenant: row.tenant, id: row.id, size: row.size, sha256: row.sha256 };
            match copy::out(store, &file, &file.path(part)).await {
                Ok(()) => {
                    lines.add(&serde_json::to_string(&file).map_err(Error::internal)?).await?;
                    saved.files = saved.files.saturating_add(1);
                    saved.bytes = saved.bytes.saturating_add(file.size);
                }
                // Forgotten for good meanwhile.
                Err(Error::NotFound(_)) if table::find(db.read(), file.tenant, file.id).await?.is_none() => {}
                Err(Error::NotFound(_)) => {
                    let why = format!("the bytes of the file {} (`{}`) are not in the store", file.id, row.name);
                    return Err(Error::Unavailable(why));
                }
                Err(error) => return Err(error),
            }
        }
    }
    saved.list = lines.finish(FILES).await?;
    Ok(())
}
