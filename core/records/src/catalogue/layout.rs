//! Layouts: where the fields of an entity, lists of related records and surfaces of modules stand on a card and in its
//! tabs, and fields in lists, on boards and in the form of a new record; for everybody, for people of a role, in a
//! pipeline. Administrators arrange them; each save is kept, so that an earlier one can be brought back. What a layout is
//! made of and what of it makes sense: `spec`.

mod spec;

use std::collections::{BTreeSet, HashMap};

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, EntityKey, Error, Result, TenantId, Timestamp, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::change::{require_admin, wrong};
use super::moving::told_layout;
use super::store;
use crate::{Records, stages};

pub use spec::{LayoutRelated, LayoutSection, LayoutTab, Spec};
pub(super) use spec::{checked, there};

/// Saves that are kept of one layout.
const KEPT: u64 = 50;
/// The code of a conflict: somebody else has saved the layout meanwhile.
pub const CHANGED: &str = "layout.changed";

/// Whom a layout is for: everybody, people of a role, in a pipeline, or people of a role in a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutOf {
    /// Of this entity.
    #[schema(value_type = String)]
    pub entity: EntityKey,
    /// In this pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pipeline: Option<Uuid>,
    /// For people of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<Uuid>,
}

/// A save of a layout.
#[derive(Debug, Clone)]
pub struct Saved {
    /// Its id.
    pub id: Uuid,
    /// Whom it is for.
    pub of: LayoutOf,
    /// Where fields stand; none: as the product has it.
    pub spec: Option<Spec>,
    /// When it was saved.
    pub at: Timestamp,
    /// By whom.
    pub by: Option<Uuid>,
}

impl Saved {
    /// What stands for it in `If-Match`: its id, of the product's arrangement `0`.
    pub fn tag(&self) -> String {
        self.spec.as_ref().map_or_else(|| PRODUCT.to_owned(), |_| self.id.to_string())
    }
}

/// The tag of the product's arrangement.
const PRODUCT: &str = "0";

/// The layouts of a company that count.
#[derive(Debug, Clone, Default)]
pub struct Layouts(HashMap<EntityKey, Vec<(LayoutOf, Spec)>>);

impl Layouts {
    /// What somebody with these roles sees of an entity, in a pipeline or in none in particular. The most specific counts:
    /// role and pipeline, role, pipeline, everybody; of several roles the one whose layout was saved last.
    pub fn of(&self, entity: &str, roles: &[Uuid], pipeline: Option<Uuid>) -> Option<&Spec> {
        let mine = |of: &LayoutOf| of.role.is_none_or(|role| roles.contains(&role));
        let here = |of: &LayoutOf| of.pipeline.is_none() || of.pipeline == pipeline;
        let rank = |of: &LayoutOf| (of.role.is_some(), of.pipeline.is_some());
        let fitting = self.0.get(entity)?.iter().filter(|(of, _)| mine(of) && here(of));
        // Of equals the last one: they stand in the order they were saved.
        fitting.max_by_key(|(of, _)| rank(of)).map(|(_, spec)| spec)
    }

    /// Pipelines of an entity that have layouts of their own.
    pub fn pipelines(&self, entity: &str) -> BTreeSet<Uuid> {
        self.0.get(entity).into_iter().flatten().filter_map(|(of, _)| of.pipeline).collect()
    }

    pub(super) async fn load(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Self> {
        let mut all: HashMap<EntityKey, Vec<(LayoutOf, Spec)>> = HashMap::new();
        for saved in newest(saves(conn, tenant, None).await?) {
            if let Some(spec) = saved.spec {
                all.entry(saved.of.entity.clone()).or_default().push((saved.of, spec));
            }
        }
        Ok(Self(all))
    }
}

/// Of saves in their order the last one of each layout.
fn newest(saves: Vec<Saved>) -> Vec<Saved> {
    let mut last: Vec<Saved> = Vec::new();
    for saved in saves {
        last.retain(|known| known.of != saved.of);
        last.push(saved);
    }
    last
}

impl Records {
    /// The layouts of an entity as they are now (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn layouts(&self, ctx: &Ctx, entity: &str) -> Result<Vec<Saved>> {
        require_admin(ctx)?;
        self.defined(ctx, entity).await?;
        let now = newest(saves(self.db().read(), ctx.tenant, Some(entity)).await?);
        Ok(now.into_iter().filter(|saved| saved.spec.is_some()).collect())
    }

