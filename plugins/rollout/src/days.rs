//! Days and working days. Pure: what is a day off is given, nothing here asks the host or the clock.

use std::collections::BTreeSet;
use std::fmt;

/// How far working days are looked for: a calendar without any would be looked through for ever.
const HORIZON: i64 = 4_000;
const MICROSECONDS_A_DAY: i64 = 86_400_000_000;

/// A day, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// Reads `YYYY-MM-DD`, also at the beginning of a longer text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.get(..10)?.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let read = Self::of(year, month, day);
        (1..=12).contains(&month).then_some(read).filter(|read| read.parts() == (year, month, day))
    }

    /// The day at this moment, `offset` seconds from UTC.
    pub fn at(micros: i64, offset: i64) -> Self {
        Day(micros.saturating_add(offset.saturating_mul(1_000_000)).div_euclid(MICROSECONDS_A_DAY))
    }

    /// The moment of this hour on this day, `offset` seconds from UTC.
    pub fn hour(self, hour: i64, offset: i64) -> i64 {
        self.0 * MICROSECONDS_A_DAY + (hour * 3_600 - offset) * 1_000_000
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Day(self.0.saturating_add(days))
    }

    /// 0 on Mondays, 6 on Sundays.
    pub fn weekday(self) -> i64 {
        (self.0 + 3).rem_euclid(7)
    }

    /// The Monday of its week.
    #[must_use]
    pub fn monday(self) -> Self {
        self.plus(-self.weekday())
    }

    /// Howard Hinnant's `days_from_civil`: years begin in March, so that the leap day is their last.
    fn of(year: i64, month: i64, day: i64) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Day(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    fn parts(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year + era * 400;
        (if month <= 2 { year + 1 } else { year }, month, of_year - (153 * shifted + 2) / 5 + 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Which days are worked: Monday to Friday, but for those that are known to be otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Days that are not as their day of the week says.
    others: BTreeSet<Day>,
}

impl Calendar {
    /// With what is known of some days: whether they are worked.
    pub fn of(known: impl IntoIterator<Item = (Day, bool)>) -> Self {
        let others = known.into_iter().filter(|(day, works)| (day.weekday() < 5) != *works);
        Calendar { others: others.map(|(day, _)| day).collect() }
    }

    /// Whether it is worked.
    pub fn works(&self, day: Day) -> bool {
        (day.weekday() < 5) != self.others.contains(&day)
    }

    /// The first working day from this one on.
    pub fn first(&self, day: Day) -> Day {
        (0..HORIZON).map(|days| day.plus(days)).find(|day| self.works(*day)).unwrap_or(day)
    }

    /// The first working day after this one.
    pub fn next(&self, day: Day) -> Day {
        self.first(day.plus(1))
    }

    /// The last of so many working days from `start` on; one at least.
    pub fn end(&self, start: Day, days: i64) -> Day {
        let mut end = self.first(start);
        for _ in 1..days.clamp(1, HORIZON) {
            end = self.next(end);
        }
        end
    }

    /// The day so many working days after `day`.
    pub fn after(&self, day: Day, days: i64) -> Day {
        (0..days.clamp(0, HORIZON)).fold(day, |day, _| self.next(day))
    }

    /// The first of so many working days that end before `day`, and the last of them.
    pub fn before(&self, day: Day, days: i64) -> (Day, Day) {
        let back = |day: Day| (1..HORIZON).map(|by| day.plus(-by)).find(|day| self.works(*day)).unwrap_or(day);
        let last = back(day);
        ((1..days.clamp(1, HORIZON)).fold(last, |day, _| back(day)), last)
    }

    /// Working days from one day to another, both included; none when the second is before the first.
    pub fn between(&self, first: Day, last: Day) -> i64 {
        let days = (0..=(last.0 - first.0).min(HORIZON)).filter(|days| self.works(first.plus(*days)));
        i64::try_from(days.count()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_window_ends_before_a_day() {
        let calendar = Calendar::of([(day("2026-06-05"), false)]);
        assert_eq!(calendar.before(day("2026-06-08"), 1), (day("2026-06-04"), day("2026-06-04")));
        assert_eq!(calendar.before(day("2026-06-10"), 4), (day("2026-06-03"), day("2026-06-09")));
        let (first, last) = Calendar::default().before(day("2026-06-29"), 20);
        assert_eq!((first, last), (day("2026-06-01"), day("2026-06-26")));
    }

    #[test]
    fn days_are_read_and_written() {
        for text in ["1970-01-01", "2026-06-01", "2028-02-29", "2000-02-29", "1999-12-31", "2100-03-01"] {
            assert_eq!(day(text).to_string(), text);
        }
        assert_eq!(day("1970-01-01"), Day(0));
        assert_eq!(day("2026-06-01T09:00:00Z").to_string(), "2026-06-01");
        for text in ["", "2026-13-01", "2026-02-30", "2026-00-10", "2100-02-29", "yesterday!", "2026-6-1"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_in_the_day_of_the_zone() {
        let late = day("2026-06-01").hour(22, 0);
        assert_eq!(Day::at(late, 0), day("2026-06-01"));
        assert_eq!(Day::at(late, 10_800), day("2026-06-02"));
        assert_eq!(Day::at(day("2026-06-01").hour(18, 10_800), 0), day("2026-06-01"));
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays() {
        let plain = Calendar::default();
        assert_eq!(day("2026-06-01").weekday(), 0);
        assert_eq!(plain.end(day("2026-06-01"), 5), day("2026-06-05"));
        assert_eq!(plain.end(day("2026-06-06"), 1), day("2026-06-08"));
        assert_eq!(plain.between(day("2026-06-01"), day("2026-06-14")), 10);
        assert_eq!(plain.between(day("2026-06-02"), day("2026-06-01")), 0);
        assert_eq!(plain.after(day("2026-06-05"), 2), day("2026-06-09"));
        let with = Calendar::of([(day("2026-06-24"), false), (day("2026-06-25"), true), (day("2026-06-13"), true)]);
        assert_eq!(with.end(day("2026-06-12"), 2), day("2026-06-13"));
        assert_eq!(with.end(day("2026-06-22"), 5), day("2026-06-29"));
        assert_eq!(day("2026-06-04").monday(), day("2026-06-01"));
    }
}
