//! Servers on one database seal with one key: its name is in the database, and whoever does not have it says so.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};

use super::{Key, SealOptions, Seals, parsed};
use crate::clock::Env;
use crate::db::{ConnectionTrait, Db, Tx};
use crate::{Error, Result};

/// The one row of `seal_key`.
const ROW: &str = "current";

/// Has a database of the present schema know its keys. Where nothing was sealed yet and there is no key one is made.
///
/// A key that is missing, or another one than the servers beside have, is no error: everything but sealed secrets works, and
/// `Seals::locked` says what to do.
///
/// # Errors
/// `Unavailable` when keys cannot be read, are none, or cannot be written; when the database fails.
pub async fn prepare(db: &Db, env: &Env, options: &SealOptions) -> Result<()> {
    loop {
        // Another server may make its own at the same time: then that one is looked at.
        if let Some(seals) = settled(db, env, options).await? {
            if let Some(why) = seals.locked() {
                tracing::error!(why, "secrets can be neither opened nor sealed");
            }
            db.set_seals(seals);
            return Ok(());
        }
    }
}

/// Nothing when somebody else was first. Most starts find all as it was, and only read.
async fn settled(db: &Db, env: &Env, options: &SealOptions) -> Result<Option<Seals>> {
    let current = current(db.read()).await?;
    let mut keys = options.read()?;
    let first = keys.first().map(|key| key.name.clone());
    let mut locked = None;
    match (first, current) {
        (Some(first), Some(current)) if first == current => {}
        (Some(first), Some(current)) if keys.iter().any(|key| key.name == current) => {
            if !renamed(db, env, &current, &first).await? {
                return Ok(None);
            }
        }
        (_, Some(current)) => locked = Some(missing(options, &current)),
        (Some(first), None) => {
            let tx = db.begin().await?;
            if !claimed(&tx, env, &first).await? {
                return Ok(None);
            }
            tx.commit().await?;
        }
        (None, None) => match made(db, env, options).await? {
            Some(made) => keys = made,
            None => return Ok(None),
        },
    }
    Ok(Some(Seals { keys, place: options.place(), locked }))
}

/// A new key in the file, which is there before anybody hears of the key; nothing when somebody else was first.
async fn made(db: &Db, env: &Env, options: &SealOptions) -> Result<Option<Vec<Key>>> {
    let text = env.secret();
    let keys = parsed(&text, "a new key")?;
    let name = keys.first().map(|key| key.name.clone()).unwrap_or_default();
    let tx = db.begin().await?;
    if !claimed(&tx, env, &name).await? {
        return Ok(None);
    }
    options.write(&format!("{text}\n")).map_err(|error| options.failed(&error))?;
    tx.commit().await?;
    Ok(Some(keys))
}

fn missing(options: &SealOptions, current: &str) -> String {
    let (file, place) = (options.file.display(), options.place());
    format!(
        "secrets here are sealed with the key {current}, which is not in {place}. Put back the file {file} of the server that made \
         it, or name the key in secrets.keys (VERSTAK__SECRETS__KEYS); all servers on one database need the same. If it is lost, \
         `verstak secrets rotate --forget-unreadable` has another one take its place, and what it sealed is given anew"
    )
}

/// Has everything be sealed by another key from the next start on: by a new one in the file, those before stay behind it to open
/// what they sealed; or by the first one of the configuration, whichever was first before.
///
/// # Errors
/// `Unavailable` when keys cannot be read, are none, or cannot be written; when the database fails.
pub async fn rotate(db: &Db, env: &Env, options: &SealOptions) -> Result<()> {
    let known = options.read()?;
    let tx = db.begin().await?;
    let first = if options.keys.trim().is_empty() {
        let (text, before) = (env.secret(), options.read_file()?.unwrap_or_default());
        options.write(&format!("{text}\n{before}")).map_err(|error| options.failed(&error))?;
        Key::read(&text)
    } else {
        known.into_iter().next()
    };
    let first = first.ok_or_else(|| Error::internal("a new key is none"))?;
    name(&tx, env, &first.name).await?;
    Ok(tx.commit().await?)
}

async fn current(conn: &impl ConnectionTrait) -> Result<Option<String>> {
    let select = Query::select().column("name").from("seal_key").to_owned();
    Ok(conn.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Says by which key things are sealed from now on.
async fn name(tx: &Tx, env: &Env, key: &str) -> Result<()> {
    let replaced = OnConflict::column("place").update_columns(["name", "made_at"]).to_owned();
    write(tx, env, key, replaced).await?;
    Ok(())
}

/// The same where another one of our keys did until now: false when somebody has named a third one meanwhile.
async fn renamed(db: &Db, env: &Env, from: &str, to: &str) -> Result<bool> {
    let update = Query::update()
        .table("seal_key")
        .value("name", to)
        .value("made_at", env.now().0)
        .and_where(Expr::col("place").eq(ROW))
        .and_where(Expr::col("name").eq(from))
        .to_owned();
    let tx = db.begin().await?;
    let renamed = tx.execute(&update).await?.rows_affected() == 1;
    tx.commit().await?;
    Ok(renamed)
}

/// The same where nobody has said it yet: false when somebody was first.
async fn claimed(tx: &Tx, env: &Env, key: &str) -> Result<bool> {
    Ok(write(tx, env, key, OnConflict::column("place").do_nothing().to_owned()).await? == 1)
}

async fn write(tx: &Tx, env: &Env, key: &str, known: OnConflict) -> Result<u64> {
    let insert = Query::insert()
        .into_table("seal_key")
        .columns(["place", "name", "made_at"])
        .values_panic([ROW.into(), key.into(), env.now().0.into()])
        .on_conflict(known)
        .to_owned();
    Ok(tx.execute(&insert).await?.rows_affected())
}
