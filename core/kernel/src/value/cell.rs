//! Values and the cells of the database.

use chrono::NaiveDate;
use sea_orm::DbErr;
use serde::Deserialize;
use serde_json::Value as Json;

use super::{FieldType, Money, MultiValue, Value, scaled, unscaled};
use crate::clock::Timestamp;
use crate::db::Line;

/// The cell of a multi-value field, read without a detour over a JSON tree.
#[derive(Debug, Deserialize)]
struct MultiValues(Vec<MultiValue>);

/// The cell of several choices.
#[derive(Debug, Deserialize)]
struct Keys(Vec<String>);

/// Any JSON.
#[derive(Debug, Deserialize)]
struct Whole(Json);

impl Value {
    /// The database cell of a field of this type (links live in their own table and give NULL).
    pub fn to_cell(&self, kind: FieldType) -> sea_orm::Value {
        use sea_orm::Value as Cell;
        match (kind, self) {
            (FieldType::Integer | FieldType::Duration, Self::Integer(i)) => (*i).into(),
            (FieldType::Integer | FieldType::Duration, _) => Cell::BigInt(None),
            (FieldType::Decimal | FieldType::Money, Self::Decimal(d)) => Cell::BigInt(scaled(*d)),
            (FieldType::Money, Self::Money(money)) => Cell::BigInt(money.amount.and_then(scaled)),
            (FieldType::Decimal | FieldType::Money, _) => Cell::BigInt(None),
            (FieldType::Boolean, Self::Boolean(b)) => (*b).into(),
            (FieldType::Boolean, _) => Cell::Bool(None),
            (FieldType::Datetime, Self::Instant(at)) => at.0.into(),
            (FieldType::Datetime, _) => Cell::BigInt(None),
            (FieldType::Date, Self::Date(day)) => day.format("%Y-%m-%d").to_string().into(),
            (_, Self::Id(id)) if kind.is_id() => (*id).into(),
            (_, _) if kind.is_id() => Cell::Uuid(None),
            (FieldType::Json | FieldType::Address, Self::Json(json)) => json.clone().into(),
            (FieldType::Choices, Self::Texts(texts)) if !texts.is_empty() => self.to_json().into(),
            (FieldType::Choices | FieldType::Address, _) => Cell::Json(None),
            (_, Self::Multi(values)) if kind.is_multi() && !values.is_empty() => self.to_json().into(),
            (FieldType::Json, _) => Cell::Json(None),
            (_, _) if kind.is_multi() => Cell::Json(None),
            (_, Self::Text(text)) => text.clone().into(),
            _ => Cell::String(None),
        }
    }

