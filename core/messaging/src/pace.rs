//! How fast a gateway may be sent to: each message has its turn, taken once.

use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::JobError;
use kernel::{Error, Result, TenantId, Timestamp};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict, Query};
use uuid::Uuid;

/// Whose the mail server of the installation is.
pub(crate) const NOBODY: TenantId = TenantId(Uuid::nil());
const SECOND: i64 = 1_000_000;

/// The next turn of a gateway that takes so many a second (at least one), never before now.
pub(crate) async fn turn(
    tx: &Tx,
    tenant: TenantId,
    gateway: &str,
    per_second: u32,
    now: Timestamp,
) -> Result<Timestamp> {
    let step = SECOND / i64::from(Ord::max(per_second, 1));
    let next = || Expr::col(("message_pace", "next_at"));
    let later = CaseStatement::new().case(next().gt(now.0), next().add(step)).finally(now.0 + step);
    let insert = Query::insert()
        .into_table("message_pace")
        .columns(["tenant_id", "gateway", "next_at"])
        .values_panic([tenant.0.into(), gateway.into(), (now.0 + step).into()])
        .on_conflict(OnConflict::columns(["tenant_id", "gateway"]).value("next_at", later).to_owned())
        .returning_col("next_at")
        .to_owned();
    let row = tx.query_one(&insert).await?.ok_or_else(|| Error::Internal("a turn was not given".into()))?;
    let next: i64 = row.try_get_by_index(0)?;
    Ok(Timestamp(next - step))
}

/// Has a job wait for its turn.
pub(crate) fn wait(turn: Timestamp, now: Timestamp) -> Result<(), JobError> {
    if turn <= now {
        return Ok(());
    }
    Err(JobError::Wait { reason: "it waits for its turn: so many go a second".to_owned(), until: turn })
}
