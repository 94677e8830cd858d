//! What the calendar plans for people, and which policy counts for whom.
//!
//! The calendar is what the core plans where nobody set one ([`usual`]): the SDK does not hand over calendars yet.
//! Absences are records of the core.

use std::collections::BTreeMap;

use chrono::{Datelike, Weekday};
use serde_json::Value as Json;
use verstak_plugin::prelude::*;

use crate::day::rules::{Limits, Plan};
use crate::span::{Span, within};
use crate::store::{self, Setup, instant};
use crate::zone::{self, Date, Zone, plus_days};

/// Plans by person and date.
pub type Plans = BTreeMap<(String, Date), Plan>;

/// The company's usual hours: Monday to Friday, 09:00 to 18:00 with the hour from 13:00 off, as the core plans where
/// nobody set a calendar.
fn usual(zone: Zone, day: Date) -> Vec<Span> {
    if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        return Vec::new();
    }
    let at = |minutes| zone.minute_of(day, minutes);
    vec![Span::new(at(9 * 60), at(13 * 60)), Span::new(at(14 * 60), at(18 * 60))]
}

/// Plans of some people from one date to another, the last one included.
///
/// # Errors
/// As the host says.
pub fn plans(setup: &Setup, people: &[String], from: Date, until: Date) -> Result<Plans, HostError> {
    let mut plans = Plans::new();
    if people.is_empty() {
        return Ok(plans);
    }
    let window = Span::new(setup.zone.midnight(from), setup.zone.midnight(plus_days(until, 2)));
    let filter = store::all_of([
        store::any_of("user", people),
        store::compares("starts_at", "lt", zone::instant(window.end)),
        store::compares("ends_at", "gt", zone::instant(window.start)),
    ]);
    let absences = store::every("absence", &filter, &["user", "starts_at", "ends_at"])?;
    for person in people {
        let absent = absences.iter().filter(|row| row.id("user") == Some(person)).filter_map(|row| {
            Some(Span::new(instant(row, "starts_at")?, instant(row, "ends_at")?))
        });
        let absent: Vec<Span> = absent.collect();
        let mut day = from;
        while day <= until {
            let planned = usual(setup.zone, day);
            let around = planned.first().zip(planned.last()).map(|(first, last)| Span::new(first.start, last.end));
            let absent = around.map_or_else(Vec::new, |around| within(&absent, around));
            plans.insert((person.clone(), day), Plan { planned, absent });
            day = plus_days(day, 1);
        }
    }
    Ok(plans)
}

/// The plan of one person's date.
///
/// # Errors
/// As the host says.
pub fn plan(setup: &Setup, person: &str, day: Date) -> Result<Plan, HostError> {
    let found = plans(setup, &[person.to_owned()], day, day)?;
    Ok(found.into_values().next().unwrap_or_default())
}

/// The policies of the company.
pub struct Policies(Vec<Row>);

impl Policies {
    /// Asks the host.
    ///
    /// # Errors
    /// As it says.
    pub fn load() -> Result<Self, HostError> {
        store::every("time_policy", &Json::Null, &[]).map(Self)
    }

    /// The limits of a person at a date: their own policy, else their department's, else everybody's; of those the latest
    /// that has begun.
    pub fn limits(&self, person: &str, department: Option<&str>, day: Date) -> Limits {
        let rank = |row: &Row| match (row.id("person"), row.id("department")) {
            (Some(id), _) => (id == person).then_some(0),
            (None, Some(id)) => (Some(id) == department).then_some(1),
            (None, None) => Some(2),
        };
        let begun = self.0.iter().filter_map(|row| Some((rank(row)?, store::day(row, "from")?, row)));
        let best = begun.filter(|(_, from, _)| *from <= day).min_by_key(|(rank, from, _)| (*rank, std::cmp::Reverse(*from)));
        best.map_or_else(Limits::default, |(_, _, row)| of_row(row))
    }
}

fn of_row(row: &Row) -> Limits {
    let usual = Limits::default();
    let seconds = |key: &str, usual: i64| row.integer(key).unwrap_or(usual);
    Limits {
        flexible: row.text("kind") == Some("flexible"),
        late_after: seconds("late_after", usual.late_after),
        early_before: seconds("early_before", usual.early_before),
        short_by: seconds("short_by", usual.short_by),
        period_lack: seconds("period_lack", usual.period_lack),
        silent_edit: seconds("silent_edit", usual.silent_edit),
        auto_close: seconds("auto_close", usual.auto_close),
    }
}

/// The limits of one person's date.
///
/// # Errors
/// As the host says.
pub fn limits(person: &str, day: Date) -> Result<Limits, HostError> {
    let department = people::user(person)?.and_then(|member| member.department);
    Ok(Policies::load()?.limits(person, department.as_deref(), day))
}
