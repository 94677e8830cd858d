//! What the module does by itself: lateness every day, gates at midnight, adoption on Mondays, the monthly check of a system that was
//! rolled out, and the demonstration.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;
use verstak_plugin::tasks::NewTask;

use crate::days::Day;
use crate::plan::Gaps;
use crate::replan::replan;
use crate::store::{self, Read, Rules};
use crate::words::say;
use crate::{after, checks, demo, gating, measuring, signals, tell};

/// Projects in these stages.
fn projects(stages: &[&str]) -> Result<Vec<Row>, HostError> {
    store::all("rollout_project", &json!({"field": "stage", "op": "in", "value": stages}), &[])
}

const ALIVE: [&str; 3] = ["draft", "running", "hypercare"];

/// Projects that are not over.
///
/// # Errors
/// What the host says.
pub fn alive() -> Result<Vec<Row>, HostError> {
    projects(&ALIVE)
}

/// Every day: how late each task is, and duties that nobody has any more.
pub fn lateness(_: &Run) -> Ran {
    let rules = Rules::load();
    for project in projects(&ALIVE)? {
        replan(&project, Gaps::Keep, &rules)?;
        orphans(&project)?;
        let late = json!({"field": "rollout_late", "op": "gt", "value": 0});
        let late = store::all_of([store::is("rollout_project", &*project.id), store::is("state", "open"), late]);
        for task in store::all("task", &late, &["title", "assignee"])? {
            tell::late(&task, &project)?;
        }
    }
    Ok(Answer::Done)
}

/// A blocked person's duty warns the lead, once.
///
/// # Errors
/// What the host says.
pub fn orphans(project: &Row) -> Result<(), HostError> {
    let roles = store::of_project("rollout_role", &project.id, &["title", "person"])?;
    for role in roles {
        let Some(person) = role.id("person") else { continue };
        if checks::is_there(person)? {
            continue;
        }
        let title = say(project.words("language"), "task_orphan", &[("title", role.words("title"))]);
        let task = to_lead(NewTask::new(&title).about("rollout_project", &project.id), project);
        tasks::create_once([(format!("orphan:{}:{person}", role.id), task)])?;
    }
    Ok(())
}

fn to_lead(task: NewTask, project: &Row) -> NewTask {
    match project.id("lead") {
        Some(lead) => task.executor(format!("user:{lead}")),
        None => task,
    }
}

/// At midnight: what is planned from today on is on, what is over is off.
pub fn gates(_: &Run) -> Ran {
    let today = Rules::load().today();
    for project in projects(&ALIVE)? {
        for gate in store::of_project("rollout_gate", &project.id, &[])? {
            if let Some(stage) = standing(gate.stage(), gate.day("from"), gate.day("until"), today) {
                records::change("rollout_gate", &gate.id, Draft::new().with("stage", stage))?;
                gating::settled(&store::one("rollout_gate", &gate.id)?)?;
            }
        }
    }
    Ok(Answer::Done)
}

/// What a gate becomes today, where it changes.
///
/// One that is planned from today on, or from a day before, need not wait for midnight.
pub fn standing(now: &str, from: Option<Day>, until: Option<Day>, today: Day) -> Option<&'static str> {
    match now {
        "planned" if from.is_some_and(|from| from <= today) => Some("on"),
        "on" if until.is_some_and(|until| until <= today) => Some("off"),
        _ => None,
    }
}

/// Every day: what goals lack before and after, by the system, of windows of the same length.
pub fn measures(_: &Run) -> Ran {
    let rules = Rules::load();
    for project in projects(&["running", "hypercare"])? {
        measuring::due(&project, &rules)?;
    }
    Ok(Answer::Done)
}

/// On Mondays: adoption of the week before.
pub fn adoption(_: &Run) -> Ran {
    let rules = Rules::load();
    let monday = rules.today().monday().plus(-7);
    for project in projects(&["running", "hypercare"])? {
        signals::count(&project, monday, &rules)?;
    }
    Ok(Answer::Done)
}

/// Each month: a task to look whether the system and its integrations work, with what does not.
pub fn health(_: &Run) -> Ran {
    let today = Rules::load().today();
    let month = today.to_string().chars().take(7).collect::<String>();
    let closed = projects(&["closed"])?;
    let failing = if closed.is_empty() { Vec::new() } else { health::failing()? };
    for project in closed {
        let language = project.words("language");
        let title = say(language, "task_health", &[]);
        let wrong = failing
            .iter()
            .map(|part| say(language, "unhealthy", &[("title", &part.title), ("problem", &part.problem)]));
        let wrong = wrong.collect::<Vec<_>>().join("\n");
        let told = if wrong.is_empty() { say(language, "health_good", &[]) } else { wrong };
        let task = NewTask::new(&title).description(told).about("rollout_project", &project.id);
        let task = to_lead(task, &project);
        tasks::create_once([(format!("health:{}:{month}", project.id), task)])?;
    }
    Ok(Answer::Done)
}

/// Finishes the plan of a project whose template was not copied to its end.
pub fn fill(run: &Run) -> Ran {
    let input: Json = serde_json::from_str(&run.input).unwrap_or(Json::Null);
    let project = input.get("project").and_then(Json::as_str).unwrap_or_default();
    if let Some(project) = records::get("rollout_project", project)? {
        after::fill(&project, &Rules::load())?;
    }
    Ok(Answer::Done)
}

/// A project in its fourth stage, to look at.
pub fn demonstration(run: &Run) -> Ran {
    let input: Json = serde_json::from_str(&run.input).unwrap_or(Json::Null);
    demo::make(input.get("language").and_then(Json::as_str))?;
    Ok(Answer::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_opens_on_its_day_and_closes_after_its_last() {
        let day = |text: &str| Day::parse(text);
        let at = |now, today| standing(now, day("2026-10-01"), day("2026-11-01"), day(today).unwrap());
        assert_eq!(at("planned", "2026-09-30"), None);
        assert_eq!(at("planned", "2026-10-01"), Some("on"));
        assert_eq!(at("on", "2026-10-31"), None);
        assert_eq!(at("on", "2026-11-01"), Some("off"));
        assert_eq!(at("off", "2026-10-05"), None);
    }
}
