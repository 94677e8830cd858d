//! Presses: the day, the timer, the week's grid, decisions, months.

use verstak_plugin::prelude::*;

use super::now::subject_of;
use crate::day::correction;
use crate::day::place::Position;
use crate::day::steps::{self, Said, Step};
use crate::entry::{Subject, book, chain, timer};
use crate::period;
use crate::refusal::{Done, No, Trouble};
use crate::sheet;
use crate::store::{Setup, me};
use crate::zone;

fn person() -> Acted<String> {
    me().ok_or_else(|| NotActed::refuse(Message::new("caller.none", "Sign in first")))
}

/// Where the browser says that its person is, of actions that ask it.
fn position(deed: &Deed) -> Option<Position> {
    match deed.value("position")? {
        Value::Json(text) => Position::of(&serde_json::from_str(text).ok()?),
        _ => None,
    }
}

fn day(deed: &Deed, step: Step) -> Acted {
    let said = Said { position: position(deed), ..Said::default() };
    let stepped = steps::step(&person()?, step, said)?;
    let (key, text) = match (step, stepped.day.is_some()) {
        (Step::Start, _) => ("toast.started", "The day has begun"),
        (Step::Pause, _) => ("toast.paused", "Pause"),
        (Step::Resume, _) => ("toast.resumed", "Work goes on"),
        (Step::Finish, _) => ("toast.finished", "The day is over"),
    };
    Ok(answer().toast(Message::new(key, text)).refresh(&[]))
}

/// Begins the day.
///
/// # Errors
/// As the step says.
pub fn day_start(deed: &Deed) -> Acted {
    day(deed, Step::Start)
}

/// Rests.
///
/// # Errors
/// As the step says.
pub fn day_pause(deed: &Deed) -> Acted {
    day(deed, Step::Pause)
}

/// Works again.
///
/// # Errors
/// As the step says.
pub fn day_resume(deed: &Deed) -> Acted {
    day(deed, Step::Resume)
}

/// Ends the day.
///
/// # Errors
/// As the step says.
pub fn day_finish(deed: &Deed) -> Acted {
    day(deed, Step::Finish)
}

/// Starts a timer: on the record the page stands on, on a line, or on nothing in particular.
///
/// # Errors
/// As the timer says.
pub fn timer_start(deed: &Deed) -> Acted {
    let person = person()?;
    let subject = match (&deed.view().record, deed.text("subject").or_else(|| deed.rows().first().map(String::as_str)))
    {
        (Some(record), _) => Subject::new(&record.entity, &record.id)?,
        (None, Some(key)) => subject_of(key)?,
        (None, None) => match deed.text("task") {
            Some(task) => Subject::new("task", task)?,
            None => Subject::default(),
        },
    };
    if deed.view().record.is_none() {
        must_be_known(&person, &subject)?;
    }
    let running = timer::start(&person, &subject, deed.text("note").unwrap_or_default())?;
    let said = Message::new("toast.timer", "The timer runs: {title}").with("title", running.title);
    Ok(answer().toast(said).refresh(&[]))
}

/// Passes when a person sees what they name, or booked time on it before: the module itself reads more than they do.
fn must_be_known(person: &str, subject: &Subject) -> Acted<()> {
    if subject.is_seen()? || super::now::last_subjects(person, 50)?.iter().any(|(one, _)| one == subject) {
        return Ok(());
    }
    Err(NotActed::refuse(Message::new("entry.subject_gone", "This record is not there")))
}

/// Stops the timer.
///
/// # Errors
/// As the timer says.
pub fn timer_stop(_: &Deed) -> Acted {
    let setup = Setup::load();
    let person = person()?;
    let since = timer::running(&person)?.first().map(|one| one.since);
    timer::stop(&setup, &person, runtime::now(), false)?;
    let took = since.map_or(0, |since| (runtime::now() - since) / zone::SECOND);
    let said = Message::new("toast.stopped", "Booked: {time}").with("time", crate::day::watch::hours(took));
    Ok(answer().toast(said).refresh(&[]))
}

/// A stopped timer is right as it stands.
///
/// # Errors
/// As the timer says.
pub fn confirm(deed: &Deed) -> Acted {
    let person = person()?;
    for id in deed.rows() {
        timer::confirm(&person, id)?;
    }
    Ok(answer().refresh(&[]))
}

/// Deletes an entry with its chain.
///
/// # Errors
/// As records say.
pub fn remove(deed: &Deed) -> Acted {
    let (person, id) = (person()?, deed.row()?);
    let row = records::get(crate::entry::ENTITY, id)?;
    if row.as_ref().and_then(|row| row.id("owner")) != Some(&person) {
        return Err(NotActed::refuse(Message::new("entry.not_yours", "It is not yours")));
    }
    chain::remove(id)?;
    Ok(answer().refresh(&[]))
}

