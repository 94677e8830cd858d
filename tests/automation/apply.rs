//! A rule on what was there before it: counted, applied once each, taken back.

use kernel::Locale;
use serde_json::{Value, json};

use super::{action, rule, runs, tell, told};
use crate::app::TestApp;

async fn applied(app: &TestApp) -> Value {
    let filter = json!({"field": "comments", "op": "contains", "value": "applied"});
    app.admin().query("deal", json!({"filter": filter, "total": true, "limit": 1})).await.ok(200)["total"].clone()
}

#[tokio::test]
async fn a_rule_acts_once_on_what_fits_it_now_and_its_changes_are_taken_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let deal =
        |number: usize| json!({"fields": {"title": format!("d{number}"), "amount": if number < 240 { 10 } else { 1 }}});
    let all: Vec<Value> = (0..250).map(deal).collect();
    admin.post("/records/deal/bulk", json!({"create": all})).await.ok(200);
    app.drain().await;
    let set = action("set-fields", json!({"comments": "applied"}));
    let body = json!({"name": "r", "on": {"event": "created"}, "when": "record.amount > 5", "do": [set]});
    let id = rule(&app, "deal", body).await;
    let path = format!("/automations/{id}/apply");
    let seen = admin.post(&path, json!({"dry_run": true})).await.ok(200);
    assert_eq!(seen, json!({"looked_at": 250, "fitting": 240, "truncated": false}));
    app.drain().await;
    assert_eq!((applied(&app).await, runs(&app, "").await.len()), (json!(0), 0));
    let job = admin.post(&path, json!({})).await.ok(202);
    app.drain().await;
    let job = admin.get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.ok(200);
    assert_eq!((&job["state"], &job["result"]["begun"]), (&json!("done"), &json!(240)), "{job}");
    assert_eq!(applied(&app).await, 240);
    assert_eq!(app.count("SELECT count(*) FROM automation_run WHERE state = 'done'").await, 240);
    let batch = job["result"]["batch"].as_str().unwrap();
    let undone = admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200);
    assert_eq!((&undone["restored"], &undone["kept_total"]), (&json!(240), &json!(0)), "{undone}");
    app.drain().await;
    assert_eq!(applied(&app).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn what_an_application_has_not_done_when_it_is_undone_it_does_not_do() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let all: Vec<Value> = (0..20).map(|number| json!({"fields": {"title": format!("d{number}")}})).collect();
    admin.post("/records/deal/bulk", json!({"create": all})).await.ok(200);
    app.drain().await;
    let set = action("set-fields", json!({"comments": "applied"}));
    let id = rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": [set]})).await;
    let job = admin.post(&format!("/automations/{id}/apply"), json!({})).await.ok(202)["id"].clone();
    // All of it is begun and none of it answered.
    app.state.long_jobs.run(job.as_str().unwrap().parse().unwrap()).await.unwrap();
    let job = admin.get(&format!("/jobs/{}", job.as_str().unwrap())).await.ok(200);
    assert_eq!(job["result"]["begun"], 20, "{job}");
    let batch = job["result"]["batch"].as_str().unwrap();
    admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200);
    app.drain().await;
    assert_eq!((applied(&app).await, runs(&app, "").await.len()), (json!(0), 0));
    app.finish().await;
}

#[tokio::test]
async fn what_stands_in_a_stage_already_is_answered_when_its_time_is_over() {
    let app = TestApp::start().await;
    app.record("deal", json!({"title": "old", "stage": "quote"})).await;
    app.clock.advance_seconds(9 * 86_400);
    app.record("deal", json!({"title": "new", "stage": "quote"})).await;
    app.record("deal", json!({"title": "elsewhere"})).await;
    app.drain().await;
    let on = json!({"event": "stuck", "stage": "quote", "after": "P1D"});
    let id = rule(&app, "deal", json!({"name": "r", "on": on, "do": [tell("{{record.title}}")]})).await;
    app.admin().post(&format!("/automations/{id}/apply"), json!({})).await.ok(202);
    app.drain().await;
    let mut all = told(&runs(&app, "").await);
    all.sort();
    assert_eq!(all, ["r done", "r waiting"]);
    assert_eq!(super::notices(&app).await, ["old"]);
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_apply_rules_of_their_own_that_are_on_and_about_what_is_there() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", Locale::En).await;
    let body = |event: &str, on: bool| json!({"name": event, "on": {"event": event}, "do": [tell("x")], "enabled": on});
    let id = rule(&app, "deal", body("created", true)).await;
    let off = rule(&app, "deal", body("updated", false)).await;
    let gone = rule(&app, "deal", body("deleted", true)).await;
    let path = |id: &str| format!("/automations/{id}/apply");
    for body in [json!({}), json!({"dry_run": true})] {
        app.by("max").post(&path(&id), body.clone()).await.problem(403, "denied");
        app.by_of(other, "admin").post(&path(&id), body.clone()).await.problem(404, "not_found");
        app.admin().post(&path(&gone), body).await.problem(409, "automation.not_applicable");
    }
    app.admin().post(&path(&off), json!({})).await.problem(409, "automation.off");
    assert_eq!(app.admin().post(&path(&off), json!({"dry_run": true})).await.ok(200)["fitting"], 0);
    app.finish().await;
}

#[tokio::test]
async fn whoever_changes_much_hears_how_many_rules_may_run() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    app.person(0, "nobody", &[]).await;
    for (name, on) in [
        ("made", json!({"event": "created"})),
        ("amount", json!({"event": "updated", "fields": ["amount"]})),
        ("any", json!({"event": "updated"})),
        ("won", json!({"event": "stage_entered", "stage": "won"})),
        ("gone", json!({"event": "deleted"})),
        ("date", json!({"event": "date", "field": "close_date"})),
    ] {
        rule(&app, "deal", json!({"name": name, "on": on, "do": [tell("x")]})).await;
    }
    let off = json!({"name": "off", "on": {"event": "updated"}, "do": [tell("x")], "enabled": false});
    rule(&app, "deal", off).await;
    let count = async |query: &str| {
        app.by("max").get(&format!("/records/deal/rules?{query}")).await.ok(200)["count"].as_i64().unwrap()
    };
    assert_eq!(count("changes=create,update").await, 4);
    assert_eq!(count("changes=update&fields=amount").await, 2);
    assert_eq!(count("changes=update&fields=title").await, 1);
    assert_eq!(count("changes=update&fields=title,stage").await, 2);
    assert_eq!(count("changes=delete").await, 1);
    app.by("max").get("/records/deal/rules?changes=burn").await.problem(400, "request.invalid");
    app.by("max").get("/records/nope/rules?changes=update").await.problem(404, "not_found");
    app.by("nobody").get("/records/deal/rules?changes=update").await.problem(403, "denied");
    app.finish().await;
}
