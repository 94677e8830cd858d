//! Which due jobs a worker takes.
//!
//! The jobs of one company and kind are a *line*. Slots go to the lines that hold the fewest, and among equals to whoever
//! waits longest, so that nobody's backlog keeps another company waiting. Jobs whose worker vanished are taken over one
//! at a time: if one of them took its worker with it, it does not take the innocent ones a second time, and is given up
//! when it has done so often enough.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::sea_query::{
    Asterisk, Cond, Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement, UnionType,
};
use sea_orm::{DbBackend, DbErr, Statement};
use uuid::Uuid;

use super::order;
use super::queue::{Job, LOCK_SECONDS};
use crate::clock::{Env, Timestamp};
use crate::db::{ConnectionTrait, QueryResult, Tx};
use crate::id::TenantId;

/// Jobs of one kind that are looked at before the lines behind them are.
const WINDOW: u64 = 32;
/// Companies whose line is looked at when a kind's window is full.
const LINES: u64 = 10_000;
/// Workers that a job may take with it, unless its kind has fewer tries.
const MAX_LOST: i64 = 5;
/// What a job says that was given up for it.
pub(super) const LOST: &str = "the server ended each time while this job ran";

/// A company's jobs of one kind.
type Line = (Option<Uuid>, String);

/// What a worker has in hand.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    lines: HashMap<Line, usize>,
    jobs: HashSet<Uuid>,
    /// The job that was taken over from a lost worker.
    suspect: Option<Uuid>,
    /// By kind: the company whose line was looked at last.
    turns: HashMap<String, Uuid>,
}

/// A job in hand; over when dropped.
#[derive(Debug)]
pub(super) struct Hold {
    of: InHand,
    line: Line,
    job: Uuid,
}

impl InHand {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job into hand.
    pub(super) fn take(&self, job: &Job) -> Hold {
        let line = (job.tenant.map(|tenant| tenant.0), job.kind.clone());
        let mut held = self.held();
        *held.lines.entry(line.clone()).or_default() += 1;
        held.jobs.insert(job.id);
        if job.taken_over {
            held.suspect = Some(job.id);
        }
        Hold { of: self.clone(), line, job: job.id }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.of.held();
        if let Some(count) = held.lines.get_mut(&self.line) {
            *count -= 1;
            if *count == 0 {
                held.lines.remove(&self.line);
            }
        }
        held.jobs.remove(&self.job);
        if held.suspect == Some(self.job) {
            held.suspect = None;
        }
    }
}

#[derive(Debug)]
struct Candidate {
    id: Uuid,
    line: Line,
    run_at: i64,
}

impl Candidate {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let line = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        Ok(Self { id: row.try_get_by_index(0)?, line, run_at: row.try_get_by_index(3)? })
    }
}

/// What could be taken now, chosen fairly: at most `limit`, and of a line no more than it has left of `of_line`. Read
/// without the write lock, so that an idle worker stops nobody.
pub(super) async fn choose(
    conn: &impl ConnectionTrait,
    now: Timestamp,
    kinds: &[&str],
    hand: &InHand,
    (limit, of_line): (usize, usize),
) -> Result<Vec<Uuid>, DbErr> {
    let mut chosen: Vec<Uuid> = Vec::new();
    chosen.extend(suspect(conn, now, kinds, hand).await?);
    let mut waiting = window(conn, now, kinds).await?;
    for kind in kinds {
        let seen = waiting.iter().filter(|one| one.line.1 == *kind).count();
        if u64::try_from(seen).is_ok_and(|seen| seen >= WINDOW) {
            let heads = behind(conn, now, kind, hand, (&waiting, limit)).await?;
            waiting.extend(heads);
        }
    }
    let mut lines = hand.held().lines.clone();
    while chosen.len() < limit {
        let count = |one: &Candidate| lines.get(&one.line).copied().unwrap_or_default();
        let next = waiting.iter().enumerate().filter(|(_, one)| count(one) < of_line);
        let Some((index, _)) = next.min_by_key(|(_, one)| (count(one), one.run_at, one.id)) else { break };
        let one = waiting.swap_remove(index);
        *lines.entry(one.line).or_default() += 1;
        chosen.push(one.id);
    }
    Ok(chosen)
}