/// A cell of the week's grid: `{row, column, old, new}`.
///
/// # Errors
/// As booking says.
pub fn grid(deed: &Deed) -> Acted {
    let person = person()?;
    let subject = subject_of(deed.text("row").unwrap_or_default())?;
    let date = deed.text("column").and_then(zone::date);
    let date = date.ok_or_else(|| NotActed::refuse(Message::new("time.unreadable", "This is no time")))?;
    let seconds = |name: &str| deed.number(name).map_or(0, whole);
    let more = seconds("new") - seconds("old");
    if more > 0 {
        must_be_known(&person, &subject)?;
        book::hours(&person, date, &subject, more, "grid", "")?;
    } else if more < 0 {
        book::less(&person, date, &subject, -more)?;
    }
    Ok(answer().refresh(&["week", "cells", "lines", "week_days", "entries", "now"]))
}

fn whole(number: f64) -> i64 {
    format!("{number:.0}").parse().unwrap_or_default()
}

/// Hands the week in.
///
/// # Errors
/// As the sheet says.
pub fn submit(deed: &Deed) -> Acted {
    let today = || Setup::load().zone.date(runtime::now());
    let week = deed.text("week").or_else(|| deed.view().param("week")).and_then(zone::date).unwrap_or_else(today);
    sheet::submit(&person()?, week, deed.text("comment"))?;
    Ok(answer().toast(Message::new("toast.submitted", "The week is handed in")).refresh(&[]))
}

/// Hands in weeks of people who left.
///
/// # Errors
/// As the sheet says.
pub fn submit_for(deed: &Deed) -> Acted {
    let (owner, week) = super::team::left_week(deed.row()?)?;
    sheet::submit(&owner, week, deed.text("comment"))?;
    Ok(answer().toast(Message::new("toast.submitted", "The week is handed in")).refresh(&[]))
}

/// The timers of somebody who left, of a week, are right as they stand.
///
/// # Errors
/// As the timer says.
pub fn confirm_for(deed: &Deed) -> Acted {
    let (owner, week) = super::team::left_week(deed.row()?)?;
    for id in sheet::unconfirmed(&owner, week)? {
        timer::confirm(&person()?, &id)?;
    }
    Ok(answer().refresh(&[]))
}

/// Goes over the chosen rows; those that are refused say why.
fn each(deed: &Deed, done: (&str, &str), one: impl Fn(&str) -> Done) -> Acted {
    let mut said = answer().refresh(&[]);
    let mut count = 0;
    let single = deed.rows().len() == 1;
    for id in deed.rows() {
        match one(id) {
            Ok(()) => count += 1,
            Err(trouble) if single => return Err(trouble.into()),
            Err(Trouble::Host(error @ HostError::Internal(_))) => return Err(error.into()),
            Err(trouble) => said = said.refused(id, trouble.into()),
        }
    }
    if count > 0 {
        said = said.toast(Message::new(done.0, done.1).with("count", count));
    }
    Ok(said)
}

/// Approves corrections.
///
/// # Errors
/// As decisions say.
pub fn approve_correction(deed: &Deed) -> Acted {
    each(deed, ("toast.approved", "Approved: {count}"), |id| correction::decide(id, true))
}

/// Rejects corrections.
///
/// # Errors
/// As decisions say.
pub fn reject_correction(deed: &Deed) -> Acted {
    each(deed, ("toast.rejected", "Rejected: {count}"), |id| correction::decide(id, false))
}

/// Approves timesheets.
///
/// # Errors
/// As decisions say.
pub fn approve_sheet(deed: &Deed) -> Acted {
    each(deed, ("toast.approved", "Approved: {count}"), |id| sheet::decide(id, true, None))
}

/// Gives timesheets back, with a reason.
///
/// # Errors
/// As decisions say.
pub fn return_sheet(deed: &Deed) -> Acted {
    let comment = deed.text("comment").map(str::to_owned);
    each(deed, ("toast.returned", "Given back: {count}"), |id| sheet::decide(id, false, comment.as_deref()))
}

fn month(deed: &Deed, closed: bool) -> Acted {
    let person = person()?;
    if !period::may_close(&person)? {
        return Err(Trouble::from(No::denied("period.denied", "Months are closed by the role “Time: figures”")).into());
    }
    let month = deed.row()?;
    let month =
        zone::date(month).ok_or_else(|| NotActed::refuse(Message::new("time.unreadable", "This is no time")))?;
    period::set(month, closed, deed.text("reason"))?;
    let (key, text) =
        if closed { ("toast.closed", "The month is closed") } else { ("toast.opened", "The month is open again") };
    Ok(answer().toast(Message::new(key, text)).refresh(&[]))
}

/// Closes a month.
///
/// # Errors
/// As the period says.
pub fn close_month(deed: &Deed) -> Acted {
    month(deed, true)
}

/// Opens a month again, with a reason.
///
/// # Errors
/// As the period says.
pub fn open_month(deed: &Deed) -> Acted {
    month(deed, false)
}
