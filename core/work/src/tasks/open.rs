//! Making tasks, by a process or by hand, and taking them back when the process goes another way.

use std::collections::BTreeMap;

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::{Actor, Ctx, Error, Fields, InstanceId, RecordRef, Result, TaskId, Timestamp, Value};
use messaging::notifications::{self, Kind};
use people::staff;
use records::relations::TASK;
use records::{Foreseen, Operation};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use uuid::Uuid;

use super::access::Standing;
use super::contract::{ExecutorRule, TaskContract};
use super::model::{ChecklistItem, ManualTask, NewTask, Task, TaskState};
use super::parts;
use super::record::{Planned, Way};
use super::resolve::{self, Resolved};
use super::store::{self, ActionState, Counted, Marks, Stored};
use super::{Tasks, history, promise};
use crate::calendar::WorkingTime;
use crate::input::{self, MAX_TEXT, MAX_TITLE, invalid, wrong};

/// Executors of one task.
const MAX_RULES: usize = 100;

/// What a task is opened with beside what it is.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    /// Its id.
    pub id: TaskId,
    /// How it stands at once.
    pub state: TaskState,
    /// Fields of its record that mean nothing here.
    pub other: Fields,
    /// How it is written.
    pub way: Way,
    /// What before-hooks made of it.
    pub foreseen: Foreseen,
}

impl Opening {
    fn plain(ctx: &Ctx) -> Self {
        Self {
            id: TaskId(ctx.id()),
            state: TaskState::Open,
            other: Fields::new(),
            way: Way::plain(),
            foreseen: Foreseen::default(),
        }
    }
}

impl Tasks {
    /// Opens a task inside the caller's transaction and gives its id. Texts are cut to their limits. A rule that finds
    /// nobody does not stop it: when no candidate is left at all, nobody has the task and administrators are told.
    ///
    /// # Errors
    /// `task.invalid` for a contract or variables that cannot be kept, an unknown entity, or a duration that the
    /// calendar cannot hold.
    pub async fn open(&self, tx: &Tx, ctx: &Ctx, new: NewTask) -> Result<TaskId> {
        Ok(self.open_stored(tx, ctx, new, Opening::plain(ctx)).await?.0.id)
    }

    /// The same, with what the door of records brings; gives the record's image too.
    pub(super) async fn open_stored(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        new: NewTask,
        opening: Opening,
    ) -> Result<(Stored, Fields)> {
        promise::check_contract(&new.contract)?;
        input::variables("variables", &new.variables)?;
        let owner = self.owner_of(tx, ctx, &new).await?;
        // A module that names nobody means nobody, until it does.
        let left_open = new.executors.is_empty() && matches!(ctx.actor, Actor::Plugin { .. });
        let rules = if new.executors.is_empty() { vec![ExecutorRule::Owner] } else { new.executors.clone() };
        let found = resolve::resolve(tx, ctx, &rules, owner).await?;
        let candidates = u32::try_from(found.people.len()).unwrap_or(u32::MAX);
        let needed = new.contract.completed_by.needed(candidates);
        let assignee = resolve::assign(tx, ctx, &found, &rules, new.contract.assignment, needed).await?;
        let calendar = match new.due.is_some() || new.contract.duration.is_some() {
            true => Some(self.calendar_for(tx, ctx, assignee, &found).await?),
            false => None,
        };
        let due = match (new.due, new.contract.duration, &calendar) {
            (Some(due), _, _) => Some(due),
            (None, Some(seconds), Some(calendar)) => {
                Some(calendar.add(ctx.now(), seconds).map_err(|_| wrong("duration", FieldError::new("no_hours")))?)
            }
            _ => None,
        };
        let counted = new.contract.duration.filter(|_| new.due.is_none()).map(|seconds| {
            let (person, department) = counting(assignee, &found);
            Counted { from: ctx.now(), seconds, person, department }
        });
        let mut task = build(ctx, new, owner, &found, assignee, due);
        (task.id, task.other, task.marks.counted) = (opening.id, opening.other, counted);
        task.half = due.zip(calendar.as_ref()).and_then(|(due, calendar)| half(calendar, ctx.now(), due));
        if opening.state != TaskState::Open {
            self.end(tx, ctx, Standing::Above, &task.clone(), &mut task, opening.state).await?;
        }
        let told = history::told(None, &task, Operation::Create, None);
        let image = self.write(tx, ctx, None, &mut task, told, &opening.way).await?;
        let people: Vec<_> = found.people.into_iter().map(|(id, (_, role))| (id, role)).collect();
        parts::add_candidates(tx, ctx.tenant, task.id, &people).await?;
        if task.state != TaskState::Open {
            return Ok((task, image));
        }
        if !(left_open && task.assignee.is_none() && people.is_empty()) {
            self.announce(tx, ctx, &task, people.iter().map(|(id, _)| *id).collect()).await?;
        }
        if let Some(calendar) = calendar {
            super::deadline::schedule(tx, ctx, &task, &calendar).await?;
        }
        Ok((task, image))
    }

