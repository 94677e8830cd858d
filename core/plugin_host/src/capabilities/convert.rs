//! Values of the interface and values of the kernel.

use chrono::NaiveDate;
use std::str::FromStr;

use kernel::value::{FieldType, Money, MultiValue, Value};
use kernel::{Locale, Timestamp};
use uuid::Uuid;

use crate::bindings::types as wit;

/// A kernel value as guests see it.
pub(crate) fn to_wit(value: &Value) -> wit::Value {
    match value {
        Value::Null => wit::Value::Null,
        Value::Boolean(flag) => wit::Value::Boolean(*flag),
        Value::Integer(number) => wit::Value::Integer(*number),
        Value::Decimal(number) => wit::Value::Decimal(number.to_string()),
        Value::Text(text) => wit::Value::Text(text.clone()),
        Value::Date(date) => wit::Value::Date(date.format("%Y-%m-%d").to_string()),
        Value::Instant(at) => wit::Value::Instant(at.micros()),
        Value::Id(id) => wit::Value::Id(id.to_string()),
        Value::Money(money) => money.amount.map_or(wit::Value::Null, |amount| wit::Value::Decimal(amount.to_string())),
        Value::Texts(texts) => wit::Value::Texts(texts.clone()),
        Value::Ids(ids) => wit::Value::Ids(ids.iter().map(ToString::to_string).collect()),
        Value::Multi(values) => wit::Value::Multi(values.iter().map(multi_to_wit).collect()),
        Value::Json(json) => wit::Value::Json(json.to_string()),
    }
}

fn multi_to_wit(entry: &MultiValue) -> wit::MultiValue {
    wit::MultiValue { value: entry.value.clone(), kind: entry.kind.clone() }
}

/// A value in wire form, as the event log keeps it; values of fields that are gone come as they are.
pub(crate) fn from_wire(kind: Option<FieldType>, json: &serde_json::Value) -> wit::Value {
    match kind.map(|kind| Value::from_json(kind, json)) {
        Some(Ok(value)) => to_wit(&value),
        _ if json.is_null() => wit::Value::Null,
        _ => json.as_str().map_or_else(|| wit::Value::Json(json.to_string()), |text| wit::Value::Text(text.to_owned())),
    }
}

/// A guest's value for a field of this type; the rules of the type are checked later, by records.
///
/// # Errors
/// What does not fit, in English.
pub(crate) fn from_wit(kind: FieldType, value: wit::Value) -> Result<Value, String> {
    let wrong = |what: &str| format!("{what} does not fit a field of type {}", kind.name());
    Ok(match value {
        wit::Value::Null => Value::Null,
        wit::Value::Boolean(flag) => Value::Boolean(flag),
        wit::Value::Integer(number) => integer(kind, number),
        wit::Value::Number(number) => json_value(kind, &serde_json::json!(number))?,
        wit::Value::Decimal(text) => kernel::value::decimal_from_text(text.trim()).map_err(|_| wrong("the decimal"))?,
        wit::Value::Date(text) => {
            NaiveDate::parse_from_str(&text, "%Y-%m-%d").map(Value::Date).map_err(|_| wrong("the date"))?
        }
        wit::Value::Instant(micros) => Value::Instant(Timestamp(micros)),
        wit::Value::Id(id) => Value::Id(Uuid::parse_str(&id).map_err(|_| wrong("the id"))?),
        wit::Value::Ids(ids) => {
            Value::Ids(ids.iter().map(|id| Uuid::parse_str(id)).collect::<Result<_, _>>().map_err(|_| wrong("an id"))?)
        }
        wit::Value::Multi(values) => Value::Multi(values.into_iter().map(multi_from_wit).collect()),
        wit::Value::Json(text) => {
            let json = serde_json::from_str(&text).map_err(|_| wrong("the JSON"))?;
            json_value(kind, &json)?
        }
        wit::Value::Text(text) | wit::Value::Time(text) => json_value(kind, &text.into())?,
        wit::Value::Texts(texts) => json_value(kind, &texts.into())?,
        wit::Value::Money(money) if kind == FieldType::Money => {
            let amount = kernel::value::decimal_from_text(money.amount.trim()).map_err(|_| wrong("the amount"))?;
            let currency = money.currency.parse().map_err(|_| wrong("the currency"))?;
            match amount {
                Value::Decimal(amount) => Value::Money(Money { amount: Some(amount), currency }),
                _ => return Err(wrong("the amount")),
            }
        }
        wit::Value::Money(_) => return Err(wrong("money")),
    })
}

fn integer(kind: FieldType, number: i64) -> Value {
    match kind {
        FieldType::Decimal | FieldType::Money => Value::Decimal(number.into()),
        _ => Value::Integer(number),
    }
}

fn multi_from_wit(entry: wit::MultiValue) -> MultiValue {
    MultiValue { value: entry.value, kind: if entry.kind.is_empty() { "other".to_owned() } else { entry.kind } }
}

fn json_value(kind: FieldType, json: &serde_json::Value) -> Result<Value, String> {
    Value::from_json(kind, json).map_err(|error| error.message.in_locale(Locale::En))
}

/// An id as guests write it.
pub(crate) fn id_from_wit<T: FromStr>(text: &str) -> Result<T, wit::HostError> {
    text.parse().map_err(|_| {
        wit::HostError::Invalid(wit::Invalid { text: format!("`{text}` is not an id"), fields: Vec::new() })
    })
}

/// Field errors as guests see them.
pub(crate) fn invalid_to_wit(locale: Locale, error: &kernel::Error) -> wit::Invalid {
    let fields = error.fields_in(locale).into_iter();
    wit::Invalid {
        text: error.message().in_locale(locale),
        fields: fields.map(|(field, (code, text))| wit::FieldError { field, code, text }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: FieldType, value: wit::Value, expected: Result<Value, &str>) {
        match (from_wit(kind, value), expected) {
            (Ok(got), Ok(wanted)) => assert_eq!(got, wanted),
            (Err(got), Err(wanted)) => assert!(got.contains(wanted), "{got}"),
            (got, wanted) => panic!("{got:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn guests_may_use_the_nearest_type() {
        check(FieldType::Money, wit::Value::Integer(5), Ok(Value::Decimal(5.into())));
        check(FieldType::Money, wit::Value::Number(2.5), Ok(Value::Decimal(rust_decimal::Decimal::new(25, 1))));
        check(
            FieldType::Date,
            wit::Value::Text("2026-11-22".into()),
            Ok(Value::Date(NaiveDate::from_ymd_opt(2026, 11, 22).unwrap())),
        );
        check(FieldType::Text, wit::Value::Text("  x ".into()), Ok(Value::Text("x".into())));
        check(FieldType::User, wit::Value::Text(Uuid::nil().to_string()), Ok(Value::Id(Uuid::nil())));
        check(FieldType::Money, wit::Value::Decimal("a lot".into()), Err("does not fit"));
        let money = |amount: &str, currency: &str| {
            wit::Value::Money(wit::Money { amount: amount.into(), currency: currency.into() })
        };
        let ten = Money { amount: Some(10.into()), currency: "EUR".parse().unwrap() };
        check(FieldType::Money, money("10", "EUR"), Ok(Value::Money(ten)));
        check(FieldType::Money, money("10", "EURO"), Err("the currency does not fit"));
        check(FieldType::User, wit::Value::Id("me".into()), Err("does not fit"));
    }
}
