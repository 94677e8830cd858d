//! The team: whom whoever looks sees, and how much each worked in the period.

use std::collections::BTreeMap;

use serde_json::json;
use verstak_plugin::people::Person;
use verstak_plugin::prelude::*;

use super::report::{filter_of, period_of};
use crate::day;
use crate::plan;
use crate::staff;
use crate::store::{self, Setup, me};
use crate::zone::{self, Date, minus_days, plus_days};

/// People of a page.
const MOST: usize = 200;

/// The source `people`: a row for each, with worked time, norm until today, late days.
///
/// # Errors
/// As the host says.
pub fn people(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let filter = filter_of(ask, &person)?;
    let measures = json!([{ "op": "sum", "field": "worked" }, { "op": "sum", "field": "norm" }]);
    let mut groups = store::groups(day::ENTITY, &filter, &["owner"], &measures)?;
    groups.truncate(MOST);
    let late = store::all_of([filter, store::compares("late", "gt", 0)]);
    let late = store::groups(day::ENTITY, &late, &["owner"], &json!([{ "op": "count" }]))?;
    let mut rows = Vec::new();
    for group in &groups {
        let Some(id) = store::key_of(group, "owner") else { continue };
        let Some(member) = people::user(id)? else { continue };
        let late = late.iter().find(|group| store::key_of(group, "owner") == Some(id));
        let row = Figure::new(id)
            .with("name", member.name)
            .with("worked", store::figure(group, "sum_worked").unwrap_or_default())
            .with("norm", store::figure(group, "sum_norm").unwrap_or_default());
        rows.push(row.with("late_days", late.and_then(|group| store::figure(group, "count")).unwrap_or_default()));
    }
    rows.sort_by(|one, other| one.fields.text("name").cmp(&other.fields.text("name")));
    Ok(Figures::from(rows))
}

/// The source `days_off`: days of the period that the company does not work.
///
/// # Errors
/// As the host says.
pub fn days_off(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let (from, to) = period_of(ask);
    let to = to.min(plus_days(from, 61)).max(minus_days(from, 0));
    let plans = plan::plans(&[person], from, to)?;
    let off = plans.into_iter().map(|((_, day), plan)| {
        Figure::new(day.to_string()).with("day", store::date_value(day)).with("off", plan.planned.is_empty())
    });
    Ok(Figures::from(off.collect::<Vec<_>>()))
}

/// Weeks that are looked back at for those who left.
const WEEKS: u64 = 12;

/// A week of somebody who left, as a row of the page names it.
///
/// # Errors
/// When it names none.
pub fn left_week(key: &str) -> Acted<(String, Date)> {
    let parts = key.split_once(' ').and_then(|(person, week)| Some((person.to_owned(), zone::date(week)?)));
    parts.ok_or_else(|| NotActed::refuse(Message::new("time.unreadable", "This is no time")))
}

/// The source `left`: weeks of people below whoever looks who may not sign in any more, that nobody has handed in.
///
/// # Errors
/// As the host says.
pub fn left(_: &Ask) -> Outcome<Figures> {
    let Some(head) = me() else { return Ok(Figures::from(Vec::new())) };
    let gone: Vec<Person> = people::under(&head)?.into_iter().filter(|person| !person.active).take(MOST).collect();
    if gone.is_empty() {
        return Ok(Figures::from(Vec::new()));
    }
    let setup = Setup::load();
    let ids: Vec<&str> = gone.iter().map(|person| person.id.as_str()).collect();
    let from = minus_days(setup.week(setup.zone.date(runtime::now())), WEEKS * 7);
    let of_them =
        |field: &str| store::all_of([store::any_of("owner", &ids), store::compares(field, "gte", zone::text(from))]);
    let done = store::all_of([of_them("week"), store::any_of("state", ["submitted", "approved"])]);
    let done = store::every("time_sheet", &done, &["owner", "week"])?;
    let mut weeks: BTreeMap<(String, Date), (i64, i64)> = BTreeMap::new();
    for row in store::every("time_entry", &of_them("day"), &["owner", "day", "seconds", "check"])? {
        let (Some(owner), Some(day)) = (row.id("owner"), store::day(&row, "day")) else { continue };
        let week = weeks.entry((owner.to_owned(), setup.week(day))).or_default();
        week.0 += row.integer("seconds").unwrap_or_default();
        week.1 += i64::from(row.boolean("check") == Some(true));
    }
    let is_done = |owner: &str, week: Date| {
        done.iter().any(|row| row.id("owner") == Some(owner) && store::day(row, "week") == Some(week))
    };
    let rows = weeks.into_iter().filter(|((owner, week), _)| !is_done(owner, *week));
    let rows = rows.map(|((owner, week), (total, unconfirmed))| {
        let name = gone.iter().find(|person| person.id == owner).map(|person| person.name.clone());
        Figure::new(format!("{owner} {}", zone::text(week)))
            .with("name", name.unwrap_or_default())
            .with("week", store::date_value(week))
            .with("total", total)
            .with("unconfirmed", unconfirmed)
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}

/// Rows that wait for a decision of whoever looks, of people for whom they may decide now.
fn waiting_of(entity: &str, state: &str, fields: &[&str]) -> Outcome<Vec<(Row, String)>> {
    let Some(decider) = me() else { return Ok(Vec::new()) };
    let rows = store::rows(entity, &store::eq("state", state), fields, &[("created_at", false)])?;
    let mut owners: Vec<String> = rows.iter().filter_map(|row| row.id("owner").map(str::to_owned)).collect();
    owners.sort_unstable();
    owners.dedup();
    let theirs = staff::decided_by(&owners, &decider)?;
    let names = if theirs.is_empty() { Vec::new() } else { people::persons(&theirs)? };
    let names: Vec<_> = names.into_iter().flatten().collect();
    let named = rows.into_iter().filter_map(|row| {
        let person = names.iter().find(|person| row.id("owner") == Some(&person.id))?;
        let name = person.name.clone();
        Some((row, name))
    });
    Ok(named.collect())
}

/// The source `waiting`: corrections, old beside new.
///
/// # Errors
/// As the host says.
pub fn waiting(_: &Ask) -> Outcome<Figures> {
    let fields = [
        "owner",
        "day",
        "old_starts_at",
        "starts_at",
        "old_ends_at",
        "ends_at",
        "old_breaks",
        "breaks",
        "reason",
        "created_at",
    ];
    let rows = waiting_of("time_correction", "pending", &fields)?.into_iter().map(|(row, name)| {
        let made = Figure::new(row.id.clone()).with("name", name);
        fields
            .iter()
            .filter(|field| !["owner", "created_at"].contains(field))
            .fold(made, |made, field| made.with(field, row.value(field).cloned().unwrap_or(Value::Null)))
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}

/// The source `handed_in`: timesheets.
///
/// # Errors
/// As the host says.
pub fn handed_in(_: &Ask) -> Outcome<Figures> {
    let fields = ["owner", "week", "total", "norm", "comment", "created_at"];
    let rows = waiting_of("time_sheet", "submitted", &fields)?.into_iter().map(|(row, name)| {
        let made = Figure::new(row.id.clone()).with("name", name);
        ["week", "total", "norm", "comment"]
            .iter()
            .fold(made, |made, field| made.with(field, row.value(field).cloned().unwrap_or(Value::Null)))
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}
