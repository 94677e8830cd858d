//! Buttons on the card: who sees them, and what a press does.

use futures::future::join;
use kernel::Locale;
use serde_json::{Value, json};

use super::{action, notices, rule, runs, tell, told};
use crate::app::TestApp;

const PRESS: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";

/// A rule with a button for those who sell.
fn button(name: &str, steps: Value) -> Value {
    let on = json!({"event": "button", "label": {"en": "Remind", "ru": "Напомнить"}, "roles": ["sales_manager"]});
    json!({"name": name, "on": on, "when": "record.amount > 5", "do": steps})
}

#[tokio::test]
async fn a_press_acts_once_whoever_sends_it_twice_and_tells_what_came_of_it() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let max = app.by("max");
    let set = action("set-fields", json!({"comments": "pressed by {{actor.kind}}"}));
    let made = rule(&app, "deal", button("remind", json!([tell("{{record.title}}"), set]))).await;
    let id = max.create("deal", json!({"title": "a", "amount": 10})).await.id();
    let buttons = async || max.get(&format!("/records/deal/{id}/buttons")).await.ok(200)["items"].clone();
    assert_eq!(buttons().await, json!([{"rule": made, "label": "Remind"}]));
    let press = async |press: &str| {
        max.post(&format!("/records/deal/{id}/buttons/{made}"), json!({"press": press})).await.ok(202)
    };
    let (first, second) = join(press(PRESS), press(PRESS)).await;
    assert_eq!((&first["state"], &first["id"]), (&json!("running"), &second["id"]));
    assert_eq!(buttons().await[0]["run"]["state"], "running");
    app.drain().await;
    assert_eq!(told(&runs(&app, "").await), ["remind done"]);
    assert_eq!(notices(&app).await, ["a"]);
    assert_eq!(press(PRESS).await["state"], "done");
    assert_eq!(buttons().await[0]["run"], press(PRESS).await);
    let deal = max.get(&format!("/records/deal/{id}")).await.ok(200);
    assert_eq!(deal["fields"]["comments"], "pressed by token");
    press(OTHER).await;
    app.drain().await;
    assert_eq!(notices(&app).await, ["a", "a"]);
    app.finish().await;
}

#[tokio::test]
async fn a_rule_that_acts_once_has_one_run_however_often_it_is_pressed() {
    let app = TestApp::start().await;
    let mut body = button("once", json!([tell("x")]));
    body["once"] = json!(true);
    let made = rule(&app, "deal", body).await;
    let id = app.record("deal", json!({"title": "a", "amount": 10})).await;
    let path = format!("/records/deal/{id}/buttons/{made}");
    let first = app.admin().post(&path, json!({"press": PRESS})).await.ok(202);
    app.drain().await;
    let second = app.admin().post(&path, json!({"press": OTHER})).await.ok(202);
    app.drain().await;
    assert_eq!((&second["id"], &second["state"]), (&first["id"], &json!("done")));
    assert_eq!(notices(&app).await, ["x"]);
    app.finish().await;
}

#[tokio::test]
async fn what_fails_is_told_to_whoever_pressed_and_why_to_administrators() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let ask = action("webhook", json!({"url": "http://127.0.0.1:9/x"}));
    let made = rule(&app, "deal", button("r", json!([ask]))).await;
    let id = app.by("max").create("deal", json!({"title": "a", "amount": 10})).await.id();
    app.by("max").post(&format!("/records/deal/{id}/buttons/{made}"), json!({"press": PRESS})).await.ok(202);
    app.drain().await;
    let path = format!("/records/deal/{id}/buttons");
    let seen = app.by("max").get(&path).await.ok(200)["items"][0]["run"].clone();
    assert_eq!((&seen["state"], &seen["error"]), (&json!("failed"), &Value::Null));
    let seen = app.admin().get(&path).await.ok(200)["items"][0]["run"].clone();
    assert!(seen["error"].as_str().unwrap().starts_with("webhook: "), "{seen}");
    app.finish().await;
}

