//! Who uses a data folder: servers together, whoever puts a backup in its place alone. The system holds the lock on a file
//! there, and lets it go with the process, however that ends.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use kernel::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::config::Config;

/// The file that is locked.
const FILE: &str = "in-use.lock";

/// Holds the data folder beside other servers until the file is dropped.
///
/// # Errors
/// `Unavailable` while a backup is put back there.
pub fn together(config: &Config) -> Result<File> {
    hold(config, FlockOperation::NonBlockingLockShared, "a backup is being put back there")
}

/// Holds the data folder alone until the file is dropped.
///
/// # Errors
/// `Unavailable` while a server runs on it, or another backup is put back.
pub fn alone(config: &Config) -> Result<File> {
    hold(config, FlockOperation::NonBlockingLockExclusive, "a server runs on it: stop it first")
}

fn hold(config: &Config, how: FlockOperation, taken: &str) -> Result<File> {
    let path = config.data.dir.join(FILE);
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(&config.data.dir).map_err(failed)?;
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
    match flock(&file, how) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(Error::Unavailable(format!("{}: {taken}", config.data.dir.display()))),
        // A network's file system may know no locks: nobody is kept from their data by that.
        Err(error) => {
            tracing::warn!(%error, "{} cannot be locked", path.display());
            Ok(file)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn servers_are_there_together_and_a_backup_is_put_back_alone() {
        let folder = tempfile::tempdir().unwrap();
        let overrides = Overrides { data: Some(folder.path().join("new")), ..Overrides::default() };
        let config = Config::load(None, &overrides).unwrap();
        let (one, other) = (together(&config).unwrap(), together(&config).unwrap());
        assert!(alone(&config).is_err());
        drop(one);
        assert!(alone(&config).is_err());
        drop(other);
        let putting = alone(&config).unwrap();
        assert!(together(&config).is_err() && alone(&config).is_err());
        drop(putting);
        assert!(together(&config).is_ok());
    }
}
