//! Rules about a date of the record: so long before or after it. Looked for every few minutes; what fell into the time since the
//! last look, also while nothing ran, is an occasion once for each value of the field.

use ::chrono::{Duration, NaiveTime};
use chrono_tz::Tz;
use kernel::event::Event;
use kernel::filter::{Filter, Op};
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::value::FieldType;
use kernel::{Ctx, Error, Result, Timestamp, Value};
use records::read::Query;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::model::{Rule, Trigger, TriggerKind};
use super::rules::{self, Kept};
use super::{Automations, reader};
use crate::stepper::timers;

/// The job that looks for dates.
pub const DATES: &str = "automation.dates";
/// The local time from which a day counts, where the rule says none.
const AT: &str = "09:00";
/// Days between a date and what is done about it.
const MAX_DAYS: i64 = 3_650;
/// Records read at once.
const PAGE: u64 = 500;
const DAY: i64 = 86_400;

/// Days and seconds of an offset: `-P3D` is three days before, `PT2H` two hours after.
///
/// # Errors
/// What is wrong with it, in English.
pub(super) fn offset(text: &str) -> Result<(i64, i64), String> {
    let text = text.trim();
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let span = timers::span(rest)?;
    if span.months > 0 {
        return Err(format!("`{text}`: say months and years in days"));
    }
    let (days, seconds) = (i64::from(span.days), span.micros / 1_000_000);
    if days + seconds / DAY > MAX_DAYS {
        return Err(format!("`{text}` is longer than {MAX_DAYS} days"));
    }
    Ok((sign * days, sign * seconds))
}

/// The local time of day of a rule about days.
///
/// # Errors
/// What is wrong with it, in English.
pub(super) fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text.trim(), "%H:%M").map_err(|_| format!("`{text}` is no time of day such as 09:00"))
}

/// When a rule has something to do about a value.
fn moment(on: &Trigger, value: &Value, zone: Tz) -> Option<Timestamp> {
    let (days, seconds) = offset(on.offset.as_deref().unwrap_or("P0D")).ok()?;
    match value {
        Value::Date(day) => {
            let at = time_of_day(on.at.as_deref().unwrap_or(AT)).ok()?;
            let day = day.checked_add_signed(Duration::try_days(days)?)?;
            let local = timers::instant(&format!("{day}T{}", at.format("%H:%M")), zone).ok()?;
            Some(local.plus_seconds(seconds))
        }
        Value::Instant(at) => Some(at.plus_seconds(days * DAY + seconds)),
        _ => None,
    }
}

/// The rule that an event of ours is for, and the value of the field.
pub(super) fn meant(event: &Event) -> Option<(Uuid, &Json)> {
    let rule = event.changes.get("@rule")?.as_str()?.parse().ok()?;
    Some((rule, event.changes.get("@value")?))
}

/// Looks for dates and times, and enqueues what is to be done about them.
pub(super) struct Look(pub Automations);

