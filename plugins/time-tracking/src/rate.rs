//! Rates: which one an entry has, and what it costs. Pure; the rows come from `time_rate`.

use verstak_plugin::Row;
use verstak_plugin::prelude::Fields;

use crate::zone::{self, Date};

/// What a rate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the person costs us.
    Cost,
    /// What the client pays.
    Bill,
}

/// A row of `time_rate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// What it is for.
    pub kind: Kind,
    /// Whom it is of, the most specific that was named.
    pub of: Of,
    /// Ten-thousandths of the currency, an hour.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Its first date.
    pub from: Date,
}

/// Whom a rate is of; the first is the most specific.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// A deal.
    Deal(String),
    /// A client.
    Company(String),
    /// A person.
    User(String),
    /// Everybody of a position.
    Position(String),
    /// Everybody.
    Default,
}

/// What a rate is looked up by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The entry's deal.
    pub deal: Option<&'a str>,
    /// Its client.
    pub company: Option<&'a str>,
    /// Its person.
    pub user: Option<&'a str>,
    /// The person's position.
    pub position: Option<&'a str>,
}

impl Of {
    fn means(&self, facts: Facts<'_>) -> bool {
        match self {
            Self::Deal(id) => facts.deal == Some(id),
            Self::Company(id) => facts.company == Some(id),
            Self::User(id) => facts.user == Some(id),
            Self::Position(name) => facts.position.is_some_and(|position| position.eq_ignore_ascii_case(name)),
            Self::Default => true,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Deal(_) => 0,
            Self::Company(_) => 1,
            Self::User(_) => 2,
            Self::Position(_) => 3,
            Self::Default => 4,
        }
    }
}

impl Rate {
    /// Nothing where a row lacks what makes it a rate.
    pub fn of_row(row: &Row) -> Option<Self> {
        let id = |name: &str| row.id(name).map(str::to_owned);
        let of =
            id("deal").map(Of::Deal).or_else(|| id("company").map(Of::Company)).or_else(|| id("person").map(Of::User));
        let position = || row.text("position").map(str::trim).filter(|text| !text.is_empty());
        Some(Self {
            kind: if row.text("kind") == Some("bill") { Kind::Bill } else { Kind::Cost },
            of: of.or_else(|| position().map(|name| Of::Position(name.to_owned()))).unwrap_or(Of::Default),
            amount: scaled(row.text("amount")?)?,
            currency: row.text("amount_currency").unwrap_or("USD").to_owned(),
            from: zone::date(row.text("from")?)?,
        })
    }
}

/// The rate of an entry: the most specific, of those the latest that has begun.
pub fn best<'a>(rates: &'a [Rate], kind: Kind, facts: Facts<'_>, day: Date) -> Option<&'a Rate> {
    let fitting = rates.iter().filter(|rate| rate.kind == kind && rate.from <= day && rate.of.means(facts));
    fitting.min_by_key(|rate| (rate.of.rank(), std::cmp::Reverse(rate.from)))
}

/// The cost of so many seconds, rounded once to cents (halves up), as decimal text.
pub fn cost(amount: i64, seconds: i64) -> String {
    // ten-thousandths an hour * seconds / 3600 / 100 = cents
    let divisor = 360_000_i128;
    let cents = (i128::from(amount) * i128::from(seconds) * 2 + divisor) / (2 * divisor);
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Ten-thousandths of decimal text.
pub fn scaled(text: &str) -> Option<i64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let part: String = part.chars().chain(std::iter::repeat('0')).take(4).collect();
    whole.parse::<i64>().ok()?.checked_mul(10_000)?.checked_add(part.parse().ok()?)
}

/// Decimal text of ten-thousandths, without digits that say nothing.
pub fn plain(amount: i64) -> String {
    format!("{}.{:04}", amount / 10_000, amount % 10_000).trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(of: Of, amount: i64, from: &str) -> Rate {
        Rate { kind: Kind::Cost, of, amount: amount * 10_000, currency: "UAH".into(), from: zone::date(from).unwrap() }
    }

    fn amount(rates: &[Rate], facts: Facts<'_>, day: &str) -> Option<i64> {
        best(rates, Kind::Cost, facts, zone::date(day).unwrap()).map(|rate| rate.amount / 10_000)
    }

    #[test]
    fn rule_10_acceptance_14_the_latest_rate_that_has_begun_counts() {
        let rates = [rate(Of::Default, 500, "2026-01-01"), rate(Of::Default, 600, "2026-03-16")];
        let two_hours = |day| cost(amount(&rates, Facts::default(), day).unwrap() * 10_000, 7_200);
        assert_eq!((two_hours("2026-03-15"), two_hours("2026-03-16")), ("1000.00".into(), "1200.00".into()));
        assert_eq!(amount(&rates, Facts::default(), "2025-12-31"), None);
    }

    #[test]
    fn rule_10_the_most_specific_rate_wins_over_a_later_one() {
        let rates = [
            rate(Of::Default, 1, "2026-03-01"),
            rate(Of::Position("Lawyer".into()), 2, "2026-02-01"),
            rate(Of::User("u".into()), 3, "2026-01-01"),
            rate(Of::Company("c".into()), 4, "2026-01-01"),
            rate(Of::Deal("d".into()), 5, "2026-01-01"),
        ];
        let all = Facts { deal: Some("d"), company: Some("c"), user: Some("u"), position: Some("lawyer") };
        let day = "2026-03-02";
        assert_eq!(amount(&rates, all, day), Some(5));
        assert_eq!(amount(&rates, Facts { deal: None, ..all }, day), Some(4));
        assert_eq!(amount(&rates, Facts { deal: None, company: None, ..all }, day), Some(3));
        assert_eq!(amount(&rates, Facts { position: Some("lawyer"), ..Facts::default() }, day), Some(2));
        assert_eq!(amount(&rates, Facts::default(), day), Some(1));
    }

    #[test]
    fn rule_10_a_cost_is_rounded_once_a_row() {
        assert_eq!(cost(scaled("100").unwrap(), 1), "0.03");
        assert_eq!(cost(scaled("0.18").unwrap(), 100), "0.01");
        assert_eq!((scaled("1200.5"), plain(12_005_000)), (Some(12_005_000), "1200.5".to_owned()));
    }
}
