//! The BPMN file that lines become.

use std::fmt::Write as _;

use super::lines::{Line, Question, Step, Target};
use crate::definition::{BPMN, OURS, escaped, layout};

/// What comes one after another.
enum Part<'a> {
    /// Steps that run beside one another, with the numbers of their lines.
    Steps(Vec<(usize, &'a Step)>),
    /// A branch.
    Question(usize, &'a Question),
}

impl Part<'_> {
    /// The element that leads into it.
    fn entry(&self) -> String {
        match self {
            Self::Steps(steps) => match steps.as_slice() {
                [(number, _)] => format!("step_{number}"),
                _ => format!("fork_{}", self.first()),
            },
            Self::Question(number, _) => format!("question_{number}"),
        }
    }

    /// The number of its first line.
    fn first(&self) -> usize {
        match self {
            Self::Steps(steps) => steps.first().map_or(0, |(number, _)| *number),
            Self::Question(number, _) => *number,
        }
    }

    fn has(&self, line: usize) -> bool {
        match self {
            Self::Steps(steps) => steps.iter().any(|(number, _)| *number == line),
            Self::Question(number, _) => *number == line,
        }
    }
}

/// A sequence flow.
struct Flow {
    from: String,
    to: String,
    name: String,
    condition: Option<String>,
}

/// The file, with a diagram.
pub fn written(title: &str, lines: &[Line]) -> String {
    let parts = parts(lines);
    let flows = flows(&parts);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"{BPMN}\" xmlns:v=\"{OURS}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" id=\"definitions\" targetNamespace=\"urn:verstak:wizard\">\n  <process id=\"{}\" name=\"{}\" isExecutable=\"true\">\n    <startEvent id=\"start\"/>\n",
        escaped(&key(title)),
        escaped(title)
    );
    for (place, part) in parts.iter().enumerate() {
        match part {
            Part::Steps(steps) => {
                let merge = merge_of(part.first());
                if flows.iter().any(|flow| flow.from == merge) {
                    let _ = writeln!(text, "    <exclusiveGateway id=\"{merge}\"/>");
                }
                write_steps(&mut text, &parts, place, steps);
            }
            Part::Question(number, question) => {
                let default = flows.iter().rposition(|flow| flow.from == part.entry()).map_or(0, |place| place + 1);
                let name = escaped(&question.text);
                let _ = writeln!(
                    text,
                    "    <exclusiveGateway id=\"question_{number}\" name=\"{name}\" default=\"flow_{default}\"/>"
                );
            }
        }
    }
    text.push_str("    <endEvent id=\"end\"/>\n");
    for (number, flow) in (1..).zip(&flows) {
        write_flow(&mut text, number, flow);
    }
    text.push_str("  </process>\n</definitions>\n");
    // It is well-formed: we wrote it.
    layout::laid_out(text.as_bytes()).unwrap_or(text)
}

/// The id of the process: letters and digits of the title, in Latin.
fn key(title: &str) -> String {
    let key: String = kernel::text::latin(title, '-').chars().take(64).collect();
    // An id begins with a letter.
    if key.starts_with(|sign: char| sign.is_ascii_lowercase()) {
        key
    } else {
        format!("process-{key}").trim_end_matches('-').to_owned()
    }
}

fn parts(lines: &[Line]) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        match (line, parts.last_mut()) {
            (Line::Empty, _) => {}
            (Line::Step(step), Some(Part::Steps(steps))) if step.beside => steps.push((number, step)),
            (Line::Step(step), _) => parts.push(Part::Steps(vec![(number, step)])),
            (Line::Question(question), _) => parts.push(Part::Question(number, question)),
        }
    }
    parts
}

fn flows(parts: &[Part<'_>]) -> Vec<Flow> {
    let mut flows = Vec::new();
    let mut add = |from: &str, to: &str| {
        flows.push(Flow { from: from.to_owned(), to: to.to_owned(), name: String::new(), condition: None });
    };
    let entry = |place: usize| parts.get(place).map_or_else(|| "end".to_owned(), Part::entry);
    add("start", &entry(0));
    let mut branches = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let next = entry(place + 1);
        match part {
            Part::Steps(steps) => match steps.as_slice() {
                [_] => add(&part.entry(), &next),
                _ => {
                    let join = format!("join_{}", part.first());
                    for (number, _) in steps {
                        add(&part.entry(), &format!("step_{number}"));
                    }
                    for (number, _) in steps {
                        add(&format!("step_{number}"), &join);
                    }
                    add(&join, &next);
                }
            },
            Part::Question(number, question) => branches.extend(answers(parts, &next, *number, question)),
        }
    }
    flows.extend(branches);
    merge(parts, &mut flows);
    flows
}

