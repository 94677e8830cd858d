//! Who edits a drawing: one at a time, for ninety seconds, renewed while the page is open.

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::store::{self, DRAWING, Row};
use super::view::{DrawingPerson, person};
use crate::runtime::Processes;

/// Seconds for which somebody edits without a word.
pub(super) const LEASE_SECONDS: i64 = 90;

/// What to do with a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaseAction {
    /// Begin or go on to edit, unless another does.
    #[default]
    Take,
    /// Edit instead of whoever does.
    TakeOver,
    /// Let others edit.
    Release,
}

/// What to do with the lease of a drawing.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LeaseInput {
    /// `take` by default.
    pub action: LeaseAction,
}

/// Who edits.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Lease {
    /// Who; nobody after a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<DrawingPerson>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub until: Option<Timestamp>,
}

/// Where nobody else edits the drawing.
pub(super) fn free(ctx: &Ctx) -> Cond {
    let over = Expr::col("lease_until").lte(ctx.now().0);
    let free = Cond::any().add(Expr::col("lease_user").is_null()).add(over);
    match store::user(ctx) {
        Some(user) => free.add(Expr::col("lease_user").eq(user)),
        None => free,
    }
}

impl Processes {
    /// Begins, goes on or ends to edit a drawing.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, conflict `drawing.leased` with who edits it as `current`.
    pub async fn lease_drawing(&self, ctx: &Ctx, id: Uuid, action: LeaseAction) -> Result<Lease> {
        let user = store::user(ctx).ok_or(Error::Denied("role"))?;
        let until = ctx.now().plus_seconds(LEASE_SECONDS);
        let (new_user, new_until) = match action {
            LeaseAction::Release => (None, None),
            LeaseAction::Take | LeaseAction::TakeOver => (Some(user), Some(until.0)),
        };
        let tx = self.db().begin().await?;
        self.drawing_row(&tx, ctx, id).await?;
        let mut update = Query::update();
        update.table(DRAWING).value("lease_user", new_user).value("lease_until", new_until);
        update.and_where(Expr::col("id").eq(id)).and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        match action {
            LeaseAction::Take => update.cond_where(free(ctx)),
            LeaseAction::TakeOver => &mut update,
            LeaseAction::Release => update.and_where(Expr::col("lease_user").eq(user)),
        };
        let changed = tx.execute(&update).await?.rows_affected();
        if changed == 0 && action != LeaseAction::Release {
            let row = self.drawing_row(&tx, ctx, id).await?;
            return Err(self.leased(ctx, &row).await);
        }
        tx.commit().await?;
        if action == LeaseAction::Release {
            return Ok(Lease { user: None, until: None });
        }
        let names = self.names_of(ctx, [user]).await?;
        Ok(Lease { user: Some(person(&names, user)), until: Some(until) })
    }

    /// Passes when nobody else edits it.
    ///
    /// # Errors
    /// Conflict `drawing.leased`.
    pub(super) async fn check_lease(&self, ctx: &Ctx, row: &Row) -> Result<()> {
        let other = row.lease.filter(|(user, until)| *until > ctx.now() && Some(*user) != store::user(ctx));
        if other.is_some() { Err(self.leased(ctx, row).await) } else { Ok(()) }
    }

    /// The conflict, with who edits.
    pub(super) async fn leased(&self, ctx: &Ctx, row: &Row) -> Error {
        let Some((user, until)) = row.lease else { return Error::Conflict { code: "drawing.leased", current: None } };
        match self.names_of(ctx, [user]).await {
            Ok(names) => {
                let current = json!(Lease { user: Some(person(&names, user)), until: Some(until) });
                Error::Conflict { code: "drawing.leased", current: Some(current) }
            }
            Err(error) => error,
        }
    }

    /// Keeps the row from others until the transaction ends; changes nothing.
    pub(super) async fn lock_drawing(&self, tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<()> {
        let lock = Query::update()
            .table(DRAWING)
            .value("latest", Expr::col("latest"))
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .to_owned();
        Ok(tx.execute(&lock).await.map(drop)?)
    }
}
