//! Timesheets: a person's week, handed in, approved or given back. `time_sheet` locks the rows of its week.

use std::collections::{BTreeMap, BTreeSet};

use verstak_plugin::prelude::*;

use crate::day::correction::may_decide;
use crate::events;
use crate::notice;
use crate::period::Closed;
use crate::plan;
use crate::refusal::{Done, No, Trouble, must_stay, unsay};
use crate::staff;
use crate::store::{self, Setup, date_value, me};
use crate::zone::{self, Date, plus_days};

/// The entity.
pub const ENTITY: &str = "time_sheet";
/// Whose it is and of which week, what it came to and who decided: what heads look at is what was handed in.
const FIXED: [&str; 6] = ["owner", "week", "total", "norm", "decided_by", "decided_at"];

/// Weeks that are handed in.
#[derive(Debug, Default)]
pub struct Locks {
    sunday_first: bool,
    handed_in: BTreeMap<(String, Date), bool>,
}

impl Locks {
    /// Of some people's dates.
    ///
    /// # Errors
    /// As the host says.
    pub fn load(setup: &Setup, people: &[String], dates: &BTreeSet<Date>) -> Result<Self, HostError> {
        let weeks: BTreeSet<Date> = dates.iter().map(|date| setup.week(*date)).collect();
        let mut locks = Self { sunday_first: setup.sunday_first, handed_in: BTreeMap::new() };
        if people.is_empty() || weeks.is_empty() {
            return Ok(locks);
        }
        let filter = store::all_of([
            store::any_of("owner", people),
            store::any_of("week", weeks.into_iter().map(zone::text)),
            store::any_of("state", ["submitted", "approved"]),
        ]);
        for row in store::every(ENTITY, &filter, &["owner", "week", "state"])? {
            let (Some(owner), Some(week)) = (row.id("owner"), store::day(&row, "week")) else { continue };
            locks.handed_in.insert((owner.to_owned(), week), row.text("state") == Some("approved"));
        }
        Ok(locks)
    }

    fn state(&self, owner: &str, day: Date) -> Option<bool> {
        self.handed_in.get(&(owner.to_owned(), zone::week_of(day, self.sunday_first))).copied()
    }

    /// Passes while the week of a date is not handed in.
    ///
    /// # Errors
    /// `time.sheet_locked`.
    pub fn must_be_open(&self, owner: &str, day: Date) -> Done {
        match self.state(owner, day) {
            None => Ok(()),
            Some(_) => Err(No::conflict(
                "time.sheet_locked",
                "sheet.locked",
                "The timesheet of the week from {week} is handed in",
            )
            .with("week", zone::text(zone::week_of(day, self.sunday_first)))
            .into()),
        }
    }

    /// Whether the week of a date is approved.
    pub fn is_approved(&self, owner: &str, day: Date) -> bool {
        self.state(owner, day) == Some(true)
    }
}

/// The before-hook.
///
/// # Errors
/// As the host says.
pub fn check(change: &mut Change) -> Outcome {
    match judge(change) {
        Ok(()) => Ok(()),
        Err(Trouble::No(no)) => {
            change.reject(no.message).on("state");
            Ok(())
        }
        Err(Trouble::Host(error)) => Err(error.into()),
    }
}

