//! Tasks of pipeline stages: a record does not leave its stage before they are done.

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, RecordId, RecordRef, Result};
use records::relations::TASK;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use uuid::Uuid;

use super::contract::TaskContract;
use super::model::TaskState;
use super::{Tasks, promise, store};

impl Tasks {
    /// Passes a contract that tasks may have.
    ///
    /// # Errors
    /// `task.invalid` by part.
    pub fn may_keep(contract: &TaskContract) -> Result<()> {
        promise::check_contract(contract)
    }

    /// Titles of open tasks of the stages in which these records stand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_of_stages(
        &self,
        ctx: &Ctx,
        entity: &str,
        at: &[(RecordId, String)],
    ) -> Result<Vec<(RecordId, String)>> {
        let select = of_records(ctx, entity, at.iter().map(|(id, _)| id.0).collect());
        let mut open = Vec::new();
        for row in self.db.read().query_all(&select).await? {
            let task = store::from_row(&row)?;
            let (Some(subject), Some(stage)) = (task.subject, task.contract.stage) else { continue };
            if at.iter().any(|(id, of)| *id == subject.id && *of == stage) {
                open.push((subject.id, task.title));
            }
        }
        Ok(open)
    }

    /// Cancels open tasks of a stage that a record leaves all the same: undone, or moved by a change of its pipeline.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw_of_stage(&self, tx: &Tx, ctx: &Ctx, record: &RecordRef, stage: &str) -> Result<()> {
        for row in tx.query_all(&of_records(ctx, &record.entity, vec![record.id.0])).await? {
            let seen = store::from_row(&row)?;
            if seen.contract.stage.as_deref() != Some(stage) {
                continue;
            }
            // Others of the record are not held: whoever completes one may wait for the record meanwhile.
            let old = store::load_locked(tx, ctx.tenant, seen.id).await?;
            if old.state != TaskState::Open {
                continue;
            }
            let mut task = old.clone();
            task.state = TaskState::Cancelled;
            task.completed = Some(ctx.now());
            self.keep(tx, ctx, &old, &mut task, None).await?;
        }
        Ok(())
    }
}

/// Open tasks about records.
fn of_records(ctx: &Ctx, entity: &str, ids: Vec<Uuid>) -> SelectStatement {
    let mut select = store::select(ctx.tenant);
    select
        .and_where(Expr::col((TASK, "record_entity")).eq(entity))
        .and_where(Expr::col((TASK, "record_id")).is_in(ids))
        .and_where(Expr::col((TASK, "state")).eq("open"));
    select
}
