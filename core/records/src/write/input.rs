//! What comes from outside as typed values: every field known, writable by the actor, of its type.

use kernel::access::Rights;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::FieldType;
use kernel::{Fields, Value};
use serde_json::{Map, Value as Json};

use crate::catalogue::EntityDef;

/// Reads the wire form of fields.
///
/// # Errors
/// Per field: `unknown` (also for hidden ones), `read_only`, or what `Value::from_json` says.
pub fn parse(def: &EntityDef, rights: &Rights, fields: &Map<String, Json>) -> Result<Fields, FieldErrors> {
    let mut values = Fields::new();
    let mut errors = FieldErrors::new();
    for (key, json) in fields {
        let found = def.field(key).filter(|field| def.shows(rights, field));
        let result = match found {
            None => Err(FieldError::new("unknown")),
            Some(field) if field.system || !rights.changes(&def.key, &field.key) => Err(FieldError::new("read_only")),
            Some(field) => Value::from_json(field.kind, json),
        };
        match result {
            Ok(value) => drop(values.insert(key.as_str().into(), value)),
            Err(error) => drop(errors.insert(key.chars().take(100).collect(), error)),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// A value of a plugin as it may be put into a field: under the rules of values of people.
pub(super) fn assignable(def: &EntityDef, key: &str, value: Value) -> Result<Value, FieldError> {
    let field = def.field(key).ok_or_else(|| FieldError::new("unknown"))?;
    if field.system {
        return Err(FieldError::new("read_only"));
    }
    let fits = match &value {
        Value::Null => true,
        Value::Boolean(_) => field.kind == FieldType::Boolean,
        Value::Integer(_) => matches!(field.kind, FieldType::Integer | FieldType::Duration),
        Value::Decimal(_) => matches!(field.kind, FieldType::Decimal | FieldType::Money),
        Value::Text(_) => field.kind.is_text(),
        Value::Texts(_) => field.kind == FieldType::Choices,
        Value::Money(_) => field.kind == FieldType::Money,
        Value::Date(_) => field.kind == FieldType::Date,
        Value::Instant(_) => field.kind == FieldType::Datetime,
        Value::Id(_) => field.kind.is_id(),
        Value::Ids(_) => field.kind == FieldType::Links,
        Value::Multi(_) => field.kind.is_multi(),
        Value::Json(_) => matches!(field.kind, FieldType::Json | FieldType::Address),
    };
    if fits { value.kept(field.kind) } else { Err(FieldError::new("type").with("type", field.kind.name())) }
}

#[cfg(test)]
mod tests {
    use kernel::value::MultiValue;

    use super::*;

    #[test]
    fn values_of_plugins_are_under_the_rules_of_values_of_people() {
        let catalogue = crate::Catalogue::core();
        let lead = catalogue.find("lead").unwrap();
        let phone = |text: &str| Value::Multi(vec![MultiValue { value: text.into(), kind: "work".into() }]);
        let code = |key: &str, value: Value| assignable(lead, key, value).map_err(|error| error.code);
        assert_eq!(code("phones", phone("a\0")), Err("characters".into()));
        assert_eq!(code("phones", phone(&"1".repeat(256))), Err("too_long".into()));
        assert_eq!(code("title", Value::Text("\0".into())), Err("characters".into()));
        assert_eq!(code("title", Value::Integer(1)), Err("type".into()));
        assert_eq!(code("number", Value::Integer(1)), Err("read_only".into()));
        assert_eq!(code("phones", phone(" \u{200e}1 ")), Ok(phone("1")));
    }
}
