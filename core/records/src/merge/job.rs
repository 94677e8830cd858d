//! The long job of a merge: entity after entity, a page of what points to the merged records a step; files and processes
//! with the last one. A step that is repeated after a crash finds less to move.

use std::collections::{BTreeSet, HashSet};

use kernel::db::ConnectionTrait;
use kernel::jobs::long::{LongJob, Step, Steps};
use kernel::{BatchId, Ctx, Error, RecordId, RecordRef, Result, audit};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query as Sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Merged, links, told, wide};
use crate::catalogue::{EntityDef, FieldDef};
use crate::duplicates::keys::leading;
use crate::read::{Query, Sort};
use crate::write::{CHUNK, Change, WriteOptions};
use crate::{Record, Records};

/// The kind of long job.
pub const KIND: &str = "records.merge";
/// Times that a record which somebody changes meanwhile is tried again.
const TRIES: usize = 5;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Input {
    pub entity: String,
    pub into: RecordId,
    pub others: Vec<RecordId>,
    pub batch: BatchId,
}

/// Where the next step begins: an entity, and a page of what points from it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    entity: String,
    page: Option<String>,
}

/// Does the steps of merges.
pub struct MergeSteps {
    records: Records,
    identities: Identities,
}

impl MergeSteps {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self { records: records.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for MergeSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let place: Option<Place> = serde_json::from_value(job.cursor.clone()).map_err(Error::internal)?;
        let place = place.unwrap_or_default();
        let mut merged = told(&job.result, input.batch)?;
        let person = self.identities.of_user(job.tenant, job.user).await?;
        let ctx = job.acting(person.ctx(self.records.env()));
        let catalogue = self.records.catalogue(ctx.tenant).await?;
        let def = catalogue.entity(&input.entity)?;
        let into = self.records.stands(&ctx, def, input.into).await?;
        let points = |other: &&std::sync::Arc<EntityDef>| !links::fields(other, &def.key).is_empty();
        let mut open: Vec<_> = catalogue.entities().iter().filter(points).collect();
        open.sort_by(|one, other| one.key.cmp(&other.key));
        let Some(other) = open.into_iter().find(|other| *other.key >= *place.entity) else {
            return self.records.last_step(&ctx, &input, def, into, job, merged).await;
        };
        let page = Some(place.page).filter(|_| *other.key == *place.entity).flatten();
        let (next, count) = self.records.redirect(&ctx, &input, other, into, page, &mut merged).await?;
        let next = match next {
            Some(page) => Place { entity: other.key.to_string(), page: Some(page) },
            // Keys have no character below the space.
            None => Place { entity: format!("{} ", other.key), page: None },
        };
        Ok(Step { tx: None, cursor: json!(next), done: job.done + count, result: json!(merged), over: false })
    }
}

impl Records {
    /// The record that stands for one now: it may have been merged too since.
    async fn stands(&self, ctx: &Ctx, def: &EntityDef, id: RecordId) -> Result<RecordId> {
        let leads = leading(self.db().read(), ctx, def, BTreeSet::from([id])).await?;
        Ok(leads.get(&id).copied().unwrap_or(id))
    }

    /// A page of what points from an entity. Gives the next page, and how many the actor sees of this one.
    async fn redirect(
        &self,
        ctx: &Ctx,
        input: &Input,
        other: &EntityDef,
        into: RecordId,
        cursor: Option<String>,
        merged: &mut Merged,
    ) -> Result<(Option<String>, i64)> {
        let eyes = wide(ctx);
        let fields = links::fields(other, &input.entity);
        let query = Query {
            filter: Some(links::filter(&fields, &input.entity, &input.others)),
            sort: vec![Sort { field: "number".into(), descending: false }],
            fields: Some(fields.iter().map(|field| field.key.to_string()).collect()),
            limit: u64::try_from(CHUNK).ok(),
            cursor,
            ..Query::default()
        };
        let page = self.query(&eyes, &other.key, &query).await?;
        let ids: Vec<RecordId> = page.items.iter().map(|record| record.id).collect();
        let stayed = self.redirect_all(&eyes, input, other, &fields, into, page.items).await?;
        let seen = self.get_many(ctx, &other.key, &ids).await?;
        let (mut moved, mut kept) = (0, 0);
        for record in &seen {
            *(if stayed.contains(&record.id) { &mut kept } else { &mut moved }) += 1;
        }
        for (counts, count) in [(&mut merged.moved, moved), (&mut merged.stayed, kept)] {
            if count > 0 {
                *counts.entry(other.key.to_string()).or_default() += count;
            }
        }
        Ok((page.next_cursor, moved + kept))
    }

