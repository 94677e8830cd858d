//! What the reports show as a file: `GET /export/report.csv?by=&from=&to=`, `.xlsx`, `.pdf`, and the entries behind it. Rounded as
//! administrators set, of what whoever asks may see.

mod csv;
mod pdf;
mod xlsx;

use serde_json::Value as Json;
use verstak_plugin::prelude::*;

use crate::entry;
use crate::page::money::people_of;
use crate::page::report::{self, axis_of, filter_between, name_of, period_between, rounding};
use crate::refusal::{Done, No, Trouble, response};
use crate::staff;
use crate::store::{self, me};
use crate::zone;

/// Entries of a file; who has more asks for a shorter period.
const MOST: usize = 4_000;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    /// Seconds.
    Time(i64),
    /// `YYYY-MM-DD`.
    Day(String),
    /// Decimal text.
    Number(String),
    Empty,
}

/// A table to be written.
struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// `GET /export/{file}`.
///
/// # Errors
/// What the host could not do.
pub fn file(request: &Request) -> Outcome<Response> {
    match made(request) {
        Ok(answer) => Ok(answer),
        Err(trouble) => response(trouble),
    }
}

fn made(request: &Request) -> Done<Response> {
    let person = me().ok_or_else(|| No { status: 401, ..No::denied("caller.none", "Sign in first") })?;
    let (from, to) = period_between(day(request, "from")?, day(request, "to")?);
    let filter = filter_between(&person, from, to)?;
    let name = request.parameter("file").unwrap_or_default();
    let (what, kind) = name.split_once('.').unwrap_or((name, ""));
    let table = match what {
        "report" => lines(axis_of(request.parameter("by")), &filter)?,
        "entries" => entries(&filter, staff::is(&person, "time_finance")?)?,
        _ => return Err(no_file()),
    };
    let (media, body) = match kind {
        "csv" => ("text/csv; charset=utf-8", csv::written(&table, &runtime::context().locale).into_bytes()),
        "xlsx" => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx::written(&table)),
        "pdf" => {
            let title = format!("{}: {} – {}", words("page.reports"), zone::text(from), zone::text(to));
            ("application/pdf", pdf::written(&table, &title)?)
        }
        _ => return Err(no_file()),
    };
    Ok(Response::file(media, body))
}

fn no_file() -> Trouble {
    No { status: 404, ..No::wrong("not_found", "export.none", "There is no such file") }.into()
}

fn day(request: &Request, name: &str) -> Done<Option<zone::Date>> {
    let Some(text) = request.parameter(name) else { return Ok(None) };
    let date = zone::date(text);
    Ok(Some(date.ok_or_else(|| No::wrong("time.unreadable", "time.unreadable", "This is no time"))?))
}

fn words(key: &str) -> String {
    runtime::words(&Message::new(key, key), &runtime::context().locale)
}

/// The lines of a report as they are printed.
fn lines(by: &str, filter: &Json) -> Done<Table> {
    let printed = report::printed(by, filter)?;
    let row = |line: report::Line| vec![Cell::Text(line.name), Cell::Time(line.seconds), Cell::Time(line.exact)];
    let heads = ["reports.name", "reports.time", "reports.exact"].map(words).to_vec();
    Ok(Table { heads, rows: printed.into_iter().map(row).collect() })
}

const FIELDS: [&str; 10] =
    ["owner", "day", "subject", "activity", "note", "billable", "seconds", "rate", "cost", "bill"];

/// The entries themselves: each is a line; with money for those who count it.
fn entries(filter: &Json, money: bool) -> Done<Table> {
    let mut rows = Vec::new();
    store::each_page(entry::ENTITY, filter, &FIELDS, |page| {
        rows.extend(page);
        if rows.len() > MOST { Err(HostError::Limit(String::new())) } else { Ok(()) }
    })
    .map_err(|error| match error {
        HostError::Limit(_) => No::wrong(
            "time.too_many",
            "export.too_many",
            "So many entries do not fit into a file: take a shorter period",
        )
        .into(),
        error => Trouble::Host(error),
    })?;
    rows.sort_by_cached_key(|row| (row.text("day").map(str::to_owned), row.id("owner").map(str::to_owned)));
    let names = people_of(rows.iter().filter_map(|row| row.id("owner").map(str::to_owned)))?;
    let exact: Vec<i64> = rows.iter().map(|row| row.integer("seconds").unwrap_or_default()).collect();
    let (times, rest) = rounding().lines(&exact);
    let mut heads = ["column.day", "team.person", "reports.task", "field.time_entry.activity"].map(words).to_vec();
    heads.extend(["field.time_entry.note", "field.time_entry.billable", "reports.time"].map(words));
    if money {
        heads.extend(["rate", "cost", "bill"].map(|field| words(&format!("field.time_entry.{field}"))));
        heads.push(words("money.currency"));
    }
    let mut made: Vec<Vec<Cell>> = rows.iter().zip(times).map(|(row, time)| line(row, time, &names, money)).collect();
    if rest != 0 {
        let mut last = vec![Cell::Empty; heads.len()];
        last.splice(2..3, [Cell::Text(words("reports.rounding"))]);
        last.splice(6..7, [Cell::Time(rest)]);
        made.push(last);
    }
    Ok(Table { heads, rows: made })
}

fn line(row: &Row, time: i64, names: &[(String, String)], money: bool) -> Vec<Cell> {
    let text = |field: &str| row.text(field).map_or(Cell::Empty, |text| Cell::Text(text.to_owned()));
    let activity = row.text("activity").map(|key| words(&format!("choice.time_entry.activity.{key}")));
    let billable = if row.boolean("billable") == Some(true) { Cell::Text(words("export.yes")) } else { Cell::Empty };
    let mut cells = vec![
        row.text("day").map_or(Cell::Empty, |day| Cell::Day(day.to_owned())),
        Cell::Text(name_of(names, row.id("owner")).to_owned()),
        text("subject"),
        activity.map_or(Cell::Empty, Cell::Text),
        text("note"),
        billable,
        Cell::Time(time),
    ];
    if money {
        let amount = |field: &str| match row.value(field) {
            Some(Value::Money(money)) => Cell::Number(money.amount.clone()),
            Some(Value::Decimal(amount)) => Cell::Number(amount.clone()),
            _ => Cell::Empty,
        };
        cells.extend(["rate", "cost", "bill"].map(amount));
        cells.push(row.text("cost_currency").map_or(Cell::Empty, |code| Cell::Text(code.to_owned())));
    }
    cells
}

/// Seconds as `1:05:30`.
fn clock(seconds: i64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds % 3_600 / 60, seconds % 60)
}
