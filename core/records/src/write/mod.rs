//! THE write pipeline. Every change of a record passes here, from whichever side it comes: HTTP, import, bulk edit,
//! plugin, undo. `Records::write` reads like the list in the specification:
//!
//! authorise -> load with version -> apply the patch in memory -> before-hooks (no lock held) -> validation -> rules
//! of stages -> begin -> check version -> write rows, links, transitions, events -> constraints between records -> is the new image still
//! inside the writer's rights? -> commit.
//!
//! Records of an entity that has an owner (`owner`) are written by it from "begin" on.
//!
//! A batch takes the same road in chunks. A refused row does not stop the others, unless all or nothing was asked for.

mod change;
mod check;
pub(crate) mod claims;
mod derive;
mod ensure;
mod guards;
mod hooks;
mod input;
mod insert;
mod left;
mod manner;
mod owned;
mod owner;
mod special;
mod staged;
mod store;
mod together;
mod trial;
mod within;

pub use change::Change;
pub(crate) use check::gaps;
pub(crate) use derive::{fill_in, search_text, words_of};
pub use ensure::Kept;
pub use hooks::{Along, BeforeHooks, Operation, PendingChange};
pub use input::parse;
pub(crate) use insert::Inserts;
pub use owner::{EntityOwner, Foreseen, Inner, Told};
pub use special::EntityRules;
pub(crate) use store::{computed as store_computed, differs, searchable, with_members};
pub use together::NotTogether;
pub use trial::Trial;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::FutureExt;
use kernel::access::Action;
use kernel::error::{FieldError, FieldErrors, Refusal};
use kernel::phone::Country;
use kernel::{BatchId, Ctx, Error, FieldKey, Fields, RecordId, Result, Value};

use change::Past;
use claims::Claims;
use hooks::{along_rows, write_along};
use manner::Manner;

use crate::catalogue::{EntityDef, MERGED_INTO};
use crate::{Catalogue, Record, Records, conditions, invalid, read};

/// Rows that go through hooks and one transaction together.
pub const CHUNK: usize = 200;
/// Rows of one call.
pub const MAX_ROWS: usize = 1_000;
/// Times a change without a version is tried again when somebody else was quicker. All but the first tries of a node
/// stand in line, so that each of them is behind at most those who come new.
const RETRIES: usize = 40;

/// How to write.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// The undo group of all changes.
    pub batch: Option<BatchId>,
    /// Write everything or nothing.
    pub all_or_nothing: bool,
    /// Kept with a stage transition.
    pub comment: Option<String>,
    /// Rules of stages are not asked, archived choices may be set: what puts back what was or follows what was configured.
    pub unguarded: bool,
    /// The records are converted, or what was converted is told of: they may enter stages that are reached by that only.
    pub converting: bool,
    /// Everything but the writing: what would be refused? The writes of one dry run share it.
    pub dry_run: Option<Trial>,
    /// Written in the transaction of the change, if that is written. Not for entities with an owner, nor together.
    pub along: Option<Arc<dyn Along>>,
    /// Why it is written in spite of validation rules that only warn.
    pub reason: Option<String>,
    /// The changes point to what a record was merged into, or back ([`PendingChange::merging`]).
    pub merging: bool,
}

/// A change that was made.
#[derive(Debug, Clone)]
pub struct Written {
    /// What was done.
    pub operation: Operation,
    /// The record as its writer may see it now.
    pub record: Record,
}

/// A change on its way through the pipeline.
struct Row {
    index: usize,
    pinned: bool,
    past: Option<Past>,
    change: PendingChange,
    /// The new image before rules did their part in a transaction, where they do.
    planned: Option<Fields>,
}

impl Records {
    /// Makes one change.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `record.invalid`, `record.conflict`, a refusal by a plugin or stage.
    pub async fn write_one(&self, ctx: &Ctx, entity: &str, change: Change, options: &WriteOptions) -> Result<Written> {
        let mut outcomes = self.write(ctx, entity, vec![change], options).await?;
        outcomes.pop().unwrap_or_else(|| Err(Error::Internal("no outcome".into())))
    }

