//! Values of fields and messages for people: conversions and readers over the generated types.

use crate::bindings::imports::verstak::types::types::{
    Field, FieldMessage, HostError, Message, MultiValue, Parameter, Value,
};
use std::fmt;

/// Reading a set of fields by name.
pub trait Fields {
    /// The value of a field; `None` when it is absent or null.
    fn value(&self, name: &str) -> Option<&Value>;

    /// Text of a text field, choice, date, decimal or id.
    fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) | Value::Date(text) | Value::Time(text) | Value::Decimal(text) | Value::Id(text) => {
                Some(text)
            }
            _ => None,
        }
    }

    /// A whole number.
    fn integer(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Any number as a float: good for comparing, not for money.
    fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Integer(number) => number.to_string().parse().ok(),
            Value::Number(number) => Some(*number),
            Value::Decimal(text) => text.parse().ok(),
            Value::Money(money) => money.amount.parse().ok(),
            _ => None,
        }
    }

    /// A yes or no field.
    fn boolean(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The id of a linked record, user or department.
    fn id(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Id(id) => Some(id),
            _ => None,
        }
    }

    /// Typed values such as phones; empty when there are none.
    fn multi(&self, name: &str) -> &[MultiValue] {
        match self.value(name) {
            Some(Value::Multi(values)) => values,
            _ => &[],
        }
    }

    /// Several texts: choices, files that were sent; none when there are none.
    fn texts(&self, name: &str) -> &[String] {
        match self.value(name) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// No value, or a value of nothing but white space.
    fn is_empty(&self, name: &str) -> bool {
        match self.value(name) {
            None => true,
            Some(Value::Text(text)) => text.trim().is_empty(),
            Some(Value::Multi(values)) => values.iter().all(|entry| entry.value.trim().is_empty()),
            Some(Value::Ids(ids)) => ids.is_empty(),
            Some(Value::Texts(texts)) => texts.is_empty(),
            Some(_) => false,
        }
    }
}

impl Fields for [Field] {
    fn value(&self, name: &str) -> Option<&Value> {
        self.iter().find(|field| field.name == name).map(|field| &field.value).filter(|value| **value != Value::Null)
    }
}

impl Fields for Vec<Field> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.as_slice().value(name)
    }
}

impl Field {
    /// A named value.
    pub fn new(name: &str, value: impl Into<Value>) -> Self {
        Field { name: name.to_owned(), value: value.into() }
    }
}

macro_rules! into_value {
    ($($from:ty => $case:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Value::$case(value.into())
            }
        })*
    };
}

into_value!(&str => Text, String => Text, i64 => Integer, f64 => Number, bool => Boolean, Vec<MultiValue> => Multi);

impl Value {
    /// A link to a record, user or department.
    pub fn link(id: &str) -> Self {
        Value::Id(id.to_owned())
    }
}

/// One phone number of a kind such as "work" or "mobile".
pub fn phone(number: &str, kind: &str) -> MultiValue {
    MultiValue { value: number.to_owned(), kind: kind.to_owned() }
}

impl Message {
    /// A text for people: `key` in the plugin's i18n files, `fallback` in English.
    pub fn new(key: &str, fallback: &str) -> Self {
        Message { key: key.to_owned(), parameters: Vec::new(), fallback: fallback.to_owned() }
    }

    /// Puts `value` in place of `{name}`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.parameters.push(Parameter { name: name.to_owned(), value: value.to_string() });
        self
    }
}

impl FieldMessage {
    /// A message beside one field.
    pub fn new(field: &str, message: Message) -> Self {
        FieldMessage { field: field.to_owned(), message }
    }
}

/// One line for logs.
pub fn describe(error: &HostError) -> String {
    match error {
        HostError::Denied(text) => format!("denied: {text}"),
        HostError::NotFound(text) => format!("not found: {text}"),
        HostError::Conflict(text) => format!("conflict: {text}"),
        HostError::Limit(text) => format!("limit: {text}"),
        HostError::Unavailable(text) => format!("unavailable: {text}"),
        HostError::Internal(text) => format!("internal: {text}"),
        HostError::Invalid(invalid) => {
            let fields: Vec<String> =
                invalid.fields.iter().map(|field| format!("{}: {}", field.field, field.text)).collect();
            format!("invalid: {} ({})", invalid.text, fields.join("; "))
        }
    }
}
