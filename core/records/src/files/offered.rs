//! Files that come before their record: what somebody without an account sends by a form. Whoever keeps the form's door takes them
//! in and gives out a name for each that nobody guesses; what writes the record then has it given the file by that name, once and
//! within an hour. Nothing is told of what waits, and it counts in no company's files; the sweep removes what nobody took.
//!
//! So many wait at once and no more. When all places are taken, whoever comes with the first file, or with fewer than others have
//! there, gets one of those who have the most: to keep others out somebody would have to come from ever new networks.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use kernel::db::{ConnectionTrait, again_raced};
use kernel::error::FieldError;
use kernel::files::offered::{self, Waiting};
use kernel::files::{FileRow, State, kind, name, table};
use kernel::{Ctx, Error, RecordId, RecordRef, Result, TenantId};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Files, bad_name, described, full, not_found, tell};

/// Seconds in which an offered file may be taken.
pub(super) const OFFERED_SECONDS: i64 = 3_600;
/// Bytes of an offered file (blocks.md, Slots).
pub const MAX_OFFERED: usize = 5 * 1024 * 1024;
/// Offered files of a company that wait at once.
const MAX_WAITING: usize = 200;
/// Rows that are looked at where a few more than that came at one moment.
const LOOKED_AT: u64 = 1_000;
/// Seconds after which there may be room for another one.
const PAUSE: u64 = 600;
/// Characters of a name that is given out: 256 bits in hexadecimal.
const NAME: usize = 64;
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

/// The id of an offered file: the name that was given out is nowhere but with whom it was given, and it is one for `by` alone.
fn id_of(by: &str, given: &str) -> Uuid {
    kernel::id::derived(&format!("offered file {by} {given}"))
}

/// Where a file waits: all that came from one network to a company.
fn place_of(tenant: TenantId, from: &str) -> RecordId {
    RecordId(kernel::id::derived(&format!("offered from {tenant} {from}")))
}

/// Names of offered files anywhere in what a form sends, and texts that could be such.
fn names_in<'a>(sent: &'a Json, names: &mut BTreeSet<&'a str>) {
    match sent {
        Json::String(text) if text.len() == NAME && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            names.insert(text);
        }
        Json::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        Json::Object(map) => map.values().for_each(|item| names_in(item, names)),
        _ => {}
    }
}

/// Who gives up their place for one more file from `mine`, where all places are taken: the oldest file of a network that has the
/// most there, if that is more than `mine` would have then, or if `mine` has none. Nobody where there is none such.
fn gives_way(waiting: &[Waiting], mine: RecordId) -> Option<Uuid> {
    let mut counts: BTreeMap<RecordId, usize> = BTreeMap::new();
    for one in waiting {
        *counts.entry(one.place).or_default() += 1;
    }
    let (own, most) = (counts.get(&mine).copied().unwrap_or_default(), counts.values().copied().max()?);
    let fair = own == 0 || most > own + 1;
    let oldest = || waiting.iter().find(|one| one.place != mine && counts.get(&one.place) == Some(&most));
    fair.then(oldest).flatten().map(|one| one.id)
}

