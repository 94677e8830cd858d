//! A task from a line: "call Ivanov tomorrow 15:00 @petrov" becomes a title, a deadline and a person, which are shown as
//! chips before anything is saved. Nothing is written here.
//!
//! | module | what |
//! |---|---|
//! | `read` | the grammar |
//! | `words` | its words in three languages |

mod read;
mod words;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use kernel::error::FieldError;
use kernel::words::folded;
use kernel::{Ctx, Result, Timestamp};
use people::user::{self, User};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tasks;
use crate::calendar::WorkingTime;
use crate::calendar::local::{self, Moment};
use crate::input::{self, wrong};
use read::{Day, Found};

/// Characters of a line.
const MAX_LINE: usize = 500;
/// People that a name may stand for and that are shown.
const SHOWN: usize = 10;
/// Accounts that are looked at for a name.
const ACCOUNTS: u64 = 10_000;
/// When a day ends that nobody works.
const EVENING: u32 = 18;

/// A line.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuickLine {
    /// At most 500 characters.
    pub text: String,
    /// The time zone of the writer's clock (IANA), by which "15:00" and "tomorrow" are read. None: that of their working
    /// calendar.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// What a line says. Nothing is made of it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct QuickTask {
    /// What is to be done: the line without its chips.
    pub title: String,
    /// Until when. A day without a time ends with the writer's working time.
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// Who is to do it: the one person whose name fits.
    pub assignee: Option<QuickPerson>,
    /// What was understood, in the line's order.
    pub chips: Vec<QuickChip>,
}

/// Somebody who is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct QuickPerson {
    /// Their account.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// A part of the line that means something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct QuickChip {
    /// What it is about.
    pub kind: QuickKind,
    /// As it was written.
    pub text: String,
    /// Its first character in the line, from 0.
    pub from: usize,
    /// The character after its last.
    pub to: usize,
    /// Of a person: whom the name fits, at most ten. Where that is not one person, the name stays in the title.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<QuickPerson>,
}

/// What a chip is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuickKind {
    /// A day, a time or a span.
    Due,
    /// Who.
    Person,
}

impl Tasks {
    /// What a line says: nothing is made of it. Days and times are those of the writer's clock; a day without a time ends
    /// with their working time. `of_others`: whether other people are named to the writer; else only they are found.
    ///
    /// # Errors
    /// `Denied` for an actor that is no person; `task.invalid` naming `text` or `time_zone`.
    pub async fn parse(&self, ctx: &Ctx, line: &QuickLine, of_others: bool) -> Result<QuickTask> {
        let me = ctx.user().ok_or(kernel::Error::Denied("action"))?;
        input::text("text", &line.text, MAX_LINE)?;
        let found = read::read(&line.text);
        let calendar = self.calendars.of_person(self.db.read(), ctx, me.0).await?;
        let zone = line.time_zone.as_ref().map_or(Ok(calendar.zone()), |name| {
            let told = || FieldError::new("choice").with("value", name.chars().take(40).collect::<String>());
            name.parse().map_err(|_| wrong("time_zone", told()))
        })?;
        let due = due(&found, (&calendar, zone), ctx.now()).map_err(|()| wrong("text", FieldError::new("datetime")))?;
        let mut accounts = match found.people.is_empty() {
            true => Vec::new(),
            false => user::list(&self.db, ctx.tenant, None, ACCOUNTS).await?,
        };
        accounts.retain(|user| of_others || user.id == me.0);
        Ok(told(&line.text, &found, due, &accounts))
    }
}

