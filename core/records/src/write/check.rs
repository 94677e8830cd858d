//! Validation of new images: required values, choices, lengths, ranges, addresses, stages, and that everything
//! pointed to exists for the actor.

use std::collections::{BTreeSet, HashMap, HashSet};

use kernel::access::Rights;
use kernel::db::ConnectionTrait;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::{DECIMAL_DIGITS, FieldType};
use kernel::{Ctx, EntityKey, Result, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::PendingChange;
use super::manner::Fresh;
use crate::Catalogue;
use crate::catalogue::{EntityDef, FieldDef};
use crate::conditions::Scope;
use crate::references::{self, Target, USER};

/// What is wrong with the values that a change sets. What is closed to the writer asks nothing of them. `archived`: choices
/// that are offered no more may be set.
pub(super) fn values(change: &PendingChange, catalogue: &Catalogue, rights: &Rights, archived: bool) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let touched = change.touched();
    for field in change.entity.fields.iter().filter(|field| field.part_of.is_none()) {
        let value = change.after.get(&field.key).unwrap_or(&Value::Null);
        if value.is_empty() {
            if lacks(change, field, rights) && answers_for(change, field) {
                errors.insert(field.key.to_string(), FieldError::new("required"));
            }
            continue;
        }
        if !field.system
            && touched.binary_search(&&field.key).is_ok()
            && changes_whole(change, field)
            && let Err(error) = value_of(change, field, value, catalogue, archived)
        {
            errors.insert(field.key.to_string(), error);
        }
    }
    errors
}

/// Required fields that are empty, whoever left them so.
pub(crate) fn gaps(change: &PendingChange, rights: &Rights) -> FieldErrors {
    let empty = |field: &&FieldDef| change.after.get(&field.key).is_none_or(Value::is_empty);
    let fields = change.entity.fields.iter().filter(|field| field.part_of.is_none());
    let lacking = fields.filter(empty).filter(|field| lacks(change, field, rights));
    lacking.map(|field| (field.key.to_string(), FieldError::new("required"))).collect()
}

/// Whether a field that is empty must not be. Where it depends on others, `conditions` says so.
fn lacks(change: &PendingChange, field: &FieldDef, rights: &Rights) -> bool {
    field.required && field.conditions.is_none() && !rights.closes(&change.entity.key, &field.key)
}

/// An old gap keeps a record from moving on, not from other changes.
fn answers_for(change: &PendingChange, field: &FieldDef) -> bool {
    Scope::of(change) == Scope::Whole || changes_whole(change, field)
}

/// Whether the field, or its currency, will differ.
fn changes_whole(change: &PendingChange, field: &FieldDef) -> bool {
    let currency = if field.kind == FieldType::Money { change.entity.currency_of(field) } else { None };
    change.changes(&field.key) || currency.is_some_and(|currency| change.changes(&currency.key))
}

fn value_of(
    change: &PendingChange,
    field: &FieldDef,
    value: &Value,
    catalogue: &Catalogue,
    archived: bool,
) -> Result<(), FieldError> {
    let def: &EntityDef = &change.entity;
    let unknown =
        |code: &str, text: &str| Err(FieldError::new(code).with("value", text.chars().take(80).collect::<String>()));
    match (field.kind, value) {
        (FieldType::Choice, Value::Text(key)) if field.key == references::ENTITY_BESIDE => {
            catalogue.find(key).map_or_else(|| unknown("choice", key), |_| Ok(()))
        }
        (FieldType::Choice, Value::Text(key)) if !may_be_set(change, field, key, archived) => unknown("choice", key),
        (FieldType::Choices, Value::Texts(keys)) => {
            let refused = keys.iter().find(|key| !may_be_set(change, field, key, archived));
            refused.map_or(Ok(()), |key| unknown("choice", key))
        }
        (FieldType::Stage, Value::Text(key)) if catalogue.pipelines.stage(&def.key, key).is_none() => {
            unknown("stage", key)
        }
        (FieldType::Emails, Value::Multi(items)) => {
            items.iter().find(|item| !plausible_email(&item.value)).map_or(Ok(()), |item| unknown("email", &item.value))
        }
        (_, Value::Text(text)) if text.chars().count() > field.max_length => {
            Err(FieldError::new("too_long").with("max", field.max_length))
        }
        (_, Value::Integer(n)) => in_range(field, Decimal::from(*n)),
        (_, Value::Decimal(d)) => in_range(field, *d),
        (_, Value::Money(money)) => money.amount.map_or(Ok(()), |amount| in_range(field, amount)).and(money.check()),
        _ => Ok(()),
    }
}

