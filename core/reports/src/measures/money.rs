//! Amounts in one currency: each at the rate of its day, put together once, rounded once at the end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::value::{Currency, decimal_to_json};
use records::rates::Rates;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value as Json;

/// Amounts by currency, with what they are worth together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Purse {
    /// As they are.
    pub(crate) by_currency: BTreeMap<String, Decimal>,
    /// In the answer's currency.
    worth: Decimal,
    /// Currencies of amounts that no rate is known for.
    pub(crate) missing: BTreeSet<String>,
}

impl Purse {
    /// Puts in an amount of a day.
    pub(crate) fn put(&mut self, amount: Decimal, code: &str, to: &str, day: NaiveDate, rates: &Rates) {
        *self.by_currency.entry(code.to_owned()).or_default() += amount;
        let worth = rates.between(code, to, day).and_then(|rate| amount.checked_mul(rate));
        match worth.and_then(|worth| self.worth.checked_add(worth)) {
            Some(sum) => self.worth = sum,
            None => drop(self.missing.insert(code.to_owned())),
        }
    }

    /// All of it in the answer's currency; none where a rate is missing.
    pub(crate) fn total(&self) -> Option<Decimal> {
        self.missing.is_empty().then_some(self.worth)
    }
}

/// An amount as it is said: with the decimals of its currency, half away from zero.
pub(crate) fn said(amount: Decimal, code: &str) -> Json {
    let decimals = Currency::all().find(|known| known.code() == code).map_or(2, Currency::decimals);
    decimal_to_json(amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero))
}

/// A part of a whole in percent, to 0.1, half away from zero; none of nothing.
pub(crate) fn percent(part: i64, whole: i64) -> Json {
    if whole == 0 {
        return Json::Null;
    }
    let percent = Decimal::from(part) * Decimal::ONE_HUNDRED / Decimal::from(whole);
    decimal_to_json(percent.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero))
}

/// An amount of another in percent, to 0.1, half away from zero; none of nothing.
pub(crate) fn percent_of(part: Decimal, whole: Decimal) -> Json {
    let percent = part.checked_mul(Decimal::ONE_HUNDRED).and_then(|part| part.checked_div(whole));
    percent.map_or(Json::Null, |percent| {
        decimal_to_json(percent.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero))
    })
}
