//! The formulas and rollups of all records of an entity, computed anew by a job after one was made, changed or brought
//! back; of single records when what they count has changed (`rollups`). It writes what differs through the row, links, totals, index and event of any other change, but as no one's doing: who
//! changed a record last and when stays as it was, and neither plugins nor rules are asked, for nobody asked for a change.

use std::sync::Arc;

use kernel::access::Action;
use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::phone::Country;
use kernel::{Ctx, Error, RecordId, Result, TenantId};
use people::tenant;
use sea_orm::sea_query::Query;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::catalogue::EntityDef;
use crate::computed::{self, Which};
use crate::write::{self, Operation, PendingChange};
use crate::{Records, read};

/// The job.
pub const RECOMPUTE: &str = "records.recompute";
/// Records of one transaction.
const CHUNK: u64 = 200;
/// Chunks of one run of the job: the rest is another run, so that a restart loses little.
const CHUNKS: usize = 20;
/// Seconds before it begins: by then every node writes by the new formula.
const DELAY_SECONDS: i64 = 2;
/// Times a chunk is read again because somebody else was quicker.
const TRIES: usize = 5;

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    entity: String,
    /// The record behind which it goes on.
    after: Option<RecordId>,
}

/// Has the formulas of an entity computed anew when the transaction is committed.
pub(crate) async fn begin(tx: &Tx, ctx: &Ctx, entity: &str) -> Result<()> {
    let payload = json!(Payload { entity: entity.to_owned(), after: None });
    enqueue(tx, ctx, payload, ctx.now().plus_seconds(DELAY_SECONDS)).await
}

async fn enqueue(tx: &Tx, ctx: &Ctx, payload: serde_json::Value, run_at: kernel::Timestamp) -> Result<()> {
    let job = NewJob::now(&ctx.env, RECOMPUTE, payload).for_tenant(ctx.tenant).in_order(order(ctx.tenant));
    Ok(jobs::enqueue(tx, &ctx.env, NewJob { run_at, ..job }).await?)
}

/// What all jobs of a company that compute values are ordered by.
pub(crate) fn order(tenant: TenantId) -> String {
    format!("{RECOMPUTE}:{tenant}")
}

/// Does it.
pub struct Recompute(pub Records);

#[async_trait::async_trait]
impl Handler for Recompute {
    fn kind(&self) -> &'static str {
        RECOMPUTE
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, job: &Job) -> std::result::Result<(), JobError> {
        let Some(tenant) = job.tenant else { return Ok(()) };
        let payload: Payload = serde_json::from_value(job.payload.clone()).map_err(Error::internal)?;
        Ok(self.0.recompute(tenant, payload).await?)
    }
}

impl Records {
    async fn recompute(&self, tenant: TenantId, payload: Payload) -> Result<()> {
        let Some(ctx) = self.system_of(tenant).await? else { return Ok(()) };
        let catalogue = self.catalogue(ctx.tenant).await?;
        // An entity that was removed meanwhile is computed when it is brought back.
        let Some(def) = catalogue.find(&payload.entity) else { return Ok(()) };
        let mut after = payload.after;
        for _ in 0..CHUNKS {
            let ids = self.next_ids(&ctx, def, after).await?;
            let Some(last) = ids.last().copied() else { return Ok(()) };
            self.recompute_some(&ctx, def, &ids).await?;
            after = Some(last);
        }
        let tx = self.db().begin().await?;
        enqueue(&tx, &ctx, json!(Payload { after, ..payload }), ctx.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The same of some records of an entity.
    pub(crate) async fn recompute_these(&self, tenant: TenantId, entity: &str, ids: &[RecordId]) -> Result<()> {
        let Some(ctx) = self.system_of(tenant).await? else { return Ok(()) };
        let catalogue = self.catalogue(ctx.tenant).await?;
        match catalogue.find(entity) {
            Some(def) => self.recompute_some(&ctx, def, ids).await,
            None => Ok(()),
        }
    }

    /// The product itself in a company, if there is such a company.
    pub(crate) async fn system_of(&self, tenant: TenantId) -> Result<Option<Ctx>> {
        match tenant::get(self.db(), tenant).await {
            Ok(found) => Ok(Some(found.system_ctx(self.env()))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn next_ids(&self, ctx: &Ctx, def: &EntityDef, after: Option<RecordId>) -> Result<Vec<RecordId>> {
        let mut select = Query::select();
        select.column((def.table, "id")).from(def.table);
        def.page(&mut select, ctx.tenant, after, CHUNK);
        let rows = self.db().read().query_all(&select).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// Those that somebody changes meanwhile are read again; whoever changed them has computed them.
    async fn recompute_some(&self, ctx: &Ctx, def: &Arc<EntityDef>, ids: &[RecordId]) -> Result<()> {
        let mut left = ids.to_vec();
        for _ in 0..TRIES {
            let catalogue = self.catalogue(ctx.tenant).await?;
            let found = read::load_whole(self.db().read(), &catalogue, ctx, def, &left, Action::Read, true).await?;
            let mut changes: Vec<PendingChange> = found
                .into_iter()
                .map(|record| PendingChange {
                    entity: Arc::clone(def),
                    id: record.id,
                    operation: Operation::Update,
                    version: record.version,
                    after: record.fields.clone(),
                    before: Some(record.fields),
                    given: Default::default(),
                    refusal: None,
                    along: Vec::new(),
                    merging: false,
                })
                .collect();
            for change in &mut changes {
                // Counted after the record was read: who counts later writes over a later version.
                self.roll_up(ctx, &catalogue, def, change.id, &mut change.after).await?;
                computed::compute(def, &mut change.after, ctx, &catalogue.pipelines.currency, Which::All);
            }
            changes.retain(write::differs);
            if changes.is_empty() {
                return Ok(());
            }
            let home = Country::of_currency(&catalogue.pipelines.currency);
            let tx = self.db().begin().await?;
            let mut rows: Vec<&mut PendingChange> = changes.iter_mut().collect();
            let lost = write::store_computed(&tx, ctx, def, home, &mut rows).await?;
            tx.commit().await?;
            self.fold_after(ctx, def, rows.len()).await;
            self.index_after(rows.len()).await;
            left = lost.into_iter().collect();
            if left.is_empty() {
                return Ok(());
            }
        }
        // Whoever changed them has computed their formulas, and counted nothing.
        match def.fields.iter().any(|field| field.rollup.is_some()) {
            true => Err(Error::Unavailable(format!("records of {} change too often to be counted for", def.key))),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
