//! A task in two tables: the record `task`, written by the pipeline of records, and the contract of its step in
//! `task_contract`, in one transaction.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Error, Fields, InstanceId, RecordId, RecordRef, Result, TaskId, TenantId, Timestamp, Value};
use records::relations::TASK;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use super::contract::TaskContract;
use super::model::{ChecklistItem, MainActionState, Task, TaskExecutor, TaskState, Votes, is_zero};

/// A task: its record and its contract.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    pub id: TaskId,
    pub version: i64,
    pub state: TaskState,
    pub title: String,
    pub description: String,
    pub instance: Option<InstanceId>,
    pub wait: Option<u32>,
    pub element: Option<String>,
    pub process_name: Option<String>,
    pub definition: Option<Uuid>,
    pub subject: Option<RecordRef>,
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
    /// When half of the working time until then has gone by.
    pub half: Option<Timestamp>,
    /// Who had it and has looked at it.
    pub seen: Option<Uuid>,
    /// When it was found overdue and told so.
    pub overdue_marked: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    pub completed_by: Option<Uuid>,
    /// Fields of the record that mean nothing to this crate, as far as they are about to change.
    pub other: Fields,
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
    /// `queued`, `failed`, `unsure`; `made`.
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
    /// The mark with which it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<u8>,
    /// Times that it was given back.
    #[serde(skip_serializing_if = "is_zero")]
    pub returned: u32,
}

/// How the deadline it has now was counted, and what has been told about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Marks {
    /// Nothing: somebody said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// Numbers of the reminders that went out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub reminded: BTreeSet<u32>,
    /// Escalations by rule: how many times.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub escalated: BTreeMap<u32, u32>,
}

/// A deadline in working time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counted {
    /// Since when.
    pub from: Timestamp,
    /// How much, in seconds.
    pub seconds: i64,
    /// By the calendar of this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Uuid>,
    /// Else of this department; else of the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<Uuid>,
}

/// Columns of the record that are read.
const RECORD: [&str; 21] = [
    "id",
    "version",
    "state",
    "title",
    "description",
    "instance_id",
    "element",
    "process_name",
    "definition_id",
    "record_entity",
    "record_id",
    "creator",
    "owner",
    "role",
    "assignee",
    "created_at",
    "updated_at",
    "due_at",
    "completed_at",
    "completed_by",
    "number",
];

const CONTRACT: [&str; 13] = [
    "wait",
    "candidates",
    "executors",
    "contract",
    "variables",
    "checklist",
    "action",
    "result",
    "marks",
    "reminders_sent",
    "claimed_at",
    "half_at",
    "seen_by",
];

/// Selects whole tasks of a tenant, those in the recycle bin too.
pub(super) fn select_any(tenant: TenantId) -> SelectStatement {
    Query::select()
        .columns(RECORD.map(|column| (TASK, column)))
        .columns(CONTRACT.map(|column| ("task_contract", column)))
        .column(("task_contract", "overdue_at"))
        .from(TASK)
        .inner_join("task_contract", Expr::col(("task_contract", "id")).equals((TASK, "id")))
        .and_where(Expr::col((TASK, "tenant_id")).eq(tenant.0))
        .take()
}

/// Selects whole tasks of a tenant.
pub(super) fn select(tenant: TenantId) -> SelectStatement {
    select_any(tenant).and_where(Expr::col((TASK, "deleted_at")).is_null()).take()
}

/// One task.
pub(super) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, id: TaskId) -> Result<Stored> {
    let statement = select(tenant).and_where(Expr::col((TASK, "id")).eq(id)).take();
    let row = conn.query_one(&statement).await?.ok_or_else(|| Error::NotFound(format!("task {id}")))?;
    Ok(from_row(&row)?)
}

/// The instance that a task belongs to; it never changes.
pub(super) async fn instance_of(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    id: TaskId,
) -> Result<Option<InstanceId>> {
    let select = Query::select()
        .column("instance_id")
        .from(TASK)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("id").eq(id))
        .take();
    let row = conn.query_one(&select).await?;
    Ok(row.map(|row| row.try_get_by_index::<Option<InstanceId>>(0)).transpose()?.flatten())
}

