//! Values on their way into and out of an evaluation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use base64::Engine as _;
use cel::Value as Cel;
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelTimestamp, CelUInt,
};
use cel::common::value::Val;
use chrono::SecondsFormat;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value as Json;

use super::Given;
use super::exact::Number;
use crate::value::{Fields, Value};

/// Characters of a text and members of a list that an expression sees of a record's field.
const MAX_SEEN: usize = 10_000;

type Bound<'a> = Box<dyn Val + 'a>;

/// What stands behind a name; of an object only the fields that are used.
pub fn bind<'a>(given: &Given<'a>, fields: Option<&BTreeSet<String>>) -> Bound<'a> {
    let used = |name: &str| fields.is_none_or(|fields| fields.contains(name));
    match given {
        Given::Json(Json::Object(map)) => {
            object(map.iter().filter(|(name, _)| used(name)).map(|(name, value)| (name.as_str(), from_json(value))))
        }
        Given::Json(value) => from_json(value),
        Given::Fields(None) => Box::new(CelNull),
        Given::Fields(Some(values)) => from_fields(values, &used, from_value),
        Given::Exact(values) => from_fields(values, &used, exactly),
        Given::Value(value) => exactly(value),
    }
}

fn object<'a>(entries: impl Iterator<Item = (&'a str, Bound<'a>)>) -> Bound<'a> {
    let map: HashMap<CelMapKey<'a>, Bound<'a>> =
        entries.map(|(name, value)| (CelMapKey::String(CelString::from(name)), value)).collect();
    Box::new(CelMap::from(map))
}

fn from_json(value: &Json) -> Bound<'_> {
    match value {
        Json::Null => Box::new(CelNull),
        Json::Bool(flag) => Box::new(CelBool::from(*flag)),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Box::new(CelInt::from(number)),
            (None, Some(number)) => Box::new(CelUInt::from(number)),
            (None, None) => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Json::String(text) => Box::new(CelString::from(text.as_str())),
        Json::Array(items) => Box::new(CelList::from(items.iter().map(from_json).collect::<Vec<_>>())),
        Json::Object(map) => object(map.iter().map(|(name, value)| (name.as_str(), from_json(value)))),
    }
}

fn from_fields<'a>(
    fields: &'a Fields,
    used: &dyn Fn(&str) -> bool,
    bound: impl Fn(&'a Value) -> Bound<'a>,
) -> Bound<'a> {
    object(fields.iter().filter(|(name, _)| used(name)).map(|(name, value)| (name.as_ref(), bound(value))))
}

/// A value as exact arithmetic takes it: decimals as they are.
fn exactly(value: &Value) -> Bound<'_> {
    let number = match value {
        Value::Decimal(number) => Some(*number),
        Value::Money(money) => money.amount,
        other => return from_value(other),
    };
    number.map_or_else(|| -> Bound<'static> { Box::new(CelNull) }, |number| Box::new(Number(number)))
}

fn cut(text: &str) -> CelString<'static> {
    CelString::from(text.chars().take(MAX_SEEN).collect::<String>())
}

fn texts(items: impl Iterator<Item = CelString<'static>>) -> Bound<'static> {
    let items: Vec<Bound<'static>> = items.take(MAX_SEEN).map(|text| -> Bound<'static> { Box::new(text) }).collect();
    Box::new(CelList::from(items))
}

fn from_decimal(number: Option<Decimal>) -> Bound<'static> {
    match number.and_then(|number| number.to_f64()) {
        Some(number) => Box::new(CelDouble::from(number)),
        None => Box::new(CelNull),
    }
}

fn from_value(value: &Value) -> Bound<'_> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Boolean(flag) => Box::new(CelBool::from(*flag)),
        Value::Integer(number) => Box::new(CelInt::from(*number)),
        Value::Decimal(number) => from_decimal(Some(*number)),
        Value::Money(money) => from_decimal(money.amount),
        Value::Text(text) => Box::new(cut(text)),
        Value::Date(date) => Box::new(CelString::from(date.to_string())),
        Value::Instant(at) => Box::new(CelTimestamp::from(at.utc().fixed_offset())),
        Value::Id(id) => Box::new(CelString::from(id.to_string())),
        Value::Ids(ids) => texts(ids.iter().map(|id| CelString::from(id.to_string()))),
        Value::Texts(keys) => texts(keys.iter().map(|key| cut(key))),
        Value::Multi(values) => texts(values.iter().map(|entry| cut(&entry.value))),
        Value::Json(json) => from_json(json),
    }
}

/// The value as JSON, objects by sorted key.
///
/// # Errors
/// When JSON has no place for it: an infinite number, a type, a function.
pub fn to_json(value: &Cel) -> Result<Json, String> {
    Ok(match value {
        Cel::Null => Json::Null,
        Cel::Bool(flag) => Json::Bool(*flag),
        Cel::Int(number) => Json::from(*number),
        Cel::UInt(number) => Json::from(*number),
        Cel::Float(number) => {
            Json::Number(serde_json::Number::from_f64(*number).ok_or("gave a number that is not finite")?)
        }
        Cel::String(text) => Json::String(text.to_string()),
        Cel::Bytes(bytes) => Json::String(base64::engine::general_purpose::STANDARD.encode(bytes.as_slice())),
        Cel::Timestamp(at) => Json::String(at.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        Cel::Duration(span) => Json::String(iso_duration(*span)),
        Cel::List(items) => Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Cel::Map(map) => {
            let sorted: BTreeMap<String, &Cel> = map.map.iter().map(|(key, value)| (key.to_string(), value)).collect();
            let entries: Result<serde_json::Map<_, _>, String> =
                sorted.into_iter().map(|(key, value)| Ok((key, to_json(value)?))).collect();
            Json::Object(entries?)
        }
        other => return Err(format!("gave a value of type {}, which cannot be kept", other.type_of())),
    })
}

/// ISO 8601, in seconds: `PT5400S`, `-PT0.5S`.
fn iso_duration(span: chrono::Duration) -> String {
    let (sign, span) = if span < chrono::Duration::zero() { ("-", -span) } else { ("", span) };
    let mut text = format!("{sign}PT{}", span.num_seconds());
    let nanos = span.subsec_nanos();
    if nanos != 0 {
        let _ = write!(text, ".{nanos:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('S');
    text
}
