//! Whole days of a calendar file (RFC 5545): once, or every year. Times, alarms and time zones are of no interest here.
//!
//! No library: of one that reads whole calendars the splitting of lines alone would be of use, and repeating would be ours.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use kernel::error::FieldError;

use super::super::settings::DaySettings;
use super::HolidaysFound;
use super::rules::nth;

/// Bytes of a file.
const MAX_BYTES: usize = 1_000_000;
/// Years of a file that count.
const YEARS: i32 = 5;
/// Days that one event may span.
const MAX_SPAN: i64 = 366;
/// Days of all events together, those of one date several times.
const MAX_PUT: usize = 20_000;
/// Letters of a day's name; what several events call it stands side by side.
const MAX_NAME: usize = 200;
/// Events that could not be read and are named.
const NAMED: usize = 10;

/// Reads the whole days of a year and the four after it.
///
/// # Errors
/// What is wrong with the file: `too_long`, `ics`, `too_many`.
pub(super) fn read(text: &str, first: i32) -> Result<HolidaysFound, FieldError> {
    if text.len() > MAX_BYTES {
        return Err(FieldError::new("too_long").with("max", MAX_BYTES));
    }
    let lines = unfolded(text.trim_start_matches('\u{feff}'));
    let mut lines = lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty());
    let is_calendar = lines.next().is_some_and(|line| line.eq_ignore_ascii_case("BEGIN:VCALENDAR"));
    if !is_calendar {
        return Err(FieldError::new("ics"));
    }
    let mut found = Found { first, days: BTreeMap::new(), put: 0, answer: HolidaysFound::default() };
    let (mut event, mut inside): (Option<Event>, usize) = (None, 0);
    for line in lines {
        let Some(property) = Property::of(line) else { continue };
        match (property.name.as_str(), &mut event) {
            ("BEGIN", None) if property.is("VEVENT") => (event, inside) = (Some(Event::default()), 0),
            ("BEGIN", Some(_)) => inside += 1,
            ("END", Some(_)) if inside > 0 => inside -= 1,
            ("END", Some(one)) if property.is("VEVENT") => {
                found.take(one)?;
                event = None;
            }
            // What stands in an alarm of an event is not about its day.
            (_, Some(one)) if inside == 0 => one.learn(&property),
            _ => {}
        }
    }
    if let Some(cut) = event {
        // The file ends within it.
        found.miss(cut.name);
    }
    Ok(found.answer())
}

/// Lines, with those that go on put together.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// `NAME;PARAMETER=x:value`.
struct Property<'a> {
    name: String,
    value: &'a str,
}

impl<'a> Property<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let mut quoted = false;
        let colon = line.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
        let name = head.split(';').next().unwrap_or(head).trim().to_ascii_uppercase();
        Some(Self { name, value: value.trim() })
    }

    fn is(&self, value: &str) -> bool {
        self.value.eq_ignore_ascii_case(value)
    }
}

/// What a file says of an event.
#[derive(Default)]
struct Event {
    name: Option<String>,
    start: Option<String>,
    end: Option<String>,
    duration: Option<String>,
    rule: Option<String>,
    except: Vec<NaiveDate>,
    cancelled: bool,
    /// Repeats in a way that is not read here.
    odd: bool,
}

impl Event {
    fn learn(&mut self, property: &Property<'_>) {
        let value = || Some(property.value.to_owned());
        match property.name.as_str() {
            "SUMMARY" => self.name = named(property.value),
            "DTSTART" => self.start = value(),
            "DTEND" => self.end = value(),
            "DURATION" => self.duration = value(),
            "RRULE" => (self.odd, self.rule) = (self.odd || self.rule.is_some(), value()),
            "RDATE" | "RECURRENCE-ID" => self.odd = true,
            "EXDATE" => self.except.extend(property.value.split(',').filter_map(day_of)),
            "STATUS" => self.cancelled = property.is("CANCELLED"),
            _ => {}
        }
    }

    /// The first day and how many there are; none when they are no whole days.
    fn span(&self) -> Option<(NaiveDate, i64)> {
        let start = whole_day(self.start.as_deref()?)?;
        let days = match (&self.end, &self.duration) {
            (Some(end), _) => whole_day(end)?.signed_duration_since(start).num_days().max(1),
            (None, Some(duration)) => length(duration)?,
            (None, None) => 1,
        };
        ((1900..=2200).contains(&start.year()) && (1..=MAX_SPAN).contains(&days)).then_some((start, days))
    }
}