    /// Whom `owner`, `head` and `deputy` speak of.
    async fn owner_of(&self, tx: &Tx, ctx: &Ctx, new: &NewTask) -> Result<Option<Uuid>> {
        let me = || ctx.user().map(|user| user.0);
        let (None, Some(subject)) = (new.owner, &new.subject) else { return Ok(new.owner.or_else(me)) };
        match self.records.owner_in(tx, ctx, &subject.entity, subject.id).await {
            Ok(owner) => Ok(owner.or_else(me)),
            Err(Error::NotFound(_)) => Err(wrong("subject", FieldError::new("missing"))),
            Err(error) => Err(error),
        }
    }

    /// The calendar of the one who has it; else of the department that all candidates share; else the company's.
    pub(super) async fn calendar_for(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        assignee: Option<Uuid>,
        found: &Resolved,
    ) -> Result<std::sync::Arc<WorkingTime>> {
        let (person, department) = counting(assignee, found);
        match person.and_then(|person| found.people.get(&person)) {
            Some((user, _)) => self.calendars.of_user(conn, ctx, user).await,
            None => self.calendars.of_department(conn, ctx, department).await,
        }
    }

    async fn announce(&self, tx: &Tx, ctx: &Ctx, task: &Stored, candidates: Vec<Uuid>) -> Result<()> {
        let (kind, people) = match task.assignee {
            Some(assignee) => (Kind::New, vec![assignee]),
            None if candidates.is_empty() => (Kind::Unassigned, staff::admins(tx, ctx.tenant).await?),
            None if task.needed() > 1 => (Kind::New, candidates),
            None => (Kind::Offered, candidates),
        };
        notifications::tell(tx, ctx, kind, people, task.id, &told(task)).await
    }

