//! Undo of a batch: back to what it was, except what somebody touched since.

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn undo_puts_back_what_nobody_edited_since_and_lists_what_it_kept() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let changed = app.record("lead", json!({"title": "changed", "amount": 1, "phones": ["+79161234567"]})).await;
    let edited = app.record("lead", json!({"title": "edited", "amount": 1})).await;
    let thrown = app.record("lead", json!({"title": "thrown"})).await;
    let answer = admin.post("/records/lead/bulk", json!({
        "create": [{"fields": {"title": "made"}}],
        "update": [{"id": changed, "fields": {"amount": 2, "phones": [], "stage": "qualified"}}, {"id": edited, "fields": {"amount": 2}}],
        "delete": [thrown],
    })).await.ok(200);
    admin.update("lead", &edited, json!({"amount": 3})).await.ok(200);
    let batch = answer["batch"].as_str().unwrap();
    let undone = admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200);
    assert_eq!(
        undone,
        json!({"restored": 3, "kept": [{"entity": "lead", "id": edited, "reason": "record.conflict"}], "kept_total": 1})
    );
    let lead = async |id: &str| admin.get(&format!("/records/lead/{id}")).await.ok(200)["fields"].clone();
    let back = lead(&changed).await;
    assert_eq!((&back["amount"], &back["stage"]), (&json!(1), &json!("new")));
    assert_eq!(back["phones"], json!([{"value": "+79161234567", "kind": "other"}]));
    assert_eq!(lead(&edited).await["amount"], 3);
    assert_eq!(lead(&thrown).await["title"], "thrown");
    assert_eq!(app.count("SELECT count(*) FROM lead WHERE title = 'made' AND deleted_at IS NOT NULL").await, 1);
    assert_eq!(admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200), undone);
    app.finish().await;
}

#[tokio::test]
async fn a_record_changed_twice_in_a_batch_goes_all_the_way_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let twice = app.record("lead", json!({"title": "twice", "amount": 1})).await;
    let thrown = app.record("lead", json!({"title": "thrown", "amount": 1})).await;
    let answer = admin.post("/records/lead/bulk", json!({
        "update": [{"id": twice, "fields": {"amount": 2}}, {"id": twice, "fields": {"amount": 3}}, {"id": thrown, "fields": {"amount": 2}}],
        "delete": [thrown],
    })).await.ok(200);
    let undone = admin.post(&format!("/batches/{}/undo", answer["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!(undone["kept"], json!([]));
    for id in [twice, thrown] {
        assert_eq!(admin.get(&format!("/records/lead/{id}")).await.ok(200)["fields"]["amount"], 1);
    }
    app.finish().await;
}

#[tokio::test]
async fn undo_of_an_undo_and_of_other_peoples_batches() {
    let app = TestApp::build().person("max", "sales_manager").person("eve", "sales_manager").start().await;
    let max = app.by("max");
    let answer = max
        .post("/records/lead/bulk", json!({"create": [{"fields": {"title": "1"}}, {"fields": {"title": "2"}}]}))
        .await
        .ok(200);
    let path = format!("/batches/{}", answer["batch"].as_str().unwrap());
    app.by("eve").get(&path).await.problem(404, "not_found");
    app.by("eve").post(&format!("{path}/undo"), Value::Null).await.problem(404, "not_found");
    assert_eq!(app.admin().post(&format!("{path}/undo"), json!({})).await.ok(200)["restored"], 2);
    assert_eq!(app.count("SELECT count(*) FROM lead WHERE deleted_at IS NOT NULL").await, 2);
    app.finish().await;
}
