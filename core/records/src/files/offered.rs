//! Files that come before their record: what somebody without an account sends by a form. Whoever keeps the form's door takes them
//! in and gives out a name for each that nobody guesses; what writes the record then has it given the file by that name, once and
//! within an hour. Nothing is told of what waits, and it counts in no company's files; the sweep removes what nobody took.

use bytes::Bytes;
use kernel::db::{ConnectionTrait, again_raced};
use kernel::error::FieldError;
use kernel::files::{FileRow, State, kind, name, table};
use kernel::{Ctx, Error, RecordId, RecordRef, Result};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Files, bad_name, described, full, not_found, tell};

/// Seconds in which an offered file may be taken.
pub(super) const OFFERED_SECONDS: i64 = 3_600;
/// Bytes of an offered file (blocks.md, Slots).
pub const MAX_OFFERED: usize = 5 * 1024 * 1024;
/// Offered files of a company that wait at once.
const MAX_WAITING: u64 = 200;
/// Seconds after which there may be room for another one.
const PAUSE: u64 = 600;
/// Characters of the name that was given out; longer ones are none.
const MAX_NAME: usize = 200;
/// What is taken of strangers, by content: papers and pictures, nothing that runs.
const TAKEN: [&str; 15] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "text/plain",
    "text/csv",
    "text/markdown",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/zip",
];

/// The id of an offered file: the name that was given out is nowhere but with whom it was given.
fn id_of(given: &str) -> Uuid {
    kernel::id::derived(&format!("offered file {given}"))
}

/// Where a file waits: only who took it in gives it to a record.
fn place_of(by: &str) -> RecordId {
    RecordId(kernel::id::derived(&format!("offered by {by}")))
}

impl Files {
    /// Takes in a file without a record, for `by`. Gives the name by which a record gets it.
    ///
    /// # Errors
    /// `file.invalid` for a file without a name, an empty one and one of a kind that is not taken; `TooLarge`; `Limited` while
    /// too many wait; `Unavailable`, also where the company has no room.
    pub async fn offer(&self, ctx: &Ctx, by: &str, file_name: &str, bytes: Bytes) -> Result<String> {
        let name = name::cleaned(file_name).ok_or_else(|| bad_name("required"))?;
        let head = bytes.get(..kind::HEAD).unwrap_or(&bytes);
        if bytes.is_empty() || !TAKEN.contains(&kind::of(head, &name)) {
            return Err(Error::field("file.invalid", "file", FieldError::new("file_kind")));
        }
        let conn = self.records.db().read();
        if table::waiting(conn, ctx.tenant).await? >= MAX_WAITING {
            return Err(Error::Limited { retry_after: PAUSE });
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let most = self.limits.company;
        if most > 0 && table::usage(conn, ctx.tenant).await?.saturating_add(size) > most {
            return Err(Error::Unavailable("room for files".to_owned()));
        }
        let given = ctx.env.secret();
        let (file, place) = (id_of(&given), RecordRef { entity: table::OFFERED.into(), id: place_of(by) });
        again_raced(|| async {
            let tx = self.records.db().begin().await?;
            table::insert(&tx, ctx, file, &place, &name).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        let done = self.take_offered(ctx, file, &name, bytes).await;
        if done.is_err() {
            self.drop_half(ctx, file).await;
        }
        done.map(|()| given)
    }

    async fn take_offered(&self, ctx: &Ctx, file: Uuid, name: &str, bytes: Bytes) -> Result<()> {
        let most = u64::try_from(MAX_OFFERED).map_err(Error::internal)?;
        let mut writing = self.store.write(ctx.tenant, file, most).await?;
        if let Err(error) = writing.write(bytes).await {
            writing.abort().await;
            return Err(error);
        }
        let stored = writing.finish(name).await?;
        again_raced(|| async {
            let tx = self.records.db().begin().await?;
            if !table::hold(&tx, ctx.tenant, file, &stored).await? {
                return Err(Error::Unavailable("the file came too slowly".to_owned()));
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Gives a record that the actor may change a file that `by` took in. Asked again it is the same file.
    ///
    /// # Errors
    /// `NotFound` for a name that was not given out, is older than an hour or stands at another record; `NotFound` and `Denied`
    /// as for files of the record; `file.full` and `file.too_many`.
    pub async fn take(&self, ctx: &Ctx, by: &str, given: &str, entity: &str, id: RecordId) -> Result<FileRow> {
        let file = id_of(given);
        if given.len() > MAX_NAME {
            return Err(not_found(file));
        }
        // A backup has no bytes of what waits.
        self.store.read(ctx.tenant, file, 0, 1).await.map(drop)?;
        let record = RecordRef { entity: entity.into(), id };
        again_raced(|| self.give(ctx, file, place_of(by), &record)).await
    }

    async fn give(&self, ctx: &Ctx, file: Uuid, place: RecordId, record: &RecordRef) -> Result<FileRow> {
        let tx = self.records.db().begin().await?;
        let owner = self.writable(&tx, ctx, &record.entity, record.id).await?;
        if let Some(there) = at_record(&tx, ctx, file, record).await? {
            return Ok(there);
        }
        let since = ctx.now().plus_seconds(-OFFERED_SECONDS);
        let held = table::held(&tx, ctx.tenant, file, place, since).await?.ok_or_else(|| not_found(file))?;
        if table::count(&tx, ctx.tenant, record).await? >= self.limits.record {
            return Err(Error::Conflict { code: "file.too_many", current: None });
        }
        if !table::reserve(&tx, ctx.tenant, held.size, self.limits.company).await? {
            return Err(full());
        }
        if !table::give(&tx, &held, record).await? {
            tx.rollback().await?;
            let there = at_record(self.records.db().read(), ctx, file, record).await?;
            return there.ok_or_else(|| not_found(file));
        }
        let row = FileRow { record: record.clone(), state: State::Kept, ..held };
        tell(&tx, ctx, &owner, "file.added", &row, [Json::Null, described(&row)]).await?;
        tx.commit().await?;
        Ok(row)
    }
}

/// A file that a record has got already; not found where another one has it.
async fn at_record(conn: &impl ConnectionTrait, ctx: &Ctx, file: Uuid, record: &RecordRef) -> Result<Option<FileRow>> {
    match table::find(conn, ctx.tenant, file).await? {
        Some(there) if there.state == State::Kept && there.record == *record => Ok(Some(there)),
        Some(_) => Err(not_found(file)),
        None => Ok(None),
    }
}
