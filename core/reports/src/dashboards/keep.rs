//! Making, listing, changing and removing dashboards.

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, Result, audit};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order};
use serde_json::json;
use uuid::Uuid;

use super::model::{DashboardInput, DashboardView};
use super::store::{self, MAX_LISTED, Row, Whose, from_row, select};
use crate::sharing::{Reader, Sharing, kept};
use crate::{Reports, seen_version};

impl Reports {
    /// The homes that are the actor's, then own and shared dashboards by name.
    ///
    /// # Errors
    /// `Denied` for an actor that is no person.
    pub async fn dashboards(&self, ctx: &Ctx) -> Result<Vec<DashboardView>> {
        let reader = Reader::of(self.db(), ctx).await?;
        let mut all = Vec::new();
        for home in super::homes::homes_of(ctx, &reader) {
            all.push(self.home_view(ctx, &reader, home).await?);
        }
        let mut select = select(ctx);
        let seen = Cond::any().add(Expr::col("owner_id").eq(reader.user)).add(Expr::col("is_shared").eq(true));
        select.and_where(Expr::col("home").is_null()).cond_where(seen);
        select.order_by("name", Order::Asc).order_by("id", Order::Asc).limit(MAX_LISTED);
        let rows = self.db().read().query_all(&select).await?;
        let mut rows = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
        rows.retain(|row| reader.sees(row.owner, &row.shared));
        all.extend(self.dashboard_views(ctx, &reader, rows).await?);
        Ok(all)
    }

    async fn dashboard_views(&self, ctx: &Ctx, reader: &Reader, rows: Vec<Row>) -> Result<Vec<DashboardView>> {
        let people = kept::owners(self.db(), ctx, rows.iter().filter_map(|row| row.owner)).await?;
        let view = |row: Row| DashboardView {
            id: Some(row.id),
            version: row.version,
            name: row.name,
            description: row.description,
            kind: "own",
            role: None,
            builtin: false,
            mine: row.owner == Some(reader.user),
            may_edit: reader.may_edit(row.owner, &row.shared),
            shared: row.shared,
            owner: row.owner.map(|id| kept::owner(&people, id)),
            filter_bar: row.filter_bar,
            cards: row.cards,
            updated_at: Some(row.updated_at),
        };
        Ok(rows.into_iter().map(view).collect())
    }

    pub(super) async fn dashboard_row(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        reader: &Reader,
        id: Uuid,
    ) -> Result<Row> {
        let select = select(ctx).and_where(Expr::col("id").eq(id)).and_where(Expr::col("home").is_null()).take();
        let row = conn.query_one(&select).await?.map(|row| from_row(&row)).transpose()?;
        let seen = row.filter(|row| reader.sees(row.owner, &row.shared));
        seen.ok_or_else(|| Error::NotFound(format!("dashboard {id}")))
    }

    /// A dashboard that the actor sees.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn dashboard(&self, ctx: &Ctx, id: Uuid) -> Result<DashboardView> {
        let reader = Reader::of(self.db(), ctx).await?;
        let row = self.dashboard_row(self.db().read(), ctx, &reader, id).await?;
        let views = self.dashboard_views(ctx, &reader, vec![row]).await?;
        views.into_iter().next().ok_or_else(|| Error::NotFound(format!("dashboard {id}")))
    }

    /// Makes a dashboard.
    ///
    /// # Errors
    /// `Denied`; `report.invalid` naming the place; conflict `report.too_many`.
    pub async fn create_dashboard(&self, ctx: &Ctx, input: &DashboardInput) -> Result<DashboardView> {
        let reader = Reader::of(self.db(), ctx).await?;
        let name = input.check()?;
        input.shared.check(self.db().read(), ctx, &Sharing::default()).await?;
        let tx = self.db().begin().await?;
        let id = store::insert(&tx, ctx, Whose::Person(reader.user), &input.said(&name)).await?;
        let detail = json!({"name": name, "shared": input.shared});
        audit::record(&tx, ctx, "dashboard.created", &id.to_string(), detail).await?;
        tx.commit().await?;
        self.dashboard(ctx, id).await
    }

    /// Puts a dashboard in a new state, over the version that was seen.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `report.invalid`, also naming `If-Match`; conflict `report.conflict` with the present version.
    pub async fn put_dashboard(
        &self,
        ctx: &Ctx,
        id: Uuid,
        input: &DashboardInput,
        seen: Option<i64>,
    ) -> Result<DashboardView> {
        let reader = Reader::of(self.db(), ctx).await?;
        let tx = self.db().begin().await?;
        let row = self.dashboard_row(&tx, ctx, &reader, id).await?;
        if !reader.edits(row.owner, &row.shared) {
            return Err(Error::Denied("action"));
        }
        let seen = seen_version(seen)?;
        let name = input.check()?;
        input.shared.check(&tx, ctx, &row.shared).await?;
        store::change(&tx, ctx, &row, seen, &input.said(&name)).await?;
        if input.shared != row.shared {
            let detail = json!({ "shared": input.shared });
            audit::record(&tx, ctx, "dashboard.shared", &id.to_string(), detail).await?;
        }
        tx.commit().await?;
        self.dashboard(ctx, id).await
    }

    /// Removes a dashboard.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn remove_dashboard(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        let reader = Reader::of(self.db(), ctx).await?;
        let tx = self.db().begin().await?;
        let row = self.dashboard_row(&tx, ctx, &reader, id).await?;
        if !reader.edits(row.owner, &row.shared) {
            return Err(Error::Denied("action"));
        }
        store::remove(&tx, ctx, id).await?;
        audit::record(&tx, ctx, "dashboard.removed", &id.to_string(), json!({ "name": row.name })).await?;
        Ok(tx.commit().await?)
    }
}
