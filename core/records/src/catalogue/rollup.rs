//! Fields that count or add up the records which link to theirs: `companies have so many open deals`. Their values are
//! kept beside the others and follow the event log (`crate::rollups`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::filter::{Filter, Operand};
use kernel::value::FieldType;
use kernel::{Ctx, EntityKey, FieldKey, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::change::wrong;
use super::{Catalogue, EntityDef, FieldDef, labels};
use crate::read::MeasureOp;
use crate::{Records, recompute, rules};

/// What a field counts or adds up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollup {
    /// Records of this entity.
    #[schema(value_type = String)]
    pub entity: EntityKey,
    /// By this link of theirs to the record.
    #[schema(value_type = String)]
    pub via: FieldKey,
    /// `count`, `sum`, `avg`, `min`, `max`.
    #[schema(value_type = String)]
    pub op: MeasureOp,
    /// What is added up or compared; not of `count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub field: Option<FieldKey>,
    /// Only those that pass: by their own fields and fixed values, for nothing else tells when to count again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<kernel::filter::shape::Filter>, nullable = false)]
    pub filter: Option<Filter>,
}

impl Rollup {
    /// Fields of the linking entity that it looks at.
    pub fn looks_at(&self) -> impl Iterator<Item = &str> {
        let filtered = self.filter.iter().flat_map(Filter::fields);
        [self.via.as_str()].into_iter().chain(self.field.as_deref()).chain(filtered)
    }

    /// Whether it follows the records of an entity.
    pub fn follows(&self, entity: &str) -> bool {
        self.entity == entity
    }
}

/// Passes what a field of the entity may be.
///
/// # Errors
/// On `rollup`: that it names what is not there, does not give values of this type, or ends in itself.
pub(super) fn check(
    catalogue: &Catalogue,
    def: &EntityDef,
    key: &str,
    kind: FieldType,
    rollup: &Rollup,
) -> std::result::Result<(), FieldError> {
    let child = catalogue.find(&rollup.entity);
    let child = child.ok_or_else(|| FieldError::new("choice").with("value", rollup.entity.as_str()))?;
    let links = |field: &&FieldDef| matches!(field.kind, FieldType::Link | FieldType::Links) && field.part_of.is_none();
    let via = child.field(&rollup.via).filter(links).filter(|field| field.targets.contains(&def.key));
    if via.is_none() {
        return Err(FieldError::new("rollup_via").with("field", rollup.via.as_str()));
    }
    if !gives(child, rollup, kind) {
        return Err(FieldError::new("rollup_type").with("type", kind.name()));
    }
    if let Some(filter) = &rollup.filter {
        if filter.fields().iter().any(|field| field.contains('.')) || !is_fixed(filter) {
            return Err(FieldError::new("rollup_fixed"));
        }
        rules::sound(catalogue, &rollup.entity, filter)?;
    }
    if leads_back(catalogue, rollup, (&def.key, key), &mut BTreeSet::new()) {
        return Err(FieldError::new("formula_cycle").with("path", format!("{}.{key}", def.key)));
    }
    Ok(())
}

impl Records {
    /// Passes what a field is to count, and has it counted when the transaction is committed.
    pub(super) async fn begin_rollup(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        entity: &str,
        key: &str,
        kind: FieldType,
        rollup: &Rollup,
    ) -> Result<()> {
        let catalogue = self.drawn_in(tx, ctx).await?;
        check(&catalogue, catalogue.entity(entity)?, key, kind, rollup).map_err(|error| wrong("rollup", error))?;
        recompute::begin(tx, ctx, entity).await
    }
}

