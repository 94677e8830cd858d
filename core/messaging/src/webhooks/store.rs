//! The tables `webhook`, `webhook_revision` and `webhook_delivery`.

use std::collections::BTreeSet;

use kernel::by_revision;
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::event::{Cursor, Event};
use kernel::{Ctx, Db, Error, Result, TenantId, Timestamp, seal};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Order, Query, SelectStatement};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Delivery, DeliveryState, Stopped, Webhook, events};

const HOOKS: &str = "webhook";
/// Counts changes of a company's webhooks by people.
pub(super) const REVISIONS: &str = "webhook_revision";
const DELIVERIES: &str = "webhook_delivery";
const COLUMNS: [&str; 15] = [
    "id",
    "tenant_id",
    "url",
    "events",
    "description",
    "enabled",
    "owner_id",
    "created_at",
    "failing_since",
    "stopped",
    "stopped_at",
    "old_until",
    "secret",
    "old_secret",
    "since",
];
const OF_DELIVERY: [&str; 17] = [
    "id",
    "kind",
    "entity",
    "record_id",
    "body",
    "state",
    "tries",
    "created_at",
    "due_at",
    "ended_at",
    "status",
    "answer",
    "error",
    "webhook_id",
    "round",
    "slot_at",
    "number",
];
/// Characters of why something was not taken.
const MAX_ERROR: usize = 500;
/// Rows of one transaction of the sweep.
const CHUNK: u64 = 1_000;

/// A webhook as it is kept, its secrets sealed. They are in no log: it has no `Debug`.
#[derive(Clone)]
pub(super) struct Kept {
    pub tenant: TenantId,
    pub hook: Webhook,
    pub secret: String,
    pub old_secret: Option<String>,
    /// Behind this place of the event log it looks.
    pub since: Cursor,
}

impl Kept {
    /// Whether an event is to be told there, as far as the event itself says.
    pub fn wants(&self, event: &Event) -> bool {
        self.tenant == event.tenant
            && self.since < event.cursor()
            && self.hook.events.iter().any(|pattern| events::means(pattern, event))
    }

    /// Secrets with which messages are signed now, the newest first.
    ///
    /// # Errors
    /// `Conflict("secrets.locked")` where this server cannot open the newest, `Conflict("secrets.forgotten")` where it was given up.
    pub fn secrets(&self, db: &Db, now: Timestamp) -> Result<Vec<String>> {
        let (seals, place) = (db.seals(), place(self.tenant, self.hook.id));
        let present = seals.open(&place, &self.secret)?;
        let old = self.hook.old_secret_until.is_some_and(|until| until > now);
        // Where the one before is lost the new one is no worse for it.
        let old = self.old_secret.as_deref().filter(|kept| old && seals.opens(&place, kept));
        Ok(std::iter::once(present).chain(old.map(|kept| seals.open(&place, kept)).transpose()?).collect())
    }
}

/// What the secrets of a webhook are sealed for.
pub(super) fn place(tenant: TenantId, id: Uuid) -> String {
    format!("webhook/{}/{id}", tenant.0)
}

/// A delivery as it is kept.
pub(super) struct Row {
    pub delivery: Delivery,
    pub webhook: Uuid,
    pub round: i64,
    pub slot: Option<Timestamp>,
    pub number: i64,
}

fn instant(row: &QueryResult, index: usize) -> Result<Option<Timestamp>, DbErr> {
    Ok(row.try_get_by_index::<Option<i64>>(index)?.map(Timestamp))
}

fn kept(row: &QueryResult) -> Result<Kept> {
    let stopped: Option<String> = row.try_get_by_index(9)?;
    let stopped = stopped.map(|name| serde_json::from_value::<Stopped>(Json::String(name))).transpose();
    let since: String = row.try_get_by_index(14)?;
    Ok(Kept {
        tenant: TenantId(row.try_get_by_index(1)?),
        hook: Webhook {
            id: row.try_get_by_index(0)?,
            url: row.try_get_by_index(2)?,
            events: serde_json::from_value(row.try_get_by_index::<Json>(3)?).map_err(Error::internal)?,
            description: row.try_get_by_index(4)?,
            enabled: row.try_get_by_index(5)?,
            owner: row.try_get_by_index(6)?,
            created: Timestamp(row.try_get_by_index(7)?),
            failing_since: instant(row, 8)?,
            stopped: stopped.map_err(Error::internal)?,
            stopped_at: instant(row, 10)?,
            old_secret_until: instant(row, 11)?,
        },
        secret: row.try_get_by_index(12)?,
        old_secret: row.try_get_by_index(13)?,
        since: since.parse().map_err(Error::internal)?,
    })
}

