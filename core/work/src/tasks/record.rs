//! The record of a task: one writer behind two doors.
//!
//! `Tasks::write` puts a task into its two tables, the record through the inner half of the pipeline of records. The
//! services of tasks come here, and so does the door of records (`TaskRecords`): a change that the pipeline has
//! authorised and found valid is made by the same steps as at the other door, so that the contract binds at both.

use futures::FutureExt;
use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::{Ctx, Error, Fields, RecordId, RecordRef, Result, TaskId, Timestamp, Value};
use messaging::notifications::{self, Kind};
use records::{EntityOwner, EntityRules, Foreseen, Inner, Operation, PendingChange, Told, WriteOptions};
use serde_json::Map;
use uuid::Uuid;

use super::access::{self, Standing};
use super::complete::Done;
use super::contract::ExecutorRule;
use super::history::{self, ENTITY};
use super::model::{NewTask, TaskState};
use super::open::{Opening, told};
use super::store::{self, Stored};
use super::{Tasks, check, deadline, parts};

/// How a change is written.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// What is done to the record.
    pub operation: Operation,
    /// The undo group.
    pub options: WriteOptions,
}

impl Way {
    /// A change like others.
    pub fn plain() -> Self {
        Self { operation: Operation::Update, options: WriteOptions::default() }
    }
}

impl Tasks {
    /// Writes a task into both its tables and gives the record's image. `old` is none for a new one; of another the
    /// caller holds the lock.
    pub(super) async fn write(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        old: Option<&Stored>,
        new: &mut Stored,
        told: Told,
        way: &Way,
    ) -> Result<Fields> {
        async move {
            let inner = Inner {
                id: new.id.into(),
                operation: old.map_or(Operation::Create, |_| way.operation),
                version: old.map_or(0, |old| old.version),
                before: old.map(Stored::record).unwrap_or_default(),
                after: new.record(),
                told,
            };
            new.version = inner.version + 1;
            new.updated = ctx.now();
            let image = self.records.write_in(tx, ctx, ENTITY, inner, &way.options).await?;
            match old {
                Some(old) => store::save_contract(tx, ctx, old, new).await?,
                None => store::insert_contract(tx, ctx.tenant, new).await?,
            }
            Ok(image)
        }
        .boxed()
        .await
    }

    /// Saves a change with its event.
    pub(super) async fn keep(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        old: &Stored,
        new: &mut Stored,
        note: Option<&str>,
    ) -> Result<()> {
        self.keep_as(tx, ctx, old, new, note, &Way::plain()).await.map(drop)
    }

    async fn keep_as(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        old: &Stored,
        new: &mut Stored,
        note: Option<&str>,
        way: &Way,
    ) -> Result<Fields> {
        let told = history::told(Some(old), new, way.operation, note);
        self.write(tx, ctx, Some(old), new, told, way).await
    }

    /// Shows before-hooks what somebody is about to do to a task that they see; nothing is read when nobody looks.
    pub(super) async fn foresee(&self, ctx: &Ctx, id: Option<TaskId>, planned: Fields) -> Result<Foreseen> {
        if planned.is_empty() || !self.records.is_watched(ctx, ENTITY).await? {
            return Ok(Foreseen::default());
        }
        if let Some(id) = id {
            self.get(ctx, id).await?;
        }
        self.records.foresee(ctx, ENTITY, id.map(RecordId::from), planned).await
    }

