//! Plan against fact: of the people who are to do tasks, of the clients whom they are for. Of tasks themselves: `report`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use super::money::people_of;
use super::report::{companies, filter_of, name_of};
use crate::entry;
use crate::store::{self, me};

/// Tasks of one question to the host.
const BATCH: usize = 200;
/// Lines of a report.
const MOST: usize = 200;

#[derive(Default)]
struct Planned {
    /// Seconds, of tasks that have a plan.
    estimate: i64,
    /// Seconds that those have taken, whenever.
    spent: i64,
    /// Seconds booked in the period.
    in_period: i64,
}

/// The source `plan_by`: of tasks that time was booked on in the period, by whom they are assigned to (`by`: `person`) or by the
/// client (`client`). The plan of a task counts once, for one line.
///
/// # Errors
/// As the host says.
pub fn plan_by(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let is_client = ask.text("by") == Some("client");
    let axis = if is_client { "client_id" } else { "owner" };
    let mut found: Vec<(String, Planned)> = planned(axis, &filter_of(ask, &person)?)?.into_iter().collect();
    found.sort_by_key(|(_, line)| std::cmp::Reverse(line.in_period));
    found.truncate(MOST);
    let ids: Vec<String> = found.iter().map(|(key, _)| key.clone()).filter(|key| !key.is_empty()).collect();
    let names = if is_client { companies(&ids)? } else { people_of(ids.into_iter())? };
    let none = if is_client { "reports.no_client" } else { "reports.nobody" };
    let none = runtime::words(&Message::new(none, none), &runtime::context().locale);
    let rows = found.into_iter().map(|(key, line)| {
        let name = if key.is_empty() { none.as_str() } else { name_of(&names, Some(key.as_str())) };
        let has_plan = line.estimate > 0;
        let plan = if has_plan { Value::Integer(line.estimate) } else { Value::Null };
        let percent = if has_plan { Value::Integer(line.spent * 100 / line.estimate) } else { Value::Null };
        let row = Figure::new(if key.is_empty() { "none" } else { key.as_str() }).with("name", name);
        row.with("estimate", plan).with("spent", line.spent).with("in_period", line.in_period).with("percent", percent)
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}

fn planned(axis: &str, filter: &Json) -> Result<BTreeMap<String, Planned>, HostError> {
    let of_tasks = store::all_of([filter.clone(), json!({ "field": "task_id", "op": "not_empty" })]);
    let measures = json!([{ "op": "sum", "field": "seconds" }]);
    let (mut found, mut tasks) = (BTreeMap::<String, Planned>::new(), BTreeMap::<String, String>::new());
    for group in store::groups(entry::ENTITY, &of_tasks, &["task_id", axis], &measures)? {
        let Some(task) = store::key_of(&group, "task_id") else { continue };
        let key = store::key_of(&group, axis).unwrap_or_default().to_owned();
        tasks.entry(task.to_owned()).or_insert_with(|| key.clone());
        found.entry(key).or_default().in_period += store::figure(&group, "sum_seconds").unwrap_or_default();
    }
    let ids: Vec<String> = tasks.keys().cloned().collect();
    for part in ids.chunks(BATCH) {
        for task in records::get_many("task", part)?.into_iter().flatten() {
            let Some(estimate) = task.integer("estimate").filter(|estimate| *estimate > 0) else { continue };
            let key = match axis {
                "owner" => task.id("assignee").map(str::to_owned),
                _ => tasks.get(&task.id).cloned(),
            };
            let line = found.entry(key.unwrap_or_default()).or_default();
            line.estimate += estimate;
            line.spent += task.integer("time_spent").unwrap_or_default();
        }
    }
    Ok(found)
}
