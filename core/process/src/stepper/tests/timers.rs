//! Instants of timers.

use chrono_tz::Tz;
use kernel::Timestamp;

use super::super::state::WaitKind;
use super::super::timers::{check_cycle, first, instant, next, span};
use super::{Bench, NOON, read};

const KYIV: Tz = chrono_tz::Europe::Kyiv;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn durations_are_added_on_the_calendar_of_the_zone() {
    let check = |text: &str, from: &str, zone: Tz, expected: &str| {
        let due = span(text).and_then(|span| span.after(at(from), 1, zone)).unwrap();
        assert_eq!(due.to_string(), expected, "{from} + {text}");
    };
    check("PT90M", NOON, Tz::UTC, "2026-03-02T13:30:00Z");
    check("PT36H", NOON, Tz::UTC, "2026-03-04T00:00:00Z");
    check("PT1.5S", NOON, Tz::UTC, "2026-03-02T12:00:01.500Z");
    check("P1Y2M3DT4H5M6S", NOON, Tz::UTC, "2027-05-05T16:05:06Z");
    check("P2W", NOON, Tz::UTC, "2026-03-16T12:00:00Z");
    check("P1M", "2026-01-31T08:00:00Z", Tz::UTC, "2026-02-28T08:00:00Z");
    check("P1M", "2028-01-31T08:00:00Z", Tz::UTC, "2028-02-29T08:00:00Z");
    // The clocks of Kyiv go forward on 2026-03-29 at 03:00 and back on 2026-10-25 at 04:00.
    check("P1D", "2026-03-28T10:00:00Z", KYIV, "2026-03-29T09:00:00Z");
    check("PT24H", "2026-03-28T10:00:00Z", KYIV, "2026-03-29T10:00:00Z");
    check("P1D", "2026-10-24T09:00:00Z", KYIV, "2026-10-25T10:00:00Z");
    check("P1D", "2026-03-28T01:30:00Z", KYIV, "2026-03-29T01:30:00Z");
    check("P1DT1H", "2026-03-28T01:30:00Z", KYIV, "2026-03-29T02:30:00Z");
}

#[test]
fn what_is_no_duration_is_refused() {
    for text in ["", "P", "PT", "P1DT", "1H", "PT1H and more", "-PT1H", "P1W2D", "PTH", "P1.5D", "PT99999999999S"] {
        assert!(span(text).is_err(), "{text}");
    }
    assert!(span("P4000000000Y").is_err());
    assert!(span("P300000Y").unwrap().after(at(NOON), 1, Tz::UTC).unwrap_err().contains("calendar"));
    assert!(span("PT0S").unwrap().is_zero());
}

#[test]
fn instants_without_an_offset_are_local() {
    let check = |text: &str, expected: &str| assert_eq!(instant(text, KYIV).unwrap().to_string(), expected, "{text}");
    check("2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z");
    check("2026-03-02T12:00:00.250+05:00", "2026-03-02T07:00:00.250Z");
    check("2026-03-02T12:00:00+0500", "2026-03-02T07:00:00Z");
    check("2026-03-02T12:00Z", "2026-03-02T12:00:00Z");
    check("2026-03-02T12:00+05:00", "2026-03-02T07:00:00Z");
    check("2026-03-02T12:00:00", "2026-03-02T10:00:00Z");
    check("2026-03-02T12:00", "2026-03-02T10:00:00Z");
    check("2026-03-02", "2026-03-01T22:00:00Z");
    // Left out by the clocks, shown twice by them.
    check("2026-03-29T03:30:00", "2026-03-29T01:30:00Z");
    check("2026-10-25T03:30:00", "2026-10-25T00:30:00Z");
    for text in ["", "tomorrow", "2026-02-30", "2026-03-02T25:00", "12:00"] {
        assert!(instant(text, KYIV).is_err(), "{text}");
    }
}

/// The times of a cycle, each asked for when the one before is due.
fn times(text: &str, zone: Tz, most: usize) -> Vec<String> {
    let (mut due, mut cycle) = first(text, at(NOON), zone).unwrap();
    let mut times = vec![due.to_string()];
    while times.len() < most {
        let Some((later, then)) = next(&cycle, due, due, zone).unwrap() else { break };
        (due, cycle) = (later, then);
        times.push(due.to_string());
    }
    times
}

#[test]
fn cycles_repeat() {
    let hours = ["2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z"];
    assert_eq!(times("R3/PT1H", Tz::UTC, 9), hours);
    assert_eq!(times("R/PT1H", Tz::UTC, 3), hours);
    assert_eq!(times("R/PT1H/2026-03-02T14:30:00Z", Tz::UTC, 9), hours[..2]);
    let starts = ["2026-03-05T09:00:00Z", "2026-03-06T09:00:00Z"];
    assert_eq!(times("R2/2026-03-05T09:00:00Z/P1D", Tz::UTC, 9), starts);
    // Months are counted from the start, so a short one does not shorten the rest.
    let months = ["2026-03-31T09:00:00Z", "2026-04-30T09:00:00Z", "2026-05-31T09:00:00Z"];
    assert_eq!(times("R3/2026-03-31T09:00:00Z/P1M", Tz::UTC, 9), months);
    assert_eq!(times("R2/2026-03-28T09:00/P1D", KYIV, 9), ["2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z"]);
    assert_eq!(times("0 9 * * 1", Tz::UTC, 2), ["2026-03-09T09:00:00Z", "2026-03-16T09:00:00Z"]);
}

