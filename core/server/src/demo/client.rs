//! Made-up people and companies.

use kernel::Locale;
use kernel::text::latin;
use serde_json::{Value as Json, json};

use super::dice::Dice;
use super::words::{self, Words};

/// Somebody who may become a client.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub language: Locale,
    pub woman: bool,
    pub last: &'static str,
    pub first: &'static str,
    pub middle: &'static str,
    pub position: &'static str,
    pub phones: Vec<Json>,
    pub email: Option<String>,
    pub city: String,
    /// Where they work, if it is a company that buys.
    pub firm: Option<Firm>,
}

/// A company that may become a client.
#[derive(Debug, Clone)]
pub(super) struct Firm {
    pub title: String,
    pub domain: String,
    pub industry: &'static str,
    pub employees: &'static str,
    pub tax_id: String,
    pub address: String,
}

const INDUSTRIES: [&str; 9] =
    ["trade", "trade", "trade", "manufacturing", "logistics", "construction", "services", "agriculture", "health"];
const SIZES: [&str; 5] = ["1-10", "11-50", "11-50", "51-250", "251-1000"];

/// The language of the next client: mostly the company's own, sometimes a neighbour's.
fn language(dice: &Dice, home: Locale) -> Locale {
    let (second, third) = match home {
        Locale::Ru => (Locale::Uk, Locale::En),
        Locale::Uk => (Locale::Ru, Locale::En),
        Locale::En => (Locale::Ru, Locale::Uk),
    };
    match dice.below(100) {
        0..64 => home,
        64..84 => second,
        _ => third,
    }
}

/// The `n`-th person who writes or calls.
pub(super) fn person(dice: &Dice, home: Locale, n: usize) -> Person {
    let language = language(dice, home);
    let words = words::of(language);
    let woman = dice.chance(48);
    let names = if woman { words.women } else { words.men };
    let (first, middle) = names.get(dice.below(names.len())).copied().unwrap_or_default();
    let (man_last, woman_last) = words.surnames.get(dice.below(words.surnames.len())).copied().unwrap_or_default();
    let last = if woman { woman_last } else { man_last };
    let city = dice.pick(words.cities).to_owned();
    let firm = dice.chance(70).then(|| firm(dice, words, &city, n));
    let mut phones = vec![phone(dice, words, if firm.is_some() { "work" } else { "mobile" })];
    if dice.chance(25) {
        phones.push(phone(dice, words, "mobile"));
    }
    let domain =
        firm.as_ref().map_or_else(|| format!("mail{}.example.net", dice.between(1, 4)), |firm| firm.domain.clone());
    let email = dice.chance(75).then(|| format!("{}.{n}@{domain}", latin(first, '-')));
    let position = if firm.is_some() { dice.pick(words.positions) } else { "" };
    Person { language, woman, last, first, middle, position, phones, email, city, firm }
}

fn firm(dice: &Dice, words: &Words, city: &str, n: usize) -> Firm {
    let (before, after) = words.quotes;
    let name = format!("{}{}", dice.pick(words.firms.0), dice.pick(words.firms.1));
    let form = dice.pick(words.forms);
    let title = if before.is_empty() { format!("{name} {form}") } else { format!("{form} {before}{name}{after}") };
    Firm {
        domain: format!("{}-{n}.example.com", latin(&name, '-')),
        title,
        industry: dice.pick(&INDUSTRIES),
        employees: dice.pick(&SIZES),
        tax_id: format!("{:010}", dice.between(1_000_000_000, 9_999_999_999)),
        address: format!("{city}, {}, {}", dice.pick(words.streets), dice.between(1, 120)),
    }
}

/// A number that looks right and is nobody's as far as we know: the subscriber's part begins with 555.
fn phone(dice: &Dice, words: &Words, kind: &str) -> Json {
    let start = dice.pick(words.phones);
    let value = format!("{start}555-{:02}-{:02}", dice.below(100), dice.below(100));
    json!({"value": value, "kind": kind})
}
