//! Undo of a batch: what nobody edited since is put back, through the write pipeline like every change; what was kept
//! is listed.
//!
//! It is a long job. A step takes a page of the batch's events, newest first, and takes back all events of the records
//! whose newest event of the batch stands there. `Records::write` commits by itself and the progress is saved after
//! it, so a crash repeats at most one step; repeating is harmless: what the undo's own batch has done to a record is
//! read from the event log and not done again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kernel::db::ConnectionTrait;
use kernel::event::{self, Event};
use kernel::jobs::long::{self, LongJob, NewLongJob, Step, Steps};
use kernel::{BatchId, Ctx, Error, RecordId, RecordRef, Result, TenantId};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Query, UpdateStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::catalogue::{MERGED_INTO, directory};
use crate::stages::settle;
use crate::write::{CHUNK, Change, Operation, WriteOptions};
use crate::{EntityDef, Records, batch, merge};

/// The kind of long job.
pub const KIND: &str = "records.undo";
/// Changes that are taken back while the request waits.
pub const AT_ONCE: i64 = 1_000;
/// Kept records that are listed; the others are counted.
const LISTED: usize = 1_000;

/// A record that undo left as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Its entity.
    pub entity: String,
    /// The record.
    pub id: RecordId,
    /// Why, as an error code: `record.conflict` when somebody edited it since.
    pub reason: String,
}

/// What undo did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Undone {
    /// Records put back.
    pub restored: u64,
    /// Records left as they are, at most 1,000 of them.
    pub kept: Vec<Kept>,
    /// All records left as they are.
    pub kept_total: u64,
    /// Entities that were not there: when one is back, the undo can be asked for again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub gone: BTreeSet<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Input {
    batch: BatchId,
    /// The batch of the undo's own changes.
    undo: BatchId,
    /// The oldest event of the batch.
    first: i64,
    /// Whether it is a merge.
    #[serde(default)]
    merge: bool,
}

/// Names the undo of a batch among long jobs.
fn subject(batch: BatchId) -> String {
    format!("undo:{batch}")
}

impl Records {
    /// Begins the undo of a batch, or gives the one that was begun before. The flag says that this call began it (or
    /// took it up again) and, with at most `AT_ONCE` changes, has to do it with `LongJobs::run_now`.
    ///
    /// # Errors
    /// `NotFound`; `batch.undone` when it was undone before there were long jobs; conflict `job.too_many`.
    pub async fn begin_undo(&self, ctx: &Ctx, id: BatchId) -> Result<(LongJob, bool)> {
        let batch = self.batch(ctx, id).await?;
        let (count, first) = event::extent_of_batch(self.db.read(), ctx.tenant, id).await?;
        let subject = subject(id);
        let configured = [settle::BATCH, directory::settle::BATCH].contains(&batch.kind.as_str());
        if configured {
            people::require_admin(ctx)?;
        }
        let tx = self.db.begin().await?;
        // Two clicks wait for each other here.
        tx.execute(&of_batch(ctx, id).value("kind", Expr::col("kind")).to_owned()).await?;
        let known = long::find(&tx, ctx.tenant, &subject).await?;
        if batch.undone_at.is_some() && known.is_none() {
            return Err(Error::Conflict { code: "batch.undone", current: None });
        }
        let input = match &known {
            Some(job) => job.input.clone(),
            None => {
                let (undo, merge) = (batch::open(&tx, ctx, "undo").await?, batch.kind == merge::BATCH);
                json!(Input { batch: id, undo, first, merge })
            }
        };
        let begun = match known {
            Some(job) if self.can_go_further(ctx, &job).await? => {
                (long::anew(&tx, ctx, job, count <= AT_ONCE).await?, true)
            }
            _ => {
                let new = NewLongJob { kind: KIND, subject: Some(subject), input, total: count };
                long::begin(&tx, ctx, new, count <= AT_ONCE).await?
            }
        };
        if begun.1 && batch.kind == settle::BATCH {
            settle::bring_back(&tx, ctx, id).await?;
            self.act_again(&tx, ctx, id).await?;
        }
        if begun.1 && batch.kind == directory::settle::BATCH {
            directory::bring_back(&tx, ctx, id).await?;
        }
        tx.commit().await?;
        if configured {
            self.forget_catalogue(ctx.tenant);
        }
        Ok(begun)
    }
}

