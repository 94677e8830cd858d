//! Corrections: what a person wants changed of a day, and who decides. `time_correction`.

use verstak_plugin::prelude::*;

use super::place::Places;
use super::rules::{Kept, Limits, is_silent};
use super::{Day, State};
use crate::notice;
use crate::period;
use crate::plan;
use crate::refusal::{Done, No, Trouble, must_stay, unsay};
use crate::span::Span;
use crate::staff;
use crate::store::{self, Setup, date_value, instant, me};
use crate::zone::{self, Date};

/// The entity.
pub const ENTITY: &str = "time_correction";
/// What was there and who decided: the module says it.
const TOLD: [&str; 5] = ["old_starts_at", "old_ends_at", "old_breaks", "decided_by", "decided_at"];
/// What somebody asked for: whoever decides says yes or no to just that; who wants something else asks anew.
const ASKED: [&str; 7] = ["owner", "day", "starts_at", "ends_at", "breaks", "reason", "goes_on"];

/// What somebody wants.
pub struct Wish<'a> {
    /// Of which date.
    pub date: Date,
    /// When it began.
    pub start: i64,
    /// When it ended.
    pub end: i64,
    /// Pauses, in seconds.
    pub rest: i64,
    /// Why.
    pub reason: &'a str,
    /// The day goes on: its start alone is another.
    pub goes_on: bool,
}

/// Asks for a change; answers the correction's id.
///
/// # Errors
/// As records say.
pub fn ask(person: &str, wish: &Wish<'_>) -> Result<String, HostError> {
    let draft = Draft::new()
        .with("owner", Value::link(person))
        .with("day", date_value(wish.date))
        .with("starts_at", Value::Instant(wish.start))
        .with("ends_at", Value::Instant(wish.end))
        .with("breaks", wish.rest)
        .with("reason", wish.reason)
        .with("goes_on", wish.goes_on);
    Ok(records::create(ENTITY, draft)?.id)
}

/// The before-hook: times make sense, the month is open, small changes pass at once, nobody decides for himself.
///
/// # Errors
/// As the host says.
pub fn check(change: &mut Change) -> Outcome {
    let owner = change.id("owner").map(str::to_owned).or_else(me).unwrap_or_default();
    let setup = Setup::of(&owner)?;
    let verdict = match change.is_new() {
        true => new(&setup, change),
        false => decided(change),
    };
    match verdict {
        Ok(()) => Ok(()),
        Err(Trouble::No(no)) => {
            change.reject(no.message).on("state");
            Ok(())
        }
        Err(Trouble::Host(error)) => Err(error.into()),
    }
}

fn new(setup: &Setup, change: &mut Change) -> Done {
    let (Some(start), Some(end)) = (instant(change, "starts_at"), instant(change, "ends_at")) else { return Ok(()) };
    let owner = change.id("owner").map(str::to_owned).or_else(me).unwrap_or_default();
    let span = Span::new(start, end);
    if span.seconds() <= 0 || span.seconds() > 24 * 3_600 {
        return Err(No::wrong("time.length", "entry.length", "It ends after it begins, and within 24 hours").into());
    }
    if end > runtime::now() {
        return Err(No::wrong("time.future", "time.future", "This time has not come yet").into());
    }
    let date = setup.zone.date(start);
    period::must_be_open(&[date], None)?;
    unsay(change, &TOLD);
    unsay(change, &["applied"]);
    if store::by_hand() && change.was_set("goes_on") {
        // People say when it ended; that it goes on is known to its buttons.
        change.set("goes_on", Value::Null);
    }
    let old = super::on(&owner, date)?;
    let rest = change.integer("breaks").unwrap_or_default();
    change.set("day", date_value(date));
    change.set("owner", Value::link(&owner));
    // A day that was missed has no start.
    let kept = old.as_ref().map(|day| &day.kept).filter(|kept| kept.start > 0);
    let whole = kept.and_then(|kept| kept.end.map(|end| Span::new(kept.start, end).seconds() - kept.worked(end)));
    change.set("old_starts_at", kept.map_or(Value::Null, |kept| Value::Instant(kept.start)));
    change.set("old_ends_at", kept.and_then(|kept| kept.end).map_or(Value::Null, Value::Instant));
    change.set("old_breaks", whole.map_or(Value::Null, Value::Integer));
    for field in ["decided_by", "decided_at", "applied"] {
        change.set(field, Value::Null);
    }
    if !change.was_set("state") {
        let is_today = setup.zone.date(runtime::now()) == date;
        let passes = is_today && is_small(&owner, date, old.as_ref().map(|day| &day.kept), (start, end, rest))?;
        change.set("state", if passes { "approved" } else { "pending" });
    } else if change.text("state") != Some("pending") {
        return Err(No::denied("decide.own", "Nobody decides for himself").into());
    }
    Ok(())
}

/// Whether a change of a day is so small that nobody is asked.
fn is_small(owner: &str, date: Date, kept: Option<&Kept>, wanted: (i64, i64, i64)) -> Result<bool, HostError> {
    let limits = plan::limits(owner, date)?;
    let (start, end, rest) = wanted;
    Ok(is_silent(kept, start, end, rest, &limits) && is_small_in_all(owner, date, wanted, &limits)?)
}

