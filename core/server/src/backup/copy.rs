//! Bytes from one place to another, counted and hashed on the way, durable when told.

use std::path::{Path, PathBuf};

use axum::body::Bytes;
use futures::StreamExt;
use kernel::files::Store;
use kernel::{Error, Result};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};

use super::{Kept, KeptFile};

/// Bytes read at once.
const PIECE: usize = 256 * 1024;

/// What could not be done with a place on the disk.
pub(super) fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}

/// Makes a folder and those above it.
pub(super) async fn folder(path: &Path) -> Result<()> {
    tokio::fs::create_dir_all(path).await.map_err(|error| failed(path, &error))
}

/// Makes what was put into a folder, or renamed in it, durable.
pub(super) async fn settle(path: &Path) -> Result<()> {
    let opened = File::open(path).await.map_err(|error| failed(path, &error))?;
    opened.sync_all().await.map_err(|error| failed(path, &error))
}

/// Writes a file.
pub(super) async fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create(path).await.map_err(|error| failed(path, &error))?;
    file.write_all(bytes).await.map_err(|error| failed(path, &error))?;
    file.sync_all().await.map_err(|error| failed(path, &error))
}

/// Size and digest of a file.
pub(super) async fn measured(path: &Path, name: &str) -> Result<Kept> {
    let mut file = File::open(path).await.map_err(|error| failed(path, &error))?;
    let (mut hash, mut size, mut piece) = (Sha256::new(), 0_u64, vec![0; PIECE]);
    loop {
        let count = file.read(&mut piece).await.map_err(|error| failed(path, &error))?;
        if count == 0 {
            break;
        }
        hash.update(piece.get(..count).unwrap_or_default());
        size = size.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
    file.sync_all().await.map_err(|error| failed(path, &error))?;
    Ok(Kept { name: name.to_owned(), size, sha256: hex::encode(hash.finalize()) })
}

/// Copies a file of the store to a path.
///
/// # Errors
/// `NotFound` where the store has none; `Unavailable` when its bytes are not what they were.
pub(super) async fn out(store: &Store, file: &KeptFile, path: &Path) -> Result<()> {
    let mut pieces = store.read(file.tenant, file.id, 0, file.size).await?;
    if let Some(above) = path.parent() {
        folder(above).await?;
    }
    let mut to = File::create(path).await.map_err(|error| failed(path, &error))?;
    let mut hash = Sha256::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        hash.update(&piece);
        to.write_all(&piece).await.map_err(|error| failed(path, &error))?;
    }
    to.sync_all().await.map_err(|error| failed(path, &error))?;
    same(file, &hex::encode(hash.finalize()))
}

/// Passes when a file of a backup is what it was.
///
/// # Errors
/// `Unavailable` when its bytes are not what they were.
pub(super) async fn check(file: &KeptFile, path: &Path) -> Result<()> {
    same(file, &measured(path, "").await?.sha256)
}

/// Copies a file of a backup into the store.
///
/// # Errors
/// `Unavailable` when its bytes are not what they were.
pub(super) async fn back(store: &Store, file: &KeptFile, path: &Path) -> Result<()> {
    let mut from = File::open(path).await.map_err(|error| failed(path, &error))?;
    let mut writing = store.write(file.tenant, file.id, file.size).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = from.read(&mut piece).await.map_err(|error| failed(path, &error))?;
        if count == 0 {
            break;
        }
        writing.write(Bytes::copy_from_slice(piece.get(..count).unwrap_or_default())).await?;
    }
    same(file, &writing.finish("").await?.sha256)
}

fn same(file: &KeptFile, sha256: &str) -> Result<()> {
    if file.sha256 == sha256 {
        return Ok(());
    }
    Err(Error::Unavailable(format!("the bytes of the file {} are not what they were: the digest differs", file.id)))
}

/// A file of lines that is written and hashed line by line.
pub(super) struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    size: u64,
}

impl Lines {
    pub(super) async fn new(path: PathBuf) -> Result<Self> {
        let file = File::create(&path).await.map_err(|error| failed(&path, &error))?;
        Ok(Self { path, file: BufWriter::new(file), hash: Sha256::new(), size: 0 })
    }

    pub(super) async fn add(&mut self, line: &str) -> Result<()> {
        let line = format!("{line}\n");
        self.hash.update(line.as_bytes());
        self.size = self.size.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        self.file.write_all(line.as_bytes()).await.map_err(|error| failed(&self.path, &error))
    }

    pub(super) async fn finish(mut self, name: &str) -> Result<Kept> {
        self.file.flush().await.map_err(|error| failed(&self.path, &error))?;
        self.file.get_ref().sync_all().await.map_err(|error| failed(&self.path, &error))?;
        Ok(Kept { name: name.to_owned(), size: self.size, sha256: hex::encode(self.hash.finalize()) })
    }
}