impl Records {
    /// Whether somebody has begun to undo a batch: what would still be written in it is not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_taken_back(&self, tenant: TenantId, batch: BatchId) -> Result<bool> {
        Ok(long::find(self.db.read(), tenant, &subject(batch)).await?.is_some())
    }

    /// Whether an undo that is done would do more now: an entity that was not there is back.
    async fn can_go_further(&self, ctx: &Ctx, job: &LongJob) -> Result<bool> {
        if job.state != long::State::Done {
            return Ok(false);
        }
        let undone: Undone = serde_json::from_value(job.result.clone()).map_err(Error::internal)?;
        let catalogue = self.catalogue_of(ctx).await?;
        Ok(undone.gone.iter().any(|entity| catalogue.find(entity).is_some()))
    }
}

/// A change of the batch's row.
fn of_batch(ctx: &Ctx, id: BatchId) -> UpdateStatement {
    Query::update()
        .table("batch")
        .and_where(Expr::col("id").eq(id.0))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .to_owned()
}

/// Does the steps of undo.
pub struct UndoSteps {
    records: Records,
    identities: Identities,
}

impl UndoSteps {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self { records: records.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for UndoSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let before: Option<i64> = serde_json::from_value(job.cursor.clone()).map_err(Error::internal)?;
        let mut undone: Undone = match &job.result {
            Json::Null => Undone::default(),
            result => serde_json::from_value(result.clone()).map_err(Error::internal)?,
        };
        let person = self.identities.of_user(job.tenant, job.user).await?;
        let ctx = job.acting(person.ctx(self.records.env()));
        let limit = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        let torn = if input.merge { Some(self.records.torn(&ctx, &input).await?) } else { None };
        if let Some(torn) = torn.as_ref().filter(|_| before.is_none()) {
            self.records.apart(&ctx, &input, torn).await?;
        }
        let page = event::of_batch(self.records.db.read(), ctx.tenant, input.batch, before, limit).await?;
        let Some(last) = page.last() else {
            let tx = self.records.db.begin().await?;
            tx.execute(&of_batch(&ctx, input.batch).value("undone_at", ctx.now().0).to_owned()).await?;
            return Ok(Step { tx: Some(tx), cursor: json!(before), done: job.done, result: json!(undone), over: true });
        };
        let (cursor, done) = (json!(last.id), job.done + i64::try_from(page.len()).unwrap_or(0));
        let chains = self.records.chains(&ctx, &input, &page).await?;
        let chains = self.records.take_back(&ctx, &input, torn.as_ref(), chains).await?;
        chains.into_iter().for_each(|chain| chain.told(&mut undone));
        Ok(Step { tx: None, cursor, done, result: json!(undone), over: false })
    }
}

/// What the batch did to one record, newest first, and how far it was taken back.
struct Chain {
    events: Vec<Event>,
    /// How many of them are taken back.
    back: usize,
    /// The version the record has since; none before the first was taken back.
    now: Option<i64>,
    kept: Option<String>,
    /// There is no such entity (any more).
    gone: bool,
}

/// The records of a merge that is taken back.
struct Torn {
    into: Option<Uuid>,
    removals: Vec<Event>,
}

impl Torn {
    /// Whether it is one of them, as opposed to what points to them.
    fn holds(&self, record: Uuid) -> bool {
        self.into == Some(record) || self.removals.iter().any(|event| event.record == record)
    }
}

