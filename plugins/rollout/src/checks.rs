//! What the lead is warned of: planning (R133), load, money, training, severe defects that wait.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use verstak_plugin::prelude::*;

use crate::acceptance::Lacks;
use crate::days::{Calendar, Day};
use crate::figures::{self, Spent};
use crate::money;
use crate::signals;
use crate::store::{self, Read, Rules, all_of, is};

/// More tasks at once than this are too many.
const AT_ONCE: usize = 3;
/// Absences of more than this, in percent of a stage's person-days, are too many.
const ABSENT: f64 = 30.0;
const RISKS: [&str; 5] = ["terms", "load", "resistance", "data", "technology"];
/// Working hours in which a defect of severity 1, and of 2, is to be taken.
const TAKEN: [(i64, i64); 2] = [(1, 1), (2, 4)];

/// Everything at once.
///
/// # Errors
/// What the host says.
pub fn all(project: &Row, rules: &Rules, sees_money: bool) -> Result<Vec<String>, HostError> {
    let mut found = Lacks::new();
    departments(project, &mut found)?;
    planning(project, rules, &mut found)?;
    risks(project, &mut found)?;
    if store::count("rollout_goal", &is("project", &*project.id))? == 0 {
        found.add("check_goal", &[]);
    }
    orphans(project, &mut found)?;
    waiting(project, &mut found)?;
    untrained(project, rules, &mut found)?;
    if sees_money {
        bills(project, &mut found)?;
    }
    Ok(found.found())
}

/// Departments of the project, the whole company's where none is named, that nobody heads.
fn departments(project: &Row, found: &mut Lacks) -> Result<(), HostError> {
    let chosen = project.ids("departments");
    let mine = |department: &people::Department| chosen.is_empty() || chosen.contains(&department.id);
    for department in people::departments()?.into_iter().filter(mine).filter(|one| one.heads.is_empty()) {
        found.add("check_head", &[("title", &department.name)]);
    }
    Ok(())
}

fn planning(project: &Row, rules: &Rules, found: &mut Lacks) -> Result<(), HostError> {
    let fields = ["assignee", "state", "rollout_stage", "rollout_start", "rollout_end"];
    let tasks = store::of_project("task", &project.id, &fields)?;
    let mut stages =
        store::of_project("rollout_stage", &project.id, &["position", "stage", "starts", "ends", "responsible"])?;
    stages.retain(|row| row.stage() != "accepted");
    stages.sort_by_key(|row| row.integer("position"));
    let (first, last) = (
        stages.iter().filter_map(|row| row.day("starts")).min(),
        stages.iter().filter_map(|row| row.day("ends")).max(),
    );
    let Some((first, last)) = first.zip(last) else { return Ok(()) };
    let absences = absences(first, last, rules)?;
    let people = People::of(project, &tasks)?;
    let calendar = store::calendar_between(first, last)?;
    for stage in &stages {
        let number = stage.integer("position").unwrap_or(0).to_string();
        if stage.is_empty("responsible") {
            found.add("responsible", &[("number", &number)]);
        }
        let Some((starts, ends)) = stage.day("starts").zip(stage.day("ends")) else { continue };
        let share = absent_share(&people.of_stage(&stage.id), (starts, ends), &absences, &calendar);
        if let Some(percent) = share.filter(|percent| *percent > ABSENT) {
            found.add("check_absent", &[("number", &number), ("percent", &format!("{percent:.1}"))]);
        }
    }
    for (person, count) in at_once(&tasks) {
        let name = people_name(&person)?;
        found.add("check_busy", &[("name", &name), ("count", &count.to_string())]);
    }
    Ok(())
}

/// Who works on which stage: those who have its tasks, and those whose roles have duties in them.
struct People {
    by_stage: BTreeMap<String, BTreeSet<String>>,
}