    /// Every kept save of a layout, the newest first (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn layout_history(&self, ctx: &Ctx, of: &LayoutOf) -> Result<Vec<Saved>> {
        require_admin(ctx)?;
        self.defined(ctx, &of.entity).await?;
        let mut kept = saves(self.db().read(), ctx.tenant, Some(&of.entity)).await?;
        kept.retain(|saved| saved.of == *of);
        kept.reverse();
        Ok(kept)
    }

    /// Arranges an entity; `None` brings the product's arrangement back (administrators). With the tag of a save only where
    /// that is still the last one.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` by part; conflict `layout.changed` with the present tag.
    pub async fn set_layout(&self, ctx: &Ctx, of: LayoutOf, spec: Option<Spec>, seen: Option<&str>) -> Result<Saved> {
        require_admin(ctx)?;
        let tx = self.db().begin().await?;
        // Others who save wait from here on.
        store::touch(&tx, ctx.tenant).await?;
        if let Some(seen) = seen {
            let kept = newest(saves(&tx, ctx.tenant, Some(&of.entity)).await?);
            let tag = kept.iter().find(|saved| saved.of == of).map_or_else(|| PRODUCT.to_owned(), Saved::tag);
            if tag != seen {
                return Err(Error::Conflict { code: CHANGED, current: Some(json!({ "tag": tag })) });
            }
        }
        let catalogue = self.drawn_in(&tx, ctx).await?;
        let def = catalogue.entity(&of.entity)?;
        Self::check_place(&tx, ctx, &of).await?;
        let spec = spec.map(|spec| checked(&catalogue, def, spec)).transpose()?;
        let saved = Saved { id: ctx.id(), of, spec, at: ctx.now(), by: ctx.user().map(|user| user.0) };
        self.save_layout(tx, ctx, saved).await
    }

    /// Brings an earlier save back as a new one; fields and lists that are gone since are left out (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn restore_layout(&self, ctx: &Ctx, id: Uuid) -> Result<Saved> {
        require_admin(ctx)?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let known = saves(&tx, ctx.tenant, None).await?.into_iter().find(|saved| saved.id == id);
        let known = known.ok_or_else(|| Error::NotFound(format!("layout {id}")))?;
        let catalogue = self.drawn_in(&tx, ctx).await?;
        let def = catalogue.entity(&known.of.entity)?;
        let spec = known.spec.map(|spec| there(&catalogue, def, spec));
        let saved = Saved { id: ctx.id(), spec, at: ctx.now(), by: ctx.user().map(|user| user.0), ..known };
        self.save_layout(tx, ctx, saved).await
    }

    /// Passes a pipeline of the entity and a role of the company.
    async fn check_place(tx: &Tx, ctx: &Ctx, of: &LayoutOf) -> Result<()> {
        if let Some(pipeline) = of.pipeline {
            let known = stages::load(tx, ctx.tenant, String::new()).await?;
            if !known.of(&of.entity).any(|one| one.id == pipeline) {
                return Err(wrong("pipeline", FieldError::new("missing")));
            }
        }
        if let Some(role) = of.role {
            let roles = people::role::list(tx, ctx.tenant).await?;
            if !roles.iter().any(|one| one.id == role) {
                return Err(wrong("role", FieldError::new("missing")));
            }
        }
        Ok(())
    }

    async fn save_layout(&self, tx: Tx, ctx: &Ctx, saved: Saved) -> Result<Saved> {
        let kept = newest(saves(&tx, ctx.tenant, Some(&saved.of.entity)).await?);
        let before = kept.into_iter().find(|one| one.of == saved.of).and_then(|one| one.spec);
        let catalogue = self.drawn_from(&tx, ctx.tenant).await?;
        let told = told_layout(&tx, ctx, &catalogue, before, &saved).await?;
        let saved = keep(&tx, ctx, saved, told).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(saved)
    }
}