    /// Cancels the open task of a wait, because its process does not await it any more. Nothing happens when there is
    /// none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw(&self, tx: &Tx, ctx: &Ctx, instance: InstanceId, wait: u32) -> Result<()> {
        self.withdraw_where(tx, ctx, instance, Some(wait)).await
    }

    /// Cancels all open tasks of an instance.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw_instance(&self, tx: &Tx, ctx: &Ctx, instance: InstanceId) -> Result<()> {
        self.withdraw_where(tx, ctx, instance, None).await
    }

    async fn withdraw_where(&self, tx: &Tx, ctx: &Ctx, instance: InstanceId, wait: Option<u32>) -> Result<()> {
        for old in of_instance(tx, ctx, instance, wait).await? {
            let mut task = old.clone();
            task.state = TaskState::Cancelled;
            task.completed = Some(ctx.now());
            self.keep(tx, ctx, &old, &mut task, None).await?;
        }
        Ok(())
    }

    /// Follows the migration of an instance: the open task of a wait now belongs to another element and version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn migrate(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        instance: InstanceId,
        wait: u32,
        element: &str,
        definition: Uuid,
    ) -> Result<()> {
        for old in of_instance(tx, ctx, instance, Some(wait)).await? {
            let mut task = old.clone();
            task.element = Some(element.to_owned());
            task.definition = Some(definition);
            self.keep(tx, ctx, &old, &mut task, None).await?;
        }
        Ok(())
    }

    /// Makes a task by hand.
    ///
    /// # Errors
    /// `task.invalid` by field: also for people, roles and records that do not exist or that the maker may not see.
    pub async fn create(&self, ctx: &Ctx, input: ManualTask) -> Result<Task> {
        let (new, opening) = self.ready(ctx, None, input).await?;
        let tx = self.db.begin().await?;
        let task = self.make(&tx, ctx, new, opening).await?;
        tx.commit().await?;
        Ok(task)
    }

    /// What is done before the transaction: a task by hand is checked and shown to before-hooks.
    pub(super) async fn ready(&self, ctx: &Ctx, id: Option<TaskId>, input: ManualTask) -> Result<(NewTask, Opening)> {
        let mut new = self.checked(ctx, input).await?;
        let foreseen = self.foresee(ctx, None, planned(&new)).await?;
        let mut opening = Opening::plain(ctx);
        opening.id = id.or_else(|| foreseen.record.map(|shown| TaskId(shown.0))).unwrap_or(opening.id);
        adopt(&mut new, &mut opening, &foreseen)?;
        opening.foreseen = foreseen;
        Ok((new, opening))
    }

    /// What is done inside it.
    pub(super) async fn make(&self, tx: &Tx, ctx: &Ctx, new: NewTask, opening: Opening) -> Result<Task> {
        let is_strict = !new.executors.is_empty();
        opening.foreseen.write_along(tx).await?;
        let (task, _) = self.open_stored(tx, ctx, new, opening).await?;
        match task.executors.iter().find_map(|executor| executor.unresolved.as_deref()) {
            Some(rule) if is_strict => Err(wrong("executors", invalid(format!("nobody was found for `{rule}`")))),
            _ => Ok(task.shown(ctx)),
        }
    }

    async fn checked(&self, ctx: &Ctx, input: ManualTask) -> Result<NewTask> {
        let title = input.title.trim();
        if title.is_empty() {
            return Err(wrong("title", FieldError::new("required")));
        }
        input::text("title", title, MAX_TITLE)?;
        input::text("description", &input.description, MAX_TEXT)?;
        let mut executors = input.executors;
        if let Some(assignee) = &input.assignee {
            let rule = format!("user:{assignee}").parse().map_err(|e| wrong("assignee", invalid(e)))?;
            executors.insert(0, rule);
        }
        if executors.len() > MAX_RULES {
            return Err(wrong("executors", FieldError::new("too_many").with("max", MAX_RULES)));
        }
        if input.due.is_some() && input.duration.is_some() {
            return Err(wrong("duration", invalid("give `due` or `duration`, not both")));
        }
        let nearest = Timestamp::parse("1970-01-01T00:00:00Z").unwrap_or(Timestamp(0));
        let latest = ctx.now().plus_seconds(100 * 366 * 86_400);
        if input.due.is_some_and(|due| due < nearest || due > latest) {
            return Err(wrong("due", FieldError::new("datetime")));
        }
        if let Some(subject) = &input.subject {
            self.check_subject(ctx, subject).await?;
        }
        if input.require_main_action && input.main_action.is_none() {
            return Err(wrong("main_action", FieldError::new("required")));
        }
        promise::check_checklist(&input.checklist)?;
        let contract = TaskContract {
            duration: input.duration,
            remind_before: input.remind_before,
            main_action: input.main_action,
            require_main_action: input.require_main_action,
            assignment: input.assignment,
            completed_by: input.completed_by,
            form: input.form,
            escalate: Vec::new(),
            ..TaskContract::default()
        };
        Ok(NewTask {
            title: title.to_owned(),
            description: input.description,
            origin: None,
            subject: input.subject,
            owner: if executors.is_empty() { ctx.user().map(|user| user.0) } else { None },
            executors,
            contract,
            variables: input.variables,
            due: input.due,
            checklist: input.checklist,
        })
    }

    async fn check_subject(&self, ctx: &Ctx, subject: &RecordRef) -> Result<()> {
        match self.records.get(ctx, &subject.entity, subject.id).await {
            Ok(_) => Ok(()),
            Err(Error::NotFound(_)) => Err(wrong("subject", FieldError::new("missing"))),
            Err(error) => Err(error),
        }
    }
}

/// The person by whose calendar a task is counted, else the department.
fn counting(assignee: Option<Uuid>, found: &Resolved) -> (Option<Uuid>, Option<Uuid>) {
    let person = assignee.filter(|assignee| found.people.contains_key(assignee));
    let mut departments: Vec<_> = found.people.values().map(|(user, _)| user.department_id).collect();
    departments.dedup();
    let shared = if let [one] = departments.as_slice() { *one } else { None };
    (person, shared.filter(|_| person.is_none()))
}

/// When half of the working time until a deadline has gone by. Without any until then, the deadline itself.
pub(super) fn half(calendar: &WorkingTime, from: Timestamp, due: Timestamp) -> Option<Timestamp> {
    match calendar.between(from, due) {
        Ok(seconds) if seconds > 1 => calendar.add(from, seconds / 2).ok(),
        _ => Some(due),
    }
}

