//! When a stage may begin, be accepted or be passed over: rules 2, 3, 4 and 15 of the module's document.

use std::collections::BTreeSet;

use serde_json::json;
use verstak_plugin::prelude::*;

use crate::figures::{self, Pilot};
use crate::store::{self, Read, Rules, all_of, is};
use crate::tell;
use crate::who::Who;
use crate::words::say;

/// Fewest characters of a reason to pass over a stage.
pub const REASON: usize = 20;
const AREAS: [&str; 4] = ["sales", "marketing", "logistics", "after_sales"];
const OWNERS: [&str; 4] = ["owner_data", "owner_decision", "owner_technology", "owner_budget"];

/// Why something is refused.
pub struct Refused {
    /// `rollout....`, the problem's code; also a text of `i18n/`.
    pub code: &'static str,
    /// English, where a file has no such text.
    text: &'static str,
    /// What is missing, in the reader's language.
    pub lacks: Vec<String>,
}

impl Refused {
    pub(crate) fn new(code: &'static str, text: &'static str) -> Self {
        Refused { code, text, lacks: Vec::new() }
    }

    /// For people.
    pub fn message(&self) -> Message {
        let list = self.lacks.iter().map(|lack| format!("— {lack}")).collect::<Vec<_>>();
        Message::new(self.code, self.text).with("list", list.join("\n"))
    }

    /// 403 where it is not theirs to do, else 409.
    pub fn status(&self) -> u16 {
        if self.code == "rollout.not_yours" { 403 } else { 409 }
    }
}

/// Whether a stage is behind: accepted, or passed over with a reason.
pub fn is_behind(stage: &impl Fields) -> bool {
    stage.stage() == "accepted" || !stage.is_empty("override_reason")
}

/// Whether the stage before this one is behind, so that its tasks may begin.
///
/// # Errors
/// What the host says.
pub fn is_open(stage: &impl Fields) -> Result<bool, HostError> {
    let (Some(project), Some(position)) = (stage.id("project"), stage.integer("position")) else { return Ok(true) };
    if position <= 1 {
        return Ok(true);
    }
    let before = all_of([is("project", project), json!({"field": "position", "op": "lt", "value": position})]);
    let before = store::all("rollout_stage", &before, &["stage", "position", "override_reason"])?;
    Ok(before.iter().max_by_key(|row| row.integer("position")).is_none_or(is_behind))
}

/// The refusal of work on a stage that is not open.
pub fn locked() -> Refused {
    Refused::new("rollout.stage_locked", "The stage before this one is not accepted yet")
}

/// Whether this person may accept this stage now.
///
/// # Errors
/// What the host says.
pub fn accept(who: &Who, stage: &impl Fields, id: &str, rules: &Rules) -> Result<Result<(), Refused>, HostError> {
    if !who.is_board(rules)? || who.is(stage.id("responsible")) {
        let text = "A stage is accepted by one of the board, never by who is responsible for it";
        return Ok(Err(Refused::new("rollout.not_yours", text)));
    }
    if !is_open(stage)? {
        return Ok(Err(locked()));
    }
    let Some(project) = stage.id("project") else { return Ok(Ok(())) };
    let project = store::one("rollout_project", project)?;
    let lacks = lacks(&project, id, stage.integer("position").unwrap_or(0), rules)?;
    Ok(list("rollout.not_acceptable", "The stage cannot be accepted yet:\n{list}", lacks))
}

/// Whether this person may pass over a stage.
///
/// # Errors
/// What the host says.
pub fn pass_over(who: &Who, reason: &str, rules: &Rules) -> Result<Result<(), Refused>, HostError> {
    if !who.is_board(rules)? {
        let text = "A stage is passed over by one of the board";
        return Ok(Err(Refused::new("rollout.not_yours", text)));
    }
    if reason.trim().chars().count() < REASON {
        return Ok(Err(Refused::new("rollout.reason_short", "Say why, in 20 characters or more")));
    }
    Ok(Ok(()))
}

fn list(code: &'static str, text: &'static str, lacks: Vec<String>) -> Result<(), Refused> {
    if lacks.is_empty() { Ok(()) } else { Err(Refused { lacks, ..Refused::new(code, text) }) }
}

