//! Each flow node's kind, by its tag.

use super::Problems;
use super::model::{Begins, NodeIx, NodeKind, Repeat, ScopeIx};
use super::outline::Outline;
use super::xml::{self, Xml};
use super::{activities, events, expressions, repeats};

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

    /// The node's scope, and as long as it is the inside of an event sub-process the one around that.
    pub fn reach(&self) -> impl Iterator<Item = ScopeIx> {
        let definition = &self.outline.definition;
        let around = |inside: &ScopeIx| {
            let scope = definition.scope(*inside);
            let event = self.outline.node(scope.owner?).is_some_and(is_event_sub_process);
            scope.parent.filter(|_| event)
        };
        std::iter::successors(Some(definition.node(self.place).scope), around)
    }

    /// Whether there is a transaction around the node.
    pub fn in_transaction(&self) -> bool {
        let definition = &self.outline.definition;
        let around = |inside: &ScopeIx| definition.scope(*inside).parent;
        let owners = std::iter::successors(Some(definition.node(self.place).scope), around)
            .filter_map(|inside| self.outline.node(definition.scope(inside).owner?));
        owners.into_iter().any(|owner| xml::is(owner, "transaction"))
    }

    /// Whether the node stands directly within an event sub-process of a sub-process.
    pub fn undoes_sub_process(&self) -> bool {
        let definition = &self.outline.definition;
        let around = self.reach().nth(1).map(|scope| definition.scope(scope).owner);
        let owner = around.flatten().and_then(|owner| self.outline.node(owner));
        owner.is_some_and(|owner| !is_event_sub_process(owner))
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
    let mut kinds: Vec<(NodeIx, NodeKind, Option<Repeat>, Option<Begins>)> = Vec::with_capacity(outline.nodes.len());
    for (place, node) in (0..).map(NodeIx).zip(outline.nodes.iter()) {
        let mut reading = Reading { node: *node, place, outline, problems };
        let kind = read_kind(&mut reading).unwrap_or(NodeKind::Abstract);
        let repeat = repeats::read(&mut reading);
        let begins = begins(&mut reading);
        warn_of_unknown_attributes(&mut reading);
        kinds.push((place, kind, repeat, begins));
    }
    for (place, kind, repeat, begins) in kinds {
        let undoes = outline.node(place).is_some_and(|node| xml::flag(node, "isForCompensation", false));
        let for_compensation = undoes && outline.is_activity(place);
        if let Some(node) = outline.definition.node_mut(place) {
            node.kind = kind;
            node.repeat = repeat;
            node.begins = begins;
            node.for_compensation = for_compensation;
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
        "eventBasedGateway" => Some(NodeKind::EventBased),
        "complexGateway" => complex(reading),
        _ => activities::read(reading),
    }
}

fn complex(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let text = xml::child(reading.node, "activationCondition").map(xml::content).filter(|text| !text.is_empty());
    let activation = match text {
        Some(text) => Some(reading.check("activationCondition", expressions::compile(&text))?),
        None => None,
    };
    Some(NodeKind::Complex { activation })
}

/// `instantiate`.
fn begins(reading: &mut Reading<'_, '_>) -> Option<Begins> {
    let gateway = match reading.node.tag_name().name() {
        "eventBasedGateway" => true,
        "receiveTask" => false,
        _ => return None,
    };
    let all = gateway && xml::attribute(reading.node, "eventGatewayType") == Some("Parallel");
    if !xml::flag(reading.node, "instantiate", false) {
        if all {
            reading.error(
                "an event-based gateway waits for all of its events only where it begins the process (`instantiate`)",
            );
        }
        return None;
    }
    if !reading.in_process() {
        reading.error("only a process begins with an event (`instantiate`), no sub-process does");
    }
    if xml::child(reading.node, "standardLoopCharacteristics").is_some()
        || xml::child(reading.node, "multiInstanceLoopCharacteristics").is_some()
    {
        reading.error("what begins a process (`instantiate`) cannot be repeated");
    }
    Some(if all { Begins::All } else { Begins::One })
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
