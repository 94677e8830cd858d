//! What the server keeps is for its own account alone: folders 0700, files 0600. What others on the machine can read
//! already is said, and left to its owner to mend.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;

use crate::config::Config;

/// Rights of the group and of everybody else.
const OTHERS: u32 = 0o077;

/// Takes from files that this process will make the rights of others.
pub fn mask() {
    rustix::process::umask(Mode::from_raw_mode(OTHERS));
}

/// Makes the data folder and SQLite's file, closed to others, where they are absent; warns of those that are open.
///
/// # Errors
/// When they cannot be made.
pub fn prepare(config: &Config) -> io::Result<()> {
    prepare_folder(config)?;
    if config.database.url.is_empty() {
        // SQLite gives the files beside it the same mode.
        let file = config.database_file();
        OpenOptions::new().append(true).create(true).mode(0o600).open(&file)?;
        warn_if_open(&file, "600")?;
    }
    let keys = config.secrets_file();
    if keys.exists() { warn_if_open(&keys, "600") } else { Ok(()) }
}

/// Makes the folder of everything, for this user alone.
///
/// # Errors
/// When it cannot be made.
pub fn prepare_folder(config: &Config) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(config.files_dir())?;
    warn_if_open(&config.data.dir, "700")
}

fn warn_if_open(path: &Path, mode: &str) -> io::Result<()> {
    if is_open(std::fs::metadata(path)?.permissions().mode()) {
        let path = path.display();
        tracing::warn!("others on this machine can read {path}; close it with `chmod {mode} {path}`");
    }
    Ok(())
}

const fn is_open(mode: u32) -> bool {
    mode & OTHERS != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn what_the_server_keeps_is_closed_to_others() {
        let above = tempfile::tempdir().unwrap();
        let dir = above.path().join("data");
        let config = Config::load(None, &Overrides { data: Some(dir.clone()), ..Overrides::default() }).unwrap();
        prepare(&config).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&config.files_dir()), mode(&config.database_file())), (0o700, 0o700, 0o600));
        prepare(&config).unwrap();
        assert!(is_open(0o40755) && is_open(0o100640) && !is_open(0o100600));
    }
}
