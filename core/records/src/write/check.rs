//! Validation of new images: required values, choices, lengths, ranges, addresses, stages, and that everything
//! pointed to exists for the actor.

use std::collections::{BTreeSet, HashMap, HashSet};

use kernel::access::Action;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::{DECIMAL_DIGITS, FieldType};
use kernel::{Ctx, Result, Value};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use super::PendingChange;
use crate::catalogue::FieldDef;
use crate::shape::Asker;
use crate::stages::Pipelines;

/// What is wrong with the values that a change sets.
pub(super) fn values(change: &PendingChange, pipelines: &Pipelines) -> FieldErrors {
    let mut errors = FieldErrors::new();
    for field in &change.entity.fields {
        let value = change.after.get(field.key).unwrap_or(&Value::Null);
        if value.is_empty() {
            if field.required {
                errors.insert(field.key.to_owned(), FieldError::new("required"));
            }
            continue;
        }
        if !field.system
            && change.changes(field.key)
            && let Err(error) = value_of(change.entity.key, field, value, pipelines)
        {
            errors.insert(field.key.to_owned(), error);
        }
    }
    errors
}

fn value_of(entity: &str, field: &FieldDef, value: &Value, pipelines: &Pipelines) -> Result<(), FieldError> {
    let unknown =
        |code: &str, text: &str| Err(FieldError::new(code).with("value", text.chars().take(80).collect::<String>()));
    match (field.kind, value) {
        (FieldType::Choice, Value::Text(key)) if !field.choices.contains(&key.as_str()) => unknown("choice", key),
        (FieldType::Stage, Value::Text(key)) if pipelines.stage(entity, key).is_none() => unknown("stage", key),
        (FieldType::Emails, Value::Multi(items)) => {
            items.iter().find(|item| !plausible_email(&item.value)).map_or(Ok(()), |item| unknown("email", &item.value))
        }
        (_, Value::Text(text)) if text.chars().count() > field.max_length => {
            Err(FieldError::new("too_long").with("max", field.max_length))
        }
        (_, Value::Integer(n)) => in_range(field, Decimal::from(*n)),
        (_, Value::Decimal(d)) => in_range(field, *d),
        _ => Ok(()),
    }
}

fn in_range(field: &FieldDef, value: Decimal) -> Result<(), FieldError> {
    let limit = 10_i64.pow(DECIMAL_DIGITS - kernel::value::DECIMAL_SCALE);
    let whole = field.kind == FieldType::Integer;
    let (min, max) = field.range.unwrap_or(if whole { (i64::MIN, i64::MAX) } else { (-limit, limit) });
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

/// Marks the changes that newly point to something that does not exist or that the actor may not see.
pub(super) async fn references(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    changes: &[&PendingChange],
) -> Result<Vec<FieldErrors>> {
    let mut wanted: HashMap<&str, BTreeSet<Uuid>> = HashMap::new();
    for (target, _, id) in changes.iter().copied().flat_map(pointed) {
        wanted.entry(target).or_default().insert(id);
    }
    let mut known: HashSet<(&str, Uuid)> = HashSet::new();
    for (target, ids) in wanted {
        // Pointing to oneself needs no look-up.
        let ids: Vec<Uuid> =
            ids.into_iter().filter(|id| !(target == "user" && ctx.user().is_some_and(|me| me.0 == *id))).collect();
        if let (Some(me), "user") = (ctx.user(), target) {
            known.insert(("user", me.0));
        }
        known.extend(existing(conn, ctx, target, ids).await?.into_iter().map(|id| (target, id)));
    }
    let missing = |change: &PendingChange| {
        pointed(change)
            .filter(|(target, _, id)| !known.contains(&(*target, *id)))
            .map(|(_, field, _)| (field.to_owned(), FieldError::new("missing")))
            .collect()
    };
    Ok(changes.iter().copied().map(missing).collect())
}

/// What a change newly points to: target entity, field, id.
fn pointed(change: &PendingChange) -> impl Iterator<Item = (&'static str, &'static str, Uuid)> {
    let of_field = move |field: &'static FieldDef| {
        let target = match field.kind {
            FieldType::User => Some("user"),
            FieldType::Department => Some("department"),
            FieldType::Link | FieldType::Links => field.target,
            FieldType::Record => change
                .after
                .get("record_entity")
                .and_then(Value::as_text)
                .and_then(|key| crate::catalogue::entity(key).map(|def| def.key)),
            _ => None,
        };
        let changed = !field.system && change.changes(field.key);
        let ids = match (target, change.after.get(field.key)) {
            (Some(_), Some(Value::Id(id))) if changed => vec![*id],
            (Some(_), Some(Value::Ids(ids))) if changed => ids.clone(),
            _ => Vec::new(),
        };
        ids.into_iter().filter_map(move |id| target.map(|target| (target, field.key, id)))
    };
    change.entity.fields.iter().flat_map(of_field)
}

async fn existing(conn: &impl ConnectionTrait, ctx: &Ctx, target: &str, ids: Vec<Uuid>) -> Result<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = Query::select();
    let table = match target {
        "user" => "user_account",
        "department" => "department",
        key => crate::entity(key)?.table,
    };
    select.column((table, "id")).from(table);
    select.and_where(Expr::col((table, "id")).is_in(ids)).and_where(Expr::col((table, "tenant_id")).eq(ctx.tenant.0));
    match target {
        "user" => drop(select.and_where(Expr::col((table, "active")).eq(true))),
        "department" => {}
        key => {
            select.and_where(Expr::col((table, "deleted_at")).is_null());
            let asker = Asker::new(ctx, conn.get_database_backend());
            if let Some(allowed) = asker.allowed(key, table, Action::Read).map_err(crate::bad_filter)? {
                select.and_where(allowed);
            }
        }
    }
    let rows = conn.query_all(&select).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}
