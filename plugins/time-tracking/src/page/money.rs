//! For those who count money: months and what keeps them open, what was changed after one was opened again, costs.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use super::report::{filter_of, name_of};
use crate::entry;
use crate::period;
use crate::staff;
use crate::store::{self, Setup, me};
use crate::zone::{self, Date, minus_days, month_of, next_month};

/// Rows of a list.
const MOST: usize = 200;
/// Months that are looked back at.
const MONTHS: usize = 12;

/// The kept row of a month for all organizations.
fn row_of(kept: &[Row], month: Date) -> Option<&Row> {
    let text = zone::text(month);
    kept.iter().find(|row| row.text("month") == Some(&text) && row.id("organization").is_none())
}

fn is_closed(row: Option<&Row>) -> bool {
    row.and_then(|row| row.text("state")) == Some("closed")
}

/// This month and those before it.
fn looked_at() -> Vec<Date> {
    let this = month_of(Setup::load().zone.date(runtime::now()));
    std::iter::successors(Some(this), |month| Some(month_of(minus_days(*month, 1)))).take(MONTHS).collect()
}

/// Names of people; whoever left stays, and is said to be former.
///
/// # Errors
/// As the host says.
pub fn people_of(ids: impl Iterator<Item = String>) -> Result<Vec<(String, String)>, HostError> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let former = runtime::words(&Message::new("reports.former", "former"), &runtime::context().locale);
    let mut found = Vec::new();
    for part in ids.chunks(200) {
        found.extend(people::persons(part)?.into_iter().flatten().map(|person| {
            let left = if person.active { String::new() } else { format!(" ({former})") };
            (person.id, format!("{}{left}", person.name))
        }));
    }
    Ok(found)
}

/// Whether whoever looks counts money; the figures here are of everybody.
fn may_look() -> Result<bool, HostError> {
    me().map_or(Ok(false), |person| staff::is(&person, "time_finance"))
}