    /// Gives those that could not be moved.
    async fn redirect_all(
        &self,
        eyes: &Ctx,
        input: &Input,
        other: &EntityDef,
        fields: &[&FieldDef],
        into: RecordId,
        mut records: Vec<Record>,
    ) -> Result<HashSet<RecordId>> {
        let from: BTreeSet<RecordId> = input.others.iter().copied().collect();
        let options = WriteOptions { batch: Some(input.batch), merging: true, ..WriteOptions::default() };
        let mut stayed = HashSet::new();
        for left in (0..TRIES).rev() {
            let change = |record: &Record| {
                let fields = links::redirected(record, fields, &from, into);
                let change = Change::Update { id: record.id, version: Some(record.version), fields: fields.clone() };
                (!fields.is_empty()).then_some((record.id, change))
            };
            let (ids, changes): (Vec<_>, Vec<_>) = records.iter().filter_map(change).unzip();
            let outcomes = self.write(eyes, &other.key, changes, &options).await?;
            let mut again = Vec::new();
            for (id, outcome) in ids.into_iter().zip(outcomes) {
                match outcome {
                    Ok(_) | Err(Error::NotFound(_)) => {}
                    Err(Error::Conflict { code: "record.conflict", .. }) if left > 0 => again.push(id),
                    Err(error @ (Error::Database(_) | Error::Raced(_))) => return Err(error),
                    Err(error) => {
                        tracing::info!(%error, entity = %other.key, record = %id, "a link stayed at a merged record");
                        stayed.insert(id);
                    }
                }
            }
            records = self.get_many(eyes, &other.key, &again).await?;
            if records.is_empty() {
                break;
            }
        }
        Ok(stayed)
    }

    /// Files and processes, in one transaction with the end.
    async fn last_step(
        &self,
        ctx: &Ctx,
        input: &Input,
        def: &EntityDef,
        into: RecordId,
        job: &LongJob,
        mut merged: Merged,
    ) -> Result<Step> {
        let at = |id: RecordId| RecordRef { entity: def.key.clone(), id };
        let tx = self.db().begin().await?;
        if self.undone(&tx, ctx, input.batch).await? {
            return Ok(Step { tx: Some(tx), cursor: Json::Null, done: job.done, result: json!(merged), over: true });
        }
        for id in &input.others {
            for (kind, count) in self.follow(&tx, ctx, &at(*id), &at(into), input.batch).await? {
                *merged.moved.entry(kind).or_default() += count;
            }
        }
        let detail = json!({"entity": input.entity, "records": input.others, "batch": input.batch});
        audit::record(&tx, ctx, "records.merged", &into.to_string(), detail).await?;
        Ok(Step { tx: Some(tx), cursor: Json::Null, done: job.done, result: json!(merged), over: true })
    }

    /// Whether somebody has taken the merge back while it was still moving.
    async fn undone(&self, tx: &kernel::db::Tx, ctx: &Ctx, batch: BatchId) -> Result<bool> {
        let select = Sql::select()
            .expr(Func::count(Expr::col("id")))
            .from("batch")
            .and_where(Expr::col("id").eq(batch.0))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("undone_at").is_not_null())
            .take();
        let count: i64 = tx.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(count > 0)
    }
}
