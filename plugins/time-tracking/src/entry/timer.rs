//! The timer: one running row a person. A start stops the other in the same second; repeats are harmless.

use verstak_plugin::prelude::*;
use verstak_plugin::records::Together;

use super::split::by_day;
use super::{ENTITY, SHARED, Subject};
use crate::events;
use crate::notice;
use crate::refusal::{Done, No};
use crate::span::Span;
use crate::store::{self, Setup, instant};
use crate::zone::{SECOND, whole};

/// Tries of a start that somebody else's start gets in the way of.
const TRIES: usize = 4;

/// A running row.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Its id.
    pub id: String,
    /// Whose.
    pub owner: String,
    /// Since when.
    pub since: i64,
    /// On what.
    pub subject: Subject,
    /// The title of that.
    pub title: String,
    /// What somebody wrote.
    pub note: String,
}

impl Running {
    fn of_row(row: &Row) -> Option<Self> {
        Some(Self {
            id: row.id.clone(),
            owner: row.id("owner")?.to_owned(),
            since: instant(row, "starts_at")?,
            subject: Subject::of_row(row),
            title: row.text("subject").or_else(|| row.text("note")).unwrap_or_default().to_owned(),
            note: row.text("note").unwrap_or_default().to_owned(),
        })
    }
}

const FIELDS: [&str; 9] = ["owner", "starts_at", "task", "deal", "lead", "company", "subject", "note", "title"];

/// The running rows of a person, the newest first; with the setting `parallel` there may be several.
///
/// # Errors
/// As the host says.
pub fn running(person: &str) -> Result<Vec<Running>, HostError> {
    let filter = store::all_of([store::eq("owner", person), store::eq("running", true)]);
    let rows = store::rows(ENTITY, &filter, &FIELDS, &[("starts_at", true)])?;
    Ok(rows.iter().filter_map(Running::of_row).collect())
}

/// Starts a timer now.
///
/// # Errors
/// As records say; `time.subject_gone`.
pub fn start(person: &str, subject: &Subject, note: &str) -> Done<Running> {
    subject.must_be_there()?;
    let setup = Setup::of(person)?;
    let mut last = None;
    for _ in 0..TRIES {
        let now = whole(runtime::now());
        let before = running(person)?;
        if let Some(same) = before.iter().find(|one| one.subject == *subject && (note.is_empty() || one.note == note)) {
            return Ok(same.clone());
        }
        // What ends and what begins is one commit.
        let mut writes = Together::new();
        for one in before.iter().filter(|_| !setup.parallel) {
            writes = ended(writes, &setup, one, now, false)?;
        }
        let id = records::fresh_ids(1)?.pop().unwrap_or_default();
        let draft = Draft::new().with("owner", Value::link(person)).with("starts_at", Value::Instant(now));
        let draft = subject.put(draft.with("source", "timer").with("note", note));
        match writes.create_as(ENTITY, &id, draft).run() {
            Ok(_) => {
                before.iter().filter(|_| !setup.parallel).for_each(|one| events::stopped(one, now));
                // Of less than a second it leaves nothing when another start ends it at once.
                let row = records::get(ENTITY, &id)?.as_ref().and_then(Running::of_row);
                return row.ok_or_else(|| overtaken().into());
            }
            // Another start was faster, or something was booked until this second: look again.
            Err(error) => last = Some(error),
        }
    }
    Err(match last {
        // What was to be ended had gone each time.
        None | Some(HostError::NotFound(_)) => overtaken().into(),
        Some(error) => error.into(),
    })
}

fn overtaken() -> No {
    No::conflict("time.overlap", "entry.busy", "Another timer was started")
}

/// Stops what runs.
///
/// # Errors
/// As records say.
pub fn stop(setup: &Setup, person: &str, at: i64, check: bool) -> Done<Option<Running>> {
    let mut stopped = None;
    for one in running(person)? {
        if one.since > at {
            continue;
        }
        let limit = one.since + setup.stop * SECOND;
        end(setup, &one, at.min(limit), check || at > limit)?;
        stopped = stopped.or(Some(one));
    }
    Ok(stopped)
}

