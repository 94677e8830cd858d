//! What the product itself fills in: defaults, titles, stage bookkeeping, searchable text.

use std::borrow::Cow;
use std::sync::Arc;

use kernel::value::{FieldType, Money};
use kernel::{Ctx, Fields, Value};

use super::{EntityRules, Operation, Past, PendingChange};
use crate::catalogue::{EntityDef, choice_label, text};
use crate::computed::{self, Which};
use crate::stages::{Pipelines, Semantic};

/// Longest searchable text of a record, in characters.
const MAX_SEARCH: usize = 4_000;

/// Defaults that hooks should already see: the first stage, what the entity's own rules say.
pub(super) fn before_hooks(
    change: &mut PendingChange,
    ctx: &Ctx,
    pipelines: &Pipelines,
    rules: Option<&dyn EntityRules>,
) {
    let def = Arc::clone(&change.entity);
    if change.operation == Operation::Create {
        for field in def.fields.iter().filter(|field| !change.given.contains(&field.key)) {
            if let Some(default) = field.default.as_ref().filter(|_| is_empty(&change.after, &field.key)) {
                change.after.insert(field.key.clone(), default.clone());
            }
        }
    }
    if def.staged
        && is_empty(&change.after, "stage")
        && let Some((_, stage)) = pipelines.first(&def.key)
    {
        change.after.insert("stage".into(), Value::Text(stage.key.clone()));
    }
    if let Some(rules) = rules {
        rules.defaults(ctx, change);
    }
}

/// Defaults that hooks may have filled in, and what follows from the other fields.
pub(super) fn after_hooks(
    change: &mut PendingChange,
    ctx: &Ctx,
    pipelines: &Pipelines,
    rules: Option<&dyn EntityRules>,
) {
    let def = Arc::clone(&change.entity);
    let now = Value::Instant(ctx.now());
    let me = ctx.user().map_or(Value::Null, |user| Value::Id(user.0));
    if change.operation == Operation::Create {
        if is_empty(&change.after, "owner") {
            change.after.insert("owner".into(), me.clone());
        }
        change.after.insert("creator".into(), me);
        change.after.insert("created_at".into(), now.clone());
    }
    if is_empty(&change.after, "title") {
        let own = || rules.and_then(|rules| rules.title(&change.after));
        let title = own().or_else(|| named(&def, &change.after, ctx)).or_else(|| reach(&def, &change.after));
        let title = title.unwrap_or_else(|| text("untitled", ctx.locale));
        change.after.insert("title".into(), Value::Text(title));
    }
    complete_money(&def, &mut change.after, &pipelines.currency);
    if def.staged && change.changes("stage") {
        stage_entered(change, pipelines, &now);
    } else if def.staged && change.says_nothing() {
        stage_settled(change, pipelines, &now);
    }
    if let Some(rules) = rules {
        rules.follow(ctx, change);
    }
    stamp(change, ctx);
}

/// What a form shows of a change before it is written: defaults, and what follows from the other fields.
pub(crate) fn fill_in(change: &mut PendingChange, ctx: &Ctx, pipelines: &Pipelines, rules: Option<&dyn EntityRules>) {
    before_hooks(change, ctx, pipelines, rules);
    after_hooks(change, ctx, pipelines, rules);
}

/// The record's formulas. One that cannot be computed is empty, and listed among the violations.
pub(super) fn compute(change: &mut PendingChange, ctx: &Ctx, currency: &str) {
    if change.operation != Operation::Delete {
        let def = Arc::clone(&change.entity);
        computed::compute(&def, &mut change.after, ctx, currency, Which::All);
    }
}

/// It stands at the moment it happened, as the doing of whoever did it.
pub(super) fn happened(change: &mut PendingChange, (at, by): Past) {
    change.after.insert("created_at".into(), Value::Instant(at));
    if let Some(by) = by {
        change.after.insert("creator".into(), Value::Id(by.0));
        change.after.insert("owner".into(), Value::Id(by.0));
    }
}

