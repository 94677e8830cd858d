//! Files of records. Who reads a record reads its files, who may change it adds, renames and removes them; a record that is
//! not seen has none. Rights on fields have no say here.
//!
//! What happens to files stands in the event log of their record (`file.added`, `file.removed`, `file.renamed`) and in the
//! audit. Bytes flow to the store in pieces, and only then a transaction, in which rights and room are judged again, says
//! that the file is there.

mod offered;
mod sweep;

pub use offered::MAX_OFFERED;
pub use sweep::{SWEEP, Sweep};

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use kernel::access::Action;
use kernel::db::{ConnectionTrait, Tx, again_raced};
use kernel::error::FieldError;
use kernel::event::{self, NewEvent};
use kernel::files::{FileRow, Pieces, State, Store, Stored, kind, name, table, thumbnail};
use kernel::{Ctx, Error, RecordId, RecordRef, Result, audit};
use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::read::Refs;
use crate::references::USER;
use crate::{Record, Records, read};

/// Files in one answer at most.
const LISTED: u64 = 1_000;

/// How much is taken.
#[derive(Debug, Clone, Copy)]
pub struct FileLimits {
    /// Bytes of a file.
    pub file: u64,
    /// Bytes of all files of a company, those in the bin too; 0 = no limit.
    pub company: u64,
    /// Files of a record.
    pub record: u64,
    /// Days in the bin.
    pub bin_days: i64,
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Files {
    records: Records,
    store: Store,
    limits: FileLimits,
    /// One picture is unpacked at a time: each may take the memory of its limit.
    unpacking: Arc<Semaphore>,
}

impl Files {
    /// Over a store.
    pub fn new(records: &Records, store: Store, limits: FileLimits) -> Self {
        Self { records: records.clone(), store, limits, unpacking: Arc::new(Semaphore::new(1)) }
    }

    /// What is taken.
    pub const fn limits(&self) -> FileLimits {
        self.limits
    }

    /// The files of a record that the actor sees, newest first, with the names of who brought them; or what is in the bin
    /// of one that they may change.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn list(&self, ctx: &Ctx, entity: &str, id: RecordId, removed: bool) -> Result<(Vec<FileRow>, Refs)> {
        let conn = self.records.db().read();
        if removed {
            self.writable(conn, ctx, entity, id).await?;
        } else {
            self.records.get(ctx, entity, id).await?;
        }
        let state = if removed { State::Removed } else { State::Kept };
        let of = RecordRef { entity: entity.into(), id };
        let found = table::of_record(conn, ctx.tenant, &of, state, LISTED).await?;
        let refs = self.names(ctx, &found).await?;
        Ok((found, refs))
    }

