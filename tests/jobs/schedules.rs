//! Schedules enqueue jobs by the clock; one holder of the lease does it.

use kernel::jobs::{hold, set_schedule, tick};
use uuid::Uuid;

use crate::app::TestApp;

const HOURLY: &str = "0 * * * *";

async fn jobs(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM job WHERE kind = 'chore'").await
}

#[tokio::test]
async fn a_missed_time_is_made_up_for_once() {
    let app = TestApp::start().await;
    let (db, env) = (&app.state.db, &app.state.env);
    app.clock.advance_seconds(1);
    set_schedule(db, env, "chore", HOURLY).await.unwrap();
    assert_eq!((tick(db, env).await.unwrap(), jobs(&app).await), (0, 0));
    app.clock.advance_seconds(3_599);
    assert_eq!((tick(db, env).await.unwrap(), tick(db, env).await.unwrap(), jobs(&app).await), (1, 0, 1));
    app.sql("DELETE FROM job").await;
    // Nothing ran for five hours: one job, not five, and the next at its usual time.
    app.clock.advance_seconds(5 * 3_600);
    assert_eq!((tick(db, env).await.unwrap(), tick(db, env).await.unwrap(), jobs(&app).await), (1, 0, 1));
    // The job still waits: the next time adds no second one.
    app.clock.advance_seconds(3_600);
    assert_eq!((tick(db, env).await.unwrap(), jobs(&app).await), (1, 1));
    app.sql("DELETE FROM job").await;
    app.finish().await;
}

#[tokio::test]
async fn a_clock_that_goes_back_a_day_stops_nothing_for_a_day() {
    let app = TestApp::start().await;
    let (db, env) = (&app.state.db, &app.state.env);
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    set_schedule(db, env, "chore", HOURLY).await.unwrap();
    assert!(hold(db, env, "duty", one, 30).await.unwrap());
    app.clock.advance_seconds(-86_400);
    assert_eq!((tick(db, env).await.unwrap(), jobs(&app).await), (0, 0));
    app.clock.advance_seconds(3_600);
    assert_eq!((tick(db, env).await.unwrap(), jobs(&app).await), (1, 1));
    assert!(hold(db, env, "duty", two, 30).await.unwrap(), "the holder of the day after may be gone");
    app.sql("DELETE FROM job").await;
    app.finish().await;
}

#[tokio::test]
async fn setting_a_schedule_again_does_not_put_it_off() {
    let app = TestApp::start().await;
    let (db, env) = (&app.state.db, &app.state.env);
    app.clock.advance_seconds(1);
    set_schedule(db, env, "chore", HOURLY).await.unwrap();
    app.clock.advance_seconds(3_600);
    set_schedule(db, env, "chore", HOURLY).await.unwrap();
    assert_eq!(tick(db, env).await.unwrap(), 1, "a restart at the wrong moment loses nothing");
    set_schedule(db, env, "chore", "30 * * * *").await.unwrap();
    app.clock.advance_seconds(30 * 60);
    assert_eq!(tick(db, env).await.unwrap(), 1, "a new expression counts");
    assert!(set_schedule(db, env, "wrong", "every day").await.is_err());
    app.sql("DELETE FROM job").await;
    app.finish().await;
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_runs_out() {
    let app = TestApp::start().await;
    let (db, env) = (&app.state.db, &app.state.env);
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert!(hold(db, env, "duty", one, 30).await.unwrap());
    assert!(!hold(db, env, "duty", two, 30).await.unwrap());
    assert!(hold(db, env, "other", two, 30).await.unwrap());
    app.clock.advance_seconds(29);
    assert!(hold(db, env, "duty", one, 30).await.unwrap(), "renewed");
    app.clock.advance_seconds(29);
    assert!(!hold(db, env, "duty", two, 30).await.unwrap());
    app.clock.advance_seconds(2);
    assert!(hold(db, env, "duty", two, 30).await.unwrap());
    assert!(!hold(db, env, "duty", one, 30).await.unwrap());
    app.finish().await;
}
