//! Where bytes of files are kept: a folder of this machine, or an S3-compatible service.
//!
//! The key of a file is made of ids alone, never of a name. A folder's files are written beside their place and moved there
//! when they are whole; what a crash leaves there is removed by [`Store::forget`].

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kind;
use crate::error::{Error, Result};
use crate::id::TenantId;
use crate::text::Message;

/// Bytes that go to a folder at once.
const PIECE: usize = 256 * 1024;
/// The same for S3, whose parts have a least size of 5 MiB.
const PART: usize = 5 * 1024 * 1024;
/// How long a service that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pieces on their way at once.
const ON_THE_WAY: usize = 2;
/// What is behind the key of a file's thumbnail.
const THUMBNAIL: &str = "-small";

/// Where to keep bytes.
#[derive(Debug, Clone)]
pub enum StoreOptions {
    /// A folder, made if absent and closed to others.
    Folder {
        /// Which.
        path: PathBuf,
        /// Survive a power cut.
        full_sync: bool,
    },
    /// A service that speaks S3.
    S3(S3),
    /// This process, for as long as it lives: tests of plugins.
    Memory,
}

/// A service that speaks S3.
#[derive(Clone, Deserialize)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// `https://...`; empty = Amazon's own.
    pub endpoint: String,
    /// The key's id and its secret.
    pub access_key: String,
    /// The secret.
    pub secret_key: String,
    /// Whether a connection may be readable by others.
    pub allow_http: bool,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Bytes as they come out of the store.
pub type Pieces = BoxStream<'static, Result<Bytes>>;

/// The store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    store: Arc<dyn ObjectStore>,
    /// The folder, where it is one.
    folder: Option<PathBuf>,
    piece: usize,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// In hexadecimal.
    pub sha256: String,
    /// By its content and, where content leaves a choice, its name.
    pub media_type: &'static str,
}

/// A file that is being written. Whoever drops it leaves nothing in a folder; on S3 its parts stay until
/// [`Store::forget`] or a rule of the bucket.
pub struct Writing {
    writer: WriteMultipart,
    hash: Sha256,
    size: u64,
    most: u64,
    head: Vec<u8>,
}

impl Store {
    /// Opens the store.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn open(options: &StoreOptions) -> Result<Self> {
        match options {
            StoreOptions::Folder { path, full_sync } => {
                let wrong = |why: String| Error::Unavailable(format!("files: {}: {why}", path.display()));
                DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|why| wrong(why.to_string()))?;
                let store = LocalFileSystem::new_with_prefix(path).map_err(|why| wrong(why.to_string()))?;
                let store = store.with_fsync(*full_sync);
                Ok(Self { store: Arc::new(store), folder: Some(path.clone()), piece: PIECE })
            }
            StoreOptions::Memory => Ok(Self { store: Arc::new(InMemory::new()), folder: None, piece: PIECE }),
            StoreOptions::S3(s3) => {
                crate::net::choose_encryption();
                let mut builder = AmazonS3Builder::new()
                    .with_bucket_name(&s3.bucket)
                    .with_region(&s3.region)
                    .with_access_key_id(&s3.access_key)
                    .with_secret_access_key(&s3.secret_key)
                    .with_allow_http(s3.allow_http)
                    // Not every service knows how to delete many at once, and we delete one.
                    .with_disable_bulk_delete(true)
                    .with_retry(RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() });
                if !s3.endpoint.is_empty() {
                    builder = builder.with_endpoint(&s3.endpoint);
                }
                let store = builder.build().map_err(|why| Error::Unavailable(format!("files: {why}")))?;
                Ok(Self { store: Arc::new(store), folder: None, piece: PART })
            }
        }
    }

    /// Begins to write a file of at most `most` bytes.
    ///
    /// # Errors
    /// `Unavailable` when the store does not take it.
    pub async fn write(&self, tenant: TenantId, file: Uuid, most: u64) -> Result<Writing> {
        let upload = self.store.put_multipart(&key(tenant, file)).await.map_err(failed)?;
        let writer = WriteMultipart::new_with_chunk_size(upload, self.piece);
        Ok(Writing { writer, hash: Sha256::new(), size: 0, most, head: Vec::new() })
    }

    /// The bytes of a file from `from` on, `length` of them; they must be there.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn read(&self, tenant: TenantId, file: Uuid, from: u64, length: u64) -> Result<Pieces> {
        if length == 0 {
            return Ok(stream::empty().boxed());
        }
        self.stream(&key(tenant, file), from..from.saturating_add(length)).await
    }

    /// A whole file of at most `most` bytes.
    ///
    /// # Errors
    /// `NotFound`, `TooLarge`, `Unavailable`.
    pub async fn read_whole(&self, tenant: TenantId, file: Uuid, size: u64, most: u64) -> Result<Vec<u8>> {
        if size > most {
            return Err(too_large(most));
        }
        gathered(self.read(tenant, file, 0, size).await?).await
    }

    /// Keeps a file's thumbnail.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn keep_thumbnail(&self, tenant: TenantId, file: Uuid, picture: Vec<u8>) -> Result<()> {
        self.store.put(&thumbnail(tenant, file), picture.into()).await.map(drop).map_err(failed)
    }

    /// A file's thumbnail.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn thumbnail(&self, tenant: TenantId, file: Uuid) -> Result<Vec<u8>> {
        let found = self.store.get(&thumbnail(tenant, file)).await.map_err(failed)?;
        Ok(found.bytes().await.map_err(failed)?.to_vec())
    }

    async fn stream(&self, key: &Key, range: std::ops::Range<u64>) -> Result<Pieces> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(key, options).await.map_err(failed)?;
        Ok(found.into_stream().map(|piece| piece.map_err(failed)).boxed())
    }

    /// Removes whatever there is of a file. What is not there is no error.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn forget(&self, tenant: TenantId, file: Uuid) -> Result<()> {
        for key in [key(tenant, file), thumbnail(tenant, file)] {
            match self.store.delete(&key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        match &self.folder {
            Some(folder) => forget_beside(folder.join(folder_of(tenant, file)), file).await.map_err(Error::internal),
            None => Ok(()),
        }
    }
}

