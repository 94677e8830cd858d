//! What a source asks: read from its compiled form or from a request, and a request held against what was declared.

use std::collections::BTreeMap;

use records::read::{Bucket, MeasureOp};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// What a source asks, with plain values only.
#[derive(Debug, Clone, PartialEq)]
pub enum Spec {
    /// A list of records.
    Records(Listed),
    /// One record.
    Record(One),
    /// Counts and sums.
    Aggregate(Figures),
    /// A report of the product.
    Report(Reported),
    /// What the plugin's code computes.
    Plugin(Computed),
}

/// A list of records.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The entity.
    pub records: String,
    /// Which of them, in the query language.
    pub filter: Option<Json>,
    /// Their order.
    #[serde(default)]
    pub sort: Vec<SortKey>,
    /// Only these fields.
    pub fields: Option<Vec<String>>,
    /// Rows of a portion.
    pub limit: Option<u64>,
    /// Words to look for.
    pub q: Option<String>,
}

/// A sort key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SortKey {
    /// Field key.
    pub field: String,
    /// From the largest.
    #[serde(default)]
    pub desc: bool,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct One {
    /// The entity.
    pub record: String,
    /// Its id; nothing: no record is open.
    pub id: Json,
    /// Only these fields.
    pub fields: Option<Vec<String>>,
}

/// Counts and sums.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// The entity.
    pub aggregate: String,
    /// Which records, in the query language.
    pub filter: Option<Json>,
    /// Up to four axes.
    #[serde(default)]
    pub group_by: Vec<Axis>,
    /// What is computed; a count by default.
    #[serde(default)]
    pub measures: Vec<Measured>,
}

/// A group axis.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Axis {
    /// A field.
    Field(String),
    /// A date by calendar period.
    Bucket {
        /// Field key.
        field: String,
        /// The period.
        bucket: Bucket,
    },
}

impl Axis {
    /// Its field.
    pub fn field(&self) -> &str {
        match self {
            Self::Field(field) | Self::Bucket { field, .. } => field,
        }
    }
}

/// A measure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// How.
    pub op: MeasureOp,
    /// Of which field.
    pub field: Option<String>,
}

impl Measured {
    /// The name of its value in an answer: `count`, `sum_amount`.
    pub fn name(&self) -> String {
        let op = match self.op {
            MeasureOp::Count => return "count".to_owned(),
            MeasureOp::Sum => "sum",
            MeasureOp::Avg => "avg",
            MeasureOp::Min => "min",
            MeasureOp::Max => "max",
        };
        format!("{op}_{}", self.field.as_deref().unwrap_or_default())
    }
}

/// A report of the product.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// Its name.
    pub report: String,
    /// Its parameters.
    pub input: Option<Json>,
}

/// What the plugin's code computes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Computed {
    /// Its name in the plugin.
    pub plugin: String,
    /// What it is given.
    #[serde(default)]
    pub input: Json,
    /// What its rows have.
    #[serde(default)]
    pub columns: Vec<ColumnSpec>,
    /// Events after which it is asked again.
    #[serde(default)]
    pub on: Vec<String>,
    /// Seconds after which it is asked again.
    pub every: Option<f64>,
    /// Seconds for which an answer may be kept.
    pub cache: Option<f64>,
}

/// A column of a plugin source.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Its name in the rows.
    pub key: String,
    /// `{"t": key}`.
    pub label: Json,
    /// Its type.
    pub r#type: String,
}

impl Spec {
    /// Reads the form of the wire.
    ///
    /// # Errors
    /// What does not fit, in English.
    pub fn parse(json: &Json) -> Result<Self, String> {
        fn read<T: serde::de::DeserializeOwned>(json: &Json) -> Result<T, String> {
            serde_json::from_value(json.clone()).map_err(|error| error.to_string())
        }
        let has = |key: &str| json.get(key).is_some();
        match () {
            () if has("records") => read(json).map(Self::Records),
            () if has("record") => read(json).map(Self::Record),
            () if has("aggregate") => read(json).map(Self::Aggregate),
            () if has("report") => read(json).map(Self::Report),
            () if has("plugin") => read(json).map(Self::Plugin),
            () => Err("a source has `records`, `record`, `aggregate`, `report` or `plugin`".to_owned()),
        }
    }

    /// The entity whose records it reads.
    pub fn entity(&self) -> Option<&str> {
        match self {
            Self::Records(listed) => Some(&listed.records),
            Self::Record(one) => Some(&one.record),
            Self::Aggregate(figures) => Some(&figures.aggregate),
            Self::Report(_) | Self::Plugin(_) => None,
        }
    }

    /// Its filter.
    pub(crate) const fn filter(&self) -> Option<&Json> {
        match self {
            Self::Records(Listed { filter, .. }) | Self::Aggregate(Figures { filter, .. }) => filter.as_ref(),
            _ => None,
        }
    }
}

