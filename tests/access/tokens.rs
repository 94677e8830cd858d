//! API tokens: scopes, end, revocation, and that their secret is shown once and kept nowhere.

use people::token::Scope;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn scopes_narrow_what_the_person_may_do() {
    let app = TestApp::start().await;
    let company = &app.companies[0];
    let id = app.record("lead", json!({"title": "Ann"})).await;
    let token = async |scopes: &[Scope]| app.token_of(company, app.id_of("admin"), scopes).await;
    let (read, write, admin) =
        (token(&[Scope::Read]).await, token(&[Scope::Write]).await, token(&[Scope::Read, Scope::Admin]).await);
    let reader = app.with_token(&read);
    reader.get(&format!("/records/lead/{id}")).await.ok(200);
    reader.create("lead", json!({"title": "x"})).await.problem(403, "denied");
    reader.update("lead", &id, json!({"title": "x"})).await.problem(403, "denied");
    reader.post("/roles", json!({"key": "x", "name": "x"})).await.problem(403, "denied");
    reader.post("/tokens", json!({"name": "more"})).await.problem(403, "denied");
    let writer = app.with_token(&write);
    writer.create("lead", json!({"title": "x"})).await.ok(201);
    writer.get(&format!("/records/lead/{id}")).await.problem(404, "not_found");
    assert_eq!(writer.get("/records/lead?total=true").await.ok(200)["total"], 0);
    writer.post("/users", json!({"name": "x", "email": "x@x.test"})).await.problem(403, "denied");
    writer.post("/tokens", json!({"name": "more"})).await.problem(403, "denied");
    // Nor does an answer tell a writer what is there.
    let made = writer.create("lead", json!({"title": "x"})).await;
    assert_eq!((made.ok(201)["fields"].clone(), &made.json()["refs"]), (json!({}), &json!({})));
    assert!(made.header("etag").is_some());
    let changed = writer.update("lead", &id, json!({"comments": "x"})).await;
    assert!(!changed.text().contains("Ann"), "{}", changed.text());
    let people = writer.get("/users").await.ok(200);
    assert_eq!(people["items"].as_array().unwrap().len(), 1);
    let keeper = app.with_token(&admin);
    keeper.post("/roles", json!({"key": "x", "name": "x"})).await.ok(201);
    keeper.create("lead", json!({"title": "x"})).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn a_token_is_shown_once_and_ends() {
    let app = TestApp::start().await;
    let made = app
        .admin()
        .post("/tokens", json!({"name": "script", "scopes": ["read"], "expires_at": "2026-03-16T10:00:00Z"}))
        .await
        .ok(201);
    let secret = made["token"].as_str().unwrap();
    assert!(secret.len() > 60);
    let listed = app.admin().get("/tokens").await;
    assert!(!listed.text().contains(secret) && listed.text().contains("script"));
    assert_eq!(
        app.count(&format!("SELECT count(*) FROM api_token WHERE token_hash LIKE '%{}%'", &secret[4..])).await,
        0
    );
    app.with_token(secret).get("/me").await.ok(200);
    app.clock.advance_seconds(3_601);
    app.with_token(secret).get("/me").await.problem(401, "auth.required");
    app.admin()
        .post("/tokens", json!({"name": "old", "expires_at": "2026-03-16T09:00:00Z"}))
        .await
        .problem(422, "people.invalid");
    let other = app.admin().post("/tokens", json!({"name": "other"})).await.ok(201);
    let client = app.with_token(other["token"].as_str().unwrap());
    client.get("/me").await.ok(200);
    app.admin().delete(&format!("/tokens/{}", other["id"].as_str().unwrap())).await.ok(204);
    client.get("/me").await.problem(401, "auth.required");
    app.finish().await;
}

#[tokio::test]
async fn a_reading_token_is_judged_by_the_operation_and_not_by_its_name() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let token = app.token_of(&app.companies[0], app.id_of("admin"), &[Scope::Read]).await;
    let reader = app.with_token(&token);
    reader.query("lead", json!({})).await.ok(200);
    for path in ["query", "aggregate", "reports/query", "x/next"] {
        let address = format!("/plugins/{}/http/{path}", crate::app::LEAD_DESK);
        reader.post(&address, json!({})).await.problem(403, "denied");
    }
    let document = verstak::openapi::document();
    for question in verstak::http::auth::QUESTIONS {
        let pointer = format!("/paths/{}/post", question.replace('/', "~1"));
        assert!(document.pointer(&pointer).is_some(), "{question} is no operation");
    }
    app.finish().await;
}
