//! The job `mail.send`, and what people decide about letters that it could not settle.

use std::sync::Arc;

use kernel::db::Tx;
use kernel::files::table;
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Ctx, Error, Result};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::compose::Enclosed;
use super::outbox::{self, Letter, LetterState};
use super::parts::MAX_FILE_BYTES;
use super::smtp::{self, MailOptions, Trouble};
use super::{Decision, Mail, MailOutcome, SEND};
use crate::pace;

/// Letters of a page at most.
const MAX_LIMIT: u64 = 200;
/// The pace of the mail server of the installation.
const PACE: &str = "mail";

#[derive(Deserialize)]
struct Payload {
    letter: Uuid,
}

/// Hands letters over.
struct SendLetter(Mail);

#[async_trait::async_trait]
impl Handler for SendLetter {
    fn kind(&self) -> &'static str {
        SEND
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.read()?;
        let ctx = self.0.system(job).await?;
        self.0.send(&ctx, payload.letter).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        let Ok(payload) = job.read::<Payload>() else { return };
        let Ok(ctx) = self.0.system(job).await else { return };
        let outcome = MailOutcome::Failed(error.to_owned());
        if let Err(error) = self.0.close(&ctx, payload.letter, LetterState::Queued, &outcome).await {
            tracing::error!(letter = %payload.letter, %error, "a letter that failed could not be settled");
        }
    }
}

