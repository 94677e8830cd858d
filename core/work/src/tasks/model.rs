//! Tasks as they leave, and the inputs of the services.

use kernel::{InstanceId, RecordRef, TaskId, Timestamp};
use messaging::mail::Decision;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::contract::{ExecutorRule, FormField, MainAction, TaskContract};

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// To be done.
    Open,
    /// Done.
    Completed,
    /// Not to be done any more.
    Cancelled,
    /// Done, and looked at by whoever gave it.
    Review,
}

impl TaskState {
    /// Its name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Review => "review",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Self {
        match name {
            "open" => Self::Open,
            "completed" => Self::Completed,
            "review" => Self::Review,
            _ => Self::Cancelled,
        }
    }
}

/// A task as the API shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Task {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: TaskId,
    /// Counts its changes, from 1.
    pub version: i64,
    /// What is to be done.
    pub title: String,
    /// In more words.
    pub description: String,
    /// How it stands.
    pub state: TaskState,
    /// The process instance it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub instance: Option<InstanceId>,
    /// The instance's wait that it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<u32>,
    /// The BPMN element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// Name of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_name: Option<String>,
    /// Version of the process definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<Uuid>,
    /// The record it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<RecordRef>,
    /// Who was named to do it, resolved when the task was made.
    pub executors: Vec<TaskExecutor>,
    /// The first role among the executors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Who has it.
    pub assignee: Option<Uuid>,
    /// Whether they have not looked at it yet.
    pub unseen: bool,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<Uuid>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String)]
    pub updated: Timestamp,
    /// Its deadline.
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// Whether it was not done by its deadline.
    pub overdue: bool,
    /// Reminders that went out.
    pub reminders_sent: i64,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_action: Option<MainActionState>,
    /// Names of the form's fields that must be filled.
    pub required: Vec<String>,
    /// What is to be filled.
    pub form: Vec<FormField>,
    /// What it was made with, and what was given since.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// Whether variables, first values of the form and parameters are withheld: they may tell what a hidden field of the
    /// subject holds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub withheld: bool,
    /// Small steps.
    pub checklist: Vec<ChecklistItem>,
    /// Completions it needs, and has.
    pub votes: Votes,
    /// What came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result: Option<Json>,
    /// When it was completed or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub completed: Option<Timestamp>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<Uuid>,
    /// The mark with which it was accepted, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mark: Option<u8>,
    /// Times that it was given back.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub returned: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(super) const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Who was named to do a task: a role, or a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskExecutor {
    /// Key of the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Uuid>,
    /// Why nobody was found for it: the rule as it stands in the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<String>,
}

/// What became of the main action.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct MainActionState {
    /// e.g. `email`.
    pub kind: String,
    /// Whether its result exists.
    pub done: bool,
    /// Whether the task cannot be completed without it.
    pub required: bool,
    /// On the way or in trouble: `queued`, `failed`, `unsure` (a letter of which nobody knows whether it went out),
    /// `made` (the record of `result` is there and lacks its result, or is a draft).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// e.g. `{"result": "approved", "comment": "..."}`, `{"entity": "deal", "id": "..."}`, `{"letter": "..."}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result: Option<Json>,
    /// Its parameters, e.g. the prepared letter.
    #[schema(value_type = Object)]
    pub parameters: Map<String, Json>,
}

/// Completions of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Votes {
    /// How many it needs.
    pub needed: u32,
    /// How many it has.
    pub done: u32,
}

/// A small step of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChecklistItem {
    /// Its number within the task.
    pub id: u32,
    /// What is to be done.
    pub text: String,
    /// Whether it is done.
    pub done: bool,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Uuid>,
}

/// Where a task of a process comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The process instance.
    pub instance: InstanceId,
    /// Its wait that the task ends.
    pub wait: u32,
    /// The BPMN element.
    pub element: String,
    /// Name of the process.
    pub process_name: String,
    /// Version of the definition.
    pub definition: Uuid,
}

