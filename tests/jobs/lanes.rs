//! Whoever waits for somebody else's server keeps nobody's timers waiting, and nobody's backlog keeps other companies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use kernel::jobs::{Handler, Job, JobError, NewJob, Worker, enqueue};
use kernel::{Locale, TenantId};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;
use crate::process::{Engine, flows, process};

/// Longer than anything here may take; nothing is judged by it.
const GUARD: Duration = Duration::from_secs(120);

/// Somebody's server that answers nobody until it is told to.
struct Silent {
    url: String,
    heard: watch::Receiver<usize>,
    answer: watch::Sender<bool>,
}

impl Silent {
    async fn start() -> Self {
        let (count, heard) = watch::channel(0);
        let (answer, told) = watch::channel(false);
        let count = Arc::new(count);
        let hear = move || {
            let (count, mut told) = (Arc::clone(&count), told.clone());
            async move {
                count.send_modify(|count| *count += 1);
                drop(told.wait_for(|answer| *answer).await);
            }
        };
        let router = Router::new().route("/slow", post(hear));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/slow", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, heard, answer }
    }

    async fn hears(&self, count: usize) {
        let mut heard = self.heard.clone();
        timeout(GUARD, heard.wait_for(|heard| *heard >= count)).await.unwrap().unwrap();
    }
}

fn telling(url: &str) -> String {
    let inside = format!(
        r#"<startEvent id="start"/><serviceTask id="tell" v:service="webhook"><extensionElements><v:param name="url">{url}</v:param></extensionElements></serviceTask><endEvent id="end"/>"#
    );
    process("telling", &(inside + &flows("start>tell tell>end")))
}

fn hour() -> String {
    let inside = r#"<startEvent id="start"/><intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent><endEvent id="end"/>"#;
    process("hour", &(inside.to_owned() + &flows("start>wait wait>end")))
}

/// Waits for an instance to end.
async fn ends(app: &TestApp, engine: &Engine<'_>, id: &str) {
    let mut commits = app.state.db.commits();
    let over = async {
        while engine.instance(id).await["state"] != "completed" {
            commits.changed().await.unwrap();
        }
    };
    timeout(GUARD, over).await.unwrap();
}

#[tokio::test]
async fn forty_slow_webhooks_of_one_company_keep_no_timer_and_no_other_companys_webhook_waiting() {
    let mut app = TestApp::build().config(|config| config.webhooks.allow_private = true).start().await;
    let other = app.add_company("Umbrella", Locale::En).await;
    let (acme, umbrella) = (Engine::of(&app), Engine::by(app.by_of(other, "admin")));
    let silent = Silent::start().await;
    acme.deploy(telling(&silent.url)).await;
    umbrella.deploy(telling(&silent.url)).await;
    umbrella.deploy(hour()).await;
    for _ in 0..40 {
        acme.start("telling", json!({})).await;
    }
    let timer = umbrella.start("hour", json!({})).await;
    let stop = CancellationToken::new();
    let (worker, slots) = (app.state.worker(), app.state.config.jobs.slots());
    let working = tokio::spawn({
        let stop = stop.clone();
        async move { worker.serve(stop, slots).await }
    });
    silent.hears(slots.waiting / 2).await;
    // The others of them wait; nobody else does.
    let slow = umbrella.start("telling", json!({})).await;
    silent.hears(slots.waiting / 2 + 1).await;
    app.clock.advance_seconds(3_600);
    ends(&app, &umbrella, &timer).await;
    assert_eq!(*silent.heard.borrow(), slots.waiting / 2 + 1, "one company has half of the slots at most");
    assert_eq!(umbrella.instance(&slow).await["state"], "active");
    silent.answer.send(true).unwrap();
    silent.hears(41).await;
    stop.cancel();
    working.await.unwrap();
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM process_instance WHERE status = 'completed'").await, 42);
    app.finish().await;
}

#[tokio::test]
async fn a_slow_receiver_keeps_no_other_webhook_of_its_company_waiting() {
    let app = TestApp::build()
        .config(|config| {
            config.webhooks.allow_private = true;
            config.jobs.waiting = 8;
        })
        .start()
        .await;
    let (slow, quick) = (Silent::start().await, Silent::start().await);
    quick.answer.send(true).unwrap();
    for (server, event) in [(&slow, "deal.created"), (&quick, "lead.created")] {
        app.admin().post("/webhooks", json!({"url": server.url, "events": [event]})).await.ok(201);
    }
    // More than a company may have in hand of a kind.
    for number in 0..6 {
        app.record("deal", json!({"title": number.to_string()})).await;
    }
    app.settle().await;
    app.state.dispatch().await.unwrap();
    let stop = CancellationToken::new();
    let (worker, slots) = (app.state.worker(), app.state.config.jobs.slots());
    let working = tokio::spawn({
        let stop = stop.clone();
        async move { worker.serve(stop, slots).await }
    });
    slow.hears(1).await;
    // All have had their turn.
    app.clock.advance_seconds(2);
    slow.hears(2).await;
    app.record("lead", json!({"title": "Ann"})).await;
    app.settle().await;
    app.state.dispatch().await.unwrap();
    quick.hears(1).await;
    assert_eq!(*slow.heard.borrow(), 2, "so many of a webhook are under way");
    slow.answer.send(true).unwrap();
    stop.cancel();
    working.await.unwrap();
    for _ in 0..4 {
        app.clock.advance_seconds(2);
        app.drain().await;
    }
    assert_eq!(app.count("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'").await, 7);
    assert_eq!(*slow.heard.borrow(), 6, "each went once");
    app.finish().await;
}

/// Notes whose jobs it does.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<i64>>>);

#[async_trait::async_trait]
impl Handler for Notes {
    fn kind(&self) -> &'static str {
        "note"
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        self.0.lock().unwrap().push(job.payload.as_i64().unwrap());
        Ok(())
    }
}

#[tokio::test]
async fn a_company_behind_the_backlogs_of_others_has_its_turn_among_the_first() {
    let app = TestApp::start().await;
    let tx = app.state.db.begin().await.unwrap();
    // Three companies with a hundred jobs each, older than the one job of each of ten others.
    let of = |company: u128, at: i64| NewJob {
        run_at: app.state.env.now().plus_seconds(at - 1_000),
        ..NewJob::now(&app.state.env, "note", Value::from(i64::try_from(company).unwrap()))
            .for_tenant(TenantId(uuid::Uuid::from_u128(company)))
    };
    for n in 0..300_u32 {
        enqueue(&tx, &app.state.env, of(u128::from(n / 100) + 1, i64::from(n))).await.unwrap();
    }
    for company in 11..=20 {
        enqueue(&tx, &app.state.env, of(company, 500)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let notes = Notes::default();
    let worker = Worker::new(&app.state.db, &app.state.env, vec![Arc::new(notes.clone())]);
    assert_eq!(worker.run_due().await.unwrap(), 310);
    let done = notes.0.lock().unwrap().clone();
    for company in [1].into_iter().chain(11..=20) {
        let place = done.iter().position(|one| *one == company).unwrap();
        assert!(place < 32, "company {company} came {place}th");
    }
    app.finish().await;
}
