//! Rate limits say when to come again.

use serde_json::json;

use crate::app::{Answer, TestApp};

fn wait(answer: &Answer) -> u64 {
    answer.problem(429, "rate_limited");
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_by_name() {
    let app = TestApp::build().config(|config| config.http.sign_in_per_minute = 3).start().await;
    let guess = async |email: &str| app.stranger().post("/session", json!({"email": email, "password": "guess"})).await;
    for _ in 0..3 {
        guess("admin@acme.test").await.problem(401, "auth.invalid_credentials");
    }
    assert!((1..=60).contains(&wait(&guess("ADMIN@acme.test ").await)));
    guess("other@acme.test").await.problem(401, "auth.invalid_credentials");
    app.finish().await;
}

#[tokio::test]
async fn a_flood_of_requests_is_answered_with_a_pause() {
    let set = |config: &mut verstak::config::Config| (config.http.rate_per_second, config.http.rate_burst) = (1, 5);
    let app = TestApp::build().person("max", "admin").config(set).start().await;
    let mut last = app.by("max").get("/me").await;
    for _ in 0..100 {
        if last.status == 429 {
            break;
        }
        last = app.by("max").get("/me").await;
    }
    assert!((1..=5).contains(&wait(&last)));
    app.admin().get("/me").await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn work_beyond_capacity_is_refused_at_once() {
    let app = TestApp::build().config(|config| config.http.concurrency = 0).start().await;
    let refused = app.admin().get("/me").await;
    refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(app.stranger().send("GET", "/health/live", None, Vec::new()).await.status, 200);
    app.finish().await;
}
