//! What joins the nodes: sequence flows, defaults, boundaries, lanes, and where a scope begins.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::expression::Expression;

use super::Problems;
use super::expressions;
use super::model::{Definition, ElementId, Flow, FlowIx, NodeIx, NodeKind, ScopeIx, Trigger};
use super::outline::{MAX_ID, Outline};
use super::xml::{self, Xml};

/// Languages of conditions that are programs of other engines.
const FOREIGN_LANGUAGES: [&str; 9] =
    ["javascript", "ecmascript", "groovy", "python", "ruby", "java", "mvel", "xslt", "jruby"];

/// Joins what the outline holds.
pub fn join(outline: &mut Outline<'_>, problems: &mut Problems) {
    let flows = std::mem::take(&mut outline.flows);
    let mut ids = FlowIds::new();
    for (scope, element) in flows {
        if let Some(flow) = read_flow(&outline.definition, scope, element, &mut ids, problems) {
            add_flow(&mut outline.definition, flow);
        }
    }
    defaults(outline, problems);
    boundaries(outline);
    super::undo::join(outline, problems);
    let lanes = std::mem::take(&mut outline.lanes);
    read_lanes(outline, &lanes, problems);
    starts(outline, problems);
}

fn add_flow(definition: &mut Definition, flow: Flow) {
    let place = FlowIx(u32::try_from(definition.flows.len()).unwrap_or(u32::MAX));
    if let Some(source) = definition.node_mut(flow.source) {
        source.outgoing.push(place);
    }
    if let Some(target) = definition.node_mut(flow.target) {
        target.incoming.push(place);
    }
    definition.flow_by_id.insert(Arc::clone(&flow.id), place);
    definition.flows.push(flow);
}

fn read_flow(
    definition: &Definition,
    scope: ScopeIx,
    element: Xml<'_>,
    ids: &mut FlowIds,
    problems: &mut Problems,
) -> Option<Flow> {
    let label = xml::label(element);
    let mut end = |name: &str| {
        let Some(reference) = xml::attribute(element, name) else {
            problems.error(label, format!("{name} is missing: the flow hangs in the air"));
            return None;
        };
        let node = definition.find(reference).or_else(|| definition.find(reference.rsplit_once(':')?.1));
        match node {
            None => problems.error(label, format!("{name} `{reference}` is no flow node of the process")),
            Some(node) if definition.node(node).scope != scope => problems.error(
                label,
                format!("{name} `{reference}` is in another process or sub-process: flows cannot cross their borders"),
            ),
            Some(_) => {}
        }
        node.filter(|node| definition.node(*node).scope == scope)
    };
    let (source, target) = (end("sourceRef"), end("targetRef"));
    let (source, target) = (source?, target?);
    check_ends(definition, label, source, target, problems);
    let condition = condition(definition, source, element, problems);
    let id = flow_id(definition, element, source, target, ids);
    let name = xml::attribute(element, "name").unwrap_or_default().chars().take(MAX_ID).collect();
    Some(Flow { id, name, source, target, condition })
}

/// Ids of flows given so far, with how often each was asked for.
type FlowIds = HashMap<ElementId, u32>;

/// A flow needs no id in BPMN; one without gets one that is the same with every reading.
fn flow_id(definition: &Definition, element: Xml<'_>, source: NodeIx, target: NodeIx, ids: &mut FlowIds) -> ElementId {
    let between = || format!("{}->{}", definition.node(source).id, definition.node(target).id);
    let base: ElementId = Arc::from(xml::attribute(element, "id").map_or_else(between, str::to_owned));
    let mut id = Arc::clone(&base);
    while ids.contains_key(&id) {
        let number = ids.entry(Arc::clone(&base)).or_insert(1);
        *number += 1;
        id = Arc::from(format!("{base}#{number}"));
    }
    ids.insert(Arc::clone(&id), 1);
    id
}

