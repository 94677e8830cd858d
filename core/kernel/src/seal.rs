//! Secrets that are used again (of providers of identity, gateways, webhooks, second factors), sealed where they lie: whoever reads
//! the database, or a copy of it, has not got them.
//!
//! AES-256-GCM by `ring`. The key is no part of the database: it stands in the configuration, or in a file of the data folder that
//! is made by itself. The database knows the key's name alone (`seal_key`), so that a server with another key, or with none, says
//! so and seals nothing that the others could not open. A sealed text names its key and belongs to its place: one that was copied
//! to another row, or to another company, does not open there. A text without the mark is one of before: it is read as it stands,
//! and sealed when it is next written or by the chores.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sea_orm::sea_query::{OnConflict, Query};
use sha2::{Digest, Sha256};

use crate::clock::Env;
use crate::db::{ConnectionTrait, Db, Tx};
use crate::{Error, Result};

/// What a sealed text begins with.
const MARK: &str = "sealed:1:";
/// Characters of a key's name: of a digest of the key.
const NAME: usize = 16;
/// The one row of `seal_key`.
const ROW: &str = "current";

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

impl Renewed {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { sealed: self.sealed.saturating_add(other.sealed), closed: self.closed.saturating_add(other.closed) }
    }
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
    /// `Conflict("secrets.locked")` where its key is not here, or it was sealed for another place.
    pub fn open(&self, place: &str, kept: &str) -> Result<String> {
        let Some(sealed) = kept.strip_prefix(MARK) else { return Ok(kept.to_owned()) };
        self.opened(place, sealed).ok_or_else(|| self.closed(place))
    }

    /// The text sealed under the present key; none where it is already. Writes no log: whoever looks through all of them says
    /// how many do not open.
    ///
    /// # Errors
    /// As `open` and `seal`.
    pub fn renewed(&self, env: &Env, place: &str, kept: &str) -> Result<Option<String>> {
        if kept.is_empty() || self.is_none() {
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

/// Nothing when somebody else was first.
async fn settled(db: &Db, env: &Env, options: &SealOptions) -> Result<Option<Seals>> {
    let tx = db.begin().await?;
    let current = current(&tx).await?;
    let mut keys = options.read()?;
    let first = keys.first().map(|key| key.name.clone());
    let mut locked = None;
    match (first, current) {
        (Some(first), Some(current)) if first == current => {}
        (Some(first), Some(current)) if keys.iter().any(|key| key.name == current) => name(&tx, env, &first).await?,
        (_, Some(current)) => locked = Some(missing(options, &current)),
        (Some(first), None) => {
            if !claimed(&tx, env, &first).await? {
                return Ok(None);
            }
        }
        (None, None) => {
            let text = env.secret();
            keys = parsed(&text, "a new key")?;
            let made = keys.first().map(|key| key.name.clone()).unwrap_or_default();
            if !claimed(&tx, env, &made).await? {
                return Ok(None);
            }
            options.write(&format!("{text}\n")).map_err(|error| options.failed(&error))?;
        }
    }
    tx.commit().await?;
    Ok(Some(Seals { keys, place: options.place(), locked }))
}

fn missing(options: &SealOptions, current: &str) -> String {
    let (file, place) = (options.file.display(), options.place());
    format!(
        "secrets here are sealed with the key {current}, which is not in {place}. Put back the file {file} of the server that made \
         it, or name the key in secrets.keys (VERSTAK__SECRETS__KEYS); all servers on one database need the same. If it is lost, \
         `verstak secrets rotate` has another one take its place, and what it sealed is given anew"
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

async fn current(tx: &Tx) -> Result<Option<String>> {
    let select = Query::select().column("name").from("seal_key").to_owned();
    Ok(tx.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Says by which key things are sealed from now on.
async fn name(tx: &Tx, env: &Env, key: &str) -> Result<()> {
    let replaced = OnConflict::column("place").update_columns(["name", "made_at"]).to_owned();
    write(tx, env, key, replaced).await?;
    Ok(())
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
