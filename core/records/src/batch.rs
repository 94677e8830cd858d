//! Batches: imports, mass edits and other sets of changes that can be undone together (`undo`).

use kernel::db::{ConnectionTrait, Tx};
use kernel::{BatchId, Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Serialize;

use crate::Records;

/// A set of changes.
#[derive(Debug, Clone, Serialize)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// `bulk`, `import`, `pipeline`, `undo`.
    pub kind: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When its undo ended.
    pub undone_at: Option<Timestamp>,
}

/// Opens a batch in the caller's transaction.
///
/// # Errors
/// When the database fails.
pub async fn open(tx: &Tx, ctx: &Ctx, kind: &str) -> Result<BatchId> {
    let id = BatchId::fresh(&ctx.env);
    let actor = serde_json::to_value(&ctx.actor).map_err(Error::internal)?;
    let insert = Query::insert()
        .into_table("batch")
        .columns(["id", "tenant_id", "kind", "actor", "user_id", "created_at"])
        .values_panic([
            id.into(),
            ctx.tenant.into(),
            kind.into(),
            actor.into(),
            ctx.user().map(|u| u.0).into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.later(&insert).await?;
    Ok(id)
}

impl Records {
    /// Opens a batch of its own transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_batch(&self, ctx: &Ctx, kind: &str) -> Result<BatchId> {
        let tx = self.db.begin().await?;
        let id = open(&tx, ctx, kind).await?;
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
