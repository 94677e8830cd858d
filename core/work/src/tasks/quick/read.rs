//! The grammar: what of a line says when and who. Pure: no clock, no people.
//!
//! The first of each (a day, a time, a span, people) counts; what repeats it stays in the title, and so does whatever is
//! not understood: nothing that was typed is lost.

use std::ops::Range;

use chrono::{NaiveDate, NaiveTime, Weekday};
use kernel::words::folded;

use super::words::{self, Unit};

/// People named in one line.
const MAX_PEOPLE: usize = 5;
/// The longest span, in its unit.
const MAX_SPAN: i64 = 1_000;

/// A day as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// So many days from today.
    In(i64),
    /// The next day of that name.
    Next(Weekday),
    /// This date.
    Date(NaiveDate),
    /// The next such day of such a month.
    Yearly { month: u32, day: u32 },
}

/// What was found in a line. Places are characters of the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub day: Option<(Day, Range<usize>)>,
    pub time: Option<(NaiveTime, Range<usize>)>,
    /// So many minutes from now.
    pub minutes: Option<(i64, Range<usize>)>,
    /// Names of people, without `@`.
    pub people: Vec<(String, Range<usize>)>,
}

impl Found {
    fn has_moment(&self) -> bool {
        self.day.is_some() || self.minutes.is_some()
    }
}

/// A word of the line.
#[derive(Debug)]
struct Word {
    /// As it is compared.
    folded: String,
    /// Characters of the line, without punctuation at its end.
    place: Range<usize>,
}

/// Reads a line.
pub(super) fn read(line: &str) -> Found {
    let words = words_of(line);
    let mut found = Found::default();
    let mut at = 0;
    while at < words.len() {
        at += usize::max(1, take(&words, at, &mut found));
    }
    found
}

/// What is left of a line without these places, in single spaces.
pub(super) fn without(line: &str, places: &[Range<usize>]) -> String {
    let left: String = line
        .chars()
        .enumerate()
        .map(|(at, c)| if places.iter().any(|place| place.contains(&at)) { ' ' } else { c })
        .collect();
    // Punctuation that stood behind what was taken stands behind nothing now.
    let alone = |word: &&str| !word.chars().all(|c| matches!(c, ',' | ';' | ':' | '.'));
    left.split_whitespace().filter(alone).collect::<Vec<_>>().join(" ").trim_end_matches([',', ';']).to_owned()
}

fn words_of(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut begun: Option<(usize, String)> = None;
    for (at, c) in line.chars().chain([' ']).enumerate() {
        if !c.is_whitespace() {
            begun.get_or_insert_with(|| (at, String::new())).1.push(c);
        } else if let Some((from, text)) = begun.take() {
            let bare = text.trim_end_matches([',', ';', ':', '.', '!', '?']);
            let folded = folded(bare).replace(['\'', '’', 'ʼ', '`'], "");
            words.push(Word { folded, place: from..from + bare.chars().count() });
        }
    }
    words
}

/// Takes what begins at a word; gives how many words that were, none when it means nothing.
fn take(words: &[Word], at: usize, found: &mut Found) -> usize {
    let after = |count: usize| words.get(at + count).map_or("", |word| word.folded.as_str());
    let range = |from: usize, count: usize| -> Range<usize> {
        let (first, last) = (words.get(at + from), words.get(at + from + count - 1));
        first.zip(last).map_or(0..0, |(first, last)| first.place.start..last.place.end)
    };
    if let Some(name) = after(0).strip_prefix('@').filter(|name| !name.is_empty()) {
        if found.people.len() < MAX_PEOPLE {
            found.people.push((name.to_owned(), range(0, 1)));
        }
        return 1;
    }
    if words::begins_span(after(0))
        && let Some((span, count)) = span(after)
        && !found.has_moment()
    {
        match span {
            Span::Minutes(minutes) => found.minutes = Some((minutes, range(0, count))),
            Span::Days(days) => found.day = Some((Day::In(days), range(0, count))),
        }
        return count;
    }
    // "on Friday", "next Friday", "by next Friday".
    let before = (0..2).take_while(|count| words::is_preposition(after(*count))).count();
    let behind = |count: usize| after(before + count);
    if !found.has_moment()
        && let Some((day, count)) = day(behind, before > 0)
    {
        found.day = Some((day, range(0, before + count)));
        return before + count;
    }
    if found.time.is_none()
        && found.minutes.is_none()
        && let Some((time, count)) = time(behind)
    {
        found.time = Some((time, range(0, before + count)));
        return before + count;
    }
    0
}

