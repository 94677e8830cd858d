//! What a good document is: our own short set of rules, since validators of the format let through what hurts clients
//! (a query parameter declared in the path, a body of which nothing is said). Each rule gives its faults in words.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document;

/// A rule over the whole document.
type Rule = fn(&Value) -> Vec<String>;

const RULES: [(&str, Rule); 8] = [
    ("every operation has an id of its own", ids),
    ("an address is described once", addresses),
    ("parameters of a path are those of its address", parameters),
    ("bodies say what they hold", bodies),
    ("every operation has an answer of success that says what it holds", answers),
    ("every operation describes its problems", problems),
    ("every reference leads to a schema", references),
    ("schemas are whole", schemas),
];

/// `(method and path, operation)` of the document.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let of = |(path, methods)| {
        let (path, methods): (&String, _) = (path, methods);
        entries(methods).map(move |(method, one)| (format!("{method} {path}"), one))
    };
    entries(&document["paths"]).flat_map(of).collect()
}

fn names(address: &str) -> BTreeSet<&str> {
    address.split(['{', '}']).skip(1).step_by(2).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn ids(document: &Value) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = operations(document).into_iter();
    let wrong = all.filter(|(_, one)| one["operationId"].as_str().is_none_or(|id| id.is_empty() || !seen.insert(id)));
    wrong.map(|(name, one)| format!("{name}: {}", one["operationId"])).collect()
}

fn addresses(document: &Value) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let bare = |path: &str| -> Vec<String> {
        path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }.to_owned()).collect()
    };
    let paths = entries(&document["paths"]).map(|(path, _)| path);
    paths.filter(|path| !seen.insert(bare(path))).cloned().collect()
}

fn parameters(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, one) in operations(document) {
        let all = list(&one["parameters"]);
        let within = |place: &str| -> Vec<&str> {
            all.iter().filter(|one| one["in"] == place).map(|one| one["name"].as_str().unwrap()).collect()
        };
        let (path, query) = (within("path"), within("query"));
        let told: BTreeSet<&str> = path.iter().copied().collect();
        if told != names(&name) {
            wrong.push(format!("{name}: {told:?} stand in the path"));
        }
        let once: BTreeSet<&str> = query.iter().copied().collect();
        if told.len() + once.len() < all.iter().filter(|one| one["in"] != "header").count() {
            wrong.push(format!("{name}: a parameter stands twice, or nowhere: {path:?} {query:?}"));
        }
        let bare = all.iter().filter(|one| !says(document, &one["schema"], 0));
        wrong.extend(bare.map(|one| format!("{name}: nothing is said of {}", one["name"])));
        let left_out = all.iter().filter(|one| one["in"] == "path" && one["required"] != true);
        wrong.extend(left_out.map(|one| format!("{name}: {} may not be left out", one["name"])));
    }
    wrong
}

/// Whether a schema says anything about its value, down to the items of a list.
fn says(document: &Value, schema: &Value, depth: usize) -> bool {
    if depth > 20 {
        return true;
    }
    let inner = |schema: &Value| says(document, schema, depth + 1);
    if let Some(reference) = schema["$ref"].as_str() {
        return document.pointer(reference.trim_start_matches('#')).is_some_and(inner);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(all) = schema[several].as_array() {
            return !all.is_empty() && all.iter().all(inner);
        }
    }
    let is = |kind: &str| schema["type"] == kind || list(&schema["type"]).iter().any(|one| one == kind);
    if is("array") {
        return inner(&schema["items"]);
    }
    if is("object") {
        return schema["properties"].is_object()
            || (schema["additionalProperties"].is_object() && inner(&schema["additionalProperties"]));
    }
    !schema["type"].is_null() || !list(&schema["enum"]).is_empty()
}

fn silent(document: &Value, content: &Value) -> bool {
    entries(content).count() == 0 || entries(content).any(|(_, media)| !says(document, &media["schema"], 0))
}

fn bodies(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, one) in operations(document) {
        let body = &one["requestBody"];
        if !body.is_null() && silent(document, &body["content"]) {
            wrong.push(format!("{name}: nothing is said of its body"));
        }
        if !body.is_null() && (name.starts_with("get ") || name.starts_with("delete ")) {
            wrong.push(format!("{name}: has no body"));
        }
    }
    wrong
}

fn answers(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, one) in operations(document) {
        let good: Vec<_> = entries(&one["responses"]).filter(|(status, _)| status.starts_with('2')).collect();
        if good.is_empty() {
            wrong.push(format!("{name}: no answer of success"));
        }
        for (status, answer) in good {
            let empty = status == "204";
            let content = &answer["content"];
            if (empty && !content.is_null()) || (!empty && silent(document, content)) {
                wrong.push(format!("{name}: nothing is said of its answer {status}"));
            }
        }
    }
    wrong
}

