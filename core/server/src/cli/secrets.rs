//! `verstak secrets`: the key with which secrets of others are sealed in the database.

use clap::Subcommand;
use kernel::clock::Env;
use kernel::{Db, seal};

use super::{Outcome, Place, say};
use crate::housekeeping::renew_secrets;
use crate::{alone, private};

/// Keys of the secrets that are kept here.
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Make a new key (or take the first one of `secrets.keys`) and seal everything with it; no server may run. Those before stay in
    /// the file, to open what is in backups.
    Rotate(Place),
}

impl SecretsCommand {
    pub(super) async fn run(self) -> Outcome {
        let Self::Rotate(place) = self;
        private::mask();
        let config = place.settings(None)?;
        let _held = alone::alone(&config)?;
        private::prepare(&config)?;
        let (env, options) = (Env::system(), config.seal_options());
        let db = Db::open(&config.db_options()).await?;
        migrations::upgrade(db.for_migrations()).await?;
        seal::rotate(&db, &env, &options).await?;
        seal::prepare(&db, &env, &options).await?;
        let renewed = renew_secrets(&db, &env).await?;
        let (key, place) = db.seals().key().unwrap_or_default();
        say(&format!("{} secrets are sealed with the key {key} of {place} now. Keep a copy of it.", renewed.sealed));
        if renewed.closed > 0 {
            say(&format!(
                "{} secrets cannot be opened with any key here: give them anew in the portal. Whoever has a second factor signs \
                 in with a code on paper and sets it up anew, or has it taken away (`verstak user remove-factor`).",
                renewed.closed
            ));
        }
        Ok(db.close().await?)
    }
}
