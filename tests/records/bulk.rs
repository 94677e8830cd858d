//! Many changes in one request.

use serde_json::{Value, json};

use crate::app::TestApp;

fn statuses(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().unwrap();
    assert!(results.iter().enumerate().all(|(i, row)| row["index"] == i), "{answer}");
    results.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_refused_row_does_not_stop_the_others() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let (one, two) = (app.record("lead", json!({"title": "1"})).await, app.record("lead", json!({"title": "2"})).await);
    let answer = admin.post("/records/lead/bulk", json!({
        "create": [{"fields": {"title": "3", "amount": 5}}, {"fields": {"amount": "much"}}, {"fields": {}}],
        "update": [{"id": one, "fields": {"amount": 7}}, {"id": one, "version": 1, "fields": {"amount": 8}}, {"id": uuid::Uuid::nil(), "fields": {}}],
        "delete": [two, two],
    })).await.ok(200);
    assert_eq!(
        statuses(&answer),
        ["created", "refused", "created", "updated", "refused", "refused", "deleted", "refused"]
    );
    let code = |i: usize| answer["results"][i]["code"].as_str().unwrap().to_owned();
    assert_eq!([code(1), code(4), code(5), code(7)], ["record.invalid", "record.conflict", "not_found", "not_found"]);
    assert_eq!(answer["results"][1]["fields"]["amount"]["code"], "type");
    assert!(answer["results"][1]["detail"].as_str().unwrap().contains(' '));
    assert_eq!(answer["results"][3]["id"], one.as_str());
    assert_eq!(app.count("SELECT count(*) FROM lead WHERE deleted_at IS NULL").await, 3);
    app.finish().await;
}

#[tokio::test]
async fn all_or_nothing_writes_nothing_when_one_row_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("lead", json!({"title": "1", "amount": 1})).await;
    let body = json!({"all_or_nothing": true, "create": [{"fields": {"title": "2"}}, {"fields": {"amount": -5}}], "update": [{"id": id, "fields": {"amount": 2}}]});
    let answer = admin.post("/records/lead/bulk", body).await.ok(200);
    assert_eq!(statuses(&answer), ["refused"; 3]);
    assert_eq!(answer["results"][0]["code"], "batch.rolled_back");
    assert_eq!(answer["results"][1]["code"], "record.invalid");
    let stale = json!({"all_or_nothing": true, "create": [{"fields": {"title": "2"}}], "update": [{"id": id, "version": 9, "fields": {"amount": 2}}]});
    assert_eq!(statuses(&admin.post("/records/lead/bulk", stale).await.ok(200)), ["refused"; 2]);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM event_log").await, 1);
    let good = json!({"all_or_nothing": true, "create": [{"fields": {"title": "2"}}], "update": [{"id": id, "fields": {"amount": 2}}]});
    assert_eq!(statuses(&admin.post("/records/lead/bulk", good).await.ok(200)), ["created", "updated"]);
    app.finish().await;
}

#[tokio::test]
async fn a_thousand_rows_are_taken_and_one_more_is_too_much() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let rows =
        |n: usize| (0..n).map(|i| json!({"fields": {"title": format!("L{i}"), "amount": i}})).collect::<Vec<_>>();
    admin.post("/records/lead/bulk", json!({"create": rows(1_001)})).await.problem(413, "too_large");
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 0);
    let answer = admin.post("/records/lead/bulk", json!({"create": rows(1_000)})).await.ok(200);
    assert!(statuses(&answer).iter().all(|status| status == "created"));
    assert_eq!(app.count("SELECT count(DISTINCT number) FROM lead").await, 1_000);
    let batch = answer["batch"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/batches/{batch}")).await.ok(200)["kind"], "bulk");
    app.finish().await;
}
