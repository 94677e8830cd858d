//! Start, pause, resume, finish. A step that was done already is done: repeats are harmless.

use verstak_plugin::prelude::*;

use super::correction::{self, Wish};
use super::place::{self, Places, Position};
use super::rules::Broken;
use super::{Day, State};
use crate::entry::split::LONGEST;
use crate::entry::timer;
use crate::events;
use crate::notice;
use crate::plan;
use crate::refusal::{Done, No};
use crate::store::Setup;
use crate::zone::{self, SECOND, whole};

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

/// What somebody says of a step.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// Another time than now.
    pub at: Option<i64>,
    /// Why at another time.
    pub reason: Option<&'a str>,
    /// Where; kept where the policy says so.
    pub position: Option<Position>,
}

/// What came of a step.
#[derive(Debug, Default)]
pub struct Stepped {
    /// The day, where there is one.
    pub day: Option<Day>,
    /// A correction that waits for a head, where the time said was too far off.
    pub waits: Option<String>,
}

/// Does a step now, or at a time that was said. A time further off than the policy lets pass waits for a head: what cannot be
/// asked for is refused before anything is done.
///
/// # Errors
/// `time.no_day`, `time.day_forgotten`, `time.future`, `time.far`, `time.length`, `time.reason_missing`, and as records say.
pub fn step(person: &str, step: Step, said: Said<'_>) -> Done<Stepped> {
    let setup = Setup::of(person)?;
    let now = whole(runtime::now());
    if said.at.is_some_and(|at| at > now) {
        return Err(No::wrong("time.future", "time.future", "This time has not come yet").into());
    }
    let limits = plan::limits(person, setup.zone.date(now))?;
    let open = super::open_day(person)?;
    let is_near = |at: i64| match (&open, step) {
        (Some(day), Step::Pause | Step::Resume | Step::Finish) => at >= day.kept.start,
        _ => setup.zone.date(at) == setup.zone.date(now),
    };
    let far = said.at.filter(|at| now - *at > limits.silent_edit * SECOND || !is_near(*at));
    let wish = far.map(|at| Far::new(step, at, now, said.reason, open.as_ref())).transpose()?;
    let place = match step {
        Step::Start | Step::Finish => place::here(limits.place, said.position)?,
        Step::Pause | Step::Resume => None,
    };
    let at = if wish.is_some() { now } else { said.at.unwrap_or(now) };
    let day = apply(&setup, person, open, (step, at, place))?;
    let waits = match (&wish, &day) {
        (Some(wish), Some(day)) => Some(wish.ask(&setup, step, day, now)?),
        _ => None,
    };
    Ok(Stepped { day, waits })
}

/// A time that a head decides on.
struct Far<'a> {
    at: i64,
    reason: &'a str,
}

impl<'a> Far<'a> {
    fn new(step: Step, at: i64, now: i64, reason: Option<&'a str>, open: Option<&Day>) -> Done<Self> {
        if matches!(step, Step::Pause | Step::Resume) {
            let text = "A break of so long ago is said in a correction when the day is over";
            return Err(No::wrong("time.far", "day.far", text).into());
        }
        let is_backwards = step == Step::Finish && open.is_some_and(|day| at <= day.kept.start);
        if is_backwards || (step == Step::Start && now - at > LONGEST) {
            return Err(No::wrong("time.length", "entry.length", "It ends after it begins, and within 24 hours").into());
        }
        let reason = reason.map(str::trim).filter(|text| !text.is_empty());
        let reason = reason.ok_or_else(|| {
            No::wrong("time.reason_missing", "reason.missing", "Say why: a head decides on a change of this size")
        })?;
        Ok(Self { at, reason })
    }

