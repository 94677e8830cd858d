//! What becomes of messages: the job of SMS, the outcome of letters, and what people decide.

use std::sync::Arc;
use std::time::Duration;

use kernel::db::Tx;
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Ctx, Error, Result};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::gateway::{self, Gateway};
use super::{Channel, MESSAGE, Message, MessageState, Messages, store, told};
use crate::mail::{Decision, MailOutcome, MailOwner, Reference};
use crate::outbound::{Incoming, NoAnswer};
use crate::pace;

/// The job that asks a gateway for an SMS.
pub(super) const SEND: &str = "sms.send";
/// Tries before an SMS that no gateway takes is given up: with the queue's backoff about six hours.
pub(super) const ATTEMPTS: i64 = 12;
/// How long a gateway may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Characters of an answer that are shown.
const SHOWN: usize = 200;

#[derive(Deserialize)]
struct Payload {
    message: Uuid,
}

/// Asks gateways for SMS.
struct SendSms(Messages);

#[async_trait::async_trait]
impl Handler for SendSms {
    fn kind(&self) -> &'static str {
        SEND
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.read()?;
        let ctx = self.0.mail.system(job).await?;
        self.0.send(&ctx, payload.message).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        let Ok(payload) = job.read::<Payload>() else { return };
        let Ok(ctx) = self.0.mail.system(job).await else { return };
        if let Err(error) = self.0.close(&ctx, payload.message, MessageState::Failed, Some(error), None).await {
            tracing::error!(message = %payload.message, %error, "a message that failed could not be settled");
        }
    }
}

/// What a gateway's answer means.
enum Answered {
    Sent(Option<String>),
    Never(String),
    Unsure(String),
    Later(String),
}

