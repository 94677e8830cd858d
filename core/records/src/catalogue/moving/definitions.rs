//! Own entities and fields on their way between companies. What is in the recycle bin of a company stays there: a key is never
//! another's.

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{Gathered, Moved, Trouble};
use kernel::value::FieldType;
use kernel::{Ctx, EntityKey, Error, Message, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Spec, add};
use crate::catalogue::change::{MAX_FIELDS, NewField, checked, free_key, labels, own_field, place, wrong};
use crate::catalogue::choices::is_target;
use crate::catalogue::condition::Conditions;
use crate::catalogue::definition::{Choice, Labels, Owner};
use crate::catalogue::entities::{MAX_ENTITIES, fresh, own_entity};
use crate::catalogue::menu::{self, MenuPlace};
use crate::catalogue::rollup::Rollup;
use crate::catalogue::store::{self, Kept, OwnEntity, OwnField, Which};
use crate::catalogue::{Catalogue, formula, indexed, rollup};
use crate::{Records, recompute};

/// An entity of a company's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntitySpec {
    key: String,
    label: Labels,
    label_plural: Labels,
    #[serde(default)]
    staged: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    #[serde(default, skip_serializing_if = "MenuPlace::is_plain")]
    menu: MenuPlace,
}

impl EntitySpec {
    fn of(key: &str, own: &OwnEntity) -> Self {
        let (label, label_plural) = (own.label.clone(), own.label_many.clone());
        let (icon, menu) = (own.icon.clone(), own.menu.clone());
        Self { key: key.to_owned(), label, label_plural, staged: own.staged, icon, menu }
    }
}

impl Spec for EntitySpec {
    fn key(&self) -> String {
        self.key.clone()
    }
}

/// A field of a company's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSpec {
    entity: String,
    key: String,
    r#type: FieldType,
    label: Labels,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    entities: Vec<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    /// Absent: it has choices of its own.
    #[serde(default)]
    directory: Option<String>,
    #[serde(default)]
    max_length: Option<usize>,
    #[serde(default)]
    min: Option<i64>,
    #[serde(default)]
    max: Option<i64>,
    #[serde(default)]
    default: Option<Json>,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    indexed: bool,
    #[serde(default)]
    formula: Option<String>,
    #[serde(default)]
    decimals: Option<u32>,
    #[serde(default)]
    rollup: Option<Rollup>,
}

impl Spec for FieldSpec {
    fn key(&self) -> String {
        format!("{}.{}", self.entity, self.key)
    }
}

impl FieldSpec {
    fn of(entity: &str, key: &str, own: &OwnField) -> Self {
        Self {
            entity: entity.to_owned(),
            key: key.to_owned(),
            r#type: own.kind,
            label: own.label.clone(),
            required: own.required,
            entities: own.targets.iter().map(ToString::to_string).collect(),
            choices: own.choices.clone(),
            directory: own.directory.clone(),
            max_length: own.max_length,
            min: own.range.map(|(min, _)| min),
            max: own.range.map(|(_, max)| max),
            default: own.default.clone(),
            unique: own.unique,
            indexed: own.indexed,
            formula: own.formula.clone(),
            decimals: own.decimals,
            rollup: own.rollup.clone(),
        }
    }

    /// As somebody would ask for it.
    fn asked(&self) -> NewField {
        NewField {
            key: Some(self.key.clone()),
            r#type: self.r#type,
            label: self.label.clone(),
            required: self.required,
            entities: self.entities.clone(),
            choices: self.choices.clone(),
            directory: self.directory.clone(),
            max_length: self.max_length,
            min: self.min,
            max: self.max,
            default: self.default.clone(),
            unique: self.unique,
            indexed: self.indexed,
            formula: self.formula.clone(),
            decimals: self.decimals,
            rollup: self.rollup.clone(),
            conditions: Conditions::default(),
            rules: Vec::new(),
        }
    }
}

/// How the audit log and `GET /configuration/changes` tell of an entity.
pub(in crate::catalogue) fn told_entity(key: &str, before: Option<&OwnEntity>, after: Option<&OwnEntity>) -> Json {
    let spec = |own: Option<&OwnEntity>| own.map(|own| EntitySpec::of(key, own));
    serde_json::json!({"before": spec(before), "after": spec(after)})
}

/// The same of a field.
pub(in crate::catalogue) fn told_field(
    entity: &str,
    key: &str,
    before: Option<&OwnField>,
    after: Option<&OwnField>,
) -> Json {
    let spec = |own: Option<&OwnField>| own.map(|own| FieldSpec::of(entity, key, own));
    serde_json::json!({"before": spec(before), "after": spec(after)})
}

