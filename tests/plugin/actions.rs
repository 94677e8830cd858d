//! The example `process-action` in the whole product: a service task, a gateway behind it, a main action. And webhooks,
//! the other service that leaves the product.

use std::sync::{Arc, Mutex, OnceLock};

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use plugin_host::dev::project;
use serde_json::{Value, json};

use crate::app::{TestApp, root};
use crate::process::{Engine, file, flows, one, process, trace, when};

const PLUGIN: &str = "verstak.process-action";

fn package() -> &'static [u8] {
    static PACKAGE: OnceLock<Vec<u8>> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let folder = root().join("examples/process-action");
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::package(&folder, &component, None).unwrap()
    })
}

async fn start(settings: Value) -> TestApp {
    let app = TestApp::start().await;
    let sent = app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package().to_vec()).await;
    sent.ok(201);
    enable(&app, settings).await;
    app
}

async fn enable(app: &TestApp, settings: Value) {
    let body = json!({"grants": "requested", "settings": settings});
    app.admin().post(&format!("/plugins/{PLUGIN}/enable"), body).await.ok(200);
}

/// The discount is computed; whether it must be approved depends on it and on the plugin's word; no amount is an error
/// that is caught.
fn pricing() -> String {
    let inside = r#"<startEvent id="start"/>
<serviceTask id="price" v:service="plugin:verstak.process-action/discount" v:resultVariable="price">
  <extensionElements><v:param name="extra_percent">=vars.extra</v:param></extensionElements>
</serviceTask>
<boundaryEvent id="caught" attachedToRef="price"><errorEventDefinition errorRef="none"/></boundaryEvent>
<serviceTask id="ask" v:service="plugin:verstak.process-action/large" v:resultVariable="large"/>
<exclusiveGateway id="which" default="which-small"/>
<endEvent id="approve"/><endEvent id="small"/><endEvent id="unknown"/>"#;
    let inside = inside.to_owned()
        + &flows("start>price price>ask ask>which which>small caught>unknown")
        + &when("which", "approve", "vars.large &amp;&amp; vars.price.percent &gt; 5");
    file(&(r#"<error id="none" errorCode="no_amount"/>"#.to_owned() + &one("pricing", &inside)))
}

#[tokio::test]
async fn a_gateway_depends_on_what_a_plugin_answers() {
    let app = start(json!({"percent": 7})).await;
    let engine = Engine::of(&app);
    engine.deploy(pricing()).await;
    for (amount, extra, expected, price) in [
        (
            json!(150_000),
            2,
            "start price ask which approve",
            json!({"percent": 9, "discount": 13500.0, "total": 136500.0}),
        ),
        (
            json!(150_000.5),
            0,
            "start price ask which approve",
            json!({"percent": 7, "discount": 10500.04, "total": 139500.46}),
        ),
        (json!(100), 20, "start price ask which small", json!({"percent": 20, "discount": 20.0, "total": 80.0})),
        (Value::Null, 0, "start price caught unknown", Value::Null),
    ] {
        let lead = app.record("lead", json!({"title": "Ann", "amount": amount})).await;
        let id = engine.start_about("pricing", "lead", &lead, json!({"extra": extra})).await;
        app.drain().await;
        let done = engine.instance(&id).await;
        assert_eq!((&done["state"], trace(&done).as_str()), (&json!("completed"), expected), "{done:#}");
        assert_eq!(done["variables"]["price"], price);
    }
    app.finish().await;
}

#[tokio::test]
async fn what_a_plugin_cannot_do_is_an_incident_that_can_be_retried() {
    let app = start(json!({})).await;
    let engine = Engine::of(&app);
    engine.deploy(pricing()).await;
    let lead = app.record("lead", json!({"title": "Ann", "amount": 100})).await;
    let message = async |id: &str| {
        app.drain().await;
        let instance = engine.instance(id).await;
        let incident = &instance["incidents"][0];
        assert_eq!(incident["element"], "price", "{instance:#}");
        incident["message"].as_str().unwrap().to_owned()
    };
    let wrong = engine.start_about("pricing", "lead", &lead, json!({"extra": "much"})).await;
    let why = message(&wrong).await;
    assert!(why.contains("`extra_percent` must be a whole number"), "{why}");
    let refused = engine.start_about("pricing", "lead", &lead, json!({"extra": -1})).await;
    assert!(message(&refused).await.contains("extra_percent is negative"));
    app.admin().post(&format!("/plugins/{PLUGIN}/disable"), json!({})).await.ok(200);
    let id = engine.start_about("pricing", "lead", &lead, json!({"extra": 0})).await;
    let why = message(&id).await;
    assert!(why.contains("verstak.process-action is not enabled in this company"), "{why}");
    enable(&app, json!({})).await;
    engine.operate(&id, "retry", json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    app.finish().await;
}

#[tokio::test]
async fn a_plugin_does_the_main_action_of_a_task() {
    let app = start(json!({"percent": 10})).await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/>
<userTask id="quote" name="Quote" v:executors="role:admin" v:mainAction="plugin:verstak.process-action/discount" v:requireMainAction="true"/>
<endEvent id="end"/>"#;
    engine.deploy(process("quoting", &(inside.to_owned() + &flows("start>quote quote>end")))).await;
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let id = engine.start_about("quoting", "lead", &lead, json!({})).await;
    let task = engine.task(&id).await;
    engine.complete(&task, json!({})).await.problem(409, "task.main_action_missing");
    let kind = format!("plugin:{PLUGIN}/discount");
    let act = async |body: Value| app.admin().post(&format!("/tasks/{task}/action"), body).await;
    let refused = act(json!({"kind": kind})).await.problem(422, "action.refused");
    assert_eq!((&refused["detail"], &refused["plugin"]), (&json!("the lead has no amount"), &json!(PLUGIN)));
    app.admin().update("lead", &lead, json!({"amount": 200_000})).await.ok(200);
    let done = act(json!({"kind": kind, "parameters": {"extra_percent": 1}})).await.ok(200);
    assert_eq!(done["main_action"]["result"]["percent"], 11, "{done:#}");
    engine.complete(&task, json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    app.finish().await;
}

/// What a server of somebody else was told.
type Told = Arc<Mutex<Vec<(String, Value)>>>;

async fn elsewhere() -> (String, Told) {
    let told = Told::default();
    let kept = Arc::clone(&told);
    let hear = move |headers: HeaderMap, Json(body): Json<Value>| {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        let mut told = kept.lock().unwrap();
        told.push((key, body));
        let status = if told.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        let answer = (status, Json(json!({"number": told.len()})));
        async move { answer }
    };
    let router = Router::new().route("/orders", post(hear));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/orders"), told)
}

fn telling(url: &str) -> String {
    let inside = format!(
        r#"<startEvent id="start"/>
<serviceTask id="tell" v:service="webhook" v:resultVariable="answer">
  <extensionElements><v:param name="url">{url}</v:param><v:param name="amount">=vars.amount</v:param></extensionElements>
</serviceTask><endEvent id="end"/>"#
    );
    process("telling", &(inside + &flows("start>tell tell>end")))
}

#[tokio::test]
async fn a_webhook_is_tried_again_with_the_same_key() {
    let app = TestApp::build().config(|config| config.webhooks.allow_private = true).start().await;
    let engine = Engine::of(&app);
    let (url, told) = elsewhere().await;
    engine.deploy(telling(&url)).await;
    let id = engine.start("telling", json!({"amount": 5})).await;
    app.drain().await;
    assert_eq!(engine.instance(&id).await["state"], "active", "503 is tried again later");
    app.clock.advance_seconds(3_600);
    app.drain().await;
    let done = engine.instance(&id).await;
    assert_eq!(
        (&done["state"], &done["variables"]["answer"]),
        (&json!("completed"), &json!({"number": 2})),
        "{done:#}"
    );
    let told = told.lock().unwrap().clone();
    assert!(told[0] == told[1] && told[0].1 == json!({"amount": 5}), "{told:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_webhook_does_not_reach_the_network_of_the_server() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let (url, told) = elsewhere().await;
    engine.deploy(telling(&url)).await;
    let id = engine.start("telling", json!({"amount": 5})).await;
    app.drain().await;
    let instance = engine.instance(&id).await;
    let message = instance["incidents"][0]["message"].as_str().unwrap();
    assert!(message.contains("127.0.0.1 is not on the public internet"), "{instance:#}");
    assert!(told.lock().unwrap().is_empty());
    app.finish().await;
}