/// The source `months`: the months of a year that have time, whether they are closed, and what keeps them open.
///
/// # Errors
/// As the host says.
pub fn months(_: &Ask) -> Outcome<Figures> {
    if !may_look()? {
        return Ok(Figures::from(Vec::new()));
    }
    let kept = store::every(period::ENTITY, &Json::Null, &[])?;
    let mut rows = Vec::new();
    for month in looked_at() {
        let found = row_of(&kept, month);
        let closed = is_closed(found);
        if found.is_none() && !rows.is_empty() && !has_time(month)? {
            continue;
        }
        let [timers, days, sheets] = if closed { [0; 3] } else { period::open_things(month)? };
        let count = |number: u64| i64::try_from(number).unwrap_or_default();
        let opened = found.and_then(|row| store::instant(row, "opened_at"));
        let row = Figure::new(zone::text(month))
            .with("month", store::date_value(month))
            .with("closed", closed)
            .with("by", found.and_then(|row| row.id("locked_by")).map_or(Value::Null, Value::link))
            .with("at", super::at(found.and_then(|row| store::instant(row, "locked_at"))))
            .with("reason", found.and_then(|row| row.text("reason")).unwrap_or_default())
            .with("changed", opened.map_or(Ok(0), |opened| changed_since(month, opened))?);
        rows.push(row.with("timers", count(timers)).with("days", count(days)).with("sheets", count(sheets)));
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

/// The rows of a month that were changed after it was opened again.
fn since(month: Date, opened: i64) -> Json {
    store::all_of([
        store::compares("day", "gte", zone::text(month)),
        store::compares("day", "lt", zone::text(next_month(month))),
        store::compares("updated_at", "gt", zone::instant(opened)),
    ])
}

/// How many they are.
fn changed_since(month: Date, opened: i64) -> Result<i64, HostError> {
    let count = records::count(entry::ENTITY, Some(&since(month, opened).to_string()))?;
    Ok(i64::try_from(count).unwrap_or_default())
}

/// The source `unfinished`: what keeps months open, by name.
///
/// # Errors
/// As the host says.
pub fn unfinished(_: &Ask) -> Outcome<Figures> {
    if !may_look()? {
        return Ok(Figures::from(Vec::new()));
    }
    let kept = store::every(period::ENTITY, &Json::Null, &[])?;
    let mut found = Vec::new();
    for month in looked_at().into_iter().filter(|month| !is_closed(row_of(&kept, *month))) {
        for (entity, field, filter) in period::open_kinds(month) {
            let rows = store::rows(entity, &filter, &["owner", field], &[(field, false)])?;
            found.extend(rows.into_iter().map(|row| (month, entity, field, row)));
        }
    }
    found.truncate(MOST);
    let names = people_of(found.iter().filter_map(|(.., row)| row.id("owner").map(str::to_owned)))?;
    let rows = found.into_iter().map(|(month, entity, field, row)| {
        let what = runtime::words(&Message::new(&format!("money.open.{entity}"), entity), &runtime::context().locale);
        // A week may keep two months open.
        Figure::new(format!("{} {month}", row.id))
            .with("month", store::date_value(month))
            .with("name", name_of(&names, row.id("owner")))
            .with("what", what)
            .with("day", row.value(field).cloned().unwrap_or(Value::Null))
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}

/// The source `changed`: rows of months that are open again, changed since.
///
/// # Errors
/// As the host says.
pub fn changed(_: &Ask) -> Outcome<Figures> {
    if !may_look()? {
        return Ok(Figures::from(Vec::new()));
    }
    let fields = ["owner", "day", "subject", "seconds", "updated_at"];
    let mut found = Vec::new();
    for period in store::every(period::ENTITY, &Json::Null, &["month", "opened_at", "organization"])? {
        let (Some(month), Some(opened)) = (store::day(&period, "month"), store::instant(&period, "opened_at")) else {
            continue;
        };
        let mut filter = vec![since(month, opened)];
        filter.extend(period.id("organization").map(|id| store::eq("organization", id)));
        found.extend(store::rows(entry::ENTITY, &store::all_of(filter), &fields, &[("updated_at", true)])?);
    }
    found.truncate(MOST);
    let names = people_of(found.iter().filter_map(|row| row.id("owner").map(str::to_owned)))?;
    let rows = found.into_iter().map(|row| {
        let made = Figure::new(row.id.clone()).with("name", name_of(&names, row.id("owner")));
        ["day", "subject", "seconds", "updated_at"]
            .into_iter()
            .fold(made, |made, field| made.with(field, row.value(field).cloned().unwrap_or(Value::Null)))
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}

/// The source `cost`: what the period's time cost and what of it is billed, by person, client or department of the day, each currency a line.
///
/// # Errors
/// As the host says.
pub fn cost(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    if !may_look()? {
        return Ok(Figures::from(Vec::new()));
    }
    let by = match ask.text("by") {
        Some("client") => "client_id",
        Some("department") => "department",
        _ => "owner",
    };
    let sum = |field: &str| json!({ "op": "sum", "field": field });
    let measures = json!([sum("seconds"), sum("cost"), sum("bill")]);
    let mut groups = store::groups(entry::ENTITY, &filter_of(ask, &person)?, &[by], &measures)?;
    groups.sort_by_key(|group| std::cmp::Reverse(store::figure(group, "sum_seconds")));
    groups.truncate(MOST);
    let ids = groups.iter().filter_map(|group| store::key_of(group, by)).map(str::to_owned);
    let names = match by {
        "owner" => people_of(ids)?,
        "department" => people::departments()?.into_iter().map(|one| (one.id, one.name)).collect(),
        _ => super::report::companies(&ids.collect::<Vec<_>>())?,
    };
    let none = if by == "client_id" { "reports.no_client" } else { "money.no_department" };
    let none = runtime::words(&Message::new(none, none), &runtime::context().locale);
    let mut rows = Vec::new();
    for group in &groups {
        let key = store::key_of(group, by);
        let name = key.map_or(none.as_str(), |key| name_of(&names, Some(key)));
        let seconds = store::figure(group, "sum_seconds").unwrap_or_default();
        for (index, (currency, cost, bill)) in amounts(group).into_iter().enumerate() {
            let row = Figure::new(format!("{} {currency}", key.unwrap_or("none"))).with("name", name);
            // Time without its cost in several currencies is not told apart: it stands once.
            let row = row.with("seconds", if index == 0 { Value::Integer(seconds) } else { Value::Null });
            rows.push(row.with("currency", currency).with("cost", cost).with("bill", bill));
        }
    }
    Ok(Figures::from(rows))
}

/// Cost and bill of a group by currency; one line without either where there are no rates.
fn amounts(group: &Json) -> Vec<(String, Value, Value)> {
    let of = |field: &str, code: &str| {
        let amount = group.get("values")?.get(format!("sum_{field}_by_currency"))?.get(code)?;
        Some(amount.as_str().map_or_else(|| amount.to_string(), str::to_owned))
    };
    let keys = |field: &str| {
        let all = group.get("values").and_then(|values| values.get(format!("sum_{field}_by_currency")));
        all.and_then(Json::as_object).map(|all| all.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let mut codes = keys("cost");
    codes.extend(keys("bill"));
    codes.sort_unstable();
    codes.dedup();
    if codes.is_empty() {
        return vec![(String::new(), Value::Null, Value::Null)];
    }
    let value = |amount: Option<String>| amount.map_or(Value::Null, Value::Decimal);
    codes.into_iter().map(|code| (code.clone(), value(of("cost", &code)), value(of("bill", &code)))).collect()
}
