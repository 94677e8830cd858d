//! Jobs: done once, tried again with growing pauses, given up as dead letters, taken over from a lost worker.

use futures::FutureExt;
use kernel::jobs::{NewJob, dead, enqueue, retry_dead};
use serde_json::{Value, json};

use super::probe::Probe;
use crate::app::TestApp;

fn job(app: &TestApp, what: &str) -> NewJob {
    NewJob::now(&app.state.env, "probe", json!({"do": what}))
}

/// Whether it was added.
async fn put(app: &TestApp, job: NewJob) -> bool {
    let count = async || app.count("SELECT count(*) FROM job").await;
    let before = count().await;
    let tx = app.state.db.begin().await.unwrap();
    enqueue(&tx, &app.state.env, job).await.unwrap();
    tx.commit().await.unwrap();
    count().await > before
}

#[tokio::test]
async fn a_job_belongs_to_the_transaction_that_enqueued_it() {
    let app = TestApp::start().await;
    let (probe, worker) = {
        let probe = Probe::default();
        (probe.clone(), probe.worker(&app))
    };
    let tx = app.state.db.begin().await.unwrap();
    enqueue(&tx, &app.state.env, job(&app, "ok")).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(worker.run_due().await.unwrap(), 0);
    put(&app, job(&app, "ok")).await;
    let later = NewJob { run_at: app.state.env.now().plus_seconds(60), ..job(&app, "later") };
    put(&app, later).await;
    put(&app, NewJob::now(&app.state.env, "unknown", Value::Null)).await;
    assert_eq!(worker.run_due().await.unwrap(), 1, "a kind without handler waits");
    assert_eq!(probe.take(), ["ok1"]);
    app.clock.advance_seconds(60);
    worker.run_due().await.unwrap();
    assert_eq!(probe.take(), ["later1"]);
    app.sql("DELETE FROM job").await;
    app.finish().await;
}

#[tokio::test]
async fn a_failing_job_is_tried_again_with_growing_pauses_and_becomes_a_dead_letter() {
    let app = TestApp::start().await;
    let (probe, worker) = {
        let probe = Probe::default();
        (probe.clone(), probe.worker(&app))
    };
    let tenant = app.companies[0].tenant.id;
    put(&app, NewJob { max_attempts: 4, ..job(&app, "retry") }.for_tenant(tenant).unique("one".into())).await;
    worker.run_due().await.unwrap();
    for (attempt, pause) in [(2, 5), (3, 20), (4, 80)] {
        assert_eq!(probe.take(), [format!("retry{}", attempt - 1)]);
        app.clock.advance_seconds(pause - 1);
        assert_eq!(worker.run_due().await.unwrap(), 0, "try {attempt} comes after {pause} s");
        app.clock.advance_seconds(1);
        assert_eq!(worker.run_due().await.unwrap(), 1);
    }
    assert_eq!(probe.take(), ["retry4", "dead after 4: not yet"]);
    app.clock.advance_seconds(100_000);
    assert_eq!(worker.run_due().await.unwrap(), 0);
    let letters = dead(app.state.db.read(), Some(tenant)).await.unwrap();
    assert_eq!((letters.len(), letters[0].error.as_str(), letters[0].attempts), (1, "not yet", 4));
    assert!(put(&app, job(&app, "ok").unique("one".into())).await, "a dead letter does not keep its key");
    let tx = app.state.db.begin().await.unwrap();
    assert!(!retry_dead(&tx, &app.state.env, kernel::TenantId(uuid::Uuid::nil()), letters[0].id).await.unwrap());
    assert!(retry_dead(&tx, &app.state.env, tenant, letters[0].id).await.unwrap());
    tx.commit().await.unwrap();
    worker.run_due().await.unwrap();
    let mut ran = probe.take();
    ran.sort();
    assert_eq!(ran, ["ok1", "retry1"]);
    app.finish().await;
}

#[tokio::test]
async fn what_can_never_succeed_is_given_up_at_once_and_a_panic_harms_nobody_else() {
    let app = TestApp::start().await;
    let (probe, worker) = {
        let probe = Probe::default();
        (probe.clone(), probe.worker(&app))
    };
    for what in ["fatal", "panic", "ok"] {
        put(&app, job(&app, what)).await;
    }
    assert_eq!(worker.run_due().await.unwrap(), 3);
    let mut ran = probe.take();
    ran.sort();
    assert_eq!(ran, ["dead after 1: never", "fatal1", "ok1", "panic1"]);
    app.clock.advance_seconds(5);
    worker.run_due().await.unwrap();
    assert_eq!(probe.take(), ["panic2"], "the panicked one is tried again");
    app.expect_dead(1);
    app.finish().await;
}

#[tokio::test]
async fn a_unique_key_lets_one_job_wait_at_a_time() {
    let app = TestApp::start().await;
    let (probe, worker) = {
        let probe = Probe::default();
        (probe.clone(), probe.worker(&app))
    };
    assert!(put(&app, job(&app, "ok").unique("k".into())).await);
    assert!(!put(&app, job(&app, "ok").unique("k".into())).await);
    assert!(put(&app, job(&app, "ok").unique("l".into())).await);
    assert_eq!(worker.run_due().await.unwrap(), 2);
    assert!(put(&app, job(&app, "ok").unique("k".into())).await, "done is done");
    assert_eq!(worker.run_due().await.unwrap(), 1);
    assert_eq!(probe.take().len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn the_job_of_a_lost_worker_is_taken_over_when_its_lock_runs_out() {
    let app = TestApp::start().await;
    let (probe, lost, other) = {
        let probe = Probe::default();
        (probe.clone(), probe.worker(&app), probe.worker(&app))
    };
    put(&app, job(&app, "hang")).await;
    {
        let mut run = Box::pin(lost.run_due());
        while probe.ran.lock().unwrap().is_empty() {
            assert!((&mut run).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        // The worker is gone in the middle of the job.
    }
    assert_eq!(probe.take(), ["hang1"]);
    app.clock.advance_seconds(119);
    assert_eq!(other.run_due().await.unwrap(), 0);
    app.clock.advance_seconds(2);
    {
        let mut run = Box::pin(other.run_due());
        while probe.ran.lock().unwrap().is_empty() {
            assert!((&mut run).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(probe.take(), ["hang2"]);
    app.sql("DELETE FROM job").await;
    app.finish().await;
}

#[tokio::test]
async fn two_workers_never_take_the_same_job() {
    let app = TestApp::start().await;
    let (probe, one, two) = {
        let probe = Probe::default();
        (probe.clone(), probe.worker(&app), probe.worker(&app))
    };
    for n in 0..60 {
        put(&app, job(&app, &format!("job {n} try "))).await;
    }
    let (first, second) = futures::join!(one.run_due(), two.run_due());
    assert_eq!(first.unwrap() + second.unwrap(), 60);
    let mut ran = probe.take();
    ran.sort();
    ran.dedup();
    assert_eq!(ran.len(), 60);
    app.finish().await;
}