/// Entities of the company's own, in their order.
pub(super) async fn entities(conn: &impl ConnectionTrait, ctx: &Ctx, catalogue: &Catalogue) -> Result<Gathered> {
    let mut all = Gathered::default();
    let own = store::load(conn, ctx.tenant).await?;
    for (key, _, entity) in own.entities.iter().filter(|(_, owner, _)| *owner == Owner::Custom) {
        let mut spec = EntitySpec::of(key, entity);
        // What it stood before may be gone, or have come back in its turn before this one: it stands at the end.
        if menu::check(catalogue, key, &spec.menu).is_err() {
            spec.menu.before = None;
        }
        add(&mut all, &spec)?;
    }
    Ok(all)
}

/// Fields of the company's own: by entity, there in their order.
pub(super) async fn fields(conn: &impl ConnectionTrait, ctx: &Ctx, catalogue: &Catalogue) -> Result<Gathered> {
    let mut all = Gathered::default();
    let mut own = store::load(conn, ctx.tenant).await?.fields;
    own.retain(|(entity, _, owner, _)| *owner == Owner::Custom && catalogue.find(entity).is_some());
    own.sort_by(|one, other| one.0.cmp(&other.0));
    for (entity, key, _, field) in &own {
        add(&mut all, &FieldSpec::of(entity, key, field))?;
    }
    Ok(all)
}

