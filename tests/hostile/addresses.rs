//! Addresses: ids that are none, cursors that are none, parameters nobody knows.

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn wrong_ids_names_and_parameters_are_refused() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let id = app.record("lead", json!({"title": "x", "phones": ["+79161234567"]})).await;
    app.drain().await;
    let long = "x".repeat(5_000);
    let mut wrong = Vec::new();
    let refused = [
        "/records/lead/1".to_owned(),
        "/records/lead/not-an-id/timeline".into(),
        "/records/lead/%00".into(),
        "/records/%00".into(),
        "/records/lead%20".into(),
        "/records/..%2f..%2fetc".into(),
        format!("/records/{long}"),
        "/records/lead?colour=red".into(),
        "/records/lead?limit=many".into(),
        "/records/lead?limit=-1".into(),
        "/records/lead?limit=99999999999999999999".into(),
        "/records/lead?cursor=%F0%9F".into(),
        "/records/lead?cursor=e30".into(),
        "/records/lead?cursor=WyItY3JlYXRlZF9hdCwtaWQiLDEsMl0".into(),
        "/records/lead?sort=;drop".into(),
        "/records/lead?view=1".into(),
        "/records/lead?deleted=perhaps".into(),
        "/records/lead?q=a%00b".into(),
        format!("/records/lead/{id}/timeline?cursor=1"),
        format!("/records/lead/{id}/timeline?cursor=_99999999999999999999_"),
        format!("/records/lead/{id}/timeline?limit=x"),
        format!("/records/lead/{id}?colour=red"),
        "/events?after=x".into(),
        "/events?after=-1--1".into(),
        "/events?after=99999999999999999999-1".into(),
        "/events?limit=0".into(),
        "/events?limit=1001".into(),
        "/events?entity=%00".into(),
        "/views?entity=%00".into(),
        "/users?colour=red".into(),
        "/batches/x".into(),
        "/imports/x".into(),
        "/plugins/%00".into(),
        "/plugins/nothing".into(),
        "/plugins/verstak.lead-desk/logs?cursor=x".into(),
        "/plugins/verstak.lead-desk/logs?level=loud".into(),
        "/plugins/verstak.lead-desk/http/nothing".into(),
        "/plugins/verstak.lead-desk/http/web-form".into(),
        "/nothing".into(),
        "/".into(),
    ];
    for path in &refused {
        let answer = app.admin().get(path).await;
        let known = answer.header("content-type") == Some("application/problem+json");
        if ![400, 404].contains(&answer.status.as_u16()) || !known {
            wrong.push(format!("{path} -> {} {}", answer.status, answer.text()));
        }
    }
    for path in [
        "/hooks/%00/x/y",
        "/hooks/nowhere/verstak.lead-desk/web-form",
        "/hooks/acme/nothing/web-form",
        "/hooks/acme/verstak.lead-desk/nothing",
        "/hooks/acme/verstak.lead-desk/%2e%2e/x",
    ] {
        let answer = app.stranger().send("POST", path, Some("application/json"), b"{}".to_vec()).await;
        if ![400, 404].contains(&answer.status.as_u16()) {
            wrong.push(format!("{path} -> {} {}", answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.finish().await;
}

#[tokio::test]
async fn extreme_places_of_logs_and_lists_are_harmless() {
    let app = TestApp::start().await;
    let id = app.record("lead", json!({"title": "x"})).await;
    app.settle().await;
    let end = i64::MAX;
    for path in [
        format!("/events?after={end}-{end}"),
        format!("/records/lead/{id}/timeline?cursor={end}_{end}_{end}"),
        format!("/records/lead/{id}/timeline?cursor=0_0_0"),
        format!("/records/lead/{id}/timeline?limit={}", u64::MAX),
    ] {
        app.admin().get(&path).await.ok(200);
    }
    // A cursor made by hand: the right spelling with extreme values.
    for value in [json!(i64::MAX), json!(-1e14), Value::Null, json!("99999999999.9999")] {
        use std::fmt::Write;
        let text = json!(["amount,id", value, "ffffffff-ffff-ffff-ffff-ffffffffffff"]).to_string();
        let mut cursor = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for i in 0..=chunk.len() {
                let six = usize::try_from((bits >> (18 - 6 * i)) & 63).unwrap();
                write!(
                    cursor,
                    "{}",
                    char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[six])
                )
                .unwrap();
            }
        }
        let answer = app.admin().query("lead", json!({"sort": [{"field": "amount"}], "cursor": cursor})).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{value}: {}", answer.text());
    }
    app.finish().await;
}

#[tokio::test]
async fn wrong_methods_and_headers_are_refused() {
    let app = TestApp::start().await;
    for (method, path) in
        [("PUT", "/api/v1/me"), ("DELETE", "/api/v1/records/lead"), ("POST", "/api/v1/events"), ("TRACE", "/api/v1/me")]
    {
        let answer = app.admin().send(method, path, None, Vec::new()).await;
        assert!(answer.status.is_client_error(), "{method} {path}: {}", answer.status);
    }
    let id = app.record("lead", json!({"title": "x"})).await;
    for version in ["", "\"\"", "*", "-1x", "99999999999999999999"] {
        let answer = app.admin().header("if-match", version).update("lead", &id, json!({"amount": 1})).await;
        answer.problem(400, "request.invalid");
    }
    app.admin()
        .header("if-match", "\"-5\"")
        .update("lead", &id, json!({"amount": 1}))
        .await
        .problem(409, "record.conflict");
    app.finish().await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for (client, path) in [
        (app.admin(), "/api/v1/me"),
        (app.stranger(), "/api/v1/me"),
        (app.stranger(), "/"),
        (app.stranger(), "/health/live"),
    ] {
        let answer = client.send("GET", path, None, Vec::new()).await;
        for (name, part) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", "script-src 'self'"),
            ("referrer-policy", "same-origin"),
        ] {
            assert!(answer.header(name).is_some_and(|value| value.contains(part)), "{path}: {name}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_damaged_id_leads_nowhere() {
    let app = TestApp::start().await;
    for path in [
        "/records/lead/x",
        "/tasks/1",
        "/imports/x",
        "/batches/-",
        "/process-instances/%7B%7D",
        "/files/x",
        "/notifications/x/confirm",
    ] {
        let answer = match path.ends_with("confirm") {
            true => app.admin().post(path, json!({})).await,
            false => app.admin().get(path).await,
        };
        let problem = answer.problem(404, "not_found");
        assert!(problem["detail"].as_str().unwrap().starts_with("Not found"), "{path}: {problem}");
    }
    app.finish().await;
}

#[tokio::test]
async fn whoever_sends_too_much_is_told_how_much_may_be_sent() {
    let app = TestApp::build().config(|config| config.http.body_limit = 64 * 1024).start().await;
    let body = json!({"fields": {"title": "x".repeat(100_000)}}).to_string().into_bytes();
    let answer = app.admin().send("POST", "/api/v1/records/lead", Some("application/json"), body).await;
    let problem = answer.problem(413, "too_large");
    assert!(problem["detail"].as_str().unwrap().contains("at most 64 KiB"), "{problem}");
    app.finish().await;
}
