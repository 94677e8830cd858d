//! Counters: open tasks of a person and of those they answer for, and what of them breaks a promise.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeZone;
use kernel::db::{ConnectionTrait, QueryResult};
use kernel::error::FieldError;
use kernel::{Ctx, Error, Result, Timestamp};
use people::staff;
use records::relations::TASK;
use sea_orm::sea_query::{
    CaseStatement, Cond, Expr, ExprTrait, Func, IntoCondition, Query, SelectStatement, UnionType,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Tasks, access};
use crate::calendar::WORKING_DAY_SECONDS;
use crate::input::wrong;

/// Open tasks, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Count {
    /// Had by the person.
    pub open: i64,
    /// Of these: the deadline has passed.
    pub overdue: i64,
    /// Of these: the deadline is still to come today.
    pub due_today: i64,
    /// Of these: given back by whoever looked at what was done.
    pub returned: i64,
    /// Of these: the person has not looked at it yet.
    pub new: i64,
    /// Had by nobody, and the person may take them (or must do their part).
    pub unclaimed: i64,
    /// Given by the person to others, done, and to be looked at.
    pub review: i64,
    /// Promises that are broken: `overdue`, to be looked at for more than a working day, and unclaimed when half of the
    /// working time until the deadline has gone by.
    pub violations: i64,
}

/// A number of `Count`, by its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// `open`
    Open,
    /// `overdue`
    Overdue,
    /// `due_today`
    DueToday,
    /// `returned`
    Returned,
    /// `new`
    New,
    /// `unclaimed`
    Unclaimed,
    /// `review`
    Review,
    /// `violations`
    Violations,
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
        let all = self.reviewers(conn, ctx, &people).await?;
        let mut counts = had(conn, ctx, &people).await?;
        for (user, (unclaimed, late)) in unclaimed(conn, ctx, &people).await? {
            let count = counts.entry(user).or_default();
            (count.unclaimed, count.violations) = (unclaimed, count.violations + late);
        }
        for (user, (review, late)) in to_review(conn, ctx, &all).await? {
            let count = counts.entry(user).or_default();
            (count.review, count.violations) = (review, count.violations + late);
        }
        let mine = counts.remove(&me.0).unwrap_or_default();
        people.pop();
        let mut sum = Count::default();
        for count in counts.values() {
            sum.open += count.open;
            sum.overdue += count.overdue;
            sum.due_today += count.due_today;
            sum.returned += count.returned;
            sum.new += count.new;
            sum.review += count.review;
        }
        let late = late_of_any(conn, ctx, &people, &all).await?;
        (sum.unclaimed, sum.violations) = (unclaimed_by_any(conn, ctx, &people).await?, sum.overdue + late);
        let of = |user: Uuid| counts.get(&user).copied().unwrap_or_default();
        let subordinates =
            team.into_iter().map(|user| PersonCount { user: user.id, count: of(user.id), name: user.name }).collect();
        Ok(Counters { mine, team: sum, subordinates, unread })
    }

    /// Ids of exactly the tasks that a counter counts, as a select of one column, for `IN`. `of` is `me`, `team` or a
    /// person's id. What of it the actor sees is not asked here.
    pub(super) async fn counted_by(&self, ctx: &Ctx, counter: Counter, of: Option<&str>) -> Result<SelectStatement> {
        let conn = self.db.read();
        let me = ctx.user().ok_or(Error::Denied("action"))?.0;
        let people = match of {
            None | Some("me") => vec![me],
            Some("team") => {
                let team = staff::people_in(conn, &staff::headed(conn, ctx).await?).await?;
                team.into_iter().map(|user| user.id).filter(|id| *id != me).collect()
            }
            Some(person) => vec![Uuid::parse_str(person).map_err(|_| wrong("of", FieldError::new("id")))?],
        };
        let open = |condition: Expr| ids(open_of(ctx, &people).and_where(condition).take());
        let contract = |condition: Expr| {
            let joined = Expr::col(("task_contract", "id")).equals((TASK, "id"));
            ids(open_of(ctx, &people).inner_join("task_contract", joined).and_where(condition).take())
        };
        Ok(match counter {
            Counter::Open => ids(open_of(ctx, &people)),
            Counter::Overdue => open(overdue(ctx)),
            Counter::DueToday => open(due_today(ctx)),
            Counter::Returned => contract(returned()),
            Counter::New => contract(unseen()),
            Counter::Unclaimed => ids(offered(ctx, &people)),
            Counter::Review => ids(in_review(ctx, &people)),
            Counter::Violations => {
                let late =
                    ids(in_review(ctx, &people).cond_where(self.reviewers(conn, ctx, &people).await?.late()).take());
                let unclaimed = ids(offered(ctx, &people).and_where(half_gone(ctx)).take());
                let mut all = open(overdue(ctx));
                all.union(UnionType::Distinct, late).union(UnionType::Distinct, unclaimed).take()
            }
        })
    }

    /// People with the moment before which a task must have been done to lie there for more than a working day of theirs.
    async fn reviewers(&self, conn: &impl ConnectionTrait, ctx: &Ctx, people: &[Uuid]) -> Result<Reviewers> {
        let mut departments = HashMap::new();
        for user in staff::by_ids(conn, ctx.tenant, people).await? {
            departments.insert(user.id, user);
        }
        let mut since: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
        for person in people {
            let Some(user) = departments.get(person) else { continue };
            let calendar = self.calendars.of_user(conn, ctx, user).await?;
            if let Ok(at) = calendar.subtract(ctx.now(), WORKING_DAY_SECONDS) {
                since.entry(at.0).or_default().push(*person);
            }
        }
        Ok(Reviewers { people: people.to_vec(), since })
    }
}

