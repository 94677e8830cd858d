//! The team: whom whoever looks sees, and how much each worked in the period.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use verstak_plugin::people::{Department, Person};
use verstak_plugin::prelude::*;

use super::report::{of_period, period_of};
use crate::day::{self, watch};
use crate::entry::hook::zones;
use crate::plan;
use crate::staff;
use crate::store::{self, Setup, me};
use crate::zone::{self, Date, Zone, minus_days, plus_days};

/// People of a page.
const MOST: usize = 200;

/// What somebody did in the period.
struct Worked {
    who: Person,
    seconds: i64,
    norm: i64,
    late_days: i64,
}

/// What people did in the period, of those whom whoever looks sees; by name.
fn worked(ask: &Ask, person: &str) -> Result<Vec<Worked>, HostError> {
    let all = staff::is(person, "time_finance")?;
    let below = if all { Vec::new() } else { people::under(person)? };
    let ids = below.iter().map(|one| one.id.as_str()).chain([person]);
    let seen = (!all).then(|| store::any_of("owner", ids));
    let mut known: BTreeMap<String, Person> = below.iter().map(|one| (one.id.clone(), one.clone())).collect();
    let (from, to) = period_of(ask);
    let filter = of_period(from, to, seen);
    let measures = json!([{ "op": "sum", "field": "worked" }, { "op": "sum", "field": "norm" }]);
    let groups = store::groups(day::ENTITY, &filter, &["owner"], &measures)?;
    let late = store::all_of([filter, store::compares("late", "gt", 0)]);
    let late = store::groups(day::ENTITY, &late, &["owner"], &json!([{ "op": "count" }]))?;
    let late: BTreeMap<&str, i64> = late
        .iter()
        .filter_map(|group| Some((store::key_of(group, "owner")?, store::figure(group, "count").unwrap_or_default())))
        .collect();
    let owners = || groups.iter().filter_map(|group| store::key_of(group, "owner"));
    let strangers: Vec<String> = owners().filter(|id| !known.contains_key(*id)).map(str::to_owned).collect();
    for part in strangers.chunks(MOST) {
        known.extend(people::persons(part)?.into_iter().flatten().map(|one| (one.id.clone(), one)));
    }
    let mut found = Vec::new();
    for group in &groups {
        let Some(id) = store::key_of(group, "owner") else { continue };
        let Some(who) = known.remove(id) else { continue };
        found.push(Worked {
            seconds: store::figure(group, "sum_worked").unwrap_or_default(),
            norm: store::figure(group, "sum_norm").unwrap_or_default(),
            late_days: late.get(id).copied().unwrap_or_default(),
            who,
        });
    }
    found.sort_by(|one, other| one.who.name.cmp(&other.who.name));
    Ok(found)
}

/// The departments of whoever looks: those they head with all below, all of them for those who count money.
fn departments_of(person: &str) -> Result<Vec<Department>, HostError> {
    if staff::is(person, "time_finance")? { people::departments() } else { people::departments_over(person) }
}

/// A department with those below it.
fn with_below<'a>(all: &'a [Department], id: &'a str) -> Vec<&'a str> {
    let mut found = vec![id];
    let mut next = 0;
    while let Some(above) = found.get(next).copied() {
        let below = all.iter().filter(|one| one.parent.as_deref() == Some(above));
        let fresh: Vec<&str> = below.map(|one| one.id.as_str()).filter(|id| !found.contains(id)).collect();
        found.extend(fresh);
        next += 1;
    }
    found
}

/// Whether somebody works in one of these departments now.
fn is_in(who: &Person, departments: &[&str]) -> bool {
    who.department.as_deref().is_some_and(|department| departments.contains(&department))
}

