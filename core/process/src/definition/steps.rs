//! The step contract of a user task, from its attributes and extension elements.

use super::activities;
use super::contract::{Assignment, CompletedBy, Contract, Escalate, Executor, FormField, MainAction};
use super::nodes::Reading;
use super::xml::{self, Xml};
use super::{expressions, time};

/// Main actions that tasks can do; a plugin's is `plugin:<id>/<action>`. `document` of the specification comes with
/// documents made of templates; until then a task could never have its result.
pub use work::tasks::MAIN_ACTIONS;
/// Executors, reminders, escalations, fields of a form and choices of a field: what a task keeps.
const MAX_EXECUTORS: usize = 100;
const MAX_REMINDERS: usize = 16;
const MAX_ESCALATIONS: usize = 16;
const MAX_FIELDS: usize = 200;
const MAX_CHOICES: usize = 200;
/// Characters of a task's and a field's name.
const MAX_TITLE: usize = 255;
const MAX_FIELD_NAME: usize = 200;
/// Kinds of form fields.
const FIELD_KINDS: [&str; 5] = ["text", "number", "boolean", "date", "choice"];
/// How executors are written.
const EXECUTOR_HELP: &str = "write role:<key>, user:<id>, head, owner, deputy, or an expression after `=`";

/// Reads the contract; what is wrong in it is reported and left out.
pub fn read(reading: &mut Reading<'_, '_>) -> Contract {
    let node = reading.node;
    let main_action = main_action(reading);
    let require_main_action = flag(reading, "requireMainAction");
    if require_main_action && main_action.is_none() {
        reading.error("v:requireMainAction is set, but there is no v:mainAction");
    }
    check_name(reading);
    let contract = Contract {
        duration: xml::ours(node, "duration").and_then(|text| working(reading, "v:duration", text, false)),
        remind_before: reminders(reading),
        main_action,
        require_main_action,
        executors: executors(reading),
        assignment: assignment(reading),
        completed_by: completed_by(reading),
        form: form(reading),
        escalate: escalate(reading),
        event: xml::ours(node, "event").map(str::to_owned),
        probability: probability(reading),
        result: activities::result_variable(node),
    };
    for (what, count, most) in [
        ("v:executors", contract.executors.len(), MAX_EXECUTORS),
        ("v:remindBefore", contract.remind_before.len(), MAX_REMINDERS),
        ("v:escalate", contract.escalate.len(), MAX_ESCALATIONS),
        ("v:form", contract.form.len(), MAX_FIELDS),
    ] {
        if count > most {
            reading.error(format!("{what}: more than {most}"));
        }
    }
    contract
}

/// The name is what people see of a task.
pub fn check_name(reading: &mut Reading<'_, '_>) {
    match xml::attribute(reading.node, "name") {
        None => reading.warn("the task has no name: people will see its id"),
        Some(name) if name.chars().nth(MAX_TITLE).is_some() => {
            reading.error(format!("the name is longer than {MAX_TITLE} characters"));
        }
        Some(_) => {}
    }
}

fn flag(reading: &mut Reading<'_, '_>, name: &str) -> bool {
    match xml::ours(reading.node, name) {
        Some("true" | "1") => true,
        None | Some("false" | "0") => false,
        Some(other) => {
            reading.error(format!("v:{name} is `true` or `false`, not `{other}`"));
            false
        }
    }
}

fn working(reading: &mut Reading<'_, '_>, what: &str, text: &str, zero: bool) -> Option<i64> {
    let seconds = reading.check(what, time::working(text))?;
    if seconds == 0 && !zero {
        reading.error(format!("{what}: `{text}` is no time at all"));
        return None;
    }
    Some(seconds)
}

