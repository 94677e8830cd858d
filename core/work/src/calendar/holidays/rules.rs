//! When holidays come: dates, days counted from Easter, weekdays of a month, and days off instead of those at a weekend.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// When a holiday comes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Day {
    /// The same day each year: month, day.
    On(u32, u32),
    /// So many days after Easter Sunday of the Western churches.
    Easter(i64),
    /// So many days after Easter Sunday of the Eastern churches.
    Eastern(i64),
    /// The first, second ... such weekday of a month; 5 is the last one.
    Nth(u8, Weekday, u32),
    /// The last such weekday before a day: month, day.
    Before(Weekday, u32, u32),
    /// By the moon: year, month, day, as far as they are known.
    Listed(&'static [(i32, u32, u32)]),
}

/// What the law says of a holiday that falls on a Saturday or Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weekend {
    /// Nothing.
    Lost,
    /// The next day that would be worked is off.
    Next,
    /// Friday instead of Saturday, Monday instead of Sunday.
    Nearest,
}

/// A holiday of a country.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holiday {
    /// Its name in the texts.
    pub name: &'static str,
    /// When it comes.
    pub day: Day,
    /// Since which year; 0 = as long as years are known.
    pub since: i32,
    /// Whether the country's rule about weekends is for it.
    pub moves: bool,
    /// The parts of the country that have it; none = all of it.
    pub only: &'static [&'static str],
}

/// A country with its holidays.
#[derive(Debug)]
pub(super) struct Country {
    /// The key of its pack.
    pub key: &'static str,
    /// ISO 3166-1.
    pub of: &'static str,
    /// The part of it that the pack is for, where it is not for all of it.
    pub name: Option<&'static str>,
    /// Parts with more holidays: key and name.
    pub regions: &'static [(&'static str, &'static str)],
    /// Holidays at a weekend.
    pub weekend: Weekend,
    /// Its holidays.
    pub holidays: &'static [Holiday],
}

/// A day off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DayOff {
    /// Which day.
    pub date: NaiveDate,
    /// Of which holiday.
    pub name: &'static str,
    /// Instead of the holiday itself, which is at a weekend.
    pub instead: bool,
}

/// Days off of a year, in order. A day off of a holiday may lie in the year before or after it.
pub(super) fn of_year(country: &Country, region: Option<&str>, year: i32) -> Vec<DayOff> {
    let mut all: Vec<DayOff> = (year - 1..=year + 1).flat_map(|year| holidays(country, region, year)).collect();
    all.retain(|off| off.date.year() == year);
    all.sort_unstable();
    all
}

fn holidays(country: &Country, region: Option<&str>, year: i32) -> Vec<DayOff> {
    let mut found: Vec<(DayOff, bool)> = country
        .holidays
        .iter()
        .filter(|one| one.since <= year && (one.only.is_empty() || region.is_some_and(|it| one.only.contains(&it))))
        .filter_map(|one| Some((DayOff { date: one.day.of(year)?, name: one.name, instead: false }, one.moves)))
        .collect();
    found.sort_unstable();
    let mut taken: BTreeSet<NaiveDate> = found.iter().map(|(off, _)| off.date).collect();
    let mut moved = BTreeSet::new();
    let mut all = Vec::with_capacity(found.len());
    for (off, moves) in found {
        all.push(off);
        // Two holidays on one Sunday give one day off.
        if moves && is_weekend(off.date) && moved.insert(off.date) {
            let instead = country.weekend.instead(off.date, &taken);
            taken.extend(instead);
            all.extend(instead.map(|date| DayOff { date, instead: true, ..off }));
        }
    }
    all
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

impl Weekend {
    fn instead(self, date: NaiveDate, taken: &BTreeSet<NaiveDate>) -> Option<NaiveDate> {
        match self {
            Self::Lost => None,
            Self::Next => date.iter_days().take(30).find(|day| !is_weekend(*day) && !taken.contains(day)),
            Self::Nearest if date.weekday() == Weekday::Sat => date.pred_opt(),
            Self::Nearest => date.succ_opt(),
        }
    }
}

impl Day {
    fn of(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::On(month, day) => NaiveDate::from_ymd_opt(year, month, day),
            Self::Easter(days) => western(year)?.checked_add_signed(chrono::TimeDelta::days(days)),
            Self::Eastern(days) => eastern(year)?.checked_add_signed(chrono::TimeDelta::days(days)),
            Self::Nth(n, weekday, month) => nth(year, month, weekday, n),
            Self::Before(weekday, month, day) => {
                let end = NaiveDate::from_ymd_opt(year, month, day)?;
                (1..=7).filter_map(|back| end.checked_sub_days(Days::new(back))).find(|day| day.weekday() == weekday)
            }
            Self::Listed(days) => {
                let (year, month, day) = days.iter().find(|(of, _, _)| *of == year)?;
                NaiveDate::from_ymd_opt(*year, *month, *day)
            }
        }
    }
}

/// The first, second ... such weekday of a month; 5 is the last one.
pub(super) fn nth(year: i32, month: u32, weekday: Weekday, n: u8) -> Option<NaiveDate> {
    let found = NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    if n == 5 { found.or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4)) } else { found }
}

/// Easter Sunday of the Western churches (the rule of Meeus, Jones and Butcher).
fn western(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    day_of(year, h + l - 7 * m + 114)
}

/// Easter Sunday of the Eastern churches (the rule of Meeus), by our calendar, which is 13 days before theirs until 2099.
fn eastern(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 4, year % 7, year % 19);
    let d = (19 * c + 15) % 30;
    let e = (2 * a + 4 * b - d + 34) % 7;
    day_of(year, d + e + 114)?.checked_add_days(Days::new(13))
}

/// Month and day, as both rules give them in one number.
fn day_of(year: i32, n: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_when_both_churches_keep_it() {
        let shown = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        for (year, west, east) in [
            (2024, "2024-03-31", "2024-05-05"),
            (2025, "2025-04-20", "2025-04-20"),
            (2026, "2026-04-05", "2026-04-12"),
            (2027, "2027-03-28", "2027-05-02"),
            (2028, "2028-04-16", "2028-04-16"),
            (2029, "2029-04-01", "2029-04-08"),
            (2030, "2030-04-21", "2030-04-28"),
            (2038, "2038-04-25", "2038-04-25"),
        ] {
            assert_eq!((shown(western(year)), shown(eastern(year))), (west.to_owned(), east.to_owned()));
        }
        for year in 2026..2100 {
            assert_eq!(western(year).map(|date| date.weekday()), Some(Weekday::Sun), "{year}");
            assert_eq!(eastern(year).map(|date| date.weekday()), Some(Weekday::Sun), "{year}");
        }
    }
}
