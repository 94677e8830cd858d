//! Several records of an entity into one: the one that stays takes what it lacks and what people chose, phones and other
//! lists are united; the others go into the bin and say which record stands for them. All that in one transaction, with
//! the beginning of a long job in it that moves what pointed to them. One batch: undo puts back what nobody changed since.
//!
//! Whoever may change the one and delete the others may merge them. What points to them is moved whatever they may do
//! with it, so that nothing points into the bin; they are told of what they see.
//!
//! | module | what |
//! |---|---|
//! | `fields` | which value the record that stays has |
//! | `links` | what points to a record |
//! | `follow` | what is about a record and is no record: files, processes |
//! | `job` | the long job |

mod fields;
mod follow;
mod job;
mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::access::{Action, Rights};
use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::jobs::long::{self, LongJob, NewLongJob};
use kernel::phone::Country;
use kernel::{BatchId, Ctx, Error, RecordId, RecordRef, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use crate::write::{Along, Change, WriteOptions};
use crate::{EntityDef, Record, Records, invalid};

pub use fields::MergeField;
pub(crate) use fields::unite;
pub use follow::Follows;
pub(crate) use follow::take_back;
pub use job::{KIND, MergeSteps};

/// Records of one merge.
pub const MAX: usize = 10;
/// What is moved while the request waits.
pub const AT_ONCE: i64 = 1_000;
/// The kind of batch.
pub const BATCH: &str = "merge";

/// What to merge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    /// The record that stays.
    #[schema(value_type = uuid::Uuid)]
    pub into: RecordId,
    /// The others, 1 to 9.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub records: Vec<RecordId>,
    /// Whose value a field has; lists that are united are not chosen. Else that of the record that stays, or of the first
    /// that has one.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, uuid::Uuid>)]
    pub fields: BTreeMap<String, RecordId>,
    /// The versions that were seen, by record.
    #[serde(default)]
    #[schema(value_type = BTreeMap<uuid::Uuid, i64>)]
    pub versions: BTreeMap<RecordId, i64>,
    /// Nothing is written: what would come of it?
    #[serde(default)]
    pub dry_run: bool,
}

/// What a merge does or did.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Merged {
    /// To undo it by; none of a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>, nullable = false)]
    pub batch: Option<BatchId>,
    /// Of a dry run: the values of the record that stays.
    #[serde(default)]
    pub fields: Vec<MergeField>,
    /// What moves with the others, of what the actor sees: by entity, and `file`, `process`.
    #[serde(default)]
    pub moved: BTreeMap<String, i64>,
    /// What could not be moved, and still points to a record in the bin.
    #[serde(default)]
    pub stayed: BTreeMap<String, i64>,
}

/// The records of a merge as the actor sees them, and who they are.
struct Meant {
    def: Arc<EntityDef>,
    into: Record,
    others: Vec<Record>,
    fields: Vec<MergeField>,
}

impl Records {
    /// What a merge would do.
    ///
    /// # Errors
    /// As `begin_merge`.
    pub async fn try_merge(&self, ctx: &Ctx, entity: &str, input: &MergeInput) -> Result<Merged> {
        let meant = self.meant(ctx, entity, input).await?;
        let others: Vec<RecordId> = meant.others.iter().map(|record| record.id).collect();
        let mut moved = self.pointing(ctx, &meant.def, &others).await?;
        for thing in self.followers() {
            let mut count = 0;
            for id in &others {
                count += thing.count(ctx, &RecordRef { entity: meant.def.key.clone(), id: *id }).await?;
            }
            moved.insert(thing.kind().to_owned(), count);
        }
        moved.retain(|_, count| *count > 0);
        Ok(Merged { fields: meant.fields, moved, ..Merged::default() })
    }

