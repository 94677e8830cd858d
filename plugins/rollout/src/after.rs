//! What follows from changes after they are saved: a new project gets its plan, an accepted stage opens the next one, a moved
//! task moves those after it.

use std::collections::BTreeSet;

use serde_json::json;
use verstak_plugin::events::{self, EventExt, NewEvent};
use verstak_plugin::prelude::*;

use crate::figures::{self, Spent};
use crate::plan::Gaps;
use crate::replan::replan;
use crate::store::{self, Read, Rules, all_of, is};
use crate::{acceptance, closing, gating, guards, money, tell, template, training, work};

/// Projects: a new one is filled, a moved one is planned anew.
pub fn project(events: &[Event]) -> Outcome {
    let rules = Rules::load();
    for event in events {
        let Some(project) = records::get("rollout_project", &event.record)? else { continue };
        if event.name.ends_with(".created") {
            fill(&project, &rules)?;
        } else if event.change("stage").is_some() && project.stage() == "closed" {
            closing::report(&project)?;
        } else if event.change("start").is_some() {
            replan(&project, Gaps::Close, &rules)?;
        }
    }
    Ok(())
}

/// The plan of a new project; what is there stays.
///
/// # Errors
/// What the host says.
pub fn fill(project: &Row, rules: &Rules) -> Outcome {
    if template::build(project)? {
        let project = store::one("rollout_project", &project.id)?;
        replan(&project, Gaps::Keep, rules)?;
        let first = all_of([is("project", &*project.id), is("stage", "open")]);
        for stage in store::all("rollout_stage", &first, &[])? {
            publish("stage.opened", &stage)?;
            assign(&stage)?;
        }
    }
    Ok(())
}

/// Stages: what is behind opens what comes next.
pub fn stage(happened: &[Event]) -> Outcome {
    for event in happened {
        let overridden = event.change("override_reason").is_some();
        if !overridden && event.change("stage").is_none() {
            continue;
        }
        if let Some(stage) = records::get("rollout_stage", &event.record)? {
            settled(&stage, overridden)?;
        }
    }
    Ok(())
}

/// Tells others how a stage stands now, and opens the one after it where it is behind.
///
/// # Errors
/// What the host says.
pub fn settled(stage: &Row, overridden: bool) -> Outcome {
    let name = match stage.stage() {
        _ if overridden => "stage.overridden",
        "accepted" => "stage.accepted",
        "submitted" => "stage.submitted",
        "returned" => "stage.returned",
        "open" => "stage.opened",
        _ => return Ok(()),
    };
    publish(name, stage)?;
    if let Some(project) = records::get("rollout_project", stage.words("project"))? {
        tell::stage(stage, name.trim_start_matches("stage."), &project)?;
    }
    if acceptance::is_behind(stage) { open_next(stage) } else { Ok(()) }
}

/// Tells other modules what became of a stage.
fn publish(name: &str, stage: &Row) -> Result<(), HostError> {
    let payload = json!({
        "project": stage.id("project"),
        "stage": stage.id,
        "number": stage.integer("position"),
        "title": stage.text("title"),
    });
    events::publish(NewEvent::new(name, payload.to_string()).in_order(stage.words("project")))
}

/// Opens the stage after this one and says so to who is responsible for it.
///
/// # Errors
/// What the host says.
pub fn open_next(stage: &Row) -> Outcome {
    let (Some(project), Some(position)) = (stage.id("project"), stage.integer("position")) else { return Ok(()) };
    let next = all_of([is("project", project), is("position", position + 1)]);
    let Some(next) = store::all("rollout_stage", &next, &[])?.into_iter().next() else { return Ok(()) };
    if next.stage() != "locked" {
        return Ok(());
    }
    records::change("rollout_stage", &next.id, Draft::new().with("stage", "open"))?;
    publish("stage.opened", &next)?;
    assign(&next)?;
    Ok(tell::stage(&next, "opened", &store::one("rollout_project", project)?)?)
}

/// Gives the tasks of a stage that nobody has to whoever answers for them by their role, else for the stage.
///
/// # Errors
/// What the host says.
pub fn assign(stage: &Row) -> Outcome {
    let mine =
        all_of([is("rollout_stage", &*stage.id), is("state", "open"), json!({"field": "assignee", "op": "empty"})]);
    let tasks = store::all("task", &mine, &["title"])?;
    let project = stage.words("project");
    let duties = all_of([is("project", project), is("raci", "accountable")]);
    let duties = store::all("rollout_duty", &duties, &["task", "role"])?;
    let roles = store::of_project("rollout_role", project, &["person"])?;
    let answers = |task: &Row| {
        let duty = duties.iter().find(|duty| duty.id("task") == Some(task.id.as_str()))?;
        roles.iter().find(|role| duty.id("role") == Some(role.id.as_str()))?.id("person")
    };
    let change = |task: &Row| {
        let person = answers(task).or(stage.id("responsible"))?;
        Some((task.id.clone(), Draft::new().with("assignee", Value::link(person))))
    };
    Ok(store::change_all("task", tasks.iter().filter_map(change).collect())?)
}