/// A text as people read it: one line, no longer than a name may be.
fn named(value: &str) -> Option<String> {
    let mut name = String::new();
    let mut escaped = false;
    for c in value.chars() {
        match (escaped, c) {
            (false, '\\') => {
                escaped = true;
                continue;
            }
            (true, 'n' | 'N') => name.push(' '),
            (_, c) if c.is_control() => name.push(' '),
            (_, c) => name.push(c),
        }
        escaped = false;
    }
    let name: String = name.trim().chars().take(MAX_NAME).collect();
    (!name.is_empty()).then_some(name)
}

/// `20260501`, and nothing behind it.
fn whole_day(text: &str) -> Option<NaiveDate> {
    if text.len() == 8 { day_of(text) } else { None }
}

/// The day of `20260501` or `20260501T090000Z`.
fn day_of(text: &str) -> Option<NaiveDate> {
    let part = |from: usize, to: usize| {
        let digits = text.trim().get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten()
    };
    let year = i32::try_from(part(0, 4)?).ok()?;
    NaiveDate::from_ymd_opt(year, part(4, 6)?, part(6, 8)?)
}

/// Days of `P1D` or `P2W`.
fn length(text: &str) -> Option<i64> {
    let text = text.trim_start_matches('+').strip_prefix('P')?;
    match (text.strip_suffix('D'), text.strip_suffix('W')) {
        (Some(days), _) => days.parse().ok(),
        (_, Some(weeks)) => weeks.parse::<i64>().ok()?.checked_mul(7),
        _ => None,
    }
}

/// How an event comes again every year.
struct Yearly {
    every: i32,
    times: i32,
    until: Option<NaiveDate>,
    month: Option<u32>,
    day: Option<u32>,
    /// The nth weekday of the month.
    weekday: Option<(u8, Weekday)>,
}

impl Yearly {
    /// None when it repeats otherwise than every year on a date or a weekday of a month.
    fn of(rule: &str) -> Option<Self> {
        let mut yearly = Self { every: 1, times: i32::MAX, until: None, month: None, day: None, weekday: None };
        let mut is_yearly = false;
        for part in rule.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" => is_yearly = value.eq_ignore_ascii_case("YEARLY"),
                "INTERVAL" => yearly.every = value.parse::<i32>().ok().filter(|every| *every > 0)?,
                "COUNT" => yearly.times = value.parse().ok()?,
                "UNTIL" => yearly.until = Some(day_of(value)?),
                "BYMONTH" => yearly.month = Some(value.parse().ok()?),
                "BYMONTHDAY" => yearly.day = Some(value.parse().ok()?),
                "BYDAY" => yearly.weekday = Some(weekday(value)?),
                "WKST" => {}
                _ => return None,
            }
        }
        // Without their month a weekday is one of the whole year and a day one of every month.
        let whole = yearly.month.is_some() || (yearly.weekday.is_none() && yearly.day.is_none());
        let fits = is_yearly && whole && (yearly.weekday.is_none() || yearly.day.is_none());
        fits.then_some(yearly)
    }

    /// The day of a year; none where there is none, as 29 February in most.
    fn day(&self, start: NaiveDate, year: i32) -> Option<NaiveDate> {
        let month = self.month.unwrap_or(start.month());
        match self.weekday {
            Some((n, weekday)) => nth(year, month, weekday, n),
            None => NaiveDate::from_ymd_opt(year, month, self.day.unwrap_or(start.day())),
        }
    }

    /// The days on which it begins, up to a year.
    fn days(&self, start: NaiveDate, last: i32) -> Vec<NaiveDate> {
        (start.year()..=last)
            .filter(|year| (year - start.year()) % self.every == 0)
            .filter_map(|year| self.day(start, year))
            .filter(|day| *day >= start)
            .take_while(|day| self.until.is_none_or(|until| *day <= until))
            .take(usize::try_from(self.times).unwrap_or(0))
            .collect()
    }
}

