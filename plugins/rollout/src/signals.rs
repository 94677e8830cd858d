//! Adoption by week and department: who works in the system, which deals are touched, what is late. Groups that are too small are
//! counted together; nobody is named.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use verstak_plugin::notify::Notice;
use verstak_plugin::prelude::*;
use verstak_plugin::tasks::NewTask;

use crate::days::Day;
use crate::figures::{self, Week, float};
use crate::presence;
use crate::store::{self, Read, Rules, all_of, date, is};
use crate::words::say;

/// The measure of what is taken out as files.
const EXPORTED: &str = "export.rows";

/// Counts the week that begins on `monday` for a project. Groups of fewer than five people become one without a department.
///
/// # Errors
/// What the host says.
pub fn count(project: &Row, monday: Day, rules: &Rules) -> Result<(), HostError> {
    let mut groups: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for (person, department) in audience(rules)? {
        groups.entry(department).or_default().push(person);
    }
    let mut weeks: BTreeMap<Option<String>, Week> = BTreeMap::new();
    let mut problems = problems(project, monday, rules)?;
    let taken = taken_out(monday)?;
    let mut exported: Option<BTreeMap<Option<String>, i64>> = taken.as_ref().map(|_| BTreeMap::new());
    for (department, people) in groups {
        let week = week(&people, monday, rules)?;
        let small = week.is_small();
        if small && department.is_some() {
            // What was told of there is counted where its people are.
            let told = problems.remove(&department).unwrap_or(0);
            *problems.entry(None).or_default() += told;
        }
        let department = department.filter(|_| !small);
        if let (Some(taken), Some(exported)) = (&taken, &mut exported) {
            let rows: i64 = people.iter().filter_map(|person| taken.get(person)).sum();
            *exported.entry(department.clone()).or_default() += rows;
        }
        let together = weeks.entry(department).or_default();
        *together = together.with(week);
    }
    let beside = Beside { exported, problems, mood: mood(project, monday, rules)? };
    for (department, week) in weeks {
        write(project, monday, department.as_deref(), week, &beside, rules)?;
    }
    Ok(())
}

/// What stands beside the figures of a week.
struct Beside {
    /// Rows that people took out as files, by department; none where it is not told.
    exported: Option<BTreeMap<Option<String>, i64>>,
    /// Problems and questions that people told of in the week, by department; with none those of nobody's department and of
    /// groups that are too small.
    problems: BTreeMap<Option<String>, i64>,
    /// The mean of the answers of polls; none where there are too few.
    mood: Option<f64>,
}

/// Made on these days, both included.
pub fn made_within(first: Day, last: Day, rules: &Rules) -> [Json; 2] {
    let at = |op: &str, day: Day| json!({"field": "created_at", "op": op, "value": moment(day, rules)});
    [at("gte", first), at("lt", last.plus(1))]
}

/// Rows that people took out as files within the week, by person; none where it is not told: adoption is counted without it.
fn taken_out(monday: Day) -> Result<Option<BTreeMap<String, i64>>, HostError> {
    let period = json!({"from": monday.to_string(), "to": monday.plus(7).to_string()});
    let asked = json!({"measures": [EXPORTED], "group_by": ["manager"], "period": period, "limit": 10_000});
    let told = match reports::query(&asked.to_string()) {
        Err(why @ (HostError::Denied(_) | HostError::Invalid(_) | HostError::Limit(_))) => {
            warning!("rows that were exported in the week of {monday} are not counted: {}", store::words_of(&why));
            return Ok(None);
        }
        told => told?,
    };
    let told: Json = serde_json::from_str(&told).map_err(|error| HostError::Internal(format!("reports: {error}")))?;
    let of = |row: &Json| {
        let person = row.get("group")?.get("manager")?.as_str()?.to_owned();
        Some((person, row.get("values")?.get(EXPORTED)?.as_i64()?))
    };
    Ok(Some(told.get("rows").and_then(Json::as_array).into_iter().flatten().filter_map(of).collect()))
}