/// The source `people`: a row for each, with worked time, norm until today, late days; of one department with those below
/// it where the page says so.
///
/// # Errors
/// As the host says.
pub fn people(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let mut found = worked(ask, &person)?;
    let wanted = ask.text("department").or_else(|| ask.view.param("department")).unwrap_or_default();
    if !wanted.is_empty() {
        let all = departments_of(&person)?;
        let theirs = all.iter().any(|one| one.id == wanted);
        let wanted = if theirs { with_below(&all, wanted) } else { Vec::new() };
        found.retain(|one| is_in(&one.who, &wanted));
    }
    let rows = found.into_iter().take(MOST).map(|one| {
        Figure::new(one.who.id)
            .with("name", one.who.name)
            .with("worked", one.seconds)
            .with("norm", one.norm)
            .with("late_days", one.late_days)
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}

/// The source `departments`: a row for each department of whoever looks, with those below it; those in which nobody has days
/// in the period are left out.
///
/// # Errors
/// As the host says.
pub fn departments(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let all = departments_of(&person)?;
    let found = if all.is_empty() { Vec::new() } else { worked(ask, &person)? };
    let mut rows = Vec::new();
    for one in all.iter().take(MOST) {
        let inside = with_below(&all, &one.id);
        let theirs: Vec<&Worked> = found.iter().filter(|worked| is_in(&worked.who, &inside)).collect();
        if theirs.is_empty() {
            continue;
        }
        let sum = |of: fn(&Worked) -> i64| theirs.iter().map(|worked| of(worked)).sum::<i64>();
        let row = Figure::new(one.id.clone())
            .with("name", one.name.as_str())
            .with("people", i64::try_from(theirs.len()).unwrap_or(i64::MAX))
            .with("worked", sum(|worked| worked.seconds))
            .with("norm", sum(|worked| worked.norm));
        rows.push(row.with("late_days", sum(|worked| worked.late_days)));
    }
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

/// A day of its person's clocks, with its pauses: `09:03–18:00 (1:00)`; one that goes on has no end.
fn day_told(zone: Zone, start: i64, end: Option<i64>, rest: i64) -> String {
    let end = end.map(|end| zone.clock(end)).unwrap_or_default();
    let rest = if rest > 0 { format!(" ({})", watch::hours(rest)) } else { String::new() };
    format!("{}–{end}{rest}", zone.clock(start))
}

/// What a correction changes, old and new in one line.
fn told(zone: Zone, row: &Row) -> String {
    let rest = |field: &str| row.integer(field).unwrap_or_default();
    let end = store::instant(row, "ends_at").filter(|_| row.boolean("goes_on") != Some(true));
    let new = day_told(zone, store::instant(row, "starts_at").unwrap_or_default(), end, rest("breaks"));
    match store::instant(row, "old_starts_at") {
        Some(start) => {
            let old = day_told(zone, start, store::instant(row, "old_ends_at"), rest("old_breaks"));
            format!("{old} → {new}")
        }
        None => new,
    }
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
        "goes_on",
        "created_at",
    ];
    let found = waiting_of("time_correction", "pending", &fields)?;
    let setup = Setup::load();
    let owners: BTreeSet<String> = found.iter().filter_map(|(row, _)| row.id("owner").map(str::to_owned)).collect();
    let owners: Vec<String> = owners.into_iter().collect();
    let zones = if owners.is_empty() { BTreeMap::new() } else { zones(&setup, runtime::now(), &owners)? };
    let rows = found.into_iter().map(|(row, name)| {
        let zone = row.id("owner").and_then(|owner| zones.get(owner)).copied().unwrap_or(setup.zone);
        let made = Figure::new(row.id.clone()).with("name", name).with("change", told(zone, &row));
        fields
            .iter()
            .filter(|field| !["owner", "goes_on", "created_at"].contains(field))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_is_told_in_one_line_old_beside_new() {
        let kyiv = Zone::named("Europe/Kyiv");
        let at = |time: &str| kyiv.read(&format!("2026-03-02T{time}")).unwrap();
        assert_eq!(day_told(kyiv, at("09:03"), Some(at("18:00")), 3_600), "09:03–18:00 (1:00)");
        assert_eq!(day_told(kyiv, at("09:03"), None, 0), "09:03–");
    }

    #[test]
    fn a_department_has_all_below_it_each_once_and_a_loop_ends() {
        let one = |id: &str, parent: Option<&str>| Department {
            id: id.into(),
            name: id.into(),
            parent: parent.map(str::to_owned),
            heads: Vec::new(),
        };
        let all = [
            one("office", None),
            one("sales", Some("office")),
            one("north", Some("sales")),
            one("a", Some("b")),
            one("b", Some("a")),
        ];
        assert_eq!(with_below(&all, "office"), ["office", "sales", "north"]);
        assert_eq!(with_below(&all, "north"), ["north"]);
        assert_eq!(with_below(&all, "a"), ["a", "b"]);
        assert_eq!(with_below(&all, "nobody's"), ["nobody's"]);
    }
}