/// A fork waits for every flow that leads to it: of several, which come one at a time, a gateway before it makes one.
fn merge(parts: &[Part<'_>], flows: &mut Vec<Flow>) {
    for part in parts.iter().filter(|part| matches!(part, Part::Steps(steps) if steps.len() > 1)) {
        let fork = part.entry();
        if flows.iter().filter(|flow| flow.to == fork).count() < 2 {
            continue;
        }
        let merge = merge_of(part.first());
        flows.iter_mut().filter(|flow| flow.to == fork).for_each(|flow| flow.to.clone_from(&merge));
        flows.push(Flow { from: merge, to: fork, name: String::new(), condition: None });
    }
}

/// The gateway before a fork.
fn merge_of(first: usize) -> String {
    format!("merge_{first}")
}

fn answers(parts: &[Part<'_>], next: &str, number: usize, question: &Question) -> Vec<Flow> {
    let last = question.answers.len().saturating_sub(1);
    let flow = |(place, (answer, target)): (usize, &(String, Target))| {
        let to = match target {
            Target::Next => next.to_owned(),
            Target::End => "end".to_owned(),
            Target::Line(line) => {
                parts.iter().find(|part| part.has(*line)).map_or_else(|| "end".to_owned(), Part::entry)
            }
        };
        let variable = variable(number);
        // Where the question was never asked, the default is taken.
        let condition = format!("has(vars.{variable}) && vars.{variable} == {}", quoted(answer));
        Flow {
            from: format!("question_{number}"),
            to,
            name: answer.clone(),
            condition: (place != last).then_some(condition),
        }
    };
    question.answers.iter().enumerate().map(flow).collect()
}

/// The variable that holds the answer.
fn variable(question: usize) -> String {
    format!("answer_{question}")
}

/// A text in CEL.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Steps of a part, with the gateways around several.
fn write_steps(text: &mut String, parts: &[Part<'_>], place: usize, steps: &[(usize, &Step)]) {
    let first = steps.first().map_or(0, |(number, _)| *number);
    if steps.len() > 1 {
        let _ = writeln!(text, "    <parallelGateway id=\"fork_{first}\"/>");
    }
    // The last step before questions asks them.
    let asked: Vec<(usize, &Question)> = parts
        .iter()
        .skip(place + 1)
        .map_while(|part| match part {
            Part::Question(number, question) => Some((*number, *question)),
            Part::Steps(_) => None,
        })
        .collect();
    for (at, (number, step)) in steps.iter().enumerate() {
        let asked = if at + 1 == steps.len() { asked.as_slice() } else { &[] };
        write_step(text, *number, step, asked);
    }
    if steps.len() > 1 {
        let _ = writeln!(text, "    <parallelGateway id=\"join_{first}\"/>");
    }
}

fn write_step(text: &mut String, number: usize, step: &Step, asked: &[(usize, &Question)]) {
    let _ = write!(text, "    <userTask id=\"step_{number}\" name=\"{}\"", escaped(&step.name));
    let action = step.action.as_deref();
    let attributes = [
        ("executors", step.who.as_deref()),
        ("duration", step.duration.as_deref()),
        ("mainAction", action),
        ("requireMainAction", (step.required && action.is_some()).then_some("true")),
    ];
    for (name, value) in attributes {
        if let Some(value) = value {
            let _ = write!(text, " v:{name}=\"{}\"", escaped(value));
        }
    }
    if step.note.is_none() && asked.is_empty() {
        text.push_str("/>\n");
        return;
    }
    text.push_str(">\n");
    if let Some(note) = &step.note {
        let _ = writeln!(text, "      <documentation>{}</documentation>", escaped(note));
    }
    if !asked.is_empty() {
        text.push_str("      <extensionElements>\n        <v:form>\n");
        for (number, question) in asked {
            write_field(text, *number, question);
        }
        text.push_str("        </v:form>\n      </extensionElements>\n");
    }
    text.push_str("    </userTask>\n");
}

fn write_field(text: &mut String, number: usize, question: &Question) {
    let (variable, label) = (variable(number), escaped(&question.text));
    let _ =
        writeln!(text, "          <v:field name=\"{variable}\" label=\"{label}\" type=\"choice\" required=\"true\">");
    for (answer, _) in &question.answers {
        let _ = writeln!(text, "            <v:choice value=\"{}\"/>", escaped(answer));
    }
    text.push_str("          </v:field>\n");
}

fn write_flow(text: &mut String, number: usize, flow: &Flow) {
    let _ =
        write!(text, "    <sequenceFlow id=\"flow_{number}\" sourceRef=\"{}\" targetRef=\"{}\"", flow.from, flow.to);
    if !flow.name.is_empty() {
        let _ = write!(text, " name=\"{}\"", escaped(&flow.name));
    }
    match &flow.condition {
        Some(condition) => {
            let _ = writeln!(
                text,
                "><conditionExpression xsi:type=\"tFormalExpression\">{}</conditionExpression></sequenceFlow>",
                escaped(condition)
            );
        }
        None => text.push_str("/>\n"),
    }
}