/// Ends one row.
fn end(setup: &Setup, one: &Running, at: i64, check: bool) -> Done {
    match ended(Together::new(), setup, one, at, check)?.run() {
        // No row is made for somebody who left: the hook cuts this one at midnight and notes until when it goes on.
        Err(HostError::Invalid(_)) => {
            let draft = Draft::new().with("ends_at", Value::Instant(whole(at))).with("check", check);
            records::change(ENTITY, &one.id, draft)?;
        }
        done => drop(done?),
    }
    events::stopped(one, at);
    Ok(())
}

/// What ends a row: a row for each local date, of one chain; one of less than a second leaves nothing.
fn ended(writes: Together, setup: &Setup, one: &Running, at: i64, check: bool) -> Result<Together, HostError> {
    let parts = by_day(setup.zone, Span::new(one.since, whole(at)));
    let Some(((_, first), rest)) = parts.split_first() else { return Ok(writes.remove(ENTITY, &one.id)) };
    let end = Draft::new().with("ends_at", Value::Instant(first.end)).with("check", check);
    if rest.is_empty() {
        return Ok(writes.change(ENTITY, &one.id, end));
    }
    let row = records::get(ENTITY, &one.id)?;
    let mut writes = writes.change(ENTITY, &one.id, end.with("chain", one.id.as_str()));
    for (_, part) in rest {
        let draft = Draft::new()
            .with("starts_at", Value::Instant(part.start))
            .with("ends_at", Value::Instant(part.end))
            .with("check", check)
            .with("chain", one.id.as_str());
        let shared = SHARED.iter().chain(&["owner", "source", "organization"]);
        let shared = shared.filter_map(|field| Some((field, row.as_ref()?.value(field)?.clone())));
        writes = writes.create(ENTITY, shared.fold(draft, |draft, (field, value)| draft.with(field, value)));
    }
    Ok(writes)
}

/// Before the module is switched off: what runs stops, to be confirmed when it is on again.
///
/// # Errors
/// As records say.
pub fn stop_all() -> Outcome {
    let setup = Setup::load();
    let now = runtime::now();
    for one in store::every(ENTITY, &store::eq("running", true), &FIELDS)?.iter().filter_map(Running::of_row) {
        end(&setup, &one, now, true)?;
    }
    Ok(())
}

/// After people were blocked: their timers end that second, to be confirmed.
///
/// # Errors
/// As records say.
pub fn blocked(all: &[Event]) -> Outcome {
    for event in all {
        stop(&Setup::of(&event.record)?, &event.record, event.at, true)?;
    }
    Ok(())
}

/// Stops what runs too long, asks about what runs long, and stops those of people who may not sign in any more.
///
/// # Errors
/// As records say.
pub fn look_after(setup: &Setup, now: i64) -> Done {
    let rows = store::every(ENTITY, &store::eq("running", true), &FIELDS)?;
    for one in rows.iter().filter_map(Running::of_row) {
        let ran = (now - one.since) / SECOND;
        if !crate::staff::person(&one.owner)?.is_some_and(|person| person.active) {
            end(setup, &one, now, true)?;
        } else if ran >= setup.stop {
            end(setup, &one, one.since + setup.stop * SECOND, true)?;
            notice::stopped(&one)?;
        } else if ran >= setup.ask {
            notice::long(&one)?;
        }
    }
    Ok(())
}

/// Somebody says that a stopped timer is right as it stands: the person, or whoever hands in for one who left.
///
/// # Errors
/// `time.denied`, and as records say.
pub fn confirm(person: &str, id: &str) -> Done {
    let row = records::get(ENTITY, id)?;
    let row = row.ok_or_else(|| No::conflict("time.gone", "decide.gone", "It is not there any more"))?;
    if row.id("owner") != Some(person) {
        crate::sheet::may_hand_in(row.id("owner").unwrap_or_default())?;
    }
    records::change(ENTITY, id, Draft::new().with("check", false))?;
    Ok(())
}
