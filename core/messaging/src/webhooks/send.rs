//! A delivery is handed over: signed, to the address of its webhook, again with growing pauses, then given up.

use std::time::Duration;

use kernel::db::{Tx, again_raced};
use kernel::jobs::{Handler, Job, JobError, Lane, NewJob};
use kernel::{Ctx, Error, Result, Timestamp, UserId, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::manage::place;
use super::store::{self, Came, Kept, Row};
use super::{DeliveryState, FAILING_DAYS, PER_SECOND, Stopped, Webhook, Webhooks, secret};
use crate::notifications::{self, Kind};
use crate::outbound::{Incoming, NoAnswer, Outgoing};
use crate::pace;

/// The job of a delivery.
const SEND: &str = "webhook.send";
/// What is sent to try a webhook out.
pub(super) const TEST: &str = "webhook.test";
/// From the first look for an address to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Seconds after the first try, the second and so on; after the last one it is given up.
const PAUSES: [i64; 6] = [5, 60, 300, 1_800, 7_200, 28_800];
/// Bytes of an answer that are read, and those that are kept.
const MAX_ANSWER: usize = 256 * 1024;
const SHOWN: usize = 1_024;
/// Seconds at least until a delivery comes up again for which there was no room.
const STAND_BACK: i64 = 1;
const DAY: i64 = 86_400;
/// Why a delivery is not sent: its webhook does not send, or its owner is gone.
const SWITCHED_OFF: &str = "switched_off";
const OWNER: &str = "owner";

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    delivery: Uuid,
    round: i64,
}

/// The job of a delivery, one for each round of it.
pub(super) fn job(ctx: &Ctx, delivery: Uuid, round: i64) -> NewJob {
    let job = NewJob::now(&ctx.env, SEND, json!(Payload { delivery, round })).for_tenant(ctx.tenant);
    job.unique(key(delivery, round))
}

/// What a job of a delivery is found by.
pub(super) fn key(delivery: Uuid, round: i64) -> String {
    format!("{SEND}:{delivery}:{round}")
}

/// What came of asking the other server.
struct Asked {
    status: Option<u16>,
    answer: Option<String>,
    /// None: it was taken.
    error: Option<String>,
    /// Trying again may help.
    passing: bool,
}

impl Asked {
    fn nobody(error: String, passing: bool) -> Self {
        Self { status: None, answer: None, error: Some(error), passing }
    }
}

/// Does the job of a delivery.
pub(super) struct HandOver(pub(super) Webhooks);

#[async_trait::async_trait]
impl Handler for HandOver {
    fn kind(&self) -> &'static str {
        SEND
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.read()?;
        let ctx = self.0.system(job).await?;
        self.0.send(&ctx, &payload).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        let Ok(payload) = job.read::<Payload>() else { return };
        let Ok(ctx) = self.0.system(job).await else { return };
        if let Err(error) = self.0.give_up(&ctx, &payload, error).await {
            tracing::error!(delivery = %payload.delivery, %error, "a delivery that was given up could not be settled");
        }
    }
}

