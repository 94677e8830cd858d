//! The job `mail.send`, and what the outcome of a letter means for its task.

use std::sync::Arc;

use kernel::db::Tx;
use kernel::jobs::{Handler, Job, JobError};
use kernel::{Ctx, Error, Result};
use messaging::mail::{self, Letter, LetterState, MailOutcome, Reference, Trouble};
use messaging::notifications::{self, Kind};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Tasks;
use super::model::{Decision, TaskState};
use super::open::told;
use super::parts;
use super::store;
use crate::people_rows;

/// The reference kind of a task's letter.
const TASK: &str = "task";
/// Letters of a page at most.
const MAX_LIMIT: u64 = 200;

#[derive(Deserialize)]
struct Payload {
    letter: Uuid,
}

/// Hands letters over.
pub(super) struct SendLetter(pub Tasks);

#[async_trait::async_trait]
impl Handler for SendLetter {
    fn kind(&self) -> &'static str {
        mail::SEND
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.read()?;
        let ctx = super::deadline::system(&self.0, job).await?;
        self.0.send(&ctx, payload.letter).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        let Ok(payload) = job.read::<Payload>() else { return };
        let Ok(ctx) = super::deadline::system(&self.0, job).await else { return };
        let outcome = MailOutcome::Failed(error.to_owned());
        if let Err(error) = self.0.close(&ctx, payload.letter, LetterState::Queued, &outcome).await {
            tracing::error!(letter = %payload.letter, %error, "a letter that failed could not be settled");
        }
    }
}

impl Tasks {
    async fn send(&self, ctx: &Ctx, id: Uuid) -> Result<(), JobError> {
        let letter = match mail::load(self.db.read(), ctx.tenant, id).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        match letter.state {
            LetterState::Queued => {}
            LetterState::Sending => {
                let reason = "the work was cut off while the letter was being handed over".to_owned();
                self.close(ctx, id, LetterState::Sending, &MailOutcome::Unsure(reason)).await?;
                return Ok(());
            }
            _ => return Ok(()),
        }
        let Some(options) = self.mail.options() else {
            let reason = MailOutcome::Failed("no mail server is configured".into());
            self.close(ctx, id, LetterState::Queued, &reason).await?;
            return Ok(());
        };
        match self.hand_over(ctx, options, &letter).await? {
            None => Ok(()),
            Some(Ok(())) => {
                self.close(ctx, id, LetterState::Sending, &MailOutcome::Sent).await?;
                // A worker that believed this one dead may have put the letter in doubt; it is not.
                Ok(self.close(ctx, id, LetterState::Unsure, &MailOutcome::Sent).await?)
            }
            Some(Err(Trouble::Unsure(reason))) => {
                Ok(self.close(ctx, id, LetterState::Sending, &MailOutcome::Unsure(reason)).await?)
            }
            Some(Err(Trouble::Never(reason))) => {
                self.back_to_queue(ctx, id, &reason).await?;
                Ok(self.close(ctx, id, LetterState::Queued, &MailOutcome::Failed(reason)).await?)
            }
            Some(Err(Trouble::Later(reason))) => {
                self.back_to_queue(ctx, id, &reason).await?;
                Err(JobError::Retry(reason))
            }
        }
    }

    /// None when somebody else has taken the letter meanwhile.
    async fn hand_over(
        &self,
        ctx: &Ctx,
        options: &mail::MailOptions,
        letter: &Letter,
    ) -> Result<Option<Result<(), Trouble>>> {
        let accepted = match mail::begin(options, letter).await {
            Ok(accepted) => accepted,
            Err(trouble) => return Ok(Some(Err(trouble))),
        };
        let tx = self.db.begin().await?;
        let mine = mail::mark(&tx, ctx.now(), letter.id, LetterState::Queued, LetterState::Sending, None).await?;
        tx.commit().await?;
        if !mine {
            return Ok(None);
        }
        Ok(Some(accepted.hand_over().await))
    }

    /// The server surely has no letter: it may be sent again.
    async fn back_to_queue(&self, ctx: &Ctx, id: Uuid, reason: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        mail::mark(&tx, ctx.now(), id, LetterState::Sending, LetterState::Queued, Some(reason)).await?;
        mail::settle(&tx, ctx.now(), id, reason).await?;
        Ok(tx.commit().await?)
    }