    /// Asks for the day as it was; one that goes on still goes on when the head decides.
    fn ask(&self, setup: &Setup, step: Step, day: &Day, now: i64) -> Done<String> {
        let (at, reason) = (self.at, self.reason);
        let wish = match step {
            Step::Start if setup.zone.date(at) == day.date => {
                let goes_on = day.kept.end.is_none();
                Wish { date: day.date, start: at, end: now, rest: day.kept.rested(now), reason, goes_on }
            }
            // A night that began before midnight: the day of that date, until this one began.
            Step::Start => {
                let (date, end) = (setup.zone.date(at), day.kept.start);
                let (start, rest) =
                    super::on(&day.owner, date)?.and_then(|day| joined(&day, at, end)).unwrap_or((at, 0));
                Wish { date, start, end, rest, reason, goes_on: false }
            }
            _ => {
                let (start, rest) = (day.kept.start, day.kept.rested(at));
                Wish { date: day.date, start, end: at, rest, reason, goes_on: false }
            }
        };
        Ok(correction::ask(&day.owner, &wish)?)
    }
}

/// Start and pauses of a day that was over and goes on from an instant until another: what it had stays. Nothing where both are no
/// one day.
fn joined(day: &Day, at: i64, until: i64) -> Option<(i64, i64)> {
    let ended = day.kept.end.filter(|_| day.kept.start > 0)?;
    let start = day.kept.start.min(at);
    (until - start <= LONGEST).then(|| (start, day.kept.rested(ended) + (at - ended).max(0) / SECOND))
}

/// The step itself, at an instant and a place.
fn apply(
    setup: &Setup,
    person: &str,
    open: Option<Day>,
    (step, at, place): (Step, i64, Option<String>),
) -> Done<Option<Day>> {
    match (step, open) {
        (Step::Start, Some(day)) => Ok(Some(day)),
        (Step::Start, None) => start(setup, person, at, place).map(Some),
        (_, None) => match super::on(person, setup.zone.date(at))? {
            Some(day) if step == Step::Finish => Ok(Some(day)),
            _ => Err(No::conflict("time.no_day", "day.none", "The day has not begun").into()),
        },
        (Step::Pause, Some(mut day)) => {
            if !day.kept.paused() {
                day.kept.breaks.push((at, None));
                day.state = State::Paused;
                day.save(setup, "web", None)?;
            }
            Ok(Some(day))
        }
        (Step::Resume, Some(mut day)) => {
            if day.kept.paused() {
                resume(&mut day, at);
                day.state = State::Open;
                day.save(setup, "web", None)?;
            }
            Ok(Some(day))
        }
        (Step::Finish, Some(day)) => finish(setup, day, at, place).map(Some),
    }
}

fn resume(day: &mut Day, at: i64) {
    if let Some((from, until)) = day.kept.breaks.last_mut() {
        *until = Some(at.max(*from));
    }
    day.kept.breaks.retain(|(from, until)| until.is_none_or(|until| until > *from));
}

fn start(setup: &Setup, person: &str, at: i64, place: Option<String>) -> Done<Day> {
    let date = setup.zone.date(at);
    let mut day = match super::on(person, date)? {
        // Else whoever forgot to finish would have the whole day for two presses.
        Some(day) if day.state == State::Forgotten => {
            let text = "The day of {day} was not finished: say in a correction when you left";
            let no = No::conflict("time.day_forgotten", "day.forgotten", text);
            return Err(no.with("day", zone::text(date)).into());
        }
        Some(day) => again(day, at, place),
        None => Day {
            id: String::new(),
            owner: person.to_owned(),
            date,
            kept: super::rules::Kept { start: at, ..Default::default() },
            state: State::Open,
            violations: Vec::new(),
            places: Places { start: place, end: None },
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

/// A day that is there goes on: what lay between is a pause.
fn again(mut day: Day, at: i64, place: Option<String>) -> Day {
    if let Some(end) = day.kept.end.take().filter(|end| *end < at) {
        day.kept.breaks.push((end, Some(at)));
    }
    if day.kept.start == 0 {
        // It was noted as missed.
        day.kept.start = at;
        day.places.start = place;
    }
    day.state = State::Open;
    day
}

fn finish(setup: &Setup, mut day: Day, at: i64, place: Option<String>) -> Done<Day> {
    let at = at.max(day.kept.start);
    if day.kept.paused() {
        resume(&mut day, at);
    }
    day.kept.end = Some(at);
    day.state = State::Closed;
    day.places.end = place;
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
