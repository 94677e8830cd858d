//! What servers that ended held: let go at once where it is certain that none of them lives, instead of after their time.

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use super::long;
use crate::clock::Env;
use crate::db::{ConnectionTrait, Db};

/// Lets go of every job that is held, of long ones too, and of the leases. Jobs count as those of lost workers: they are
/// taken over one at a time, and given up when they have taken enough workers with them. For whoever is the only one on the
/// database; gives how many jobs of the queue were held.
///
/// # Errors
/// When the database fails.
pub async fn let_go(db: &Db, env: &Env) -> Result<u64, DbErr> {
    let jobs = Query::update()
        .table("job")
        .value("locked_until", 0_i64)
        .and_where(Expr::col("state").eq("running"))
        .to_owned();
    let long = Query::update()
        .table("long_job")
        .value("holder", Option::<Uuid>::None)
        .and_where(Expr::col("holder").is_not_null())
        .and_where(Expr::col("state").eq("running"))
        .to_owned();
    // What a request did itself the queue goes on with.
    let waiting = Query::update()
        .table("job")
        .value("run_at", env.now().0)
        .and_where(Expr::col("kind").eq(long::JOB))
        .and_where(Expr::col("state").eq("ready"))
        .and_where(Expr::col("run_at").gt(env.now().0))
        .to_owned();
    let tx = db.begin().await?;
    let held = tx.execute(&jobs).await?.rows_affected();
    tx.execute(&long).await?;
    tx.execute(&waiting).await?;
    tx.execute(&Query::delete().from_table("lease").to_owned()).await?;
    tx.commit().await?;
    if held > 0 {
        tracing::info!(held, "jobs that the server before left in the middle are taken over");
    }
    Ok(held)
}