impl People {
    fn of(project: &Row, tasks: &[Row]) -> Result<Self, HostError> {
        let roles = store::of_project("rollout_role", &project.id, &["person"])?;
        let duties = store::of_project("rollout_duty", &project.id, &["task", "role"])?;
        let mut by_stage: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for task in tasks {
            let Some(stage) = task.id("rollout_stage") else { continue };
            let mine = duties.iter().filter(|duty| duty.id("task") == Some(task.id.as_str()));
            let person = |duty: &Row| roles.iter().find(|role| duty.id("role") == Some(role.id.as_str()))?.id("person");
            let those = by_stage.entry(stage.to_owned()).or_default();
            those.extend(mine.filter_map(person).chain(task.id("assignee")).map(str::to_owned));
        }
        Ok(People { by_stage })
    }

    fn of_stage(&self, stage: &str) -> Vec<String> {
        self.by_stage.get(stage).into_iter().flatten().cloned().collect()
    }
}

fn absences(first: Day, last: Day, rules: &Rules) -> Result<Vec<(String, Day, Day)>, HostError> {
    let within = all_of([
        json!({"field": "starts_at", "op": "lt", "value": format!("{}T00:00:00Z", last.plus(2))}),
        json!({"field": "ends_at", "op": "gt", "value": format!("{}T00:00:00Z", first.plus(-1))}),
    ]);
    let rows = store::all("absence", &within, &["user", "starts_at", "ends_at"])?;
    let at = |row: &Row, field: &str| match row.value(field) {
        // An absence ends before the moment it names.
        Some(Value::Instant(at)) if field == "ends_at" => Some(Day::at(at - 1, rules.offset())),
        Some(Value::Instant(at)) => Some(Day::at(*at, rules.offset())),
        _ => None,
    };
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.id("user")?.to_owned(), at(row, "starts_at")?, at(row, "ends_at")?)))
        .collect())
}

/// Working days on which these people are away, in percent of all of theirs between two days.
pub fn absent_share(
    people: &[String],
    (first, last): (Day, Day),
    absences: &[(String, Day, Day)],
    calendar: &Calendar,
) -> Option<f64> {
    let days = calendar.between(first, last);
    let away = |person: &String| {
        let mine: Vec<_> = absences.iter().filter(|(who, ..)| who == person).collect();
        let gone = |day: Day| calendar.works(day) && mine.iter().any(|(_, from, to)| *from <= day && day <= *to);
        let days = (first.0..=last.0).filter(|day| gone(Day(*day))).count();
        i64::try_from(days).unwrap_or(0)
    };
    let whole = days * i64::try_from(people.len()).unwrap_or(0);
    figures::percent(people.iter().map(away).sum(), whole)
}

/// Whoever has too many open tasks on one day, and how many.
fn at_once(tasks: &[Row]) -> Vec<(String, usize)> {
    let open = tasks.iter().filter(|row| row.text("state") == Some("open"));
    let spans: Vec<(&str, Day, Day)> = open
        .filter_map(|row| Some((row.id("assignee")?, row.day("rollout_start")?, row.day("rollout_end")?)))
        .collect();
    let mut most: BTreeMap<&str, usize> = BTreeMap::new();
    for (person, start, _) in &spans {
        let count = spans.iter().filter(|(who, from, to)| who == person && from <= start && start <= to).count();
        let known = most.entry(person).or_default();
        *known = count.max(*known);
    }
    most.into_iter().filter(|(_, count)| *count > AT_ONCE).map(|(person, count)| (person.to_owned(), count)).collect()
}

fn people_name(id: &str) -> Result<String, HostError> {
    Ok(people::user(id)?.map_or_else(|| id.to_owned(), |member| member.name))
}

fn risks(project: &Row, found: &mut Lacks) -> Result<(), HostError> {
    let rows = store::of_project("rollout_risk", &project.id, &["kind"])?;
    for kind in RISKS.iter().filter(|kind| rows.iter().all(|row| row.text("kind") != Some(kind))) {
        let title = found.word(&format!("risk_{kind}"));
        found.add("check_risk", &[("title", &title)]);
    }
    Ok(())
}

