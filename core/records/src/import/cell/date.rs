//! Dates and times: `31.01.2026`, `2026-01-31`, `31/01/2026 15:30`, RFC 3339, and the serial numbers of spreadsheets.

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use kernel::Timestamp;

use super::{MAX_PLAIN, is_space};
use crate::import::problem::Problem;

/// Serial numbers taken for days: 1927 to 2119. Smaller ones are more likely years or counts.
const SERIALS: std::ops::RangeInclusive<u64> = 10_000..=80_000;

/// Years ahead of the present that two digits may mean; the rest of a century is behind it.
const YEARS_AHEAD: i32 = 10;
/// Years back that two digits may mean.
const YEARS_BACK: i32 = 60;

/// Which of day and month stands first in a column, where a `/` or `-` does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::import) enum DateOrder {
    /// `31/01/2026`
    DayFirst,
    /// `01/31/2026`
    MonthFirst,
    /// Not known: what may be either is refused.
    #[default]
    Unknown,
}

/// What the cells of a column say about their order.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::import) struct Votes {
    day_first: bool,
    month_first: bool,
}

impl Votes {
    /// Hears a cell.
    pub(in crate::import) fn hear(&mut self, text: &str) {
        let day = text.trim_matches(is_space).split(is_space).next().unwrap_or_default();
        let Some((mark, [a, b, _])) = parts(day) else { return };
        let past_twelve = |part: &str| part.len() == 2 && part.parse::<u32>().is_ok_and(|number| number > 12);
        if mark != '.' {
            self.day_first |= past_twelve(a);
            self.month_first |= past_twelve(b);
        }
    }

    /// The order, if the cells agree; where none of them tells, in English nobody knows, elsewhere the day is first.
    pub(in crate::import) const fn order(self, english: bool) -> DateOrder {
        match (self.day_first, self.month_first) {
            (true, false) => DateOrder::DayFirst,
            (false, true) => DateOrder::MonthFirst,
            (false, false) if !english => DateOrder::DayFirst,
            _ => DateOrder::Unknown,
        }
    }
}

/// How the dates of a column are read.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Dates {
    /// Day or month first.
    pub order: DateOrder,
    /// The present day of the company.
    pub today: NaiveDate,
    /// Days of birth: none is in the future.
    pub past: bool,
    /// The company's time zone.
    pub zone: Tz,
}

impl Dates {
    /// Reads a day; a time of day behind it is left aside.
    pub(in crate::import) fn date(&self, text: &str) -> Result<NaiveDate, Problem> {
        let found = match zoned(text) {
            Some(at) => at.date_naive(),
            None => self.parse(text, "date")?.0,
        };
        if self.past && found > self.today {
            return Err(Problem::new("future").with("value", text.trim()));
        }
        Ok(found)
    }

    /// Reads an instant; without an offset it is the time in the company's zone, without a time the start of the day.
    pub(in crate::import) fn datetime(&self, text: &str) -> Result<Timestamp, Problem> {
        if let Some(at) = zoned(text) {
            return Ok(Timestamp::from(at));
        }
        let (day, time) = self.parse(text, "datetime")?;
        let local = day.and_time(time.unwrap_or_default());
        earliest(local, self.zone).ok_or_else(|| Problem::new("datetime").with("value", text.trim()))
    }

    fn parse(&self, text: &str, code: &'static str) -> Result<(NaiveDate, Option<NaiveTime>), Problem> {
        let wrong = |code: &'static str| Problem::new(code).with("value", text.trim());
        let text = text.trim_matches(is_space);
        if text.is_empty() || text.len() > MAX_PLAIN {
            return Err(wrong(code));
        }
        if let Some(serial) = serial(text) {
            return Ok(serial);
        }
        let (day, time) = match text.split_once(|c: char| is_space(c) || c == 'T') {
            Some((day, time)) => {
                let time = clock(time.trim_matches(is_space)).ok_or_else(|| wrong(code))?;
                (day.trim_end_matches(','), Some(time))
            }
            None => (text, None),
        };
        let day = self.calendar(day).map_err(|doubt| wrong(doubt.unwrap_or(code)))?;
        Ok((day, time))
    }

