//! Reports: time of a period by task, person, client or activity, rounded as administrators set; plan against fact of tasks.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use super::date_of;
use crate::entry;
use crate::round::Rounding;
use crate::staff;
use crate::store::{self, Setup, me};
use crate::zone::{self, Date, minus_days, month_of, next_month};

/// Lines of a report.
const MOST: usize = 200;

/// As administrators have set it.
pub fn rounding() -> Rounding {
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
    period_between(date_of(ask, "from"), date_of(ask, "to"))
}

/// A period of which somebody may have said neither end.
pub fn period_between(from: Option<Date>, to: Option<Date>) -> (Date, Date) {
    let today = Setup::load().zone.date(runtime::now());
    let from = from.unwrap_or_else(|| month_of(today));
    let to = to.unwrap_or_else(|| minus_days(next_month(today), 1));
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
    filter_between(person, from, to)
}

/// What a period has of what somebody may see.
///
/// # Errors
/// As the host says.
pub fn filter_between(person: &str, from: Date, to: Date) -> Result<Json, HostError> {
    Ok(of_period(from, to, seen(person)?))
}

/// What a period has, of these people where they are said.
pub fn of_period(from: Date, to: Date, people: Option<Json>) -> Json {
    let mut parts =
        vec![store::compares("day", "gte", zone::text(from)), store::compares("day", "lte", zone::text(to))];
    parts.extend(people);
    store::all_of(parts)
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
    let row = Figure::new("period")
        .with("from", store::date_value(from))
        .with("to", store::date_value(to))
        .with("before_from", store::date_value(month_of(minus_days(month_of(from), 1))))
        .with("before_to", store::date_value(minus_days(month_of(from), 1)))
        .with("after_from", store::date_value(next_month(from)))
        .with("after_to", store::date_value(minus_days(next_month(next_month(from)), 1)))
        .with("total", total)
        .with("billable", billable)
        .with("share", share(billable, total));
    Ok(Figures::one(row))
}

/// The source `report`: lines by what the page asks for (`by`), and a line "rounding" where the total is rounded.
///
/// # Errors
/// As the host says.
pub fn report(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let by = axis_of(ask.text("by").or_else(|| ask.view.param("by")));
    let lines = printed(by, &filter_of(ask, &person)?)?;
    let total: i64 = lines.iter().map(|line| line.seconds).sum();
    let row = |line: Line| {
        let row = Figure::new(line.key).with("name", line.name).with("seconds", line.seconds).with("exact", line.exact);
        let row = row.with("rounding", line.rounding);
        if line.rounding { row } else { row.with("share", share(line.seconds, total)) }
    };
    Ok(Figures::from(lines.into_iter().map(row).collect::<Vec<_>>()))
}

/// The field that a report goes by.
pub fn axis_of(by: Option<&str>) -> &'static str {
    match by {
        Some("person") => "owner",
        Some("client") => "client_id",
        Some("activity") => "activity",
        _ => "task_id",
    }
}

/// A line of a report.
pub struct Line {
    key: String,
    /// As people read it.
    pub name: String,
    /// As it is printed.
    pub seconds: i64,
    /// As it is kept.
    pub exact: i64,
    /// Makes the others add up to the rounded total; nobody worked on it.
    pub rounding: bool,
}

/// The lines of a report in the reader's language, the longest first, with the line "rounding" where the total is rounded.
///
/// # Errors
/// As the host says.
pub fn printed(by: &str, filter: &Json) -> Result<Vec<Line>, HostError> {
    let mut groups = grouped(by, filter)?;
    groups.sort_by_key(|group| std::cmp::Reverse(group.seconds));
    let exact: Vec<i64> = groups.iter().map(|group| group.seconds).collect();
    let (mut lines, rest) = rounding().lines(&exact);
    // What is too long for a page is one line: the total stays the total.
    let others = lines.split_off(lines.len().min(MOST));
    groups.truncate(MOST);
    let names = names(by, &groups)?;
    let words = |key: &str, text: &str| runtime::words(&Message::new(key, text), &runtime::context().locale);
    let none = if by == "client_id" {
        words("reports.no_client", "Without a client")
    } else {
        words("reports.none", "Without a subject")
    };
    let mut printed = Vec::new();
    for (group, seconds) in groups.into_iter().zip(lines) {
        let name = names.iter().find(|(id, _)| *id == group.key).map_or(group.subject, |(_, name)| name.clone());
        let name = if name.is_empty() { none.clone() } else { name };
        printed.push(Line { key: group.key, name, seconds, exact: group.seconds, rounding: false });
    }
    if !others.is_empty() {
        let exact: i64 = exact.iter().skip(MOST).sum();
        let name = words("reports.others", "All others");
        printed.push(Line { key: "others".to_owned(), name, seconds: others.iter().sum(), exact, rounding: false });
    }
    if rest != 0 {
        let name = words("reports.rounding", "Rounding");
        printed.push(Line { key: "rounding".to_owned(), name, seconds: rest, exact: 0, rounding: true });
    }
    Ok(printed)
}