    /// Makes changes of one entity. The outcomes stand in the order of the changes.
    ///
    /// # Errors
    /// When nothing at all could be done: unknown entity, too many rows, a hook that must run failed, the database.
    pub async fn write(
        &self,
        ctx: &Ctx,
        entity: &str,
        changes: Vec<Change>,
        options: &WriteOptions,
    ) -> Result<Vec<Result<Written>>> {
        async move {
            let catalogue = self.catalogue_of(ctx).await?;
            let def = catalogue.entity(entity)?;
            if changes.len() > MAX_ROWS {
                return Err(Error::TooLarge(kernel::Message::key("error.too_large").with("max", MAX_ROWS)));
            }
            let mut outcomes: HashMap<usize, Result<Written>> = HashMap::new();
            let manner = Manner::of(options);
            if options.all_or_nothing {
                let mut rows = Vec::new();
                for chunk in chunks(changes.iter().enumerate().collect()) {
                    rows.extend(self.plan(&catalogue, ctx, def, chunk, &manner, &mut outcomes).await?);
                }
                if outcomes.values().all(Result::is_ok) {
                    self.store(&catalogue, ctx, def, rows, options, &mut outcomes).await?;
                }
                roll_back_all(&changes, &mut outcomes);
            } else {
                for chunk in chunks(changes.iter().enumerate().collect()) {
                    if let Err(error) = self.write_chunk(&catalogue, ctx, def, chunk, options, &mut outcomes).await {
                        told_by_row(error, changes.len(), &mut outcomes)?;
                        break;
                    }
                }
            }
            if options.dry_run.is_none() {
                self.fold_after(ctx, def, changes.len()).await;
                self.index_after(changes.len()).await;
            }
            let missing = || Err(Error::Internal("a change got no outcome".into()));
            Ok((0..changes.len()).map(|index| outcomes.remove(&index).unwrap_or_else(missing)).collect())
        }
        .boxed()
        .await
    }

    /// Plans and stores a chunk; those without a version that lost a race are planned again on the newer record.
    async fn write_chunk(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &Arc<EntityDef>,
        mut chunk: Vec<(usize, &Change)>,
        options: &WriteOptions,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) -> Result<()> {
        let manner = Manner::of(options);
        let mut turn = None;
        for left in (0..=RETRIES).rev() {
            for (index, _) in &chunk {
                outcomes.remove(index);
            }
            let rows = self.plan(catalogue, ctx, def, chunk.clone(), &manner, outcomes).await?;
            let raced = match self.store(catalogue, ctx, def, rows, options, outcomes).await {
                // Nothing is written; what was refused stays so.
                Err(Error::Raced(_)) if left > 0 => {
                    chunk.iter().map(|(index, _)| *index).filter(|index| !outcomes.contains_key(index)).collect()
                }
                raced => raced?,
            };
            chunk.retain(|(index, _)| raced.contains(index));
            if chunk.is_empty() {
                break;
            }
            if turn.is_none() {
                turn = Some(self.line_of(ctx.tenant).lock_owned().await);
            }
        }
        Ok(())
    }