/// `1MO`, `+2TU`, `-1WE`: the first to fourth, or the last (5).
fn weekday(text: &str) -> Option<(u8, Weekday)> {
    let text = text.trim();
    let (n, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let n = match n.trim_start_matches('+') {
        "1" => 1,
        "2" => 2,
        "3" => 3,
        "4" => 4,
        "-1" => 5,
        _ => return None,
    };
    let day = match day.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    Some((n, day))
}

/// What was found so far.
struct Found {
    first: i32,
    days: BTreeMap<NaiveDate, Option<String>>,
    put: usize,
    answer: HolidaysFound,
}

impl Found {
    fn take(&mut self, event: &Event) -> Result<(), FieldError> {
        if event.cancelled {
            return Ok(());
        }
        let last = self.first + YEARS - 1;
        let begins = event.span().filter(|_| !event.odd).and_then(|(start, days)| {
            let begins = match &event.rule {
                Some(rule) => Yearly::of(rule)?.days(start, last),
                None => vec![start],
            };
            Some((begins, days))
        });
        let Some((begins, days)) = begins else {
            self.miss(event.name.clone());
            return Ok(());
        };
        let before = self.put;
        let first = self.first;
        let near = begins.iter().filter(|begin| begin.year() >= first - 1);
        for begin in near.filter(|begin| !event.except.contains(begin)) {
            for day in (0..days.unsigned_abs()).filter_map(|day| begin.checked_add_days(Days::new(day))) {
                if (first..=last).contains(&day.year()) {
                    self.put(day, event.name.as_deref())?;
                }
            }
        }
        self.answer.outside += u64::from(self.put == before);
        Ok(())
    }

    /// Counts and names what could not be read.
    fn miss(&mut self, name: Option<String>) {
        self.answer.unread += 1;
        if self.answer.unread_names.len() < NAMED {
            self.answer.unread_names.extend(name);
        }
    }

    fn put(&mut self, day: NaiveDate, name: Option<&str>) -> Result<(), FieldError> {
        self.put += 1;
        if self.put > MAX_PUT {
            return Err(FieldError::new("too_many").with("max", MAX_PUT));
        }
        let kept = self.days.entry(day).or_default();
        let Some(name) = name else { return Ok(()) };
        let more = match kept.take() {
            Some(before) if before.split("; ").any(|one| one == name) => before,
            Some(before) => format!("{before}; {name}").chars().take(MAX_NAME).collect(),
            None => name.to_owned(),
        };
        *kept = Some(more);
        Ok(())
    }

    fn answer(self) -> HolidaysFound {
        let days = self.days.into_iter().map(|(date, name)| DaySettings { date, until: None, hours: Vec::new(), name });
        HolidaysFound { days: days.collect(), ..self.answer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(inside: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{inside}END:VCALENDAR\r\n")
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", lines.replace('|', "\r\n"))
    }

    fn days(text: &str) -> Vec<String> {
        let found = read(text, 2026).unwrap().days;
        found.into_iter().map(|day| format!("{} {}", day.date, day.name.unwrap_or_default())).collect()
    }

    #[test]
    fn whole_days_are_read_as_calendars_write_them() {
        let text = calendar(
            &[
                event("DTSTART;VALUE=DATE:20260501|DTEND;VALUE=DATE:20260502|SUMMARY:Labour Day"),
                event("SUMMARY:День\\, який до|\u{20}вгий\\nі важливий|DTSTART:20260824"),
                event("DTSTART;VALUE=DATE:20261230|DTEND;VALUE=DATE:20270102|SUMMARY;LANGUAGE=\"a:b\":Between"),
                event("DTSTART;VALUE=DATE:20260610|DURATION:P2D|SUMMARY:Two|BEGIN:VALARM|SUMMARY:alarm|END:VALARM"),
                event("DTSTART;VALUE=DATE:20260501|SUMMARY:Spring"),
                event("DTSTART;VALUE=DATE:20260701|SUMMARY:Gone|STATUS:CANCELLED"),
            ]
            .concat(),
        );
        assert_eq!(
            days(&format!("\u{feff}{text}")),
            [
                "2026-05-01 Labour Day; Spring",
                "2026-06-10 Two",
                "2026-06-11 Two",
                "2026-08-24 День, який довгий і важливий",
                "2026-12-30 Between",
                "2026-12-31 Between",
                "2027-01-01 Between"
            ]
        );
    }

    #[test]
    fn what_comes_every_year_is_counted_for_five_years() {
        let yearly = |lines: &str| days(&calendar(&event(&format!("SUMMARY:x|{lines}")))).join(",").replace(" x", "");
        assert_eq!(
            yearly("DTSTART;VALUE=DATE:20100308|RRULE:FREQ=YEARLY"),
            "2026-03-08,2027-03-08,2028-03-08,2029-03-08,2030-03-08"
        );
        assert_eq!(yearly("DTSTART;VALUE=DATE:20260308|RRULE:FREQ=YEARLY;COUNT=2"), "2026-03-08,2027-03-08");
        assert_eq!(yearly("DTSTART;VALUE=DATE:20250308|RRULE:FREQ=YEARLY;UNTIL=20270101T000000Z"), "2026-03-08");
        assert_eq!(yearly("DTSTART;VALUE=DATE:20240229|RRULE:FREQ=YEARLY"), "2028-02-29");
        assert_eq!(
            yearly("DTSTART;VALUE=DATE:20251127|RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYDAY=4TH"),
            "2027-11-25,2029-11-22"
        );
        assert_eq!(
            yearly("DTSTART;VALUE=DATE:20260525|RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2"),
            "2026-05-25,2027-05-31"
        );
        assert_eq!(
            yearly("DTSTART;VALUE=DATE:20260308|RRULE:FREQ=YEARLY;COUNT=3|EXDATE;VALUE=DATE:20270308"),
            "2026-03-08,2028-03-08"
        );
    }

    #[test]
    fn what_is_no_whole_day_or_of_other_years_is_counted_and_named() {
        let text = calendar(
            &[
                event("DTSTART:20260501T090000Z|SUMMARY:Meeting"),
                event("DTSTART;VALUE=DATE:20260501|RRULE:FREQ=WEEKLY|SUMMARY:Week"),
                event("DTSTART;VALUE=DATE:20260501|RRULE:FREQ=YEARLY;BYDAY=MO|SUMMARY:Mondays"),
                event("DTSTART;VALUE=DATE:20260501|RRULE:FREQ=YEARLY;BYMONTHDAY=1|SUMMARY:Each first"),
                event("DTSTART;VALUE=DATE:20260501|DTEND;VALUE=DATE:20280501|SUMMARY:Long"),
                event("DTSTART;VALUE=DATE:20261301|SUMMARY:Month 13"),
                event("SUMMARY:Never"),
                event("DTSTART;VALUE=DATE:20200101|SUMMARY:Past"),
                event("DTSTART;VALUE=DATE:20400101|SUMMARY:Far"),
            ]
            .concat(),
        );
        let found = read(&text, 2026).unwrap();
        assert_eq!((found.days.len(), found.outside, found.unread), (0, 2, 7));
        assert_eq!(found.unread_names, ["Meeting", "Week", "Mondays", "Each first", "Long", "Month 13", "Never"]);
        let cut = calendar("BEGIN:VEVENT\r\nSUMMARY:Cut\r\nDTSTART;VALUE=DATE:20260501\r\n");
        let found = read(cut.trim_end().trim_end_matches("END:VCALENDAR"), 2026).unwrap();
        assert_eq!((found.days.len(), found.unread, found.unread_names), (0, 1, vec!["Cut".to_owned()]));
    }

    #[test]
    fn hostile_files_are_refused_or_read_without_harm() {
        let code = |text: &str| read(text, 2026).err().map(|error| error.code);
        for none in ["", "BEGIN:VCARD\r\nEND:VCARD", "<html>", "PK\u{3}\u{4}", "{}"] {
            assert_eq!(code(none).as_deref(), Some("ics"), "{none}");
        }
        assert_eq!(code(&"x".repeat(1_000_001)).as_deref(), Some("too_long"));
        let much = calendar(&event("DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20270101").repeat(100));
        assert_eq!(code(&much).as_deref(), Some("too_many"));
        let open = format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\n".repeat(50_000));
        assert_eq!(read(&open, 2026).unwrap(), HolidaysFound { unread: 1, ..HolidaysFound::default() });
        let odd = calendar(&event(
            "DTSTART:99999999|RRULE:FREQ=YEARLY;INTERVAL=0|DURATION:P99999999999999999999D|:|;;;|EXDATE:,,,",
        ));
        assert_eq!(read(&odd, 2026).unwrap().unread, 1);
        let weird =
            ["RRULE:FREQ=YEARLY;COUNT=-1", "RRULE:FREQ=YEARLY;INTERVAL=2147483647", "RRULE:FREQ=YEARLY;BYDAY=é"];
        for rule in weird {
            read(&calendar(&event(&format!("DTSTART;VALUE=DATE:19000101|{rule}"))), 2026).unwrap();
        }
        let long = calendar(&event(&format!("DTSTART;VALUE=DATE:20260101|SUMMARY:{}\u{0}", "ж".repeat(100_000))));
        let name = read(&long, 2026).unwrap().days.remove(0).name.unwrap();
        assert!(name.chars().count() == 200 && !name.contains('\0'));
        let script = calendar(&event("DTSTART;VALUE=DATE:20260101|SUMMARY:<script>alert(1)</script>"));
        assert_eq!(days(&script), ["2026-01-01 <script>alert(1)</script>"], "words are words");
    }
}
