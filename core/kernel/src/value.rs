//! Field types and values, with their three forms: in memory, JSON on the wire, and database cells.
//!
//! | type | JSON | cell |
//! |---|---|---|
//! | text, choice, stage | string | TEXT |
//! | integer | number | BIGINT |
//! | decimal, money | number of at most 15 digits, 4 after the point | BIGINT, ten-thousandths |
//! | boolean | true, false | BOOLEAN |
//! | date | `YYYY-MM-DD` | TEXT |
//! | datetime | RFC 3339, UTC | BIGINT, microseconds |
//! | link, record, user, department, pipeline | UUID | UUID |
//! | links | array of UUIDs | rows of `record_link` |
//! | phones, emails, urls, messengers | `[{value, kind}]` | JSON, and rows of `communication` for search |
//! | json | anything | JSON |

mod wire;

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use sea_orm::{DbErr, QueryResult, TryGetableFromJson};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::error::FieldError;

/// Digits after the point that decimals keep.
pub const DECIMAL_SCALE: u32 = 4;
/// Significant digits of a decimal, so that every JSON reader (IEEE 754 doubles) gets it exactly.
pub const DECIMAL_DIGITS: u32 = 15;
/// Values a multi-value field or a list of links may hold.
pub const MAX_VALUES: usize = 100;
/// Bytes of a JSON field.
pub const MAX_JSON_BYTES: usize = 64 * 1024;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line.
    Text,
    /// Many lines.
    LongText,
    /// A whole number of 64 bits.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// An amount of money; the currency stands in the field `currency` beside it.
    Money,
    /// Yes or no.
    Boolean,
    /// A calendar day.
    Date,
    /// An instant.
    Datetime,
    /// One key of a list.
    Choice,
    /// One record of another entity.
    Link,
    /// Several records of another entity.
    Links,
    /// One record of any entity; a field beside it names the entity.
    Record,
    /// A person of the tenant.
    User,
    /// A department of the tenant.
    Department,
    /// A stage of a pipeline, by key.
    Stage,
    /// A pipeline, by id.
    Pipeline,
    /// Telephone numbers (E.164 where they can be understood).
    Phones,
    /// E-mail addresses.
    Emails,
    /// Web addresses.
    Urls,
    /// Accounts in messengers.
    Messengers,
    /// Anything.
    Json,
}

impl FieldType {
    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Money => "money",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Choice => "choice",
            Self::Link => "link",
            Self::Links => "links",
            Self::Record => "record",
            Self::User => "user",
            Self::Department => "department",
            Self::Stage => "stage",
            Self::Pipeline => "pipeline",
            Self::Phones => "phones",
            Self::Emails => "emails",
            Self::Urls => "urls",
            Self::Messengers => "messengers",
            Self::Json => "json",
        }
    }

    /// Whether a value is a list of `{value, kind}`.
    pub const fn is_multi(self) -> bool {
        matches!(self, Self::Phones | Self::Emails | Self::Urls | Self::Messengers)
    }

    /// Whether a value is one id.
    pub const fn is_id(self) -> bool {
        matches!(self, Self::Link | Self::Record | Self::User | Self::Department | Self::Pipeline)
    }

    /// Whether values have an order that lists can sort by.
    pub const fn is_sortable(self) -> bool {
        !self.is_multi() && !matches!(self, Self::Links | Self::Json | Self::LongText)
    }
}

/// One of several values of a field: a phone, an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MultiValue {
    /// The phone, address, account.
    pub value: String,
    /// What it is for: `work`, `mobile`, `home`, `telegram` ...
    #[serde(default = "other")]
    pub kind: String,
}

/// The cell of a multi-value field, read without a detour over a JSON tree.
#[derive(Debug, Deserialize)]
struct MultiValues(Vec<MultiValue>);

impl TryGetableFromJson for MultiValues {}

fn other() -> String {
    "other".to_owned()
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Empty.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Decimal(Decimal),
    /// Text, or the key of a choice or stage.
    Text(String),
    /// A day.
    Date(NaiveDate),
    /// An instant.
    Instant(Timestamp),
    /// A link.
    Id(Uuid),
    /// Links.
    Ids(Vec<Uuid>),
    /// Phones, addresses, accounts.
    Multi(Vec<MultiValue>),
    /// Anything.
    Json(Json),
}

