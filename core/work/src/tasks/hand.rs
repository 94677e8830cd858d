//! From hand to hand: claim, release, delegate; and small changes: words, deadline, checklist, cancelling.

use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::{Ctx, Error, Fields, Result, TaskId, Timestamp, Value};
use messaging::notifications::{self, Kind};
use people::staff;
use records::Foreseen;
use uuid::Uuid;

use super::access::{self, Standing};
use super::model::{ChecklistChange, ChecklistItem, Delegation, Task, TaskPatch, TaskState};
use super::open::{self, told};
use super::parts;
use super::promise::{self, MAX_CHECKLIST};
use super::store::{self, Stored};
use super::{Tasks, check, deadline};
use crate::input::{self, MAX_NOTE, MAX_TEXT, MAX_TITLE, invalid, wrong};

impl Tasks {
    /// Takes a task that nobody has. Taking what one has already changes nothing.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`, `task.claimed`; `task.shared` for a task
    /// that several must complete, which nobody can have alone.
    pub async fn claim(&self, ctx: &Ctx, id: TaskId) -> Result<Task> {
        let me = ctx.user().ok_or(Error::Denied("action"))?.0;
        self.change(ctx, id, planned("assignee", Value::Id(me)), async |_, old, task, _| {
            shared(old)?;
            match old.assignee {
                Some(assignee) if assignee == me => Ok(Outcome::Same),
                Some(_) => Err(Error::Conflict { code: "task.claimed", current: None }),
                None => {
                    (task.assignee, task.seen) = (Some(me), Some(me));
                    task.claimed = Some(ctx.now());
                    Ok(Outcome::Changed(None))
                }
            }
        })
        .await
    }

