//! Batches: imports, mass edits and other sets of changes that can be undone together.
//!
//! Undo puts back what nobody edited since, through the write pipeline like every change, and lists what it kept.

use kernel::db::Tx;
use kernel::event::{self, Event};
use kernel::{BatchId, Ctx, Error, Result, Timestamp};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

use crate::{EntityDef, Records};
use crate::write::{CHUNK, Change, WriteOptions};

/// Events of a batch read at once.
const PAGE: u64 = 1_000;

/// A set of changes.
#[derive(Debug, Clone, Serialize)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// `bulk`, `import`, `undo`.
    pub kind: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

/// A record that undo left as it is.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    /// Its entity.
    pub entity: String,
    /// The record.
    pub id: Uuid,
    /// Why, as an error code: `record.conflict` when somebody edited it since.
    pub reason: String,
}

/// What undo did.
#[derive(Debug, Default, Serialize)]
pub struct Undone {
    /// Records put back.
    pub restored: usize,
    /// Records left as they are.
    pub kept: Vec<Kept>,
}

/// Opens a batch in the caller's transaction.
///
/// # Errors
/// When the database fails.
pub async fn open(tx: &Tx, ctx: &Ctx, kind: &str) -> Result<BatchId> {
    let id = BatchId::fresh(&ctx.env);
    let actor = serde_json::to_value(&ctx.actor).map_err(Error::internal)?;
    let insert = Query::insert()
        .into_table("batch")
        .columns(["id", "tenant_id", "kind", "actor", "user_id", "created_at"])
        .values_panic([
            id.into(),
            ctx.tenant.into(),
            kind.into(),
            actor.into(),
            ctx.user().map(|u| u.0).into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.later(&insert).await?;
    Ok(id)
}

impl Records {
    /// Opens a batch of its own transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_batch(&self, ctx: &Ctx, kind: &str) -> Result<BatchId> {
        let tx = self.db.begin().await?;
        let id = open(&tx, ctx, kind).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A batch of the actor's own, or anybody's for an administrator.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn batch(&self, ctx: &Ctx, id: BatchId) -> Result<Batch> {
        let mut select = Query::select();
        select
            .columns(["kind", "created_at", "undone_at"])
            .from("batch")
            .and_where(Expr::col("id").eq(id.0))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        if !ctx.rights.is_admin() {
            select.and_where(Expr::col("user_id").eq(ctx.user().map(|u| u.0)));
        }
        let row = self.db.read().query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("batch {id}")))?;
        Ok(Batch {
            id,
            kind: row.try_get_by_index(0)?,
            created_at: Timestamp(row.try_get_by_index(1)?),
            undone_at: row.try_get_by_index::<Option<i64>>(2)?.map(Timestamp),
        })
    }

    /// Puts back everything of the batch that nobody changed since.
    ///
    /// # Errors
    /// `NotFound`; `batch.undone` when it was undone before.
    pub async fn undo(&self, ctx: &Ctx, id: BatchId) -> Result<Undone> {
        let batch = self.batch(ctx, id).await?;
        if batch.undone_at.is_some() || !self.mark_undone(ctx, id).await? {
            return Err(Error::Conflict { code: "batch.undone", current: None });
        }
        let options = WriteOptions { batch: Some(self.open_batch(ctx, "undo").await?), ..WriteOptions::default() };
        let catalogue = self.catalogue(ctx.tenant).await?;
        let mut progress = Progress::default();
        let mut before = None;
        loop {
            let events = event::of_batch(self.db.read(), ctx.tenant, id, before, PAGE).await?;
            let Some(last) = events.last() else { return Ok(progress.done()) };
            before = Some(last.id);
            let mut by_entity: HashMap<String, Vec<Event>> = HashMap::new();
            for event in events {
                by_entity.entry(event.entity.clone()).or_default().push(event);
            }
            for (entity, events) in by_entity {
                for round in rounds(events) {
                    self.undo_round(ctx, catalogue.entity(&entity)?, &round, &options, &mut progress).await?;
                }
            }
        }
    }

    /// Takes back one event of each record. Records that had to be kept are left alone.
    async fn undo_round(
        &self,
        ctx: &Ctx,
        def: &EntityDef,
        round: &[Event],
        options: &WriteOptions,
        progress: &mut Progress,
    ) -> Result<()> {
        let events: Vec<&Event> = round.iter().filter(|event| !progress.kept.contains_key(&event.record)).collect();
        let changes = events.iter().map(|event| opposite(def, event, progress.version(event))).collect();
        let outcomes = self.write(ctx, &def.key, changes, options).await?;
        for (event, outcome) in events.into_iter().zip(outcomes) {
            match outcome {
                Ok(written) => progress.back(event, written.record.version),
                Err(error) => progress.keep(event, error.code()),
            }
        }
        Ok(())
    }

    /// Claims the undo, so that two clicks undo once.
    async fn mark_undone(&self, ctx: &Ctx, id: BatchId) -> Result<bool> {
        let update = Query::update()
            .table("batch")
            .value("undone_at", ctx.now().0)
            .and_where(Expr::col("id").eq(id.0))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("undone_at").is_null())
            .to_owned();
        let tx = self.db.begin().await?;
        let marked = tx.execute(&update).await?.rows_affected() == 1;
        tx.commit().await?;
        Ok(marked)
    }
}

/// How far an undo has come.
#[derive(Default)]
struct Progress {
    /// By record: the version before the last event taken back, and the version the record has since.
    moved: BTreeMap<Uuid, (i64, i64)>,
    kept: BTreeMap<Uuid, Kept>,
}

impl Progress {
    /// The version the record must have for this event to be taken back: the one the event left, unless a later event
    /// of the batch was taken back just before.
    fn version(&self, event: &Event) -> i64 {
        match self.moved.get(&event.record) {
            Some((before, now)) if *before == event.version => *now,
            _ => event.version,
        }
    }

    fn back(&mut self, event: &Event, now: i64) {
        self.moved.insert(event.record, (event.version - 1, now));
    }

    fn keep(&mut self, event: &Event, reason: &str) {
        self.moved.remove(&event.record);
        let kept = Kept { entity: event.entity.clone(), id: event.record, reason: reason.to_owned() };
        self.kept.insert(event.record, kept);
    }

    fn done(self) -> Undone {
        Undone { restored: self.moved.len(), kept: self.kept.into_values().collect() }
    }
}

/// Parts of at most `CHUNK` events in which no record occurs twice, in order.
fn rounds(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut all = Vec::new();
    let mut round: Vec<Event> = Vec::new();
    let mut records = HashSet::new();
    for event in events {
        if round.len() == CHUNK || !records.insert(event.record) {
            all.push(std::mem::take(&mut round));
            records = HashSet::from([event.record]);
        }
        round.push(event);
    }
    all.push(round);
    all
}

/// The change that takes an event back, bound to the version the record must have.
fn opposite(def: &EntityDef, event: &Event, version: i64) -> Change {
    let (id, version) = (event.record, Some(version));
    if event.kind.ends_with(".created") {
        return Change::Delete { id, version };
    }
    if event.kind.ends_with(".deleted") {
        return Change::Restore { id };
    }
    if event.kind.ends_with(".restored") {
        return Change::Delete { id, version };
    }
    let writable = |key: &str| def.field(key).is_some_and(|field| !field.system);
    let mut fields = Map::new();
    if let Json::Object(changes) = &event.changes {
        for (key, pair) in changes.iter().filter(|(key, _)| writable(key)) {
            fields.insert(key.clone(), pair.get(0).cloned().unwrap_or(Json::Null));
        }
    }
    Change::Update { id, version, fields }
}
