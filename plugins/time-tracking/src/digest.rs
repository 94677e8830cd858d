//! What a job finds out about many people at once: each head hears of all of theirs in one notice, of each cause once.

use std::collections::BTreeMap;

use verstak_plugin::prelude::*;

use crate::notice::{self, TEAM};
use crate::refusal::Done;
use crate::zone::{self, Date};

/// Names that a notice has room for.
const NAMED: usize = 8;

/// What people did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// They did not come on a day.
    Missed,
    /// They did not finish a day.
    Forgotten,
    /// Their month lacks hours.
    Hours,
}

impl Lacking {
    const fn key(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Forgotten => "forgotten-of",
            Self::Hours => "lack",
        }
    }

    fn one(self) -> Message {
        match self {
            Self::Missed => Message::new("notice.missed", "{name} did not come on {day}"),
            Self::Forgotten => Message::new("notice.forgotten_of", "{name} did not finish the day of {day}"),
            Self::Hours => Message::new("notice.lack", "{name} lacks {time} in {day}"),
        }
    }

    fn many(self) -> Message {
        match self {
            Self::Missed => Message::new("notice.missed_many", "Did not come on {day}: {names}"),
            Self::Forgotten => Message::new("notice.forgotten_many", "Did not finish the day of {day}: {names}"),
            Self::Hours => Message::new("notice.lack_many", "Lack hours in {day}: {names}"),
        }
    }

    fn day(self, day: Date) -> String {
        if self == Self::Hours { day.format("%m.%Y").to_string() } else { zone::text(day) }
    }
}

struct Line {
    person: String,
    name: String,
    time: String,
}

/// Gathers what a run finds.
#[derive(Default)]
pub struct Digest(BTreeMap<(String, Lacking, Date), Vec<Line>>);

impl Digest {
    /// Somebody did not do something; `by`: so many seconds, where that is known.
    ///
    /// # Errors
    /// As the host says.
    pub fn add(&mut self, what: Lacking, person: &str, day: Date, by: Option<i64>) -> Result<(), HostError> {
        let (name, time) = (notice::name(person)?, by.map(notice::length).unwrap_or_default());
        for head in notice::heads(person, day)? {
            let line = Line { person: person.to_owned(), name: name.clone(), time: time.clone() };
            self.0.entry((head, what, day)).or_default().push(line);
        }
        Ok(())
    }

    /// Tells each head.
    ///
    /// # Errors
    /// As the host says.
    pub fn tell(self) -> Done {
        for ((head, what, day), mut lines) in self.0 {
            lines.sort_by(|one, other| one.name.cmp(&other.name));
            // The first one names the cause: nobody is found twice.
            let cause = format!("{}/{}/{day}", what.key(), lines.first().map_or("", |line| line.person.as_str()));
            notice::tell(cause, &[head], text(what, day, &lines), TEAM)?;
        }
        Ok(())
    }
}

fn text(what: Lacking, day: Date, lines: &[Line]) -> Message {
    if let [line] = lines {
        return what.one().with("name", &line.name).with("time", &line.time).with("day", what.day(day));
    }
    let named = |line: &Line| format!("{} {}", line.name, line.time).trim_end().to_owned();
    let mut names = lines.iter().take(NAMED).map(named).collect::<Vec<_>>().join(", ");
    if lines.len() > NAMED {
        names = format!("{names} +{}", lines.len() - NAMED);
    }
    // A notice has room for 500 characters.
    let names: String = names.chars().take(400).collect();
    what.many().with("names", names).with("day", what.day(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        let line = |number: usize| Line { person: number.to_string(), name: format!("P{number}"), time: String::new() };
        (1..=count).map(line).collect()
    }

    fn names(count: usize) -> String {
        let message = text(Lacking::Missed, zone::date("2026-03-02").unwrap(), &lines(count));
        let value = |name: &str| message.parameters.iter().find(|one| one.name == name).map(|one| one.value.clone());
        value("name").or_else(|| value("names")).unwrap_or_default()
    }

    #[test]
    fn a_head_reads_all_of_theirs_in_one_notice() {
        assert_eq!(names(1), "P1");
        assert_eq!(names(3), "P1, P2, P3");
        assert_eq!(names(10), "P1, P2, P3, P4, P5, P6, P7, P8 +2");
    }
}
