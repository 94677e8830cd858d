//! A line taken apart.
//!
//! ```text
//! name | role | time | action! | note     a step
//! & name | ...                            a step beside the one above
//! ? question | yes: next | no: 2          a branch to the next line, a line's number or `end`; the last is the default
//! ```

use super::{LineError, LineErrors, times};
use crate::definition::MAIN_ACTIONS;

/// Lines of a process.
pub const MAX_LINES: usize = 500;
/// Characters of a name, of an answer and of a note.
const MAX_NAME: usize = 255;
const MAX_NOTE: usize = 20_000;
/// Answers of a question.
const MAX_ANSWERS: usize = 20;
/// Main actions as people call them.
const ACTIONS: [(&str, &str); 28] = [
    ("letter", "email"),
    ("mail", "email"),
    ("письмо", "email"),
    ("лист", "email"),
    ("approval", "approve"),
    ("согласовать", "approve"),
    ("согласование", "approve"),
    ("погодити", "approve"),
    ("погодження", "approve"),
    ("ознакомиться", "acknowledge"),
    ("ознакомление", "acknowledge"),
    ("ознайомитися", "acknowledge"),
    ("ознайомлення", "acknowledge"),
    ("форма", "form"),
    ("анкета", "form"),
    ("fields", "form"),
    ("звонок", "call"),
    ("позвонить", "call"),
    ("дзвінок", "call"),
    ("подзвонити", "call"),
    ("встреча", "meeting"),
    ("зустріч", "meeting"),
    ("предложение", "quote"),
    ("кп", "quote"),
    ("пропозиція", "quote"),
    ("счет", "invoice"),
    ("счёт", "invoice"),
    ("рахунок", "invoice"),
];
/// Who does a step, as people say it.
const PEOPLE: [(&str, &str); 8] = [
    ("responsible", "owner"),
    ("ответственный", "owner"),
    ("відповідальний", "owner"),
    ("руководитель", "head"),
    ("керівник", "head"),
    ("заместитель", "deputy"),
    ("заступник", "deputy"),
    ("substitute", "deputy"),
];
/// Where an answer leads, in words.
const NEXT: [&str; 5] = ["next", "дальше", "далее", "далі", "вперед"];
const END: [&str; 4] = ["end", "конец", "кінець", "завершить"];

/// The roles of a company: key and name.
pub type Roles = Vec<(String, String)>;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Nothing: it only has a number.
    Empty,
    /// A step.
    Step(Step),
    /// A branch.
    Question(Question),
}

/// A step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// What people see.
    pub name: String,
    /// Value of `v:executors`; none = nobody in particular.
    pub who: Option<String>,
    /// ISO 8601.
    pub duration: Option<String>,
    /// The main action.
    pub action: Option<String>,
    /// Whether it cannot be finished without that.
    pub required: bool,
    /// Documentation.
    pub note: Option<String>,
    /// Whether it runs beside the line above.
    pub beside: bool,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// Answers, the last the default.
    pub answers: Vec<(String, Target)>,
}

/// Where an answer leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To the line below.
    Next,
    /// To the end.
    End,
    /// To the line of this number.
    Line(usize),
}

fn wrong(code: &'static str, text: &str) -> LineError {
    LineError { code, text: text.chars().take(80).collect() }
}

/// Takes all lines apart.
pub fn read(lines: &[String], roles: &Roles) -> Result<Vec<Line>, LineErrors> {
    let mut errors = LineErrors::new();
    if lines.len() > MAX_LINES {
        errors.insert(MAX_LINES + 1, wrong("too_many", &MAX_LINES.to_string()));
        return Err(errors);
    }
    let mut read = Vec::with_capacity(lines.len());
    for (number, line) in (1..).zip(lines) {
        match one(line, roles) {
            Ok(line) => read.push(line),
            Err(error) => {
                errors.insert(number, error);
                read.push(Line::Empty);
            }
        }
    }
    if errors.is_empty() {
        for (number, error) in together(&read) {
            errors.entry(number).or_insert(error);
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(errors) }
}

fn one(line: &str, roles: &Roles) -> Result<Line, LineError> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Line::Empty);
    }
    if let Some(bad) = line.chars().find(|sign| sign.is_control() && *sign != '\t') {
        return Err(wrong("control", &format!("U+{:04X}", u32::from(bad))));
    }
    match line.strip_prefix('?') {
        Some(question) => self::question(question).map(Line::Question),
        None => step(line, roles).map(Line::Step),
    }
}

/// Cells between tabs, when there is one, else between bars.
fn cells(text: &str) -> Vec<&str> {
    let between = if text.contains('\t') { '\t' } else { '|' };
    text.split(between).map(str::trim).collect()
}

