//! Doors beside that of tasks, through plugins, records and bulk changes: none finishes a task without its letter.

use std::sync::OnceLock;

use axum::http::StatusCode;
use plugin_host::dev::project;
use serde_json::{Value, json};

use super::dealer::{act, complete, deploy, office, start, task, task_of};
use super::smtp::MailServer;
use super::{Engine, elements, flows, process, standing};
use crate::app::{TestApp, root};

/// A plugin that completes every open task it finds when it is told to `complete`.
const PLUGIN: &str = "test.hostile";

fn package() -> &'static [u8] {
    static PACKAGE: OnceLock<Vec<u8>> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let folder = root().join("core/plugin_host/tests/guests/hostile");
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::package(&folder, &component, None).unwrap()
    })
}

/// The plugin at work in this company: an instance that waits for what it says.
async fn plugin(app: &TestApp) -> String {
    let admin = app.admin();
    admin.send("POST", "/api/v1/plugins", Some("application/octet-stream"), package().to_vec()).await.ok(201);
    admin.post(&format!("/plugins/{PLUGIN}/enable"), json!({"grants": "requested"})).await.ok(200);
    let service = r#"<startEvent id="start"/><serviceTask id="finish" v:service="plugin:test.hostile/nasty" v:retries="1">
<extensionElements><v:param name="order">complete</v:param></extensionElements></serviceTask><endEvent id="end"/>"#;
    let engine = Engine::of(app);
    engine.deploy(process("finisher", &(service.to_owned() + &flows("start>finish finish>end")))).await;
    let instance = engine.start("finisher", json!({})).await;
    app.drain().await;
    instance
}

/// Why the plugin could not do it.
async fn refused(app: &TestApp, instance: &str) -> String {
    let now = Engine::of(app).instance(instance).await;
    assert_eq!(elements(&now, "incidents"), ["finish"], "{now:#}");
    now["incidents"][0]["message"].as_str().unwrap().to_owned()
}

/// The plugin tries again.
async fn again(app: &TestApp, instance: &str) {
    Engine::of(app).operate(instance, "retry", json!({})).await.ok(200);
    app.drain().await;
}

#[tokio::test]
async fn no_plugin_finishes_the_task_without_its_letter() {
    let mail = MailServer::start();
    let (app, deal) = office(&mail).await;
    deploy(&app, "dealer-purchase").await;
    let purchase = start(&app, &deal).await;
    let solution = task_of(&app, "tech", "solution").await;
    let finisher = plugin(&app).await;
    let open = async || {
        let now = task(&app, &solution).await;
        assert_eq!((&now["state"], &now["main_action"]["done"]), (&json!("open"), &json!(!mail.letters().is_empty())));
        assert_eq!(standing(&Engine::of(&app).instance(&purchase).await), "solution");
    };
    for _ in 0..2 {
        let why = refused(&app, &finisher).await;
        assert!(why.contains("task.main_action_missing"), "{why}");
        open().await;
        again(&app, &finisher).await;
    }
    // The letter is there; what the plugin did not bring is named.
    act(&app, "tech", &solution, json!({"kind": "email"})).await.ok(200);
    app.drain().await;
    again(&app, &finisher).await;
    let why = refused(&app, &finisher).await;
    assert!(why.contains("solution") && !why.contains("main_action"), "{why}");
    open().await;
    complete(&app, "tech", &solution, json!({"variables": {"solution": "Два насоса"}})).await.ok(200);
    assert_eq!(mail.letters().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_plugin_finishes_the_task_when_its_letter_is_out() {
    let mail = MailServer::start();
    let app = TestApp::build().config(mail.configure()).start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><userTask id="write" v:executors="owner" v:mainAction="email" v:requireMainAction="true">
<extensionElements><v:param name="to">client@example.com</v:param><v:param name="subject">Hello</v:param></extensionElements>
</userTask><endEvent id="end"/>"#;
    engine.deploy(process("writes", &(inside.to_owned() + &flows("start>write write>end")))).await;
    let writes = engine.start("writes", json!({})).await;
    let task = engine.task(&writes).await;
    let finisher = plugin(&app).await;
    let why = refused(&app, &finisher).await;
    assert!(why.contains("task.main_action_missing"), "{why}");
    assert_eq!(standing(&engine.instance(&writes).await), "write");
    app.admin().post(&format!("/tasks/{task}/action"), json!({"kind": "email"})).await.ok(200);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&writes).await), "write");
    again(&app, &finisher).await;
    for instance in [&writes, &finisher] {
        assert_eq!(engine.instance(instance).await["state"], "completed");
    }
    assert_eq!(mail.letters().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn no_change_of_records_finishes_the_task_without_its_letter() {
    let mail = MailServer::start();
    let (app, deal) = office(&mail).await;
    deploy(&app, "dealer-purchase").await;
    let purchase = start(&app, &deal).await;
    let solution = task_of(&app, "tech", "solution").await;
    let id = &solution["id"];
    let admin = app.admin();
    // A task is a record like others, and its contract binds there too: one by one and in bulk.
    let done = json!({"fields": {"state": "completed"}});
    let path = format!("/records/task/{}", id.as_str().unwrap());
    let bulk = json!({"update": [{"id": id, "fields": {"state": "completed"}}], "delete": [id]});
    let both = json!({"ids": [id], "variables": {"solution": "Два насоса"}});
    admin.patch(&path, done).await.problem(409, "task.main_action_missing");
    admin.delete(&path).await.problem(409, "task.of_process");
    let refused = admin.post("/records/task/bulk", bulk).await.ok(200);
    let codes: Vec<_> = refused["results"].as_array().unwrap().iter().map(|result| &result["code"]).collect();
    assert_eq!(codes, ["task.main_action_missing", "task.of_process"], "{refused}");
    let stage = admin.post(&format!("{path}/stage"), json!({"stage": "completed"})).await;
    assert!(stage.status.is_client_error(), "{}", stage.text());
    for answer in [admin.post("/tasks/bulk", both.clone()).await, admin.post("/tasks/complete", both).await] {
        assert!([StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status), "{}", answer.text());
    }
    // Whatever becomes of the deal, and of what the process knows.
    admin.update("deal", &deal, json!({"amount": 5, "comments": "solution sent"})).await.ok(200);
    admin.post(&format!("/records/deal/{deal}/stage"), json!({"stage": "quote"})).await.ok(200);
    let bulk = json!({"update": [{"id": deal, "fields": {"stage": "won"}}]});
    let changed = admin.post("/records/deal/bulk", bulk).await.ok(200);
    assert_eq!(changed["results"][0]["status"], "updated", "{changed}");
    let known = json!({"variables": {"solution": "Два насоса", "main_action": {"done": true}, "letter": "sent"}});
    admin.patch(&format!("/process-instances/{purchase}"), known).await.ok(200);
    app.drain().await;
    let now = task(&app, &solution).await;
    assert_eq!((&now["state"], &now["main_action"]["done"]), (&json!("open"), &json!(false)));
    assert_eq!(standing(&Engine::of(&app).instance(&purchase).await), "solution");
    let body: Value = json!({"variables": {"solution": "Два насоса"}});
    complete(&app, "tech", &solution, body).await.problem(409, "task.main_action_missing");
    assert_eq!(mail.letters().len(), 0);
    app.finish().await;
}
