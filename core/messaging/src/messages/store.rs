//! The table `message`.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Error, Result, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LockType, OnConflict, Order, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Content, Message, MessageQuery, MessageState, NewMessage};

const COLUMNS: [&str; 20] = [
    "id",
    "plugin",
    "dedup_key",
    "fingerprint",
    "channel",
    "gateway",
    "recipients",
    "subject",
    "body",
    "about_entity",
    "about_id",
    "actor",
    "cause",
    "state",
    "problem",
    "foreign_id",
    "slot_at",
    "version",
    "created_at",
    "settled_at",
];

/// Writes a message; false when its key is taken.
pub(super) async fn insert(
    tx: &Tx,
    ctx: &Ctx,
    plugin: &str,
    message: &NewMessage,
    gateway: &str,
    fingerprint: Uuid,
) -> Result<bool> {
    let json_of = |value: Result<Json, serde_json::Error>| value.map_err(Error::internal);
    let (channel, to, subject, body) = match &message.content {
        Content::Mail(letter) => {
            let all: Vec<&String> = letter.to.iter().chain(&letter.cc).collect();
            ("mail", json!(all), letter.subject.as_str(), "")
        }
        Content::Sms(sms) => ("sms", json!([sms.to]), "", sms.text.as_str()),
    };
    let insert = Query::insert()
        .into_table("message")
        .columns(COLUMNS.into_iter().chain(["tenant_id"]))
        .values_panic([
            message.id.into(),
            plugin.into(),
            message.key.as_str().into(),
            fingerprint.into(),
            channel.into(),
            gateway.into(),
            to.into(),
            subject.into(),
            body.into(),
            message.about.as_ref().map(|about| about.entity.to_string()).into(),
            message.about.as_ref().map(|about| about.id.0).into(),
            json_of(serde_json::to_value(&ctx.actor))?.into(),
            json_of(serde_json::to_value(&ctx.cause))?.into(),
            MessageState::Queued.name().into(),
            Option::<String>::None.into(),
            Option::<String>::None.into(),
            Option::<i64>::None.into(),
            0_i64.into(),
            ctx.now().0.into(),
            Option::<i64>::None.into(),
            ctx.tenant.into(),
        ])
        .on_conflict(OnConflict::columns(["tenant_id", "plugin", "dedup_key"]).do_nothing().to_owned())
        .to_owned();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

fn select(tenant: TenantId) -> SelectStatement {
    Query::select().columns(COLUMNS).from("message").and_where(Expr::col("tenant_id").eq(tenant.0)).take()
}

fn from_row(row: &QueryResult) -> Result<Message, DbErr> {
    let wrong = |error: serde_json::Error| DbErr::Type(error.to_string());
    Ok(Message {
        id: row.try_get_by_index(0)?,
        plugin: row.try_get_by_index(1)?,
        key: row.try_get_by_index(2)?,
        fingerprint: row.try_get_by_index(3)?,
        channel: serde_json::from_value(Json::String(row.try_get_by_index(4)?)).map_err(wrong)?,
        gateway: row.try_get_by_index(5)?,
        to: serde_json::from_value(row.try_get_by_index(6)?).map_err(wrong)?,
        subject: row.try_get_by_index(7)?,
        text: row.try_get_by_index(8)?,
        entity: row.try_get_by_index(9)?,
        record: row.try_get_by_index(10)?,
        actor: row.try_get_by_index(11)?,
        cause: row.try_get_by_index(12)?,
        state: serde_json::from_value(Json::String(row.try_get_by_index(13)?)).map_err(wrong)?,
        problem: row.try_get_by_index(14)?,
        foreign_id: row.try_get_by_index(15)?,
        slot: row.try_get_by_index::<Option<i64>>(16)?.map(Timestamp),
        version: row.try_get_by_index(17)?,
        created: Timestamp(row.try_get_by_index(18)?),
        settled: row.try_get_by_index::<Option<i64>>(19)?.map(Timestamp),
    })
}

async fn rows(conn: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<Message>> {
    Ok(conn.query_all(select).await?.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// Messages of a plugin by id.
pub(super) async fn by_ids(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
    ids: &[Uuid],
) -> Result<Vec<Message>> {
    let mut select = select(tenant);
    select.and_where(Expr::col("plugin").eq(plugin)).and_where(Expr::col("id").is_in(ids.iter().copied()));
    rows(conn, &select).await
}

/// Messages of a plugin by key.
pub(super) async fn by_keys(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
    keys: &[String],
) -> Result<Vec<Message>> {
    let mut select = select(tenant);
    select
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("dedup_key").is_in(keys.iter().map(String::as_str)));
    rows(conn, &select).await
}

/// One message.
pub(super) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Message> {
    let select = select(tenant).and_where(Expr::col("id").eq(id)).take();
    let row = conn.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("message {id}")))?;
    Ok(from_row(&row)?)
}

/// One message, kept from others until the transaction ends.
pub(super) async fn load_locked(tx: &Tx, tenant: TenantId, id: Uuid) -> Result<Message> {
    let mut select = select(tenant).and_where(Expr::col("id").eq(id)).take();
    if tx.get_database_backend() == DbBackend::Postgres {
        select.lock(LockType::Update);
    }
    let row = tx.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("message {id}")))?;
    Ok(from_row(&row)?)
}

/// Newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    query: &MessageQuery,
    limit: u64,
) -> Result<Vec<Message>> {
    let mut select = select(tenant);
    if let Some(plugin) = &query.plugin {
        select.and_where(Expr::col("plugin").eq(plugin.as_str()));
    }
    if let Some(state) = query.state {
        select.and_where(Expr::col("state").eq(state.name()));
    }
    if let Some(channel) = query.channel {
        select.and_where(Expr::col("channel").eq(channel.name()));
    }
    if let Some(record) = query.record {
        select.and_where(Expr::col("about_id").eq(record));
    }
    if let Some(before) = query.before {
        select.and_where(Expr::col("id").lt(before));
    }
    select.order_by("id", Order::Desc).limit(limit);
    rows(conn, &select).await
}

/// The newest SMS to a number since then.
pub(super) async fn last_to(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    number: &str,
    since: Timestamp,
) -> Result<Option<Message>> {
    let mut select = select(tenant);
    select
        .and_where(Expr::col("channel").eq("sms"))
        .and_where(Expr::col("recipients").eq(json!([number])))
        .and_where(Expr::col("created_at").gt(since.0))
        .order_by("id", Order::Desc)
        .limit(1);
    Ok(rows(conn, &select).await?.pop())
}

/// How many a plugin asked for since then.
pub(super) async fn count_since(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
    since: Timestamp,
) -> Result<u64> {
    let select = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from("message")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("created_at").gt(since.0))
        .to_owned();
    let Some(row) = conn.query_one(&select).await? else { return Ok(0) };
    Ok(u64::try_from(row.try_get_by_index::<i64>(0)?).unwrap_or_default())
}

/// How a message came to stand.
pub(super) async fn settle(
    tx: &Tx,
    now: Timestamp,
    message: &Message,
    to: MessageState,
    problem: Option<&str>,
    foreign: Option<&str>,
) -> Result<()> {
    let short = |text: &str| text.chars().filter(|c| *c != '\0').take(1_000).collect::<String>();
    let settled = (to != MessageState::Queued).then_some(now.0);
    let mut update = Query::update();
    update
        .table("message")
        .value("state", to.name())
        .value("problem", problem.map(short))
        .value("settled_at", settled)
        .value("version", message.version + 1)
        .and_where(Expr::col("id").eq(message.id));
    if let Some(foreign) = foreign {
        update.value("foreign_id", short(foreign));
    }
    Ok(tx.later(&update).await?)
}

/// Notes when an SMS may go; why it did not, where it did not.
pub(super) async fn note(tx: &Tx, id: Uuid, slot: Option<Timestamp>, problem: Option<&str>) -> Result<()> {
    let mut update = Query::update();
    update.table("message").value("slot_at", slot.map(|at| at.0)).and_where(Expr::col("id").eq(id));
    if let Some(problem) = problem {
        update.value("problem", problem.chars().filter(|c| *c != '\0').take(1_000).collect::<String>());
    }
    Ok(tx.later(&update).await?)
}