enum Span {
    Minutes(i64),
    Days(i64),
}

/// "in 2 hours", "через час", "in a week".
fn span<'a>(after: impl Fn(usize) -> &'a str) -> Option<(Span, usize)> {
    let (number, count) = match number(after(1), 4) {
        Some(number) => (i64::from(number), 3),
        None if words::is_article(after(1)) => (1, 3),
        None => (1, 2),
    };
    if !(1..=MAX_SPAN).contains(&number) {
        return None;
    }
    let span = match words::unit(after(count - 1))? {
        Unit::Minutes => Span::Minutes(number),
        Unit::Hours => Span::Minutes(number * 60),
        Unit::Days => Span::Days(number),
        Unit::Weeks => Span::Days(number * 7),
    };
    Some((span, count))
}

fn day<'a>(word: impl Fn(usize) -> &'a str, preposition: bool) -> Option<(Day, usize)> {
    let first = word(0);
    if (first, word(1), word(2)) == ("day", "after", "tomorrow") {
        return Some((Day::In(2), 3));
    }
    if let Some(days) = words::day_from_today(first) {
        return Some((Day::In(days), 1));
    }
    if let Some(weekday) = words::weekday(first, preposition) {
        return Some((Day::Next(weekday), 1));
    }
    if let Some(day) = date(first) {
        return Some((day, 1));
    }
    let (day, month) = match (number(first, 2), words::month(word(1))) {
        (Some(day), Some(month)) => (day, month),
        _ => (number(word(1), 2)?, words::month(first)?),
    };
    match number(word(2), 4).filter(|year| (2_000..2_200).contains(year)) {
        Some(year) => NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).map(|date| (Day::Date(date), 3)),
        None => yearly(month, day).map(|day| (day, 2)),
    }
}

/// `31.12`, `31.12.2026`, `31.12.26`, `2026-12-31`. The month has two digits: `1.5` is a number.
fn date(word: &str) -> Option<Day> {
    let of = |year: &str, month: &str, day: &str| {
        let year = match year.len() {
            2 => 2_000 + number(year, 2)?,
            4 => number(year, 4).filter(|year| (2_000..2_200).contains(year))?,
            _ => return None,
        };
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month, 2)?, number(day, 2)?).map(Day::Date)
    };
    let dots: Vec<&str> = word.split('.').collect();
    let dashes: Vec<&str> = word.split('-').collect();
    match (dots.as_slice(), dashes.as_slice()) {
        ([day, month], _) if month.len() == 2 => yearly(number(month, 2)?, number(day, 2)?),
        ([day, month, year], _) if month.len() == 2 => of(year, month, day),
        (_, [year, month, day]) if year.len() == 4 && month.len() == 2 && day.len() == 2 => of(year, month, day),
        _ => None,
    }
}

/// A day that some year has.
fn yearly(month: u32, day: u32) -> Option<Day> {
    NaiveDate::from_ymd_opt(2_028, month, day).map(|_| Day::Yearly { month, day })
}

/// `15:00`, `3pm`, `3:30 pm`.
fn time<'a>(word: impl Fn(usize) -> &'a str) -> Option<(NaiveTime, usize)> {
    let text = word(0);
    let (clock, half, count) = match (text.strip_suffix("am"), text.strip_suffix("pm"), word(1)) {
        (Some(clock), _, _) => (clock, Some(0), 1),
        (_, Some(clock), _) => (clock, Some(12), 1),
        (_, _, "am") => (text, Some(0), 2),
        (_, _, "pm") => (text, Some(12), 2),
        _ => (text, None, 1),
    };
    let (hours, minutes) = match clock.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (number(hours, 2)?, number(minutes, 2)?),
        None if half.is_some() => (number(clock, 2)?, 0),
        _ => return None,
    };
    let hours = match half {
        Some(_) if !(1..=12).contains(&hours) => return None,
        Some(half) => hours % 12 + half,
        None => hours,
    };
    NaiveTime::from_hms_opt(hours, minutes, 0).map(|time| (time, count))
}

