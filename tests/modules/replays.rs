//! Presses that come again: each key of each person is one press, whatever else is sent under it, from wherever and how often.

use plugin_host::dev::project;
use serde_json::{Value, json};

use super::install;
use crate::app::{Client, TestApp, root};

const PLUGIN: &str = "test.pages";

async fn on(client: &Client<'_>) {
    client.post(&format!("/plugins/{PLUGIN}/enable"), json!({"grants": "requested"})).await.ok(200);
}

async fn company() -> TestApp {
    let app = TestApp::build().person("max", "admin").start().await;
    let folder = root().join("core/plugin_host/tests/guests/pages");
    let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
    install(&app, project::package(&folder, &component, None).unwrap()).await.ok(201);
    on(&app.admin()).await;
    app
}

fn press(order: &str) -> Value {
    json!({"plugin": PLUGIN, "surface": "declared", "act": "order", "input": {"order": order}})
}

async fn leads(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM lead").await
}

#[tokio::test]
async fn a_press_that_comes_again_is_done_once_and_is_nobody_elses() {
    let mut app = company().await;
    let keyed = app.admin().header("idempotency-key", "press-1");
    let first = keyed.post("/act", press("write")).await;
    for _ in 0..3 {
        let again = keyed.post("/act", press("write")).await;
        assert_eq!((first.ok(200), again.header("idempotent-replay")), (again.ok(200), Some("true")));
    }
    assert_eq!(leads(&app).await, 1);
    // Nothing else goes under its key.
    keyed.post("/act", press("local")).await.problem(422, "idempotency.mismatch");
    keyed.create("lead", json!({"title": "Other"})).await.problem(422, "idempotency.mismatch");
    // The same key of somebody else, here and elsewhere, is a press of their own.
    app.by("max").header("idempotency-key", "press-1").post("/act", press("write")).await.ok(200);
    assert_eq!(leads(&app).await, 2);
    let other = app.add_company("Other", kernel::Locale::En).await;
    on(&app.by_of(other, "admin")).await;
    app.by_of(other, "admin").header("idempotency-key", "press-1").post("/act", press("write")).await.ok(200);
    assert_eq!(leads(&app).await, 3);
    // Without a key each is a press.
    for _ in 0..2 {
        app.admin().post("/act", press("write")).await.ok(200);
    }
    assert_eq!(leads(&app).await, 5);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn twenty_at_once_under_one_key_are_one_press() {
    let app = company().await;
    let keyed = app.admin().header("idempotency-key", "press-20");
    let all: Vec<_> = (0..20).map(|_| keyed.begin("/act", &press("write"))).collect();
    let mut done = 0;
    for answer in futures::future::join_all(all).await {
        let answer = answer.unwrap();
        // Those that came while it was done are told so.
        assert!([200, 409].contains(&answer.status.as_u16()), "{}", answer.text());
        done += usize::from(answer.status == 200);
    }
    assert!(done >= 1 && leads(&app).await == 1, "{done}");
    keyed.post("/act", press("write")).await.ok(200);
    assert_eq!(leads(&app).await, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn every_try_of_a_press_has_the_key_that_no_other_press_has() {
    let mut app = company().await;
    let told = async |client: &Client<'_>, key: &str| {
        // Its answer is thrown away, as a day later: the press is asked of the code again.
        let answer = client.header("idempotency-key", key).post("/act", press("")).await.ok(200);
        app.sql("DELETE FROM idempotency_key").await;
        answer["patches"][0]["state"]["key"].as_str().unwrap().to_owned()
    };
    let (admin, max) = (app.admin(), app.by("max"));
    let first = told(&admin, "press-1").await;
    assert_eq!(told(&admin, "press-1").await, first);
    let others = [told(&admin, "press-2").await, told(&max, "press-1").await];
    assert!(!others.contains(&first) && others[0] != others[1], "{others:?}");
    let unkeyed = admin.post("/act", press("")).await.ok(200)["patches"][0]["state"]["key"].clone();
    assert_ne!(unkeyed, json!(first));
    let other = app.add_company("Other", kernel::Locale::En).await;
    let theirs = app.by_of(other, "admin");
    on(&theirs).await;
    let there = theirs.header("idempotency-key", "press-1").post("/act", press("")).await.ok(200);
    assert_ne!(there["patches"][0]["state"]["key"], json!(first));
    app.finish().await;
}
