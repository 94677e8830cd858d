//! Jobs with the same order key are done one after another, in the order of their enqueueing.
//!
//! A job waits while an earlier one with its key is ready, runs, or waits for its next try: what fails does not let the
//! next ones overtake. A dead letter holds nobody back; tried again by hand, it is again the first. "Earlier" is by a
//! number that is counted per key when a job is enqueued, never by a clock. Two transactions that enqueue with one key at
//! the same time have no order: who needs one enqueues in transactions that follow each other (the readers of the event
//! log do, for they advance the same row).

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SubQueryStatement};
use sea_orm::{DbBackend, DbErr};
use serde_json::Value as Json;

use super::queue::Job;
use crate::clock::Env;
use crate::db::{ConnectionTrait, Tx};
use crate::id::TenantId;

/// The number of a new job among those with its key.
pub(super) fn next_number(key: &str) -> Expr {
    let last = Expr::expr(Func::max(Expr::col("order_no"))).if_null(0_i64).add(1_i64);
    let select = Query::select().expr(last).from("job").and_where(Expr::col("order_key").eq(key)).take();
    SubQueryStatement::from(select).into()
}

/// No order key, or no other job with it that runs, or comes before and is not given up.
pub(super) fn has_its_turn() -> Expr {
    let (mine, other) = (|column| Expr::col(("job", column)), |column| Expr::col(("other", column)));
    let before = other("order_no")
        .lt(mine("order_no"))
        .or(other("order_no").eq(mine("order_no")).and(other("id").lt(mine("id"))))
        .or(other("state").eq("running"));
    let hindrance = Query::select()
        .column(("other", "id"))
        .from_as("job", "other")
        .and_where(other("order_key").eq(mine("order_key")))
        .and_where(other("state").ne("dead"))
        .and_where(before)
        .take();
    mine("order_key").is_null().or(Expr::not_exists(hindrance))
}

/// Gives the last job with the key, if it waits for its turn alone, the payload's value of `member`. Returns false when
/// there is none: what was tried, or waits for a time of its own, is left alone.
pub(super) async fn widen(tx: &Tx, env: &Env, key: &str, member: &'static str, payload: &Json) -> Result<bool, DbErr> {
    let Some(value) = payload.get(member) else { return Ok(false) };
    let last = Query::select()
        .column("id")
        .from("job")
        .and_where(Expr::col("order_key").eq(key))
        .and_where(Expr::col("state").ne("dead"))
        .order_by("order_no", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(1)
        .take();
    let widened = match tx.get_database_backend() {
        DbBackend::Postgres => {
            Expr::cust_with_values(format!("jsonb_set(payload, '{{{member}}}', $1)"), [value.clone()])
        }
        _ => Expr::cust_with_values(format!("json_set(payload, '$.{member}', json(?))"), [value.to_string()]),
    };
    let update = Query::update()
        .table("job")
        .value("payload", widened)
        .and_where(Expr::col("id").in_subquery(last))
        .and_where(Expr::col("state").eq("ready"))
        .and_where(Expr::col("attempts").eq(0_i64))
        .and_where(Expr::col("run_at").lte(env.now().0))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// The end of a job may be the turn of the next.
pub(super) fn wake_next(tx: &Tx, job: &Job) {
    if job.order_key.is_some() {
        tx.note_job();
    }
}

/// Those of the order keys that have a job which is neither done nor given up.
///
/// # Errors
/// When the database fails.
pub async fn busy(conn: &impl ConnectionTrait, keys: &[String]) -> Result<HashSet<String>, DbErr> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let select = Query::select()
        .distinct()
        .column("order_key")
        .from("job")
        .and_where(Expr::col("order_key").is_in(keys.iter().map(String::as_str)))
        .and_where(Expr::col("state").ne("dead"))
        .take();
    conn.query_all(&select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Forgets the jobs of a tenant whose order key begins with `prefix`, dead letters left out. What runs ends by itself.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &Tx, tenant: TenantId, prefix: &str) -> Result<(), DbErr> {
    let begins = Expr::expr(Func::cust("substr").args([
        Expr::col("order_key"),
        Expr::val(1_i32),
        Expr::val(i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX)),
    ]));
    let delete = Query::delete()
        .from_table("job")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("state").ne("dead"))
        .and_where(begins.eq(prefix))
        .to_owned();
    tx.later(&delete).await
}
