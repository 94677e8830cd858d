//! A request sent again does its work once.

use serde_json::json;
use verstak::config::Config;

use crate::app::{Answer, LEAD_DESK, PASSWORD, TestApp};

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
async fn every_finished_answer_is_repeated_whole() {
    let app = TestApp::start().await;
    let keyed = |key: &str| app.admin().header("idempotency-key", key);
    let same = |first: &Answer, again: &Answer| {
        assert_eq!((first.status, &first.body), (again.status, &again.body));
        for (name, value) in &first.headers {
            assert_eq!(again.headers.get(name), Some(value), "{name}");
        }
        assert_eq!((first.header("idempotent-replay"), again.header("idempotent-replay")), (None, Some("true")));
    };
    let made = [
        keyed("1").create("lead", json!({"title": "x"})).await,
        keyed("1").create("lead", json!({"title": "x"})).await,
    ];
    assert!(made[0].header("etag").is_some());
    same(&made[0], &made[1]);
    // A refusal too: what is mended is another request.
    let refused = [
        keyed("2").create("lead", json!({"amount": "a"})).await,
        keyed("2").create("lead", json!({"amount": "a"})).await,
    ];
    refused[0].problem(422, "record.invalid");
    same(&refused[0], &refused[1]);
    keyed("2").create("lead", json!({"amount": 5})).await.problem(422, "idempotency.mismatch");
    // A fault of ours too: it may have written before it failed.
    app.sql("ALTER TABLE lead RENAME TO away").await;
    let failed = keyed("3").create("lead", json!({"title": "x"})).await;
    failed.problem(500, "internal");
    app.sql("ALTER TABLE away RENAME TO lead").await;
    same(&failed, &keyed("3").create("lead", json!({"title": "x"})).await);
    // Media types are told apart as RFC 9110 says; whatever they are, the key counts.
    for kind in ["Application/JSON", "application/vnd.api+json", "application/json ; charset=utf-8"] {
        let send = async || {
            keyed(kind)
                .send("POST", "/api/v1/records/lead", Some(kind), br#"{"fields": {"title": "x"}}"#.to_vec())
                .await
        };
        let sent = [send().await, send().await];
        assert_eq!(sent[0].status, 201, "{kind}: {}", sent[0].text());
        same(&sent[0], &sent[1]);
    }
    for key in ["", &"k".repeat(201)] {
        app.admin().header("idempotency-key", key).create("lead", json!({})).await.problem(400, "request.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_upload_sent_again_is_not_taken_twice() {
    let app = TestApp::start().await;
    let upload = async |boundary: &str, rows: &str| {
        let body = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"entity\"\r\n\r\nlead\r\n--{boundary}\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\ntitle\n{rows}\r\n--{boundary}--\r\n"
        );
        let kind = format!("multipart/form-data; boundary={boundary}");
        app.admin().header("idempotency-key", "u").send("POST", "/api/v1/imports", Some(&kind), body.into_bytes()).await
    };
    let first = upload("one", "Ann").await;
    assert_eq!((first.ok(201), upload("other", "Ann").await.ok(201)), (first.json(), first.json()));
    upload("one", "Bo").await.problem(422, "idempotency.mismatch");
    assert_eq!(app.admin().get("/imports").await.ok(200)["items"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn answers_are_kept_up_to_a_number_and_a_size_of_each_person() {
    for (answers, bytes) in [(3, i64::MAX), (i64::MAX, 1_000)] {
        let few = move |config: &mut Config| (config.http.kept_answers, config.http.kept_bytes) = (answers, bytes);
        let app = TestApp::build().person("max", "admin").config(few).start().await;
        let keyed = async |key: usize| {
            let lead = json!({"title": "x", "comments": "x".repeat(300)});
            app.admin().header("idempotency-key", &key.to_string()).create("lead", lead).await
        };
        let first = keyed(0).await.ok(201);
        let mut made = 1;
        let full = loop {
            let answer = keyed(made).await;
            if answer.status != 201 {
                break answer;
            }
            made += 1;
            assert!(made < 10, "there is no end to what is kept");
        };
        full.problem(409, "idempotency.full");
        assert!(answers != 3 || made == 3, "{made}");
        assert_eq!(app.count("SELECT count(*) FROM lead").await, i64::try_from(made).unwrap(), "nothing was done");
        assert_eq!(keyed(0).await.ok(201), first, "what is kept is still answered");
        app.admin().create("lead", json!({"title": "no key"})).await.ok(201);
        app.by("max").header("idempotency-key", "1").create("lead", json!({"title": "another"})).await.ok(201);
        // As a day later.
        app.clock.advance_seconds(11);
        app.sql("DELETE FROM idempotency_key").await;
        keyed(made).await.ok(201);
        app.finish().await;
    }
}

#[tokio::test]
async fn answers_with_secrets_are_kept_nowhere() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let keyed = app.admin().header("idempotency-key", "k");
    let made = keyed.post("/tokens", json!({"name": "script"})).await;
    let secret = made.ok(201)["token"].as_str().unwrap().to_owned();
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let other = keyed.post("/tokens", json!({"name": "script"})).await.ok(201);
    assert_ne!(other["token"], secret.as_str());
    keyed.post("/session", json!({"email": "admin@acme.test", "password": PASSWORD})).await.ok(200);
    let plugin = keyed.post(&format!("/plugins/{LEAD_DESK}/secret"), json!({})).await.ok(200);
    assert!(plugin["secret"].is_null() || app.count("SELECT count(*) FROM idempotency_key").await == 0, "{plugin}");
    // What began no work is not kept either.
    let guess = json!({"email": "admin@acme.test", "password": "guess"});
    let client = app.admin().header("idempotency-key", "g");
    client.post("/session", guess).await.problem(401, "auth.invalid_credentials");
    client.post("/session", json!({"email": "admin@acme.test", "password": PASSWORD})).await.ok(200);
    assert_eq!(
        app.count("SELECT count(*) FROM idempotency_key WHERE body LIKE '%token%' OR head LIKE '%cookie%'").await,
        0
    );
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
    // Housekeeping, the sweeps of timers, of files and of drawings, dates of rules, totals of stages, searched texts, and reports
    // to be sent.
    assert_eq!(app.drain().await, 8);
    keyed.create("lead", json!({"title": "Ann"})).await.ok(201);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 2);
    app.finish().await;
}
