//! kill -9 while a plugin's job goes step by step: it goes on from the cursor noted last.

use plugin_host::dev::project;
use serde_json::json;

use super::caller::{Caller, client, number};
use super::server::{Server, company, run};
use crate::app::{Database, TestApp, root};

/// Steps of the job.
const STEPS: i64 = 40;

#[tokio::test]
async fn a_job_goes_on_from_its_cursor_after_kill_9() {
    let folder = root().join("core/plugin_host/tests/guests/jobs");
    let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
    let database = Database::bare().await;
    let token = company(&database);
    let file = database.folder().join("jobs.vpkg");
    std::fs::write(&file, project::package(&folder, &component, None).unwrap()).unwrap();
    run(&database, &["plugin", "install", &file.display().to_string()], "");
    run(&database, &["plugin", "enable", "test.jobs"], "");
    let server = Server::start(&database);
    let url = server.url.clone();
    let caller = Caller { client: client(), url: &url, token: &token };
    caller.post("/plugins/test.jobs/jobs/slow/run", json!({}), 200).await.unwrap();
    let steps = async || {
        let runs = caller.get("/plugins/test.jobs/job-runs").await.unwrap();
        runs["items"][0]["steps"].as_i64().unwrap()
    };
    while steps().await < STEPS / 4 {
        tokio::task::yield_now().await;
    }
    server.kill();
    let db = super::caller::left_behind(&database).await;
    let before = number(&db, "SELECT steps FROM plugin_job").await;
    assert!((STEPS / 4..STEPS).contains(&before), "it was killed in the middle: {before}");
    db.close().await.unwrap();
    // The test's own server shares compiled code with others.
    drop(std::fs::remove_dir_all(database.folder().join("plugin-cache")));
    let app = TestApp::over(database).await;
    // The lost worker's hold on the job is over.
    app.clock.advance_seconds(180);
    app.drain().await;
    assert_eq!(app.text("SELECT state FROM plugin_job").await, "done");
    assert_eq!(app.count("SELECT steps FROM plugin_job").await, STEPS + 1);
    for step in 0..STEPS {
        let made = app.count(&format!("SELECT count(*) FROM lead WHERE title = 'step {step}'")).await;
        // The call that was under way may have done its work before it could be noted.
        assert!(made == 1 || made == 2 && step == before, "step {step} was done {made} times");
    }
    app.finish().await;
}
