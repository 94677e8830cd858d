//! Bodies: every operation of the OpenAPI gets what nobody should send.

use serde_json::{Map, Value, json};

use crate::access::{Objects, Operation};
use crate::app::TestApp;
use crate::durability::server::binary;

/// Values of the wrong type or size for almost any property.
fn nasty() -> Vec<Value> {
    let mut deep = json!("x");
    for _ in 0..60 {
        deep = json!([deep]);
    }
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(""),
        json!(" \u{202e}\u{feff}🦀'\";--"),
        json!("a\u{0}b"),
        json!("x".repeat(30_000)),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("9999-12-31T23:59:59Z"),
        json!("+262142-12-31"),
        json!([]),
        json!([null, 1, "x", {}]),
        json!({}),
        json!({"value": {"value": 1}, "kind": []}),
        deep,
    ]
}

/// With papers set beside the server, as the product does: here nothing would end a template that goes on for minutes.
async fn start() -> TestApp {
    let beside = |config: &mut verstak::config::Config| {
        config.documents.typesetter = Some(binary().to_owned());
        config.documents.seconds = 2;
    };
    TestApp::build().lead_desk(json!({})).config(beside).start().await
}

async fn send(app: &TestApp, operation: &Operation, body: Vec<u8>) -> Option<String> {
    let answer = app
        .admin()
        .send(&operation.method, &format!("/api/v1{}", operation.path), Some("application/json"), body.clone())
        .await;
    if answer.status.is_client_error() {
        answer.ok(answer.status.as_u16())["code"]
            .as_str()
            .unwrap_or_else(|| panic!("{operation:?}: {}", answer.text()));
    }
    let shown: String = String::from_utf8_lossy(&body).chars().take(200).collect();
    answer
        .status
        .is_server_error()
        .then(|| format!("{} {} {shown} -> {}", operation.method, operation.path, answer.text()))
}