impl Webhooks {
    /// The product itself in the company of a job.
    pub(super) async fn system(&self, job: &Job) -> Result<Ctx, JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a job of no tenant".to_owned()))?;
        Ok(people::tenant::get(&self.db, tenant).await?.system_ctx(&self.env))
    }

    /// The delivery of a job while it waits for it.
    async fn waiting(&self, ctx: &Ctx, payload: &Payload) -> Result<Option<Row>> {
        let found = store::delivery(self.db.read(), ctx.tenant, payload.delivery).await?;
        Ok(found.filter(|row| row.round == payload.round && row.delivery.state == DeliveryState::Waiting))
    }

    async fn send(&self, ctx: &Ctx, payload: &Payload) -> Result<(), JobError> {
        let Some(row) = self.waiting(ctx, payload).await? else { return Ok(()) };
        let test = row.delivery.kind == TEST;
        let hook = store::one(self.db.read(), ctx.tenant, row.webhook).await?;
        let Some(kept) = hook.filter(|kept| kept.hook.enabled || test) else {
            return Ok(self.not_sent(ctx, &row, SWITCHED_OFF).await?);
        };
        match self.identities.of_user(ctx.tenant, UserId(kept.hook.owner)).await {
            Ok(_) => {}
            Err(Error::Unauthenticated | Error::NotFound(_)) => {
                return Ok(self.orphaned(ctx, &row, &kept.hook).await?);
            }
            Err(error) => return Err(error.into()),
        }
        self.turn(ctx, &row).await?;
        let Some(going) = self.under_way.begin(row.webhook) else { return self.stand_back(ctx, &row).await };
        let asked = self.ask(ctx, &row, &kept).await;
        drop(going);
        // Written anew by itself when it loses a race: the job that is run again would send again.
        let again = again_raced(|| self.settle(ctx, &row, &kept.hook, &asked)).await?;
        match again {
            Some(until) => Err(JobError::Wait { reason: asked.error.unwrap_or_default(), until }),
            None => Ok(()),
        }
    }

    /// Waits for its turn: so many go to one place in a second.
    async fn turn(&self, ctx: &Ctx, row: &Row) -> Result<(), JobError> {
        let turn = match row.slot {
            Some(turn) => turn,
            None => {
                let tx = self.db.begin().await?;
                let turn = next_turn(&tx, ctx, row).await?;
                if turn > ctx.now() {
                    store::turn(&tx, row, turn).await?;
                }
                tx.commit().await?;
                turn
            }
        };
        pace::wait(turn, ctx.now())
    }

    /// Has a delivery take a later turn: of its webhook as many are under way as may be. Those that stand back come up no
    /// oftener than deliveries go.
    async fn stand_back(&self, ctx: &Ctx, row: &Row) -> Result<(), JobError> {
        let tx = self.db.begin().await?;
        let until = Ord::max(next_turn(&tx, ctx, row).await?, ctx.now().plus_seconds(STAND_BACK));
        store::turn(&tx, row, until).await?;
        tx.commit().await?;
        Err(JobError::Wait { reason: "others of its webhook are under way".to_owned(), until })
    }

    async fn ask(&self, ctx: &Ctx, row: &Row, kept: &Kept) -> Asked {
        let Some(outbound) = self.outbound.get() else {
            return Asked::nobody("this process sends nothing".to_owned(), true);
        };
        let Ok(secrets) = kept.secrets(&self.db, ctx.now()) else {
            return Asked::nobody("the key of its secret is not here: `verstak doctor` says more".to_owned(), true);
        };
        let request = match request(ctx.now(), row, kept, &secrets) {
            Ok(request) => request,
            Err(why) => return Asked::nobody(why, false),
        };
        match tokio::time::timeout(TIMEOUT, outbound.send(request)).await {
            Ok(Ok(answer)) => judge(&answer),
            Ok(Err(why @ (NoAnswer::Unavailable(_) | NoAnswer::TooLong(_)))) => Asked::nobody(why.to_string(), true),
            Ok(Err(why @ (NoAnswer::Forbidden(_) | NoAnswer::Wrong(_)))) => Asked::nobody(why.to_string(), false),
            Err(_) => Asked::nobody(format!("no answer within {} seconds", TIMEOUT.as_secs()), true),
        }
    }

    /// Writes what came of a try, and what it means to the webhook. Gives when it is tried again, if it is.
    async fn settle(&self, ctx: &Ctx, row: &Row, hook: &Webhook, asked: &Asked) -> Result<Option<Timestamp>> {
        let (now, test) = (ctx.now(), row.delivery.kind == TEST);
        let pause = usize::try_from(row.delivery.tries).ok().and_then(|tries| PAUSES.get(tries));
        let due =
            pause.filter(|_| asked.error.is_some() && asked.passing && !test).map(|pause| now.plus_seconds(*pause));
        let state = match (&asked.error, due) {
            (None, _) => DeliveryState::Delivered,
            (Some(_), Some(_)) => DeliveryState::Waiting,
            (Some(_), None) => DeliveryState::Dead,
        };
        let came = Came {
            state,
            tried: true,
            due,
            status: asked.status,
            answer: asked.answer.as_deref(),
            error: asked.error.as_deref(),
        };
        let tx = self.db.begin().await?;
        if !store::came(&tx, now, row, &came).await? {
            return Ok(None);
        }
        match (&asked.error, test) {
            (None, _) => store::well(&tx, hook.id).await?,
            (Some(_), true) => {}
            (Some(_), false) => {
                let since = store::failing(&tx, now, hook.id).await?;
                if asked.status == Some(410) {
                    self.stop(&tx, ctx, hook, Stopped::Gone).await?;
                } else if since.plus_seconds(FAILING_DAYS * DAY) <= now {
                    self.stop(&tx, ctx, hook, Stopped::Failures).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(due)
    }

    /// Settles a delivery that nobody was asked to take.
    async fn not_sent(&self, ctx: &Ctx, row: &Row, why: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        store::came(&tx, ctx.now(), row, &dead(why)).await?;
        Ok(tx.commit().await?)
    }

    /// The same where nobody answers for the webhook any more.
    async fn orphaned(&self, ctx: &Ctx, row: &Row, hook: &Webhook) -> Result<()> {
        let tx = self.db.begin().await?;
        store::came(&tx, ctx.now(), row, &dead(OWNER)).await?;
        self.stop(&tx, ctx, hook, Stopped::Owner).await?;
        Ok(tx.commit().await?)
    }

    /// A job that nobody tries any more takes its delivery with it.
    async fn give_up(&self, ctx: &Ctx, payload: &Payload, why: &str) -> Result<()> {
        match self.waiting(ctx, payload).await? {
            Some(row) => self.not_sent(ctx, &row, why).await,
            None => Ok(()),
        }
    }

    /// Switches a webhook off and tells administrators, once.
    pub(super) async fn stop(&self, tx: &Tx, ctx: &Ctx, hook: &Webhook, why: Stopped) -> Result<()> {
        if !store::stop(tx, ctx.now(), hook.id, why).await? {
            return Ok(());
        }
        let place = place(&hook.url);
        let detail = json!({"place": place, "reason": why});
        audit::record(tx, ctx, "webhook.stopped", &hook.id.to_string(), detail).await?;
        let admins = people::staff::admins(tx, ctx.tenant).await?;
        let told = [("title".to_owned(), place)].into();
        notifications::tell_at(tx, ctx, Kind::WebhookStopped, admins, "/settings/webhooks", &told).await
    }
}

/// The next turn of a delivery's webhook.
async fn next_turn(tx: &Tx, ctx: &Ctx, row: &Row) -> Result<Timestamp> {
    pace::turn(tx, ctx.tenant, &format!("webhook:{}", row.webhook), PER_SECOND, ctx.now()).await
}

fn dead(why: &str) -> Came<'_> {
    Came { state: DeliveryState::Dead, tried: false, due: None, status: None, answer: None, error: Some(why) }
}

/// The message as it is sent now.
fn request(now: Timestamp, row: &Row, kept: &Kept, secrets: &[String]) -> Result<Outgoing, String> {
    let url = Url::parse(&kept.hook.url).map_err(|error| error.to_string())?;
    let id = format!("msg_{}", row.delivery.id.simple());
    let timestamp = now.micros() / 1_000_000;
    let signature = secret::signatures(secrets.iter().map(String::as_str), &id, timestamp, &row.delivery.body);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ];
    Ok(Outgoing {
        url,
        method: "POST".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: row.delivery.body.clone().into_bytes(),
        most: MAX_ANSWER,
    })
}

/// 2xx: it was taken. 410: there is nobody any more. Anything else, redirects too, is tried again: other servers say all kinds
/// of things while they are being mended.
fn judge(answer: &Incoming) -> Asked {
    let kept = answer.body.get(..SHOWN).unwrap_or(&answer.body);
    let text: String = String::from_utf8_lossy(kept).chars().filter(|letter| *letter != '\0').collect();
    let error = match answer.status {
        200..=299 => None,
        300..=399 => Some(format!("answered {}: redirects are not followed", answer.status)),
        status => Some(format!("answered {status}")),
    };
    Asked { status: Some(answer.status), answer: Some(text), error, passing: answer.status != 410 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged_by_their_status_and_kept_short() {
        for (status, taken, passing) in [
            (200, true, true),
            (204, true, true),
            (302, false, true),
            (404, false, true),
            (410, false, false),
            (500, false, true),
        ] {
            let answer = Incoming { status, headers: Vec::new(), body: vec![b'x'; 5_000] };
            let asked = judge(&answer);
            assert_eq!((asked.error.is_none(), asked.passing), (taken, passing), "{status}");
            assert_eq!((asked.status, asked.answer.map(|text| text.len())), (Some(status), Some(SHOWN)));
        }
    }
}