/// Tasks of plans: each project is planned anew once, however many of its tasks moved.
pub fn task(events: &[Event]) -> Outcome {
    let rules = Rules::load();
    let mut projects = BTreeSet::new();
    for event in events {
        let task = records::get("task", &event.record)?;
        projects.extend(task.and_then(|task| task.id("rollout_project").map(str::to_owned)));
    }
    for project in projects {
        if let Some(project) = records::get("rollout_project", &project)? {
            replan(&project, Gaps::Keep, &rules)?;
        }
    }
    Ok(())
}

/// A built requirement that is changed sends its cases to be run again.
pub fn requirement(events: &[Event]) -> Outcome {
    for event in events {
        let Some(row) = records::get("rollout_requirement", &event.record)? else { continue };
        let reworded = ["title", "comments", "priority"].iter().any(|field| event.change(field).is_some());
        if !reworded || !matches!(row.stage(), "built" | "accepted") {
            continue;
        }
        let run = guards::cases_of(&row.id)?.into_iter().filter(|case| case.text("result") != Some("open"));
        store::change_all("rollout_case", run.map(|case| (case.id, Draft::new().with("result", "retest"))).collect())?;
    }
    Ok(())
}

/// Gates: tells others that a module was switched on or off.
pub fn gate(happened: &[Event]) -> Outcome {
    for event in happened {
        let Some(gate) = records::get("rollout_gate", &event.record)? else { continue };
        if event.change("stage").is_some() || event.name.ends_with(".created") {
            gating::settled(&gate)?;
        }
    }
    Ok(())
}

/// Notices: everybody meant is told, and asked to confirm.
pub fn notice(happened: &[Event]) -> Outcome {
    for event in happened {
        let Some(notice) = records::get("rollout_notice", &event.record)? else { continue };
        if notice.stage() == "sent" {
            tell::news(&notice)?;
        }
    }
    Ok(())
}

/// A bill that was counted in the same moment as others, which its guard did not see, waits for the board when those made before
/// it leave no room.
fn judged(bill: Row, project: &Row) -> Result<Row, HostError> {
    if bill.stage() != "counted" || bill.id("approved_by").is_some() {
        return Ok(bill);
    }
    let all = store::of_project("rollout_bill", &project.id, &["total", "stage"])?;
    let before = all.iter().filter(|row| row.id < bill.id && row.stage() == "counted");
    let sum = before.filter_map(|row| row.number("total")).sum::<f64>() + bill.number("total").unwrap_or(0.0);
    if figures::spent(sum, project.number("limit").unwrap_or(0.0)) != Spent::Over {
        return Ok(bill);
    }
    records::change("rollout_bill", &bill.id, Draft::new().with("stage", "waiting"))?;
    store::one("rollout_bill", &bill.id)
}

/// Bills: near the limit the lead is told, over it the board.
pub fn bill(happened: &[Event]) -> Outcome {
    for event in happened {
        let Some(bill) = records::get("rollout_bill", &event.record)? else { continue };
        let Some(project) = records::get("rollout_project", bill.words("project"))? else { continue };
        let bill = judged(bill, &project)?;
        let sums = money::of(&project)?;
        let near = sums.spent != Spent::Within;
        tell::bill(&bill, &project, near.then(|| figures::tenth(sums.billed / sums.limit * 100.0)))?;
    }
    Ok(())
}

/// A changed calendar pushes every plan that is alive; it is pulled together on request, as ever.
pub fn calendar(_: &[Event]) -> Outcome {
    let rules = Rules::load();
    for project in work::alive()? {
        replan(&project, Gaps::Keep, &rules)?;
    }
    Ok(())
}

/// Somebody's absences changed: they are excused from trainings of those days.
pub fn absence(happened: &[Event]) -> Outcome {
    let mut people = BTreeSet::new();
    for event in happened {
        let absence = records::get("absence", &event.record)?;
        people.extend(absence.and_then(|row| row.id("user").map(str::to_owned)));
    }
    Ok(people.iter().try_for_each(|person| training::excuse(person))?)
}

/// An answer is wanted: of the person whose interview was written down, of those whom a poll asks.
pub fn asked(happened: &[Event]) -> Outcome {
    for event in happened {
        match event.entity.as_str() {
            "rollout_interview" => {
                if let Some(row) = records::get("rollout_interview", &event.record)? {
                    tell::interview(&row)?;
                }
            }
            _ => {
                if let Some(row) = records::get("rollout_poll", &event.record)? {
                    tell::poll(&row)?;
                }
            }
        }
    }
    Ok(())
}

/// Somebody was blocked: their duties warn the lead.
pub fn people(_: &[Event]) -> Outcome {
    for project in work::alive()? {
        work::orphans(&project)?;
    }
    Ok(())
}

/// Versions: what is agreed is what lateness is measured by.
pub fn version(happened: &[Event]) -> Outcome {
    let rules = Rules::load();
    for event in happened.iter().filter(|event| event.change("stage").is_some()) {
        let Some(version) = records::get("rollout_version", &event.record)? else { continue };
        if version.stage() == "agreed" {
            crate::versions::agree(&version)?;
            replan(&store::one("rollout_project", version.words("project"))?, Gaps::Keep, &rules)?;
        }
    }
    Ok(())
}
