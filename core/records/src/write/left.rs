//! Tasks of stages: made in the transaction in which a record enters a stage, done before it leaves.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use kernel::db::Tx;
use kernel::{BatchId, Ctx, Error, Fields, RecordId, RecordRef, Result, Value};

use super::{Along, Operation, PendingChange, Row};
use crate::catalogue::EntityDef;
use crate::stages::{Pipelines, Stage, StageEntered, StageTasks};
use crate::{Catalogue, Records, batch};

impl Records {
    /// Has the tasks of stages made and taken back with the changes, once these are written. A batch whose changes are no news
    /// for rules makes none.
    pub(super) fn task_stages(&self, ctx: &Ctx, catalogue: &Catalogue, rows: &mut [Row], batch: Option<BatchId>) {
        let Some(tasks) = self.stage_tasks() else { return };
        for change in rows.iter_mut().map(|row| &mut row.change) {
            if !moves(change) {
                continue;
            }
            let of = |image: &Fields| promising(&catalogue.pipelines, &change.entity.key, image);
            let left = change.before.as_ref().and_then(of).map(|stage| stage.key.clone());
            let entered = of(&change.after).and_then(|stage| {
                let mut contract = stage.rules.contract.clone()?;
                // What was removed since nobody could fill in.
                contract.form.retain(|key| change.entity.field(key).is_some());
                Some(StageEntered { stage: stage.key.clone(), contract })
            });
            if left.is_none() && entered.is_none() {
                continue;
            }
            let record = RecordRef { entity: change.entity.key.clone(), id: change.id };
            let (tasks, ctx) = (Arc::clone(tasks), ctx.clone());
            change.along.push(Arc::new(OfStages { tasks, ctx, record, left, entered, batch }));
        }
    }

    /// What is to be done before records leave their stages, by record.
    pub(super) async fn unfinished(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        rows: &[Row],
    ) -> Result<HashMap<RecordId, Vec<String>>> {
        let Some(tasks) = self.stage_tasks() else { return Ok(HashMap::new()) };
        let leaves = |change: &PendingChange| {
            let before = change.before.as_ref().filter(|_| moves(change))?;
            let stage = promising(&catalogue.pipelines, &def.key, before)?;
            Some((change.id, stage.key.clone()))
        };
        let at: Vec<(RecordId, String)> = rows.iter().filter_map(|row| leaves(&row.change)).collect();
        let mut open: HashMap<RecordId, Vec<String>> = HashMap::new();
        if !at.is_empty() {
            for (record, title) in tasks.open(ctx, &def.key, &at).await? {
                open.entry(record).or_default().push(title);
            }
        }
        Ok(open)
    }
}

/// Whether a change puts a record into a stage, or into another one.
fn moves(change: &PendingChange) -> bool {
    let writes = matches!(change.operation, Operation::Create | Operation::Update);
    change.entity.staged && writes && change.changes("stage")
}

/// The stage in which an image stands, if it has a task.
fn promising<'a>(pipelines: &'a Pipelines, entity: &str, image: &Fields) -> Option<&'a Stage> {
    let (_, stage) = pipelines.stage_ever(entity, image.get("stage").and_then(Value::as_text)?)?;
    stage.rules.contract.is_some().then_some(stage)
}

/// What belongs to a change of stages.
struct OfStages {
    tasks: Arc<dyn StageTasks>,
    ctx: Ctx,
    record: RecordRef,
    left: Option<String>,
    entered: Option<StageEntered>,
    batch: Option<BatchId>,
}

impl fmt::Debug for OfStages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfStages").field("left", &self.left).field("entered", &self.entered).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Along for OfStages {
    async fn write(&self, tx: &Tx) -> Result<(), Error> {
        if let Some(stage) = &self.left {
            self.tasks.leave(tx, &self.ctx, &self.record, stage).await?;
        }
        let Some(entered) = &self.entered else { return Ok(()) };
        if let Some(batch) = self.batch {
            let silent = batch::without_rules(tx, &BTreeSet::from([batch.0])).await?;
            if silent.contains(&batch) {
                return Ok(());
            }
        }
        self.tasks.enter(tx, &self.ctx, &self.record, entered).await
    }
}
