//! Long jobs over HTTP: begun, watched, cancelled, taken up again after a crash.

use kernel::jobs::long::{LongJobs, State};
use serde_json::{Value, json};

use crate::app::{TestApp, uuid_sql};

/// More than are undone while the request waits.
const ROWS: usize = 2_400;

/// So many leads, all set to one source by one mass edit; gives its batch.
async fn edited(app: &TestApp) -> String {
    let admin = app.admin();
    for part in 0..ROWS.div_ceil(800) {
        let rows: Vec<Value> = (0..800).map(|n| json!({"fields": {"title": format!("{part}-{n}")}})).collect();
        admin.post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    }
    let job = whole(app, json!({"filter": {"and": []}, "fields": {"source": "web", "amount": 5}})).await;
    let done = watched(app, &job).await;
    assert_eq!((&done["state"], &done["result"]["changed"]), (&json!("done"), &json!(ROWS)), "{done}");
    done["result"]["batch"].as_str().unwrap().to_owned()
}

/// Begins a mass edit as the administrator and gives the job's id.
async fn whole(app: &TestApp, body: Value) -> String {
    let answer = app.admin().post("/records/lead/bulk", body).await;
    let job = answer.ok(202);
    let id = job["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/jobs/{id}").as_str()));
    id
}

/// The job after everything was done that is to do.
async fn watched(app: &TestApp, job: &str) -> Value {
    app.clock.advance_seconds(61);
    app.drain().await;
    app.admin().get(&format!("/jobs/{job}")).await.ok(200)
}

/// Puts a job back to where it was before its last steps: a crash between the work and its progress.
async fn forgetting(app: &TestApp, job: &str, seen: &Value, cursor: &str) {
    let (done, result) = (&seen["done"], seen["result"].to_string());
    let sql = format!(
        "UPDATE long_job SET cursor = '{cursor}', done = {done}, result = '{result}' WHERE id = {}",
        uuid_sql(job)
    );
    app.sql(&sql).await;
}

/// What a job's row says, with its cursor as text.
async fn seen(app: &TestApp, job: &str) -> (Value, String) {
    let view = app.admin().get(&format!("/jobs/{job}")).await.ok(200);
    let cursor = app.text(&format!("SELECT CAST(cursor AS TEXT) FROM long_job WHERE id = {}", uuid_sql(job))).await;
    (view, cursor)
}

