//! Booking without a timer: hours of a day of which nobody said when, from the week's grid and from processes.

use verstak_plugin::prelude::*;

use super::split::gaps;
use super::{ENTITY, Subject};
use crate::plan;
use crate::refusal::{Done, No};
use crate::span::Span;
use crate::store::{self, Setup, instant};
use crate::zone::{self, Date, HOUR, plus_days};

/// Books so many seconds of a date on something, in the first gaps from the day's plan on.
///
/// # Errors
/// `time.no_room`, and as records say.
pub fn hours(person: &str, date: Date, subject: &Subject, seconds: i64, source: &str, note: &str) -> Done<Vec<String>> {
    let setup = Setup::of(person)?;
    subject.must_be_there()?;
    let booked = spans(person, date)?;
    let plan = plan::plan(person, date)?;
    let begin = plan.bounds().map_or_else(|| setup.zone.midnight(date) + 9 * HOUR, |bounds| bounds.start);
    let until = setup.zone.midnight(plus_days(date, 1)).min(zone::whole(runtime::now()));
    let mut free = gaps(begin, until, &booked, seconds);
    if free.is_empty() {
        free = gaps(setup.zone.midnight(date), until, &booked, seconds);
    }
    if free.is_empty() {
        return Err(No::conflict("time.no_room", "entry.no_room", "So many hours do not fit into that day").into());
    }
    let mut made = Vec::new();
    for span in free {
        let draft = Draft::new()
            .with("owner", Value::link(person))
            .with("starts_at", Value::Instant(span.start))
            .with("ends_at", Value::Instant(span.end))
            .with("source", source)
            .with("note", note);
        made.push(records::create(ENTITY, subject.put(draft))?.id);
    }
    Ok(made)
}

fn spans(person: &str, date: Date) -> Result<Vec<Span>, HostError> {
    let filter = store::all_of([store::eq("owner", person), store::eq("day", zone::text(date))]);
    let rows = store::every(ENTITY, &filter, &["starts_at", "ends_at"])?;
    let now = runtime::now();
    Ok(rows
        .iter()
        .filter_map(|row| Some(Span::new(instant(row, "starts_at")?, instant(row, "ends_at").unwrap_or(now))))
        .collect())
}

/// Takes hours of a date off something: the last rows of the grid first.
///
/// # Errors
/// `time.by_hand` when the rest was booked with times of its own, and as records say.
pub fn less(person: &str, date: Date, subject: &Subject, mut seconds: i64) -> Done {
    let mut filter = vec![
        store::eq("owner", person),
        store::eq("day", zone::text(date)),
        store::any_of("source", ["grid", "process"]),
    ];
    if !subject.entity.is_empty() {
        filter.push(store::eq(&subject.entity, subject.id.as_str()));
    }
    let rows =
        store::rows(ENTITY, &store::all_of(filter), &["starts_at", "ends_at", "seconds"], &[("starts_at", true)])?;
    if rows.iter().filter_map(|row| row.integer("seconds")).sum::<i64>() < seconds {
        return Err(No::conflict(
            "time.by_hand",
            "entry.by_hand",
            "These hours have times of their own: change the entries",
        )
        .into());
    }
    for row in rows {
        let (Some(start), Some(of_row)) = (instant(&row, "starts_at"), row.integer("seconds")) else { continue };
        if seconds <= 0 {
            break;
        }
        if of_row <= seconds {
            records::remove(ENTITY, &row.id)?;
        } else {
            let end = start + (of_row - seconds) * zone::SECOND;
            records::change(ENTITY, &row.id, Draft::new().with("ends_at", Value::Instant(end)))?;
        }
        seconds -= of_row;
    }
    Ok(())
}
