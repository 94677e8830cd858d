//! `calendars`: working time of people and of the company, and local times. Under the permission `people`.

use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::Timestamp;
use people::staff;
use people::user::User;
use uuid::Uuid;
use work::WorkingTime;
use work::calendar::local::{self, Moment};

use super::people::{Away, absences, uuids};
use super::{Caller, State, host_error, id_from_wit};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::people::calendars as wit;

/// People times days in one call.
const MAX_DAYS: usize = 10_000;

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(Invalid { text: text.into(), fields: Vec::new() })
}

fn date(what: &str, text: &str) -> Result<NaiveDate, HostError> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let known = date.filter(|date| (1900..=2200).contains(&chrono::Datelike::year(date)));
    known.ok_or_else(|| invalid(format!("{what}: `{text:.20}` is not a date from 1900 to 2200, YYYY-MM-DD")))
}

fn zone(name: &str) -> Result<Tz, HostError> {
    name.parse().map_err(|_| invalid(format!("`{name:.50}` is not a time zone")))
}

/// The parts of `planned` that lie in absences.
fn within(planned: &[(Timestamp, Timestamp)], away: &[Away]) -> Vec<wit::Span> {
    let mut spans: Vec<wit::Span> = Vec::new();
    for (start, end) in planned {
        for away in away {
            let (from, to) = (start.0.max(away.from), end.0.min(away.to));
            match spans.last_mut() {
                // Two absences at once are one.
                Some(last) if from <= last.end && from >= last.start => last.end = last.end.max(to),
                _ if from < to => spans.push(wit::Span { start: from, end: to }),
                _ => {}
            }
        }
    }
    spans
}

fn day(calendar: &WorkingTime, date: NaiveDate, away: &[Away]) -> Result<wit::Day, HostError> {
    let planned = calendar.planned(date).map_err(|error| invalid(error.to_string()))?;
    Ok(wit::Day {
        date: date.format("%Y-%m-%d").to_string(),
        time_zone: calendar.zone().name().to_owned(),
        absent: within(&planned, away),
        planned: planned.iter().map(|(start, end)| wit::Span { start: start.0, end: end.0 }).collect(),
    })
}

impl State {
    async fn working_days(&mut self, ids: &[String], first: &str, last: &str) -> Result<Vec<Vec<wit::Day>>, HostError> {
        let caller = self.people_caller(ids.len())?;
        let (first, last) = (date("first", first)?, date("last", last)?);
        let dates: Vec<NaiveDate> = first.iter_days().take_while(|date| *date <= last).take(MAX_DAYS + 1).collect();
        let count = dates.len().saturating_mul(ids.len().max(1));
        if count > MAX_DAYS {
            return Err(HostError::Limit(format!("more than {MAX_DAYS} days of people at once")));
        }
        self.take_rows(count)?;
        if ids.is_empty() {
            let calendar = of_company(&caller).await?;
            return Ok(vec![dates.iter().map(|date| day(&calendar, *date, &[])).collect::<Result<_, _>>()?]);
        }
        let wanted = uuids(ids)?;
        let failed = |error: kernel::Error| host_error(&error);
        let db = &caller.services.db;
        let users = staff::by_ids(db.read(), caller.ctx.tenant, &wanted).await.map_err(failed)?;
        // A day of any zone lies within these.
        let edge = |date: NaiveDate| Timestamp(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros());
        let (from, until) = (edge(first).plus_seconds(-86_400), edge(last).plus_seconds(3 * 86_400));
        let known: Vec<Uuid> = users.iter().map(|user| user.id).collect();
        let away = absences(&caller, &known, from, until).await?;
        let mut all = Vec::with_capacity(wanted.len());
        for id in &wanted {
            let Some(user) = users.iter().find(|user| user.id == *id) else {
                all.push(Vec::new());
                continue;
            };
            let calendar = of_user(&caller, user).await?;
            let away = away.get(id).map_or(&[][..], Vec::as_slice);
            all.push(dates.iter().map(|date| day(&calendar, *date, away)).collect::<Result<_, _>>()?);
        }
        Ok(all)
    }