impl Files {
    /// Takes in a file without a record, for `by`, from whoever is at the network `from`. Gives the name by which a record gets it.
    ///
    /// # Errors
    /// `file.invalid` for a file without a name, an empty one and one of a kind that is not taken; `TooLarge`; `Limited` while
    /// too many wait; `Unavailable`, also where the company has no room.
    pub async fn offer(&self, ctx: &Ctx, by: &str, from: &str, file_name: &str, bytes: Bytes) -> Result<String> {
        let name = name::cleaned(file_name).ok_or_else(|| bad_name("required"))?;
        let head = bytes.get(..kind::HEAD).unwrap_or(&bytes);
        if bytes.is_empty() || !TAKEN.contains(&kind::of(head, &name)) {
            return Err(Error::field("file.invalid", "file", FieldError::new("file_kind")));
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let most = self.limits.company;
        if most > 0 && table::usage(self.records.db().read(), ctx.tenant).await?.saturating_add(size) > most {
            return Err(Error::Unavailable("room for files".to_owned()));
        }
        let place = place_of(ctx.tenant, from);
        self.make_way(ctx, place).await?;
        let given = ctx.env.secret();
        let (file, place) = (id_of(by, &given), RecordRef { entity: offered::OFFERED.into(), id: place });
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

    /// A place for one more file from a network.
    async fn make_way(&self, ctx: &Ctx, place: RecordId) -> Result<()> {
        let waiting = offered::waiting(self.records.db().read(), ctx.tenant, LOOKED_AT).await?;
        if waiting.len() < MAX_WAITING {
            return Ok(());
        }
        let file = gives_way(&waiting, place).ok_or(Error::Limited { retry_after: PAUSE })?;
        let given_up = again_raced(|| async {
            let tx = self.records.db().begin().await?;
            let given_up = offered::give_up(&tx, ctx.tenant, file).await?;
            tx.commit().await?;
            Ok(given_up)
        });
        if given_up.await? {
            // Nobody can take it any more; what is left of it here the sweep finds.
            self.drop_half(ctx, file).await;
        }
        Ok(())
    }

    /// Refuses what a form for `by` sends when more files wait for it there than the form takes.
    ///
    /// # Errors
    /// `file.invalid`.
    pub async fn sent_at_most(&self, ctx: &Ctx, by: &str, most: usize, sent: &[&Json]) -> Result<()> {
        let mut names = BTreeSet::new();
        sent.iter().for_each(|one| names_in(one, &mut names));
        if names.len() <= most {
            return Ok(());
        }
        let ids: Vec<Uuid> = names.iter().map(|given| id_of(by, given)).collect();
        if offered::waiting_among(self.records.db().read(), ctx.tenant, &ids).await? > most {
            return Err(Error::field("file.invalid", "file", FieldError::new("too_many").with("max", most)));
        }
        Ok(())
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
            if !offered::hold(&tx, ctx.tenant, file, &stored).await? {
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
        let file = id_of(by, given);
        if given.len() != NAME {
            return Err(not_found(file));
        }
        // A backup has no bytes of what waits.
        self.store.read(ctx.tenant, file, 0, 1).await.map(drop).map_err(|error| match error {
            Error::NotFound(_) => not_found(file),
            other => other,
        })?;
        let record = RecordRef { entity: entity.into(), id };
        again_raced(|| self.give(ctx, file, &record)).await
    }

    async fn give(&self, ctx: &Ctx, file: Uuid, record: &RecordRef) -> Result<FileRow> {
        let tx = self.records.db().begin().await?;
        let owner = self.writable(&tx, ctx, &record.entity, record.id).await?;
        if let Some(there) = at_record(&tx, ctx, file, record).await? {
            return Ok(there);
        }
        let since = ctx.now().plus_seconds(-OFFERED_SECONDS);
        let held = offered::held(&tx, ctx.tenant, file, since).await?.ok_or_else(|| not_found(file))?;
        if table::count(&tx, ctx.tenant, record).await? >= self.limits.record {
            return Err(Error::Conflict { code: "file.too_many", current: None });
        }
        if !table::reserve(&tx, ctx.tenant, held.size, self.limits.company).await? {
            return Err(full());
        }
        if !offered::give(&tx, &held, record).await? {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Who gives way among files of networks, oldest first, for one more of the last network named.
    #[track_caller]
    fn check(waiting: &str, mine: char, expected: Option<usize>) {
        let place = |network: char| RecordId(kernel::id::derived(&network.to_string()));
        let id = |index: usize| kernel::id::derived(&format!("file {index}"));
        let files: Vec<Waiting> = waiting
            .chars()
            .enumerate()
            .map(|(index, network)| Waiting { id: id(index), place: place(network) })
            .collect();
        assert_eq!(gives_way(&files, place(mine)), expected.map(id), "{waiting} {mine}");
    }

    #[test]
    fn whoever_has_the_most_gives_way_to_those_who_have_less() {
        check("aaaa", 'a', None);
        check("aaaa", 'b', Some(0));
        check("baaa", 'b', Some(1));
        // They would only take turns.
        check("bbaaa", 'b', None);
        check("bbaaaa", 'b', Some(2));
        check("bbbbaa", 'b', None);
        // The first file of a network comes in always.
        check("abcd", 'e', Some(0));
        check("abcd", 'a', None);
        check("cabab", 'd', Some(1));
    }

    #[test]
    fn names_are_found_wherever_they_stand() {
        let (one, two) = ("a1".repeat(32), "b2".repeat(32));
        let sent = json!({"photos": [one, one], "more": {"deep": [[two]]}, "words": "a1b2", "long": "a".repeat(65)});
        let mut names = BTreeSet::new();
        names_in(&sent, &mut names);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [one.as_str(), two.as_str()]);
    }
}
