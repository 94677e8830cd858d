//! The tables of running instances: `process_instance`, `process_wait`, `process_visit`, `process_step`.

use std::collections::BTreeMap;

use kernel::ctx::Cause;
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Error, InstanceId, RecordId, RecordRef, Result, TenantId, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use uuid::Uuid;

use crate::stepper::event::{Visit, VisitOutcome};
use crate::stepper::state::{State, Status, Wait, WaitId, WaitKind};

/// Visits of one step are numbered within this many.
const VISITS_OF_STEP: i64 = 1_000_000;
/// Rows of one INSERT.
const CHUNK: usize = 500;

/// A row of `process_instance`.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub id: InstanceId,
    pub definition: Uuid,
    pub version: i64,
    pub subject: Option<RecordRef>,
    pub parent: Option<(InstanceId, WaitId)>,
    pub depth: i64,
    pub state: State,
    pub revision: i64,
    pub started_at: Timestamp,
    pub started_by: Option<UserId>,
    pub ended_at: Option<Timestamp>,
    /// Why it began: what it writes goes on from there, so that a loop through records comes to an end.
    pub cause: Cause,
}

pub(crate) const COLUMNS: [&str; 14] = [
    "id",
    "definition_id",
    "version",
    "subject_entity",
    "subject_id",
    "parent_id",
    "parent_wait",
    "depth",
    "state",
    "revision",
    "started_at",
    "started_by",
    "ended_at",
    "cause",
];

/// The name of a status in the tables and in the API.
pub(crate) const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Completed => "completed",
        Status::Cancelled => "cancelled",
    }
}

/// The kind of a wait in the tables and in the API, with its name and key where others find it by them.
fn wait_kind(kind: &WaitKind) -> (&'static str, Option<&str>, Option<&str>, Option<i64>) {
    match kind {
        WaitKind::Task => ("task", None, None, None),
        WaitKind::Service => ("service", None, None, None),
        WaitKind::Call => ("call", None, None, None),
        WaitKind::Timer { at, .. } => ("timer", None, None, Some(at.0)),
        WaitKind::Message { name, key } => ("message", Some(name), key.as_deref(), None),
        WaitKind::Signal { name } => ("signal", Some(name), None, None),
        WaitKind::Condition { .. } => ("condition", None, None, None),
    }
}

/// The kind of a wait as the API shows it, and when it comes by itself.
pub(crate) fn shown(kind: &WaitKind) -> (&'static str, Option<Timestamp>) {
    let (name, _, _, due) = wait_kind(kind);
    (name, due.map(Timestamp))
}

pub(crate) fn select() -> SelectStatement {
    Query::select().columns(COLUMNS).from("process_instance").take()
}

pub(crate) fn from_row(row: &QueryResult) -> Result<Stored> {
    let entity: Option<String> = row.try_get_by_index(3)?;
    let subject: Option<RecordId> = row.try_get_by_index(4)?;
    let parent: Option<InstanceId> = row.try_get_by_index(5)?;
    let wait: Option<i64> = row.try_get_by_index(6)?;
    let state: String = row.try_get_by_index(8)?;
    Ok(Stored {
        id: row.try_get_by_index(0)?,
        definition: row.try_get_by_index(1)?,
        version: row.try_get_by_index(2)?,
        subject: entity.zip(subject).map(|(entity, id)| RecordRef { entity: entity.into(), id }),
        parent: parent.zip(wait.and_then(|wait| WaitId::try_from(wait).ok())),
        depth: row.try_get_by_index(7)?,
        state: serde_json::from_str(&state).map_err(Error::internal)?,
        revision: row.try_get_by_index(9)?,
        started_at: Timestamp(row.try_get_by_index(10)?),
        started_by: row.try_get_by_index::<Option<Uuid>>(11)?.map(UserId),
        ended_at: row.try_get_by_index::<Option<i64>>(12)?.map(Timestamp),
        cause: serde_json::from_str(&row.try_get_by_index::<String>(13)?).map_err(Error::internal)?,
    })
}