/// Whether it gives values of a type.
fn gives(child: &EntityDef, rollup: &Rollup, kind: FieldType) -> bool {
    use FieldType as T;
    let Some(key) = &rollup.field else { return rollup.op == MeasureOp::Count && kind == T::Integer };
    let Some(of) = child.field(key).filter(|field| !field.is_live()).map(|field| field.kind) else { return false };
    match rollup.op {
        MeasureOp::Count => false,
        MeasureOp::Min | MeasureOp::Max => {
            of == kind && matches!(kind, T::Integer | T::Decimal | T::Money | T::Duration | T::Datetime)
        }
        MeasureOp::Sum => {
            (of == kind && matches!(kind, T::Integer | T::Decimal | T::Money | T::Duration))
                || (of == T::Integer && kind == T::Decimal)
        }
        MeasureOp::Avg => match kind {
            T::Decimal => matches!(of, T::Integer | T::Decimal | T::Duration),
            T::Money => of == T::Money,
            _ => false,
        },
    }
}

/// Whether nothing in it depends on the time or on who asks.
fn is_fixed(filter: &Filter) -> bool {
    fn fixed(value: &Operand) -> bool {
        match value {
            Operand::None | Operand::One(_) => true,
            Operand::Many(values) => values.iter().all(fixed),
            Operand::Relative(_) | Operand::Me | Operand::MyDepartment | Operand::MySubtree | Operand::MyHeaded => {
                false
            }
        }
    }
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(is_fixed),
        Filter::Not(part) => is_fixed(part),
        Filter::Test(test) => fixed(&test.value),
    }
}

/// Whether what it looks at is computed of the field itself, by whatever way.
fn leads_back(
    catalogue: &Catalogue,
    rollup: &Rollup,
    to: (&str, &str),
    seen: &mut BTreeSet<(EntityKey, String)>,
) -> bool {
    rollup.looks_at().any(|field| computed_of(catalogue, &rollup.entity, field, to, seen))
}

fn computed_of(
    catalogue: &Catalogue,
    entity: &EntityKey,
    field: &str,
    to: (&str, &str),
    seen: &mut BTreeSet<(EntityKey, String)>,
) -> bool {
    if (entity.as_str(), field) == to {
        return true;
    }
    if !seen.insert((entity.clone(), field.to_owned())) {
        return false;
    }
    let Some(found) = catalogue.find(entity).and_then(|def| def.field(field)) else { return false };
    if let Some(rollup) = &found.rollup {
        return leads_back(catalogue, rollup, to, seen);
    }
    let inputs = found.formula.iter().flat_map(|formula| formula.inputs());
    inputs.into_iter().any(|input| computed_of(catalogue, entity, input, to, seen))
}

/// Fields of any entity that look at a field: `[{kind, key, name}]`.
pub(super) fn users(catalogue: &Catalogue, entity: &str, key: &str) -> Vec<Json> {
    let of = catalogue.entities().iter().flat_map(|def| def.fields.iter().map(move |field| (def, field)));
    let looks = |rollup: &Rollup| rollup.follows(entity) && rollup.looks_at().any(|field| field == key);
    let users = of.filter(|(_, field)| field.rollup.as_deref().is_some_and(looks)).map(|(def, field)| {
        let name = labels::field_label(def, field, kernel::Locale::En);
        json!({"kind": "rollup", "key": format!("{}.{}", def.key, field.key), "name": name})
    });
    users.collect()
}

/// By entity: which entities have fields that follow its records, with what these do.
pub(super) type Followers = HashMap<EntityKey, Vec<(Arc<EntityDef>, Vec<Arc<Rollup>>)>>;

/// Who follows whom, of a whole snapshot.
pub(super) fn all_followers(entities: &[Arc<EntityDef>]) -> Followers {
    let mut followers = Followers::new();
    for def in entities {
        let mut followed: BTreeMap<&EntityKey, Vec<Arc<Rollup>>> = BTreeMap::new();
        for rollup in def.fields.iter().filter_map(|field| field.rollup.as_ref()) {
            followed.entry(&rollup.entity).or_default().push(Arc::clone(rollup));
        }
        for (entity, rollups) in followed {
            followers.entry(entity.clone()).or_default().push((Arc::clone(def), rollups));
        }
    }
    followers
}

/// Entities with fields that follow the records of one.
pub(crate) fn followers<'a>(catalogue: &'a Catalogue, entity: &str) -> &'a [(Arc<EntityDef>, Vec<Arc<Rollup>>)] {
    catalogue.followers.get(entity).map_or(&[], Vec::as_slice)
}
