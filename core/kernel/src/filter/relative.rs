//! Periods relative to the present, in the tenant's time zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A period named relative to the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relative {
    /// Which period.
    pub relative: Name,
    /// How many days, for `days_ago` and `days_ahead`; at most 36,500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u16>,
}

/// Names of periods. Weeks begin on Monday (ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PeriodName)]
pub enum Name {
    Today,
    Yesterday,
    Tomorrow,
    ThisWeek,
    LastWeek,
    NextWeek,
    ThisMonth,
    LastMonth,
    NextMonth,
    ThisQuarter,
    ThisYear,
    DaysAgo,
    DaysAhead,
}

/// Days from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
}

impl Relative {
    /// The days it means at `now` in `zone`. `days_ago: n` is the single day n days back.
    pub fn period(self, now: Timestamp, zone: Tz) -> Period {
        let today = now.utc().with_timezone(&zone).date_naive();
        let week = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
        let month = today.with_day(1).unwrap_or(today);
        let n = Days::new(u64::from(self.n.unwrap_or(0)));
        match self.relative {
            Name::Today => days(today, 1),
            Name::Yesterday => days(today - Days::new(1), 1),
            Name::Tomorrow => days(today + Days::new(1), 1),
            Name::ThisWeek => days(week, 7),
            Name::LastWeek => days(week - Days::new(7), 7),
            Name::NextWeek => days(week + Days::new(7), 7),
            Name::ThisMonth => months(month, 1),
            Name::LastMonth => months(month - Months::new(1), 1),
            Name::NextMonth => months(month + Months::new(1), 1),
            Name::ThisQuarter => months(month - Months::new(month.month0() % 3), 3),
            Name::ThisYear => months(month - Months::new(month.month0()), 12),
            Name::DaysAgo => days(today.checked_sub_days(n).unwrap_or(today), 1),
            Name::DaysAhead => days(today.checked_add_days(n).unwrap_or(today), 1),
        }
    }
}

fn days(first: NaiveDate, count: u64) -> Period {
    Period { first, last: first + Days::new(count - 1) }
}

fn months(first: NaiveDate, count: u32) -> Period {
    Period { first, last: first + Months::new(count) - Days::new(1) }
}

impl Period {
    /// The instants from the start of the first day to the start of the day after the last, in `zone`.
    pub fn instants(self, zone: Tz) -> (Timestamp, Timestamp) {
        (day_start(self.first, zone), day_start(self.last + Days::new(1), zone))
    }
}

/// The first instant of a day; where a clock change skips midnight, the first instant after it.
pub fn day_start(day: NaiveDate, zone: Tz) -> Timestamp {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..24)
        .find_map(|half_hours| {
            zone.from_local_datetime(&(midnight + chrono::Duration::minutes(30 * half_hours))).earliest()
        })
        .map_or_else(|| Timestamp::from(midnight.and_utc()), |at: DateTime<Tz>| Timestamp::from(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Name, n: Option<u16>, expected: (&str, &str)) {
        // 2026-11-22 is a Sunday; 22:30 UTC is already Monday the 23rd in Kyiv.
        let now = Timestamp::parse("2026-11-22T22:30:00Z").unwrap();
        let period = Relative { relative: name, n }.period(now, chrono_tz::Europe::Kyiv);
        assert_eq!((period.first.to_string().as_str(), period.last.to_string().as_str()), expected, "{name:?}");
    }

    #[test]
    fn periods_follow_the_tenants_calendar() {
        check(Name::Today, None, ("2026-11-23", "2026-11-23"));
        check(Name::ThisWeek, None, ("2026-11-23", "2026-11-29"));
        check(Name::LastWeek, None, ("2026-11-16", "2026-11-22"));
        check(Name::ThisMonth, None, ("2026-11-01", "2026-11-30"));
        check(Name::NextMonth, None, ("2026-12-01", "2026-12-31"));
        check(Name::ThisQuarter, None, ("2026-10-01", "2026-12-31"));
        check(Name::ThisYear, None, ("2026-01-01", "2026-12-31"));
        check(Name::DaysAgo, Some(30), ("2026-10-24", "2026-10-24"));
        check(Name::DaysAhead, Some(65_535), ("2206-04-29", "2206-04-29"));
    }

    #[test]
    fn days_have_23_and_25_hours_when_the_clock_changes() {
        let hours = |text: &str| {
            let day: NaiveDate = text.parse().unwrap();
            let (from, to) = Period { first: day, last: day }.instants(chrono_tz::Europe::Kyiv);
            (to.0 - from.0) / 3_600_000_000
        };
        assert_eq!((hours("2026-03-29"), hours("2026-10-25"), hours("2026-11-22")), (23, 25, 24));
    }
}
