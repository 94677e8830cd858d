//! Local time: dates and instants of a time zone. Instants are microseconds since 1970-01-01T00:00:00Z, as the host has them.

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use verstak_plugin::runtime;

/// A calendar date.
pub type Date = NaiveDate;
/// Microseconds.
pub const SECOND: i64 = 1_000_000;
/// Microseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds.
pub const HOUR: i64 = 60 * MINUTE;

/// Why a local time names no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// The clocks leap over it.
    Nonexistent,
    /// It comes twice: say the offset.
    Ambiguous,
    /// It is no time at all.
    Unreadable,
}

/// A time zone by its IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// UTC where the name is not known.
    pub fn named(name: &str) -> Self {
        Self(name.parse().unwrap_or(Tz::UTC))
    }

    /// The company's.
    pub fn of_company() -> Self {
        Self::named(&runtime::context().time_zone)
    }

    /// IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    fn local(self, at: i64) -> NaiveDateTime {
        let utc = DateTime::<Utc>::from_timestamp_micros(at).unwrap_or_default();
        utc.with_timezone(&self.0).naive_local()
    }

    /// The local date of an instant.
    pub fn date(self, at: i64) -> Date {
        self.local(at).date()
    }

    /// Hours and minutes on the wall, `09:05`.
    pub fn clock(self, at: i64) -> String {
        let time = self.local(at).time();
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// The instant of a local time.
    ///
    /// # Errors
    /// Why there is none, or no single one.
    pub fn at(self, local: NaiveDateTime) -> Result<i64, Odd> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) => Ok(at.timestamp_micros()),
            LocalResult::None => Err(Odd::Nonexistent),
            LocalResult::Ambiguous(..) => Err(Odd::Ambiguous),
        }
    }

    /// The instant of a local time; the first of two; the first one after a leap.
    pub fn nearest(self, local: NaiveDateTime) -> i64 {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_micros(),
            // Clocks leap by an hour at most but for a handful of dates long ago.
            LocalResult::None => match local.checked_add_signed(chrono::TimeDelta::hours(1)) {
                Some(later) => self.0.from_local_datetime(&later).earliest().map_or(0, |at| at.timestamp_micros()),
                None => 0,
            },
        }
    }

    /// The first instant of a date.
    pub fn midnight(self, date: Date) -> i64 {
        self.nearest(date.and_time(NaiveTime::MIN))
    }

    /// The instant of a time of a date, in minutes since midnight.
    pub fn minute_of(self, date: Date, minutes: u32) -> i64 {
        let days = u64::from(minutes / 1_440);
        let time = NaiveTime::from_num_seconds_from_midnight_opt(minutes % 1_440 * 60, 0).unwrap_or(NaiveTime::MIN);
        self.nearest(plus_days(date, days).and_time(time))
    }

    /// An instant as people and programs write it: RFC 3339, or a local time without an offset.
    ///
    /// # Errors
    /// Why it names no single instant.
    pub fn read(self, text: &str) -> Result<i64, Odd> {
        let text = text.trim();
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(at.timestamp_micros());
        }
        let local = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
            .into_iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        self.at(local.ok_or(Odd::Unreadable)?)
    }
}

/// `YYYY-MM-DD`, of a year in which people book time: weeks around it are days that records can hold.
pub fn date(text: &str) -> Option<Date> {
    let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    (1970..=2999).contains(&date.year()).then_some(date)
}

/// `YYYY-MM-DD`.
pub fn text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// An instant in RFC 3339, in UTC.
pub fn instant(at: i64) -> String {
    let utc = DateTime::<Utc>::from_timestamp_micros(at).unwrap_or_default().naive_utc();
    format!("{}T{:02}:{:02}:{:02}Z", text(utc.date()), utc.hour(), utc.minute(), utc.second())
}

/// So many days later.
pub fn plus_days(date: Date, days: u64) -> Date {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

/// So many days earlier.
pub fn minus_days(date: Date, days: u64) -> Date {
    date.checked_sub_days(Days::new(days)).unwrap_or(date)
}

/// The first day of the week of a date.
pub fn week_of(date: Date, sunday_first: bool) -> Date {
    let weekday = date.weekday();
    let since = if sunday_first { weekday.num_days_from_sunday() } else { weekday.num_days_from_monday() };
    minus_days(date, u64::from(since))
}

/// The first day of the month of a date.
pub fn month_of(date: Date) -> Date {
    date.with_day(1).unwrap_or(date)
}

/// The first day of the next month.
pub fn next_month(date: Date) -> Date {
    month_of(date).checked_add_months(Months::new(1)).unwrap_or(date)
}

/// Whole seconds only, so that figures add up to what people see.
pub const fn whole(at: i64) -> i64 {
    at - at.rem_euclid(SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KYIV: &str = "Europe/Kyiv";

    fn at(text: &str) -> i64 {
        Zone::named(KYIV).read(text).unwrap()
    }

    #[test]
    fn days_that_nobody_books_on_are_none() {
        assert!(date("2026-03-02").is_some() && date("1970-01-01").is_some());
        assert!(
            ["0001-01-01", "1969-12-31", "9999-12-31", "2026-02-30", "soon"].iter().all(|text| date(text).is_none())
        );
    }

    #[test]
    fn rule_1_days_of_23_and_25_hours_come_out_right() {
        let zone = Zone::named(KYIV);
        let hours = |day: &str| {
            let day = date(day).unwrap();
            (zone.midnight(plus_days(day, 1)) - zone.midnight(day)) / HOUR
        };
        assert_eq!([hours("2026-03-28"), hours("2026-03-29"), hours("2026-10-25")], [24, 23, 25]);
        assert_eq!((at("2026-03-29T06:00") - at("2026-03-28T22:00")) / HOUR, 7);
        assert_eq!((at("2026-10-25T06:00") - at("2026-10-24T22:00")) / HOUR, 9);
    }

    #[test]
    fn rule_1_a_local_time_that_does_not_exist_or_comes_twice_is_no_instant() {
        let zone = Zone::named(KYIV);
        assert_eq!(zone.read("2026-03-29T03:30"), Err(Odd::Nonexistent));
        assert_eq!(zone.read("2026-10-25T03:30"), Err(Odd::Ambiguous));
        assert_eq!(zone.read("2026-10-25T03:30:00+03:00").map(instant), Ok("2026-10-25T00:30:00Z".to_owned()));
        assert_eq!(zone.read("tomorrow"), Err(Odd::Unreadable));
    }

    #[test]
    fn weeks_and_months_begin_where_people_expect() {
        let day = date("2026-11-29").unwrap();
        assert_eq!(text(week_of(day, false)), "2026-11-23");
        assert_eq!(text(week_of(day, true)), "2026-11-29");
        assert_eq!((text(month_of(day)), text(next_month(day))), ("2026-11-01".to_owned(), "2026-12-01".to_owned()));
        assert_eq!(whole(1_999_999), 1_000_000);
    }
}
