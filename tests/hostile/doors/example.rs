//! Bodies made from the schemas of the document.

use serde_json::{Map, Value, json};

/// Deeper than any body of ours; schemas may hold themselves.
const DEEPEST: usize = 8;

/// The document's schemas.
pub struct Schemas<'a> {
    document: &'a Value,
    /// What stands for ids.
    id: &'a str,
}

impl<'a> Schemas<'a> {
    pub fn new(document: &'a Value, id: &'a str) -> Self {
        Self { document, id }
    }

    /// A value of this schema with everything that it may hold.
    pub fn example(&self, schema: &Value) -> Value {
        self.at(schema, 0)
    }

    fn at(&self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let place = self.document.pointer(reference.trim_start_matches('#'));
            return self.at(place.unwrap_or_else(|| panic!("{reference} leads nowhere")), depth + 1);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let all = parts.iter().map(|part| self.at(part, depth + 1));
            return all.reduce(merged).unwrap_or(Value::Null);
        }
        for several in ["oneOf", "anyOf"] {
            let choice = schema[several].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"));
            if let Some(one) = choice {
                return self.at(one, depth + 1);
            }
        }
        let choice = schema["enum"].as_array().and_then(|all| all.iter().find(|one| !one.is_null()));
        choice.cloned().unwrap_or_else(|| self.plain(schema, depth))
    }

    fn plain(&self, schema: &Value, depth: usize) -> Value {
        let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
        let kind = kinds.iter().find(|kind| **kind != "null").and_then(Value::as_str).unwrap_or("string");
        match kind {
            "object" => self.object(schema, depth),
            "array" => json!([self.at(&schema["items"], depth + 1)]),
            "integer" | "number" => json!(schema["minimum"].as_i64().unwrap_or(0).max(1)),
            "boolean" => json!(true),
            _ => json!(match schema["format"].as_str().unwrap_or_default() {
                "uuid" => self.id,
                "date" => "2026-03-16",
                "date-time" => "2026-03-16T09:00:00Z",
                _ => "walk",
            }),
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let Some(properties) = schema["properties"].as_object() else {
            let of = &schema["additionalProperties"];
            return json!({"walk": if of.is_object() { self.at(of, depth + 1) } else { json!("walk") }});
        };
        properties.iter().map(|(key, one)| (key.clone(), self.at(one, depth + 1))).collect::<Map<_, _>>().into()
    }
}

fn merged(mut one: Value, other: Value) -> Value {
    match (&mut one, other) {
        (Value::Object(one), Value::Object(other)) => one.extend(other),
        (one, other) => *one = other,
    }
    one
}

/// The places of all texts in a body, as pointers.
pub fn texts(body: &Value) -> Vec<String> {
    fn find(node: &Value, place: &str, found: &mut Vec<String>) {
        match node {
            Value::String(_) => found.push(place.to_owned()),
            Value::Object(map) => map.iter().for_each(|(key, one)| find(one, &format!("{place}/{key}"), found)),
            Value::Array(all) => all.iter().enumerate().for_each(|(n, one)| find(one, &format!("{place}/{n}"), found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    find(body, "", &mut found);
    found
}

/// The same body with one text changed.
pub fn with(body: &Value, place: &str, text: &str) -> Value {
    let mut changed = body.clone();
    *changed.pointer_mut(place).unwrap() = text.into();
    changed
}

#[test]
fn bodies_are_made_from_their_schemas() {
    let document = json!({"components": {"schemas": {
        "Tree": {"type": "object", "properties": {
            "id": {"type": ["string", "null"], "format": "uuid"},
            "kind": {"enum": [null, "a", "b"]},
            "below": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        }},
    }}});
    let schemas = Schemas::new(&document, "7");
    let both = json!({"allOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}]});
    let made = schemas.example(&both);
    assert_eq!(
        (&made["id"], &made["kind"], &made["n"], &made["below"][0]["id"]),
        (&json!("7"), &json!("a"), &json!(3), &json!("7"))
    );
    let maybe = json!({"oneOf": [{"type": "null"}, {"type": "object", "additionalProperties": {"type": "boolean"}}]});
    assert_eq!(schemas.example(&maybe), json!({"walk": true}));
    assert_eq!(texts(&json!({"a": ["x", {"b": "y"}], "c": 1})), ["/a/0", "/a/1/b"]);
}
