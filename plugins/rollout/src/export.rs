//! The plan for other programs: a workbook with its registers, a calendar (RFC 5545).

use std::collections::{BTreeMap, BTreeSet};

use verstak_plugin::documents::Sheet;
use verstak_plugin::prelude::*;

use crate::store::{self, Read};
use crate::who;

/// Columns of the plan: the field of a task, and the text over it.
const PLAN: [(&str, &str); 9] = [
    ("title", "entity.task"),
    ("rollout_stage", "field.task.rollout_stage"),
    ("assignee", "field.rollout_stage.responsible"),
    ("rollout_days", "field.task.rollout_days"),
    ("rollout_start", "field.task.rollout_start"),
    ("rollout_end", "field.task.rollout_end"),
    ("state", "field.rollout_item.done"),
    ("rollout_late", "field.task.rollout_late"),
    ("rollout_critical", "field.task.rollout_critical"),
];

/// Registers that everybody who takes part sees, with the fields in their columns.
const REGISTERS: [(&str, &[&str]); 12] = [
    ("rollout_item", &["title", "task", "done", "evidence", "struck"]),
    ("rollout_process", &["title", "area", "owner", "volume", "as_is", "to_be"]),
    ("rollout_bottleneck", &["title", "process", "element", "kind", "answer"]),
    ("rollout_tool", &["title", "use", "fit", "integration", "references", "cost", "mark", "decision"]),
    ("rollout_interview", &["title", "person", "process", "held", "text", "confirmed_by"]),
    ("rollout_requirement", &["title", "source", "priority", "specification", "stage"]),
    ("rollout_risk", &["title", "kind", "chance", "impact", "score", "owner", "answer", "over"]),
    ("rollout_goal", &["title", "metric", "department", "target", "weight", "approved_by"]),
    (
        "rollout_measure",
        &["title", "metric", "moment", "department", "first", "last", "working_days", "value", "n", "method", "source"],
    ),
    ("rollout_test_run", &["title", "kind", "held", "department", "figures", "result", "done_by"]),
    ("rollout_case", &["title", "run", "test_run", "requirement", "must", "expected", "result", "done_by"]),
    ("rollout_defect", &["title", "kind", "severity", "found_in", "department", "stage", "fixer", "retested_by"]),
];

/// Fields whose values are keys of choices.
const CHOICES: [&str; 11] =
    ["area", "decision", "found_in", "kind", "method", "metric", "moment", "priority", "result", "run", "use"];

/// Cells of a workbook, as many as the host takes.
const CELLS: usize = 100_000;

/// The plan and its registers as a workbook, and what is left out because it is too long for one.
///
/// # Errors
/// What the host says.
pub fn workbook(project: &Row) -> Result<(Vec<u8>, Vec<String>), HostError> {
    let mut book = Book::of(project)?;
    let fields = PLAN.map(|(field, _)| field);
    let mut tasks = store::of_project("task", &project.id, &with(&fields, "rollout_position"))?;
    tasks.sort_by_key(|row| row.integer("rollout_position"));
    book.learn(&tasks, &fields)?;
    let head: Vec<String> = PLAN.iter().map(|(_, key)| book.say(key)).collect();
    let name = book.say("page.plan");
    book.add(&name, &head, "task", &tasks, &fields);
    for (entity, fields) in REGISTERS {
        let name = book.say(&format!("entity.{entity}.many"));
        match book.register(project, &name, entity, fields) {
            // More rows than one press may read.
            Err(HostError::Limit(_)) => book.left.push(name),
            other => other?,
        }
    }
    Ok((documents::workbook(&book.sheets)?.bytes, book.left))
}

fn with<'a>(fields: &[&'a str], more: &'a str) -> Vec<&'a str> {
    fields.iter().copied().chain([more]).collect()
}

/// A workbook that is being filled.
struct Book {
    language: String,
    /// What ids are called: departments, stages, people, records of registers before.
    names: BTreeMap<String, String>,
    /// Texts by their key: each is asked for once.
    texts: BTreeMap<String, String>,
    sheets: Vec<Sheet>,
    /// Cells that still fit.
    room: usize,
    left: Vec<String>,
}

impl Book {
    fn of(project: &Row) -> Result<Self, HostError> {
        let departments = people::departments()?.into_iter().map(|one| (one.id, one.name));
        let stages = store::of_project("rollout_stage", &project.id, &["title", "position"])?;
        let stages = stages.into_iter().map(|row| {
            let title = format!("{}. {}", row.integer("position").unwrap_or(0), row.words("title"));
            (row.id, title)
        });
        Ok(Book {
            language: project.words("language").to_owned(),
            names: departments.chain(stages).collect(),
            texts: BTreeMap::new(),
            sheets: Vec::new(),
            room: CELLS,
            left: Vec::new(),
        })
    }

    /// A text of the package.
    fn say(&mut self, key: &str) -> String {
        self.say_or(key, key)
    }

