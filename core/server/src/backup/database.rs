//! The database of a backup: of SQLite a copy at one moment (`VACUUM INTO`), which holds up no writer; of PostgreSQL what `pg_dump`
//! makes, put back by `pg_restore` in one transaction.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kernel::db::{ConnectionTrait, Db, DbOptions};
use kernel::{Error, Result};
use sea_orm::DbBackend;

use super::{Kept, copy};

/// The copy of SQLite's file.
pub(super) const SQLITE: &str = "database.sqlite";
/// What `pg_dump` makes.
pub(super) const DUMP: &str = "database.dump";
/// What is beside SQLite's file while it is open.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Saves the database into a folder.
pub(super) async fn save(url: &str, db: &Db, folder: &Path) -> Result<Kept> {
    if db.backend() == DbBackend::Sqlite {
        let path = folder.join(SQLITE);
        let quoted = path.to_string_lossy().replace('\'', "''");
        db.for_migrations().execute_unprepared(&format!("VACUUM INTO '{quoted}'")).await?;
        return copy::measured(&path, SQLITE).await;
    }
    let path = folder.join(DUMP);
    run("pg_dump", &["--format=custom", "--no-owner", "--no-acl", "--file"], &path, url).await?;
    copy::measured(&path, DUMP).await
}

/// An address of PostgreSQL as its programs take it from their environment.
fn environment(url: &str) -> Result<Vec<(&'static str, String)>> {
    let wrong = || Error::Unavailable("the address of the database is none of PostgreSQL".to_owned());
    let url = url::Url::parse(url).map_err(|_| wrong())?;
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
    let mut all = Vec::new();
    let mut set = |name: &'static str, text: &str| -> Result<()> {
        if !text.is_empty() {
            all.push((name, decoded(text).map_err(|_| wrong())?));
        }
        Ok(())
    };
    set("PGHOST", url.host_str().unwrap_or_default())?;
    set("PGUSER", url.username())?;
    set("PGPASSWORD", url.password().unwrap_or_default())?;
    set("PGDATABASE", url.path().trim_start_matches('/'))?;
    all.extend(url.port().map(|port| ("PGPORT", port.to_string())));
    for (name, value) in url.query_pairs() {
        match &*name {
            "sslmode" => all.push(("PGSSLMODE", value.into_owned())),
            "host" => all.push(("PGHOST", value.into_owned())),
            _ => {}
        }
    }
    Ok(all)
}

/// Runs a program of PostgreSQL's; the password stays out of the list of processes.
async fn run(program: &str, arguments: &[&str], path: &Path, url: &str) -> Result<()> {
    let mut command = Command::new(program);
    command.args(arguments).arg(path).envs(environment(url)?).stdin(Stdio::null()).stdout(Stdio::null());
    let ran = tokio::task::spawn_blocking(move || command.output()).await.map_err(Error::internal)?;
    let ran = ran.map_err(|error| {
        Error::Unavailable(format!(
            "`{program}` cannot be run ({error}): it comes with PostgreSQL, and must be in the PATH"
        ))
    })?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    let last: String = said.trim().chars().rev().take(500).collect::<Vec<_>>().into_iter().rev().collect();
    Err(Error::Unavailable(format!("`{program}` failed: {last}")))
}

/// Puts a dump into an empty database, or in the place of all that is in it: one transaction.
pub(super) async fn load_dump(url: &str, path: &Path) -> Result<()> {
    let known = environment(url)?;
    let name = known.iter().find(|(key, _)| *key == "PGDATABASE").map_or("", |(_, name)| name);
    let arguments = [
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-acl",
        "--exit-on-error",
        "--single-transaction",
        "--dbname",
        name,
    ];
    run("pg_restore", &arguments, path, url).await
}

/// Puts a copy of SQLite's file in the place of another, which stays beside it. The file is copied and made durable first: the
/// rename is the moment. Of the other one `whole` has put into the file what was committed last.
pub(super) async fn put_file(from: &Path, kept: &Kept, to: &Path, aside: &str) -> Result<Option<PathBuf>> {
    let half = with(to, ".restoring");
    tokio::fs::copy(from, &half).await.map_err(|error| copy::failed(&half, &error))?;
    let copied = copy::measured(&half, &kept.name).await?;
    if copied != *kept {
        return Err(Error::Unavailable(format!("{} is not what it was: the digest differs", from.display())));
    }
    let mut before = None;
    if to.exists() {
        let old = with(to, aside);
        tokio::fs::copy(to, &old).await.map_err(|error| copy::failed(&old, &error))?;
        for end in BESIDE {
            let path = with(to, end);
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(copy::failed(&path, &error)),
                _ => {}
            }
        }
        before = Some(old);
    }
    tokio::fs::rename(&half, to).await.map_err(|error| copy::failed(to, &error))?;
    if let Some(above) = to.parent() {
        copy::settle(above).await?;
    }
    Ok(before)
}

/// Puts what lies beside a file of SQLite into it. Of one that cannot be opened nothing can be said: it stays as it is.
pub(super) async fn whole(options: &DbOptions) {
    let settled = async {
        let db = Db::open(options).await?;
        db.for_migrations().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        db.close().await
    };
    if let Err(error) = settled.await {
        tracing::warn!(%error, "the database that is there could not be opened");
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_an_environment() {
        let all = environment("postgres://ann:p%40ss@db.example.com:5433/crm?sslmode=require").unwrap();
        let of = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        assert_eq!(of("PGHOST"), Some("db.example.com"));
        assert_eq!((of("PGUSER"), of("PGPASSWORD")), (Some("ann"), Some("p@ss")));
        assert_eq!((of("PGPORT"), of("PGDATABASE"), of("PGSSLMODE")), (Some("5433"), Some("crm"), Some("require")));
    }
}
