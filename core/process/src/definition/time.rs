//! Times as a file writes them: working time of step contracts, and values of timers.

use kernel::Timestamp;
use work::calendar::{WORKING_DAY_SECONDS, WORKING_WEEK_SECONDS};

use super::expressions;
use super::model::TimeValue;
use crate::stepper::timers;

/// Seconds of the longest working time of a step contract: what a task keeps.
const MAX_WORKING: i64 = 20_000 * 3_600;

/// An ISO 8601 duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    /// Months, years included.
    months: u32,
    /// Days, weeks included.
    days: u32,
    /// Seconds of hours, minutes and seconds; a fraction is cut off.
    seconds: i64,
}

/// Reads `P1Y2M3DT4H5M6S`, `P2W`.
fn parse_span(text: &str) -> Option<Span> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None if rest.is_empty() => return None,
        None => (rest, ""),
    };
    let mut span = Span::default();
    let mut order = "YMWD";
    for part in parts(date) {
        let (number, unit) = part?;
        order = order.split_once(unit)?.1;
        let number: u32 = number.parse().ok().filter(|number| *number <= 100_000)?;
        match unit {
            'Y' => span.months = number.checked_mul(12)?,
            'M' => span.months += number,
            'W' => span.days = number.checked_mul(7)?,
            _ => span.days += number,
        }
    }
    let mut order = "HMS";
    for part in parts(time) {
        let (number, unit) = part?;
        order = order.split_once(unit)?.1;
        let whole = if unit == 'S' { number.split(['.', ',']).next()? } else { number };
        let number: i64 = whole.parse().ok().filter(|number| (0..=10_000_000_000).contains(number))?;
        let factor = match unit {
            'H' => 3_600,
            'M' => 60,
            _ => 1,
        };
        span.seconds = span.seconds.checked_add(number.checked_mul(factor)?)?;
    }
    Some(span)
}

/// Numbers with the letter behind each.
fn parts(text: &str) -> impl Iterator<Item = Option<(&str, char)>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(at) = rest.find(|sign: char| sign.is_ascii_uppercase()) else {
            rest = "";
            return Some(None);
        };
        let (number, behind) = rest.split_at(at);
        let unit = behind.chars().next()?;
        rest = behind.get(1..).unwrap_or_default();
        let digits = number.starts_with(|sign: char| sign.is_ascii_digit())
            && number.chars().all(|sign| sign.is_ascii_digit() || matches!(sign, '.' | ','));
        Some(digits.then_some((number, unit)))
    })
}

/// Working time in seconds: a day is eight working hours, a week five days. Months and years have no fixed working time
/// and are refused.
///
/// # Errors
/// What is wrong with it, in English.
pub fn working(text: &str) -> Result<i64, String> {
    let weeks: Option<i64> =
        text.strip_prefix('P').and_then(|rest| rest.strip_suffix('W')).and_then(|number| number.parse().ok());
    let wrong = || format!("`{text}` is not an ISO 8601 duration such as `PT4H`, `P2D` or `P1DT30M`");
    let span = parse_span(text).ok_or_else(wrong)?;
    if span.months > 0 {
        return Err(format!("`{text}`: months and years have no fixed working time, say it in days or hours"));
    }
    let whole = match weeks {
        Some(weeks) => weeks.saturating_mul(WORKING_WEEK_SECONDS),
        None if text.contains('W') => return Err(format!("`{text}`: weeks cannot be mixed with other units")),
        None => i64::from(span.days).saturating_mul(WORKING_DAY_SECONDS),
    };
    let seconds = whole.saturating_add(span.seconds);
    if seconds > MAX_WORKING {
        return Err(format!("`{text}` is longer than 20,000 working hours"));
    }
    Ok(seconds)
}

/// A value of a timer: an expression when it is marked as one, else text that `check` accepts, else an expression over
/// `vars`, `record`, `instance` or `actor`.
///
/// # Errors
/// What is wrong with it, in English.
pub fn value(text: &str, check: fn(&str) -> Result<(), String>) -> Result<TimeValue, String> {
    let text = text.trim();
    if expressions::is_marked(text) {
        return expressions::compile(text).map(TimeValue::Expression);
    }
    let Err(problem) = check(text) else { return Ok(TimeValue::Text(text.to_owned())) };
    let rooted = expressions::ROOTS.iter().any(|root| text.contains(&format!("{root}.")));
    if rooted && let Ok(expression) = expressions::compile(text) {
        return Ok(TimeValue::Expression(expression));
    }
    Err(problem)
}