/// Words about what is missing, in the reader's language.
pub struct Lacks {
    locale: String,
    found: Vec<String>,
}

impl Default for Lacks {
    fn default() -> Self {
        Self::new()
    }
}

impl Lacks {
    /// None yet.
    pub fn new() -> Self {
        Lacks { locale: runtime::context().locale, found: Vec::new() }
    }

    /// None yet, in this language.
    pub fn in_language(locale: &str) -> Self {
        Lacks { locale: locale.to_owned(), found: Vec::new() }
    }

    /// A word by itself.
    pub fn word(&self, key: &str) -> String {
        say(&self.locale, key, &[])
    }

    /// One thing.
    pub fn add(&mut self, key: &str, values: &[(&str, &str)]) {
        self.found.push(say(&self.locale, key, values));
    }

    /// One thing about a titled record.
    pub fn of(&mut self, key: &str, row: &Row) {
        self.add(key, &[("title", row.words("title"))]);
    }

    /// One thing when it is so.
    pub fn when(&mut self, so: bool, key: &str) {
        if so {
            self.add(key, &[]);
        }
    }

    /// All that was found.
    pub fn found(self) -> Vec<String> {
        self.found
    }
}

/// What a stage lacks.
///
/// # Errors
/// What the host says.
pub fn lacks(project: &Row, stage: &str, position: i64, rules: &Rules) -> Result<Vec<String>, HostError> {
    let mut lacks = Lacks::new();
    work(project, stage, &mut lacks)?;
    if rules.settings_on("conditions") {
        let standard = project.text("template") != Some("seven_steps");
        match (standard, position) {
            (true, 1) => analysis(project, &mut lacks)?,
            (true, 2) => planning(project, &mut lacks)?,
            (true, 3) => joined(&mut lacks)?,
            (true, 4) => testing(project, &mut lacks)?,
            (true, 5) => training(project, rules, &mut lacks)?,
            (true, 6) => launch(project, rules, &mut lacks)?,
            (true, 7) => evaluation(project, &mut lacks)?,
            (false, 7) => measured(project, "after", &mut lacks)?,
            (false, 2) => team(project, &mut lacks)?,
            (false, 6) => product(project, &mut lacks)?,
            _ => {}
        }
    }
    Ok(lacks.found())
}

/// Tasks done, items ticked with evidence or struck with a reason.
fn work(project: &Row, stage: &str, lacks: &mut Lacks) -> Result<(), HostError> {
    let mut tasks = store::all("task", &is("rollout_stage", stage), &["title", "state", "rollout_position"])?;
    tasks.sort_by_key(|row| row.integer("rollout_position"));
    for task in tasks.iter().filter(|task| task.text("state") == Some("open")) {
        lacks.of("task", task);
    }
    let mine: BTreeSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    let fields = ["title", "number", "task", "done", "evidence", "proof", "struck"];
    let mut items = store::of_project("rollout_item", &project.id, &fields)?;
    items.sort_by_key(|row| row.integer("number"));
    for item in items.iter().filter(|item| item.id("task").is_some_and(|task| mine.contains(task))) {
        if !item.is_empty("struck") {
            continue;
        }
        if !item.yes("done") {
            lacks.of("item", item);
        } else if ["evidence", "proof"].iter().all(|field| item.is_empty(field))
            && files::of_record("rollout_item", &item.id)?.is_empty()
        {
            lacks.of("evidence", item);
        }
    }
    Ok(())
}

fn analysis(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    let processes = store::of_project("rollout_process", &project.id, &["area"])?;
    for area in AREAS.iter().filter(|area| processes.iter().all(|row| row.text("area") != Some(area))) {
        let title = lacks.word(&format!("area_{area}"));
        lacks.add("area", &[("title", &title)]);
    }
    let interviews = store::of_project("rollout_interview", &project.id, &["title", "confirmed_by"])?;
    lacks.when(interviews.is_empty(), "interviews_none");
    interviews.iter().filter(|row| row.is_empty("confirmed_by")).for_each(|row| lacks.of("interview", row));
    for owner in OWNERS.iter().filter(|owner| project.is_empty(owner)) {
        let title = lacks.word(owner);
        lacks.add("owner", &[("title", &title)]);
    }
    let requirements = store::of_project("rollout_requirement", &project.id, &["title", "stage"])?;
    lacks.when(requirements.is_empty(), "requirements_none");
    requirements
        .iter()
        .filter(|row| matches!(row.stage(), "draft" | "agreed"))
        .for_each(|row| lacks.of("requirement", row));
    Ok(())
}