    /// The actor has looked at a task that they have: it is new to them no more. Of other tasks nothing is kept.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn seen(&self, ctx: &Ctx, id: TaskId) -> Result<()> {
        let task = store::load(self.db.read(), ctx.tenant, id).await?;
        access::standing(self.db.read(), ctx, &task).await?;
        let me = ctx.user().map(|user| user.0);
        if task.assignee != me || task.seen == me {
            return Ok(());
        }
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, id).await?;
        let new = Stored { seen: me, ..old.clone() };
        store::save_contract(&tx, ctx, &old, &new).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a task back to those who may do it: one's own, or as a head or administrator anybody's.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`, `task.claimed` (somebody else has it).
    pub async fn release(&self, ctx: &Ctx, id: TaskId) -> Result<Task> {
        self.change(ctx, id, planned("assignee", Value::Null), async |tx, old, task, standing| {
            if old.assignee.is_none() {
                return Ok(Outcome::Same);
            }
            if standing == Standing::Candidate {
                return Err(Error::Conflict { code: "task.claimed", current: None });
            }
            task.assignee = None;
            task.claimed = None;
            let waiting = parts::candidates(tx, task.id).await?.into_iter().filter(|id| Some(*id) != old.assignee);
            notifications::tell(tx, ctx, Kind::Offered, waiting, task.id, &told(task)).await?;
            Ok(Outcome::Changed(None))
        })
        .await
    }

    /// Gives a task to somebody else; of a task that several must complete, one's own part.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`, `task.claimed`, `task.voted`;
    /// `task.invalid` naming `to` or `note`.
    pub async fn delegate(&self, ctx: &Ctx, id: TaskId, input: &Delegation) -> Result<Task> {
        input::text("to", &input.to, 254)?;
        let note = input.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
        input::text("note", note.unwrap_or_default(), MAX_NOTE)?;
        let to = staff::named(self.db.read(), ctx.tenant, input.to.trim()).await?;
        let given = to.as_ref().map(|to| planned("assignee", Value::Id(to.id))).unwrap_or_default();
        self.change(ctx, id, given, async |tx, old, task, standing| {
            let to = to.as_ref().ok_or_else(|| wrong("to", FieldError::new("missing")))?;
            if old.needed() > 1 {
                hand_part(tx, ctx, task, standing, to.id).await?;
            } else {
                if standing == Standing::Candidate && old.assignee.is_some() {
                    return Err(Error::Conflict { code: "task.claimed", current: None });
                }
                task.assignee = Some(to.id);
                task.claimed = Some(ctx.now());
            }
            notifications::tell(tx, ctx, Kind::Delegated, [to.id], task.id, &told(task)).await?;
            Ok(Outcome::Changed(note.map(str::to_owned)))
        })
        .await
    }

    /// Changes the checklist of an open task.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`; `task.invalid` naming `checklist`.
    pub async fn change_checklist(&self, ctx: &Ctx, id: TaskId, input: &ChecklistChange) -> Result<Task> {
        promise::check_checklist(&input.add)?;
        self.change(ctx, id, Fields::new(), async |_, _, task, _| {
            let first = task.checklist.iter().map(|item| item.id).max().unwrap_or(0).saturating_add(1);
            task.checklist.extend(open::items(&input.add, first));
            let me = ctx.user().map(|user| user.0);
            for (ids, done) in [(&input.check, true), (&input.uncheck, false)] {
                for id in ids {
                    let item = find(&mut task.checklist, *id)?;
                    (item.done, item.by) = (done, me.filter(|_| done));
                }
            }
            for id in &input.remove {
                find(&mut task.checklist, *id)?;
                task.checklist.retain(|item| item.id != *id);
            }
            if task.checklist.len() > MAX_CHECKLIST {
                return Err(wrong("checklist", FieldError::new("too_many").with("max", MAX_CHECKLIST)));
            }
            Ok(Outcome::Changed(None))
        })
        .await
    }

    /// Changes words and deadline: whoever may act, or the maker of a task by hand. The words of a process's task are
    /// the process's. A new deadline has its own reminders.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`, `task.of_process`; `task.invalid`.
    pub async fn edit(&self, ctx: &Ctx, id: TaskId, patch: &TaskPatch) -> Result<Task> {
        let title = patch.title.as_deref().map(str::trim);
        if title == Some("") {
            return Err(wrong("title", FieldError::new("required")));
        }
        input::text("title", title.unwrap_or_default(), MAX_TITLE)?;
        input::text("description", patch.description.as_deref().unwrap_or_default(), MAX_TEXT)?;
        if let Some(Some(due)) = patch.due
            && (due.0 < 0 || due > ctx.now().plus_seconds(100 * 366 * 86_400))
        {
            return Err(wrong("due", FieldError::new("datetime")));
        }
        let mut given = Fields::new();
        for (key, words) in [("title", title), ("description", patch.description.as_deref())] {
            given.extend(words.map(|words| (key.into(), Value::Text(words.to_owned()))));
        }
        given.extend(patch.due.map(|due| ("due".into(), due.map_or(Value::Null, Value::Instant))));
        self.change_own(ctx, id, given, async |tx, old, task, _| {
            if old.instance.is_some() && (title.is_some() || patch.description.is_some()) {
                return Err(Error::Conflict { code: "task.of_process", current: None });
            }
            task.title = title.map_or_else(|| task.title.clone(), str::to_owned);
            task.description = patch.description.clone().unwrap_or_else(|| task.description.clone());
            if let Some(due) = patch.due.filter(|due| *due != old.due) {
                self.new_deadline(tx, ctx, task, due).await?;
            }
            Ok(if old == task { Outcome::Same } else { Outcome::Changed(None) })
        })
        .await
    }

    /// A new deadline has its own reminders.
    pub(super) async fn new_deadline(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        task: &mut Stored,
        due: Option<Timestamp>,
    ) -> Result<()> {
        (task.due, task.overdue_marked, task.marks) = (due, None, store::Marks::default());
        let calendar = self.calendar_of(tx, ctx, task).await?;
        task.half = due.and_then(|due| open::half(&calendar, task.created, due));
        deadline::schedule(tx, ctx, task, &calendar).await
    }

    /// Cancels a task made by hand: its maker, heads and administrators, whoever has it; that of a stage heads and
    /// administrators alone.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`, `task.of_process`.
    pub async fn cancel(&self, ctx: &Ctx, id: TaskId, note: Option<&str>) -> Result<Task> {
        input::text("note", note.unwrap_or_default(), MAX_NOTE)?;
        let given = planned("state", Value::Text(TaskState::Cancelled.name().into()));
        self.change_own(ctx, id, given, async |tx, old, task, standing| {
            if old.instance.is_some() {
                return Err(Error::Conflict { code: "task.of_process", current: None });
            }
            access::letting_go(tx, ctx, old).await?;
            if standing == Standing::Candidate && old.creator != ctx.user().map(|user| user.0) {
                return Err(Error::Denied("action"));
            }
            task.state = TaskState::Cancelled;
            task.completed = Some(ctx.now());
            task.completed_by = ctx.user().map(|user| user.0);
            Ok(Outcome::Changed(note.map(str::to_owned)))
        })
        .await
    }

    /// A change of an open task by somebody who may act. `planned` are the record's fields it is about.
    async fn change(
        &self,
        ctx: &Ctx,
        id: TaskId,
        planned: Fields,
        work: impl AsyncFnOnce(&Tx, &Stored, &mut Stored, Standing) -> Result<Outcome>,
    ) -> Result<Task> {
        let foreseen = self.foresee(ctx, Some(id), planned).await?;
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, id).await?;
        let standing = access::acting(&tx, ctx, &old).await?;
        self.apply(tx, ctx, old, standing, foreseen, work).await
    }

    /// The same, also by the maker of a task by hand.
    async fn change_own(
        &self,
        ctx: &Ctx,
        id: TaskId,
        planned: Fields,
        work: impl AsyncFnOnce(&Tx, &Stored, &mut Stored, Standing) -> Result<Outcome>,
    ) -> Result<Task> {
        let foreseen = self.foresee(ctx, Some(id), planned).await?;
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, id).await?;
        let standing = access::standing(&tx, ctx, &old).await?;
        if standing == Standing::Sees && old.instance.is_some() {
            return Err(Error::Denied("action"));
        }
        self.apply(tx, ctx, old, standing, foreseen, work).await
    }

    async fn apply(
        &self,
        tx: Tx,
        ctx: &Ctx,
        mut old: Stored,
        standing: Standing,
        foreseen: Foreseen,
        work: impl AsyncFnOnce(&Tx, &Stored, &mut Stored, Standing) -> Result<Outcome>,
    ) -> Result<Task> {
        check::still_open(&old)?;
        let mut task = old.clone();
        if let Outcome::Changed(note) = work(&tx, &old, &mut task, standing).await? {
            self.adopt(&tx, ctx, &mut old, &mut task, &foreseen).await?;
            self.keep(&tx, ctx, &old, &mut task, note.as_deref()).await?;
            tx.commit().await?;
        }
        Ok(task.shown(ctx))
    }
}

