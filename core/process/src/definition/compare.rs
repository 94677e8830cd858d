//! What differs between two files: elements by their ids, then by a type and name that only one has on either side. A
//! flow with another end is changed, not moved; only shapes move.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::Problem;
use super::xml::{self, Xml};

/// An element that only one side has, or that stands elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ComparedElement {
    /// Its id.
    pub element: String,
    /// Its tag, such as `userTask`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name; may be empty.
    pub name: String,
}

/// One thing that an element says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ComparedChange {
    /// Its id, of the newer side.
    pub element: String,
    /// `name`, `type`, `source`, `target`, `condition`, `documentation`, `v:duration` ...
    pub what: String,
    /// None where it said nothing.
    pub before: Option<String>,
    /// None where it says nothing any more.
    pub after: Option<String>,
}

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Differences {
    /// Elements of the newer side alone.
    pub added: Vec<ComparedElement>,
    /// Elements of the older side alone.
    pub removed: Vec<ComparedElement>,
    /// Elements whose shape stands elsewhere or has another size.
    pub moved: Vec<ComparedElement>,
    /// What elements of both say otherwise.
    pub changed: Vec<ComparedChange>,
}

/// Differences of each kind that are told.
const MAX_TOLD: usize = 5_000;
/// Characters of a value.
const MAX_VALUE: usize = 1_000;
/// Elements that hold elements of their own.
const HOLDERS: [&str; 11] = [
    "definitions",
    "process",
    "subProcess",
    "transaction",
    "adHocSubProcess",
    "collaboration",
    "choreography",
    "subChoreography",
    "laneSet",
    "childLaneSet",
    "lane",
];
/// What is said of the element around it, though it may have an id.
const DETAILS: [&str; 12] = [
    "extensionElements",
    "documentation",
    "ioSpecification",
    "laneSet",
    "childLaneSet",
    "incoming",
    "outgoing",
    "flowNodeRef",
    "standardLoopCharacteristics",
    "multiInstanceLoopCharacteristics",
    "collaboration",
    "import",
];

/// An element and everything it says.
struct Element<'a> {
    node: Xml<'a>,
    says: BTreeMap<String, String>,
}

impl Element<'_> {
    fn shown(&self, id: &str) -> ComparedElement {
        ComparedElement {
            element: id.to_owned(),
            kind: self.node.tag_name().name().to_owned(),
            name: xml::attribute(self.node, "name").unwrap_or_default().to_owned(),
        }
    }

    /// Type and name; none when it has no name.
    fn known_as(&self) -> Option<(&str, &str)> {
        Some((self.node.tag_name().name(), xml::attribute(self.node, "name")?))
    }
}

/// Elements by id, and their ids in the file's order.
struct Side<'a> {
    elements: HashMap<&'a str, Element<'a>>,
    order: Vec<&'a str>,
    shapes: HashMap<&'a str, Vec<String>>,
}

/// Compares two files.
///
/// # Errors
/// When one of them cannot be read.
pub fn compare(before: &[u8], after: &[u8]) -> Result<Differences, Problem> {
    let (before, after) = (xml::decode(before)?, xml::decode(after)?);
    let (before, after) = (xml::parse(&before)?, xml::parse(&after)?);
    let (before, after) = (side(before.root_element()), side(after.root_element()));
    let same = matched(&before, &after);
    let back: HashSet<&str> = same.values().copied().collect();
    let mut found = Differences::default();
    for id in &before.order {
        let Some(old) = before.elements.get(id) else { continue };
        let Some((new_id, new)) = same.get(id).and_then(|id| Some((*id, after.elements.get(id)?))) else {
            found.removed.push(old.shown(id));
            continue;
        };
        changes(&mut found.changed, new_id, old, new, &same);
        let shapes = (before.shapes.get(id), after.shapes.get(new_id));
        if let (Some(old), Some(new_shapes)) = shapes
            && old != new_shapes
        {
            found.moved.push(new.shown(new_id));
        }
    }
    let added = after.order.iter().filter(|id| !back.contains(**id));
    found.added = added.filter_map(|id| Some(after.elements.get(id)?.shown(id))).collect();
    for list in [&mut found.added, &mut found.removed, &mut found.moved] {
        list.truncate(MAX_TOLD);
    }
    found.changed.truncate(MAX_TOLD);
    Ok(found)
}

