//! What a BPMN file says, as far as it can be executed: flat lists, joined by indices, in the file's order.
//!
//! Indices are of one reading of one file. Whatever is stored (states, journals, tasks) names elements by their ids.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::expression::Expression;
use work::tasks::Tells;

use super::contract::Contract;

/// The id of a BPMN element as its file gives it.
pub type ElementId = Arc<str>;

/// Place of a node in `Definition::nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIx(pub u32);

/// Place of a sequence flow in `Definition::flows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowIx(pub u32);

/// Place of a scope in `Definition::scopes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeIx(pub u32);

/// One BPMN file, ready to run.
#[derive(Debug, Default)]
pub struct Definition {
    /// Id of the first executable process: what versions are counted under. (Not the id of `definitions`, which tools
    /// leave at their default or make anew with every export.)
    pub key: String,
    /// Name of that process, or the key.
    pub name: String,
    /// Processes in the file's order.
    pub processes: Vec<Process>,
    /// Flow nodes of all processes and sub-processes, in the file's order.
    pub nodes: Vec<Node>,
    /// Sequence flows, in the file's order.
    pub flows: Vec<Flow>,
    /// Processes' and sub-processes' insides.
    pub scopes: Vec<Scope>,
    /// Nodes by id.
    pub by_id: HashMap<ElementId, NodeIx>,
    /// Flows by id.
    pub flow_by_id: HashMap<ElementId, FlowIx>,
    /// What variables of its instances may tell of their record.
    pub tells: Tells,
}

/// A `process`.
#[derive(Debug)]
pub struct Process {
    /// Its id: what call activities and starts name.
    pub id: ElementId,
    /// Its name, or its id.
    pub name: String,
    /// Whether it can be started. `isExecutable` is a choice only where another process of the file is marked true;
    /// absent, it counts as true when the file has one process or the process has a start. The inside of a process that
    /// is not executable is not read.
    pub executable: bool,
    /// Whether the file says that it is not executable, as it says of all.
    pub marked_off: bool,
    /// Its inside.
    pub scope: ScopeIx,
}

/// The inside of a process or sub-process.
#[derive(Debug, Default)]
pub struct Scope {
    /// The sub-process it is the inside of; none for a process.
    pub owner: Option<NodeIx>,
    /// The scope around it.
    pub parent: Option<ScopeIx>,
    /// Its process, as a place in `Definition::processes`.
    pub process: usize,
    /// Its nodes, in the file's order.
    pub nodes: Vec<NodeIx>,
    /// Where a token begins when the scope is entered plainly: the none start events, or, without any start event,
    /// every node without an incoming flow that is neither a boundary event, an event sub-process nor a link catch.
    pub starts: Vec<NodeIx>,
    /// Start events with a trigger: of a process, what makes instances (also the events behind an event-based gateway and
    /// the receive tasks that do); of an event sub-process, its one start.
    pub triggered_starts: Vec<NodeIx>,
    /// Event sub-processes directly inside.
    pub event_sub_processes: Vec<NodeIx>,
    /// The event sub-process that undoes its sub-process once that has been completed.
    pub undo: Option<NodeIx>,
    /// Data objects and properties: variables of this scope, null at first.
    pub data: Vec<String>,
}

/// A `sequenceFlow`.
#[derive(Debug)]
pub struct Flow {
    /// Its id.
    pub id: ElementId,
    /// Its name, often the answer at a gateway.
    pub name: String,
    /// From.
    pub source: NodeIx,
    /// To.
    pub target: NodeIx,
    /// Taken only when this is true.
    pub condition: Option<Expression>,
}

