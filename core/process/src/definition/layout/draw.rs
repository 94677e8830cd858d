//! Shapes and edges of a file: its processes one below another, sub-processes with their insides, pools around them.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::columns::{self, GAP_X, GAP_Y, Size};
use crate::definition::xml::{self, Xml};

/// Around the insides of a sub-process or pool.
const PADDING: i64 = 40;
/// The name of a pool stands in a strip at its left.
const STRIP: i64 = 30;
/// Where the first process begins.
const ORIGIN: (i64, i64) = (160, 80);
/// A pool without a process.
const BLACK_BOX: Size = (600, 60);
/// An event at the edge of an activity.
const EVENT: i64 = 36;
/// Lines that go around stand so far from each other.
const LANE: i64 = 10;

/// Elements of a file that is still laid out.
const MAX_ELEMENTS: usize = 60_000;

/// A rectangle: left, top, width, height.
type Area = (i64, i64, i64, i64);

/// What is drawn so far.
#[derive(Default)]
struct Canvas<'a> {
    areas: HashMap<&'a str, Area>,
    shapes: Vec<(&'a str, Area, bool)>,
    edges: Vec<(&'a str, Vec<(i64, i64)>)>,
}

/// The diagrams of a file, as XML; none when there is nothing to draw.
pub fn diagrams(root: Xml<'_>) -> Option<String> {
    if root.descendants().filter(roxmltree::Node::is_element).nth(MAX_ELEMENTS).is_some() {
        return None;
    }
    let collaboration = xml::child(root, "collaboration").filter(|it| xml::named(*it, "participant").next().is_some());
    let mut top = ORIGIN.1;
    let mut text = String::new();
    match collaboration {
        Some(collaboration) => {
            let mut canvas = Canvas::default();
            for participant in xml::named(collaboration, "participant") {
                top = pool(&mut canvas, root, participant, top) + GAP_Y;
            }
            for flow in xml::named(collaboration, "messageFlow") {
                canvas.straight(flow);
            }
            write_diagram(&mut text, 1, xml::attribute(collaboration, "id").unwrap_or_default(), &canvas);
        }
        None => {
            for (number, process) in (1..).zip(xml::named(root, "process")) {
                let mut canvas = Canvas::default();
                let (drawn, _) = inside(process);
                canvas.merge(drawn, ORIGIN);
                if !canvas.shapes.is_empty() {
                    write_diagram(&mut text, number, xml::attribute(process, "id").unwrap_or_default(), &canvas);
                }
            }
        }
    }
    (!text.is_empty()).then_some(text)
}

/// A pool with its process; gives where it ends.
fn pool<'a>(canvas: &mut Canvas<'a>, root: Xml<'a>, participant: Xml<'a>, top: i64) -> i64 {
    let reference = xml::attribute(participant, "processRef").unwrap_or_default();
    let name = reference.rsplit_once(':').map_or(reference, |(_, name)| name);
    let process = xml::named(root, "process").find(|process| {
        let id = xml::attribute(*process, "id");
        id == Some(reference) || id == Some(name)
    });
    let drawn = process.map(inside);
    let (width, height) = match &drawn {
        Some((_, (width, height))) => (width + STRIP + 2 * PADDING, height + 2 * PADDING),
        None => BLACK_BOX,
    };
    if let Some(id) = xml::attribute(participant, "id") {
        canvas.add(id, (ORIGIN.0, top, width.max(BLACK_BOX.0), height), false);
    }
    if let Some((drawn, _)) = drawn {
        canvas.merge(drawn, (ORIGIN.0 + STRIP + PADDING, top + PADDING));
    }
    top + height
}

/// The tags of flow nodes, with their sizes; of boundary events none, they stand at their activity.
fn size(tag: &str) -> Option<Size> {
    Some(match tag {
        "startEvent" | "endEvent" | "intermediateCatchEvent" | "intermediateThrowEvent" | "implicitThrowEvent" => {
            (EVENT, EVENT)
        }
        "exclusiveGateway" | "parallelGateway" | "inclusiveGateway" | "eventBasedGateway" | "complexGateway" => {
            (50, 50)
        }
        "task" | "userTask" | "manualTask" | "serviceTask" | "scriptTask" | "sendTask" | "receiveTask"
        | "businessRuleTask" | "callActivity" | "subProcess" | "transaction" | "adHocSubProcess"
        | "choreographyTask" | "callChoreography" | "subChoreography" => (100, 80),
        _ => return None,
    })
}

