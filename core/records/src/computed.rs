//! The formulas of a record, computed from its image. What cannot be computed leaves its field empty and is told.

use kernel::expression::Names;
use kernel::expression::exact::{NOW, Outcome, TODAY, rounded};
use kernel::value::{Currency, DECIMAL_DIGITS, DECIMAL_SCALE, FieldType, Money};
use kernel::{Ctx, FieldKey, Fields, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::Record;
use crate::catalogue::formula::{Formula, RECORD};
use crate::catalogue::{EntityDef, FieldDef};

/// What a formula could not be computed for, in English, by its field.
pub type Problems = Vec<(FieldKey, String)>;

/// This moment and this day, as expressions see them.
pub(crate) struct Moment {
    pub today: Value,
    pub now: Value,
}

impl Moment {
    /// Where and when somebody acts.
    pub fn of(ctx: &Ctx) -> Self {
        let now = ctx.now();
        let today = now.utc().with_timezone(&ctx.zone).date_naive();
        Self { today: Value::Date(today), now: Value::Instant(now) }
    }
}

/// Which formulas are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that depend on the time.
    Live,
    /// All of them.
    All,
}

/// Computes formulas into an image of the pipeline, in the order of their dependencies.
pub(crate) fn compute(def: &EntityDef, image: &mut Fields, ctx: &Ctx, currency: &str, which: Which) -> Problems {
    let mut problems = Problems::new();
    if def.computed.is_empty() {
        return problems;
    }
    let moment = Moment::of(ctx);
    for key in &def.computed {
        let Some((field, formula)) = def.field(key).and_then(|field| Some((field, field.formula.as_deref()?))) else {
            continue;
        };
        if which == Which::Live && !formula.live {
            continue;
        }
        let value = value(def, field, formula, image, &moment, ctx, currency).unwrap_or_else(|problem| {
            problems.push((key.clone(), problem));
            Value::Null
        });
        image.insert(key.clone(), value);
    }
    problems
}

/// One formula of a record, with those it needs.
///
/// # Errors
/// Why it cannot be computed, in English.
pub(crate) fn one(def: &EntityDef, key: &str, mut image: Fields, ctx: &Ctx, currency: &str) -> Result<Value, String> {
    let problems = compute(def, &mut image, ctx, currency, Which::All);
    match problems.into_iter().find(|(field, _)| *field == key) {
        Some((_, problem)) => Err(problem),
        None => Ok(image.get(key).cloned().unwrap_or(Value::Null)),
    }
}

/// Computes the live formulas of records as their reader gets them, and takes out what was read for that alone.
pub(crate) fn live(def: &EntityDef, ctx: &Ctx, currency: &str, besides: &[FieldKey], records: &mut [Record]) {
    if !def.computed.iter().any(|key| def.field(key).is_some_and(FieldDef::is_live)) {
        return;
    }
    for record in records {
        let asked: Vec<FieldKey> =
            def.computed.iter().filter(|key| record.fields.contains_key(*key)).cloned().collect();
        let mut image = def.gathered(record.fields.clone());
        compute(def, &mut image, ctx, currency, Which::Live);
        let flat = def.flat(&image);
        for key in asked {
            let currency = def.field(&key).and_then(|field| def.currency_of(field)).map(|field| field.key.clone());
            let beside = currency.filter(|key| record.fields.contains_key(key));
            for key in beside.into_iter().chain([key]) {
                let value = flat.get(&key).cloned().unwrap_or(Value::Null);
                record.fields.insert(key, value);
            }
        }
        record.fields.retain(|key, _| !besides.contains(key));
    }
}

