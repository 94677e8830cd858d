//! Before-hooks: what nobody may do, from whichever side it comes. Each guard patches what follows from a change or refuses it.

use verstak_plugin::prelude::*;

use crate::acceptance::{self, Refused};
use crate::days::Day;
use crate::figures::{self, Spent};
use crate::store::{self, Read, Rules, date, is};
use crate::who::Who;

pub(crate) fn refuse(change: &mut Change, refused: &Refused, field: &str) {
    change.reject(refused.message()).on(field);
}

pub(crate) fn say(change: &mut Change, key: &str, text: &str, field: &str) {
    change.reject(Message::new(key, text)).on(field);
}

pub(crate) fn not_yours(change: &mut Change, text: &'static str, field: &str) {
    refuse(change, &Refused::new("rollout.not_yours", text), field);
}

pub(crate) fn instant() -> Value {
    Value::Instant(runtime::now())
}

pub(crate) fn person(who: &Who) -> Value {
    who.id.as_deref().map_or(Value::Null, Value::link)
}

/// A task of a plan begins and ends in an open stage only, has somebody who does it, keeps its days in order, and leaves its stage
/// by the lead alone.
pub fn task(change: &mut Change) -> Outcome {
    if change.operation() == Operation::Delete || (!change.is_new() && change.differs("rollout_stage")) {
        leaves(change)?;
    }
    if change.is_rejected() || change.operation() == Operation::Delete {
        return Ok(());
    }
    let Some(stage) = change.id("rollout_stage").map(str::to_owned) else { return Ok(()) };
    let Some(stage) = records::get("rollout_stage", &stage)? else { return Ok(()) };
    let comes = change.differs("rollout_stage");
    if stage.stage() == "accepted" && (comes || (!change.is_new() && DAYS.iter().any(|field| change.differs(field)))) {
        say(change, "rollout.accepted_stands", "The stage is accepted: its tasks stay where they are", "rollout_start");
        return Ok(());
    }
    let done = change.text("state") == Some("completed");
    let started = change.text("status") == Some("in_progress");
    if (done && (comes || change.differs("state"))) || (started && (comes || change.differs("status"))) {
        if !acceptance::is_open(&stage)? {
            refuse(change, &acceptance::locked(), if done { "state" } else { "status" });
            return Ok(());
        }
        if change.is_empty("assignee") && stage.is_empty("responsible") {
            say(change, "rollout.nobody", "No task starts without a responsible person", "assignee");
            return Ok(());
        }
    }
    lengths(change)
}

/// What moves a task within a plan.
const DAYS: [&str; 4] = ["rollout_start", "rollout_end", "rollout_days", "rollout_after"];

/// A task is taken out of a stage: by the lead, and never out of an accepted one.
fn leaves(change: &mut Change) -> Outcome {
    let left = match change.operation() {
        Operation::Delete => change.id("rollout_stage"),
        _ => change.before().id("rollout_stage"),
    };
    let Some(left) = left.map(str::to_owned) else { return Ok(()) };
    let Some(stage) = records::get("rollout_stage", &left)? else { return Ok(()) };
    if stage.stage() == "accepted" {
        say(change, "rollout.accepted_stands", "The stage is accepted: its tasks stay where they are", "rollout_stage");
    } else if let Some(project) = records::get("rollout_project", stage.words("project"))?
        && !Who::acts().leads(&project)?
    {
        not_yours(change, "Tasks are taken out of a plan by its lead", "rollout_stage");
    }
    Ok(())
}

/// Days by hand make the length.
fn lengths(change: &mut Change) -> Outcome {
    let (start, end) = (change.day("rollout_start"), change.day("rollout_end"));
    if change.differs("rollout_days") {
        return Ok(());
    }
    if let (Some(start), Some(end), true) =
        (start, end, change.differs("rollout_end") || change.differs("rollout_start"))
    {
        if end < start {
            say(change, "rollout.end_before", "The last day is before the first one", "rollout_end");
        } else if is_far(start) || is_far(end) {
            say(change, "rollout.far_away", FAR, if is_far(end) { "rollout_end" } else { "rollout_start" });
        } else {
            // A length beyond a year is counted by weeks alone.
            let known = store::calendar_between(start, end.min(start.plus(366)))?;
            change.set("rollout_days", known.between(start, end).max(1));
        }
    }
    Ok(())
}

