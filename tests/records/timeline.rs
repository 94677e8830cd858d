//! The timeline of a record: changes and activities together, newest first, page by page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn changes_and_activities_stand_together_with_who_and_what() {
    let app = TestApp::build().person("max", "admin").start().await;
    let id = app.record("lead", json!({"title": "Ann", "amount": 1})).await;
    app.clock.advance_seconds(1);
    app.by("max").update("lead", &id, json!({"amount": 2, "owner": app.id_of("max")})).await.ok(200);
    app.clock.advance_seconds(1);
    let note =
        app.by("max").post(&format!("/records/lead/{id}/timeline"), json!({"text": "Called, no answer"})).await.ok(201);
    assert_eq!((&note["fields"]["kind"], &note["fields"]["record_id"]), (&json!("note"), &json!(id)));
    app.by("max")
        .post(&format!("/records/lead/{id}/timeline"), json!({"text": "  "}))
        .await
        .problem(422, "record.invalid");
    let timeline = app.admin().get(&format!("/records/lead/{id}/timeline")).await.ok(200);
    let items = timeline["items"].as_array().unwrap();
    let kinds: Vec<&str> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["activity", "change", "change"]);
    assert_eq!(items[0]["activity"]["fields"]["text"], "Called, no answer");
    assert_eq!(items[1]["changes"]["amount"], json!({"before": 1, "after": 2}));
    assert_eq!((&items[1]["event"], &items[1]["actor"]["name"]), (&json!("lead.updated"), &json!("max")));
    assert_eq!(items[1]["changes"].as_object().unwrap().len(), 2, "bookkeeping is not shown: {}", items[1]);
    assert_eq!(timeline["refs"][app.id_of("max").to_string()]["title"], "max");
    app.finish().await;
}

#[tokio::test]
async fn pages_show_every_entry_once_even_when_all_happened_at_one_moment() {
    let app = TestApp::start().await;
    let id = app.record("lead", json!({"title": "Ann", "amount": 0})).await;
    for n in 1..=12 {
        app.admin().update("lead", &id, json!({"amount": n})).await.ok(200);
        app.admin().post(&format!("/records/lead/{id}/timeline"), json!({"text": format!("note {n}")})).await.ok(201);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..40 {
        let page = app.admin().get(&format!("/records/lead/{id}/timeline?limit=3{cursor}")).await.ok(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| format!("{}{}", item["kind"], item["id"])));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let once: BTreeSet<&String> = seen.iter().collect();
    assert_eq!((once.len(), seen.len()), (25, 25), "12 changes, 12 notes and the making");
    app.finish().await;
}

#[tokio::test]
async fn a_thrown_away_record_keeps_its_timeline_and_a_strange_one_has_none() {
    let app = TestApp::start().await;
    let id = app.record("lead", json!({"title": "Ann"})).await;
    app.admin().delete(&format!("/records/lead/{id}")).await.ok(204);
    let timeline = app.admin().get(&format!("/records/lead/{id}/timeline")).await.ok(200);
    assert_eq!(timeline["items"].as_array().unwrap().len(), 2);
    app.admin().get(&format!("/records/deal/{id}/timeline")).await.problem(404, "not_found");
    app.admin().post(&format!("/records/lead/{id}/timeline"), json!({"text": "x"})).await.problem(404, "not_found");
    let wrong: Value =
        app.admin().get(&format!("/records/lead/{id}/timeline?cursor=nonsense")).await.problem(400, "request.invalid");
    assert!(wrong["fields"]["cursor"].is_object());
    app.finish().await;
}