fn is_scope(tag: &str) -> bool {
    matches!(tag, "subProcess" | "transaction" | "adHocSubProcess")
}

/// The inside of a process or sub-process with its upper left corner at the origin, and its size. Everything is laid out
/// once, then moved: nesting is the file's choice.
fn inside(scope: Xml<'_>) -> (Canvas<'_>, Size) {
    let mut insides: HashMap<&str, Canvas<'_>> = HashMap::new();
    let mut nodes: Vec<(&str, Size)> = Vec::new();
    for node in xml::children(scope) {
        let tag = node.tag_name().name();
        let (Some(id), Some(mut size)) = (xml::attribute(node, "id"), size(tag)) else { continue };
        if is_scope(tag) {
            let (drawn, (width, height)) = inside(node);
            if !drawn.shapes.is_empty() {
                size = (width + 2 * PADDING, height + 2 * PADDING);
            }
            insides.insert(id, drawn);
        }
        nodes.push((id, size));
    }
    let boundaries: Vec<Xml<'_>> = xml::named(scope, "boundaryEvent").collect();
    let sizes: Vec<Size> = nodes.iter().map(|(_, size)| *size).collect();
    let (places, (mut width, mut height)) = columns::place(&sizes, &flows(scope, &nodes, &boundaries));
    let mut canvas = Canvas::default();
    for ((id, size), place) in nodes.iter().zip(&places) {
        let drawn = insides.remove(id);
        canvas.add(id, (place.x, place.y, size.0, size.1), drawn.is_some());
        if let Some(drawn) = drawn {
            canvas.merge(drawn, (place.x + PADDING, place.y + PADDING));
        }
    }
    attach(&mut canvas, &boundaries);
    let beside = beside(&mut canvas, scope, (0, height + GAP_Y));
    if beside.1 > 0 {
        width = width.max(beside.0);
        height += GAP_Y + beside.1;
    }
    let turns = join(&mut canvas, scope, height + 2 * LANE);
    (canvas, (width, if turns > 0 { height + LANE * (2 + turns) } else { height }))
}

/// Who leads to whom, by places in the list; what leads from a boundary event leads from its activity. What undoes an
/// activity stands behind it.
fn flows(scope: Xml<'_>, nodes: &[(&str, Size)], boundaries: &[Xml<'_>]) -> Vec<(usize, usize)> {
    let mut at: HashMap<&str, usize> = nodes.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
    for event in boundaries {
        let host = xml::attribute(*event, "attachedToRef").and_then(|host| at.get(host)).copied();
        if let (Some(id), Some(host)) = (xml::attribute(*event, "id"), host) {
            at.insert(id, host);
        }
    }
    let ends = |flow: Xml<'_>| {
        Some((*at.get(xml::attribute(flow, "sourceRef")?)?, *at.get(xml::attribute(flow, "targetRef")?)?))
    };
    xml::named(scope, "sequenceFlow").chain(xml::named(scope, "association")).filter_map(ends).collect()
}

/// Events at the lower edge of their activities, from the right.
fn attach<'a>(canvas: &mut Canvas<'a>, events: &[Xml<'a>]) {
    let mut count: HashMap<&str, i64> = HashMap::new();
    for event in events {
        let host = xml::attribute(*event, "attachedToRef").unwrap_or_default();
        let (Some(id), Some(&(x, y, width, height))) = (xml::attribute(*event, "id"), canvas.areas.get(host)) else {
            continue;
        };
        let number = count.entry(host).or_insert(0);
        *number += 1;
        let right = x + width - EVENT / 2 - (*number - 1) * (EVENT + 4);
        canvas.add(id, (right - EVENT / 2, y + height - EVENT / 2, EVENT, EVENT), false);
    }
}

/// Data and notes in a row below; gives its size.
fn beside<'a>(canvas: &mut Canvas<'a>, scope: Xml<'a>, (left, top): (i64, i64)) -> Size {
    let (mut x, mut height) = (left, 0);
    for node in xml::children(scope) {
        let size = match node.tag_name().name() {
            "dataObjectReference" => (36, 50),
            "dataStoreReference" => (50, 50),
            "textAnnotation" => (120, 50),
            _ => continue,
        };
        let Some(id) = xml::attribute(node, "id") else { continue };
        canvas.add(id, (x, top, size.0, size.1), false);
        x += size.0 + GAP_X;
        height = height.max(size.1);
    }
    ((x - left - GAP_X).max(0), height)
}

