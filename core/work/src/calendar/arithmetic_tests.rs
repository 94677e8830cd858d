//! Working time: tables of known answers, and properties over zones, years and both changes of the clock.

use chrono_tz::{Africa, America, Asia, Australia, Europe, Pacific};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn hours(from: u16, to: u16) -> Interval {
    Interval { from: from * 60, to: to * 60 }
}

fn weekly(zone: Tz, working: &[Interval]) -> WorkingTime {
    let day = || working.to_vec();
    WorkingTime::new(
        zone,
        Pattern::Weekly([day(), day(), day(), day(), day(), Vec::new(), Vec::new()]),
        BTreeMap::new(),
    )
}

/// `from` + `seconds` = `expected`, back again, and as much lies between.
fn check(calendar: &WorkingTime, from: &str, seconds: i64, expected: &str) {
    let end = calendar.add(at(from), seconds).unwrap();
    assert_eq!(end.to_string(), expected, "{from} + {seconds}");
    assert_eq!(calendar.between(at(from), end), Ok(seconds), "between {from} and {expected}");
    assert_eq!(calendar.between(end, at(from)), Ok(-seconds));
    assert_eq!(calendar.add(end, -seconds), calendar.subtract(end, seconds));
}

const HOUR: i64 = 3_600;

#[test]
fn the_usual_week_has_eight_hours_a_day_and_a_lunch_hour() {
    let calendar = WorkingTime::usual(Europe::Moscow);
    check(&calendar, "2026-03-02T06:00:00Z", 8 * HOUR, "2026-03-02T15:00:00Z");
    check(&calendar, "2026-03-02T09:30:00Z", HOUR, "2026-03-02T11:30:00Z");
    // Friday evening: the hour is done at ten on Monday.
    check(&calendar, "2026-03-06T16:00:00Z", HOUR, "2026-03-09T07:00:00Z");
    check(&calendar, "2026-03-06T14:00:00Z", HOUR, "2026-03-06T15:00:00Z");
    check(&calendar, "2026-03-07T00:00:00Z", 40 * HOUR, "2026-03-13T15:00:00Z");
    assert!(calendar.is_working(at("2026-03-02T06:00:00Z")));
    assert!(!calendar.is_working(at("2026-03-02T10:30:00Z")));
    assert!(!calendar.is_working(at("2026-03-02T15:00:00Z")));
}

#[test]
fn nothing_added_is_the_same_instant_even_at_night() {
    let calendar = WorkingTime::usual(Europe::Kyiv);
    check(&calendar, "2026-03-07T00:00:00.5Z", 0, "2026-03-07T00:00:00.500Z");
}