fn judge(change: &mut Change) -> Done {
    let setup = Setup::load();
    let owner = change.id("owner").map(str::to_owned).or_else(me).unwrap_or_default();
    let Some(week) = store::day(change, "week").map(|day| setup.week(day)) else { return Ok(()) };
    let was = change.before().text("state").map(str::to_owned);
    must_be_open(week)?;
    if change.operation() == Operation::Delete {
        return match change.text("state") {
            Some("submitted" | "approved") => Err(locked(week)),
            _ => Ok(()),
        };
    }
    must_stay(change, &FIXED)?;
    unsay(change, &["total", "norm", "decided_by", "decided_at"]);
    if !change.differs("state") && change.text("state").is_some_and(|state| state != "draft") {
        // What is said of it goes with a step.
        must_stay(change, &["comment"])?;
    }
    if change.is_new() {
        change.set("owner", Value::link(&owner));
        change.set("week", date_value(week));
        change.set("title", format!("{} – {}", zone::text(week), zone::text(plus_days(week, 6))));
    }
    if !change.is_new() && (change.differs("week") || change.differs("owner")) {
        return Err(order());
    }
    let now = change.text("state").unwrap_or("draft").to_owned();
    if change.is_new() && me().is_none() {
        // Example data and the like: nobody hands in, nobody decides.
        return Ok(());
    }
    let was = if change.is_new() { Some("draft".to_owned()) } else { was };
    let Some(was) = was.filter(|was| *was != now) else { return Ok(()) };
    match (was.as_str(), now.as_str()) {
        ("draft" | "returned", "submitted") => submitted(change, &owner, week),
        ("submitted", "approved" | "returned") | ("approved", "returned") => {
            may_decide(&owner, &me().unwrap_or_default())?;
            if was == "approved" && (change.is_empty("comment") || !change.was_set("comment")) {
                return Err(reasonless());
            }
            change.set("decided_by", me().map_or(Value::Null, Value::Id));
            change.set("decided_at", Value::Instant(runtime::now()));
            Ok(())
        }
        ("approved" | "returned", "approved") => {
            Err(No::conflict("time.decided", "decide.done", "Somebody has decided already").into())
        }
        _ => Err(order()),
    }
}

fn order() -> Trouble {
    let text = "A timesheet is handed in, then approved or returned";
    No::conflict("time.sheet_order", "sheet.order", text).into()
}

/// Passes for the person themselves, and for whoever decides for somebody who may not sign in any more.
///
/// # Errors
/// `time.denied`, and as the host says.
pub fn may_hand_in(owner: &str) -> Done {
    let someone = me().unwrap_or_default();
    if someone == owner {
        return Ok(());
    }
    if staff::person(owner)?.is_none_or(|person| person.active) {
        return Err(No::denied("sheet.not_yours", "People hand in their weeks themselves").into());
    }
    may_decide(owner, &someone)
}

fn locked(week: Date) -> Trouble {
    No::conflict("time.sheet_locked", "sheet.locked", "The timesheet of the week from {week} is handed in")
        .with("week", zone::text(week))
        .into()
}

fn of_week(owner: &str, week: Date) -> serde_json::Value {
    store::all_of([
        store::eq("owner", owner),
        store::compares("day", "gte", zone::text(week)),
        store::compares("day", "lt", zone::text(plus_days(week, 7))),
    ])
}

fn reasonless() -> Trouble {
    No::wrong("time.reason_missing", "sheet.reason", "Say why the week is opened again").into()
}

/// Passes unless all of a week is in closed months: one that reaches into an open month is still handed in and decided on.
fn must_be_open(week: Date) -> Done {
    let closed = Closed::load()?;
    closed.must_be_open(week, None).or_else(|_| closed.must_be_open(plus_days(week, 6), None))
}

fn submitted(change: &mut Change, owner: &str, week: Date) -> Done {
    may_hand_in(owner)?;
    must_be_finished(owner, week)?;
    let plans = plan::plans(&[owner.to_owned()], week, plus_days(week, 6))?;
    change.set("total", store::sum("time_entry", &of_week(owner, week), "seconds")?);
    change.set("norm", plans.values().map(crate::day::rules::Plan::norm).sum::<i64>());
    Ok(())
}

/// Entries of a week that wait to be confirmed.
///
/// # Errors
/// As the host says.
pub fn unconfirmed(owner: &str, week: Date) -> Result<Vec<String>, HostError> {
    let filter = store::all_of([of_week(owner, week), store::eq("check", true)]);
    Ok(store::every("time_entry", &filter, &["check"])?.into_iter().map(|row| row.id).collect())
}

/// Passes when nothing of a week waits for its person: no timer that was stopped for them, none that runs.
fn must_be_finished(owner: &str, week: Date) -> Done {
    let in_week = of_week(owner, week);
    let with = |filter| store::all_of([in_week.clone(), filter]).to_string();
    if records::count("time_entry", Some(&with(store::eq("check", true))))? > 0 {
        return Err(No::wrong(
            "time.entry_unconfirmed",
            "sheet.unconfirmed",
            "A timer was stopped for you: confirm or correct it first",
        )
        .into());
    }
    if records::count("time_entry", Some(&with(store::eq("running", true))))? > 0 {
        return Err(No::conflict("time.timer_running", "sheet.running", "Stop the timer first").into());
    }
    Ok(())
}

