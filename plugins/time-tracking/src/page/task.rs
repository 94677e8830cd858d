//! The tab of a task or deal: plan and fact, by whom.

use std::collections::BTreeMap;

use verstak_plugin::prelude::*;

use crate::entry::{self, SUBJECTS, totals};
use crate::store::{self, me};

/// The source `subject`: one row of figures of the record the page stands on.
///
/// # Errors
/// As the host says.
pub fn subject(ask: &Ask) -> Outcome<Figures> {
    let Some(record) = ask.view.record.as_ref().filter(|record| SUBJECTS.contains(&record.entity.as_str())) else {
        return Ok(Figures::from(Vec::new()));
    };
    let own = store::sum(entry::ENTITY, &store::eq(&record.entity, record.id.as_str()), "seconds")?;
    let mut row = Figure::new(record.id.clone()).with("entity", record.entity.as_str()).with("own", own);
    if record.entity == "task" {
        let estimate = records::get("task", &record.id)?.and_then(|task| task.integer("estimate")).unwrap_or_default();
        let all = totals::with_subtasks(&record.id)?;
        row = row
            .with("all", all)
            .with("estimate", estimate)
            .with("percent", if estimate > 0 { own * 100 / estimate } else { 0 })
            .with("left", (estimate - own).max(0));
    }
    let running = match me() {
        Some(person) => entry::timer::running(&person)?,
        None => Vec::new(),
    };
    let here = running.iter().find(|one| one.subject.entity == record.entity && one.subject.id == record.id);
    Ok(Figures::one(row.with("running", here.is_some()).with("since", super::at(here.map(|one| one.since)))))
}

/// The source `by_person`: who booked how much on the record the page stands on. Whoever sees the record sees how long it took.
///
/// # Errors
/// As the host says.
pub fn by_person(ask: &Ask) -> Outcome<Figures> {
    let Some(record) = ask.view.record.as_ref().filter(|record| SUBJECTS.contains(&record.entity.as_str())) else {
        return Ok(Figures::from(Vec::new()));
    };
    let filter = store::eq(&record.entity, record.id.as_str());
    let mut people: BTreeMap<String, i64> = BTreeMap::new();
    let measures = serde_json::json!([{ "op": "sum", "field": "seconds" }]);
    for group in store::groups(entry::ENTITY, &filter, &["owner"], &measures)? {
        if let Some(person) = store::key_of(&group, "owner") {
            *people.entry(person.to_owned()).or_default() += store::figure(&group, "sum_seconds").unwrap_or_default();
        }
    }
    let rows = people.into_iter().map(|(person, seconds)| {
        Figure::new(person.clone()).with("person", Value::Id(person)).with("seconds", seconds)
    });
    Ok(Figures::from(rows.collect::<Vec<_>>()))
}
