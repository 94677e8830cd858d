//! Before-hooks about people and the launch: tests and defects, interviews, training, notices, answers, modules by department.

use serde_json::json;
use verstak_plugin::prelude::*;

use crate::guards::{instant, not_yours, person, project_of, refuse, say};
use crate::store::{self, Read, Rules, all_of, is};
use crate::who::Who;
use crate::{gating, guests, training, work};

/// A defect is taken, fixed, and retested by somebody else than who fixed it.
pub fn defect(change: &mut Change) -> Outcome {
    let before = if change.differs("stage") { change.before().stage() } else { change.stage() };
    let renamed = change.differs("fixer") && change.before().id("fixer").is_some();
    if !change.is_new() && before == "retest" && renamed && change.stage() != "fixing" {
        let text = "A retest is never by who fixed it; say who fixed it and ask somebody else";
        say(change, "rollout.own_retest", text, "fixer");
        return Ok(());
    }
    if !change.differs("stage") {
        return Ok(());
    }
    let who = Who::acts();
    match change.stage() {
        "fixing" if change.is_empty("taken_at") => change.set("taken_at", instant()),
        "closed" if change.text("kind") == Some("defect") => {
            if who.is(change.id("fixer")) || change.is_empty("fixer") {
                let text = "A retest is never by who fixed it; say who fixed it and ask somebody else";
                say(change, "rollout.own_retest", text, "fixer");
            } else {
                change.set("retested_by", person(&who));
            }
        }
        _ => {}
    }
    Ok(())
}

/// A module is switched on for a department by the lead, for the whole company by the board after the pilot.
pub fn gate(change: &mut Change) -> Outcome {
    if change.operation() == Operation::Delete {
        if change.stage() == "on" {
            say(change, "rollout.gate_is_on", "The module is on: switch it off first", "stage");
        }
        return Ok(());
    }
    let Some(project) = project_of(change)? else { return Ok(()) };
    let rules = Rules::load();
    let company = change.is_empty("department");
    // What is switched off is not judged by the pilot.
    let off = change.stage() == "off";
    match gating::may(&Who::acts(), &project, company, &rules)? {
        Err(refused) if !(off && refused.status() == 409) => {
            refuse(change, &refused, if company { "department" } else { "module" });
            return Ok(());
        }
        _ => {}
    }
    let today = rules.today();
    if let Some(stage) = work::standing(change.stage(), change.day("from"), change.day("until"), today) {
        change.set("stage", stage);
    }
    Ok(())
}

/// What a test case gave is signed by who ran it.
pub fn case(change: &mut Change) -> Outcome {
    if change.differs("result") && matches!(change.text("result"), Some("passed" | "failed")) {
        change.set("done_by", person(&Who::acts()));
    }
    Ok(())
}

/// Cases that a refusal names.
const NAMED: usize = 20;

/// A test run is passed when all of its cases that must be are, one of the load with its figures; signed by who says so.
pub fn test_run(change: &mut Change) -> Outcome {
    let passed = change.text("result") == Some("passed");
    if !change.differs("result") || !(passed || change.text("result") == Some("failed")) {
        return Ok(());
    }
    if passed && change.text("kind") == Some("load") && change.is_empty("figures") {
        say(change, "rollout.run_figures", "Say what was measured under load", "figures");
        return Ok(());
    }
    if passed && !change.is_new() {
        let open = json!({"field": "result", "op": "ne", "value": "passed"});
        let open =
            store::all("rollout_case", &all_of([is("test_run", change.record()), is("must", true), open]), &["title"])?;
        let list: Vec<String> = open.iter().take(NAMED).map(|row| format!("— {}", row.words("title"))).collect();
        if !list.is_empty() {
            let text = Message::new("rollout.run_open", "Not all of its cases are passed:\n{list}");
            change.reject(text.with("list", list.join("\n"))).on("result");
            return Ok(());
        }
    }
    change.set("done_by", person(&Who::acts()));
    if change.is_empty("held") {
        change.set("held", store::date(Rules::load().today()));
    }
    Ok(())
}