/// A task to open inside somebody's transaction.
#[derive(Debug, Clone, Default)]
pub struct NewTask {
    /// What is to be done; longer ones are cut at 255 characters.
    pub title: String,
    /// In more words; cut at 20,000 characters.
    pub description: String,
    /// The process it belongs to; none for a task by hand.
    pub origin: Option<Origin>,
    /// The record it is about.
    pub subject: Option<RecordRef>,
    /// Who may do it. None named: the owner.
    pub executors: Vec<ExecutorRule>,
    /// What it promises.
    pub contract: TaskContract,
    /// What is known about it.
    pub variables: Map<String, Json>,
    /// Its deadline, when it does not follow from the contract's duration.
    pub due: Option<Timestamp>,
    /// Small steps.
    pub checklist: Vec<String>,
    /// Whom `owner`, `head` and `deputy` speak of; by default the subject's owner, else the acting person.
    pub owner: Option<Uuid>,
}

/// A task to make by hand.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ManualTask {
    /// What is to be done.
    pub title: String,
    /// In more words.
    pub description: String,
    /// Who does it, by id or e-mail; the same as the executor `user:...`.
    pub assignee: Option<String>,
    /// Who may do it: `role:<key>`, `user:<id or e-mail>`, `head`, `owner`, `deputy`. None named: the maker.
    #[schema(value_type = Vec<String>)]
    pub executors: Vec<ExecutorRule>,
    /// Its deadline.
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// Or: so many seconds of working time from now.
    pub duration: Option<i64>,
    /// Seconds of working time before the deadline, several.
    pub remind_before: Vec<i64>,
    /// The record it is about.
    pub subject: Option<RecordRef>,
    /// Small steps.
    pub checklist: Vec<String>,
    /// What is to be filled.
    pub form: Vec<FormField>,
    /// What it is for.
    pub main_action: Option<MainAction>,
    /// Whether it cannot be completed without the main action.
    pub require_main_action: bool,
    /// How one of several executors is chosen.
    pub assignment: super::contract::Assignment,
    /// `"one"`, `"all"` or a number of different people.
    #[schema(value_type = Object)]
    pub completed_by: super::contract::CompletedBy,
    /// What is known about it.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
}

/// How a task was completed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Completion {
    /// Values of the form and variables for the process; `record.<field>` goes to the subject.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// What came out; of an approval `approved` or `rejected`.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Json>,
    /// Kept in the history.
    pub comment: Option<String>,
    /// Whether a task that somebody else gave is looked at by them before it is over (`review`).
    pub acceptance: bool,
}

/// Accepts a task that was done.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Acceptance {
    /// How well it was done, 1 to 5.
    pub mark: Option<u8>,
}

/// Gives a task back to whoever did it.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Returning {
    /// What is still to be done.
    pub note: String,
}

/// Does the main action.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActionInput {
    /// Must be the task's own main action.
    pub kind: String,
    /// Of `approve`: `approved` or `rejected`.
    pub result: Option<String>,
    /// Of `approve` and `acknowledge`.
    pub comment: Option<String>,
    /// Of `form`: its values.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// Of `set-fields`, `create-record`, `call`, `meeting`, `quote`, `invoice`: values on top of the contract's.
    #[schema(value_type = Object)]
    pub fields: Map<String, Json>,
    /// Of `create-record`, when the contract does not say.
    pub entity: Option<String>,
    /// Of `email`: addresses instead of the contract's.
    pub to: Option<Vec<String>>,
    /// Of `email`.
    pub cc: Option<Vec<String>>,
    /// Of `email`.
    pub subject: Option<String>,
    /// Of `email`.
    pub text: Option<String>,
    /// Of a letter that is `unsure`: `sent` (it did arrive) or `resend`.
    pub decision: Option<Decision>,
    /// Of an action of a plugin.
    #[schema(value_type = Object)]
    pub parameters: Map<String, Json>,
}

/// Gives a task to somebody else.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// To whom, by id or e-mail.
    pub to: String,
    /// Why; kept in the history.
    #[serde(default)]
    pub note: Option<String>,
}

/// Changes of a task's words and deadline.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskPatch {
    /// New title.
    pub title: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New deadline; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub due: Option<Option<Timestamp>>,
}

/// Tells `null` from a key that is not there.
fn given<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::<Timestamp>::deserialize(d).map(Some)
}

/// Changes of a checklist, done in this order.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChecklistChange {
    /// New items.
    pub add: Vec<String>,
    /// Numbers of items that are done.
    pub check: Vec<u32>,
    /// Numbers of items that are not done after all.
    pub uncheck: Vec<u32>,
    /// Numbers of items to take out.
    pub remove: Vec<u32>,
}
