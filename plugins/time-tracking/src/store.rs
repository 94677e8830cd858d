//! What every part of the module asks of the host: records by filter, who acts, what administrators have set.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;
use verstak_plugin::records::Sort;
use verstak_plugin::runtime::ActorKind;

use crate::entry::Books;
use crate::zone::{Date, Zone, week_of};

/// Rows of one question.
const PAGE: u32 = 200;

/// A field is this.
pub fn eq(field: &str, value: impl Into<Json>) -> Json {
    json!({ "field": field, "op": "eq", "value": value.into() })
}

/// A field is one of these.
pub fn any_of<T: AsRef<str>>(field: &str, values: impl IntoIterator<Item = T>) -> Json {
    let values: Vec<Json> = values.into_iter().map(|value| value.as_ref().into()).collect();
    json!({ "field": field, "op": "in", "value": values })
}

/// A field compares so: `gte`, `lt`, `ne` ...
pub fn compares(field: &str, op: &str, value: impl Into<Json>) -> Json {
    json!({ "field": field, "op": op, "value": value.into() })
}

/// All of them hold.
pub fn all_of(filters: impl IntoIterator<Item = Json>) -> Json {
    json!({ "and": filters.into_iter().collect::<Vec<_>>() })
}

/// Up to 200 rows; no filter (`null`): of all.
///
/// # Errors
/// As the host says.
pub fn rows(entity: &str, filter: &Json, fields: &[&str], sort: &[(&str, bool)]) -> Result<Vec<Row>, HostError> {
    Ok(ask(entity, filter, fields, sort).run()?.rows)
}

/// The first row in that order.
///
/// # Errors
/// As the host says.
pub fn first(entity: &str, filter: &Json, fields: &[&str], sort: &[(&str, bool)]) -> Result<Option<Row>, HostError> {
    Ok(ask(entity, filter, fields, sort).limit(1).run()?.rows.into_iter().next())
}

fn ask(entity: &str, filter: &Json, fields: &[&str], sort: &[(&str, bool)]) -> records::Query {
    let sort = sort.iter().map(|(field, descending)| Sort { field: (*field).to_owned(), descending: *descending });
    let mut query = Query::of(entity).fields(fields).limit(PAGE);
    query.filter = (!filter.is_null()).then(|| filter.to_string());
    query.sort = sort.collect();
    query
}

/// Every row, a page at a time.
///
/// # Errors
/// As the host says; what `look` says.
pub fn each_page(
    entity: &str,
    filter: &Json,
    fields: &[&str],
    mut look: impl FnMut(Vec<Row>) -> Result<(), HostError>,
) -> Result<(), HostError> {
    let mut query = ask(entity, filter, fields, &[]);
    loop {
        let page = query.run()?;
        look(page.rows)?;
        let Some(next) = page.next else { return Ok(()) };
        query.cursor = Some(next);
    }
}

/// All rows.
///
/// # Errors
/// As the host says.
pub fn every(entity: &str, filter: &Json, fields: &[&str]) -> Result<Vec<Row>, HostError> {
    let mut found = Vec::new();
    each_page(entity, filter, fields, |page| {
        found.extend(page);
        Ok(())
    })?;
    Ok(found)
}

/// Groups of an aggregate: each an object with the fields and measures asked for.
///
/// # Errors
/// As the host says.
pub fn groups(entity: &str, filter: &Json, by: &[&str], measures: &Json) -> Result<Vec<Json>, HostError> {
    let request = json!({ "filter": filter, "group_by": by, "measures": measures });
    let answer = records::aggregate(entity, &request.to_string())?;
    let answer: Json = serde_json::from_str(&answer).map_err(|error| HostError::Internal(error.to_string()))?;
    Ok(answer.get("items").and_then(Json::as_array).cloned().unwrap_or_default())
}

/// The sum of a field.
///
/// # Errors
/// As the host says.
pub fn sum(entity: &str, filter: &Json, field: &str) -> Result<i64, HostError> {
    let found = groups(entity, filter, &[], &json!([{ "op": "sum", "field": field }]))?;
    Ok(found.first().and_then(|group| figure(group, &format!("sum_{field}"))).unwrap_or_default())
}

/// A measure of a group.
pub fn figure(group: &Json, name: &str) -> Option<i64> {
    let value = group.get("values")?.get(name)?;
    value.as_i64().or_else(|| value.as_str()?.split('.').next()?.parse().ok())
}

/// A key of a group.
pub fn key_of<'a>(group: &'a Json, field: &str) -> Option<&'a str> {
    group.get("group")?.get(field)?.as_str()
}

/// An instant of a field, in microseconds.
pub fn instant(fields: &impl Fields, name: &str) -> Option<i64> {
    match fields.value(name)? {
        Value::Instant(at) => Some(*at),
        _ => None,
    }
}

/// A date of a field.
pub fn day(fields: &impl Fields, name: &str) -> Option<Date> {
    crate::zone::date(fields.text(name)?)
}

/// A value for a field of dates.
pub fn date_value(date: Date) -> Value {
    Value::Date(crate::zone::text(date))
}

/// Who acts: a person, or nobody where the product works by itself.
pub fn me() -> Option<String> {
    runtime::context().actor.id
}

/// Whether somebody writes themselves, with the portal, the API or an import: not through this module.
pub fn by_hand() -> bool {
    matches!(runtime::context().actor.kind, ActorKind::User | ActorKind::Token | ActorKind::Import)
}

/// Whether a file is being imported.
pub fn by_import() -> bool {
    matches!(runtime::context().actor.kind, ActorKind::Import)
}

/// What administrators have set.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// The company's time zone, or that of a person's calendar.
    pub zone: Zone,
    /// Weeks begin on Sunday.
    pub sunday_first: bool,
    /// Entries of one person may overlap.
    pub parallel: bool,
    /// Seconds after which a timer asks.
    pub ask: i64,
    /// Seconds after which it stops.
    pub stop: i64,
    /// It stops with the day.
    pub stop_with_day: bool,
    /// What time is booked on.
    pub books: Books,
}

impl Setup {
    /// Asks the host.
    pub fn load() -> Self {
        let set = Settings::load();
        let hours = |key: &str, usual: i64| set.integer(key).unwrap_or(usual) * 3_600;
        Self {
            zone: Zone::of_company(),
            sunday_first: set.text("week_start") == Some("sunday"),
            parallel: set.boolean("parallel").unwrap_or_default(),
            ask: hours("ask_hours", 8),
            stop: hours("stop_hours", 12),
            stop_with_day: set.boolean("stop_with_day").unwrap_or(true),
            books: Books::of(&set),
        }
    }

    /// The same with the time zone of a person's calendar.
    ///
    /// # Errors
    /// As the host says.
    pub fn of(person: &str) -> Result<Self, HostError> {
        let setup = Self::load();
        let today = crate::zone::text(setup.zone.date(runtime::now()));
        let day = calendars::day(person, &today)?;
        Ok(day.map_or(setup, |day| Self { zone: Zone::named(&day.time_zone), ..setup }))
    }

    /// The first day of the week of a date.
    pub fn week(&self, date: Date) -> Date {
        week_of(date, self.sunday_first)
    }
}
