//! Number formats of workbooks (ECMA-376 part 1, section 18.8.31), as far as they say what a number means: percent, a
//! currency, zeros in front. Digits that a format does not show are kept: hiding cents must not lose them.

use rust_decimal::Decimal;

/// Marks of currencies that a format puts beside a number.
const CURRENCIES: [&str; 12] = ["₽", "₴", "€", "$", "£", "₸", "руб", "грн", "USD", "EUR", "RUB", "UAH"];
/// Zeros in front, at most.
const MAX_ZEROS: usize = 20;

/// What a format says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    percent: usize,
    zeros: usize,
    currency: Option<&'static str>,
}

impl Meaning {
    /// Reads the part of a code for positive numbers.
    pub(super) fn of(code: &str) -> Self {
        let mut meaning = Self::default();
        let mut literal = String::new();
        let mut fraction = false;
        let mut chars = code.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => literal.extend(chars.by_ref().take_while(|c| *c != '"')),
                '[' => {
                    // `[$₽-419]` is a currency, `[Red]` and `[>100]` are not.
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    let sign = inside.strip_prefix('$').map(|sign| sign.split('-').next().unwrap_or_default());
                    literal.push_str(sign.unwrap_or_default());
                }
                '\\' => literal.extend(chars.next()),
                '_' | '*' => drop(chars.next()),
                ';' => break,
                '%' => meaning.percent += 1,
                '.' => fraction = true,
                '0' if !fraction => meaning.zeros += 1,
                // A fraction, a power of ten, text: nothing that a plain number would say.
                '/' | '@' | 'E' | 'e' => return Self::default(),
                c => literal.push(c),
            }
        }
        meaning.currency = CURRENCIES.into_iter().find(|mark| literal.contains(mark));
        meaning
    }

    /// The number as it means.
    pub(super) fn shown(&self, number: Decimal) -> String {
        let scaled = (0..Ord::min(self.percent, 2)).try_fold(number, |n, _| n.checked_mul(Decimal::ONE_HUNDRED));
        let text = scaled.unwrap_or(number).normalize().to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let whole = digits.split('.').next().unwrap_or(digits).len();
        let zeros = "0".repeat(Ord::min(self.zeros, MAX_ZEROS).saturating_sub(whole));
        let percent = if self.percent > 0 { "%" } else { "" };
        let currency = self.currency.map(|mark| format!(" {mark}")).unwrap_or_default();
        format!("{sign}{zeros}{digits}{percent}{currency}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_mean_what_their_format_shows() {
        for (code, number, text) in [
            ("General", "1234.5", "1234.5"),
            ("0%", "1", "100%"),
            ("0.00%", "0.755", "75.5%"),
            ("#,##0", "1234.56", "1234.56"),
            ("#,##0.00\\ [$₽-419]", "1234.5", "1234.5 ₽"),
            ("#,##0\\ \"грн\";[Red]\\-#,##0\\ \"грн\"", "-5", "-5 грн"),
            ("\"$\"#,##0_);[Red](\"$\"#,##0)", "7", "7 $"),
            ("[$USD] #,##0", "7", "7 USD"),
            ("000000", "1234", "001234"),
            ("0.00E+00", "1234", "1234"),
            ("# ?/?", "0.5", "0.5"),
            ("[Red]0;[Blue]0%", "2", "2"),
            ("\"unclosed", "2", "2"),
            ("", "2", "2"),
        ] {
            assert_eq!(Meaning::of(code).shown(number.parse().unwrap()), text, "{code}");
        }
        assert_eq!(Meaning::of(&"0".repeat(10_000)).shown(Decimal::ONE).len(), 20);
    }
}
