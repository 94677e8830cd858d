//! Notices: what a person or their heads should know, once for each cause. Rows of `time_notice`: a person reads their own,
//! a head those `for_heads` of their people.

use verstak_plugin::prelude::*;

use crate::day::Day;
use crate::entry::timer::Running;
use crate::refusal::Done;
use crate::store::{self, date_value};
use crate::zone::{self, Date};

/// The entity.
pub const ENTITY: &str = "time_notice";

struct Notice<'a> {
    kind: &'a str,
    /// Of whom or to whom.
    person: &'a str,
    for_heads: bool,
    day: Option<Date>,
    /// Seconds, where there are some to tell.
    by: Option<i64>,
    task: Option<&'a str>,
    /// The cause: a second notice of it is none.
    cause: String,
}

fn tell(notice: &Notice<'_>) -> Done {
    let key = format!("{}/{}/{}", notice.kind, if notice.for_heads { "heads" } else { notice.person }, notice.cause);
    if records::count(ENTITY, Some(&store::eq("cause", key.as_str()).to_string()))? > 0 {
        return Ok(());
    }
    let draft = Draft::new()
        .with("kind", notice.kind)
        .with("owner", Value::link(notice.person))
        .with("for_heads", notice.for_heads)
        .with("cause", key)
        .with_some("day", notice.day.map(date_value))
        .with_some("by", notice.by)
        .with_some("task", notice.task.map(Value::link));
    match records::create(ENTITY, draft) {
        // The constraint: somebody else told of it in the same moment.
        Ok(_) | Err(HostError::Invalid(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn of_day<'a>(day: &'a Day, kind: &'a str, for_heads: bool, by: Option<i64>) -> Notice<'a> {
    Notice { kind, person: &day.owner, for_heads, day: Some(day.date), by, task: None, cause: format!("{}/{}", day.owner, day.date) }
}

/// A day breaks the policy.
///
/// # Errors
/// As the host says.
pub fn violation(day: &Day, kind: &str) -> Done {
    let by = store::rows(crate::day::ENTITY, &store::eq("id", day.id.as_str()), &[kind], &[])?;
    tell(&of_day(day, kind, true, by.first().and_then(|row| row.integer(kind))))
}

/// Nobody finished a day.
///
/// # Errors
/// As the host says.
pub fn forgotten(day: &Day) -> Done {
    tell(&of_day(day, "forgotten", false, None))?;
    tell(&of_day(day, "forgotten", true, None))
}

/// Nobody came.
///
/// # Errors
/// As the host says.
pub fn missed(person: &str, day: Date) -> Done {
    let cause = format!("{person}/{day}");
    tell(&Notice { kind: "missed", person, for_heads: true, day: Some(day), by: None, task: None, cause })
}

/// A month lacks hours.
///
/// # Errors
/// As the host says.
pub fn lack(person: &str, month: Date, by: i64) -> Done {
    let cause = format!("{person}/{month}");
    tell(&Notice { kind: "lack", person, for_heads: true, day: Some(month), by: Some(by), task: None, cause })
}

fn of_timer<'a>(one: &'a Running, kind: &'a str) -> Notice<'a> {
    let task = (one.subject.entity == "task").then_some(one.subject.id.as_str());
    Notice { kind, person: &one.owner, for_heads: false, day: None, by: None, task, cause: one.id.clone() }
}

/// A timer runs long.
///
/// # Errors
/// As the host says.
pub fn long(one: &Running) -> Done {
    tell(&of_timer(one, "long_timer"))
}

/// A timer was stopped.
///
/// # Errors
/// As the host says.
pub fn stopped(one: &Running) -> Done {
    tell(&of_timer(one, "stopped_timer"))
}

/// A correction waits for a head, or was decided on.
///
/// # Errors
/// As the host says.
pub fn correction(row: &Row) -> Done {
    let (Some(person), day) = (row.id("owner"), store::day(row, "day")) else { return Ok(()) };
    let waits = row.text("state") == Some("pending");
    let asked = row.id("decided_by").is_some();
    let kind = if waits { "correction" } else { "decision" };
    if !waits && !asked {
        return Ok(());
    }
    tell(&Notice { kind, person, for_heads: waits, day, by: None, task: None, cause: row.id.clone() })
}

/// A timesheet was handed in, or decided on.
///
/// # Errors
/// As the host says.
pub fn sheet(row: &Row, event: &Event) -> Done {
    let Some(person) = row.id("owner") else { return Ok(()) };
    let (kind, for_heads) = match row.text("state") {
        Some("submitted") => ("sheet", true),
        Some("approved" | "returned") => ("decision", false),
        _ => return Ok(()),
    };
    tell(&Notice { kind, person, for_heads, day: store::day(row, "week"), by: None, task: None, cause: event.id.clone() })
}

/// A week was not handed in.
///
/// # Errors
/// As the host says.
pub fn due(person: &str, week: Date) -> Done {
    let cause = zone::text(week);
    tell(&Notice { kind: "sheet_due", person, for_heads: false, day: Some(week), by: None, task: None, cause })
}

/// A task has taken 80 % or all of its estimate: its executor and its creator hear of it.
///
/// # Errors
/// As the host says.
pub fn overrun(task: &Row, percent: i64, spent: i64) -> Result<(), HostError> {
    let mut people: Vec<&str> = ["assignee", "creator"].into_iter().filter_map(|field| task.id(field)).collect();
    people.dedup();
    let kind = if percent >= 100 { "overrun" } else { "overrun_soon" };
    for person in people {
        let notice = Notice { kind, person, for_heads: false, day: None, by: Some(spent), task: Some(&task.id), cause: task.id.clone() };
        match tell(&notice) {
            Err(crate::refusal::Trouble::Host(error)) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
