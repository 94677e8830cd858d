//! Instances go on about another record when theirs is merged into it. What waits for messages about the one waits for
//! those about the other; steps that stand keep what they were given.

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, RecordRef, Result};
use records::merge::Follows;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use super::{InstanceQuery, Processes};

/// Moves instances along with merges of records.
pub struct Subjects(pub Processes);

#[async_trait::async_trait]
impl Follows for Subjects {
    fn kind(&self) -> &'static str {
        "process"
    }

    async fn count(&self, ctx: &Ctx, of: &RecordRef) -> Result<i64> {
        let query = InstanceQuery { subject: Some(of.id.0), limit: Some(500), ..InstanceQuery::default() };
        Ok(i64::try_from(self.0.instances(ctx, &query).await?.items.len()).unwrap_or(i64::MAX))
    }

    async fn follow(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        from: &RecordRef,
        to: &RecordRef,
        only: Option<&[Uuid]>,
    ) -> Result<Vec<Uuid>> {
        let of = Expr::col("tenant_id")
            .eq(ctx.tenant.0)
            .and(Expr::col("subject_entity").eq(from.entity.as_str()))
            .and(Expr::col("subject_id").eq(from.id));
        let of = match only {
            Some(ids) => of.and(Expr::col("id").is_in(ids.iter().copied())),
            None => of,
        };
        let select = Query::select().column("id").from("process_instance").and_where(of.clone()).take();
        let rows = tx.query_all(&select).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let update = Query::update().table("process_instance").value("subject_id", to.id).and_where(of).to_owned();
        tx.execute(&update).await?;
        let waits = Query::update()
            .table("process_wait")
            .value("key", to.id.to_string())
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("instance_id").is_in(ids.iter().copied()))
            .and_where(Expr::col("key").eq(from.id.to_string()))
            .to_owned();
        tx.execute(&waits).await?;
        Ok(ids)
    }
}
