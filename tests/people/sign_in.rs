//! Sessions of the portal.

use serde_json::{Value, json};

use crate::app::{Answer, Client, PASSWORD, TestApp};

fn session(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

async fn sign_in<'a>(app: &'a TestApp, body: Value) -> Client<'a> {
    let answer = app.stranger().post("/session", body).await;
    answer.ok(200);
    app.stranger().header("cookie", &session(&answer))
}

fn admin() -> Value {
    json!({"email": "admin@acme.test", "password": PASSWORD})
}

#[tokio::test]
async fn by_https_a_session_is_of_its_host_alone_and_those_of_before_go_on() {
    let app = TestApp::build().config(|config| config.http.public_url = "https://crm.acme.test".into()).start().await;
    let answer = app.stranger().post("/session", admin()).await;
    answer.ok(200);
    let set: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(set[0].starts_with("__Host-verstak_session=") && set[0].ends_with("; Secure"), "{set:?}");
    assert!(set.len() == 1 && set[0].contains("Path=/;") && !set[0].contains("Domain"), "{set:?}");
    // One of before goes where the browser shows it.
    let again = app.stranger().header("cookie", "verstak_session=old").post("/session", admin()).await;
    again.ok(200);
    let gone: Vec<&str> = again.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(gone.len() == 2 && gone[1].starts_with("verstak_session=;") && gone[1].contains("Max-Age=0"), "{gone:?}");
    let own = session(&answer);
    app.stranger().header("cookie", &own).get("/me").await.ok(200);
    let before = own.strip_prefix("__Host-").unwrap();
    app.stranger().header("cookie", before).get("/me").await.ok(200);
    // What another host of the domain has set does not take its place.
    let both = format!("verstak_session=forged; {own}");
    let client = app.stranger().header("cookie", &both);
    client.get("/me").await.ok(200);
    client.delete("/session").await.ok(204);
    client.get("/me").await.problem(401, "auth.required");
    app.finish().await;
}

#[tokio::test]
async fn somebody_signs_in_is_known_and_signs_out() {
    let app = TestApp::start().await;
    let answer = app.stranger().post("/session", json!({"email": " Admin@ACME.test ", "password": PASSWORD})).await;
    let me = answer.ok(200);
    assert_eq!(
        (&me["user"]["name"], &me["tenant"]["slug"], &me["admin"], &me["operator"]),
        (&json!("Ada Admin"), &json!("acme"), &json!(true), &json!(true))
    );
    let client = app.stranger().header("cookie", &session(&answer));
    assert_eq!(client.get("/me").await.ok(200), me);
    // Clients that are no browsers take one cookie: nothing is taken away that was not shown.
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    // One of a time when people came by https would count before it.
    let stale = app.stranger().header("cookie", "__Host-verstak_session=old").post("/session", admin()).await;
    stale.ok(200);
    let gone = |line: &axum::http::HeaderValue| line.to_str().unwrap().starts_with("__Host-verstak_session=;");
    assert!(stale.headers.get_all("set-cookie").iter().any(gone));
    client.create("lead", json!({"title": "x"})).await.ok(201);
    let out = client.delete("/session").await;
    out.ok(204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    client.get("/me").await.problem(401, "auth.required");
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_alike() {
    let app = TestApp::start().await;
    let wrong = app.stranger().post("/session", json!({"email": "admin@acme.test", "password": "guess"})).await;
    let unknown = app.stranger().post("/session", json!({"email": "who@acme.test", "password": PASSWORD})).await;
    let (wrong, unknown) =
        (wrong.problem(401, "auth.invalid_credentials"), unknown.problem(401, "auth.invalid_credentials"));
    assert_eq!((&wrong["detail"], &wrong["fields"]), (&unknown["detail"], &unknown["fields"]));
    let other = app
        .stranger()
        .post("/session", json!({"email": "admin@acme.test", "password": PASSWORD, "tenant": "nowhere"}))
        .await;
    other.problem(401, "auth.invalid_credentials");
    assert_eq!(app.count("SELECT count(*) FROM session").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn one_address_in_several_companies_is_asked_which() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", kernel::Locale::Ru).await;
    let make = json!({"name": "Ada", "email": "admin@acme.test", "password": PASSWORD});
    app.by_of(other, "admin").post("/users", make).await.ok(201);
    let which = app.stranger().post("/session", admin()).await.problem(409, "auth.choose_tenant");
    assert_eq!(which["tenants"], json!([{"slug": "acme", "name": "Acme"}, {"slug": "other", "name": "Other"}]));
    let client = sign_in(&app, json!({"email": "admin@acme.test", "password": PASSWORD, "tenant": "other"})).await;
    assert_eq!(client.get("/me").await.ok(200)["tenant"]["slug"], "other");
    let path = format!("/users/{}", client.get("/me").await.ok(200)["user"]["id"].as_str().unwrap());
    app.by_of(other, "admin").patch(&path, json!({"password": "another long one"})).await.ok(200);
    let direct = sign_in(&app, json!({"email": "admin@acme.test", "password": "another long one"})).await;
    assert_eq!(direct.get("/me").await.ok(200)["tenant"]["slug"], "other", "the password tells which");
    app.finish().await;
}

#[tokio::test]
async fn a_session_ends_with_a_new_password_with_barring_and_with_time() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let max = format!("/users/{}", app.id_of("max"));
    let set = json!({"password": "first password"});
    app.admin().patch(&max, set).await.ok(200);
    let body = json!({"email": "max@acme.test", "password": "first password"});
    let first = sign_in(&app, body.clone()).await;
    first.get("/me").await.ok(200);
    app.admin().patch(&max, json!({"password": "second password"})).await.ok(200);
    first.get("/me").await.problem(401, "auth.required");
    app.stranger().post("/session", body).await.problem(401, "auth.invalid_credentials");
    let body = json!({"email": "max@acme.test", "password": "second password"});
    let second = sign_in(&app, body.clone()).await;
    app.admin().patch(&max, json!({"active": false})).await.ok(200);
    second.get("/me").await.problem(401, "auth.required");
    app.by("max").get("/me").await.problem(401, "auth.required");
    app.stranger().post("/session", body.clone()).await.problem(401, "auth.invalid_credentials");
    app.admin().patch(&max, json!({"active": true})).await.ok(200);
    let third = sign_in(&app, body).await;
    app.clock.advance_seconds(29 * 24 * 3_600);
    third.get("/me").await.ok(200);
    app.clock.advance_seconds(29 * 24 * 3_600);
    third.get("/me").await.ok(200);
    app.clock.advance_seconds(31 * 24 * 3_600);
    third.get("/me").await.problem(401, "auth.required");
    app.finish().await;
}

#[tokio::test]
async fn another_site_changes_nothing_with_our_cookie() {
    let app = TestApp::start().await;
    let client = sign_in(&app, admin()).await.header("host", "crm.test");
    let evil = client.header("origin", "https://evil.test");
    evil.create("lead", json!({"title": "x"})).await.problem(403, "denied");
    evil.delete("/session").await.problem(403, "denied");
    app.stranger()
        .header("host", "crm.test")
        .header("origin", "https://evil.test")
        .post("/session", admin())
        .await
        .problem(403, "denied");
    client.header("origin", "http://crm.test").create("lead", json!({"title": "x"})).await.ok(201);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    app.finish().await;
}
