//! The list of one's sessions, and ending them.

use serde_json::{Value, json};

use crate::app::{Client, PASSWORD, TestApp};

pub async fn sign_in<'a>(app: &'a TestApp, name: &str, agent: &str) -> Client<'a> {
    let body = json!({"email": format!("{name}@acme.test"), "password": PASSWORD});
    let answer = app.stranger().header("user-agent", agent).post("/session", body).await;
    answer.ok(200);
    let cookie = answer.header("set-cookie").unwrap();
    app.stranger().header("cookie", cookie.split(';').next().unwrap())
}

pub async fn with_password(app: &TestApp, name: &str) {
    let path = format!("/users/{}", app.id_of(name));
    app.admin().patch(&path, json!({"password": PASSWORD})).await.ok(200);
}

async fn sessions(client: &Client<'_>) -> Vec<Value> {
    client.get("/me/sessions").await.ok(200)["items"].as_array().unwrap().clone()
}

fn agents(sessions: &[Value]) -> Vec<(&str, bool)> {
    let of = |session: &'_ Value| session["current"].as_bool().unwrap();
    sessions.iter().map(|session| (session["agent"].as_str().unwrap(), of(session))).collect()
}

#[tokio::test]
async fn somebody_sees_where_they_are_signed_in_the_one_used_last_first() {
    let app = TestApp::start().await;
    let desk = sign_in(&app, "admin", "desk").await;
    app.clock.advance_seconds(60);
    let phone = sign_in(&app, "admin", "phone").await;
    assert_eq!(agents(&sessions(&phone).await), [("phone", true), ("desk", false)]);
    app.clock.advance_seconds(3_600);
    desk.get("/me").await.ok(200);
    let seen = sessions(&desk).await;
    assert_eq!(agents(&seen), [("desk", true), ("phone", false)]);
    assert!(seen[0]["seen_at"].as_str() > seen[1]["seen_at"].as_str(), "{seen:?}");
    assert!(!seen[0].to_string().contains("token"), "{seen:?}");
    let by_token = sessions(&app.admin()).await;
    assert_eq!(agents(&by_token), [("desk", false), ("phone", false)], "a token is no session");
    app.clock.advance_seconds(31 * 24 * 3_600);
    assert!(sessions(&app.admin()).await.is_empty(), "what has ended by itself is not shown");
    app.finish().await;
}

#[tokio::test]
async fn a_session_that_is_ended_is_signed_out_at_once_and_the_others_stay() {
    let app = TestApp::start().await;
    let desk = sign_in(&app, "admin", "desk").await;
    let phone = sign_in(&app, "admin", "phone").await;
    let lost = sign_in(&app, "admin", "lost").await;
    lost.get("/me").await.ok(200);
    let of_lost = sessions(&lost).await.into_iter().find(|session| session["current"] == true).unwrap();
    let path = format!("/me/sessions/{}", of_lost["id"].as_str().unwrap());
    desk.delete(&path).await.ok(204);
    lost.get("/me").await.problem(401, "auth.required");
    phone.get("/me").await.ok(200);
    desk.delete(&path).await.problem(404, "not_found");
    desk.delete("/me/sessions").await.ok(204);
    phone.get("/me").await.problem(401, "auth.required");
    assert_eq!(agents(&sessions(&desk).await), [("desk", true)]);
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action LIKE 'session.%ended'").await, 2);
    app.finish().await;
}

#[tokio::test]
async fn nobody_sees_or_ends_the_sessions_of_another_person() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    with_password(&app, "max").await;
    let max = sign_in(&app, "max", "his").await;
    let admin = sign_in(&app, "admin", "hers").await;
    assert_eq!(agents(&sessions(&admin).await), [("hers", true)]);
    let his = sessions(&max).await[0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/me/sessions/{his}")).await.problem(404, "not_found");
    admin.delete("/me/sessions").await.ok(204);
    max.get("/me").await.ok(200);
    app.stranger().get("/me/sessions").await.problem(401, "auth.required");
    app.finish().await;
}

#[tokio::test]
async fn a_new_password_leaves_no_session_in_the_list() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    with_password(&app, "max").await;
    let first = sign_in(&app, "max", "first").await;
    let second = sign_in(&app, "max", "second").await;
    let next = json!({"present": PASSWORD, "new": "quite another long one"});
    first.post("/me/password", next).await.ok(204);
    for client in [&first, &second] {
        client.get("/me/sessions").await.problem(401, "auth.required");
    }
    assert!(sessions(&app.by("max")).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn one_answer_says_who_i_am_and_what_i_may_see() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let data = app.by("max").get("/session").await.ok(200);
    assert_eq!(data["me"], app.by("max").get("/me").await.ok(200));
    assert_eq!(data["entities"], app.by("max").get("/entities").await.ok(200)["items"]);
    app.stranger().get("/session").await.problem(401, "auth.required");
    app.finish().await;
}
