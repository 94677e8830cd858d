//! Where tests write what they throw away: in memory when there is plenty of it, else the system's folder for temporary files.
//!
//! Every test makes a database and removes it. On a disk a new PostgreSQL database is a thousand files, and ext4 looks
//! long for the place of each one right after as many were removed: two thirds of that stage's time.
//! Owns: the folder, its end, and what runs that were killed left behind. Must not know: what is written there.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::exec::{Context, Outcome};

/// Linux's file system in memory.
const IN_MEMORY: &str = "/dev/shm";
/// By it programs learn of the folder.
pub const VARIABLE: &str = "TMPDIR";
const PREFIX: &str = "verstak-test-";
/// Free there, and available to the machine, before tests may use it.
const ENOUGH_BYTES: u64 = 6 << 30;

/// A folder of this process; dropping it removes it.
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// An empty folder, after those of processes that are gone were removed.
    pub fn new() -> Outcome<Self> {
        let memory = Path::new(IN_MEMORY);
        sweep(memory, |process| Path::new("/proc").join(process).exists());
        let below = if has_room(memory) { memory.to_owned() } else { std::env::temp_dir() };
        let folder = below.join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir_all(&folder).context(folder.display())?;
        // PostgreSQL goes through it under another account.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).context(folder.display())?;
        Ok(Self { folder })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn has_room(folder: &Path) -> bool {
    let free = rustix::fs::statvfs(folder).map_or(0, |at| at.f_bavail.saturating_mul(at.f_frsize));
    let available = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    free.min(available.unwrap_or(0)) >= ENOUGH_BYTES
}

/// Bytes that programs can still take, of the text of `/proc/meminfo`.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Removes what processes made that no longer live.
fn sweep(below: &Path, lives: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(below).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if process.is_some_and(|process| process.parse::<u32>().is_ok() && !lives(process)) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_read_and_nonsense_is_none() {
        let text = "MemTotal:       24683652 kB\nMemAvailable:   22000000 kB\nBuffers: 1 kB\n";
        assert_eq!(available(text), Some(22_528_000_000));
        for text in ["", "MemAvailable:", "MemAvailable: x kB", "MemAvailable: 5 MB", "MemFree: 5 kB"] {
            assert_eq!(available(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_folders_of_dead_processes_are_swept() {
        let below = std::env::temp_dir().join(format!("xtask-sweep-{}", std::process::id()));
        for name in ["verstak-test-1", "verstak-test-2", "verstak-test-x", "other-2"] {
            std::fs::create_dir_all(below.join(name).join("inner")).expect("a temporary folder");
        }
        sweep(&below, |process| process == "1");
        let left = |name: &str| below.join(name).exists();
        assert!(left("verstak-test-1") && left("verstak-test-x") && left("other-2"));
        assert!(!left("verstak-test-2"));
        std::fs::remove_dir_all(&below).expect("removed");
    }
}
