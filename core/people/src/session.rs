//! One's own sessions: what is open, from which device and address, and ending it. Nobody sees those of others.

use kernel::{Ctx, Db, Error, Result, UserId, audit};
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use crate::entities::{Fetch, Run, session};
use crate::view_as;

pub use session::Model as Session;

/// The live sessions of the one who asks, the one used last first. Their use is written down every five minutes.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, ctx: &Ctx) -> Result<Vec<Session>> {
    let Some(user) = ctx.user() else { return Ok(Vec::new()) };
    let found = session::Entity::find()
        .filter(of(ctx, user))
        .filter(session::Column::ExpiresAt.gt(ctx.now().0))
        .order_by_desc(session::Column::SeenAt)
        .order_by_desc(session::Column::Id);
    Ok(found.rows(db.read()).await?)
}

/// Ends one of one's sessions.
///
/// # Errors
/// `NotFound` when it is not there, or somebody else's.
pub async fn end(db: &Db, ctx: &Ctx, id: Uuid) -> Result<()> {
    let missing = || Error::NotFound(format!("session {id}"));
    let user = ctx.user().ok_or_else(missing)?;
    match remove(db, ctx, of(ctx, user).add(session::Column::Id.eq(id)), "session.ended").await? {
        0 => Err(missing()),
        _ => Ok(()),
    }
}

/// Ends all of one's sessions but `kept`. Returns how many there were.
///
/// # Errors
/// When the database fails.
pub async fn end_others(db: &Db, ctx: &Ctx, kept: Option<Uuid>) -> Result<u64> {
    let Some(user) = ctx.user() else { return Ok(0) };
    let others = kept.map(|id| session::Column::Id.ne(id));
    remove(db, ctx, of(ctx, user).add_option(others), "session.others_ended").await
}

fn of(ctx: &Ctx, user: UserId) -> Condition {
    Condition::all().add(session::Column::TenantId.eq(ctx.tenant.0)).add(session::Column::UserId.eq(user.0))
}

async fn remove(db: &Db, ctx: &Ctx, which: Condition, action: &'static str) -> Result<u64> {
    let tx = db.begin().await?;
    view_as::end_with(&tx, ctx, which.clone(), "session_ended").await?;
    let ended = session::Entity::delete_many().filter(which).run(&tx).await?;
    if ended > 0 {
        let subject = ctx.user().map(|user| user.0.to_string()).unwrap_or_default();
        audit::record(&tx, ctx, action, &subject, json!({ "ended": ended })).await?;
    }
    tx.commit().await?;
    Ok(ended)
}
