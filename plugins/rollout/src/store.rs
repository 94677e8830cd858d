//! Reading and writing records in the shapes this module needs: all rows of a filter, many rows in portions, settings.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use verstak_plugin::records::Update;
use verstak_plugin::{FieldError, prelude::*};

use crate::days::{Calendar, Day};

/// Days asked of the company's calendar at once.
const SPAN: i64 = 400;

/// Rows of one question and of one write.
const PORTION: u32 = 200;

/// `{field} = value`.
pub fn is(field: &str, value: impl Into<Json>) -> Json {
    json!({ "field": field, "op": "eq", "value": value.into() })
}

/// All of these.
pub fn all_of(filters: impl Into<Vec<Json>>) -> Json {
    json!({ "and": filters.into() })
}

/// Every row that matches, of these fields; of all fields when none is named.
///
/// # Errors
/// What the host says.
pub fn all(entity: &str, filter: &Json, fields: &[&str]) -> Result<Vec<Row>, HostError> {
    let mut query = Query::of(entity).filter(filter.to_string()).fields(fields).limit(PORTION);
    let mut rows = Vec::new();
    loop {
        let page = query.run()?;
        rows.extend(page.rows);
        match page.next {
            Some(cursor) => query.cursor = Some(cursor),
            None => return Ok(rows),
        }
    }
}

/// Every record of a project.
///
/// # Errors
/// What the host says.
pub fn of_project(entity: &str, project: &str, fields: &[&str]) -> Result<Vec<Row>, HostError> {
    let field = if entity == "task" { "rollout_project" } else { "project" };
    all(entity, &is(field, project), fields)
}

/// How many match.
///
/// # Errors
/// What the host says.
pub fn count(entity: &str, filter: &Json) -> Result<i64, HostError> {
    Ok(i64::try_from(records::count(entity, Some(&filter.to_string()))?).unwrap_or(i64::MAX))
}

/// Makes records; answers their ids in order.
///
/// # Errors
/// The first refusal.
pub fn create_all(entity: &str, drafts: Vec<Draft>) -> Result<Vec<String>, HostError> {
    let mut ids = Vec::with_capacity(drafts.len());
    let mut drafts = drafts.into_iter().peekable();
    while drafts.peek().is_some() {
        let portion: Vec<Draft> = drafts.by_ref().take(200).collect();
        for made in records::create_many(entity, portion)? {
            ids.push(made?.id);
        }
    }
    Ok(ids)
}

/// Changes records whatever their version.
///
/// # Errors
/// The first refusal.
pub fn change_all(entity: &str, changes: Vec<(String, Draft)>) -> Result<(), HostError> {
    let updates: Vec<Update> =
        changes.into_iter().map(|(id, draft)| Update { id, version: None, fields: draft.0 }).collect();
    for portion in updates.chunks(200) {
        for changed in records::change_many(entity, portion)? {
            changed?;
        }
    }
    Ok(())
}

/// A record that must be there.
///
/// # Errors
/// `NotFound`.
pub fn one(entity: &str, id: &str) -> Result<Row, HostError> {
    records::get(entity, id)?.ok_or_else(|| HostError::NotFound(format!("no {entity} {id}")))
}

/// Days, ids and texts of rows.
pub trait Read: Fields {
    /// A date.
    fn day(&self, name: &str) -> Option<Day> {
        Day::parse(self.text(name)?)
    }

    /// A text, empty where there is none.
    fn words(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Yes; absent is no.
    fn yes(&self, name: &str) -> bool {
        self.boolean(name) == Some(true)
    }

    /// The ids of a list of links.
    fn ids(&self, name: &str) -> &[String] {
        match self.value(name) {
            Some(Value::Ids(ids)) => ids,
            _ => &[],
        }
    }

    /// The stage it stands in.
    fn stage(&self) -> &str {
        self.words("stage")
    }
}
impl<T: Fields + ?Sized> Read for T {}

/// A date as a field's value.
pub fn date(day: Day) -> Value {
    Value::Date(day.to_string())
}

/// A date, or nothing.
pub fn date_or_none(day: Option<Day>) -> Value {
    day.map_or(Value::Null, date)
}

/// A decimal number as a field's value, to two places.
pub fn decimal(value: f64) -> Value {
    Value::Decimal(format!("{value:.2}"))
}

/// What the administrator set, and what time it is here.
pub struct Rules {
    settings: Settings,
    /// Seconds from UTC, now.
    offset: i64,
}

impl Rules {
    /// Asks the host.
    pub fn load() -> Self {
        let local = calendars::local(&runtime::context().time_zone, runtime::now()).unwrap_or_default();
        Rules { settings: Settings::load(), offset: offset(&local) }
    }