/// A stage is opened after the one before it, submitted by the lead, accepted and passed over by the board.
pub fn stage(change: &mut Change) -> Outcome {
    let (who, rules) = (Who::acts(), Rules::load());
    let id = change.record().to_owned();
    if stays(change, &who)? {
        return Ok(());
    }
    if change.differs("override_reason") {
        let reason = change.words("override_reason").to_owned();
        if let Err(refused) = acceptance::pass_over(&who, &reason, &rules)? {
            refuse(change, &refused, "override_reason");
            return Ok(());
        }
        change.set("override_by", person(&who));
        change.set("override_at", instant());
    } else if ["override_by", "override_at"].iter().any(|field| change.differs(field)) {
        say(change, "rollout.by_itself", "This is written by itself", "override_by");
        return Ok(());
    }
    if !change.differs("stage") {
        if ["accepted_by", "accepted_at"].iter().any(|field| change.differs(field)) {
            say(change, "rollout.by_itself", "This is written by itself", "accepted_by");
        }
        return Ok(());
    }
    let before = change.before().text("stage").map(str::to_owned);
    if before.as_deref() == Some("accepted") {
        say(change, "rollout.accepted_stands", "The stage is accepted: it stays so", "stage");
        return Ok(());
    }
    match change.stage().to_owned().as_str() {
        // Whoever was responsible until this very change does not accept either.
        "accepted" if who.is(change.before().id("responsible")) => {
            not_yours(change, "A stage is never accepted by who is responsible for it", "stage");
        }
        "accepted" => match acceptance::accept(&who, change, &id, &rules)? {
            Err(refused) => refuse(change, &refused, "stage"),
            Ok(()) => {
                change.set("accepted_by", person(&who));
                change.set("accepted_at", instant());
            }
        },
        "submitted" => {
            let project = project_of(change)?;
            let leads = project.as_ref().map_or(Ok(true), |project| who.leads(project))?;
            if !acceptance::is_open(change)? {
                refuse(change, &acceptance::locked(), "stage");
            } else if !leads && !who.is(change.id("responsible")) {
                not_yours(change, "A stage is submitted by the lead or by who is responsible for it", "stage");
            }
        }
        "returned" if !who.is_board(&rules)? => not_yours(change, "A stage is returned by the board", "stage"),
        "returned" if change.is_empty("remark") => say(change, "rollout.remark", "Say what is missing", "remark"),
        "open" if !acceptance::is_open(change)? => refuse(change, &acceptance::locked(), "stage"),
        _ => {}
    }
    Ok(())
}

/// The order of stages holds the plan: once it runs no stage leaves it or changes its place, and who is responsible is the lead's to
/// say. Answers whether the change was refused.
fn stays(change: &mut Change, who: &Who) -> Outcome<bool> {
    let gone = change.operation() == Operation::Delete;
    let moved = !change.is_new() && ["position", "project"].iter().any(|field| change.differs(field));
    let handed = !change.is_new() && change.differs("responsible");
    if !gone && !moved && !handed {
        return Ok(false);
    }
    let Some(project) = project_of(change)? else { return Ok(false) };
    if (gone || moved) && project.stage() != "draft" {
        say(change, "rollout.stage_stays", "A stage of a plan that runs stays: the board may pass it over", "position");
    } else if handed && !who.leads(&project)? {
        not_yours(change, "Who is responsible for a stage is said by the lead", "responsible");
    }
    Ok(change.is_rejected())
}

pub(crate) fn project_of(change: &Change) -> Result<Option<Row>, HostError> {
    change.id("project").map_or(Ok(None), |id| records::get("rollout_project", id))
}

