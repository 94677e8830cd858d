//! What the product itself fills in: defaults, titles, stage bookkeeping, searchable text.

use std::sync::Arc;

use kernel::value::{FieldType, Money};
use kernel::{Ctx, Fields, Value};

use super::{Operation, PendingChange};
use crate::catalogue::{EntityDef, text};
use crate::stages::{Pipelines, Semantic};

/// Longest searchable text of a record, in characters.
const MAX_SEARCH: usize = 4_000;

/// Defaults that hooks should already see: the first stage, a plain "not done".
pub(super) fn before_hooks(change: &mut PendingChange, pipelines: &Pipelines) {
    let def = Arc::clone(&change.entity);
    if def.staged
        && is_empty(&change.after, "stage")
        && let Some((_, stage)) = pipelines.first(&def.key)
    {
        change.after.insert("stage".into(), Value::Text(stage.key.clone()));
    }
    if def.field("done").is_some() && is_empty(&change.after, "done") {
        change.after.insert("done".into(), Value::Boolean(false));
    }
}

/// Defaults that hooks may have filled in, and what follows from the other fields.
pub(super) fn after_hooks(change: &mut PendingChange, ctx: &Ctx, pipelines: &Pipelines) {
    let def = Arc::clone(&change.entity);
    let now = Value::Instant(ctx.now());
    let me = ctx.user().map_or(Value::Null, |user| Value::Id(user.0));
    if change.operation == Operation::Create {
        if is_empty(&change.after, "owner") {
            change.after.insert("owner".into(), me.clone());
        }
        change.after.insert("creator".into(), me.clone());
        change.after.insert("created_at".into(), now.clone());
    }
    if is_empty(&change.after, "title") {
        change.after.insert("title".into(), Value::Text(title(&change.after, ctx)));
    }
    complete_money(&def, &mut change.after, &pipelines.currency);
    if def.staged && change.changes("stage") {
        stage_entered(change, pipelines, &now);
    }
    if def.field("done_at").is_some() && change.changes("done") {
        let done = change.after.get("done") == Some(&Value::Boolean(true));
        change.after.insert("done_at".into(), if done { now.clone() } else { Value::Null });
    }
    match change.operation {
        Operation::Delete => drop(change.after.insert("deleted_at".into(), now.clone())),
        Operation::Restore => drop(change.after.insert("deleted_at".into(), Value::Null)),
        _ => {}
    }
    change.after.insert("editor".into(), me);
    change.after.insert("updated_at".into(), now.clone());
    change.after.insert("last_activity_at".into(), now);
}

fn stage_entered(change: &mut PendingChange, pipelines: &Pipelines, now: &Value) {
    let key = change.after.get("stage").and_then(Value::as_text).unwrap_or_default();
    let Some((pipeline, stage)) = pipelines.stage(&change.entity.key, key) else { return };
    let closed = if stage.semantic == Semantic::Open { Value::Null } else { now.clone() };
    change.after.insert("pipeline".into(), Value::Id(pipeline.id));
    change.after.insert("stage_since".into(), now.clone());
    change.after.insert("closed_at".into(), closed);
}

/// An amount without a currency is in the company's.
fn complete_money(def: &EntityDef, image: &mut Fields, currency: &str) {
    let Ok(currency) = currency.parse() else { return };
    for field in def.fields.iter().filter(|field| field.kind == FieldType::Money) {
        if let Some(value) = image.get_mut(&field.key)
            && let Value::Decimal(amount) = value
        {
            *value = Value::Money(Money { amount: Some(*amount), currency });
        }
    }
}

fn is_empty(fields: &Fields, key: &str) -> bool {
    fields.get(key).is_none_or(Value::is_empty)
}

/// A person's or company's name, else a way to reach them, else "Untitled".
fn title(fields: &Fields, ctx: &Ctx) -> String {
    let part = |key: &str| fields.get(key).and_then(Value::as_text).unwrap_or_default();
    let name = [part("last_name"), part("first_name"), part("middle_name")];
    let name = name.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ");
    let reach = ["phones", "emails", "messengers", "sites"].iter().find_map(|key| match fields.get(*key) {
        Some(Value::Multi(values)) => values.first().map(|v| v.value.clone()),
        _ => None,
    });
    let words = |key: &str| part(key).lines().next().unwrap_or_default().chars().take(80).collect::<String>();
    [name, words("company_title"), words("text"), reach.unwrap_or_default()]
        .into_iter()
        .find(|candidate| !candidate.is_empty())
        .unwrap_or_else(|| text("untitled", ctx.locale))
}

/// The text that words are looked for in: everything people would type to find the record, folded.
pub(crate) fn search_text(def: &EntityDef, fields: &Fields, number: i64) -> String {
    let mut text = number.to_string();
    for field in &def.fields {
        let searched = matches!(field.kind, FieldType::Text) && !field.key.starts_with("utm_");
        match fields.get(&field.key) {
            Some(Value::Text(value)) if searched => {
                text.push(' ');
                text.push_str(value);
            }
            Some(Value::Multi(values)) => {
                for item in values {
                    text.push(' ');
                    text.push_str(&item.value);
                }
            }
            _ => {}
        }
    }
    kernel::words::folded(&text).chars().take(MAX_SEARCH).collect()
}