fn step(line: &str, roles: &Roles) -> Result<Step, LineError> {
    let (beside, line) = match line.strip_prefix('&') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let cells = cells(line);
    if let Some(more) = cells.get(5..).and_then(|more| more.iter().find(|cell| !cell.is_empty())) {
        return Err(wrong("too_many_cells", more));
    }
    let cell = |number: usize| cells.get(number).copied().filter(|text| !text.is_empty());
    let name = cell(0).ok_or_else(|| wrong("name_missing", ""))?;
    let (action, required) = match cell(3) {
        Some(text) => action(text).map(|(action, required)| (Some(action), required))?,
        None => (None, false),
    };
    Ok(Step {
        name: limited(name, MAX_NAME)?,
        who: cell(1).map(|text| who(text, roles)).transpose()?,
        duration: cell(2).map(|text| times::iso(text).ok_or_else(|| wrong("time_wrong", text))).transpose()?,
        action,
        required,
        note: cell(4).map(|text| limited(text, MAX_NOTE)).transpose()?,
        beside,
    })
}

fn limited(text: &str, most: usize) -> Result<String, LineError> {
    if text.chars().nth(most).is_some() { Err(wrong("too_long", text)) } else { Ok(text.to_owned()) }
}

/// An executor as a file writes it: as it is, or a role by its key or name.
fn who(text: &str, roles: &Roles) -> Result<String, LineError> {
    let plain = matches!(text, "head" | "owner" | "deputy") || text.starts_with('=');
    if plain || text.starts_with("role:") || text.starts_with("user:") {
        return limited(text, MAX_NAME);
    }
    let low = text.to_lowercase();
    let called = |(key, name): &&(String, String)| *key == text || name.to_lowercase() == low;
    if let Some((key, _)) = roles.iter().find(called) {
        return Ok(format!("role:{key}"));
    }
    if let Some((_, who)) = PEOPLE.iter().find(|(word, _)| *word == low) {
        return Ok((*who).to_owned());
    }
    // A key of a role that is to be made: publishing tells of it.
    let is_key = text.starts_with(|sign: char| sign.is_ascii_lowercase())
        && text.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || matches!(sign, '_' | '-'));
    if is_key && text.len() <= 64 { Ok(format!("role:{text}")) } else { Err(wrong("role_unknown", text)) }
}

fn action(text: &str) -> Result<(String, bool), LineError> {
    let (name, required) = match text.strip_suffix('!') {
        Some(name) => (name.trim(), true),
        None => (text, false),
    };
    let low = name.to_lowercase();
    let known = ACTIONS.iter().find(|(word, _)| *word == low).map_or(low.as_str(), |(_, action)| action);
    let of_plugin = name.strip_prefix("plugin:").is_some_and(|rest| rest.contains('/'));
    if of_plugin {
        return Ok((limited(name, MAX_NAME)?, required));
    }
    if MAIN_ACTIONS.contains(&known) { Ok((known.to_owned(), required)) } else { Err(wrong("action_unknown", name)) }
}

fn question(text: &str) -> Result<Question, LineError> {
    let cells = cells(text);
    let mut cells = cells.into_iter().filter(|cell| !cell.is_empty());
    let text = cells.next().ok_or_else(|| wrong("name_missing", ""))?;
    let text = limited(text, MAX_NAME)?;
    let mut answers: Vec<(String, Target)> = Vec::new();
    for cell in cells {
        let (answer, target) = cell.rsplit_once(':').ok_or_else(|| wrong("answer_wrong", cell))?;
        let answer = limited(answer.trim(), MAX_NAME)?;
        if answer.is_empty() || answers.iter().any(|(known, _)| *known == answer) {
            return Err(wrong("answer_wrong", cell));
        }
        answers.push((answer, target_of(target.trim())?));
    }
    if answers.len() < 2 || answers.len() > MAX_ANSWERS {
        return Err(wrong("answers", &MAX_ANSWERS.to_string()));
    }
    Ok(Question { text, answers })
}

fn target_of(text: &str) -> Result<Target, LineError> {
    let low = text.to_lowercase();
    if NEXT.contains(&low.as_str()) {
        return Ok(Target::Next);
    }
    if END.contains(&low.as_str()) {
        return Ok(Target::End);
    }
    text.parse().map(Target::Line).map_err(|_| wrong("target_wrong", text))
}

/// What is wrong between lines.
fn together(lines: &[Line]) -> LineErrors {
    let mut errors = LineErrors::new();
    let mut above: Option<&Line> = None;
    let mut steps = false;
    for (number, line) in (1..).zip(lines) {
        match line {
            Line::Empty => continue,
            Line::Step(step) => {
                if step.beside && !matches!(above, Some(Line::Step(_))) {
                    errors.insert(number, wrong("beside_nothing", &step.name));
                }
                steps = true;
            }
            Line::Question(question) => {
                if !steps {
                    errors.insert(number, wrong("question_first", &question.text));
                }
                let missing = question.answers.iter().find_map(|(_, target)| match target {
                    Target::Line(to) => {
                        let there = to.checked_sub(1).and_then(|place| lines.get(place));
                        there.is_none_or(|line| *line == Line::Empty).then_some(*to)
                    }
                    _ => None,
                });
                if let Some(to) = missing {
                    errors.insert(number, wrong("target_missing", &to.to_string()));
                }
            }
        }
        above = Some(line);
    }
    if !steps && errors.is_empty() {
        errors.insert(1, wrong("no_steps", ""));
    }
    errors
}
