//! The reference of blocks, `sdk/ui/blocks.json`: made from the types that the portal draws, and what packages are
//! checked against. One file, so that the two cannot drift.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

static REFERENCE: LazyLock<Json> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../sdk/ui/blocks.json")).unwrap_or_default());

/// What a name among the sources is said to be.
const SOURCE: &str = "A name among `sources`.";
/// What a field of a source is said to be.
const FIELD: &str = "A field of the source's rows.";

/// A schema of the reference.
pub(super) type Schema = &'static Json;

/// What a plain text in a tree stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Source,
    Field,
    Other,
}

/// The schema of a whole tree.
pub(super) fn tree() -> Schema {
    &REFERENCE
}

/// A limit by its name, such as `blocks`.
pub(super) fn limit(name: &str) -> usize {
    let found = REFERENCE.pointer(&format!("/x-limits/{name}")).and_then(Json::as_u64);
    found.and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
}

/// A named part, such as `action`.
pub(super) fn definition(name: &str) -> Option<Schema> {
    REFERENCE.get("$defs")?.get(name)
}

/// The schema of a kind of block.
pub(super) fn block(kind: &str) -> Option<Schema> {
    definition(&format!("block.{kind}"))
}

/// All kinds of blocks.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    let all = REFERENCE.get("$defs").and_then(Json::as_object).into_iter().flat_map(Map::keys);
    all.filter_map(|name| name.strip_prefix("block."))
}

/// The verbs of an action.
pub(super) fn verbs() -> impl Iterator<Item = &'static str> {
    let verbs = definition("action").and_then(|action| action.get("x-verbs")?.as_array());
    verbs.into_iter().flatten().filter_map(Json::as_str)
}

/// The part that a schema refers to, if it does.
pub(super) fn referred(schema: Schema) -> Option<&'static str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

/// Whether it is an object of the action's shape.
pub(super) fn is_action(schema: Schema) -> bool {
    schema.get("x-verbs").is_some()
}

/// Whether it is an object of an input's shape.
pub(super) fn is_input(schema: Schema) -> bool {
    definition("input").is_some_and(|input| std::ptr::eq(input, schema))
}

/// What a text of this schema stands for.
pub(super) fn means(schema: Schema) -> Means {
    match schema.get("description").and_then(Json::as_str) {
        Some(SOURCE) => Means::Source,
        Some(FIELD) => Means::Field,
        _ => Means::Other,
    }
}

/// Whether a value may be meant by a schema: by its kind, and of objects by what they must have.
pub(super) fn fits(schema: Schema, json: &Json) -> bool {
    if let Some(name) = referred(schema) {
        return match name {
            "text" => json.is_string() || json.get("t").is_some() || json.get("=").is_some(),
            name => definition(name).is_some_and(|part| fits(part, json)),
        };
    }
    if let Some(choices) = schema.get("anyOf").and_then(Json::as_array) {
        return choices.iter().any(|choice| fits(choice, json));
    }
    if let Some(all) = schema.get("enum").and_then(Json::as_array) {
        return all.contains(json);
    }
    match schema.get("type").and_then(Json::as_str) {
        None => true,
        Some("object") => json.as_object().is_some_and(|map| required(schema).all(|key| map.contains_key(key))),
        Some("array") => json.is_array(),
        Some("string") => json.is_string(),
        Some("boolean") => json.is_boolean(),
        Some("integer") => json.is_i64() || json.is_u64(),
        Some(_) => json.is_number(),
    }
}

/// The keys that an object must have.
pub(super) fn required(schema: Schema) -> impl Iterator<Item = &'static str> {
    schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// A schema in words, for whoever wrote something else.
pub(super) fn described(schema: Schema) -> String {
    if let Some(name) = referred(schema) {
        return match name {
            "computed" => "an expression `=...`".to_owned(),
            "text" => "a text `@key`".to_owned(),
            "block" => "a block".to_owned(),
            "blocks" => "a list of blocks".to_owned(),
            name => definition(name).map_or_else(|| name.to_owned(), described),
        };
    }
    let words = |all: &'static Vec<Json>| all.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(", ");
    if let Some(choices) = schema.get("anyOf").and_then(Json::as_array) {
        return choices.iter().map(described).collect::<Vec<_>>().join(", or ");
    }
    if let Some(all) = schema.get("enum").and_then(Json::as_array) {
        return format!("one of {}", words(all));
    }
    match schema.get("type").and_then(Json::as_str) {
        Some("object") => {
            let keys: Vec<String> = required(schema).map(|key| format!("`{key}`")).collect();
            if keys.is_empty() { "a table".to_owned() } else { format!("a table with {}", keys.join(" and ")) }
        }
        Some("array") => "a list".to_owned(),
        Some("string") => "a text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => "a whole number".to_owned(),
        Some(_) => "a number".to_owned(),
        None => "a value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_the_one_this_host_understands() {
        assert_eq!((limit("treeBytes"), limit("blocks"), limit("depth")), (256 * 1024, 300, 8));
        assert!(kinds().count() >= 27 && verbs().count() == 12);
        let table = block("table").unwrap();
        let source = table.pointer("/properties/source").unwrap();
        assert_eq!(means(source), Means::Source);
        assert_eq!(means(block("gantt").unwrap().pointer("/properties/start").unwrap()), Means::Field);
        assert_eq!(required(table).collect::<Vec<_>>(), ["block", "source", "columns"]);
    }
}