/// Largest first, without repetitions.
fn reminders(reading: &mut Reading<'_, '_>) -> Vec<i64> {
    let node = reading.node;
    let attribute = xml::ours(node, "remindBefore").unwrap_or_default();
    let mut texts: Vec<String> = attribute.split([' ', ',', ';', '\n', '\t']).map(str::to_owned).collect();
    texts.extend(xml::extensions(node, xml::OURS, "remindBefore").map(xml::content));
    texts.retain(|text| !text.is_empty());
    let mut seconds: Vec<i64> =
        texts.iter().filter_map(|text| working(reading, "v:remindBefore", text, false)).collect();
    seconds.sort_unstable_by(|left, right| right.cmp(left));
    seconds.dedup();
    if !seconds.is_empty() && xml::ours(node, "duration").is_none() {
        reading.warn("v:remindBefore means nothing without v:duration");
    }
    seconds
}

fn main_action(reading: &mut Reading<'_, '_>) -> Option<MainAction> {
    let node = reading.node;
    let element = xml::extensions(node, xml::OURS, "mainAction").next();
    let kind = xml::ours(node, "mainAction")
        .or_else(|| element.and_then(|element| xml::attribute(element, "kind")))
        .map(str::to_owned);
    let parameters = activities::parameters(reading, "v:mainAction");
    let Some(kind) = kind else {
        if !parameters.is_empty() {
            reading.warn("the parameters belong to no v:mainAction");
        }
        return None;
    };
    let of_plugin = kind.strip_prefix("plugin:").is_some_and(|rest| rest.contains('/'));
    if !of_plugin && !MAIN_ACTIONS.contains(&kind.as_str()) {
        reading.error(format!(
            "v:mainAction `{kind}` is not known: write one of {}, or plugin:<id>/<action>",
            MAIN_ACTIONS.join(", ")
        ));
        return None;
    }
    Some(MainAction { kind, parameters })
}

fn executors(reading: &mut Reading<'_, '_>) -> Vec<Executor> {
    let node = reading.node;
    let mut texts: Vec<String> = xml::ours(node, "executors").map(split_list).unwrap_or_default();
    for element in xml::extensions(node, xml::OURS, "executor") {
        texts.push(value_of(element));
    }
    for element in xml::extensions(node, xml::OURS, "executors") {
        texts.extend(xml::within(element, xml::OURS, "executor").map(value_of));
    }
    if texts.is_empty() {
        return foreign_executors(reading);
    }
    texts.iter().filter_map(|text| reading.check("v:executors", executor(text))).collect()
}

/// An element's value: in `who`, in `value`, or as its text.
fn value_of(element: Xml<'_>) -> String {
    let attribute = xml::attribute(element, "who").or_else(|| xml::attribute(element, "value"));
    attribute.map_or_else(|| xml::content(element), str::to_owned)
}

