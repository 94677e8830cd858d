//! The plan of a project put in order: reads its tasks, places them, writes what moved.

use std::collections::BTreeMap;

use verstak_plugin::prelude::*;

use crate::days::Day;
use crate::plan::{self, Gaps, Placed, Step};
use crate::store::{self, Days, Read, Rules, date};

/// The hour at which a task is due where the company's calendar does not say when the day ends.
const CLOSE: i64 = 18;
/// Days beyond which the calendar is not asked: a plan of more years is placed by weeks alone.
const YEARS: i64 = 1_500;
const FIELDS: &[&str] = &[
    "title",
    "state",
    "due",
    "completed_at",
    "rollout_stage",
    "rollout_position",
    "rollout_after",
    "rollout_days",
    "rollout_start",
    "rollout_end",
    "rollout_base_end",
    "rollout_critical",
    "rollout_late",
];

/// Places every task of a project and writes those that moved; then the days of stages and of the project.
///
/// # Errors
/// What the host says; a circle of tasks is refused in words.
pub fn replan(project: &Row, gaps: Gaps, rules: &Rules) -> Result<(), HostError> {
    let Some(first) = project.day("start") else { return Ok(()) };
    let mut tasks = store::of_project("task", &project.id, FIELDS)?;
    tasks.sort_by_key(|row| row.integer("rollout_position"));
    let stages = store::of_project("rollout_stage", &project.id, &["stage", "position", "starts", "ends"])?;
    let steps = steps(&tasks, &stages);
    let today = rules.today();
    let days = store::days(first, reach(first, &steps, today))?;
    let placed = plan::place(first, &steps, gaps, &days.calendar)
        .ok_or_else(|| HostError::Conflict("tasks of the plan wait for one another".to_owned()))?;
    let view = View { days: &days, today, offset: rules.offset() };
    let changes = tasks.iter().zip(&placed).filter_map(|(row, placed)| view.moved(row, *placed));
    store::change_all("task", changes.collect())?;
    write_stages(&tasks, &placed, &stages)?;
    let end = placed.iter().map(|one| one.end).max();
    if end != project.day("end") {
        records::change("rollout_project", &project.id, Draft::new().with("end", store::date_or_none(end)))?;
    }
    Ok(())
}

fn steps(tasks: &[Row], stages: &[Row]) -> Vec<Step> {
    let places: BTreeMap<&str, usize> = tasks.iter().enumerate().map(|(index, row)| (row.id.as_str(), index)).collect();
    let accepted = |id: Option<&str>| {
        let stage = stages.iter().find(|stage| Some(stage.id.as_str()) == id);
        stage.is_some_and(|stage| stage.stage() == "accepted")
    };
    let step = |row: &Row| Step {
        days: row.integer("rollout_days").unwrap_or(5).max(1),
        after: row.ids("rollout_after").iter().filter_map(|id| places.get(id.as_str()).copied()).collect(),
        now: row.day("rollout_start").zip(row.day("rollout_end")),
        fixed: row.text("state") == Some("completed") || accepted(row.id("rollout_stage")),
    };
    tasks.iter().map(step).collect()
}

/// How many days from the first the plan may reach.
fn reach(first: Day, steps: &[Step], today: Day) -> i64 {
    let worked: i64 = steps.iter().map(|step| step.days).sum();
    let known = steps.iter().filter_map(|step| step.now).map(|(_, end)| end.0 - first.0).max().unwrap_or(0);
    (worked * 2 + known.max(today.0 - first.0).max(0) + 60).min(YEARS)
}

struct View<'a> {
    days: &'a Days,
    today: Day,
    offset: i64,
}

impl View<'_> {
    /// What is to be written of a task.
    fn moved(&self, row: &Row, placed: Placed) -> Option<(String, Draft)> {
        let done = row.text("state") != Some("open");
        let late = row
            .day("rollout_base_end")
            .map(|agreed| plan::late(agreed, placed.end, self.today, done, &self.days.calendar));
        let mut draft = Draft::new();
        if row.day("rollout_start") != Some(placed.start) {
            draft = draft.with("rollout_start", date(placed.start));
        }
        if row.day("rollout_end") != Some(placed.end) {
            draft = draft.with("rollout_end", date(placed.end));
        }
        let due = self.days.ends.get(&placed.end).copied().unwrap_or_else(|| placed.end.hour(CLOSE, self.offset));
        if !done && row.value("due") != Some(&Value::Instant(due)) {
            draft = draft.with("due", Value::Instant(due));
        }
        if row.boolean("rollout_critical") != Some(placed.critical) {
            draft = draft.with("rollout_critical", placed.critical);
        }
        if late.is_some() && row.integer("rollout_late") != late {
            draft = draft.with_some("rollout_late", late);
        }
        (!draft.0.is_empty()).then(|| (row.id.clone(), draft))
    }
}

fn write_stages(tasks: &[Row], placed: &[Placed], stages: &[Row]) -> Result<(), HostError> {
    let days = |stage: &Row| {
        let mine = tasks.iter().zip(placed).filter(|(row, _)| row.id("rollout_stage") == Some(stage.id.as_str()));
        let mine: Vec<&Placed> = mine.map(|(_, placed)| placed).collect();
        Some((mine.iter().map(|one| one.start).min()?, mine.iter().map(|one| one.end).max()?))
    };
    let changes = stages.iter().filter_map(|stage| {
        let (starts, ends) = days(stage)?;
        let same = stage.day("starts") == Some(starts) && stage.day("ends") == Some(ends);
        (!same).then(|| (stage.id.clone(), Draft::new().with("starts", date(starts)).with("ends", date(ends))))
    });
    store::change_all("rollout_stage", changes.collect())
}