fn problems(project: &Row, monday: Day, rules: &Rules) -> Result<BTreeMap<Option<String>, i64>, HostError> {
    let [from, until] = made_within(monday, monday.plus(6), rules);
    let told = all_of([is("project", &*project.id), from, until]);
    let mut counts = BTreeMap::new();
    for row in store::all("rollout_defect", &told, &["department"])? {
        *counts.entry(row.id("department").map(str::to_owned)).or_default() += 1;
    }
    Ok(counts)
}

fn mood(project: &Row, monday: Day, rules: &Rules) -> Result<Option<f64>, HostError> {
    let [from, until] = made_within(monday, monday.plus(6), rules);
    let told = store::all("rollout_answer", &all_of([is("project", &*project.id), from, until]), &["poll", "mark"])?;
    // What clients say of us is no mood of those who work with the system.
    let others = polls_of(project, "satisfaction")?;
    let mine = |row: &&Row| row.id("poll").is_none_or(|poll| others.iter().all(|one| one != poll));
    let marks: Vec<i64> = told.iter().filter(mine).filter_map(|row| row.integer("mark")).collect();
    Ok(figures::mean(&marks))
}

/// The polls of a project about `mood` or `satisfaction`.
///
/// # Errors
/// What the host says.
pub fn polls_of(project: &Row, about: &str) -> Result<Vec<String>, HostError> {
    let asked = all_of([is("project", &*project.id), is("about", about)]);
    Ok(store::all("rollout_poll", &asked, &["title"])?.into_iter().map(|row| row.id).collect())
}

/// A department with all those below it; nothing where there is no such department.
///
/// # Errors
/// What the host says.
pub fn with_below(department: &str) -> Result<Vec<String>, HostError> {
    let all = people::departments()?;
    let mut found: Vec<String> = all.iter().map(|one| one.id.clone()).filter(|id| id == department).collect();
    let mut next = 0;
    while let Some(above) = found.get(next).cloned() {
        let below = all.iter().filter(|one| one.parent.as_deref() == Some(above.as_str()));
        let new: Vec<String> = below.map(|one| one.id.clone()).filter(|id| !found.contains(id)).collect();
        found.extend(new);
        next += 1;
    }
    Ok(found)
}

/// Whose adoption is counted, with their departments.
///
/// # Errors
/// What the host says.
pub fn audience(rules: &Rules) -> Result<Vec<(String, Option<String>)>, HostError> {
    if let Some(role) = rules.audience() {
        let members = people::role_members(role)?;
        return Ok(members.into_iter().map(|member| (member.id, member.department)).collect());
    }
    everybody()
}

/// Everybody who may sign in, with their departments.
///
/// # Errors
/// What the host says.
pub fn everybody() -> Result<Vec<(String, Option<String>)>, HostError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = people::everybody(after.as_deref())?;
        all.extend(page.people.into_iter().map(|person| (person.id, person.department)));
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// The beginning of a day, in UTC.
fn moment(day: Day, rules: &Rules) -> String {
    let minutes = -rules.offset().div_euclid(60);
    let (day, minutes) = (day.plus(minutes.div_euclid(1_440)), minutes.rem_euclid(1_440));
    format!("{day}T{:02}:{:02}:00Z", minutes / 60, minutes % 60)
}

fn week(people: &[String], monday: Day, rules: &Rules) -> Result<Week, HostError> {
    let whose =
        |field: &str| json!({"field": field, "op": "in", "value": people.iter().take(1_000).collect::<Vec<_>>()});
    let open = json!({"field": "closed_at", "op": "empty"});
    let touched = json!({"field": "last_activity_at", "op": "gte", "value": moment(monday, rules)});
    let of = |entity: &str, filters: Vec<Json>| store::count(entity, &all_of(filters));
    let tasks = of("task", vec![whose("assignee"), is("state", "open")])?;
    let late = json!({"field": "due", "op": "lt", "value": moment(monday.plus(7), rules)});
    let late = of("task", vec![whose("assignee"), is("state", "open"), late])?;
    Ok(Week {
        people: (figures::whole(people.len()), presence::active(people, monday)?),
        deals: (of("deal", vec![whose("owner"), open.clone()])?, of("deal", vec![whose("owner"), open, touched])?),
        tasks: (tasks, tasks - late),
    })
}