    /// Authorise, load, apply, hooks, validation. Refused changes get their outcome; the others are returned.
    async fn plan(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &Arc<EntityDef>,
        chunk: Vec<(usize, &Change)>,
        manner: &Manner<'_>,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) -> Result<Vec<Row>> {
        let known = self.load_for_write(catalogue, ctx, def, &chunk).await?;
        let leaving = chunk.iter().filter(|(_, change)| matches!(change, Change::Merge { .. }));
        let leaving: BTreeSet<RecordId> = leaving.filter_map(|(_, change)| change.id()).collect();
        let rules = self.rules_of(&def.key);
        let mut rows = Vec::with_capacity(chunk.len());
        for (index, change) in chunk {
            match apply(ctx, def, change, &known) {
                Ok(mut pending) => {
                    pending.merging = manner.merging;
                    derive::before_hooks(&mut pending, ctx, &catalogue.pipelines, rules.as_deref());
                    let (pinned, past) = (change.version().is_some(), change.past());
                    rows.push(Row { index, pinned, past, change: pending, planned: None });
                }
                Err(error) => drop(outcomes.insert(index, Err(error))),
            }
        }
        self.run_hooks(ctx, &mut rows, outcomes).await?;
        for row in &mut rows {
            derive::after_hooks(&mut row.change, ctx, &catalogue.pipelines, rules.as_deref());
            if let Some(past) = row.past {
                derive::happened(&mut row.change, past);
            }
            derive::compute(&mut row.change, ctx, &catalogue.pipelines.currency);
        }
        self.time_stages(ctx, catalogue, &mut rows).await?;
        self.task_stages(ctx, catalogue, &mut rows, manner.batch);
        let mut rows = self.validate(catalogue, ctx, rows, manner, outcomes).await?;
        let changes: Vec<&PendingChange> = rows.iter().map(|row| &row.change).collect();
        let doubles = self.refused_doubles(catalogue, ctx, def, &changes, &leaving).await?;
        rows.retain(|row| {
            let error = doubles.iter().find(|(id, _)| *id == row.change.id).map(|(_, double)| double.told());
            let kept = error.is_none();
            outcomes.extend(error.map(|error| (row.index, Err(error))));
            kept
        });
        Ok(rows)
    }

    /// The records to be changed: within the right to do it, and those only visible (to tell "may not" from "is not").
    async fn load_for_write(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        chunk: &[(usize, &Change)],
    ) -> Result<Known> {
        let mut known = Known::default();
        let conn = self.db.read();
        for action in [Action::Update, Action::Delete] {
            let ids: Vec<RecordId> =
                chunk.iter().filter(|(_, c)| c.action() == action).filter_map(|(_, c)| c.id()).collect();
            let deleted = action == Action::Delete;
            let found = read::load_whole(conn, catalogue, ctx, def, &ids, action, deleted).await?;
            let missing: Vec<RecordId> = ids.into_iter().filter(|id| !found.iter().any(|r| r.id == *id)).collect();
            let visible = read::load(conn, catalogue, ctx, def, &missing, Action::Read, deleted).await?;
            known.visible.extend(visible.iter().map(|r| r.id));
            known.changeable.extend(found.into_iter().map(|record| (record.id, record)));
        }
        Ok(known)
    }

    async fn run_hooks(
        &self,
        ctx: &Ctx,
        rows: &mut Vec<Row>,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) -> Result<()> {
        let Some(hooks) = self.hooks.get().filter(|_| !rows.is_empty()) else { return Ok(()) };
        let mut changes: Vec<PendingChange> = Vec::with_capacity(rows.len());
        let mut places = Vec::with_capacity(rows.len());
        for row in rows.drain(..) {
            places.push((row.index, row.pinned, row.past));
            changes.push(row.change);
        }
        hooks.before(ctx, &mut changes).await?;
        for ((index, pinned, past), mut change) in places.into_iter().zip(changes) {
            match change.refusal.take() {
                Some(refusal) => drop(outcomes.insert(index, Err(Error::Refused(Box::new(refusal))))),
                None => rows.push(Row { index, pinned, past, change, planned: None }),
            }
        }
        Ok(())
    }

