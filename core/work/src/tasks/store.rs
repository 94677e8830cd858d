//! The table `task`.

use kernel::db::Tx;
use kernel::{Ctx, Error, Result, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use super::contract::TaskContract;
use super::model::{ChecklistItem, MainActionState, Subject, Task, TaskExecutor, TaskState, Votes};

/// A row of `task`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    pub id: Uuid,
    pub version: i64,
    pub state: TaskState,
    pub title: String,
    pub description: String,
    pub instance: Option<Uuid>,
    pub wait: Option<u32>,
    pub element: Option<String>,
    pub process_name: Option<String>,
    pub definition: Option<Uuid>,
    pub subject: Option<Subject>,
    pub creator: Option<Uuid>,
    pub owner: Option<Uuid>,
    pub role: Option<String>,
    pub assignee: Option<Uuid>,
    /// People in `task_executor`.
    pub candidates: u32,
    pub executors: Vec<TaskExecutor>,
    pub contract: TaskContract,
    pub variables: Map<String, Json>,
    pub checklist: Vec<ChecklistItem>,
    pub action: ActionState,
    pub result: Option<Json>,
    pub marks: Marks,
    pub reminders_sent: i64,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub claimed: Option<Timestamp>,
    pub due: Option<Timestamp>,
    /// When it was found overdue and told so.
    pub overdue_marked: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    pub completed_by: Option<Uuid>,
}

/// What became of the main action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ActionState {
    /// Its result exists.
    pub done: bool,
    /// The result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// `queued`, `failed`, `unsure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The letter on its way, or the id of a record about to be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Uuid>,
    /// Values given before the completion.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub given: Map<String, Json>,
    /// Completions so far, when several are needed.
    #[serde(skip_serializing_if = "is_zero")]
    pub votes: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What has been told about the deadline it has now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Marks {
    /// Numbers of the reminders that went out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub reminded: BTreeSet<u32>,
    /// Escalations by rule: how many times.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub escalated: BTreeMap<u32, u32>,
}

const COLUMNS: [&str; 33] = [
    "id",
    "version",
    "state",
    "title",
    "description",
    "instance_id",
    "wait",
    "element",
    "process_name",
    "definition_id",
    "subject_entity",
    "subject_id",
    "creator",
    "owner",
    "role",
    "assignee",
    "candidates",
    "executors",
    "contract",
    "variables",
    "checklist",
    "action",
    "result",
    "marks",
    "reminders_sent",
    "created_at",
    "updated_at",
    "claimed_at",
    "due_at",
    "overdue_at",
    "completed_at",
    "completed_by",
    "tenant_id",
];

/// Selects whole tasks of a tenant.
pub(super) fn select(tenant: TenantId) -> SelectStatement {
    let columns = COLUMNS.map(|column| ("task", column));
    Query::select().columns(columns).from("task").and_where(Expr::col(("task", "tenant_id")).eq(tenant.0)).take()
}

/// One task.
pub(super) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Stored> {
    let statement = select(tenant).and_where(Expr::col(("task", "id")).eq(id)).take();
    let row = conn.query_one(&statement).await?.ok_or_else(|| Error::NotFound(format!("task {id}")))?;
    Ok(from_row(&row)?)
}

/// One task, kept from others until the transaction ends.
pub(super) async fn load_locked(tx: &Tx, tenant: TenantId, id: Uuid) -> Result<Stored> {
    let mut statement = select(tenant).and_where(Expr::col(("task", "id")).eq(id)).take();
    if tx.get_database_backend() == DbBackend::Postgres {
        statement.lock(LockType::Update);
    }
    let row = tx.query_one(&statement).await?.ok_or_else(|| Error::NotFound(format!("task {id}")))?;
    Ok(from_row(&row)?)
}

