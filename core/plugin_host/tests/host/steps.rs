//! Actions and conditions: what a plugin answers, what it may reach, and how a hostile one is stopped.

use std::time::Duration;

use kernel::Locale;
use plugin_host::dev::scene::Scene;
use plugin_host::engine::{Caps, EngineConfig};
use plugin_host::{Grants, HostConfig, LogLevel};
use process::runtime::{InstanceQuery, Service, ServiceCall, ServiceFailure, StartInput};
use serde_json::{Value, json};
use uuid::Uuid;
use work::tasks::{ActionInput, TaskQuery};

use crate::support::{database, guest, package};

const PLUGIN: &str = "test.hostile";

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    // The tests beside take the processor too: what a call uses of it counts, not how long it waits.
    let caps = Caps { patience: 100, ..Caps::default() };
    let engine = EngineConfig { caps, ..EngineConfig::default() };
    let scene = Scene::new(db, Locale::En, HostConfig { engine, ..HostConfig::default() }).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&guest("hostile"))).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    (scene, folder)
}

fn call(kind: &str, parameters: Value) -> ServiceCall {
    ServiceCall {
        instance: kernel::InstanceId(Uuid::nil()),
        wait: 7,
        element: "step".to_owned(),
        kind: format!("plugin:{kind}"),
        parameters: parameters.as_object().unwrap().clone(),
        subject: None,
        cause: None,
        batch: None,
    }
}

async fn ask(scene: &Scene, kind: &str, parameters: Value) -> Result<Value, ServiceFailure> {
    Service::call(&scene.host, &scene.system(), &call(kind, parameters)).await
}

async fn order(scene: &Scene, order: &str) -> Result<Value, ServiceFailure> {
    ask(scene, "test.hostile/nasty", json!({ "order": order })).await
}

