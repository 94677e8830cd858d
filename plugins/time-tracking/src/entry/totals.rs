//! What tasks have taken: `task.time_spent` is the sum of the task's own entries; at 80 % and 100 % of the estimate its
//! executor and its creator hear of it, once each.

use std::collections::BTreeSet;

use serde_json::json;
use verstak_plugin::prelude::*;

use super::ENTITY;
use crate::notice;
use crate::store;

/// After entries changed.
///
/// # Errors
/// As the host says.
pub fn after(all: &[Event]) -> Outcome {
    let mut tasks = BTreeSet::new();
    for event in all {
        if let Some(change) = event.change("task") {
            tasks.extend([&change.before, &change.after].into_iter().filter_map(id));
        } else if let Some(row) = records::get(ENTITY, &event.record)? {
            tasks.extend(row.id("task").map(str::to_owned));
        }
    }
    tasks.iter().try_for_each(|task| count(task))
}

/// After estimates of tasks changed: what was booked may be more than that.
///
/// # Errors
/// As the host says.
pub fn estimated(all: &[Event]) -> Outcome {
    all.iter().try_for_each(|event| count(&event.record))
}

fn id(value: &Value) -> Option<String> {
    match value {
        Value::Id(id) | Value::Text(id) => Some(id.clone()),
        _ => None,
    }
}

/// Seconds of a task's own entries.
///
/// # Errors
/// As the host says.
pub fn spent(task: &str) -> Result<i64, HostError> {
    store::sum(ENTITY, &store::eq("task", task), "seconds")
}

/// Writes what a task has taken and tells of an overrun.
///
/// # Errors
/// As the host says.
pub fn count(task: &str) -> Outcome {
    let Some(row) = records::get("task", task)? else { return Ok(()) };
    let spent = spent(task)?;
    if row.integer("time_spent").unwrap_or_default() != spent {
        records::change("task", task, Draft::new().with("time_spent", spent))?;
    }
    let Some(estimate) = row.integer("estimate").filter(|estimate| *estimate > 0) else { return Ok(()) };
    for percent in [80, 100] {
        if spent * 100 >= estimate * percent {
            notice::overrun(&row, percent, spent)?;
        }
    }
    Ok(())
}

/// Seconds of a task and of everything below it, each entry once.
///
/// # Errors
/// As the host says.
pub fn with_subtasks(task: &str) -> Result<i64, HostError> {
    let mut all = BTreeSet::from([task.to_owned()]);
    let mut level = vec![task.to_owned()];
    while !level.is_empty() && all.len() < 500 {
        let below = store::every("task", &store::any_of("parent", &level), &["parent"])?;
        level = below.into_iter().map(|row| row.id).filter(|id| all.insert(id.clone())).collect();
    }
    let measures = json!([{ "op": "sum", "field": "seconds" }]);
    let found = store::groups(ENTITY, &store::any_of("task", &all), &[], &measures)?;
    Ok(found.first().and_then(|group| store::figure(group, "sum_seconds")).unwrap_or_default())
}