/// Whether the text is an instant: RFC 3339, or a local date or time, read in the tenant's zone.
pub fn check_date(text: &str) -> Result<(), String> {
    timers::instant(text, chrono_tz::UTC).map(|_| ())
}

/// Whether the text is a duration that does not lead beyond the calendar.
pub fn check_duration(text: &str) -> Result<(), String> {
    timers::span(text)?.after(Timestamp(0), 1, chrono_tz::UTC).map(|_| ())
}

/// Whether the text is a cycle: `R3/PT1H`, `R/PT1H`, `R2/<start>/PT1H`, or a cron expression.
pub fn check_cycle(text: &str) -> Result<(), String> {
    timers::check_cycle(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("PT4H", Some((0, 0, 14_400))),
            ("P1DT30M", Some((0, 1, 1_800))),
            ("P1Y2M3DT4H5M6S", Some((14, 3, 14_706))),
            ("P2W", Some((0, 14, 0))),
            ("PT0S", Some((0, 0, 0))),
            ("PT1.5S", Some((0, 0, 1))),
            ("P", None),
            ("PT", None),
            ("P1", None),
            ("1D", None),
            ("PT1D", None),
            ("P1H", None),
            ("PT5M1H", None),
            ("PT1H1H", None),
            ("-PT1H", None),
            ("PT-1H", None),
            ("PT99999999999999999999H", None),
            ("pt1h", None),
            ("", None),
        ] {
            let span = parse_span(text).map(|span| (span.months, span.days, span.seconds));
            assert_eq!(span, expected, "{text}");
        }
    }

    #[test]
    fn working_time_counts_days_of_eight_hours() {
        assert_eq!(working("PT4H"), Ok(14_400));
        assert_eq!(working("P1D"), Ok(28_800));
        assert_eq!(working("P1DT1H"), Ok(32_400));
        assert_eq!(working("P1W"), Ok(5 * 28_800));
        assert!(working("P1M").unwrap_err().contains("months"));
        assert!(working("P1W2D").unwrap_err().contains("mixed"));
        assert!(working("P99999D").unwrap_err().contains("20,000"));
    }

    #[test]
    fn times_and_cycles() {
        for text in ["2026-03-01T09:00:00Z", "2026-03-01T09:00:00+02:00", "2026-03-01T09:00", "2026-03-01"] {
            assert_eq!(check_date(text), Ok(()), "{text}");
        }
        for text in ["tomorrow", "2026-13-01", "09:00"] {
            assert!(check_date(text).is_err(), "{text}");
        }
        for text in ["R3/PT1H", "R/PT1H", "R2/2026-03-01T09:00:00Z/P1D", "0 9 * * 1-5", "0 0 9 * * *"] {
            assert_eq!(check_cycle(text), Ok(()), "{text}");
        }
        for text in ["R3", "Rx/PT1H", "R3/PT0S", "R3/1H", "every day", "R1/PT1H/PT1H/PT1H", "R1/x/PT1H"] {
            assert!(check_cycle(text).is_err(), "{text}");
        }
        for text in
            ["PT99999999999999999999H", "P99999999999Y", "P4000000000Y", "P", "1D", "", "PT4000000000H4000000000M"]
        {
            assert!(check_duration(text).is_err(), "{text}");
        }
        assert_eq!(check_duration("P1M2DT3H"), Ok(()));
    }

    #[test]
    fn a_timer_takes_text_or_an_expression() {
        assert!(matches!(value("PT1H", check_duration), Ok(TimeValue::Text(_))));
        assert!(matches!(value("${wait}", check_duration), Ok(TimeValue::Expression(_))));
        assert!(matches!(value("=vars.wait", check_duration), Ok(TimeValue::Expression(_))));
        assert!(matches!(value("vars.wait", check_duration), Ok(TimeValue::Expression(_))));
        assert!(value("soon", check_duration).is_err());
    }
}