impl Mail {
    /// Handlers of this crate's jobs: `mail.send`.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![Arc::new(SendLetter(self.clone()))]
    }

    /// The product itself in the tenant of a job.
    pub(crate) async fn system(&self, job: &Job) -> Result<Ctx, JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a job of no tenant".into()))?;
        Ok(people::tenant::get(&self.db, tenant).await?.system_ctx(&self.env))
    }

    async fn send(&self, ctx: &Ctx, id: Uuid) -> Result<(), JobError> {
        let letter = match outbox::load(self.db.read(), ctx.tenant, id).await {
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
        if let Some(office) = self.office.get() {
            let outcome = office.take(&letter).await.map_or_else(MailOutcome::Failed, |()| MailOutcome::Sent);
            return Ok(self.close(ctx, id, LetterState::Queued, &outcome).await?);
        }
        let Some(options) = self.options() else {
            let reason = MailOutcome::Failed("no mail server is configured".into());
            self.close(ctx, id, LetterState::Queued, &reason).await?;
            return Ok(());
        };
        self.turn(ctx, options, &letter).await?;
        let files = match self.enclosed(&letter, ctx.tenant).await {
            Ok(files) => files,
            Err(Error::NotFound(what)) => {
                let reason = format!("a file that goes with it is gone: {what}");
                return Ok(self.close(ctx, id, LetterState::Queued, &MailOutcome::Failed(reason)).await?);
            }
            Err(error) => return Err(error.into()),
        };
        match self.hand_over(ctx, options, &letter, files).await? {
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

    /// Waits for the letter's turn, where the mail server is sent so many a second.
    async fn turn(&self, ctx: &Ctx, options: &MailOptions, letter: &Letter) -> Result<(), JobError> {
        let turn = match letter.slot {
            Some(turn) => turn,
            None if options.per_second == 0 => return Ok(()),
            None => {
                let tx = self.db.begin().await?;
                let turn = pace::turn(&tx, pace::NOBODY, PACE, options.per_second, ctx.now()).await?;
                outbox::take_turn(&tx, letter.id, Some(turn)).await?;
                tx.commit().await?;
                turn
            }
        };
        pace::wait(turn, ctx.now())
    }

    /// The files that go with a letter: what is in the bin or gone goes no more.
    async fn enclosed(&self, letter: &Letter, tenant: kernel::TenantId) -> Result<Vec<Enclosed>> {
        let mut all = Vec::with_capacity(letter.parts.files.len());
        for file in &letter.parts.files {
            let gone = || Error::NotFound(file.name.clone());
            let row = table::find(self.db.read(), tenant, file.id).await?.ok_or_else(gone)?;
            if row.state != table::State::Kept {
                return Err(gone());
            }
            let store = self.files.get().ok_or_else(|| Error::Unavailable("this process keeps no files".into()))?;
            let bytes = store.read_whole(tenant, file.id, row.size, MAX_FILE_BYTES).await?;
            all.push(Enclosed { name: row.name, media_type: row.media_type, bytes });
        }
        Ok(all)
    }

    /// None when somebody else has taken the letter meanwhile.
    async fn hand_over(
        &self,
        ctx: &Ctx,
        options: &MailOptions,
        letter: &Letter,
        files: Vec<Enclosed>,
    ) -> Result<Option<Result<(), Trouble>>> {
        let accepted = match smtp::begin(options, letter, files).await {
            Ok(accepted) => accepted,
            Err(trouble) => return Ok(Some(Err(trouble))),
        };
        let tx = self.db.begin().await?;
        let mine = outbox::mark(&tx, ctx.now(), letter.id, LetterState::Queued, LetterState::Sending, None).await?;
        tx.commit().await?;
        if !mine {
            return Ok(None);
        }
        Ok(Some(accepted.hand_over().await))
    }

    /// The server surely has no letter: it may be sent again.
    async fn back_to_queue(&self, ctx: &Ctx, id: Uuid, reason: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        outbox::mark(&tx, ctx.now(), id, LetterState::Sending, LetterState::Queued, Some(reason)).await?;
        outbox::settle(&tx, ctx.now(), id, reason).await?;
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
        if !outbox::mark(tx, ctx.now(), id, from, to, problem).await? {
            return Ok(false);
        }
        let letter = outbox::load_locked(tx, ctx.tenant, id).await?;
        self.tell_owner(tx, ctx, &letter, outcome).await?;
        Ok(true)
    }

    async fn tell_owner(&self, tx: &Tx, ctx: &Ctx, letter: &Letter, outcome: &MailOutcome) -> Result<()> {
        match self.owner_of(&letter.reference) {
            Some(owner) => owner.settled(tx, ctx, &letter.reference, letter.id, outcome).await,
            None => Ok(()),
        }
    }

    /// Decides about any letter that is `unsure`, or sends a `failed` one again (administrators).
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `mail.settled` when the letter is in another state.
    pub async fn settle_letter(&self, ctx: &Ctx, id: Uuid, decision: Decision) -> Result<()> {
        people::require_admin(ctx)?;
        self.decide(ctx, id, decision).await
    }

    /// The same by somebody whom the letter's owner lets decide.
    ///
    /// # Errors
    /// `NotFound`, `mail.settled` when the letter is in another state.
    pub async fn decide(&self, ctx: &Ctx, id: Uuid, decision: Decision) -> Result<()> {
        let tx = self.db.begin().await?;
        let letter = outbox::load_locked(&tx, ctx.tenant, id).await?;
        let settled = || Error::Conflict { code: "mail.settled", current: None };
        match (decision, letter.state) {
            (Decision::Sent, LetterState::Unsure) => {
                self.close_in(&tx, ctx, id, LetterState::Unsure, &MailOutcome::Sent).await?;
            }
            (Decision::Resend, LetterState::Unsure | LetterState::Failed) => {
                outbox::mark(&tx, ctx.now(), id, letter.state, LetterState::Queued, None).await?;
                if let Some(owner) = self.owner_of(&letter.reference) {
                    owner.queued(&tx, ctx, &letter.reference, id).await?;
                }
                self.send_later(&tx, ctx, id).await?;
            }
            _ => return Err(settled()),
        }
        kernel::audit::record(&tx, ctx, "letter.settled", &id.to_string(), json!({"decision": decision})).await?;
        Ok(tx.commit().await?)
    }

    /// One letter (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn letter(&self, ctx: &Ctx, id: Uuid) -> Result<Letter> {
        people::require_admin(ctx)?;
        outbox::load(self.db.read(), ctx.tenant, id).await
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
        outbox::list(self.db.read(), ctx.tenant, state, before, limit.clamp(1, MAX_LIMIT)).await
    }
}
