//! Schedules: cron expressions that enqueue jobs. Only the holder of the lease ticks.

use std::str::FromStr;

use chrono_tz::Tz;
use croner::Cron;
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde_json::json;

use super::queue::{NewJob, enqueue};
use crate::clock::{Env, Timestamp};
use crate::db::{ConnectionTrait, Db};

/// The next instant after `after` that a cron expression (five fields, or six with seconds) names in `zone`.
///
/// # Errors
/// A sentence that says what is wrong with the expression.
pub fn next_after(cron: &str, zone: Tz, after: Timestamp) -> Result<Timestamp, String> {
    let parsed = Cron::from_str(cron).map_err(|e| format!("`{cron}` is not a cron expression: {e}"))?;
    let next = parsed.find_next_occurrence(&after.utc().with_timezone(&zone), false);
    next.map(Timestamp::from).map_err(|e| format!("`{cron}` never happens: {e}"))
}

/// Sets a schedule that enqueues a job of kind `name`. Setting it again with the same expression changes nothing.
///
/// # Errors
/// When the expression is wrong (`DbErr::Custom`) or the database fails.
pub async fn set_schedule(db: &Db, env: &Env, name: &str, cron: &str) -> Result<(), DbErr> {
    let next = next_after(cron, Tz::UTC, env.now()).map_err(DbErr::Custom)?;
    let insert = Query::insert()
        .into_table("schedule")
        .columns(["name", "cron", "next_at"])
        .values_panic([name.into(), cron.into(), next.0.into()])
        .on_conflict(
            OnConflict::column("name")
                .update_columns(["cron", "next_at"])
                .action_and_where(Expr::col(("schedule", "cron")).ne(cron))
                .to_owned(),
        )
        .to_owned();
    let tx = db.begin().await?;
    tx.execute(&insert).await?;
    tx.commit().await
}

/// Enqueues the jobs of schedules that are due. A time missed while nothing ran is made up for once. One that waits for a
/// later time than its next is put right: the clock went back.
///
/// # Errors
/// When the database fails.
pub async fn tick(db: &Db, env: &Env) -> Result<usize, DbErr> {
    let now = env.now();
    let all = Query::select().columns(["name", "cron", "next_at"]).from("schedule").take();
    let mut changed = Vec::new();
    for row in db.read().query_all(&all).await? {
        let (name, cron): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let at: i64 = row.try_get_by_index(2)?;
        let next = next_after(&cron, Tz::UTC, now).map_err(DbErr::Custom)?;
        if at <= now.0 || at > next.0 {
            changed.push((name, at, next));
        }
    }
    if changed.is_empty() {
        return Ok(0);
    }
    let mut due = 0;
    let tx = db.begin().await?;
    for (name, at, next) in changed {
        let update = Query::update()
            .table("schedule")
            .value("next_at", next.0)
            .and_where(Expr::col("name").eq(name.as_str()))
            .and_where(Expr::col("next_at").eq(at))
            .to_owned();
        if tx.execute(&update).await?.rows_affected() == 1 && at <= now.0 {
            let job = NewJob::now(env, &name, json!({"scheduled": Timestamp(at)})).unique(format!("schedule:{name}"));
            enqueue(&tx, env, job).await?;
            due += 1;
        }
    }
    tx.commit().await?;
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cron: &str, zone: Tz, expected: Result<&str, &str>) {
        let after = Timestamp::parse("2026-03-28T22:30:00Z").unwrap();
        match (next_after(cron, zone, after), expected) {
            (Ok(at), Ok(text)) => assert_eq!(at.to_string(), text, "{cron}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (got, _) => panic!("{cron}: {got:?}"),
        }
    }

    #[test]
    fn cron_expressions_follow_the_zone_and_its_clock_changes() {
        check("0 9 * * *", Tz::UTC, Ok("2026-03-29T09:00:00Z"));
        check("0 9 * * *", chrono_tz::Europe::Kyiv, Ok("2026-03-29T06:00:00Z"));
        check("*/5 * * * *", Tz::UTC, Ok("2026-03-28T22:35:00Z"));
        check("every day", Tz::UTC, Err("not a cron expression"));
        check("0 0 31 2 *", Tz::UTC, Err("never happens"));
    }
}
