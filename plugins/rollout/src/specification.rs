//! The technical specification: the register of requirements as a text, by priority.

use verstak_plugin::prelude::*;

use crate::days::Day;
use crate::office::{self, Line};
use crate::store::{self, Read};
use crate::words::say;

/// Priorities, the most important first.
const PRIORITIES: [&str; 3] = ["must", "should", "could"];

/// Puts the specification beside the project. Answers its name.
///
/// # Errors
/// What the host says.
pub fn put(project: &Row, today: Day) -> Outcome<String> {
    let language = project.words("language");
    let name = office::file_name(&say(language, "specification", &[]), project.words("title"), "docx");
    files::put("rollout_project", &project.id, &name, &office::text(&lines(project, today)?))?;
    Ok(name)
}

/// Its lines: what was dropped is not among them.
fn lines(project: &Row, today: Day) -> Outcome<Vec<Line>> {
    let language = project.words("language");
    let fields = ["title", "number", "comments", "source", "priority", "specification", "stage"];
    let mut rows = store::of_project("rollout_requirement", &project.id, &fields)?;
    rows.retain(|row| row.stage() != "dropped");
    rows.sort_by_key(|row| row.integer("number"));
    let version = rows.iter().filter_map(|row| row.integer("specification")).max().unwrap_or(1).to_string();
    let of = say(language, "specification_of", &[("version", &version), ("date", &today.to_string())]);
    let title = format!("{}: {}", say(language, "specification", &[]), project.words("title"));
    let mut lines = vec![Line::Title(title), Line::Text(of)];
    for priority in PRIORITIES {
        let mut mine = rows.iter().filter(|row| row.text("priority") == Some(priority)).peekable();
        if mine.peek().is_some() {
            lines.push(Line::Heading(say(language, &format!("priority_{priority}"), &[])));
        }
        mine.for_each(|row| one(row, language, &mut lines));
    }
    Ok(lines)
}

fn one(row: &Row, language: &str, lines: &mut Vec<Line>) {
    let number = row.integer("number").map(|number| format!("{number}. ")).unwrap_or_default();
    let state = say(language, &format!("stage_{}", row.stage()), &[]);
    lines.push(Line::Point(format!("{number}{} — {state}", row.words("title"))));
    if !row.is_empty("comments") {
        lines.push(Line::Text(row.words("comments").to_owned()));
    }
    if !row.is_empty("source") {
        lines.push(Line::Text(say(language, "specification_source", &[("source", row.words("source"))])));
    }
}
