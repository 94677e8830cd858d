//! Rules about a time: at each time of a cron expression, in the company's zone, they act on the records that their filter
//! chooses then, the oldest first. Looked for together with dates; a time is an occasion once for a record.

use chrono_tz::Tz;
use kernel::error::FieldError;
use kernel::event::Event;
use kernel::filter::Filter;
use kernel::jobs::{self, NewJob, next_after};
use kernel::{Ctx, Error, Result, Timestamp};
use records::read::{Query, Sort};
use serde_json::json;

use super::model::{PlacedRule, Trigger};
use super::rules::{self, Kept};
use super::{Automations, reader};

/// Records of one time.
const MAX_RECORDS: u64 = 500;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The last time of a rule after one instant, until another; none when there was none.
///
/// # Errors
/// What is wrong with the expression, in English.
fn latest(cron: &str, zone: Tz, from: Timestamp, to: Timestamp) -> Result<Option<Timestamp>, String> {
    let mut last = next_after(cron, zone, from)?;
    if last > to {
        return Ok(None);
    }
    // Towards the end in few steps, however often it was missed.
    for span in [366 * DAY, 31 * DAY, DAY, HOUR] {
        let near = next_after(cron, zone, to.plus_seconds(-span))?;
        if near <= to {
            last = last.max(near);
        }
    }
    loop {
        match next_after(cron, zone, last) {
            Ok(next) if next <= to => last = next,
            _ => return Ok(Some(last)),
        }
    }
}

/// Passes a cron expression of five fields that happens some time.
///
/// # Errors
/// What is wrong with it, in English.
pub(super) fn cron(text: &str, zone: Tz, now: Timestamp) -> Result<(), String> {
    if text.split_whitespace().count() != 5 {
        return Err(format!(
            "`{text}` has not the five fields of a cron expression: minute, hour, day, month, weekday"
        ));
    }
    next_after(text, zone, now).map(drop)
}

/// How many records a rule chooses at a time.
///
/// # Errors
/// That it is none of 1 to 500.
pub(super) fn most(on: &Trigger) -> Result<u64, FieldError> {
    let most = on.most.unwrap_or(MAX_RECORDS);
    let wrong = || FieldError::new("range").with("min", 1).with("max", MAX_RECORDS);
    if (1..=MAX_RECORDS).contains(&most) { Ok(most) } else { Err(wrong()) }
}

impl Automations {
    /// Has the records of a rule answered when a time of it came since the last look. Of several times the last one counts.
    pub(super) async fn tick(&self, kept: &Kept, swept: Timestamp) -> Result<()> {
        let ctx = self.processes.system(kept.tenant).await?;
        let (now, placed) = (ctx.now(), &kept.placed);
        let cron = placed.rule.on.cron.as_deref().unwrap_or_default();
        let Some(at) = latest(cron, ctx.zone, swept, now).map_err(Error::internal)? else { return Ok(()) };
        let (events, _) = self.chosen(&ctx, placed, at).await?;
        let kind = if reader::is_far(&placed.rule) { reader::FAR } else { reader::NEAR };
        let tx = self.processes.db().begin().await?;
        for event in events {
            let payload = serde_json::to_value(&event).map_err(Error::internal)?;
            let job = NewJob::now(&ctx.env, kind, payload).for_tenant(kept.tenant);
            jobs::enqueue(&tx, &ctx.env, job.in_order(format!("automation:{}", event.record))).await?;
        }
        if !rules::swept(&tx, kept, swept, now).await? {
            return Ok(tx.rollback().await?);
        }
        Ok(tx.commit().await?)
    }

    /// Records that a rule chooses now, as events of a time, and whether there are more than it takes.
    pub(super) async fn chosen(&self, ctx: &Ctx, placed: &PlacedRule, at: Timestamp) -> Result<(Vec<Event>, bool)> {
        let on = &placed.rule.on;
        let filter = on.filter.as_ref().map(Filter::parse).transpose();
        let filter = filter.map_err(|wrong| Error::field(super::INVALID, "on.filter", wrong))?;
        let limit = Some(most(on).map_err(|wrong| Error::field(super::INVALID, "on.most", wrong))?);
        let sort = vec![Sort { field: "created_at".to_owned(), descending: false }];
        let query = Query { filter, sort, fields: Some(Vec::new()), limit, ..Query::default() };
        let page = self.processes.records().query(ctx, &placed.entity, &query).await?;
        let changes = json!({"@rule": placed.id, "@value": at});
        let event = |record: records::Record| {
            let of = (placed.entity.as_str(), record.id.0);
            reader::unlogged(ctx, of, "schedule", at, changes.clone())
        };
        Ok((page.items.into_iter().map(event).collect(), page.next_cursor.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cron: &str, from: &str, to: &str, expected: Option<&str>) {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let found = latest(cron, chrono_tz::Europe::Kyiv, at(from), at(to)).unwrap();
        assert_eq!(found, expected.map(at), "{cron} {from} {to}");
    }

    #[test]
    fn of_several_times_that_were_missed_the_last_one_counts() {
        // Monday; Kyiv is two hours ahead.
        check("0 9 * * 1-5", "2026-03-16T06:59:00Z", "2026-03-16T06:59:59Z", None);
        check("0 9 * * 1-5", "2026-03-16T06:59:00Z", "2026-03-16T07:00:00Z", Some("2026-03-16T07:00:00Z"));
        check("0 9 * * 1-5", "2026-03-16T07:00:00Z", "2026-03-16T12:00:00Z", None);
        // The clock goes forward on the 29th.
        check("0 9 * * *", "2026-01-01T00:00:00Z", "2026-03-29T06:30:00Z", Some("2026-03-29T06:00:00Z"));
        check("*/5 * * * *", "2016-01-01T00:00:00Z", "2026-03-29T06:32:00Z", Some("2026-03-29T06:30:00Z"));
        check("0 0 1 1 *", "2020-06-01T00:00:00Z", "2026-03-29T00:00:00Z", Some("2025-12-31T22:00:00Z"));
    }

    #[test]
    fn an_expression_has_five_fields_and_happens() {
        let now = Timestamp::parse("2026-03-16T09:00:00Z").unwrap();
        assert!(cron("0 9 * * 1-5", Tz::UTC, now).is_ok());
        for wrong in ["", "@daily", "* * * * * *", "0 0 31 2 *", "every day at nine o'clock"] {
            assert!(cron(wrong, Tz::UTC, now).is_err(), "{wrong}");
        }
    }
}