fn side<'a>(root: Xml<'a>) -> Side<'a> {
    let mut side = Side { elements: HashMap::new(), order: Vec::new(), shapes: HashMap::new() };
    for node in root.descendants().filter(roxmltree::Node::is_element) {
        if let Some(of) = xml::attribute(node, "bpmnElement") {
            if node.tag_name().name() == "BPMNShape" {
                side.shapes.insert(of, bounds(node));
            }
            continue;
        }
        let Some(id) = xml::attribute(node, "id").filter(|_| is_own(node)) else { continue };
        if side.elements.insert(id, Element { node, says: says(node) }).is_none() {
            side.order.push(id);
        }
    }
    side
}

/// Whether it is an element by itself, and not what another says.
fn is_own(node: Xml<'_>) -> bool {
    let tag = node.tag_name().name();
    let holder = node.parent().is_some_and(|parent| {
        parent.tag_name().namespace() == Some(xml::BPMN) && HOLDERS.contains(&parent.tag_name().name())
    });
    node.tag_name().namespace() == Some(xml::BPMN) && holder && !DETAILS.contains(&tag)
}

/// Numbers of a shape's rectangle, however they are written.
fn bounds(shape: Xml<'_>) -> Vec<String> {
    let bounds = shape.children().find(|child| child.tag_name().name() == "Bounds");
    let number = |name: &str| {
        let text = bounds.and_then(|bounds| bounds.attribute(name)).unwrap_or_default();
        text.trim().parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string())
    };
    ["x", "y", "width", "height"].map(number).to_vec()
}

fn says(node: Xml<'_>) -> BTreeMap<String, String> {
    let mut says = BTreeMap::new();
    for attribute in node.attributes().filter(|attribute| attribute.name() != "id" || attribute.namespace().is_some()) {
        let name = match (attribute.namespace(), attribute.name()) {
            (None, "sourceRef") => "source".to_owned(),
            (None, "targetRef") => "target".to_owned(),
            (None, name) => name.to_owned(),
            (Some(namespace), name) => qualified(node, namespace, name),
        };
        add(&mut says, name, attribute.value().to_owned());
    }
    for child in node.children().filter(|child| child.is_element() && !is_own(*child)) {
        match child.tag_name().name() {
            "incoming" | "outgoing" | "laneSet" | "childLaneSet" => {}
            "documentation" => add(&mut says, "documentation".to_owned(), xml::content(child)),
            "conditionExpression" => add(&mut says, "condition".to_owned(), xml::content(child)),
            "flowNodeRef" => add(&mut says, format!("member {}", xml::content(child)), xml::content(child)),
            "extensionElements" => extensions(&mut says, child),
            tag => add(&mut says, tag.to_owned(), written(child)),
        }
    }
    says
}

/// Each extension by itself, each field of a form too.
fn extensions(says: &mut BTreeMap<String, String>, holder: Xml<'_>) {
    for child in holder.children().filter(roxmltree::Node::is_element) {
        let name = tag(child);
        let inner: Vec<Xml<'_>> = child.children().filter(roxmltree::Node::is_element).collect();
        if child.tag_name().name() == "form" && !inner.is_empty() {
            for field in inner {
                let of = xml::attribute(field, "name").unwrap_or_default();
                add(says, format!("{name} {of}"), written(field));
            }
            continue;
        }
        let of = xml::attribute(child, "name").map(|of| format!("{name} {of}"));
        let text = if of.is_some() && child.attributes().len() == 1 { xml::content(child) } else { written(child) };
        add(says, of.unwrap_or(name), text);
    }
}

fn add(says: &mut BTreeMap<String, String>, name: String, value: String) {
    let mut free = name.clone();
    let mut number = 1;
    while says.contains_key(&free) {
        number += 1;
        free = format!("{name} {number}");
    }
    says.insert(free, value);
}

fn tag(node: Xml<'_>) -> String {
    match node.tag_name().namespace() {
        Some(xml::BPMN) | None => node.tag_name().name().to_owned(),
        Some(namespace) => qualified(node, namespace, node.tag_name().name()),
    }
}

fn qualified(node: Xml<'_>, namespace: &str, name: &str) -> String {
    match namespace {
        xml::OURS => format!("v:{name}"),
        other => format!("{}:{name}", node.lookup_prefix(other).unwrap_or(other)),
    }
}