/// Parts between commas that stand outside brackets and quotes.
fn split_list(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0_i32, None);
    for sign in text.chars() {
        match (quote, sign) {
            (Some(open), _) if sign == open => quote = None,
            (None, '"' | '\'') => quote = Some(sign),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth <= 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(sign);
    }
    parts.push(part);
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// One executor as text.
///
/// # Errors
/// What is wrong with it.
fn executor(text: &str) -> Result<Executor, String> {
    let text = text.trim();
    if text.starts_with('=') {
        return expressions::compile(text).map(Executor::Expression);
    }
    match (text, text.split_once(':').map(|(kind, name)| (kind.trim(), name.trim()))) {
        ("head", _) => Ok(Executor::Head),
        ("owner", _) => Ok(Executor::Owner),
        ("deputy", _) => Ok(Executor::Deputy),
        (_, Some(("role", name))) if !name.is_empty() => Ok(Executor::Role(name.to_owned())),
        (_, Some(("user", name))) if !name.is_empty() => Ok(Executor::User(name.to_owned())),
        _ => Err(format!("`{text}` is no executor: {EXECUTOR_HELP}")),
    }
}

/// Plain names of the standard's and other tools' ways to assign people; what is computed there is left out.
fn foreign_executors(reading: &mut Reading<'_, '_>) -> Vec<Executor> {
    let node = reading.node;
    let mut found: Vec<(bool, String)> = Vec::new();
    for owner in xml::children(node) {
        let role = match owner.tag_name().name() {
            "potentialOwner" => true,
            "humanPerformer" | "performer" => false,
            _ => continue,
        };
        let assignment = xml::child(owner, "resourceAssignmentExpression");
        if let Some(text) = assignment.and_then(|it| xml::child(it, "formalExpression")).map(xml::content) {
            found.extend(split_list(&text).into_iter().map(|name| (role, name)));
        } else if let Some(reference) = xml::child(owner, "resourceRef").map(xml::content) {
            let name = reading.outline.find(&reference, "resource").and_then(|it| xml::attribute(it, "name"));
            found.push((role, name.unwrap_or(&reference).to_owned()));
        }
    }
    let zeebe =
        |name| xml::extensions(node, xml::ZEEBE, "assignmentDefinition").find_map(|it| xml::attribute(it, name));
    for (name, role) in [("candidateGroups", true), ("candidateUsers", false), ("assignee", false)] {
        let text = xml::relative(node, name).or_else(|| zeebe(name));
        found.extend(text.map(split_list).unwrap_or_default().into_iter().map(|name| (role, name)));
    }
    found.iter().filter_map(|(role, name)| foreign_executor(reading, *role, name)).collect()
}

fn foreign_executor(reading: &mut Reading<'_, '_>, role: bool, text: &str) -> Option<Executor> {
    if expressions::is_marked(text) || text.contains(['$', '{', '"']) {
        reading.warn(format!("the assignment `{text}` of another tool is left out: {EXECUTOR_HELP} in v:executors"));
        return None;
    }
    if let Ok(executor) = executor(text) {
        return Some(executor);
    }
    let called = |function: &str| text.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')').map(str::to_owned);
    Some(match (called("group"), called("user")) {
        (Some(name), _) => Executor::Role(name),
        (_, Some(name)) => Executor::User(name),
        _ if role => Executor::Role(text.to_owned()),
        _ => Executor::User(text.to_owned()),
    })
}

fn assignment(reading: &mut Reading<'_, '_>) -> Assignment {
    match xml::ours(reading.node, "assignment") {
        None | Some("anyone") => Assignment::Anyone,
        Some("load") => Assignment::Load,
        Some("turn") => Assignment::Turn,
        Some(other) => {
            reading.error(format!("v:assignment is `anyone`, `load` or `turn`, not `{other}`"));
            Assignment::Anyone
        }
    }
}

fn completed_by(reading: &mut Reading<'_, '_>) -> CompletedBy {
    match xml::ours(reading.node, "completedBy") {
        None | Some("one" | "anyone" | "1") => CompletedBy::One,
        Some("all") => CompletedBy::All,
        Some(number) => match number.parse() {
            Ok(count) if (2..=1_000).contains(&count) => CompletedBy::Count(count),
            _ => {
                reading.error(format!("v:completedBy is `one`, `all` or a number up to 1,000, not `{number}`"));
                CompletedBy::One
            }
        },
    }
}

fn probability(reading: &mut Reading<'_, '_>) -> Option<u8> {
    let text = xml::ours(reading.node, "probability")?;
    let percent = text.trim_end_matches('%').trim().parse().ok().filter(|percent| *percent <= 100);
    if percent.is_none() {
        reading.error(format!("v:probability is a whole percentage from 0 to 100, not `{text}`"));
    }
    percent
}

