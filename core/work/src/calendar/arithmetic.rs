//! Working time as pure arithmetic: from an instant so much working time further or back, and how much lies between.
//!
//! Working time is what really passes while the local clock shows working hours: a night shift over a change to summer
//! time is an hour shorter. A local time that does not exist (a gap) stands for the end of the gap; one that happens
//! twice (a fold) for its first occurrence, so an interval's ends never cross.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::Tz;
use kernel::Timestamp;

use super::local::end_of_gap;

/// Days that `add`, `subtract` and `between` walk at most: ten years.
pub const HORIZON_DAYS: u64 = 3_660;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// Working hours on a day: minutes since its midnight. The end is later than the start and at most 24 hours after it,
/// so it may lie on the next day (a night shift).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// 0 to 1439.
    pub from: u16,
    /// `from + 1` to `from + 1440`.
    pub to: u16,
}

/// Minutes of a day.
pub const DAY_MINUTES: u16 = 1_440;

/// What repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Hours by day of the week, Monday first.
    Weekly([Vec<Interval>; 7]),
    /// Shifts: the days repeat from the anchor on, in both directions. An empty list counts as days off.
    Cycle {
        /// The date of the first day.
        anchor: NaiveDate,
        /// Hours of each day of the cycle.
        days: Vec<Vec<Interval>>,
    },
}

/// Why working time could not be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncountable {
    /// The calendar has too little working time to get there within the horizon; perhaps none at all.
    #[error("the calendar has not that much working time within ten years")]
    Beyond,
    /// The instant is outside of what calendars know.
    #[error("the time is outside of the calendar's range")]
    OutOfRange,
}

/// A working calendar, ready to count with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingTime {
    zone: Tz,
    pattern: Pattern,
    days: BTreeMap<NaiveDate, Vec<Interval>>,
}

impl WorkingTime {
    /// A calendar. The intervals of a day must be in order and not overlap; `days` holds holidays (no hours) and
    /// days with hours of their own, which stand instead of the pattern's. Hours past midnight belong to the day they
    /// begin on, and end at the latest where the next day's own hours begin.
    pub const fn new(zone: Tz, pattern: Pattern, days: BTreeMap<NaiveDate, Vec<Interval>>) -> Self {
        Self { zone, pattern, days }
    }

    /// Monday to Friday, 09:00 to 18:00 without 13:00 to 14:00: eight hours a day.
    pub fn usual(zone: Tz) -> Self {
        let day = vec![Interval { from: 9 * 60, to: 13 * 60 }, Interval { from: 14 * 60, to: 18 * 60 }];
        let off = Vec::new;
        let week = [day.clone(), day.clone(), day.clone(), day.clone(), day, off(), off()];
        Self::new(zone, Pattern::Weekly(week), BTreeMap::new())
    }

    /// Its time zone.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The earliest instant by which `seconds` of working time have passed since `from`. A negative number goes back.
    ///
    /// # Errors
    /// `Beyond` when ten years do not hold that much.
    pub fn add(&self, from: Timestamp, seconds: i64) -> Result<Timestamp, Uncountable> {
        if seconds < 0 {
            return self.subtract(from, seconds.saturating_neg());
        }
        let mut left = seconds.checked_mul(SECOND).ok_or(Uncountable::Beyond)?;
        if left == 0 {
            return Ok(from);
        }
        let mut day = self.first_day(from)?;
        for _ in 0..HORIZON_DAYS {
            for (start, end) in self.spans(day)? {
                let start = start.max(from.0);
                let length = end.saturating_sub(start);
                if length >= left {
                    return Ok(Timestamp(start.saturating_add(left)));
                }
                left -= length.max(0);
            }
            day = day.succ_opt().ok_or(Uncountable::OutOfRange)?;
        }
        Err(Uncountable::Beyond)
    }

    /// The latest instant since which `seconds` of working time pass until `until`. A negative number goes forward.
    ///
    /// # Errors
    /// `Beyond` when ten years do not hold that much.
    pub fn subtract(&self, until: Timestamp, seconds: i64) -> Result<Timestamp, Uncountable> {
        if seconds < 0 {
            return self.add(until, seconds.saturating_neg());
        }
        let mut left = seconds.checked_mul(SECOND).ok_or(Uncountable::Beyond)?;
        if left == 0 {
            return Ok(until);
        }
        let mut day = self.last_day(until)?;
        for _ in 0..HORIZON_DAYS {
            for (start, end) in self.spans(day)?.into_iter().rev() {
                let end = end.min(until.0);
                let length = end.saturating_sub(start);
                if length >= left {
                    return Ok(Timestamp(end.saturating_sub(left)));
                }
                left -= length.max(0);
            }
            day = day.pred_opt().ok_or(Uncountable::OutOfRange)?;
        }
        Err(Uncountable::Beyond)
    }

