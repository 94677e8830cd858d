//! Each flow node's kind, by its tag.

use super::Problems;
use super::model::{NodeIx, NodeKind, Repeat};
use super::outline::Outline;
use super::xml::{self, Xml};
use super::{activities, events, repeats};

/// One node while it is read.
pub struct Reading<'a, 'r> {
    /// The node's element.
    pub node: Xml<'a>,
    /// Its place.
    pub place: NodeIx,
    /// The file.
    pub outline: &'r Outline<'a>,
    /// Where problems go.
    pub problems: &'r mut Problems,
}

impl<'a> Reading<'a, '_> {
    /// The node's id.
    pub fn id(&self) -> &'a str {
        xml::label(self.node)
    }

    /// An error of this node.
    pub fn error(&mut self, message: impl Into<String>) {
        let id = self.id();
        self.problems.error(id, message);
    }

    /// A warning of this node.
    pub fn warn(&mut self, message: impl Into<String>) {
        let id = self.id();
        self.problems.warn(id, message);
    }

    /// The value, or its problem as an error of this node, with what it is about.
    pub fn check<T>(&mut self, what: &str, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|problem| self.error(format!("{what}: {problem}"))).ok()
    }

    /// Whether the node stands directly within an event sub-process.
    pub fn in_event_sub_process(&self) -> bool {
        let scope = self.outline.definition.scope(self.outline.definition.node(self.place).scope);
        scope.owner.and_then(|owner| self.outline.node(owner)).is_some_and(is_event_sub_process)
    }

    /// Whether the node stands directly within a process.
    pub fn in_process(&self) -> bool {
        self.outline.definition.scope(self.outline.definition.node(self.place).scope).owner.is_none()
    }
}

/// `triggeredByEvent`.
pub fn is_event_sub_process(node: Xml<'_>) -> bool {
    xml::is(node, "subProcess") && xml::flag(node, "triggeredByEvent", false)
}

/// Gives every node its kind. A node whose kind cannot be told keeps a placeholder beside its error.
pub fn read(outline: &mut Outline<'_>, problems: &mut Problems) {
    let mut kinds: Vec<(NodeIx, NodeKind, Option<Repeat>)> = Vec::with_capacity(outline.nodes.len());
    for (place, node) in (0..).map(NodeIx).zip(outline.nodes.iter()) {
        let mut reading = Reading { node: *node, place, outline, problems };
        let kind = read_kind(&mut reading).unwrap_or(NodeKind::Abstract);
        let repeat = repeats::read(&mut reading);
        warn_of_unknown_attributes(&mut reading);
        kinds.push((place, kind, repeat));
    }
    for (place, kind, repeat) in kinds {
        if let Some(node) = outline.definition.node_mut(place) {
            node.kind = kind;
            node.repeat = repeat;
        }
    }
}

fn read_kind(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    match reading.node.tag_name().name() {
        "startEvent" => events::start(reading),
        "endEvent" => events::end(reading),
        "intermediateCatchEvent" => events::catch(reading),
        "intermediateThrowEvent" => events::throw(reading),
        "boundaryEvent" => events::boundary(reading),
        "exclusiveGateway" => Some(NodeKind::Exclusive),
        "parallelGateway" => Some(NodeKind::Parallel),
        "inclusiveGateway" => Some(NodeKind::Inclusive),
        "eventBasedGateway" => event_based(reading),
        _ => activities::read(reading),
    }
}

fn event_based(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    if xml::flag(reading.node, "instantiate", false) {
        reading.error("an event-based gateway cannot start a process (`instantiate`): use start events");
    }
    if xml::attribute(reading.node, "eventGatewayType") == Some("Parallel") {
        reading.error("parallel event-based gateways are not supported: use a parallel gateway and catch events");
    }
    Some(NodeKind::EventBased)
}

/// Attributes of our namespace that mean something.
const KNOWN: [&str; 24] = [
    "duration",
    "remindBefore",
    "mainAction",
    "requireMainAction",
    "executors",
    "assignment",
    "completedBy",
    "form",
    "escalate",
    "event",
    "probability",
    "service",
    "resultVariable",
    "retries",
    "expression",
    "binding",
    "version",
    "collection",
    "item",
    "correlationKey",
    "outputCollection",
    "outputItem",
    "cardinality",
    "completionCondition",
];

fn warn_of_unknown_attributes(reading: &mut Reading<'_, '_>) {
    for attribute in reading.node.attributes().filter(|attribute| attribute.namespace() == Some(xml::OURS)) {
        if !KNOWN.contains(&attribute.name()) {
            reading.warn(format!("`v:{}` is not known and means nothing", attribute.name()));
        }
    }
}