fn planning(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    goals(project, lacks)?;
    let agreed = all_of([is("project", &*project.id), is("stage", "agreed")]);
    lacks.when(store::count("rollout_version", &agreed)? == 0, "version");
    measured(project, "before", lacks)
}

/// What the system is joined to works.
fn joined(lacks: &mut Lacks) -> Result<(), HostError> {
    for part in health::failing()? {
        lacks.add("unhealthy", &[("title", &part.title), ("problem", &part.problem)]);
    }
    Ok(())
}

fn goals(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    let goals = store::of_project("rollout_goal", &project.id, &["approved_by"])?;
    let approved = goals.iter().filter(|row| !row.is_empty("approved_by")).count();
    if !(2..=3).contains(&approved) {
        lacks.add("goals_count", &[("count", &approved.to_string())]);
    }
    Ok(())
}

/// A measure of this moment for each goal.
///
/// # Errors
/// What the host says.
pub fn measured(project: &Row, moment: &str, lacks: &mut Lacks) -> Result<(), HostError> {
    let mut goals = store::of_project("rollout_goal", &project.id, &["title", "metric", "department", "number"])?;
    goals.sort_by_key(|row| row.integer("number"));
    let measures = store::of_project("rollout_measure", &project.id, &["metric", "moment", "department"])?;
    let there = |goal: &Row| {
        let same =
            |row: &Row| row.text("metric") == goal.text("metric") && row.id("department") == goal.id("department");
        measures.iter().any(|row| row.text("moment") == Some(moment) && same(row))
    };
    goals.iter().filter(|goal| !there(goal)).for_each(|goal| lacks.of(moment, goal));
    Ok(())
}

fn testing(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    let cases = store::of_project("rollout_case", &project.id, &["title", "run", "must", "result", "figures"])?;
    lacks.when(cases.is_empty(), "cases_none");
    let due =
        |row: &&Row| row.yes("must") && row.text("run") != Some("control") && row.text("result") != Some("passed");
    cases.iter().filter(due).for_each(|row| lacks.of("case", row));
    let runs = store::of_project("rollout_test_run", &project.id, &["kind", "result", "figures"])?;
    let load = |row: &Row, kind: &str| {
        row.text(kind) == Some("load") && row.text("result") == Some("passed") && !row.is_empty("figures")
    };
    let tried = cases.iter().any(|row| load(row, "run")) || runs.iter().any(|row| load(row, "kind"));
    lacks.when(!tried, "load");
    musts(project, lacks)?;
    defects(project, lacks)
}

/// Each requirement that must be met has a test that is passed.
fn musts(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    let musts = all_of([is("project", &*project.id), is("priority", "must")]);
    let musts = store::all("rollout_requirement", &musts, &["title", "stage"])?;
    let passed = all_of([is("project", &*project.id), is("result", "passed")]);
    let passed = store::all("rollout_case", &passed, &["requirement"])?;
    let met = |row: &&Row| passed.iter().any(|case| case.id("requirement") == Some(row.id.as_str()));
    musts.iter().filter(|row| row.stage() != "dropped" && !met(row)).for_each(|row| lacks.of("must", row));
    Ok(())
}

/// Defects of severity 1 and 2 that are not over.
///
/// # Errors
/// What the host says.
pub fn defects(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    let severe = all_of([
        is("project", &*project.id),
        is("kind", "defect"),
        json!({"field": "severity", "op": "lte", "value": 2}),
        json!({"field": "stage", "op": "in", "value": ["new", "fixing", "retest"]}),
    ]);
    for row in store::all("rollout_defect", &severe, &["title", "severity"])? {
        let severity = row.integer("severity").unwrap_or(1).to_string();
        lacks.add("defect", &[("title", row.words("title")), ("severity", &severity)]);
    }
    Ok(())
}