/// One field that is about to differ.
pub(super) fn planned(key: &str, value: Value) -> Fields {
    [(key.into(), value)].into_iter().collect()
}

/// What a change came to.
enum Outcome {
    /// Nothing to write.
    Same,
    /// To be written, with a note for the history.
    Changed(Option<String>),
}

fn shared(task: &Stored) -> Result<()> {
    if task.needed() > 1 { Err(Error::Conflict { code: "task.shared", current: None }) } else { Ok(()) }
}

fn find(items: &mut [ChecklistItem], id: u32) -> Result<&mut ChecklistItem> {
    let missing = || wrong("checklist", invalid(format!("there is no item {id}")));
    items.iter_mut().find(|item| item.id == id).ok_or_else(missing)
}

/// Gives the actor's part of a shared task to somebody who has none yet.
async fn hand_part(tx: &Tx, ctx: &Ctx, task: &mut Stored, standing: Standing, to: Uuid) -> Result<()> {
    let me = ctx.user().filter(|_| standing != Standing::Above).ok_or(Error::Denied("action"))?;
    if parts::votes(tx, task.id).await?.iter().any(|vote| vote.user == me.0 && vote.completed.is_some()) {
        return Err(Error::Conflict { code: "task.voted", current: None });
    }
    if parts::candidates(tx, task.id).await?.contains(&to) {
        return Err(wrong("to", FieldError::new("taken")));
    }
    parts::remove_candidate(tx, task.id, me.0).await?;
    parts::add_candidates(tx, ctx.tenant, task.id, &[(to, None)]).await
}