/// A flow node: event, activity or gateway.
#[derive(Debug)]
pub struct Node {
    /// Its id.
    pub id: ElementId,
    /// Its name; may be empty.
    pub name: String,
    /// Its `documentation`; may be empty.
    pub documentation: String,
    /// The scope it stands in.
    pub scope: ScopeIx,
    /// Flows that arrive, in the file's order.
    pub incoming: Vec<FlowIx>,
    /// Flows that leave, in the file's order.
    pub outgoing: Vec<FlowIx>,
    /// The `default` flow, one of `outgoing`.
    pub default: Option<FlowIx>,
    /// Boundary events attached to it, in the file's order.
    pub boundary: Vec<NodeIx>,
    /// Standard loop or multi-instance.
    pub repeat: Option<Repeat>,
    /// The activity that undoes this one: it hangs on the compensation event at its boundary.
    pub undo: Option<NodeIx>,
    /// `isForCompensation`: it runs only to undo another activity.
    pub for_compensation: bool,
    /// `instantiate`, of an event-based gateway or receive task that begins its process.
    pub begins: Option<Begins>,
    /// Name of the innermost lane that lists it; may be empty.
    pub lane: String,
    /// What it is.
    pub kind: NodeKind,
}

/// How an event-based gateway or receive task begins its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// With one of its events; the others mean nothing then.
    One,
    /// With any of its events; the instance waits for all the others.
    All,
}

/// What a node is.
#[derive(Debug)]
pub enum NodeKind {
    /// `startEvent`. `interrupting` matters only inside an event sub-process.
    Start {
        /// What it waits for.
        trigger: Trigger,
        /// Whether the scope's other work is cancelled by it.
        interrupting: bool,
    },
    /// `endEvent`.
    End(Outcome),
    /// `intermediateCatchEvent`.
    Catch(Trigger),
    /// `intermediateThrowEvent`.
    Throw(Outcome),
    /// `boundaryEvent`.
    Boundary {
        /// The activity it is attached to.
        host: NodeIx,
        /// `cancelActivity`; always true for errors and cancellations, never for compensation.
        interrupting: bool,
        /// What it waits for.
        trigger: Trigger,
    },
    /// `exclusiveGateway`.
    Exclusive,
    /// `parallelGateway`.
    Parallel,
    /// `inclusiveGateway`.
    Inclusive,
    /// `eventBasedGateway`.
    EventBased,
    /// `complexGateway`.
    Complex {
        /// `activationCondition`: which tokens let it go; sees `activationCount` and `activationCounts`. None = any one.
        activation: Option<Expression>,
    },
    /// `userTask`, and `manualTask`, which is a user task without a contract.
    User(Arc<Contract>),
    /// `task`: passes at once.
    Abstract,
    /// `serviceTask`, `sendTask` with an implementation.
    Service(Service),
    /// `scriptTask` and `businessRuleTask`: an expression and where its value goes.
    Script {
        /// Evaluated over the variables.
        expression: Expression,
        /// The variable that gets the value; none when it is not kept.
        result: Option<String>,
    },
    /// `sendTask` of a message.
    Send(MessageRef),
    /// `receiveTask`.
    Receive(MessageRef),
    /// `subProcess`, `transaction`.
    SubProcess {
        /// Its inside.
        scope: ScopeIx,
        /// `triggeredByEvent`.
        event: bool,
        /// Whether it can be cancelled, so that everything done in it is undone.
        transaction: bool,
    },
    /// `callActivity`.
    Call {
        /// `calledElement`: a process id.
        process: String,
        /// `v:binding`.
        binding: Binding,
    },
}

impl NodeKind {
    /// Whether a token stands at it: boundary events and starts are armed beside the work.
    pub const fn is_work(&self) -> bool {
        !matches!(self, Self::Boundary { .. } | Self::Start { .. })
    }
}

/// Which version a call activity starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The newest published.
    Latest,
    /// The one of the same file when the file has the process, else the newest when the file was published.
    Deployment,
    /// This one.
    Version(i64),
}

/// Events of one element.
pub const MAX_PARTS: u32 = 20;