    /// The names of who brought these files.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names(&self, ctx: &Ctx, files: &[FileRow]) -> Result<Refs> {
        let mut people: Vec<Uuid> = files.iter().filter_map(|file| file.actor.user()).map(|user| user.0).collect();
        people.sort();
        people.dedup();
        let mut refs = Refs::new();
        if !people.is_empty() {
            self.records.titles(ctx, USER, &people, &mut refs).await?;
        }
        Ok(refs)
    }

    /// Passes whoever may add files to a record.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn may_add(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<()> {
        self.writable(self.records.db().read(), ctx, entity, id).await.map(drop)
    }

    /// Adds a file to a record that the actor may change. Whatever goes wrong, nothing is left of it; when the server stops
    /// in the middle, the sweep finds the rest.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `TooLarge`; `file.full` and `file.too_many`; those of the stream.
    pub async fn add<S>(&self, ctx: &Ctx, entity: &str, id: RecordId, name: &str, bytes: S) -> Result<FileRow>
    where
        S: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        self.add_as(ctx, ctx.id(), entity, id, name, bytes).await
    }

    /// The same with an id that the caller made: done again after a crash, the file is there once.
    ///
    /// # Errors
    /// The same.
    pub async fn add_once<S>(
        &self,
        ctx: &Ctx,
        file: Uuid,
        entity: &str,
        id: RecordId,
        name: &str,
        bytes: S,
    ) -> Result<FileRow>
    where
        S: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        if let Some(there) = table::find(self.records.db().read(), ctx.tenant, file).await? {
            return Ok(there);
        }
        // Half of it, perhaps.
        self.drop_half(ctx, file).await;
        self.add_as(ctx, file, entity, id, name, bytes).await
    }

    async fn add_as<S>(
        &self,
        ctx: &Ctx,
        file: Uuid,
        entity: &str,
        id: RecordId,
        name: &str,
        bytes: S,
    ) -> Result<FileRow>
    where
        S: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        let name = name::cleaned(name).ok_or_else(|| bad_name("required"))?;
        let record = RecordRef { entity: entity.into(), id };
        self.room(ctx, &record, 0).await?;
        again_raced(|| async {
            let tx = self.records.db().begin().await?;
            self.writable(&tx, ctx, entity, id).await?;
            table::insert(&tx, ctx, file, &record, &name).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        let done = self.take_in(ctx, file, &record, &name, bytes).await;
        if done.is_err() {
            self.drop_half(ctx, file).await;
        }
        done
    }

    async fn take_in<S>(&self, ctx: &Ctx, file: Uuid, record: &RecordRef, name: &str, mut bytes: S) -> Result<FileRow>
    where
        S: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        let mut writing = self.store.write(ctx.tenant, file, self.limits.file).await?;
        while let Some(piece) = bytes.next().await {
            let taken = match piece {
                Ok(piece) => writing.write(piece).await,
                Err(error) => Err(error),
            };
            if let Err(error) = taken {
                writing.abort().await;
                return Err(error);
            }
        }
        let stored = writing.finish(name).await?;
        again_raced(|| self.keep(ctx, file, record, &stored)).await
    }

    /// The bytes are there: says so, if they may still be.
    async fn keep(&self, ctx: &Ctx, file: Uuid, record: &RecordRef, stored: &Stored) -> Result<FileRow> {
        let tx = self.records.db().begin().await?;
        let owner = self.writable(&tx, ctx, &record.entity, record.id).await?;
        if table::count(&tx, ctx.tenant, record).await? >= self.limits.record {
            return Err(Error::Conflict { code: "file.too_many", current: None });
        }
        if !table::reserve(&tx, ctx.tenant, stored.size, self.limits.company).await? {
            return Err(full());
        }
        if !table::keep(&tx, ctx.tenant, file, stored).await? {
            // The sweep took it for left over: it came for hours.
            return Err(Error::Unavailable("the file came too slowly".into()));
        }
        let row = table::find(&tx, ctx.tenant, file).await?;
        let row = row.ok_or_else(|| Error::Internal("a file is gone while it is kept".into()))?;
        tell(&tx, ctx, &owner, "file.added", &row, [Json::Null, described(&row)]).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Whether there is room at all, before anything is taken in.
    async fn room(&self, ctx: &Ctx, record: &RecordRef, size: u64) -> Result<()> {
        let conn = self.records.db().read();
        let most = self.limits.company;
        if most > 0 && table::usage(conn, ctx.tenant).await?.saturating_add(size) >= most {
            // Whoever may not write is told that first.
            self.writable(conn, ctx, &record.entity, record.id).await?;
            return Err(full());
        }
        Ok(())
    }

    async fn drop_half(&self, ctx: &Ctx, file: Uuid) {
        let dropped = async {
            self.store.forget(ctx.tenant, file).await?;
            let tx = self.records.db().begin().await?;
            table::forget(&tx, ctx.tenant, file).await?;
            Ok::<_, Error>(tx.commit().await?)
        };
        if let Err(error) = dropped.await {
            tracing::warn!(%error, %file, "half a file is left to the sweep");
        }
    }

    /// One file of a record that the actor sees.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, ctx: &Ctx, id: Uuid) -> Result<FileRow> {
        let file = self.row(self.records.db().read(), ctx, id).await?;
        if file.state != State::Kept {
            return Err(not_found(id));
        }
        self.records.get(ctx, &file.record.entity, file.record.id).await.map_err(|error| hidden(error, id))?;
        Ok(file)
    }

    /// Bytes of a file that [`Files::get`] gave.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn read(&self, file: &FileRow, from: u64, length: u64) -> Result<Pieces> {
        self.store.read(file.tenant, file.id, from, length).await
    }

    /// A small picture of a file that [`Files::get`] gave, as PNG. Made when somebody first asks.
    ///
    /// # Errors
    /// `NotFound` when it is no picture, or none within the limits.
    pub async fn thumbnail(&self, file: &FileRow) -> Result<Vec<u8>> {
        if !has_thumbnail(file) {
            return Err(not_found(file.id));
        }
        if file.thumbnail == Some(true) {
            return self.store.thumbnail(file.tenant, file.id).await;
        }
        let turn = Arc::clone(&self.unpacking).acquire_owned().await.map_err(Error::internal)?;
        let whole = self.store.read_whole(file.tenant, file.id, file.size, thumbnail::MAX_BYTES).await?;
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            thumbnail::of(&whole)
        });
        // A picture that crashes its reader is none either.
        let made = made.await.unwrap_or_default();
        if let Some(picture) = &made {
            self.store.keep_thumbnail(file.tenant, file.id, picture.clone()).await?;
        }
        let tx = self.records.db().begin().await?;
        table::note_thumbnail(&tx, file, made.is_some()).await?;
        tx.commit().await?;
        made.ok_or_else(|| not_found(file.id))
    }

    /// Gives a file another name.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `file.invalid`.
    pub async fn rename(&self, ctx: &Ctx, id: Uuid, new: &str) -> Result<FileRow> {
        let name = name::cleaned(new).ok_or_else(|| bad_name("required"))?;
        let tx = self.records.db().begin().await?;
        let (mut file, owner) = self.mine(&tx, ctx, id, State::Kept).await?;
        if file.name == name {
            return Ok(file);
        }
        if !table::rename(&tx, &file, &name).await? {
            return Err(not_found(id));
        }
        let before = described(&file);
        file.name = name;
        tell(&tx, ctx, &owner, "file.renamed", &file, [before, described(&file)]).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// Puts a file into the bin.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn remove(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        let tx = self.records.db().begin().await?;
        let (file, owner) = self.mine(&tx, ctx, id, State::Kept).await?;
        if !table::turn(&tx, &file, State::Removed, ctx.now()).await? {
            return Err(not_found(id));
        }
        tell(&tx, ctx, &owner, "file.removed", &file, [described(&file), Json::Null]).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a file out of the bin.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `file.too_many`.
    pub async fn restore(&self, ctx: &Ctx, id: Uuid) -> Result<FileRow> {
        let tx = self.records.db().begin().await?;
        let (mut file, owner) = self.mine(&tx, ctx, id, State::Removed).await?;
        if table::count(&tx, ctx.tenant, &file.record).await? >= self.limits.record {
            return Err(Error::Conflict { code: "file.too_many", current: None });
        }
        if !table::turn(&tx, &file, State::Kept, ctx.now()).await? {
            return Err(not_found(id));
        }
        (file.state, file.removed_at) = (State::Kept, None);
        tell(&tx, ctx, &owner, "file.added", &file, [Json::Null, described(&file)]).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// A file in this state whose record the actor may change, with the record.
    async fn mine(&self, tx: &Tx, ctx: &Ctx, id: Uuid, state: State) -> Result<(FileRow, Record)> {
        let file = self.row(tx, ctx, id).await?;
        let record = self.writable(tx, ctx, &file.record.entity, file.record.id).await;
        let record = record.map_err(|error| hidden(error, id))?;
        if file.state == state { Ok((file, record)) } else { Err(not_found(id)) }
    }

    async fn row(&self, conn: &impl ConnectionTrait, ctx: &Ctx, id: Uuid) -> Result<FileRow> {
        table::find(conn, ctx.tenant, id).await?.ok_or_else(|| not_found(id))
    }

    /// The record, if the actor may change it.
    async fn writable(&self, conn: &impl ConnectionTrait, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Record> {
        let catalogue = self.records.open_to(ctx, self.records.catalogue_in(conn, ctx.tenant).await?);
        let def = catalogue.entity(entity)?;
        let mut found = read::load(conn, &catalogue, ctx, def, &[id], Action::Update, false).await?;
        if let Some(record) = found.pop() {
            return Ok(record);
        }
        // Whoever sees it may know that it is there.
        let seen = read::load(conn, &catalogue, ctx, def, &[id], Action::Read, false).await?;
        Err(if seen.is_empty() { Error::NotFound(format!("{entity} {id}")) } else { Error::Denied("action") })
    }
}

/// Whether there is, or may be, a thumbnail.
pub fn has_thumbnail(file: &FileRow) -> bool {
    kind::is_picture(&file.media_type) && file.size <= thumbnail::MAX_BYTES && file.thumbnail != Some(false)
}

/// What the event log and the audit keep of a file.
fn described(file: &FileRow) -> Json {
    json!({"id": file.id, "name": file.name, "media_type": file.media_type, "size": file.size})
}

async fn tell(
    tx: &Tx,
    ctx: &Ctx,
    owner: &Record,
    kind: &str,
    file: &FileRow,
    [before, after]: [Json; 2],
) -> Result<()> {
    let detail = json!({"entity": file.record.entity, "record": file.record.id, "before": before, "after": after});
    let event = NewEvent {
        kind: kind.into(),
        entity: &file.record.entity,
        record: file.record.id.0,
        version: owner.version,
        changes: json!({"file": [before, after]}),
    };
    event::append(tx, ctx, None, vec![event]).await?;
    audit::record(tx, ctx, kind, &file.id.to_string(), detail).await?;
    Ok(())
}

fn not_found(id: Uuid) -> Error {
    Error::NotFound(format!("file {id}"))
}

/// A file says nothing of a record that is not seen.
fn hidden(error: Error, id: Uuid) -> Error {
    if matches!(error, Error::NotFound(_)) { not_found(id) } else { error }
}

const fn full() -> Error {
    Error::Conflict { code: "file.full", current: None }
}

fn bad_name(code: &str) -> Error {
    Error::field("file.invalid", "name", FieldError::new(code))
}
