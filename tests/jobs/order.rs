//! Jobs with the same order key: one after another, through failures, and nobody else waits for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kernel::jobs::{self, Handler, Job, JobError, NewJob, Worker};
use serde_json::{Value, json};

use crate::app::TestApp;

/// Fails as often as the payload says, then writes its number down.
#[derive(Clone, Default)]
struct Line {
    done: Arc<Mutex<Vec<(String, i64)>>>,
    tries: Arc<Mutex<BTreeMap<(String, i64), i64>>>,
    inside: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl Handler for Line {
    fn kind(&self) -> &'static str {
        "line"
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let key = job.order_key.clone().unwrap_or_default();
        let number = job.payload["number"].as_i64().unwrap();
        {
            let mut inside = self.inside.lock().unwrap();
            assert!(!inside.contains(&key), "two of {key} at once");
            inside.push(key.clone());
        }
        tokio::task::yield_now().await;
        self.inside.lock().unwrap().retain(|one| *one != key);
        let tried = {
            let mut tries = self.tries.lock().unwrap();
            let tried = tries.entry((key.clone(), number)).or_default();
            *tried += 1;
            *tried
        };
        match job.payload["fails"].as_i64() {
            Some(-1) => Err(JobError::Fatal("never".into())),
            Some(fails) if tried <= fails => Err(JobError::Retry("not yet".into())),
            _ => {
                self.done.lock().unwrap().push((key, number));
                Ok(())
            }
        }
    }
}

impl Line {
    fn take(&self) -> Vec<(String, i64)> {
        std::mem::take(&mut self.done.lock().unwrap())
    }

    fn of(&self, key: &str) -> Vec<i64> {
        self.done.lock().unwrap().iter().filter(|(one, _)| one == key).map(|(_, number)| *number).collect()
    }

    fn worker(&self, app: &TestApp) -> Worker {
        Worker::new(&app.state.db, &app.state.env, vec![Arc::new(self.clone())])
    }
}

async fn put(app: &TestApp, key: &str, number: i64, fails: i64) {
    let job = NewJob::now(&app.state.env, "line", json!({"number": number, "fails": fails}));
    add(app, job.in_order(key.to_owned())).await;
}

async fn add(app: &TestApp, job: NewJob) {
    let tx = app.state.db.begin().await.unwrap();
    jobs::enqueue(&tx, &app.state.env, job).await.unwrap();
    tx.commit().await.unwrap();
}

fn done(told: &[(&str, i64)]) -> Vec<(String, i64)> {
    told.iter().map(|(key, number)| ((*key).to_owned(), *number)).collect()
}

#[tokio::test]
async fn a_job_that_is_tried_again_holds_back_those_behind_it_alone() {
    let app = TestApp::start().await;
    let line = Line::default();
    let worker = line.worker(&app);
    for (key, number, fails) in [("a", 1, 1), ("a", 2, 0), ("b", 1, 0), ("a", 3, -1), ("a", 4, 0)] {
        put(&app, key, number, fails).await;
    }
    assert_eq!(worker.run_due().await.unwrap(), 2, "the first of each");
    assert_eq!(line.take(), done(&[("b", 1)]));
    assert_eq!(worker.run_due().await.unwrap(), 0, "the others wait for the next try of the first");
    app.clock.advance_seconds(5);
    worker.run_due().await.unwrap();
    assert_eq!(line.take(), done(&[("a", 1), ("a", 2), ("a", 4)]), "a dead letter holds nobody back");
    app.expect_dead(1);
    app.finish().await;
}

#[tokio::test]
async fn a_dead_letter_that_is_tried_again_is_the_first() {
    let app = TestApp::start().await;
    let line = Line::default();
    let worker = line.worker(&app);
    let tenant = app.companies[0].tenant.id;
    let first = NewJob::now(&app.state.env, "line", json!({"number": 1, "fails": 1})).in_order("a".into());
    add(&app, NewJob { max_attempts: 1, ..first.for_tenant(tenant) }).await;
    worker.run_due().await.unwrap();
    put(&app, "a", 2, 0).await;
    let dead = jobs::dead(app.state.db.read(), Some(tenant)).await.unwrap();
    let tx = app.state.db.begin().await.unwrap();
    assert!(jobs::retry_dead(&tx, &app.state.env, tenant, dead[0].id).await.unwrap());
    tx.commit().await.unwrap();
    worker.run_due().await.unwrap();
    assert_eq!(line.take(), done(&[("a", 1), ("a", 2)]));
    app.finish().await;
}

