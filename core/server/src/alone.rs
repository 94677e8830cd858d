//! Who uses a data folder: one server on SQLite, several elsewhere; whoever puts a backup in its place alone. The system
//! holds the lock on a file there, and lets it go with the process, however that ends.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use kernel::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::config::Config;

/// The file that servers lock.
const FILE: &str = "in-use.lock";
/// The file that commands lock which do jobs of the queue themselves.
const JOBS: &str = "jobs.lock";

/// Holds the data folder for a server until the file is dropped. One that does everything over SQLite's file there holds it
/// alone; those that say their part (`--role`), and those on another database, hold it together. Where for certain nobody else
/// does jobs of the database, gives a second file too: until that is dropped no command begins to.
///
/// # Errors
/// `Unavailable` while another server runs on it, or a backup is being put back there.
pub fn serving(config: &Config, everything: bool) -> Result<(File, Option<File>)> {
    if everything && config.database.url.is_empty() {
        let taken = "another server runs on it (or a backup is being put back there): stop it first, or start each of them \
                     with its part, `--role web` or `--role worker`";
        let (file, alone) = hold(config, FILE, FlockOperation::NonBlockingLockExclusive, taken)?;
        let no_command = hold(config, JOBS, FlockOperation::NonBlockingLockExclusive, "a command does jobs");
        let only = no_command.ok().filter(|(_, locked)| alone && *locked);
        return Ok((file, only.map(|(jobs, _)| jobs)));
    }
    let taken = "a server that does everything (`--role all`) runs on it, or a backup is being put back there: stop that \
                 first";
    let (file, _) = hold(config, FILE, FlockOperation::NonBlockingLockShared, taken)?;
    Ok((file, None))
}

/// Says that this command does jobs of the queue until the file is dropped. Waits while a server that starts lets go of what
/// the one before held.
///
/// # Errors
/// `Unavailable` when the folder cannot be written.
pub fn working(config: &Config) -> Result<File> {
    Ok(hold(config, JOBS, FlockOperation::LockShared, "it is locked")?.0)
}

/// Holds the data folder alone until the file is dropped.
///
/// # Errors
/// `Unavailable` while a server runs on it, or another backup is put back.
pub fn alone(config: &Config) -> Result<File> {
    let (file, _) = hold(config, FILE, FlockOperation::NonBlockingLockExclusive, "a server runs on it: stop it first")?;
    Ok(file)
}

/// The file, and whether it is locked indeed.
fn hold(config: &Config, name: &str, how: FlockOperation, taken: &str) -> Result<(File, bool)> {
    let path = config.data.dir.join(name);
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(&config.data.dir).map_err(failed)?;
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
    match flock(&file, how) {
        Ok(()) => Ok((file, true)),
        Err(Errno::WOULDBLOCK) => Err(Error::Unavailable(format!("{}: {taken}", config.data.dir.display()))),
        // A network's file system may know no locks: nobody is kept from their data by that.
        Err(error) => {
            tracing::warn!(%error, "{} cannot be locked", path.display());
            Ok((file, false))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    fn config(folder: &tempfile::TempDir, url: &str) -> Config {
        let overrides = Overrides { data: Some(folder.path().join("new")), ..Overrides::default() };
        let mut config = Config::load(None, &overrides).unwrap();
        config.database.url = url.to_owned();
        config
    }

    #[test]
    fn a_server_that_does_everything_is_there_alone_and_says_who_else_could_be() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder, "");
        let (all, only) = serving(&config, true).unwrap();
        // Until it has let go of lost jobs nobody takes one.
        let jobs = || hold(&config, JOBS, FlockOperation::NonBlockingLockShared, "taken");
        assert!(only.is_some() && jobs().is_err());
        drop(only);
        assert!(jobs().is_ok());
        let refused = serving(&config, true).unwrap_err().to_string();
        assert!(refused.contains("another server runs on it") && refused.contains("--role web"), "{refused}");
        assert!(serving(&config, false).is_err() && alone(&config).is_err());
        drop(all);
        // A command that does jobs keeps no server from starting, but from taking its jobs for lost ones.
        let command = working(&config).unwrap();
        assert!(serving(&config, true).unwrap().1.is_none());
        drop(command);
        assert!(serving(&config, true).unwrap().1.is_some());
    }

    #[test]
    fn servers_that_say_their_part_are_there_together_and_a_backup_is_put_back_alone() {
        let folder = tempfile::tempdir().unwrap();
        for (url, everything) in [("", false), ("postgres://example.org/verstak", true)] {
            let config = config(&folder, url);
            let ((one, only), other) = (serving(&config, everything).unwrap(), serving(&config, false).unwrap());
            assert!(only.is_none() && other.1.is_none());
            assert!(alone(&config).is_err());
            drop(one);
            assert!(alone(&config).is_err());
            drop(other);
            let putting = alone(&config).unwrap();
            assert!(serving(&config, everything).is_err() && alone(&config).is_err());
            drop(putting);
            assert!(serving(&config, everything).is_ok());
        }
    }
}