fn write(
    project: &Row,
    monday: Day,
    department: Option<&str>,
    week: Week,
    beside: &Beside,
    rules: &Rules,
) -> Result<(), HostError> {
    let of =
        |figures: &BTreeMap<Option<String>, i64>| figures.get(&department.map(str::to_owned)).copied().unwrap_or(0);
    let adoption = week.adoption();
    let light = match adoption {
        None => "few",
        Some(_) if week.is_small() => "few",
        Some(value) => figures::light(value, rules.number("green"), rules.number("amber")),
    };
    let same = department
        .map_or_else(|| json!({"field": "department", "op": "empty"}), |department| is("department", department));
    let filter = all_of([is("project", &*project.id), is("week", monday.to_string()), same]);
    let draft = Draft::new()
        .with("project", Value::link(&project.id))
        .with("title", monday.to_string())
        .with("week", date(monday))
        .with_some("department", department.map(Value::link))
        .with("people", week.people.0)
        .with("active", week.people.1)
        .with("deals", week.deals.0)
        .with("touched", week.deals.1)
        .with("tasks", week.tasks.0)
        .with("in_time", week.tasks.1)
        .with_some("adoption", adoption.map(|value| Value::Decimal(format!("{value:.1}"))))
        .with("light", light)
        .with_some("exported", beside.exported.as_ref().map(of))
        .with("problems", of(&beside.problems))
        .with_some("mood", beside.mood.map(|value| Value::Decimal(format!("{value:.1}"))));
    match store::all("rollout_signal", &filter, &["light"])?.first() {
        Some(known) => records::change("rollout_signal", &known.id, draft)?,
        None => records::create("rollout_signal", draft)?,
    };
    if light == "red" {
        red(project, monday, department)?;
    }
    Ok(())
}

/// Red twice: a risk of resistance, and a task for the head.
fn red(project: &Row, monday: Day, department: Option<&str>) -> Result<(), HostError> {
    let before = all_of([is("project", &*project.id), is("week", monday.plus(-7).to_string()), is("light", "red")]);
    let before = store::all("rollout_signal", &before, &["department"])?;
    if !before.iter().any(|row| row.id("department") == department) {
        return Ok(());
    }
    let language = project.words("language");
    let week = monday.to_string();
    let key = format!("red:{}:{}:{week}", project.id, department.unwrap_or("all"));
    if kv::first_time(&key, 40_000_000)? {
        let risk = Draft::new()
            .with("project", Value::link(&project.id))
            .with("title", say(language, "risk_red", &[("week", &week)]))
            .with("kind", "resistance")
            .with("chance", 4_i64)
            .with("impact", 4_i64)
            .with("score", 16_i64)
            .with_some("owner", project.id("lead").map(Value::link));
        records::create("rollout_risk", risk)?;
    }
    let heads = heads(department)?;
    let told: Vec<&str> = heads.iter().map(String::as_str).chain(project.id("lead")).collect();
    let words = Message::new("notice.red", "Adoption has been red two weeks on end: {week}").with("week", &week);
    notify::send(Notice::new(&*key, words).to(&told).link("/app/verstak.rollout/results?tab=adoption"))?;
    let task = NewTask::new(&say(language, "task_red", &[])).about("rollout_project", &project.id);
    let task = heads
        .first()
        .map(String::as_str)
        .or(project.id("lead"))
        .into_iter()
        .fold(task, |task, person| task.executor(format!("user:{person}")));
    tasks::create_once([(key, task)])?;
    Ok(())
}

fn heads(department: Option<&str>) -> Result<Vec<String>, HostError> {
    let Some(id) = department else { return Ok(Vec::new()) };
    let found = people::departments()?.into_iter().find(|one| one.id == id);
    Ok(found.map(|one| one.heads).unwrap_or_default())
}

/// The mean of everything counted in a week.
pub fn mean(rows: &[Row]) -> Option<f64> {
    let values: Vec<f64> = rows.iter().filter_map(|row| row.number("adoption")).collect();
    let count = i64::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(figures::tenth(values.iter().sum::<f64>() / float(count)))
}
