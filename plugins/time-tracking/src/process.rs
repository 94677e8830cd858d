//! For processes: time booked by a step, a timer started, questions about days and timesheets.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use crate::entry::{SUBJECTS, Subject, book, timer};
use crate::refusal::Trouble;
use crate::sheet;
use crate::store::Setup;
use crate::zone;

impl From<Trouble> for NotDone {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::No(no) => NotDone::bpmn(no.code.strip_prefix("time.").unwrap_or(no.code), no.message.fallback),
            Trouble::Host(error) => error.into(),
        }
    }
}

fn input(call: &Call) -> Done<Json> {
    serde_json::from_str(&call.input).map_err(NotDone::never)
}

/// The person who was named, else whoever the subject belongs to.
fn person(call: &Call, input: &Json) -> Done<String> {
    if let Some(id) = input.get("person").and_then(Json::as_str) {
        return Ok(id.to_owned());
    }
    let subject = call.subject.as_ref().filter(|subject| SUBJECTS.contains(&subject.entity.as_str()));
    let row = match subject {
        Some(subject) => records::get(&subject.entity, &subject.id)?,
        None => None,
    };
    let owner = row.and_then(|row| row.id("assignee").or_else(|| row.id("owner")).map(str::to_owned));
    owner.ok_or_else(|| NotDone::never("nobody was named, and the subject belongs to nobody"))
}

fn subject(call: &Call) -> Done<Subject> {
    let subject = call.subject.as_ref();
    Ok(subject.map_or_else(|| Ok(Subject::default()), |subject| Subject::new(&subject.entity, &subject.id))?)
}

/// `log_time`: books seconds of a date.
///
/// # Errors
/// BPMN errors by the codes of the module: `no_room`, `period_closed` ...
pub fn log_time(call: &Call) -> Done<String> {
    let input = input(call)?;
    let person = person(call, &input)?;
    let today = || Setup::load().zone.date(runtime::now());
    let date = input.get("day").and_then(Json::as_str).and_then(zone::date).unwrap_or_else(today);
    let seconds = input.get("seconds").and_then(Json::as_i64).unwrap_or_default();
    // A step that is tried again finds what it booked by its key.
    let note = input.get("note").and_then(Json::as_str).unwrap_or_default();
    let key = format!("log/{}", call.key);
    if let Some(done) = kv::get(&key)? {
        return Ok(String::from_utf8_lossy(&done.value).into_owned());
    }
    let made = book::hours(&person, date, &subject(call)?, seconds, "process", note)?;
    let answer = json!({ "entry": made.first(), "entries": made }).to_string();
    kv::set(&key, answer.as_str(), Some(30 * 24 * 3_600))?;
    Ok(answer)
}

/// `start_timer`.
///
/// # Errors
/// BPMN errors by the codes of the module.
pub fn start_timer(call: &Call) -> Done<String> {
    let input = input(call)?;
    let note = input.get("note").and_then(Json::as_str).unwrap_or_default();
    let running = timer::start(&person(call, &input)?, &subject(call)?, note)?;
    Ok(json!({ "entry": running.id }).to_string())
}

/// `day_open`: whether the person works now.
///
/// # Errors
/// When nobody is meant.
pub fn day_open(call: &Call) -> Done<bool> {
    let person = person(call, &input(call)?)?;
    Ok(crate::day::open_day(&person)?.is_some())
}

/// `sheet_approved`: whether the person's week is approved.
///
/// # Errors
/// When nobody is meant.
pub fn sheet_approved(call: &Call) -> Done<bool> {
    let input = input(call)?;
    let setup = Setup::load();
    let last = || zone::minus_days(setup.zone.date(runtime::now()), 7);
    let date = input.get("week").and_then(Json::as_str).and_then(zone::date).unwrap_or_else(last);
    let sheet = sheet::of(&person(call, &input)?, setup.week(date))?;
    Ok(sheet.is_some_and(|row| row.text("state") == Some("approved")))
}