impl Records {
    pub(super) async fn put_entities(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        for moved in wanted {
            if let Err(error) = put_entity(tx, ctx, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        if !troubles.is_empty() || wanted.is_empty() {
            return Ok(troubles);
        }
        // From here on each sees all the others.
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        for moved in wanted {
            troubles.extend(settle_place(tx, ctx, &catalogue, moved).await?);
        }
        Ok(troubles)
    }

    pub(super) async fn put_fields(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let (wanted, gone): (Vec<&Moved>, Vec<&Moved>) =
            wanted.iter().copied().partition(|moved| moved.after.is_some());
        let mut troubles = self.remove_fields(tx, ctx, gone).await?;
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        for moved in &wanted {
            if let Err(error) = self.put_field(tx, ctx, &catalogue, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        if !troubles.is_empty() || wanted.is_empty() {
            return Ok(troubles);
        }
        // From here on each field sees all the others.
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        let mut stale = BTreeSet::new();
        for moved in &wanted {
            match self.settle_field(tx, ctx, &catalogue, moved).await {
                Ok(entity) => stale.extend(entity),
                Err(error) => troubles.extend(Trouble::of(moved, error)?),
            }
        }
        for entity in stale {
            recompute::begin(tx, ctx, &entity).await?;
        }
        Ok(troubles)
    }

    /// Takes fields away, again and again: what looks at one of them may be another.
    async fn remove_fields(&self, tx: &Tx, ctx: &Ctx, mut gone: Vec<&Moved>) -> Result<Vec<Trouble>> {
        loop {
            let (mut kept, mut troubles) = (Vec::new(), Vec::new());
            for moved in &gone {
                if let Err(error) = self.remove_field(tx, ctx, moved).await {
                    troubles.extend(Trouble::of(moved, error)?);
                    kept.push(*moved);
                }
            }
            if kept.len() == gone.len() || kept.is_empty() {
                return Ok(troubles);
            }
            gone = kept;
        }
    }

    async fn remove_field(&self, tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
        let Some(known) = moved.known::<FieldSpec>()? else { return Ok(()) };
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        self.let_go(tx, ctx, &catalogue, &known.entity, &known.key).await?;
        store::set_removed(tx, ctx, Which::Field(&known.entity, &known.key), true).await?;
        if known.indexed {
            indexed::look_again(tx, ctx).await?;
        }
        Ok(audit::record(tx, ctx, "field.removed", &moved.key, moved.told()).await?)
    }

    async fn put_field(&self, tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, moved: &Moved) -> Result<()> {
        let Some(spec) = moved.wanted::<FieldSpec>()? else { return Ok(()) };
        if catalogue.find(&spec.entity).is_none() {
            return Err(absent("entity", &spec.entity));
        }
        if let Some(target) = spec.entities.iter().find(|key| !is_target(catalogue, spec.r#type, key)) {
            return Err(absent("entities", target));
        }
        if let Some(key) = spec.directory.as_ref().filter(|key| catalogue.directory(key).is_none()) {
            return Err(absent("directory", key));
        }
        let mut own = checked(catalogue, spec.asked())?;
        if moved.before.is_some() {
            let before = own_field(tx, ctx, &spec.entity, &spec.key, false).await?;
            keep_choices(catalogue, &before.definition, &mut own, moved.own)?;
            return self.put_changed_field(tx, ctx, &spec, before, own, moved).await;
        }
        if own.unique {
            self.may_be_unique(&spec.entity, &own)?;
        }
        if own.indexed {
            indexed::may_be_indexed(tx, ctx, &spec.entity, &spec.key, &own).await?;
        }
        insert_field(tx, ctx, &spec, &own).await?;
        indexed::declare_own(tx, ctx, (&spec.entity, &spec.key), (None, &own)).await?;
        Ok(audit::record(tx, ctx, "field.created", &moved.key, moved.told()).await?)
    }

    /// What a file may change of a field: not its type, nor what values are of.
    async fn put_changed_field(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        spec: &FieldSpec,
        kept: Kept<OwnField>,
        own: OwnField,
        moved: &Moved,
    ) -> Result<()> {
        let before = kept.definition;
        if own.kind != before.kind {
            let error = FieldError::new("moved_type").with("before", before.kind.name()).with("now", own.kind.name());
            return Err(wrong("type", error));
        }
        if let Some(lost) = before.targets.iter().find(|target| !own.targets.contains(target)) {
            return Err(wrong("entities", FieldError::new("choice_lost").with("value", lost)));
        }
        if before.rollup.is_some() != own.rollup.is_some() {
            return Err(wrong("rollup", FieldError::new("formula_of_new")));
        }
        if own.formula.is_some() && before.formula.is_none() {
            return Err(wrong("formula", FieldError::new("formula_of_new")));
        }
        let own = OwnField { place: before.place, moved: before.moved.clone(), standing: before.standing, ..own };
        if own.unique && !before.unique {
            self.may_be_unique(&spec.entity, &own)?;
        }
        if own.indexed && !before.indexed {
            indexed::may_be_indexed(tx, ctx, &spec.entity, &spec.key, &own).await?;
        }
        store::save(tx, ctx, Which::Field(&spec.entity, &spec.key), &own).await?;
        indexed::declare_own(tx, ctx, (&spec.entity, &spec.key), (Some(&before), &own)).await?;
        Ok(audit::record(tx, ctx, "field.updated", &moved.key, moved.told()).await?)
    }

    /// Asks of a field what can be asked once all are there; the entity whose records are computed anew.
    async fn settle_field(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        catalogue: &Catalogue,
        moved: &Moved,
    ) -> Result<Option<EntityKey>> {
        let known = moved.known::<FieldSpec>()?;
        let Some(spec) = moved.wanted::<FieldSpec>()? else { return Ok(None) };
        let def = catalogue.entity(&spec.entity)?;
        let before = known.as_ref().map(|known| (&known.formula, known.decimals, &known.rollup));
        let mut stale = false;
        if let Some(text) = &spec.formula {
            formula::check(def, &spec.key, spec.r#type, text, spec.decimals)
                .map_err(|(part, error)| wrong(part, error))?;
            stale = true;
        }
        if let Some(rollup) = &spec.rollup {
            rollup::check(catalogue, def, &spec.key, spec.r#type, rollup).map_err(|error| wrong("rollup", error))?;
            stale = true;
        }
        if known.as_ref().is_some_and(|known| known.unique != spec.unique) {
            self.claim_own(tx, ctx, &spec.entity, &spec.key).await?;
        }
        let stale = stale && before != Some((&spec.formula, spec.decimals, &spec.rollup));
        Ok(stale.then(|| def.key.clone()))
    }
}

/// Passes a field that offers all it did, from wherever. `back`: an import is taken back, and what it brought is archived.
fn keep_choices(catalogue: &Catalogue, before: &OwnField, own: &mut OwnField, back: bool) -> Result<()> {
    if before.directory.is_some() && before.directory == own.directory {
        return Ok(());
    }
    let present = match before.directory.as_deref().and_then(|key| catalogue.directory(key)) {
        Some(one) => one.choices(false),
        None => before.choices.clone(),
    };
    let next = own.directory.as_deref().and_then(|key| catalogue.directory(key));
    let offers = |key: &str| match next {
        Some(one) => one.live().any(|item| item.key == key),
        None => own.choices.iter().any(|choice| choice.key == key),
    };
    let lost: Vec<Choice> = present.into_iter().filter(|choice| !offers(&choice.key)).collect();
    if let Some(first) = lost.first().filter(|_| !back || next.is_some()) {
        return Err(wrong("choices", FieldError::new("choice_lost").with("value", &first.key)));
    }
    own.choices.extend(lost.into_iter().map(|choice| Choice { archived: true, parent: None, ..choice }));
    Ok(())
}

async fn put_entity(tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
    let (known, spec) = (moved.known::<EntitySpec>()?, moved.wanted::<EntitySpec>()?);
    let Some(spec) = spec else {
        let Some(known) = known else { return Ok(()) };
        store::set_removed(tx, ctx, Which::Entity(&known.key), true).await?;
        return Ok(audit::record(tx, ctx, "entity.removed", &moved.key, moved.told()).await?);
    };
    let (label, label_many) = (labels("label", spec.label)?, labels("label_plural", spec.label_plural)?);
    let icon = spec.icon.as_deref().map_or(Ok(None), menu::icon)?;
    if known.is_some() {
        let kept = own_entity(tx, ctx, &spec.key, false).await?.definition;
        if kept.staged != spec.staged {
            return Err(wrong("staged", FieldError::new("schema_stages")));
        }
        let own = OwnEntity { label, label_many, icon, menu: spec.menu, ..kept };
        store::save(tx, ctx, Which::Entity(&spec.key), &own).await?;
        return Ok(audit::record(tx, ctx, "entity.updated", &moved.key, moved.told()).await?);
    }
    if store::entity(tx, ctx, &spec.key).await?.is_some() {
        return Err(in_bin(&spec.key));
    }
    let taken = store::keys(tx, ctx, None).await?;
    if taken.len() >= MAX_ENTITIES {
        return Err(wrong("key", FieldError::new("too_many").with("max", MAX_ENTITIES)));
    }
    let key = free_key(Some(&spec.key), &label, &taken)?;
    let own = fresh(label, label_many, spec.staged, icon, spec.menu);
    store::insert_entity(tx, ctx, &key, &Owner::Custom, &own, place(taken.len())).await?;
    Ok(audit::record(tx, ctx, "entity.created", &moved.key, moved.told()).await?)
}

/// Passes a place in the menu before what is there. What is not here is no reason to refuse all else: then it stands at the
/// end.
async fn settle_place(tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, moved: &Moved) -> Result<Vec<Trouble>> {
    let Some(spec) = moved.wanted::<EntitySpec>()? else { return Ok(Vec::new()) };
    let Some(before) = spec.menu.before.clone() else { return Ok(Vec::new()) };
    if catalogue.find(&before).is_some() {
        return match menu::check(catalogue, &spec.key, &spec.menu) {
            Ok(()) => Ok(Vec::new()),
            Err(error) => Trouble::of(moved, error),
        };
    }
    let kept = own_entity(tx, ctx, &spec.key, false).await?.definition;
    let own = OwnEntity { menu: MenuPlace { before: None, ..spec.menu }, ..kept };
    store::save(tx, ctx, Which::Entity(&spec.key), &own).await?;
    let before: String = before.chars().take(80).collect();
    let message = Message::key("configuration.menu_end").with("entity", before);
    Ok(vec![Trouble::skipped(moved, "menu.before", message)])
}

async fn insert_field(tx: &Tx, ctx: &Ctx, spec: &FieldSpec, own: &OwnField) -> Result<()> {
    if store::field(tx, ctx, &spec.entity, &spec.key).await?.is_some() {
        return Err(in_bin(&spec.key));
    }
    let taken = store::keys(tx, ctx, Some(&spec.entity)).await?;
    if taken.len() >= MAX_FIELDS {
        return Err(wrong("key", FieldError::new("too_many").with("max", MAX_FIELDS)));
    }
    let parts: Vec<String> = taken.iter().map(|key| store::currency_key(key).into()).collect();
    let key = free_key(Some(&spec.key), &own.label, &[taken.as_slice(), &parts].concat())?;
    if own.kind == FieldType::Money && taken.iter().any(|other| *store::currency_key(&key) == **other) {
        return Err(wrong("key", FieldError::new("taken")));
    }
    store::insert_field(tx, ctx, &spec.entity, &key, &Owner::Custom, own, place(taken.len())).await
}

fn in_bin(key: &str) -> Error {
    wrong("key", FieldError::new("in_bin").with("value", key))
}

/// Something named is not there.
pub(crate) fn absent(part: &str, name: &str) -> Error {
    let name: String = name.chars().take(80).collect();
    wrong(part, FieldError::worded("unknown_name", "absent_here").with("value", name))
}
