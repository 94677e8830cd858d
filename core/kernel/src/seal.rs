//! Secrets that are used again (of providers of identity, gateways, webhooks, second factors, settings of plugins), sealed where
//! they lie: whoever reads the database, or a copy of it, has not got them.
//!
//! AES-256-GCM by `ring`. The key is no part of the database: it stands in the configuration, or in a file of the data folder that
//! is made by itself. The database knows the key's name alone (`seal_key`), so that a server with another key, or with none, says
//! so and seals nothing that the others could not open. A sealed text names its key and belongs to its place: one that was copied
//! to another row, or to another company, does not open there. A text without the mark is one of before: it is read as it stands,
//! and sealed when it is next written or by the chores. `agreed` is how servers on one database come to one key, `walk` goes over all that
//! lies in the tables of all owners.

mod agreed;
mod walk;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

pub use agreed::{prepare, rotate};
pub use walk::{Kept, Spot, forget, renew, unreadable};

use crate::clock::Env;
use crate::{Error, Result};

/// What a sealed text begins with.
const MARK: &str = "sealed:1:";
/// What lies where a secret was that no key opens and that was given up: it opens nowhere, in earlier versions neither.
const FORGOTTEN: &str = "sealed:1:forgotten:";
/// Characters of a key's name: of a digest of the key.
const NAME: usize = 16;

/// Of a database that was not told its keys, as those in which plugins are tried out: secrets lie there as they were given.
pub(crate) static NONE: Seals = Seals { keys: Vec::new(), place: String::new(), locked: None };

/// Where the keys are.
pub struct SealOptions {
    /// 64 hexadecimal digits each, the one that seals first; empty: they are in the file.
    pub keys: String,
    /// Made with a new key where there is none and nothing was sealed yet.
    pub file: PathBuf,
}

struct Key {
    name: String,
    key: LessSafeKey,
}

/// The keys of this process. They are in no log.
pub struct Seals {
    keys: Vec<Key>,
    place: String,
    locked: Option<String>,
}

/// What became of texts that were looked through to be sealed anew.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Sealed under the present key now.
    pub sealed: usize,
    /// Their key is not here: they are as they were.
    pub closed: usize,
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seals").field("place", &self.place).field("locked", &self.locked).finish_non_exhaustive()
    }
}

impl Seals {
    /// The name of the key that seals, and where it is kept.
    pub fn key(&self) -> Option<(&str, &str)> {
        let key = self.keys.first().filter(|_| self.locked.is_none())?;
        Some((&key.name, &self.place))
    }

    /// Why nothing can be sealed, with the way out, for whoever runs the server.
    pub fn locked(&self) -> Option<&str> {
        self.locked.as_deref()
    }

    /// Seals a secret for its place; an empty one stays empty.
    ///
    /// # Errors
    /// `Conflict("secrets.locked")` while the key is not here.
    pub fn seal(&self, env: &Env, place: &str, secret: &str) -> Result<String> {
        if secret.is_empty() || self.is_none() {
            return Ok(secret.to_owned());
        }
        let key = self.keys.first().filter(|_| self.locked.is_none()).ok_or_else(|| self.closed(place))?;
        let mut nonce = [0_u8; NONCE_LEN];
        env.fill_random(&mut nonce);
        let mut bytes = secret.as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        key.key.seal_in_place_append_tag(unique, Aad::from(place.as_bytes()), &mut bytes).map_err(Error::internal)?;
        let whole = [nonce.as_slice(), bytes.as_slice()].concat();
        Ok(format!("{MARK}{}:{}", key.name, BASE64_STANDARD.encode(whole)))
    }

    /// The secret of a text that was kept at a place.
    ///
    /// # Errors
    /// `Conflict("secrets.locked")` where its key is not here, or it was sealed for another place;
    /// `Conflict("secrets.forgotten")` where it was given up.
    pub fn open(&self, place: &str, kept: &str) -> Result<String> {
        if is_forgotten(kept) {
            return Err(Error::Conflict { code: "secrets.forgotten", current: None });
        }
        let Some(sealed) = kept.strip_prefix(MARK) else { return Ok(kept.to_owned()) };
        self.opened(place, sealed).ok_or_else(|| self.closed(place))
    }

    /// Whether a text opens at its place; one that is clear does. Writes no log.
    pub fn opens(&self, place: &str, kept: &str) -> bool {
        kept.strip_prefix(MARK).is_none_or(|sealed| self.opened(place, sealed).is_some())
    }

