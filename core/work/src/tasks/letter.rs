//! What the outcome of a letter means for its task.

use kernel::db::Tx;
use kernel::{Ctx, Error, Result, TaskId};
use messaging::mail::{MailOutcome, MailOwner, Reference};
use messaging::notifications::{self, Kind};
use people::staff;
use serde_json::json;
use uuid::Uuid;

use super::Tasks;
use super::model::TaskState;
use super::open::told;
use super::parts;
use super::store;

/// The reference kind of a task's letter.
pub(super) const TASK: &str = "task";

/// Tasks as owners of their letters.
pub(super) struct TaskLetters(pub Tasks);

#[async_trait::async_trait]
impl MailOwner for TaskLetters {
    fn owns(&self, kind: &str) -> bool {
        kind == TASK
    }

    async fn settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        reference: &Reference,
        letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()> {
        self.0.letter_settled(tx, ctx, TaskId(reference.id), letter, outcome).await
    }

    async fn queued(&self, tx: &Tx, ctx: &Ctx, reference: &Reference, letter: Uuid) -> Result<()> {
        self.0.letter_queued(tx, ctx, TaskId(reference.id), letter).await
    }
}

impl Tasks {
    async fn letter_settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        task: TaskId,
        letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()> {
        let old = match store::load_locked(tx, ctx.tenant, task).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        if old.action.pending != Some(letter) {
            return Ok(());
        }
        let mut task = old.clone();
        match outcome {
            MailOutcome::Sent => {
                task.action.done = true;
                task.action.result = Some(json!({"letter": letter, "at": ctx.now()}));
                (task.action.state, task.action.problem, task.action.pending) = (None, None, None);
            }
            MailOutcome::Failed(reason) => {
                (task.action.state, task.action.problem) = (Some("failed".into()), Some(cut(reason)));
            }
            MailOutcome::Unsure(reason) => {
                (task.action.state, task.action.problem) = (Some("unsure".into()), Some(cut(reason)));
            }
        }
        self.keep(tx, ctx, &old, &mut task, None).await?;
        if let (MailOutcome::Failed(reason) | MailOutcome::Unsure(reason), TaskState::Open) = (outcome, task.state) {
            let people = match task.assignee {
                Some(assignee) => vec![assignee],
                None => parts::candidates(tx, task.id).await?,
            };
            let people = if people.is_empty() { staff::admins(tx, ctx.tenant).await? } else { people };
            let mut params = told(&task);
            params.insert("reason".into(), cut(reason));
            notifications::tell(tx, ctx, Kind::Letter, people, task.id, &params).await?;
        }
        Ok(())
    }

    async fn letter_queued(&self, tx: &Tx, ctx: &Ctx, task: TaskId, letter: Uuid) -> Result<()> {
        let old = store::load_locked(tx, ctx.tenant, task).await?;
        if old.action.pending != Some(letter) {
            return Ok(());
        }
        let mut task = old.clone();
        (task.action.state, task.action.problem) = (Some("queued".into()), None);
        self.keep(tx, ctx, &old, &mut task, None).await
    }
}

fn cut(reason: &str) -> String {
    reason.chars().filter(|c| *c != '\0').take(500).collect()
}
