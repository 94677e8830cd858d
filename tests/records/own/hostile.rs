//! Definitions that are wrong, huge or meant to break something.

use serde_json::{Value, json};

use super::{MACHINE, workshop};
use crate::app::TestApp;

#[tokio::test]
async fn wrong_definitions_say_what_is_wrong() {
    let app = workshop().await;
    let admin = app.admin();
    let field = async |body: Value, place: &str| {
        let answer = admin.post(&format!("/entities/{MACHINE}/fields"), body.clone()).await;
        let problem = answer.problem(422, "config.invalid");
        assert!(problem["fields"].get(place).is_some(), "{body}: {problem}");
    };
    let label = json!({"en": "A"});
    field(json!({"label": {}, "type": "text"}), "label").await;
    field(json!({"label": {"en": "  "}, "type": "text"}), "label").await;
    field(json!({"label": {"en": "x".repeat(101)}, "type": "text"}), "label").await;
    field(json!({"label": {"en": "a\u{1}b"}, "type": "text"}), "label").await;
    for key in ["hours", "x_", "x_Ä", "x_a b", "x_a'--", "x_A", "x_$[0]", "x_a\"", &format!("x_{}", "a".repeat(60))] {
        field(json!({"key": key, "label": label, "type": "text"}), "key").await;
    }
    field(json!({"key": "x_hours", "label": label, "type": "text"}), "key").await;
    field(json!({"key": "x_price_currency", "label": label, "type": "text"}), "key").await;
    for kind in ["formula", "file", "stage", "pipeline", "currency", "record"] {
        field(json!({"label": label, "type": kind}), "type").await;
    }
    field(json!({"label": label, "type": "choice"}), "choices").await;
    field(json!({"label": label, "type": "text", "choices": [{"key": "a"}]}), "choices").await;
    field(json!({"label": label, "type": "choice", "choices": [{"key": "a"}, {"key": "a"}]}), "choices").await;
    field(json!({"label": label, "type": "choice", "choices": [{"key": "A b"}]}), "choices").await;
    field(json!({"label": label, "type": "choice", "choices": [{"key": "a", "color": "red"}]}), "choices").await;
    let many: Vec<Value> = (0..501).map(|n| json!({"key": format!("k{n}")})).collect();
    field(json!({"label": label, "type": "choice", "choices": many}), "choices").await;
    field(json!({"label": label, "type": "link"}), "entities").await;
    field(json!({"label": label, "type": "link", "entities": ["spaceship"]}), "entities").await;
    field(json!({"label": label, "type": "text", "entities": ["lead"]}), "entities").await;
    field(json!({"label": label, "type": "text", "min": 1}), "min").await;
    field(json!({"label": label, "type": "integer", "min": 5, "max": 1}), "max").await;
    field(json!({"label": label, "type": "text", "max_length": 0}), "max_length").await;
    field(json!({"label": label, "type": "integer", "max_length": 5}), "max_length").await;
    for body in [
        json!({"label": label, "type": "spaceship"}),
        json!({"label": {"xx": "A"}, "type": "text"}),
        json!([]),
        json!({"type": "text"}),
    ] {
        let answer = admin.post(&format!("/entities/{MACHINE}/fields"), body.clone()).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.text());
    }
    admin.delete("/entities/lead/fields/title").await.problem(404, "not_found");
    admin.patch("/entities/lead", json!({"label": {"en": "X"}})).await.problem(404, "not_found");
    admin.delete("/entities/lead").await.problem(404, "not_found");
    let archived = json!({"choices": [{"key": "mill", "archived": true}, {"key": "lathe"}, {"key": "saw"}]});
    admin.patch(&format!("/entities/{MACHINE}/fields/x_kind"), archived).await.ok(200);
    admin.create(MACHINE, json!({"title": "x", "x_kind": "mill"})).await.problem(422, "record.invalid");
    let lost = admin.patch(&format!("/entities/{MACHINE}/fields/x_kind"), json!({"choices": [{"key": "saw"}]})).await;
    lost.problem(422, "config.invalid");
    app.finish().await;
}

#[tokio::test]
async fn wrong_values_of_own_fields_say_what_is_wrong() {
    let app = workshop().await;
    let check = async |field: &str, value: Value, code: &str| {
        let answer = app.admin().create(MACHINE, json!({"title": "x", (field): value})).await;
        let problem = answer.problem(422, "record.invalid");
        assert_eq!(problem["fields"][field]["code"], code, "{field}: {problem}");
    };
    check("x_serial", json!("x".repeat(21)), "too_long").await;
    check("x_hours", json!(-1), "range").await;
    check("x_hours", json!("many"), "type").await;
    check("x_weight", json!(1e30), "precision").await;
    check("x_kind", json!("drill"), "choice").await;
    check("x_tools", json!(["saw", "drill"]), "choice").await;
    check("x_client", json!(uuid::Uuid::nil()), "missing").await;
    check("x_parts", json!([uuid::Uuid::nil()]), "missing").await;
    check("x_keeper", json!(uuid::Uuid::nil()), "missing").await;
    check("x_cycle", json!(-5), "type").await;
    check("x_place", json!({"planet": "Mars"}), "address").await;
    check("x_bought", json!("2026-02-30"), "date").await;
    check("x_nothing", json!(1), "unknown").await;
    app.finish().await;
}

#[tokio::test]
async fn there_is_an_end_to_entities() {
    let app = TestApp::start().await;
    let admin = app.admin();
    for n in 0..100 {
        admin.post("/entities", json!({"label": {"en": format!("E{n}")}})).await.ok(201);
    }
    let one_more = admin.post("/entities", json!({"label": {"en": "One more"}})).await.problem(422, "config.invalid");
    assert_eq!(one_more["fields"]["key"]["code"], "too_many");
    assert_eq!(
        admin.get("/entities").await.ok(200)["items"].as_array().unwrap().iter().filter(|e| e["own"] == true).count(),
        100
    );
    app.finish().await;
}
