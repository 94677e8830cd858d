//! Times of timers: ISO 8601 instants, durations and repeating intervals, and cron expressions, into instants.
//!
//! Years, months, weeks and days are counted on the calendar of a zone (a day later is the same time of day, a month
//! after the 31st is the last day of a shorter month); hours, minutes and seconds are exact.

use chrono::{DateTime, Days, Duration, Months, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use kernel::Timestamp;
use kernel::jobs::next_after;

use super::state::Cycle;

/// A duration of ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Years and months, in months.
    pub months: u32,
    /// Weeks and days, in days.
    pub days: u32,
    /// Hours, minutes and seconds, in microseconds.
    pub micros: i64,
}

impl Span {
    /// The instant that is so many of these spans after another one.
    ///
    /// # Errors
    /// When it is beyond the calendar.
    pub fn after(self, at: Timestamp, times: u32, zone: Tz) -> Result<Timestamp, String> {
        self.add(at, times, zone).ok_or_else(|| "the time is beyond the calendar: use a shorter duration".to_owned())
    }

    fn add(self, at: Timestamp, times: u32, zone: Tz) -> Option<Timestamp> {
        let mut at = at;
        let (months, days) = (self.months.checked_mul(times)?, u64::from(self.days) * u64::from(times));
        if months > 0 || days > 0 {
            let local = at.utc().with_timezone(&zone).naive_local();
            let local = local.checked_add_months(Months::new(months))?.checked_add_days(Days::new(days))?;
            at = resolve(local, zone)?;
        }
        let later = Timestamp(at.0.checked_add(self.micros.checked_mul(i64::from(times))?)?);
        DateTime::from_timestamp_micros(later.0).map(|_| later)
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.months == 0 && self.days == 0 && self.micros == 0
    }
}

