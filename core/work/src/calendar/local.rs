//! Local times: what clocks of a time zone show at an instant, and which instants show a local time. A time may come twice
//! (clocks are set back) or never (they are set forward over it).

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, SecondsFormat, TimeZone};
use chrono_tz::Tz;
use kernel::Timestamp;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;
/// How a local time is written.
const FORMS: [&str; 2] = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];

/// What a local time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This instant.
    Once(Timestamp),
    /// Either of these.
    Twice(Timestamp, Timestamp),
    /// Clocks pass over it at this instant.
    Never(Timestamp),
}

/// What clocks show: RFC 3339 with the offset, to the second; none outside of what calendars know.
pub fn shown(zone: Tz, at: Timestamp) -> Option<String> {
    let utc = DateTime::from_timestamp_micros(at.0)?;
    let local = utc.with_timezone(&zone).fixed_offset();
    Some(local.to_rfc3339_opts(SecondsFormat::Secs, false))
}

/// The instant of a local time, `YYYY-MM-DDTHH:MM` or with seconds; none where it is not written so.
pub fn instant(zone: Tz, local: &str) -> Option<Moment> {
    let local = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(local, form).ok())?;
    let micros = |at: DateTime<Tz>| Timestamp(at.timestamp_micros());
    Some(match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Moment::Once(micros(at)),
        LocalResult::Ambiguous(first, second) => Moment::Twice(micros(first), micros(second)),
        LocalResult::None => Moment::Never(Timestamp(end_of_gap(zone, local))),
    })
}

/// The first instant whose local time is not before `local`, to the second: where the gap around it ends.
pub(super) fn end_of_gap(zone: Tz, local: NaiveDateTime) -> i64 {
    let as_utc = local.and_utc().timestamp();
    // No offset is more than 16 hours, so the wanted instant is surely between these two.
    let (mut before, mut after) = (as_utc - 26 * 3_600, as_utc + 26 * 3_600);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if local_seconds(zone, middle) < as_utc { before = middle } else { after = middle }
    }
    after.saturating_mul(SECOND)
}

/// What the local clock shows at an instant, as seconds since the epoch of a clock without a zone.
fn local_seconds(zone: Tz, at: i64) -> i64 {
    let utc = DateTime::from_timestamp(at, 0).unwrap_or_default().naive_utc();
    at + i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros())
    }

    #[test]
    fn a_local_time_is_once_twice_or_never() {
        let zone: Tz = "Europe/Kyiv".parse().unwrap();
        let once = Moment::Once(at("2026-03-02T09:03:00+02:00"));
        assert_eq!(instant(zone, "2026-03-02T09:03"), Some(once));
        let twice = Moment::Twice(at("2026-10-25T03:30:00+03:00"), at("2026-10-25T03:30:00+02:00"));
        assert_eq!(instant(zone, "2026-10-25T03:30:00"), Some(twice));
        let never = Moment::Never(at("2026-03-29T04:00:00+03:00"));
        assert_eq!(instant(zone, "2026-03-29T03:30"), Some(never));
        for wrong in
            ["", "2026-03-29", "2026-03-29 03:30", "2026-02-30T10:00", "2026-03-29T24:00", "2026-03-29T03:30+03:00"]
        {
            assert_eq!(instant(zone, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn clocks_show_their_offset() {
        let zone: Tz = "Europe/Kyiv".parse().unwrap();
        let shows = |text: &str| shown(zone, at(text));
        assert_eq!(shows("2026-03-29T00:59:59Z").as_deref(), Some("2026-03-29T02:59:59+02:00"));
        assert_eq!(shows("2026-03-29T01:00:00Z").as_deref(), Some("2026-03-29T04:00:00+03:00"));
        assert_eq!(shown(zone, Timestamp(i64::MAX)), None);
    }
}
