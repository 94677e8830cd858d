//! Administrative acts: who signed in, who changed rights, plugins, tokens, settings. Changes of records are in the event
//! log. What was written is read by administrators, the newest first, and changed by nobody.

use sea_orm::DbErr;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Order, Query};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::clock::Period;
use crate::ctx::{Actor, Ctx};
use crate::db::{ConnectionTrait, Db, QueryResult, Tx, within};
use crate::error::{Error, Result};
use crate::{TenantId, Timestamp, UserId};

/// Acts of one page at most.
pub const PAGE: u64 = 200;
/// Microseconds for which a transaction that brings an act may last at most: ten minutes.
const LATE: i64 = 600_000_000;

/// One act.
#[derive(Debug, Clone)]
pub struct Act {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What was done, dotted.
    pub action: String,
    /// To what: an id or a key.
    pub object: String,
    /// What changed.
    pub detail: Json,
}

/// Which acts are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The first part of their action, e.g. `role`.
    pub area: Option<String>,
    /// The first part of their action is one of these; none named: whatever it is.
    pub among: &'static [&'static str],
    /// Whoever did them, also through a token or a module.
    pub person: Option<UserId>,
    /// Those since then.
    pub since: Option<Timestamp>,
    /// Those before.
    pub until: Option<Timestamp>,
    /// Those older than this one.
    pub before: Option<(Timestamp, Uuid)>,
    /// At most so many, and never more than `PAGE`.
    pub limit: u64,
}

/// When the newest act in a company was, and how many there were in the minutes before it: another answer than before means
/// that something was done since. On PostgreSQL an act may be committed after a newer one; it counts among those minutes.
///
/// # Errors
/// When the database fails.
pub async fn newest(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Option<(Timestamp, i64)>> {
    let of = Query::select().from("audit").and_where(Expr::col("tenant_id").eq(tenant)).take();
    let last = of.clone().column("at").order_by("at", Order::Desc).limit(1).take();
    let Some(row) = conn.query_one(&last).await? else { return Ok(None) };
    let at: i64 = row.try_get_by_index(0)?;
    let since = Expr::col("at").gt(at.saturating_sub(LATE));
    let count = of.clone().expr(Func::count(Expr::col("id"))).and_where(since).take();
    let row = conn.query_one(&count).await?;
    Ok(Some((Timestamp(at), row.map_or(Ok(0), |row| row.try_get_by_index(0))?)))
}

/// Acts in a company, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, tenant: TenantId, wanted: &Wanted) -> Result<Vec<Act>> {
    let mut select = Query::select()
        .columns(["id", "at", "actor", "action", "object", "detail"])
        .from("audit")
        .and_where(Expr::col("tenant_id").eq(tenant))
        .order_by("at", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(wanted.limit.clamp(1, PAGE))
        .to_owned();
    if let Some(area) = &wanted.area {
        select.cond_where(of_area(area));
    }
    if !wanted.among.is_empty() {
        select.cond_where(wanted.among.iter().fold(Cond::any(), |any, area| any.add(of_area(area))));
    }
    if let Some(person) = wanted.person {
        select.and_where(Expr::cust("CAST(actor AS TEXT)").like(format!("%{person}%")));
    }
    if let Some(since) = wanted.since {
        select.and_where(Expr::col("at").gte(since.0));
    }
    if let Some(until) = wanted.until {
        select.and_where(Expr::col("at").lt(until.0));
    }
    if let Some((at, id)) = wanted.before {
        let same = Cond::all().add(Expr::col("at").eq(at.0)).add(Expr::col("id").lt(id));
        select.cond_where(Cond::any().add(Expr::col("at").lt(at.0)).add(same));
    }
    db.read().query_all(&select).await?.iter().map(read).collect()
}

/// Acts of some kinds in a time, at most so many.
///
/// # Errors
/// When the database fails.
pub async fn of_actions(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    actions: &[&str],
    period: Period,
    limit: u64,
) -> Result<Vec<Act>> {
    let select = Query::select()
        .columns(["id", "at", "actor", "action", "object", "detail"])
        .from("audit")
        .and_where(Expr::col("tenant_id").eq(tenant))
        .and_where(Expr::col("action").is_in(actions.iter().copied()))
        .cond_where(within(period, &Expr::col("at")))
        .limit(limit)
        .take();
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// A range and no pattern: it is found by the index, and nothing in it is a wildcard.
fn of_area(area: &str) -> Cond {
    Cond::all().add(Expr::col("action").gte(format!("{area}."))).add(Expr::col("action").lt(format!("{area}/")))
}

/// One act in a company.
///
/// # Errors
/// `NotFound`.
pub async fn one(db: &Db, tenant: TenantId, id: Uuid) -> Result<Act> {
    let select = Query::select()
        .columns(["id", "at", "actor", "action", "object", "detail"])
        .from("audit")
        .and_where(Expr::col("tenant_id").eq(tenant))
        .and_where(Expr::col("id").eq(id))
        .take();
    let row = db.read().query_one(&select).await?;
    read(&row.ok_or_else(|| Error::NotFound(format!("act {id}")))?)
}

fn read(row: &QueryResult) -> Result<Act> {
    let actor: Json = row.try_get_by_index(2)?;
    Ok(Act {
        id: row.try_get_by_index(0)?,
        at: Timestamp(row.try_get_by_index(1)?),
        actor: serde_json::from_value(actor).map_err(Error::internal)?,
        action: row.try_get_by_index(3)?,
        object: row.try_get_by_index(4)?,
        detail: row.try_get_by_index(5)?,
    })
}

/// Writes one act into the transaction that performs it.
///
/// `action` is dotted (`plugin.enabled`), `object` names the thing, `detail` says what changed (never a secret).
///
/// # Errors
/// When the database fails.
pub async fn record(tx: &Tx, ctx: &Ctx, action: &str, object: &str, detail: Json) -> Result<(), DbErr> {
    let actor = serde_json::to_value(&ctx.actor).map_err(|e| DbErr::Custom(e.to_string()))?;
    let insert = Query::insert()
        .into_table("audit")
        .columns(["id", "tenant_id", "at", "actor", "action", "object", "detail"])
        .values_panic([
            ctx.id().into(),
            ctx.tenant.into(),
            ctx.now().0.into(),
            actor.into(),
            action.into(),
            object.into(),
            detail.into(),
        ])
        .to_owned();
    tx.later(&insert).await
}
