//! Records are brought to where a changed pipeline wants them: out of stages that go, closed or opened where a stage means
//! something else, with another deadline where it has another duration.
//!
//! How, `settling` says; the rules of stages do not hold it up. What somebody moved out, `undo` puts back, with the stages.

use kernel::db::{ConnectionTrait, Tx};
use kernel::filter::{Filter, Op};
use kernel::jobs::long::{LongJob, Step, Steps};
use kernel::{BatchId, Ctx, Error, Result, Value, audit};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::catalogue::touch;
use crate::settling::{Piece, Settling};
use crate::write::Change;
use crate::{Record, Records};

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
pub struct SettleSteps(Settling);

impl SettleSteps {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self(Settling::new(records, identities))
    }
}

#[async_trait::async_trait]
impl Steps for SettleSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let pieces: Vec<Piece<'_>> = input.tasks.iter().map(|task| task.piece(&input.entity)).collect();
        self.0.step(job, input.batch, &pieces, 1).await
    }
}

impl Task {
    fn piece<'a>(&'a self, entity: &'a str) -> Piece<'a> {
        let to = self.to.iter().map(|to| ("stage".to_owned(), Json::from(to.as_str())));
        let fields: Map<String, Json> = to.collect();
        Piece {
            entity,
            filter: Filter::test("stage", Op::Eq, self.stage.as_str()),
            fields: vec!["stage".to_owned()],
            // One that somebody has moved on meanwhile stays where they put it.
            change: Box::new(move |record: &Record| {
                let there = record.fields.get("stage").and_then(Value::as_text) == Some(self.stage.as_str());
                let version = Some(record.version);
                there.then(|| Change::Update { id: record.id, version, fields: fields.clone() })
            }),
        }
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

#[cfg(test)]
mod tests {
    use kernel::{EntityKey, FieldKey, RecordId};

    use super::*;

    #[test]
    fn whoever_is_moved_on_meanwhile_stays_there() {
        let task = Task { stage: "quote".to_owned(), to: Some("contract".to_owned()) };
        let piece = task.piece("deal");
        let at = |stage: &str| Record {
            id: RecordId(Uuid::nil()),
            version: 3,
            entity: EntityKey::new("deal"),
            fields: std::iter::once((FieldKey::new("stage"), Value::Text(stage.to_owned()))).collect(),
        };
        let moved = (piece.change)(&at("quote"));
        assert!(matches!(moved, Some(Change::Update { version: Some(3), .. })), "over what was read, and nothing else");
        assert!((piece.change)(&at("won")).is_none());
    }
}
