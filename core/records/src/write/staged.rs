//! Deadlines of stages: until when a record may stand where it does, in working time of the company. Whoever owns it is
//! told before and when that is over.

use std::sync::Arc;

use kernel::clock::Env;
use kernel::db::Tx;
use kernel::jobs::{NewJob, enqueue};
use kernel::{Ctx, Error, Result, Timestamp, Value};
use serde_json::json;

use super::{Along, PendingChange, Row};
use crate::stages::{STAGE_TOLD, Semantic, Stage, StageClock, StageTold};
use crate::{Catalogue, Records};

impl Records {
    /// Works out the deadlines of records that enter a stage, and of those that are settled anew.
    pub(super) async fn time_stages(&self, ctx: &Ctx, catalogue: &Catalogue, rows: &mut [Row]) -> Result<()> {
        let Some(clock) = self.clock() else { return Ok(()) };
        for change in rows.iter_mut().map(|row| &mut row.change) {
            if !change.entity.staged || !(change.changes("stage") || change.says_nothing()) {
                continue;
            }
            let key = change.after.get("stage").and_then(Value::as_text).unwrap_or_default();
            let Some((_, stage)) = catalogue.pipelines.stage_ever(&change.entity.key, key) else { continue };
            let due = due(clock, ctx, change, stage).await?;
            change.after.insert("stage_due".into(), due.map_or(Value::Null, Value::Instant));
            if let Some(due) = due.filter(|_| change.changes("stage_due")) {
                remind(clock, ctx, change, stage, due).await?;
            }
        }
        Ok(())
    }
}

/// Until when a record may stand in a stage, if there is an end to it.
async fn due(clock: &dyn StageClock, ctx: &Ctx, change: &PendingChange, stage: &Stage) -> Result<Option<Timestamp>> {
    let (Some(duration), Semantic::Open) = (&stage.rules.duration, stage.semantic) else { return Ok(None) };
    let Some(Value::Instant(since)) = change.after.get("stage_since") else { return Ok(None) };
    match clock.seconds(duration) {
        Ok(seconds) => clock.at(ctx, *since, seconds).await,
        // It was understood when it was saved.
        Err(_) => Ok(None),
    }
}

/// Has its owner told, once the change is written.
async fn remind(
    clock: &dyn StageClock,
    ctx: &Ctx,
    change: &mut PendingChange,
    stage: &Stage,
    due: Timestamp,
) -> Result<()> {
    let before = match stage.rules.remind.as_deref().map(|text| clock.seconds(text)) {
        Some(Ok(seconds)) => clock.at(ctx, due, -seconds).await?,
        _ => None,
    };
    let moments = [(before, false), (Some(due), true)];
    for (at, over) in moments.into_iter().filter_map(|(at, over)| Some((at?, over))) {
        if at <= ctx.now() {
            continue;
        }
        let told = StageTold { entity: change.entity.key.to_string(), record: change.id, due, over };
        let job = NewJob { run_at: at, ..NewJob::now(&ctx.env, STAGE_TOLD, json!(told)) }.for_tenant(ctx.tenant);
        change.along.push(Arc::new(Later { job, env: ctx.env.clone() }));
    }
    Ok(())
}

/// A job that belongs to a change.
#[derive(Debug)]
struct Later {
    job: NewJob,
    env: Env,
}

#[async_trait::async_trait]
impl Along for Later {
    async fn write(&self, tx: &Tx) -> Result<(), Error> {
        Ok(enqueue(tx, &self.env, self.job.clone()).await?)
    }
}
