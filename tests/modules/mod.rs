//! Modules: what plugins declare of a company's catalogue, in the whole product. The example `leave-requests`, and the same
//! component with other manifests.

mod acceptance;
mod catalogue;
mod constraints;
mod doors;
mod expressions;
mod frames;
mod gates;
mod hostile;
mod laid;
mod lifecycle;
mod outlived;
mod pages;
mod papers;
mod public;
mod purge;
mod replays;
mod roles;
mod rollout;
mod scripts;
mod upgrade;

use std::sync::OnceLock;

use plugin_host::dev::project;
use plugin_host::package::{self, Files};
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, root};

/// Id of the plugin.
pub const LEAVE: &str = "verstak.leave-requests";
/// Its entity.
pub const REQUEST: &str = "leave_request";

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = root().join("examples/leave-requests");
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::gather(&folder, &component).unwrap()
    })
}

/// The package of the example under a number, with its manifest changed and more texts.
pub fn leave(version: &str, edit: impl Fn(String) -> String, texts: &[&str]) -> Vec<u8> {
    let mut files = files().clone();
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    let manifest = edit(text("plugin.toml").replace("version = \"1.2.0\"", &format!("version = \"{version}\"")));
    let more: Vec<(String, String)> = ["en", "ru", "uk"]
        .map(|locale| {
            let path = format!("i18n/{locale}.toml");
            let more: String = texts.iter().map(|key| format!("\"{key}\" = \"{key} {locale}\"\n")).collect();
            (path.clone(), text(&path) + &more)
        })
        .into();
    // Its page is about whatever the entity is called now.
    let entity = manifest.split("[[entities]]\nkey = \"").nth(1).and_then(|rest| rest.split('"').next());
    let page = text("ui/leave.toml").replace(REQUEST, entity.unwrap_or(REQUEST));
    files.insert("ui/leave.toml".into(), page.into_bytes());
    files.insert("plugin.toml".into(), manifest.into_bytes());
    files.extend(more.into_iter().map(|(path, text)| (path, text.into_bytes())));
    package::write(&files, None).unwrap()
}

pub async fn install(app: &TestApp, package: Vec<u8>) -> Answer {
    app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package).await
}

pub async fn enable(app: &TestApp) -> Answer {
    app.admin().post(&format!("/plugins/{LEAVE}/enable"), json!({"grants": "requested"})).await
}

pub async fn disable(app: &TestApp) {
    app.admin().post(&format!("/plugins/{LEAVE}/disable"), json!({})).await.ok(200);
}

/// Installs a version and lets the company run it.
pub async fn run(app: &TestApp, package: Vec<u8>) {
    install(app, package).await.ok(201);
    enable(app).await.ok(200);
}

/// The same with a version that asks for more, looked at by an administrator.
pub async fn run_seen(app: &TestApp, package: Vec<u8>, version: &str) {
    install(app, package).await.ok(201);
    let seen = json!({"grants": "requested", "version": version});
    app.admin().post(&format!("/plugins/{LEAVE}/enable"), seen).await.ok(200);
}

/// An app whose first company asks for leave: `ann` and `bob` ask, `ian` decides.
pub async fn office() -> TestApp {
    let mut app = TestApp::start().await;
    run(&app, leave("1.0.0", |manifest| manifest, &[])).await;
    staff(&mut app).await;
    app
}

/// People with the roles that the plugin has brought.
pub async fn staff(app: &mut TestApp) {
    let roles = app.admin().get("/roles").await.ok(200);
    for key in ["leave_employee", "leave_head"] {
        let role = roles["items"].as_array().unwrap().iter().find(|role| role["key"] == key).unwrap();
        app.know_role(key, role["id"].as_str().unwrap().parse().unwrap());
    }
    for (name, role) in [("ann", "leave_employee"), ("bob", "leave_employee"), ("ian", "leave_head")] {
        app.person(0, name, &[role]).await;
    }
}

/// A request from one day of March 2026 to another.
pub fn days(from: u32, to: u32) -> Value {
    json!({"starts": format!("2026-03-{from:02}"), "ends": format!("2026-03-{to:02}")})
}
