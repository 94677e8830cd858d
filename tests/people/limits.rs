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

#[tokio::test]
async fn a_new_secret_for_each_request_is_no_way_around_the_limit() {
    let set = |config: &mut verstak::config::Config| (config.http.rate_per_second, config.http.rate_burst) = (1, 5);
    let app = TestApp::build().person("max", "admin").config(set).start().await;
    let mut last = app.with_token("vst_guess").get("/me").await;
    for n in 0..10 {
        if last.status == 429 {
            break;
        }
        last.problem(401, "auth.required");
        last = app.with_token(&format!("vst_guess_{n}")).get("/me").await;
    }
    assert!((1..=5).contains(&wait(&last)));
    assert!((1..=5).contains(&wait(&app.stranger().header("cookie", "verstak_session=x").get("/me").await)));
    // Whoever is recognised has a limit of their own.
    app.by("max").get("/me").await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn strangers_cannot_lock_somebody_out() {
    let app = TestApp::build()
        .config(|config| {
            config.http.sign_in_per_minute = 3;
            config.http.client_address_header = "x-forwarded-for".into();
            config.http.trusted_proxies = 2;
        })
        .start()
        .await;
    let sign_in = async |lines: &[&str], password: &str| {
        let client = lines.iter().fold(app.stranger(), |client, line| client.header("x-forwarded-for", line));
        client.post("/session", json!({"email": "admin@acme.test", "password": password})).await
    };
    // What a stranger says of themselves stands left of what our two proxies say.
    for n in 0..3 {
        let lie = format!("10.0.0.{n}");
        sign_in(&[&lie, "203.0.113.9, 10.1.1.1"], "guess").await.problem(401, "auth.invalid_credentials");
    }
    wait(&sign_in(&["192.0.2.1", "203.0.113.9, 10.1.1.1"], "guess").await);
    sign_in(&["198.51.100.4", "10.1.1.1"], crate::app::PASSWORD).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn open_streams_of_one_person_are_capped() {
    let app = TestApp::build().person("max", "admin").config(|config| config.http.streams_per_person = 2).start().await;
    let first = app.admin().stream().await;
    let _second = app.admin().stream().await;
    wait(&app.admin().get("/stream").await);
    let _other = app.by("max").stream().await;
    drop(first);
    let _third = app.admin().stream().await;
    app.finish().await;
}

#[tokio::test]
async fn a_full_disk_is_not_ready() {
    let app = TestApp::build().config(|config| config.data.min_free = u64::MAX).start().await;
    let ready = app.stranger().send("GET", "/health/ready", None, Vec::new()).await;
    assert_eq!((ready.status.as_u16(), ready.text().as_str()), (503, "the disk is full"));
    assert_eq!(app.stranger().send("GET", "/health/live", None, Vec::new()).await.status, 200);
    app.finish().await;
}
