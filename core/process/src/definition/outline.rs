//! Which elements a file has: processes, scopes, flow nodes and sequence flows get their places, in the file's order;
//! what has no place in an executable process is refused by name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use roxmltree::{Document, NodeId};

use super::Problems;
use super::model::{Definition, ElementId, Node, NodeIx, NodeKind, Process, Scope, ScopeIx};
use super::xml::{self, Xml};

/// Flow nodes of a file.
pub const MAX_NODES: usize = 20_000;
/// Sequence flows of a file.
pub const MAX_FLOWS: usize = 60_000;
/// Characters of a documentation that are kept: those a task's description has.
const MAX_DOCUMENTATION: usize = 20_000;
/// Characters of an id, and of names by which things are found.
pub const MAX_ID: usize = 255;

/// A file taken apart.
pub struct Outline<'a> {
    /// What has been read so far; its nodes have no kinds yet.
    pub definition: Definition,
    /// The element of each node.
    pub nodes: Vec<Xml<'a>>,
    /// The insides of sub-processes, by their node.
    pub insides: HashMap<NodeIx, ScopeIx>,
    /// Sequence flows with the scope they stand in.
    pub flows: Vec<(ScopeIx, Xml<'a>)>,
    /// Lane sets with the scope they stand in.
    pub lanes: Vec<Xml<'a>>,
    /// Associations, wherever they stand.
    pub associations: Vec<Xml<'a>>,
    /// Elements directly under `definitions`, and data of processes, by id.
    pub named: HashMap<&'a str, Xml<'a>>,
}

impl<'a> Outline<'a> {
    /// The element of a node.
    pub fn node(&self, place: NodeIx) -> Option<Xml<'a>> {
        self.nodes.get(usize::try_from(place.0).ok()?).copied()
    }

    /// Whether a node is an activity: a task, call or sub-process.
    pub fn is_activity(&self, place: NodeIx) -> bool {
        self.node(place).is_some_and(|node| {
            let tag = node.tag_name().name();
            tag.ends_with("ask") || matches!(tag, "subProcess" | "callActivity" | "transaction")
        })
    }

    /// The element that a reference of the given kind means. References are qualified names: a prefix is dropped when
    /// the whole is no id.
    pub fn find(&self, reference: &str, tag: &str) -> Option<Xml<'a>> {
        let found = self.named.get(reference);
        let found = found.or_else(|| self.named.get(reference.rsplit_once(':')?.1));
        found.copied().filter(|node| xml::is(*node, tag))
    }
}