pub(super) fn from_row(row: &QueryResult) -> Result<Stored, DbErr> {
    let subject = match (row.try_get_by_index::<Option<String>>(10)?, row.try_get_by_index::<Option<Uuid>>(11)?) {
        (Some(entity), Some(id)) => Some(Subject { entity, id }),
        _ => None,
    };
    let state: String = row.try_get_by_index(2)?;
    Ok(Stored {
        id: row.try_get_by_index(0)?,
        version: row.try_get_by_index(1)?,
        state: match state.as_str() {
            "open" => TaskState::Open,
            "completed" => TaskState::Completed,
            _ => TaskState::Cancelled,
        },
        title: row.try_get_by_index(3)?,
        description: row.try_get_by_index(4)?,
        instance: row.try_get_by_index(5)?,
        wait: row.try_get_by_index::<Option<i64>>(6)?.and_then(|wait| u32::try_from(wait).ok()),
        element: row.try_get_by_index(7)?,
        process_name: row.try_get_by_index(8)?,
        definition: row.try_get_by_index(9)?,
        subject,
        creator: row.try_get_by_index(12)?,
        owner: row.try_get_by_index(13)?,
        role: row.try_get_by_index(14)?,
        assignee: row.try_get_by_index(15)?,
        candidates: u32::try_from(row.try_get_by_index::<i64>(16)?).unwrap_or(0),
        executors: json(row, 17)?,
        contract: json(row, 18)?,
        variables: json(row, 19)?,
        checklist: json(row, 20)?,
        action: json(row, 21)?,
        result: row.try_get_by_index(22)?,
        marks: json(row, 23)?,
        reminders_sent: row.try_get_by_index(24)?,
        created: Timestamp(row.try_get_by_index(25)?),
        updated: Timestamp(row.try_get_by_index(26)?),
        claimed: instant(row, 27)?,
        due: instant(row, 28)?,
        overdue_marked: instant(row, 29)?,
        completed: instant(row, 30)?,
        completed_by: row.try_get_by_index(31)?,
    })
}

pub(super) fn instant(row: &QueryResult, index: usize) -> Result<Option<Timestamp>, DbErr> {
    Ok(row.try_get_by_index::<Option<i64>>(index)?.map(Timestamp))
}

fn json<T: DeserializeOwned>(row: &QueryResult, index: usize) -> Result<T, DbErr> {
    serde_json::from_value(row.try_get_by_index(index)?).map_err(|error| DbErr::Type(error.to_string()))
}

fn to_json<T: Serialize>(value: &T) -> Result<Json, DbErr> {
    serde_json::to_value(value).map_err(|error| DbErr::Custom(error.to_string()))
}

/// What `q` looks in.
fn search(title: &str) -> String {
    title.to_lowercase()
}

fn due_sort(due: Option<Timestamp>) -> i64 {
    due.map_or(i64::MAX, |due| due.0)
}

/// Writes a new task.
pub(super) async fn insert(tx: &Tx, tenant: TenantId, task: &Stored) -> Result<()> {
    let (entity, subject) = task.subject.as_ref().map(|s| (s.entity.as_str(), s.id)).unzip();
    let mut columns = COLUMNS.to_vec();
    columns.extend(["search", "due_sort"]);
    let insert = Query::insert()
        .into_table("task")
        .columns(columns)
        .values_panic([
            task.id.into(),
            task.version.into(),
            task.state.name().into(),
            task.title.as_str().into(),
            task.description.as_str().into(),
            task.instance.into(),
            task.wait.map(i64::from).into(),
            task.element.as_deref().into(),
            task.process_name.as_deref().into(),
            task.definition.into(),
            entity.into(),
            subject.into(),
            task.creator.into(),
            task.owner.into(),
            task.role.as_deref().into(),
            task.assignee.into(),
            i64::from(task.candidates).into(),
            to_json(&task.executors)?.into(),
            to_json(&task.contract)?.into(),
            Json::Object(task.variables.clone()).into(),
            to_json(&task.checklist)?.into(),
            to_json(&task.action)?.into(),
            task.result.clone().into(),
            to_json(&task.marks)?.into(),
            task.reminders_sent.into(),
            task.created.0.into(),
            task.updated.0.into(),
            task.claimed.map(|t| t.0).into(),
            task.due.map(|t| t.0).into(),
            task.overdue_marked.map(|t| t.0).into(),
            task.completed.map(|t| t.0).into(),
            task.completed_by.into(),
            tenant.0.into(),
            search(&task.title).into(),
            due_sort(task.due).into(),
        ])
        .to_owned();
    tx.later(&insert).await?;
    Ok(())
}