    fn say_or(&mut self, key: &str, otherwise: &str) -> String {
        if let Some(known) = self.texts.get(key) {
            return known.clone();
        }
        let text = runtime::words(&Message::new(key, otherwise), &self.language);
        self.texts.insert(key.to_owned(), text.clone());
        text
    }

    fn head(&mut self, entity: &str, field: &str) -> String {
        let key = match field {
            "title" => format!("entity.{entity}"),
            "owner" => "field.rollout_stage.responsible".to_owned(),
            "stage" => "page.state".to_owned(),
            _ => format!("field.{entity}.{field}"),
        };
        self.say(&key)
    }

    fn register(&mut self, project: &Row, name: &str, entity: &str, fields: &[&str]) -> Result<(), HostError> {
        let mut rows = store::of_project(entity, &project.id, &with(fields, "number"))?;
        rows.sort_by_key(|row| row.integer("number"));
        self.learn(&rows, fields)?;
        let head: Vec<String> = fields.iter().map(|field| self.head(entity, field)).collect();
        self.add(name, &head, entity, &rows, fields);
        Ok(())
    }

    /// Learns what rows are called that others point to, and whom they name.
    fn learn(&mut self, rows: &[Row], fields: &[&str]) -> Result<(), HostError> {
        self.names.extend(rows.iter().map(|row| (row.id.clone(), row.words("title").to_owned())));
        let ids = rows.iter().flat_map(|row| fields.iter().filter_map(move |field| row.id(field)));
        let unknown: BTreeSet<String> = ids.filter(|id| !self.names.contains_key(*id)).map(str::to_owned).collect();
        self.names.extend(who::names(&unknown)?);
        Ok(())
    }

    fn add(&mut self, name: &str, head: &[String], entity: &str, rows: &[Row], fields: &[&str]) {
        let cells = head.len().saturating_mul(rows.len().saturating_add(1));
        let Some(room) = self.room.checked_sub(cells) else {
            self.left.push(name.to_owned());
            return;
        };
        self.room = room;
        let mut sheet = Sheet::new(name, head.iter().map(String::as_str));
        for row in rows {
            let line: Vec<Value> = fields.iter().map(|field| self.cell(entity, field, row)).collect();
            sheet.row(line);
        }
        self.sheets.push(sheet);
    }

    fn named(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_default()
    }

    fn cell(&mut self, entity: &str, field: &str, row: &Row) -> Value {
        match row.value(field) {
            None => Value::Null,
            Some(Value::Id(id)) => Value::Text(self.named(id)),
            Some(Value::Ids(ids)) => Value::Text(ids.iter().map(|id| self.named(id)).collect::<Vec<_>>().join(", ")),
            Some(Value::Text(state)) if field == "state" => Value::Boolean(state == "completed"),
            Some(Value::Text(stage)) if field == "stage" => {
                Value::Text(self.say_or(&format!("stage.{entity}.{stage}"), stage))
            }
            Some(Value::Text(choice)) if CHOICES.contains(&field) => {
                Value::Text(self.say_or(&format!("choice.{entity}.{field}.{choice}"), choice))
            }
            Some(value) => value.clone(),
        }
    }
}

/// Tasks of the plan in their order.
fn tasks(project: &Row) -> Result<Vec<Row>, HostError> {
    let fields = ["title", "rollout_position", "rollout_start", "rollout_end"];
    let mut tasks = store::of_project("task", &project.id, &fields)?;
    tasks.sort_by_key(|row| row.integer("rollout_position"));
    Ok(tasks)
}

/// The plan as a calendar.
///
/// # Errors
/// What the host says.
pub fn calendar(project: &Row) -> Result<String, HostError> {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Verstak//Rollout//EN\r\n");
    for row in tasks(project)? {
        let Some((start, end)) = row.day("rollout_start").zip(row.day("rollout_end")) else { continue };
        let bare = |day: crate::days::Day| day.to_string().replace('-', "");
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:{}@verstak\r\nDTSTAMP:{}T000000Z\r\nDTSTART;VALUE=DATE:{}\r\nDTEND;VALUE=DATE:{}\r\n{}END:VEVENT\r\n",
            row.id,
            bare(start),
            bare(start),
            bare(end.plus(1)),
            folded(&format!("SUMMARY:{}", escaped(row.words("title")))),
        ));
    }
    text.push_str("END:VCALENDAR\r\n");
    Ok(text)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace(['\n', '\r'], " ")
}

/// Lines of 75 bytes at most, the rest after a space.
fn folded(line: &str) -> String {
    let mut folded = String::new();
    let mut length = 0;
    for sign in line.chars() {
        if length + sign.len_utf8() > 74 {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(sign);
        length += sign.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_and_signs_escaped() {
        let line = folded(&format!("SUMMARY:{}", escaped(&"Б,".repeat(40))));
        assert!(line.lines().all(|line| line.len() <= 75), "{line}");
        assert_eq!(line.replace("\r\n ", "").trim_end(), format!("SUMMARY:{}", "Б\\,".repeat(40)));
    }
}