fn training(project: &Row, rules: &Rules, lacks: &mut Lacks) -> Result<(), HostError> {
    let rows = store::of_project("rollout_attendance", &project.id, &["person", "state"])?;
    let people = |states: &[&str]| {
        let those = rows.iter().filter(|row| row.text("state").is_some_and(|state| states.contains(&state)));
        those.filter_map(|row| row.id("person")).collect::<BTreeSet<&str>>()
    };
    let attended = people(&["attended"]);
    let excused = people(&["excused"]).difference(&attended).count();
    let scope = people(&["invited", "attended", "missed", "excused"]).len();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let needed = rules.number("attended_percent");
    match figures::attended(number(scope), number(attended.len()), number(excused)) {
        None => lacks.when(scope == 0, "attended_none"),
        Some(percent) if percent >= figures::float(needed) => {}
        Some(percent) => {
            lacks.add("attended", &[("percent", &format!("{percent:.1}")), ("needed", &needed.to_string())]);
        }
    }
    Ok(())
}

fn launch(project: &Row, rules: &Rules, lacks: &mut Lacks) -> Result<(), HostError> {
    pilot_lacks(project, rules, lacks)?;
    lacks.when(!controlled(project)?, "control");
    notices(project, rules, lacks)?;
    hypercare(project, rules, lacks)
}

/// Whether the control run is passed: the last one of that kind, and every case of one.
fn controlled(project: &Row) -> Result<bool, HostError> {
    let cases = store::of_project("rollout_case", &project.id, &["run", "result"])?;
    let runs = store::of_project("rollout_test_run", &project.id, &["kind", "result", "number"])?;
    let last = runs.iter().filter(|row| row.text("kind") == Some("control")).max_by_key(|row| row.integer("number"));
    let mut control = cases.iter().filter(|row| row.text("run") == Some("control")).chain(last).peekable();
    Ok(control.peek().is_some() && control.all(|row| row.text("result") == Some("passed")))
}

/// Nearly everybody who was told has confirmed.
fn notices(project: &Row, rules: &Rules, lacks: &mut Lacks) -> Result<(), HostError> {
    let sent = all_of([is("project", &*project.id), is("stage", "sent")]);
    let (told, confirmed) = tell::confirmed(&store::all("rollout_notice", &sent, &["title"])?)?;
    let needed = rules.number("confirmed_percent");
    match figures::percent(confirmed, told) {
        None => lacks.add("notices_none", &[]),
        Some(percent) if percent >= figures::float(needed) => {}
        Some(percent) => {
            lacks.add("notices", &[("percent", &format!("{percent:.1}")), ("needed", &needed.to_string())]);
        }
    }
    Ok(())
}

/// Measures after, figures of work agreed, a report given to the board.
fn evaluation(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    measured(project, "after", lacks)?;
    lacks.when(project.is_empty("reported_on"), "reported");
    let kpi = store::of_project("rollout_kpi", &project.id, &["title", "agreed_by"])?;
    lacks.when(kpi.is_empty(), "kpi_none");
    kpi.iter().filter(|row| row.is_empty("agreed_by")).for_each(|row| lacks.of("kpi", row));
    Ok(())
}

/// A product is chosen and its cost is planned.
fn product(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    let chosen = all_of([is("project", &*project.id), is("decision", "chosen")]);
    lacks.when(store::count("rollout_tool", &chosen)? == 0, "product");
    lacks.when(store::count("rollout_budget", &is("project", &*project.id))? == 0, "budget");
    Ok(())
}

/// Hypercare is over after so many working days without a defect of severity 1.
///
/// # Errors
/// What the host says.
pub fn hypercare(project: &Row, rules: &Rules, lacks: &mut Lacks) -> Result<(), HostError> {
    let Some(days) = quiet_days(project, rules)? else {
        lacks.add("launch", &[]);
        return Ok(());
    };
    let needed = rules.number("hypercare_days");
    if days < needed {
        lacks.add("hypercare", &[("days", &days.to_string()), ("needed", &needed.to_string())]);
    }
    Ok(())
}

