//! The JSON form of a filter, read with limits and errors that name the place, and written back.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::{Filter, MAX_DEPTH, MAX_LIST, MAX_NODES, MAX_VALUES, Op, Operand, Relative, Test};
use crate::error::FieldError;

impl Filter {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// `filter` with the place and the reason: unknown key, wrong operand, too deep, too large.
    pub fn parse(json: &Json) -> Result<Self, FieldError> {
        let mut size = Size::default();
        read(json, "filter", 0, &mut size)
            .map_err(|(place, reason)| FieldError::new("filter").with("place", place).with("reason", reason))
    }

    /// The JSON form.
    pub fn to_json(&self) -> Json {
        match self {
            Self::And(parts) => json!({"and": parts.iter().map(Self::to_json).collect::<Vec<_>>()}),
            Self::Or(parts) => json!({"or": parts.iter().map(Self::to_json).collect::<Vec<_>>()}),
            Self::Not(part) => json!({"not": part.to_json()}),
            Self::Test(test) => {
                let mut map = Map::new();
                map.insert("field".into(), test.field.clone().into());
                map.insert("op".into(), json!(test.op));
                if test.value != Operand::None {
                    map.insert("value".into(), operand_to_json(&test.value));
                }
                Json::Object(map)
            }
        }
    }
}

type Fault = (String, String);

/// How much of a filter was read.
#[derive(Default)]
struct Size {
    nodes: usize,
    values: usize,
}

fn read(json: &Json, place: &str, depth: usize, size: &mut Size) -> Result<Filter, Fault> {
    let fault = |reason: &str| Err((place.to_owned(), reason.to_owned()));
    size.nodes += 1;
    if size.nodes > MAX_NODES {
        return fault(&format!("more than {MAX_NODES} conditions"));
    }
    if depth > MAX_DEPTH {
        return fault(&format!("nested deeper than {MAX_DEPTH}"));
    }
    let Json::Object(map) = json else { return fault("expected an object") };
    if map.contains_key("field") {
        let test = read_test(map, place)?;
        size.values += if let Operand::Many(items) = &test.value { items.len() } else { 0 };
        return if size.values > MAX_VALUES {
            fault(&format!("more than {MAX_VALUES} values in all"))
        } else {
            Ok(Filter::Test(test))
        };
    }
    match (map.len(), map.iter().next()) {
        (1, Some((key, Json::Array(parts)))) if key == "and" || key == "or" => {
            let parts = parts
                .iter()
                .enumerate()
                .map(|(i, part)| read(part, &format!("{place}.{key}[{i}]"), depth + 1, size))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(if key == "and" { Filter::And(parts) } else { Filter::Or(parts) })
        }
        (1, Some((key, part))) if key == "not" => {
            read(part, &format!("{place}.not"), depth + 1, size).map(|part| Filter::Not(Box::new(part)))
        }
        _ => fault("expected one of `and`, `or`, `not`, or a test with `field` and `op`"),
    }
}

fn read_test(map: &Map<String, Json>, place: &str) -> Result<Test, Fault> {
    let fault = |reason: String| Err((place.to_owned(), reason));
    if let Some(key) = map.keys().find(|key| !["field", "op", "value"].contains(&key.as_str())) {
        return fault(format!("unknown key `{key}`"));
    }
    let Some(Json::String(field)) = map.get("field") else { return fault("`field` must be text".into()) };
    let Some(op) = map.get("op").and_then(|op| Op::deserialize(op).ok()) else {
        return fault("`op` must be one of eq, ne, gt, gte, lt, lte, in, not_in, contains, starts_with, empty, not_empty, between".into());
    };
    let value = match (op, map.get("value")) {
        (Op::Empty | Op::NotEmpty, _) => Operand::None,
        (_, None) => return fault("`value` is missing".into()),
        (_, Some(value)) => read_operand(value, place)?,
    };
    match (op, &value) {
        (Op::In | Op::NotIn, Operand::Many(_) | Operand::MyDepartment | Operand::MySubtree | Operand::MyHeaded) => {}
        (Op::In | Op::NotIn, _) => return fault("`in` needs a list".into()),
        (Op::Between, Operand::Many(pair)) if pair.len() == 2 => {}
        (Op::Between, _) => return fault("`between` needs a list of two".into()),
        (_, Operand::Many(_)) => return fault("this `op` takes one value, not a list".into()),
        _ => {}
    }
    Ok(Test { field: field.clone(), op, value })
}

