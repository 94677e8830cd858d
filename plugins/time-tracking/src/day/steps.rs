//! Start, pause, resume, finish. A step that was done already is done: repeats are harmless.

use verstak_plugin::prelude::*;

use super::correction::{self, Wish};
use super::rules::Broken;
use super::{Day, State};
use crate::entry::timer;
use crate::events;
use crate::notice;
use crate::plan;
use crate::refusal::{Done, No};
use crate::store::Setup;
use crate::zone::{SECOND, whole};

/// What somebody does with their day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Begins it, or goes on after its end.
    Start,
    /// Rests.
    Pause,
    /// Works again.
    Resume,
    /// Ends it.
    Finish,
}

/// What came of a step.
#[derive(Debug, Default)]
pub struct Stepped {
    /// The day, where there is one.
    pub day: Option<Day>,
    /// A correction that waits for a head, where the time said was too far off.
    pub waits: Option<String>,
}

/// Does a step now, or at a time that was said. A time further off than the policy lets pass waits for a head.
///
/// # Errors
/// `time.no_day`, `time.future`, `time.reason_missing`, and as records say.
pub fn step(person: &str, step: Step, said: Option<i64>, reason: Option<&str>) -> Done<Stepped> {
    let setup = Setup::of(person)?;
    let now = whole(runtime::now());
    let today = setup.zone.date(now);
    let limits = plan::limits(person, today)?;
    let far = said.filter(|at| (now - at).abs() > limits.silent_edit * SECOND || setup.zone.date(*at) != today);
    if said.is_some_and(|at| at > now) {
        return Err(No::wrong("time.future", "time.future", "This time has not come yet").into());
    }
    let mut stepped =
        Stepped { day: apply(person, step, if far.is_some() { now } else { said.unwrap_or(now) })?, waits: None };
    if let Some(at) = far {
        let Some(day) = &stepped.day else { return Ok(stepped) };
        let reason = reason.map(str::trim).filter(|text| !text.is_empty());
        let reason = reason.ok_or_else(|| {
            No::wrong("time.reason_missing", "reason.missing", "Say why: a head decides on a change of this size")
        })?;
        let (start, end) = if step == Step::Start { (at, day.kept.end.unwrap_or(now)) } else { (day.kept.start, at) };
        let rest = crate::span::Span::new(day.kept.start, day.kept.end.unwrap_or(now)).seconds() - day.kept.worked(now);
        stepped.waits = Some(correction::ask(person, &Wish { date: day.date, start, end, rest, reason })?);
    }
    Ok(stepped)
}

/// The step itself.
fn apply(person: &str, step: Step, at: i64) -> Done<Option<Day>> {
    let setup = Setup::of(person)?;
    let open = super::open_day(person)?;
    match (step, open) {
        (Step::Start, Some(day)) => Ok(Some(day)),
        (Step::Start, None) => start(&setup, person, at).map(Some),
        (_, None) => match super::on(person, setup.zone.date(at))? {
            Some(day) if step == Step::Finish => Ok(Some(day)),
            _ => Err(No::conflict("time.no_day", "day.none", "The day has not begun").into()),
        },
        (Step::Pause, Some(mut day)) => {
            if !day.kept.paused() {
                day.kept.breaks.push((at, None));
                day.state = State::Paused;
                day.save(&setup, "web", None)?;
            }
            Ok(Some(day))
        }
        (Step::Resume, Some(mut day)) => {
            if day.kept.paused() {
                resume(&mut day, at);
                day.state = State::Open;
                day.save(&setup, "web", None)?;
            }
            Ok(Some(day))
        }
        (Step::Finish, Some(day)) => finish(&setup, day, at).map(Some),
    }
}

fn resume(day: &mut Day, at: i64) {
    if let Some((from, until)) = day.kept.breaks.last_mut() {
        *until = Some(at.max(*from));
    }
    day.kept.breaks.retain(|(from, until)| until.is_none_or(|until| until > *from));
}

fn start(setup: &Setup, person: &str, at: i64) -> Done<Day> {
    let date = setup.zone.date(at);
    let mut day = match super::on(person, date)? {
        Some(mut again) => {
            // Somebody goes on: what lay between is a pause.
            if let Some(end) = again.kept.end.take().filter(|end| *end < at) {
                again.kept.breaks.push((end, Some(at)));
            }
            if again.kept.start == 0 {
                // It was noted as missed.
                again.kept.start = at;
            }
            again.state = State::Open;
            again
        }
        None => Day {
            id: String::new(),
            owner: person.to_owned(),
            date,
            kept: super::rules::Kept { start: at, ..Default::default() },
            state: State::Open,
            violations: Vec::new(),
        },
    };
    let broken = match day.save(setup, "web", None) {
        Ok(broken) => broken,
        // Somebody was faster: the day goes on already.
        Err(error) => return super::open_day(person)?.ok_or_else(|| error.into()),
    };
    events::day("day.started", &day);
    tell(&day, &Broken { early: 0, short: 0, ..broken })?;
    Ok(day)
}

fn finish(setup: &Setup, mut day: Day, at: i64) -> Done<Day> {
    let at = at.max(day.kept.start);
    if day.kept.paused() {
        resume(&mut day, at);
    }
    day.kept.end = Some(at);
    day.state = State::Closed;
    if setup.stop_with_day {
        timer::stop(setup, &day.owner, at, true)?;
    }
    let broken = day.save(setup, "web", None)?;
    events::day("day.finished", &day);
    tell(&day, &Broken { late: 0, ..broken })?;
    Ok(day)
}

/// Tells of what a day breaks: the event, and the heads once a day and kind.
///
/// # Errors
/// As the host says.
pub fn tell(day: &Day, broken: &Broken) -> Done {
    for kind in broken.kinds() {
        events::violated(&day.owner, day.date, &kind);
        let by = match kind.as_str() {
            "late" => broken.late,
            "early" => broken.early,
            _ => broken.short,
        };
        notice::violation(day, &kind, by)?;
    }
    Ok(())
}
