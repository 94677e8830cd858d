//! The OpenAPI document: routes and shapes by utoipa, and the entities of the catalogue as schemas of their fields.

#[cfg(test)]
mod rules;

use std::sync::OnceLock;

use ::records::catalogue::{self, Catalogue, EntityDef};
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use kernel::Locale;
use kernel::value::FieldType;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

/// Says how callers prove who they are.
pub struct Security;

impl Modify for Security {
    fn modify(&self, api: &mut Document) {
        let components = api.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::new(crate::http::auth::COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        api.security = Some(vec![
            SecurityRequirement::new("session", Vec::<String>::new()),
            SecurityRequirement::new("token", Vec::<String>::new()),
        ]);
    }
}

/// What the document says about the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Verstak",
        description = "Everything the portal does, anyone can do here. Sign in with a session cookie or with \
                       `Authorization: Bearer TOKEN`. Errors are problem details (RFC 9457).",
    ),
    components(schemas(
        crate::http::error::Problem,
        crate::http::error::FieldProblem,
        crate::api::events::StreamRecord,
        kernel::filter::Op,
        kernel::filter::shape::PeriodName,
        kernel::value::MultiValue,
    )),
    modifiers(&Security),
)]
struct Api;

/// The whole document as JSON, paths under `/api/v1`, with one schema per entity (`Fields_lead` ...).
pub fn document() -> Value {
    let (_, api) = OpenApiRouter::with_openapi(Api::openapi()).nest("/api/v1", crate::api::routes()).split_for_parts();
    let mut document = serde_json::to_value(&api).unwrap_or_default();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        let core = Catalogue::core();
        schemas.extend(core.entities().iter().map(|def| (format!("Fields_{}", def.key), entity_schema(def))));
    }
    if let Some(Value::Object(paths)) = document.get_mut("paths") {
        paths.values_mut().for_each(add_errors);
        paths.values_mut().for_each(name_operations);
    }
    open_objects(&mut document);
    document
}

/// The document as the server answers it, made once: it stands open to everybody, and making it costs milliseconds.
pub async fn serve() -> impl IntoResponse {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    let text = TEXT.get_or_init(|| Bytes::from(document().to_string())).clone();
    ([(header::CONTENT_TYPE, "application/json")], text)
}

/// An object of which nothing is said may hold anything; generators of types believe it only when it is said.
fn open_objects(node: &mut Value) {
    match node {
        Value::Object(map) => {
            let kind = map.get("type").filter(|kind| **kind == "object" || **kind == json!(["object", "null"]));
            if kind.is_some() && !map.contains_key("properties") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".into(), true.into());
            }
            map.values_mut().for_each(open_objects);
        }
        Value::Array(items) => items.iter_mut().for_each(open_objects),
        _ => {}
    }
}

/// An operation is called by its resource and its handler (`records_list`): handlers of different resources share names.
fn name_operations(path: &mut Value) {
    for operation in path.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let resource = operation.pointer("/tags/0").and_then(Value::as_str).map(|tag| tag.replace('-', "_"));
        if let (Some(resource), Some(Value::String(id))) = (resource, operation.get_mut("operationId")) {
            id.insert_str(0, &format!("{resource}_"));
        }
    }
}

/// Every operation may answer with problem details.
fn add_errors(path: &mut Value) {
    let problem = json!({
        "description": "Problem details",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    });
    for operation in path.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            responses.insert("default".into(), problem.clone());
        }
    }
}

fn entity_schema(def: &EntityDef) -> Value {
    let properties = def.fields.iter().map(|field| {
        let mut schema = field_schema(field);
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".into(), catalogue::field_label(def, field, Locale::En).into());
            if field.system {
                schema.insert("readOnly".into(), true.into());
            }
        }
        (field.key.to_string(), schema)
    });
    json!({
        "type": "object",
        "description": format!("Fields of a {}", catalogue::entity_label(def, false, Locale::En).to_lowercase()),
        "properties": properties.collect::<Map<_, _>>(),
    })
}

fn field_schema(field: &::records::FieldDef) -> Value {
    let nullable = |kind: &str| json!({"type": [kind, "null"]});
    match field.kind {
        FieldType::Integer | FieldType::Duration => nullable("integer"),
        FieldType::Decimal | FieldType::Money => nullable("number"),
        FieldType::Boolean => nullable("boolean"),
        FieldType::Date => json!({"type": ["string", "null"], "format": "date"}),
        FieldType::Datetime => json!({"type": ["string", "null"], "format": "date-time"}),
        // Administrators arrange what is in it.
        FieldType::Choice if field.directory.is_some() => nullable("string"),
        FieldType::Choice => {
            json!({"type": ["string", "null"], "enum": field.choices.iter().map(|c| json!(c.key)).chain([Value::Null]).collect::<Vec<_>>()})
        }
        FieldType::Links => json!({"type": ["array", "null"], "items": {"type": "string", "format": "uuid"}}),
        FieldType::Choices => json!({"type": ["array", "null"], "items": {"type": "string"}}),
        FieldType::Address => json!({"type": ["object", "null"], "additionalProperties": {"type": "string"}}),
        FieldType::Currency => json!({"type": ["string", "null"], "description": "ISO 4217"}),
        FieldType::Json | FieldType::Formula => json!({}),
        kind if kind.is_id() => json!({"type": ["string", "null"], "format": "uuid"}),
        kind if kind.is_multi() => json!({
            "type": ["array", "null"],
            "items": {"type": "object", "required": ["value"], "properties": {"value": {"type": "string"}, "kind": {"type": "string"}}}
        }),
        _ => nullable("string"),
    }
}
