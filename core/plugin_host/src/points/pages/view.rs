//! What a call of a page stands on, and JSON of the portal as values of the interface.

use kernel::RecordRef;
use serde_json::{Map, Value as Json};

use crate::bindings::subjects::Subject;
use crate::bindings::types::{Field, Value};
use crate::bindings::views as wit;
use crate::surfaces::Open;

/// What a call of a page stands on. Everything in it but the record is whatever the portal says.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Parameters of the page's address.
    pub params: Map<String, Json>,
    /// What the page keeps.
    pub state: Map<String, Json>,
    /// The record whose page the surface stands on; the caller has seen to it that the viewer may see it.
    pub record: Option<RecordRef>,
}

impl View {
    pub(super) fn to_wit(&self, open: &Open) -> wit::View {
        wit::View {
            surface: open.surface().map(|surface| surface.declared.id.clone()).unwrap_or_default(),
            params: fields(&self.params),
            state: fields(&self.state),
            record: self
                .record
                .as_ref()
                .map(|record| Subject { entity: record.entity.to_string(), id: record.id.to_string() }),
        }
    }
}

/// Named values: what has no type of its own stays JSON.
pub(super) fn fields(map: &Map<String, Json>) -> Vec<Field> {
    map.iter().map(|(name, value)| Field { name: name.clone(), value: value_of(value) }).collect()
}

/// The fields of an object; another value is the field `value`.
pub(super) fn input(json: &Json) -> Vec<Field> {
    match json {
        Json::Object(map) => fields(map),
        Json::Null => Vec::new(),
        other => vec![Field { name: "value".to_owned(), value: value_of(other) }],
    }
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Number(number.as_f64().unwrap_or_default()), Value::Integer)
        }
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) if !items.is_empty() && items.iter().all(Json::is_string) => {
            Value::Texts(items.iter().filter_map(Json::as_str).map(str::to_owned).collect())
        }
        Json::Array(_) | Json::Object(_) => Value::Json(json.to_string()),
    }
}

/// What a guest puts into parameters and state.
pub(super) fn json_of(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(flag) => flag.into(),
        Value::Integer(number) => number.into(),
        Value::Number(number) => serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number),
        Value::Decimal(text) | Value::Text(text) | Value::Date(text) | Value::Time(text) | Value::Id(text) => {
            text.into()
        }
        Value::Instant(micros) => kernel::Timestamp(micros).to_string().into(),
        Value::Ids(texts) | Value::Texts(texts) => texts.into(),
        Value::Money(money) => serde_json::json!({ "amount": money.amount, "currency": money.currency }),
        Value::Multi(values) => {
            values.into_iter().map(|one| serde_json::json!({ "value": one.value, "kind": one.kind })).collect()
        }
        Value::Json(text) => serde_json::from_str(&text).unwrap_or(Json::Null),
    }
}

/// Named values of a guest as an object.
pub(super) fn object_of(fields: Vec<Field>) -> Map<String, Json> {
    fields.into_iter().map(|field| (field.name, json_of(field.value))).collect()
}
