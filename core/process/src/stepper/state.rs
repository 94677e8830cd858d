//! Where an instance stands. Serialisable; names elements by id, so it outlives the reading of its file.

use std::collections::BTreeMap;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::definition::model::ElementId;

/// Number of a scope instance within its process instance; 0 is the process itself.
pub type ScopeId = u32;
/// Number of a wait within its process instance. Never used twice: it names the task, timer or subscription outside.
pub type WaitId = u32;

/// Everything about a running instance that the stepper needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The process, by its id in the file.
    pub process: ElementId,
    /// How it goes.
    pub status: Status,
    /// Next number for scopes and waits.
    pub next: u32,
    /// Open scopes, the process first.
    pub scopes: BTreeMap<ScopeId, ScopeState>,
    /// Tokens that stand at joins.
    pub held: Vec<Held>,
    /// What the outside has been asked for.
    pub waits: BTreeMap<WaitId, Wait>,
    /// Steps that failed and wait for an operator.
    pub incidents: BTreeMap<u32, Incident>,
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
    /// The activity it belongs to; none for the process. A sub-process, a multi-instance as a whole (`body`), one
    /// member of it, one round of a loop.
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
        /// Members, or rounds begun.
        total: u32,
        /// Members begun (sequential).
        begun: u32,
        /// Members that came to their end.
        completed: u32,
        /// Members cancelled.
        terminated: u32,
        /// The collection's members.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<Json>,
        /// What was collected of them, by member.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        output: Vec<Json>,
    },
    /// One member or round: its variables hold `loopCounter` (from 0) and the item. An atomic activity's wait stands
    /// in it.
    Member {
        /// Which, from 0.
        index: u32,
    },
}

/// A token at a join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its scope.
    pub scope: ScopeId,
    /// The join.
    pub element: ElementId,
    /// The flow by which it came.
    pub via: ElementId,
}

/// Something the instance waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// The scope whose work it is (a boundary event's: that of its host).
    pub scope: ScopeId,
    /// The element: an activity, a catching, boundary or starting event.
    pub element: ElementId,
    /// What for.
    pub kind: WaitKind,
    /// The wait of the activity it is attached to, for boundary events of an atomic activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<WaitId>,
    /// The scope it is attached to or starts in: boundary events of sub-processes and multi-instances, event
    /// sub-processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guards: Option<ScopeId>,
    /// The event-based gateway it belongs to; its sisters share the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<u32>,
    /// Since when.
    pub since: Timestamp,
    /// The flow by which the token came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ElementId>,
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
        /// Rounds still to come after this one; none = for ever. Only for cycles.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left: Option<u32>,
        /// Text of the cycle, to find the next time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cycle: Option<String>,
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
    /// A condition over variables and the subject: asked again whenever one of them changes.
    Condition,
    /// An error or escalation thrown inside what it guards.
    Thrown,
}

/// A step that failed. The failing step is kept: what went before it stands, a retry replays only it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Where.
    pub element: ElementId,
    /// The scope of the failing step.
    pub scope: ScopeId,
    /// What is wrong and what to do, in English.
    pub message: String,
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
    /// The element was done, but its token could not leave.
    Leave,
    /// A service or called process failed; its wait is still there.
    Service {
        /// The wait.
        wait: WaitId,
    },
    /// An error that nobody caught.
    Uncaught {
        /// Its code.
        code: String,
    },
    /// Nothing can move and nothing is awaited: a join whose other tokens will never come.
    Deadlock,
}
