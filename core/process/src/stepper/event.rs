//! What goes into a step and what comes out of it.

use kernel::Timestamp;
use kernel::text::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::budget::Pace;
use super::state::{IncidentId, State, WaitId};
use crate::definition::model::ElementId;

/// Everything a step looks at besides the definition and the state.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The present instant.
    pub now: Timestamp,
    /// The subject's fields, `null` without a subject: `record` of expressions.
    pub record: &'a Json,
    /// `{id, key, process, started}`: `instance` of expressions.
    pub instance: &'a Json,
    /// `{user}` or null: `actor` of expressions.
    pub actor: &'a Json,
    /// The tenant's time zone: local times of timers and cron expressions are read in it.
    pub zone: chrono_tz::Tz,
    /// Whether the instance was started by a call activity, which may catch its errors and escalations.
    pub called: bool,
    /// Names of messages and signals that are the product's own: throwing one is an incident.
    pub told: &'a [String],
    /// Tells when a slice of stepping is over.
    pub pace: &'a dyn Pace,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The instance begins: at the plain starts of its process, or at one triggered start event.
    Start {
        /// The start event that was triggered; none = the plain starts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<ElementId>,
        /// First variables.
        variables: Map<String, Json>,
    },
    /// The instance begins with an incident at one triggered start event: a retry goes on from there.
    StartStopped {
        /// The start event.
        at: ElementId,
        /// First variables.
        variables: Map<String, Json>,
        /// What is wrong.
        message: Message,
    },
    /// A task, service, called process, message, signal or timer that the wait stands for has come. Its variables are
    /// written. An unknown wait (cancelled, come already) changes nothing: `Outcome::stale` is true.
    Come {
        /// Which wait.
        wait: WaitId,
        /// What it brings.
        #[serde(default)]
        variables: Map<String, Json>,
        /// The answer, for the element's result variable. Null is an answer.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        result: Option<Json>,
    },
    /// A service or called process failed for good: an incident.
    Failed {
        /// Which wait.
        wait: WaitId,
        /// Why.
        message: Message,
    },
    /// A task, service or called process threw a BPMN error.
    Error {
        /// Which wait.
        wait: WaitId,
        /// The code.
        code: String,
        /// What it brings.
        #[serde(default)]
        variables: Map<String, Json>,
    },
    /// A task, service or called process threw an escalation and goes on.
    Escalation {
        /// Which wait.
        wait: WaitId,
        /// The code.
        code: String,
    },
    /// Variables were set from outside, as seen from the process's scope (or from the wait's, when given); conditions are
    /// asked again.
    Variables {
        /// Which wait's scope.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<WaitId>,
        /// New values.
        variables: Map<String, Json>,
    },
    /// The subject changed: conditions are asked again.
    SubjectChanged,
    /// An operator has the failed step done again (none = all).
    Retry {
        /// Which incident.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
    },
    /// An operator goes on behind the failed element as if it was done.
    Skip {
        /// Which incident.
        incident: IncidentId,
    },
    /// An operator puts a token before this element of the process itself or of a sub-process that is open (of several
    /// the first). An instance that has not begun begins there. Nothing changes (`Outcome::stale`) when the element
    /// cannot take a token: no such element, no open scope for it, a boundary event, an event sub-process or its start.
    StartFrom {
        /// The element.
        element: ElementId,
        /// Variables to set before.
        #[serde(default)]
        variables: Map<String, Json>,
    },
    /// An operator takes the token of a wait elsewhere: what waited is cancelled, with the sub-processes it leaves empty,
    /// and the token stands before another element. Nothing changes (`Outcome::stale`) when there is no such wait, when it
    /// is a boundary event or a start, when it would leave a repetition, or when the element cannot take a token.
    Move {
        /// Which wait.
        wait: WaitId,
        /// The element.
        element: ElementId,
        /// Why, for the journal.
        reason: String,
    },
    /// Everything is cancelled.
    Cancel,
    /// What was on its way when the last slice of stepping was over goes on.
    Continue,
    /// What is on its way is stopped by an incident.
    Stop {
        /// Why.
        message: Message,
    },
}

/// An answer of null is given, and not absent.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}

