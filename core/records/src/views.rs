//! Saved views of lists, boards and calendars: a filter, a sort, columns, kept by a person, shared with the company if
//! they say so.

use kernel::db::{ConnectionTrait, QueryResult};
use kernel::error::FieldError;
use kernel::filter::Filter;
use kernel::{Ctx, Error, Result};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::Records;

/// Views of one person at most.
const MAX_VIEWS: usize = 200;
/// Bytes of one view's settings.
const MAX_CONFIG: usize = 32 * 1024;

/// A saved view.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// Its id.
    pub id: Uuid,
    /// Of which entity.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// `list`, `board` or `calendar`.
    pub kind: String,
    /// Whether everybody in the company sees it.
    pub shared: bool,
    /// Whether it is the reader's own.
    pub mine: bool,
    /// `{filter?, sort?, columns?, q?, date?, mode?}`.
    pub config: Json,
}

/// What a view keeps, for the API's description; it is stored as it came.
#[derive(Debug, utoipa::ToSchema)]
pub struct ViewConfig {
    /// Which records.
    pub filter: Option<kernel::filter::shape::Filter>,
    /// Their order.
    pub sort: Option<Vec<ViewSort>>,
    /// Field keys.
    pub columns: Option<Vec<String>>,
    /// Words to look for.
    pub q: Option<String>,
    /// Of a calendar: the field by which records stand in it.
    pub date: Option<String>,
    /// Of a calendar: `month`, `week`, `day` or `agenda`.
    pub mode: Option<String>,
}

/// One sort key of a view.
#[derive(Debug, utoipa::ToSchema)]
pub struct ViewSort {
    /// Field key.
    pub field: String,
    /// From the largest.
    pub desc: Option<bool>,
}

/// A view to save.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewInput {
    /// Of which entity.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// `list`, `board` or `calendar`.
    #[serde(default = "list")]
    pub kind: String,
    /// Whether everybody in the company sees it.
    #[serde(default)]
    pub shared: bool,
    /// `{filter?, sort?, columns?, q?, date?, mode?}`.
    #[serde(default)]
    #[schema(value_type = ViewConfig)]
    pub config: Json,
}

/// Changes of a view.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewPatch {
    /// New name.
    pub name: Option<String>,
    /// Share it or not.
    pub shared: Option<bool>,
    /// New settings.
    #[schema(value_type = Option<ViewConfig>)]
    pub config: Option<Json>,
}

fn list() -> String {
    "list".to_owned()
}

fn bad(field: &str, error: FieldError) -> Error {
    Error::field("view.invalid", field, error)
}

fn me(ctx: &Ctx) -> Result<Uuid> {
    ctx.user().map(|user| user.0).ok_or(Error::Denied("action"))
}

