//! Telephone numbers as people write them, and when two of them are the same number.
//!
//! A number is understood by the plan of its country (libphonenumber): by its own code, or as written at home, in the
//! country of the company. What is understood is compared by country code and national number, so a number of Moscow is
//! never one of Sacramento; what is not, by its digits. An extension is part of the number.
//!
//! A cell of the table that is searched is one of
//! `<last nine digits>:+<country code><national number>[;<extension>]`,
//! `<last nine digits>:<digits as written>[;<extension>]` for what is not understood,
//! `~<folded text>` beside it for what has words in it.

use std::collections::BTreeSet;

use phonenumber::metadata::DATABASE;
use phonenumber::{PhoneNumber, country};

use crate::words;

/// Fewer digits than this are no number but a note beside one.
const SHORTEST: usize = 5;
/// More digits than any number has, with room for prefixes.
const LONGEST: usize = 24;
/// Digits of an extension, at most.
const EXTENSION: usize = 8;
/// Digits that the index finds a number by, however it is written.
const TAIL: usize = 9;
/// Numbers in one text, at most.
const MAX_NUMBERS: usize = 5;
/// Words in front of an extension, folded.
const EXTENSION_WORDS: [&str; 11] = ["доп", "доб", "дод", "внутр", "вн", "extension", "extn", "ext", "x", "х", "#"];
/// The first character of cells with words.
const WORDS: char = '~';

/// The country whose numbers are written without its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(country::Id);

impl Country {
    /// The country of a currency (the first two letters of most codes of ISO 4217 are its country of ISO 3166). Dollars
    /// and euros are used in many, so they name none.
    pub fn of_currency(code: &str) -> Option<Self> {
        let country = code.get(..2).filter(|_| !matches!(code, "USD" | "EUR"))?;
        country.to_ascii_uppercase().parse().ok().map(Self)
    }

    /// What is dialled before a number at home.
    fn trunk(self) -> Option<(u16, String)> {
        let plan = DATABASE.by_id(self.0.as_ref())?;
        Some((plan.country_code(), plan.national_prefix()?.to_owned()))
    }
}

/// One number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number {
    /// Whether the digits are those of the country code and the national number.
    known: bool,
    digits: String,
    extension: String,
}

impl Number {
    /// The cell it is found by.
    pub fn cell(&self) -> String {
        let extension = if self.extension.is_empty() { String::new() } else { format!(";{}", self.extension) };
        format!("{}{extension}", self.start())
    }

    /// The cell without the extension.
    fn start(&self) -> String {
        spelled(&self.digits, self.known)
    }

    /// The digits at the end that every spelling shares.
    pub fn tail(&self) -> &str {
        tail(&self.digits)
    }

    /// The number of a cell; none of words.
    pub fn of_cell(cell: &str) -> Option<Self> {
        let (number, extension) = cell.split_once(';').unwrap_or((cell, ""));
        let (_, digits) = number.split_once(':').filter(|_| !cell.starts_with(WORDS))?;
        let known = digits.strip_prefix('+');
        Some(Self {
            known: known.is_some(),
            digits: known.unwrap_or(digits).to_owned(),
            extension: extension.to_owned(),
        })
    }

    /// As E.164 has it, `+380501234567`; none where its country is not understood or it has an extension.
    pub fn international(&self) -> Option<String> {
        (self.known && self.extension.is_empty()).then(|| format!("+{}", self.digits))
    }

    /// Whether both are the same number with the same extension. One that is not understood is compared as it might be
    /// written in the country of the other.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = match (self.known, other.known) {
            (true, false) => spellings(&self.digits).contains(&other.digits),
            (false, true) => spellings(&other.digits).contains(&self.digits),
            _ => self.digits == other.digits,
        };
        same && self.extension == other.extension
    }

    /// What cells with this number begin with, each complete but for an extension. None where only the last digits
    /// can be compared.
    pub(crate) fn starts(&self) -> Option<Vec<String>> {
        self.known.then(|| {
            let written = spellings(&self.digits).into_iter().map(|digits| spelled(&digits, false));
            std::iter::once(self.start()).chain(written).collect()
        })
    }

    /// The extension; empty where there is none.
    pub(crate) fn extension(&self) -> &str {
        &self.extension
    }
}

/// The numbers in a text: several are separated by commas, semicolons, slashes or lines.
pub fn numbers(text: &str, home: Option<Country>) -> Vec<Number> {
    let mut parts: Vec<String> = Vec::new();
    for part in text.split([',', ';', '/', '|', '\n']).map(str::trim).take(MAX_NUMBERS * 4) {
        let short = part.chars().filter(char::is_ascii_digit).count() < SHORTEST;
        match parts.last_mut().filter(|_| short && part.starts_with(|c: char| c.is_alphabetic() || c == '#')) {
            // An extension behind a comma.
            Some(number) => *number = format!("{number} {part}"),
            None => parts.push(part.to_owned()),
        }
    }
    let mut found: Vec<Number> = Vec::new();
    for part in &parts {
        found.extend(read(part, home).filter(|number| !found.contains(number)));
    }
    found.truncate(MAX_NUMBERS);
    found
}