    /// Merges records and begins to move what points to them. The flag says that these are at most `AT_ONCE`: then the caller
    /// does it with `LongJobs::run_now`.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `merge.invalid` naming `records` or a field; conflicts `merge.not_offered`,
    /// `record.conflict`, `job.too_many`; as the change of the record that stays and the removal of the others.
    pub async fn begin_merge(&self, ctx: &Ctx, entity: &str, input: &MergeInput) -> Result<(LongJob, bool)> {
        let meant = self.meant(ctx, entity, input).await?;
        let into = meant.into.id;
        let version = |record: &Record| Some(input.versions.get(&record.id).copied().unwrap_or(record.version));
        let fields = fields::written(&meant.def, &meant.into, &meant.others, &meant.fields);
        let stays = Change::Update { id: into, version: version(&meant.into), fields };
        let leave = meant.others.iter().map(|record| Change::Merge { id: record.id, version: version(record), into });
        let mut changes: Vec<(String, Change)> =
            std::iter::once(stays).chain(leave).map(|change| (entity.to_owned(), change)).collect();
        // Everybody takes the records in one order.
        changes.sort_by_key(|(_, change)| change.id());
        let others: Vec<RecordId> = meant.others.iter().map(|record| record.id).collect();
        let total = self.pointing(ctx, &meant.def, &others).await?.values().sum();
        let wide = self.pointing(&wide(ctx), &meant.def, &others).await?.values().sum::<i64>();
        let batch = self.open_batch(ctx, BATCH).await?;
        let input = json!(job::Input { entity: entity.to_owned(), into, others, batch });
        let begin = Begin {
            records: self,
            ctx,
            stays: (&meant.def, into, version(&meant.into)),
            new: NewLongJob { kind: KIND, subject: None, input, total },
            at_once: wide <= AT_ONCE,
            begun: Mutex::default(),
        };
        // One of them may have been converted: the record that stays takes its stage over with its links.
        let options = WriteOptions { batch: Some(batch), converting: true, ..WriteOptions::default() };
        self.write_together_along(ctx, &changes, &options, Some(&begin)).await.map_err(|refused| refused.error)?;
        let begun = begin.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        let begun = begun.ok_or_else(|| Error::Internal("a merge began nothing".into()))?;
        Ok((begun, begin.at_once))
    }

    async fn meant(&self, ctx: &Ctx, entity: &str, input: &MergeInput) -> Result<Meant> {
        let def = self.entity(ctx, entity).await?;
        if !ctx.rights.may(entity, Action::Read) {
            return Err(Error::NotFound(format!("entity {entity}")));
        }
        let wrong = |error| Err(Error::field("merge.invalid", "records", error));
        let ids: BTreeSet<RecordId> = input.records.iter().copied().chain([input.into]).collect();
        if ids.len() != input.records.len() + 1 || ids.len() < 2 {
            return wrong(FieldError::new("invalid").with("reason", "twice"));
        }
        if ids.len() > MAX {
            return wrong(FieldError::new("too_many").with("max", MAX));
        }
        if !def.merges() {
            return Err(Error::Conflict { code: "merge.not_offered", current: None });
        }
        let into = self.get(ctx, entity, input.into).await?;
        let others = self.get_many(ctx, entity, &input.records).await?;
        if others.len() != input.records.len() {
            return Err(Error::NotFound(format!("some of {} records", input.records.len())));
        }
        if !ctx.rights.may(entity, Action::Update) || !ctx.rights.may(entity, Action::Delete) {
            return Err(Error::Denied("action"));
        }
        let home = Country::of_currency(&self.catalogue(ctx.tenant).await?.pipelines.currency);
        let fields = fields::chosen(&def, ctx, &into, &others, &input.fields, home).map_err(|errors| {
            let code = "merge.invalid";
            if let Error::Invalid { fields, .. } = invalid(errors) {
                return Error::Invalid { code, fields };
            }
            Error::Internal(code.into())
        })?;
        Ok(Meant { def, into, others, fields })
    }
}

/// With every right, as the same actor: what points to a merged record is moved by the merge, not by its actor's rights on it.
pub(crate) fn wide(ctx: &Ctx) -> Ctx {
    Ctx { rights: Arc::new(Rights::everything()), closed: None, ..ctx.clone() }
}

/// Begins the job inside the transaction of the merge, which the record that stays must live to see.
struct Begin<'a> {
    records: &'a Records,
    ctx: &'a Ctx,
    stays: (&'a EntityDef, RecordId, Option<i64>),
    new: NewLongJob,
    at_once: bool,
    begun: Mutex<Option<LongJob>>,
}

impl std::fmt::Debug for Begin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begin").field("into", &self.stays.1).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Along for Begin<'_> {
    async fn write(&self, tx: &Tx) -> Result<(), Error> {
        let (def, id, version) = self.stays;
        let lost = || Error::Conflict { code: "record.conflict", current: None };
        // Somebody may merge it into another one at this moment, and no value of it need differ.
        let stands = self.records.locked(tx, self.ctx, &def.key, id).await;
        let stands = stands.map_err(|error| if matches!(error, Error::NotFound(_)) { lost() } else { error })?;
        if version.is_some_and(|version| stands.version != version && stands.version != version + 1) {
            return Err(lost());
        }
        let (job, _) = long::begin(tx, self.ctx, self.new.clone(), self.at_once).await?;
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        Ok(())
    }
}

/// What a job says of itself so far.
pub(crate) fn told(result: &Json, batch: BatchId) -> Result<Merged> {
    match result {
        Json::Null => Ok(Merged { batch: Some(batch), ..Merged::default() }),
        result => serde_json::from_value(result.clone()).map_err(Error::internal),
    }
}