impl Records {
    /// The actor's own and the shared views, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn views(&self, ctx: &Ctx, entity: Option<&str>) -> Result<Vec<View>> {
        let me = me(ctx)?;
        let mut select = base(ctx);
        select.cond_where(Cond::any().add(Expr::col("owner_id").eq(me)).add(Expr::col("shared").eq(true)));
        if let Some(entity) = entity {
            select.and_where(Expr::col("entity").eq(entity));
        }
        select.order_by("name", Order::Asc).order_by("id", Order::Asc);
        let rows = self.db.read().query_all(&select).await?;
        let mut views: Vec<View> = rows.iter().map(|row| from_row(row, me)).collect::<Result<_>>()?;
        // Of what does not exist for the actor there are no views.
        let closed = |view: &View| ctx.rights.closed().is_some_and(|closed| closed.entities.contains(&view.entity));
        views.retain(|view| !closed(view));
        Ok(views)
    }

    /// One view that the actor may use.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn view(&self, ctx: &Ctx, id: Uuid) -> Result<View> {
        let all = self.views(ctx, None).await?;
        all.into_iter().find(|view| view.id == id).ok_or_else(|| Error::NotFound(format!("view {id}")))
    }

    /// Saves a new view.
    ///
    /// # Errors
    /// `view.invalid`.
    pub async fn create_view(&self, ctx: &Ctx, input: &ViewInput) -> Result<View> {
        let me = me(ctx)?;
        if self.catalogue_of(ctx).await?.find(&input.entity).is_none() {
            return Err(bad("entity", FieldError::new("choice").with("value", &input.entity)));
        }
        check_kept(&input.name, &input.kind, &input.config)?;
        if self.views(ctx, None).await?.iter().filter(|view| view.mine).count() >= MAX_VIEWS {
            return Err(bad("name", FieldError::new("too_many").with("max", MAX_VIEWS)));
        }
        let id = ctx.id();
        let insert = Query::insert()
            .into_table("record_view")
            .columns(["id", "tenant_id", "owner_id", "entity", "name", "kind", "shared", "config", "created_at"])
            .values_panic([
                id.into(),
                ctx.tenant.into(),
                me.into(),
                input.entity.as_str().into(),
                input.name.trim().into(),
                input.kind.as_str().into(),
                input.shared.into(),
                input.config.clone().into(),
                ctx.now().0.into(),
            ])
            .to_owned();
        let tx = self.db.begin().await?;
        tx.execute(&insert).await?;
        tx.commit().await?;
        self.view(ctx, id).await
    }

    /// Changes one's own view; an administrator also a shared one.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `view.invalid`.
    pub async fn update_view(&self, ctx: &Ctx, id: Uuid, patch: &ViewPatch) -> Result<View> {
        let mut view = self.editable(ctx, id).await?;
        view.name = patch.name.clone().unwrap_or(view.name);
        view.shared = patch.shared.unwrap_or(view.shared);
        view.config = patch.config.clone().unwrap_or(view.config);
        check(&view.name, &view.config)?;
        let update = Query::update()
            .table("record_view")
            .value("name", view.name.trim())
            .value("shared", view.shared)
            .value("config", view.config.clone())
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .to_owned();
        let tx = self.db.begin().await?;
        tx.execute(&update).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Removes one's own view; an administrator also a shared one.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn remove_view(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        self.editable(ctx, id).await?;
        let delete = Query::delete()
            .from_table("record_view")
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .to_owned();
        let tx = self.db.begin().await?;
        tx.execute(&delete).await?;
        Ok(tx.commit().await?)
    }

    async fn editable(&self, ctx: &Ctx, id: Uuid) -> Result<View> {
        let view = self.view(ctx, id).await?;
        if view.mine || ctx.rights.is_admin() { Ok(view) } else { Err(Error::Denied("admin")) }
    }
}

/// Views that an administrator may change: their own and the shared ones.
pub(crate) async fn changeable(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<View>> {
    let me = ctx.user().map(|user| user.0).unwrap_or_default();
    let mut select = base(ctx);
    select.cond_where(Cond::any().add(Expr::col("owner_id").eq(me)).add(Expr::col("shared").eq(true)));
    select.order_by("name", Order::Asc).order_by("id", Order::Asc);
    conn.query_all(&select).await?.iter().map(|row| from_row(row, me)).collect()
}

/// Passes what a view is made of.
pub(crate) fn check_kept(name: &str, kind: &str, config: &Json) -> Result<()> {
    if !["list", "board", "calendar"].contains(&kind) {
        return Err(bad("kind", FieldError::new("choice").with("value", kind)));
    }
    check(name, config)
}

/// A name, and settings whose filter is understood (whether its fields are visible is asked when it is used).
fn check(name: &str, config: &Json) -> Result<()> {
    if name.trim().is_empty() {
        return Err(bad("name", FieldError::new("required")));
    }
    if name.chars().count() > 100 {
        return Err(bad("name", FieldError::new("too_long").with("max", 100)));
    }
    if !(config.is_object() || config.is_null()) || config.to_string().len() > MAX_CONFIG {
        return Err(bad("config", FieldError::new("too_long").with("max", MAX_CONFIG)));
    }
    match config.get("filter") {
        None | Some(Json::Null) => Ok(()),
        Some(filter) => Filter::parse(filter).map(drop).map_err(|error| bad("config", error)),
    }
}

fn base(ctx: &Ctx) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .columns(["id", "entity", "name", "kind", "shared", "owner_id", "config"])
        .from("record_view")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take()
}

fn from_row(row: &QueryResult, me: Uuid) -> Result<View> {
    Ok(View {
        id: row.try_get_by_index(0)?,
        entity: row.try_get_by_index(1)?,
        name: row.try_get_by_index(2)?,
        kind: row.try_get_by_index(3)?,
        shared: row.try_get_by_index(4)?,
        mine: row.try_get_by_index::<Uuid>(5)? == me,
        config: row.try_get_by_index(6)?,
    })
}