/// What an element within a process is to us.
enum Role {
    Node,
    Scope,
    Flow,
    Lanes,
    Data,
    Ignored,
    Refused(&'static str),
}

fn role(tag: &str) -> Role {
    match tag {
        "startEvent" | "endEvent" | "intermediateCatchEvent" | "intermediateThrowEvent" | "boundaryEvent" => Role::Node,
        "exclusiveGateway" | "parallelGateway" | "inclusiveGateway" | "eventBasedGateway" | "complexGateway" => {
            Role::Node
        }
        "task" | "userTask" | "manualTask" | "serviceTask" | "scriptTask" | "sendTask" | "receiveTask" => Role::Node,
        "businessRuleTask" | "callActivity" => Role::Node,
        "subProcess" | "transaction" => Role::Scope,
        "sequenceFlow" => Role::Flow,
        "laneSet" => Role::Lanes,
        "dataObject" | "dataObjectReference" | "property" => Role::Data,
        "extensionElements"
        | "documentation"
        | "textAnnotation"
        | "association"
        | "group"
        | "dataStoreReference"
        | "ioSpecification"
        | "ioBinding"
        | "auditing"
        | "monitoring"
        | "supportedInterfaceRef"
        | "resourceRole"
        | "performer"
        | "humanPerformer"
        | "potentialOwner"
        | "correlationSubscription"
        | "supports"
        | "artifact"
        | "incoming"
        | "outgoing"
        | "dataInputAssociation"
        | "dataOutputAssociation"
        | "standardLoopCharacteristics"
        | "multiInstanceLoopCharacteristics" => Role::Ignored,
        "adHocSubProcess" => Role::Refused("ad-hoc sub-processes are not supported: draw the order as a sub-process"),
        "implicitThrowEvent" => Role::Refused("implicit throw events are not supported"),
        "choreographyTask" | "callChoreography" | "subChoreography" => {
            Role::Refused("choreographies cannot be executed: draw a process")
        }
        _ => Role::Refused("this element is not known within a process"),
    }
}

/// Takes the file apart; nothing when it is no BPMN file with a process.
pub fn collect<'a>(document: &'a Document<'a>, problems: &mut Problems) -> Option<Outline<'a>> {
    let root = document.root_element();
    if !xml::is(root, "definitions") {
        problems.error("", xml::no_bpmn(root));
        return None;
    }
    let mut outline = Outline {
        definition: Definition::default(),
        nodes: Vec::new(),
        insides: HashMap::new(),
        flows: Vec::new(),
        lanes: Vec::new(),
        associations: root.descendants().filter(|node| xml::is(*node, "association")).collect(),
        named: HashMap::new(),
    };
    for child in xml::children(root) {
        if let Some(id) = xml::attribute(child, "id") {
            outline.named.entry(id).or_insert(child);
        }
    }
    check_ids(root, problems);
    let processes: Vec<Xml<'a>> = xml::named(root, "process").collect();
    if processes.is_empty() {
        problems.error("", "the file has no process");
        return None;
    }
    check_participants(root, &outline, problems);
    collect_processes(&mut outline, &processes, problems)?;
    Some(outline)
}

/// Ids are unique within a file. Details that nothing refers to are let pass: some tools repeat their ids.
fn check_ids(root: Xml<'_>, problems: &mut Problems) {
    let mut seen = HashSet::new();
    for node in root.descendants().filter(|node| node.tag_name().namespace() == Some(xml::BPMN)) {
        let tag = node.tag_name().name();
        let detail = tag.ends_with("Expression") || tag.ends_with("EventDefinition") || tag.starts_with("time");
        if detail || matches!(tag, "documentation" | "script" | "text" | "condition") {
            continue;
        }
        let Some(id) = xml::attribute(node, "id") else { continue };
        if !seen.insert(id) {
            problems.error(id, format!("two elements have the id `{id}`: give one of them another"));
        }
        if id.chars().nth(MAX_ID).is_some() {
            problems.error(id, format!("the id is longer than {MAX_ID} characters"));
        }
    }
}

/// Pools: one without a process is a black box; one with a process must have it in the file.
fn check_participants(root: Xml<'_>, outline: &Outline<'_>, problems: &mut Problems) {
    let collaborations = xml::children(root).filter(|child| child.tag_name().name() == "collaboration");
    for participant in collaborations.flat_map(|collaboration| xml::named(collaboration, "participant")) {
        if let Some(reference) = xml::attribute(participant, "processRef")
            && outline.find(reference, "process").is_none()
        {
            problems.error(
                xml::label(participant),
                format!("processRef `{reference}` is no process of the file: add the process or remove the reference"),
            );
        }
    }
}

fn collect_processes<'a>(outline: &mut Outline<'a>, processes: &[Xml<'a>], problems: &mut Problems) -> Option<()> {
    let marked = |process: &Xml<'a>, value: bool| match xml::attribute(*process, "isExecutable") {
        Some("true" | "1") => value,
        Some(_) => !value,
        None => false,
    };
    let chosen = processes.iter().any(|process| marked(process, true));
    for (place, process) in processes.iter().enumerate() {
        let Some(id) = xml::attribute(*process, "id") else {
            problems.error("process", "a process has no id: give it one");
            continue;
        };
        let empty = !xml::children(*process)
            .any(|child| matches!(role(child.tag_name().name()), Role::Node | Role::Scope | Role::Refused(_)));
        // Drawing tools mark nothing or everything as not executable: only a choice among processes is taken as one.
        let left_out = chosen && marked(process, false);
        let executable = !empty && !left_out && has_begin(*process, processes.len());
        if !executable && !empty {
            problems.warn(id, "the process is not executable: it is shown, but cannot be started");
        }
        let scope = add_scope(outline, None, None, place);
        outline.definition.processes.push(Process {
            id: Arc::from(id),
            name: xml::attribute(*process, "name").unwrap_or(id).chars().take(MAX_ID).collect(),
            executable,
            marked_off: marked(process, false),
            scope,
        });
        if executable {
            walk(outline, *process, scope, problems)?;
        }
    }
    let definition = &mut outline.definition;
    match definition.processes.iter().find(|process| process.executable) {
        Some(first) => {
            definition.key = first.id.to_string();
            definition.name.clone_from(&first.name);
        }
        None => problems.error("", "no process of the file has anything to run: draw at least a start and a task"),
    }
    Some(())
}

