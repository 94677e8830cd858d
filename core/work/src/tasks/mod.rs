//! Tasks: what people must do, made by hand or by a process.
//!
//! Owns: the states of a task, who may do it and who has it, the step contract at every door, deadlines with reminders
//! and escalation, counters. Must not know: BPMN, HTTP, how an instance moves on: it tells the port `TaskOwner` inside
//! the completing transaction.
//!
//! | module | what |
//! |---|---|
//! | `contract`, `model` | what a task promises; how it comes in and goes out |
//! | `open` | making, withdrawing |
//! | `many` | making many by hand at once |
//! | `quick` | what a line says before it becomes a task |
//! | `resolve` | executors: from rules to people, assignment |
//! | `access` | who sees it, who acts |
//! | `check` | THE step contract: the one function every completion passes |
//! | `complete` | completing, once, by one or several |
//! | `act` | the main action |
//! | `made` | main actions that leave a record: calls, meetings, documents of sale |
//! | `review` | a task that was given is looked at: accepted or given back |
//! | `hand` | claim, release, delegate, edit, cancel, checklist |
//! | `blockers` | what stands in the way of a completion, told beforehand |
//! | `prospect` | who a task would come to, and until when; open tasks of an instance |
//! | `recount` | deadlines counted anew after a change of a calendar |
//! | `deadline` | reminders, overdue, escalation, as jobs |
//! | `letter` | what became of a letter |
//! | `list`, `counters` | lists by keyset, numbers for a person and their subordinates |
//! | `history` | events |
//! | `relations` | what others read inside their queries |
//! | `record` | the record of a task: one writer behind two doors |
//! | `staged` | tasks of pipeline stages |
//! | `store`, `parts` | the tables |
//! | `promise` | whether a contract can be kept |

mod access;
mod act;
mod blockers;
mod check;
mod complete;
pub mod contract;
mod counters;
mod deadline;
mod hand;
mod history;
mod letter;
mod list;
mod made;
mod many;
mod model;
mod open;
mod parts;
mod promise;
mod prospect;
mod quick;
mod record;
mod recount;
pub mod relations;
mod resolve;
mod review;
mod staged;
mod store;

use std::sync::{Arc, OnceLock};

use kernel::clock::Env;
use kernel::db::Tx;
use kernel::jobs::Handler;
use kernel::{Ctx, Db, InstanceId, RecordId, RecordRef, Result, TaskId};
use messaging::Mail;
use records::Records;
use serde_json::{Map, Value as Json};

pub use act::KINDS as MAIN_ACTIONS;
pub use blockers::{Blocker, TaskAct, TaskView};
pub use contract::{Assignment, CompletedBy, Escalation, ExecutorRule, FormField, MainAction, TaskContract, Tells};
pub use counters::{Count, Counter, Counters, PersonCount};
pub use history::ENTITY;
pub use list::{TaskPage, TaskQuery};
pub use model::{
    Acceptance, ActionInput, ChecklistChange, ChecklistItem, Completion, Delegation, MainActionState, ManualTask,
    NewTask, Origin, Returning, Task, TaskExecutor, TaskPatch, TaskState, Votes,
};

pub use prospect::{OpenTask, Prospect};
pub use quick::{QuickChip, QuickKind, QuickLine, QuickPerson, QuickTask};
pub use recount::{AT_ONCE, CalendarPreview, KIND as RECOMPUTE, MovedDeadline, OpenDeadlines, RecountSteps};

use crate::calendar::Calendars;

/// Whose tasks have an origin: told inside the completing transaction. What it refuses is not completed.
#[async_trait::async_trait]
pub trait TaskOwner: Send + Sync {
    /// Keeps an instance from others until the transaction ends. Asked before its task is kept from them, when the
    /// change may complete the task: whoever moves the instance keeps it first and its tasks after it.
    ///
    /// # Errors
    /// When the database fails.
    async fn hold(&self, tx: &Tx, ctx: &Ctx, instance: InstanceId) -> Result<()>;

