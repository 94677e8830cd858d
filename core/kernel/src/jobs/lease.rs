//! A lease: one holder at a time for a named duty, among all nodes on the database.

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use uuid::Uuid;

use crate::clock::Env;
use crate::db::{ConnectionTrait, Db};

/// A lease that ends later than this many times its length was taken before the clock went back.
const ODD: i64 = 10;

/// Takes or renews the lease for `seconds`. True while `holder` has it.
///
/// # Errors
/// When the database fails.
pub async fn hold(db: &Db, env: &Env, name: &str, holder: Uuid, seconds: i64) -> Result<bool, DbErr> {
    let now = env.now();
    let insert = Query::insert()
        .into_table("lease")
        .columns(["name", "holder", "until"])
        .values_panic([name.into(), holder.into(), now.plus_seconds(seconds).0.into()])
        .on_conflict(
            OnConflict::column("name")
                .update_columns(["holder", "until"])
                .action_and_where(
                    Expr::col(("lease", "holder"))
                        .eq(holder)
                        .or(Expr::col(("lease", "until")).lt(now.0))
                        .or(Expr::col(("lease", "until")).gt(now.plus_seconds(seconds.saturating_mul(ODD)).0)),
                )
                .to_owned(),
        )
        .to_owned();
    let tx = db.begin().await?;
    let held = tx.execute(&insert).await?.rows_affected() == 1;
    tx.commit().await?;
    Ok(held)
}
