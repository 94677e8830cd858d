//! Where an instance stands. Serialisable; names elements by id, so it outlives the reading of its file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kernel::Timestamp;
use kernel::text::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::definition::model::ElementId;

/// Number of a scope instance within its process instance; 0 is the process itself.
pub type ScopeId = u32;
/// Number of a wait within its process instance. Never used twice: it names the task, timer or subscription outside.
pub type WaitId = u32;
/// Number of an incident within its process instance.
pub type IncidentId = u32;

/// The scope of the process itself.
pub const PROCESS: ScopeId = 0;

/// Everything about a running instance that the stepper needs.
///
/// Before `Event::Start` (or a start from an element) it has no scope; when the instance is over, only the process's
/// scope with its variables is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The process, by its id in the file.
    pub process: ElementId,
    /// How it goes.
    pub status: Status,
    /// Next number for scopes, waits, races and incidents, which share one count.
    pub next: u32,
    /// Open scopes by number. A scope's number is higher than that of the scope around it.
    pub scopes: BTreeMap<ScopeId, ScopeState>,
    /// What the outside has been asked for.
    pub waits: BTreeMap<WaitId, Wait>,
    /// Steps that failed and wait for an operator.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// The waits for a condition: not empty = the instance wants to hear of changes of its subject.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub conditions: BTreeSet<WaitId>,
    /// What is on its way because a slice of stepping was over: `Event::Continue` moves it on, and so does any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
}

/// What was on its way when a slice of stepping was over, each list in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Tokens.
    pub tokens: Vec<OnTheWay>,
    /// Conditions that are still to be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asking: Vec<WaitId>,
    /// Scopes that may be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closing: Vec<ScopeId>,
    /// Nodes entered since the instance last had nothing to do but wait.
    pub steps: u32,
    /// Slices since then.
    pub slices: u32,
}

/// A token on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTheWay {
    /// Its scope.
    pub scope: ScopeId,
    /// Where it arrives.
    pub element: ElementId,
    /// By which flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ElementId>,
}

impl State {
    /// An instance of this process that has not begun.
    pub fn new(process: impl Into<ElementId>) -> Self {
        Self {
            process: process.into(),
            status: Status::Active,
            next: 1,
            scopes: BTreeMap::new(),
            waits: BTreeMap::new(),
            incidents: BTreeMap::new(),
            conditions: BTreeSet::new(),
            paused: None,
        }
    }

    /// Variables of the process itself; none before it began.
    pub fn variables(&self) -> Option<&Map<String, Json>> {
        self.scopes.get(&PROCESS).map(|scope| &scope.variables)
    }
}

/// How an instance goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It runs.
    Active,
    /// It came to its end.
    Completed,
    /// It was cancelled, or ended by an error a caller catches.
    Cancelled,
}

/// An open scope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScopeState {
    /// The scope around it; none for the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ScopeId>,
    /// The activity it belongs to; none for the process. A sub-process, a loop or multi-instance as a whole (`body`),
    /// one member or round of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<ElementId>,
    /// What of the element it is.
    #[serde(default)]
    pub role: Role,
    /// Its own variables. A name is looked up from the innermost scope outwards; a result is written where the name is
    /// found, or else into the process's scope.
    pub variables: Map<String, Json>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The flow by which the token came that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ElementId>,
    /// An interrupting event sub-process has taken over: no event sub-process of this scope starts any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// Tokens that stand at its joins, in the order they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// Waits that are its work: the scope is not done before they are over.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub waits: BTreeSet<WaitId>,
    /// Waits that end with it: boundary events of its activity, starts of its event sub-processes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub guards: BTreeSet<WaitId>,
    /// Open scopes directly inside.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub children: BTreeSet<ScopeId>,
    /// What was completed in it and can be undone, in the order of completion: what was done inside an activity stands
    /// before it, `Done::within` says how much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Done>,
    /// Complex gateways that have let go and wait for the rest: the flows whose tokens they have had.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resets: BTreeMap<ElementId, BTreeSet<ElementId>>,
    /// Incidents that hold a token of it (those of a wait are named there).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub incidents: BTreeSet<IncidentId>,
    /// Tokens on their way. Only within a step.
    #[serde(skip)]
    pub(super) moving: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde wants")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What of its element a scope is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Role {
    /// The inside of a process, sub-process or event sub-process.
    #[default]
    Inside,
    /// A loop or multi-instance as a whole.
    Body {
        /// Members; rounds begun of a loop.
        total: u32,
        /// Members or rounds begun.
        begun: u32,
        /// Members or rounds that came to their end.
        completed: u32,
        /// The collection's members that have not begun.
        #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
        items: VecDeque<Json>,
        /// What was collected of completed members, with their places.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        output: Vec<(u32, Json)>,
    },
    /// One member or round: its variables hold `loopCounter` (from 0) and the item. An atomic activity's wait stands
    /// in it; a sub-process's inside is it.
    Member {
        /// Which, from 0.
        index: u32,
    },
    /// What was completed is being undone: of the event that has it undone (its element), or of a completed sub-process
    /// (its variables are those it had).
    Undo {
        /// What is still to be undone, the last first; as `ScopeState::done`.
        left: Vec<Done>,
        /// What follows.
        then: Then,
    },
    /// One activity (its element) is being undone by another: its variables are those it had.
    Handler,
}

