//! Conditions of fields and validation rules on their way between companies. Fields of the product and of modules have conditions
//! too: where such a field is not there, the condition has nothing to stand at.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{Gathered, Moved, Trouble};
use kernel::{Ctx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::definitions::absent;
use super::{Spec, add};
use crate::Records;
use crate::catalogue::Catalogue;
use crate::catalogue::change::wrong;
use crate::catalogue::condition::{Conditions, ValidationRule};
use crate::catalogue::rules::{self as kept, MAX_RULES, PlacedRule, keep_conditions};

/// Conditions of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionSpec {
    entity: String,
    field: String,
    conditions: Conditions,
}

impl Spec for ConditionSpec {
    fn key(&self) -> String {
        format!("{}.{}", self.entity, self.field)
    }
}

/// A validation rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSpec {
    entity: String,
    rule: ValidationRule,
}

impl Spec for RuleSpec {
    fn key(&self) -> String {
        format!("{}.{}", self.entity, self.rule.name)
    }
}

/// Conditions of fields that are there, by entity and field.
pub(super) async fn conditions(conn: &impl ConnectionTrait, ctx: &Ctx, catalogue: &Catalogue) -> Result<Gathered> {
    let mut all = Gathered::default();
    let mut found = kept::conditions(conn, ctx.tenant).await?;
    found.retain(|(entity, field, _)| catalogue.find(entity).is_some_and(|def| def.field(field).is_some()));
    found.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    for (entity, field, conditions) in found {
        let (entity, field) = (entity.to_string(), field.to_string());
        add(&mut all, &ConditionSpec { entity, field, conditions })?;
    }
    Ok(all)
}

/// Rules by entity, there in their order.
pub(super) async fn rules(conn: &impl ConnectionTrait, ctx: &Ctx, catalogue: &Catalogue) -> Result<Gathered> {
    let mut all = Gathered::default();
    let mut found = kept::rules(conn, ctx.tenant).await?;
    // Databases order texts differently.
    found.sort_by(|one, other| one.0.cmp(&other.0));
    for (entity, placed) in found {
        if catalogue.find(&entity).is_some() {
            add(&mut all, &RuleSpec { entity: entity.to_string(), rule: placed.rule })?;
        }
    }
    Ok(all)
}

impl Records {
    pub(super) async fn put_conditions(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        for moved in wanted {
            if let Err(error) = put_condition(tx, ctx, &catalogue, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }

    pub(super) async fn put_rules(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        let mut all: Vec<PlacedRule> =
            kept::rules(tx, ctx.tenant).await?.into_iter().map(|(_, placed)| placed).collect();
        for moved in wanted {
            match put_rule(tx, ctx, &catalogue, &all, moved).await {
                Ok(made) => all.extend(made),
                Err(error) => troubles.extend(Trouble::of(moved, error)?),
            }
        }
        Ok(troubles)
    }
}

/// Puts a rule in; gives it where it is a new one.
async fn put_rule(
    tx: &Tx,
    ctx: &Ctx,
    catalogue: &Catalogue,
    all: &[PlacedRule],
    moved: &Moved,
) -> Result<Option<PlacedRule>> {
    let (known, spec) = (moved.known::<RuleSpec>()?, moved.wanted::<RuleSpec>()?);
    let same = |of: &RuleSpec, placed: &PlacedRule| placed.entity == of.entity && placed.rule.name == of.rule.name;
    let before = known.as_ref().and_then(|known| all.iter().find(|placed| same(known, placed)));
    let Some(spec) = spec else {
        if let Some(before) = before {
            kept::delete(tx, ctx, before.id).await?;
            audit::record(tx, ctx, "rule.removed", &moved.key, json!({"before": before.rule})).await?;
        }
        return Ok(None);
    };
    let def = catalogue.find(&spec.entity).ok_or_else(|| absent("entity", &spec.entity))?;
    let rule = kept::checked(def, spec.rule, before.map(|placed| &placed.rule))?;
    if let Some(before) = before {
        let placed = PlacedRule { rule, ..before.clone() };
        kept::update(tx, ctx, &placed).await?;
        let detail = json!({"before": before.rule, "after": placed.rule});
        audit::record(tx, ctx, "rule.updated", &moved.key, detail).await?;
        return Ok(None);
    }
    let others = all.iter().filter(|placed| placed.entity == spec.entity);
    if others.clone().count() >= MAX_RULES {
        return Err(wrong("name", FieldError::new("too_many").with("max", MAX_RULES)));
    }
    let place = others.map(|placed| placed.place).max().unwrap_or(0).saturating_add(1);
    let placed = PlacedRule { id: ctx.id(), entity: spec.entity.clone(), place, rule, plugin: None };
    kept::insert(tx, ctx, &placed).await?;
    audit::record(tx, ctx, "rule.created", &moved.key, json!({"after": placed.rule})).await?;
    Ok(Some(placed))
}

async fn put_condition(tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, moved: &Moved) -> Result<()> {
    let (known, spec) = (moved.known::<ConditionSpec>()?, moved.wanted::<ConditionSpec>()?);
    let before = known.as_ref().map(|known| &known.conditions);
    let Some((entity, field)) = spec.as_ref().or(known.as_ref()).map(|of| (&of.entity, &of.field)) else {
        return Ok(());
    };
    let given = spec.as_ref().map(|spec| spec.conditions.clone().tidied()).unwrap_or_default();
    if !given.is_empty() {
        let def = catalogue.find(entity).ok_or_else(|| absent("entity", entity))?;
        let there = def.field(field).ok_or_else(|| absent("field", field))?;
        given.check(def, there).map_err(|(part, error)| wrong(part, error))?;
    }
    keep_conditions(tx, ctx, entity, field, &given).await?;
    let detail = json!({"before": before, "after": given});
    Ok(audit::record(tx, ctx, "field.conditions", &moved.key, detail).await?)
}
