//! Batches: imports, mass edits and other sets of changes that can be undone together (`undo`).

use std::collections::{BTreeSet, HashSet};

use kernel::db::{ConnectionTrait, Tx};
use kernel::{BatchId, Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Serialize;
use uuid::Uuid;

use crate::Records;

/// A set of changes.
#[derive(Debug, Clone, Serialize)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// `bulk`, `directory`, `import`, `pipeline`, `undo`.
    pub kind: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When its undo ended.
    pub undone_at: Option<Timestamp>,
}

/// Kinds whose changes are news to nobody's rules: what puts back, moves along or tidies. Of the others each says.
const SILENT: [&str; 5] = ["directory", "import", "merge", "pipeline", "undo"];

/// Opens a batch in the caller's transaction. Rules of automation see the changes of a mass edit and of a conversion,
/// others only when [`open_for_rules`] says so.
///
/// # Errors
/// When the database fails.
pub async fn open(tx: &Tx, ctx: &Ctx, kind: &str) -> Result<BatchId> {
    open_for_rules(tx, ctx, kind, !SILENT.contains(&kind)).await
}

/// The same, saying whether rules of automation run for its changes.
///
/// # Errors
/// When the database fails.
pub async fn open_for_rules(tx: &Tx, ctx: &Ctx, kind: &str, rules: bool) -> Result<BatchId> {
    let id = BatchId::fresh(&ctx.env);
    let actor = serde_json::to_value(&ctx.actor).map_err(Error::internal)?;
    let insert = Query::insert()
        .into_table("batch")
        .columns(["id", "tenant_id", "kind", "actor", "user_id", "created_at", "rules"])
        .values_panic([
            id.into(),
            ctx.tenant.into(),
            kind.into(),
            actor.into(),
            ctx.user().map(|u| u.0).into(),
            ctx.now().0.into(),
            rules.into(),
        ])
        .to_owned();
    tx.later(&insert).await?;
    Ok(id)
}

/// Those of the batches for whose changes no rules of automation run.
///
/// # Errors
/// When the database fails.
pub async fn without_rules(conn: &impl ConnectionTrait, ids: &BTreeSet<Uuid>) -> Result<HashSet<BatchId>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let select = Query::select()
        .column("id")
        .from("batch")
        .and_where(Expr::col("id").is_in(ids.iter().copied()))
        .and_where(Expr::col("rules").eq(false))
        .take();
    conn.query_all(&select).await?.iter().map(|row| Ok(BatchId(row.try_get_by_index(0)?))).collect()
}

impl Records {
    /// Opens a batch of its own transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_batch(&self, ctx: &Ctx, kind: &str) -> Result<BatchId> {
        self.open_batch_for_rules(ctx, kind, !SILENT.contains(&kind)).await
    }

    /// The same, saying whether rules of automation run for its changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_batch_for_rules(&self, ctx: &Ctx, kind: &str, rules: bool) -> Result<BatchId> {
        let tx = self.db.begin().await?;
        let id = open_for_rules(&tx, ctx, kind, rules).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A batch of the actor's own, or anybody's for an administrator.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn batch(&self, ctx: &Ctx, id: BatchId) -> Result<Batch> {
        let mut select = Query::select();
        select
            .columns(["kind", "created_at", "undone_at"])
            .from("batch")
            .and_where(Expr::col("id").eq(id.0))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        if !ctx.rights.is_admin() {
            select.and_where(Expr::col("user_id").eq(ctx.user().map(|u| u.0)));
        }
        let row = self.db.read().query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("batch {id}")))?;
        Ok(Batch {
            id,
            kind: row.try_get_by_index(0)?,
            created_at: Timestamp(row.try_get_by_index(1)?),
            undone_at: row.try_get_by_index::<Option<i64>>(2)?.map(Timestamp),
        })
    }
}