/// What is to be done outside, in the same transaction as the state is written. In the order given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Make a task for a person. Contract parameters that are expressions are evaluated into `parameters`.
    OpenTask {
        /// Its wait.
        wait: WaitId,
        /// The user task.
        element: ElementId,
        /// Executors of expressions, and parameters of the main action, evaluated.
        parameters: Evaluated,
    },
    /// Ask a service.
    CallService {
        /// Its wait; with the instance's id it is the idempotency key.
        wait: WaitId,
        /// The service task.
        element: ElementId,
        /// Evaluated parameters.
        parameters: Map<String, Json>,
    },
    /// Start a called process.
    CallProcess {
        /// Its wait.
        wait: WaitId,
        /// The call activity.
        element: ElementId,
        /// Variables it gets.
        variables: Map<String, Json>,
    },
    /// Wake at a time. A cycle asks for each of its times anew, under a new number.
    ArmTimer {
        /// Its wait.
        wait: WaitId,
        /// When.
        at: Timestamp,
    },
    /// Wait for a message or signal. An event that does not interrupt stays subscribed under the same number.
    Subscribe {
        /// Its wait.
        wait: WaitId,
        /// Message or signal.
        what: Subscription,
    },
    /// The wait is over without having come: close the task, forget the timer or subscription, cancel the call.
    Withdraw {
        /// Its wait.
        wait: WaitId,
    },
    /// Publish a message in the tenant.
    Message {
        /// Its name.
        name: String,
        /// Its key.
        key: Option<String>,
        /// Variables visible where it was thrown.
        variables: Map<String, Json>,
    },
    /// Broadcast a signal in the tenant.
    Signal {
        /// Its name.
        name: String,
        /// Variables visible where it was thrown.
        variables: Map<String, Json>,
    },
    /// An escalation left the process: its caller may catch it (only for called processes).
    Escalated {
        /// The code.
        code: String,
    },
    /// The process was ended by an error that nothing inside caught and its caller may catch (only for called processes:
    /// else it is an incident). `Ended` follows.
    Failed {
        /// The code.
        code: String,
    },
    /// For the journal. Each member of a loop or multi-instance is a visit; the whole is one only when it had none.
    Visit(Visit),
    /// An incident came up.
    Incident {
        /// Its number in the state.
        incident: IncidentId,
        /// Where.
        element: ElementId,
        /// What is wrong.
        message: Message,
    },
    /// An incident is over.
    Resolved {
        /// Its number.
        incident: IncidentId,
    },
    /// The slice of stepping is over: `Event::Continue` is to happen soon.
    Continue,
    /// The instance is over.
    Ended,
}

/// Evaluated expressions of a user task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Values of `Executor::Expression` among the executors, in the contract's order.
    pub executors: Vec<Json>,
    /// The same of the escalations.
    #[serde(default)]
    pub escalate: Vec<Json>,
    /// Variables that the form names, as they are.
    #[serde(default)]
    pub form: Map<String, Json>,
    /// Parameters of the main action.
    pub main_action: Map<String, Json>,
}

/// A message or signal to wait for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subscription {
    /// A message.
    Message {
        /// Its name.
        name: String,
        /// Its key.
        key: Option<String>,
    },
    /// A signal.
    Signal {
        /// Its name.
        name: String,
    },
}

/// A line of the journal: an element was left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Which element.
    pub element: ElementId,
    /// When a token entered it.
    pub entered: Timestamp,
    /// When it left (or was cancelled).
    pub left: Timestamp,
    /// How.
    pub outcome: VisitOutcome,
    /// The wait it had, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitId>,
    /// The flow by which the token came; of a join the last one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ElementId>,
    /// Why an operator did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How an element was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitOutcome {
    /// Done.
    Completed,
    /// Cancelled by an event, a terminate or an operator.
    Cancelled,
    /// Skipped by an operator.
    Skipped,
    /// Left by an error.
    Error,
}

/// What a step gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Where the instance stands now.
    pub state: State,
    /// What is to be done outside, in order.
    pub commands: Vec<Command>,
    /// Whether the event was about something that is no more, so that nothing changed.
    pub stale: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_as_it_was_written_its_answer_of_null_too() {
        for result in [None, Some(Json::Null), Some(Json::from(5))] {
            let event = Event::Come { wait: 1, variables: Map::new(), result };
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
    }
}