/// A job whose worker has vanished, unless such a one is in hand. What this worker itself has in hand is not lost, even
/// when the clock leapt forward.
async fn suspect(
    conn: &impl ConnectionTrait,
    now: Timestamp,
    kinds: &[&str],
    hand: &InHand,
) -> Result<Option<Uuid>, DbErr> {
    let mut lost = Query::select();
    {
        let held = hand.held();
        if held.suspect.is_some() {
            return Ok(None);
        }
        lost.column("id").from("job").cond_where(is_lost(now)).and_where(of_kinds(kinds));
        if !held.jobs.is_empty() {
            lost.and_where(Expr::col("id").is_not_in(held.jobs.iter().copied()));
        }
    }
    lost.order_by("locked_until", Order::Asc).order_by("id", Order::Asc).limit(1);
    conn.query_one(&lost).await?.map(|row| row.try_get_by_index(0)).transpose()
}

/// The oldest due jobs of each kind.
async fn window(conn: &impl ConnectionTrait, now: Timestamp, kinds: &[&str]) -> Result<Vec<Candidate>, DbErr> {
    // A part per kind, each straight from its index: another lane's backlog is not walked through.
    let part = |kind: &&str| {
        let oldest = oldest(now, kind).limit(WINDOW).take();
        Query::select().column(Asterisk).from_subquery(oldest, "oldest").take()
    };
    let mut parts = kinds.iter().map(part);
    let Some(mut all) = parts.next() else { return Ok(Vec::new()) };
    for part in parts {
        all.union(UnionType::All, part);
    }
    conn.query_all(&all).await?.iter().map(Candidate::read).collect()
}

fn oldest(now: Timestamp, kind: &str) -> SelectStatement {
    Query::select()
        .columns(["id", "tenant_id", "kind", "run_at"])
        .from("job")
        .and_where(is("ready"))
        .and_where(Expr::col("kind").eq(kind))
        .and_where(Expr::col("run_at").lte(now.0))
        .and_where(order::has_its_turn())
        .order_by("run_at", Order::Asc)
        .order_by("id", Order::Asc)
        .take()
}

/// Of companies that stand behind others' backlog of a kind: the first job each, another few of them each time.
async fn behind(
    conn: &impl ConnectionTrait,
    now: Timestamp,
    kind: &str,
    hand: &InHand,
    (waiting, limit): (&[Candidate], usize),
) -> Result<Vec<Candidate>, DbErr> {
    let rows = conn.query_all_raw(lines(conn.get_database_backend(), kind)).await?;
    let mut tenants = Vec::new();
    for row in &rows {
        let tenant: Option<Uuid> = row.try_get_by_index(0)?;
        let known = waiting.iter().any(|one| one.line.1 == kind && one.line.0 == tenant);
        tenants.extend(tenant.filter(|_| !known));
    }
    let last = hand.held().turns.get(kind).copied().unwrap_or_default();
    let place = tenants.partition_point(|tenant| *tenant <= last);
    tenants.rotate_left(place);
    let mut heads = Vec::new();
    for tenant in tenants {
        if heads.len() >= limit {
            break;
        }
        hand.held().turns.insert(kind.to_owned(), tenant);
        let head = oldest(now, kind).and_where(Expr::col("tenant_id").eq(tenant)).limit(1).take();
        heads.extend(conn.query_one(&head).await?.as_ref().map(Candidate::read).transpose()?);
    }
    Ok(heads)
}

/// The companies that have a job of a kind, one step in the index each: SQL has no other way to leap over the rest of a
/// backlog ("loose index scan").
fn lines(backend: DbBackend, kind: &str) -> Statement {
    let first = |after: &str| {
        format!(
            "(SELECT job.tenant_id FROM job WHERE job.kind = $1 AND job.state = 'ready' AND job.tenant_id {after} \
             ORDER BY job.tenant_id LIMIT 1)"
        )
    };
    let sql = format!(
        "WITH RECURSIVE line(tenant) AS (SELECT {} UNION ALL SELECT {} FROM line WHERE line.tenant IS NOT NULL) \
         SELECT tenant FROM line WHERE tenant IS NOT NULL LIMIT {LINES}",
        first("IS NOT NULL"),
        first("> line.tenant"),
    );
    Statement::from_sql_and_values(backend, sql, [kind.into()])
}

