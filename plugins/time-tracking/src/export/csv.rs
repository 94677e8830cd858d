//! CSV as spreadsheets of the reader's country open it: UTF-8 with a mark, `;` in Russian and Ukrainian. Pure.

use super::{Cell, Table, clock};

/// The table as text.
pub(super) fn written(table: &Table, locale: &str) -> String {
    let mark = if ["ru", "uk"].contains(&locale) { ";" } else { "," };
    let heads: Vec<String> = table.heads.iter().map(|head| quoted(head, mark)).collect();
    let mut text = format!("\u{feff}{}\r\n", heads.join(mark));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|cell| printed(cell, mark)).collect();
        text.push_str(&cells.join(mark));
        text.push_str("\r\n");
    }
    text
}

fn printed(cell: &Cell, mark: &str) -> String {
    match cell {
        Cell::Text(text) => quoted(&harmless(text), mark),
        Cell::Time(seconds) => clock(*seconds),
        Cell::Day(day) => day.clone(),
        Cell::Number(number) if mark == ";" => number.replace('.', ","),
        Cell::Number(number) => number.clone(),
        Cell::Empty => String::new(),
    }
}

/// What a spreadsheet would take for a formula is text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str, mark: &str) -> String {
    if text.contains(['"', '\n', '\r']) || text.contains(mark) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: Vec<Cell>) -> Table {
        Table { heads: vec!["What".into(), "Time".into()], rows: vec![cells] }
    }

    #[test]
    fn a_formula_is_text_and_commas_are_quoted() {
        let hostile = table(vec![Cell::Text("=1+1, \"x\"".into()), Cell::Time(3_605)]);
        assert_eq!(written(&hostile, "en"), "\u{feff}What,Time\r\n\"'=1+1, \"\"x\"\"\",1:00:05\r\n");
    }

    #[test]
    fn ukrainian_spreadsheets_want_semicolons_and_decimal_commas() {
        let money = table(vec![Cell::Number("12.50".into()), Cell::Empty]);
        assert_eq!(written(&money, "uk"), "\u{feff}What;Time\r\n12,50;\r\n");
    }
}
