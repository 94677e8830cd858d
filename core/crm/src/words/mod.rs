//! Sums of money in words, as papers of sale have them: «Двадцать одна тысяча пятьсот двадцать один рубль 02 копейки».
//! The whole part in words, beginning with a capital; the part behind the point in digits.
//!
//! | module | what |
//! |---|---|
//! | `numbers` | whole numbers in words |
//! | `currencies` | what currencies and their parts are called |

mod currencies;
mod numbers;

use kernel::Locale;
use kernel::value::Money;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::totals::rounded;
use numbers::{Gender, form, in_words, minus};

/// A sum in words; none of an unknown amount. Currencies without a name here are called by their code:
/// `Twelve KWD 500/1000`.
pub fn sum(money: Money, locale: Locale) -> Option<String> {
    let decimals = money.currency.decimals();
    let amount = rounded(money.amount?, decimals);
    let whole = amount.trunc().abs().to_u64()?;
    let scale = 10_u64.pow(decimals);
    let part = (amount.fract().abs() * Decimal::from(scale)).to_u64()?;
    let name = currencies::name(money.currency.code(), locale);
    let gender = name.as_ref().map_or(Gender::Masculine, |name| name.gender);
    let mut words = in_words(whole, gender, locale)?;
    if amount < Decimal::ZERO {
        words = format!("{} {words}", minus(locale));
    }
    let unit = name.as_ref().map_or(money.currency.code(), |name| form(name.whole, whole, locale));
    let mut text = format!("{} {unit}", capital(&words));
    let digits = usize::try_from(decimals).ok()?;
    match name.filter(|_| decimals > 0) {
        Some(name) => text.push_str(&format!(" {part:0digits$} {}", form(name.part, part, locale))),
        None if decimals > 0 => text.push_str(&format!(" {part:0digits$}/{scale}")),
        None => {}
    }
    Some(text)
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amount: &str, currency: &str, locale: Locale, expected: &str) {
        let money = Money { amount: Some(amount.parse().unwrap()), currency: currency.parse().unwrap() };
        assert_eq!(sum(money, locale).as_deref(), Some(expected), "{amount} {currency}");
    }

    #[test]
    fn sums_in_russian() {
        let ru = |amount, currency, expected| check(amount, currency, Locale::Ru, expected);
        ru("21521.02", "RUB", "Двадцать одна тысяча пятьсот двадцать один рубль 02 копейки");
        ru("0", "RUB", "Ноль рублей 00 копеек");
        ru("1", "RUB", "Один рубль 00 копеек");
        ru("2002", "UAH", "Две тысячи две гривны 00 копеек");
        ru("1011.11", "USD", "Одна тысяча одиннадцать долларов США 11 центов");
        ru("1000000.01", "EUR", "Один миллион евро 01 цент");
        ru("3400000002.22", "RUB", "Три миллиарда четыреста миллионов два рубля 22 копейки");
        ru("112114", "KZT", "Сто двенадцать тысяч сто четырнадцать тенге 00 тиынов");
        ru("-5.5", "RUB", "Минус пять рублей 50 копеек");
        ru("21", "JPY", "Двадцать один JPY");
    }

    #[test]
    fn sums_in_ukrainian() {
        let uk = |amount, currency, expected| check(amount, currency, Locale::Uk, expected);
        uk("2101.05", "UAH", "Дві тисячі сто одна гривня 05 копійок");
        uk("21521.02", "RUB", "Двадцять одна тисяча п’ятсот двадцять один рубль 02 копійки");
        uk("1002", "UAH", "Одна тисяча дві гривні 00 копійок");
        uk("5000019.61", "UAH", "П’ять мільйонів дев’ятнадцять гривень 61 копійка");
        uk("242.4", "EUR", "Двісті сорок два євро 40 центів");
    }

    #[test]
    fn sums_in_english() {
        let en = |amount, currency, expected| check(amount, currency, Locale::En, expected);
        en("21521.02", "RUB", "Twenty-one thousand five hundred twenty-one roubles 02 kopecks");
        en("1.01", "USD", "One US dollar 01 cent");
        en("113000000", "GBP", "One hundred thirteen million pounds 00 pence");
        en("12.5", "KWD", "Twelve KWD 500/1000");
        en("70.005", "EUR", "Seventy euros 01 cent");
        en("-40", "PLN", "Minus forty zlotys 00 groszy");
    }

    #[test]
    fn what_is_unknown_has_no_words() {
        assert_eq!(sum(Money { amount: None, currency: "EUR".parse().unwrap() }, Locale::En), None);
    }
}