    async fn validate(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        rows: Vec<Row>,
        manner: &Manner<'_>,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) -> Result<Vec<Row>> {
        let mut good = Vec::with_capacity(rows.len());
        let changes: Vec<&PendingChange> = rows.iter().map(|row| &row.change).collect();
        let missing = check::references(self.db.read(), catalogue, ctx, &changes, &manner.fresh).await?;
        let rules = changes.first().and_then(|change| self.rules_of(&change.entity.key));
        let actor = conditions::actor_of(ctx);
        for (mut row, missing) in rows.into_iter().zip(missing) {
            let mut errors = check::values(&row.change, catalogue, &ctx.rights, manner.archived);
            errors.extend(missing);
            let judged = match row.change.operation {
                Operation::Delete => Ok(()),
                Operation::Restore if errors.is_empty() => Ok(()),
                Operation::Restore => Err(invalid(errors)),
                _ => conditions::judge(&mut row.change, errors, ctx, &actor, manner.reason),
            };
            let checked = || rules.as_ref().map_or(Ok(()), |rules| rules.check(ctx, &row.change));
            match judged.and_then(|()| checked()) {
                Ok(()) => good.push(row),
                Err(error) => drop(outcomes.insert(row.index, Err(error))),
            }
        }
        Ok(good)
    }

    /// Begin, check versions, write, re-check rights, commit. Returns the changes to plan again.
    async fn store(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        mut rows: Vec<Row>,
        options: &WriteOptions,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) -> Result<HashSet<usize>> {
        let mut raced = HashSet::new();
        let home = Country::of_currency(&catalogue.pipelines.currency);
        rows.retain(|row| {
            let same = row.change.operation == Operation::Update && !store::differs(&row.change);
            if same {
                outcomes.insert(row.index, Ok(unchanged(ctx, row)));
            }
            !same
        });
        self.judge(catalogue, ctx, def, &mut rows, options, outcomes).await?;
        if options.all_or_nothing && outcomes.values().any(Result::is_err) {
            return Ok(raced);
        }
        if let Some(owner) = self.owner_of(&def.key) {
            return self.store_owned(&*owner, catalogue, ctx, def, rows, options, outcomes).await;
        }
        if let Some(trial) = &options.dry_run {
            let claims = Claims::of(&catalogue.pipelines, ctx.tenant, def, rows.iter().map(|row| &row.change));
            let mut broken = claims.try_out(self.db.read(), catalogue, ctx, def, trial).await?;
            for row in rows {
                let refused = broken.remove(&row.change.id);
                outcomes.insert(row.index, refused.map_or_else(|| Ok(written(ctx, row)), Err));
            }
            return Ok(raced);
        }
        while !rows.is_empty() {
            let tx = self.db.begin().await?;
            let claims = Claims::of(&catalogue.pipelines, ctx.tenant, def, rows.iter().map(|row| &row.change));
            claims.lock(&tx, ctx.tenant, def).await?;
            if let Some((refused, error)) = self.within(&tx, ctx, def, rows.iter_mut()).await? {
                tx.rollback().await?;
                if options.all_or_nothing {
                    outcomes.insert(refused, Err(error));
                    return Ok(HashSet::new());
                }
                if within::is_lost(&error) && rows.iter().any(|row| row.index == refused && !row.pinned) {
                    raced.insert(refused);
                }
                rows.retain(|row| row.index != refused);
                outcomes.insert(refused, Err(error));
                continue;
            }
            let stored = store::write(
                &tx,
                ctx,
                def,
                home,
                &mut rows.iter_mut().map(|r| &mut r.change).collect::<Vec<_>>(),
                options,
            )
            .await?;
            let outside = store::outside_rights(&tx, catalogue, ctx, def, rows.iter().map(|r| &r.change)).await?;
            let mut broken = claims.settle(&tx, catalogue, ctx, def, &stored.lost).await?;
            let refused = !outside.is_empty() || !broken.is_empty();
            if refused || (options.all_or_nothing && !stored.lost.is_empty()) {
                tx.rollback().await?;
                for row in rows.extract_if(.., |row| outside.contains(&row.change.id)) {
                    outcomes.insert(row.index, Err(Error::Denied("scope")));
                }
                rows.retain(|row| {
                    let error = broken.remove(&row.change.id);
                    let kept = error.is_none();
                    outcomes.extend(error.map(|error| (row.index, Err(error))));
                    kept
                });
                if options.all_or_nothing {
                    settle_lost(&mut rows, &stored.lost, outcomes, &mut raced, true);
                    return Ok(HashSet::new());
                }
                continue;
            }
            let refused = along_rows(&tx, &rows, &stored.lost, options).await?;
            if !refused.is_empty() {
                tx.rollback().await?;
                rows.retain(|row| refused.iter().all(|(index, _)| *index != row.index));
                outcomes.extend(refused.into_iter().map(|(index, error)| (index, Err(error))));
                if options.all_or_nothing {
                    return Ok(HashSet::new());
                }
                continue;
            }
            tx.commit().await?;
            settle_lost(&mut rows, &stored.lost, outcomes, &mut raced, false);
            break;
        }
        for row in rows {
            outcomes.insert(row.index, Ok(written(ctx, row)));
        }
        Ok(raced)
    }
}

