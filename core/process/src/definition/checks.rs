//! What the parts of a file mean together: calls that never end, nodes that nothing reaches, joins that wait for ever,
//! gateways that may have no way out, event-based gateways that wait for nothing.

use std::collections::{HashMap, HashSet};

use super::model::{Begins, Definition, FlowIx, Node, NodeIx, NodeKind, Outcome, ScopeIx, Trigger};
use super::{Problems, undo};

/// Flows looked at while searching for deadlocks, over the whole file.
const DEADLOCK_EFFORT: usize = 2_000_000;
/// Nodes a chain is followed upwards from a join.
const MAX_CHAIN: usize = 1_000;

/// All of them.
pub fn check(definition: &Definition, problems: &mut Problems) {
    for place in (0..).map(NodeIx).take(definition.nodes.len()) {
        match definition.node(place).kind {
            NodeKind::Exclusive | NodeKind::Inclusive => check_choice(definition, place, problems),
            NodeKind::Complex { .. } => {
                check_choice(definition, place, problems);
                check_activation(definition, place, problems);
            }
            NodeKind::EventBased => check_race(definition, place, problems),
            _ => {}
        }
    }
    check_calls(definition, problems);
    check_reach(definition, problems);
    check_deadlocks(definition, problems);
    undo::check(definition, problems);
}

fn check_choice(definition: &Definition, place: NodeIx, problems: &mut Problems) {
    let node = definition.node(place);
    if node.outgoing.len() < 2 && node.outgoing.iter().all(|flow| definition.flow(*flow).condition.is_none()) {
        return;
    }
    let mut bare =
        node.outgoing.iter().filter(|flow| definition.flow(**flow).condition.is_none() && node.default != Some(**flow));
    if let Some(flow) = bare.next() {
        let flow = definition.flow(*flow);
        problems.warn(
            &flow.id,
            format!("the flow has no condition and is not the default of `{}`: it is always true", node.id),
        );
    } else if node.default.is_none() {
        problems
            .warn(&node.id, "the gateway has no default flow: when no condition is true, it stops with an incident");
    }
}

fn check_activation(definition: &Definition, place: NodeIx, problems: &mut Problems) {
    let node = definition.node(place);
    if matches!(node.kind, NodeKind::Complex { activation: None }) && node.incoming.len() > 1 {
        problems.warn(
            &node.id,
            "the complex gateway has no activationCondition: it lets the first token go and holds the others back",
        );
    }
}

fn check_race(definition: &Definition, place: NodeIx, problems: &mut Problems) {
    let node = definition.node(place);
    if node.outgoing.is_empty() {
        problems.error(&node.id, "the event-based gateway leads to no event");
    }
    for flow in &node.outgoing {
        let target = definition.node(definition.flow(*flow).target);
        let waits = match &target.kind {
            NodeKind::Catch(trigger) => !matches!(trigger, Trigger::Link(_)),
            NodeKind::Receive(_) => true,
            _ => false,
        };
        if !waits {
            problems.error(
                &node.id,
                format!(
                    "the event-based gateway leads to `{}`, which is neither a catch event nor a receive task",
                    target.id
                ),
            );
        } else if target.incoming.len() > 1 {
            problems.error(&target.id, "an event behind an event-based gateway has no other incoming flow");
        }
    }
}

/// Where a token may go from a node without leaving its scope: flows, links, boundary events, what undoes it.
fn next<'a>(definition: &'a Definition, links: &'a Links, node: NodeIx) -> impl Iterator<Item = NodeIx> + 'a {
    let node: &Node = definition.node(node);
    let link = match &node.kind {
        NodeKind::Throw(Outcome::Link(name)) => links.get(&(node.scope, name.clone())).copied(),
        _ => None,
    };
    let onwards = node.outgoing.iter().map(|flow| definition.flow(*flow).target);
    onwards.chain(node.boundary.iter().copied()).chain(link).chain(node.undo)
}

type Links = HashMap<(ScopeIx, String), NodeIx>;

fn links(definition: &Definition) -> Links {
    let places = (0..).map(NodeIx).zip(&definition.nodes);
    places
        .filter_map(|(place, node)| match &node.kind {
            NodeKind::Catch(Trigger::Link(name)) => Some(((node.scope, name.clone()), place)),
            _ => None,
        })
        .collect()
}

fn begins(definition: &Definition, scope: ScopeIx) -> Vec<NodeIx> {
    let scope = definition.scope(scope);
    let gateways = scope.nodes.iter().filter(|node| definition.node(**node).begins.is_some());
    let starts = scope.starts.iter().chain(&scope.triggered_starts);
    starts.chain(&scope.event_sub_processes).chain(gateways).copied().collect()
}

/// Nodes of a scope that a token can reach from the given ones.
fn reach(definition: &Definition, links: &Links, from: Vec<NodeIx>) -> HashSet<NodeIx> {
    let mut reached: HashSet<NodeIx> = from.into_iter().collect();
    let mut open: Vec<NodeIx> = reached.iter().copied().collect();
    while let Some(node) = open.pop() {
        for target in next(definition, links, node) {
            if reached.insert(target) {
                open.push(target);
            }
        }
    }
    reached
}

