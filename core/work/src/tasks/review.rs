//! A task that somebody gave to another is looked at when it is done: accepted with a mark, or given back.

use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::{Ctx, Error, Result, TaskId};
use messaging::notifications::{self, Kind};

use super::access::{self, Standing};
use super::model::{Acceptance, Returning, Task, TaskState};
use super::open::told;
use super::store::{self, Stored};
use super::{Tasks, deadline};
use crate::input::{self, MAX_NOTE, wrong};

impl Tasks {
    /// Leaves a completed task to whoever gave it, if that is somebody else. Tasks of processes go on at once.
    pub(super) async fn to_review(&self, tx: &Tx, ctx: &Ctx, task: &mut Stored) -> Result<()> {
        let giver = task.creator.filter(|giver| Some(*giver) != task.completed_by && task.instance.is_none());
        let Some(giver) = giver.filter(|_| task.state == TaskState::Completed) else { return Ok(()) };
        task.state = TaskState::Review;
        notifications::tell(tx, ctx, Kind::Review, [giver], task.id, &told(task)).await
    }

    /// Accepts a task that was done: whoever gave it, and heads and administrators above those who did it.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflict `task.not_in_review`; `task.invalid` naming `mark`.
    pub async fn accept(&self, ctx: &Ctx, id: TaskId, input: &Acceptance) -> Result<Task> {
        if input.mark.is_some_and(|mark| !(1..=5).contains(&mark)) {
            return Err(wrong("mark", FieldError::new("range").with("min", 1).with("max", 5)));
        }
        self.reviewed(ctx, id, None, async |_, task| {
            task.state = TaskState::Completed;
            task.action.mark = input.mark;
            Ok(())
        })
        .await
    }

    /// Gives a task back to whoever did it, with what is still to be done.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflict `task.not_in_review`; `task.invalid` naming `note`.
    pub async fn give_back(&self, ctx: &Ctx, id: TaskId, input: &Returning) -> Result<Task> {
        let note = input.note.trim();
        if note.is_empty() {
            return Err(wrong("note", FieldError::new("required")));
        }
        input::text("note", note, MAX_NOTE)?;
        self.reviewed(ctx, id, Some(note), async |tx, task| {
            task.assignee = task.assignee.or(task.completed_by);
            (task.state, task.completed, task.completed_by, task.result) = (TaskState::Open, None, None, None);
            task.action.returned = task.action.returned.saturating_add(1);
            if task.due.is_some_and(|due| due > ctx.now()) {
                let calendar = self.calendar_of(tx, ctx, task).await?;
                deadline::schedule(tx, ctx, task, &calendar).await?;
            }
            notifications::tell(tx, ctx, Kind::Returned, task.assignee, task.id, &told(task)).await
        })
        .await
    }

    async fn reviewed(
        &self,
        ctx: &Ctx,
        id: TaskId,
        note: Option<&str>,
        change: impl AsyncFnOnce(&Tx, &mut Stored) -> Result<()>,
    ) -> Result<Task> {
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, id).await?;
        if !reviews(ctx, &old, access::standing(&tx, ctx, &old).await?) {
            return Err(Error::Denied("action"));
        }
        if old.state != TaskState::Review {
            return Err(Error::Conflict { code: "task.not_in_review", current: None });
        }
        let mut task = old.clone();
        change(&tx, &mut task).await?;
        self.keep(&tx, ctx, &old, &mut task, note).await?;
        tx.commit().await?;
        Ok(task.shown(ctx))
    }
}

/// Whether somebody says if a task is well done.
pub(super) fn reviews(ctx: &Ctx, task: &Stored, standing: Standing) -> bool {
    let me = ctx.user().map(|user| user.0);
    standing == Standing::Above || (me.is_some() && task.creator == me)
}