fn read_operand(json: &Json, place: &str) -> Result<Operand, Fault> {
    let fault = |reason: String| Err((place.to_owned(), reason));
    match json {
        Json::Array(items) if items.len() > MAX_LIST => fault(format!("more than {MAX_LIST} values")),
        Json::Array(items) => {
            items.iter().map(|item| read_operand(item, place)).collect::<Result<_, _>>().map(Operand::Many)
        }
        Json::Object(map) => match map.keys().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["me"] => Ok(Operand::Me),
            ["my_department"] => Ok(Operand::MyDepartment),
            ["my_subtree"] => Ok(Operand::MySubtree),
            ["my_headed"] => Ok(Operand::MyHeaded),
            _ => Relative::deserialize(json)
                .map(Operand::Relative)
                .or_else(|_| fault("expected a literal, a list, a relative period or a placeholder".into())),
        },
        literal => Ok(Operand::One(literal.clone())),
    }
}

fn operand_to_json(operand: &Operand) -> Json {
    match operand {
        Operand::None => Json::Null,
        Operand::One(literal) => literal.clone(),
        Operand::Many(items) => items.iter().map(operand_to_json).collect(),
        Operand::Relative(relative) => json!(relative),
        Operand::Me => json!({"me": true}),
        Operand::MyDepartment => json!({"my_department": true}),
        Operand::MySubtree => json!({"my_subtree": true}),
        Operand::MyHeaded => json!({"my_headed": true}),
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::parse(&json).map_err(|e| serde::de::Error::custom(e.message.in_locale(crate::Locale::En)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &Json, expected: Result<(), &str>) {
        match (Filter::parse(input), expected) {
            (Ok(filter), Ok(())) => assert_eq!(&filter.to_json(), input),
            (Err(error), Err(part)) => {
                let text = error.message.in_locale(crate::Locale::En);
                assert!(text.contains(part), "{text} should name {part}");
            }
            (got, _) => panic!("{input}: {got:?}"),
        }
    }

    #[test]
    fn filters_round_trip_or_name_what_is_wrong() {
        check(&json!({"field": "amount", "op": "gte", "value": 1000}), Ok(()));
        check(&json!({"and": [{"or": []}, {"not": {"field": "owner", "op": "empty"}}]}), Ok(()));
        check(&json!({"field": "owner", "op": "in", "value": [{"me": true}, "x"]}), Ok(()));
        check(&json!({"field": "created_at", "op": "eq", "value": {"relative": "this_week"}}), Ok(()));
        check(&json!({"field": "created_at", "op": "gt", "value": {"relative": "days_ago", "n": 7}}), Ok(()));
        check(&json!([]), Err("expected an object"));
        check(&json!({}), Err("expected one of"));
        check(&json!({"and": [{"field": "a", "op": "like", "value": 1}]}), Err("filter.and[0]"));
        check(&json!({"field": "a", "op": "eq"}), Err("`value` is missing"));
        check(&json!({"field": "a", "op": "in", "value": 1}), Err("needs a list"));
        check(&json!({"field": "a", "op": "between", "value": [1]}), Err("list of two"));
        check(&json!({"field": "a", "op": "eq", "value": {"relative": "eternity"}}), Err("relative"));
        check(&json!({"field": "a", "op": "eq", "value": 1, "sql": "drop"}), Err("unknown key `sql`"));
        check(&json!({"field": "a", "op": "in", "value": vec![1; 1001]}), Err("more than 1000"));
    }

    #[test]
    fn deep_and_wide_filters_are_refused() {
        let deep = (0..40).fold(json!({"and": []}), |inner, _| json!({"not": inner}));
        check(&deep, Err("nested deeper"));
        check(&json!({"or": vec![json!({"field": "a", "op": "empty"}); 400]}), Err("more than 300"));
        let long = json!({"field": "a", "op": "in", "value": vec![1; 1_000]});
        check(&json!({"or": vec![long.clone(); 4]}), Ok(()));
        check(&json!({"or": vec![long; 5]}), Err("more than 4000 values"));
    }
}