/// Working days that are over since the launch or the last defect of severity 1; none before the launch.
///
/// # Errors
/// What the host says.
pub fn quiet_days(project: &Row, rules: &Rules) -> Result<Option<i64>, HostError> {
    let Some(launched) = project.day("launched") else { return Ok(None) };
    let severe = all_of([is("project", &*project.id), is("kind", "defect"), is("severity", 1)]);
    let last = store::all("rollout_defect", &severe, &["created_at"])?;
    let last = last.iter().filter_map(|row| match row.value("created_at") {
        Some(Value::Instant(at)) => Some(crate::days::Day::at(*at, rules.offset())),
        _ => None,
    });
    let since = last.max().map_or(launched.plus(-1), |day| day.max(launched.plus(-1)));
    // Days that are over: today is not.
    let yesterday = rules.today().plus(-1);
    Ok(Some(store::calendar_between(since.plus(1), yesterday)?.between(since.plus(1), yesterday)))
}

/// Whether a module may be switched on for the whole company.
///
/// # Errors
/// What the host says.
pub fn company_gate(project: &Row, rules: &Rules) -> Result<Result<(), Refused>, HostError> {
    let mut lacks = Lacks::new();
    pilot_lacks(project, rules, &mut lacks)?;
    Ok(list("rollout.pilot_not_passed", "The pilot has not passed yet:\n{list}", lacks.found()))
}

fn pilot_lacks(project: &Row, rules: &Rules, lacks: &mut Lacks) -> Result<(), HostError> {
    let Some(from) = project.day("pilot_from") else {
        lacks.add("pilot", &[]);
        return Ok(());
    };
    let severe = all_of([
        is("project", &*project.id),
        is("kind", "defect"),
        is("severity", 1),
        json!({"field": "stage", "op": "in", "value": ["new", "fixing", "retest"]}),
    ]);
    let yesterday = rules.today().plus(-1);
    let pilot = Pilot {
        // Days that are over: today's is not.
        days: store::calendar_between(from, yesterday)?.between(from, yesterday),
        adoption: pilot_adoption(project)?,
        severe: store::count("rollout_defect", &severe)?,
    };
    let (days, percent) = (rules.number("pilot_days"), rules.number("green"));
    if pilot.passed(days, percent) {
        return Ok(());
    }
    if pilot.days < days {
        lacks.add("pilot_days", &[("days", &pilot.days.to_string()), ("needed", &days.to_string())]);
    }
    match pilot.adoption {
        None => lacks.add("pilot_unknown", &[]),
        Some(value) if value < figures::float(percent) => {
            lacks.add("pilot_adoption", &[("percent", &format!("{value:.1}")), ("needed", &percent.to_string())]);
        }
        Some(_) => {}
    }
    if pilot.severe > 0 {
        lacks.add("pilot_severe", &[("count", &pilot.severe.to_string())]);
    }
    Ok(())
}

/// The last week that was counted of the pilot's department; of a department too small to be counted by itself that of the groups
/// that were counted together.
fn pilot_adoption(project: &Row) -> Result<Option<f64>, HostError> {
    let rows = store::of_project("rollout_signal", &project.id, &["week", "department", "adoption"])?;
    let last = |mine: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| mine(row)).max_by_key(|row| row.day("week"));
    let pilot = last(&|row| project.is_empty("pilot") || row.id("department") == project.id("pilot"));
    let week = pilot.or_else(|| last(&|row| row.is_empty("department")));
    Ok(week.and_then(|row| row.number("adoption")))
}

fn team(project: &Row, lacks: &mut Lacks) -> Result<(), HostError> {
    goals(project, lacks)?;
    let roles = store::of_project("rollout_role", &project.id, &["title", "person"])?;
    roles.iter().filter(|row| row.is_empty("person")).for_each(|row| lacks.of("role", row));
    Ok(())
}

/// Whether a project may be closed.
///
/// # Errors
/// What the host says.
pub fn close(project: &Row) -> Result<Result<(), Refused>, HostError> {
    let mut lacks = Lacks::new();
    let mut stages =
        store::of_project("rollout_stage", &project.id, &["title", "stage", "position", "override_reason"])?;
    stages.sort_by_key(|row| row.integer("position"));
    for stage in stages.iter().filter(|stage| !is_behind(*stage)) {
        let number = stage.integer("position").unwrap_or(0).to_string();
        lacks.add("stage", &[("number", &number), ("title", stage.words("title"))]);
    }
    measured(project, "after", &mut lacks)?;
    defects(project, &mut lacks)?;
    Ok(list("rollout.not_closable", "The project cannot be closed yet:\n{list}", lacks.found()))
}