#[derive(Default)]
struct Known {
    changeable: HashMap<RecordId, Record>,
    visible: HashSet<RecordId>,
}

/// Applies a change to the loaded record in memory.
fn apply(ctx: &Ctx, def: &Arc<EntityDef>, change: &Change, known: &Known) -> Result<PendingChange> {
    let operation = change.operation();
    if !ctx.rights.may(&def.key, change.action()) && !ctx.rights.may(&def.key, Action::Read) {
        return Err(match change.id() {
            Some(id) => Error::NotFound(format!("{} {id}", def.key)),
            None => Error::Denied("action"),
        });
    }
    if !ctx.rights.may(&def.key, change.action()) && change.id().is_none() {
        return Err(Error::Denied("action"));
    }
    let given = match change {
        Change::Create { fields }
        | Change::CreateAs { fields, .. }
        | Change::CreatePast { fields, .. }
        | Change::Update { fields, .. } => parse(def, &ctx.rights, fields).map_err(invalid)?,
        _ => kernel::Fields::new(),
    };
    if matches!(change, Change::Update { .. }) {
        emptied(def, &given)?;
    }
    let keys: BTreeSet<FieldKey> = given.keys().cloned().collect();
    let record = change.id().map(|id| found(def, id, change, known)).transpose()?;
    let id = match (change.id(), change) {
        (Some(id), _) => id,
        (None, Change::CreateAs { id, .. } | Change::CreatePast { id, .. }) => *id,
        _ => RecordId(ctx.id()),
    };
    let image = record.map(|record| record.fields.clone());
    let mut pending = PendingChange {
        entity: Arc::clone(def),
        id,
        operation,
        version: record.map_or(0, |record| record.version),
        after: image.clone().unwrap_or_default(),
        before: image,
        given: keys,
        merging: false,
        refusal: None,
        along: Vec::new(),
    };
    pending.assign(given);
    match change {
        Change::Merge { into, .. } => drop(pending.after.insert(MERGED_INTO.into(), Value::Id(into.0))),
        Change::Restore { .. } if def.merges() => drop(pending.after.insert(MERGED_INTO.into(), Value::Null)),
        _ => {}
    }
    if pending.before.is_none() {
        pending.after.retain(|_, value| *value != Value::Null);
    }
    Ok(pending)
}

/// Refuses a change that empties what must have a value: defaults are for new records.
fn emptied(def: &EntityDef, given: &kernel::Fields) -> Result<()> {
    let required = |key: &FieldKey| def.field(key).is_some_and(|field| field.required);
    let emptied = given.iter().filter(|(key, value)| value.is_empty() && required(key));
    let errors: FieldErrors = emptied.map(|(key, _)| (key.to_string(), FieldError::new("required"))).collect();
    if errors.is_empty() { Ok(()) } else { Err(invalid(errors)) }
}

