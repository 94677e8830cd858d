//! Formulas, conditions and validation rules of a declaration: understood, over fields that there are, without a circle, and
//! of the kind that is wanted. They look at what every company has: at fields of the product and at the plugin's own.

use std::collections::{BTreeMap, BTreeSet};

use kernel::clock::Env;
use kernel::error::FieldError;
use kernel::expression::Expression;
use kernel::value::{FieldType, Money};
use kernel::{Ctx, Fields, Locale, TenantId, Value};
use rust_decimal::Decimal;

use super::check::{MAX_KEY, limit, plain};
use super::{DeclarationError, DeclaredEntity, DeclaredField, MAX_RULES};
use crate::Catalogue;
use crate::catalogue::change::{self, NewField};
use crate::catalogue::condition::{self, BEFORE, ValidationRule};
use crate::catalogue::definition::{EntityDef, FieldDef};
use crate::catalogue::formula::{self, RECORD};
use crate::computed::{self, Moment};
use crate::conditions;

type Checked = Result<(), DeclarationError>;

/// Those of an entity of the plugin.
pub(super) fn of_entity(place: &str, entity: &DeclaredEntity, def: &EntityDef) -> Checked {
    for (index, field) in entity.fields.iter().enumerate() {
        of_field(&format!("{place}.fields[{index}]"), field, def)?;
    }
    let title = entity.title_from.as_ref().and_then(|key| def.field(key));
    if title.is_some_and(|field| field.formula.is_some()) {
        return Err(DeclarationError::new(
            format!("{place}.title"),
            "a title is not made of what is computed after it",
        ));
    }
    for (index, constraint) in entity.constraints.iter().enumerate() {
        let named = constraint.per.iter().chain(&constraint.from).chain(&constraint.to).chain(&constraint.amount);
        let computed = |key: &&kernel::FieldKey| def.field(key.as_str()).is_some_and(|field| field.formula.is_some());
        if let Some(key) = named.into_iter().find(computed) {
            let problem = format!("`{key}` is computed: a constraint is about what people write");
            return Err(DeclarationError::new(format!("{place}.constraints[{index}]"), problem));
        }
    }
    rules(&format!("{place}.rules"), &entity.rules, def)
}

/// Those of fields on entities of the product. Their rules look at the field that they came with: a plugin judges what it has
/// added, and whatever else it wants to refuse is a before-hook, which asks for a permission.
pub(super) fn of_extensions(fields: &[DeclaredField], whole: &Catalogue) -> Checked {
    let mut by_entity: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (index, one) in fields.iter().enumerate() {
        let Some(def) = whole.find(&one.entity) else { continue };
        let place = format!("fields[{index}]");
        of_field(&place, &one.field, def)?;
        let place = format!("{place}.rules");
        rules(&place, &one.field.rules, def)?;
        let names = by_entity.entry(one.entity.as_str()).or_default();
        for rule in &one.field.rules {
            if !names.insert(rule.name.as_str()) {
                return Err(DeclarationError::new(place, format!("`{}` is declared twice", rule.name)));
            }
        }
        limit(&place, names.len(), MAX_RULES)?;
        let key = one.field.key.as_deref().unwrap_or_default();
        for (index, rule) in one.field.rules.iter().enumerate() {
            let mut texts = rule.when.iter().chain([&rule.check]);
            if !texts.any(|text| condition::names(text, key)) {
                let problem = format!("must look at `record.{key}`: rules of a field are about the field");
                return Err(DeclarationError::new(format!("{place}[{index}].check"), problem));
            }
        }
    }
    Ok(())
}

fn of_field(place: &str, declared: &NewField, def: &EntityDef) -> Checked {
    let key = declared.key.as_deref().unwrap_or_default();
    let Some(field) = def.field(key) else { return Ok(()) };
    if let Some(text) = &declared.formula {
        of_formula(place, declared, text, field, def)?;
    }
    let place = format!("{place}.conditions");
    for (part, text) in declared.conditions.parts() {
        known(&format!("{place}.{part}"), text, def)?;
    }
    let checked = declared.conditions.check(def, field);
    checked.map_err(|(part, error)| said(format!("{place}.{part}"), &error))?;
    for (part, text) in declared.conditions.parts() {
        answers(&format!("{place}.{part}"), text, def)?;
    }
    Ok(())
}