#[tokio::test]
async fn only_roles_that_a_button_is_for_press_it_on_records_that_they_see_while_its_condition_holds() {
    let mut app = TestApp::build().person("max", "sales_manager").person("olga", "observer").start().await;
    let other = app.add_company("Other", Locale::En).await;
    let made = rule(&app, "deal", button("r", json!([tell("x")]))).await;
    let plain = json!({"name": "plain", "on": {"event": "created"}, "do": [tell("made")], "enabled": false});
    let plain = rule(&app, "deal", plain).await;
    let (max, olga) = (app.by("max"), app.by("olga"));
    let press = json!({"press": PRESS});
    let path = |id: &str, rule: &str| format!("/records/deal/{id}/buttons/{rule}");
    let mine = max.create("deal", json!({"title": "mine", "amount": 10})).await.id();
    // One that sees the deal, but for whom the button is not.
    assert_eq!(olga.get(&format!("/records/deal/{mine}/buttons")).await.ok(200)["items"], json!([]));
    olga.post(&path(&mine, &made), press.clone()).await.problem(403, "denied");
    // What is no button, and what is not there.
    for rule in [plain.as_str(), "00000000-0000-0000-0000-000000000000"] {
        max.post(&path(&mine, rule), press.clone()).await.problem(404, "not_found");
    }
    max.post(&path("00000000-0000-0000-0000-000000000000", &made), press.clone()).await.problem(404, "not_found");
    // The condition does not hold.
    let small = max.create("deal", json!({"title": "small", "amount": 1})).await.id();
    max.post(&path(&small, &made), press.clone()).await.problem(409, "automation.not_now");
    assert_eq!(max.get(&format!("/records/deal/{small}/buttons")).await.ok(200)["items"], json!([]));
    // A record in the bin, and a rule that is switched off.
    max.delete(&format!("/records/deal/{small}")).await;
    max.post(&path(&small, &made), press.clone()).await.problem(404, "not_found");
    let mut off = button("r", json!([tell("x")]));
    off["enabled"] = json!(false);
    app.admin().put(&format!("/automations/{made}"), json!({"rule": off})).await.ok(200);
    max.post(&path(&mine, &made), press.clone()).await.problem(404, "not_found");
    app.admin().put(&format!("/automations/{made}"), json!({"rule": button("r", json!([tell("x")]))})).await.ok(200);
    // Another company's.
    let stranger = app.by_of(other, "admin");
    stranger.get(&format!("/records/deal/{mine}/buttons")).await.problem(404, "not_found");
    stranger.post(&path(&mine, &made), press.clone()).await.problem(404, "not_found");
    let foreign = stranger.create("deal", json!({"title": "a", "amount": 10})).await.id();
    stranger.post(&path(&foreign, &made), press).await.problem(404, "not_found");
    app.drain().await;
    assert!(runs(&app, "").await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_button_says_what_it_is_and_whom_it_is_for() {
    let app = TestApp::start().await;
    let refused = async |on: Value, part: &str, code: &str| {
        let body = json!({"entity": "deal", "rule": {"name": "b", "on": on, "do": [tell("x")]}});
        let problem = app.admin().post("/automations", body).await.problem(422, "config.invalid");
        assert_eq!(problem["fields"][part]["code"], code, "{problem}");
    };
    let label = json!({"en": "B"});
    refused(json!({"event": "button", "roles": ["sales_manager"]}), "on.label", "required").await;
    refused(json!({"event": "button", "label": {"en": " "}, "roles": ["sales_manager"]}), "on.label", "required").await;
    refused(json!({"event": "button", "label": label}), "on.roles", "required").await;
    refused(json!({"event": "button", "label": label, "roles": ["nope"]}), "on.roles", "unknown_name").await;
    refused(json!({"event": "created", "label": label}), "on.label", "unknown").await;
    refused(json!({"event": "created", "roles": ["sales_manager"]}), "on.roles", "unknown").await;
    app.finish().await;
}
