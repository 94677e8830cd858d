//! Who may make rules, and what is no rule.

use kernel::Locale;
use serde_json::{Value, json};

use super::{action, rule, runs, tell};
use crate::app::TestApp;

async fn refused(app: &TestApp, rule: Value, expected: &[(&str, &str)]) {
    let problem =
        app.admin().post("/automations", json!({"entity": "deal", "rule": rule})).await.problem(422, "config.invalid");
    let fields = problem["fields"].as_object().unwrap();
    let got: Vec<(&str, &str)> =
        fields.iter().map(|(key, one)| (key.as_str(), one["code"].as_str().unwrap())).collect();
    assert_eq!(got, expected, "{problem}");
}

#[tokio::test]
async fn what_a_rule_names_must_be_there_and_everything_wrong_is_said_at_once() {
    let app = TestApp::start().await;
    let created = || json!({"event": "created"});
    let one = |kind: &str, parameters: Value| json!({"name": "a", "on": created(), "do": [action(kind, parameters)]});
    let wrong = json!({"name": " ", "on": {"event": "updated", "fields": ["nope"]}, "when": "record.nope == 1", "delay": "P1M",
        "do": [action("task", json!({"title": "{{record.nope}}", "executors": "role:nobody"})), action("fly", json!({}))]});
    refused(
        &app,
        wrong,
        &[
            ("delay", "invalid"),
            ("do.0.parameters.executors", "unknown_name"),
            ("do.0.parameters.title", "formula_field"),
            ("do.1.kind", "unknown_name"),
            ("name", "required"),
            ("on.fields", "formula_field"),
            ("when", "formula_field"),
        ],
    )
    .await;
    let on = |on: Value| json!({"name": "a", "on": on, "do": [tell("x")]});
    refused(&app, on(json!({"event": "stage_entered"})), &[("on.stage", "required")]).await;
    refused(&app, on(json!({"event": "stage_left", "stage": "nope"})), &[("on.stage", "unknown_name")]).await;
    refused(&app, on(json!({"event": "created", "stage": "won"})), &[("on.stage", "unknown")]).await;
    refused(&app, on(json!({"event": "stuck", "stage": "quote"})), &[("on.after", "required")]).await;
    refused(&app, on(json!({"event": "stuck", "stage": "quote", "after": "PT0S"})), &[("on.after", "invalid")]).await;
    refused(&app, json!({"name": "a", "on": created(), "do": []}), &[("do", "required")]).await;
    refused(&app, json!({"name": "a", "on": created(), "do": vec![tell("x"); 21]}), &[("do", "too_many")]).await;
    refused(&app, one("set-fields", json!({})), &[("do.0.parameters", "required")]).await;
    refused(&app, one("set-fields", json!({"number": 1})), &[("do.0.parameters.number", "read_only")]).await;
    refused(&app, one("move-stage", json!({"stage": "nope"})), &[("do.0.parameters.stage", "unknown_name")]).await;
    refused(&app, one("create-record", json!({"entity": "nope"})), &[("do.0.parameters.entity", "unknown_name")]).await;
    refused(&app, one("create-record", json!({"entity": "lead", "nope": 1})), &[("do.0.parameters.nope", "unknown")])
        .await;
    refused(&app, one("notice", json!({"to": "user:a@b.c", "text": "x"})), &[("do.0.parameters.to", "unknown_name")])
        .await;
    refused(&app, one("notice", json!({"to": "boss", "text": "x"})), &[("do.0.parameters.to", "invalid")]).await;
    refused(
        &app,
        one("email", json!({"to": "nobody", "subject": "s", "text": "{{"})),
        &[("do.0.parameters.text", "expression"), ("do.0.parameters.to", "email")],
    )
    .await;
    refused(&app, one("start-process", json!({"process": "nope"})), &[("do.0.parameters.process", "unknown_name")])
        .await;
    refused(&app, one("webhook", json!({"url": "ftp://x"})), &[("do.0.parameters.url", "invalid")]).await;
    // A record in the bin has no process and no client.
    let gone = json!({"name": "a", "on": {"event": "deleted"}, "do": [
        action("start-process", json!({"process": "{{record.title}}"})),
        action("email", json!({"to": "a@b.test, client", "subject": "s", "text": "t"})),
    ]});
    let expected = [("do.0.kind", "rule_record_gone"), ("do.1.parameters.to", "rule_record_gone")];
    refused(&app, gone, &expected).await;
    app.admin()
        .post("/automations", json!({"entity": "nope", "rule": one("webhook", json!({}))}))
        .await
        .problem(404, "not_found");
    // Names are an entity's own; a rule may have one again after it was taken away.
    let id = rule(&app, "deal", json!({"name": "a", "on": created(), "do": [tell("x")]})).await;
    refused(&app, json!({"name": "a", "on": created(), "do": [tell("x")]}), &[("name", "taken")]).await;
    rule(&app, "lead", json!({"name": "a", "on": created(), "do": [tell("x")]})).await;
    app.admin().delete(&format!("/automations/{id}")).await.ok(204);
    app.admin().delete(&format!("/automations/{id}")).await.problem(404, "not_found");
    rule(&app, "deal", json!({"name": "a", "on": created(), "do": [tell("x")]})).await;
    app.finish().await;
}

