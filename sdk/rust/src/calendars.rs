//! Working time of people and of the company, and local times; needs the `people` permission.
//!
//! Instants are microseconds since 1970-01-01T00:00:00Z, dates `YYYY-MM-DD`.

use crate::HostError;
use crate::bindings::imports::verstak::people::calendars as raw;

pub use raw::{Day, Moment, Span};

const SECOND: i64 = 1_000_000;

/// The days from `first` to `last` of up to 200 people, in their order; an empty list where there is no such person.
pub fn days(people: &[String], first: &str, last: &str) -> Result<Vec<Vec<Day>>, HostError> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    raw::days(people, first, last)
}

/// One day of one person; none where there is no such person.
pub fn day(person: &str, date: &str) -> Result<Option<Day>, HostError> {
    let days = raw::days(&[person.to_owned()], date, date)?;
    Ok(days.into_iter().flatten().next())
}

/// The days of the company from `first` to `last`.
pub fn of_company(first: &str, last: &str) -> Result<Vec<Day>, HostError> {
    Ok(raw::days(&[], first, last)?.into_iter().next().unwrap_or_default())
}

/// Whole seconds of working time between two instants, of a person or of the company.
pub fn between(person: Option<&str>, from: i64, until: i64) -> Result<i64, HostError> {
    raw::between(person, from, until)
}

/// The instant by which so many seconds of working time have passed; negative: back.
pub fn after(person: Option<&str>, from: i64, seconds: i64) -> Result<i64, HostError> {
    raw::after(person, from, seconds)
}

/// What the clocks of a time zone show: `2026-03-29T03:30:00+03:00`.
pub fn local(time_zone: &str, at: i64) -> Result<String, HostError> {
    raw::local(time_zone, at)
}

/// The instant of a local time such as `2026-03-29T03:30`.
pub fn instant(time_zone: &str, local: &str) -> Result<Moment, HostError> {
    raw::instant(time_zone, local)
}

impl Span {
    /// Whole seconds.
    pub fn seconds(&self) -> i64 {
        self.end.saturating_sub(self.start) / SECOND
    }
}

impl Day {
    /// Seconds of planned working time.
    pub fn planned_seconds(&self) -> i64 {
        self.planned.iter().map(Span::seconds).sum()
    }

    /// Seconds of planned working time in which the person is there.
    pub fn norm_seconds(&self) -> i64 {
        self.planned_seconds() - self.absent.iter().map(Span::seconds).sum::<i64>()
    }
}