/// Writes what differs between two states of a task, and gives it its next version. The caller holds its lock.
pub(super) async fn save(tx: &Tx, ctx: &Ctx, old: &Stored, new: &mut Stored) -> Result<()> {
    new.version = old.version + 1;
    new.updated = ctx.now();
    let mut update = Query::update();
    update.table("task").value("version", new.version).value("updated_at", new.updated.0);
    macro_rules! changed {
        ($field:ident, $column:literal, $value:expr) => {
            if old.$field != new.$field {
                update.value($column, $value);
            }
        };
    }
    changed!(state, "state", new.state.name());
    changed!(title, "title", new.title.as_str());
    changed!(title, "search", search(&new.title));
    changed!(description, "description", new.description.as_str());
    changed!(element, "element", new.element.as_deref());
    changed!(definition, "definition_id", new.definition);
    changed!(assignee, "assignee", new.assignee);
    changed!(candidates, "candidates", i64::from(new.candidates));
    changed!(executors, "executors", to_json(&new.executors)?);
    changed!(variables, "variables", Json::Object(new.variables.clone()));
    changed!(checklist, "checklist", to_json(&new.checklist)?);
    changed!(action, "action", to_json(&new.action)?);
    changed!(result, "result", new.result.clone());
    changed!(marks, "marks", to_json(&new.marks)?);
    changed!(reminders_sent, "reminders_sent", new.reminders_sent);
    changed!(claimed, "claimed_at", new.claimed.map(|t| t.0));
    changed!(due, "due_at", new.due.map(|t| t.0));
    changed!(due, "due_sort", due_sort(new.due));
    changed!(overdue_marked, "overdue_at", new.overdue_marked.map(|t| t.0));
    changed!(completed, "completed_at", new.completed.map(|t| t.0));
    changed!(completed_by, "completed_by", new.completed_by);
    update
        .and_where(Expr::col("id").eq(new.id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("version").eq(old.version));
    Ok(tx.later(&update).await?)
}

impl Stored {
    /// Whether it was not done by its deadline.
    pub fn overdue(&self, now: Timestamp) -> bool {
        match (self.due, self.state) {
            (Some(due), TaskState::Open) => due <= now,
            (Some(due), TaskState::Completed) => self.completed.is_some_and(|at| at > due),
            _ => false,
        }
    }

    /// Completions it needs.
    pub fn needed(&self) -> u32 {
        self.contract.completed_by.needed(self.candidates)
    }

    /// Kind of its main action.
    pub fn action_kind(&self) -> Option<&str> {
        self.contract.main_action.as_ref().map(|action| action.kind.as_str())
    }

    /// As the API shows it.
    pub fn view(&self, now: Timestamp) -> Task {
        let needed = self.needed();
        let done = if self.state == TaskState::Completed { needed } else { self.action.votes };
        let main_action = self.contract.main_action.as_ref().map(|action| MainActionState {
            kind: action.kind.clone(),
            done: self.action.done,
            required: self.contract.require_main_action,
            state: self.action.state.clone(),
            problem: self.action.problem.clone(),
            result: self.action.result.clone(),
            parameters: action.parameters.clone(),
        });
        let required = self.contract.form.iter().filter(|field| field.required).map(|field| field.name.clone());
        Task {
            id: self.id,
            version: self.version,
            title: self.title.clone(),
            description: self.description.clone(),
            state: self.state,
            instance: self.instance,
            wait: self.wait,
            element: self.element.clone(),
            process_name: self.process_name.clone(),
            definition: self.definition,
            subject: self.subject.clone(),
            executors: self.executors.clone(),
            role: self.role.clone(),
            assignee: self.assignee,
            creator: self.creator,
            created: self.created,
            updated: self.updated,
            due: self.due,
            overdue: self.overdue(now),
            reminders_sent: self.reminders_sent,
            main_action,
            required: required.collect(),
            form: self.contract.form.clone(),
            variables: self.variables.clone(),
            checklist: self.checklist.clone(),
            votes: Votes { needed, done: Ord::min(done, needed) },
            result: self.result.clone(),
            completed: self.completed,
            completed_by: self.completed_by,
        }
    }
}
