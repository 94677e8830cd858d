//! The tables `task_executor` and `task_vote`: who may do a task, and who did their part of it.

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Result, TaskId, TenantId, Timestamp};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::store::instant;

/// A candidate: the person, and the role that made them one.
pub(super) type Candidate = (Uuid, Option<String>);

/// Makes people candidates; those who are already stay.
pub(super) async fn add_candidates(tx: &Tx, tenant: TenantId, task: TaskId, candidates: &[Candidate]) -> Result<()> {
    if candidates.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert();
    insert.into_table("task_executor").columns(["task_id", "user_id", "tenant_id", "role"]);
    for (user, role) in candidates {
        insert.values_panic([task.into(), (*user).into(), tenant.0.into(), role.as_deref().into()]);
    }
    insert.on_conflict(OnConflict::new().do_nothing().to_owned());
    tx.later(&insert).await?;
    Ok(())
}

/// Takes a candidate out.
pub(super) async fn remove_candidate(tx: &Tx, task: TaskId, user: Uuid) -> Result<()> {
    let delete = Query::delete()
        .from_table("task_executor")
        .and_where(Expr::col("task_id").eq(task))
        .and_where(Expr::col("user_id").eq(user))
        .to_owned();
    tx.later(&delete).await?;
    Ok(())
}

/// People who may do the task, in a stable order.
pub(super) async fn candidates(conn: &impl ConnectionTrait, task: TaskId) -> Result<Vec<Uuid>> {
    let select =
        Query::select().column("user_id").from("task_executor").and_where(Expr::col("task_id").eq(task)).take();
    let rows = conn.query_all(&select).await?;
    let mut found = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<Uuid>, DbErr>>()?;
    found.sort_unstable();
    Ok(found)
}

/// One person's part of a task that needs several.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Vote {
    pub user: Uuid,
    /// Result of their main action.
    pub action: Option<Json>,
    pub result: Option<Json>,
    pub variables: Map<String, Json>,
    pub completed: Option<Timestamp>,
}

/// Votes in the order they were completed, unfinished ones last.
pub(super) async fn votes(conn: &impl ConnectionTrait, task: TaskId) -> Result<Vec<Vote>> {
    let select = Query::select()
        .columns(["user_id", "action", "result", "variables", "completed_at"])
        .from("task_vote")
        .and_where(Expr::col("task_id").eq(task))
        .take();
    let mut found = Vec::new();
    for row in conn.query_all(&select).await? {
        let variables: Option<Json> = row.try_get_by_index(3)?;
        found.push(Vote {
            user: row.try_get_by_index(0)?,
            action: row.try_get_by_index(1)?,
            result: row.try_get_by_index(2)?,
            variables: if let Some(Json::Object(map)) = variables { map } else { Map::new() },
            completed: instant(&row, 4)?,
        });
    }
    found.sort_by_key(|vote| (vote.completed.map_or(i64::MAX, |at| at.0), vote.user));
    Ok(found)
}

/// Writes one person's part.
pub(super) async fn save_vote(tx: &Tx, task: TaskId, vote: &Vote) -> Result<()> {
    let insert = Query::insert()
        .into_table("task_vote")
        .columns(["task_id", "user_id", "action", "result", "variables", "completed_at"])
        .values_panic([
            task.into(),
            vote.user.into(),
            vote.action.clone().into(),
            vote.result.clone().into(),
            Json::Object(vote.variables.clone()).into(),
            vote.completed.map(|t| t.0).into(),
        ])
        .on_conflict(
            OnConflict::columns(["task_id", "user_id"])
                .update_columns(["action", "result", "variables", "completed_at"])
                .to_owned(),
        )
        .to_owned();
    tx.later(&insert).await?;
    Ok(())
}