#[test]
fn a_shift_over_the_change_of_the_clock_is_as_long_as_it_really_is() {
    // Kyiv goes from 03:00 to 04:00 on 2026-03-29 and from 04:00 to 03:00 on 2026-10-25.
    let mut nights: [Vec<Interval>; 7] = Default::default();
    nights[5] = vec![Interval { from: 22 * 60, to: 30 * 60 }];
    let calendar = WorkingTime::new(Europe::Kyiv, Pattern::Weekly(nights), BTreeMap::new());
    let length = |from: &str, to: &str| calendar.between(at(from), at(to)).unwrap();
    assert_eq!(length("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"), 7 * HOUR);
    assert_eq!(length("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), 9 * HOUR);
    assert_eq!(length("2026-06-06T12:00:00Z", "2026-06-07T12:00:00Z"), 8 * HOUR);
    check(&calendar, "2026-03-28T12:00:00Z", 7 * HOUR, "2026-03-29T03:00:00Z");
    check(&calendar, "2026-10-24T12:00:00Z", 9 * HOUR, "2026-10-25T04:00:00Z");
}

#[test]
fn hours_inside_a_gap_are_empty_and_those_that_touch_it_begin_at_its_end() {
    let sunday = |hours: Interval| {
        let mut week: [Vec<Interval>; 7] = Default::default();
        week[6] = vec![hours];
        WorkingTime::new(Europe::Kyiv, Pattern::Weekly(week), BTreeMap::new())
    };
    let (from, to) = (at("2026-03-28T22:00:00Z"), at("2026-03-29T20:00:00Z"));
    let inside = sunday(Interval { from: 3 * 60 + 10, to: 3 * 60 + 50 });
    assert_eq!(inside.between(from, to), Ok(0));
    let half = sunday(Interval { from: 3 * 60 + 30, to: 5 * 60 });
    assert_eq!(half.between(from, to), Ok(HOUR));
    assert_eq!(half.add(from, 60).unwrap().to_string(), "2026-03-29T01:01:00Z");
}

#[test]
fn a_day_that_a_country_skipped_is_no_working_day() {
    // Samoa had no 30 December 2011.
    let calendar = weekly(Pacific::Apia, &[hours(9, 17)]);
    check(&calendar, "2011-12-29T19:00:00Z", 8 * HOUR, "2011-12-30T03:00:00Z");
    let (from, to) = (at("2011-12-29T10:00:00Z"), at("2011-12-31T10:00:00Z"));
    assert_eq!(calendar.between(from, to), Ok(8 * HOUR));
}

#[test]
fn shifts_repeat_from_their_anchor_in_both_directions() {
    // Day, night, two days off.
    let days = vec![vec![hours(8, 20)], vec![Interval { from: 20 * 60, to: 32 * 60 }], Vec::new(), Vec::new()];
    let anchor = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let calendar = WorkingTime::new(Tz::UTC, Pattern::Cycle { anchor, days }, BTreeMap::new());
    check(&calendar, "2026-01-01T00:00:00Z", 24 * HOUR, "2026-01-03T08:00:00Z");
    check(&calendar, "2026-01-03T09:00:00Z", HOUR, "2026-01-05T09:00:00Z");
    check(&calendar, "2025-12-28T00:00:00Z", 12 * HOUR, "2025-12-28T20:00:00Z");
    let year = calendar.between(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")).unwrap();
    assert_eq!(year, (91 * 24 + 12) * HOUR);
}

#[test]
fn holidays_and_days_with_hours_of_their_own_stand_instead_of_the_pattern() {
    let date = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let days = BTreeMap::from([(date(2), Vec::new()), (date(7), vec![hours(10, 12)])]);
    let mut calendar = weekly(Tz::UTC, &[hours(9, 17)]);
    calendar.days = days;
    check(&calendar, "2026-03-02T00:00:00Z", HOUR, "2026-03-03T10:00:00Z");
    check(&calendar, "2026-03-06T17:00:00Z", 2 * HOUR, "2026-03-07T12:00:00Z");
    check(&calendar, "2026-03-06T17:00:00Z", 3 * HOUR, "2026-03-09T10:00:00Z");
}

#[test]
fn a_night_shift_ends_where_the_next_days_own_hours_begin() {
    let mut week: [Vec<Interval>; 7] = Default::default();
    week[0] = vec![Interval { from: 20 * 60, to: 20 * 60 + 1_440 }];
    week[1] = vec![hours(6, 7)];
    let calendar = WorkingTime::new(Tz::UTC, Pattern::Weekly(week), BTreeMap::new());
    assert_eq!(calendar.between(at("2026-03-02T00:00:00Z"), at("2026-03-05T00:00:00Z")), Ok(11 * HOUR));
    check(&calendar, "2026-03-02T00:00:00Z", 11 * HOUR, "2026-03-03T07:00:00Z");
}

#[test]
fn a_calendar_without_working_time_ends_the_search() {
    for pattern in [
        Pattern::Weekly(Default::default()),
        Pattern::Cycle { anchor: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), days: Vec::new() },
    ] {
        let calendar = WorkingTime::new(Europe::Berlin, pattern, BTreeMap::new());
        let from = at("2026-03-02T00:00:00Z");
        assert_eq!(calendar.add(from, 1), Err(Uncountable::Beyond));
        assert_eq!(calendar.subtract(from, 1), Err(Uncountable::Beyond));
        assert_eq!(calendar.add(from, 0), Ok(from));
        assert_eq!(calendar.between(from, from.plus_seconds(86_400 * 3_000)), Ok(0));
    }
}

#[test]
fn absurd_instants_and_lengths_are_errors_and_quick() {
    let calendar = WorkingTime::usual(Europe::Moscow);
    let now = at("2026-03-02T00:00:00Z");
    for wrong in [Timestamp(i64::MAX), Timestamp(i64::MIN)] {
        assert!(calendar.add(wrong, 1).is_err());
        assert!(calendar.between(wrong, now).is_err());
        assert!(calendar.between(now, wrong).is_err());
    }
    assert_eq!(calendar.add(now, i64::MAX), Err(Uncountable::Beyond));
    assert_eq!(calendar.add(now, i64::MIN), Err(Uncountable::Beyond));
    assert_eq!(calendar.between(now, at("2126-01-01T00:00:00Z")), Err(Uncountable::Beyond));
}

const ZONES: [Tz; 9] = [
    Tz::UTC,
    Europe::Kyiv,
    Europe::Moscow,
    America::New_York,
    Australia::Lord_Howe,
    Pacific::Apia,
    Asia::Kathmandu,
    Africa::Casablanca,
    America::St_Johns,
];

fn day_hours() -> impl Strategy<Value = Vec<Interval>> {
    proptest::collection::vec(0_u16..1_440, 0..6).prop_map(|mut marks| {
        marks.sort_unstable();
        marks.dedup();
        marks.chunks_exact(2).map(|pair| Interval { from: pair[0], to: pair[1] }).collect()
    })
}

fn with_nights() -> impl Strategy<Value = Vec<Interval>> {
    (day_hours(), 1_u16..=1_440, any::<bool>()).prop_map(|(mut hours, length, night)| {
        let from = hours.last().map_or(1_200, |last| last.to.min(1_439));
        if night {
            hours.push(Interval { from, to: from + length });
        }
        hours
    })
}

fn calendars() -> impl Strategy<Value = WorkingTime> {
    let weekly = proptest::array::uniform7(with_nights()).prop_map(Pattern::Weekly);
    let cycle = proptest::collection::vec(with_nights(), 1..9)
        .prop_map(|days| Pattern::Cycle { anchor: NaiveDate::from_ymd_opt(2024, 2, 29).unwrap(), days });
    let exceptions = proptest::collection::btree_map(0_u64..1_500, with_nights(), 0..20).prop_map(|days| {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        days.into_iter().map(|(day, hours)| (first + Days::new(day), hours)).collect()
    });
    (proptest::sample::select(ZONES.to_vec()), prop_oneof![weekly, cycle], exceptions)
        .prop_map(|(zone, pattern, days)| WorkingTime::new(zone, pattern, days))
}

/// 2010 to 2030, to the microsecond.
fn instants() -> impl Strategy<Value = Timestamp> {
    (1_262_300_000_000_000_i64..1_893_450_000_000_000).prop_map(Timestamp)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn adding_and_measuring_are_inverse(calendar in calendars(), from in instants(), seconds in 0_i64..4_000_000) {
        if let Ok(end) = calendar.add(from, seconds) {
            prop_assert_eq!(calendar.between(from, end), Ok(seconds));
            // The earliest such instant: a microsecond before, less has passed.
            if seconds > 0 {
                prop_assert!(calendar.between(from, Timestamp(end.0 - 1)).unwrap() < seconds);
            }
        }
        if let Ok(start) = calendar.subtract(from, seconds) {
            prop_assert_eq!(calendar.between(start, from), Ok(seconds));
            if seconds > 0 {
                prop_assert!(calendar.between(Timestamp(start.0 + 1), from).unwrap() < seconds);
            }
        }
    }

    #[test]
    fn measuring_and_adding_come_back_to_the_same_working_instant(
        calendar in calendars(), from in instants(), length in 0_i64..20_000_000
    ) {
        let until = from.plus_seconds(length);
        let seconds = calendar.between(from, until).unwrap();
        prop_assert!((0..=length).contains(&seconds));
        if let Ok(end) = calendar.add(from, seconds) {
            prop_assert!(end <= until);
            prop_assert_eq!(calendar.between(end, until), Ok(0));
        }
    }

    #[test]
    fn time_only_goes_forward(
        calendar in calendars(), from in instants(), gap in 0_i64..5_000_000, seconds in 0_i64..500_000, more in 0_i64..500_000
    ) {
        let later = from.plus_seconds(gap);
        if let (Ok(a), Ok(b)) = (calendar.add(from, seconds), calendar.add(later, seconds)) {
            prop_assert!(a <= b);
        }
        if let (Ok(a), Ok(b)) = (calendar.add(from, seconds), calendar.add(from, seconds + more)) {
            prop_assert!(a <= b);
            // Two steps make one, when the clock stands at the end of the first.
            prop_assert_eq!(calendar.add(a, more), Ok(if more == 0 { a } else { b }));
        }
        let whole = calendar.between(from, later.plus_seconds(gap)).unwrap();
        let parts = calendar.between(from, later).unwrap() + calendar.between(later, later.plus_seconds(gap)).unwrap();
        // Each part is rounded down to a second.
        prop_assert!((whole - parts).abs() <= 1);
    }

    #[test]
    fn hours_around_the_clock_are_plain_time(zone in proptest::sample::select(ZONES.to_vec()), from in instants(), seconds in 0_i64..40_000_000) {
        let whole = || vec![Interval { from: 0, to: DAY_MINUTES }];
        let week = [whole(), whole(), whole(), whole(), whole(), whole(), whole()];
        let calendar = WorkingTime::new(zone, Pattern::Weekly(week), BTreeMap::new());
        prop_assert_eq!(calendar.add(from, seconds), Ok(from.plus_seconds(seconds)));
    }
}
