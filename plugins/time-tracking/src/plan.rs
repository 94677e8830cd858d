//! What the calendar plans for people, and which policy counts for whom. The calendar and the absences are the core's.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use verstak_plugin::prelude::*;

use crate::day::place::Keeps;
use crate::day::rules::{Limits, Plan};
use crate::span::Span;
use crate::store::{self};
use crate::zone::{self, Date};

/// Plans by person and date.
pub type Plans = BTreeMap<(String, Date), Plan>;

/// People of one question to the host.
const BATCH: usize = 200;

/// Plans of some people from one date to another, the last one included.
///
/// # Errors
/// As the host says.
pub fn plans(people: &[String], from: Date, until: Date) -> Result<Plans, HostError> {
    let (first, last) = (zone::text(from), zone::text(until));
    let spans = |all: &[calendars::Span]| all.iter().map(|span| Span::new(span.start, span.end)).collect();
    let mut plans = Plans::new();
    for part in people.chunks(BATCH) {
        for (person, days) in part.iter().zip(calendars::days(part, &first, &last)?) {
            for day in days {
                let Some(date) = zone::date(&day.date) else { continue };
                let plan = Plan { planned: spans(&day.planned), absent: spans(&day.absent) };
                plans.insert((person.clone(), date), plan);
            }
        }
    }
    Ok(plans)
}

/// The plan of one person's date.
///
/// # Errors
/// As the host says.
pub fn plan(person: &str, day: Date) -> Result<Plan, HostError> {
    let found = plans(&[person.to_owned()], day, day)?;
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
        self.best(person, department, day).map_or_else(Limits::default, of_row)
    }

    /// Who hears of violations besides the heads.
    pub fn told(&self, person: &str, department: Option<&str>, day: Date) -> Vec<String> {
        self.best(person, department, day).map_or_else(Vec::new, |row| ids(row, "notify"))
    }

    fn best(&self, person: &str, department: Option<&str>, day: Date) -> Option<&Row> {
        let rank = |row: &Row| {
            let (people, departments) = (ids(row, "people"), ids(row, "departments"));
            match () {
                () if people.iter().any(|id| id == person) => Some(0),
                () if departments.iter().any(|id| Some(id.as_str()) == department) => Some(1),
                () if people.is_empty() && departments.is_empty() => Some(2),
                () => None,
            }
        };
        let begun = self.0.iter().filter_map(|row| Some((rank(row)?, store::day(row, "from")?, row)));
        let begun = begun.filter(|(_, from, _)| *from <= day);
        begun.min_by_key(|(rank, from, _)| (*rank, std::cmp::Reverse(*from))).map(|(_, _, row)| row)
    }
}

fn ids(row: &Row, field: &str) -> Vec<String> {
    match row.value(field) {
        Some(Value::Ids(ids)) => ids.clone(),
        _ => Vec::new(),
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
        place: Keeps::of(row.text("place")),
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