    /// The text sealed under the present key; none where it is already, or was given up. Writes no log: whoever looks through all of them says
    /// how many do not open.
    ///
    /// # Errors
    /// As `open` and `seal`.
    pub fn renewed(&self, env: &Env, place: &str, kept: &str) -> Result<Option<String>> {
        if !is_there(kept) || self.is_none() {
            return Ok(None);
        }
        let mark = self.mark().ok_or_else(locked)?;
        if kept.starts_with(&mark) {
            return Ok(None);
        }
        let secret = match kept.strip_prefix(MARK) {
            Some(sealed) => self.opened(place, sealed).ok_or_else(locked)?,
            None => kept.to_owned(),
        };
        self.seal(env, place, &secret).map(Some)
    }

    /// What texts begin with that are sealed under the present key; none while it is not here.
    fn mark(&self) -> Option<String> {
        self.key().map(|(name, _)| format!("{MARK}{name}:"))
    }

    const fn is_none(&self) -> bool {
        self.keys.is_empty() && self.locked.is_none()
    }

    fn opened(&self, place: &str, sealed: &str) -> Option<String> {
        let (name, text) = sealed.split_once(':')?;
        let key = self.keys.iter().find(|key| key.name == name)?;
        let whole = BASE64_STANDARD.decode(text).ok()?;
        let (nonce, bytes) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = bytes.to_vec();
        let secret = key.key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut bytes).ok()?;
        String::from_utf8(secret.to_vec()).ok()
    }

    fn closed(&self, place: &str) -> Error {
        let why = self.locked.as_deref().unwrap_or("it was sealed with a key that is not here, or for another place");
        tracing::error!(place, why, "a secret can be neither opened nor sealed");
        locked()
    }
}

/// Whether a text is one that was sealed, with whatever key.
pub fn is_sealed(kept: &str) -> bool {
    kept.starts_with(MARK)
}

/// Whether a secret was given up because no key opened it.
pub fn is_forgotten(kept: &str) -> bool {
    kept == FORGOTTEN
}

/// Whether there is a secret at all: it was given, and not given up.
pub fn is_there(kept: &str) -> bool {
    !kept.is_empty() && !is_forgotten(kept)
}

fn locked() -> Error {
    Error::Conflict { code: "secrets.locked", current: None }
}

impl Key {
    fn read(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok()?;
        let name = hex::encode(Sha256::digest([b"verstak key ".as_slice(), bytes.as_slice()].concat()));
        let key = UnboundKey::new(&AES_256_GCM, &bytes).ok()?;
        Some(Self { name: name.get(..NAME)?.to_owned(), key: LessSafeKey::new(key) })
    }
}

/// Keys as they are written: separated by spaces, commas or lines; what stands behind `#` is for people.
fn parsed(text: &str, place: &str) -> Result<Vec<Key>> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let words = lines.flat_map(|line| line.split([',', ' ', '\t'])).map(str::trim).filter(|word| !word.is_empty());
    let keys: Option<Vec<Key>> = words.map(Key::read).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
        let why = "a key has 64 hexadecimal digits; of several the first one seals";
        Error::Unavailable(format!("{place}: {why}"))
    })
}

impl SealOptions {
    fn place(&self) -> String {
        match self.keys.trim().is_empty() {
            true => self.file.display().to_string(),
            false => "the configuration (secrets.keys)".to_owned(),
        }
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::Unavailable(format!("{}: {error}", self.file.display()))
    }

    fn read(&self) -> Result<Vec<Key>> {
        if !self.keys.trim().is_empty() {
            return parsed(&self.keys, &self.place());
        }
        match self.read_file()? {
            Some(text) => parsed(&text, &self.place()),
            None => Ok(Vec::new()),
        }
    }

