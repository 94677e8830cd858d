//! Closed months: nothing of a day in them is written, from whichever side. `time_period`.

use serde_json::Value as Json;
use verstak_plugin::prelude::*;

use crate::events;
use crate::refusal::{Done, No, Trouble, must_stay, unsay};
use crate::store::{self, Setup, date_value, me};
use crate::zone::{self, Date, minus_days, month_of, next_month};

/// The entity.
pub const ENTITY: &str = "time_period";
/// Who closed and opened it, and when.
const TOLD: [&str; 4] = ["locked_by", "locked_at", "opened_by", "opened_at"];

/// The months that are closed.
#[derive(Debug, Default)]
pub struct Closed(Vec<(Date, Option<String>)>);

impl Closed {
    /// Asks the host.
    ///
    /// # Errors
    /// As it says.
    pub fn load() -> Result<Self, HostError> {
        let rows = store::every(ENTITY, &store::eq("state", "closed"), &["month", "organization"])?;
        let of = |row: &Row| Some((store::day(row, "month")?, row.id("organization").map(str::to_owned)));
        Ok(Self(rows.iter().filter_map(of).collect()))
    }

    /// Passes while the month of a date is open for an organization.
    ///
    /// # Errors
    /// `time.period_closed`.
    pub fn must_be_open(&self, day: Date, organization: Option<&str>) -> Done {
        let month = month_of(day);
        let closed =
            self.0.iter().any(|(of, only)| *of == month && (only.is_none() || only.as_deref() == organization));
        if closed {
            let text = "{month} is closed: its time is not changed any more";
            return Err(No::conflict("time.period_closed", "period.closed", text)
                .with("month", month.format("%m.%Y"))
                .into());
        }
        Ok(())
    }
}

/// Passes while the months of some dates are open.
///
/// # Errors
/// `time.period_closed`, and as the host says.
pub fn must_be_open(days: &[Date], organization: Option<&str>) -> Done {
    let closed = Closed::load()?;
    days.iter().try_for_each(|day| closed.must_be_open(*day, organization))
}

/// The before-hook: closing needs everything to be finished, opening needs a reason.
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
    let Some(month) = store::day(change, "month").map(month_of) else { return Ok(()) };
    let was = change.before().text("state").unwrap_or("open").to_owned();
    let state = change.text("state").unwrap_or("open").to_owned();
    if change.operation() == Operation::Delete {
        if state == "closed" {
            return Err(open_first());
        }
        return Ok(());
    }
    must_stay(change, &TOLD)?;
    unsay(change, &TOLD);
    change.set("month", date_value(month));
    let scope = change.id("organization").unwrap_or("all").to_owned();
    change.set("scope", scope);
    change.set("title", month.format("%Y-%m").to_string());
    if !change.is_new() && state == "closed" && (change.differs("month") || change.differs("organization")) {
        return Err(open_first());
    }
    if !change.is_new() {
        // Another month would be open again without a reason.
        must_stay(change, &["month", "organization"])?;
    }
    let entered = change.is_new() || change.differs("state");
    if !entered {
        return Ok(());
    }
    if state == "closed" {
        nothing_open(month)?;
    } else if was == "closed" && (change.is_empty("reason") || !change.was_set("reason")) {
        return Err(No::wrong("time.reason_missing", "period.reason", "Say why the month is opened again").into());
    }
    let (by, at) = (me().map_or(Value::Null, Value::Id), Value::Instant(runtime::now()));
    if state == "closed" {
        change.set("locked_by", by);
        change.set("locked_at", at);
    } else if was == "closed" {
        change.set("opened_by", by);
        change.set("opened_at", at);
    }
    Ok(())
}

fn open_first() -> Trouble {
    No::conflict("time.period_closed", "period.open_first", "Open the month first, with a reason").into()
}

/// What keeps a month open: running timers, days that go on, timesheets that are not approved and have a day in it. Entity,
/// the field of its date, and the filter.
pub fn open_kinds(month: Date) -> [(&'static str, &'static str, Json); 3] {
    let within = |field: &str, from: Date, open: Json| {
        store::all_of([
            store::compares(field, "gte", zone::text(from)),
            store::compares(field, "lt", zone::text(next_month(month))),
            open,
        ])
    };
    let sheets = store::any_of("state", ["draft", "submitted", "returned"]);
    [
        ("time_entry", "day", within("day", month, store::eq("running", true))),
        ("time_day", "day", within("day", month, store::any_of("state", ["open", "paused"]))),
        ("time_sheet", "week", within("week", minus_days(month, 6), sheets)),
    ]
}

/// How many of each keep a month open.
///
/// # Errors
/// As the host says.
pub fn open_things(month: Date) -> Result<[u64; 3], HostError> {
    let [timers, days, sheets] =
        open_kinds(month).map(|(entity, _, filter)| records::count(entity, Some(&filter.to_string())));
    Ok([timers?, days?, sheets?])
}

fn nothing_open(month: Date) -> Done {
    let [timers, days, sheets] = open_things(month)?;
    if timers + days + sheets == 0 {
        return Ok(());
    }
    let text = "Not finished yet: timers {timers}, days {days}, timesheets {sheets}";
    let no = No::conflict("time.period_open", "period.unfinished", text);
    Err(no.with("timers", timers).with("days", days).with("sheets", sheets).into())
}

/// Closes a month, or opens it again with a reason.
///
/// # Errors
/// As the hook says.
pub fn set(month: Date, closed: bool, reason: Option<&str>) -> Done {
    let month = month_of(month);
    let state = if closed { "closed" } else { "open" };
    let draft = Draft::new().with("state", state).with_some("reason", reason);
    let found = store::rows(ENTITY, &store::eq("month", zone::text(month)), &["organization"], &[])?;
    match found.into_iter().find(|row| row.id("organization").is_none()) {
        Some(row) => records::change(ENTITY, &row.id, draft)?,
        None => records::create(ENTITY, draft.with("month", date_value(month)))?,
    };
    Ok(())
}

/// After a month was closed: others hear of it.
///
/// # Errors
/// As the host says.
pub fn after(all: &[Event]) -> Outcome {
    for event in all {
        let closed = event.after("state") == Some(&Value::Text("closed".to_owned()));
        if let (true, Some(row)) = (closed, records::get(ENTITY, &event.record)?) {
            events::period_closed(&row);
        }
    }
    Ok(())
}

/// Whether a person may close months.
///
/// # Errors
/// As the host says.
pub fn may_close(person: &str) -> Result<bool, HostError> {
    crate::staff::is(person, "time_finance")
}

/// The month that is being closed now: the one before.
pub fn last_month(setup: &Setup) -> Date {
    month_of(minus_days(month_of(setup.zone.date(runtime::now())), 1))
}