/// `v:field` children of a `v:form`, and names in the attribute, which are required texts.
fn form(reading: &mut Reading<'_, '_>) -> Vec<FormField> {
    let node = reading.node;
    let mut fields: Vec<FormField> = xml::ours(node, "form")
        .map(split_list)
        .unwrap_or_default()
        .iter()
        .map(|name| FormField {
            name: name.clone(),
            label: None,
            kind: "text".to_owned(),
            choices: Vec::new(),
            required: true,
            value: None,
        })
        .collect();
    let elements: Vec<Xml<'_>> = xml::extensions(node, xml::OURS, "form")
        .flat_map(|form| xml::within(form, xml::OURS, "field"))
        .chain(xml::extensions(node, xml::OURS, "field"))
        .collect();
    fields.extend(elements.into_iter().filter_map(|element| field(reading, element)));
    for (place, field) in fields.iter().enumerate().take(MAX_FIELDS) {
        if fields.iter().take(place).any(|earlier| earlier.name == field.name) {
            reading.error(format!("v:form has the field `{}` twice", field.name));
        }
    }
    fields
}

fn field(reading: &mut Reading<'_, '_>, element: Xml<'_>) -> Option<FormField> {
    let Some(name) = xml::attribute(element, "name") else {
        reading.error("v:form: a field has no name");
        return None;
    };
    let kind = xml::attribute(element, "type").unwrap_or("text");
    if !FIELD_KINDS.contains(&kind) {
        reading.error(format!("v:form: the type of `{name}` is `{kind}`: write one of {}", FIELD_KINDS.join(", ")));
        return None;
    }
    let mut choices = xml::attribute(element, "choices").map(split_list).unwrap_or_default();
    choices.extend(xml::within(element, xml::OURS, "choice").map(value_of));
    if kind == "choice" && choices.is_empty() {
        reading.error(format!("v:form: `{name}` has no choices"));
        return None;
    }
    if choices.len() > MAX_CHOICES || name.chars().nth(MAX_FIELD_NAME).is_some() || name == "record." {
        reading.error(format!(
            "v:form: a field has a name of up to {MAX_FIELD_NAME} characters and up to {MAX_CHOICES} choices"
        ));
        return None;
    }
    Some(FormField {
        name: name.to_owned(),
        label: xml::attribute(element, "label").map(str::to_owned),
        kind: kind.to_owned(),
        choices,
        required: xml::flag(element, "required", true),
        value: None,
    })
}

/// `v:escalate` children, and the attribute as `<to> [<after> [<every>]] [reassign]`, several by semicolons.
fn escalate(reading: &mut Reading<'_, '_>) -> Vec<Escalate> {
    let node = reading.node;
    let mut found: Vec<Escalate> = xml::ours(node, "escalate")
        .unwrap_or_default()
        .split(';')
        .filter(|part| !part.trim().is_empty())
        .filter_map(|part| escalate_text(reading, part))
        .collect();
    for element in xml::extensions(node, xml::OURS, "escalate") {
        let Some(to) = xml::attribute(element, "to") else {
            reading.error(format!("v:escalate: `to` is missing: {EXECUTOR_HELP}"));
            continue;
        };
        let after = xml::attribute(element, "after").unwrap_or("PT0S");
        let every = xml::attribute(element, "every");
        found.extend(escalation(reading, to, after, every, xml::flag(element, "reassign", false)));
    }
    if !found.is_empty() && xml::ours(node, "duration").is_none() {
        reading.warn("v:escalate means nothing without v:duration");
    }
    found
}

fn escalate_text(reading: &mut Reading<'_, '_>, text: &str) -> Option<Escalate> {
    let reassign = text.split_whitespace().any(|word| word == "reassign");
    let mut words = text.split_whitespace().filter(|word| *word != "reassign");
    let to = words.next()?;
    let (after, every) = (words.next().unwrap_or("PT0S"), words.next());
    escalation(reading, to, after, every, reassign)
}

fn escalation(
    reading: &mut Reading<'_, '_>,
    to: &str,
    after: &str,
    every: Option<&str>,
    reassign: bool,
) -> Option<Escalate> {
    let to = reading.check("v:escalate to", executor(to));
    let after = working(reading, "v:escalate after", after, true);
    let every = match every {
        Some(text) => Some(working(reading, "v:escalate every", text, false)?),
        None => None,
    };
    Some(Escalate { to: to?, after: after?, every, reassign })
}
