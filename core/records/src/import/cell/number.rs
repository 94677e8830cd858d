//! Numbers and amounts: `1 234,56 ₽`, `$1,234.50`, `12 %`, `-7`.

use rust_decimal::Decimal;

use super::{MAX_PLAIN, is_space};
use crate::import::problem::Problem;

/// A number with the currency that stood beside it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::import) struct Amount {
    /// The number.
    pub value: Decimal,
    /// ISO 4217, when a sign or word named one.
    pub currency: Option<&'static str>,
}

/// Longer marks first: `us$` before `$`.
const CURRENCIES: [(&str, &str); 31] = [
    ("us$", "USD"),
    ("usd", "USD"),
    ("$", "USD"),
    ("eur", "EUR"),
    ("€", "EUR"),
    ("евро", "EUR"),
    ("євро", "EUR"),
    ("uah", "UAH"),
    ("₴", "UAH"),
    ("гривень", "UAH"),
    ("гривен", "UAH"),
    ("грн.", "UAH"),
    ("грн", "UAH"),
    ("rub", "RUB"),
    ("rur", "RUB"),
    ("₽", "RUB"),
    ("рублей", "RUB"),
    ("руб.", "RUB"),
    ("руб", "RUB"),
    ("р.", "RUB"),
    ("kzt", "KZT"),
    ("₸", "KZT"),
    ("тенге", "KZT"),
    ("byn", "BYN"),
    ("gbp", "GBP"),
    ("£", "GBP"),
    ("pln", "PLN"),
    ("zł", "PLN"),
    ("cny", "CNY"),
    ("¥", "CNY"),
    ("₾", "GEL"),
];

/// Reads a number. Spaces and apostrophes between digits group; of comma and point, the last one is the decimal mark,
/// and one that is repeated groups by three. `comma_groups` decides `1,234`: thousands (English) or a decimal.
pub(in crate::import) fn amount(text: &str, comma_groups: bool) -> Result<Amount, Problem> {
    let wrong = || Problem::new("number").with("value", text.trim());
    if text.chars().count() > MAX_PLAIN {
        return Err(wrong());
    }
    let lower = text.trim().trim_end_matches('%').to_lowercase();
    let (rest, currency) = without_currency(lower.trim_matches(is_space));
    let rest = rest.replace(['\u{2212}', '\u{2013}'], "-");
    let (sign, digits) = match rest.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", rest.strip_prefix('+').unwrap_or(&rest)),
    };
    let plain = plain(digits.trim_matches(is_space), comma_groups).ok_or_else(wrong)?;
    let value = Decimal::from_str_exact(&format!("{sign}{plain}")).map_err(|_| wrong())?;
    Ok(Amount { value: value.normalize(), currency })
}

/// Reads a whole number.
pub(in crate::import) fn whole(text: &str, comma_groups: bool) -> Result<i64, Problem> {
    let value = amount(text, comma_groups)?.value;
    let whole = value.is_integer().then(|| i64::try_from(value).ok()).flatten();
    whole.ok_or_else(|| Problem::new("number_whole").with("value", text.trim()))
}

/// The text without a currency in front or behind (a minus may stand before it).
fn without_currency(text: &str) -> (String, Option<&'static str>) {
    for (mark, code) in CURRENCIES {
        if let Some(rest) = text.strip_suffix(mark) {
            return (rest.trim_matches(is_space).to_owned(), Some(code));
        }
        if let Some(rest) = text.strip_prefix(mark) {
            return (rest.trim_matches(is_space).to_owned(), Some(code));
        }
        if let Some(rest) = text.strip_prefix('-').and_then(|t| t.strip_prefix(mark)) {
            return (format!("-{}", rest.trim_matches(is_space)), Some(code));
        }
    }
    (text.to_owned(), None)
}

/// Digits with at most one point. `None` when the marks do not make sense.
fn plain(text: &str, comma_groups: bool) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',') {
        return None;
    }
    let text: String =
        text.chars().map(|c| if is_space(c) || matches!(c, '\'' | '\u{2019}') { ' ' } else { c }).collect();
    let text = text.as_str();
    let (commas, points) = (text.matches(',').count(), text.matches('.').count());
    let decimal = match (commas, points) {
        (0, 1) => Some('.'),
        (1, 0) if comma_groups && by_three(text, ',') => None,
        (1, 0) => Some(','),
        (_, 0) | (0, _) => None,
        (_, 1) if text.rfind('.') > text.rfind(',') => Some('.'),
        (1, _) if text.rfind(',') > text.rfind('.') => Some(','),
        _ => return None,
    };
    let (whole, fraction) = match decimal.and_then(|mark| text.rsplit_once(mark)) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    for mark in [',', '.', ' '] {
        if whole.contains(mark) && !by_three(whole, mark) {
            return None;
        }
    }
    let whole: String = whole.chars().filter(|c| !matches!(c, ',' | '.' | ' ')).collect();
    let fraction = fraction.unwrap_or_default();
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if !digits(&whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { &whole };
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

/// Whether `mark` cuts the digits into groups of three after a first group of one to three.
fn by_three(text: &str, mark: char) -> bool {
    let mut groups = text.split(mark);
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.chars().all(|c| c.is_ascii_digit());
    (1..=3).contains(&first.len())
        && first != "0"
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
}