/// People, by the moment a working day of theirs ago.
struct Reviewers {
    people: Vec<Uuid>,
    since: BTreeMap<i64, Vec<Uuid>>,
}

impl Reviewers {
    /// Done so long ago that whoever gave it should have looked at it.
    fn late(&self) -> Cond {
        let mut late = Cond::any().add(Expr::val(1).eq(0));
        for (at, people) in &self.since {
            let theirs = Expr::col((TASK, "creator")).is_in(people.iter().copied());
            late = late.add(theirs.and(Expr::col((TASK, "completed_at")).lte(*at)));
        }
        late
    }
}

fn ids(mut select: SelectStatement) -> SelectStatement {
    select.column((TASK, "id")).take()
}

/// Open tasks that these people have.
fn open_of(ctx: &Ctx, people: &[Uuid]) -> SelectStatement {
    Query::select()
        .from(TASK)
        .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((TASK, "state")).eq("open"))
        .and_where(Expr::col((TASK, "assignee")).is_in(people.iter().copied()))
        .take()
}

/// Tasks that these people gave and are to look at.
fn in_review(ctx: &Ctx, people: &[Uuid]) -> SelectStatement {
    Query::select()
        .from(TASK)
        .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((TASK, "state")).eq("review"))
        .and_where(Expr::col((TASK, "deleted_at")).is_null())
        .and_where(Expr::col((TASK, "creator")).is_in(people.iter().copied()))
        .take()
}

fn overdue(ctx: &Ctx) -> Expr {
    Expr::col((TASK, "due_at")).lte(ctx.now().0)
}

fn due_today(ctx: &Ctx) -> Expr {
    Expr::col((TASK, "due_at")).gt(ctx.now().0).and(Expr::col((TASK, "due_at")).lt(end_of_day(ctx).0))
}

fn returned() -> Expr {
    Expr::col(("task_contract", "returned")).gt(0)
}

fn unseen() -> Expr {
    let seen = || Expr::col(("task_contract", "seen_by"));
    seen().is_null().or(seen().ne(Expr::col((TASK, "assignee"))))
}

fn half_gone(ctx: &Ctx) -> Expr {
    Expr::col(("task_contract", "half_at")).lte(ctx.now().0)
}

