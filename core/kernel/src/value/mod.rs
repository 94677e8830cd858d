//! Field types and values, with their three forms: in memory, JSON on the wire, and database cells.
//!
//! | type | JSON | cell |
//! |---|---|---|
//! | text, choice, stage | string | TEXT |
//! | integer | number | BIGINT |
//! | decimal | number of at most 15 digits, 4 after the point | BIGINT, ten-thousandths |
//! | money, with its currency | as a decimal; the currency's code under the key of its own | the same, and TEXT |
//! | duration | number of seconds | BIGINT |
//! | boolean | true, false | BOOLEAN |
//! | date | `YYYY-MM-DD` | TEXT |
//! | datetime | RFC 3339, UTC | BIGINT, microseconds |
//! | link, record, user, department, pipeline | UUID | UUID |
//! | links | array of UUIDs | rows of `record_link` |
//! | choices | array of strings | JSON |
//! | phones, emails, urls, messengers | `[{value, kind}]` | JSON, and rows of `communication` for search |
//! | address | object of texts (`ADDRESS_PARTS`) | JSON |
//! | json | anything | JSON |
//!
//! Values in the document of custom fields have the cell's form too, as JSON: see `cell`.
//!
//! | module | what |
//! |---|---|
//! | `fields` | the fields of a record |
//! | `money` | amounts with their currencies |
//! | `read` | from JSON, with what is wrong |
//! | `cell` | to and from the database |
//! | `wire` | straight into a serializer |

mod cell;
mod fields;
mod money;
mod read;
mod wire;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::clock::Timestamp;

pub use fields::Fields;
pub use money::{Currency, Money};
pub use read::{ADDRESS_PARTS, decimal_from_text};

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
    /// An amount with its currency; on the wire the code of the currency is a field beside it.
    Money,
    /// The currency of a money field, as a field of its own on the wire: what people filter and group by.
    Currency,
    /// A length of time in whole seconds.
    Duration,
    /// Yes or no.
    Boolean,
    /// A calendar day.
    Date,
    /// An instant.
    Datetime,
    /// One key of a list.
    Choice,
    /// Several keys of a list.
    Choices,
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
    /// A postal address in parts.
    Address,
    /// A kept file, by id.
    File,
    /// Computed from the record's other fields.
    Formula,
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
            Self::Currency => "currency",
            Self::Duration => "duration",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Choice => "choice",
            Self::Choices => "choices",
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
            Self::Address => "address",
            Self::File => "file",
            Self::Formula => "formula",
            Self::Json => "json",
        }
    }

    /// Whether a value is a list of `{value, kind}`.
    pub const fn is_multi(self) -> bool {
        matches!(self, Self::Phones | Self::Emails | Self::Urls | Self::Messengers)
    }

    /// Whether a value is one id.
    pub const fn is_id(self) -> bool {
        matches!(self, Self::Link | Self::Record | Self::User | Self::Department | Self::Pipeline | Self::File)
    }

    /// Whether values have an order that lists can sort by.
    pub const fn is_sortable(self) -> bool {
        let whole = matches!(
            self,
            Self::Links | Self::Choices | Self::Address | Self::Formula | Self::Json | Self::LongText | Self::File
        );
        !self.is_multi() && !whole
    }

    /// Whether a value is text, or the key of a choice.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::LongText | Self::Choice | Self::Stage | Self::Currency)
    }

    /// Whether values can be added up.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Money | Self::Duration)
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
    /// An amount with its currency.
    Money(Money),
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
    /// Keys of choices.
    Texts(Vec<String>),
    /// Phones, addresses, accounts.
    Multi(Vec<MultiValue>),
    /// Anything.
    Json(Json),
}

impl Value {
    /// Empty: null, empty text, empty list.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Ids(ids) => ids.is_empty(),
            Self::Texts(texts) => texts.is_empty(),
            Self::Money(money) => money.amount.is_none(),
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

    /// The wire form; of money the amount.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(b) => Json::Bool(*b),
            Self::Integer(i) => Json::from(*i),
            Self::Decimal(d) => decimal_to_json(*d),
            Self::Money(money) => money.amount.map_or(Json::Null, decimal_to_json),
            Self::Text(text) => Json::String(text.clone()),
            Self::Date(day) => Json::String(day.format("%Y-%m-%d").to_string()),
            Self::Instant(at) => Json::String(at.to_string()),
            Self::Id(id) => Json::String(id.to_string()),
            Self::Ids(ids) => ids.iter().map(|id| Json::String(id.to_string())).collect(),
            Self::Texts(texts) => texts.iter().map(|text| Json::String(text.clone())).collect(),
            Self::Multi(values) => serde_json::to_value(values).unwrap_or(Json::Null),
            Self::Json(json) => json.clone(),
        }
    }
}

/// A decimal as ten-thousandths.
pub fn scaled(value: Decimal) -> Option<i64> {
    (value * Decimal::from(10_i64.pow(DECIMAL_SCALE))).to_i64()
}

/// Ten-thousandths as a decimal, without trailing zeros.
pub fn unscaled(cell: i64) -> Decimal {
    Decimal::new(cell, DECIMAL_SCALE).normalize()
}

/// A sum of whole units (`scale` 0) or of ten-thousandths, without trailing zeros.
pub fn decimal_of_sum(sum: i128, scale: u32) -> Decimal {
    let edge = if sum < 0 { Decimal::MIN } else { Decimal::MAX };
    Decimal::try_from_i128_with_scale(sum, scale).unwrap_or(edge).normalize()
}

/// A decimal as a JSON number: whole numbers without a point.
pub fn decimal_to_json(value: Decimal) -> Json {
    match value.to_i64() {
        Some(whole) if value.is_integer() => Json::from(whole),
        _ => value.to_f64().map_or(Json::Null, Json::from),
    }
}