/// The saves of a company that count, in the order they were made.
pub(super) async fn present(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Saved>> {
    Ok(newest(saves(conn, tenant, None).await?))
}

/// Writes a save; whoever saves has taken the catalogue.
pub(super) async fn keep(tx: &Tx, ctx: &Ctx, saved: Saved, told: serde_json::Value) -> Result<Saved> {
    let saved = Saved { at: moment(tx, ctx, &saved.of).await?, ..saved };
    let definition = saved.spec.as_ref().map(serde_json::to_value).transpose().map_err(Error::internal)?;
    let insert = Query::insert()
        .into_table("layout")
        .columns(["id", "tenant_id", "entity", "pipeline_id", "role_id", "definition", "created_at", "created_by"])
        .values_panic([
            saved.id.into(),
            ctx.tenant.into(),
            saved.of.entity.as_str().into(),
            saved.of.pipeline.into(),
            saved.of.role.into(),
            definition.into(),
            saved.at.0.into(),
            saved.by.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    forget_old(tx, ctx, &saved.of).await?;
    audit::record(tx, ctx, "layout.changed", &saved.of.entity, told).await?;
    Ok(saved)
}

fn of_entity(tenant: TenantId, entity: Option<&str>) -> SelectStatement {
    let mut select = Query::select();
    select.from("layout").and_where(Expr::col("tenant_id").eq(tenant.0));
    select.order_by("created_at", Order::Asc).order_by("id", Order::Asc);
    if let Some(entity) = entity {
        select.and_where(Expr::col("entity").eq(entity));
    }
    select
}

/// Saves in the order they were made.
async fn saves(conn: &impl ConnectionTrait, tenant: TenantId, entity: Option<&str>) -> Result<Vec<Saved>> {
    let mut select = of_entity(tenant, entity);
    select.columns(["id", "entity", "pipeline_id", "role_id", "definition", "created_at", "created_by"]);
    let rows = conn.query_all(&select).await?;
    rows.iter().map(saved).collect()
}

fn saved(row: &QueryResult) -> Result<Saved> {
    let definition: Option<serde_json::Value> = row.try_get_by_index(4)?;
    let spec = definition.and_then(|definition| {
        serde_json::from_value(definition)
            .inspect_err(|error| tracing::error!(%error, "a layout is not understood and left out"))
            .ok()
    });
    Ok(Saved {
        id: row.try_get_by_index(0)?,
        of: LayoutOf {
            entity: row.try_get_by_index::<String>(1)?.into(),
            pipeline: row.try_get_by_index(2)?,
            role: row.try_get_by_index(3)?,
        },
        spec,
        at: Timestamp(row.try_get_by_index(5)?),
        by: row.try_get_by_index(6)?,
    })
}

/// Now, and later than every save there is: the last one counts, and clocks of nodes differ.
async fn moment(tx: &Tx, ctx: &Ctx, of: &LayoutOf) -> Result<Timestamp> {
    let kept = saves(tx, ctx.tenant, Some(&of.entity)).await?;
    let last = kept.last().map_or(0, |saved| saved.at.0);
    Ok(Timestamp(Ord::max(ctx.now().0, last.saturating_add(1))))
}

/// Removes saves of a layout beyond the newest.
async fn forget_old(tx: &Tx, ctx: &Ctx, of: &LayoutOf) -> Result<()> {
    let mut kept = saves(tx, ctx.tenant, Some(&of.entity)).await?;
    kept.retain(|saved| saved.of == *of);
    let beyond = kept.len().saturating_sub(usize::try_from(KEPT).unwrap_or(usize::MAX));
    let old: Vec<Uuid> = kept.into_iter().take(beyond).map(|saved| saved.id).collect();
    if old.is_empty() {
        return Ok(());
    }
    let delete = Query::delete().from_table("layout").and_where(Expr::col("id").is_in(old)).to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(role: Option<u128>, pipeline: Option<u128>, list: &str) -> (LayoutOf, Spec) {
        let (role, pipeline) = (role.map(Uuid::from_u128), pipeline.map(Uuid::from_u128));
        let of = LayoutOf { entity: "deal".into(), pipeline, role };
        (of, Spec { list: vec![list.into()], ..Spec::default() })
    }

    #[test]
    fn the_most_specific_layout_counts() {
        let all = vec![
            laid(None, None, "all"),
            laid(Some(1), Some(9), "both"),
            laid(Some(1), None, "role"),
            laid(Some(2), None, "later role"),
            laid(None, Some(9), "pipeline"),
        ];
        let layouts = Layouts([("deal".into(), all)].into());
        let of = |roles: &[u128], pipeline: Option<u128>| {
            let roles: Vec<Uuid> = roles.iter().copied().map(Uuid::from_u128).collect();
            let spec = layouts.of("deal", &roles, pipeline.map(Uuid::from_u128)).unwrap();
            spec.list.first().unwrap().to_string()
        };
        assert_eq!(of(&[], None), "all");
        assert_eq!(of(&[3], Some(8)), "all");
        assert_eq!(of(&[], Some(9)), "pipeline");
        assert_eq!(of(&[1], None), "role");
        assert_eq!(of(&[1, 2], None), "later role");
        assert_eq!(of(&[1], Some(9)), "both");
        assert_eq!(of(&[2], Some(9)), "later role");
        assert!(layouts.of("lead", &[], None).is_none());
    }
}