/// The state, written out: so every plan of the statement, also one made for any values, may use the state's index.
fn is(state: &str) -> Expr {
    Expr::cust(format!("job.state = '{state}'"))
}

fn of_kinds(kinds: &[&str]) -> Expr {
    Expr::col("kind").is_in(kinds.iter().copied())
}

/// Whose worker has vanished. One that lives renews its hold; one that ends much later was taken before the clock went
/// back.
fn is_lost(now: Timestamp) -> Cond {
    let odd = now.plus_seconds(LOCK_SECONDS * 10).0;
    let over = Expr::col("locked_until").lt(now.0).or(Expr::col("locked_until").gt(odd));
    Cond::all().add(is("running")).add(over)
}

/// Takes those of the chosen jobs that are still to be had. The try is counted before it is made.
pub(super) async fn take(tx: &Tx, env: &Env, worker: Uuid, chosen: &[Uuid]) -> Result<Vec<Job>, DbErr> {
    let now = env.now();
    let due = is("ready").and(Expr::col("run_at").lte(now.0)).and(order::has_its_turn());
    let free = Cond::any().add(due).add(is_lost(now));
    let pick = locked(tx, chosen, free);
    let lost = Expr::case(Expr::col("state").eq("running"), Expr::col("lost").add(1)).finally(Expr::col("lost"));
    let update = Query::update()
        .table("job")
        .value("lost", lost)
        .value("state", "running")
        .value("locked_by", worker)
        .value("locked_until", now.plus_seconds(LOCK_SECONDS).0)
        .value("attempts", Expr::col("attempts").add(1))
        .and_where(Expr::col("id").in_subquery(pick))
        .returning(Query::returning().columns(COLUMNS))
        .to_owned();
    let mut jobs: Vec<Job> = tx.query_all(&update).await?.iter().map(from_row).collect::<Result<_, _>>()?;
    jobs.sort_by_key(|job| chosen.iter().position(|id| *id == job.id));
    Ok(jobs)
}

/// Gives up those of the chosen jobs that took their worker with them as often as they may.
pub(super) async fn give_up(tx: &Tx, env: &Env, chosen: &[Uuid]) -> Result<Vec<Job>, DbErr> {
    let spent = Expr::col("lost").gte(MAX_LOST - 1).or(Expr::col("lost").add(1).gte(Expr::col("max_attempts")));
    let pick = locked(tx, chosen, is_lost(env.now()).add(spent));
    let update = Query::update()
        .table("job")
        .value("state", "dead")
        .value("last_error", LOST)
        .value("unique_key", Option::<String>::None)
        .value("locked_by", Option::<Uuid>::None)
        .value("locked_until", Option::<i64>::None)
        .and_where(Expr::col("id").in_subquery(pick))
        .returning(Query::returning().columns(COLUMNS))
        .to_owned();
    let dead: Vec<Job> = tx.query_all(&update).await?.iter().map(from_row).collect::<Result<_, _>>()?;
    for job in &dead {
        order::wake_next(tx, job);
    }
    Ok(dead)
}

fn locked(tx: &Tx, chosen: &[Uuid], which: Cond) -> SelectStatement {
    let mut pick = Query::select();
    pick.column("id").from("job").and_where(Expr::col("id").is_in(chosen.iter().copied())).cond_where(which);
    if tx.get_database_backend() == DbBackend::Postgres {
        pick.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    pick
}

const COLUMNS: [&str; 8] = ["id", "tenant_id", "kind", "payload", "attempts", "max_attempts", "order_key", "lost"];

fn from_row(row: &QueryResult) -> Result<Job, DbErr> {
    Ok(Job {
        id: row.try_get_by_index(0)?,
        tenant: row.try_get_by_index::<Option<Uuid>>(1)?.map(TenantId),
        kind: row.try_get_by_index(2)?,
        payload: row.try_get_by_index(3)?,
        attempt: row.try_get_by_index(4)?,
        max_attempts: row.try_get_by_index(5)?,
        order_key: row.try_get_by_index(6)?,
        taken_over: row.try_get_by_index::<i64>(7)? > 0,
    })
}