    /// `d.m.yyyy`, `d/m/yyyy`, `m/d/yyyy`, `d-m-yyyy`, `yyyy-m-d`, `yyyy.m.d`, `yyyy/m/d`; years of four or two digits. The
    /// error is what is in doubt, if anything is.
    fn calendar(&self, text: &str) -> Result<NaiveDate, Option<&'static str>> {
        let (mark, [a, b, c]) = parts(text).ok_or(None)?;
        let number = |part: &str| {
            let plain = (1..=4).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit());
            plain.then(|| part.parse::<u32>().ok()).flatten().ok_or(None)
        };
        let (a_, b_, c_) = (number(a)?, number(b)?, number(c)?);
        if a.len() == 4 {
            return whole(a_, b_, c_).ok_or(None);
        }
        let (month, day) = match (mark, self.order) {
            ('.', _) | (_, DateOrder::DayFirst) => (b_, a_),
            (_, DateOrder::MonthFirst) => (a_, b_),
            _ if a_ > 12 => (b_, a_),
            _ if b_ > 12 => (a_, b_),
            _ if a_ == b_ => (a_, b_),
            _ => return Err(Some("date_order")),
        };
        match c.len() {
            4 => whole(c_, month, day).ok_or(None),
            2 => self.of_century(c_, month, day),
            _ => Err(None),
        }
    }

    /// A year of two digits: of days of birth the last that is not in the future, else the one near the present.
    fn of_century(&self, year: u32, month: u32, day: u32) -> Result<NaiveDate, Option<&'static str>> {
        let now = self.today.year();
        let years = [2_000 + year, 1_900 + year];
        let fits = |date: &NaiveDate| match self.past {
            true => *date <= self.today,
            false => (now - YEARS_BACK..=now + YEARS_AHEAD).contains(&date.year()),
        };
        if years.iter().all(|year| whole(*year, month, day).is_none()) {
            return Err(None);
        }
        years.iter().filter_map(|year| whole(*year, month, day)).find(fits).ok_or(Some("year"))
    }
}

/// The three parts of a date and what stands between them.
fn parts(text: &str) -> Option<(char, [&str; 3])> {
    let text = text.trim_end_matches(['г', 'р', '.']);
    let mark = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '.' | '/' | '-'))?;
    let parts: Vec<&str> = text.split(mark).collect();
    Some((mark, parts.try_into().ok()?))
}

fn whole(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = Some(year).filter(|year| (1800..=2200).contains(year))?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// RFC 3339, also with a space instead of the `T`.
fn zoned(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    let text = text.trim();
    if text.len() > MAX_PLAIN {
        return None;
    }
    DateTime::parse_from_rfc3339(text).ok().filter(|at| (1900..=2200).contains(&at.year()))
}

/// The instant of a local time; of the two when clocks go back the first, the next one that exists when they go forward.
fn earliest(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    for minutes in [0, 30, 60, 90, 120] {
        match zone.from_local_datetime(&(local + chrono::Duration::minutes(minutes))) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return Some(Timestamp::from(at)),
            LocalResult::None => {}
        }
    }
    None
}

/// `15:30`, `15:30:05`, `15:30:05.250`.
fn clock(text: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok())
}

/// Days since 1899-12-30, the fraction being the time of day (ECMA-376 part 1, section 18.17.4).
fn serial(text: &str) -> Option<(NaiveDate, Option<NaiveTime>)> {
    let text = text.replace(',', ".");
    let (days, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if days.is_empty() || !digits(days) || !digits(fraction) || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let days: u64 = days.parse().ok().filter(|days| SERIALS.contains(days))?;
    let date = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))?;
    if fraction.is_empty() {
        return Some((date, None));
    }
    let part = rust_decimal::Decimal::from_str_exact(&format!("0.{fraction}")).ok()?;
    let seconds = u32::try_from((part * rust_decimal::Decimal::from(86_400)).round()).ok()?;
    Some((date, NaiveTime::from_num_seconds_from_midnight_opt(Ord::min(seconds, 86_399), 0)))
}
