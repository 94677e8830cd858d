//! Records are brought to where a changed pipeline wants them: out of stages that go, closed or opened where a stage means
//! something else, with another deadline where it has another duration.
//!
//! It is a long job with one batch, through the write pipeline like every change; the rules of stages do not hold it up. What
//! somebody moved out, `undo` puts back, with the stages. A crash repeats at most one step, which changes nothing.

use kernel::db::{ConnectionTrait, Tx};
use kernel::filter::{Filter, Op};
use kernel::jobs::long::{LongJob, Step, Steps};
use kernel::{BatchId, Ctx, Error, RecordId, Result, audit, event};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::Records;
use crate::catalogue::touch;
use crate::read::Query as Asked;
use crate::whole::{Changed, Refused};
use crate::write::{CHUNK, Change, WriteOptions};

/// The kind of long job.
pub const KIND: &str = "records.pipeline";
/// Records that are moved while the request waits.
pub const AT_ONCE: i64 = 1_000;
/// The kind of its batches.
pub(crate) const BATCH: &str = "pipeline";

/// What is done to the records of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    pub stage: String,
    /// They move there; else what follows from the stage is worked out anew.
    pub to: Option<String>,
}

/// The work of one changed pipeline.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Input {
    pub entity: String,
    pub batch: BatchId,
    pub tasks: Vec<Task>,
}

/// Does the steps.
pub struct SettleSteps {
    records: Records,
    identities: Identities,
}

impl SettleSteps {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self { records: records.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for SettleSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let (at, cursor): (usize, Option<String>) = match &job.cursor {
            Json::Null => (0, None),
            cursor => serde_json::from_value(cursor.clone()).map_err(Error::internal)?,
        };
        let mut changed: Changed = match &job.result {
            Json::Null => Changed { batch: input.batch, changed: 0, refused: Vec::new(), refused_total: 0 },
            result => serde_json::from_value(result.clone()).map_err(Error::internal)?,
        };
        let (mut found, mut next) = (0, None);
        if let Some(task) = input.tasks.get(at) {
            let person = self.identities.of_user(job.tenant, job.user).await?;
            let ctx = job.acting(person.ctx(self.records.env()));
            let asked = Asked {
                filter: Some(Filter::test("stage", Op::Eq, task.stage.as_str())),
                fields: Some(Vec::new()),
                limit: u64::try_from(CHUNK).ok(),
                cursor,
                ..Asked::default()
            };
            let page = self.records.query(&ctx, &input.entity, &asked).await?;
            found = i64::try_from(page.items.len()).unwrap_or(0);
            let ids = page.items.into_iter().map(|record| record.id).collect();
            changed.add(found, self.change(&ctx, &input, task, ids).await?);
            next = page.next_cursor;
        }
        let at = if next.is_none() { at + 1 } else { at };
        let over = at >= input.tasks.len();
        if over {
            // Exactly, also when a step was repeated.
            changed.changed = event::extent_of_batch(self.records.db().read(), job.tenant, input.batch).await?.0;
        }
        Ok(Step { tx: None, cursor: json!((at, next)), done: job.done + found, result: json!(changed), over })
    }
}

impl SettleSteps {
    async fn change(&self, ctx: &Ctx, input: &Input, task: &Task, ids: Vec<RecordId>) -> Result<Vec<Refused>> {
        let options = WriteOptions { batch: Some(input.batch), unguarded: true, ..WriteOptions::default() };
        let fields: Map<String, Json> =
            task.to.iter().map(|to| ("stage".to_owned(), Json::from(to.as_str()))).collect();
        let change = |id: &RecordId| Change::Update { id: *id, version: None, fields: fields.clone() };
        let outcomes = self.records.write(ctx, &input.entity, ids.iter().map(change).collect(), &options).await?;
        let refused = ids.into_iter().zip(outcomes).filter_map(|(id, outcome)| {
            let error = outcome.err()?;
            Some(Refused { id, code: error.code().to_owned() })
        });
        Ok(refused.collect())
    }
}

/// Shows the stages and pipelines again that went with a batch: its undo needs them.
pub(crate) async fn bring_back(tx: &Tx, ctx: &Ctx, batch: BatchId) -> Result<()> {
    touch(tx, ctx.tenant).await?;
    let mine = |table: &'static str| {
        Query::update()
            .table(table)
            .value("removed_at", None::<i64>)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("removed_in").eq(batch.0))
            .to_owned()
    };
    let pipelines = Query::select()
        .column("pipeline_id")
        .from("stage")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("removed_in").eq(batch.0))
        .take();
    let counted = Query::update()
        .table("pipeline")
        .value("version", Expr::col("version").add(1))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("id").in_subquery(pipelines))
        .to_owned();
    tx.execute(&counted).await?;
    make_room(tx, ctx, batch).await?;
    for table in ["pipeline", "stage"] {
        tx.execute(&mine(table)).await?;
    }
    audit::record(tx, ctx, "pipeline.restored", &batch.to_string(), json!({})).await?;
    Ok(())
}

/// The others have been counted anew since: each stage that comes back stands where it stood, those from there on behind it.
async fn make_room(tx: &Tx, ctx: &Ctx, batch: BatchId) -> Result<()> {
    let gone = Query::select()
        .columns(["pipeline_id", "sort"])
        .from("stage")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("removed_in").eq(batch.0))
        .order_by("sort", Order::Asc)
        .take();
    for row in tx.query_all(&gone).await? {
        let (pipeline, sort): (Uuid, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let behind = Query::update()
            .table("stage")
            .value("sort", Expr::col("sort").add(1))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("pipeline_id").eq(pipeline))
            .and_where(Expr::col("removed_at").is_null())
            .and_where(Expr::col("sort").gte(sort))
            .to_owned();
        tx.execute(&behind).await?;
    }
    Ok(())
}
