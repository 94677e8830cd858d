//! What other modules and processes hear of: `time.day.started` and the like. Nobody waits for them: what cannot be
//! published is noted in the log.

use serde_json::{Value as Json, json};
use verstak_plugin::events::{self, NewEvent};
use verstak_plugin::prelude::*;

use crate::day::Day;
use crate::entry::timer::Running;
use crate::store;
use crate::zone::{self, Date};

fn publish(name: &str, payload: &Json, key: &str) {
    if let Err(error) = events::publish(NewEvent::new(name, payload.to_string()).in_order(key)) {
        warning!("{name} was not published: {error}");
    }
}

/// `day.started`, `day.finished`.
pub fn day(name: &str, day: &Day) {
    let at = day.kept.end.unwrap_or(day.kept.start);
    publish(name, &json!({ "user": day.owner, "day": zone::text(day.date), "at": zone::instant(at) }), &day.owner);
}

/// `day.violated`.
pub fn violated(person: &str, date: Date, kind: &str) {
    publish("day.violated", &json!({ "user": person, "day": zone::text(date), "kind": kind }), person);
}

/// `entry.stopped`.
pub fn stopped(one: &Running, at: i64) {
    let seconds = (at - one.since) / zone::SECOND;
    let mut payload = json!({ "user": one.owner, "entry": one.id, "seconds": seconds });
    if let Some(map) = payload.as_object_mut().filter(|_| !one.subject.entity.is_empty()) {
        map.insert("entity".to_owned(), one.subject.entity.as_str().into());
        map.insert("record".to_owned(), one.subject.id.as_str().into());
    }
    publish("entry.stopped", &payload, &one.owner);
}

/// `sheet.approved`.
pub fn sheet_approved(row: &Row) {
    let week = store::day(row, "week").map(zone::text).unwrap_or_default();
    let user = row.id("owner").unwrap_or_default();
    publish(
        "sheet.approved",
        &json!({ "user": user, "week": week, "total": row.integer("total").unwrap_or_default() }),
        user,
    );
}

/// `period.closed`.
pub fn period_closed(row: &Row) {
    let month = store::day(row, "month").map(zone::text).unwrap_or_default();
    publish("period.closed", &json!({ "month": month }), &month);
}