/// An element in one line, without ids.
fn written(node: Xml<'_>) -> String {
    let mut text = String::new();
    // Without recursion: nesting is the file's choice.
    for part in node.descendants() {
        if part.is_text() {
            let words = part.text().unwrap_or_default().trim();
            if !words.is_empty() {
                text.push(' ');
                text.push_str(words);
            }
        } else if part.is_element() {
            if part != node {
                text.push_str(&format!(" {}", tag(part)));
            }
            let mut attributes: Vec<String> = part
                .attributes()
                .filter(|attribute| attribute.name() != "id")
                .map(|attribute| format!(" {}=\"{}\"", attribute.name(), attribute.value()))
                .collect();
            attributes.sort();
            text.extend(attributes);
        }
        if text.len() > 4 * MAX_VALUE {
            break;
        }
    }
    text.trim().to_owned()
}

/// Which element of the newer side each of the older is.
fn matched<'a>(before: &Side<'a>, after: &Side<'a>) -> HashMap<&'a str, &'a str> {
    let mut same: HashMap<&str, &str> =
        before.order.iter().filter_map(|id| Some((*id, *after.elements.get_key_value(id)?.0))).collect();
    let taken: HashSet<&str> = same.values().copied().collect();
    let left: Vec<&str> = before.order.iter().filter(|id| !same.contains_key(**id)).copied().collect();
    let right: Vec<&str> = after.order.iter().filter(|id| !taken.contains(**id)).copied().collect();
    let name = |side: &Side<'a>, id: &str| {
        let element = side.elements.get(id)?;
        element.known_as().map(|(kind, name)| (kind.to_owned(), name.to_owned()))
    };
    pair(&mut same, &left, &right, |id| name(before, id), |id| name(after, id));
    // Flows without names, by the elements they join.
    let ends = |element: &Element<'_>| {
        let end = |what: &str| element.says.get(what).cloned();
        (element.node.tag_name().name() == "sequenceFlow").then_some((end("source")?, end("target")?))
    };
    let known = same.clone();
    let moved = |id: &str| {
        let (source, target) = ends(before.elements.get(id)?)?;
        let now = |id: String| known.get(id.as_str()).map_or(id, |id| (*id).to_owned());
        Some((now(source), now(target)))
    };
    let left: Vec<&str> = left.into_iter().filter(|id| !known.contains_key(id)).collect();
    let taken: HashSet<&str> = known.values().copied().collect();
    let right: Vec<&str> = right.into_iter().filter(|id| !taken.contains(id)).collect();
    pair(&mut same, &left, &right, moved, |id| ends(after.elements.get(id)?));
    same
}

