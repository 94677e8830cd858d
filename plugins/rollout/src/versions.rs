//! Versions of the plan: what was sent stays as it was; what is agreed becomes what lateness is measured by.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use crate::acceptance::Refused;
use crate::store::{self, Read, date};
use crate::tell;
use crate::words::say;

/// Sends the plan as it stands to the board. Answers the number of the version.
///
/// # Errors
/// What the host says; in the inner result why it cannot be sent now.
pub fn send(project: &Row) -> Result<Result<i64, Refused>, HostError> {
    let mut versions = store::of_project("rollout_version", &project.id, &["position", "stage", "snapshot"])?;
    versions.sort_by_key(|row| row.integer("position"));
    if versions.iter().any(|row| row.stage() == "sent") {
        let text = "A version waits for answers already";
        return Ok(Err(Refused::new("rollout.version_waits", text)));
    }
    let now = snapshot(project)?;
    let before = versions.last().and_then(|row| match row.value("snapshot") {
        Some(Value::Json(text)) => serde_json::from_str::<Json>(text).ok(),
        _ => None,
    });
    let language = project.words("language");
    let position = versions.last().and_then(|row| row.integer("position")).unwrap_or(0) + 1;
    let draft = Draft::new()
        .with("project", Value::link(&project.id))
        .with("position", position)
        .with("end", store::date_or_none(project.day("end")))
        .with("snapshot", Value::Json(now.to_string()))
        .with_some("diff", before.map(|before| difference(&before, &now, language)))
        .with("stage", "sent");
    let title = say(language, "version_title", &[("number", &position.to_string())]);
    let made = records::create("rollout_version", draft.with("title", title.as_str()))?;
    tell::version(&made.id, &title)?;
    Ok(Ok(position))
}

fn snapshot(project: &Row) -> Result<Json, HostError> {
    let fields = ["title", "rollout_code", "rollout_start", "rollout_end", "rollout_position"];
    let mut tasks = store::of_project("task", &project.id, &fields)?;
    tasks.sort_by_key(|row| row.integer("rollout_position"));
    let task = |row: &Row| json!({"id": row.id, "title": row.words("title"), "start": row.text("rollout_start"), "end": row.text("rollout_end")});
    Ok(Json::Array(tasks.iter().map(task).collect()))
}

/// What is new, gone or moved, a line each. Pure.
pub fn difference(before: &Json, now: &Json, language: &str) -> String {
    let by_id = |list: &Json| -> BTreeMap<String, (String, String)> {
        let text = |task: &Json, key: &str| task.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let one = |task: &Json| (text(task, "id"), (text(task, "title"), text(task, "end")));
        list.as_array().into_iter().flatten().map(one).collect()
    };
    let (before, now) = (by_id(before), by_id(now));
    let moved = now.iter().filter_map(|(id, (title, end))| match before.get(id) {
        None => Some(say(language, "diff_new", &[("title", title)])),
        Some((_, old)) if old != end => {
            Some(say(language, "diff_moved", &[("title", title), ("before", old), ("after", end)]))
        }
        Some(_) => None,
    });
    let gone = before.iter().filter(|(id, _)| !now.contains_key(*id));
    let gone = gone.map(|(_, (title, _))| say(language, "diff_gone", &[("title", title)]));
    let lines: Vec<String> = moved.chain(gone).collect();
    if lines.is_empty() { say(language, "diff_none", &[]) } else { lines.join("\n") }
}

/// Writes the days of an agreed version beside those of the tasks.
///
/// # Errors
/// What the host says.
pub fn agree(version: &Row) -> Result<(), HostError> {
    let Some(Value::Json(text)) = version.value("snapshot") else { return Ok(()) };
    let Ok(Json::Array(tasks)) = serde_json::from_str::<Json>(text) else { return Ok(()) };
    let day = |task: &Json, key: &str| crate::days::Day::parse(task.get(key)?.as_str()?);
    let change = |task: &Json| {
        let draft = Draft::new()
            .with_some("rollout_base_start", day(task, "start").map(date))
            .with_some("rollout_base_end", day(task, "end").map(date));
        Some((task.get("id")?.as_str()?.to_owned(), draft))
    };
    let known: Vec<(String, Draft)> = tasks.iter().filter_map(change).collect();
    let ids: Vec<String> = known.iter().map(|(id, _)| id.clone()).collect();
    let there = records::get_many("task", &ids)?;
    let known = known.into_iter().zip(there).filter(|(_, row)| row.is_some()).map(|(change, _)| change);
    store::change_all("task", known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_shows_what_changed() {
        let task = |id: &str, end: &str| json!({"id": id, "title": format!("Task {id}"), "end": end});
        let before = json!([task("a", "2026-06-05"), task("b", "2026-06-12"), task("c", "2026-06-19")]);
        let now = json!([task("a", "2026-06-05"), task("b", "2026-06-15"), task("d", "2026-06-19")]);
        let told = difference(&before, &now, "en");
        assert_eq!(told, "Task b: 2026-06-12 → 2026-06-15\nnew: Task d\ngone: Task c");
        assert_eq!(difference(&now, &now, "en"), "nothing changed");
    }
}