/// The instance as it was committed last.
///
/// # Errors
/// When the database fails or the state cannot be read.
pub(crate) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, id: InstanceId) -> Result<Option<Stored>> {
    let mut select = select();
    select.and_where(Expr::col("id").eq(id)).and_where(Expr::col("tenant_id").eq(tenant.0));
    conn.query_one(&select).await?.as_ref().map(from_row).transpose()
}

/// Writes the instance after a step; its revision is that of the step. The caller holds its lock.
///
/// # Errors
/// When the database fails.
pub(crate) async fn save(tx: &Tx, tenant: TenantId, stored: &Stored, fresh: bool) -> Result<()> {
    let state = serde_json::to_string(&stored.state).map_err(Error::internal)?;
    let incidents = i64::try_from(stored.state.incidents.len()).unwrap_or(i64::MAX);
    if fresh {
        let insert = Query::insert()
            .into_table("process_instance")
            .columns(COLUMNS.into_iter().chain(["tenant_id", "process", "status", "incidents"]))
            .values_panic([
                stored.id.into(),
                stored.definition.into(),
                stored.version.into(),
                stored.subject.as_ref().map(|subject| subject.entity.to_string()).into(),
                stored.subject.as_ref().map(|subject| subject.id).into(),
                stored.parent.map(|(id, _)| id).into(),
                stored.parent.map(|(_, wait)| i64::from(wait)).into(),
                stored.depth.into(),
                state.into(),
                stored.revision.into(),
                stored.started_at.0.into(),
                stored.started_by.map(|user| user.0).into(),
                stored.ended_at.map(|at| at.0).into(),
                serde_json::to_string(&stored.cause).map_err(Error::internal)?.into(),
                tenant.0.into(),
                stored.state.process.to_string().into(),
                status_name(stored.state.status).into(),
                incidents.into(),
            ])
            .to_owned();
        return Ok(tx.later(&insert).await?);
    }
    let update = Query::update()
        .table("process_instance")
        .value("definition_id", stored.definition)
        .value("version", stored.version)
        .value("state", state)
        .value("status", status_name(stored.state.status))
        .value("incidents", incidents)
        .value("revision", stored.revision)
        .value("ended_at", stored.ended_at.map(|at| at.0))
        .and_where(Expr::col("id").eq(stored.id))
        .and_where(Expr::col("revision").eq(stored.revision - 1))
        .to_owned();
    Ok(tx.later(&update).await?)
}

/// Brings `process_wait` from the waits before a step to those after it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn save_waits(
    tx: &Tx,
    tenant: TenantId,
    stored: &Stored,
    before: &BTreeMap<WaitId, Wait>,
) -> Result<()> {
    let after = &stored.state.waits;
    let gone: Vec<i64> = before.keys().filter(|wait| !after.contains_key(wait)).map(|wait| i64::from(*wait)).collect();
    for part in gone.chunks(CHUNK) {
        let delete = Query::delete()
            .from_table("process_wait")
            .and_where(Expr::col("instance_id").eq(stored.id))
            .and_where(Expr::col("wait").is_in(part.iter().copied()))
            .to_owned();
        tx.later(&delete).await?;
    }
    let fresh: Vec<(&WaitId, &Wait)> = after.iter().filter(|(wait, _)| !before.contains_key(wait)).collect();
    for part in fresh.chunks(CHUNK) {
        tx.later(&insert_waits(tenant, stored, part)).await?;
    }
    for (wait, now) in after {
        if before.get(wait).is_some_and(|then| due(then) != due(now)) {
            let update = Query::update()
                .table("process_wait")
                .value("due_at", due(now))
                .and_where(Expr::col("instance_id").eq(stored.id))
                .and_where(Expr::col("wait").eq(i64::from(*wait)))
                .to_owned();
            tx.later(&update).await?;
        }
    }
    Ok(())
}