/// Small changes that nobody is asked about do not add up to a large one: each is measured from the day as it was before the
/// first of them.
fn is_small_in_all(
    owner: &str,
    date: Date,
    (start, end, rest): (i64, i64, i64),
    limits: &Limits,
) -> Result<bool, HostError> {
    let of_day = |more| store::all_of([store::eq("owner", owner), store::eq("day", zone::text(date)), more]);
    let fields = ["decided_by", "old_starts_at", "old_ends_at", "old_breaks", "created_at"];
    let rows = store::rows(ENTITY, &of_day(store::eq("state", "approved")), &fields, &[("created_at", false)])?;
    let decided = rows.iter().rposition(|row| row.id("decided_by").is_some());
    let Some(first) = rows.get(decided.map_or(0, |at| at + 1)) else { return Ok(true) };
    let (Some(start_then), Some(end_then)) = (instant(first, "old_starts_at"), instant(first, "old_ends_at")) else {
        return Ok(true);
    };
    let rest_then = first.integer("old_breaks").unwrap_or_default();
    let corrected = of_day(store::eq("source", "correction")).to_string();
    if records::count(super::ENTITY, Some(&corrected))? == 0 {
        // What its buttons did since is the day's own, but they move no start and take no pause away.
        let moved = (start - start_then).abs() / zone::SECOND;
        return Ok(moved.max(rest_then - rest) <= limits.silent_edit);
    }
    let then = Kept { start: start_then, end: Some(end_then), breaks: Vec::new(), rest: rest_then };
    Ok(is_silent(Some(&then), start, end, rest, limits))
}

fn decided(change: &mut Change) -> Done {
    if ASKED.iter().any(|field| change.differs(field)) {
        let text = "A correction is approved or rejected as it was asked for";
        return Err(No::conflict("time.decided", "correction.fixed", text).into());
    }
    must_stay(change, &TOLD)?;
    let is_put = !change.differs("state") && change.text("state") == Some("approved");
    if !is_put || change.before().boolean("applied") == Some(true) {
        must_stay(change, &["applied"])?;
    }
    let was = change.before().text("state").map(str::to_owned);
    if was.as_deref().is_some_and(|was| was != "pending") && change.differs("state") {
        return Err(No::conflict("time.decided", "decide.done", "Somebody has decided already").into());
    }
    if change.differs("state") {
        may_decide(change.id("owner").unwrap_or_default(), &me().unwrap_or_default())?;
        change.set("decided_by", me().map_or(Value::Null, Value::Id));
        change.set("decided_at", Value::Instant(runtime::now()));
        if let Some(date) = store::day(change, "day") {
            period::must_be_open(&[date], None)?;
        }
    }
    Ok(())
}

/// Passes when somebody may decide for somebody: a head above them, or an administrator; never the person themselves.
///
/// # Errors
/// `time.denied`, and as the host says.
pub fn may_decide(of: &str, decider: &str) -> Done {
    if of == decider {
        return Err(No::denied("decide.own", "Nobody decides for himself").into());
    }
    if staff::may_decide(of, decider)? {
        return Ok(());
    }
    Err(No::denied("decide.head", "A head of the person's department decides").into())
}

/// Decides on a correction and, where it is approved, changes the day.
///
/// # Errors
/// `time.decided`, `time.denied`, and as records say.
pub fn decide(id: &str, approve: bool) -> Done {
    let row = records::get(ENTITY, id)?;
    let row = row.ok_or_else(|| No::conflict("time.gone", "decide.gone", "It is not there any more"))?;
    if row.text("state") != Some("pending") {
        return Err(No::conflict("time.decided", "decide.done", "Somebody has decided already").into());
    }
    // The hook says the same, but what it says comes back without its code.
    may_decide(row.id("owner").unwrap_or_default(), &me().unwrap_or_default())?;
    let state = if approve { "approved" } else { "rejected" };
    let update =
        records::Update { id: id.to_owned(), version: Some(row.version), fields: Draft::new().with("state", state).0 };
    match records::change_many(ENTITY, &[update])?.pop() {
        Some(Err(HostError::Conflict(_))) => {
            return Err(No::conflict("time.decided", "decide.done", "Somebody has decided already").into());
        }
        Some(Err(error)) => return Err(error.into()),
        _ => {}
    }
    apply(id)
}

/// Puts an approved correction into the day; what was put there already stays.
///
/// # Errors
/// As records say.
pub fn apply(id: &str) -> Done {
    let Some(row) = records::get(ENTITY, id)? else { return Ok(()) };
    if row.text("state") != Some("approved") || row.boolean("applied") == Some(true) {
        return Ok(());
    }
    let (Some(owner), Some(date)) = (row.id("owner"), store::day(&row, "day")) else { return Ok(()) };
    let (Some(start), Some(end)) = (instant(&row, "starts_at"), instant(&row, "ends_at")) else { return Ok(()) };
    let setup = Setup::of(owner)?;
    let fresh = || Day {
        id: String::new(),
        owner: owner.to_owned(),
        date,
        kept: Kept::default(),
        state: State::Closed,
        violations: Vec::new(),
        places: Places::default(),
    };
    let mut day = super::on(owner, date)?.unwrap_or_else(fresh);
    if row.boolean("goes_on") == Some(true) && !day.id.is_empty() {
        // It went on while this waited.
        day.kept.start = start;
    } else {
        day.kept = Kept { start, end: Some(end), breaks: Vec::new(), rest: row.integer("breaks").unwrap_or_default() };
        day.state = State::Closed;
    }
    day.save(&setup, "correction", row.text("reason"))?;
    records::change(ENTITY, id, Draft::new().with("applied", true))?;
    Ok(())
}

/// After a correction was made or decided.
///
/// # Errors
/// As the host says.
pub fn after(all: &[Event]) -> Outcome {
    for event in all {
        if event.name.ends_with(".deleted") {
            continue;
        }
        apply(&event.record)?;
        let Some(row) = records::get(ENTITY, &event.record)? else { continue };
        notice::correction(&row)?;
    }
    Ok(())
}
