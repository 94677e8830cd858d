//! Dates, numbers and sums as a language writes them. Spaces inside are hard: a figure never breaks.

use chrono::{Datelike, NaiveDate};
use kernel::Locale;
use kernel::value::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

const HARD: char = '\u{a0}';

const MONTHS: [[&str; 12]; 3] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
    [
        "січня",
        "лютого",
        "березня",
        "квітня",
        "травня",
        "червня",
        "липня",
        "серпня",
        "вересня",
        "жовтня",
        "листопада",
        "грудня",
    ],
];

/// A day in words: `16 March 2026`, `16 марта 2026 г.`, `16 березня 2026 р.`
pub(crate) fn date(day: NaiveDate, locale: Locale) -> String {
    let (names, year) = match locale {
        Locale::En => (&MONTHS[0], ""),
        Locale::Ru => (&MONTHS[1], "\u{a0}г."),
        Locale::Uk => (&MONTHS[2], "\u{a0}р."),
    };
    let month = usize::try_from(day.month0()).ok().and_then(|month| names.get(month)).unwrap_or(&"");
    format!("{}{HARD}{month}{HARD}{}{year}", day.day(), day.year())
}

/// A number with so many digits behind the point.
pub(crate) fn number(value: Decimal, decimals: u32, locale: Locale) -> String {
    let mut value = value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    value.rescale(decimals);
    let (group, point) = match locale {
        Locale::En => (',', '.'),
        Locale::Ru | Locale::Uk => (HARD, ','),
    };
    let text = value.abs().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    if !part.is_empty() {
        grouped.push(point);
        grouped.push_str(part);
    }
    if value < Decimal::ZERO { format!("-{grouped}") } else { grouped }
}

/// A quantity: as many digits as it has.
pub(crate) fn quantity(value: Decimal, locale: Locale) -> String {
    let value = value.normalize();
    number(value, value.scale(), locale)
}

/// A price: at least the digits of its currency.
pub(crate) fn price(value: Decimal, currency: Currency, locale: Locale) -> String {
    let value = value.normalize();
    number(value, value.scale().max(currency.decimals()), locale)
}

/// A percentage.
pub(crate) fn percent(value: Decimal, locale: Locale) -> String {
    match locale {
        Locale::En => format!("{}%", quantity(value, locale)),
        Locale::Ru | Locale::Uk => format!("{}{HARD}%", quantity(value, locale)),
    }
}

/// A sum with its currency: `€1,234.50`, `1 234,50 ₴`, `KWD 7.942`.
pub(crate) fn money(value: Decimal, currency: Currency, locale: Locale) -> String {
    let text = number(value, currency.decimals(), locale);
    let sign = match currency.code() {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "UAH" => "₴",
        "RUB" => "₽",
        "KZT" => "₸",
        "GEL" => "₾",
        "PLN" => "zł",
        "JPY" => "¥",
        code => code,
    };
    let before = locale == Locale::En && sign != "zł";
    match (before, text.strip_prefix('-')) {
        (false, _) => format!("{text}{HARD}{sign}"),
        (true, Some(text)) if sign.chars().count() == 1 => format!("-{sign}{text}"),
        (true, _) if sign.chars().count() == 1 => format!("{sign}{text}"),
        (true, _) => format!("{sign}{HARD}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_written_as_the_language_does() {
        let check = |value: &str, code: &str, locale, expected: &str| {
            let text = money(value.parse().unwrap(), code.parse().unwrap(), locale).replace(HARD, " ");
            assert_eq!(text, expected);
        };
        check("1234567.5", "UAH", Locale::Uk, "1 234 567,50 ₴");
        check("21521.02", "RUB", Locale::Ru, "21 521,02 ₽");
        check("-1234.5", "EUR", Locale::En, "-€1,234.50");
        check("7.9415", "KWD", Locale::En, "KWD 7.942");
        check("667", "JPY", Locale::En, "¥667");
        check("100", "KZT", Locale::Ru, "100,00 ₸");
        check("-1", "KWD", Locale::Uk, "-1,000 KWD");
    }

    #[test]
    fn days_quantities_and_percents_are_written_as_the_language_does() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 5).unwrap();
        let plain = |text: String| text.replace(HARD, " ");
        assert_eq!(Locale::ALL.map(|l| plain(date(day, l))), ["5 March 2026", "5 марта 2026 г.", "5 березня 2026 р."]);
        assert_eq!(quantity("1.7500".parse().unwrap(), Locale::Uk), "1,75");
        assert_eq!(quantity("2000".parse().unwrap(), Locale::En), "2,000");
        assert_eq!(plain(percent("20".parse().unwrap(), Locale::Ru)), "20 %");
        assert_eq!(price("12.9".parse().unwrap(), "RUB".parse().unwrap(), Locale::Ru), "12,90");
        assert_eq!(price("1.2345".parse().unwrap(), "RUB".parse().unwrap(), Locale::Ru), "1,2345");
    }
}
