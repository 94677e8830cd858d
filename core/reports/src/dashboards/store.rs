//! Rows of dashboards and of homes that were changed.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::homes::Home;
use super::model::Card;
use crate::sharing::{Sharing, kept};

const DASHBOARD: &str = "report_dashboard";
/// Dashboards of one person.
const MAX_DASHBOARDS: i64 = 50;
/// Rows of one list.
pub(super) const MAX_LISTED: u64 = 2_000;

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) home: Option<Home>,
    pub(super) owner: Option<Uuid>,
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) shared: Sharing,
    pub(super) filter_bar: Json,
    pub(super) cards: Vec<Card>,
    pub(super) updated_at: Timestamp,
}

pub(super) fn select(ctx: &Ctx) -> SelectStatement {
    Query::select()
        .columns(["id", "home", "owner_id", "version", "name", "description", "shared", "filter_bar", "cards"])
        .column("updated_at")
        .from(DASHBOARD)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take()
}

pub(super) fn from_row(row: &QueryResult) -> Result<Row> {
    Ok(Row {
        id: row.try_get_by_index(0)?,
        home: row.try_get_by_index::<Option<String>>(1)?.and_then(|name| Home::named(&name)),
        owner: row.try_get_by_index(2)?,
        version: row.try_get_by_index(3)?,
        name: row.try_get_by_index(4)?,
        description: row.try_get_by_index(5)?,
        shared: serde_json::from_value(row.try_get_by_index::<Json>(6)?).map_err(Error::internal)?,
        filter_bar: row.try_get_by_index(7)?,
        cards: serde_json::from_value(row.try_get_by_index::<Json>(8)?).map_err(Error::internal)?,
        updated_at: Timestamp(row.try_get_by_index(9)?),
    })
}

/// Homes that were changed, and dashboards that are shared with anybody, as a transaction sees them.
pub(super) async fn for_all(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<Row>> {
    let mut select = select(ctx);
    let seen = Cond::any().add(Expr::col("home").is_not_null()).add(Expr::col("is_shared").eq(true));
    select.cond_where(seen).order_by("id", Order::Asc).limit(MAX_LISTED);
    conn.query_all(&select).await?.iter().map(from_row).collect()
}

/// A home as it was changed.
pub(super) async fn home(conn: &impl ConnectionTrait, ctx: &Ctx, home: Home) -> Result<Option<Row>> {
    let select = select(ctx).and_where(Expr::col("home").eq(home.name())).take();
    conn.query_one(&select).await?.map(|row| from_row(&row)).transpose()
}

/// Whose a dashboard is.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    /// A person's.
    Person(Uuid),
    /// Of all who have this home.
    Home(Home),
}

/// What a dashboard says that is to be kept, checked.
pub(super) struct Said<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) shared: &'a Sharing,
    pub(super) filter_bar: &'a Json,
    pub(super) cards: &'a [Card],
}

/// Keeps a dashboard, of a person who has room for one more; its id.
pub(super) async fn insert(tx: &Tx, ctx: &Ctx, whose: Whose, said: &Said<'_>) -> Result<Uuid> {
    let (owner, home) = match whose {
        Whose::Person(owner) => {
            kept::room(tx, ctx, DASHBOARD, owner, MAX_DASHBOARDS).await?;
            (Some(owner), None)
        }
        Whose::Home(home) => (None, Some(home.name())),
    };
    let (id, now) = (ctx.id(), ctx.now().0);
    let insert = Query::insert()
        .into_table(DASHBOARD)
        .columns([
            "id",
            "tenant_id",
            "home",
            "owner_id",
            "version",
            "name",
            "description",
            "shared",
            "is_shared",
            "filter_bar",
            "cards",
            "created_at",
            "updated_at",
        ])
        .values_panic([
            id.into(),
            ctx.tenant.0.into(),
            home.into(),
            owner.into(),
            1_i64.into(),
            said.name.into(),
            said.description.into(),
            json!(said.shared).into(),
            said.shared.is_any().into(),
            said.filter_bar.clone().into(),
            json!(said.cards).into(),
            now.into(),
            now.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(id)
}

/// Puts a dashboard in a new state, over the version that was seen.
pub(super) async fn change(tx: &Tx, ctx: &Ctx, row: &Row, seen: i64, said: &Said<'_>) -> Result<()> {
    let update = Query::update()
        .table(DASHBOARD)
        .value("name", said.name)
        .value("description", said.description)
        .value("shared", json!(said.shared))
        .value("is_shared", said.shared.is_any())
        .value("filter_bar", said.filter_bar.clone())
        .value("cards", json!(said.cards))
        .to_owned();
    kept::change(tx, ctx, update, (row.id, seen, row.version)).await
}

/// Removes a dashboard; of a home, what was changed of it.
pub(super) async fn remove(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<()> {
    let delete = Query::delete()
        .from_table(DASHBOARD)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&delete).await?;
    Ok(())
}