#[test]
fn a_cycle_without_end_leaves_out_what_has_gone_by_and_one_with_a_count_does_not() {
    let now = at("2026-03-10T00:30:00Z");
    for (text, expected) in [
        ("R/PT1H", "2026-03-10T01:00:00Z"),
        ("R/PT1S", "2026-03-10T00:30:00Z"),
        ("R/P1D", "2026-03-10T12:00:00Z"),
        ("R/P1M", "2026-04-02T12:00:00Z"),
        ("R9/PT1H", "2026-03-02T14:00:00Z"),
        ("0 * * * *", "2026-03-10T01:00:00Z"),
    ] {
        let (due, cycle) = first(text, at(NOON), Tz::UTC).unwrap();
        let (later, _) = next(&cycle, due, now.max(due), Tz::UTC).unwrap().unwrap();
        let expected = if text == "R/P1M" { "2026-05-02T12:00:00Z" } else { expected };
        assert_eq!(later.to_string(), expected, "{text}");
    }
    let (due, _) = first("R/2020-01-01T00:00:00Z/P1D", at(NOON), Tz::UTC).unwrap();
    assert_eq!(due.to_string(), "2026-03-03T00:00:00Z");
    let (due, _) = first("R2/2020-01-01T00:00:00Z/P1D", at(NOON), Tz::UTC).unwrap();
    assert_eq!(due.to_string(), "2020-01-01T00:00:00Z");
}

#[test]
fn what_is_no_cycle_is_refused() {
    for text in [
        "",
        "R",
        "R3",
        "R3/",
        "R0/PT1H",
        "R3/PT0S",
        "R/PT0.5S",
        "Rx/PT1H",
        "R3/soon/PT1H",
        "R3/PT1H/soon",
        "every day",
        "R/a/b/c",
    ] {
        assert!(check_cycle(text).is_err(), "{text}");
    }
    for text in ["R3/PT1H", "R/P1D", "R5/2026-03-01T09:00:00Z/P1W", "R/PT1H/2027-01-01", "0 9 * * 1-5"] {
        assert_eq!(check_cycle(text), Ok(()), "{text}");
    }
}

#[test]
fn a_timer_of_a_process_is_armed_in_the_zone_of_the_tenant() {
    let timer = |definition: &str, variables: &str| {
        let definition = read(&format!(
            "<startEvent id='s'/><intermediateCatchEvent id='t'><timerEventDefinition>{definition}</timerEventDefinition></intermediateCatchEvent>
             > s t"
        ));
        let mut bench = Bench::new(&definition);
        bench.zone = KYIV;
        bench.line(&format!("start {variables}"));
        match bench.state.waits.values().next().map(|wait| wait.kind.clone()) {
            Some(WaitKind::Timer { at, .. }) => Ok(at.to_string()),
            _ => Err(bench.state.incidents.values().next().unwrap().message.in_locale(kernel::Locale::En)),
        }
    };
    assert_eq!(timer("<timeDate>2026-04-01T09:00:00</timeDate>", "").unwrap(), "2026-04-01T06:00:00Z");
    assert_eq!(timer("<timeDate>=vars.when</timeDate>", "when='2026-04-01'").unwrap(), "2026-03-31T21:00:00Z");
    assert_eq!(timer("<timeDuration>P30D</timeDuration>", "").unwrap(), "2026-04-01T11:00:00Z");
    assert_eq!(timer("<timeDuration>=vars.wait</timeDuration>", "wait='PT5M'").unwrap(), "2026-03-02T12:05:00Z");
    assert_eq!(timer("<timeDuration>=duration('90m')</timeDuration>", "").unwrap(), "2026-03-02T13:30:00Z");
    assert_eq!(timer("<timeDate>=timestamp('2026-03-05T00:00:00Z')</timeDate>", "").unwrap(), "2026-03-05T00:00:00Z");
    assert_eq!(timer("<timeCycle>0 9 * * *</timeCycle>", "").unwrap(), "2026-03-03T07:00:00Z");
    assert!(timer("<timeDuration>=vars.wait</timeDuration>", "wait='soon'").unwrap_err().contains("`soon`"));
    assert!(timer("<timeDuration>=vars.wait</timeDuration>", "wait=null").unwrap_err().contains("null"));
    assert!(timer("<timeDuration>=vars.wait</timeDuration>", "").unwrap_err().contains("`wait`"));
}