/// A number of at most so many digits, written with these alone.
fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> (String, String) {
        let found = read(line);
        let mut parts = Vec::new();
        let mut places = Vec::new();
        if let Some((day, place)) = &found.day {
            parts.push(format!("{day:?}"));
            places.push(place.clone());
        }
        if let Some((time, place)) = &found.time {
            parts.push(time.format("%H:%M").to_string());
            places.push(place.clone());
        }
        if let Some((minutes, place)) = &found.minutes {
            parts.push(format!("+{minutes}"));
            places.push(place.clone());
        }
        for (name, place) in &found.people {
            parts.push(format!("@{name}"));
            places.push(place.clone());
        }
        (without(line, &places), parts.join(" "))
    }

    fn check(line: &str, title: &str, parts: &str) {
        assert_eq!(told(line), (title.to_owned(), parts.to_owned()), "{line}");
    }

    #[test]
    fn lines_in_three_languages() {
        check("call Ivanov tomorrow 15:00 @petrov", "call Ivanov", "In(1) 15:00 @petrov");
        check("позвонить Иванову завтра в 15:00 @петров", "позвонить Иванову", "In(1) 15:00 @петров");
        check(
            "зателефонувати Іваненку післязавтра о 9:30 @шевченко",
            "зателефонувати Іваненку",
            "In(2) 09:30 @шевченко",
        );
        check("отчёт в пятницу", "отчёт", "Next(Fri)");
        check("звіт у п'ятницю, 10:00", "звіт", "Next(Fri) 10:00");
        check("звіт у п’ятницю", "звіт", "Next(Fri)");
        check("Report by next Friday at 3pm", "Report", "Next(Fri) 15:00");
        check("Report on fri 3:30 pm", "Report", "Next(Fri) 15:30");
        check("Встреча 31.12 18:00", "Встреча", "Yearly { month: 12, day: 31 } 18:00");
        check("Встреча 31.12.2026", "Встреча", "Date(2026-12-31)");
        check("Meet 2026-12-31", "Meet", "Date(2026-12-31)");
        check("Сдать 5 декабря 2027", "Сдать", "Date(2027-12-05)");
        check("Здати 5 грудня", "Здати", "Yearly { month: 12, day: 5 }");
        check("Ship December 5", "Ship", "Yearly { month: 12, day: 5 }");
        check("день рождения послезавтра", "день рождения", "In(2)");
        check("plan it the day after tomorrow", "plan it the", "In(2)");
        check("call back in 2 hours", "call back", "+120");
        check("перезвонить через час", "перезвонить", "+60");
        check("перезвонить через 30 минут", "перезвонить", "+30");
        check("нагадати через тиждень", "нагадати", "In(7)");
        check("remind in a week @Anna @boris", "remind", "In(7) @anna @boris");
        check("12am check", "check", "00:00");
        check("12pm check", "check", "12:00");
        check("Завтра, в 15:00: позвонить", "позвонить", "In(1) 15:00");
        check("run for 12:30:15 today", "run for 12:30:15", "In(0)");
    }

    #[test]
    fn what_only_looks_like_it_stays_in_the_title() {
        for line in [
            "",
            "   ",
            "@",
            "mail petrov@acme.test",
            "buy 1.5 kg",
            "version 31.02",
            "score 25:00",
            "score 2:5",
            "the sun sat",
            "in the office",
            "through через забор",
            "in 0 hours",
            "in 99999 days",
            "in 5000 days",
            "13pm",
            "0am",
            "2026-13-01",
            "1999-01-01",
            "٣:٠٠",
            "за деньги",
        ] {
            let (title, parts) = told(line);
            assert_eq!((title.as_str(), parts.as_str()), (line.trim(), ""), "{line}");
        }
    }

    #[test]
    fn the_first_counts_and_the_rest_stays() {
        check("today or tomorrow 15:00 16:00", "or tomorrow 16:00", "In(0) 15:00");
        check("in 2 hours tomorrow", "tomorrow", "+120");
        check("tomorrow in 2 hours", "in 2 hours", "In(1)");
    }

    #[test]
    fn hostile_lines_are_read_quickly_and_lose_nothing_else() {
        let many = "@a ".repeat(160);
        assert_eq!(read(&many).people.len(), MAX_PEOPLE);
        for line in [
            "\u{202e}завтра",
            "e\u{301}\u{301}\u{301} tomorrow",
            "👩‍👩‍👧 завтра @👩‍👩‍👧",
            "İSTANBUL tomorrow",
            "завтра\n15:00\t@x",
        ] {
            let found = read(line);
            assert!(found.day.is_some(), "{line:?}");
            let end = line.chars().count();
            let all = found.day.iter().map(|(_, place)| place).chain(found.people.iter().map(|(_, place)| place));
            assert!(all.clone().all(|place| place.end <= end && place.start < place.end), "{line:?}");
        }
    }
}