fn check_ends(definition: &Definition, flow: &str, source: NodeIx, target: NodeIx, problems: &mut Problems) {
    let is_event_sub_process = |kind: &NodeKind| matches!(kind, NodeKind::SubProcess { event: true, .. });
    let problem = match &definition.node(source).kind {
        NodeKind::End(_) => Some("an end event has no outgoing flow"),
        NodeKind::Throw(super::model::Outcome::Link(_)) => {
            Some("a link throw event has no outgoing flow: it goes on at its catch")
        }
        kind if is_event_sub_process(kind) => Some("an event sub-process has no flows: only its start event begins it"),
        NodeKind::Boundary { trigger: Trigger::Compensation, .. } => {
            Some("a compensation event has no outgoing flow: an association leads to what undoes its activity")
        }
        _ => None,
    };
    let other = match &definition.node(target).kind {
        NodeKind::Start { .. } => Some("a start event has no incoming flow"),
        NodeKind::Boundary { .. } => Some("a boundary event has no incoming flow: its activity leads to it"),
        NodeKind::Catch(Trigger::Link(_)) => Some("a link catch event has no incoming flow: its throw leads to it"),
        kind if is_event_sub_process(kind) => Some("an event sub-process has no flows: only its start event begins it"),
        _ => None,
    };
    let undoes = [source, target].into_iter().any(|end| definition.node(end).for_compensation);
    let undoes = undoes.then_some("an activity for compensation has no flows: only a compensation event leads to it");
    let begins = definition.node(target).begins.is_some();
    let begins = begins.then_some("what begins a process (`instantiate`) has no incoming flow");
    for problem in [problem, other, undoes, begins].into_iter().flatten() {
        problems.error(flow, problem);
    }
}

fn condition(definition: &Definition, source: NodeIx, element: Xml<'_>, problems: &mut Problems) -> Option<Expression> {
    let holder = xml::child(element, "conditionExpression")?;
    let label = xml::label(element);
    let language = xml::attribute(holder, "language").unwrap_or_default().to_ascii_lowercase();
    if FOREIGN_LANGUAGES.iter().any(|foreign| language.ends_with(foreign)) {
        problems.error(
            label,
            format!("conditions in `{language}` are not run: write it in CEL, such as `vars.amount > 100`"),
        );
        return None;
    }
    let text = xml::content(holder);
    if text.is_empty() {
        problems.warn(label, "the condition is empty: the flow counts as unconditional");
        return None;
    }
    if matches!(definition.node(source).kind, NodeKind::Parallel | NodeKind::EventBased) {
        problems.warn(label, "conditions mean nothing behind a parallel or event-based gateway");
        return None;
    }
    expressions::compile(&text).map_err(|problem| problems.error(label, format!("condition: {problem}"))).ok()
}

fn defaults(outline: &mut Outline<'_>, problems: &mut Problems) {
    for (place, element) in (0..).map(NodeIx).zip(outline.nodes.iter()) {
        let Some(reference) = xml::attribute(*element, "default") else { continue };
        let definition = &outline.definition;
        let local = reference.rsplit_once(':').map_or(reference, |(_, local)| local);
        let flow = definition.flow_by_id.get(reference).or_else(|| definition.flow_by_id.get(local)).copied();
        let Some(flow) = flow.filter(|flow| definition.flow(*flow).source == place) else {
            problems.error(xml::label(*element), format!("default `{reference}` is no flow that leaves the element"));
            continue;
        };
        if definition.flow(flow).condition.is_some() {
            problems.warn(&definition.flow(flow).id, "the condition of a default flow means nothing");
        }
        if let Some(node) = outline.definition.node_mut(place) {
            node.default = Some(flow);
        }
    }
}

fn boundaries(outline: &mut Outline<'_>) {
    for place in (0..).map(NodeIx).take(outline.nodes.len()) {
        let NodeKind::Boundary { host, .. } = outline.definition.node(place).kind else { continue };
        if let Some(host) = outline.definition.node_mut(host) {
            host.boundary.push(place);
        }
    }
}

/// Names of lanes go to the nodes they list, the innermost last. A lane may be nested in a child lane set of another.
fn read_lanes(outline: &mut Outline<'_>, sets: &[Xml<'_>], problems: &mut Problems) {
    for set in sets {
        for lane in set.descendants().filter(|node| xml::is(*node, "lane")) {
            let name = xml::attribute(lane, "name").unwrap_or_default();
            for reference in xml::named(lane, "flowNodeRef").map(xml::content) {
                let place = outline.definition.find(&reference);
                let place = place.or_else(|| outline.definition.find(reference.rsplit_once(':')?.1));
                match place.and_then(|place| outline.definition.node_mut(place)) {
                    Some(node) if !name.is_empty() => node.lane = name.chars().take(MAX_ID).collect(),
                    Some(_) => {}
                    None => {
                        problems.warn(xml::label(lane), format!("the lane lists `{reference}`, which is no flow node"))
                    }
                }
            }
        }
    }
}