fn found<'a>(def: &EntityDef, id: RecordId, change: &Change, known: &'a Known) -> Result<&'a Record> {
    let Some(record) = known.changeable.get(&id) else {
        return Err(if known.visible.contains(&id) {
            Error::Denied("action")
        } else {
            Error::NotFound(format!("{} {id}", def.key))
        });
    };
    let deleted = record.fields.get("deleted_at").is_some_and(|at| *at != Value::Null);
    match change {
        Change::Restore { .. } if !deleted => Err(Error::NotFound(format!("{} {id}", def.key))),
        Change::Delete { .. } | Change::Merge { .. } if deleted => Err(Error::NotFound(format!("{} {id}", def.key))),
        _ => match change.version() {
            Some(version) if version != record.version => {
                Err(Error::Conflict { code: "record.conflict", current: None })
            }
            _ => Ok(record),
        },
    }
}

/// Chunks of at most `CHUNK` changes in which no record occurs twice.
fn chunks(changes: Vec<(usize, &Change)>) -> Vec<Vec<(usize, &Change)>> {
    let mut all = Vec::new();
    let mut chunk = Vec::new();
    let mut ids = HashSet::new();
    for (index, change) in changes {
        let repeated = change.id().is_some_and(|id| !ids.insert(id));
        if repeated || chunk.len() == CHUNK {
            all.push(std::mem::take(&mut chunk));
            ids.clear();
            ids.extend(change.id());
        }
        chunk.push((index, change));
    }
    all.push(chunk);
    all.retain(|chunk| !chunk.is_empty());
    all
}

/// Rows whose record changed while they were planned: a conflict, or another try for those that named no version.
fn settle_lost(
    rows: &mut Vec<Row>,
    lost: &HashSet<RecordId>,
    outcomes: &mut HashMap<usize, Result<Written>>,
    raced: &mut HashSet<usize>,
    last: bool,
) {
    for row in rows.extract_if(.., |row| lost.contains(&row.change.id)) {
        outcomes.insert(row.index, Err(Error::Conflict { code: "record.conflict", current: None }));
        if !row.pinned && !last {
            raced.insert(row.index);
        }
    }
}

/// A failure after rows were written is told with what became of each row: those that got no outcome were not written.
fn told_by_row(error: Error, rows: usize, outcomes: &mut HashMap<usize, Result<Written>>) -> Result<()> {
    if !outcomes.values().any(Result::is_ok) {
        return Err(error);
    }
    tracing::error!(%error, "a bulk write failed after some of its rows were written");
    for index in 0..rows {
        outcomes.entry(index).or_insert_with(|| Err(Error::Internal("not written: the rows before it failed".into())));
    }
    Ok(())
}

/// All or nothing was asked for and something was refused: the others were not written either.
fn roll_back_all(changes: &[Change], outcomes: &mut HashMap<usize, Result<Written>>) {
    let refused = outcomes.values().any(Result::is_err);
    for index in 0..changes.len() {
        if refused && outcomes.get(&index).is_none_or(Result::is_ok) {
            let message = kernel::Message::key("error.batch.rolled_back");
            outcomes.insert(index, Err(Error::Refused(Box::new(Refusal::new("batch.rolled_back", message)))));
        }
    }
}

fn unchanged(ctx: &Ctx, row: &Row) -> Written {
    let change = &row.change;
    let image = change.before.as_ref().unwrap_or(&change.after);
    Written { operation: change.operation, record: seen(ctx, change, change.version, image) }
}

fn written(ctx: &Ctx, row: Row) -> Written {
    let change = &row.change;
    Written { operation: change.operation, record: seen(ctx, change, change.version + 1, &change.after) }
}

/// The record as its writer may see it: without hidden fields, with empty ones as null.
fn seen(ctx: &Ctx, change: &PendingChange, version: i64, image: &kernel::Fields) -> Record {
    let def = &change.entity;
    let mut fields = def.flat(image);
    fields.retain(|key, _| def.shows_key(&ctx.rights, key));
    for field in def.fields.iter().filter(|field| def.shows(&ctx.rights, field)) {
        fields.entry(field.key.clone()).or_insert(Value::Null);
    }
    Record { id: change.id, version, entity: def.key.clone(), fields }
}
