//! An entry never crosses local midnight: how it is cut, and how a rate becomes a cost. Pure.

use crate::span::Span;
use crate::zone::{Date, HOUR, Zone, plus_days};

/// The longest entry, in microseconds.
pub const LONGEST: i64 = 24 * HOUR;

/// The parts of an entry by local date, in order; one where it stays within its date.
pub fn by_day(zone: Zone, whole: Span) -> Vec<(Date, Span)> {
    let mut parts = Vec::new();
    let mut start = whole.start;
    while start < whole.end {
        let day = zone.date(start);
        let end = zone.midnight(plus_days(day, 1)).min(whole.end);
        if end <= start {
            break;
        }
        parts.push((day, Span::new(start, end)));
        start = end;
    }
    parts
}

/// Where free time of a day is taken for hours of which nobody said when: the gaps between what is booked, from `from` on.
pub fn gaps(from: i64, until: i64, booked: &[Span], mut seconds: i64) -> Vec<Span> {
    let mut found = Vec::new();
    for gap in crate::span::without(&[Span::new(from, until)], booked) {
        if seconds <= 0 {
            break;
        }
        let take = gap.seconds().min(seconds);
        if take > 0 {
            found.push(Span::new(gap.start, gap.start + take * crate::zone::SECOND));
            seconds -= take;
        }
    }
    if seconds > 0 { Vec::new() } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::text;

    fn kyiv() -> Zone {
        Zone::named("Europe/Kyiv")
    }

    fn span(from: &str, to: &str) -> Span {
        Span::new(kyiv().read(from).unwrap(), kyiv().read(to).unwrap())
    }

    #[test]
    fn rule_4_acceptance_6_what_crosses_midnight_is_two_rows() {
        let parts = by_day(kyiv(), span("2026-03-03T23:30", "2026-03-04T01:15"));
        let seen: Vec<_> = parts.iter().map(|(day, span)| (text(*day), span.seconds() / 60)).collect();
        assert_eq!(seen, [("2026-03-03".to_owned(), 30), ("2026-03-04".to_owned(), 75)]);
    }

    #[test]
    fn rule_4_an_end_at_midnight_belongs_to_the_day_before() {
        assert_eq!(by_day(kyiv(), span("2026-03-31T23:30", "2026-04-01T00:00")).len(), 1);
        let spring = by_day(kyiv(), span("2026-03-28T22:00", "2026-03-29T06:00"));
        assert_eq!(spring.iter().map(|(_, span)| span.seconds()).sum::<i64>(), 7 * 3_600);
    }

    #[test]
    fn hours_without_a_time_fill_the_gaps_or_are_refused() {
        let booked = [span("2026-03-03T10:00", "2026-03-03T11:00")];
        let (from, until) =
            (span("2026-03-03T09:00", "2026-03-03T12:30").start, span("2026-03-03T09:00", "2026-03-03T12:30").end);
        let found = gaps(from, until, &booked, 2 * 3_600);
        assert_eq!(found, [span("2026-03-03T09:00", "2026-03-03T10:00"), span("2026-03-03T11:00", "2026-03-03T12:00")]);
        assert!(gaps(from, until, &booked, 3 * 3_600).is_empty());
    }
}