/// Whether a choice is offered, or stands in the list already.
fn may_be_set(change: &PendingChange, field: &FieldDef, key: &str, archived: bool) -> bool {
    let had = || match change.before.as_ref().and_then(|before| before.get(&field.key)) {
        Some(Value::Texts(keys)) => keys.iter().any(|had| had == key),
        _ => false,
    };
    let known = || field.choices.iter().any(|choice| choice.key == key);
    field.offers(key) || had() || (archived && known())
}

fn in_range(field: &FieldDef, value: Decimal) -> Result<(), FieldError> {
    // Whole numbers have as many digits: thousands of the largest can still be added up.
    let scale = if field.kind == FieldType::Integer { 0 } else { kernel::value::DECIMAL_SCALE };
    let limit = 10_i64.pow(DECIMAL_DIGITS - scale);
    let (min, max) = field.range.unwrap_or((-limit, limit));
    if value < Decimal::from(min) || value > Decimal::from(max) {
        return Err(FieldError::new("range").with("min", min).with("max", max));
    }
    Ok(())
}

/// Something, `@`, something with no spaces: what a mail server will say is not ours to guess.
fn plausible_email(text: &str) -> bool {
    let no_spaces = !text.contains(char::is_whitespace);
    no_spaces && text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// Marks the changes that newly point to something that does not exist or that the actor may not see. What is made beside
/// them is there.
pub(super) async fn references(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    changes: &[&PendingChange],
    fresh: &Fresh,
) -> Result<Vec<FieldErrors>> {
    let mut wanted: HashMap<EntityKey, BTreeSet<Uuid>> = HashMap::new();
    for pointer in changes.iter().copied().flat_map(pointers).filter(|pointer| !fresh.contains(&pointer.id)) {
        for target in pointer.targets {
            wanted.entry(target).or_default().insert(pointer.id);
        }
    }
    let mut known: HashMap<EntityKey, HashSet<Uuid>> = HashMap::new();
    for (target, mut ids) in wanted {
        let found = known.entry(target.clone()).or_default();
        // Pointing to oneself needs no look-up.
        if let Some(me) = ctx.user().filter(|me| target == USER && ids.remove(&me.0)) {
            found.insert(me.0);
        }
        if let Some(target) = Target::of(catalogue, &target).filter(|_| !ids.is_empty()) {
            let ids: Vec<Uuid> = ids.into_iter().collect();
            found.extend(target.existing(conn, catalogue, ctx, &ids).await?);
        }
    }
    let there = |pointer: &Pointer| {
        fresh.contains(&pointer.id)
            || pointer.targets.iter().any(|target| known.get(target).is_some_and(|found| found.contains(&pointer.id)))
    };
    let missing = |change: &PendingChange| {
        let lost = pointers(change).into_iter().filter(|pointer| !there(pointer));
        lost.map(|pointer| (pointer.field, FieldError::new("missing"))).collect()
    };
    Ok(changes.iter().copied().map(missing).collect())
}

/// Something that a change newly points to.
struct Pointer {
    targets: Vec<EntityKey>,
    field: String,
    id: Uuid,
}

fn pointers(change: &PendingChange) -> Vec<Pointer> {
    let mut all = Vec::new();
    for field in change.changed().filter(|field| !field.system && field.kind != FieldType::Pipeline) {
        let ids: &[Uuid] = match change.after.get(&field.key) {
            Some(Value::Id(id)) => std::slice::from_ref(id),
            Some(Value::Ids(ids)) => ids,
            _ => continue,
        };
        // What a list pointed to before may stay, deleted or hidden from this writer as it may be.
        let before: &[Uuid] = match change.before.as_ref().and_then(|before| before.get(&field.key)) {
            Some(Value::Ids(ids)) => ids,
            _ => &[],
        };
        let targets = references::pointed_to(field, &change.after);
        let new = ids.iter().filter(|id| !before.contains(id));
        all.extend(new.map(|id| Pointer { targets: targets.clone(), field: field.key.to_string(), id: *id }));
    }
    all
}
