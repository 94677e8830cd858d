//! Putting a backup back.

use std::path::{Path, PathBuf};

use kernel::db::Db;
use kernel::files::Store;
use kernel::{Error, Result, Timestamp};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{Backup, KeptFile, copy, database, wrong};
use crate::config::Config;
use crate::{alone, private};

/// Puts a backup back: files, then the database. With `replace` in the place of what is there, else only where there is nothing.
/// Gives what it was, and where the database that was there lies now.
///
/// # Errors
/// `Unavailable` when the backup is not whole or of the other kind of database, when something is there, when a server runs on it,
/// or it cannot be written.
pub async fn restore(config: &Config, from: &Path, replace: bool, now: Timestamp) -> Result<(Backup, Option<PathBuf>)> {
    let saved = Backup::read(from).await?;
    let url = config.db_options().url;
    let sqlite = url.starts_with("sqlite:");
    let wanted = if sqlite { database::SQLITE } else { database::DUMP };
    if saved.database.name != wanted {
        let why = format!("it has `{}`, this database takes `{wanted}`", saved.database.name);
        return Err(Error::Unavailable(format!("{}: {why}", from.display())));
    }
    for kept in [&saved.database, &saved.list] {
        if copy::measured(&from.join(&kept.name), &kept.name).await? != *kept {
            return Err(wrong(from, format!("`{}` is not what it was: the digest differs", kept.name)));
        }
    }
    go_through(&saved, from, None).await?;
    let _held = alone::alone(config)?;
    if !replace && is_used(config, sqlite).await? {
        let why = "there is a database with companies already: say `--replace` to put the backup in its place";
        return Err(Error::Unavailable(why.to_owned()));
    }
    private::prepare_folder(config).map_err(|error| copy::failed(&config.data.dir, &error))?;
    let store = Store::open(&config.store_options())?;
    go_through(&saved, from, Some(&store)).await?;
    let path = from.join(&saved.database.name);
    if !sqlite {
        database::load_dump(&url, &path).await?;
        return Ok((saved, None));
    }
    let to = PathBuf::from(url.trim_start_matches("sqlite:"));
    if to.exists() {
        database::whole(&config.db_options()).await;
    }
    let aside = format!(".before-{}", now.utc().format("%Y%m%dT%H%M%SZ"));
    let before = database::put_file(&path, &saved.database, &to, &aside).await?;
    Ok((saved, before))
}

/// Whether companies are in the database already.
async fn is_used(config: &Config, sqlite: bool) -> Result<bool> {
    let file = config.database_file();
    if sqlite && config.database.url.is_empty() && !file.exists() {
        return Ok(false);
    }
    let db = Db::open(&config.db_options()).await?;
    // A database without tables is empty.
    let used = people::tenant::list(&db).await.is_ok_and(|companies| !companies.is_empty());
    db.close().await?;
    Ok(used)
}

/// Puts the files of a backup into a store; without one only looks whether they are what they were. That is done with all of them
/// before anything is written: a damaged one would take the place of a good one that is there.
async fn go_through(saved: &Backup, from: &Path, store: Option<&Store>) -> Result<()> {
    let path = from.join(&saved.list.name);
    let file = File::open(&path).await.map_err(|error| copy::failed(&path, &error))?;
    let mut lines = BufReader::new(file).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| copy::failed(&path, &error))? {
        let file: KeptFile = serde_json::from_str(&line).map_err(|error| wrong(from, error))?;
        let path = file.path(from);
        match store {
            Some(store) => copy::back(store, &file, &path).await?,
            None => copy::check(&file, &path).await?,
        }
    }
    Ok(())
}
