//! What stands in the way of completing a task, told before anybody tries: the same judgement as the completion's.

use kernel::text::Message;
use kernel::{Ctx, Error, Result, TaskId};
use serde::Serialize;
use serde_json::Map;

use super::access::{self, Standing};
use super::model::{Task, TaskState};
use super::store::{self, Stored};
use super::{Tasks, check, complete, review};

/// What stands in the way.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Blocker {
    /// `main_action_missing`, `claimed`, `voted`, `denied`, or what is wrong with a field, such as `required`.
    pub code: String,
    /// The field of the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// In the reader's language.
    pub message: String,
    /// What mends it: the kind of the main action, `fill`, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fix: Option<String>,
}

/// What somebody may do with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskAct {
    /// Complete it, as soon as nothing stands in the way.
    Complete,
    /// Do its main action.
    Action,
    /// Take it.
    Claim,
    /// Give it back.
    Release,
    /// Give it to somebody else.
    Delegate,
    /// Say that it is well done.
    Accept,
    /// Give it back to whoever did it.
    Return,
}

/// A task, with what its reader can do now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskView {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// What stands in the way of completing it; nothing of a task that is over.
    pub blockers: Vec<Blocker>,
    /// What its reader may do.
    pub may: Vec<TaskAct>,
}

impl Tasks {
    /// One task that the actor sees, with what they can do now.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn view(&self, ctx: &Ctx, id: TaskId) -> Result<TaskView> {
        let mut task = store::load(self.db.read(), ctx.tenant, id).await?;
        let standing = access::standing(self.db.read(), ctx, &task).await?;
        if let Some(result) = self.settled(self.db.read(), ctx, &task).await? {
            (task.action.done, task.action.result, task.action.state) = (true, Some(result), None);
        }
        let open = task.state == TaskState::Open;
        let blockers = if open { self.blockers(ctx, &task, standing).await? } else { Vec::new() };
        let may = match task.state {
            TaskState::Open => acts(&task, standing),
            TaskState::Review if review::reviews(ctx, &task, standing) => vec![TaskAct::Accept, TaskAct::Return],
            _ => Vec::new(),
        };
        Ok(TaskView { task: task.shown(ctx), blockers, may })
    }

    async fn blockers(&self, ctx: &Ctx, task: &Stored, standing: Standing) -> Result<Vec<Blocker>> {
        let blocker = |code: &str, message: &Message, fix: Option<String>| Blocker {
            code: code.to_owned(),
            field: None,
            message: message.in_locale(ctx.locale),
            fix,
        };
        let refusal = |error: &Error| {
            let code = error.code().strip_prefix("task.").unwrap_or(error.code());
            blocker(code, &error.message(), None)
        };
        if standing == Standing::Sees {
            return Ok(vec![refusal(&Error::Denied("action"))]);
        }
        if let Err(error) = complete::may_complete(task, standing) {
            return Ok(vec![refusal(&error)]);
        }
        let own = complete::own_part(self.db.read(), ctx, task).await?;
        if own.as_ref().is_some_and(|vote| vote.completed.is_some()) {
            return Ok(vec![refusal(&Error::Conflict { code: "task.voted", current: None })]);
        }
        let nothing = Map::new();
        let done = complete::action_result(task, own.as_ref(), None)?.is_some();
        let record = self.subject_fields(self.db.read(), ctx, task).await?;
        let brought = complete::brought(task, own.as_ref(), &nothing, record.as_ref(), done);
        let mut found = Vec::new();
        if check::misses_action(task, &brought) {
            let missing = Error::Conflict { code: "task.main_action_missing", current: None };
            let fix = task.action_kind().map(str::to_owned);
            found.push(blocker("main_action_missing", &missing.message(), fix));
        }
        for (field, error) in check::wrong_fields(task, &brought) {
            let told = blocker(&error.code, &error.message, Some("fill".to_owned()));
            found.push(Blocker { field: Some(field), ..told });
        }
        Ok(found)
    }
}

/// What the standing allows with an open task.
fn acts(task: &Stored, standing: Standing) -> Vec<TaskAct> {
    let shared = task.needed() > 1;
    let taken = task.assignee.is_some();
    let mut acts = Vec::new();
    if standing == Standing::Sees {
        return acts;
    }
    if complete::may_complete(task, standing).is_ok() {
        acts.push(TaskAct::Complete);
        if task.contract.main_action.is_some() {
            acts.push(TaskAct::Action);
        }
    }
    let of_another = standing == Standing::Candidate && taken;
    if !shared && !taken {
        acts.push(TaskAct::Claim);
    }
    if !shared && taken && !of_another {
        acts.push(TaskAct::Release);
    }
    if shared || !of_another {
        acts.push(TaskAct::Delegate);
    }
    acts
}
