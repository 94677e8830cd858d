//! The closing report: what was promised, what became of it. A PDF and a DOCX beside the project.

use verstak_plugin::prelude::*;

use crate::acceptance::{self, Lacks, Refused};
use crate::goals;
use crate::money;
use crate::office::{self, Line};
use crate::store::{self, Read, Rules};
use crate::tell;
use crate::template::Template;
use crate::words::say;

/// Closes a project and puts its report beside it. Answers the report's name.
///
/// # Errors
/// What the host says; in the inner result why it may not be closed yet.
pub fn close(project: &Row, rules: &Rules) -> Outcome<Result<String, Refused>> {
    if let Err(refused) = acceptance::close(project)? {
        return Ok(Err(refused));
    }
    let draft = Draft::new().with("stage", "closed");
    let draft =
        if project.is_empty("completed_on") { draft.with("completed_on", store::date(rules.today())) } else { draft };
    records::change("rollout_project", &project.id, draft)?;
    let project = store::one("rollout_project", &project.id)?;
    report(&project).map(Ok)
}

/// Puts the report beside the project. Answers its name.
///
/// # Errors
/// What the host says.
pub fn report(project: &Row) -> Outcome<String> {
    let heading = say(project.words("language"), "report", &[]);
    put(project, &heading, &heading)
}

/// The template of papers, a file of the package.
const TEMPLATE: &str = "data/report.typ";

/// Puts what is to be said beside the project, as a DOCX, then as a PDF: where none can be made now there is the DOCX alone.
/// Answers the name of the DOCX.
fn put(project: &Row, heading: &str, name: &str) -> Outcome<String> {
    let lines = lines(project, heading)?;
    let named = |ending: &str| office::file_name(name, project.words("title"), ending);
    let put = |name: &str, bytes: &[u8]| files::put("rollout_project", &project.id, name, bytes);
    let docx = named("docx");
    put(&docx, &office::text(&lines))?;
    let data = office::paper(&lines, project.words("language")).to_string();
    if let Err(error) = documents::compose(TEMPLATE, &data).and_then(|paper| put(&named("pdf"), &paper.bytes)) {
        warning!("{docx} has no PDF beside it: {error}");
    }
    Ok(docx)
}

/// Puts a report of how things stand beside the project, notes its day and tells the board. Answers its name.
///
/// # Errors
/// What the host says.
pub fn interim(project: &Row, rules: &Rules) -> Outcome<String> {
    let heading = say(project.words("language"), "interim", &[]);
    let name = put(project, &heading, &format!("{heading} {}", rules.today()))?;
    records::change("rollout_project", &project.id, Draft::new().with("reported_on", store::date(rules.today())))?;
    tell::reported(project, rules)?;
    Ok(name)
}

/// The report, line by line.
///
/// # Errors
/// What the host says.
fn lines(project: &Row, heading: &str) -> Outcome<Vec<Line>> {
    let language = project.words("language").to_owned();
    let word = |key: &str| say(&language, key, &[]);
    let template =
        Template::load(project.text("template").unwrap_or("standard"), &language, project.words("system_name"))?;
    let tasks = store::of_project("task", &project.id, &["title", "state", "rollout_late"])?;
    let late = tasks.iter().filter(|row| row.integer("rollout_late").unwrap_or(0) > 0).count();
    let mut stages =
        store::of_project("rollout_stage", &project.id, &["title", "position", "stage", "override_reason"])?;
    stages.sort_by_key(|row| row.integer("position"));
    let goals = goals::compared(&project.id)?;
    let degree = goals::together(&goals);
    let facts = Facts {
        late,
        behind: stages.iter().filter(|row| row.stage() != "accepted").count(),
        reached: degree.is_some_and(|degree| degree >= 100.0),
    };
    let date = if project.is_empty("completed_on") { "—" } else { project.words("completed_on") };
    let mut lines = vec![
        Line::Title(format!("{heading}: {}", project.words("title"))),
        Line::Text(format!("{}: {}", word("report_date"), date)),
        Line::Heading(word("report_statements")),
    ];
    let (statements, steps) = template.closing();
    lines.extend(statements.iter().enumerate().map(|(index, text)| Line::Point(facts.judge(index, text, &language))));
    lines.push(Line::Heading(word("report_terms")));
    let terms = [("start", project.words("start")), ("end", project.words("end")), ("late", &*late.to_string())];
    lines.push(Line::Text(say(&language, "report_terms_text", &terms)));
    lines.push(Line::Heading(word("report_goals")));
    lines.extend(goals.iter().map(|one| Line::Point(goal(one, &language))));
    lines.push(Line::Text(say(&language, "report_degree", &[("degree", &goals::number(degree, " %"))])));
    lines.push(Line::Heading(word("report_budget")));
    lines.push(Line::Text(budget(project, &language)?));
    lines.push(Line::Heading(word("report_overrides")));
    let passed: Vec<&Row> = stages.iter().filter(|row| !row.is_empty("override_reason")).collect();
    if passed.is_empty() {
        lines.push(Line::Text(word("none")));
    }
    lines.extend(passed.into_iter().map(|row| Line::Point(overridden(row, &language))));
    if !project.is_empty("lessons") {
        lines.push(Line::Heading(word("report_lessons")));
        lines.push(Line::Text(project.words("lessons").to_owned()));
    }
    if !steps.is_empty() {
        lines.push(Line::Heading(word("report_after")));
        lines.extend(steps.into_iter().map(Line::Point));
    }
    Ok(lines)
}

/// What confirms or denies the statements of the template, in their order: everything is integrated and trained, everything was in
/// time, everything works better.
struct Facts {
    late: usize,
    behind: usize,
    reached: bool,
}

impl Facts {
    fn judge(&self, index: usize, text: &str, language: &str) -> String {
        let why = match index {
            0 if self.behind > 0 => Some("why_stages"),
            1 if self.late > 0 => Some("why_late"),
            2 if !self.reached => Some("why_goals"),
            _ => None,
        };
        let verdict = why.map_or_else(
            || say(language, "confirmed", &[]),
            |why| say(language, "denied", &[("why", &say(language, why, &[]))]),
        );
        format!("{text} — {verdict}")
    }
}

fn goal(one: &goals::Compared, language: &str) -> String {
    let value = |row: &Option<Row>| goals::number(row.as_ref().and_then(|row| row.number("value")), "");
    let cases = |row: &Option<Row>| row.as_ref().and_then(|row| row.integer("n")).unwrap_or(0).to_string();
    let words = Lacks::in_language(language);
    say(
        language,
        "report_goal",
        &[
            ("title", one.goal.words("title")),
            ("before", &value(&one.before)),
            ("n_before", &cases(&one.before)),
            ("after", &value(&one.after)),
            ("n_after", &cases(&one.after)),
            ("change", &one.told(&words)),
            ("degree", &goals::number(one.degree, " %")),
        ],
    )
}

fn budget(project: &Row, language: &str) -> Outcome<String> {
    let money = money::of(project)?;
    let values = [
        ("plan", &*goals::short(money.plan)),
        ("billed", &goals::short(money.billed)),
        ("limit", &goals::short(money.limit)),
        ("effect", &goals::short(money.effect)),
        ("payback", &goals::number(money.payback, "")),
    ];
    Ok(say(language, "report_budget_text", &values))
}

fn overridden(row: &Row, language: &str) -> String {
    let number = row.integer("position").unwrap_or(0).to_string();
    let values = [("number", &*number), ("title", row.words("title")), ("reason", row.words("override_reason"))];
    say(language, "report_override", &values)
}
