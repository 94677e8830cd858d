//! Notices in the bell of the portal: what a person or their heads should know, once for each cause.

use verstak_plugin::prelude::*;

use crate::day::Day;
use crate::entry::timer::Running;
use crate::plan::Policies;
use crate::refusal::Done;
use crate::staff;
use crate::store;
use crate::zone::{self, Date};

const MY_TIME: &str = "/app/verstak.time-tracking/my_time";
/// The page of heads.
pub(crate) const TEAM: &str = "/app/verstak.time-tracking/team";
const APPROVALS: &str = "/app/verstak.time-tracking/approvals";

/// Hours, minutes and seconds, `0:05:01`.
pub(crate) fn length(seconds: i64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds % 3_600 / 60, seconds % 60)
}

pub(crate) fn name(person: &str) -> Result<String, HostError> {
    Ok(people::user(person)?.map(|member| member.name).unwrap_or_default())
}

pub(crate) fn tell(cause: String, people: &[String], text: Message, link: &str) -> Done {
    if people.is_empty() {
        return Ok(());
    }
    match notify::send(notify::Notice::new(cause, text).to(people).link(link)) {
        // Nobody's day fails for want of a notice.
        Err(HostError::Limit(why)) => {
            warning!("people are not told: {why}");
            Ok(())
        }
        sent => Ok(sent?),
    }
}

/// Whoever decides for a person, and whom the policy names.
pub(crate) fn heads(person: &str, day: Date) -> Result<Vec<String>, HostError> {
    let department = people::user(person)?.and_then(|member| member.department);
    let mut people = staff::deciders(person)?;
    people.extend(Policies::load()?.told(person, department.as_deref(), day));
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

/// A day breaks the policy by so many seconds.
///
/// # Errors
/// As the host says.
pub fn violation(day: &Day, kind: &str, by: i64) -> Done {
    let text = match kind {
        "late" => Message::new("notice.late", "{name} came late by {time}"),
        "early" => Message::new("notice.early", "{name} left earlier by {time}"),
        _ => Message::new("notice.short", "{name} worked {time} less than planned"),
    };
    let text = text.with("name", name(&day.owner)?).with("time", length(by));
    tell(format!("{kind}/{}/{}", day.owner, day.date), &heads(&day.owner, day.date)?, text, TEAM)
}

/// Nobody finished a day: the person hears of it at once.
///
/// # Errors
/// As the host says.
pub fn forgotten(day: &Day) -> Done {
    let date = zone::text(day.date);
    let own = Message::new("notice.forgotten_own", "Your day of {day} was not finished: say when you left")
        .with("day", &date);
    tell(format!("forgotten/{}/{date}", day.owner), std::slice::from_ref(&day.owner), own, MY_TIME)
}

/// A timer runs long.
///
/// # Errors
/// As the host says.
pub fn long(one: &Running) -> Done {
    let text =
        Message::new("notice.long", "Your timer has been running for a long time: {title}").with("title", &one.title);
    tell(format!("long/{}", one.id), std::slice::from_ref(&one.owner), text, MY_TIME)
}

/// A timer was stopped.
///
/// # Errors
/// As the host says.
pub fn stopped(one: &Running) -> Done {
    let text =
        Message::new("notice.stopped", "Your timer was stopped, confirm its time: {title}").with("title", &one.title);
    tell(format!("stopped/{}", one.id), std::slice::from_ref(&one.owner), text, MY_TIME)
}

/// A correction waits for a head, or was decided on.
///
/// # Errors
/// As the host says.
pub fn correction(row: &Row) -> Done {
    let (Some(person), Some(day)) = (row.id("owner"), store::day(row, "day")) else { return Ok(()) };
    let day = zone::text(day);
    if row.text("state") == Some("pending") {
        let text = Message::new("notice.correction", "{name} asks to correct {day}")
            .with("name", name(person)?)
            .with("day", day);
        return tell(format!("correction/{}", row.id), &staff::deciders(person)?, text, APPROVALS);
    }
    // What passed by itself was decided by nobody.
    if row.id("decided_by").is_none() {
        return Ok(());
    }
    let text = match row.text("state") {
        Some("approved") => Message::new("notice.correction_approved", "Your correction of {day} was approved"),
        _ => Message::new("notice.correction_rejected", "Your correction of {day} was rejected"),
    };
    tell(format!("corrected/{}", row.id), &[person.to_owned()], text.with("day", day), MY_TIME)
}

/// A timesheet was handed in, or decided on.
///
/// # Errors
/// As the host says.
pub fn sheet(row: &Row, event: &str) -> Done {
    let (Some(person), Some(week)) = (row.id("owner"), store::day(row, "week")) else { return Ok(()) };
    let week = zone::text(week);
    let (text, to, link) = match row.text("state") {
        Some("submitted") => {
            let text =
                Message::new("notice.sheet", "{name} handed in the week from {week}").with("name", name(person)?);
            (text, staff::deciders(person)?, APPROVALS)
        }
        Some("approved") => (
            Message::new("notice.sheet_approved", "Your week from {week} was approved"),
            vec![person.to_owned()],
            MY_TIME,
        ),
        Some("returned") => (
            Message::new("notice.sheet_returned", "Your week from {week} was given back"),
            vec![person.to_owned()],
            MY_TIME,
        ),
        _ => return Ok(()),
    };
    tell(format!("sheet/{event}"), &to, text.with("week", week), link)
}

/// A week was not handed in.
///
/// # Errors
/// As the host says.
pub fn due(person: &str, week: Date) -> Done {
    let week = zone::text(week);
    let text = Message::new("notice.due", "Hand in your week from {week}").with("week", &week);
    tell(format!("due/{person}/{week}"), &[person.to_owned()], text, MY_TIME)
}

/// A task has taken 80 % or all of its estimate: its executor and its creator hear of it.
///
/// # Errors
/// As the host says.
pub fn overrun(task: &Row, percent: i64, spent: i64) -> Done {
    let mut people: Vec<String> =
        ["assignee", "creator"].into_iter().filter_map(|field| task.id(field).map(str::to_owned)).collect();
    people.sort_unstable();
    people.dedup();
    let text = if percent >= 100 {
        Message::new("notice.overrun", "{task}: the estimate is used up ({time})")
    } else {
        Message::new("notice.overrun_soon", "{task}: 80 % of the estimate are used ({time})")
    };
    let text = text.with("task", task.text("title").unwrap_or_default()).with("time", length(spent));
    tell(format!("overrun/{percent}/{}", task.id), &people, text, &format!("/records/task/{}", task.id))
}
