//! Two nodes at once, and a node that ends in the middle: each event once.

use futures::future::join;
use serde_json::json;

use super::{action, notices, rule, runs, tell};
use crate::app::TestApp;

#[tokio::test]
async fn two_nodes_answer_each_event_once() {
    let app = TestApp::build().config(|config| config.database.connections = 16).start().await;
    let make = action("create-record", json!({"entity": "lead", "title": "{{record.title}}"}));
    let task = action("task", json!({"title": "{{record.title}}"}));
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": [make, task, tell("x")]})).await;
    let (config, env) = ((*app.state.config).clone(), app.state.env.clone());
    let node = verstak::AppState::over(config, env, app.state.db.clone()).unwrap();
    for round in 0..3 {
        for number in 0..15 {
            app.record("deal", json!({"title": format!("{round}-{number}")})).await;
        }
        app.settle().await;
        let (ours, theirs) = join(app.state.drain(), node.drain()).await;
        ours.unwrap();
        theirs.unwrap();
        app.drain().await;
    }
    for table in
        ["lead", "task", "automation_run WHERE state = 'done'", "notification WHERE kind = 'automation.notice'"]
    {
        assert_eq!(app.count(&format!("SELECT count(*) FROM {table}")).await, 45, "{table}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_run_that_was_cut_off_goes_on_and_repeats_nothing() {
    let app = TestApp::start().await;
    let make = |title: &str| action("create-record", json!({"entity": "lead", "title": title}));
    let on = json!({"event": "created"});
    rule(&app, "deal", json!({"name": "r", "on": on, "do": [make("one"), make("two"), tell("x")]})).await;
    app.record("deal", json!({"title": "a"})).await;
    app.settle().await;
    app.state.processes.dispatch().await.unwrap();
    app.sql("CREATE TABLE cut AS SELECT * FROM job WHERE kind = 'automation.event'").await;
    app.drain().await;
    // A record was made, and the server ended before that was noted; then between two actions; then before the job was done.
    for (state, step, results) in [("running", 0, "[]"), ("running", 1, "[{}]"), ("done", 3, "[{},{},{}]")] {
        app.sql(&format!("UPDATE automation_run SET state = '{state}', step = {step}, results = '{results}'")).await;
        app.sql("INSERT INTO job SELECT * FROM cut").await;
        app.drain().await;
        assert_eq!(app.admin().found("lead", json!({"and": []})).await, ["one", "two"], "{step}");
        let all = runs(&app, "").await;
        assert_eq!((all.len(), &all[0]["state"]), (1, &json!("done")), "{step}");
    }
    assert_eq!(app.count("SELECT count(*) FROM notification").await, 3, "told once for each time it was not noted");
    app.sql("DROP TABLE cut").await;
    app.finish().await;
}

#[tokio::test]
async fn a_node_that_keeps_rules_knows_at_once_what_another_node_made_of_them() {
    let app = TestApp::start().await;
    let (config, env) = ((*app.state.config).clone(), app.state.env.clone());
    let node = verstak::AppState::over(config, env, app.state.db.clone()).unwrap();
    let body = |text: &str| json!({"name": "r", "on": {"event": "created"}, "do": [tell(text)]});
    // Rules change on one node, the other one reads the log; the clock stands still.
    let told = async || {
        app.record("deal", json!({"title": "a"})).await;
        app.settle().await;
        node.drain().await.unwrap();
        notices(&app).await
    };
    assert!(told().await.is_empty());
    let id = rule(&app, "deal", body("first")).await;
    assert_eq!(told().await, ["first"]);
    let change = async |rule: serde_json::Value| {
        app.admin().put(&format!("/automations/{id}"), json!({"rule": rule})).await.ok(200);
    };
    change(body("second")).await;
    assert_eq!(told().await, ["first", "second"]);
    let mut off = body("second");
    off["enabled"] = json!(false);
    change(off).await;
    assert_eq!(told().await.len(), 2);
    change(body("third")).await;
    assert_eq!(told().await, ["first", "second", "third"]);
    app.admin().delete(&format!("/automations/{id}")).await.ok(204);
    assert_eq!(told().await.len(), 3);
    app.drain().await;
    app.finish().await;
}