/// Flows and associations; lines that lead back or past others turn around below. Gives how many did.
fn join<'a>(canvas: &mut Canvas<'a>, scope: Xml<'a>, below: i64) -> i64 {
    let mut turns = 0;
    for flow in xml::children(scope) {
        match flow.tag_name().name() {
            "association" => canvas.straight(flow),
            "sequenceFlow" => {
                let ends = |name| xml::attribute(flow, name).and_then(|id| canvas.areas.get(id)).copied();
                let (Some(id), Some(from), Some(to)) =
                    (xml::attribute(flow, "id"), ends("sourceRef"), ends("targetRef"))
                else {
                    continue;
                };
                let points = way(from, to).unwrap_or_else(|| {
                    turns += 1;
                    around(from, to, below + LANE * (turns - 1))
                });
                canvas.edges.push((id, points));
            }
            _ => {}
        }
    }
    turns
}

/// From the right edge to the left one of a node in the next column.
fn way(from: Area, to: Area) -> Option<Vec<(i64, i64)>> {
    let (start, end) = ((from.0 + from.2, from.1 + from.3 / 2), (to.0, to.1 + to.3 / 2));
    let gap = end.0 - start.0;
    if gap <= 0 || gap >= 100 + 2 * GAP_X {
        return None;
    }
    if start.1 == end.1 {
        return Some(vec![start, end]);
    }
    let middle = end.0 - GAP_X / 2;
    Some(vec![start, (middle.max(start.0), start.1), (middle.max(start.0), end.1), end])
}

fn around(from: Area, to: Area, below: i64) -> Vec<(i64, i64)> {
    let (start, end) = (from.0 + from.2 / 2, to.0 + to.2 / 2);
    vec![(start, from.1 + from.3), (start, below), (end, below), (end, to.1 + to.3)]
}

impl<'a> Canvas<'a> {
    fn add(&mut self, id: &'a str, area: Area, expanded: bool) {
        self.areas.insert(id, area);
        self.shapes.push((id, area, expanded));
    }

    /// Adds what was drawn elsewhere, moved there.
    fn merge(&mut self, other: Canvas<'a>, (right, down): (i64, i64)) {
        let moved = |(x, y, width, height): Area| (x + right, y + down, width, height);
        self.areas.extend(other.areas.into_iter().map(|(id, area)| (id, moved(area))));
        self.shapes.extend(other.shapes.into_iter().map(|(id, area, expanded)| (id, moved(area), expanded)));
        let line = |points: Vec<(i64, i64)>| points.into_iter().map(|(x, y)| (x + right, y + down)).collect();
        self.edges.extend(other.edges.into_iter().map(|(id, points)| (id, line(points))));
    }

    /// A line between the middles of what it joins, where both are drawn.
    fn straight(&mut self, flow: Xml<'a>) {
        let middle = |name| {
            let &(x, y, width, height) = self.areas.get(xml::attribute(flow, name)?)?;
            Some((x + width / 2, y + height / 2))
        };
        if let (Some(id), Some(from), Some(to)) = (xml::attribute(flow, "id"), middle("sourceRef"), middle("targetRef"))
        {
            self.edges.push((id, vec![from, to]));
        }
    }
}

/// The namespaces stand on the diagram itself: nothing of the file is touched.
const NAMESPACES: &str = r#"xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI""#;

fn write_diagram(text: &mut String, number: usize, plane: &str, canvas: &Canvas<'_>) {
    let plane = xml::escaped(plane);
    let _ = write!(
        text,
        "  <bpmndi:BPMNDiagram {NAMESPACES} id=\"diagram_{number}\">\n    <bpmndi:BPMNPlane id=\"plane_{number}\" bpmnElement=\"{plane}\">\n"
    );
    for (id, (x, y, width, height), expanded) in &canvas.shapes {
        let id = xml::escaped(id);
        let expanded = if *expanded { " isExpanded=\"true\"" } else { "" };
        let _ = writeln!(
            text,
            "      <bpmndi:BPMNShape id=\"{id}_di\" bpmnElement=\"{id}\"{expanded}><dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/></bpmndi:BPMNShape>"
        );
    }
    for (id, points) in &canvas.edges {
        let id = xml::escaped(id);
        let _ = write!(text, "      <bpmndi:BPMNEdge id=\"{id}_di\" bpmnElement=\"{id}\">");
        for (x, y) in points {
            let _ = write!(text, "<di:waypoint x=\"{x}\" y=\"{y}\"/>");
        }
        text.push_str("</bpmndi:BPMNEdge>\n");
    }
    text.push_str("    </bpmndi:BPMNPlane>\n  </bpmndi:BPMNDiagram>\n");
}
