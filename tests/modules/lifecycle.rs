//! The two whole modules come, change, stop, go on, and are removed for good while fifty people do other work: none of them is
//! told of an error on any page that is not the module's.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use plugin_host::dev::project;
use plugin_host::package::{self, Package, TrustedKeys};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tower::ServiceExt;
use verstak::AppState;

use crate::app::{TestApp, package_of, root};

/// People who work.
const PEOPLE: usize = 50;

/// What the people share: who has done how much, and what went wrong.
#[derive(Default)]
struct Day {
    rounds: Vec<AtomicUsize>,
    told: Notify,
    over: AtomicBool,
    wrong: Mutex<Vec<String>>,
}

impl Day {
    /// Waits until everybody has ended a round that they began after now, and one more that they were in.
    async fn goes_on(&self) {
        let begin: Vec<usize> = self.rounds.iter().map(|done| done.load(Ordering::Relaxed)).collect();
        loop {
            let told = self.told.notified();
            let mut both = self.rounds.iter().zip(&begin);
            if both.all(|(done, begin)| done.load(Ordering::Relaxed) >= begin + 2) {
                return;
            }
            told.await;
        }
    }
}

/// Somebody at work.
struct Worker {
    router: Router,
    token: String,
    number: usize,
    day: Arc<Day>,
}

impl Worker {
    /// An answer; whatever is no success is noted.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 16 * 1024 * 1024).await.unwrap();
        if !status.is_success() {
            let said = format!("{} {method} {path}: {status} {}", self.number, String::from_utf8_lossy(&bytes));
            self.day.wrong.lock().unwrap().push(said);
        }
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    async fn work(self) {
        let mut round = 0;
        while !self.day.over.load(Ordering::Relaxed) {
            self.round(round).await;
            round += 1;
            self.day.rounds[self.number].fetch_add(1, Ordering::Relaxed);
            self.day.told.notify_waiters();
        }
    }

    /// What somebody does all day: records, lists, counts, tasks, the menu.
    async fn round(&self, round: usize) {
        let title = format!("Lead {} {round}", self.number);
        let lead = self.ask("POST", "/records/lead", Some(json!({"fields": {"title": title}}))).await;
        let id = lead["id"].as_str().unwrap_or_default();
        let lead = format!("/records/lead/{id}");
        self.ask("PATCH", &lead, Some(json!({"fields": {"comments": "called", "amount": 100}}))).await;
        self.ask("GET", &lead, None).await;
        self.ask("GET", &format!("{lead}/timeline"), None).await;
        let list = json!({"sort": [{"field": "created_at", "desc": true}], "limit": 20, "total": true});
        self.ask("POST", "/records/lead/query", Some(list)).await;
        let board = json!({"group_by": ["stage"], "measures": [{"op": "count"}]});
        self.ask("POST", "/records/lead/aggregate", Some(board)).await;
        let task = json!({"title": "Call", "due": "2026-05-02T09:00:00Z", "subject": {"entity": "lead", "id": id}});
        let task = self.ask("POST", "/tasks", Some(task)).await;
        let task = format!("/tasks/{}", task["id"].as_str().unwrap_or_default());
        self.ask("PATCH", &task, Some(json!({"title": "Call again"}))).await;
        self.ask("GET", &task, None).await;
        self.ask("POST", &format!("{task}/complete"), Some(json!({}))).await;
        self.ask("GET", "/tasks?assignee=me", None).await;
        for page in ["/ui", "/ui/counts", "/me", "/entities", "/entities/task", "/views", "/notifications"] {
            self.ask("GET", page, None).await;
        }
    }
}