    /// What hooks put in place of other values. How a task stands and what it is about is not theirs to change.
    pub(super) async fn adopt(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        old: &mut Stored,
        task: &mut Stored,
        foreseen: &Foreseen,
    ) -> Result<()> {
        foreseen.write_along(tx).await?;
        let patch = Planned(&foreseen.patch);
        for (key, value) in &foreseen.patch {
            match key.as_str() {
                "title" => task.title = patch.text(key),
                "description" => task.description = patch.text(key),
                "owner" => task.owner = patch.id(key),
                "due" => self.new_deadline(tx, ctx, task, patch.instant(key)).await?,
                "assignee" => {
                    task.assignee = patch.id(key);
                    task.claimed = task.assignee.map(|_| ctx.now());
                }
                "state" | "record_entity" | "record_id" => {
                    return Err(Error::field(records::INVALID, key, FieldError::new("read_only")));
                }
                _ => {
                    old.other.insert(key.clone(), foreseen.before.get(key).cloned().unwrap_or(Value::Null));
                    task.other.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(())
    }

    /// Ends a task as a state says it.
    pub(super) async fn end(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        standing: Standing,
        old: &Stored,
        task: &mut Stored,
        state: TaskState,
    ) -> Result<()> {
        match state {
            TaskState::Open => Ok(()),
            TaskState::Cancelled => cancelled(ctx, task),
            // Whoever gave it looks at it when it is completed: that is no state to be set.
            TaskState::Review => Err(Error::field(records::INVALID, "state", FieldError::new("read_only"))),
            TaskState::Completed => {
                let nothing = Map::new();
                let done = Done { variables: &nothing, result: None, comment: None, acceptance: false };
                self.finish(tx, ctx, old, task, standing, &done).await?;
                if task.state == TaskState::Open {
                    // Others have to do their part: that is more than a state, and said at the door of tasks.
                    return Err(Error::Conflict { code: "task.shared", current: None });
                }
                Ok(())
            }
        }
    }
}

/// Tasks as the owner of their records.
pub(super) struct TaskRecords(pub Tasks);

impl EntityRules for TaskRecords {
    fn entity(&self) -> &'static str {
        ENTITY
    }

    fn defaults(&self, _: &Ctx, change: &mut PendingChange) {
        if change.before.is_none() {
            change.after.entry("state".into()).or_insert_with(|| Value::Text(TaskState::Open.name().into()));
        }
    }
}

#[async_trait::async_trait]
impl EntityOwner for TaskRecords {
    async fn write(&self, tx: &Tx, ctx: &Ctx, change: &PendingChange, options: &WriteOptions) -> Result<(i64, Fields)> {
        let way = Way { operation: change.operation, options: options.clone() };
        let (task, image) = match change.operation {
            Operation::Create => self.create(tx, ctx, change, &way).await?,
            _ => self.change(tx, ctx, change, &way).await?,
        };
        let mut whole = change.after.clone();
        whole.extend(image);
        Ok((task.version, whole))
    }
}

impl TaskRecords {
    /// A new task by hand. One that is over already (an import) has passed its contract too.
    async fn create(&self, tx: &Tx, ctx: &Ctx, change: &PendingChange, way: &Way) -> Result<(Stored, Fields)> {
        let planned = Planned(&change.after);
        let executors: Option<ExecutorRule> = planned.id("assignee").map(|user| ExecutorRule::User(user.to_string()));
        let new = NewTask {
            title: planned.text("title"),
            description: planned.text("description"),
            subject: planned.subject(),
            executors: executors.into_iter().collect(),
            due: planned.instant("due"),
            owner: planned.id("owner"),
            ..NewTask::default()
        };
        let state = planned.state();
        let (other, foreseen) = (change.after.clone(), Foreseen::default());
        let opening = Opening { id: TaskId(change.id.0), state, other, way: way.clone(), foreseen };
        self.0.open_stored(tx, ctx, new, opening).await
    }

    async fn change(&self, tx: &Tx, ctx: &Ctx, change: &PendingChange, way: &Way) -> Result<(Stored, Fields)> {
        let mut old = self.0.load_with_instance(tx, ctx, TaskId(change.id.0)).await?;
        if old.version != change.version {
            return Err(Error::Conflict { code: "record.conflict", current: None });
        }
        if old.state == TaskState::Open && takes_back(change) {
            access::letting_go(tx, ctx, &old).await?;
        }
        old.other = change.before.clone().unwrap_or_default();
        let mut task = Stored { other: change.after.clone(), ..old.clone() };
        match change.operation {
            Operation::Delete => deleted(ctx, &mut task)?,
            Operation::Restore => self.restored(tx, ctx, &mut task, change).await?,
            _ => self.update(tx, ctx, &old, &mut task, change).await?,
        }
        let image = self.0.keep_as(tx, ctx, &old, &mut task, way.options.comment.as_deref(), way).await?;
        if change.operation == Operation::Update {
            self.0.follow(tx, ctx, &old, &task).await?;
        }
        Ok((task, image))
    }

    /// The steps of the other door, one after the other.
    async fn update(&self, tx: &Tx, ctx: &Ctx, old: &Stored, task: &mut Stored, change: &PendingChange) -> Result<()> {
        let planned = Planned(&change.after);
        if change.merging && change.changes("record_id") {
            // What it is about goes on as another record, also for a task that is over or of a process.
            task.subject = planned.subject();
            return Ok(());
        }
        let of_maker = ["title", "description", "owner", "record_entity", "record_id"];
        let words = of_maker.iter().any(|key| change.changes(key));
        let [assignee, due, state] = ["assignee", "due", "state"].map(|key| change.changes(key));
        if words || assignee || due || state {
            check::still_open(old)?;
        }
        if words {
            if old.instance.is_some() {
                return Err(Error::Conflict { code: "task.of_process", current: None });
            }
            (task.title, task.description) = (planned.text("title"), planned.text("description"));
            (task.owner, task.subject) = (planned.id("owner"), planned.subject());
        }
        if due {
            self.0.new_deadline(tx, ctx, task, planned.instant("due")).await?;
        }
        if assignee {
            self.hand_over(tx, ctx, old, task, planned.id("assignee")).await?;
        }
        if !state {
            return Ok(());
        }
        let standing = self.standing(tx, ctx, old).await?;
        self.0.end(tx, ctx, standing, old, task, planned.state()).await
    }

    /// How the actor stands to it: whoever may change the record by their roles answers for it.
    async fn standing(&self, tx: &Tx, ctx: &Ctx, task: &Stored) -> Result<Standing> {
        match access::standing(tx, ctx, task).await {
            Ok(Standing::Sees) | Err(Error::NotFound(_)) => Ok(Standing::Above),
            Ok(Standing::Candidate) if task.needed() == 1 => Ok(Standing::Above),
            found => found,
        }
    }

    async fn hand_over(&self, tx: &Tx, ctx: &Ctx, old: &Stored, task: &mut Stored, to: Option<Uuid>) -> Result<()> {
        if old.needed() > 1 {
            return Err(Error::Conflict { code: "task.shared", current: None });
        }
        (task.assignee, task.claimed) = (to, to.map(|_| ctx.now()));
        let (kind, people) = match to {
            Some(to) => (Kind::Delegated, vec![to]),
            None => (Kind::Offered, parts::candidates(tx, task.id).await?),
        };
        let people = people.into_iter().filter(|person| Some(*person) != old.assignee);
        notifications::tell(tx, ctx, kind, people, task.id, &told(task)).await?;
        Ok(())
    }

    /// What was cancelled by its deletion is to be done again.
    async fn restored(&self, tx: &Tx, ctx: &Ctx, task: &mut Stored, change: &PendingChange) -> Result<()> {
        let deleted = change.before.as_ref().and_then(|before| before.get("deleted_at")).and_then(Value::as_instant);
        if task.state == TaskState::Cancelled && task.completed.is_some() && task.completed == deleted {
            (task.state, task.completed, task.completed_by) = (TaskState::Open, None, None);
            if task.due.is_some_and(|due| due > ctx.now()) {
                let calendar = self.0.calendar_of(tx, ctx, task).await?;
                deadline::schedule(tx, ctx, task, &calendar).await?;
            }
        }
        Ok(())
    }
}

/// Whether a change has a task not be done, or be about something else.
fn takes_back(change: &PendingChange) -> bool {
    let about = ["record_entity", "record_id"].iter().any(|key| change.changes(key)) && !change.merging;
    let cancels = change.changes("state") && Planned(&change.after).state() == TaskState::Cancelled;
    change.operation == Operation::Delete || (change.operation == Operation::Update && (about || cancels))
}

fn cancelled(ctx: &Ctx, task: &mut Stored) -> Result<()> {
    if task.instance.is_some() {
        return Err(Error::Conflict { code: "task.of_process", current: None });
    }
    task.state = TaskState::Cancelled;
    task.completed = Some(ctx.now());
    task.completed_by = ctx.user().map(|user| user.0);
    Ok(())
}

/// An open task in the recycle bin is nobody's to do.
fn deleted(ctx: &Ctx, task: &mut Stored) -> Result<()> {
    if task.state == TaskState::Open { cancelled(ctx, task) } else { Ok(()) }
}

/// An image that a change of the record would lead to.
pub(super) struct Planned<'a>(pub &'a Fields);

impl Planned<'_> {
    pub fn text(&self, key: &str) -> String {
        self.0.get(key).and_then(Value::as_text).unwrap_or_default().to_owned()
    }

    pub fn id(&self, key: &str) -> Option<Uuid> {
        self.0.get(key).and_then(Value::as_id)
    }

    pub fn instant(&self, key: &str) -> Option<Timestamp> {
        self.0.get(key).and_then(Value::as_instant)
    }

    fn state(&self) -> TaskState {
        self.0.get("state").and_then(Value::as_text).map_or(TaskState::Open, TaskState::named)
    }

    fn subject(&self) -> Option<RecordRef> {
        let entity = self.0.get("record_entity").and_then(Value::as_text)?;
        Some(RecordRef { entity: entity.into(), id: RecordId(self.id("record_id")?) })
    }
}
