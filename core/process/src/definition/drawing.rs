//! A file as a drawing: whatever is well-formed BPMN within the limits, whether it can run or not.
//!
//! Must not know who keeps drawings. Bytes enter and leave untouched, but for the one word that a fix changes.

use std::collections::{BTreeMap, HashSet};

use roxmltree::Document;
use serde::Serialize;

use super::xml::{self, Xml};
use super::{Problem, Severity, fit, understand};

/// What a drawing shows of itself.
#[derive(Debug)]
pub struct Drawn {
    /// Id of the process that it would be published as.
    pub key: Option<String>,
    /// Name of that process, or its id.
    pub name: Option<String>,
    /// What keeps it from being published, and what probably is not meant. Elements are ids of the file; empty for the
    /// file as a whole.
    pub problems: Vec<Problem>,
    /// Whether it has a diagram.
    pub diagram: bool,
}

impl Drawn {
    /// Whether nothing in the file keeps it from being published.
    pub fn executable(&self) -> bool {
        executable(&self.problems)
    }
}

/// Whether none of the problems is an error.
pub fn executable(problems: &[Problem]) -> bool {
    problems.iter().all(|problem| problem.severity != Severity::Error)
}

/// Foreign content that an editor did not write again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
pub struct Lost {
    /// Id of the BPMN element it belonged to; none for the file as a whole.
    pub element: Option<String>,
    /// `element` or `attribute`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name; of an attribute of a foreign element `element@attribute`.
    pub name: String,
}

/// Losses that are told; more would help nobody.
const MAX_LOST: usize = 200;
/// The elements of a diagram.
const DIAGRAM: [&str; 3] = [
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
];
/// Namespaces of attributes that mean something to XML alone.
const SHELL: [&str; 2] = ["http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace"];

/// Looks at a drawing.
///
/// # Errors
/// When it cannot be kept: it is too large, no well-formed XML, hostile, or no BPMN at all.
pub fn draw(bytes: &[u8]) -> Result<Drawn, Problem> {
    let text = xml::decode(bytes)?;
    xml::check_references(&text)?;
    let document = xml::parse(&text)?;
    let root = document.root_element();
    if !xml::is(root, "definitions") {
        return Err(Problem::file(xml::no_bpmn(root)));
    }
    let (key, name, mut problems) = match understand(&document) {
        Ok((definition, mut problems)) => {
            problems.extend(fit::problems(&definition));
            (Some(definition.key), Some(definition.name), problems)
        }
        Err(problems) => {
            let process = first_process(root);
            let id = process.and_then(|process| xml::attribute(process, "id"));
            let name = process.and_then(|process| xml::attribute(process, "name")).or(id);
            (id.map(str::to_owned), name.map(str::to_owned), problems)
        }
    };
    let ids: HashSet<&str> = root.descendants().filter_map(|node| xml::attribute(node, "id")).collect();
    for problem in problems.iter_mut().filter(|problem| !ids.contains(problem.element.as_str())) {
        problem.element.clear();
    }
    Ok(Drawn { key, name, problems, diagram: has_diagram(root) })
}

/// The first process that is marked as executable, else the first of all.
fn first_process<'a>(root: Xml<'a>) -> Option<Xml<'a>> {
    let mut processes = xml::named(root, "process");
    let marked = xml::named(root, "process").find(|process| xml::flag(*process, "isExecutable", false));
    marked.or_else(|| processes.next())
}

/// Whether the file has a diagram with something in it.
pub(super) fn has_diagram(root: Xml<'_>) -> bool {
    root.descendants().any(|node| {
        node.tag_name().namespace() == Some(DIAGRAM[0]) && matches!(node.tag_name().name(), "BPMNShape" | "BPMNEdge")
    })
}

/// What of other tools' content the file before had and this one has not, of elements that are still there. Nothing when
/// one of them cannot be read.
pub fn lost(before: &[u8], after: &[u8]) -> Vec<Lost> {
    let (Ok(before), Ok(after)) = (xml::decode(before), xml::decode(after)) else { return Vec::new() };
    let (Ok(before), Ok(after)) = (xml::parse(&before), xml::parse(&after)) else { return Vec::new() };
    let ids: HashSet<&str> = after.descendants().filter_map(|node| xml::attribute(node, "id")).collect();
    let kept = foreign(&after);
    foreign(&before)
        .into_iter()
        .filter(|(what, count)| kept.get(what).is_none_or(|left| left < count))
        .map(|(what, _)| what)
        .filter(|what| what.element.as_deref().is_none_or(|id| ids.contains(id)))
        .take(MAX_LOST)
        .collect()
}

/// Foreign content and how often it is there.
fn foreign(document: &Document<'_>) -> BTreeMap<Lost, usize> {
    let mut found = BTreeMap::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let namespace = node.tag_name().namespace().unwrap_or_default();
        let element = holder(node);
        let mut add = |kind, namespace: &str, name: String| {
            let what = Lost { element: element.map(str::to_owned), kind, namespace: namespace.to_owned(), name };
            *found.entry(what).or_insert(0) += 1;
        };
        if !is_known(namespace) {
            add("element", namespace, node.tag_name().name().to_owned());
            for attribute in node.attributes() {
                let name = format!("{}@{}", node.tag_name().name(), attribute.name());
                add("attribute", attribute.namespace().unwrap_or(namespace), name);
            }
            continue;
        }
        for attribute in node.attributes() {
            let Some(namespace) = attribute.namespace() else { continue };
            if !is_known(namespace) && !SHELL.contains(&namespace) {
                add("attribute", namespace, attribute.name().to_owned());
            }
        }
    }
    found
}

fn is_known(namespace: &str) -> bool {
    namespace == xml::BPMN || namespace == xml::OURS || DIAGRAM.contains(&namespace)
}

/// The BPMN element that an element belongs to: itself, what its shape shows, or the nearest around it with an id.
fn holder<'a>(node: Xml<'a>) -> Option<&'a str> {
    node.ancestors().find_map(|around| match around.tag_name().namespace() {
        Some(xml::BPMN) if !xml::is(around, "definitions") => xml::attribute(around, "id"),
        Some(namespace) if DIAGRAM.contains(&namespace) => xml::attribute(around, "bpmnElement"),
        _ => None,
    })
}

/// The same file with a process marked as executable (the first by default); everything else stays as it is, in the
/// file's own encoding.
///
/// # Errors
/// When the file cannot be read, has no such process, or cannot be written in its encoding again.
pub fn make_executable(bytes: &[u8], process: Option<&str>) -> Result<Vec<u8>, Problem> {
    let text = xml::decode(bytes)?;
    let document = xml::parse(&text)?;
    let root = document.root_element();
    let found = match process {
        Some(id) => xml::named(root, "process").find(|process| xml::attribute(*process, "id") == Some(id)),
        None => first_process(root),
    };
    let found = found.ok_or_else(|| Problem::file("the file has no such process"))?;
    let mut changed = text.to_string();
    match found.attributes().find(|attribute| attribute.namespace().is_none() && attribute.name() == "isExecutable") {
        Some(attribute) => changed.replace_range(attribute.range_value(), "true"),
        None => {
            let tag = text.get(found.range().start..).unwrap_or_default();
            let name = tag.find(|sign: char| sign.is_whitespace() || matches!(sign, '>' | '/')).unwrap_or(tag.len());
            changed.insert_str(found.range().start + name, " isExecutable=\"true\"");
        }
    }
    xml::encoded(&changed, bytes).ok_or_else(|| Problem::file("the file cannot be written in its encoding"))
}