/// What follows when everything is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Nothing: whoever began it went on.
    Nothing,
    /// The event that had it undone is left.
    Leave,
    /// The transaction around is left by its cancel event.
    Cancel,
}

/// An activity that was completed and can be undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Place in the order of completion, over the whole instance.
    pub order: u32,
    /// The activity.
    pub element: ElementId,
    /// What of it.
    #[serde(default, skip_serializing_if = "DoneKind::is_activity")]
    pub kind: DoneKind,
    /// The data it had when it was completed: variables of its own, and what it brought.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Json>,
    /// How many of those before it were done inside it.
    #[serde(default, skip_serializing_if = "is_none_within")]
    pub within: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde wants")]
const fn is_none_within(within: &usize) -> bool {
    *within == 0
}

/// What was done of an activity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoneKind {
    /// The activity, or one member or round of it.
    #[default]
    Activity,
    /// A loop or multi-instance as a whole: what is undone are its members.
    Repetition,
    /// Something within, before its transaction was cancelled.
    Unfinished,
}

impl DoneKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde wants")]
    const fn is_activity(&self) -> bool {
        matches!(self, Self::Activity)
    }
}

/// A token at a join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The join.
    pub element: ElementId,
    /// The flow by which it came.
    pub via: ElementId,
    /// Since when.
    pub since: Timestamp,
}

/// Something the instance waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// The scope in which its variables are looked up and its token goes on (a boundary event's: that of its host).
    pub scope: ScopeId,
    /// The element: an activity, a catching, boundary or starting event.
    pub element: ElementId,
    /// What for.
    pub kind: WaitKind,
    /// The wait of the activity it is attached to: a boundary event of an atomic activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<WaitId>,
    /// The scope it is attached to or starts in: a boundary event of a sub-process, loop or multi-instance, the start
    /// of an event sub-process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guards: Option<ScopeId>,
    /// Armed boundary events of this activity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boundary: Vec<WaitId>,
    /// The event-based gateway it belongs to; its sisters share the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<u32>,
    /// Which of several events of its element it is, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// The waits for the other events of its element share the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// Its incident: a service that failed, a condition that cannot be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Since when.
    pub since: Timestamp,
    /// The flow by which the token came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ElementId>,
}

impl Wait {
    /// Whether a token stands there: boundary events and starts of event sub-processes are armed beside the work.
    pub const fn is_work(&self) -> bool {
        self.host.is_none() && self.guards.is_none()
    }
}

/// What a wait is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WaitKind {
    /// A task of a person.
    Task,
    /// An answer of a service.
    Service,
    /// A called process.
    Call,
    /// A time.
    Timer {
        /// When.
        at: Timestamp,
        /// What comes after it; only for cycles of events that stay armed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cycle: Option<Cycle>,
    },
    /// A message.
    Message {
        /// Its name.
        name: String,
        /// Its key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A signal.
    Signal {
        /// Its name.
        name: String,
    },
    /// A condition over variables and the subject: asked again whenever one of them changes. It comes when the answer
    /// turns from false to true.
    Condition {
        /// The last answer.
        held: bool,
    },
}

/// A timer that comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// `R3/PT1H`, `R/2026-01-31T09:00:00Z/P1M` or a cron expression.
    pub text: String,
    /// The instant the intervals are counted from.
    pub start: Timestamp,
    /// Which of the times it is that is waited for, from 1 (for a cycle with a start: from 0).
    pub round: u32,
    /// Times still to come after this one; none = without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u32>,
}

/// A step that failed. The failing step is kept: what went before it stands, a retry replays only it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Where.
    pub element: ElementId,
    /// The scope of the failing step.
    pub scope: ScopeId,
    /// What is wrong and what to do: words in English, or a text that each reader gets in his language.
    pub message: Message,
    /// Since when.
    pub since: Timestamp,
    /// What is to be done again.
    pub step: Failed,
}

/// The step that an incident keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Failed {
    /// A token could not enter the element.
    Enter {
        /// The flow by which it came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        via: Option<ElementId>,
    },
    /// The instance made too many steps without waiting: the tokens that were on their way in the scope.
    Stopped {
        /// Where each was going.
        tokens: Vec<Stopped>,
    },
    /// The element was done, but its token could not leave.
    Leave,
    /// The activity was done, but there is no room to keep what undoes it.
    Keep {
        /// What was done.
        done: Box<Done>,
    },
    /// A complex gateway cannot find out whether it lets go, or by which flows: its tokens stand there.
    Complex,
    /// A member of a loop or multi-instance was done, but what it gives could not be collected. The scope is the
    /// member's.
    Collect,
    /// A loop or multi-instance could not find out how to go on. The scope is its body.
    Repeat,
    /// What a wait stands for failed (a service, a called process, a condition); the wait is still there.
    Wait {
        /// The wait.
        wait: WaitId,
    },
    /// The start of an event sub-process could not be armed.
    Arm,
    /// An error that nobody caught.
    Uncaught {
        /// Its code.
        code: String,
        /// The wait it came from, which is still there; none = an end event threw it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<WaitId>,
    },
    /// Nothing can move and nothing is awaited: a join whose other tokens will never come.
    Deadlock,
}

/// A token that was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Where it was going.
    pub element: ElementId,
    /// By which flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ElementId>,
}