fn of_formula(place: &str, declared: &NewField, text: &str, field: &FieldDef, def: &EntityDef) -> Checked {
    known(&format!("{place}.formula"), text, def)?;
    let checked = formula::check(def, &field.key, declared.r#type, text, declared.decimals);
    checked.map_err(|(part, error)| said(format!("{place}.{part}"), &error))?;
    if declared.indexed && field.is_live() {
        let problem = "what depends on the time is computed when it is read: there is nothing to be indexed";
        return Err(DeclarationError::new(format!("{place}.indexed"), problem));
    }
    let ctx = nobody();
    match computed::misfit(def, field, &sample(def, &ctx), &ctx) {
        Some(problem) => Err(DeclarationError::new(format!("{place}.formula"), problem)),
        None => Ok(()),
    }
}

fn rules(place: &str, rules: &[ValidationRule], def: &EntityDef) -> Checked {
    limit(place, rules.len(), MAX_RULES)?;
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("{place}[{index}]");
        if rule.name.is_empty() || !plain(&rule.name) || rule.name.len() > MAX_KEY {
            let problem = format!("must be lower-case Latin letters, digits and `_`, at most {MAX_KEY}");
            return Err(DeclarationError::new(format!("{place}.name"), problem));
        }
        if !seen.insert(&rule.name) {
            return Err(DeclarationError::new(format!("{place}.name"), "declared twice"));
        }
        change::worded(rule.message.clone()).map_err(|error| said(format!("{place}.message"), &error))?;
        let texts = [("when", rule.when.as_ref()), ("check", Some(&rule.check))];
        let texts: Vec<(&str, &String)> = texts.into_iter().filter_map(|(part, text)| Some((part, text?))).collect();
        for (part, text) in &texts {
            known(&format!("{place}.{part}"), text, def)?;
        }
        if let Some(key) = rule.field.as_ref().filter(|key| def.field(key).is_none()) {
            return Err(unknown(format!("{place}.field"), key, def));
        }
        rule.check(def).map_err(|(part, error)| said(format!("{place}.{part}"), &error))?;
        for (part, text) in &texts {
            answers(&format!("{place}.{part}"), text, def)?;
        }
    }
    Ok(())
}

/// Passes an expression that looks at fields that there are; what else is wrong with it others say.
fn known(place: &str, text: &str, def: &EntityDef) -> Checked {
    let Ok(expression) = Expression::compile_exact(text, &condition::ROOTS) else { return Ok(()) };
    let named = [RECORD, BEFORE].into_iter().flat_map(|name| expression.fields_of(name));
    let missing = named.into_iter().find(|key| def.field(key).is_none()).map(str::to_owned);
    missing.map_or(Ok(()), |key| Err(unknown(place.to_owned(), &key, def)))
}

fn unknown(place: String, key: &str, def: &EntityDef) -> DeclarationError {
    let known = def.fields.iter().map(|field| field.key.as_str());
    DeclarationError::unknown(place, &format!("field of {}", def.key), key, known)
}

/// Passes an expression that does not answer with something else than yes or no where every field has something.
fn answers(place: &str, text: &str, def: &EntityDef) -> Checked {
    let ctx = nobody();
    match conditions::misfit(def, text, &sample(def, &ctx), &ctx) {
        Some(problem) => Err(DeclarationError::new(place, problem)),
        None => Ok(()),
    }
}

fn said(place: String, error: &FieldError) -> DeclarationError {
    DeclarationError::new(place, error.message.in_locale(Locale::En))
}

fn nobody() -> Ctx {
    let env = Env::system();
    Ctx::system(TenantId::fresh(&env), chrono_tz::Tz::UTC, Locale::En, &env)
}

/// An image in which every field of a simple type has a value.
fn sample(def: &EntityDef, ctx: &Ctx) -> Fields {
    let moment = Moment::of(ctx);
    let value = |field: &FieldDef| {
        let value = match field.kind {
            FieldType::Text | FieldType::LongText => Value::Text("1".to_owned()),
            FieldType::Integer | FieldType::Duration => Value::Integer(1),
            FieldType::Decimal => Value::Decimal(Decimal::ONE),
            FieldType::Money => Value::Money(Money { amount: Some(Decimal::ONE), currency: "EUR".parse().ok()? }),
            FieldType::Boolean => Value::Boolean(true),
            FieldType::Date => moment.today.clone(),
            FieldType::Datetime => moment.now.clone(),
            FieldType::Choice => Value::Text(field.choices.first()?.key.clone()),
            _ => return None,
        };
        Some((field.key.clone(), value))
    };
    def.fields.iter().filter_map(value).collect()
}
