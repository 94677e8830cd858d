//! The timer: one running row a person. A start stops the other in the same second; repeats are harmless.

use verstak_plugin::prelude::*;

use super::{ENTITY, Subject, chain};
use crate::events;
use crate::notice;
use crate::refusal::{Done, No, Trouble};
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
    let setup = Setup::load();
    let mut last = None;
    for _ in 0..TRIES {
        let now = whole(runtime::now());
        let before = running(person)?;
        if let Some(same) = before.iter().find(|one| one.subject == *subject && (note.is_empty() || one.note == note)) {
            return Ok(same.clone());
        }
        if !setup.parallel {
            for one in &before {
                end(one, now, false)?;
            }
        }
        let draft = Draft::new().with("owner", Value::link(person)).with("starts_at", Value::Instant(now));
        let draft = subject.put(draft.with("source", "timer").with("note", note));
        match records::create(ENTITY, draft) {
            Ok(made) => {
                let row = records::get(ENTITY, &made.id)?.as_ref().and_then(Running::of_row);
                return row.ok_or_else(|| HostError::Internal("the entry is gone".to_owned()).into());
            }
            // Another start was faster, or something was booked until this second: look again.
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| No::conflict("time.overlap", "entry.busy", "Another timer was started").into(), Trouble::Host))
}

/// Stops what runs.
///
/// # Errors
/// As records say.
pub fn stop(setup: &Setup, person: &str, at: i64, check: bool) -> Done<Option<Running>> {
    let mut stopped = None;
    for one in running(person)? {
        let limit = one.since + setup.stop * SECOND;
        end(&one, at.min(limit), check || at > limit)?;
        stopped = stopped.or(Some(one));
    }
    Ok(stopped)
}

/// Ends one row; one of less than a second leaves nothing.
fn end(one: &Running, at: i64, check: bool) -> Done {
    let at = whole(at);
    if at <= one.since {
        records::remove(ENTITY, &one.id)?;
        return Ok(());
    }
    records::change(ENTITY, &one.id, Draft::new().with("ends_at", Value::Instant(at)).with("check", check))?;
    chain::complete(&one.id)?;
    events::stopped(one, at);
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
        if people::user(&one.owner)?.is_none() {
            end(&one, now, true)?;
        } else if ran >= setup.stop {
            end(&one, one.since + setup.stop * SECOND, true)?;
            notice::stopped(&one)?;
        } else if ran >= setup.ask {
            notice::long(&one)?;
        }
    }
    Ok(())
}

/// Somebody says that a stopped timer is right as it stands.
///
/// # Errors
/// `time.denied`, and as records say.
pub fn confirm(person: &str, id: &str) -> Done {
    let row = records::get(ENTITY, id)?;
    let row = row.ok_or_else(|| No::conflict("time.gone", "decide.gone", "It is not there any more"))?;
    if row.id("owner") != Some(person) {
        return Err(No::denied("entry.not_yours", "It is not yours").into());
    }
    records::change(ENTITY, id, Draft::new().with("check", false))?;
    Ok(())
}