/// A failure of this kind with these words; the breaker is closed again afterwards.
async fn fails(scene: &Scene, word: &str, again: bool, expected: &str) {
    let failure = order(scene, word).await.unwrap_err();
    let (is_again, why) = match &failure {
        ServiceFailure::Again(why) => (true, why),
        ServiceFailure::Never(why) => (false, why),
        ServiceFailure::Bpmn(code) => panic!("{word}: {code}"),
    };
    assert!(is_again == again && why.contains(expected), "{word}: {failure:?}");
    assert!(order(scene, "be good").await.is_ok(), "the next call after {word}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_action_is_stopped_and_named() {
    let (scene, _folder) = scene().await;
    fails(&scene, "loop", true, "more than 500 ms of CPU time").await;
    fails(&scene, "trap", true, "panic or abort").await;
    fails(&scene, "memory", true, "more than 64 MiB of memory").await;
    fails(&scene, "again", true, "failed: later").await;
    fails(&scene, "huge json", true, "KiB to the host at once").await;
    fails(&scene, "large json", false, "more than 256 KiB").await;
    fails(&scene, "no json", false, "not JSON").await;
    fails(&scene, "deep json", false, "not JSON").await;
    fails(&scene, "wrong type", false, "`text` must be a text").await;
    fails(&scene, "undeclared", false, "`other` is not declared; it has text").await;
    fails(&scene, "empty code", false, "the code of an error").await;
    fails(&scene, "never", false, "not this").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_never_reaches_the_plugin() {
    let (scene, _folder) = scene().await;
    let never = async |kind: &str, parameters: Value, expected: &str| match ask(&scene, kind, parameters).await {
        Err(ServiceFailure::Never(why)) => assert!(why.contains(expected), "{kind}: {why}"),
        other => panic!("{kind}: {other:?}"),
    };
    let good = json!({ "order": "be good" });
    never("test.hostile/none", good.clone(), "has no action `none`; it has nasty, nasty-question").await;
    never("test.other/nasty", good.clone(), "the plugin test.other is not enabled in this company").await;
    never("test.hostile", good.clone(), "must be plugin:<plugin id>/<action>").await;
    never("test.hostile/nasty", json!({}), "`order` is missing").await;
    never("test.hostile/nasty", json!({ "order": 5 }), "`order` must be a text").await;
    never("test.hostile/nasty", json!({ "order": "x", "more": 1 }), "`more` is not declared; it has order").await;
    let admin = scene.ctx("admin").await.unwrap();
    assert!(scene.host.cost(&admin, PLUGIN).await.unwrap().is_empty(), "nothing was called");
    scene.host.disable(&admin, PLUGIN).await.unwrap();
    never("test.hostile/nasty", good, "is not enabled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_errors_and_questions() {
    let (scene, _folder) = scene().await;
    let key = call("", json!({})).idempotency_key();
    for _ in 0..2 {
        assert_eq!(order(&scene, "echo").await, Ok(json!({ "text": format!("{key} step false") })));
    }
    assert_eq!(order(&scene, "bpmn").await, Err(ServiceFailure::Bpmn("too_bad".to_owned())));
    for (word, expected) in [("yes", true), ("no", false)] {
        assert_eq!(ask(&scene, "test.hostile/nasty-question", json!({ "order": word })).await, Ok(json!(expected)));
    }
    let unsure = ask(&scene, "test.hostile/nasty-question", json!({})).await;
    assert_eq!(unsure, Err(ServiceFailure::Never("no idea".to_owned())));
    let admin = scene.ctx("admin").await.unwrap();
    let logs = scene.host.logs(&admin, PLUGIN, None, Some(LogLevel::Info)).await.unwrap();
    assert!(logs.iter().any(|line| line.point == "action:nasty" && line.message == "error too_bad: it happens"));
    let points: Vec<String> =
        scene.host.cost(&admin, PLUGIN).await.unwrap().into_iter().map(|cost| cost.point).collect();
    assert_eq!(points, ["action:nasty", "condition:nasty-question"]);
    let detail = serde_json::to_value(scene.host.get(&admin, PLUGIN).await.unwrap()).unwrap();
    assert_eq!(detail["actions"][0]["kind"], "plugin:test.hostile/nasty");
    assert_eq!(
        detail["actions"][0]["input"][0],
        json!({"name": "order", "type": "text", "required": true, "label": "order"})
    );
    assert_eq!(detail["conditions"][0]["breaker"], "closed");
    let titles: Vec<&str> =
        detail["permissions"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"Processes: starts allowed, circle; sends messages paid; sends signals -"), "{titles:?}");
    assert!(titles.contains(&"Tasks: sees and completes them"), "{titles:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_changes_nothing() {
    let (scene, _folder) = scene().await;
    deploy(&scene, "allowed", TASK).await;
    let asked = ask(&scene, "test.hostile/nasty-question", json!({ "order": "change" })).await;
    let Err(ServiceFailure::Never(why)) = asked else { panic!("{asked:?}") };
    assert_eq!(why.matches("may not change anything").count(), 3, "{why}");
    let admin = scene.ctx("admin").await.unwrap();
    assert_eq!(scene.tasks.list(&admin, &TaskQuery::default()).await.unwrap().items.len(), 0);
    assert_eq!(instances(&scene).await, 0);
    // An action of the same plugin may.
    assert!(order(&scene, "start allowed").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_failures_open_the_breaker() {
    let (scene, _folder) = scene().await;
    for _ in 0..5 {
        assert!(matches!(order(&scene, "trap").await, Err(ServiceFailure::Again(_))));
    }
    let Err(ServiceFailure::Again(why)) = order(&scene, "be good").await else { panic!("the breaker is closed") };
    assert!(why.contains("switched off for a while"), "{why}");
    assert_eq!(ask(&scene, "test.hostile/nasty-question", json!({ "order": "yes" })).await, Ok(json!(true)));
    scene.clock.advance_seconds(31);
    assert!(order(&scene, "be good").await.is_ok(), "the probe");
    // What the plugin refuses in its own words is no failure of it.
    for _ in 0..30 {
        assert!(matches!(order(&scene, "never").await, Err(ServiceFailure::Never(_))));
    }
    assert!(order(&scene, "be good").await.is_ok());
}

fn bpmn(id: &str, body: &str) -> Vec<u8> {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" id="d" targetNamespace="t">
        <message id="m" name="paid"/>
        <process id="{id}" isExecutable="true"><startEvent id="s"/>{body}<endEvent id="e"/>
        <sequenceFlow id="f1" sourceRef="s" targetRef="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="e"/>
        </process></definitions>"#
    )
    .into_bytes()
}

async fn deploy(scene: &Scene, id: &str, body: &str) {
    let admin = scene.ctx("admin").await.unwrap();
    scene.processes.deploy(&admin, bpmn(id, body), true).await.unwrap();
}

async fn instances(scene: &Scene) -> usize {
    let admin = scene.ctx("admin").await.unwrap();
    scene.processes.instances(&admin, &InstanceQuery::default()).await.unwrap().items.len()
}

const TASK: &str = r#"<userTask id="x" name="Decide" v:executors="user:user0@example.com"/>"#;

#[tokio::test(flavor = "multi_thread")]
async fn processes_are_started_and_told_within_the_grant() {
    let (scene, _folder) = scene().await;
    deploy(&scene, "allowed", TASK).await;
    deploy(&scene, "other", TASK).await;
    fails(&scene, "start other", false, "does not include starting `other`").await;
    fails(&scene, "other message", false, "does not include the message `x`").await;
    fails(&scene, "signal", false, "does not include the signal `all`").await;
    fails(&scene, "no variables", false, "not a JSON object").await;
    assert_eq!(instances(&scene).await, 0);
    let started = order(&scene, "start allowed").await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let id: kernel::InstanceId = started["text"].as_str().unwrap().parse().unwrap();
    assert_eq!(scene.processes.instance(&admin, id).await.unwrap().id, id);
    let wait = r#"<property id="sum" name="sum"/><intermediateCatchEvent id="x"><extensionElements/><messageEventDefinition messageRef="m" v:correlationKey="'7'"/></intermediateCatchEvent>"#;
    deploy(&scene, "waits", wait).await;
    let start = StartInput {
        definition: "waits".to_owned(),
        version: None,
        process: None,
        subject: None,
        variables: serde_json::Map::new(),
    };
    scene.processes.start(&admin, start).await.unwrap();
    assert_eq!(order(&scene, "message").await, Ok(json!({ "text": "1 0" })));
    assert_eq!(order(&scene, "message").await, Ok(json!({ "text": "0 0" })), "nobody waits any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_completed_but_subjects_stay_within_the_grant() {
    let (scene, _folder) = scene().await;
    deploy(&scene, "allowed", TASK).await;
    order(&scene, "start allowed").await.unwrap();
    fails(&scene, "write subject", false, "no permission to set `title`").await;
    assert_eq!(order(&scene, "complete").await, Ok(json!({ "text": "Decide" })));
    scene.drain().await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let tasks = scene.tasks.list(&admin, &TaskQuery::default()).await.unwrap();
    assert_eq!((tasks.items.len(), tasks.items[0].state.name()), (1, "completed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_made_about_what_the_plugin_has_to_do_with() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let fields = json!({ "title": "Lead" }).as_object().unwrap().clone();
    let create = records::Change::Create { fields };
    let lead = scene.records.write_one(&admin, "lead", create, &Default::default()).await.unwrap().record;
    let mut about = call("test.hostile/nasty", json!({ "order": "make task" }));
    about.subject = Some(kernel::RecordRef { entity: "lead".into(), id: lead.id });
    let answer = Service::call(&scene.host, &scene.system(), &about).await;
    assert_eq!(answer, Ok(json!({ "text": "true false" })), "nobody is found for the second");
    let tasks = scene.tasks.list(&admin, &TaskQuery::default()).await.unwrap().items;
    let made = (tasks[0].title.as_str(), tasks[0].assignee, tasks[0].subject.as_ref().map(|subject| subject.id));
    assert_eq!(made, ("Made by a plugin", admin.user().map(|user| user.0), Some(lead.id)));
    assert_eq!((tasks.len(), tasks[0].due), (1, Some(scene.env.now().plus_seconds(3_600))));
    fails(&scene, "make task elsewhere", false, "the permission `records.deal` is not granted").await;
    let keys: Vec<String> =
        scene.host.get(&admin, PLUGIN).await.unwrap().permissions.into_iter().map(|one| one.key).collect();
    assert_eq!(keys, ["records.lead", "processes", "tasks", "tasks.create", "kv"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_starts_itself_through_a_plugin_is_stopped() {
    let (scene, _folder) = scene().await;
    let step = r#"<serviceTask id="x" v:service="plugin:test.hostile/nasty"><extensionElements><v:param name="order">start for ever</v:param></extensionElements></serviceTask>"#;
    deploy(&scene, "circle", step).await;
    let started = tokio::time::Instant::now();
    order(&scene, "start for ever").await.unwrap();
    scene.drain().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!((2..16).contains(&instances(&scene).await), "{}", instances(&scene).await);
    let admin = scene.ctx("admin").await.unwrap();
    let logs = scene.host.logs(&admin, PLUGIN, None, Some(LogLevel::Error)).await.unwrap();
    assert!(logs.iter().any(|line| line.message.contains("in a loop")), "{logs:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_main_action_is_done_for_the_person() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    for (word, expected) in [("mine", Ok("1")), ("never", Err("action.refused")), ("trap", Err("action.failed"))] {
        let task = json!({
            "title": word,
            "assignee": admin.user().unwrap().to_string(),
            "main_action": { "kind": "plugin:test.hostile/nasty", "parameters": { "order": word } },
        });
        let made = scene.tasks.create(&admin, serde_json::from_value(task).unwrap()).await.unwrap();
        let input = ActionInput { kind: "plugin:test.hostile/nasty".to_owned(), ..ActionInput::default() };
        match (scene.tasks.act(&admin, made.id, input).await, expected) {
            (Ok(task), Ok(text)) => {
                let action = task.main_action.unwrap();
                assert!(action.done && action.result.as_ref().unwrap()["text"] == text, "{action:?}");
            }
            (Err(error), Err(code)) => {
                assert_eq!(error.code(), code);
                scene.tasks.cancel(&admin, made.id, None).await.unwrap();
            }
            (got, _) => panic!("{word}: {got:?}"),
        }
    }
}