/// The fields that live formulas among these need besides.
pub(crate) fn besides<'a>(def: &'a EntityDef, chosen: &[&'a FieldDef]) -> Vec<&'a FieldDef> {
    let mut more: Vec<&FieldDef> = Vec::new();
    let mut open: Vec<&FieldDef> = chosen.iter().copied().filter(|field| field.is_live()).collect();
    while let Some(field) = open.pop() {
        let inputs = field.formula.iter().flat_map(|formula| formula.inputs()).filter_map(|key| def.field(key));
        for input in inputs.flat_map(|input| [Some(input), def.currency_of(input)]).flatten() {
            let known = |field: &&FieldDef| field.key == input.key;
            if !more.iter().any(known) {
                if input.is_live() {
                    open.push(input);
                }
                more.push(input);
            }
        }
    }
    more.retain(|field| !chosen.iter().any(|one| one.key == field.key));
    more
}

fn value(
    def: &EntityDef,
    field: &FieldDef,
    formula: &Formula,
    image: &Fields,
    moment: &Moment,
    ctx: &Ctx,
    currency: &str,
) -> Result<Value, String> {
    let expression = formula.expression.as_ref().ok_or("the formula is not understood")?;
    let inputs = inputs(def, formula, image);
    let names = Names::new().with_exact(RECORD, &inputs).with_value(TODAY, &moment.today).with_value(NOW, &moment.now);
    let outcome = expression.outcome(&names)?;
    let currency = common_currency(def, formula, image)?.or_else(|| currency.parse().ok());
    fit(field, formula, outcome, ctx, currency)
}

/// Why a formula can never give a value of its field: what it gives of an image is of another kind. None where it fits, and
/// where it cannot be computed of this image.
pub(crate) fn misfit(def: &EntityDef, field: &FieldDef, image: &Fields, ctx: &Ctx) -> Option<String> {
    use FieldType as T;
    let formula = field.formula.as_deref()?;
    let (inputs, moment) = (inputs(def, formula, image), Moment::of(ctx));
    let names = Names::new().with_exact(RECORD, &inputs).with_value(TODAY, &moment.today).with_value(NOW, &moment.now);
    let expression = formula.expression.as_ref()?;
    if let Some(problem) = expression.type_error(&names) {
        return Some(problem);
    }
    let what = match expression.outcome(&names).ok()? {
        Outcome::Value(Value::Null) => return None,
        Outcome::Value(value) => {
            let fits = match field.kind {
                T::Boolean => matches!(value, Value::Boolean(_)),
                T::Integer | T::Decimal | T::Money | T::Duration => number(&value).is_some(),
                T::Date => matches!(value, Value::Instant(_) | Value::Text(_)),
                T::Datetime => matches!(value, Value::Instant(_)),
                _ => matches!(value, Value::Text(_)) || number(&value).is_some(),
            };
            if fits {
                return None;
            }
            named(&value).to_owned()
        }
        Outcome::Seconds(_) if field.kind == T::Duration => return None,
        Outcome::Seconds(_) => "a length of time".to_owned(),
        Outcome::Other(kind) => format!("a {kind}"),
    };
    Some(format!("it gives {what}, not a value of type {}", field.kind.name()))
}

fn inputs(def: &EntityDef, formula: &Formula, image: &Fields) -> Fields {
    let value = |key: &str| (key.into(), def.field(key).map_or(Value::Null, |field| def.value_of(image, field)));
    formula.inputs().map(value).collect()
}

/// The currency of all amounts that a formula looks at; none where there is no amount.
fn common_currency(def: &EntityDef, formula: &Formula, image: &Fields) -> Result<Option<Currency>, String> {
    let mut common: Option<Currency> = None;
    for key in formula.inputs() {
        let Some(Value::Money(Money { amount: Some(_), currency })) = image.get(key) else { continue };
        match common {
            Some(other) if other != *currency => {
                return Err(format!("{} amounts in {other} and in {currency} cannot be reckoned together", def.key));
            }
            _ => common = Some(*currency),
        }
    }
    Ok(common)
}

/// A result as a value of the field.
fn fit(
    field: &FieldDef,
    formula: &Formula,
    outcome: Outcome,
    ctx: &Ctx,
    currency: Option<Currency>,
) -> Result<Value, String> {
    use FieldType as T;
    let misfit = |what: &str| Err(format!("it gave {what}, not a value of type {}", field.kind.name()));
    let value = match outcome {
        Outcome::Value(value) => value,
        Outcome::Seconds(seconds) if field.kind == T::Duration && seconds >= 0 => return Ok(Value::Integer(seconds)),
        Outcome::Seconds(_) => return misfit("a length of time"),
        Outcome::Other(kind) => return misfit(&format!("a {kind}")),
    };
    match (field.kind, value) {
        (_, Value::Null) => Ok(Value::Null),
        (T::Boolean, Value::Boolean(flag)) => Ok(Value::Boolean(flag)),
        (T::Integer | T::Duration, value) => match number(&value).map(|number| rounded(number, 0)) {
            Some(number) if field.kind == T::Duration && number.is_sign_negative() && !number.is_zero() => {
                misfit("a negative number")
            }
            Some(number) => whole(number).map(Value::Integer),
            None => misfit(named(&value)),
        },
        (T::Decimal, value) => match number(&value) {
            Some(number) => bounded(rounded(number, formula.decimals)).map(Value::Decimal),
            None => misfit(named(&value)),
        },
        (T::Money, value) => match (number(&value), currency) {
            (Some(number), Some(currency)) => {
                let amount = bounded(rounded(number, formula.decimals.min(currency.decimals())))?;
                Ok(Value::Money(Money { amount: Some(amount), currency }))
            }
            _ => misfit(named(&value)),
        },
        (T::Date, Value::Instant(at)) => Ok(Value::Date(at.utc().with_timezone(&ctx.zone).date_naive())),
        (T::Date, Value::Text(text)) => text.parse().map(Value::Date).or_else(|_| misfit("a text")),
        (T::Datetime, Value::Instant(at)) => Ok(Value::Instant(at)),
        (T::Text | T::LongText, Value::Text(text)) => match text.chars().count() > field.max_length {
            true => Err(format!("the text is longer than {} characters", field.max_length)),
            false => Value::Text(text).kept(field.kind).or_else(|_| misfit("a text with such characters")),
        },
        (T::Text | T::LongText, value) => match number(&value) {
            Some(number) => Ok(Value::Text(number.normalize().to_string())),
            None => misfit(named(&value)),
        },
        (_, value) => misfit(named(&value)),
    }
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(number) => Some((*number).into()),
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Boolean(_) => "yes or no",
        Value::Integer(_) | Value::Decimal(_) => "a number",
        Value::Instant(_) => "a moment",
        _ => "a text",
    }
}

/// As many digits as fields of numbers take.
fn bounded(number: Decimal) -> Result<Decimal, String> {
    let limit = Decimal::from(10_i64.pow(DECIMAL_DIGITS - DECIMAL_SCALE));
    if number.abs() > limit { Err("the number is too large".to_owned()) } else { Ok(number.normalize()) }
}

fn whole(number: Decimal) -> Result<i64, String> {
    let limit = 10_i64.pow(DECIMAL_DIGITS);
    let whole = number.to_i64().filter(|number| (-limit..=limit).contains(number));
    whole.ok_or_else(|| "the number is too large".to_owned())
}