    /// Reads the cell of a column.
    ///
    /// # Errors
    /// When the column is missing or holds another type.
    pub fn from_cell<'a>(kind: FieldType, row: impl Into<Line<'a>>, index: usize) -> Result<Self, DbErr> {
        let row = row.into();
        Ok(match kind {
            FieldType::Integer | FieldType::Duration => or_null(row.int(index)?, Self::Integer),
            FieldType::Decimal | FieldType::Money => or_null(row.int(index)?, |i| Self::Decimal(unscaled(i))),
            FieldType::Boolean => or_null(row.flag(index)?, Self::Boolean),
            FieldType::Datetime => or_null(row.int(index)?, |i| Self::Instant(Timestamp(i))),
            FieldType::Date => row
                .text(index)?
                .and_then(|text| NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok())
                .map_or(Self::Null, Self::Date),
            kind if kind.is_id() => or_null(row.id(index)?, Self::Id),
            kind if kind.is_multi() => or_null(row.json(index)?, |MultiValues(values)| Self::Multi(values)),
            FieldType::Json | FieldType::Address => or_null(row.json(index)?, |Whole(json)| Self::Json(json)),
            FieldType::Choices => or_null(row.json(index)?, |Keys(keys)| Self::Texts(keys)),
            FieldType::Links | FieldType::Formula => Self::Null,
            _ => or_null(row.text(index)?, |text| Self::Text(text.into_owned())),
        })
    }

    /// The form in the document of custom values: as the cell, in JSON. Money is `[ten-thousandths, code]`, an id its 32
    /// hexadecimal digits, an instant its microseconds. `Null` when there is nothing to keep.
    pub fn to_document(&self, kind: FieldType) -> Json {
        match (kind, self) {
            (_, value) if value.is_empty() && !matches!(value, Self::Money(_)) => Json::Null,
            (_, Self::Integer(i)) => Json::from(*i),
            (_, Self::Decimal(d)) => scaled(*d).map_or(Json::Null, Json::from),
            (_, Self::Money(money)) => {
                let amount = money.amount.and_then(scaled).map_or(Json::Null, Json::from);
                Json::Array(vec![amount, Json::from(money.currency.code())])
            }
            (_, Self::Instant(at)) => Json::from(at.0),
            (_, Self::Id(id)) => Json::String(id.simple().to_string()),
            (_, value) => value.to_json(),
        }
    }

    /// Reads the form of `to_document`; what does not fit (any more) is empty.
    pub fn from_document(kind: FieldType, json: &Json) -> Self {
        let whole = || json.as_i64();
        let value = match kind {
            FieldType::Integer | FieldType::Duration => whole().map(Self::Integer),
            FieldType::Decimal => whole().map(|units| Self::Decimal(unscaled(units))),
            FieldType::Money => json.get(1).and_then(|code| code.as_str()?.parse().ok()).map(|currency| {
                let amount = json.get(0).and_then(Json::as_i64).map(unscaled);
                Self::Money(Money { amount, currency })
            }),
            FieldType::Datetime => whole().map(|micros| Self::Instant(Timestamp(micros))),
            FieldType::Json | FieldType::Address => Some(Self::Json(json.clone())).filter(|_| !json.is_null()),
            kind => Self::from_json(kind, json).ok(),
        };
        value.unwrap_or(Self::Null)
    }
}

fn or_null<T>(value: Option<T>, make: impl Fn(T) -> Value) -> Value {
    value.map_or(Value::Null, make)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_comes_back_from_the_document() {
        let check = |kind: FieldType, wire: Json, kept: Json| {
            let value = Value::from_json(kind, &wire).unwrap();
            assert_eq!(value.to_document(kind), kept, "{kind:?}");
            assert_eq!(Value::from_document(kind, &kept), value, "{kind:?}");
        };
        check(FieldType::Text, json!("a"), json!("a"));
        check(FieldType::Integer, json!(-7), json!(-7));
        check(FieldType::Duration, json!(60), json!(60));
        check(FieldType::Decimal, json!(1.25), json!(12_500));
        check(FieldType::Boolean, json!(false), json!(false));
        check(FieldType::Date, json!("2026-02-28"), json!("2026-02-28"));
        check(FieldType::Datetime, json!("2026-02-28T07:00:00Z"), json!(1_772_262_000_000_000_i64));
        check(FieldType::Choices, json!(["a", "b"]), json!(["a", "b"]));
        check(
            FieldType::User,
            json!("01924f5a-7000-7000-8000-000000000001"),
            json!("01924f5a700070008000000000000001"),
        );
        check(FieldType::Address, json!({"city": "Kyiv"}), json!({"city": "Kyiv"}));
        check(FieldType::Phones, json!([{"value": "1", "kind": "work"}]), json!([{"value": "1", "kind": "work"}]));
        check(FieldType::Json, json!({"a": [1]}), json!({"a": [1]}));
        let money = Money { amount: Some(unscaled(125_000)), currency: "EUR".parse().unwrap() };
        assert_eq!(Value::Money(money).to_document(FieldType::Money), json!([125_000, "EUR"]));
        assert_eq!(Value::from_document(FieldType::Money, &json!([125_000, "EUR"])), Value::Money(money));
        let open = Value::Money(Money { amount: None, ..money });
        assert_eq!(Value::from_document(FieldType::Money, &open.to_document(FieldType::Money)), open);
        for (kind, damaged) in
            [(FieldType::Money, json!([1])), (FieldType::Integer, json!("x")), (FieldType::User, json!(1))]
        {
            assert_eq!(Value::from_document(kind, &damaged), Value::Null);
        }
    }
}
