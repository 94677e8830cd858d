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

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::problem::Problem;

/// Longest text that can be a number or date; whatever is longer is not even tried.
const MAX_PLAIN: usize = 60;

const YES: [&str; 13] = ["1", "true", "yes", "y", "on", "+", "x", "да", "так", "истина", "істина", "v", "✓"];
const NO: [&str; 11] = ["0", "false", "no", "n", "off", "-", "нет", "ні", "ложь", "хибність", "неправда"];

/// A number without a currency that means the same in every language; `None` also of `1,234`, a thousand in English only.
pub(crate) fn plain_number(text: &str) -> Option<Decimal> {
    let (english, other) = (amount(text, true).ok()?, amount(text, false).ok()?);
    (english == other && english.currency.is_none()).then_some(other.value)
}

/// A day with its whole year and nothing beside it; `None` also of `03/04/2026`, of which nobody knows the month.
pub(crate) fn plain_day(text: &str) -> Option<NaiveDate> {
    let text = text.trim_matches(is_space);
    let parts: Vec<&str> = text.split(['.', '/', '-']).collect();
    let digits = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if parts.len() != 3 || !parts.iter().all(digits) || !parts.iter().any(|part| part.len() == 4) {
        return None;
    }
    let (order, today, zone) = (DateOrder::Unknown, NaiveDate::default(), chrono_tz::Tz::UTC);
    Dates { order, today, past: false, zone }.date(text).ok()
}

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