impl Chain {
    /// What is to be taken back next, with the version the record must have for it: the one the event left, unless
    /// the event after it was taken back just before.
    fn next(&self) -> Option<(&Event, i64)> {
        let event = self.events.get(self.back).filter(|_| self.kept.is_none())?;
        let after = self.back.checked_sub(1).and_then(|index| self.events.get(index));
        let version = match (after, self.now) {
            (Some(after), Some(now)) if after.version == event.version + 1 => now,
            _ => event.version,
        };
        Some((event, version))
    }
}

impl Records {
    /// The records whose newest event of the batch is on the page: older pages come to their other events again, and
    /// then they are dealt with already.
    async fn chains(&self, ctx: &Ctx, input: &Input, page: &[Event]) -> Result<Vec<Chain>> {
        let newest = page.first().map_or(i64::MAX, |event| event.id);
        let records: HashSet<Uuid> = page.iter().map(|event| event.record).collect();
        let records: Vec<Uuid> = records.into_iter().collect();
        let around = [input.batch, input.undo];
        let all = event::of_records(self.db.read(), ctx.tenant, &records, &around, input.first).await?;
        let mut by_record: BTreeMap<Uuid, (Vec<Event>, Vec<Event>)> = BTreeMap::new();
        for event in all {
            let (theirs, ours) = by_record.entry(event.record).or_default();
            if event.batch == Some(input.undo) { ours.push(event) } else { theirs.push(event) }
        }
        let chains = by_record.into_values().filter(|(events, _)| events.first().is_some_and(|e| e.id <= newest));
        Ok(chains
            .map(|(events, ours)| Chain {
                events,
                back: ours.len(),
                now: ours.first().map(|event| event.version),
                kept: None,
                gone: false,
            })
            .collect())
    }

    /// Takes back one event of each record, round after round. What pointed to merged records is put back whatever the actor
    /// may do with it, as it was moved.
    async fn take_back(
        &self,
        ctx: &Ctx,
        input: &Input,
        torn: Option<&Torn>,
        mut chains: Vec<Chain>,
    ) -> Result<Vec<Chain>> {
        loop {
            let mut by_entity: HashMap<(String, bool), Vec<&mut Chain>> = HashMap::new();
            for chain in &mut chains {
                if let Some((event, _)) = chain.next() {
                    let pointed = torn.is_some_and(|torn| !torn.holds(event.record));
                    by_entity.entry((event.entity.clone(), pointed)).or_default().push(chain);
                }
            }
            if by_entity.is_empty() {
                break;
            }
            for ((entity, pointed), mut chains) in by_entity {
                // Where it stood before it may stand again.
                let options = WriteOptions {
                    batch: Some(input.undo),
                    merging: pointed,
                    unguarded: true,
                    ..WriteOptions::default()
                };
                let wide = pointed.then(|| merge::wide(ctx));
                if !self.round(wide.as_ref().unwrap_or(ctx), &entity, &mut chains, &options).await? {
                    chains.into_iter().for_each(|chain| chain.gone = true);
                }
            }
            self.recognise(ctx, input, &mut chains).await?;
        }
        Ok(chains)
    }

    /// The records of a merge.
    async fn torn(&self, ctx: &Ctx, input: &Input) -> Result<Torn> {
        let limit = u64::try_from(merge::MAX).unwrap_or(u64::MAX);
        let removals = event::removals_of_batch(self.db.read(), ctx.tenant, input.batch, limit).await?;
        let into = removals.iter().find_map(|event| event.changes.get(MERGED_INTO)?.get(1)?.as_str()?.parse().ok());
        Ok(Torn { into, removals })
    }