#[tokio::test]
async fn no_body_of_any_operation_is_a_fault_of_ours() {
    let app = start().await;
    let objects = Objects::make(&app, "Hecht").await;
    let whole: [Vec<u8>; 9] = [
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{".to_vec(),
        b"{\"unknown\": 1}".to_vec(),
        b"{\"fields\": {\"a\": 1, \"a\": 2}, \"fields\": 5}".to_vec(),
        b"{\"\xff\xfe\": \"\xc3\x28\"}".to_vec(),
        b"[".repeat(200_000),
        b"{\"a\":".repeat(50_000),
    ];
    let mut faults = Vec::new();
    let keeps_session = |op: &&Operation| {
        op.body.is_some() && !["/session", "/me/password", "/plugins/{id}/secret"].contains(&op.template.as_str())
    };
    for operation in objects.operations().iter().filter(keeps_session) {
        for body in &whole {
            faults.extend(send(&app, operation, body.clone()).await);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn no_property_of_any_operation_is_a_fault_of_ours() {
    let app = start().await;
    let objects = Objects::make(&app, "Hecht").await;
    let document = verstak::openapi::document();
    let mut faults = Vec::new();
    // Of the entities only one: the shapes of their bodies are the same, fields have their own test.
    let other = |path: &str| {
        ["deal", "contact", "company", "activity"].iter().any(|entity| path.starts_with(&format!("/records/{entity}")))
    };
    for operation in objects.operations().iter().filter(|op| op.body.is_some() && !other(&op.path)) {
        let method = operation.method.to_lowercase();
        let pointer = format!(
            "/paths/{}/{method}/requestBody/content/application~1json/schema",
            format!("/api/v1{}", operation.template).replace('/', "~1")
        );
        let Some(schema) = document.pointer(&pointer) else { continue };
        for key in properties(&document, schema) {
            for value in nasty() {
                let mut body = operation.body.clone().unwrap();
                body[&key] = value;
                faults.extend(send(&app, operation, body.to_string().into_bytes()).await);
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    app.admin().get("/me").await.ok(200);
    app.drain().await;
    app.finish().await;
}

fn properties(document: &Value, schema: &Value) -> Vec<String> {
    let named = schema["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    let keys = |properties: &Map<String, Value>| properties.keys().cloned().collect();
    named.unwrap_or(schema)["properties"].as_object().map(keys).unwrap_or_default()
}

#[tokio::test]
async fn no_field_of_any_entity_is_a_fault_of_ours() {
    let app = TestApp::start().await;
    for entity in records::Catalogue::core().entities() {
        for field in &entity.fields {
            let fields = nasty().into_iter().filter(|value| !value.to_string().contains("\\u0000"));
            let rows: Vec<Value> =
                fields.map(|value| json!({"fields": {"title": "x", (field.key.as_str()): value}})).collect();
            let answer = app.admin().post(&format!("/records/{}/bulk", entity.key), json!({"create": rows})).await;
            assert_eq!(answer.status, 200, "{}.{}: {}", entity.key, field.key, answer.text());
        }
    }
    // What was taken can be listed, sorted, counted.
    for entity in records::Catalogue::core().entities() {
        app.admin().get(&format!("/records/{}?limit=500&total=true", entity.key)).await.ok(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn no_filter_is_a_fault_of_ours() {
    let app = TestApp::start().await;
    app.record("lead", json!({"title": "x", "amount": 5})).await;
    let values = [
        json!(null),
        json!(true),
        json!(1e300),
        json!("x'\"\\%_.*("),
        json!("a\u{0}b"),
        json!([]),
        json!(["x", 1, null]),
        json!([[1], [2]]),
        json!({"me": true}),
        json!({"my_subtree": true}),
        json!({"my_headed": true}),
        json!({"relative": "this_year"}),
        json!({"relative": "days_ago", "n": 65535}),
        json!({"relative": "days_ahead"}),
    ];
    let operators = ["eq", "ne", "gt", "lte", "in", "not_in", "contains", "starts_with", "empty", "between"];
    let mut fields: Vec<String> =
        records::Catalogue::core().entity("lead").unwrap().fields.iter().map(|field| field.key.to_string()).collect();
    fields.extend(
        [
            "company.phones",
            "company.revenue",
            "contact.companies",
            "company.",
            ".",
            "",
            "\u{0}",
            "title; drop table lead",
        ]
        .map(str::to_owned),
    );
    for field in &fields {
        for op in operators {
            for value in &values {
                let filter = json!({"field": field, "op": op, "value": value});
                let answer = app.admin().query("lead", json!({"filter": filter})).await;
                assert!([200, 400].contains(&answer.status.as_u16()), "{filter}: {}", answer.text());
            }
        }
    }
    for q in ["%", "_", "\\", "'", "a\u{0}b", "\u{202e}", &"слово ".repeat(2_000), &"9".repeat(5_000)] {
        let answer = app.admin().query("lead", json!({"q": q})).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{q:?}: {}", answer.text());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_too_large_and_other_types_are_not_read() {
    let app = TestApp::build()
        .config(|config| (config.http.body_limit, config.http.upload_limit) = (10_000, 50_000))
        .start()
        .await;
    let admin = app.admin();
    let long = json!({"fields": {"title": "x", "comments": "y".repeat(10_001)}});
    admin.post("/records/lead", long.clone()).await.problem(413, "too_large");
    admin.header("idempotency-key", "k").post("/records/lead", long).await.problem(413, "too_large");
    let many: Vec<Value> = (0..2_000).map(|n| json!({"field": "amount", "op": "eq", "value": n})).collect();
    admin.query("lead", json!({"filter": {"or": many}})).await.problem(413, "too_large");
    let sent =
        async |path: &str, kind: &str, size: usize| app.admin().send("POST", path, Some(kind), vec![b'x'; size]).await;
    sent("/api/v1/plugins", "application/octet-stream", 50_001).await.problem(413, "too_large");
    sent("/api/v1/plugins", "application/octet-stream", 40_000).await.problem(422, "plugin.invalid");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let answer = sent("/api/v1/records/lead", kind, 10).await;
        assert!(answer.status.is_client_error(), "{kind}: {}", answer.text());
    }
    app.finish().await;
}
