//! Rows of saved reports.

use std::collections::BTreeMap;

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::question::Kind;
use crate::Reports;
use crate::sharing::{Reader, Sharing, kept};

pub(super) const SAVED: &str = "report_saved";
pub(super) const SCHEDULE: &str = "report_schedule";
pub(super) const SENT: &str = "report_sent";
/// Rows of one list.
const MAX_LISTED: u64 = 5_000;
/// Saved reports of one person.
const MAX_SAVED: i64 = 200;

/// A saved report.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) owner: Uuid,
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) kind: Kind,
    pub(super) config: Json,
    pub(super) chart: Json,
    pub(super) shared: Sharing,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What a report says that is to be kept, checked.
pub(super) struct NewRow<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) kind: Kind,
    pub(super) config: &'a Json,
    pub(super) chart: &'a Json,
    pub(super) shared: &'a Sharing,
}

/// Keeps a report of somebody who has room for one more; its id.
pub(super) async fn insert(tx: &Tx, ctx: &Ctx, owner: Uuid, new: &NewRow<'_>) -> Result<Uuid> {
    kept::room(tx, ctx, SAVED, owner, MAX_SAVED).await?;
    let (id, now) = (ctx.id(), ctx.now().0);
    let insert = Query::insert()
        .into_table(SAVED)
        .columns([
            "id",
            "tenant_id",
            "owner_id",
            "version",
            "name",
            "description",
            "kind",
            "config",
            "chart",
            "shared",
            "is_shared",
            "created_at",
            "updated_at",
        ])
        .values_panic([
            id.into(),
            ctx.tenant.0.into(),
            owner.into(),
            1_i64.into(),
            new.name.into(),
            new.description.into(),
            new.kind.name().into(),
            new.config.clone().into(),
            new.chart.clone().into(),
            json!(new.shared).into(),
            new.shared.is_any().into(),
            now.into(),
            now.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(id)
}

/// Removes a report with its schedules and what was sent by them.
pub(super) async fn remove(tx: &Tx, id: Uuid) -> Result<()> {
    for (table, column) in [(SENT, "report_id"), (SCHEDULE, "report_id"), (SAVED, "id")] {
        let delete = Query::delete().from_table(table).and_where(Expr::col(column).eq(id)).to_owned();
        tx.execute(&delete).await?;
    }
    Ok(())
}

fn select(ctx: &Ctx) -> SelectStatement {
    Query::select()
        .columns(["id", "owner_id", "version", "name", "description", "kind", "config", "chart", "shared"])
        .columns(["created_at", "updated_at"])
        .from(SAVED)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take()
}

fn from_row(row: &QueryResult) -> Result<Row> {
    Ok(Row {
        id: row.try_get_by_index(0)?,
        owner: row.try_get_by_index(1)?,
        version: row.try_get_by_index(2)?,
        name: row.try_get_by_index(3)?,
        description: row.try_get_by_index(4)?,
        kind: Kind::named(&row.try_get_by_index::<String>(5)?),
        config: row.try_get_by_index(6)?,
        chart: row.try_get_by_index(7)?,
        shared: serde_json::from_value(row.try_get_by_index::<Json>(8)?).map_err(Error::internal)?,
        created_at: Timestamp(row.try_get_by_index(9)?),
        updated_at: Timestamp(row.try_get_by_index(10)?),
    })
}

/// The saved reports of a company that are shared with anybody, as a transaction sees them.
pub(super) async fn shared(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<Row>> {
    let mut select = select(ctx);
    select.and_where(Expr::col("is_shared").eq(true)).order_by("id", Order::Asc).limit(MAX_LISTED);
    conn.query_all(&select).await?.iter().map(from_row).collect()
}

/// Shared reports by name: of several with one name the one that moves between companies.
pub(crate) async fn shared_names(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<BTreeMap<String, Uuid>> {
    let mut names = BTreeMap::new();
    for row in shared(conn, ctx).await? {
        names.entry(row.name).or_insert(row.id);
    }
    Ok(names)
}

impl Reports {
    /// The saved reports that somebody sees, by name.
    pub(super) async fn saved_rows(&self, ctx: &Ctx, reader: &Reader) -> Result<Vec<Row>> {
        let mut select = select(ctx);
        let seen = Cond::any().add(Expr::col("owner_id").eq(reader.user)).add(Expr::col("is_shared").eq(true));
        select.cond_where(seen).order_by("name", Order::Asc).order_by("id", Order::Asc).limit(MAX_LISTED);
        let rows = self.db().read().query_all(&select).await?;
        let mut rows = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
        rows.retain(|row| reader.sees(Some(row.owner), &row.shared));
        Ok(rows)
    }

    /// A saved report that somebody sees.
    pub(super) async fn saved_row(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        reader: &Reader,
        id: Uuid,
    ) -> Result<Row> {
        let select = select(ctx).and_where(Expr::col("id").eq(id)).take();
        let row = conn.query_one(&select).await?.map(|row| from_row(&row)).transpose()?;
        let seen = row.filter(|row| reader.sees(Some(row.owner), &row.shared));
        seen.ok_or_else(|| Error::NotFound(format!("report {id}")))
    }
}
