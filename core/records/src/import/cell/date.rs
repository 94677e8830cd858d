//! Dates and times: `31.01.2026`, `2026-01-31`, `31/01/2026 15:30`, RFC 3339, and the serial numbers of spreadsheets.

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use kernel::Timestamp;

use super::{MAX_PLAIN, is_space};
use crate::import::problem::Problem;

/// Serial numbers taken for days: 1927 to 2119. Smaller ones are more likely years or counts.
const SERIALS: std::ops::RangeInclusive<u64> = 10_000..=80_000;

/// Reads a day; a time of day behind it is left aside.
pub(in crate::import) fn date(text: &str) -> Result<NaiveDate, Problem> {
    let found = parse(text).map(|(day, _)| day).or_else(|| zoned(text).map(|at| at.date_naive()));
    found.ok_or_else(|| Problem::new("date").with("value", text.trim()))
}

/// Reads an instant; without an offset it is the time in `zone`, without a time the start of the day.
pub(in crate::import) fn datetime(text: &str, zone: Tz) -> Result<Timestamp, Problem> {
    if let Some(at) = zoned(text) {
        return Ok(Timestamp::from(at));
    }
    let (day, time) = parse(text).ok_or_else(|| Problem::new("datetime").with("value", text.trim()))?;
    let local = day.and_time(time.unwrap_or_default());
    earliest(local, zone).ok_or_else(|| Problem::new("datetime").with("value", text.trim()))
}

/// RFC 3339, also with a space instead of the `T`.
fn zoned(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    let text = text.trim();
    if text.len() > MAX_PLAIN {
        return None;
    }
    DateTime::parse_from_rfc3339(text).ok().filter(|at| (1900..=2200).contains(&chrono::Datelike::year(at)))
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

fn parse(text: &str) -> Option<(NaiveDate, Option<NaiveTime>)> {
    let text = text.trim_matches(is_space);
    if text.is_empty() || text.len() > MAX_PLAIN {
        return None;
    }
    if let Some(serial) = serial(text) {
        return Some(serial);
    }
    let (day, time) = match text.split_once(|c: char| is_space(c) || c == 'T') {
        Some((day, time)) => (day.trim_end_matches(','), Some(clock(time.trim_matches(is_space))?)),
        None => (text, None),
    };
    Some((calendar(day)?, time))
}

/// `d.m.yyyy`, `d/m/yyyy`, `d-m-yyyy`, `yyyy-m-d`, `yyyy.m.d`, `yyyy/m/d`; years of two digits are 1950 to 2049.
fn calendar(text: &str) -> Option<NaiveDate> {
    let text = text.trim_end_matches(['г', 'р', '.']);
    let mark = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '.' | '/' | '-'))?;
    let parts: Vec<&str> = text.split(mark).collect();
    let number = |part: &str| {
        let plain = (1..=4).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit());
        plain.then(|| part.parse::<u32>().ok()).flatten()
    };
    let [a, b, c] = parts.as_slice() else { return None };
    let (year, month, day) = if a.len() == 4 {
        (number(a)?, number(b)?, number(c)?)
    } else {
        let year = match c.len() {
            4 => number(c)?,
            2 => number(c).map(|y| if y < 50 { 2_000 + y } else { 1_900 + y })?,
            _ => return None,
        };
        (year, number(b)?, number(a)?)
    };
    if !(1800..=2200).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
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