    /// A number among the settings.
    pub fn number(&self, key: &str) -> i64 {
        self.settings.integer(key).unwrap_or_default()
    }

    /// Whether a yes-or-no setting is on.
    pub fn settings_on(&self, key: &str) -> bool {
        self.settings.boolean(key) == Some(true)
    }

    /// The role of those who accept.
    pub fn board(&self) -> &str {
        self.settings.text("board").unwrap_or("rollout_board")
    }

    /// The role of those whose adoption is counted; none: everybody.
    pub fn audience(&self) -> Option<&str> {
        self.settings.text("audience").filter(|role| !role.is_empty())
    }

    /// Seconds from UTC.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Today, here.
    pub fn today(&self) -> Day {
        Day::at(runtime::now(), self.offset())
    }
}

/// Days of the company.
pub struct Days {
    /// Which are worked.
    pub calendar: Calendar,
    /// When working time ends on those that are.
    pub ends: BTreeMap<Day, i64>,
}

/// Which days the company works, from `first` on for so many days; weeks are as usual where the host says nothing.
///
/// # Errors
/// What the host says.
pub fn calendar(first: Day, count: i64) -> Result<Calendar, HostError> {
    Ok(days(first, count)?.calendar)
}

/// The same, with when each day ends.
///
/// # Errors
/// What the host says.
pub fn days(first: Day, count: i64) -> Result<Days, HostError> {
    let (mut known, mut ends) = (Vec::new(), BTreeMap::new());
    let mut from = first;
    let last = first.plus(count.max(0));
    while from <= last {
        let to = from.plus(SPAN - 1).min(last);
        for day in calendars::of_company(&from.to_string(), &to.to_string())? {
            let Some(date) = Day::parse(&day.date) else { continue };
            known.push((date, !day.planned.is_empty()));
            ends.extend(day.planned.last().map(|span| (date, span.end)));
        }
        from = to.plus(1);
    }
    Ok(Days { calendar: Calendar::of(known), ends })
}

/// The same between two days.
///
/// # Errors
/// What the host says.
pub fn calendar_between(first: Day, last: Day) -> Result<Calendar, HostError> {
    calendar(first, last.0 - first.0)
}

/// Seconds from UTC of `2026-03-29T03:30:00+03:00`.
fn offset(local: &str) -> i64 {
    let Some(tail) = local.get(19..) else { return 0 };
    let sign = if tail.contains('-') { -1 } else { 1 };
    let mut parts = tail.trim_start_matches(['+', '-']).split(':').map(|part| part.parse::<i64>().unwrap_or(0));
    sign * (parts.next().unwrap_or(0) * 3_600 + parts.next().unwrap_or(0) * 60)
}

/// Whether what the host says is that a record is not there, or not to be seen.
pub fn is_gone(error: &HostError) -> bool {
    matches!(error, HostError::NotFound(_))
}

/// A refusal of the host in words, for answers of routes.
pub fn words_of(error: &HostError) -> String {
    match error {
        HostError::Invalid(invalid) => {
            let fields = invalid.fields.iter().map(|FieldError { field, text, .. }| format!("{field}: {text}"));
            let all: Vec<String> = std::iter::once(invalid.text.clone()).chain(fields).collect();
            all.join("; ")
        }
        HostError::Denied(text)
        | HostError::NotFound(text)
        | HostError::Conflict(text)
        | HostError::Limit(text)
        | HostError::Unavailable(text)
        | HostError::Internal(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn the_zone_is_read_from_a_local_time() {
        for (local, seconds) in [
            ("2026-03-29T03:30:00+03:00", 10_800),
            ("2026-03-29T03:30:00-04:30", -16_200),
            ("2026-03-29T03:30:00Z", 0),
            ("", 0),
        ] {
            assert_eq!(offset(local), seconds, "{local}");
        }
    }
}
