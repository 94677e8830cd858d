//! Notifications on their way to where their readers want them (`messaging::channels`): shown when working time begins,
//! as letters, as lines of a daily digest. Working time is known here, words are known there.
//!
//! Each is a job that may come twice: what is shown stays shown, a letter has the notification's own id, and a digest
//! tells each line once.

use std::sync::Arc;

use kernel::db::Tx;
use kernel::jobs::{Handler, Job, JobError, NewJob, enqueue};
use kernel::{Ctx, Error, Locale, Result, Timestamp};
use messaging::channels::{self, Channels, DELIVER, DIGEST, Delivery, Told};
use messaging::mail::{NewMail, Parts, Reference};
use messaging::notifications::sentence;
use people::staff;
use people::user::User;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::Tasks;
use crate::calendar::WorkingTime;

/// Days within which the next working day is looked for.
const DAYS: usize = 31;
/// Seconds until a digest where no day is worked.
const A_DAY: i64 = 86_400;
/// What letters about notifications belong to.
const REFERENCE: &str = "notice";

/// The jobs of notifications. `public_url` is the portal's address, for links in letters.
pub fn handlers(tasks: &Tasks, public_url: Option<String>) -> Vec<Arc<dyn Handler>> {
    let notices = Notices { tasks: tasks.clone(), public_url };
    vec![Arc::new(Deliver(notices.clone())), Arc::new(Digest(notices))]
}

#[derive(Clone)]
struct Notices {
    tasks: Tasks,
    public_url: Option<String>,
}

/// What a job of a digest is about.
#[derive(Debug, Serialize, Deserialize)]
struct DigestOf {
    user: Uuid,
}

struct Deliver(Notices);

