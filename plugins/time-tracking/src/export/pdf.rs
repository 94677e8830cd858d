//! The table as a PDF, its figures at the right: what `data/report.typ` reads.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use super::{Cell, Table, clock};
use crate::refusal::{Done, No, Trouble};

/// Its template, a file of the package.
const TEMPLATE: &str = "data/report.typ";
/// Columns that a tall page holds.
const TALL: usize = 5;

/// The table as a paper with this title.
///
/// # Errors
/// `time.later` where it is too much for a PDF, or too many are made at this moment.
pub(super) fn written(table: &Table, title: &str) -> Done<Vec<u8>> {
    let data = paper(table, title, &runtime::context().locale).to_string();
    documents::compose(TEMPLATE, &data).map(|made| made.bytes).map_err(|error| match error {
        // Too large; too many at once; it took too long.
        HostError::Limit(_) | HostError::Unavailable(_) | HostError::Invalid(_) => {
            warning!("no PDF of {} rows: {error}", table.rows.len());
            let text = "No PDF can be made of it now: take a shorter period, or try again in a minute";
            No { status: 503, ..No::wrong("time.later", "export.later", text) }.into()
        }
        error => Trouble::Host(error),
    })
}

fn paper(table: &Table, title: &str, locale: &str) -> Json {
    let is_figure = |at: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(at)).peekable();
        cells.peek().is_some() && cells.all(|cell| !matches!(cell, Cell::Text(_) | Cell::Day(_)))
    };
    let column = |(at, head): (usize, &String)| json!({ "title": head, "right": is_figure(at) });
    let columns: Vec<Json> = table.heads.iter().enumerate().map(column).collect();
    let row = |row: &Vec<Cell>| row.iter().map(|cell| printed(cell, locale)).collect::<Vec<String>>();
    let rows: Vec<Vec<String>> = table.rows.iter().map(row).collect();
    let landscape = columns.len() > TALL;
    json!({
        "title": title,
        "locale": locale,
        "landscape": landscape,
        // What people typed may have pictures.
        "squares": true,
        "columns": columns,
        "rows": rows,
    })
}

/// As readers of a language write it.
fn printed(cell: &Cell, locale: &str) -> String {
    let cyrillic = ["ru", "uk"].contains(&locale);
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Time(seconds) => clock(*seconds),
        Cell::Day(day) if cyrillic => day.split('-').rev().collect::<Vec<_>>().join("."),
        Cell::Day(day) => day.clone(),
        Cell::Number(number) if cyrillic => number.replace('.', ","),
        Cell::Number(number) => number.clone(),
        Cell::Empty => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_at_the_right_and_days_as_the_reader_writes_them() {
        let row = vec![Cell::Day("2026-03-02".into()), Cell::Text("Calls".into()), Cell::Time(3_605), Cell::Empty];
        let table = Table { heads: ["Day", "What", "Time", "Cost"].map(str::to_owned).to_vec(), rows: vec![row] };
        let made = paper(&table, "Time", "uk");
        let right = |made: &Json| {
            let columns = made["columns"].as_array().unwrap();
            columns.iter().map(|column| column["right"] == true).collect::<Vec<_>>()
        };
        assert_eq!(right(&made), [false, false, true, true]);
        assert_eq!(made["rows"], json!([["02.03.2026", "Calls", "1:00:05", ""]]));
        assert_eq!((&made["title"], &made["landscape"]), (&json!("Time"), &json!(false)));
        let none = paper(&Table { heads: vec!["Day".into()], rows: Vec::new() }, "", "en");
        assert_eq!(right(&none), [false]);
    }
}