#[tokio::test]
async fn several_workers_keep_the_order_of_every_key() {
    let app = TestApp::start().await;
    let line = Line::default();
    let workers: Vec<Worker> = (0..3).map(|_| line.worker(&app)).collect();
    for number in 1..=12 {
        for key in ["a", "b", "c"] {
            put(&app, key, number, (number * 7 + i64::from(key.as_bytes()[0])) % 3).await;
        }
    }
    for _ in 0..60 {
        let runs = futures::future::join_all(workers.iter().map(Worker::run_due)).await;
        assert!(runs.iter().all(Result::is_ok));
        app.clock.advance_seconds(100);
    }
    for key in ["a", "b", "c"] {
        assert_eq!(line.of(key), (1..=12).collect::<Vec<_>>(), "{key}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_waits_for_its_first_try_is_widened() {
    let app = TestApp::start().await;
    let job = |number: i64| {
        let job = NewJob::now(&app.state.env, "line", json!({"number": number, "fails": 1, "kept": true}));
        NewJob { widens: Some("number"), ..job.in_order("a".into()) }
    };
    for number in [1, 2, 3] {
        add(&app, job(number)).await;
    }
    assert_eq!(app.count("SELECT count(*) FROM job").await, 1);
    let line = Line::default();
    let worker = line.worker(&app);
    worker.run_due().await.unwrap();
    add(&app, job(4)).await;
    add(&app, job(5)).await;
    assert_eq!(app.count("SELECT count(*) FROM job").await, 2, "one that was tried is left alone");
    for _ in 0..3 {
        app.clock.advance_seconds(5);
        worker.run_due().await.unwrap();
    }
    assert_eq!(line.take(), done(&[("a", 3), ("a", 5)]));
    app.finish().await;
}

/// Waits until it is told not to.
struct Patient(Mutex<usize>, Mutex<Vec<i64>>);

#[async_trait::async_trait]
impl Handler for Patient {
    fn kind(&self) -> &'static str {
        "patient"
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        self.1.lock().unwrap().push(job.attempt);
        let mut left = self.0.lock().unwrap();
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        let until = kernel::Timestamp(job.payload["until"].as_i64().unwrap());
        Err(JobError::Wait { reason: "not here yet".into(), until })
    }
}

#[tokio::test]
async fn waiting_is_no_try() {
    let app = TestApp::start().await;
    let patient = Arc::new(Patient(Mutex::new(3), Mutex::default()));
    let handler: Arc<dyn Handler> = Arc::<Patient>::clone(&patient);
    let worker = Worker::new(&app.state.db, &app.state.env, vec![handler]);
    let until = app.state.env.now().plus_seconds(60).micros();
    add(&app, NewJob { max_attempts: 2, ..NewJob::now(&app.state.env, "patient", json!({"until": until})) }).await;
    assert_eq!(worker.run_due().await.unwrap(), 1);
    assert_eq!(worker.run_due().await.unwrap(), 0);
    app.clock.advance_seconds(60);
    worker.run_due().await.unwrap();
    assert_eq!(*patient.1.lock().unwrap(), [1, 1, 1, 1]);
    assert_eq!(app.count("SELECT count(*) FROM job").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn progress_is_kept_and_only_by_whoever_has_the_job() {
    struct Counter;
    #[async_trait::async_trait]
    impl Handler for Counter {
        fn kind(&self) -> &'static str {
            "nothing"
        }
        async fn run(&self, _: &Job) -> Result<(), JobError> {
            Ok(())
        }
    }
    let app = TestApp::start().await;
    add(&app, NewJob::now(&app.state.env, "nothing", Value::Null)).await;
    app.sql("UPDATE job SET state = 'running', attempts = 2, locked_until = 0").await;
    let worker = Worker::new(&app.state.db, &app.state.env, vec![Arc::new(Counter)]);
    let select = sea_orm::sea_query::Query::select().column("id").from("job").take();
    let row = kernel::db::ConnectionTrait::query_one(app.state.db.read(), &select).await.unwrap().unwrap();
    let job = |attempt| Job {
        id: row.try_get_by_index(0).unwrap(),
        tenant: None,
        kind: "nothing".into(),
        payload: Value::Null,
        attempt,
        max_attempts: 8,
        order_key: None,
        taken_over: false,
    };
    let tx = app.state.db.begin().await.unwrap();
    assert!(!jobs::note_progress(&tx, &job(1), json!({"at": 1})).await.unwrap(), "taken over since");
    assert!(jobs::note_progress(&tx, &job(2), json!({"at": 2})).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM job WHERE CAST(payload AS TEXT) LIKE '%2%'").await, 1);
    worker.run_due().await.unwrap();
    app.finish().await;
}