#[async_trait::async_trait]
impl Handler for Look {
    fn kind(&self) -> &'static str {
        DATES
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        // What the server did not come to when it ended. What goes wrong there or with one rule keeps no other rule waiting.
        self.0.tell_given_up().await;
        let mut first = None;
        for (kept, swept) in rules::on_dates(self.0.processes.db().read()).await? {
            let looked = match kept.placed.rule.on.event {
                TriggerKind::Schedule => self.0.tick(&kept, swept).await,
                _ => self.0.look(&kept, swept).await,
            };
            let Err(error) = looked else { continue };
            tracing::warn!(%error, rule = %kept.placed.id, "a rule about a date or time cannot look at its records");
            // Its entity or field is gone for now: it goes on from here when they are back.
            if !matches!(error, Error::NotFound(_) | Error::Invalid { .. }) {
                first.get_or_insert(error);
            }
        }
        first.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl Automations {
    /// Page by page, so that nobody waits for a long transaction. When the server ends in between, pages are enqueued once
    /// more: an occasion is answered once.
    async fn look(&self, kept: &Kept, swept: Timestamp) -> Result<()> {
        let ctx = self.processes.system(kept.tenant).await?;
        let (now, placed) = (ctx.now(), &kept.placed);
        let kind = if reader::is_far(&placed.rule) { reader::FAR } else { reader::NEAR };
        let mut cursor = None;
        loop {
            let place = (placed.entity.as_str(), &placed.rule, placed.id);
            let (events, next) = self.dates(&ctx, place, (swept, now), cursor).await?;
            let tx = self.processes.db().begin().await?;
            for event in events {
                let payload = serde_json::to_value(&event).map_err(Error::internal)?;
                let job = NewJob::now(&ctx.env, kind, payload).for_tenant(kept.tenant);
                jobs::enqueue(&tx, &ctx.env, job.in_order(format!("automation:{}", event.record))).await?;
            }
            if next.is_none() && !rules::swept(&tx, kept, swept, now).await? {
                return Ok(tx.rollback().await?);
            }
            tx.commit().await?;
            cursor = next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// A page of what falls into a time, after its beginning and until its end, as events, in the order of the records,
    /// and where the next page begins.
    pub(super) async fn dates(
        &self,
        ctx: &Ctx,
        (entity, rule, id): (&str, &Rule, Uuid),
        (from, to): (Timestamp, Timestamp),
        cursor: Option<String>,
    ) -> Result<(Vec<Event>, Option<String>)> {
        let (on, field) = (&rule.on, rule.on.field.as_deref().unwrap_or_default());
        let def = self.processes.records().defined(ctx, entity).await?;
        let kind =
            def.field(field).map(|field| field.kind).ok_or_else(|| Error::NotFound(format!("{entity}.{field}")))?;
        let (days, seconds) = offset(on.offset.as_deref().unwrap_or("P0D")).map_err(Error::internal)?;
        // Days more on both sides: zones and times of day are told apart one by one.
        let bound = |at: Timestamp, margin: i64| {
            let at = at.plus_seconds(margin * DAY - days * DAY - seconds);
            if kind == FieldType::Date { json!(at.utc().date_naive().to_string()) } else { json!(at) }
        };
        let parts = vec![Filter::test(field, Op::Gte, bound(from, -2)), Filter::test(field, Op::Lte, bound(to, 2))];
        let query = Query {
            filter: Some(Filter::all(parts)),
            fields: Some(vec![field.to_owned()]),
            limit: Some(PAGE),
            cursor,
            ..Query::default()
        };
        let page = self.processes.records().query(ctx, entity, &query).await?;
        let mut found = Vec::new();
        for record in page.items {
            let value = record.fields.get(field).cloned().unwrap_or(Value::Null);
            let at = moment(on, &value, ctx.zone).filter(|at| *at > from && *at <= to);
            let changes = json!({"@rule": id, "@value": value.to_json()});
            found.extend(at.map(|at| reader::unlogged(ctx, (entity, record.id.0), "date", at, changes)));
        }
        Ok((found, page.next_cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, offset: &str, at: Option<&str>, expected: &str) {
        let on: Trigger = serde_json::from_value(json!({"event": "date", "offset": offset, "at": at})).unwrap();
        let instant = Timestamp::parse(value).map(Value::Instant);
        let value = instant.unwrap_or_else(|| Value::Date(value.parse().unwrap()));
        let moment = moment(&on, &value, chrono_tz::Europe::Kyiv).unwrap();
        assert_eq!(moment, Timestamp::parse(expected).unwrap(), "{moment}");
    }

    #[test]
    fn days_count_from_a_time_of_the_companys_day_and_instants_from_themselves() {
        check("2026-03-30", "P0D", None, "2026-03-30T06:00:00Z");
        // The clock goes forward on the 29th.
        check("2026-03-30", "-P3D", None, "2026-03-27T07:00:00Z");
        check("2026-03-30", "-P1DT1H", Some("00:30"), "2026-03-28T21:30:00Z");
        check("2026-03-30T10:00:00Z", "-PT2H", Some("00:30"), "2026-03-30T08:00:00Z");
        check("2026-03-30T10:00:00Z", "P1D", None, "2026-03-31T10:00:00Z");
    }

    #[test]
    fn offsets_are_days_and_hours() {
        assert_eq!(offset("-P1DT2H"), Ok((-1, -7_200)));
        for wrong in ["P1M", "P1Y", "3 days", "", "-", "P4000D", "PT99999999H"] {
            assert!(offset(wrong).is_err(), "{wrong}");
        }
        assert!(time_of_day("9 am").is_err());
    }
}