/// Among several processes, one without the attribute counts as executable when it has a start.
fn has_begin(process: Xml<'_>, count: usize) -> bool {
    count == 1 || xml::attribute(process, "isExecutable").is_some() || xml::child(process, "startEvent").is_some()
}

fn add_scope(outline: &mut Outline<'_>, owner: Option<NodeIx>, parent: Option<ScopeIx>, process: usize) -> ScopeIx {
    let scopes = &mut outline.definition.scopes;
    let scope = ScopeIx(u32::try_from(scopes.len()).unwrap_or(u32::MAX));
    scopes.push(Scope { owner, parent, process, ..Scope::default() });
    scope
}

/// Goes over a process in the file's order, without recursion: nesting is the file's choice.
fn walk<'a>(outline: &mut Outline<'a>, process: Xml<'a>, scope: ScopeIx, problems: &mut Problems) -> Option<()> {
    let mut scopes: HashMap<NodeId, ScopeIx> = HashMap::from([(process.id(), scope)]);
    for node in process.descendants().skip(1) {
        let parent = node.parent().and_then(|parent| scopes.get(&parent.id())).copied();
        let Some(scope) = parent.filter(|_| node.is_element() && node.tag_name().namespace() == Some(xml::BPMN)) else {
            continue;
        };
        match role(node.tag_name().name()) {
            Role::Node => {
                add_node(outline, node, scope, problems)?;
            }
            Role::Scope => {
                if let Some(owner) = add_node(outline, node, scope, problems)? {
                    let process = outline.definition.scope(scope).process;
                    let inside = add_scope(outline, Some(owner), Some(scope), process);
                    outline.insides.insert(owner, inside);
                    scopes.insert(node.id(), inside);
                }
            }
            Role::Flow if outline.flows.len() < MAX_FLOWS => outline.flows.push((scope, node)),
            Role::Flow => {
                problems.error("", format!("the file has more than {MAX_FLOWS} sequence flows"));
                return None;
            }
            Role::Lanes => outline.lanes.push(node),
            Role::Data => add_data(outline, node, scope),
            Role::Ignored => {}
            Role::Refused(reason) => {
                problems.error(xml::label(node), format!("`{}`: {reason}", node.tag_name().name()));
            }
        }
    }
    Some(())
}

/// The outer `None` stops reading; the inner one is a node that cannot be read.
fn add_node<'a>(
    outline: &mut Outline<'a>,
    node: Xml<'a>,
    scope: ScopeIx,
    problems: &mut Problems,
) -> Option<Option<NodeIx>> {
    let tag = node.tag_name().name();
    let Some(id) = xml::attribute(node, "id") else {
        problems.error(tag, format!("a `{tag}` has no id: give it one"));
        return Some(None);
    };
    if outline.nodes.len() >= MAX_NODES {
        problems.error("", format!("the file has more than {MAX_NODES} flow nodes: split it, and use call activities"));
        return None;
    }
    let place = NodeIx(u32::try_from(outline.nodes.len()).unwrap_or(u32::MAX));
    let id: ElementId = Arc::from(id);
    outline.nodes.push(node);
    outline.definition.by_id.entry(Arc::clone(&id)).or_insert(place);
    outline.definition.nodes.push(Node {
        id,
        name: xml::attribute(node, "name").unwrap_or_default().chars().take(MAX_ID).collect(),
        documentation: documentation(node),
        scope,
        incoming: Vec::new(),
        outgoing: Vec::new(),
        default: None,
        boundary: Vec::new(),
        repeat: None,
        undo: None,
        for_compensation: false,
        begins: None,
        lane: String::new(),
        kind: NodeKind::Abstract,
    });
    if let Some(scope) = outline.definition.scope_mut(scope) {
        scope.nodes.push(place);
    }
    Some(Some(place))
}

fn documentation(node: Xml<'_>) -> String {
    let text = xml::child(node, "documentation").map(xml::content).unwrap_or_default();
    text.chars().take(MAX_DOCUMENTATION).collect()
}

/// Data objects and properties are variables under their names. Modelers write the name on the reference.
fn add_data<'a>(outline: &mut Outline<'a>, node: Xml<'a>, scope: ScopeIx) {
    if let Some(id) = xml::attribute(node, "id") {
        outline.named.entry(id).or_insert(node);
    }
    let Some(name) = xml::attribute(node, "name") else { return };
    if let Some(scope) = outline.definition.scope_mut(scope)
        && !scope.data.iter().any(|known| known == name)
    {
        scope.data.push(name.to_owned());
    }
}