/// The sheet of a person's week, if there is one.
///
/// # Errors
/// As the host says.
pub fn of(owner: &str, week: Date) -> Result<Option<Row>, HostError> {
    let filter = store::all_of([store::eq("owner", owner), store::eq("week", zone::text(week))]);
    Ok(store::rows(ENTITY, &filter, &[], &[])?.into_iter().next())
}

/// Hands a week in, one's own or that of somebody who left; one that is handed in stays so.
///
/// # Errors
/// As the hook says.
pub fn submit(owner: &str, day: Date, comment: Option<&str>) -> Done<String> {
    let week = Setup::load().week(day);
    let draft = Draft::new().with("state", "submitted").with_some("comment", comment);
    let sheet = of(owner, week)?;
    if let Some(row) = sheet.as_ref().filter(|row| matches!(row.text("state"), Some("submitted" | "approved"))) {
        return Ok(row.id.clone());
    }
    // The hook says the same, but what it says comes back without its code.
    may_hand_in(owner)?;
    must_be_open(week)?;
    must_be_finished(owner, week)?;
    match sheet {
        Some(row) => Ok(records::change(ENTITY, &row.id, draft)?.id),
        None => {
            let draft = draft.with("owner", Value::link(owner)).with("week", date_value(week));
            Ok(records::create(ENTITY, draft)?.id)
        }
    }
}

/// Approves a sheet or gives it back.
///
/// # Errors
/// `time.decided`, and as the hook says.
pub fn decide(id: &str, approve: bool, comment: Option<&str>) -> Done {
    let row = records::get(ENTITY, id)?;
    let row = row.ok_or_else(|| No::conflict("time.gone", "decide.gone", "It is not there any more"))?;
    let decided = || Trouble::from(No::conflict("time.decided", "decide.done", "Somebody has decided already"));
    if matches!((approve, row.text("state")), (_, Some("returned")) | (true, Some("approved"))) {
        return Err(decided());
    }
    // The hook says the same, but what it says comes back without its code.
    if let (Some(owner), Some(week)) = (row.id("owner"), store::day(&row, "week")) {
        may_decide(owner, &me().unwrap_or_default())?;
        must_be_open(week)?;
    }
    if !approve && row.text("state") == Some("approved") && comment.is_none_or(|comment| comment.trim().is_empty()) {
        return Err(reasonless());
    }
    let state = if approve { "approved" } else { "returned" };
    let fields = Draft::new().with("state", state).with_some("comment", comment).0;
    let update = records::Update { id: id.to_owned(), version: Some(row.version), fields };
    match records::change_many(ENTITY, &[update])?.pop() {
        Some(Err(HostError::Conflict(_))) => Err(decided()),
        Some(Err(error)) => Err(error.into()),
        _ => Ok(()),
    }
}

/// After a sheet was decided on: others hear of it.
///
/// # Errors
/// As the host says.
pub fn after(all: &[Event]) -> Outcome {
    for event in all {
        let Some(change) = event.change("state") else { continue };
        let Some(row) = records::get(ENTITY, &event.record)? else { continue };
        if change.after == Value::Text("approved".to_owned()) {
            events::sheet_approved(&row);
        }
        notice::sheet(&row, &event.id)?;
    }
    Ok(())
}

/// Mondays: who has not handed in the week before.
///
/// # Errors
/// Worth another try where the host says so.
pub fn remind(_: &Run) -> Ran {
    let setup = Setup::load();
    if Settings::load().boolean("reminders") == Some(false) {
        return Ok(Answer::Done);
    }
    let week = zone::minus_days(setup.week(setup.zone.date(runtime::now())), 7);
    for person in crate::day::watch::employees()? {
        let handed_in =
            of(&person, week)?.is_some_and(|row| matches!(row.text("state"), Some("submitted" | "approved")));
        let booked = records::count("time_entry", Some(&of_week(&person, week).to_string()))? > 0;
        if booked && !handed_in {
            notice::due(&person, week)
                .map_err(|trouble| verstak_plugin::jobs::NotDone::from(Failure::from(trouble)))?;
        }
    }
    Ok(Answer::Done)
}