    /// The calendar of somebody, or of the company.
    async fn calendar(&mut self, person: Option<&str>) -> Result<std::sync::Arc<WorkingTime>, HostError> {
        let caller = self.people_caller(0)?;
        let Some(id) = person else { return of_company(&caller).await };
        let found = staff::person(caller.services.db.read(), caller.ctx.tenant, id_from_wit(id)?).await;
        let user = found.map_err(|error| host_error(&error))?;
        of_user(&caller, &user.ok_or_else(|| HostError::NotFound(format!("there is no user {id:.40}")))?).await
    }
}

async fn of_company(caller: &Caller) -> Result<std::sync::Arc<WorkingTime>, HostError> {
    let calendars = caller.services.tasks.calendars();
    let found = calendars.of_department(caller.services.db.read(), &caller.ctx, None).await;
    found.map_err(|error| host_error(&error))
}

async fn of_user(caller: &Caller, user: &User) -> Result<std::sync::Arc<WorkingTime>, HostError> {
    let calendars = caller.services.tasks.calendars();
    let found = calendars.of_user(caller.services.db.read(), &caller.ctx, user).await;
    found.map_err(|error| host_error(&error))
}

fn shown(time_zone: &str, at: i64) -> Result<String, HostError> {
    local::shown(zone(time_zone)?, Timestamp(at)).ok_or_else(|| invalid("at: outside of what calendars know"))
}

fn moment(time_zone: &str, text: &str) -> Result<wit::Moment, HostError> {
    let moment = local::instant(zone(time_zone)?, text);
    let moment =
        moment.ok_or_else(|| invalid(format!("local: `{text:.40}` is not YYYY-MM-DDTHH:MM or with seconds")))?;
    Ok(match moment {
        Moment::Once(at) => wit::Moment::Once(at.0),
        Moment::Twice(first, second) => wit::Moment::Twice((first.0, second.0)),
        Moment::Never(at) => wit::Moment::Never(at.0),
    })
}

impl wit::Host for State {
    async fn days(&mut self, people: Vec<String>, first: String, last: String) -> Answer<Vec<Vec<wit::Day>>> {
        self.enter()?;
        Ok(self.working_days(&people, &first, &last).await)
    }

    async fn between(&mut self, person: Option<String>, from: i64, until: i64) -> Answer<i64> {
        self.enter()?;
        let calendar = self.calendar(person.as_deref()).await;
        let counted = |calendar: std::sync::Arc<WorkingTime>| {
            calendar.between(Timestamp(from), Timestamp(until)).map_err(|error| invalid(error.to_string()))
        };
        Ok(calendar.and_then(counted))
    }

    async fn after(&mut self, person: Option<String>, from: i64, seconds: i64) -> Answer<i64> {
        self.enter()?;
        let calendar = self.calendar(person.as_deref()).await;
        let counted = |calendar: std::sync::Arc<WorkingTime>| {
            let reached = calendar.add(Timestamp(from), seconds);
            reached.map(|at| at.0).map_err(|error| invalid(error.to_string()))
        };
        Ok(calendar.and_then(counted))
    }

    async fn local(&mut self, time_zone: String, at: i64) -> Answer<String> {
        self.enter_shared("local")?;
        Ok(self.granted("people").and_then(|_| shown(&time_zone, at)))
    }

    async fn instant(&mut self, time_zone: String, local: String) -> Answer<wit::Moment> {
        self.enter_shared("instant")?;
        Ok(self.granted("people").and_then(|_| moment(&time_zone, &local)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absences_are_cut_to_planned_time_and_joined() {
        let at = Timestamp;
        let planned = [(at(10), at(20)), (at(30), at(40))];
        let away = |ranges: &[(i64, i64)]| -> Vec<Away> {
            ranges.iter().map(|(from, to)| Away { from: *from, to: *to, deputy: None }).collect()
        };
        let check = |ranges: &[(i64, i64)], expected: &[(i64, i64)]| {
            let spans: Vec<(i64, i64)> =
                within(&planned, &away(ranges)).iter().map(|span| (span.start, span.end)).collect();
            assert_eq!(spans, expected, "{ranges:?}");
        };
        check(&[], &[]);
        check(&[(0, 100)], &[(10, 20), (30, 40)]);
        check(&[(15, 35)], &[(15, 20), (30, 35)]);
        check(&[(12, 15), (14, 18)], &[(12, 18)]);
        check(&[(20, 30)], &[]);
    }
}