fn hooks() -> SelectStatement {
    Query::select()
        .columns(COLUMNS)
        .from(HOOKS)
        .and_where(Expr::col("removed_at").is_null())
        .order_by("created_at", Order::Asc)
        .order_by("id", Order::Asc)
        .take()
}

async fn found(conn: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<Kept>> {
    conn.query_all(select).await?.iter().map(kept).collect()
}

/// Webhooks of a company, oldest first.
pub(super) async fn all(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Kept>> {
    let mut select = hooks();
    select.and_where(Expr::col("tenant_id").eq(tenant.0));
    found(conn, &select).await
}

/// Counts a change of the company's webhooks, before it is made: who changes them at the same time waits until the
/// transaction ends, and sees it.
pub(super) async fn touch(tx: &Tx, tenant: TenantId) -> Result<()> {
    by_revision::touch(tx, REVISIONS, tenant).await
}

/// One that is there, switched on or not.
pub(super) async fn one(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<Kept>> {
    let mut select = hooks();
    select.and_where(Expr::col("tenant_id").eq(tenant.0)).and_where(Expr::col("id").eq(id));
    Ok(found(conn, &select).await?.pop())
}

/// Those of these companies that are switched on.
pub(super) async fn enabled(conn: &impl ConnectionTrait, tenants: &BTreeSet<Uuid>) -> Result<Vec<Kept>> {
    let mut select = hooks();
    select.and_where(Expr::col("tenant_id").is_in(tenants.iter().copied())).and_where(Expr::col("enabled").eq(true));
    found(conn, &select).await
}

/// Writes a new one.
pub(super) async fn insert(tx: &Tx, kept: &Kept) -> Result<()> {
    let hook = &kept.hook;
    let insert = Query::insert()
        .into_table(HOOKS)
        .columns(COLUMNS)
        .values_panic([
            hook.id.into(),
            kept.tenant.0.into(),
            hook.url.as_str().into(),
            json!(hook.events).into(),
            hook.description.as_str().into(),
            hook.enabled.into(),
            hook.owner.into(),
            hook.created.0.into(),
            Option::<i64>::None.into(),
            Option::<String>::None.into(),
            Option::<i64>::None.into(),
            Option::<i64>::None.into(),
            kept.secret.as_str().into(),
            Option::<String>::None.into(),
            kept.since.to_string().into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes one that was changed. Returns whether it is still there.
pub(super) async fn change(tx: &Tx, kept: &Kept) -> Result<bool> {
    let hook = &kept.hook;
    let update = Query::update()
        .table(HOOKS)
        .value("url", hook.url.as_str())
        .value("events", json!(hook.events))
        .value("description", hook.description.as_str())
        .value("enabled", hook.enabled)
        .value("owner_id", hook.owner)
        .value("failing_since", hook.failing_since.map(|at| at.0))
        .value("stopped", hook.stopped.map(Stopped::name))
        .value("stopped_at", hook.stopped_at.map(|at| at.0))
        .value("since", kept.since.to_string())
        .and_where(Expr::col("id").eq(hook.id))
        .and_where(Expr::col("tenant_id").eq(kept.tenant.0))
        .and_where(Expr::col("removed_at").is_null())
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Gives one a new secret; the one before is good until then. Returns whether it is still there.
pub(super) async fn rotate(tx: &Tx, kept: &Kept, secret: &str, until: Timestamp) -> Result<bool> {
    let update = Query::update()
        .table(HOOKS)
        .value("secret", secret)
        .value("old_secret", kept.secret.as_str())
        .value("old_until", until.0)
        .and_where(Expr::col("id").eq(kept.hook.id))
        .and_where(Expr::col("tenant_id").eq(kept.tenant.0))
        .and_where(Expr::col("secret").eq(kept.secret.as_str()))
        .and_where(Expr::col("removed_at").is_null())
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Secrets of all companies, where they lie.
pub(crate) async fn secrets(db: &Db) -> Result<Vec<seal::Kept>> {
    let mut all = Vec::new();
    for row in db.read().query_all(&hooks()).await? {
        let Kept { tenant, hook, secret, old_secret, .. } = kept(&row)?;
        let both = [
            ("secret", "the webhook", Some(secret)),
            ("old_secret", "the secret before the present one of the webhook", old_secret),
        ];
        for (column, what, text) in both {
            let Some(text) = text else { continue };
            all.push(seal::Kept {
                tenant,
                what: format!("{what} {}", hook.url),
                place: place(tenant, hook.id),
                text,
                spot: seal::Spot { table: HOOKS, column, member: None, row: vec![("id", hook.id.into())] },
            });
        }
    }
    Ok(all)
}

/// Takes one away with its secrets. Returns whether it was there.
pub(super) async fn remove(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<bool> {
    let update = Query::update()
        .table(HOOKS)
        .value("enabled", false)
        .value("secret", "")
        .value("old_secret", Option::<String>::None)
        .value("removed_at", ctx.now().0)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("removed_at").is_null())
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Switches one off that is on. Returns whether it was.
pub(super) async fn stop(tx: &Tx, now: Timestamp, id: Uuid, why: Stopped) -> Result<bool> {
    let update = Query::update()
        .table(HOOKS)
        .value("enabled", false)
        .value("stopped", why.name())
        .value("stopped_at", now.0)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("enabled").eq(true))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Something was taken there.
pub(super) async fn well(tx: &Tx, id: Uuid) -> Result<()> {
    let update = Query::update()
        .table(HOOKS)
        .value("failing_since", Option::<i64>::None)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("failing_since").is_not_null())
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// Something was not taken there. Gives since when that is so.
pub(super) async fn failing(tx: &Tx, now: Timestamp, id: Uuid) -> Result<Timestamp> {
    let update = Query::update()
        .table(HOOKS)
        .value("failing_since", now.0)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("failing_since").is_null())
        .to_owned();
    tx.execute(&update).await?;
    let select = Query::select().column("failing_since").from(HOOKS).and_where(Expr::col("id").eq(id)).take();
    let row = tx.query_one(&select).await?;
    let since = row.as_ref().map(|row| instant(row, 0)).transpose()?.flatten();
    Ok(since.unwrap_or(now))
}

/// A delivery to be written.
pub(super) struct NewDelivery<'a> {
    pub id: Uuid,
    pub webhook: Uuid,
    pub kind: &'a str,
    pub entity: &'a str,
    pub record: Option<Uuid>,
    pub body: String,
}

/// Writes a delivery that waits, unless it is there. Returns whether it was written.
pub(super) async fn queue(tx: &Tx, ctx: &Ctx, new: &NewDelivery<'_>) -> Result<bool> {
    let insert = Query::insert()
        .into_table(DELIVERIES)
        .columns([
            "id",
            "tenant_id",
            "webhook_id",
            "kind",
            "entity",
            "record_id",
            "body",
            "state",
            "round",
            "tries",
            "created_at",
            "due_at",
        ])
        .values_panic([
            new.id.into(),
            ctx.tenant.0.into(),
            new.webhook.into(),
            new.kind.into(),
            new.entity.into(),
            new.record.into(),
            new.body.as_str().into(),
            DeliveryState::Waiting.name().into(),
            0_i64.into(),
            0_i64.into(),
            ctx.now().0.into(),
            ctx.now().0.into(),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .to_owned();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

fn row(row: &QueryResult) -> Result<Row> {
    let state = Json::String(row.try_get_by_index(5)?);
    Ok(Row {
        delivery: Delivery {
            id: row.try_get_by_index(0)?,
            kind: row.try_get_by_index(1)?,
            entity: row.try_get_by_index(2)?,
            record: row.try_get_by_index(3)?,
            body: row.try_get_by_index(4)?,
            state: serde_json::from_value(state).map_err(Error::internal)?,
            tries: row.try_get_by_index(6)?,
            created: Timestamp(row.try_get_by_index(7)?),
            due: instant(row, 8)?,
            ended: instant(row, 9)?,
            status: row.try_get_by_index(10)?,
            answer: row.try_get_by_index(11)?,
            error: row.try_get_by_index(12)?,
        },
        webhook: row.try_get_by_index(13)?,
        round: row.try_get_by_index(14)?,
        slot: instant(row, 15)?,
        number: row.try_get_by_index(16)?,
    })
}

/// The state, written out: so that those that were given up are found by their own index, whatever else is bound.
fn is(state: DeliveryState) -> Expr {
    Expr::cust(format!("state = '{}'", state.name()))
}

fn deliveries(tenant: TenantId) -> SelectStatement {
    Query::select().columns(OF_DELIVERY).from(DELIVERIES).and_where(Expr::col("tenant_id").eq(tenant.0)).take()
}

/// One delivery.
pub(super) async fn delivery(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<Row>> {
    let select = deliveries(tenant).and_where(Expr::col("id").eq(id)).take();
    conn.query_one(&select).await?.as_ref().map(row).transpose()
}

/// Deliveries of a webhook, newest first, those with a smaller number than `before` where it is given.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    webhook: Uuid,
    (state, before): (Option<DeliveryState>, Option<i64>),
    limit: u64,
) -> Result<Vec<Row>> {
    let mut select = deliveries(tenant);
    select.and_where(Expr::col("webhook_id").eq(webhook)).order_by("number", Order::Desc).limit(limit);
    if let Some(state) = state {
        select.and_where(is(state));
    }
    if let Some(before) = before {
        select.and_where(Expr::col("number").lt(before));
    }
    conn.query_all(&select).await?.iter().map(row).collect()
}

/// The oldest dead deliveries of a webhook, and how many there are.
pub(super) async fn dead(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    webhook: Uuid,
    limit: u64,
) -> Result<(Vec<Row>, u64)> {
    let mut select = deliveries(tenant);
    select
        .and_where(Expr::col("webhook_id").eq(webhook))
        .and_where(is(DeliveryState::Dead))
        .order_by("number", Order::Asc)
        .limit(limit);
    let found = conn.query_all(&select).await?.iter().map(row).collect::<Result<Vec<_>>>()?;
    let count = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from(DELIVERIES)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("webhook_id").eq(webhook))
        .and_where(is(DeliveryState::Dead))
        .take();
    let all: i64 = conn.query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok((found, u64::try_from(all).unwrap_or_default()))
}

/// Has a delivery that ended wait anew. Returns whether it had ended.
pub(super) async fn again(tx: &Tx, now: Timestamp, found: &Row) -> Result<bool> {
    let update = Query::update()
        .table(DELIVERIES)
        .value("state", DeliveryState::Waiting.name())
        .value("round", found.round + 1)
        .value("tries", 0_i64)
        .value("due_at", now.0)
        .value("ended_at", Option::<i64>::None)
        .value("slot_at", Option::<i64>::None)
        .and_where(Expr::col("id").eq(found.delivery.id))
        .and_where(Expr::col("round").eq(found.round))
        .and_where(Expr::col("state").ne(DeliveryState::Waiting.name()))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Notes a delivery's turn. Returns whether it still waits.
pub(super) async fn turn(tx: &Tx, found: &Row, slot: Timestamp) -> Result<bool> {
    let update = Query::update()
        .table(DELIVERIES)
        .value("slot_at", slot.0)
        .and_where(Expr::col("id").eq(found.delivery.id))
        .and_where(Expr::col("round").eq(found.round))
        .and_where(Expr::col("state").eq(DeliveryState::Waiting.name()))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// What came of a try.
pub(super) struct Came<'a> {
    pub state: DeliveryState,
    /// Whether somebody was asked.
    pub tried: bool,
    pub due: Option<Timestamp>,
    pub status: Option<u16>,
    pub answer: Option<&'a str>,
    pub error: Option<&'a str>,
}

/// Writes what came of a try, unless somebody else has settled the delivery or has it sent anew. Returns whether it was
/// written.
pub(super) async fn came(tx: &Tx, now: Timestamp, found: &Row, came: &Came<'_>) -> Result<bool> {
    let short = |text: &str| text.chars().filter(|letter| *letter != '\0').take(MAX_ERROR).collect::<String>();
    let ended = (came.state != DeliveryState::Waiting).then_some(now.0);
    let mut update = Query::update();
    update
        .table(DELIVERIES)
        .value("state", came.state.name())
        .value("due_at", came.due.map(|at| at.0))
        .value("ended_at", ended)
        .value("slot_at", Option::<i64>::None)
        .value("error", came.error.map(short))
        .and_where(Expr::col("id").eq(found.delivery.id))
        .and_where(Expr::col("round").eq(found.round))
        .and_where(Expr::col("state").eq(DeliveryState::Waiting.name()));
    if came.tried {
        update
            .value("tries", Expr::col("tries").add(1))
            .value("status", came.status.map(i64::from))
            .value("answer", came.answer.map(str::to_owned));
    }
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Forgets old deliveries that ended, some at a time. Gives how many.
pub(super) async fn forget_some(tx: &Tx, before: Timestamp) -> Result<u64> {
    let old = Query::select()
        .column("number")
        .from(DELIVERIES)
        .and_where(Expr::col("created_at").lt(before.0))
        .and_where(Expr::col("state").ne(DeliveryState::Waiting.name()))
        .order_by("created_at", Order::Asc)
        .limit(CHUNK)
        .take();
    // Asked again of the row itself: one that is sent anew at this moment is kept.
    let delete = Query::delete()
        .from_table(DELIVERIES)
        .and_where(Expr::col("number").in_subquery(old))
        .and_where(Expr::col("state").ne(DeliveryState::Waiting.name()))
        .to_owned();
    Ok(tx.execute(&delete).await?.rows_affected())
}

/// Forgets webhooks that were taken away long ago and have no deliveries any more.
pub(super) async fn forget_removed(tx: &Tx, before: Timestamp) -> Result<()> {
    let used = Query::select().column("webhook_id").from(DELIVERIES).take();
    let delete = Query::delete()
        .from_table(HOOKS)
        .and_where(Expr::col("removed_at").lt(before.0))
        .and_where(Expr::col("id").not_in_subquery(used))
        .to_owned();
    tx.execute(&delete).await?;
    Ok(())
}