/// The record that a new task by hand will be, as far as that is known before its executors are.
fn planned(new: &NewTask) -> Fields {
    let id = |id: Option<Uuid>| id.map_or(Value::Null, Value::Id);
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::Text(text.to_owned()) };
    let subject = new.subject.as_ref();
    let known = [
        ("title", text(&new.title)),
        ("description", text(&new.description)),
        ("due", new.due.map_or(Value::Null, Value::Instant)),
        ("owner", id(new.owner)),
        ("record_entity", text(subject.map_or("", |subject| &subject.entity))),
        ("record_id", id(subject.map(|subject| subject.id.0))),
    ];
    known.into_iter().filter(|(_, value)| *value != Value::Null).map(|(key, value)| (key.into(), value)).collect()
}

/// What hooks put into a new task by hand.
fn adopt(new: &mut NewTask, opening: &mut Opening, foreseen: &Foreseen) -> Result<()> {
    let patch = Planned(&foreseen.patch);
    for (key, value) in &foreseen.patch {
        match key.as_str() {
            "title" => new.title = patch.text(key),
            "description" => new.description = patch.text(key),
            "due" => new.due = patch.instant(key),
            "owner" => new.owner = patch.id(key),
            "assignee" => {
                new.executors = patch.id(key).map(|user| ExecutorRule::User(user.to_string())).into_iter().collect();
            }
            "state" | "record_entity" | "record_id" => {
                return Err(Error::field(records::INVALID, key, FieldError::new("read_only")));
            }
            _ => drop(opening.other.insert(key.clone(), value.clone())),
        }
    }
    Ok(())
}

/// Open tasks of an instance, kept from others until the transaction ends.
async fn of_instance(tx: &Tx, ctx: &Ctx, instance: InstanceId, wait: Option<u32>) -> Result<Vec<Stored>> {
    let mut select = store::select(ctx.tenant);
    select
        .and_where(Expr::col(("task_contract", "instance_id")).eq(instance))
        .and_where(Expr::col((TASK, "state")).eq("open"));
    if let Some(wait) = wait {
        select.and_where(Expr::col(("task_contract", "wait")).eq(i64::from(wait)));
    }
    if tx.get_database_backend() == DbBackend::Postgres {
        select.lock(LockType::Update);
    }
    Ok(tx.query_all(&select).await?.iter().map(store::from_row).collect::<Result<_, _>>()?)
}

fn build(
    ctx: &Ctx,
    new: NewTask,
    owner: Option<Uuid>,
    found: &Resolved,
    assignee: Option<Uuid>,
    due: Option<Timestamp>,
) -> Stored {
    let cut = |text: &str, max: usize| text.replace('\0', "").chars().take(max).collect::<String>();
    let (mut instance, mut wait, mut element, mut process_name, mut definition) = (None, None, None, None, None);
    if let Some(origin) = new.origin {
        (instance, wait, definition) = (Some(origin.instance), Some(origin.wait), Some(origin.definition));
        (element, process_name) = (Some(origin.element), Some(origin.process_name));
    }
    let mut title = cut(new.title.trim(), MAX_TITLE);
    if title.is_empty() {
        title = cut(element.as_deref().unwrap_or("-"), MAX_TITLE);
    }
    let now = ctx.now();
    Stored {
        id: TaskId(Uuid::nil()),
        version: 1,
        state: TaskState::Open,
        title,
        description: cut(&new.description, MAX_TEXT),
        instance,
        wait,
        element,
        process_name,
        definition,
        subject: new.subject,
        creator: ctx.user().map(|user| user.0),
        owner,
        role: found.role.clone(),
        assignee,
        candidates: u32::try_from(found.people.len()).unwrap_or(u32::MAX),
        executors: found.executors.clone(),
        contract: new.contract,
        variables: new.variables,
        checklist: items(&new.checklist, 1),
        action: ActionState::default(),
        result: None,
        marks: Marks::default(),
        reminders_sent: 0,
        created: now,
        updated: now,
        claimed: assignee.map(|_| now),
        due,
        half: None,
        // What somebody makes for themselves is nothing new to them.
        seen: assignee.filter(|_| assignee == ctx.user().map(|user| user.0)),
        overdue_marked: None,
        completed: None,
        completed_by: None,
        other: Fields::new(),
    }
}

/// Items of a checklist, numbered from `first`.
pub(super) fn items(texts: &[String], first: u32) -> Vec<ChecklistItem> {
    let numbered = (first..).zip(texts);
    numbered.map(|(id, text)| ChecklistItem { id, text: text.trim().to_owned(), done: false, by: None }).collect()
}

/// What notifications of a task say.
pub(super) fn told(task: &Stored) -> BTreeMap<String, String> {
    let mut params = BTreeMap::from([("title".to_owned(), task.title.clone())]);
    if let Some(due) = task.due {
        params.insert("due".to_owned(), due.to_string());
    }
    params
}