    /// Settles a letter and tells its owner, in one transaction. Nothing happens when it is not in the state `from`.
    async fn close(&self, ctx: &Ctx, id: Uuid, from: LetterState, outcome: &MailOutcome) -> Result<()> {
        let tx = self.db.begin().await?;
        if self.close_in(&tx, ctx, id, from, outcome).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn close_in(&self, tx: &Tx, ctx: &Ctx, id: Uuid, from: LetterState, outcome: &MailOutcome) -> Result<bool> {
        let (to, problem) = match outcome {
            MailOutcome::Sent => (LetterState::Sent, None),
            MailOutcome::Failed(reason) => (LetterState::Failed, Some(reason.as_str())),
            MailOutcome::Unsure(reason) => (LetterState::Unsure, Some(reason.as_str())),
        };
        if !mail::mark(tx, ctx.now(), id, from, to, problem).await? {
            return Ok(false);
        }
        let letter = mail::load_locked(tx, ctx.tenant, id).await?;
        self.tell_owner(tx, ctx, &letter, outcome).await?;
        Ok(true)
    }

    async fn tell_owner(&self, tx: &Tx, ctx: &Ctx, letter: &Letter, outcome: &MailOutcome) -> Result<()> {
        if letter.reference.kind == TASK {
            return self.letter_settled(tx, ctx, &letter.reference, letter.id, outcome).await;
        }
        match self.letters.get() {
            Some(owner) => owner.settled(tx, ctx, &letter.reference, letter.id, outcome).await,
            None => Ok(()),
        }
    }

    async fn letter_settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        reference: &Reference,
        letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()> {
        let old = match store::load_locked(tx, ctx.tenant, reference.id).await {
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
            let people = if people.is_empty() { people_rows::admins(tx, ctx.tenant).await? } else { people };
            let mut params = told(&task);
            params.insert("reason".into(), cut(reason));
            notifications::tell(tx, ctx, Kind::Letter, people, task.id, &params).await?;
        }
        Ok(())
    }

    /// Decides about any letter that is `unsure`, or sends a `failed` one again (administrators). Whoever may act on a
    /// task decides about its letter by `Tasks::act`.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `mail.settled` when the letter is in another state.
    pub async fn settle_letter(&self, ctx: &Ctx, id: Uuid, decision: Decision) -> Result<()> {
        people::require_admin(ctx)?;
        self.decide(ctx, id, decision).await
    }

    pub(super) async fn decide(&self, ctx: &Ctx, id: Uuid, decision: Decision) -> Result<()> {
        let tx = self.db.begin().await?;
        let letter = mail::load_locked(&tx, ctx.tenant, id).await?;
        let settled = || Error::Conflict { code: "mail.settled", current: None };
        match (decision, letter.state) {
            (Decision::Sent, LetterState::Unsure) => {
                self.close_in(&tx, ctx, id, LetterState::Unsure, &MailOutcome::Sent).await?;
            }
            (Decision::Resend, LetterState::Unsure | LetterState::Failed) => {
                mail::mark(&tx, ctx.now(), id, letter.state, LetterState::Queued, None).await?;
                if letter.reference.kind == TASK {
                    self.letter_queued(&tx, ctx, letter.reference.id, id).await?;
                }
                self.mail.send_later(&tx, ctx, id).await?;
            }
            _ => return Err(settled()),
        }
        kernel::audit::record(&tx, ctx, "letter.settled", &id.to_string(), json!({"decision": decision})).await?;
        Ok(tx.commit().await?)
    }

    async fn letter_queued(&self, tx: &Tx, ctx: &Ctx, task: Uuid, letter: Uuid) -> Result<()> {
        let old = store::load_locked(tx, ctx.tenant, task).await?;
        if old.action.pending != Some(letter) {
            return Ok(());
        }
        let mut task = old.clone();
        (task.action.state, task.action.problem) = (Some("queued".into()), None);
        self.keep(tx, ctx, &old, &mut task, None).await
    }

    /// Letters of the company, newest first, at most 200 (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn letters(
        &self,
        ctx: &Ctx,
        state: Option<LetterState>,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Letter>> {
        people::require_admin(ctx)?;
        mail::list(self.db.read(), ctx.tenant, state, before, limit.clamp(1, MAX_LIMIT)).await
    }

    /// Handlers of this crate's jobs, for the worker: `mail.send`, `task.remind`, `task.overdue`, `task.escalate`.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        let mut handlers: Vec<Arc<dyn Handler>> = vec![Arc::new(SendLetter(self.clone()))];
        handlers.extend(super::deadline::handlers(self));
        handlers
    }
}

fn cut(reason: &str) -> String {
    reason.chars().filter(|c| *c != '\0').take(500).collect()
}