#[async_trait::async_trait]
impl Handler for Deliver {
    fn kind(&self) -> &'static str {
        DELIVER
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let delivery: Delivery = job.read()?;
        let (ctx, user) = match self.0.reader(job, delivery.user).await? {
            Some(found) => found,
            None => return Ok(()),
        };
        let tasks = &self.0.tasks;
        let tx = tasks.db().begin().await?;
        let calendar = tasks.calendars().of_user(&tx, &ctx, &user).await?;
        let begins = begins(&calendar, ctx.now());
        if delivery.quiet && begins > ctx.now() {
            later(&tx, &ctx, DELIVER, begins, &delivery, format!("{DELIVER}:{}:{}", delivery.notification, begins.0))
                .await?;
        } else {
            self.0.bring(&tx, &ctx, &user, &calendar, &delivery).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

struct Digest(Notices);

#[async_trait::async_trait]
impl Handler for Digest {
    fn kind(&self) -> &'static str {
        DIGEST
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let of: DigestOf = job.read()?;
        let Some((ctx, user)) = self.0.reader(job, of.user).await? else { return Ok(()) };
        let locale = locale_of(&user, &ctx);
        let tx = self.0.tasks.db().begin().await?;
        let (lines, more) = channels::digest(&tx, &ctx, user.id, locale).await?;
        if !lines.is_empty() {
            let mut text: Vec<String> = lines.iter().map(|line| self.0.line(line)).collect();
            if more > 0 {
                text.push(sentence("digest.more", locale).replace("{count}", &more.to_string()));
                let calendar = self.0.tasks.calendars().of_user(&tx, &ctx, &user).await?;
                next_digest(&tx, &ctx, &user, &calendar).await?;
            }
            let subject = sentence("digest.subject", locale).to_owned();
            // An id of its own: should this job come again, it tells other lines.
            self.0.letter(&tx, &ctx, &user, ctx.id(), subject, text.join("\n\n")).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

impl Notices {
    /// The reader as an active account, with the product itself in their company; none when they are gone.
    async fn reader(&self, job: &Job, user: Uuid) -> Result<Option<(Ctx, User)>, JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a job of no tenant".into()))?;
        let ctx = people::tenant::get(self.tasks.db(), tenant).await?.system_ctx(self.tasks.env());
        let user = staff::person(self.tasks.db().read(), tenant, user).await?;
        Ok(user.filter(|user| user.active).map(|user| (ctx, user)))
    }

    async fn bring(&self, tx: &Tx, ctx: &Ctx, user: &User, calendar: &WorkingTime, delivery: &Delivery) -> Result<()> {
        let Channels { portal, mail, digest } = delivery.channels;
        // Where no letters can be sent, the portal has to do.
        let sends = self.tasks.mail().is_configured();
        if portal || (!sends && (mail || digest)) {
            channels::reveal(tx, ctx, delivery.notification).await?;
        }
        if !sends {
            return Ok(());
        }
        if mail && let Some(told) = channels::line(tx, ctx, delivery.notification, locale_of(user, ctx)).await? {
            let text = self.line(&told);
            self.letter(tx, ctx, user, delivery.notification, told.text, text).await?;
        }
        if digest {
            next_digest(tx, ctx, user, calendar).await?;
        }
        Ok(())
    }

    fn line(&self, told: &Told) -> String {
        match (&self.public_url, &told.link) {
            (Some(portal), Some(link)) => format!("{}\n{}{link}", told.text, portal.trim_end_matches('/')),
            _ => told.text.clone(),
        }
    }

    async fn letter(&self, tx: &Tx, ctx: &Ctx, user: &User, id: Uuid, subject: String, text: String) -> Result<()> {
        let letter = NewMail {
            to: vec![user.email.clone()],
            cc: Vec::new(),
            // A subject is one line of some length; the text has all of it.
            subject: subject.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect(),
            text,
            reply_to: None,
            reference: Reference { kind: REFERENCE.to_owned(), id },
            parts: Parts::default(),
        };
        match self.tasks.mail().queue_once(tx, ctx, id, &letter).await {
            // An address that no letter can go to is no reason to keep the rest back.
            Err(Error::Invalid { .. }) => Ok(()),
            queued => queued.map(drop),
        }
    }
}

fn locale_of(user: &User, ctx: &Ctx) -> Locale {
    user.locale.parse().unwrap_or(ctx.locale)
}

async fn later(tx: &Tx, ctx: &Ctx, kind: &str, at: Timestamp, what: &impl Serialize, key: String) -> Result<()> {
    let payload: Json = serde_json::to_value(what).map_err(Error::internal)?;
    let job = NewJob { run_at: at, ..NewJob::now(&ctx.env, kind, payload) }.for_tenant(ctx.tenant).unique(key);
    Ok(enqueue(tx, &ctx.env, job).await?)
}

/// A digest when the next working day begins, one for all that waits for it.
async fn next_digest(tx: &Tx, ctx: &Ctx, user: &User, calendar: &WorkingTime) -> Result<()> {
    let at = next_day(calendar, ctx.now());
    let key = format!("{DIGEST}:{}:{}", user.id, at.0);
    later(tx, ctx, DIGEST, at, &DigestOf { user: user.id }, key).await
}

/// Now in working time, else when it begins next; now too where there is none in sight.
fn begins(calendar: &WorkingTime, now: Timestamp) -> Timestamp {
    if calendar.is_working(now) {
        return now;
    }
    calendar.add(now, 1).map_or(now, |after| Timestamp::max(now, after.plus_seconds(-1)))
}

/// When the next day begins on which somebody works.
fn next_day(calendar: &WorkingTime, now: Timestamp) -> Timestamp {
    let today = now.utc().with_timezone(&calendar.zone()).date_naive();
    let days = today.iter_days().skip(1).take(DAYS);
    let begins = days.filter_map(|day| calendar.planned(day).ok()?.first().map(|(start, _)| *start));
    begins.into_iter().find(|start| *start > now).unwrap_or_else(|| now.plus_seconds(A_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: &str, expected: (&str, &str)) {
        let calendar = WorkingTime::usual(chrono_tz::Europe::Moscow);
        let now = Timestamp::parse(now).unwrap();
        let got = (begins(&calendar, now).to_string(), next_day(&calendar, now).to_string());
        assert_eq!((got.0.as_str(), got.1.as_str()), expected, "{now}");
    }

    #[test]
    fn working_time_begins_in_the_morning_after_lunch_and_on_monday() {
        check("2026-03-02T06:00:00Z", ("2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z"));
        check("2026-03-02T03:00:00Z", ("2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z"));
        check("2026-03-02T10:30:00Z", ("2026-03-02T11:00:00Z", "2026-03-03T06:00:00Z"));
        check("2026-03-06T16:00:00Z", ("2026-03-09T06:00:00Z", "2026-03-09T06:00:00Z"));
    }
}
