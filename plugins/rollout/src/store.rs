//! Reading and writing records in the shapes this module needs: all rows of a filter, many rows in portions, settings.

use serde_json::{Value as Json, json};
use verstak_plugin::records::Update;
use verstak_plugin::{FieldError, prelude::*};

use crate::days::{Calendar, Day};

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

/// What the administrator set, and what follows from it.
pub struct Rules {
    settings: Settings,
}

impl Rules {
    /// Asks the host.
    pub fn load() -> Self {
        Rules { settings: Settings::load() }
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

    /// The role of those whose adoption is counted.
    pub fn audience(&self) -> &str {
        self.settings.text("audience").unwrap_or("rollout_member")
    }

    /// Days worked in this company.
    pub fn calendar(&self) -> Calendar {
        Calendar::with_holidays(self.settings.text("holidays").unwrap_or_default())
    }

    /// Hours from UTC.
    pub fn offset(&self) -> i64 {
        self.number("utc_hours")
    }

    /// Today, here.
    pub fn today(&self) -> Day {
        Day::at(runtime::now(), self.offset())
    }
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