/// Where scopes begin.
fn starts(outline: &mut Outline<'_>, problems: &mut Problems) {
    for scope in (0..).map(ScopeIx).take(outline.definition.scopes.len()) {
        let definition = &outline.definition;
        let nodes = definition.scope(scope).nodes.clone();
        let kind = |node: &NodeIx| &definition.node(*node).kind;
        let starting = |plain: bool| {
            let fits = move |node: &&NodeIx| match kind(node) {
                NodeKind::Start { trigger, .. } => matches!(trigger, Trigger::None) == plain,
                _ => false,
            };
            nodes.iter().filter(fits).copied().collect::<Vec<_>>()
        };
        let mut triggered = starting(false);
        triggered.extend(nodes.iter().flat_map(|node| beginning(definition, *node)));
        let event_sub_processes: Vec<NodeIx> = nodes
            .iter()
            .filter(|node| matches!(kind(node), NodeKind::SubProcess { event: true, .. }))
            .copied()
            .collect();
        let mut starts = starting(true);
        if starts.is_empty() && triggered.is_empty() {
            starts = nodes.iter().filter(|node| begins_without_start(definition, **node)).copied().collect();
        }
        check_begin(definition, scope, &starts, &triggered, problems);
        if let Some(scope) = outline.definition.scope_mut(scope) {
            scope.starts = starts;
            scope.triggered_starts = triggered;
            scope.event_sub_processes = event_sub_processes;
        }
    }
    links(&outline.definition, problems);
    super::undo::starts(outline, problems);
}

/// What a node begins its process with: the events behind a gateway, a receive task itself.
fn beginning(definition: &Definition, place: NodeIx) -> Vec<NodeIx> {
    let node = definition.node(place);
    match (node.begins, &node.kind) {
        (None, _) => Vec::new(),
        (Some(_), NodeKind::EventBased) => node.outgoing.iter().map(|flow| definition.flow(*flow).target).collect(),
        (Some(_), _) => vec![place],
    }
}

fn begins_without_start(definition: &Definition, node: NodeIx) -> bool {
    let node = definition.node(node);
    let elsewhere = matches!(
        node.kind,
        NodeKind::Boundary { .. } | NodeKind::SubProcess { event: true, .. } | NodeKind::Catch(Trigger::Link(_))
    );
    node.incoming.is_empty() && node.begins.is_none() && !node.for_compensation && !elsewhere
}

fn check_begin(
    definition: &Definition,
    place: ScopeIx,
    starts: &[NodeIx],
    triggered: &[NodeIx],
    problems: &mut Problems,
) {
    let scope = definition.scope(place);
    let process = definition.processes.get(scope.process);
    let label = match scope.owner {
        Some(owner) => definition.node(owner).id.to_string(),
        None if process.is_none_or(|process| !process.executable) => return,
        None => process.map(|process| process.id.to_string()).unwrap_or_default(),
    };
    let is_event = scope
        .owner
        .is_some_and(|owner| matches!(definition.node(owner).kind, NodeKind::SubProcess { event: true, .. }));
    if is_event {
        if triggered.len() != 1 || !starts.is_empty() {
            problems.error(&label, "an event sub-process needs exactly one start event, with an event");
        }
    } else if starts.is_empty() && triggered.is_empty() {
        problems.error(&label, "there is nowhere to begin: draw a start event");
    }
}

/// Each link throw has one catch of its name in its scope.
fn links(definition: &Definition, problems: &mut Problems) {
    let mut catches: HashMap<(ScopeIx, &str), u32> = HashMap::new();
    for node in &definition.nodes {
        if let NodeKind::Catch(Trigger::Link(name)) = &node.kind {
            let count = catches.entry((node.scope, name)).or_default();
            *count += 1;
            if *count == 2 {
                problems.error(&node.id, format!("two link catch events have the name `{name}` in the same process"));
            }
        }
    }
    for node in &definition.nodes {
        if let NodeKind::Throw(super::model::Outcome::Link(name)) = &node.kind
            && !catches.contains_key(&(node.scope, name.as_str()))
        {
            problems.error(&node.id, format!("no link catch event has the name `{name}` in the same process"));
        }
    }
}
