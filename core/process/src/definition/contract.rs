//! The step contract: what a user task promises, from the attributes and children in `urn:verstak:bpmn:1`.

use kernel::expression::Expression;

pub use work::tasks::{Assignment, CompletedBy, FormField};

use super::model::Parameter;

/// Everything a user task says about itself beyond BPMN.
#[derive(Debug, Default)]
pub struct Contract {
    /// `v:duration`: seconds of working time for the step.
    pub duration: Option<i64>,
    /// `v:remindBefore`: seconds of working time before the deadline, largest first.
    pub remind_before: Vec<i64>,
    /// `v:mainAction`.
    pub main_action: Option<MainAction>,
    /// `v:requireMainAction`.
    pub require_main_action: bool,
    /// `v:executors`.
    pub executors: Vec<Executor>,
    /// `v:assignment`.
    pub assignment: Assignment,
    /// `v:completedBy`: how many of the executors must complete it.
    pub completed_by: CompletedBy,
    /// `v:form`.
    pub form: Vec<FormField>,
    /// `v:escalate`, in the file's order.
    pub escalate: Vec<Escalate>,
    /// `v:event`: axis of the funnel.
    pub event: Option<String>,
    /// `v:probability`, percent.
    pub probability: Option<u8>,
    /// `v:resultVariable`: the variable that gets the task's result; of an approval `approved` or `rejected`.
    pub result: Option<String>,
}

/// What the step is for.
#[derive(Debug, Clone)]
pub struct MainAction {
    /// `form`, `approve`, `acknowledge`, `set-fields`, `create-record`, `email`, or `plugin:<id>/<action>`.
    pub kind: String,
    /// Its parameters, in the file's order.
    pub parameters: Vec<(String, Parameter)>,
}

/// Who may do the task.
#[derive(Debug, Clone)]
pub enum Executor {
    /// Holders of a role, by its key or name.
    Role(String),
    /// Head of the department of the subject's owner.
    Head,
    /// Owner of the subject.
    Owner,
    /// A person, by id or e-mail.
    User(String),
    /// Who stands in for the owner.
    Deputy,
    /// An expression that gives one of the above as text, or a list of them.
    Expression(Expression),
}

/// What happens after the deadline.
#[derive(Debug, Clone)]
pub struct Escalate {
    /// Whom to tell.
    pub to: Executor,
    /// Seconds of working time after the deadline.
    pub after: i64,
    /// Seconds of working time between repetitions.
    pub every: Option<i64>,
    /// Whether the task is given to them.
    pub reassign: bool,
}