/// The cells that a phone of a record is found by.
pub fn cells(text: &str, home: Option<Country>) -> BTreeSet<String> {
    let mut cells: BTreeSet<String> = numbers(text, home).iter().map(Number::cell).collect();
    if cells.is_empty() || text.chars().any(char::is_alphabetic) {
        cells.insert(words_cell(text));
    }
    cells
}

/// The cell of a text as words.
pub(crate) fn words_cell(text: &str) -> String {
    format!("{WORDS}{}", words::folded(text.trim()))
}

/// One number with its extension; none when there are too few digits or too many.
fn read(text: &str, home: Option<Country>) -> Option<Number> {
    let folded = words::folded(text);
    let (number, extension) = split_extension(&folded);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if !(SHORTEST..=LONGEST).contains(&digits.len()) {
        return None;
    }
    let international = number.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+').starts_with('+');
    let known = if international {
        understood(&digits)
    } else {
        let abroad = digits.strip_prefix("00").filter(|rest| rest.len() >= TAIL);
        let abroad = abroad.and_then(understood);
        abroad.or_else(|| home.and_then(|home| at_home(&digits, home)))
    };
    let extension = extension.to_owned();
    Some(match known {
        Some(digits) => Number { known: true, digits, extension },
        None => Number { known: international, digits, extension },
    })
}

/// Country code and national number of digits that begin with the code.
fn understood(digits: &str) -> Option<String> {
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    let national = number.national().to_string();
    let read = format!("{}{national}", number.country().code());
    // The library takes the home prefix off numbers that begin with the same digit: +7 800 ...
    Some(if national.starts_with('0') && read != digits { digits.to_owned() } else { read })
}

/// The same of a number as it is written at home: only what the plan of the country has.
fn at_home(digits: &str, home: Country) -> Option<String> {
    let plain = phonenumber::parse(Some(home.0), digits).ok().filter(PhoneNumber::is_valid);
    let whole = |number: PhoneNumber| format!("{}{}", number.country().code(), number.national());
    plain.map(whole).or_else(|| {
        let (code, trunk) = home.trunk()?;
        let rest = digits.strip_prefix(&trunk)?;
        let general = DATABASE.by_id(home.0.as_ref())?.descriptors().general();
        let lengths = general.possible_length();
        let fits = lengths.is_empty() || u16::try_from(rest.len()).is_ok_and(|length| lengths.contains(&length));
        (fits && rest.len() >= TAIL && general.is_match(rest)).then(|| format!("{code}{rest}"))
    })
}

/// The text up to a word for an extension behind a number, and the extension's digits.
fn split_extension(text: &str) -> (&str, &str) {
    let mut digits = 0;
    for (at, c) in text.char_indices() {
        digits += usize::from(c.is_ascii_digit());
        let Some(rest) = text.get(at..).filter(|_| digits >= SHORTEST && (c.is_alphabetic() || c == '#')) else {
            continue;
        };
        let Some(word) = EXTENSION_WORDS.iter().find(|word| rest.starts_with(**word)) else { return (text, "") };
        let number = rest.get(word.len()..).unwrap_or_default();
        // A single letter is that word only by itself.
        if word.chars().count() == 1 && number.starts_with(char::is_alphabetic) {
            return (text, "");
        }
        let number = number.trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | ':' | '#' | '='));
        let number = number.trim_end_matches(|c: char| !c.is_ascii_digit());
        let plain = (1..=EXTENSION).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        return if plain { (text.get(..at).unwrap_or(text), number) } else { (text, "") };
    }
    (text, "")
}