impl Messages {
    /// Handlers of the jobs of messages: `sms.send`.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![Arc::new(SendSms(self.clone()))]
    }

    async fn send(&self, ctx: &Ctx, id: Uuid) -> Result<(), JobError> {
        let db = &self.mail.db;
        let message = match store::load(db.read(), ctx.tenant, id).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        if message.state != MessageState::Queued {
            return Ok(());
        }
        let Some(gateway) = gateway::load(db.read(), ctx.tenant, &message.gateway).await? else {
            let why = format!("there is no gateway `{}` any more", message.gateway);
            return Ok(self.close(ctx, id, MessageState::Failed, Some(&why), None).await?);
        };
        self.turn(ctx, &message, &gateway).await?;
        match self.ask(ctx, &message, &gateway).await {
            Answered::Sent(foreign) => Ok(self.close(ctx, id, MessageState::Sent, None, foreign.as_deref()).await?),
            Answered::Never(why) => Ok(self.close(ctx, id, MessageState::Failed, Some(&why), None).await?),
            Answered::Unsure(why) => Ok(self.close(ctx, id, MessageState::Unsure, Some(&why), None).await?),
            Answered::Later(why) => {
                let tx = db.begin().await?;
                store::note(&tx, id, None, Some(&why)).await?;
                tx.commit().await?;
                Err(JobError::Retry(why))
            }
        }
    }

    /// Waits for the message's turn, where the gateway takes so many a second.
    async fn turn(&self, ctx: &Ctx, message: &Message, gateway: &Gateway) -> Result<(), JobError> {
        let turn = match message.slot {
            Some(turn) => turn,
            None if gateway.settings.per_second == 0 => return Ok(()),
            None => {
                let tx = self.mail.db.begin().await?;
                let per_second = gateway.settings.per_second;
                let turn = pace::turn(&tx, ctx.tenant, &message.gateway, per_second, ctx.now()).await?;
                store::note(&tx, message.id, Some(turn), None).await?;
                tx.commit().await?;
                turn
            }
        };
        pace::wait(turn, ctx.now())
    }

    async fn ask(&self, ctx: &Ctx, message: &Message, gateway: &Gateway) -> Answered {
        let Some(outbound) = self.outbound.get() else {
            return Answered::Later("this process sends nothing to gateways".to_owned());
        };
        let to = message.to.first().map(String::as_str).unwrap_or_default();
        let Ok(secret) = gateway.secret(&self.mail.db, ctx.tenant, &message.gateway) else {
            return Answered::Later(
                "the key of the gateway's secret is not here: `verstak doctor` says more".to_owned(),
            );
        };
        let request = match gateway.request(&secret, to, &message.text, message.id) {
            Ok(request) => request,
            Err(why) => return Answered::Never(why),
        };
        match tokio::time::timeout(TIMEOUT, outbound.send(request)).await {
            Ok(Ok(answer)) => judge(gateway, &answer),
            Ok(Err(NoAnswer::Unavailable(why))) => Answered::Later(why),
            Ok(Err(why @ NoAnswer::TooLong(_))) => Answered::Unsure(why.to_string()),
            Ok(Err(why)) => Answered::Never(why.to_string()),
            Err(_) => Answered::Later(format!("the gateway did not answer within {} s", TIMEOUT.as_secs())),
        }
    }

    /// Settles an SMS that waits, and tells its plugin, in one transaction. Nothing happens where it does not wait.
    async fn close(
        &self,
        ctx: &Ctx,
        id: Uuid,
        to: MessageState,
        problem: Option<&str>,
        foreign: Option<&str>,
    ) -> Result<()> {
        let tx = self.mail.db.begin().await?;
        let message = match store::load_locked(&tx, ctx.tenant, id).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        if message.state == MessageState::Queued {
            settle_in(&tx, ctx, &message, to, problem, foreign).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Decides about a message that is `unsure`, or sends a `failed` one again (administrators).
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `mail.settled` when the message is in another state.
    pub async fn decide(&self, ctx: &Ctx, id: Uuid, decision: Decision) -> Result<()> {
        people::require_admin(ctx)?;
        if store::load(self.mail.db.read(), ctx.tenant, id).await?.channel == Channel::Mail {
            return self.mail.settle_letter(ctx, id, decision).await;
        }
        let tx = self.mail.db.begin().await?;
        let message = store::load_locked(&tx, ctx.tenant, id).await?;
        match (decision, message.state) {
            (Decision::Sent, MessageState::Unsure) => {
                settle_in(&tx, ctx, &message, MessageState::Sent, None, None).await?;
            }
            (Decision::Resend, MessageState::Unsure | MessageState::Failed) => {
                store::note(&tx, id, None, None).await?;
                settle_in(&tx, ctx, &message, MessageState::Queued, None, None).await?;
                self.send_later(&tx, ctx, id).await?;
            }
            _ => return Err(Error::Conflict { code: "mail.settled", current: None }),
        }
        kernel::audit::record(&tx, ctx, "message.settled", &id.to_string(), json!({"decision": decision})).await?;
        Ok(tx.commit().await?)
    }
}

/// Notes how a message stands and tells its plugin.
pub(super) async fn settle_in(
    tx: &Tx,
    ctx: &Ctx,
    message: &Message,
    to: MessageState,
    problem: Option<&str>,
    foreign: Option<&str>,
) -> Result<()> {
    store::settle(tx, ctx.now(), message, to, problem, foreign).await?;
    told::tell(tx, ctx, message, to, problem).await
}

/// 2xx: it has it. 408, 425, 429, 5xx: perhaps later. Anything else: never.
fn judge(gateway: &Gateway, answer: &Incoming) -> Answered {
    let text = String::from_utf8_lossy(&answer.body);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: String = line.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    let why = format!("the gateway answered {}: {said}", answer.status);
    match answer.status {
        200..=299 => Answered::Sent(gateway.foreign_id(&answer.body)),
        408 | 425 | 429 | 500..=599 => Answered::Later(why),
        300..=399 => Answered::Never(format!("{why}; redirects are not followed")),
        _ => Answered::Never(why),
    }
}

#[async_trait::async_trait]
impl MailOwner for Messages {
    fn owns(&self, kind: &str) -> bool {
        kind == MESSAGE
    }

    async fn settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        _reference: &Reference,
        letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()> {
        let (to, problem) = match outcome {
            MailOutcome::Sent => (MessageState::Sent, None),
            MailOutcome::Failed(why) => (MessageState::Failed, Some(why.as_str())),
            MailOutcome::Unsure(why) => (MessageState::Unsure, Some(why.as_str())),
        };
        let message = store::load_locked(tx, ctx.tenant, letter).await?;
        settle_in(tx, ctx, &message, to, problem, None).await
    }

    async fn queued(&self, tx: &Tx, ctx: &Ctx, _reference: &Reference, letter: Uuid) -> Result<()> {
        let message = store::load_locked(tx, ctx.tenant, letter).await?;
        settle_in(tx, ctx, &message, MessageState::Queued, None, None).await
    }
}