/// One task, out of the recycle bin too, kept from others until the transaction ends.
pub(super) async fn load_locked(tx: &Tx, tenant: TenantId, id: TaskId) -> Result<Stored> {
    let mut statement = select_any(tenant).and_where(Expr::col((TASK, "id")).eq(id)).take();
    if tx.get_database_backend() == DbBackend::Postgres {
        statement.lock(LockType::Update);
    }
    let row = tx.query_one(&statement).await?.ok_or_else(|| Error::NotFound(format!("task {id}")))?;
    Ok(from_row(&row)?)
}

pub(super) fn from_row(row: &QueryResult) -> Result<Stored, DbErr> {
    let subject = match (row.try_get_by_index::<Option<String>>(9)?, row.try_get_by_index::<Option<RecordId>>(10)?) {
        (Some(entity), Some(id)) => Some(RecordRef { entity: entity.into(), id }),
        _ => None,
    };
    let state: String = row.try_get_by_index(2)?;
    Ok(Stored {
        id: row.try_get_by_index(0)?,
        version: row.try_get_by_index(1)?,
        state: TaskState::named(&state),
        title: row.try_get_by_index(3)?,
        description: row.try_get_by_index::<Option<String>>(4)?.unwrap_or_default(),
        instance: row.try_get_by_index(5)?,
        element: row.try_get_by_index(6)?,
        process_name: row.try_get_by_index(7)?,
        definition: row.try_get_by_index(8)?,
        subject,
        creator: row.try_get_by_index(11)?,
        owner: row.try_get_by_index(12)?,
        role: row.try_get_by_index(13)?,
        assignee: row.try_get_by_index(14)?,
        created: Timestamp(row.try_get_by_index(15)?),
        updated: Timestamp(row.try_get_by_index(16)?),
        due: instant(row, 17)?,
        completed: instant(row, 18)?,
        completed_by: row.try_get_by_index(19)?,
        wait: row.try_get_by_index::<Option<i64>>(21)?.and_then(|wait| u32::try_from(wait).ok()),
        candidates: u32::try_from(row.try_get_by_index::<i64>(22)?).unwrap_or(0),
        executors: json(row, 23)?,
        contract: json(row, 24)?,
        variables: json(row, 25)?,
        checklist: json(row, 26)?,
        action: json(row, 27)?,
        result: row.try_get_by_index(28)?,
        marks: json(row, 29)?,
        reminders_sent: row.try_get_by_index(30)?,
        claimed: instant(row, 31)?,
        half: instant(row, 32)?,
        seen: row.try_get_by_index(33)?,
        overdue_marked: instant(row, 34)?,
        other: Fields::new(),
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

/// Writes what a new task promises, beside its record.
pub(super) async fn insert_contract(tx: &Tx, tenant: TenantId, task: &Stored) -> Result<()> {
    let mut columns = CONTRACT.to_vec();
    columns.extend(["overdue_at", "id", "tenant_id", "instance_id"]);
    let insert = Query::insert()
        .into_table("task_contract")
        .columns(columns)
        .values_panic([
            task.wait.map(i64::from).into(),
            i64::from(task.candidates).into(),
            to_json(&task.executors)?.into(),
            to_json(&task.contract)?.into(),
            Json::Object(task.variables.clone()).into(),
            to_json(&task.checklist)?.into(),
            to_json(&task.action)?.into(),
            task.result.clone().into(),
            to_json(&task.marks)?.into(),
            task.reminders_sent.into(),
            task.claimed.map(|t| t.0).into(),
            task.half.map(|t| t.0).into(),
            task.seen.into(),
            task.overdue_marked.map(|t| t.0).into(),
            task.id.into(),
            tenant.0.into(),
            task.instance.into(),
        ])
        .to_owned();
    tx.later(&insert).await?;
    Ok(())
}

/// Writes what differs between two states of a task beside its record. The caller holds its lock.
pub(super) async fn save_contract(tx: &Tx, ctx: &Ctx, old: &Stored, new: &Stored) -> Result<()> {
    let mut update = Query::update();
    update.table("task_contract");
    macro_rules! changed {
        ($field:ident, $column:literal, $value:expr) => {
            if old.$field != new.$field {
                update.value($column, $value);
            }
        };
    }
    changed!(candidates, "candidates", i64::from(new.candidates));
    changed!(executors, "executors", to_json(&new.executors)?);
    changed!(variables, "variables", Json::Object(new.variables.clone()));
    changed!(checklist, "checklist", to_json(&new.checklist)?);
    changed!(action, "action", to_json(&new.action)?);
    changed!(result, "result", new.result.clone());
    changed!(marks, "marks", to_json(&new.marks)?);
    changed!(reminders_sent, "reminders_sent", new.reminders_sent);
    changed!(claimed, "claimed_at", new.claimed.map(|t| t.0));
    changed!(half, "half_at", new.half.map(|t| t.0));
    changed!(seen, "seen_by", new.seen);
    if old.action.returned != new.action.returned {
        update.value("returned", i64::from(new.action.returned));
    }
    changed!(overdue_marked, "overdue_at", new.overdue_marked.map(|t| t.0));
    if update.get_values().is_empty() {
        return Ok(());
    }
    update.and_where(Expr::col("id").eq(new.id)).and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    Ok(tx.later(&update).await?)
}

impl Stored {
    /// The record of it, as an image of the pipeline.
    pub fn record(&self) -> Fields {
        let text = |text: Option<&str>| {
            text.filter(|text| !text.is_empty()).map_or(Value::Null, |text| Value::Text(text.to_owned()))
        };
        let id = |id: Option<Uuid>| id.map_or(Value::Null, Value::Id);
        let instant = |at: Option<Timestamp>| at.map_or(Value::Null, Value::Instant);
        let subject = self.subject.as_ref();
        let own = [
            ("title", text(Some(&self.title))),
            ("description", text(Some(&self.description))),
            ("state", text(Some(self.state.name()))),
            ("owner", id(self.owner)),
            ("assignee", id(self.assignee)),
            ("role", text(self.role.as_deref())),
            ("due", instant(self.due)),
            ("completed_at", instant(self.completed)),
            ("completed_by", id(self.completed_by)),
            ("record_entity", text(subject.map(|subject| subject.entity.as_str()))),
            ("record_id", id(subject.map(|subject| subject.id.0))),
            ("instance", id(self.instance.map(|instance| instance.0))),
            ("element", text(self.element.as_deref())),
            ("process_name", text(self.process_name.as_deref())),
            ("definition", id(self.definition)),
        ];
        let mut image = self.other.clone();
        image.extend(own.map(|(key, value)| (key.into(), value)));
        image
    }

    /// Whether it was not done by its deadline.
    pub fn overdue(&self, now: Timestamp) -> bool {
        match (self.due, self.state) {
            (Some(due), TaskState::Open) => due <= now,
            (Some(due), TaskState::Completed | TaskState::Review) => self.completed.is_some_and(|at| at > due),
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

    /// As the API shows it to somebody: what would tell them of a hidden field of the subject is withheld.
    pub fn shown(&self, ctx: &Ctx) -> Task {
        let mut task = self.view(ctx.now());
        task.withheld = self.contract.tells.is_hidden(&ctx.rights, self.subject.as_ref());
        if task.withheld {
            task.form.iter_mut().for_each(|field| field.value = None);
            task.variables.clear();
            if let Some(action) = &mut task.main_action {
                action.parameters.clear();
            }
        }
        task
    }

    /// Everything about it.
    pub fn view(&self, now: Timestamp) -> Task {
        let needed = self.needed();
        let done =
            if matches!(self.state, TaskState::Completed | TaskState::Review) { needed } else { self.action.votes };
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
            unseen: self.state == TaskState::Open && self.assignee.is_some() && self.seen != self.assignee,
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
            withheld: false,
            checklist: self.checklist.clone(),
            votes: Votes { needed, done: Ord::min(done, needed) },
            result: self.result.clone(),
            completed: self.completed,
            completed_by: self.completed_by,
            mark: self.action.mark,
            returned: self.action.returned,
        }
    }
}
