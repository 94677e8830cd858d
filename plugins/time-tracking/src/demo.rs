//! Example data: six weeks of up to twelve people, a night shift, a forgotten day, a closed month. Begun by an administrator.

use chrono::{Datelike, Weekday};
use verstak_plugin::prelude::*;

use crate::day::place::Places;
use crate::day::rules::Kept;
use crate::day::{self, Day, State};
use crate::entry::{self, Subject};
use crate::period;
use crate::store::{self, Setup};
use crate::zone::{self, Date, MINUTE, minus_days, plus_days};

/// Days of the past that are filled.
const DAYS: u64 = 42;
/// Entries of one write: each is judged by hooks that have half a second.
const PART: usize = 20;
/// People who have time.
const PEOPLE: usize = 12;

/// One person a call.
///
/// # Errors
/// Worth another try where the host says so.
pub fn run(run: &Run) -> Ran {
    let setup = Setup::load();
    let people: Vec<String> = day::watch::employees()?.into_iter().take(PEOPLE).collect();
    let done: usize = run.cursor.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
    let Some(person) = people.get(done) else {
        close(&setup);
        return Ok(Answer::Done);
    };
    // A machine that is too busy refuses like a rule: it is tried again, what is there stays.
    fill(&setup, person, done).map_err(|error| verstak_plugin::jobs::NotDone::from(Failure::from(error)))?;
    jobs::more((done + 1).to_string(), None, "")
}

/// Closes the last month, or where its last week still waits for a head the one before.
fn close(setup: &Setup) {
    let last = period::last_month(setup);
    let months = [last, zone::month_of(minus_days(last, 1))];
    if !months.into_iter().any(|month| period::set(month, true, None).is_ok()) {
        info!("the months of the example data stay open");
    }
}

fn fill(setup: &Setup, person: &str, number: usize) -> Result<(), HostError> {
    let today = setup.zone.date(runtime::now());
    let filter = serde_json::json!({ "or": [store::eq("assignee", person), store::eq("owner", person)] });
    let tasks = store::rows("task", &filter, &["title"], &[("created_at", true)])?;
    let (mut days, mut entries) = (Vec::new(), Vec::new());
    for back in (1..=DAYS).rev() {
        let date = minus_days(today, back);
        if day::on(person, date)?.is_some() {
            continue;
        }
        // A night shift on the last Saturday but one.
        let night = number == 2 && (8..15).contains(&back) && date.weekday() == Weekday::Sat;
        if !night && crate::plan::plan(person, date)?.planned.is_empty() {
            continue;
        }
        let kept = worked(setup, date, number, back, night);
        let forgotten = number == 1 && back == 3;
        days.push(Day {
            id: String::new(),
            owner: person.to_owned(),
            date,
            kept: Kept { end: kept.end.filter(|_| !forgotten), ..kept.clone() },
            state: if forgotten { State::Forgotten } else { State::Closed },
            violations: Vec::new(),
            places: Places::default(),
        });
        if !night {
            entries.extend(booked(&kept, person, &tasks, back));
        }
    }
    // Days come last: a date that has one is not filled again.
    for part in entries.chunks(PART) {
        records::create_many(entry::ENTITY, part.to_vec())?;
    }
    for mut day in days {
        day.save(setup, "demo", None)?;
    }
    sheets(setup, person, today)
}

/// A little different each day, the same each time.
fn worked(setup: &Setup, date: Date, number: usize, back: u64, night: bool) -> Kept {
    let seed = i64::try_from(number).unwrap_or_default() * 7 + i64::try_from(back).unwrap_or_default() * 13;
    if night {
        let start = setup.zone.minute_of(date, 22 * 60);
        return Kept {
            start,
            end: Some(setup.zone.minute_of(plus_days(date, 1), 6 * 60)),
            breaks: Vec::new(),
            rest: 0,
        };
    }
    let start = setup.zone.minute_of(date, 9 * 60) + (seed % 11 - 3) * MINUTE;
    let pause = setup.zone.minute_of(date, 13 * 60) + (seed % 5) * MINUTE;
    let end = setup.zone.minute_of(date, 18 * 60) + (seed % 17 - 5) * MINUTE;
    Kept { start, end: Some(end), breaks: vec![(pause, Some(pause + 60 * MINUTE))], rest: 0 }
}

fn booked(kept: &Kept, person: &str, tasks: &[Row], back: u64) -> Vec<Draft> {
    let (Some(end), Some((pause, Some(after)))) = (kept.end, kept.breaks.first().copied()) else { return Vec::new() };
    let middle = kept.start + (pause - kept.start) / 2;
    let middle = middle - middle.rem_euclid(15 * MINUTE);
    let activities = ["work", "meeting", "call", "work"];
    let spans = [(kept.start, middle), (middle, pause), (after, end)];
    let drafts =
        spans.into_iter().enumerate().filter(|(_, (from, until))| until > from).map(|(part, (from, until))| {
            let turn = part + usize::try_from(back).unwrap_or_default();
            let subject = match tasks.get(turn % tasks.len().max(1)) {
                Some(task) => Subject { entity: "task".to_owned(), id: task.id.clone() },
                None => Subject::default(),
            };
            let draft = Draft::new()
                .with("owner", Value::link(person))
                .with("starts_at", Value::Instant(zone::whole(from)))
                .with("ends_at", Value::Instant(zone::whole(until)))
                .with("activity", activities.get(turn % activities.len()).copied().unwrap_or("work"))
                .with("billable", turn % 3 != 0)
                .with("source", "demo");
            subject.put(draft)
        });
    drafts.collect()
}

fn sheets(setup: &Setup, person: &str, today: Date) -> Result<(), HostError> {
    let this_week = setup.week(today);
    for back in 1..=6_u64 {
        let week = minus_days(this_week, back * 7);
        if crate::sheet::of(person, week)?.is_some() {
            continue;
        }
        let state = if back == 1 { "submitted" } else { "approved" };
        let filter = store::all_of([
            store::eq("owner", person),
            store::compares("day", "gte", zone::text(week)),
            store::compares("day", "lt", zone::text(plus_days(week, 7))),
        ]);
        let total = store::sum(entry::ENTITY, &filter, "seconds")?;
        if total == 0 {
            continue;
        }
        let plans = crate::plan::plans(&[person.to_owned()], week, plus_days(week, 6))?;
        let norm: i64 = plans.values().map(day::rules::Plan::norm).sum();
        let draft = Draft::new()
            .with("owner", Value::link(person))
            .with("week", store::date_value(week))
            .with("total", total)
            .with("norm", norm)
            .with("state", state);
        records::create("time_sheet", draft)?;
    }
    Ok(())
}