/// How many rows fulfil a condition.
fn when(condition: impl IntoCondition) -> Expr {
    Func::count(CaseStatement::new().case(condition, 1)).into()
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
    let mut select = open_of(ctx, people);
    select
        .inner_join("task_contract", Expr::col(("task_contract", "id")).equals((TASK, "id")))
        .column((TASK, "assignee"))
        .expr(Func::count(Expr::col((TASK, "id"))))
        .exprs([when(overdue(ctx)), when(due_today(ctx)), when(returned()), when(unseen())])
        .group_by_col((TASK, "assignee"));
    let read = |row: &QueryResult| -> Result<(Uuid, Count)> {
        let overdue = row.try_get_by_index(2)?;
        let count = Count {
            open: row.try_get_by_index(1)?,
            overdue,
            due_today: row.try_get_by_index(3)?,
            returned: row.try_get_by_index(4)?,
            new: row.try_get_by_index(5)?,
            violations: overdue,
            ..Count::default()
        };
        Ok((row.try_get_by_index(0)?, count))
    };
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// Tasks that wait for these people to look at them, and those of them that have waited too long; of others' only what
/// the actor sees.
async fn to_review(conn: &impl ConnectionTrait, ctx: &Ctx, all: &Reviewers) -> Result<HashMap<Uuid, (i64, i64)>> {
    let mut select = in_review(ctx, &all.people);
    select
        .column((TASK, "creator"))
        .expr(Func::count(Expr::col((TASK, "id"))))
        .expr(when(all.late()))
        .group_by_col((TASK, "creator"));
    access::narrow(conn, ctx, &mut select).await?;
    numbers(conn, &select).await
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
        .inner_join("task_contract", Expr::col(("task_contract", "id")).equals(("task_executor", "task_id")))
        .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((TASK, "state")).eq("open"))
        .and_where(Expr::col((TASK, "assignee")).is_null())
        .and_where(Expr::col(("task_executor", "user_id")).is_in(people.iter().copied()))
        .and_where(Expr::exists(own_part).not())
        .take()
}

/// By person: tasks they may take, and those of them that lie there for too long.
async fn unclaimed(conn: &impl ConnectionTrait, ctx: &Ctx, people: &[Uuid]) -> Result<HashMap<Uuid, (i64, i64)>> {
    let mut select = offered(ctx, people);
    select
        .column(("task_executor", "user_id"))
        .expr(Func::count(Expr::col((TASK, "id"))))
        .expr(when(half_gone(ctx)))
        .group_by_col(("task_executor", "user_id"));
    numbers(conn, &select).await
}

async fn numbers(conn: &impl ConnectionTrait, select: &SelectStatement) -> Result<HashMap<Uuid, (i64, i64)>> {
    let read = |row: &QueryResult| Ok((row.try_get_by_index(0)?, (row.try_get_by_index(1)?, row.try_get_by_index(2)?)));
    conn.query_all(select).await?.iter().map(read).collect()
}

async fn unclaimed_by_any(conn: &impl ConnectionTrait, ctx: &Ctx, people: &[Uuid]) -> Result<i64> {
    distinct(conn, offered(ctx, people)).await
}

/// What lies for too long, to be looked at or to be taken, each task once.
async fn late_of_any(conn: &impl ConnectionTrait, ctx: &Ctx, people: &[Uuid], all: &Reviewers) -> Result<i64> {
    let unclaimed = offered(ctx, people).and_where(half_gone(ctx)).take();
    let mut review = in_review(ctx, people).cond_where(all.late()).take();
    access::narrow(conn, ctx, &mut review).await?;
    Ok(distinct(conn, unclaimed).await? + distinct(conn, review).await?)
}

async fn distinct(conn: &impl ConnectionTrait, mut select: SelectStatement) -> Result<i64> {
    select.expr(Func::count_distinct(Expr::col((TASK, "id"))));
    Ok(conn.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}