/// A declared source.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Compiled, with expressions in it.
    pub(crate) json: Json,
    /// What it asks whatever the expressions give.
    pub(crate) spec: Spec,
}

/// By name.
pub(crate) type Sources = BTreeMap<String, Source>;

impl Source {
    /// What a request asks of this source: only values of expressions come from it, everything else is as declared.
    ///
    /// # Errors
    /// Where the request says something else, in English.
    pub(crate) fn asked(&self, given: &Json) -> Result<Spec, String> {
        Spec::parse(&filled(&self.json, given, "source")?)
    }
}

/// The expression of a compiled value, if it is one.
pub(super) fn expression(json: &Json) -> Option<&Json> {
    json.as_object().filter(|map| map.len() == 1)?.get("=")
}

fn filled(declared: &Json, given: &Json, place: &str) -> Result<Json, String> {
    if expression(declared).is_some() {
        return Ok(given.clone());
    }
    match (declared, given) {
        (Json::Object(declared), Json::Object(given)) => {
            if let Some(key) = given.keys().find(|key| !declared.contains_key(*key)) {
                return Err(format!("{place}.{key} is not declared"));
            }
            let nothing = Json::Null;
            let fill = |(key, declared): (&String, &Json)| {
                let given = given.get(key).unwrap_or(&nothing);
                Ok((key.clone(), filled(declared, given, &format!("{place}.{key}"))?))
            };
            declared.iter().map(fill).collect::<Result<Map<_, _>, String>>().map(Json::Object)
        }
        (Json::Array(declared), Json::Array(given)) if declared.len() == given.len() => {
            let pairs = declared.iter().zip(given).enumerate();
            let fill = |(index, (declared, given))| filled(declared, given, &format!("{place}[{index}]"));
            pairs.map(fill).collect::<Result<Vec<_>, _>>().map(Json::Array)
        }
        (declared, given) if same(declared, given) => Ok(declared.clone()),
        _ => Err(format!("{place} is not as declared")),
    }
}

/// Whether two literals are the same; 1 and 1.0 are.
fn same(one: &Json, other: &Json) -> bool {
    one == other || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one.total_cmp(&other).is_eq())
}

/// The same value with nothing where an expression stands; of an `in` an empty list, of a `between` two nothings.
pub(super) fn sample(json: &Json) -> Json {
    if expression(json).is_some() {
        return Json::Null;
    }
    match json {
        Json::Array(items) => items.iter().map(sample).collect(),
        Json::Object(map) => {
            let mut made: Map<String, Json> = map.iter().map(|(key, value)| (key.clone(), sample(value))).collect();
            if map.get("value").is_some_and(|value| expression(value).is_some()) {
                match map.get("op").and_then(Json::as_str) {
                    Some("in" | "not_in") => drop(made.insert("value".to_owned(), Json::Array(Vec::new()))),
                    Some("between") => drop(made.insert("value".to_owned(), Json::Array(vec![Json::Null, Json::Null]))),
                    _ => {}
                }
            }
            Json::Object(made)
        }
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn declared() -> Source {
        let json = json!({"records": "lead", "limit": 20, "filter": {"and": [
            {"field": "stage", "op": "eq", "value": {"=": {"name": "params"}}},
            {"field": "owner", "op": "eq", "value": {"me": true}},
        ]}});
        Source { spec: Spec::parse(&sample(&json)).unwrap(), json }
    }

    fn request() -> Json {
        json!({"records": "lead", "limit": 20, "filter": {"and": [
            {"field": "stage", "op": "eq", "value": "new"},
            {"field": "owner", "op": "eq", "value": {"me": true}},
        ]}})
    }

    #[test]
    fn only_values_of_expressions_come_from_a_request() {
        let Spec::Records(asked) = declared().asked(&request()).unwrap() else { panic!("no list") };
        assert_eq!(asked.filter, Some(request()["filter"].clone()));
        assert_eq!((asked.records.as_str(), asked.limit), ("lead", Some(20)));
    }

    #[test]
    fn a_request_for_something_else_is_refused() {
        let check = |pointer: &str, value: Json, expected: &str| {
            let mut request = request();
            *request.pointer_mut(pointer).unwrap() = value;
            let error = declared().asked(&request).unwrap_err();
            assert!(error.contains(expected), "{pointer}: {error}");
        };
        check("/records", json!("deal"), "source.records is not as declared");
        check("/limit", json!(500), "source.limit");
        check("/filter/and/0/field", json!("amount"), "source.filter.and[0].field");
        check("/filter/and/1/value", json!("someone"), "source.filter.and[1].value");
        check("/filter", json!(null), "source.filter");
        check("/filter/and", json!([]), "source.filter.and");
        let mut more = request();
        more["fields"] = json!(["amount"]);
        assert!(declared().asked(&more).unwrap_err().contains("source.fields is not declared"));
        assert!(declared().asked(&json!([])).is_err());
    }
}
