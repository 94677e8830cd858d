//! Reports: time of a period by task, person, client or activity, rounded as administrators set; plan against fact of tasks;
//! months and what keeps them open.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use super::date_of;
use crate::entry;
use crate::period;
use crate::round::Rounding;
use crate::staff;
use crate::store::{self, Setup, me};
use crate::zone::{self, Date, minus_days, month_of, next_month};

/// Lines of a report.
const MOST: usize = 200;

fn rounding() -> Rounding {
    let set = Settings::load();
    let minutes: i64 = set.text("round_to").and_then(|text| text.parse().ok()).unwrap_or_default();
    Rounding {
        step: minutes * 60,
        up: set.text("round_how") != Some("nearest"),
        per_total: set.text("round_what") == Some("total"),
    }
}

/// The period of the page: the present month unless it says another.
pub fn period_of(ask: &Ask) -> (Date, Date) {
    let today = Setup::load().zone.date(runtime::now());
    let from = date_of(ask, "from").unwrap_or_else(|| month_of(today));
    let to = date_of(ask, "to").unwrap_or_else(|| minus_days(next_month(today), 1));
    (from, to.max(from))
}

/// Only what whoever looks may see: all of it with the right for figures, else their own and that of those below them.
fn seen(person: &str) -> Result<Option<Json>, HostError> {
    if staff::is(person, "time_finance")? {
        return Ok(None);
    }
    let below = people::under(person)?.into_iter().map(|one| one.id);
    Ok(Some(store::any_of("owner", below.chain([person.to_owned()]))))
}

/// What the page's period has of what whoever looks may see.
///
/// # Errors
/// As the host says.
pub fn filter_of(ask: &Ask, person: &str) -> Result<Json, HostError> {
    let (from, to) = period_of(ask);
    let mut parts =
        vec![store::compares("day", "gte", zone::text(from)), store::compares("day", "lte", zone::text(to))];
    parts.extend(seen(person)?);
    Ok(store::all_of(parts))
}

/// The source `period`: one row.
///
/// # Errors
/// As the host says.
pub fn period_row(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let (from, to) = period_of(ask);
    let filter = filter_of(ask, &person)?;
    let total = store::sum(entry::ENTITY, &filter, "seconds")?;
    let billable = store::all_of([filter, store::eq("billable", true)]);
    let billable = store::sum(entry::ENTITY, &billable, "seconds")?;
    // A part of the whole in thousandths is enough for people.
    let share = if total > 0 { billable * 1_000 / total } else { 0 };
    let row = Figure::new("period")
        .with("from", store::date_value(from))
        .with("to", store::date_value(to))
        .with("before_from", store::date_value(month_of(minus_days(month_of(from), 1))))
        .with("before_to", store::date_value(minus_days(month_of(from), 1)))
        .with("after_from", store::date_value(next_month(from)))
        .with("after_to", store::date_value(minus_days(next_month(next_month(from)), 1)))
        .with("total", total)
        .with("billable", billable)
        .with("share", Value::Decimal(format!("{}.{:03}", share / 1_000, share % 1_000)));
    Ok(Figures::one(row))
}

/// The source `report`: lines by what the page asks for (`by`), and a line "rounding" where the total is rounded.
///
/// # Errors
/// As the host says.
pub fn report(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let by = match ask.text("by").or_else(|| ask.view.param("by")) {
        Some("person") => "owner",
        Some("client") => "client_id",
        Some("activity") => "activity",
        _ => "subject",
    };
    let measures = json!([{ "op": "sum", "field": "seconds" }]);
    let mut groups = store::groups(entry::ENTITY, &filter_of(ask, &person)?, &[by], &measures)?;
    let seconds = |group: &Json| store::figure(group, "sum_seconds").unwrap_or_default();
    groups.sort_by_key(|group| std::cmp::Reverse(seconds(group)));
    groups.truncate(MOST);
    let exact: Vec<i64> = groups.iter().map(seconds).collect();
    let (lines, rest) = rounding().lines(&exact);
    let total: i64 = lines.iter().sum::<i64>() + rest;
    let names = names(by, &groups)?;
    let words = |key: &str, text: &str| runtime::words(&Message::new(key, text), &runtime::context().locale);
    let none = if by == "client_id" {
        words("reports.no_client", "Without a client")
    } else {
        words("reports.none", "Without a subject")
    };
    let mut rows = Vec::new();
    for ((group, printed), exact) in groups.iter().zip(lines).zip(exact) {
        let key = store::key_of(group, by).unwrap_or_default();
        let name = names.iter().find(|(id, _)| id == key).map_or(key, |(_, name)| name.as_str());
        let name = if name.is_empty() { none.as_str() } else { name };
        let row = Figure::new(if key.is_empty() { "none" } else { key }).with("name", name).with("seconds", printed);
        rows.push(row.with("exact", exact).with("rounding", false).with("share", share(printed, total)));
    }
    if rest != 0 {
        rows.push(
            Figure::new("rounding")
                .with("name", words("reports.rounding", "Rounding"))
                .with("seconds", rest)
                .with("exact", 0)
                .with("rounding", true),
        );
    }
    Ok(Figures::from(rows))
}

fn share(part: i64, whole: i64) -> Value {
    let thousandths = if whole > 0 { part * 1_000 / whole } else { 0 };
    Value::Decimal(format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000))
}