/// Brings `process_wait` under the names of another version.
///
/// # Errors
/// When the database fails.
pub(crate) async fn move_waits(tx: &Tx, stored: &Stored, before: &BTreeMap<WaitId, Wait>) -> Result<()> {
    let mut update = Query::update();
    update.table("process_wait").value("definition_id", stored.definition);
    update.and_where(Expr::col("instance_id").eq(stored.id));
    tx.later(&update).await?;
    let moved = stored
        .state
        .waits
        .iter()
        .filter(|(number, wait)| before.get(number).is_some_and(|then| then.element != wait.element));
    for (number, wait) in moved {
        let update = Query::update()
            .table("process_wait")
            .value("element", wait.element.to_string())
            .and_where(Expr::col("instance_id").eq(stored.id))
            .and_where(Expr::col("wait").eq(i64::from(*number)))
            .to_owned();
        tx.later(&update).await?;
    }
    Ok(())
}

fn due(wait: &Wait) -> Option<i64> {
    wait_kind(&wait.kind).3
}

fn insert_waits(tenant: TenantId, stored: &Stored, waits: &[(&WaitId, &Wait)]) -> sea_orm::sea_query::InsertStatement {
    let mut insert = Query::insert();
    insert.into_table("process_wait").columns([
        "instance_id",
        "wait",
        "tenant_id",
        "definition_id",
        "element",
        "kind",
        "name",
        "key",
        "due_at",
        "since",
    ]);
    for (number, wait) in waits {
        let (kind, name, key, due) = wait_kind(&wait.kind);
        insert.values_panic([
            stored.id.into(),
            i64::from(**number).into(),
            tenant.0.into(),
            stored.definition.into(),
            wait.element.to_string().into(),
            kind.into(),
            name.map(str::to_owned).into(),
            key.map(str::to_owned).into(),
            due.into(),
            wait.since.0.into(),
        ]);
    }
    insert
}

/// Writes what was left during a step into the journal.
///
/// # Errors
/// When the database fails.
pub(crate) async fn save_visits(
    tx: &Tx,
    tenant: TenantId,
    stored: &Stored,
    actor: Option<UserId>,
    visits: &[Visit],
) -> Result<()> {
    let mut number = stored.revision.saturating_mul(VISITS_OF_STEP);
    for part in visits.chunks(CHUNK) {
        let mut insert = Query::insert();
        insert.into_table("process_visit").columns([
            "instance_id",
            "number",
            "tenant_id",
            "definition_id",
            "element",
            "entered_at",
            "left_at",
            "outcome",
            "actor",
            "via",
            "note",
        ]);
        for visit in part {
            number += 1;
            insert.values_panic([
                stored.id.into(),
                number.into(),
                tenant.0.into(),
                stored.definition.into(),
                visit.element.to_string().into(),
                visit.entered.0.into(),
                visit.left.0.into(),
                outcome_name(visit.outcome).into(),
                actor.map(|user| user.0).into(),
                visit.via.as_deref().map(str::to_owned).into(),
                visit.note.clone().into(),
            ]);
        }
        tx.later(&insert).await?;
    }
    Ok(())
}

/// The name of how an element was left.
pub(crate) const fn outcome_name(outcome: VisitOutcome) -> &'static str {
    match outcome {
        VisitOutcome::Completed => "completed",
        VisitOutcome::Cancelled => "cancelled",
        VisitOutcome::Skipped => "skipped",
        VisitOutcome::Error => "error",
    }
}

/// Writes what a step was given, for replay.
///
/// # Errors
/// When the database fails.
pub(crate) async fn save_step(
    tx: &Tx,
    stored: &Stored,
    at: Timestamp,
    actor: Option<UserId>,
    event: String,
) -> Result<()> {
    let insert = Query::insert()
        .into_table("process_step")
        .columns(["instance_id", "revision", "at", "actor", "event"])
        .values_panic([
            stored.id.into(),
            stored.revision.into(),
            at.0.into(),
            actor.map(|user| user.0).into(),
            event.into(),
        ])
        .to_owned();
    Ok(tx.later(&insert).await?)
}
