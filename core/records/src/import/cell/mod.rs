//! Cells as people type them, read as values: numbers, dates, yes and no, lists of phones and addresses. Pure; what a
//! cell points to (people, records, stages) is looked up by `convert`.

mod date;
mod multi;
mod name;
mod number;

pub(super) use date::{DateOrder, Dates, Votes};
pub(super) use multi::{kind_of_header, multi};
pub(super) use name::full_name;
pub(super) use number::{amount, whole};

use super::problem::Problem;

/// Longest text that can be a number or date; whatever is longer is not even tried.
const MAX_PLAIN: usize = 60;

const YES: [&str; 13] = ["1", "true", "yes", "y", "on", "+", "x", "да", "так", "истина", "істина", "v", "✓"];
const NO: [&str; 11] = ["0", "false", "no", "n", "off", "-", "нет", "ні", "ложь", "хибність", "неправда"];

/// Yes or no in three languages.
pub(super) fn boolean(text: &str) -> Result<bool, Problem> {
    let word = text.trim().to_lowercase();
    if YES.contains(&word.as_str()) {
        Ok(true)
    } else if NO.contains(&word.as_str()) {
        Ok(false)
    } else {
        Err(Problem::new("boolean").with("value", text))
    }
}

/// The errors that spreadsheets put in place of values.
pub(super) fn is_spreadsheet_error(text: &str) -> bool {
    [
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#Н/Д",
        "#ССЫЛКА!",
        "#ЗНАЧ!",
        "#ДЕЛ/0!",
        "#ИМЯ?",
    ]
    .contains(&text.trim())
}

/// Any white space, also the kinds without a break that spreadsheets put into numbers.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{200b}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
