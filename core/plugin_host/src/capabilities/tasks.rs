//! `tasks`: the tenant's tasks through the same door as people. What a plugin brings to the subject of a task must lie
//! within its write grant.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::access::{Action, Rights};
use kernel::{Ctx, Locale, RecordRef, TaskId, Timestamp};
use records::Catalogue;
use serde::Deserialize;
use serde_json::Map;
use work::tasks::{Completion, ExecutorRule, ManualTask, Task, TaskQuery, TaskState};

use super::{Caller, State, host_error, id_from_wit, object};
use crate::bindings::subjects::Subject;
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::work::tasks as wit;
use crate::manifest::check::{fail, text};
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// What the manifest says: `[permissions.tasks]`.
pub(crate) const PART: Part = Part::of::<TaskPermission>("tasks");

/// What may be done with tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TaskAction {
    /// See them.
    Read,
    /// Complete them.
    Complete,
    /// Make them.
    Create,
}

impl TaskAction {
    /// One of the things that a grant allows. Who completes tasks sees them.
    fn thing(&self) -> String {
        match self {
            Self::Read => "action:read",
            Self::Complete => "action:complete",
            Self::Create => "action:create",
        }
        .to_owned()
    }

    /// What an admin grants.
    const fn grant(self) -> &'static str {
        match self {
            Self::Read | Self::Complete => "tasks",
            Self::Create => "tasks.create",
        }
    }
}

/// What the plugin does with tasks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskPermission {
    /// What it may do.
    actions: Vec<TaskAction>,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for TaskPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.tasks.reason", &self.reason)?;
        if self.actions.is_empty() {
            return fail("permissions.tasks.actions", "name at least one of read, complete, create");
        }
        Ok(())
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let has = |action: TaskAction| self.actions.contains(&action);
        let grant = |action: TaskAction, title: &str| Grant {
            key: action.grant().to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: self.actions.iter().filter(|one| one.grant() == action.grant()).map(TaskAction::thing).collect(),
        };
        let seen = match (locale, has(TaskAction::Complete)) {
            (Locale::En, false) => "Tasks: sees them",
            (Locale::En, true) => "Tasks: sees and completes them",
            (Locale::Ru, false) => "Задачи: видит",
            (Locale::Ru, true) => "Задачи: видит и завершает",
            (Locale::Uk, false) => "Завдання: бачить",
            (Locale::Uk, true) => "Завдання: бачить і завершує",
        };
        let made = match locale {
            Locale::En => "Tasks: sets them for people",
            Locale::Ru => "Задачи: ставит людям",
            Locale::Uk => "Завдання: ставить людям",
        };
        let sees = has(TaskAction::Read) || has(TaskAction::Complete);
        let seen = sees.then(|| grant(TaskAction::Read, seen));
        seen.into_iter().chain(has(TaskAction::Create).then(|| grant(TaskAction::Create, made))).collect()
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn find(&mut self, query: wit::Query) -> Answer<wit::Page> {
        self.enter()?;
        Ok(self.find_tasks(query).await)
    }

    async fn complete(&mut self, task: String, completion: wit::Completion) -> Answer<wit::State> {
        self.enter()?;
        Ok(self.complete_task(&task, completion).await)
    }

    async fn create(&mut self, tasks: Vec<wit::NewTask>) -> Answer<Vec<Result<String, HostError>>> {
        self.enter()?;
        Ok(self.create_tasks(tasks.into_iter().map(|task| (None, task)).collect()).await)
    }

    async fn create_once(&mut self, tasks: Vec<wit::KeyedTask>) -> Answer<Vec<Result<String, HostError>>> {
        self.enter()?;
        Ok(self.create_tasks(tasks.into_iter().map(|one| (Some(one.key), one.task)).collect()).await)
    }
}

impl State {
    /// The caller and the context to act in. A plugin that acts as itself sees every task: the grant is its limit.
    fn may_task(&mut self, action: TaskAction) -> Result<(Caller, Ctx), HostError> {
        let caller = match action {
            TaskAction::Read => self.granted(action.grant())?,
            TaskAction::Complete | TaskAction::Create => self.writes(action.grant())?,
        };
        let asked = caller.plugin.manifest().permissions.part::<TaskPermission>();
        if !asked.is_some_and(|asked| asked.actions.contains(&action)) {
            return Err(HostError::Denied("the permission `tasks` does not include this action".to_owned()));
        }
        let mut ctx = caller.own_ctx();
        if caller.is_itself() {
            ctx.rights = Arc::new(Rights::everything());
        } else if caller.anonymous || ctx.user().is_none() {
            return Err(HostError::Denied("there is nobody to act for".to_owned()));
        }
        Ok((caller, ctx))
    }

    async fn find_tasks(&mut self, query: wit::Query) -> Result<wit::Page, HostError> {
        let (caller, ctx) = self.may_task(TaskAction::Read)?;
        let asked = TaskQuery {
            instance: query.instance.as_deref().map(id_from_wit).transpose()?,
            assignee: query.mine.then(|| "me".to_owned()),
            state: query.state.map(state_from_wit),
            limit: Some(query.limit.into()),
            cursor: query.cursor,
            ..TaskQuery::default()
        };
        let page = caller.services.tasks.list(&ctx, &asked).await.map_err(|error| host_error(&error))?;
        self.take_rows(page.items.len())?;
        let tasks = page.items.into_iter().map(to_wit).collect();
        Ok(wit::Page { tasks, next: page.next_cursor })
    }