/// Who did it and when; the recycle bin.
pub(super) fn stamp(change: &mut PendingChange, ctx: &Ctx) {
    let now = Value::Instant(ctx.now());
    let me = ctx.user().map_or(Value::Null, |user| Value::Id(user.0));
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
    let (closed, by) = closed(change, stage.semantic, now);
    change.after.insert("pipeline".into(), Value::Id(pipeline.id));
    change.after.insert("stage_since".into(), now.clone());
    change.after.insert("stage_due".into(), Value::Null);
    change.after.insert("closed_at".into(), closed);
    change.after.insert("closed_owner".into(), by);
}

/// What a stage says about being closed: results stay theirs who owned the record when it was closed.
fn closed(change: &PendingChange, semantic: Semantic, now: &Value) -> (Value, Value) {
    match semantic {
        Semantic::Open => (Value::Null, Value::Null),
        Semantic::Won | Semantic::Lost => (now.clone(), change.after.get("owner").cloned().unwrap_or(Value::Null)),
    }
}

/// A record is closed or opened that stands in a stage which means something else now.
fn stage_settled(change: &mut PendingChange, pipelines: &Pipelines, now: &Value) {
    let key = change.after.get("stage").and_then(Value::as_text).unwrap_or_default();
    let Some((_, stage)) = pipelines.stage_ever(&change.entity.key, key) else { return };
    if (stage.semantic == Semantic::Open) == is_empty(&change.after, "closed_at") {
        return;
    }
    let (closed, by) = closed(change, stage.semantic, now);
    change.after.insert("closed_at".into(), closed);
    change.after.insert("closed_owner".into(), by);
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

/// What the field says that names records of the entity.
fn named(def: &EntityDef, fields: &Fields, ctx: &Ctx) -> Option<String> {
    let field = def.field(def.title_from.as_ref()?)?;
    let words = match fields.get(&field.key)? {
        Value::Text(key) if field.kind == FieldType::Choice => {
            let choice = field.choices.iter().find(|choice| choice.key == *key);
            choice.map_or_else(|| key.clone(), |choice| choice_label(def, field, choice, ctx.locale))
        }
        Value::Text(text) => text.trim().to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        _ => return None,
    };
    let longest = def.field("title").map_or(255, |title| title.max_length);
    Some(words.chars().take(longest).collect()).filter(|words: &String| !words.is_empty())
}

/// The first way to reach whom the record is about.
fn reach(def: &EntityDef, fields: &Fields) -> Option<String> {
    let kinds = [FieldType::Phones, FieldType::Emails, FieldType::Messengers, FieldType::Urls];
    let of_kind = |kind| def.fields.iter().filter(move |field| field.kind == kind);
    kinds.into_iter().flat_map(of_kind).find_map(|field| match fields.get(&field.key) {
        Some(Value::Multi(values)) => values.first().map(|value| value.value.clone()),
        _ => None,
    })
}

/// The text that words are looked for in: everything people would type to find the record, folded.
pub(crate) fn search_text(def: &EntityDef, fields: &Fields, number: i64) -> String {
    kernel::words::folded(&words_of(def, fields, number).join(" ")).chars().take(MAX_SEARCH).collect()
}

/// The parts of that text as they were written, whole; they are joined by spaces.
pub(crate) fn words_of<'a>(def: &EntityDef, fields: &'a Fields, number: i64) -> Vec<Cow<'a, str>> {
    let mut parts: Vec<Cow<'a, str>> = vec![Cow::Owned(number.to_string())];
    for field in &def.fields {
        let searched = matches!(field.kind, FieldType::Text) && !field.key.starts_with("utm_") && !field.is_live();
        match fields.get(&field.key) {
            Some(Value::Text(value)) if searched => parts.push(Cow::Borrowed(value)),
            Some(Value::Multi(values)) => parts.extend(values.iter().map(|item| Cow::Borrowed(item.value.as_str()))),
            _ => {}
        }
    }
    parts
}