fn names(by: &str, groups: &[Json]) -> Result<Vec<(String, String)>, HostError> {
    let ids: Vec<String> = groups.iter().filter_map(|group| store::key_of(group, by)).map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    match by {
        "client_id" => {
            let rows = records::get_many("company", &ids)?.into_iter().flatten();
            Ok(rows.map(|row| (row.id.clone(), row.text("title").unwrap_or_default().to_owned())).collect())
        }
        "owner" => {
            // Whoever left stays in reports.
            let former = runtime::words(&Message::new("reports.former", "former"), &runtime::context().locale);
            let mut found = Vec::new();
            for part in ids.chunks(200) {
                for person in people::persons(part)?.into_iter().flatten() {
                    let left = if person.active { String::new() } else { format!(" ({former})") };
                    found.push((person.id, format!("{}{left}", person.name)));
                }
            }
            Ok(found)
        }
        "activity" => {
            let locale = runtime::context().locale;
            let name = |key: &String| {
                runtime::words(&Message::new(&format!("choice.time_entry.activity.{key}"), key), &locale)
            };
            Ok(ids.iter().map(|key| (key.clone(), name(key))).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// The source `plan_fact`: tasks that time was booked on in the period, with their estimates.
///
/// # Errors
/// As the host says.
pub fn plan_fact(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let measures = json!([{ "op": "sum", "field": "seconds" }]);
    let mut groups = store::groups(entry::ENTITY, &filter_of(ask, &person)?, &["task_id"], &measures)?;
    groups.retain(|group| store::key_of(group, "task_id").is_some());
    groups.sort_by_key(|group| std::cmp::Reverse(store::figure(group, "sum_seconds")));
    groups.truncate(MOST);
    let ids: Vec<String> =
        groups.iter().filter_map(|group| store::key_of(group, "task_id")).map(str::to_owned).collect();
    let tasks = if ids.is_empty() { Vec::new() } else { records::get_many("task", &ids)? };
    let mut rows = Vec::new();
    for (group, task) in groups.iter().zip(tasks) {
        let Some(task) = task else { continue };
        let (estimate, spent) =
            (task.integer("estimate").unwrap_or_default(), task.integer("time_spent").unwrap_or_default());
        let percent = if estimate > 0 { Value::Integer(spent * 100 / estimate) } else { Value::Null };
        let row = Figure::new(task.id.clone())
            .with("title", task.text("title").unwrap_or_default())
            .with("estimate", if estimate > 0 { Value::Integer(estimate) } else { Value::Null })
            .with("spent", spent)
            .with("in_period", store::figure(group, "sum_seconds").unwrap_or_default())
            .with("percent", percent);
        rows.push(row.with("over", estimate > 0 && spent > estimate));
    }
    Ok(Figures::from(rows))
}

/// The source `months`: the months of a year that have time, whether they are closed, and what keeps them open.
///
/// # Errors
/// As the host says.
pub fn months(_: &Ask) -> Outcome<Figures> {
    let setup = Setup::load();
    let kept = store::every(period::ENTITY, &Json::Null, &[])?;
    let mut month = month_of(setup.zone.date(runtime::now()));
    let mut rows = Vec::new();
    for _ in 0..12 {
        let text = zone::text(month);
        let found = kept.iter().find(|row| row.text("month") == Some(&text) && row.id("organization").is_none());
        let closed = found.and_then(|row| row.text("state")) == Some("closed");
        if found.is_none() && !rows.is_empty() && !has_time(month)? {
            month = month_of(minus_days(month, 1));
            continue;
        }
        let [timers, days, sheets] = if closed { [0; 3] } else { period::open_things(month)? };
        let count = |number: u64| i64::try_from(number).unwrap_or_default();
        let opened = found.and_then(|row| store::instant(row, "opened_at"));
        let row = Figure::new(text)
            .with("month", store::date_value(month))
            .with("closed", closed)
            .with("by", found.and_then(|row| row.id("locked_by")).map_or(Value::Null, Value::link))
            .with("at", super::at(found.and_then(|row| store::instant(row, "locked_at"))))
            .with("reason", found.and_then(|row| row.text("reason")).unwrap_or_default())
            .with("changed", opened.map_or(Ok(0), |opened| changed_since(month, opened))?);
        rows.push(row.with("timers", count(timers)).with("days", count(days)).with("sheets", count(sheets)));
        month = month_of(minus_days(month, 1));
    }
    Ok(Figures::from(rows))
}

/// Whether anybody booked anything in a month.
fn has_time(month: Date) -> Result<bool, HostError> {
    let filter = store::all_of([
        store::compares("day", "gte", zone::text(month)),
        store::compares("day", "lt", zone::text(next_month(month))),
    ]);
    Ok(records::count(entry::ENTITY, Some(&filter.to_string()))? > 0)
}

/// Rows of a month that were changed after it was opened again.
fn changed_since(month: Date, opened: i64) -> Result<i64, HostError> {
    let filter = store::all_of([
        store::compares("day", "gte", zone::text(month)),
        store::compares("day", "lt", zone::text(next_month(month))),
        store::compares("updated_at", "gt", zone::instant(opened)),
    ]);
    let count = records::count(entry::ENTITY, Some(&filter.to_string()))?;
    Ok(i64::try_from(count).unwrap_or_default())
}