/// What a catching event waits for.
#[derive(Debug)]
pub enum Trigger {
    /// Nothing: a plain start.
    None,
    /// A message.
    Message(MessageRef),
    /// A time.
    Timer(Timer),
    /// A signal with this name, within the tenant.
    Signal(String),
    /// Until this is true.
    Conditional(Expression),
    /// An error with this code; none = any.
    Error(Option<String>),
    /// An escalation with this code; none = any.
    Escalation(Option<String>),
    /// A link throw with this name in the same scope.
    Link(String),
    /// The completed activity it is attached to (or in) is to be undone.
    Compensation,
    /// The transaction it is attached to was cancelled.
    Cancel,
    /// Several events, at least two and none of them `Several`.
    Several {
        /// `parallelMultiple`: all of them must come, not one.
        all: bool,
        /// In the file's order.
        parts: Vec<Trigger>,
    },
}

impl Trigger {
    /// Its parts, or itself.
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Several { parts, .. } => parts,
            one => std::slice::from_ref(one),
        }
    }

    /// Whether all of several events must come.
    pub const fn needs_all(&self) -> bool {
        matches!(self, Self::Several { all: true, .. })
    }
}

/// What a throwing or ending event does.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing more.
    None,
    /// Ends everything in its scope.
    Terminate,
    /// Throws an error with this code.
    Error(String),
    /// Throws an escalation with this code.
    Escalation(String),
    /// Publishes a message.
    Message(MessageRef),
    /// Broadcasts a signal.
    Signal(String),
    /// Goes on at the link catch with this name.
    Link(String),
    /// Has completed activities undone.
    Compensate {
        /// Which; none = all of the scope.
        activity: Option<ElementId>,
        /// `waitForCompletion`: whether it goes on only when they are.
        wait: bool,
    },
    /// Cancels the transaction around it.
    Cancel,
    /// Several of them, one after the other: messages and signals, then at most one of another kind.
    Several(Vec<Outcome>),
}

impl Outcome {
    /// Its parts, or itself.
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Several(parts) => parts,
            one => std::slice::from_ref(one),
        }
    }
}

/// A message by name, with what tells instances apart.
#[derive(Debug, Clone)]
pub struct MessageRef {
    /// Its name.
    pub name: String,
    /// `v:correlationKey`, evaluated when the wait is opened or the message thrown; none = no key.
    pub key: Option<Expression>,
}

/// A timer. Each value is ISO 8601 text or an expression that gives it.
#[derive(Debug)]
pub enum Timer {
    /// `timeDate`: an instant.
    Date(TimeValue),
    /// `timeDuration`.
    Duration(TimeValue),
    /// `timeCycle`: `R3/PT1H`, `R/PT1H`, `R2/<start>/PT1H`, or a cron expression of five fields.
    Cycle(TimeValue),
}

/// ISO 8601 text, or how to get it.
#[derive(Debug)]
pub enum TimeValue {
    /// As written, checked at deployment.
    Text(String),
    /// To be evaluated when the timer is armed.
    Expression(Expression),
}

/// A repeated activity.
#[derive(Debug)]
pub enum Repeat {
    /// `standardLoopCharacteristics`.
    Loop {
        /// Goes on while this is true; none = for ever (up to `max`).
        condition: Option<Expression>,
        /// Whether it is asked before the first round.
        test_before: bool,
        /// `loopMaximum`.
        max: Option<u32>,
    },
    /// `multiInstanceLoopCharacteristics`.
    Multi {
        /// One after the other.
        sequential: bool,
        /// How many.
        over: Over,
        /// Ends the rest early; sees `numberOfInstances`, `numberOfActiveInstances`, `numberOfCompletedInstances`,
        /// `numberOfTerminatedInstances`.
        completion: Option<Expression>,
        /// Collects `item` of each member into a list: (name of the list, what is taken from each member).
        output: Option<(String, Expression)>,
    },
}