    /// Whole seconds of working time between two instants; negative when the second is the earlier one.
    ///
    /// # Errors
    /// `Beyond` when they are more than ten years apart.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> Result<i64, Uncountable> {
        if until < from {
            return self.between(until, from).map(|seconds| -seconds);
        }
        let (mut day, last) = (self.first_day(from)?, self.last_day(until)?);
        if last.signed_duration_since(day).num_days() > i64::try_from(HORIZON_DAYS).unwrap_or(i64::MAX) {
            return Err(Uncountable::Beyond);
        }
        let mut sum: i64 = 0;
        while day <= last {
            for (start, end) in self.spans(day)? {
                sum += end.min(until.0).saturating_sub(start.max(from.0)).max(0);
            }
            day = day.succ_opt().ok_or(Uncountable::OutOfRange)?;
        }
        Ok(sum / SECOND)
    }

    /// Working time that begins on a day of the calendar, in order: a night shift stands whole under the day it begins on.
    ///
    /// # Errors
    /// `OutOfRange`.
    pub fn planned(&self, day: NaiveDate) -> Result<Vec<(Timestamp, Timestamp)>, Uncountable> {
        Ok(self.spans(day)?.into_iter().map(|(start, end)| (Timestamp(start), Timestamp(end))).collect())
    }

    /// Whether it is working time at this instant.
    pub fn is_working(&self, at: Timestamp) -> bool {
        let Ok(first) = self.first_day(at) else { return false };
        first.iter_days().take(3).any(|day| {
            self.spans(day).is_ok_and(|spans| spans.iter().any(|(start, end)| (*start..*end).contains(&at.0)))
        })
    }

    /// The day before the local date, whose hours may reach past midnight.
    fn first_day(&self, at: Timestamp) -> Result<NaiveDate, Uncountable> {
        self.local_date(at)?.pred_opt().ok_or(Uncountable::OutOfRange)
    }

    fn last_day(&self, at: Timestamp) -> Result<NaiveDate, Uncountable> {
        self.local_date(at)
    }

    fn local_date(&self, at: Timestamp) -> Result<NaiveDate, Uncountable> {
        let utc = chrono::DateTime::from_timestamp_micros(at.0).ok_or(Uncountable::OutOfRange)?;
        // The years people live in: beyond them the rules of time zones are not known anyhow.
        if !(1..=9_999).contains(&utc.year()) {
            return Err(Uncountable::OutOfRange);
        }
        Ok(utc.with_timezone(&self.zone).date_naive())
    }

    /// Hours that begin on this day, as they stand in the calendar.
    fn hours(&self, day: NaiveDate) -> &[Interval] {
        if let Some(own) = self.days.get(&day) {
            return own;
        }
        match &self.pattern {
            Pattern::Weekly(week) => {
                let index = usize::try_from(day.weekday().num_days_from_monday()).unwrap_or(0);
                week.get(index).map_or(&[], Vec::as_slice)
            }
            Pattern::Cycle { anchor, days } => {
                let length = i64::try_from(days.len()).unwrap_or(i64::MAX).max(1);
                let index = day.signed_duration_since(*anchor).num_days().rem_euclid(length);
                usize::try_from(index).ok().and_then(|index| days.get(index)).map_or(&[], Vec::as_slice)
            }
        }
    }

    /// Hours that begin on this day as instants in microseconds, in order and not overlapping those of other days.
    fn spans(&self, day: NaiveDate) -> Result<Vec<(i64, i64)>, Uncountable> {
        let hours = self.hours(day);
        let mut spans = Vec::with_capacity(hours.len());
        for interval in hours {
            let mut to = interval.to;
            if to > DAY_MINUTES {
                let next = day.succ_opt().ok_or(Uncountable::OutOfRange)?;
                if let Some(first) = self.hours(next).first() {
                    to = to.min(DAY_MINUTES + first.from);
                }
            }
            let (start, end) = (self.instant(day, interval.from)?, self.instant(day, to)?);
            if start < end {
                spans.push((start, end));
            }
        }
        Ok(spans)
    }

    /// The first instant at which the local clock shows at least this minute of the day (which may lie on the next).
    fn instant(&self, day: NaiveDate, minute: u16) -> Result<i64, Uncountable> {
        let day = day.checked_add_days(Days::new(u64::from(minute / DAY_MINUTES))).ok_or(Uncountable::OutOfRange)?;
        let midnight = day.and_hms_opt(0, 0, 0).ok_or(Uncountable::OutOfRange)?;
        let local = midnight + TimeDelta::minutes(i64::from(minute % DAY_MINUTES));
        match self.zone.from_local_datetime(&local).earliest() {
            Some(at) => Ok(at.timestamp_micros()),
            None => Ok(end_of_gap(self.zone, local)),
        }
    }
}

#[cfg(test)]
#[path = "arithmetic_tests.rs"]
mod tests;
