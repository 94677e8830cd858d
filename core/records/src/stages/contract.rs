//! What a stage makes happen when a record enters it: a task that is done before the record leaves, and actions. Records keeps
//! what was asked for; the ports are answered by whoever has tasks and rules.

use kernel::db::Tx;
use kernel::error::FieldErrors;
use kernel::{Ctx, RecordId, RecordRef, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::catalogue::{Catalogue, Labels};

/// The task of a stage: made when a record enters, done before it leaves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StageContract {
    /// What is to be done, by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub title: Labels,
    /// In more words, up to 5,000 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Who does it: `role:<key>`, `user:<id or e-mail>`, `head`, `owner`, `deputy`. None named: the record's owner.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub executors: Vec<String>,
    /// How long it may take, ISO 8601 in working time: `P1D` is eight hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// How long before that whoever has it is reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind: Option<String>,
    /// What it is for: `form`, `approve`, `acknowledge`, `set-fields`, `create-record`, `email`, `call`, `meeting`, `quote`,
    /// `invoice`, or `plugin:<id>/<action>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_action: Option<String>,
    /// What that is given, as it stands here: subject and text of a letter, values to set.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Json>,
    /// Whether it is not completed before that is done.
    pub require_main_action: bool,
    /// Fields of the record that have a value when it is completed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<String>,
    /// Whom to tell when it is late: up to 16.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub escalate: Vec<StageEscalation>,
}

/// Whom to tell when the task of a stage is late.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageEscalation {
    /// `role:<key>`, `user:<id or e-mail>`, `head`, `owner`, `deputy`.
    pub to: String,
    /// How long after the deadline, ISO 8601 in working time; at once by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How long until they are told again; once by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// Whether the task is given to them.
    #[serde(default)]
    pub reassign: bool,
}

/// A stage that a record entered.
#[derive(Debug, Clone)]
pub struct StageEntered {
    /// Its key.
    pub stage: String,
    /// Its task.
    pub contract: StageContract,
}

/// The port of tasks of stages.
#[async_trait::async_trait]
pub trait StageTasks: Send + Sync {
    /// What is wrong with such a task, by part: all but its words and fields.
    fn wrong(&self, contract: &StageContract) -> FieldErrors;

    /// Makes the task, in the transaction in which the record enters the stage.
    ///
    /// # Errors
    /// Why it cannot be made; then the record does not enter.
    async fn enter(&self, tx: &Tx, ctx: &Ctx, record: &RecordRef, entered: &StageEntered) -> Result<()>;

    /// Cancels what is open of the task, because the record leaves the stage all the same.
    ///
    /// # Errors
    /// When the database fails.
    async fn leave(&self, tx: &Tx, ctx: &Ctx, record: &RecordRef, stage: &str) -> Result<()>;

    /// The titles of tasks that are to be done before these records leave the stages that they stand in.
    ///
    /// # Errors
    /// When the database fails.
    async fn open(&self, ctx: &Ctx, entity: &str, at: &[(RecordId, String)]) -> Result<Vec<(RecordId, String)>>;
}

/// A stage with what is done when a record enters it; nothing: no more.
#[derive(Debug, Clone)]
pub struct OnEnter {
    /// Its key.
    pub stage: String,
    /// As the administrator reads it.
    pub name: String,
    /// Actions of automation.
    pub acts: Vec<Json>,
}

/// The port of actions of stages.
#[async_trait::async_trait]
pub trait StageActs: Send + Sync {
    /// Passes actions that the entity may have.
    ///
    /// # Errors
    /// `config.invalid` by part: `do.<n>.<part>`.
    async fn check(&self, ctx: &Ctx, entity: &str, on_enter: &OnEnter) -> Result<()>;

    /// The same as a transaction sees what they name.
    ///
    /// # Errors
    /// As `check`.
    async fn check_in(&self, tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, entity: &str, on_enter: &OnEnter)
    -> Result<()>;

    /// Why an action must not leave the company: a key of words.
    fn kept_back(&self, act: &Json) -> Option<&'static str>;

    /// Keeps them: who enters these stages from now on sets them off.
    ///
    /// # Errors
    /// When the database fails.
    async fn keep(&self, tx: &Tx, ctx: &Ctx, entity: &str, all: &[OnEnter]) -> Result<()>;
}