/// Roles that duties name and nobody has, or whose person may not sign in any more.
fn orphans(project: &Row, found: &mut Lacks) -> Result<(), HostError> {
    let roles = store::of_project("rollout_role", &project.id, &["title", "person"])?;
    let there = active(&roles)?;
    let bare = roles.iter().filter(|role| !role.id("person").is_some_and(|person| there.contains(person)));
    let titles: Vec<&str> = bare.map(|role| role.words("title")).collect();
    if !titles.is_empty() {
        found.add("check_duty", &[("title", &titles.join(", "))]);
    }
    Ok(())
}

/// Persons of roles who are still there. Blocked people are in no role.
fn active(roles: &[Row]) -> Result<BTreeSet<String>, HostError> {
    let mut there = BTreeSet::new();
    for person in roles.iter().filter_map(|role| role.id("person")) {
        if !there.contains(person) && is_there(person)? {
            there.insert(person.to_owned());
        }
    }
    Ok(there)
}

/// Whether a person is still with the company and may sign in.
///
/// # Errors
/// What the host says.
pub fn is_there(person: &str) -> Result<bool, HostError> {
    Ok(people::person(person)?.is_some_and(|person| person.active))
}

/// Severe defects that nobody has taken in time.
fn waiting(project: &Row, found: &mut Lacks) -> Result<(), HostError> {
    let new = all_of([is("project", &*project.id), is("kind", "defect"), is("stage", "new")]);
    for row in store::all("rollout_defect", &new, &["title", "severity", "created_at"])? {
        let hours =
            TAKEN.iter().find(|(severity, _)| row.integer("severity") == Some(*severity)).map(|(_, hours)| *hours);
        let (Some(hours), Some(Value::Instant(at))) = (hours, row.value("created_at")) else { continue };
        if calendars::between(None, *at, runtime::now())? > hours * 3_600 {
            let severity = row.integer("severity").unwrap_or(1).to_string();
            let values = [("severity", &*severity), ("hours", &hours.to_string()), ("title", row.words("title"))];
            found.add("check_defect", &values);
        }
    }
    Ok(())
}

/// Who joined after a training, or missed it.
fn untrained(project: &Row, rules: &Rules, found: &mut Lacks) -> Result<(), HostError> {
    let rows = store::of_project("rollout_attendance", &project.id, &["person", "state"])?;
    if rows.is_empty() {
        return Ok(());
    }
    let those = |states: &[&str]| -> BTreeSet<&str> {
        rows.iter()
            .filter(|row| row.text("state").is_some_and(|state| states.contains(&state)))
            .filter_map(|row| row.id("person"))
            .collect()
    };
    let trained = those(&["attended", "excused"]);
    let everybody = signals::audience(rules)?;
    let joined = everybody.iter().map(|(person, _)| person.as_str()).chain(those(&["invited", "missed"]));
    let missing: BTreeSet<&str> = joined.filter(|person| !trained.contains(person)).collect();
    if !missing.is_empty() {
        found.add("check_trained", &[("count", &missing.len().to_string())]);
    }
    Ok(())
}

fn bills(project: &Row, found: &mut Lacks) -> Result<(), HostError> {
    let money = money::of(project)?;
    if money.spent != Spent::Within {
        let percent = figures::tenth(money.billed / money.limit * 100.0);
        found.add("check_bills", &[("percent", &format!("{percent:.1}"))]);
    }
    money.waiting.iter().for_each(|row| found.of("check_over", row));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absences_are_counted_in_working_days() {
        let day = |text: &str| Day::parse(text).unwrap();
        let people: Vec<String> = ["ann", "bob", "cid"].map(str::to_owned).into();
        let away = [
            ("ann".to_owned(), day("2026-06-01"), day("2026-06-19")),
            ("dan".to_owned(), day("2026-06-01"), day("2026-06-19")),
        ];
        let stage = (day("2026-06-01"), day("2026-06-19"));
        assert_eq!(absent_share(&people, stage, &away, &Calendar::default()), Some(33.3));
        assert_eq!(absent_share(&[], stage, &away, &Calendar::default()), None);
    }
}