/// Runs a job in a process that is gone after `pieces`: its services are dropped in the middle of whatever they do.
async fn run_until(app: &TestApp, job: &str, pieces: i64) {
    // Nobody holds it any more.
    app.clock.advance_seconds(61);
    let id = job.parse().unwrap();
    let run = app.state.long_jobs.run(id);
    let far = async {
        while app.count(&format!("SELECT done FROM long_job WHERE id = {}", uuid_sql(job))).await < pieces {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = run => panic!("the job came to its end: {ended:?}"),
        () = far => {}
    }
}

#[tokio::test]
async fn the_undo_of_many_changes_survives_crashes_and_puts_back_each_once() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let batch = edited(&app).await;
    let admin = app.admin();
    let first = admin.query("lead", json!({"sort": [{"field": "number"}], "limit": 3})).await.ok(200);
    let mut touched: Vec<String> =
        first["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    touched.sort_unstable();
    for id in &touched {
        admin.update("lead", id, json!({"amount": 7})).await.ok(200);
    }
    let path = format!("/batches/{batch}/undo");
    let begun = admin.post(&path, json!({})).await.ok(202);
    assert_eq!((&begun["state"], &begun["total"], &begun["done"]), (&json!("running"), &json!(ROWS), &json!(0)));
    let job = begun["id"].as_str().unwrap();
    assert_eq!(admin.post(&path, json!({})).await.ok(202)["id"], begun["id"]);
    app.by("max").get(&format!("/jobs/{job}")).await.problem(404, "not_found");
    app.by("max").delete(&format!("/jobs/{job}")).await.problem(404, "not_found");

    run_until(&app, job, 400).await;
    let (view, cursor) = seen(&app, job).await;
    run_until(&app, job, 1_200).await;
    forgetting(&app, job, &view, &cursor).await;
    let done = watched(&app, job).await;
    assert_eq!(done["state"], "done", "{done}");
    let undone = admin.post(&path, json!({})).await.ok(200);
    assert_eq!(undone, done["result"]);
    assert_eq!((&undone["restored"], &undone["kept_total"]), (&json!(ROWS - 3), &json!(3)), "{undone}");
    let mut kept: Vec<&str> =
        undone["kept"].as_array().unwrap().iter().map(|kept| kept["id"].as_str().unwrap()).collect();
    kept.sort_unstable();
    assert_eq!(kept, touched);
    let back = i64::try_from(ROWS - 3).unwrap();
    assert_eq!(
        app.count("SELECT count(*) FROM lead WHERE source IS NULL AND amount IS NULL AND version = 3").await,
        back
    );
    assert!(admin.get(&format!("/batches/{batch}")).await.ok(200)["undone_at"].is_string());
    assert_eq!(admin.get("/jobs").await.ok(200)["items"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn a_small_undo_whose_client_is_gone_goes_on() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let rows: Vec<Value> = (0..500).map(|n| json!({"fields": {"title": n.to_string()}})).collect();
    let batch = admin.post("/records/lead/bulk", json!({"create": rows})).await.ok(200)["batch"].clone();
    let path = format!("/batches/{}/undo", batch.as_str().unwrap());
    {
        let request = admin.post(&path, json!({}));
        let begun = async {
            while app.count("SELECT count(*) FROM long_job").await == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = request => {}
            () = begun => {}
        }
    }
    // Whether its own task or the queue ends it: they do not work on it together.
    while app.count("SELECT count(*) FROM long_job WHERE state = 'done'").await == 0 {
        app.clock.advance_seconds(121);
        app.drain().await;
    }
    assert_eq!(app.count("SELECT count(*) FROM lead WHERE deleted_at IS NULL").await, 0);
    let undone = admin.post(&path, json!({})).await.ok(200);
    assert_eq!(undone, json!({"restored": 500, "kept": [], "kept_total": 0}));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_mass_edit_reaches_everything_found_once_although_it_stops_matching() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    let max = app.id_of("max");
    let mut rows: Vec<Value> = (0..700)
        .map(
            |n| json!({"fields": {"title": n.to_string(), "owner": if n % 7 == 0 { json!(max) } else { json!(null) }}}),
        )
        .collect();
    rows.push(json!({"fields": {"title": "Other", "stage": "in_progress", "owner": null}}));
    admin.post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    let new = json!({"field": "stage", "op": "eq", "value": "new"});
    let job = whole(&app, json!({"filter": new, "fields": {"stage": "qualified"}})).await;
    run_until(&app, &job, 200).await;
    let (view, cursor) = seen(&app, &job).await;
    run_until(&app, &job, 400).await;
    app.clock.advance_seconds(1);
    app.record("lead", json!({"title": "Late"})).await;
    forgetting(&app, &job, &view, &cursor).await;
    let done = watched(&app, &job).await;
    assert_eq!((&done["state"], &done["result"]["changed"]), (&json!("done"), &json!(700)), "{done}");
    assert_eq!(done["result"]["refused_total"], 0);
    assert_eq!(app.count("SELECT count(*) FROM lead WHERE stage = 'qualified' AND version = 2").await, 700);
    assert_eq!(admin.found("lead", new).await, ["Late"]);
    app.finish().await;
}

#[tokio::test]
async fn a_mass_edit_keeps_to_the_rights_of_its_starter_and_can_be_undone() {
    let app = TestApp::build().person("max", "sales_manager").person("eve", "observer").start().await;
    let (max, admin) = (app.by("max"), app.admin());
    for (title, owner) in [("mine", app.id_of("max")), ("hers", app.id_of("admin"))] {
        for entity in ["company", "lead"] {
            app.record(entity, json!({"title": title, "owner": owner})).await;
        }
    }
    let all = json!({"and": []});
    let begun = max.post("/records/company/bulk", json!({"filter": all, "delete": true})).await.ok(202);
    let path = format!("/jobs/{}", begun["id"].as_str().unwrap());
    app.drain().await;
    let done = max.get(&path).await.ok(200);
    assert_eq!((&done["done"], &done["result"]["changed"]), (&json!(2), &json!(1)), "{done}");
    assert_eq!(done["result"]["refused"][0]["code"], "denied");
    assert_eq!(admin.found("company", all.clone()).await, ["hers"]);
    let undo = format!("/batches/{}/undo", done["result"]["batch"].as_str().unwrap());
    assert_eq!(max.post(&undo, json!({})).await.ok(200)["restored"], 1);
    assert_eq!(admin.found("company", all.clone()).await, ["hers", "mine"]);
    // What one may not see is not counted.
    let begun = max.post("/records/lead/bulk", json!({"filter": all, "fields": {"comments": "x"}})).await.ok(202);
    assert_eq!(begun["total"], 1);
    let eve = app.by("eve");
    eve.post("/records/lead/bulk", json!({"filter": all, "delete": true})).await.problem(403, "denied");
    eve.get(&path).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_job_is_cancelled_and_the_same_undo_goes_on_later() {
    let app = TestApp::start().await;
    let batch = edited(&app).await;
    let admin = app.admin();
    let undo = format!("/batches/{batch}/undo");
    let job = admin.post(&undo, json!({})).await.ok(202)["id"].as_str().unwrap().to_owned();
    run_until(&app, &job, 600).await;
    let path = format!("/jobs/{job}");
    assert_eq!(admin.delete(&path).await.ok(200)["state"], "cancelled");
    let stopped = watched(&app, &job).await;
    let done = stopped["done"].as_i64().unwrap();
    assert!((600..2_000).contains(&done), "{stopped}");
    assert!(admin.get(&format!("/batches/{batch}")).await.ok(200)["undone_at"].is_null());
    let again = admin.post(&undo, json!({})).await.ok(202);
    assert_eq!((&again["id"], &again["state"]), (&json!(job), &json!("running")));
    let ended = watched(&app, &job).await;
    assert_eq!((&ended["state"], &ended["result"]["restored"]), (&json!("done"), &json!(ROWS)), "{ended}");
    assert_eq!(admin.delete(&path).await.ok(200)["state"], "done");
    app.finish().await;
}

#[tokio::test]
async fn a_fault_that_stays_fails_the_job_and_says_why() {
    let mut app = TestApp::start().await;
    app.person(0, "boss", &["admin"]).await;
    let boss = app.by("boss");
    app.record("lead", json!({"title": "1"})).await;
    let body = json!({"filter": {"and": []}, "fields": {"comments": "x"}});
    let begun = boss.post("/records/lead/bulk", body).await.ok(202);
    let path = format!("/users/{}", app.id_of("boss"));
    app.admin().patch(&path, json!({"active": false})).await.ok(200);
    let failed = watched(&app, begun["id"].as_str().unwrap()).await;
    assert_eq!((&failed["state"], &failed["problem"]["code"]), (&json!("failed"), &json!("auth.required")), "{failed}");
    assert!(failed["problem"]["detail"].as_str().unwrap().contains(' '));
    // Nobody knows this kind any more.
    let bare = LongJobs::new(&app.state.db, &app.state.env);
    let job = whole(&app, json!({"filter": {"and": []}, "delete": true})).await;
    bare.run(job.parse().unwrap()).await.unwrap();
    let failed = watched(&app, &job).await;
    assert_eq!((&failed["state"], &failed["problem"]["code"]), (&json!("failed"), &json!("internal")));
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_done_at_once_is_left_to_the_queue() {
    let app = TestApp::start().await;
    app.record("lead", json!({"title": "1"})).await;
    let job = whole(&app, json!({"filter": {"and": []}, "fields": {"comments": "x"}})).await;
    // Somebody else works on it for a minute.
    let until = app.state.env.now().plus_seconds(60).0;
    app.sql(&format!("UPDATE long_job SET holder = id, held_until = {until} WHERE id = {}", uuid_sql(&job))).await;
    let begun = app.state.long_jobs.get(&app.system(), job.parse().unwrap()).await.unwrap();
    assert_eq!(app.state.long_jobs.run_now(begun).await.state, State::Running);
    assert_eq!(watched(&app, &job).await["state"], "done");
    app.finish().await;
}

#[tokio::test]
async fn wrong_mass_edits_are_refused_at_once_and_nobody_runs_many() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let all = json!({"and": []});
    for body in [
        json!({"delete": true}),
        json!({"fields": {"title": "x"}}),
        json!({"filter": all}),
        json!({"filter": all, "delete": false}),
        json!({"filter": all, "fields": {"title": "x"}, "delete": true}),
        json!({"filter": all, "fields": {"title": "x"}, "create": [{"fields": {"title": "x"}}]}),
        json!({"filter": all, "delete": ["0190163d-8694-739b-aea5-966c26f8ad91"]}),
        json!({"filter": {"field": "nonsense", "op": "eq", "value": 1}, "delete": true}),
    ] {
        let answer = admin.post("/records/lead/bulk", body.clone()).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{body}: {}", answer.text());
    }
    let wrong = json!({"filter": all, "fields": {"amount": "much"}});
    admin.post("/records/lead/bulk", wrong).await.problem(422, "record.invalid");
    assert_eq!(app.count("SELECT count(*) FROM long_job").await, 0);
    for _ in 0..5 {
        whole(&app, json!({"filter": all, "fields": {"comments": "x"}})).await;
    }
    let sixth = json!({"filter": all, "fields": {"comments": "x"}});
    admin.post("/records/lead/bulk", sixth.clone()).await.problem(409, "job.too_many");
    app.drain().await;
    admin.post("/records/lead/bulk", sixth).await.ok(202);
    app.drain().await;
    app.finish().await;
}
