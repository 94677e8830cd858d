//! A company's own entities: made, renamed, put into the menu, hidden and brought back by its administrators, without a
//! restart. Keys are those of fields (`change`); so is what a change of them means to others.

use std::sync::Arc;

use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::{Ctx, EntityKey, Error, Result, audit};
use serde::Deserialize;
use serde_json::json;

use super::change::{free_key, labels, place, require_admin, shown, wrong};
use super::definition::{EntityDef, Labels};
use super::menu::{self, MenuPlace};
use super::moving::told_entity;
use super::store::{self, Kept, OwnEntity, Standing, Which};
use super::{Owner, rollup};
use crate::{Records, recompute, search, stages};

/// Own entities of a company.
pub const MAX_ENTITIES: usize = 100;

/// An entity to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntity {
    /// Its key, `x_` and Latin letters, digits, `_`; made from the name where absent.
    #[serde(default)]
    pub key: Option<String>,
    /// Its name by language: `{"en": "Machine"}`.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub label: Labels,
    /// Its name of many; the name of one where absent.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub label_plural: Option<Labels>,
    /// Whether its records move through stages.
    #[serde(default)]
    pub staged: bool,
    /// Its picture, by a name of `sdk/ui/icons.json`; the one that all share where absent.
    #[serde(default)]
    pub icon: Option<String>,
    /// Where it stands in the menu; at the end where absent.
    #[serde(default)]
    pub menu: MenuPlace,
}

/// What to change of an entity.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EntityPatch {
    /// Its name by language.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub label: Option<Labels>,
    /// Its name of many.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub label_plural: Option<Labels>,
    /// Its picture, by a name of `sdk/ui/icons.json`; an empty text gives it the one that all share.
    pub icon: Option<String>,
    /// Where it stands in the menu, as a whole.
    pub menu: Option<MenuPlace>,
}

/// An entity that was put away with its records.
#[derive(Debug, Clone)]
pub struct RemovedEntity {
    /// Its key, which is nobody else's.
    pub key: EntityKey,
    /// Whose it is.
    pub owner: Owner,
    /// Its name of one.
    pub label: Labels,
    /// Its name of many.
    pub label_many: Labels,
}

impl Records {
    /// Makes an entity of the company's own (administrators).
    ///
    /// # Errors
    /// `Denied`; `config.invalid` by field.
    pub async fn create_entity(&self, ctx: &Ctx, input: NewEntity) -> Result<Arc<EntityDef>> {
        require_admin(ctx)?;
        let label = labels("label", input.label)?;
        let label_many = input.label_plural.map_or_else(|| Ok(label.clone()), |many| labels("label_plural", many))?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let taken = store::keys(&tx, ctx, None).await?;
        if taken.len() >= MAX_ENTITIES {
            return Err(wrong("key", FieldError::new("too_many").with("max", MAX_ENTITIES)));
        }
        let key = free_key(input.key.as_deref(), &label, &taken)?;
        let icon = input.icon.as_deref().map_or(Ok(None), menu::icon)?;
        if input.menu.before.is_some() {
            menu::check(&self.drawn_in(&tx, ctx).await?, &key, &input.menu)?;
        }
        let own = fresh(label.clone(), label_many, input.staged, icon, input.menu);
        store::insert_entity(&tx, ctx, &key, &Owner::Custom, &own, place(taken.len())).await?;
        if input.staged {
            stages::create_own(&tx, ctx, &key, label.in_locale(ctx.locale)).await?;
        }
        audit::record(&tx, ctx, "entity.created", &key, told_entity(&key, None, Some(&own))).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.defined(ctx, &key).await
    }