/// The package of a module under another number.
fn numbered(module: &str, version: &str) -> Vec<u8> {
    let read = Package::read(&package_of(module), &TrustedKeys::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("component.wasm");
    std::fs::write(&component, read.component).unwrap();
    let mut files = project::gather(&root().join("plugins").join(module), &component).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let renumbered = manifest.replacen("version = \"1.0.0\"", &format!("version = \"{version}\""), 1);
    assert_ne!(manifest, renumbered, "the version is another one than this test knows");
    files.insert("plugin.toml".into(), renumbered.into_bytes());
    package::write(&files, None).unwrap()
}

/// Hands on events and runs jobs as a server does, whenever somebody has done a round.
async fn behind(state: AppState, day: Arc<Day>) {
    let worker = state.worker();
    loop {
        let told = day.told.notified();
        if day.over.load(Ordering::Relaxed) {
            return;
        }
        state.plugins.dispatch().await.unwrap();
        state.processes.dispatch().await.unwrap();
        worker.run_due().await.unwrap();
        told.await;
    }
}

/// The people, half of whom have a role of the module.
async fn crowd(app: &mut TestApp, day: &Arc<Day>) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for number in 0..PEOPLE {
        let name = format!("person{number}");
        app.person(0, &name, &["sales_manager"]).await;
        let token = app.companies[0].people[&name].token.clone();
        let worker = Worker { router: app.router(), token, number, day: Arc::clone(day) };
        all.spawn(worker.work());
    }
    all.spawn(behind(app.state.clone(), Arc::clone(day)));
    all
}

async fn comes_and_goes(module: &str, role: &str) {
    let mut app = TestApp::start().await;
    let rounds = (0..PEOPLE).map(|_| AtomicUsize::new(0)).collect();
    let day = Arc::new(Day { rounds, ..Day::default() });
    let mut all = crowd(&mut app, &day).await;
    day.goes_on().await;
    let id = format!("verstak.{module}");
    let at = |what: &str| format!("/plugins/{id}{what}");
    let (admin, requested) = (app.admin(), json!({"grants": "requested"}));
    let send = async |version: &str| {
        let package = numbered(module, version);
        admin.send("POST", "/api/v1/plugins", Some("application/octet-stream"), package).await.ok(201);
        day.goes_on().await;
        admin.post(&at("/enable"), requested.clone()).await.ok(200);
        day.goes_on().await;
    };
    send("1.0.1").await;
    let roles = admin.get("/roles").await.ok(200);
    let named =
        |key: &str| roles["items"].as_array().unwrap().iter().find(|one| one["key"] == key).unwrap()["id"].clone();
    for number in (0..PEOPLE).step_by(2) {
        let path = format!("/users/{}", app.id_of(&format!("person{number}")));
        admin.patch(&path, json!({"roles": [named("sales_manager"), named(role)]})).await.ok(200);
    }
    day.goes_on().await;
    assert!(!app.by("person0").get("/ui").await.ok(200)["surfaces"].as_array().unwrap().is_empty());
    send("1.0.2").await;
    admin.post(&at("/disable"), json!({})).await.ok(200);
    day.goes_on().await;
    assert!(app.by("person0").get("/ui").await.ok(200)["surfaces"].as_array().unwrap().is_empty());
    admin.post(&at("/enable"), requested.clone()).await.ok(200);
    day.goes_on().await;
    assert_eq!(admin.get(&at("/export")).await.status, 200);
    admin.post(&at("/disable"), json!({})).await.ok(200);
    admin.delete(&at("")).await.ok(204);
    day.goes_on().await;
    admin.post(&at("/purge"), json!({})).await.ok(200);
    day.goes_on().await;
    day.over.store(true, Ordering::Relaxed);
    day.told.notify_waiters();
    while let Some(ended) = all.join_next().await {
        ended.unwrap();
    }
    let wrong = std::mem::take(&mut *day.wrong.lock().unwrap());
    assert!(wrong.is_empty(), "{} of many: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_tracking_comes_changes_and_goes_while_fifty_people_work() {
    comes_and_goes("time-tracking", "time_employee").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rollout_comes_changes_and_goes_while_fifty_people_work() {
    comes_and_goes("rollout", "rollout_team").await;
}

#[tokio::test]
async fn a_plan_whose_tasks_are_nobodys_yet_alarms_nobody() {
    let mut app = TestApp::start().await;
    app.person(0, "lena", &["admin"]).await;
    let package = numbered("rollout", "1.0.1");
    app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package).await.ok(201);
    app.admin().post("/plugins/verstak.rollout/enable", json!({"grants": "requested"})).await.ok(200);
    let fields = json!({"title": "Ours", "template": "standard", "lead": app.id_of("lena"), "start": "2026-06-01"});
    app.record("rollout_project", fields).await;
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM task").await, 21);
    let kinds = "SELECT count(*) FROM notification WHERE kind = 'task.unassigned'";
    assert_eq!(app.count(kinds).await, 0);
    app.finish().await;
}
