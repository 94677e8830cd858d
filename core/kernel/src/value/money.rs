//! Money: an amount with its currency (ISO 4217), one value. Sums of different currencies are nobody's business here:
//! what cannot be added has no `Add`.

use std::fmt;
use std::str::FromStr;

use iso_currency::{Currency as Iso, IntoEnumIterator};
use rust_decimal::Decimal;

use crate::error::FieldError;

/// A currency of ISO 4217, e.g. `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(Iso);

impl Currency {
    /// Every currency, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        Iso::iter().map(Self)
    }

    /// Its code of three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point of its amounts: 0 (yen) to 4; where the standard names none (metals), 4.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(super::DECIMAL_SCALE, |digits| Ord::min(u32::from(digits), super::DECIMAL_SCALE))
    }
}

impl FromStr for Currency {
    type Err = FieldError;

    /// Reads a code of three letters, upper or lower case.
    fn from_str(text: &str) -> Result<Self, FieldError> {
        let unknown = || FieldError::new("choice").with("value", text.chars().take(80).collect::<String>());
        let code = text.trim().to_ascii_uppercase();
        if code.len() == 3 { Iso::from_code(&code).map(Self).ok_or_else(unknown) } else { Err(unknown()) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in a currency. The amount may be unknown yet: "in euros, how much is to be seen".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// How much.
    pub amount: Option<Decimal>,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// Whether the amount has no more digits than the currency knows.
    ///
    /// # Errors
    /// `decimals` with the number of digits allowed.
    pub fn check(&self) -> Result<(), FieldError> {
        let allowed = self.currency.decimals();
        match self.amount {
            Some(amount) if amount.normalize().scale() > allowed => {
                Err(FieldError::new("decimals").with("currency", self.currency.code()).with("max", allowed))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_of_the_standard_is_read_back_with_its_decimals() {
        assert!(Currency::all().count() > 150);
        for currency in Currency::all() {
            assert_eq!(currency.code().parse::<Currency>().unwrap(), currency);
            assert!(currency.decimals() <= 4, "{currency}");
        }
        let decimals = |code: &str| code.parse::<Currency>().unwrap().decimals();
        assert_eq!((decimals("JPY"), decimals("eur"), decimals("KWD"), decimals("CLF")), (0, 2, 3, 4));
        for wrong in ["", "EURO", "ZZZ", "EU", "руб", "E\0R"] {
            assert_eq!(wrong.parse::<Currency>().unwrap_err().code, "choice", "{wrong:?}");
        }
    }

    #[test]
    fn an_amount_has_no_more_digits_than_its_currency() {
        let check = |amount: &str, code: &str| {
            Money { amount: Some(amount.parse().unwrap()), currency: code.parse().unwrap() }.check().is_ok()
        };
        assert!(check("100.50", "USD") && check("100", "JPY") && check("1.234", "KWD") && check("100.00", "JPY"));
        assert!(!check("100.5", "JPY") && !check("0.001", "USD"));
    }
}
