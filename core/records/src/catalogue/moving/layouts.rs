//! Layouts on their way between companies: pipelines and roles by key. Taking one away brings back what counts without it.

use std::collections::HashMap;

use kernel::db::{ConnectionTrait, Tx};
use kernel::moving::{Gathered, Moved, Trouble};
use kernel::{Ctx, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::definitions::absent;
use super::{Spec, add};
use crate::Records;
use crate::catalogue::Catalogue;
use crate::catalogue::layout::{self, LayoutOf, Saved, Spec as Arranged};

/// A layout with the keys of what it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayoutSpec {
    entity: String,
    #[serde(default)]
    pipeline: Option<String>,
    #[serde(default)]
    role: Option<String>,
    layout: Arranged,
}

impl Spec for LayoutSpec {
    fn key(&self) -> String {
        named(&self.entity, self.pipeline.as_deref(), self.role.as_deref())
    }
}

fn named(entity: &str, pipeline: Option<&str>, role: Option<&str>) -> String {
    let pipeline = pipeline.map(|key| format!("/{key}")).unwrap_or_default();
    let role = role.map(|key| format!("@{key}")).unwrap_or_default();
    format!("{entity}{pipeline}{role}")
}

/// Keys of pipelines and roles by id.
struct Places {
    pipelines: HashMap<Uuid, String>,
    roles: HashMap<Uuid, String>,
}

impl Places {
    async fn of(conn: &impl ConnectionTrait, ctx: &Ctx, catalogue: &Catalogue) -> Result<Self> {
        let staged = catalogue.entities().iter().flat_map(|def| catalogue.pipelines.of(&def.key));
        let pipelines = staged.map(|pipeline| (pipeline.id, pipeline.key.clone())).collect();
        let roles = people::role::list(conn, ctx.tenant).await?;
        Ok(Self { pipelines, roles: roles.into_iter().map(|role| (role.id, role.key)).collect() })
    }

    /// What a save says, where all it is for is there still.
    fn spec(&self, of: &LayoutOf, layout: Arranged) -> Option<LayoutSpec> {
        let key = |keys: &HashMap<Uuid, String>, id: Option<Uuid>| match id {
            Some(id) => keys.get(&id).cloned().map(Some),
            None => Some(None),
        };
        let (pipeline, role) = (key(&self.pipelines, of.pipeline)?, key(&self.roles, of.role)?);
        Some(LayoutSpec { entity: of.entity.to_string(), pipeline, role, layout })
    }
}

/// How `GET /configuration/changes` tells of a save.
pub(in crate::catalogue) async fn told_layout(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    catalogue: &Catalogue,
    before: Option<Arranged>,
    saved: &Saved,
) -> Result<Json> {
    let places = Places::of(conn, ctx, catalogue).await?;
    let spec = |arranged: Option<Arranged>| arranged.and_then(|arranged| places.spec(&saved.of, arranged));
    let (before, after) = (spec(before), spec(saved.spec.clone()));
    let key = before.as_ref().or(after.as_ref()).map_or_else(|| saved.of.entity.to_string(), Spec::key);
    Ok(json!({"key": key, "before": before, "after": after}))
}

/// Layouts that count, by key: of several roles of a person the last one counts where they came in.
pub(super) async fn layouts(conn: &impl ConnectionTrait, ctx: &Ctx, catalogue: &Catalogue) -> Result<Gathered> {
    let mut specs = Vec::new();
    let places = Places::of(conn, ctx, catalogue).await?;
    for one in layout::present(conn, ctx.tenant).await? {
        let (Some(def), Some(arranged)) = (catalogue.find(&one.of.entity), one.spec) else { continue };
        specs.extend(places.spec(&one.of, layout::there(catalogue, def, arranged)));
    }
    specs.sort_by_key(Spec::key);
    let mut all = Gathered::default();
    for spec in &specs {
        add(&mut all, spec)?;
    }
    Ok(all)
}

impl Records {
    pub(super) async fn put_layouts(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        let places = Places::of(tx, ctx, &catalogue).await?;
        for moved in wanted {
            if let Err(error) = put_layout(tx, ctx, &catalogue, &places, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }
}

async fn put_layout(tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, places: &Places, moved: &Moved) -> Result<()> {
    let (known, wanted) = (moved.known::<LayoutSpec>()?, moved.wanted::<LayoutSpec>()?);
    let Some(of) = wanted.as_ref().or(known.as_ref()) else { return Ok(()) };
    let def = catalogue.find(&of.entity).ok_or_else(|| absent("entity", &of.entity))?;
    let pipeline = match &of.pipeline {
        Some(key) => {
            let found = catalogue.pipelines.of(&of.entity).find(|pipeline| pipeline.key == *key);
            Some(found.ok_or_else(|| absent("pipeline", key))?.id)
        }
        None => None,
    };
    let role = match &of.role {
        Some(key) => {
            let found = places.roles.iter().find(|(_, known)| *known == key);
            Some(found.map(|(id, _)| *id).ok_or_else(|| absent("role", key))?)
        }
        None => None,
    };
    let spec = wanted.as_ref().map(|wanted| layout::checked(catalogue, def, wanted.layout.clone())).transpose()?;
    let of = LayoutOf { entity: of.entity.as_str().into(), pipeline, role };
    let saved = Saved { id: ctx.id(), of, spec, at: ctx.now(), by: ctx.user().map(|user| user.0) };
    layout::keep(tx, ctx, saved, moved.told()).await.map(drop)
}