#[tokio::test]
async fn an_entity_has_two_hundred_rules_at_most() {
    let app = TestApp::start().await;
    let body = |name: usize| json!({"name": name.to_string(), "on": {"event": "deleted"}, "do": [tell("x")], "enabled": false});
    for name in 0..200 {
        rule(&app, "deal", body(name)).await;
    }
    refused(&app, body(200), &[("name", "too_many")]).await;
    rule(&app, "lead", body(200)).await;
    let listed = app.admin().get("/automations?entity=deal").await.ok(200);
    let places: Vec<i64> =
        listed["items"].as_array().unwrap().iter().map(|one| one["place"].as_i64().unwrap()).collect();
    assert_eq!(places, (1..=200).collect::<Vec<i64>>());
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_have_rules_and_of_their_own_company_alone() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", Locale::En).await;
    let body =
        |name: &str| json!({"name": name, "on": {"event": "created"}, "do": [action("task", json!({"title": name}))]});
    let id = rule(&app, "deal", body("ours")).await;
    let theirs = app.by_of(other, "admin");
    let made = json!({"entity": "deal", "rule": body("theirs")});
    theirs.post("/automations", made.clone()).await.ok(201);
    let max = app.by("max");
    max.get("/automations").await.problem(403, "denied");
    max.get("/automations/runs").await.problem(403, "denied");
    max.post("/automations", made).await.problem(403, "denied");
    max.put(&format!("/automations/{id}"), json!({"rule": body("x")})).await.problem(403, "denied");
    max.delete(&format!("/automations/{id}")).await.problem(403, "denied");
    max.create("deal", json!({"title": "a"})).await.ok(201);
    app.drain().await;
    let run = runs(&app, "").await.remove(0);
    let run = run["id"].as_str().unwrap();
    max.post(&format!("/automations/runs/{run}/retry"), json!({})).await.problem(403, "denied");
    // The other company sees nothing of it, and its rule did nothing.
    theirs.put(&format!("/automations/{id}"), json!({"rule": body("x")})).await.problem(404, "not_found");
    theirs.delete(&format!("/automations/{id}")).await.problem(404, "not_found");
    theirs.post(&format!("/automations/runs/{run}/retry"), json!({})).await.problem(404, "not_found");
    assert_eq!(theirs.get("/automations/runs").await.ok(200)["items"], json!([]));
    let listed = theirs.get("/automations").await.ok(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.count("SELECT count(*) FROM task").await, 1);
    let acts = app.count("SELECT count(*) FROM audit WHERE action = 'automation.created'").await;
    assert_eq!(acts, 2);
    app.finish().await;
}

#[tokio::test]
async fn hostile_texts_stay_texts_and_endless_ones_are_refused() {
    let app = TestApp::start().await;
    let title = "{{record.amount}} =1+1 '; DROP TABLE task; --";
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": [tell("{{record.title}}")]})).await;
    app.record("deal", json!({"title": title})).await;
    app.drain().await;
    assert_eq!(super::notices(&app).await, [title]);
    let long = |text: String| json!({"name": "l", "on": {"event": "created"}, "do": [tell(&text)]});
    refused(&app, long("x".repeat(20_001)), &[("do.0.parameters.text", "too_long")]).await;
    let many = json!({"name": "m", "on": {"event": "created"}, "do": vec![tell(&"x".repeat(19_000)); 4]});
    refused(&app, many, &[("do", "too_long")]).await;
    refused(&app, long(format!("={}", "(".repeat(3_000))), &[("do.0.parameters.text", "expression")]).await;
    let mut deep = json!("x");
    for _ in 0..10 {
        deep = json!([deep]);
    }
    let nested = json!({"name": "n", "on": {"event": "created"}, "do": [action("webhook", json!({"url": "https://x.test", "body": deep}))]});
    refused(&app, nested, &[("do.0.parameters.body", "invalid")]).await;
    app.finish().await;
}

#[tokio::test]
async fn a_field_that_a_rule_names_stays_until_the_rule_lets_it_go() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let field = json!({"key": "x_seen", "label": {"en": "Seen"}, "type": "integer"});
    admin.post("/entities/deal/fields", field).await.ok(201);
    let created = || json!({"event": "created"});
    let own = action("set-fields", json!({"x_seen": 1}));
    let other = action("create-record", json!({"entity": "deal", "title": "x", "x_seen": 1}));
    let chosen =
        json!({"event": "schedule", "cron": "0 9 * * *", "filter": {"field": "x_seen", "op": "gt", "value": 1}});
    let gone = async || admin.delete("/entities/deal/fields/x_seen").await;
    for (entity, body) in [
        ("deal", json!({"name": "when", "on": created(), "when": "record.x_seen > 1", "do": [tell("x")]})),
        ("deal", json!({"name": "fields", "on": {"event": "updated", "fields": ["x_seen"]}, "do": [tell("x")]})),
        ("deal", json!({"name": "set", "on": created(), "do": [own]})),
        ("deal", json!({"name": "said", "on": created(), "do": [tell("{{record.x_seen}}")]})),
        ("deal", json!({"name": "chosen", "on": chosen, "do": [tell("x")]})),
        ("lead", json!({"name": "other", "on": created(), "do": [other]})),
    ] {
        let id = rule(&app, entity, body.clone()).await;
        let used = gone().await.problem(409, "config.in_use");
        let expected = json!([{"kind": "automation", "key": id, "name": body["name"]}]);
        assert_eq!(used["current"]["users"], expected, "{used}");
        let mut off = body;
        off["enabled"] = json!(false);
        admin.put(&format!("/automations/{id}"), json!({"rule": off})).await.ok(200);
    }
    rule(&app, "deal", json!({"name": "free", "on": created(), "do": [tell("{{record.title}}")]})).await;
    gone().await.ok(204);
    app.finish().await;
}