    async fn complete_task(&mut self, task: &str, completion: wit::Completion) -> Result<wit::State, HostError> {
        let (caller, ctx) = self.may_task(TaskAction::Complete)?;
        self.take_rows(1)?;
        let id = id_from_wit(task)?;
        let input = Completion {
            variables: object("variables", &completion.variables)?,
            result: completion.result.as_deref().map(json).transpose()?,
            comment: completion.comment,
            acceptance: false,
        };
        let tasks = &caller.services.tasks;
        if input.variables.keys().any(|name| name.starts_with(RECORD)) {
            let task = tasks.get(&ctx, id).await.map_err(|error| host_error(&error))?;
            may_write(&caller, &task, &input.variables)?;
        }
        // Fields of the subject go through the write pipeline, which may come back here through hooks.
        let done = Box::pin(tasks.complete(&ctx, id, input)).await.map_err(|error| host_error(&error))?;
        Ok(state_to_wit(done.state))
    }

    /// Makes tasks in one transaction; those with a key once.
    async fn create_tasks(&mut self, tasks: Vec<(Option<String>, wit::NewTask)>) -> Made {
        if tasks.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} tasks at once")));
        }
        let (caller, ctx) = self.may_task(TaskAction::Create)?;
        self.take_rows(tasks.len())?;
        let (mut made, mut ready) = (Vec::with_capacity(tasks.len()), Vec::with_capacity(tasks.len()));
        let mut keys: HashSet<TaskId> = HashSet::new();
        for (key, task) in tasks {
            let id = key.as_deref().map(|key| of_key(&caller, key)).transpose();
            let task = id.and_then(|id| match id {
                Some(id) if !keys.insert(id) => Err(invalid("key", "stands twice in one call")),
                id => Ok((id, manual(&caller, task)?)),
            });
            made.push(task.map(|task| ready.push(task)));
        }
        let created =
            Box::pin(caller.services.tasks.create_many(&ctx, ready)).await.map_err(|error| host_error(&error))?;
        let mut created = created.into_iter();
        let mut next = |()| match created.next() {
            Some(task) => task.map(|task| task.id.to_string()).map_err(|error| host_error(&error)),
            None => Err(HostError::Internal("a task without a result".to_owned())),
        };
        Ok(made.into_iter().map(|task| task.and_then(&mut next)).collect())
    }
}

type Made = Result<Vec<Result<String, HostError>>, HostError>;

/// The task that a key of the plugin stands for.
fn of_key(caller: &Caller, key: &str) -> Result<TaskId, HostError> {
    if !(1..=MAX_KEY).contains(&key.chars().count()) {
        return Err(invalid("key", &format!("must have 1 to {MAX_KEY} characters")));
    }
    let plugin = caller.plugin.id();
    Ok(TaskId(kernel::id::derived(&format!("task {} {plugin} {key}", caller.ctx.tenant))))
}

/// Characters of a task's key.
const MAX_KEY: usize = 200;

/// Tasks in one call.
const BATCH: usize = 200;

/// A task as people make it, about nothing that the plugin has no business with.
fn manual(caller: &Caller, task: wit::NewTask) -> Result<ManualTask, HostError> {
    let subject = task.subject.map(|subject| match caller.plugin.records(&subject.entity) {
        Some(_) => Ok(RecordRef { id: id_from_wit(&subject.id)?, entity: subject.entity.into() }),
        None => Err(HostError::Denied(format!("the permission `records.{}` is not granted", subject.entity))),
    });
    let rule = |text: String| text.parse::<ExecutorRule>().map_err(|error| invalid("executors", &error));
    Ok(ManualTask {
        title: task.title,
        description: task.description,
        executors: task.executors.into_iter().map(rule).collect::<Result<_, _>>()?,
        subject: subject.transpose()?,
        due: task.due.map(Timestamp),
        variables: object("variables", &task.variables)?,
        ..ManualTask::default()
    })
}

fn invalid(what: &str, why: &str) -> HostError {
    HostError::Invalid(Invalid { text: format!("{what}: {why}"), fields: Vec::new() })
}

/// Variables that are fields of the subject.
const RECORD: &str = "record.";

fn may_write(caller: &Caller, task: &Task, variables: &Map<String, serde_json::Value>) -> Result<(), HostError> {
    let entity = task.subject.as_ref().map_or("", |subject| subject.entity.as_str());
    let permission = caller.plugin.records(entity).filter(|permission| permission.actions.contains(&Action::Update));
    let mut fields = variables.keys().filter_map(|name| name.strip_prefix(RECORD));
    match fields.find(|field| !permission.is_some_and(|permission| permission.writes(field))) {
        Some(field) => Err(HostError::Denied(format!("the plugin has no permission to set `{field}` of `{entity}`"))),
        None => Ok(()),
    }
}

fn json(text: &str) -> Result<serde_json::Value, HostError> {
    serde_json::from_str(text).map_err(|error| invalid("result", &error.to_string()))
}

const fn state_from_wit(state: wit::State) -> TaskState {
    match state {
        wit::State::Open => TaskState::Open,
        wit::State::Completed => TaskState::Completed,
        wit::State::Cancelled => TaskState::Cancelled,
    }
}

const fn state_to_wit(state: TaskState) -> wit::State {
    match state {
        // Not over for whoever gave it.
        TaskState::Open | TaskState::Review => wit::State::Open,
        TaskState::Completed => wit::State::Completed,
        TaskState::Cancelled => wit::State::Cancelled,
    }
}

fn to_wit(task: Task) -> wit::Task {
    wit::Task {
        id: task.id.to_string(),
        title: task.title,
        state: state_to_wit(task.state),
        assignee: task.assignee.map(|id| id.to_string()),
        instance: task.instance.map(|id| id.to_string()),
        element: task.element,
        subject: task.subject.map(|subject| Subject { entity: subject.entity.to_string(), id: subject.id.to_string() }),
        due: task.due.map(|due| due.micros()),
        variables: serde_json::Value::Object(task.variables).to_string(),
        result: task.result.map(|result| result.to_string()),
    }
}