fn told(line: &str, found: &Found, due: Option<Timestamp>, accounts: &[User]) -> QuickTask {
    let written = |place: &std::ops::Range<usize>| line.chars().skip(place.start).take(place.len()).collect::<String>();
    let moments = [
        found.day.as_ref().map(|(_, place)| place),
        found.time.as_ref().map(|(_, place)| place),
        found.minutes.as_ref().map(|(_, place)| place),
    ];
    let mut taken: Vec<_> = moments.into_iter().flatten().cloned().collect();
    let mut chips: Vec<QuickChip> = taken
        .iter()
        .map(|place| QuickChip {
            kind: QuickKind::Due,
            text: written(place),
            from: place.start,
            to: place.end,
            people: Vec::new(),
        })
        .collect();
    let mut assignee = None;
    for (name, place) in &found.people {
        let people = called(name, accounts);
        // The first who is known does it: of others the words stay.
        if let ([one], None) = (people.as_slice(), &assignee) {
            assignee = Some(one.clone());
            taken.push(place.clone());
        }
        let chip =
            QuickChip { kind: QuickKind::Person, text: written(place), from: place.start, to: place.end, people };
        chips.push(chip);
    }
    chips.sort_by_key(|chip| chip.from);
    QuickTask { title: read::without(line, &taken), due, assignee, chips }
}