    /// A task with an origin was completed. `variables` are those given with it, without the fields of the subject,
    /// which are written already; the result stands in `task.result` and `task.main_action`.
    ///
    /// # Errors
    /// Whatever keeps the instance from going on; the completion is undone.
    async fn completed(&self, tx: &Tx, ctx: &Ctx, task: &Task, variables: &Map<String, Json>) -> Result<()>;
}

/// Does main actions that this crate does not know, e.g. of plugins.
#[async_trait::async_trait]
pub trait ActionRunner: Send + Sync {
    /// Does an action outside of any transaction and gives its result. It may be asked again after a crash.
    ///
    /// # Errors
    /// Why it was not done.
    async fn run(&self, ctx: &Ctx, task: &Task, kind: &str, parameters: &Map<String, Json>) -> Result<Json>;
}

/// Makes drafts of documents of sale.
#[async_trait::async_trait]
pub trait Drafts: Send + Sync {
    /// Makes a draft of a `quote` or an `invoice` under an id that was chosen before: for a record of which one can be
    /// made, with what it sells; else an empty one. `fields` stand on top.
    ///
    /// # Errors
    /// As a new record of that entity.
    async fn draft(
        &self,
        ctx: &Ctx,
        kind: &str,
        subject: Option<&RecordRef>,
        id: RecordId,
        fields: Map<String, Json>,
    ) -> Result<()>;
}

/// The service of tasks; cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    db: Db,
    env: Env,
    records: Records,
    calendars: Calendars,
    mail: Mail,
    owner: Arc<OnceLock<Arc<dyn TaskOwner>>>,
    actions: Arc<OnceLock<Arc<dyn ActionRunner>>>,
    drafts: Arc<OnceLock<Arc<dyn Drafts>>>,
}

impl Tasks {
    /// Over records' database, with calendars and the way letters go out; from now on the outcome of their letters
    /// moves tasks on.
    pub fn new(records: &Records, calendars: &Calendars, mail: &Mail) -> Self {
        let tasks = Self {
            db: records.db().clone(),
            env: records.env().clone(),
            records: records.clone(),
            calendars: calendars.clone(),
            mail: mail.clone(),
            owner: Arc::default(),
            actions: Arc::default(),
            drafts: Arc::default(),
        };
        mail.add_owner(Arc::new(letter::TaskLetters(tasks.clone())));
        records.add_owner(Arc::new(record::TaskRecords(tasks.clone())));
        tasks
    }

    /// Says who owns tasks with an origin. Only the first call counts.
    pub fn set_owner(&self, owner: Arc<dyn TaskOwner>) {
        drop(self.owner.set(owner));
    }

    /// Says who does main actions unknown here. Only the first call counts.
    pub fn set_actions(&self, actions: Arc<dyn ActionRunner>) {
        drop(self.actions.set(actions));
    }

    /// Says who makes drafts of documents. Only the first call counts.
    pub fn set_drafts(&self, drafts: Arc<dyn Drafts>) {
        drop(self.drafts.set(drafts));
    }

    /// Handlers of this crate's jobs, for the worker: `task.remind`, `task.overdue`, `task.escalate`.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        deadline::handlers(self)
    }

    /// The database.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Clock and randomness.
    pub const fn env(&self) -> &Env {
        &self.env
    }

    /// Working calendars.
    pub const fn calendars(&self) -> &Calendars {
        &self.calendars
    }

    /// The way letters go out.
    pub const fn mail(&self) -> &Mail {
        &self.mail
    }

    /// One task that may be completed, out of the recycle bin too, kept from others with its instance until the
    /// transaction ends.
    async fn load_with_instance(&self, tx: &Tx, ctx: &Ctx, id: TaskId) -> Result<store::Stored> {
        if let Some(owner) = self.owner.get()
            && let Some(instance) = store::instance_of(tx, ctx.tenant, id).await?
        {
            owner.hold(tx, ctx, instance).await?;
        }
        store::load_locked(tx, ctx.tenant, id).await
    }

    /// One task that the actor sees.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, ctx: &Ctx, id: TaskId) -> Result<Task> {
        let task = store::load(self.db.read(), ctx.tenant, id).await?;
        access::standing(self.db.read(), ctx, &task).await?;
        Ok(task.shown(ctx))
    }
}