    /// Takes the merged records out of the bin before anything is made to point to them again, and gives them back what
    /// followed the merge.
    async fn apart(&self, ctx: &Ctx, input: &Input, torn: &Torn) -> Result<()> {
        let chains = self.chains(ctx, input, &torn.removals).await?;
        let chains = self.take_back(ctx, input, Some(torn), chains).await?;
        let Some(into) = torn.into else { return Ok(()) };
        for event in chains.iter().filter(|chain| chain.kept.is_none()).filter_map(|chain| chain.events.first()) {
            let at = |id: Uuid| RecordRef { entity: event.entity.as_str().into(), id: RecordId(id) };
            let tx = self.db.begin().await?;
            merge::take_back(self, &tx, ctx, input.batch, &at(into), &at(event.record)).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Somebody who took the job over at the same moment does the same: what their hand has put back is no conflict.
    async fn recognise(&self, ctx: &Ctx, input: &Input, chains: &mut [Chain]) -> Result<()> {
        let kept = chains.iter().filter(|chain| chain.kept.is_some()).filter_map(|chain| chain.events.first());
        let kept: Vec<Uuid> = kept.map(|event| event.record).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let ours = event::of_records(self.db.read(), ctx.tenant, &kept, &[input.undo], input.first).await?;
        for chain in chains.iter_mut().filter(|chain| chain.kept.is_some()) {
            let mine = |event: &&Event| chain.events.first().is_some_and(|first| first.record == event.record);
            let (back, now) = (ours.iter().filter(mine).count(), ours.iter().find(mine).map(|event| event.version));
            if back > chain.back {
                (chain.back, chain.now, chain.kept) = (back, now, None);
            }
        }
        Ok(())
    }

    /// False when there is no such entity (any more).
    async fn round(&self, ctx: &Ctx, entity: &str, chains: &mut [&mut Chain], options: &WriteOptions) -> Result<bool> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.find(entity).map(|def| &**def);
        let next = chains.iter().filter_map(|chain| chain.next());
        let changes = next.map(|(event, version)| opposite(def, event, version)).collect();
        let outcomes = match self.write(ctx, entity, changes, options).await {
            // The entity itself is gone.
            Err(error @ Error::NotFound(_)) => {
                let code = error.code().to_owned();
                chains.iter_mut().for_each(|chain| chain.kept = Some(code.clone()));
                return Ok(false);
            }
            outcomes => outcomes?,
        };
        for (chain, outcome) in chains.iter_mut().zip(outcomes) {
            match outcome {
                Ok(written) => {
                    chain.back += 1;
                    chain.now = Some(written.record.version);
                }
                Err(error) => chain.kept = Some(error.code().to_owned()),
            }
        }
        Ok(true)
    }
}

impl Chain {
    fn told(self, undone: &mut Undone) {
        let Some(first) = self.events.into_iter().next() else { return };
        if self.gone {
            undone.gone.insert(first.entity.clone());
        }
        let Some(reason) = self.kept else {
            undone.restored += 1;
            return;
        };
        undone.kept_total += 1;
        if undone.kept.len() < LISTED {
            undone.kept.push(Kept { entity: first.entity, id: RecordId(first.record), reason });
        }
    }
}

/// The change that takes an event back, bound to the version the record must have.
fn opposite(def: Option<&EntityDef>, event: &Event, version: i64) -> Change {
    let (id, version) = (RecordId(event.record), Some(version));
    // An event of an owner's own kind (`task.completed`) is a change of fields like others.
    match Operation::of_event(&event.kind).unwrap_or(Operation::Update) {
        Operation::Create | Operation::Restore => Change::Delete { id, version },
        Operation::Delete => Change::Restore { id },
        Operation::Update => {
            let writable = |key: &str| def.and_then(|def| def.field(key)).is_some_and(|field| !field.system);
            let changes = event.changes.as_object().into_iter().flatten().filter(|(key, _)| writable(key));
            let before = |pair: &Json| pair.get(0).cloned().unwrap_or(Json::Null);
            Change::Update { id, version, fields: changes.map(|(key, pair)| (key.clone(), before(pair))).collect() }
        }
    }
}