/// Whom a name fits best: their whole address before `@`, whole words of their name, beginnings of these.
fn called(name: &str, accounts: &[User]) -> Vec<QuickPerson> {
    let wanted: Vec<String> =
        folded(name).split(['.', '_']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let rank = |user: &User| -> Option<u8> {
        let full = folded(&user.name);
        let words: Vec<&str> =
            full.split(|c: char| c.is_whitespace() || c == '-').filter(|word| !word.is_empty()).collect();
        let all = |fits: fn(&str, &str) -> bool| {
            !wanted.is_empty() && wanted.iter().all(|part| words.iter().any(|word| fits(word, part)))
        };
        if folded(user.email.split('@').next().unwrap_or_default()) == folded(name) {
            Some(0)
        } else if all(|word, part| word == part) {
            Some(1)
        } else {
            all(|word, part| word.starts_with(part)).then_some(2)
        }
    };
    let ranked: Vec<(u8, &User)> =
        accounts.iter().filter(|user| user.active).filter_map(|user| Some((rank(user)?, user))).collect();
    let best = ranked.iter().map(|(rank, _)| *rank).min();
    let fitting = ranked.iter().filter(|(rank, _)| Some(*rank) == best);
    fitting.take(SHOWN).map(|(_, user)| QuickPerson { id: user.id, name: user.name.clone() }).collect()
}

/// The deadline that was said. Fails for one that no calendar has.
fn due(found: &Found, (calendar, zone): (&WorkingTime, Tz), now: Timestamp) -> Result<Option<Timestamp>, ()> {
    if let Some((minutes, _)) = found.minutes {
        return Ok(Some(now.plus_seconds(minutes * 60)));
    }
    let local = now.utc().with_timezone(&zone).naive_local();
    let time = found.time.as_ref().map(|(time, _)| *time);
    let date = match (&found.day, time) {
        (Some((day, _)), _) => date_of(*day, local, time).ok_or(())?,
        (None, Some(time)) if time > local.time() => local.date(),
        (None, Some(_)) => local.date().succ_opt().ok_or(())?,
        (None, None) => return Ok(None),
    };
    match time {
        Some(time) => instant(zone, date.and_time(time)).map(Some),
        None => Ok(Some(end_of(calendar, zone, date, now)?)),
    }
}

fn date_of(day: Day, now: NaiveDateTime, time: Option<NaiveTime>) -> Option<NaiveDate> {
    let today = now.date();
    match day {
        Day::In(days) => today.checked_add_days(Days::new(u64::try_from(days).ok()?)),
        Day::Next(weekday) => {
            let ahead = (7 + weekday.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
            let still_today = ahead == 0 && time.is_some_and(|time| time > now.time());
            let ahead = if ahead == 0 && !still_today { 7 } else { ahead };
            today.checked_add_days(Days::new(u64::from(ahead)))
        }
        Day::Date(date) => Some(date),
        Day::Yearly { month, day } => (today.year()..=today.year().saturating_add(8))
            .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
            .find(|date| *date >= today),
    }
}

/// When the working time of a day ends; the evening of a day that nobody works, and midnight where that has passed.
fn end_of(calendar: &WorkingTime, zone: Tz, date: NaiveDate, now: Timestamp) -> Result<Timestamp, ()> {
    let planned = calendar.planned(date).map_err(|_| ())?;
    let evening = NaiveTime::from_hms_opt(EVENING, 0, 0).ok_or(())?;
    let end = match planned.last() {
        Some((_, end)) => *end,
        None => instant(zone, date.and_time(evening))?,
    };
    let midnight = date.succ_opt().ok_or(())?.and_time(NaiveTime::MIN);
    let last = instant(zone, midnight - TimeDelta::minutes(1))?;
    Ok(if end <= now && last > now { last } else { end })
}

/// The instant at which clocks show this: the first of two, the end of a gap.
fn instant(zone: Tz, local: NaiveDateTime) -> Result<Timestamp, ()> {
    let text = local.format("%Y-%m-%dT%H:%M:%S").to_string();
    match local::instant(zone, &text) {
        Some(Moment::Once(at) | Moment::Twice(at, _) | Moment::Never(at)) => Ok(at),
        None => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2026-03-02, 12:30 in Moscow.
    const NOW: &str = "2026-03-02T09:30:00Z";

    fn check(line: &str, expected: Option<&str>) {
        let calendar = WorkingTime::usual(chrono_tz::Europe::Moscow);
        let got = due(&read::read(line), (&calendar, calendar.zone()), Timestamp::parse(NOW).unwrap()).unwrap();
        assert_eq!(got.map(|at| at.to_string()).as_deref(), expected, "{line}");
    }

    #[test]
    fn deadlines_are_in_the_writers_time() {
        check("x", None);
        check("x tomorrow 15:00", Some("2026-03-03T12:00:00Z"));
        check("x 15:00", Some("2026-03-02T12:00:00Z"));
        check("x 12:30", Some("2026-03-03T09:30:00Z"));
        check("x today", Some("2026-03-02T15:00:00Z"));
        // Nobody works on Saturday: its evening.
        check("x в субботу", Some("2026-03-07T15:00:00Z"));
        check("x monday", Some("2026-03-09T15:00:00Z"));
        check("x monday 13:00", Some("2026-03-02T10:00:00Z"));
        check("x monday 12:00", Some("2026-03-09T09:00:00Z"));
        check("x 01.03", Some("2027-03-01T15:00:00Z"));
        check("x 02.03", Some("2026-03-02T15:00:00Z"));
        check("x 29.02", Some("2028-02-29T15:00:00Z"));
        check("x in 2 hours", Some("2026-03-02T11:30:00Z"));
        check("x через неделю", Some("2026-03-09T15:00:00Z"));
        check("x через неделю 10:00", Some("2026-03-09T07:00:00Z"));
    }

    #[test]
    fn times_are_those_of_the_clock_on_the_writers_wall() {
        let calendar = WorkingTime::usual(chrono_tz::UTC);
        let evening = Timestamp::parse("2026-03-02T22:30:00Z").unwrap();
        for (line, expected) in [
            ("x tomorrow 15:00", "2026-03-04T13:00:00Z"),
            ("x 15:00", "2026-03-03T13:00:00Z"),
            // Their working time is the company's.
            ("x today", "2026-03-03T18:00:00Z"),
        ] {
            let got = due(&read::read(line), (&calendar, chrono_tz::Europe::Kyiv), evening).unwrap().unwrap();
            assert_eq!(got.to_string(), expected, "{line}");
        }
    }

    #[test]
    fn a_day_whose_working_time_is_over_ends_at_midnight() {
        let calendar = WorkingTime::usual(chrono_tz::Europe::Moscow);
        let late = Timestamp::parse("2026-03-02T18:00:00Z").unwrap();
        let got = due(&read::read("x сегодня"), (&calendar, calendar.zone()), late).unwrap().unwrap();
        assert_eq!(got.to_string(), "2026-03-02T20:59:00Z");
    }
}
