//! Migrations taken back: of each instance until its next step, one by one and many at once.

use serde_json::{Value, json};

use super::{Engine, flows, process};
use crate::app::{TestApp, uuid_sql};

/// Two steps, of which the first is called so.
fn two(first: &str, next: &str) -> String {
    let task = |id: &str| format!(r#"<userTask id="{id}" name="{id}" v:executors="owner" v:duration="P1D"/>"#);
    let nodes = format!(r#"<startEvent id="start"/>{}{}<endEvent id="end"/>"#, task(first), task(next));
    process("two", &(nodes + &flows(&format!("start>{first} {first}>{next} {next}>end"))))
}

async fn standing(engine: &Engine<'_>, id: &str) -> (i64, String) {
    let instance = engine.instance(id).await;
    let element = instance["active"][0]["element"].as_str().unwrap_or_default().to_owned();
    (instance["version"].as_i64().unwrap(), element)
}

#[tokio::test]
async fn five_instances_of_which_two_stand_at_a_step_that_is_gone_and_one_goes_back() {
    let app = TestApp::build().person("mary", "sales_manager").start().await;
    let engine = Engine::of(&app);
    let admin = app.admin();
    engine.deploy(two("check", "pay")).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(engine.start("two", json!({"n": n})).await);
    }
    for id in &ids[2..] {
        engine.pass(id, json!({})).await;
    }
    engine.deploy(two("approve", "pay")).await;
    let migrate = "/process-definitions/two/migrate";
    let dry = admin.post(migrate, json!({"version": 2, "dry_run": true})).await.ok(200);
    assert_eq!((&dry["migrated"], &dry["refused"], &dry["batch"]), (&json!(3), &json!(2), &Value::Null), "{dry}");
    let report = admin.post(migrate, json!({"version": 2, "mapping": {"check": "approve"}})).await.ok(200);
    assert_eq!((&report["migrated"], &report["refused"]), (&json!(5), &json!(0)), "{report}");
    assert_eq!(standing(&engine, &ids[0]).await, (2, "approve".into()));
    let task = engine.task(&ids[0]).await;
    // One goes back: the instance, its task, and what others find it by.
    app.by("mary")
        .post(&format!("/process-instances/{}/migrate/undo", ids[0]), json!({}))
        .await
        .problem(404, "not_found");
    let back = engine.operate(&ids[0], "migrate/undo", json!({})).await.ok(200);
    assert_eq!((&back["version"], &back["active"][0]["element"]), (&json!(1), &json!("check")), "{back}");
    assert_eq!(standing(&engine, &ids[1]).await, (2, "approve".into()));
    let same = admin.get(&format!("/tasks/{task}")).await.ok(200);
    assert_eq!((&same["element"], &same["state"]), (&json!("check"), &json!("open")), "{same}");
    let waits =
        format!("SELECT count(*) FROM process_wait WHERE instance_id = {} AND element = 'check'", uuid_sql(&ids[0]));
    assert_eq!(app.count(&waits).await, 1);
    engine.operate(&ids[0], "migrate/undo", json!({})).await.problem(409, "process.not_migrated");
    // It goes on where it was, in its own version.
    engine.complete(&task, json!({})).await.ok(200);
    assert_eq!(standing(&engine, &ids[0]).await, (1, "pay".into()));
    // A step in the new version, and there is no way back.
    engine.pass(&ids[1], json!({})).await;
    let gone = engine.operate(&ids[1], "migrate/undo", json!({})).await.problem(409, "process.gone_on");
    assert!(gone["detail"].as_str().unwrap().contains("made a step"), "{gone}");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'process_instance.migration_undone'").await, 1);
    // What is left of the batch: three stand as before, one has gone on.
    let undo = format!("{migrate}/undo");
    let body = json!({"batch": report["batch"]});
    app.by("mary").post(&undo, body.clone()).await.problem(403, "denied");
    admin.post(&undo, json!({"batch": ids[0]})).await.problem(404, "not_found");
    let undone = admin.post(&undo, body.clone()).await.ok(200);
    assert_eq!(undone, json!({"undone": 3, "stayed": 1, "instances": [ids[1]]}));
    assert_eq!(admin.post(&undo, body).await.ok(200), undone, "the same work, once");
    for id in &ids[2..] {
        assert_eq!(standing(&engine, id).await, (1, "pay".into()));
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn two_names_that_became_one_are_told_apart_again() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let task = |id: &str| format!(r#"<userTask id="{id}" name="{id}" v:executors="owner"/>"#);
    let fork = r#"<startEvent id="start"/><parallelGateway id="both"/><endEvent id="end"/>"#;
    let parallel = format!("{fork}{}{}{}", task("a"), task("b"), flows("start>both both>a both>b a>end b>end"));
    engine.deploy(process("fork", &parallel)).await;
    let id = engine.start("fork", json!({})).await;
    let one = format!(r#"<startEvent id="start"/><endEvent id="end"/>{}{}"#, task("c"), flows("start>c c>end"));
    engine.deploy(process("fork", &one)).await;
    let body = json!({"version": 2, "mapping": {"a": "c", "b": "c"}});
    engine.operate(&id, "migrate", body).await.ok(200);
    engine.operate(&id, "migrate/undo", json!({})).await.ok(200);
    let tasks = engine.tasks(&id).await;
    let mut elements: Vec<&str> = tasks.iter().map(|task| task["element"].as_str().unwrap()).collect();
    elements.sort_unstable();
    assert_eq!(elements, ["a", "b"]);
    for task in &tasks {
        engine.complete(task["id"].as_str().unwrap(), json!({})).await.ok(200);
    }
    assert_eq!(engine.instance(&id).await["state"], "completed");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_can_be_taken_back_no_more_is_forgotten() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(two("check", "pay")).await;
    let [stays, goes_on] = [engine.start("two", json!({})).await, engine.start("two", json!({})).await];
    engine.deploy(two("approve", "pay")).await;
    let body = json!({"version": 2, "mapping": {"check": "approve"}});
    app.admin().post("/process-definitions/two/migrate", body).await.ok(200);
    engine.pass(&goes_on, json!({})).await;
    let kept = "SELECT count(*) FROM process_migration";
    assert_eq!(app.count(kept).await, 2);
    app.state.processes.forget_revisions().await.unwrap();
    assert_eq!(app.count(kept).await, 1);
    engine.operate(&stays, "migrate/undo", json!({})).await.ok(200);
    assert_eq!(app.count(kept).await, 0);
    app.drain().await;
    app.finish().await;
}