/// How a number may be written without `+`: within its country, with what is dialled there before it, with the country's
/// code or after the international `00`.
fn spellings(digits: &str) -> Vec<String> {
    let mut all = vec![digits.to_owned(), format!("00{digits}")];
    let code = (1..=3).find_map(|length| {
        let code: u16 = digits.get(..length)?.parse().ok()?;
        Some((length, DATABASE.region(&code)?))
    });
    let Some((length, regions)) = code else { return all };
    let national = digits.get(length..).unwrap_or_default();
    all.push(national.to_owned());
    for region in regions {
        let trunk = DATABASE.by_id(region).and_then(|plan| plan.national_prefix());
        all.extend(trunk.map(|trunk| format!("{trunk}{national}")));
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn tail(digits: &str) -> &str {
    digits.get(digits.len().saturating_sub(TAIL)..).unwrap_or(digits)
}

fn spelled(digits: &str, known: bool) -> String {
    format!("{}:{}{digits}", tail(digits), if known { "+" } else { "" })
}

/// Digits that somebody typed of a number, and how they go on from the country's code when they begin as at home; of a
/// whole number in a plan that is not known here its last digits. None when there is anything but digits and the marks
/// between them.
pub fn typed(text: &str, home: Option<Country>) -> Option<Vec<String>> {
    let marks = |c: char| {
        c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '.' | '\u{2010}'..='\u{2015}')
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).take(LONGEST + 1).collect();
    if digits.is_empty() || digits.len() > LONGEST || !text.chars().all(marks) {
        return None;
    }
    let local = !text.trim_start().starts_with('+');
    let trunked = home.filter(|_| local).and_then(|home| {
        let (code, trunk) = home.trunk()?;
        let rest = digits.strip_prefix(&trunk).filter(|rest| rest.len() >= 3)?;
        Some(format!("{code}{rest}"))
    });
    let foreign = local && digits.len() > TAIL && home.and_then(|home| at_home(&digits, home)).is_none();
    let ending = foreign.then(|| format!("{}:", tail(&digits)));
    Some(std::iter::once(digits).chain(trunked).chain(ending).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(currency: &str) -> Option<Country> {
        Country::of_currency(currency)
    }

    fn one(text: &str, currency: &str) -> String {
        numbers(text, country(currency)).iter().map(Number::cell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_understood_by_their_country() {
        for (text, currency, cell) in [
            ("+7 (916) 123-45-67", "UAH", "161234567:+79161234567"),
            ("8 916 123 45 67", "RUB", "161234567:+79161234567"),
            ("9161234567", "RUB", "161234567:+79161234567"),
            ("79161234567", "RUB", "161234567:+79161234567"),
            ("8 916 123 45 67", "UAH", "161234567:89161234567"),
            ("050 123-45-67", "UAH", "501234567:+380501234567"),
            ("8 029 123-45-67", "BYN", "291234567:+375291234567"),
            ("0049 30 901820", "RUB", "930901820:+4930901820"),
            ("+44 (0)20 7946 0018", "RUB", "079460018:+442079460018"),
            ("8 (495) 123-45-67 доб. 204", "RUB", "951234567:+74951234567;204"),
            ("+7 495 123-45-67 ext 204", "USD", "951234567:+74951234567;204"),
            ("+7 495 123-45-67 #204", "USD", "951234567:+74951234567;204"),
            ("+7 495 123-45-67, доб. 204", "USD", "951234567:+74951234567;204"),
            ("+7 800 555-35-35", "RUB", "005553535:+78005553535"),
            ("8 800 555-35-35 (Анна)", "RUB", "005553535:+78005553535"),
            ("+7 916 123-45-67, +7 495 111-22-33", "RUB", "161234567:+79161234567 951112233:+74951112233"),
            ("+7 495 123-45-67 / 68", "RUB", "951234567:+74951234567"),
            ("112", "RUB", ""),
            ("123-45-67", "RUB", "1234567:1234567"),
            ("позвоните мне", "RUB", ""),
        ] {
            assert_eq!(one(text, currency), cell, "{text} {currency}");
        }
    }

    #[test]
    fn spellings_of_one_number_are_the_same_and_strangers_are_not() {
        let same = |one: &str, other: &str, currency: &str| {
            let read = |text: &str| numbers(text, country(currency)).remove(0);
            let (one, other) = (read(one), read(other));
            assert_eq!(Number::of_cell(&one.cell()).as_ref(), Some(&one));
            assert_eq!(one.is_same(&other), other.is_same(&one));
            one.is_same(&other)
        };
        assert!(same("+7 916 123-45-67", "8 (916) 1234567", "RUB"));
        assert!(same("+7 916 123-45-67", "8 (916) 1234567", "USD"));
        assert!(same("+1 212 555 0100", "(212) 555-0100", "EUR"));
        assert!(same("+380 50 123 45 67", "0501234567", "EUR"));
        assert!(!same("+7 916 555-12-34", "+1 916 555-1234", "RUB"));
        assert!(!same("8 916 555-12-34", "+1 916 555-1234", "RUB"));
        assert!(!same("+7 495 123-45-67 доб. 1", "+7 495 123-45-67 доб. 2", "RUB"));
        assert!(!same("+7 495 123-45-67", "+7 495 123-45-67 доб. 2", "RUB"));
    }

    #[test]
    fn words_beside_a_number_are_found_and_letters_are_no_digits() {
        assert_eq!(
            cells("8 800 555-35-35 (Анна)", country("RUB")).into_iter().collect::<Vec<_>>(),
            ["005553535:+78005553535", "~8 800 555-35-35 (анна)"]
        );
        assert_eq!(typed("нет таких цифр", None), None);
        assert_eq!(typed("()", None), None);
        assert_eq!(typed("8 (916) 123", country("RUB")), Some(vec!["8916123".into(), "7916123".into()]));
        assert_eq!(typed(&"1".repeat(100_000), None), None);
    }

    #[test]
    fn hostile_text_is_read_without_a_fault() {
        for text in
            ["+", "+0", "00", "++++++++++", "+999999999999999", "tel:;phone-context=", "0000000000000", "+٣٤٥٦٧"]
        {
            drop(cells(text, country("RUB")));
        }
        drop(cells(&"7".repeat(100_000), country("UAH")));
        drop(cells(&"1,".repeat(100_000), None));
    }
}
