//! The week of whoever looks: its days, lines by what they worked on, its timesheet.

use std::collections::BTreeMap;

use verstak_plugin::prelude::*;

use super::date_of;
use super::now::{key_of, last_subjects};
use crate::day;
use crate::entry::{self, Subject};
use crate::plan;
use crate::sheet;
use crate::store::{self, Setup, me};
use crate::zone::{self, Date, minus_days, plus_days};

fn week(ask: &Ask, setup: &Setup) -> Date {
    setup.week(date_of(ask, "week").unwrap_or_else(|| setup.zone.date(runtime::now())))
}

fn of_week(person: &str, first: Date) -> serde_json::Value {
    store::all_of([
        store::eq("owner", person),
        store::compares("day", "gte", zone::text(first)),
        store::compares("day", "lt", zone::text(plus_days(first, 7))),
    ])
}

/// The source `week`: one row.
///
/// # Errors
/// As the host says.
pub fn week_row(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let setup = Setup::of(&person)?;
    let first = week(ask, &setup);
    let sheet = sheet::of(&person, first)?;
    let state = sheet.as_ref().and_then(|row| row.text("state")).unwrap_or("draft").to_owned();
    let norm: i64 = plan::plans(std::slice::from_ref(&person), first, plus_days(first, 6))?
        .values()
        .map(day::rules::Plan::norm)
        .sum();
    let total = store::sum(entry::ENTITY, &of_week(&person, first), "seconds")?;
    let check = store::all_of([of_week(&person, first), store::eq("check", true)]);
    let row = Figure::new("week")
        .with("first", store::date_value(first))
        .with("last", store::date_value(plus_days(first, 6)))
        .with("before", store::date_value(minus_days(first, 7)))
        .with("after", store::date_value(plus_days(first, 7)))
        .with("total", total)
        .with("norm", norm)
        .with("state", state)
        .with("comment", sheet.as_ref().and_then(|row| row.text("comment")).unwrap_or_default())
        .with(
            "unconfirmed",
            i64::try_from(records::count(entry::ENTITY, Some(&check.to_string()))?).unwrap_or_default(),
        );
    Ok(Figures::one(row))
}

struct Line {
    title: String,
    by_day: BTreeMap<Date, i64>,
}

fn lines(person: &str, first: Date) -> Result<BTreeMap<String, Line>, HostError> {
    let fields = ["task", "deal", "lead", "company", "subject", "day", "seconds"];
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for row in store::every(entry::ENTITY, &of_week(person, first), &fields)? {
        let subject = Subject::of_row(&row);
        let line = lines.entry(key_of(&subject)).or_insert_with(|| Line {
            title: row.text("subject").unwrap_or_default().to_owned(),
            by_day: BTreeMap::new(),
        });
        if let Some(day) = store::day(&row, "day") {
            *line.by_day.entry(day).or_default() += row.integer("seconds").unwrap_or_default();
        }
    }
    for (subject, title) in last_subjects(person, 5)? {
        lines.entry(key_of(&subject)).or_insert_with(|| Line { title, by_day: BTreeMap::new() });
    }
    Ok(lines)
}

/// The source `lines`: what was worked on in the week, and lately.
///
/// # Errors
/// As the host says.
pub fn week_lines(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let first = week(ask, &Setup::of(&person)?);
    let rows = lines(&person, first)?.into_iter().map(|(key, line)| {
        let total: i64 = line.by_day.values().sum();
        Figure::new(key).with("title", line.title).with("total", total)
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}

/// The source `cells`: seconds by line and day.
///
/// # Errors
/// As the host says.
pub fn week_cells(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let first = week(ask, &Setup::of(&person)?);
    let mut rows = Vec::new();
    for (key, line) in lines(&person, first)? {
        for (day, seconds) in line.by_day {
            let cell =
                Figure::new(format!("{key} {day}")).with("line", key.as_str()).with("day", store::date_value(day));
            rows.push(cell.with("seconds", seconds));
        }
    }
    Ok(Figures::from(rows))
}

/// Where a day began and where it ended, as far as that is kept.
fn places(row: &Row) -> String {
    let known: Vec<&str> = ["start_place", "end_place"].into_iter().filter_map(|field| row.text(field)).collect();
    known.join(" → ")
}

/// The source `week_days`: each day of the week with its times.
///
/// # Errors
/// As the host says.
pub fn week_days(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let setup = Setup::of(&person)?;
    let first = week(ask, &setup);
    let plans = plan::plans(std::slice::from_ref(&person), first, plus_days(first, 6))?;
    let fields = ["day", "starts_at", "ends_at", "worked", "violations", "state", "start_place", "end_place"];
    let days = store::every(day::ENTITY, &of_week(&person, first), &fields)?;
    let entries = store::every(entry::ENTITY, &of_week(&person, first), &["day", "seconds"])?;
    let mut rows = Vec::new();
    for ((_, date), plan) in plans {
        let text = zone::text(date);
        let kept = days.iter().find(|row| row.text("day") == Some(&text));
        let of_day = entries.iter().filter(|row| row.text("day") == Some(&text));
        let booked: i64 = of_day.filter_map(|row| row.integer("seconds")).sum();
        let kinds = match kept.and_then(|row| row.value("violations")) {
            Some(Value::Texts(kinds)) => kinds.clone(),
            _ => Vec::new(),
        };
        let row = Figure::new(text)
            .with("day", store::date_value(date))
            .with("off", plan.planned.is_empty())
            .with("starts", super::at(kept.and_then(|row| store::instant(row, "starts_at"))))
            .with("ends", super::at(kept.and_then(|row| store::instant(row, "ends_at"))))
            .with("worked", kept.and_then(|row| row.integer("worked")).unwrap_or_default())
            .with("norm", plan.norm())
            .with("booked", booked)
            .with("violated", !kinds.is_empty())
            .with("place", kept.map(places).unwrap_or_default())
            .with("state", kept.and_then(|row| row.text("state")).unwrap_or("none"));
        rows.push(row);
    }
    Ok(Figures::from(rows))
}
