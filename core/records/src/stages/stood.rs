//! Which stages a record has stood in: those that it was moved past are not among them.

use kernel::db::ConnectionTrait;
use kernel::{Ctx, RecordId, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query};

use crate::Records;

impl Records {
    /// Keys of the stages that a record has stood in, the present one too, in the order in which it first came to them;
    /// none where the entity has no stages or the actor does not see where its records stand. Also out of the recycle bin.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn stages_stood(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Vec<String>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        self.get_deleted(ctx, entity, id).await?;
        if !def.staged || !def.shows_key(&ctx.rights, "stage") {
            return Ok(Vec::new());
        }
        let mut stood = Query::select();
        stood
            .column("stage")
            .expr_as(Func::min(Expr::col("id")), "came")
            .from("stage_transition")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("entity").eq(def.key.as_str()))
            .and_where(Expr::col("record_id").eq(id.0))
            .group_by_col("stage")
            .order_by("came", Order::Asc);
        let rows = self.db.read().query_all(&stood).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}