/// Reads a duration: `P1Y2M3DT4H5M6.5S`, `P2W`.
///
/// # Errors
/// When it is no ISO 8601 duration, or negative.
pub fn span(text: &str) -> Result<Span, String> {
    let wrong = || format!("`{text}` is not an ISO 8601 duration such as PT1H, P2D or P1M");
    let trimmed = text.trim();
    match iso8601::parsers::parse_duration(trimmed.as_bytes()) {
        Ok(([], duration)) if trimmed.starts_with('P') && !trimmed.ends_with(['P', 'T']) => {
            of(duration).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

fn of(duration: iso8601::Duration) -> Option<Span> {
    match duration {
        iso8601::Duration::Weeks(weeks) => Some(Span { months: 0, days: weeks.checked_mul(7)?, micros: 0 }),
        iso8601::Duration::YMDHMS { year, month, day, hour, minute, second, millisecond } => {
            let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
            let micros = seconds.checked_mul(1_000_000)?.checked_add(i64::from(millisecond) * 1_000)?;
            Some(Span { months: year.checked_mul(12)?.checked_add(month)?, days: day, micros })
        }
    }
}

/// Reads an instant: a date and time with an offset, or a local one (or a day, from its beginning) in `zone`.
///
/// # Errors
/// When it is none of them.
pub fn instant(text: &str, zone: Tz) -> Result<Timestamp, String> {
    let text = text.trim();
    let wrong =
        || format!("`{text}` is not a date or time such as 2026-03-01T09:00:00Z, 2026-03-01T09:00 or 2026-03-01");
    if let Some(at) = Timestamp::parse(text) {
        return Ok(at);
    }
    let offset = text.strip_suffix('Z').map_or_else(|| text.to_owned(), |text| format!("{text}+00:00"));
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z"];
    if let Some(at) = zoned.iter().find_map(|form| DateTime::parse_from_str(&offset, form).ok()) {
        return Ok(Timestamp::from(at));
    }
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    local.or_else(day).and_then(|local| resolve(local, zone)).ok_or_else(wrong)
}

/// A local time as an instant. Of a time that the clocks show twice, the first; one that they leave out is moved by what
/// they leave out.
fn resolve(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    if let Some(at) = zone.from_local_datetime(&local).earliest() {
        return Some(Timestamp::from(at));
    }
    let day = Duration::days(1);
    let before = zone.from_local_datetime(&local.checked_sub_signed(day)?).earliest()?;
    before.checked_add_signed(day).map(Timestamp::from)
}

/// A repeating interval.
struct Repeating<'t> {
    /// How often; none = without end.
    times: Option<u32>,
    start: Option<&'t str>,
    span: Span,
    end: Option<&'t str>,
}

fn repeating(text: &str) -> Result<Repeating<'_>, String> {
    let wrong =
        || format!("`{text}` is not a repeating interval such as R3/PT1H, R/P1D or R5/2026-03-01T09:00:00Z/P1W");
    let mut parts = text.split('/');
    let count = parts.next().and_then(|first| first.strip_prefix('R')).ok_or_else(wrong)?;
    let times = if count.is_empty() { None } else { Some(count.parse::<u32>().map_err(|_| wrong())?) };
    let (start, interval, end) = match (parts.next(), parts.next(), parts.next()) {
        (Some(only), None, _) => (None, only, None),
        (Some(interval), Some(end), None) if interval.starts_with('P') => (None, interval, Some(end)),
        (Some(start), Some(interval), None) => (Some(start), interval, None),
        _ => return Err(wrong()),
    };
    let span = span(interval)?;
    if span.months == 0 && span.days == 0 && span.micros < 1_000_000 {
        return Err(format!("`{text}` repeats faster than every second"));
    }
    if times == Some(0) {
        return Err(format!("`{text}` never comes: it repeats 0 times"));
    }
    Ok(Repeating { times, start, span, end })
}

/// Checks the text of a cycle.
///
/// # Errors
/// What is wrong with it.
pub fn check_cycle(text: &str) -> Result<(), String> {
    first(text, Timestamp(0), Tz::UTC).map(|_| ())
}

/// The first time of a cycle that is armed now.
///
/// # Errors
/// When the text is neither a repeating interval nor a cron expression, or never comes.
pub fn first(text: &str, now: Timestamp, zone: Tz) -> Result<(Timestamp, Cycle), String> {
    let text = text.trim();
    let cycle = |start, round, left| Cycle { text: text.to_owned(), start, round, left };
    if !text.starts_with('R') {
        return Ok((next_after(text, zone, now)?, cycle(now, 1, None)));
    }
    let repeat = repeating(text)?;
    let left = repeat.times.map(|times| times.saturating_sub(1));
    let first = match repeat.start {
        None => (repeat.span.after(now, 1, zone)?, cycle(now, 1, left)),
        Some(start) => {
            let start = instant(start, zone)?;
            let mut cycle = cycle(start, 0, left);
            let at = if left.is_none() { catch_up(&repeat, &mut cycle, now, zone)? } else { start };
            (at, cycle)
        }
    };
    if let Some(end) = repeat.end {
        instant(end, zone)?;
    }
    Ok(first)
}

/// The next time of a cycle after the one at `at`; none when that was the last. One without end leaves out times that
/// have gone by.
///
/// # Errors
/// When the time is beyond the calendar.
pub fn next(cycle: &Cycle, at: Timestamp, now: Timestamp, zone: Tz) -> Result<Option<(Timestamp, Cycle)>, String> {
    let mut later = cycle.clone();
    if !cycle.text.starts_with('R') {
        return Ok(Some((next_after(&cycle.text, zone, at.max(now))?, later)));
    }
    let repeat = repeating(&cycle.text)?;
    later.round = cycle.round.saturating_add(1);
    let next = match cycle.left {
        Some(0) => return Ok(None),
        Some(left) => {
            later.left = Some(left - 1);
            repeat.span.after(cycle.start, later.round, zone)?
        }
        None => catch_up(&repeat, &mut later, now, zone)?,
    };
    let over = match repeat.end {
        Some(end) => next > instant(end, zone)?,
        None => false,
    };
    Ok(Some((next, later)).filter(|_| !over))
}

/// The first time from the cycle's round on that is not past; the round is moved there.
fn catch_up(repeat: &Repeating<'_>, cycle: &mut Cycle, now: Timestamp, zone: Tz) -> Result<Timestamp, String> {
    let gone = |round| repeat.span.after(cycle.start, round, zone).map(|at| at < now);
    if gone(cycle.round)? {
        let (mut past, mut step) = (cycle.round, 1_u32);
        while gone(past.saturating_add(step))? {
            past = past.saturating_add(step);
            step = step.saturating_mul(2);
        }
        let mut ahead = past.saturating_add(step);
        while ahead - past > 1 {
            let middle = past + (ahead - past) / 2;
            if gone(middle)? { past = middle } else { ahead = middle }
        }
        cycle.round = ahead;
    }
    repeat.span.after(cycle.start, cycle.round, zone)
}