struct Group {
    key: String,
    /// The title that was kept, of a report by task.
    subject: String,
    is_task: bool,
    seconds: i64,
}

/// Sums by what a report asks for; of a task one line however often it was renamed, of what is no task one for each title.
fn grouped(by: &str, filter: &Json) -> Result<Vec<Group>, HostError> {
    let axes = if by == "task_id" { vec!["task_id", "subject"] } else { vec![by] };
    let measures = json!([{ "op": "sum", "field": "seconds" }]);
    let mut found: Vec<Group> = Vec::new();
    for group in store::groups(entry::ENTITY, filter, &axes, &measures)? {
        let (id, subject) = (store::key_of(&group, by), store::key_of(&group, "subject").unwrap_or_default());
        let seconds = store::figure(&group, "sum_seconds").unwrap_or_default();
        let key = id.map_or_else(|| if subject.is_empty() { "none" } else { subject }.to_owned(), str::to_owned);
        match found.iter_mut().find(|one| one.key == key) {
            Some(one) => one.seconds += seconds,
            None => {
                let is_task = by == "task_id" && id.is_some();
                found.push(Group { key, subject: subject.to_owned(), is_task, seconds });
            }
        }
    }
    Ok(found)
}

/// A part of the whole; thousandths are enough for people.
fn share(part: i64, whole: i64) -> Value {
    let thousandths = if whole > 0 { part * 1_000 / whole } else { 0 };
    Value::Decimal(format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000))
}

fn names(by: &str, groups: &[Group]) -> Result<Vec<(String, String)>, HostError> {
    let ids: Vec<String> = groups.iter().map(|group| group.key.clone()).filter(|key| key != "none").collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    match by {
        "client_id" => companies(&ids),
        "owner" => super::money::people_of(ids.into_iter()),
        "activity" => {
            let locale = runtime::context().locale;
            let name = |key: &String| {
                runtime::words(&Message::new(&format!("choice.time_entry.activity.{key}"), key), &locale)
            };
            Ok(ids.iter().map(|key| (key.clone(), name(key))).collect())
        }
        _ => renamed(groups),
    }
}

/// The titles of clients.
///
/// # Errors
/// As the host says.
pub fn companies(ids: &[String]) -> Result<Vec<(String, String)>, HostError> {
    let rows = if ids.is_empty() { Vec::new() } else { records::get_many("company", ids)? };
    let titled = rows.into_iter().flatten();
    Ok(titled.map(|row| (row.id.clone(), row.text("title").unwrap_or_default().to_owned())).collect())
}

/// The name of somebody or something among those that were asked for.
pub fn name_of<'a>(names: &'a [(String, String)], id: Option<&str>) -> &'a str {
    names.iter().find(|(known, _)| Some(known.as_str()) == id).map_or("", |(_, name)| name.as_str())
}

/// The titles of tasks that are called otherwise now.
fn renamed(groups: &[Group]) -> Result<Vec<(String, String)>, HostError> {
    let tasks: Vec<&Group> = groups.iter().filter(|group| group.is_task).collect();
    let ids: Vec<String> = tasks.iter().map(|group| group.key.clone()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tasks.iter().zip(records::get_many("task", &ids)?);
    let new = rows.filter_map(|(group, row)| {
        let title = row?.text("title").filter(|title| !group.subject.starts_with(title))?.to_owned();
        Some((group.key.clone(), title))
    });
    Ok(new.collect())
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
