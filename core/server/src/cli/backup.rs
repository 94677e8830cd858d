//! `verstak backup` and `verstak restore`.

use std::path::PathBuf;

use clap::Args;
use kernel::clock::Env;

use super::{Outcome, Place, say};
use crate::backup;

/// Save database and files into a new folder; the server may run meanwhile.
#[derive(Debug, Args)]
pub struct BackupCommand {
    #[command(flatten)]
    place: Place,
    /// The folder in which a folder `verstak-<time>` is made.
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

impl BackupCommand {
    pub(super) async fn run(self) -> Outcome {
        crate::private::mask();
        let config = self.place.settings(None)?;
        let (folder, saved) = backup::backup(&config, &self.to, Env::system().now()).await?;
        say(&format!("{}", folder.display()));
        say(&format!("The database and {} files of {} bytes.", saved.files, saved.bytes));
        let key = match config.secrets.keys.trim().is_empty() {
            true => config.secrets_file().display().to_string(),
            false => "secrets.keys of the configuration".to_owned(),
        };
        say(&format!(
            "Not in it, for it opens the secrets that are (of providers, gateways, webhooks, second factors and modules): the key \
             in {key}. Keep a copy of it in another place."
        ));
        Ok(())
    }
}

/// Put a backup back; no server may run on it.
#[derive(Debug, Args)]
pub struct RestoreCommand {
    #[command(flatten)]
    place: Place,
    /// The folder `verstak-<time>` of the backup.
    #[arg(value_name = "DIR")]
    from: PathBuf,
    /// In the place of the database that is there, which stays beside it (of PostgreSQL nothing stays).
    #[arg(long)]
    replace: bool,
}

impl RestoreCommand {
    pub(super) async fn run(self) -> Outcome {
        crate::private::mask();
        let config = self.place.settings(None)?;
        let (saved, before) = backup::restore(&config, &self.from, self.replace, Env::system().now()).await?;
        say(&format!("Put back what was saved at {} by version {}: {} files.", saved.at, saved.version, saved.files));
        if let Some(before) = before {
            say(&format!("The database that was there: {}", before.display()));
        }
        if config.secrets.keys.trim().is_empty() && !config.secrets_file().exists() {
            let file = config.secrets_file();
            say(&format!(
                "Secrets in it, those of modules too, open with the key of the server it is from: put it into {}.",
                file.display()
            ));
        }
        Ok(())
    }
}
