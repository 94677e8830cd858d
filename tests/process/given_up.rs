//! Jobs of processes that were given up: what they stood for is seen by those who can do something about it.

use kernel::jobs::{NewJob, enqueue};
use serde_json::{Value, json};

use super::{Engine, elements, file, flows, one, process};
use crate::app::TestApp;

/// The jobs of a kind are given up, and the sweep of the minute comes.
async fn give_up(app: &TestApp, kind: &str) {
    let jobs = async || app.count(&format!("SELECT count(*) FROM job WHERE kind = '{kind}'")).await;
    let before = jobs().await;
    assert!(before > 0, "there is no job {kind}");
    app.sql(&format!("UPDATE job SET state = 'dead', last_error = 'the server ended' WHERE kind = '{kind}'")).await;
    let tx = app.state.db.begin().await.unwrap();
    enqueue(&tx, &app.state.env, NewJob::now(&app.state.env, ::process::runtime::SWEEP, json!(null))).await.unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
}

/// Where an instance stands, with the words of its incident.
fn incident(instance: &Value) -> (String, String) {
    let message = instance["incidents"][0]["message"].as_str().unwrap_or_default().to_owned();
    (elements(instance, "incidents").join(" "), message)
}

async fn skip(engine: &Engine<'_>, instance: &Value) -> Value {
    let id = instance["id"].as_str().unwrap();
    engine.operate(id, "skip", json!({"incident": instance["incidents"][0]["id"]})).await.ok(200)
}

/// The change is read, and its job waits.
async fn told(app: &TestApp) {
    app.settle().await;
    app.state.processes.dispatch().await.unwrap();
}

#[tokio::test]
async fn a_timer_start_that_was_given_up_is_an_instance_with_an_incident_and_the_next_time_comes() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent><userTask id="ask" v:executors="role:admin"/>"#;
    engine.deploy(process("hourly", &(inside.to_owned() + &flows("start>ask")))).await;
    give_up(&app, "process.start_timer").await;
    let stopped = engine.instances("definition=hourly").await;
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    let id = stopped[0]["id"].as_str().unwrap();
    let (element, message) = incident(&engine.instance(id).await);
    assert!(element == "start" && message.contains("the server ended"), "{element}: {message}");
    engine.operate(id, "retry", json!({})).await.ok(200);
    assert_eq!(elements(&engine.instance(id).await, "active"), ["ask"]);
    app.clock.advance_seconds(2 * 3_600);
    app.drain().await;
    assert!(engine.instances("definition=hourly").await.len() > 1, "the timer goes on");
    app.finish().await;
}

#[tokio::test]
async fn a_signal_that_was_given_up_is_an_incident_of_all_who_wait_for_it() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><intermediateCatchEvent id="wait"><signalEventDefinition signalRef="s"/></intermediateCatchEvent>"#;
    let waits = one("waits", &(inside.to_owned() + &flows("start>wait")));
    engine.deploy(file(&(r#"<signal id="s" name="all"/>"#.to_owned() + &waits))).await;
    for _ in 0..20 {
        engine.start("waits", json!({})).await;
    }
    // So heavy that a job brings it to the last of them.
    let texts: Vec<String> = (0..8).map(|_| "x".repeat(60_000)).collect();
    engine.signal("all", json!({"texts": texts})).await;
    give_up(&app, "process.signal").await;
    let all = engine.instances("definition=waits&limit=100").await;
    let open: Vec<&Value> = all.iter().filter(|one| one["state"] == "active").collect();
    assert!((1..20).contains(&open.len()), "{}", open.len());
    for one in &open {
        let instance = engine.instance(one["id"].as_str().unwrap()).await;
        let (element, message) = incident(&instance);
        assert!(element == "wait" && message.contains("the server ended"), "{element}: {message}");
        assert_eq!(skip(&engine, &instance).await["state"], "completed");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_change_that_was_given_up_is_an_incident_of_what_it_begins_and_of_who_waits_for_it() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let begins = r#"<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent><endEvent id="end"/>"#;
    let begins = one("begins", &(begins.to_owned() + &flows("start>end")));
    engine.deploy(file(&(r#"<message id="m" name="lead.created"/>"#.to_owned() + &begins))).await;
    let waits = r#"<startEvent id="start"/><parallelGateway id="both"/>
<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<intermediateCatchEvent id="large"><conditionalEventDefinition><condition>record.title == "Bo"</condition></conditionalEventDefinition></intermediateCatchEvent>"#;
    let waits = one("waits", &(waits.to_owned() + &flows("start>both both>wait both>large")));
    engine.deploy(file(&(r#"<message id="m" name="lead.updated"/>"#.to_owned() + &waits))).await;
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    told(&app).await;
    give_up(&app, "process.record_event").await;
    let begun = engine.instances("definition=begins").await;
    let instance = engine.instance(begun[0]["id"].as_str().unwrap()).await;
    let (element, message) = incident(&instance);
    assert!(element == "start" && message.contains("the server ended"), "{element}: {message}");
    engine.operate(instance["id"].as_str().unwrap(), "retry", json!({})).await.ok(200);
    assert_eq!(engine.instance(instance["id"].as_str().unwrap()).await["state"], "completed");

    let id = engine.start_about("waits", "lead", &lead, json!({})).await;
    app.admin().update("lead", &lead, json!({"title": "Bo"})).await.ok(200);
    told(&app).await;
    give_up(&app, "process.record_event").await;
    let mut instance = engine.instance(&id).await;
    let mut stopped = elements(&instance, "incidents");
    stopped.sort();
    assert_eq!(stopped, ["large", "wait"], "{instance}");
    for _ in 0..2 {
        instance = skip(&engine, &instance).await;
    }
    assert_eq!(instance["state"], "completed");
    app.finish().await;
}

#[tokio::test]
async fn administrators_are_told_of_what_was_given_up_where_there_is_no_instance() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let engine = Engine::of(&app);
    let begins = r#"<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent><endEvent id="end"/>"#;
    let begins = one("begins", &(begins.to_owned() + &flows("start>end")));
    engine.deploy(file(&(r#"<message id="m" name="lead.created"/>"#.to_owned() + &begins))).await;
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    told(&app).await;
    // What cannot be read is given up at once, by the worker itself.
    app.sql(&format!(
        r#"UPDATE job SET payload = '{{"entity": "lead", "record": "{lead}"}}' WHERE kind = 'process.record_event'"#
    ))
    .await;
    app.drain().await;
    let notices = app.admin().get("/notifications").await.ok(200);
    let told = notices["items"].as_array().unwrap();
    assert_eq!((told.len(), &told[0]["kind"]), (1, &json!("process.given_up")), "{notices}");
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.contains(&lead) && text.contains("names"), "{text}");
    assert_eq!(app.by("max").get("/notifications").await.ok(200)["items"], json!([]));
    app.finish().await;
}