/// What a multi-instance runs over.
#[derive(Debug)]
pub enum Over {
    /// `loopCardinality`: a number.
    Count(Expression),
    /// A collection, each member under the name `item`.
    Collection {
        /// Gives a list.
        list: Expression,
        /// The variable of each member.
        item: String,
    },
}

/// Services there are; a plugin's is `plugin:<id>/<action>`.
pub const SERVICES: [&str; 11] = [
    "create-record",
    "update-record",
    "delete-record",
    "link",
    "unlink",
    "convert-lead",
    "document",
    "email",
    "notice",
    "start-process",
    "webhook",
];

/// What a service task asks for: `v:service` and its parameters.
#[derive(Debug, Clone)]
pub struct Service {
    /// One of [`SERVICES`], or `plugin:<id>/<action>`.
    pub kind: String,
    /// Parameters in the file's order: name, and what gives the value.
    pub parameters: Vec<(String, Parameter)>,
    /// The variable that gets the answer.
    pub result: Option<String>,
    /// Tries before an incident.
    pub retries: u32,
}

/// A parameter of a service or main action.
#[derive(Debug, Clone)]
pub enum Parameter {
    /// As written.
    Text(String),
    /// Written with a leading `=`: evaluated when the step is made.
    Expression(Expression),
}

impl Definition {
    /// A node. Indices are only made by the reader, for this definition.
    #[expect(clippy::indexing_slicing, reason = "an index is only made for the definition it belongs to")]
    pub fn node(&self, node: NodeIx) -> &Node {
        &self.nodes[to_usize(node.0)]
    }

    /// A flow.
    #[expect(clippy::indexing_slicing, reason = "an index is only made for the definition it belongs to")]
    pub fn flow(&self, flow: FlowIx) -> &Flow {
        &self.flows[to_usize(flow.0)]
    }

    /// A scope.
    #[expect(clippy::indexing_slicing, reason = "an index is only made for the definition it belongs to")]
    pub fn scope(&self, scope: ScopeIx) -> &Scope {
        &self.scopes[to_usize(scope.0)]
    }

    /// A node, to be completed by the reader.
    pub(super) fn node_mut(&mut self, node: NodeIx) -> Option<&mut Node> {
        self.nodes.get_mut(to_usize(node.0))
    }

    /// A scope, to be completed by the reader.
    pub(super) fn scope_mut(&mut self, scope: ScopeIx) -> Option<&mut Scope> {
        self.scopes.get_mut(to_usize(scope.0))
    }

    /// The node with this id.
    pub fn find(&self, id: &str) -> Option<NodeIx> {
        self.by_id.get(id).copied()
    }

    /// The node's trigger, if it waits for one.
    pub fn trigger(&self, node: NodeIx) -> Option<&Trigger> {
        match &self.node(node).kind {
            NodeKind::Start { trigger, .. } | NodeKind::Catch(trigger) | NodeKind::Boundary { trigger, .. } => {
                Some(trigger)
            }
            _ => None,
        }
    }

    /// What undoes an activity: another activity, or an event sub-process in it.
    pub fn undo_of(&self, node: NodeIx) -> Option<NodeIx> {
        let node = self.node(node);
        let inside = match node.kind {
            NodeKind::SubProcess { scope, .. } => self.scope(scope).undo,
            _ => None,
        };
        node.undo.or(inside)
    }

    /// The activity is one whose doing is kept, because it can be undone by itself.
    pub fn is_undone(&self, node: NodeIx) -> bool {
        let node = self.node(node);
        let inside = match node.kind {
            NodeKind::SubProcess { scope, .. } => self.scope(scope).undo.is_some(),
            _ => false,
        };
        !node.for_compensation && (node.undo.is_some() || inside)
    }

    /// The process with this id.
    pub fn process(&self, id: &str) -> Option<&Process> {
        self.processes.iter().find(|process| &*process.id == id)
    }
}

fn to_usize(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