/// A project begins with its maker's language and is closed by the rules.
pub fn project(change: &mut Change) -> Outcome {
    if change.differs("start") && change.day("start").is_some_and(is_far) {
        say(change, "rollout.far_away", FAR, "start");
        return Ok(());
    }
    if change.is_new() {
        if change.is_empty("language") {
            change.set("language", runtime::context().locale);
        }
        if let Some(first) = change.day("start") {
            change.set("start", date(store::calendar(first, 30)?.first(first)));
        }
        return Ok(());
    }
    if beside_limit(change)?.is_some() {
        not_yours(change, "A project is changed by its lead, its limit by the board", "title");
        return Ok(());
    }
    if loosened(change) && !Who::acts().is_board(&Rules::load())? {
        not_yours(change, "A limit that was set is raised by the board", "limit");
        return Ok(());
    }
    if change.differs("stage") && change.stage() == "closed" {
        let Some(project) = records::get("rollout_project", change.record())? else { return Ok(()) };
        match acceptance::close(&project)? {
            Err(refused) => refuse(change, &refused, "stage"),
            Ok(()) if change.is_empty("completed_on") => change.set("completed_on", date(Rules::load().today())),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// What else than the limit is changed by somebody of the board alone, who may write projects for the limit's sake.
fn beside_limit(change: &Change) -> Result<Option<String>, HostError> {
    let others = change.before().iter().filter(|field| !field.name.starts_with("limit") && change.differs(&field.name));
    let Some(other) = others.map(|field| field.name.clone()).next() else { return Ok(None) };
    let who = Who::acts();
    if who.id.is_none() || !who.is_board(&Rules::load())? {
        return Ok(None);
    }
    let project = records::get("rollout_project", change.record())?;
    let leads = project.map_or(Ok(true), |project| who.leads(&project))?;
    Ok((!leads).then_some(other))
}

/// Whether a limit that counts is raised, taken away or put into another currency: then it is not the lead's to say.
fn loosened(change: &Change) -> bool {
    let before = change.before();
    if change.differs("limit_currency") && before.text("limit_currency").is_some() {
        return true;
    }
    let Some(limit) = before.number("limit").filter(|limit| *limit > 0.0) else { return false };
    let tighter = change.number("limit").is_some_and(|now| now > 0.0 && now <= limit);
    change.differs("limit") && !tighter
}

const FAR: &str = "This day is more than ten years away: a plan reaches no further";

/// Whether a day is further away than plans are reckoned for.
fn is_far(day: Day) -> bool {
    let today = runtime::now() / (86_400 * 1_000_000);
    (day.0 - today).abs() > 3_660
}

/// Items of an accepted stage stay as they are.
pub fn item(change: &mut Change) -> Outcome {
    let Some(task) = change.id("task").map(str::to_owned) else { return Ok(()) };
    let Some(task) = records::get("task", &task)? else { return Ok(()) };
    let Some(stage) = task.id("rollout_stage") else { return Ok(()) };
    if records::get("rollout_stage", stage)?.is_some_and(|stage| stage.stage() == "accepted") {
        say(change, "rollout.accepted_stands", "The stage is accepted: its items stay as they are", "done");
    }
    Ok(())
}

/// A goal is approved by the board; what is changed afterwards is not approved any more.
pub fn goal(change: &mut Change) -> Outcome {
    let (who, rules) = (Who::acts(), Rules::load());
    if change.differs("approved_by") && !change.is_empty("approved_by") {
        if !who.is_board(&rules)? {
            not_yours(change, "Goals are approved by the board", "approved_by");
            return Ok(());
        }
        change.set("approved_by", person(&who));
        change.set("approved_at", instant());
    } else if ["metric", "target", "weight", "department"].iter().any(|field| change.differs(field))
        && !change.is_empty("approved_by")
    {
        change.set("approved_by", Value::Null);
        change.set("approved_at", Value::Null);
    }
    Ok(())
}

/// A measure is made once and stays: before the pilot, or 20 working days after the full launch; with its source.
pub fn measure(change: &mut Change) -> Outcome {
    if !change.is_new() {
        say(change, "rollout.measure_stands", "A measure stays as it is: add another one", "value");
        return Ok(());
    }
    let rules = Rules::load();
    if change.text("method") == Some("entered") && change.is_empty("source") {
        say(change, "rollout.measure_source", "Say which file the figure is from", "source");
        return Ok(());
    }
    let (Some(first), Some(last)) = (change.day("first"), change.day("last")) else { return Ok(()) };
    if last < first {
        say(change, "rollout.end_before", "The last day is before the first one", "last");
        return Ok(());
    }
    change.set("working_days", store::calendar_between(first, last.min(first.plus(366)))?.between(first, last));
    let Some(project) = project_of(change)? else { return Ok(()) };
    if let Err((key, text, field)) = window(&project, change.words("moment"), first, last, &rules)? {
        say(change, key, text, field);
    }
    Ok(())
}

/// Why a window does not fit its moment: key and text of the message, and the field.
type Misfit = (&'static str, &'static str, &'static str);

/// Whether a window fits its moment.
///
/// # Errors
/// What the host says.
pub fn window(
    project: &Row,
    moment: &str,
    first: Day,
    last: Day,
    rules: &Rules,
) -> Result<Result<(), Misfit>, HostError> {
    let settles = match project.day("launched") {
        Some(day) => {
            let days = rules.number("after_days");
            Some(store::calendar(day, days * 2 + 30)?.after(day, days))
        }
        None => None,
    };
    Ok(match moment {
        "before" if project.day("pilot_from").is_some_and(|from| last >= from) => {
            Err(("rollout.window_before", "What was before ends before the pilot begins", "last"))
        }
        "after" if settles.is_none_or(|settles| first < settles) => {
            Err(("rollout.window_after", "What is after begins 20 working days past the full launch", "first"))
        }
        _ => Ok(()),
    })
}

/// A drawing is kept by its address within the product, wherever it was copied from; other words stay as they are.
pub fn process(change: &mut Change) -> Outcome {
    for field in ["as_is", "to_be"] {
        let address = drawing(change.words(field));
        if let Some(address) = address.filter(|_| change.differs(field)) {
            change.set(field, address);
        }
    }
    Ok(())
}

const DRAWINGS: &str = "/processes/drawings/";

fn drawing(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(DRAWINGS)?;
    let id: String = rest.chars().take_while(|sign| sign.is_ascii_hexdigit() || *sign == '-').collect();
    (id.len() == 36).then(|| format!("{DRAWINGS}{id}"))
}

/// Requirements are approved by the board.
pub fn requirement(change: &mut Change) -> Outcome {
    if change.differs("stage") && change.stage() == "approved" && !Who::acts().is_board(&Rules::load())? {
        not_yours(change, "Requirements are approved by the board", "stage");
    }
    Ok(())
}

/// A risk's score follows from its chance and impact.
pub fn risk(change: &mut Change) -> Outcome {
    let score = change.integer("chance").unwrap_or(3) * change.integer("impact").unwrap_or(3);
    if change.integer("score") != Some(score) {
        change.set("score", score);
    }
    Ok(())
}

/// A bill is counted within the limit; over it the board decides.
pub fn bill(change: &mut Change) -> Outcome {
    let (who, rules) = (Who::acts(), Rules::load());
    let Some(project) = project_of(change)? else { return Ok(()) };
    let board = who.is_board(&rules)?;
    if !change.is_new() && change.differs("stage") && change.before().stage() == "waiting" && !board {
        not_yours(change, "A bill over the limit is approved by the board", "stage");
        return Ok(());
    }
    let counted =
        change.is_new() || change.differs("total") || (change.differs("stage") && change.stage() == "counted");
    if !counted {
        return Ok(());
    }
    let others = store::of_project("rollout_bill", &project.id, &["total", "stage"])?;
    let id = change.record().to_owned();
    let others =
        others.iter().filter(|row| row.id != id && row.stage() == "counted").filter_map(|row| row.number("total"));
    let sum = others.sum::<f64>() + change.number("total").unwrap_or(0.0);
    let over = figures::spent(sum, project.number("limit").unwrap_or(0.0)) == Spent::Over;
    if over && board {
        change.set("approved_by", person(&who));
    }
    let stage = if over && !board { "waiting" } else { "counted" };
    if change.stage() != stage && change.stage() != "refused" {
        change.set("stage", stage);
    }
    Ok(())
}

/// A sent version stays as it is, and is there; the board agrees to it.
pub fn version(change: &mut Change) -> Outcome {
    let before = change.before().text("stage").map_or_else(|| change.stage().to_owned(), str::to_owned);
    let touched = ["snapshot", "diff", "position", "end", "title", "project"].iter().any(|field| change.differs(field));
    let taken = change.operation() == Operation::Delete
        || (change.differs("stage") && (change.stage() == "draft" || before == "agreed"));
    if !change.is_new() && before != "draft" && (touched || taken) {
        say(change, "rollout.version_stands", "A sent version stays as it is: send another one", "snapshot");
        return Ok(());
    }
    if !change.differs("stage") {
        return Ok(());
    }
    let rules = Rules::load();
    match change.stage() {
        "agreed" if !Who::acts().is_board(&rules)? => not_yours(change, "The board agrees to a version", "stage"),
        "agreed" if before != "sent" => {
            say(change, "rollout.version_not_sent", "Only what was sent can be agreed to", "stage")
        }
        "remarks" if change.is_empty("answers") => say(change, "rollout.remark", "Say what is missing", "answers"),
        _ => {}
    }
    Ok(())
}

/// A tool's mark is the mean of its marks, fit counting twice.
pub fn tool(change: &mut Change) -> Outcome {
    let marks = [("fit", 2), ("integration", 1), ("references", 1), ("cost", 1)];
    let given: Vec<(i64, i64)> =
        marks.iter().filter_map(|(field, weight)| Some((change.integer(field)? * weight, *weight))).collect();
    let weight: i64 = given.iter().map(|(_, weight)| weight).sum();
    let sum: i64 = given.iter().map(|(sum, _)| sum).sum();
    if weight > 0 {
        change.set("mark", store::decimal(figures::tenth(figures::float(sum) / figures::float(weight))));
    }
    Ok(())
}

/// The deviation of a figure of work is its fact against its plan, in percent.
pub fn kpi(change: &mut Change) -> Outcome {
    let (plan, fact) = (change.number("plan"), change.number("fact"));
    if let (Some(plan), Some(fact)) = (plan.filter(|plan| *plan != 0.0), fact) {
        change.set("deviation", store::decimal(figures::tenth((fact - plan) / plan.abs() * 100.0)));
    }
    if change.differs("agreed_by") && !change.is_empty("agreed_by") {
        change.set("agreed_by", person(&Who::acts()));
    }
    Ok(())
}

/// A duty set in the table of who does what belongs to the project of its task.
pub fn duty(change: &mut Change) -> Outcome {
    let task = change.id("task").map(str::to_owned).filter(|_| change.is_empty("project"));
    let Some(task) = task else { return Ok(()) };
    if let Some(project) = records::get("task", &task)?.as_ref().and_then(|task| task.id("rollout_project")) {
        change.set("project", Value::link(project));
    }
    Ok(())
}

/// Whether a requirement's cases are to be run again, for [`crate::after`].
pub fn cases_of(requirement: &str) -> Result<Vec<Row>, HostError> {
    store::all("rollout_case", &is("requirement", requirement), &["result"])
}

#[cfg(test)]
mod tests {
    use super::drawing;

    #[test]
    fn a_drawing_is_known_by_its_address() {
        let id = "0198c1f0-0000-7000-8000-000000000001";
        let kept = Some(format!("/processes/drawings/{id}"));
        assert_eq!(drawing(&format!("https://crm.example.com/processes/drawings/{id}?revision=3")), kept);
        assert_eq!(drawing(&format!("/processes/drawings/{id}")), kept);
        assert_eq!(drawing("/processes/drawings/new"), None);
        assert_eq!(drawing("sales.vsdx"), None);
    }
}
