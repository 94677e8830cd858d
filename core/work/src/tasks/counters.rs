//! Counters: open tasks of a person and of those they answer for, and what of them breaks a promise.

use std::collections::HashMap;

use chrono::TimeZone;
use kernel::db::{ConnectionTrait, QueryResult};
use kernel::{Ctx, Result, Timestamp};
use people::staff;
use records::relations::TASK;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement};
use serde::Serialize;
use uuid::Uuid;

use super::Tasks;

/// Open tasks, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Count {
    /// Had by the person.
    pub open: i64,
    /// Of these: the deadline has passed.
    pub overdue: i64,
    /// Of these: the deadline is still to come today.
    pub due_today: i64,
    /// Had by nobody, and the person may take them (or must do their part).
    pub unclaimed: i64,
    /// Given by the person to others, done, and to be looked at.
    pub review: i64,
}

/// The count of one subordinate.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PersonCount {
    /// Who.
    pub user: Uuid,
    /// Their name.
    pub name: String,
    /// Their count.
    #[serde(flatten)]
    pub count: Count,
}

/// Counters of the actor.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Counters {
    /// Their own.
    pub mine: Count,
    /// Of the departments they head and those below, themselves left out: the sum (an unclaimed task counts once).
    pub team: Count,
    /// Each of these people, by name; at most 1,000.
    pub subordinates: Vec<PersonCount>,
    /// Notifications not read.
    pub unread: i64,
}

impl Tasks {
    /// Counters of the actor and of those whose head they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counters(&self, ctx: &Ctx) -> Result<Counters> {
        let conn = self.db.read();
        let unread = messaging::notifications::unread(&self.db, ctx).await?;
        let Some(me) = ctx.user() else {
            return Ok(Counters { mine: Count::default(), team: Count::default(), subordinates: Vec::new(), unread });
        };
        let departments = staff::headed(conn, ctx).await?;
        let team: Vec<_> =
            staff::people_in(conn, &departments).await?.into_iter().filter(|user| user.id != me.0).collect();
        let mut people: Vec<Uuid> = team.iter().map(|user| user.id).collect();
        people.push(me.0);
        let mut counts = had(conn, ctx, &people).await?;
        for (user, unclaimed) in unclaimed(conn, ctx, &people).await? {
            counts.entry(user).or_default().unclaimed = unclaimed;
        }
        for (user, review) in to_review(conn, ctx, &people).await? {
            counts.entry(user).or_default().review = review;
        }
        let mine = counts.remove(&me.0).unwrap_or_default();
        let mut sum = Count::default();
        for count in counts.values() {
            sum.open += count.open;
            sum.overdue += count.overdue;
            sum.due_today += count.due_today;
            sum.review += count.review;
        }
        people.pop();
        sum.unclaimed = unclaimed_by_any(conn, ctx, people).await?;
        let of = |user: Uuid| counts.get(&user).copied().unwrap_or_default();
        let subordinates =
            team.into_iter().map(|user| PersonCount { user: user.id, count: of(user.id), name: user.name }).collect();
        Ok(Counters { mine, team: sum, subordinates, unread })
    }
}

/// Midnight after the present moment, where the company is.
fn end_of_day(ctx: &Ctx) -> Timestamp {
    let local =
        ctx.now().utc().with_timezone(&ctx.zone).date_naive().succ_opt().and_then(|day| day.and_hms_opt(0, 0, 0));
    let midnight = local.and_then(|midnight| ctx.zone.from_local_datetime(&midnight).earliest());
    midnight.map_or_else(|| ctx.now().plus_seconds(86_400), Timestamp::from)
}

/// Open tasks by who has them.
async fn had(conn: &impl ConnectionTrait, ctx: &Ctx, people: &[Uuid]) -> Result<HashMap<Uuid, Count>> {
    let now = ctx.now().0;
    let due = || Expr::col((TASK, "due_at"));
    let when = |condition: Expr| Func::count(CaseStatement::new().case(condition, 1));
    let select = Query::select()
        .column("assignee")
        .expr(Func::count(Expr::col("id")))
        .expr(when(due().lte(now)))
        .expr(when(due().gt(now).and(due().lt(end_of_day(ctx).0))))
        .from(TASK)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("state").eq("open"))
        .and_where(Expr::col("assignee").is_in(people.iter().copied()))
        .group_by_col("assignee")
        .take();
    let read = |row: &QueryResult| -> Result<(Uuid, Count)> {
        let count = Count {
            open: row.try_get_by_index(1)?,
            overdue: row.try_get_by_index(2)?,
            due_today: row.try_get_by_index(3)?,
            unclaimed: 0,
            review: 0,
        };
        Ok((row.try_get_by_index(0)?, count))
    };
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Tasks that wait for these people to look at them.
async fn to_review(conn: &impl ConnectionTrait, ctx: &Ctx, people: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    let select = Query::select()
        .column("creator")
        .expr(Func::count(Expr::col("id")))
        .from(TASK)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("state").eq("review"))
        .and_where(Expr::col("deleted_at").is_null())
        .and_where(Expr::col("creator").is_in(people.iter().copied()))
        .group_by_col("creator")
        .take();
    let read = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Open tasks that nobody has and these people may take, without those whose part they did.
fn offered(ctx: &Ctx, people: &[Uuid]) -> SelectStatement {
    let own_part = Query::select()
        .expr(Expr::val(1))
        .from("task_vote")
        .and_where(Expr::col(("task_vote", "task_id")).equals(("task_executor", "task_id")))
        .and_where(Expr::col(("task_vote", "user_id")).equals(("task_executor", "user_id")))
        .and_where(Expr::col(("task_vote", "completed_at")).is_not_null())
        .take();
    Query::select()
        .from("task_executor")
        .inner_join(TASK, Expr::col((TASK, "id")).equals(("task_executor", "task_id")))
        .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((TASK, "state")).eq("open"))
        .and_where(Expr::col((TASK, "assignee")).is_null())
        .and_where(Expr::col(("task_executor", "user_id")).is_in(people.iter().copied()))
        .and_where(Expr::exists(own_part).not())
        .take()
}

async fn unclaimed(conn: &impl ConnectionTrait, ctx: &Ctx, people: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    let mut select = offered(ctx, people);
    select
        .column(("task_executor", "user_id"))
        .expr(Func::count(Expr::col((TASK, "id"))))
        .group_by_col(("task_executor", "user_id"));
    let read = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    conn.query_all(&select).await?.iter().map(read).collect()
}

async fn unclaimed_by_any(conn: &impl ConnectionTrait, ctx: &Ctx, people: Vec<Uuid>) -> Result<i64> {
    if people.is_empty() {
        return Ok(0);
    }
    let mut select = offered(ctx, &people);
    select.expr(Func::count_distinct(Expr::col((TASK, "id"))));
    Ok(conn.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}