    fn read_file(&self) -> Result<Option<String>> {
        match std::fs::read_to_string(&self.file) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// For this user alone; whole or not at all. Where a link leads to the file it stays one.
    fn write(&self, text: &str) -> io::Result<()> {
        let place = std::fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let part = place.with_extension("part");
        // What was left by a process that was killed, with whatever rights.
        match std::fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, &place)?;
        place.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

/// The keys at hand, whether or not they are those of the database: what opens with them is seen before anything is changed.
///
/// # Errors
/// `Unavailable` when keys cannot be read, or are none.
pub fn at_hand(options: &SealOptions) -> Result<Seals> {
    Ok(Seals { keys: options.read()?, place: options.place(), locked: None })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const ONE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const TWO: &str = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn seals(keys: &str) -> Seals {
        Seals { keys: parsed(keys, "here").unwrap(), place: "here".to_owned(), locked: None }
    }

    #[test]
    fn a_secret_opens_at_its_place_with_its_key_alone() {
        let (env, seals) = (Env::system(), seals(ONE));
        let kept = seals.seal(&env, "a/1", "s:e c їжак").unwrap();
        assert!(kept.starts_with(&seals.mark().unwrap()) && !kept.contains("їжак"), "{kept}");
        assert_eq!(seals.open("a/1", &kept).unwrap(), "s:e c їжак");
        assert_ne!(seals.seal(&env, "a/1", "s:e c їжак").unwrap(), kept);
        let mut damaged = kept.clone();
        damaged.truncate(kept.len() - 8);
        for (place, kept) in
            [("a/2", kept.as_str()), ("a/1", damaged.as_str()), ("a/1", "sealed:1:x"), ("a/1", "sealed:1:")]
        {
            assert_eq!(seals.open(place, kept).unwrap_err().code(), "secrets.locked", "{kept}");
        }
        let other = Seals { locked: Some("lost".to_owned()), ..self::seals(TWO) };
        assert!(other.open("a/1", &kept).is_err() && other.seal(&env, "a/1", "x").is_err() && other.mark().is_none());
        assert_eq!(
            (NONE.seal(&env, "a/1", "x").unwrap(), NONE.renewed(&env, "a/1", "x").unwrap()),
            ("x".to_owned(), None)
        );
        assert!(NONE.open("a/1", &kept).is_err());
        assert!(seals.opens("a/1", &kept) && seals.opens("a/1", "clear") && !seals.opens("a/2", &kept));
        assert!(!other.opens("a/1", &kept) && !NONE.opens("a/1", &kept));
        assert!(!format!("{seals:?}").contains("0011"));
    }

    #[test]
    fn what_was_clear_or_of_an_older_key_is_sealed_anew() {
        let (env, old) = (Env::system(), seals(ONE));
        assert_eq!(
            (old.open("a", "clear").unwrap().as_str(), old.seal(&env, "a", "").unwrap().as_str()),
            ("clear", "")
        );
        let kept = old.renewed(&env, "a", "clear").unwrap().unwrap();
        assert_eq!((old.renewed(&env, "a", &kept).unwrap(), old.renewed(&env, "a", "").unwrap()), (None, None));
        let new = seals(&format!("# the new one\n{TWO}\n{ONE} # of before\r\n"));
        let anew = new.renewed(&env, "a", &kept).unwrap().unwrap();
        assert_eq!(
            (new.open("a", &anew).unwrap(), new.open("a", &kept).unwrap()),
            ("clear".to_owned(), "clear".to_owned())
        );
        assert!(old.open("a", &anew).is_err() && old.renewed(&env, "a", &anew).is_err());
        let locked = Seals { locked: Some("lost".to_owned()), ..seals(ONE) };
        assert!(locked.renewed(&env, "a", &kept).is_err() && locked.renewed(&env, "a", "clear").is_err());
    }

    #[test]
    fn what_was_given_up_opens_nowhere_and_is_not_sealed_again() {
        let (env, seals) = (Env::system(), seals(ONE));
        assert_eq!(seals.open("a", FORGOTTEN).unwrap_err().code(), "secrets.forgotten");
        assert_eq!(seals.renewed(&env, "a", FORGOTTEN).unwrap(), None);
        assert!(!seals.opens("a", FORGOTTEN) && is_sealed(FORGOTTEN) && !is_there(FORGOTTEN) && !is_there(""));
        let kept = seals.seal(&env, "a", "x").unwrap();
        assert!(
            is_there(&kept) && is_sealed(&kept) && !is_forgotten(&kept) && is_there("clear") && !is_sealed("clear")
        );
    }

    #[test]
    fn the_file_is_for_this_user_alone_and_a_link_to_it_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (real, file) = (folder.path().join("real.key"), folder.path().join("secrets.key"));
        std::fs::write(&real, ONE).unwrap();
        symlink(&real, &file).unwrap();
        std::fs::write(folder.path().join("real.part"), "of one who was killed").unwrap();
        let options = SealOptions { keys: String::new(), file };
        options.write(TWO).unwrap();
        assert!(std::fs::symlink_metadata(&options.file).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), TWO);
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!folder.path().join("real.part").exists());
    }

    #[test]
    fn keys_are_whole_or_refused() {
        assert_eq!(parsed(&format!("{ONE}, {TWO}"), "here").unwrap().len(), 2);
        for bad in ["", "# none", "0011", &ONE[2..], "xyz", &format!("{ONE} 00")] {
            assert!(parsed(bad, "here").is_err(), "{bad}");
        }
    }
}
