//! A request sent again does its work once.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_no_second_record() {
    let app = TestApp::build().person("max", "admin").start().await;
    let keyed = app.admin().header("idempotency-key", "order-77");
    let first = keyed.create("lead", json!({"title": "Ann"})).await;
    let again = keyed.create("lead", json!({"title": "Ann"})).await;
    assert_eq!((first.ok(201), again.header("idempotent-replay")), (again.ok(201), Some("true")));
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    keyed.create("lead", json!({"title": "Bo"})).await.problem(422, "idempotency.mismatch");
    keyed.create("deal", json!({"title": "Ann"})).await.problem(422, "idempotency.mismatch");
    app.by("max").header("idempotency-key", "order-77").create("lead", json!({"title": "Cy"})).await.ok(201);
    app.admin().header("idempotency-key", "order-78").create("lead", json!({"title": "Ann"})).await.ok(201);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 3);
    app.finish().await;
}

#[tokio::test]
async fn a_refused_request_may_be_mended_under_the_same_key() {
    let app = TestApp::start().await;
    let keyed = app.admin().header("idempotency-key", "k");
    keyed.create("lead", json!({"amount": "much"})).await.problem(422, "record.invalid");
    keyed.create("lead", json!({"amount": 5})).await.ok(201);
    for key in ["", &"k".repeat(201)] {
        app.admin().header("idempotency-key", key).create("lead", json!({})).await.problem(400, "request.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day() {
    let app = TestApp::start().await;
    let keyed = app.admin().header("idempotency-key", "k");
    keyed.create("lead", json!({"title": "Ann"})).await.ok(201);
    app.clock.advance_seconds(25 * 3_600);
    for (kind, cron) in verstak::housekeeping::SCHEDULES {
        kernel::jobs::set_schedule(&app.state.db, &app.state.env, kind, cron).await.unwrap();
    }
    app.clock.advance_seconds(3_600);
    kernel::jobs::tick(&app.state.db, &app.state.env).await.unwrap();
    // Housekeeping, and the sweep of timers.
    assert_eq!(app.drain().await, 2);
    keyed.create("lead", json!({"title": "Ann"})).await.ok(201);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 2);
    app.finish().await;
}
