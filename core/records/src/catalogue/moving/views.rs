//! Saved views that everybody sees, on their way between companies. They become whoever brings them in. What a view names and is not
//! there is left out of it on the way out, as lists leave it out.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::filter::Filter;
use kernel::moving::{Gathered, Moved, Trouble};
use kernel::{Ctx, Error, Result, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::definitions::absent;
use super::{Spec, add};
use crate::catalogue::change::wrong;
use crate::catalogue::{Catalogue, EntityDef};
use crate::{Records, rules, views};

/// Shared views of a company that are moved at most.
const MAX_SHARED: usize = 1_000;

/// A view that everybody sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewSpec {
    entity: String,
    name: String,
    kind: String,
    #[serde(default)]
    config: Json,
}

impl Spec for ViewSpec {
    fn key(&self) -> String {
        format!("{}.{}.{}", self.entity, self.kind, self.name.trim())
    }
}

/// Views by entity, kind and name.
pub(super) async fn views(conn: &impl ConnectionTrait, ctx: &Ctx, catalogue: &Catalogue) -> Result<Gathered> {
    let mut all = Gathered::default();
    for (_, mut spec) in shared(conn, ctx).await? {
        let Some(def) = catalogue.find(&spec.entity) else { continue };
        tidy(def, &mut spec.config);
        let filter = spec.config.get("filter").filter(|filter| !filter.is_null()).map(Filter::parse);
        let sound = match &filter {
            None => true,
            Some(Ok(filter)) => rules::sound(catalogue, &spec.entity, filter).is_ok(),
            Some(Err(_)) => false,
        };
        if sound {
            add(&mut all, &spec)?;
        } else {
            all.hold(spec.key(), "configuration.not_sound", serde_json::to_value(&spec).map_err(Error::internal)?);
        }
    }
    Ok(all)
}

/// Leaves out columns, an order and a calendar by what is not there.
fn tidy(def: &EntityDef, config: &mut Json) {
    let known = |json: &Json| json.as_str().is_some_and(|key| def.field(key).is_some());
    if let Some(columns) = config.get_mut("columns").and_then(Json::as_array_mut) {
        columns.retain(known);
    }
    if let Some(sort) = config.get_mut("sort").and_then(Json::as_array_mut) {
        sort.retain(|one| one.get("field").is_some_and(known));
    }
    let lost = config.get("date").is_some_and(|date| !known(date));
    if let Some(config) = config.as_object_mut().filter(|_| lost) {
        config.remove("date");
    }
}

async fn shared(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<(Uuid, ViewSpec)>> {
    let mut select = Query::select();
    select
        .columns(["id", "entity", "name", "kind", "config"])
        .from("record_view")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("shared").eq(true));
    for column in ["entity", "kind", "name", "created_at", "id"] {
        select.order_by(column, Order::Asc);
    }
    let mut all = Vec::new();
    for row in conn.query_all(&select).await? {
        let spec = ViewSpec {
            entity: row.try_get_by_index(1)?,
            name: row.try_get_by_index(2)?,
            kind: row.try_get_by_index(3)?,
            config: row.try_get_by_index(4)?,
        };
        all.push((row.try_get_by_index(0)?, spec));
    }
    // Databases order texts differently.
    all.sort_by_key(|one| one.1.key());
    Ok(all)
}

impl Records {
    pub(super) async fn put_views(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        let known = shared(tx, ctx).await?;
        let new = wanted.iter().filter(|moved| moved.before.is_none()).count();
        if let Some(first) = wanted.first().filter(|_| known.len() + new > MAX_SHARED) {
            let error = wrong("name", FieldError::new("too_many").with("max", MAX_SHARED));
            return Trouble::of(first, error);
        }
        for moved in wanted {
            if let Err(error) = put_view(tx, ctx, &catalogue, &known, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }
}

async fn put_view(tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, known: &[(Uuid, ViewSpec)], moved: &Moved) -> Result<()> {
    let id = known.iter().find(|(_, spec)| spec.key() == moved.key).map(|(id, _)| *id);
    let Some(spec) = moved.wanted::<ViewSpec>()? else {
        let Some(id) = id else { return Ok(()) };
        let mut delete = Query::delete();
        delete.from_table("record_view").and_where(Expr::col("id").eq(id));
        tx.execute(delete.and_where(Expr::col("tenant_id").eq(ctx.tenant.0))).await?;
        return Ok(audit::record(tx, ctx, "view.removed", &moved.key, moved.told()).await?);
    };
    let def = catalogue.find(&spec.entity).ok_or_else(|| absent("entity", &spec.entity))?;
    views::check_kept(&spec.name, &spec.kind, &spec.config)?;
    named(catalogue, def, &spec)?;
    if let Some(id) = id {
        let mut update = Query::update();
        update.table("record_view").value("config", spec.config.clone()).and_where(Expr::col("id").eq(id));
        tx.execute(update.and_where(Expr::col("tenant_id").eq(ctx.tenant.0))).await?;
        return Ok(audit::record(tx, ctx, "view.updated", &moved.key, moved.told()).await?);
    }
    let owner = ctx.user().ok_or(Error::Denied("action"))?;
    let insert = Query::insert()
        .into_table("record_view")
        .columns(["id", "tenant_id", "owner_id", "entity", "name", "kind", "shared", "config", "created_at"])
        .values_panic([
            ctx.id().into(),
            ctx.tenant.into(),
            owner.0.into(),
            spec.entity.as_str().into(),
            spec.name.trim().into(),
            spec.kind.as_str().into(),
            true.into(),
            spec.config.clone().into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(audit::record(tx, ctx, "view.created", &moved.key, moved.told()).await?)
}

/// Passes a view that names only what is there.
fn named(catalogue: &Catalogue, def: &EntityDef, spec: &ViewSpec) -> Result<()> {
    let columns = spec.config.get("columns").and_then(Json::as_array).into_iter().flatten();
    let sort = spec.config.get("sort").and_then(Json::as_array).into_iter().flatten();
    let keys = columns.chain(sort.filter_map(|one| one.get("field"))).chain(spec.config.get("date"));
    if let Some(key) = keys.filter_map(Json::as_str).find(|key| def.field(key).is_none()) {
        return Err(absent("columns", key));
    }
    let Some(filter) = spec.config.get("filter").filter(|filter| !filter.is_null()) else { return Ok(()) };
    let filter = Filter::parse(filter).map_err(|error| wrong("filter", error))?;
    rules::sound(catalogue, &def.key, &filter).map_err(|error| wrong("filter", error))
}