fn check_reach(definition: &Definition, problems: &mut Problems) {
    let links = links(definition);
    for place in (0..).map(ScopeIx).take(definition.scopes.len()) {
        let reached = reach(definition, &links, begins(definition, place));
        for node in &definition.scope(place).nodes {
            if !reached.contains(node) {
                problems.warn(&definition.node(*node).id, "nothing leads here: the element will never run");
            }
        }
    }
}

/// Rounds of the search for endless calls; what is not settled by then is left to the limit of call depth.
const MAX_ROUNDS: usize = 50;

/// A process that cannot end without calling itself, directly or through others of the file, would call for ever.
///
/// A process can end when a way leads to an end of it that passes only calls of processes that can end. Starting from
/// nothing, those that can are found round by round; those left over cannot.
fn check_calls(definition: &Definition, problems: &mut Problems) {
    let links = links(definition);
    let mut endless: HashSet<&str> = definition.processes.iter().map(|process| &*process.id).collect();
    for round in 0..MAX_ROUNDS {
        let open = open_scopes(definition, &links, &endless);
        let known = endless.len();
        for process in definition.processes.iter().filter(|process| open.contains(&process.scope)) {
            endless.remove(&*process.id);
        }
        if endless.len() == known {
            break;
        }
        if round + 1 == MAX_ROUNDS {
            return;
        }
    }
    for node in &definition.nodes {
        let Some(caller) = definition.processes.get(definition.scope(node.scope).process) else { continue };
        if let NodeKind::Call { process, .. } = &node.kind
            && endless.contains(process.as_str())
            && endless.contains(&*caller.id)
        {
            problems.error(
                &node.id,
                format!("`{process}` always calls itself again, directly or through others: the calls would never end"),
            );
        }
    }
}

/// Scopes that can end, given the processes not known to; inner scopes stand behind those around them.
fn open_scopes(definition: &Definition, links: &Links, endless: &HashSet<&str>) -> HashSet<ScopeIx> {
    let mut open = HashSet::new();
    let places: Vec<ScopeIx> = (0..).map(ScopeIx).take(definition.scopes.len()).collect();
    for &scope in places.iter().rev() {
        let is_closed = |node: NodeIx| match &definition.node(node).kind {
            NodeKind::Call { process, .. } => endless.contains(process.as_str()),
            NodeKind::SubProcess { scope, .. } => !open.contains(scope),
            _ => false,
        };
        let mut reached: HashSet<NodeIx> = begins(definition, scope).into_iter().collect();
        let mut queue: Vec<NodeIx> = reached.iter().copied().collect();
        let (mut ends, mut met) = (false, false);
        while let Some(node) = queue.pop() {
            let closed = is_closed(node);
            met |= closed;
            ends |= !closed && definition.node(node).outgoing.is_empty();
            let boundary = definition.node(node).boundary.iter().copied();
            let onwards = next(definition, links, node).filter(|_| !closed);
            let forward = boundary.chain(onwards).filter(|target| !undoes(definition, *target));
            queue.extend(forward.filter(|target| reached.insert(*target)));
        }
        // One that has no end at all, but meets no such call either, is another matter.
        if ends || !met {
            open.insert(scope);
        }
    }
    open
}

/// Whether no token of the flow ever comes to the node: it belongs to compensation.
fn undoes(definition: &Definition, node: NodeIx) -> bool {
    definition.node(node).for_compensation || matches!(definition.trigger(node), Some(Trigger::Compensation))
}

/// A parallel join that waits for two branches of one choice waits for ever. Seen where each branch comes to the join
/// without other flows joining on its way.
fn check_deadlocks(definition: &Definition, problems: &mut Problems) {
    let mut effort = DEADLOCK_EFFORT;
    'joins: for node in
        definition.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Parallel) && node.incoming.len() > 1)
    {
        let mut branches: HashMap<NodeIx, FlowIx> = HashMap::new();
        for flow in &node.incoming {
            for (choice, branch) in choices(definition, *flow, &mut effort) {
                let other = branches.entry(choice).or_insert(branch);
                if *other != branch {
                    problems.warn(
                        &node.id,
                        format!(
                            "the join waits for two branches of `{}`, of which only one is taken: it would wait for ever",
                            definition.node(choice).id
                        ),
                    );
                    continue 'joins;
                }
            }
            if effort == 0 {
                return;
            }
        }
    }
}

/// Choices that a token has certainly passed before it came by this flow, with the branch it took.
fn choices(definition: &Definition, flow: FlowIx, effort: &mut usize) -> Vec<(NodeIx, FlowIx)> {
    let mut found = Vec::new();
    let mut flow = flow;
    for _ in 0..MAX_CHAIN {
        if *effort == 0 {
            break;
        }
        *effort -= 1;
        let source = definition.flow(flow).source;
        let node = definition.node(source);
        let chooses = match node.kind {
            NodeKind::Exclusive => true,
            NodeKind::EventBased => node.begins != Some(Begins::All),
            _ => false,
        };
        if chooses && node.outgoing.len() > 1 {
            found.push((source, flow));
        }
        let [only] = node.incoming.as_slice() else { break };
        flow = *only;
    }
    found
}