/// Fields of a record by key. Keys of the catalogue are borrowed: a record read from the database allocates none.
pub type Fields = BTreeMap<Cow<'static, str>, Value>;

impl Value {
    /// Empty: null, empty text, empty list.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Ids(ids) => ids.is_empty(),
            Self::Multi(values) => values.is_empty(),
            _ => false,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The id, if it is one.
    pub const fn as_id(&self) -> Option<Uuid> {
        if let Self::Id(id) = self { Some(*id) } else { None }
    }

    /// The instant, if it is one.
    pub const fn as_instant(&self) -> Option<Timestamp> {
        if let Self::Instant(at) = self { Some(*at) } else { None }
    }

    /// The wire form.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(b) => Json::Bool(*b),
            Self::Integer(i) => Json::from(*i),
            Self::Decimal(d) => decimal_to_json(*d),
            Self::Text(text) => Json::String(text.clone()),
            Self::Date(day) => Json::String(day.format("%Y-%m-%d").to_string()),
            Self::Instant(at) => Json::String(at.to_string()),
            Self::Id(id) => Json::String(id.to_string()),
            Self::Ids(ids) => ids.iter().map(|id| Json::String(id.to_string())).collect(),
            Self::Multi(values) => serde_json::to_value(values).unwrap_or(Json::Null),
            Self::Json(json) => json.clone(),
        }
    }

    /// Reads the wire form of a field of this type. Empty text becomes `Null`.
    ///
    /// # Errors
    /// What is wrong, as a field error: `type`, `precision`, `date`, `datetime`, `id`, `too_many`, `too_long`.
    pub fn from_json(kind: FieldType, json: &Json) -> Result<Self, FieldError> {
        let wrong = || FieldError::new("type").with("type", kind.name());
        match (kind, json) {
            (_, Json::Null) => Ok(Self::Null),
            (FieldType::Boolean, Json::Bool(b)) => Ok(Self::Boolean(*b)),
            (FieldType::Integer, Json::Number(n)) => {
                let whole = n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).and_then(i64::from_f64);
                n.as_i64().or(whole).map(Self::Integer).ok_or_else(wrong)
            }
            (FieldType::Decimal | FieldType::Money, Json::Number(n)) => decimal_from_text(&n.to_string()),
            (FieldType::Links, Json::Array(items)) => ids_from_json(items),
            (_, Json::Array(items)) if kind.is_multi() => multi_from_json(items),
            (_, Json::String(text)) if kind.is_multi() && !text.trim().is_empty() => {
                Ok(Self::Multi(vec![MultiValue { value: clean(text)?.trim().to_owned(), kind: other() }]))
            }
            (FieldType::Json, any) => {
                let long = any.to_string().len() > MAX_JSON_BYTES;
                if long {
                    Err(FieldError::new("too_long").with("max", MAX_JSON_BYTES))
                } else {
                    Ok(Self::Json(any.clone()))
                }
            }
            (_, Json::String(text)) if text.trim().is_empty() => Ok(Self::Null),
            (_, Json::String(text)) => Self::from_text(kind, text),
            _ => Err(wrong()),
        }
    }

    fn from_text(kind: FieldType, text: &str) -> Result<Self, FieldError> {
        match kind {
            FieldType::Text | FieldType::Choice | FieldType::Stage => Ok(Self::Text(clean(text)?.trim().to_owned())),
            FieldType::LongText => Ok(Self::Text(clean(text)?)),
            FieldType::Decimal | FieldType::Money => decimal_from_text(text.trim()),
            FieldType::Integer => {
                text.trim().parse().map(Self::Integer).map_err(|_| FieldError::new("type").with("type", "integer"))
            }
            FieldType::Date => NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
                .ok()
                .filter(|day| (1..=9999).contains(&chrono::Datelike::year(day)))
                .map(Self::Date)
                .ok_or_else(|| FieldError::new("date")),
            FieldType::Datetime => Timestamp::parse(text.trim())
                .filter(|at| (1..=9999).contains(&chrono::Datelike::year(&at.utc())))
                .map(Self::Instant)
                .ok_or_else(|| FieldError::new("datetime")),
            kind if kind.is_id() => Uuid::parse_str(text.trim()).map(Self::Id).map_err(|_| FieldError::new("id")),
            _ => Err(FieldError::new("type").with("type", kind.name())),
        }
    }

    /// The database cell of a field of this type (links live in their own table and give NULL).
    pub fn to_cell(&self, kind: FieldType) -> sea_orm::Value {
        use sea_orm::Value as Cell;
        match (kind, self) {
            (FieldType::Integer, Self::Integer(i)) => (*i).into(),
            (FieldType::Integer, _) => Cell::BigInt(None),
            (FieldType::Decimal | FieldType::Money, Self::Decimal(d)) => Cell::BigInt(scaled(*d)),
            (FieldType::Decimal | FieldType::Money, _) => Cell::BigInt(None),
            (FieldType::Boolean, Self::Boolean(b)) => (*b).into(),
            (FieldType::Boolean, _) => Cell::Bool(None),
            (FieldType::Datetime, Self::Instant(at)) => at.0.into(),
            (FieldType::Datetime, _) => Cell::BigInt(None),
            (FieldType::Date, Self::Date(day)) => day.format("%Y-%m-%d").to_string().into(),
            (_, Self::Id(id)) if kind.is_id() => (*id).into(),
            (_, _) if kind.is_id() => Cell::Uuid(None),
            (FieldType::Json, Self::Json(json)) => json.clone().into(),
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
    pub fn from_cell(kind: FieldType, row: &QueryResult, index: usize) -> Result<Self, DbErr> {
        Ok(match kind {
            FieldType::Integer => or_null(row.try_get_by_index::<Option<i64>>(index)?, Self::Integer),
            FieldType::Decimal | FieldType::Money => {
                or_null(row.try_get_by_index::<Option<i64>>(index)?, |i| Self::Decimal(unscaled(i)))
            }
            FieldType::Boolean => or_null(row.try_get_by_index::<Option<bool>>(index)?, Self::Boolean),
            FieldType::Datetime => {
                or_null(row.try_get_by_index::<Option<i64>>(index)?, |i| Self::Instant(Timestamp(i)))
            }
            FieldType::Date => row
                .try_get_by_index::<Option<String>>(index)?
                .and_then(|text| NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok())
                .map_or(Self::Null, Self::Date),
            kind if kind.is_id() => or_null(row.try_get_by_index::<Option<Uuid>>(index)?, Self::Id),
            kind if kind.is_multi() => {
                row.try_get_by_index::<Option<MultiValues>>(index)?.map_or(Self::Null, |values| Self::Multi(values.0))
            }
            FieldType::Json => or_null(row.try_get_by_index::<Option<Json>>(index)?, Self::Json),
            FieldType::Links => Self::Null,
            _ => or_null(row.try_get_by_index::<Option<String>>(index)?, Self::Text),
        })
    }
}

fn or_null<T>(value: Option<T>, make: impl Fn(T) -> Value) -> Value {
    value.map_or(Value::Null, make)
}

/// A decimal as ten-thousandths.
pub fn scaled(value: Decimal) -> Option<i64> {
    (value * Decimal::from(10_i64.pow(DECIMAL_SCALE))).to_i64()
}

/// Ten-thousandths as a decimal, without trailing zeros.
pub fn unscaled(cell: i64) -> Decimal {
    Decimal::new(cell, DECIMAL_SCALE).normalize()
}

/// A decimal as a JSON number: whole numbers without a point.
pub fn decimal_to_json(value: Decimal) -> Json {
    match value.to_i64() {
        Some(whole) if value.is_integer() => Json::from(whole),
        _ => value.to_f64().map_or(Json::Null, Json::from),
    }
}

/// Reads decimal text such as `1000`, `-0.5`, `1e3`.
///
/// # Errors
/// `type` if it is no number, `precision` past 15 significant digits or 4 after the point.
pub fn decimal_from_text(text: &str) -> Result<Value, FieldError> {
    let parsed = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
    let unread = |_| match text.parse::<f64>() {
        Ok(number) if number.is_finite() => FieldError::new("precision"),
        _ => FieldError::new("type").with("type", "decimal"),
    };
    let value = parsed.map_err(unread)?.normalize();
    let digits = value.mantissa().unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    let whole_digits = value.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
    if value.scale() > DECIMAL_SCALE || digits > DECIMAL_DIGITS || whole_digits > DECIMAL_DIGITS - DECIMAL_SCALE + 1 {
        return Err(FieldError::new("precision"));
    }
    Ok(Value::Decimal(value))
}

/// Refuses characters that no database keeps (NUL).
fn clean(text: &str) -> Result<String, FieldError> {
    if text.contains('\0') { Err(FieldError::new("characters")) } else { Ok(text.to_owned()) }
}

fn ids_from_json(items: &[Json]) -> Result<Value, FieldError> {
    if items.len() > MAX_VALUES {
        return Err(FieldError::new("too_many").with("max", MAX_VALUES));
    }
    let mut ids = Vec::with_capacity(items.len());
    for item in items {
        let id = item.as_str().and_then(|text| Uuid::parse_str(text).ok()).ok_or_else(|| FieldError::new("id"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(Value::Ids(ids))
}

fn multi_from_json(items: &[Json]) -> Result<Value, FieldError> {
    if items.len() > MAX_VALUES {
        return Err(FieldError::new("too_many").with("max", MAX_VALUES));
    }
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let parsed = match item {
            Json::String(text) => MultiValue { value: text.clone(), kind: other() },
            object => serde_json::from_value(object.clone()).map_err(|_| FieldError::new("multi_value"))?,
        };
        let value = clean(parsed.value.trim())?;
        if value.chars().count() > 255 || parsed.kind.chars().count() > 30 {
            return Err(FieldError::new("too_long").with("max", 255));
        }
        if !value.is_empty() {
            values.push(MultiValue { value, kind: clean(&parsed.kind)? });
        }
    }
    Ok(Value::Multi(values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: FieldType, input: Json, expected: Result<Json, &str>) {
        let got = Value::from_json(kind, &input).map(|v| v.to_json()).map_err(|e| e.code);
        assert_eq!(got, expected.map_err(str::to_owned), "{kind:?} from {input}");
    }

    #[test]
    fn values_are_read_from_json_or_refused_with_the_reason() {
        check(FieldType::Text, json!("  Ann "), Ok(json!("Ann")));
        check(FieldType::Text, json!(""), Ok(json!(null)));
        check(FieldType::Text, json!(5), Err("type"));
        check(FieldType::Text, json!("a\u{0}b"), Err("characters"));
        check(FieldType::Integer, json!(5.0), Ok(json!(5)));
        check(FieldType::Integer, json!(5.5), Err("type"));
        check(FieldType::Integer, json!(1e300), Err("type"));
        check(FieldType::Money, json!(1000), Ok(json!(1000)));
        check(FieldType::Money, json!("99.9900"), Ok(json!(99.99)));
        check(FieldType::Money, json!(0.1), Ok(json!(0.1)));
        check(FieldType::Money, json!(1e30), Err("precision"));
        check(FieldType::Money, json!("12.34567"), Err("precision"));
        check(FieldType::Money, json!("NaN"), Err("type"));
        check(FieldType::Date, json!("2026-02-30"), Err("date"));
        check(FieldType::Date, json!("2026-02-28"), Ok(json!("2026-02-28")));
        check(FieldType::Datetime, json!("2026-02-28T10:00:00+03:00"), Ok(json!("2026-02-28T07:00:00Z")));
        check(FieldType::Datetime, json!("2026-02-28"), Err("datetime"));
        check(FieldType::Link, json!("nonsense"), Err("id"));
        check(FieldType::Boolean, json!("true"), Err("type"));
        check(FieldType::Phones, json!("+7 916 1"), Ok(json!([{"value": "+7 916 1", "kind": "other"}])));
        check(FieldType::Phones, json!([{"value": " ", "kind": "work"}]), Ok(json!([])));
        check(FieldType::Phones, json!([{"number": "1"}]), Err("multi_value"));
        check(FieldType::Phones, json!(vec!["1"; 101]), Err("too_many"));
        check(FieldType::Links, json!(["x"]), Err("id"));
        check(FieldType::Json, json!("x".repeat(70_000)), Err("too_long"));
    }

    proptest::proptest! {
        #[test]
        fn every_accepted_decimal_survives_json_and_the_cell(units in -99_999_999_999_999_i64..99_999_999_999_999, scale in 0_u32..=4) {
            let text = Decimal::new(units, scale).to_string();
            if let Ok(Value::Decimal(value)) = decimal_from_text(&text) {
                let Ok(Value::Decimal(back)) = Value::from_json(FieldType::Money, &decimal_to_json(value)) else { panic!("{text}") };
                proptest::prop_assert_eq!(back, value);
                proptest::prop_assert_eq!(unscaled(scaled(value).unwrap()), value);
            }
        }
    }
}
