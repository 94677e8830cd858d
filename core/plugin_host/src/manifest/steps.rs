//! What a plugin declares for processes: actions and conditions with their parameters. Owns the check of values against
//! declared parameters; pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Text;

/// An action: a step of a process, or the main action of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Unique among the plugin's actions and conditions: `plugin:<plugin id>/<id>` names it in a process.
    pub id: String,
    /// Shown to whoever draws processes.
    pub title: Text,
    /// In more words.
    #[serde(default)]
    pub description: Text,
    /// What it takes.
    #[serde(default)]
    pub input: Vec<Parameter>,
    /// What its answer has.
    #[serde(default)]
    pub output: Vec<Parameter>,
}

/// A condition: a question of a process, answered with yes or no.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Unique among the plugin's actions and conditions.
    pub id: String,
    /// Shown to whoever draws processes.
    pub title: Text,
    /// In more words.
    #[serde(default)]
    pub description: Text,
    /// What it takes.
    #[serde(default)]
    pub input: Vec<Parameter>,
}

/// One named value that goes in or comes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Unique in its list; a letter, then letters, digits and `_`.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Must be there and not null.
    #[serde(default)]
    pub required: bool,
    /// Shown beside the input.
    #[serde(default)]
    pub label: Text,
}

/// The kind of a parameter, in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A string `YYYY-MM-DD`.
    Date,
    /// A string with date, time and offset (RFC 3339).
    Instant,
    /// A string with a UUID.
    Id,
    /// An array.
    List,
    /// An object.
    Object,
    /// Whatever JSON can say.
    Any,
}

impl ParameterType {
    /// In words, for messages.
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Date => "a date such as 2026-01-31",
            Self::Instant => "an instant such as 2026-01-31T10:00:00Z",
            Self::Id => "an id",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Any => "anything",
        }
    }

    fn takes(self, value: &Json) -> bool {
        let text = value.as_str();
        match self {
            Self::Text => text.is_some(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Date => text.is_some_and(|text| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()),
            Self::Instant => text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
            Self::Id => text.is_some_and(|text| uuid::Uuid::parse_str(text).is_ok()),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
            Self::Any => true,
        }
    }
}

/// Values without nulls, checked against what is declared.
///
/// # Errors
/// The first value that is missing, of another kind or not declared, by name.
pub(crate) fn fit(declared: &[Parameter], values: Map<String, Json>) -> Result<Map<String, Json>, String> {
    let given: Map<String, Json> = values.into_iter().filter(|(_, value)| !value.is_null()).collect();
    for parameter in declared {
        match given.get(&parameter.name) {
            Some(value) if parameter.kind.takes(value) => {}
            Some(_) => return Err(format!("`{}` must be {}", parameter.name, parameter.kind.name())),
            None if parameter.required => return Err(format!("`{}` is missing", parameter.name)),
            None => {}
        }
    }
    match given.keys().find(|name| !declared.iter().any(|parameter| parameter.name == **name)) {
        Some(name) => {
            let known: Vec<&str> = declared.iter().map(|parameter| parameter.name.as_str()).collect();
            let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            Err(format!("`{name}` is not declared; it has {known}"))
        }
        None => Ok(given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(values: Json, expected: Result<Json, &str>) {
        let parameter =
            |name: &str, kind, required| Parameter { name: name.to_owned(), kind, required, label: Text::default() };
        let declared = [
            parameter("amount", ParameterType::Number, true),
            parameter("count", ParameterType::Integer, false),
            parameter("day", ParameterType::Date, false),
            parameter("who", ParameterType::Id, false),
        ];
        let got = fit(&declared, values.as_object().unwrap().clone()).map(Json::Object);
        assert_eq!(got, expected.map_err(str::to_owned), "{values}");
    }

    #[test]
    fn values_fit_what_is_declared() {
        check(json!({"amount": 1.5, "count": null}), Ok(json!({"amount": 1.5})));
        check(
            json!({"amount": 1, "count": 2, "day": "2026-01-31"}),
            Ok(json!({"amount": 1, "count": 2, "day": "2026-01-31"})),
        );
        check(json!({}), Err("`amount` is missing"));
        check(json!({"amount": null}), Err("`amount` is missing"));
        check(json!({"amount": "1"}), Err("`amount` must be a number"));
        check(json!({"amount": 1, "count": 1.5}), Err("`count` must be a whole number"));
        check(json!({"amount": 1, "day": "soon"}), Err("`day` must be a date such as 2026-01-31"));
        check(json!({"amount": 1, "who": "me"}), Err("`who` must be an id"));
        check(json!({"amount": 1, "price": 1}), Err("`price` is not declared; it has amount, count, day, who"));
    }
}
