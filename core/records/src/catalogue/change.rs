//! A company's own fields: made, changed, hidden and brought back by its administrators, without a restart.
//! Each change is audited, counts the catalogue's revision, and is seen by the next operation.
//!
//! Keys begin with `x_`, are made from the English (else any) name, and are never changed or used again. Removing hides
//! at once; the values stay where they are and come back with the field.

use kernel::error::{FieldError, FieldErrors};
use kernel::text::latin;
use kernel::value::FieldType;
use kernel::{Ctx, Error, Locale, Result, audit};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::choices::{choices, fits, is_target};
use super::condition::{Conditions, ValidationRule};
use super::definition::{Choice, EntityDef, Labels, longest};
use super::directory::{self, bind, standing};
use super::moving::told_field;
use super::rollup::Rollup;
use super::store::{self, Kept, OwnField, Standing, Which};
use super::{Catalogue, Owner, formula, indexed, retype};
use crate::{Records, recompute, search};

/// The code of errors about wrong definitions.
pub const INVALID: &str = "config.invalid";
/// Own fields of an entity.
pub const MAX_FIELDS: usize = 500;
/// Characters of a name.
const MAX_LABEL: usize = 100;
/// Characters of a key.
pub(super) const MAX_KEY: usize = 40;

/// A field to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewField {
    /// Its key, `x_` and Latin letters, digits, `_`; made from the name where absent.
    #[serde(default)]
    pub key: Option<String>,
    /// Its type.
    #[schema(value_type = String)]
    pub r#type: FieldType,
    /// Its name by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub label: Labels,
    /// Whether it must have a value.
    #[serde(default)]
    pub required: bool,
    /// The entities that a link points to.
    #[serde(default)]
    pub entities: Vec<String>,
    /// The values of a choice.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub choices: Vec<Choice>,
    /// The directory that gives the values of a choice, in the place of `choices`.
    #[serde(default)]
    pub directory: Option<String>,
    /// Longest text, in characters.
    #[serde(default)]
    pub max_length: Option<usize>,
    /// Smallest number.
    #[serde(default)]
    pub min: Option<i64>,
    /// Largest number.
    #[serde(default)]
    pub max: Option<i64>,
    /// What a new record has when nobody says otherwise, as in a record.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub default: Option<Json>,
    /// Whether no two records have the same in it: of texts, numbers, days, moments and lengths of time.
    #[serde(default)]
    pub unique: bool,
    /// Whether lists find and sort by it through an index, which is made in the background: of texts, numbers, days, moments,
    /// choices of one, people and departments.
    #[serde(default)]
    pub indexed: bool,
    /// What it is computed by, in CEL over `record`, `today`, `now`: then its type is that of the result, and nobody writes
    /// it.
    #[serde(default)]
    pub formula: Option<String>,
    /// Digits after the point of what is computed, 0 to 4; 2 of money and 4 of decimals where absent.
    #[serde(default)]
    pub decimals: Option<u32>,
    /// What it counts or adds up: then its type is that of the result, and nobody writes it.
    #[serde(default)]
    pub rollup: Option<Rollup>,
    /// When it is there, must have a value, may be changed: of fields of plugins alone, others get theirs later.
    #[serde(skip)]
    pub conditions: Conditions,
    /// Rules of its entity that look at it: of fields of plugins on entities of the product alone.
    #[serde(skip)]
    pub rules: Vec<ValidationRule>,
}

/// What to change of a field. The type stays: another type is another field.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldPatch {
    /// Its name by language.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub label: Option<Labels>,
    /// Whether it must have a value; records that have none keep to themselves until they are changed.
    pub required: Option<bool>,
    /// Whether no two records have the same in it from now on; refused while some do.
    pub unique: Option<bool>,
    /// Whether lists find and sort by it through an index from soon on.
    pub indexed: Option<bool>,
    /// The values of a choice: all of them, in order. One that records may have is archived, not left out.
    #[schema(value_type = Option<Vec<Object>>)]
    pub choices: Option<Vec<Choice>>,
    /// The directory that gives the values of a choice from now on: it has all that the field has. An empty text makes them
    /// the field's own.
    pub directory: Option<String>,
    /// Of a computed field: what it is computed by from now on. An empty text leaves the values as they are, to be written
    /// like any other.
    pub formula: Option<String>,
    /// Of a computed field: digits after the point.
    pub decimals: Option<u32>,
    /// Of a field that counts or adds up: what it does from now on.
    pub rollup: Option<Rollup>,
}