fn problems(document: &Value) -> Vec<String> {
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    let described =
        |one: &Value| one["responses"]["default"]["content"]["application/problem+json"]["schema"] == schema;
    let mut wrong: Vec<String> =
        operations(document).into_iter().filter(|(_, one)| !described(one)).map(|(name, _)| name).collect();
    for part in ["type", "title", "status", "code", "detail", "fields", "request_id"] {
        if document.pointer(&format!("/components/schemas/Problem/properties/{part}")).is_none() {
            wrong.push(format!("problems have no {part}"));
        }
    }
    wrong
}

/// Every part of the document with its place.
fn walk<'a>(node: &'a Value, place: &str, seen: &mut dyn FnMut(&'a Value, &str)) {
    seen(node, place);
    match node {
        Value::Object(map) => map.iter().for_each(|(key, one)| walk(one, &format!("{place}/{key}"), seen)),
        Value::Array(all) => all.iter().for_each(|one| walk(one, place, seen)),
        _ => {}
    }
}

fn references(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(document, "", &mut |node, place| {
        let lost = |to: &&str| document.pointer(to.trim_start_matches('#')).is_none();
        wrong.extend(node["$ref"].as_str().filter(lost).map(|to| format!("{place}: {to}")));
    });
    wrong
}

fn schemas(document: &Value) -> Vec<String> {
    const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "array", "object", "null"];
    let mut wrong = Vec::new();
    walk(&document["components"]["schemas"], "", &mut |node, place| {
        // Among properties `type` and `required` are names, not words of the format.
        if place.ends_with("/properties") || !node.is_object() {
            return;
        }
        let required = list(&node["required"]).iter().filter_map(Value::as_str);
        let missing = required.filter(|name| node["properties"].get(name).is_none());
        wrong.extend(missing.map(|name| format!("{place}: `{name}` is required and not described")));
        let types = node["type"].as_str().into_iter().chain(list(&node["type"]).iter().filter_map(Value::as_str));
        wrong.extend(types.filter(|kind| !TYPES.contains(kind)).map(|kind| format!("{place}: no type `{kind}`")));
        if node["type"] == "array" && node["items"].is_null() {
            wrong.push(format!("{place}: nothing is said of its items"));
        }
    });
    wrong
}

/// All faults, with the rule they break.
fn faults(document: &Value) -> Vec<String> {
    let of = |(rule, find): (&str, Rule)| {
        find(document).into_iter().map(move |fault| format!("{rule}: {fault}")).collect::<Vec<_>>()
    };
    RULES.into_iter().flat_map(of).collect()
}

#[test]
fn the_document_keeps_every_rule() {
    let document = document();
    assert!(operations(&document).len() > 80, "the document has lost its operations");
    let faults = faults(&document);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_document_that_breaks_a_rule_is_found_out() {
    let good = document();
    let at = |place: &str| format!("/paths/~1api~1v1~1{place}");
    let breaks: [(usize, String, Value); 13] = [
        (0, at("me/get/operationId"), json!("records_list")),
        (0, at("me/get/operationId"), json!("")),
        (2, at("views~1{id}/delete/parameters"), json!([])),
        (2, at("events/get/parameters/0/in"), json!("path")),
        (2, at("events/get/parameters/1/name"), json!("after")),
        (2, at("events/get/parameters/0/schema"), json!({})),
        (3, at("session/post/requestBody/content/application~1json"), json!({})),
        (3, at("session/post/requestBody/content/application~1json/schema"), json!({"type": "object"})),
        (4, at("me/get/responses"), json!({})),
        (4, at("me/get/responses/200"), json!({"description": ""})),
        (5, at("me/get/responses/default"), json!({"description": "sorry"})),
        (6, "/components/schemas/RecordView/properties/id".into(), json!({"$ref": "#/components/schemas/Nowhere"})),
        (7, "/components/schemas/Problem/properties/code".into(), json!({"type": "text"})),
    ];
    for (rule, place, value) in breaks {
        let mut bad = good.clone();
        *bad.pointer_mut(&place).unwrap_or_else(|| panic!("{place} is no place")) = value.clone();
        let (name, find) = RULES[rule];
        assert!(!find(&bad).is_empty(), "{name}: {place} = {value} was not found");
    }
    let mut twice = good.clone();
    twice["paths"]["/api/v1/views/{other}"] = good["paths"]["/api/v1/views/{id}"].clone();
    assert!(!addresses(&twice).is_empty());
}
