//! Many instances to another version: a job that a crash neither repeats nor cuts short.

use serde_json::{Value, json};

use super::{Engine, flows, process};
use crate::app::{TestApp, uuid_sql};

/// More than are migrated while the request waits.
const INSTANCES: usize = 240;

#[tokio::test]
async fn the_migration_of_many_instances_is_a_job_that_survives_a_crash() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let one = |task: &str| {
        let nodes = format!(
            r#"<startEvent id="start"/><userTask id="{task}" name="T" v:executors="owner"/><endEvent id="end"/>"#
        );
        process("many", &(nodes + &flows(&format!("start>{task} {task}>end"))))
    };
    engine.deploy(one("first")).await;
    let mut all = Vec::new();
    for n in 0..INSTANCES {
        all.push(engine.start("many", json!({"n": n})).await);
    }
    // It is over, and stays what it was.
    engine.pass(&all[0], json!({})).await;
    engine.deploy(one("begin")).await;
    let body = json!({"version": 2, "mapping": {"first": "begin"}});
    let begun = app.admin().post("/process-definitions/many/migrate", body.clone()).await.ok(202);
    let waiting = INSTANCES - 1;
    assert_eq!((&begun["kind"], &begun["total"]), (&json!("process.migrate"), &json!(waiting)), "{begun}");
    let job = begun["id"].as_str().unwrap();
    let done = format!("SELECT done FROM long_job WHERE id = {}", uuid_sql(job));
    let far = async {
        while app.count(&done).await < 80 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = app.state.long_jobs.run(job.parse().unwrap()) => panic!("the job came to its end: {ended:?}"),
        () = far => {}
    }
    let moved = "SELECT count(*) FROM process_instance WHERE version = 2";
    let half = app.count(moved).await;
    assert!((75..i64::try_from(waiting).unwrap()).contains(&half), "{half}");
    assert_eq!(app.count(&done).await, half, "work and progress are one transaction");
    app.clock.advance_seconds(121);
    app.drain().await;
    let ended = app.admin().get(&format!("/jobs/{job}")).await.ok(200);
    let expected = json!({"instances": [], "migrated": waiting, "refused": 0, "dry_run": false});
    assert_eq!((&ended["state"], &ended["result"]), (&json!("done"), &expected), "{ended}");
    assert_eq!(app.count(moved).await, i64::try_from(waiting).unwrap());
    assert_eq!(
        app.count("SELECT count(*) FROM audit WHERE action = 'process_instance.migrated'").await,
        i64::try_from(waiting).unwrap()
    );
    // Nothing is left to do: answered at once.
    let none: Value = app.admin().post("/process-definitions/many/migrate", body).await.ok(200);
    assert_eq!((&none["migrated"], &none["refused"]), (&json!(0), &json!(0)));
    let task = engine.task(&all[1]).await;
    engine.complete(&task, json!({})).await.ok(200);
    app.drain().await;
    app.finish().await;
}