/// Whoever was told that nobody is named stays unnamed: a poll by name is another poll.
pub fn poll(change: &mut Change) -> Outcome {
    if change.before().boolean("anonymous") == Some(true) && change.boolean("anonymous") != Some(true) {
        let text = "People were told that nobody is named: what is asked by name is another poll";
        say(change, "rollout.poll_anonymous", text, "anonymous");
    }
    Ok(())
}

/// A guest is of a poll, and has a link of their own that nobody chooses.
pub fn guest(change: &mut Change) -> Outcome {
    let own = ["code", "answered_at"];
    if !change.is_new() {
        if own.iter().chain(&["poll", "project"]).any(|field| change.differs(field)) {
            say(change, "rollout.by_itself", "This is written by itself", "poll");
        }
        return Ok(());
    }
    change.set("code", guests::code()?);
    change.set("answered_at", Value::Null);
    let Some(poll) = change.id("poll").map(str::to_owned) else { return Ok(()) };
    let project = records::get("rollout_poll", &poll)?.and_then(|poll| poll.id("project").map(Value::link));
    change.set("project", project.unwrap_or(Value::Null));
    Ok(())
}

/// An answer is given once, by whoever was asked; of an anonymous poll nobody is named.
pub fn answer(change: &mut Change) -> Outcome {
    if !change.is_new() {
        say(change, "rollout.answer_stands", "An answer stays as it was given", "mark");
        return Ok(());
    }
    let Some(poll) = change.id("poll").map(str::to_owned) else { return Ok(()) };
    let Some(poll) = records::get("rollout_poll", &poll)? else { return Ok(()) };
    if let Some(project) = poll.id("project") {
        change.set("project", Value::link(project));
    }
    // Guests answer on the page of theirs alone.
    change.set("guest", Value::Null);
    if poll.yes("anonymous") {
        change.set("owner", Value::Null);
    }
    Ok(())
}

/// A notice is sent by the lead, and stays as it was sent.
pub fn notice(change: &mut Change) -> Outcome {
    let sent = change.before().text("stage") == Some("sent") || (!change.was_set("stage") && change.stage() == "sent");
    if !change.is_new() && sent && ["title", "text", "audience", "stage"].iter().any(|field| change.differs(field)) {
        say(change, "rollout.version_stands", "What was sent stays as it is: send another one", "text");
        return Ok(());
    }
    let Some(project) = project_of(change)? else { return Ok(()) };
    if change.differs("stage") && change.stage() == "sent" && !Who::acts().leads(&project)? {
        not_yours(change, "Notices are sent by the lead of the project", "stage");
    }
    Ok(())
}

/// An interview is called by the person's name, and confirmed by them alone.
pub fn interview(change: &mut Change) -> Outcome {
    if change.differs("confirmed_by") && !change.is_empty("confirmed_by") {
        if !Who::acts().is(change.id("person")) {
            not_yours(change, "An interview is confirmed by the person it was held with", "confirmed_by");
            return Ok(());
        }
        change.set("confirmed_by", person(&Who::acts()));
        change.set("confirmed_at", instant());
    }
    if change.is_new() { named(change) } else { Ok(()) }
}

/// Whoever is on the list of a training is called by their name, and excused while they are away on its day.
pub fn attendance(change: &mut Change) -> Outcome {
    if change.is_new() {
        named(change)?;
    }
    let waits = matches!(change.text("state"), Some("invited" | "missed"));
    let asked = change.is_new() || ["state", "training", "person"].iter().any(|field| change.differs(field));
    let (Some(training), Some(person)) = (change.id("training"), change.id("person")) else { return Ok(()) };
    if waits && asked && training::is_away(person, training)? {
        change.set("state", "excused");
    }
    Ok(())
}

/// What is about a person is called by their name.
fn named(change: &mut Change) -> Outcome {
    let person = change.id("person").map(str::to_owned).filter(|_| !change.was_set("title"));
    let Some(person) = person else { return Ok(()) };
    if let Some(member) = people::user(&person)? {
        change.set("title", member.name);
    }
    Ok(())
}
