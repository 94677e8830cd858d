//! Stages: moves are rows, closing sets a time, what is refused is a conflict.

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn every_move_is_a_row_with_its_times() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "Pipes"})).await;
    let path = format!("/records/deal/{id}/stage");
    app.clock.advance_seconds(60);
    let moved = admin.post(&path, json!({"stage": "quote", "comment": "asked for prices"})).await.ok(200);
    assert_eq!(
        (&moved["fields"]["stage"], &moved["fields"]["stage_since"]),
        (&json!("quote"), &json!("2026-03-16T09:01:00Z"))
    );
    assert_eq!(moved["fields"]["closed_at"], Value::Null);
    app.clock.advance_seconds(60);
    let won = admin.update("deal", &id, json!({"stage": "won"})).await.ok(200);
    assert_eq!(won["fields"]["closed_at"], "2026-03-16T09:02:00Z");
    assert_eq!(admin.post(&path, json!({"stage": "won"})).await.ok(200)["version"], won["version"]);
    app.clock.advance_seconds(60);
    assert_eq!(admin.post(&path, json!({"stage": "contract"})).await.ok(200)["fields"]["closed_at"], Value::Null);
    let rows = format!("SELECT count(*) FROM stage_transition WHERE record_id = {}", crate::app::uuid_sql(&id));
    assert_eq!(app.count(&rows).await, 4);
    assert_eq!(
        app.count(&format!("{rows} AND left_at IS NULL AND stage = 'contract' AND from_stage = 'won'")).await,
        1
    );
    assert_eq!(
        app.count(&format!(
            "{rows} AND stage = 'quote' AND comment = 'asked for prices' AND left_at - entered_at = 60000000"
        ))
        .await,
        1
    );
    assert_eq!(app.count(&format!("{rows} AND from_stage IS NULL AND stage = 'deal_new'")).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn where_a_record_has_stood_is_told_without_what_it_was_moved_past() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "Pipes"})).await;
    for stage in ["contract", "quote", "contract"] {
        admin.post(&format!("/records/deal/{id}/stage"), json!({"stage": stage})).await.ok(200);
    }
    let path = format!("/records/deal/{id}/stages");
    assert_eq!(admin.get(&path).await.ok(200)["items"], json!(["deal_new", "contract", "quote"]));
    // The bin keeps what happened; a record without stages has none.
    admin.delete(&format!("/records/deal/{id}")).await;
    assert_eq!(admin.get(&path).await.ok(200)["items"], json!(["deal_new", "contract", "quote"]));
    let company = app.record("company", json!({"title": "Steel"})).await;
    assert_eq!(admin.get(&format!("/records/company/{company}/stages")).await.ok(200)["items"], json!([]));
    admin.get(&format!("/records/company/{id}/stages")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn where_a_record_has_stood_is_not_told_to_whom_stages_are_hidden_or_who_does_not_see_it() {
    let mut app = TestApp::build().person("sam", "sales_manager").start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"]}]);
    app.role("clerk", rows, json!([{"entity": "deal", "field": "stage", "right": "hidden"}])).await;
    app.person(0, "clerk", &["clerk"]).await;
    let path = format!("/records/deal/{}/stages", app.record("deal", json!({"title": "Pipes"})).await);
    assert_eq!(app.by("clerk").get(&path).await.ok(200)["items"], json!([]));
    app.by("sam").get(&path).await.problem(404, "not_found");
    app.stranger().get(&path).await.problem(401, "auth.required");
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_stage_is_a_conflict_and_other_entities_have_none() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let refused = admin
        .post(&format!("/records/lead/{lead}/stage"), json!({"stage": "quote"}))
        .await
        .problem(409, "record.invalid");
    assert_eq!(refused["fields"]["stage"]["code"], "stage");
    admin.update("lead", &lead, json!({"stage": "quote"})).await.problem(422, "record.invalid");
    admin.update("lead", &lead, json!({"stage": null})).await.problem(422, "record.invalid");
    let company = app.record("company", json!({"title": "Steel"})).await;
    admin.post(&format!("/records/company/{company}/stage"), json!({"stage": "new"})).await.problem(404, "not_found");
    app.finish().await;
}
