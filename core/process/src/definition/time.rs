//! Times as a file writes them: working time of step contracts, and values of timers.

use kernel::Timestamp;
use work::calendar::{WORKING_DAY_SECONDS, WORKING_WEEK_SECONDS};

use super::expressions;
use super::model::TimeValue;
use crate::stepper::timers;

/// Seconds of the longest working time of a step contract: what a task keeps.
const MAX_WORKING: i64 = 20_000 * 3_600;

/// Working time in seconds: a day is eight working hours, a week five days. Months and years have no fixed working time
/// and are refused.
///
/// # Errors
/// What is wrong with it, in English.
pub fn working(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let weeks: Option<i64> =
        text.strip_prefix('P').and_then(|rest| rest.strip_suffix('W')).and_then(|number| number.parse().ok());
    let span = timers::span(text)?;
    if span.months > 0 {
        return Err(format!("`{text}`: months and years have no fixed working time, say it in days or hours"));
    }
    let whole = match weeks {
        Some(weeks) => weeks.saturating_mul(WORKING_WEEK_SECONDS),
        None => i64::from(span.days).saturating_mul(WORKING_DAY_SECONDS),
    };
    let seconds = whole.saturating_add(span.micros / 1_000_000);
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
            ("PT4H", Some((0, 0, 14_400_000_000))),
            ("P1DT30M", Some((0, 1, 1_800_000_000))),
            ("P1Y2M3DT4H5M6S", Some((14, 3, 14_706_000_000))),
            ("P2W", Some((0, 14, 0))),
            ("PT0S", Some((0, 0, 0))),
            ("PT1.5S", Some((0, 0, 1_500_000))),
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
            ("P1W2D", None),
            ("PT99999999999999999999H", None),
            ("pt1h", None),
            ("", None),
        ] {
            let span = timers::span(text).ok().map(|span| (span.months, span.days, span.micros));
            assert_eq!(span, expected, "{text}");
        }
    }

    #[test]
    fn working_time_counts_days_of_eight_hours() {
        assert_eq!(working("PT4H"), Ok(14_400));
        assert_eq!(working("P1D"), Ok(28_800));
        assert_eq!(working("P1DT1H"), Ok(32_400));
        assert_eq!(working("P1W"), Ok(5 * 28_800));
        assert_eq!(working(" P1W "), Ok(5 * 28_800));
        assert!(working("P1M").unwrap_err().contains("months"));
        assert!(working("P1W2D").is_err());
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
