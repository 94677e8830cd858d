//! The example `quiet-leads` in the whole product: what administrators see of jobs, begin and stop.

use std::sync::OnceLock;

use kernel::Locale;
use plugin_host::dev::project;
use serde_json::{Value, json};

use crate::app::{TestApp, root};

const PLUGIN: &str = "/plugins/verstak.quiet-leads";

fn package() -> &'static [u8] {
    static PACKAGE: OnceLock<Vec<u8>> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let folder = root().join("examples/quiet-leads");
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::package(&folder, &component, None).unwrap()
    })
}

async fn start() -> TestApp {
    let app = TestApp::build().locale(Locale::Ru).person("ann", "seller").start().await;
    let sent = app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package().to_vec()).await;
    sent.ok(201);
    app.admin().post(&format!("{PLUGIN}/enable"), json!({"grants": "requested"})).await.ok(200);
    app
}

async fn job(app: &TestApp, id: &str) -> Value {
    let jobs = app.admin().get(&format!("{PLUGIN}/jobs")).await.ok(200);
    jobs["items"].as_array().unwrap().iter().find(|job| job["id"] == id).unwrap().clone()
}

async fn runs(app: &TestApp, which: &str) -> Vec<Value> {
    let page = app.admin().get(&format!("{PLUGIN}/job-runs{which}")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn administrators_see_when_jobs_come_and_how_they_went() {
    let app = start().await;
    let detail = app.admin().get(PLUGIN).await.ok(200);
    let granted = detail["permissions"].as_array().unwrap().iter().find(|one| one["key"] == "jobs").unwrap();
    assert_eq!(granted["title"], "Работает сам: по расписанию и позже, когда никто не просит");
    let sweep = job(&app, "sweep").await;
    assert_eq!((&sweep["title"], &sweep["cron"]), (&json!("Просмотреть все лиды"), &json!("0 3 * * *")));
    assert_eq!((&sweep["open"], &sweep["last"], &sweep["breaker"]), (&json!(0), &Value::Null, &json!("closed")));
    assert!(sweep["next_at"].as_str().unwrap().starts_with("2026-03-17T0"), "{sweep}");
    for lead in 0..120 {
        app.record("lead", json!({"title": format!("lead {lead}")})).await;
    }
    app.drain().await;
    assert_eq!(runs(&app, "?state=waiting&job=look").await.len(), 50, "a page of the looks at new leads");
    app.admin().post(&format!("{PLUGIN}/jobs/sweep/run"), json!({})).await.ok(200);
    app.drain().await;
    let last = job(&app, "sweep").await["last"].clone();
    assert_eq!((&last["state"], &last["steps"], &last["progress"]), (&json!("done"), &json!(3), &json!(1.0)), "{last}");
    assert_eq!(last["origin"], "admin");
    assert_eq!(app.count("SELECT count(*) FROM task").await, 120);
    app.clock.advance_seconds(86_400);
    app.drain().await;
    assert_eq!(runs(&app, "?state=done&job=look").await.len(), 50);
    assert_eq!(app.count("SELECT count(*) FROM plugin_job WHERE job = 'look' AND state = 'done'").await, 120);
    assert_eq!(job(&app, "sweep").await["last"]["origin"], "schedule");
    assert_eq!(app.count("SELECT count(*) FROM task").await, 120, "nobody is reminded twice");
    app.finish().await;
}

#[tokio::test]
async fn a_run_is_stopped_begun_at_once_and_hidden_from_others() {
    let mut app = start().await;
    app.add_company("Other", Locale::En).await;
    app.record("lead", json!({"title": "Acme"})).await;
    app.drain().await;
    let run = runs(&app, "").await[0]["id"].as_str().unwrap().to_owned();
    let stop = format!("{PLUGIN}/job-runs/{run}/cancel");
    let begin = format!("{PLUGIN}/job-runs/{run}/run");
    for path in [&stop, &begin, &format!("{PLUGIN}/jobs/sweep/run")] {
        app.by("ann").post(path, json!({})).await.problem(403, "denied");
        app.stranger().post(path, json!({})).await.problem(401, "auth.required");
        app.by_of(1, "admin").post(path, json!({})).await.problem(404, "not_found");
    }
    assert_eq!(app.by_of(1, "admin").get(&format!("{PLUGIN}/job-runs")).await.ok(200)["items"], json!([]));
    assert_eq!(app.admin().post(&stop, json!({})).await.ok(200)["state"], "cancelled");
    app.admin().post(&stop, json!({})).await.problem(409, "plugin.job_over");
    app.clock.advance_seconds(2 * 86_400);
    app.drain().await;
    assert_eq!(runs(&app, "?job=look").await[0]["state"], "cancelled");
    assert_eq!(app.admin().post(&begin, json!({})).await.ok(200)["state"], "waiting");
    app.drain().await;
    assert_eq!(runs(&app, "?job=look").await[0]["state"], "done");
    app.admin().post(&begin, json!({})).await.problem(409, "plugin.job_over");
    app.admin().post(&format!("{PLUGIN}/jobs/swep/run"), json!({})).await.problem(404, "not_found");
    app.admin().post(&format!("{PLUGIN}/disable"), json!({})).await.ok(200);
    app.admin().post(&format!("{PLUGIN}/jobs/sweep/run"), json!({})).await.problem(404, "not_found");
    assert_eq!(app.admin().get(&format!("{PLUGIN}/jobs")).await.ok(200)["items"], json!([]));
    app.admin().post(&format!("{PLUGIN}/purge"), json!({})).await.ok(200);
    assert_eq!(
        app.count("SELECT count(*) FROM plugin_job").await + app.count("SELECT count(*) FROM plugin_schedule").await,
        0
    );
    app.drain().await;
    app.finish().await;
}
