//! Its after-event: one task per new lead, however often the event is delivered.

use plugin_host::EVENT_JOB;
use serde_json::json;

use crate::app::TestApp;

const TASKS: &str = "SELECT count(*) FROM task";

#[tokio::test]
async fn a_new_lead_gets_one_task_for_its_owner() {
    let app = TestApp::build().person("max", "sales_manager").lead_desk(json!({"follow_up_hours": 4})).start().await;
    let id = app.record("lead", json!({"title": "Ann", "phones": ["+79161234567"], "owner": app.id_of("max")})).await;
    assert_eq!(app.count(TASKS).await, 0, "after the commit, in a job");
    assert_eq!(app.drain().await, 1);
    let tasks = app.by("max").get("/tasks?assignee=me").await.ok(200);
    let task = &tasks["items"][0];
    assert_eq!(
        (&task["title"], &task["state"], &task["due"]),
        (&json!("Call the new lead: Ann"), &json!("open"), &json!("2026-03-16T13:00:00Z"))
    );
    assert_eq!((&task["subject"]["id"], &task["assignee"]), (&json!(id), &json!(app.id_of("max"))));
    app.settle().await;
    let events = app.admin().get("/events?entity=task").await.ok(200);
    assert_eq!(
        (&events["items"][0]["actor"]["kind"], &events["items"][0]["cause"]["hop"]),
        (&json!("plugin"), &json!(1)),
        "{events}"
    );
    app.admin().update("lead", &id, json!({"amount": 1})).await.ok(200);
    assert_eq!((app.drain().await, app.count(TASKS).await), (0, 1), "a change of the lead sets no second task");
    app.finish().await;
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_is_handled_once() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    app.record("lead", json!({"title": "Ann", "phones": ["+79161234567"]})).await;
    app.settle().await;
    assert_eq!(app.state.plugins.dispatch().await.unwrap(), 1);
    // The same delivery once more, as after a crash between doing the job and forgetting it.
    let copy = if crate::app::on_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    app.sql(&format!("INSERT INTO job (id, tenant_id, kind, payload, state, run_at, attempts, max_attempts, created_at) SELECT {copy}, tenant_id, kind, payload, state, run_at, attempts, max_attempts, created_at FROM job WHERE kind = '{EVENT_JOB}'")).await;
    assert_eq!(app.drain().await, 2);
    assert_eq!(app.count(TASKS).await, 1);
    // The reader starts again from the beginning of the log, as after a restore of its place.
    app.sql("DELETE FROM event_reader").await;
    assert!(app.drain().await >= 1);
    assert_eq!(app.count(TASKS).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn leads_made_together_are_delivered_together() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let rows: Vec<_> =
        (0..120).map(|n| json!({"fields": {"title": format!("L{n}"), "phones": ["+79161234567"]}})).collect();
    app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    assert_eq!(app.drain().await, 1, "one job");
    assert_eq!(
        app.count("SELECT CAST(sum(calls) AS BIGINT) FROM plugin_cost WHERE point = 'event:created'").await,
        1,
        "and one call"
    );
    assert_eq!(app.count(TASKS).await, 120);
    assert_eq!(app.count("SELECT count(DISTINCT record_id) FROM task").await, 120);
    app.finish().await;
}

#[tokio::test]
async fn zero_hours_mean_no_task_and_refused_leads_have_none() {
    let app = TestApp::build().lead_desk(json!({"follow_up_hours": 0})).start().await;
    app.record("lead", json!({"title": "Ann", "phones": ["+79161234567"]})).await;
    app.admin().create("lead", json!({"title": "Nobody"})).await.problem(422, "hook.rejected");
    app.drain().await;
    assert_eq!(app.count(TASKS).await, 0);
    app.finish().await;
}