impl Records {
    /// Adds a field to an entity (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` by field.
    pub async fn create_field(&self, ctx: &Ctx, entity: &str, input: NewField) -> Result<std::sync::Arc<EntityDef>> {
        require_admin(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        catalogue.entity(entity)?;
        let asked = input.key.clone();
        let own = checked(&catalogue, input)?;
        if own.unique {
            self.may_be_unique(entity, &own)?;
        }
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        if let Some(key) = &own.directory {
            // It may have been taken away meanwhile.
            standing(&directory::load(&tx, ctx.tenant).await?, key)?;
        }
        let taken = store::keys(&tx, ctx, Some(entity)).await?;
        if taken.len() >= MAX_FIELDS {
            return Err(wrong("key", FieldError::new("too_many").with("max", MAX_FIELDS)));
        }
        // The currency of a money field has a key too.
        let parts: Vec<String> = taken.iter().map(|key| store::currency_key(key).into()).collect();
        let key = free_key(asked.as_deref(), &own.label, &[taken.as_slice(), &parts].concat())?;
        if own.kind == FieldType::Money && taken.iter().any(|key_taken| *store::currency_key(&key) == **key_taken) {
            return Err(wrong("key", FieldError::new("taken")));
        }
        if own.indexed {
            indexed::may_be_indexed(&tx, ctx, entity, &key, &own).await?;
        }
        store::insert_field(&tx, ctx, entity, &key, &Owner::Custom, &own, place(taken.len())).await?;
        indexed::declare_own(&tx, ctx, (entity, &key), (None, &own)).await?;
        if let Some(text) = &own.formula {
            let def = self.defined_in(&tx, ctx, entity).await?;
            formula::check(&def, &key, own.kind, text, own.decimals).map_err(|(part, error)| wrong(part, error))?;
            recompute::begin(&tx, ctx, entity).await?;
        }
        if let Some(rollup) = &own.rollup {
            self.begin_rollup(&tx, ctx, entity, &key, own.kind, rollup).await?;
        }
        let object = format!("{entity}.{key}");
        audit::record(&tx, ctx, "field.created", &object, told_field(entity, &key, None, Some(&own))).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.defined(ctx, entity).await
    }

    /// Changes a field of the company's own, or the name of a plugin's (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `config.invalid`; conflict `config.doubles` with records that have the same in a field that is to
    /// be unique.
    pub async fn change_field(
        &self,
        ctx: &Ctx,
        entity: &str,
        key: &str,
        patch: FieldPatch,
    ) -> Result<std::sync::Arc<EntityDef>> {
        require_admin(ctx)?;
        self.defined(ctx, entity).await?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let kept = own_field(&tx, ctx, entity, key, false).await?;
        let was = kept.definition;
        let mut own = was.clone();
        if let Some(plugin) = kept.owner.plugin() {
            let changed = [
                ("required", patch.required.is_some()),
                ("unique", patch.unique.is_some()),
                ("indexed", patch.indexed.is_some()),
                ("choices", patch.choices.is_some()),
                ("directory", patch.directory.is_some()),
                ("formula", patch.formula.is_some()),
                ("rollup", patch.rollup.is_some()),
            ];
            if let Some((part, _)) = changed.iter().find(|(_, changed)| *changed) {
                return Err(wrong(part, FieldError::new("of_plugin").with("plugin", plugin)));
            }
            own.standing.renamed |= patch.label.is_some();
        }
        if let Some(label) = patch.label {
            own.label = labels("label", label)?;
        }
        own.required = patch.required.unwrap_or(own.required);
        if let Some(key) = &patch.directory {
            if patch.choices.is_some() {
                return Err(wrong("choices", FieldError::new("directory_or_choices")));
            }
            bind(&mut own, &directory::load(&tx, ctx.tenant).await?, key)?;
        }
        if let Some(given) = patch.choices {
            if own.directory.is_some() {
                return Err(wrong("choices", FieldError::new("directory_or_choices")));
            }
            let given = choices(own.kind, given)?;
            if let Some(lost) = own.choices.iter().find(|old| !given.iter().any(|new| new.key == old.key)) {
                return Err(wrong("choices", FieldError::new("choice_lost").with("value", &lost.key)));
            }
            own.choices = given;
        }
        let before = (own.formula.clone(), own.decimals);
        if let Some(text) = patch.formula {
            if before.0.is_none() {
                return Err(wrong("formula", FieldError::new("formula_of_new")));
            }
            own.formula = Some(text).filter(|text| !text.trim().is_empty());
        }
        own.decimals = patch.decimals.or(own.decimals).filter(|_| own.formula.is_some());
        if let Some(text) = own.formula.as_ref().filter(|_| before != (own.formula.clone(), own.decimals)) {
            let def = self.defined_in(&tx, ctx, entity).await?;
            formula::check(&def, key, own.kind, text, own.decimals).map_err(|(part, error)| wrong(part, error))?;
            recompute::begin(&tx, ctx, entity).await?;
        }
        if let Some(rollup) = patch.rollup {
            if own.rollup.is_none() {
                return Err(wrong("rollup", FieldError::new("formula_of_new")));
            }
            self.begin_rollup(&tx, ctx, entity, key, own.kind, &rollup).await?;
            own.rollup = Some(rollup);
        }
        if own.is_computed() && own.required {
            return Err(wrong("required", FieldError::new("formula_alone")));
        }
        let apart = patch.unique.filter(|unique| *unique != own.unique);
        own.unique = patch.unique.unwrap_or(own.unique);
        if own.unique && apart.is_some() {
            self.may_be_unique(entity, &own)?;
        }
        own.indexed = patch.indexed.unwrap_or(own.indexed);
        if own.indexed && !was.indexed {
            indexed::may_be_indexed(&tx, ctx, entity, key, &own).await?;
        }
        store::save(&tx, ctx, Which::Field(entity, key), &own).await?;
        indexed::declare_own(&tx, ctx, (entity, key), (Some(&was), &own)).await?;
        if apart.is_some() {
            self.claim_own(&tx, ctx, entity, key).await?;
        }
        let object = format!("{entity}.{key}");
        audit::record(&tx, ctx, "field.updated", &object, told_field(entity, key, Some(&was), Some(&own))).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.defined(ctx, entity).await
    }

    /// Hides a field of the company's own or of a plugin, or shows it again with the values it had (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.plugin_off` where its plugin does not run or does not declare it any more; conflict
    /// `config.doubles` where it is unique and records with the same value were brought back meanwhile.
    pub async fn set_field_removed(&self, ctx: &Ctx, entity: &str, key: &str, removed: bool) -> Result<()> {
        require_admin(ctx)?;
        let now = self.catalogue(ctx.tenant).await?;
        now.entity(entity)?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let kept = own_field(&tx, ctx, entity, key, !removed).await?;
        let (formula, rollup) = (kept.definition.formula.clone(), kept.definition.rollup.clone());
        let (kind, unique) = (kept.definition.kind, kept.definition.unique);
        let own = Some(kept.definition.clone()).filter(|own| own.indexed && kept.owner == Owner::Custom);
        if kept.owner.plugin().is_some() {
            let standing = shown(kept.definition.standing, removed)?;
            store::save(&tx, ctx, Which::Field(entity, key), &OwnField { standing, ..kept.definition }).await?;
        }
        if removed {
            self.let_go(&tx, ctx, &now, entity, key).await?;
        }
        if let Some(own) = &own {
            if !removed {
                indexed::may_be_indexed(&tx, ctx, entity, key, own).await?;
            }
            indexed::look_again(&tx, ctx).await?;
        }
        store::set_removed(&tx, ctx, Which::Field(entity, key), removed).await?;
        if !removed {
            if let Some(text) = &formula {
                let def = self.defined_in(&tx, ctx, entity).await?;
                formula::check(&def, key, kind, text, None).map_err(|(part, error)| wrong(part, error))?;
                recompute::begin(&tx, ctx, entity).await?;
            }
            if let Some(rollup) = &rollup {
                self.begin_rollup(&tx, ctx, entity, key, kind, rollup).await?;
            }
            if unique {
                self.claim_own(&tx, ctx, entity, key).await?;
            }
            retype::resume(&tx, ctx, entity, key).await?;
            // Records that were changed meanwhile are in the index without it.
            search::mark(&tx, ctx.tenant, entity).await?;
        }
        let act = if removed { "field.removed" } else { "field.restored" };
        audit::record(&tx, ctx, act, &format!("{entity}.{key}"), json!({})).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }
}

pub(super) fn require_admin(ctx: &Ctx) -> Result<()> {
    if ctx.rights.is_admin() { Ok(()) } else { Err(Error::Denied("admin")) }
}

pub(super) fn wrong(field: &str, error: FieldError) -> Error {
    Error::field(INVALID, field, error)
}

pub(super) fn place(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

pub(super) async fn own_field(
    tx: &kernel::db::Tx,
    ctx: &Ctx,
    entity: &str,
    key: &str,
    removed: bool,
) -> Result<Kept<OwnField>> {
    let kept = store::field(tx, ctx, entity, key).await?.filter(|kept| kept.removed == removed);
    kept.ok_or_else(|| Error::NotFound(format!("field {entity}.{key}")))
}

/// What a plugin declares, hidden by an administrator or shown again.
pub(super) fn shown(before: Standing, hidden: bool) -> Result<Standing> {
    let standing = Standing { hidden, ..before };
    if !hidden && standing.removed() {
        return Err(Error::Conflict { code: "config.plugin_off", current: None });
    }
    Ok(standing)
}

/// Names: one at least, none empty or endless.
pub(super) fn labels(field: &str, given: Labels) -> Result<Labels> {
    worded(given).map_err(|error| wrong(field, error))
}

/// The same, for names that stand at a place of their own.
///
/// # Errors
/// `required`, `too_long`, `characters`.
pub fn worded(given: Labels) -> Result<Labels, FieldError> {
    let kept: std::collections::BTreeMap<Locale, String> =
        given.0.into_iter().map(|(locale, words)| (locale, words.trim().to_owned())).collect();
    let kept = Labels(kept.into_iter().filter(|(_, words)| !words.is_empty()).collect());
    if kept.0.is_empty() {
        return Err(FieldError::new("required"));
    }
    if kept.0.values().any(|words| words.chars().count() > MAX_LABEL) {
        return Err(FieldError::new("too_long").with("max", MAX_LABEL));
    }
    if kept.0.values().any(|words| words.contains(char::is_control)) {
        return Err(FieldError::new("characters"));
    }
    Ok(kept)
}

/// The key asked for, or one made from the name, that nobody has had.
pub(super) fn free_key(asked: Option<&str>, label: &Labels, taken: &[String]) -> Result<String> {
    let has = |key: &str| taken.iter().any(|other| other == key);
    if let Some(key) = asked {
        let rest = key.strip_prefix("x_").unwrap_or_default();
        let plain = rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if rest.is_empty() || !plain || key.len() > MAX_KEY {
            return Err(wrong("key", FieldError::new("own_key").with("max", MAX_KEY)));
        }
        return if has(key) { Err(wrong("key", FieldError::new("taken"))) } else { Ok(key.to_owned()) };
    }
    let words: String = latin(label.in_locale(Locale::En), '_').chars().take(MAX_KEY - 6).collect();
    let words = if words.is_empty() { "own" } else { words.trim_end_matches('_') };
    let numbered = (1..).map(|n| if n == 1 { format!("x_{words}") } else { format!("x_{words}_{n}") });
    Ok(numbered.into_iter().find(|key| !has(key)).unwrap_or_default())
}

/// A field's definition, or everything that is wrong with it.
pub(super) fn checked(catalogue: &Catalogue, input: NewField) -> Result<OwnField> {
    use FieldType as T;
    let kind = input.r#type;
    let mut errors = FieldErrors::new();
    match kind {
        T::Formula => drop(errors.insert("type".into(), FieldError::new("type_of_result"))),
        T::File => drop(errors.insert("type".into(), FieldError::new("type_not_yet"))),
        T::Record | T::Stage | T::Pipeline | T::Currency => {
            drop(errors.insert("type".into(), FieldError::new("type_of_product")));
        }
        _ => {}
    }
    if input.indexed && !indexed::fits(kind) {
        errors.insert("indexed".into(), FieldError::new("not_indexed").with("type", kind.name()));
    }
    let links = matches!(kind, T::Link | T::Links);
    if links == input.entities.is_empty() {
        errors.insert("entities".into(), FieldError::new("link_entities"));
    } else if let Some(unknown) = input.entities.iter().find(|key| !is_target(catalogue, kind, key)) {
        errors.insert("entities".into(), FieldError::new("choice").with("value", unknown));
    }
    let given = input.directory.filter(|key| !key.is_empty());
    let listed = matches!(kind, T::Choice | T::Choices);
    let shared = given.as_deref().and_then(|key| catalogue.directory(key)).filter(|_| listed);
    if let Some(key) = given.as_ref().filter(|_| shared.is_none()) {
        errors.insert("directory".into(), FieldError::new("choice").with("value", key));
    } else if shared.is_some() && !input.choices.is_empty() {
        errors.insert("choices".into(), FieldError::new("directory_or_choices"));
    }
    let numbers = matches!(kind, T::Integer | T::Decimal | T::Money | T::Duration);
    let range = match (input.min, input.max) {
        (None, None) => None,
        _ if !numbers => {
            errors.insert("min".into(), FieldError::new("bounds_of_numbers"));
            None
        }
        (min, max) => Some((min.unwrap_or(-MAX_NUMBER), max.unwrap_or(MAX_NUMBER))),
    };
    if range.is_some_and(|(min, max)| min > max || min < -MAX_NUMBER || max > MAX_NUMBER) {
        errors.insert("max".into(), FieldError::new("range").with("min", -MAX_NUMBER).with("max", MAX_NUMBER));
    }
    if input.max_length.is_some_and(|length| !kind.is_text() || length == 0 || length > longest(kind)) {
        errors.insert("max_length".into(), FieldError::new("range").with("min", 1).with("max", longest(kind)));
    }
    let computed = input.formula.is_some() || input.rollup.is_some();
    if computed && (input.required || input.default.as_ref().is_some_and(|one| !one.is_null())) {
        errors.insert("required".into(), FieldError::new("formula_alone"));
    }
    if input.formula.is_some() && input.rollup.is_some() {
        errors.insert("rollup".into(), FieldError::new("rollup_or_formula"));
    }
    if input.formula.is_none() && input.decimals.is_some() {
        errors.insert("decimals".into(), FieldError::new("formula_of_new"));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid { code: INVALID, fields: errors });
    }
    let own = OwnField {
        kind,
        label: labels("label", input.label)?,
        required: input.required,
        targets: input.entities.into_iter().map(Into::into).collect(),
        choices: if shared.is_some() { Vec::new() } else { choices(kind, input.choices)? },
        directory: given,
        max_length: input.max_length,
        range,
        default: None,
        indexed: input.indexed,
        unique: input.unique,
        formula: input.formula,
        decimals: input.decimals,
        rollup: input.rollup,
        conditions: input.conditions,
        rules: input.rules,
        place: 0,
        moved: None,
        standing: Standing::default(),
    };
    let default = input.default.filter(|default| !default.is_null());
    let offered = shared.map_or_else(|| own.choices.clone(), |shared| shared.choices(false));
    default
        .as_ref()
        .map_or(Ok(()), |default| fits(&own, &offered, default))
        .map_err(|error| wrong("default", error))?;
    Ok(OwnField { default, ..own })
}

/// Largest number a field may be bound to: what decimals keep before the point.
const MAX_NUMBER: i64 = 99_999_999_999;