    /// Changes the names of an entity of the company's own or of a plugin, and of an own one its picture and its place in
    /// the menu (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `config.invalid`.
    pub async fn change_entity(&self, ctx: &Ctx, key: &str, patch: EntityPatch) -> Result<Arc<EntityDef>> {
        require_admin(ctx)?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let kept = own_entity(&tx, ctx, key, false).await?;
        of_company(&kept.owner, &patch)?;
        let before = kept.definition;
        let mut own = before.clone();
        own.standing.renamed |= kept.owner.plugin().is_some();
        if let Some(label) = patch.label {
            own.label = labels("label", label)?;
        }
        if let Some(label) = patch.label_plural {
            own.label_many = labels("label_plural", label)?;
        }
        if let Some(name) = patch.icon {
            own.icon = menu::icon(&name)?;
        }
        if let Some(place) = patch.menu {
            if place.before.is_some() {
                menu::check(&self.drawn_in(&tx, ctx).await?, key, &place)?;
            }
            own.menu = place;
        }
        store::save(&tx, ctx, Which::Entity(key), &own).await?;
        audit::record(&tx, ctx, "entity.updated", key, told_entity(key, Some(&before), Some(&own))).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.defined(ctx, key).await
    }

    /// Hides an entity of the company's own or of a plugin with all its records, or shows it again (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.plugin_off` where its plugin does not run or does not declare it any more.
    pub async fn set_entity_removed(&self, ctx: &Ctx, key: &str, removed: bool) -> Result<()> {
        require_admin(ctx)?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let kept = own_entity(&tx, ctx, key, !removed).await?;
        if kept.owner.plugin().is_some() {
            let standing = shown(kept.definition.standing, removed)?;
            store::save(&tx, ctx, Which::Entity(key), &OwnEntity { standing, ..kept.definition }).await?;
        }
        store::set_removed(&tx, ctx, Which::Entity(key), removed).await?;
        if !removed {
            search::mark(&tx, ctx.tenant, key).await?;
            // What happened to its records meanwhile was not counted.
            for (def, _) in rollup::followers(&self.drawn_in(&tx, ctx).await?, key) {
                recompute::begin(&tx, ctx, &def.key).await?;
            }
        }
        let act = if removed { "entity.removed" } else { "entity.restored" };
        audit::record(&tx, ctx, act, key, json!({})).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }

    /// What was put away and can be brought back, with its names in every language (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn removed_entities(&self, ctx: &Ctx) -> Result<Vec<RemovedEntity>> {
        require_admin(ctx)?;
        let kept = store::all(self.db().read(), ctx.tenant).await?.entities.into_iter();
        // What its plugin has taken away comes back with the plugin.
        let hidden = |kept: &Kept<OwnEntity>| {
            let standing = kept.definition.standing;
            kept.removed && (kept.owner == Owner::Custom || (standing.hidden && !standing.gone && !standing.off))
        };
        let removed = kept.filter(|(_, kept)| hidden(kept)).map(|(key, kept)| {
            let OwnEntity { label, label_many, .. } = kept.definition;
            RemovedEntity { key, owner: kept.owner, label, label_many }
        });
        Ok(removed.collect())
    }
}

/// What is kept of a new one.
pub(super) fn fresh(
    label: Labels,
    label_many: Labels,
    staged: bool,
    icon: Option<String>,
    menu: MenuPlace,
) -> OwnEntity {
    OwnEntity {
        label,
        label_many,
        staged,
        title_from: None,
        list: Vec::new(),
        card: Vec::new(),
        constraints: Vec::new(),
        rules: Vec::new(),
        inner: false,
        icon,
        menu,
        standing: Standing::default(),
    }
}

/// Passes a change of names, and any change of what is the company's own: the rest of a module's is said by the module.
fn of_company(owner: &Owner, patch: &EntityPatch) -> Result<()> {
    let Some(plugin) = owner.plugin() else { return Ok(()) };
    let changed = [("icon", patch.icon.is_some()), ("menu", patch.menu.is_some())];
    match changed.iter().find(|(_, changed)| *changed) {
        Some((part, _)) => Err(wrong(part, FieldError::new("of_plugin").with("plugin", plugin))),
        None => Ok(()),
    }
}

pub(super) async fn own_entity(tx: &Tx, ctx: &Ctx, key: &str, removed: bool) -> Result<Kept<OwnEntity>> {
    let kept = store::entity(tx, ctx, key).await?.filter(|kept| kept.removed == removed);
    kept.ok_or_else(|| Error::NotFound(format!("entity {key}")))
}
