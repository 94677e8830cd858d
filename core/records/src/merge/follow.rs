//! What is about a record and is no record itself: files, processes. Whoever keeps it moves it, inside the transaction of
//! the last step; what moved is written down for the undo.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use kernel::db::{ConnectionTrait, Tx};
use kernel::files::table;
use kernel::{BatchId, Ctx, RecordId, RecordRef, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use crate::Records;
use crate::write::Inserts;

/// Keeps something that is about records.
#[async_trait::async_trait]
pub trait Follows: Send + Sync {
    /// What it is, in a word: `process`.
    fn kind(&self) -> &'static str;

    /// How many of them are about a record, of what the actor sees.
    ///
    /// # Errors
    /// When the database fails.
    async fn count(&self, ctx: &Ctx, of: &RecordRef) -> Result<i64>;

    /// Makes those of a record (or `only` some of them) be about another one. Gives their ids.
    ///
    /// # Errors
    /// When the database fails.
    async fn follow(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        from: &RecordRef,
        to: &RecordRef,
        only: Option<&[Uuid]>,
    ) -> Result<Vec<Uuid>>;
}

/// Files of records.
struct FilesFollow(Records);

#[async_trait::async_trait]
impl Follows for FilesFollow {
    fn kind(&self) -> &'static str {
        "file"
    }

    async fn count(&self, ctx: &Ctx, of: &RecordRef) -> Result<i64> {
        Ok(i64::try_from(table::count(self.0.db().read(), ctx.tenant, of).await?).unwrap_or(i64::MAX))
    }

    async fn follow(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        from: &RecordRef,
        to: &RecordRef,
        only: Option<&[Uuid]>,
    ) -> Result<Vec<Uuid>> {
        Ok(table::move_to(tx, ctx.tenant, from, to, only).await?)
    }
}

impl Records {
    /// Says who else keeps something about records.
    pub fn add_follower(&self, follows: Arc<dyn Follows>) {
        self.follows.write().unwrap_or_else(PoisonError::into_inner).push(follows);
    }

    pub(super) fn followers(&self) -> Vec<Arc<dyn Follows>> {
        let mut all: Vec<Arc<dyn Follows>> = vec![Arc::new(FilesFollow(self.clone()))];
        all.extend(self.follows.read().unwrap_or_else(PoisonError::into_inner).iter().map(Arc::clone));
        all
    }

    /// Moves what is about a record to another one, and writes it down.
    pub(super) async fn follow(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        from: &RecordRef,
        to: &RecordRef,
        batch: BatchId,
    ) -> Result<BTreeMap<String, i64>> {
        let mut moved = BTreeMap::new();
        let mut insert = Query::insert();
        insert.into_table("merge_along").columns(["batch_id", "tenant_id", "kind", "thing_id", "from_id"]);
        let mut rows = Inserts::new(tx, insert);
        for thing in self.followers() {
            let ids = thing.follow(tx, ctx, from, to, None).await?;
            if !ids.is_empty() {
                moved.insert(thing.kind().to_owned(), i64::try_from(ids.len()).unwrap_or(i64::MAX));
            }
            for id in ids {
                let cells = vec![batch.0.into(), ctx.tenant.0.into(), thing.kind().into(), id.into(), from.id.into()];
                rows.add(cells).await?;
            }
        }
        rows.send().await?;
        Ok(moved)
    }
}

/// What moved from a record in a merge, by kind.
async fn things(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    batch: BatchId,
    from: RecordId,
) -> Result<BTreeMap<String, Vec<Uuid>>> {
    let select = Query::select()
        .columns(["kind", "thing_id"])
        .from("merge_along")
        .and_where(Expr::col("batch_id").eq(batch.0))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("from_id").eq(from))
        .take();
    let mut things: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for row in conn.query_all(&select).await? {
        things.entry(row.try_get_by_index(0)?).or_default().push(row.try_get_by_index(1)?);
    }
    Ok(things)
}

/// Gives what moved back to the record it came from, once.
pub(crate) async fn take_back(
    records: &Records,
    tx: &Tx,
    ctx: &Ctx,
    batch: BatchId,
    into: &RecordRef,
    from: &RecordRef,
) -> Result<()> {
    let things = things(tx, ctx, batch, from.id).await?;
    for thing in records.followers() {
        if let Some(ids) = things.get(thing.kind()) {
            thing.follow(tx, ctx, into, from, Some(ids)).await?;
        }
    }
    let delete = Query::delete()
        .from_table("merge_along")
        .and_where(Expr::col("batch_id").eq(batch.0))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("from_id").eq(from.id))
        .take();
    tx.execute(&delete).await?;
    Ok(())
}