/// Pairs what is known by the same, where that is one on either side.
fn pair<'a, K: std::hash::Hash + Eq>(
    same: &mut HashMap<&'a str, &'a str>,
    left: &[&'a str],
    right: &[&'a str],
    of_left: impl Fn(&str) -> Option<K>,
    of_right: impl Fn(&str) -> Option<K>,
) {
    let mut known: HashMap<K, (Vec<&str>, Vec<&str>)> = HashMap::new();
    for id in left {
        if let Some(key) = of_left(id) {
            known.entry(key).or_default().0.push(id);
        }
    }
    for id in right {
        if let Some(key) = of_right(id) {
            known.entry(key).or_default().1.push(id);
        }
    }
    for (one, other) in known.into_values() {
        if let ([one], [other]) = (one.as_slice(), other.as_slice()) {
            same.insert(one, other);
        }
    }
}

fn changes(
    found: &mut Vec<ComparedChange>,
    id: &str,
    old: &Element<'_>,
    new: &Element<'_>,
    same: &HashMap<&str, &str>,
) {
    let mut change = |what: &str, before: Option<&str>, after: Option<&str>| {
        let short = |text: &str| text.chars().take(MAX_VALUE).collect();
        found.push(ComparedChange {
            element: id.to_owned(),
            what: what.to_owned(),
            before: before.map(short),
            after: after.map(short),
        });
    };
    let tags = (old.node.tag_name().name(), new.node.tag_name().name());
    if tags.0 != tags.1 {
        change("type", Some(tags.0), Some(tags.1));
    }
    let names: std::collections::BTreeSet<&String> = old.says.keys().chain(new.says.keys()).collect();
    for name in names {
        let (before, after) = (old.says.get(name).map(String::as_str), new.says.get(name).map(String::as_str));
        // What an element is called now is no change of what points to it.
        let now = before.map(|before| same.get(before).copied().unwrap_or(before));
        if before != after && now != after {
            change(name, before, after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::file;

    fn shape(id: &str, x: i64) -> String {
        format!(
            r#"<di:BPMNShape bpmnElement="{id}" id="{id}_s"><dc:Bounds x="{x}" y="0" width="100.0" height="80"/></di:BPMNShape>"#
        )
    }

    fn drawn(body: &str, shapes: &str) -> String {
        file(body).replace("</definitions>", &format!(r#"<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><di:BPMNPlane bpmnElement="p">{shapes}</di:BPMNPlane></di:BPMNDiagram></definitions>"#))
    }

    fn ids(list: &[ComparedElement]) -> Vec<&str> {
        list.iter().map(|it| it.element.as_str()).collect()
    }

    #[test]
    fn a_task_on_a_flow_a_duration_and_a_moved_shape() {
        let before = drawn(
            r#"<startEvent id="start"/><userTask id="a" name="A" v:duration="P1D"/><endEvent id="end"/>
            <sequenceFlow id="f" sourceRef="start" targetRef="a"/><sequenceFlow id="g" sourceRef="a" targetRef="end"/>"#,
            &(shape("a", 10) + &shape("end", 20)),
        );
        let after = drawn(
            r#"<startEvent id="start"/><userTask id="a" name="A" v:duration="P2D"/><userTask id="b" name="B"/><endEvent id="end"/>
            <sequenceFlow id="f" sourceRef="start" targetRef="b"/><sequenceFlow id="h" sourceRef="b" targetRef="a"/>
            <sequenceFlow id="g" sourceRef="a" targetRef="end"/>"#,
            &(shape("b", 5) + &shape("a", 10).replace("100.0", "100") + &shape("end", 90)),
        );
        let found = compare(before.as_bytes(), after.as_bytes()).unwrap();
        assert_eq!(ids(&found.added), ["b", "h"]);
        assert_eq!(ids(&found.removed), Vec::<&str>::new());
        assert_eq!(ids(&found.moved), ["end"]);
        let changed: Vec<(&str, &str, Option<&str>, Option<&str>)> = found
            .changed
            .iter()
            .map(|it| (it.element.as_str(), it.what.as_str(), it.before.as_deref(), it.after.as_deref()))
            .collect();
        assert_eq!(changed, [("a", "v:duration", Some("P1D"), Some("P2D")), ("f", "target", Some("a"), Some("b"))]);
        assert_eq!(compare(before.as_bytes(), before.as_bytes()).unwrap(), Differences::default());
    }

    #[test]
    fn another_tools_ids_are_told_by_type_and_name() {
        let one = r#"<startEvent id="s"/><userTask id="a" name="Call"><documentation>x</documentation></userTask><task id="t" name="T"/>
            <sequenceFlow id="f" sourceRef="s" targetRef="a"><conditionExpression>true</conditionExpression></sequenceFlow>"#;
        let other = one
            .replace("\"a\"", "\"Activity_1\"")
            .replace("\"f\"", "\"Flow_1\"")
            .replace(">x<", ">y<")
            .replace("true", "false");
        let found = compare(file(one).as_bytes(), file(&other).as_bytes()).unwrap();
        assert_eq!((found.added.len(), found.removed.len()), (0, 0), "{found:#?}");
        let what: Vec<(&str, &str)> = found.changed.iter().map(|it| (it.element.as_str(), it.what.as_str())).collect();
        assert_eq!(what, [("Activity_1", "documentation"), ("Flow_1", "condition")]);
    }

    #[test]
    fn contracts_are_compared_part_by_part() {
        let task = |inside: &str| {
            file(&format!(
                r#"<startEvent id="s"/><userTask id="a"><extensionElements>{inside}</extensionElements></userTask>"#
            ))
        };
        let before = task(
            r#"<v:param name="subject">Hello</v:param><v:form><v:field name="x" type="text"/><v:field name="y"/></v:form>"#,
        );
        let after = task(
            r#"<v:param name="subject">Bye</v:param><v:form><v:field name="x" type="number"/></v:form><v:escalate to="head"/>"#,
        );
        let found = compare(before.as_bytes(), after.as_bytes()).unwrap();
        let what: Vec<&str> = found.changed.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(what, ["v:escalate", "v:form x", "v:form y", "v:param subject"]);
        assert_eq!(found.changed[3].before.as_deref(), Some("Hello"));
    }
}