/// Removes what a crash left beside the place of a file: it bears the file's name and more.
async fn forget_beside(folder: PathBuf, file: Uuid) -> std::io::Result<()> {
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else { return Ok(()) };
    let begin = file.simple().to_string();
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_name().to_string_lossy().starts_with(&begin) {
            match tokio::fs::remove_file(entry.path()).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

impl Writing {
    /// Takes more bytes; waits for the store.
    ///
    /// # Errors
    /// `TooLarge`, `Unavailable`.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(length);
        if self.size > self.most {
            return Err(too_large(self.most));
        }
        let missing = kind::HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        self.hash.update(&bytes);
        self.writer.wait_for_capacity(ON_THE_WAY).await.map_err(failed)?;
        self.writer.put(bytes);
        Ok(())
    }

    /// Everything has come: makes it durable.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn finish(self, name: &str) -> Result<Stored> {
        self.writer.finish().await.map_err(failed)?;
        let media_type = kind::of(&self.head, name);
        Ok(Stored { size: self.size, sha256: hex::encode(self.hash.finalize()), media_type })
    }

    /// It is not wanted any more.
    pub async fn abort(self) {
        if let Err(error) = self.writer.abort().await {
            tracing::warn!(%error, "an upload that was broken off left something in the store");
        }
    }
}

fn folder_of(tenant: TenantId, file: Uuid) -> String {
    // The end of an id is random: as many files in each folder.
    let id = file.simple().to_string();
    format!("{}/{}", tenant.0.simple(), id.get(30..).unwrap_or_default())
}

fn key(tenant: TenantId, file: Uuid) -> Key {
    Key::from(format!("{}/{}", folder_of(tenant, file), file.simple()))
}

fn thumbnail(tenant: TenantId, file: Uuid) -> Key {
    Key::from(format!("{}/{}{THUMBNAIL}", folder_of(tenant, file), file.simple()))
}

/// All pieces in one.
///
/// # Errors
/// Those of the pieces.
pub(super) async fn gathered(mut pieces: Pieces) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole)
}

fn too_large(most: u64) -> Error {
    let words = match most {
        most if most >= 1024 * 1024 => format!("{} MiB", most / (1024 * 1024)),
        most => format!("{} KiB", most / 1024),
    };
    Error::TooLarge(Message::key("error.file.too_large").with("max", words))
}

fn failed(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Error::NotFound("bytes of a file".into()),
        error => {
            tracing::error!(%error, "the store of files failed");
            Error::Unavailable("the store of files".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }

    #[tokio::test]
    async fn a_folder_keeps_whole_files_in_ranges_and_forgets_halves() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("files");
        let store = Store::open(&StoreOptions::Folder { path: path.clone(), full_sync: true }).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let (tenant, file) = (TenantId(Uuid::from_u128(1)), Uuid::from_u128(2));
        let mut writing = store.write(tenant, file, 1_000_000).await.unwrap();
        for _ in 0..10 {
            writing.write(Bytes::from(vec![b'a'; 60_000])).await.unwrap();
        }
        let stored = writing.finish("a.txt").await.unwrap();
        assert_eq!((stored.size, stored.media_type), (600_000, "text/plain"));
        assert_eq!(stored.sha256, hex::encode(Sha256::digest(vec![b'a'; 600_000])));
        let part = gathered(store.read(tenant, file, 599_990, 10).await.unwrap()).await.unwrap();
        assert_eq!(part, b"aaaaaaaaaa");
        store.keep_thumbnail(tenant, file, vec![1]).await.unwrap();
        // A crash leaves the beginning of a file beside its place.
        let mut half = store.write(tenant, Uuid::from_u128(3), 1_000_000).await.unwrap();
        half.write(Bytes::from(vec![b'a'; 600_000])).await.unwrap();
        half.writer.wait_for_capacity(0).await.unwrap();
        std::mem::forget(half);
        assert_eq!(count(&path), 3);
        for file in [file, Uuid::from_u128(3), Uuid::from_u128(4)] {
            store.forget(tenant, file).await.unwrap();
        }
        assert_eq!(count(&path), 0);
        assert!(matches!(store.read(tenant, file, 0, 1).await.err(), Some(Error::NotFound(_))));
        let mut large = store.write(tenant, file, 10).await.unwrap();
        assert!(matches!(large.write(Bytes::from_static(b"12345678901")).await, Err(Error::TooLarge(_))));
        large.abort().await;
        assert_eq!(count(&path), 0);
    }
}
