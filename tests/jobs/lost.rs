//! Jobs that take their process with them come back so often and no more, and take no innocent ones with them.

use futures::FutureExt;
use kernel::jobs::{NewJob, came_further, enqueue, let_go};
use serde_json::json;

use super::probe::Probe;
use crate::app::TestApp;
use crate::process::{Engine, flows, process, when};

impl Probe {
    /// A process that works until a job ends it, or nothing is left to do, and two minutes more.
    async fn live(&self, app: &TestApp) {
        self.live_at_once(app).await;
        app.clock.advance_seconds(121);
    }

    /// The same without the two minutes.
    async fn live_at_once(&self, app: &TestApp) {
        let worker = self.worker(app);
        let before = self.ran.lock().unwrap().len();
        let mut run = Box::pin(worker.run_due());
        while (&mut run).now_or_never().is_none() {
            let ended = self.ran.lock().unwrap().iter().skip(before).any(|what| what.starts_with("kill"));
            if ended {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(run);
    }
}

async fn put(app: &TestApp, what: &str, max_attempts: i64) {
    let job = NewJob { max_attempts, ..NewJob::now(&app.state.env, "probe", json!({"do": what})).unique(what.into()) };
    let tx = app.state.db.begin().await.unwrap();
    enqueue(&tx, &app.state.env, job).await.unwrap();
    tx.commit().await.unwrap();
    app.clock.advance_seconds(1);
}

#[tokio::test]
async fn a_job_that_ends_its_process_is_a_dead_letter_after_five_and_those_beside_it_are_done() {
    let app = TestApp::start().await;
    let probe = Probe::default();
    put(&app, "kill", i64::MAX).await;
    for innocent in ["a", "b", "c"] {
        put(&app, innocent, 8).await;
    }
    for _ in 0..5 {
        probe.live(&app).await;
    }
    probe.live(&app).await;
    let (of_the_killer, mut rest): (Vec<_>, Vec<_>) =
        probe.take().into_iter().partition(|what| what.starts_with("kill") || what.starts_with("dead"));
    let end = "dead after 5: the server ended each time while this job ran";
    assert_eq!(of_the_killer, ["kill1", "kill2", "kill3", "kill4", "kill5", end]);
    rest.sort();
    assert_eq!(rest, ["a2", "b2", "c2"]);
    app.expect_dead(1);
    app.finish().await;
}

#[tokio::test]
async fn a_job_of_two_tries_ends_its_process_twice_and_one_that_came_further_is_not_given_up() {
    let app = TestApp::start().await;
    let probe = Probe::default();
    put(&app, "kill", 2).await;
    for _ in 0..3 {
        probe.live(&app).await;
    }
    assert_eq!(probe.take(), ["kill1", "kill2", "dead after 2: the server ended each time while this job ran"]);
    put(&app, "kill", 2).await;
    for _ in 0..4 {
        probe.live(&app).await;
        let tx = app.state.db.begin().await.unwrap();
        came_further(&tx, "kill").await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(probe.take(), ["kill1", "kill2", "kill3", "kill4"]);
    app.sql("DELETE FROM job WHERE state <> 'dead'").await;
    app.expect_dead(1);
    app.finish().await;
}

#[tokio::test]
async fn the_only_server_takes_over_at_once_what_the_one_before_left() {
    let app = TestApp::start().await;
    let probe = Probe::default();
    put(&app, "kill", 8).await;
    probe.live_at_once(&app).await;
    probe.live_at_once(&app).await;
    assert_eq!(probe.take(), ["kill1"], "it is held still");
    for expected in ["kill2", "kill3", "kill4", "kill5"] {
        assert_eq!(let_go(&app.state.db, &app.state.env).await.unwrap(), 1);
        probe.live_at_once(&app).await;
        assert_eq!(probe.take(), [expected]);
    }
    // It counts as one that takes its server with it, however soon it is taken over.
    assert_eq!(let_go(&app.state.db, &app.state.env).await.unwrap(), 1);
    probe.live_at_once(&app).await;
    assert_eq!(probe.take(), ["dead after 5: the server ended each time while this job ran"]);
    assert_eq!(let_go(&app.state.db, &app.state.env).await.unwrap(), 0);
    app.expect_dead(1);
    app.finish().await;
}

/// Has the sweep of the minute run.
async fn sweep(app: &TestApp) {
    let tx = app.state.db.begin().await.unwrap();
    let job = NewJob::now(&app.state.env, ::process::runtime::SWEEP, json!(null));
    enqueue(&tx, &app.state.env, job).await.unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
}

#[tokio::test]
async fn an_instance_whose_job_was_given_up_stands_with_an_incident_that_can_be_retried() {
    let app = TestApp::build().config(|config| config.webhooks.allow_private = true).start().await;
    let engine = Engine::of(&app);
    let service = r#"<startEvent id="start"/><serviceTask id="make" v:service="create-record"><extensionElements><v:param name="entity">lead</v:param><v:param name="title">x</v:param></extensionElements></serviceTask><endEvent id="end"/>"#;
    engine.deploy(process("service", &(service.to_owned() + &flows("start>make make>end")))).await;
    let endless = r#"<startEvent id="start"/><exclusiveGateway id="round"/><scriptTask id="count" v:resultVariable="n"><script>vars.n + 1</script></scriptTask>
<exclusiveGateway id="again" default="again-end"/><endEvent id="end"/>"#;
    let paths = flows("start>round round>count count>again again>end") + &when("again", "round", "vars.n &gt; 0");
    engine.deploy(process("endless", &(endless.to_owned() + &paths))).await;
    let called = engine.start("service", json!({})).await;
    let looping = engine.start("endless", json!({"n": 1})).await;
    app.sql("UPDATE job SET state = 'dead', last_error = 'the server ended'").await;
    sweep(&app).await;
    for id in [&called, &looping] {
        let instance = engine.instance(id).await;
        let message = instance["incidents"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains("the server ended"), "{instance:#}");
    }
    engine.operate(&called, "retry", json!({})).await.ok(200);
    engine.operate(&looping, "cancel", json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(engine.instance(&called).await["state"], "completed");
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    app.finish().await;
}
