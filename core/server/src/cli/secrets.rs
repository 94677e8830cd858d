//! `verstak secrets`: the key with which secrets of others are sealed in the database.

use clap::{Args, Subcommand};
use kernel::Db;
use kernel::clock::Env;
use kernel::db::{DbOptions, connected};

use super::{Failure, Outcome, Place, say};
use crate::secrets::{lines, rotate};
use crate::{alone, private};

/// Keys of the secrets that are kept here.
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Make a new key (or take the first one of `secrets.keys`) and seal everything with it; no server may run. Those before stay in
    /// the file, to open what is in backups.
    ///
    /// One that works on the same data folder, or is connected to the same PostgreSQL, is found and nothing is done. Which servers
    /// stand behind a pooler of connections, or were only stopped for a moment, you must know yourself: one that goes on with the
    /// old key alone opens nothing that was sealed with the new one.
    Rotate(Rotate),
}

/// How the key is changed.
#[derive(Debug, Args)]
pub struct Rotate {
    #[command(flatten)]
    place: Place,
    /// Give up for good what no key at hand opens, instead of leaving everything as it is: it is given anew in the portal.
    #[arg(long)]
    forget_unreadable: bool,
}

impl SecretsCommand {
    pub(super) async fn run(self) -> Outcome {
        let Self::Rotate(Rotate { place, forget_unreadable }) = self;
        private::mask();
        let config = place.settings(None)?;
        let _held = alone::alone(&config)?;
        private::prepare(&config)?;
        stands_still(&config.db_options()).await?;
        let db = Db::open(&config.db_options()).await?;
        migrations::upgrade(db.for_migrations()).await?;
        let rotated = rotate(&db, &Env::system(), &config.seal_options(), forget_unreadable).await?;
        let (key, place) = db.seals().key().unwrap_or_default();
        say(&format!("{} secrets are sealed with the key {key} of {place} now. Keep a copy of it.", rotated.sealed));
        if rotated.forgotten > 0 {
            say(&format!(
                "{} secrets were given up: give them anew in the portal. Whoever has a second factor signs in with a code on paper \
                 and sets it up anew, or has it taken away (`verstak user remove-factor`).",
                rotated.forgotten
            ));
        }
        Ok(db.close().await?)
    }
}

/// Refuses while somebody else works on the database.
async fn stands_still(options: &DbOptions) -> Outcome {
    let others = connected(options).await?;
    match others.is_empty() {
        true => Ok(()),
        false => Err(Failure(format!(
            "others are connected to the database:{}\nNothing was changed. Stop these servers first; a connection that one left \
             behind when it broke down is ended by PostgreSQL after a while, or by `SELECT pg_terminate_backend(number)`",
            lines(&others)
        ))),
    }
}
