//! Routes do not outlive their plugin: whatever becomes of it, and whoever calls at that very moment.

use plugin_host::dev::project;
use plugin_host::package;
use serde_json::json;

use super::install;
use crate::app::{TestApp, root};

const PLUGIN: &str = "test.hostile";
const HOOK: &str = "/hooks/acme/test.hostile/nasty";
const INSIDE: &str = "/api/v1/plugins/test.hostile/http/nasty";

/// The hostile guest under a number, its route asked for by this method.
fn hostile(version: &str, method: &str) -> Vec<u8> {
    let folder = root().join("core/plugin_host/tests/guests/hostile");
    let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
    let mut files = project::gather(&folder, &component).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let manifest = manifest.replace("version = \"1.0.0\"", &format!("version = \"{version}\""));
    let manifest = manifest.replace("method = \"POST\"", &format!("method = \"{method}\""));
    files.insert("plugin.toml".into(), manifest.into_bytes());
    package::write(&files, None).unwrap()
}

async fn switched(app: &TestApp, how: &str, version: Option<&str>) {
    let body = if how == "enable" { json!({"grants": "requested", "version": version}) } else { json!({}) };
    app.admin().post(&format!("/plugins/{PLUGIN}/{how}"), body).await.ok(200);
}

/// What both doors of the route say.
async fn says(app: &TestApp, status: u16) {
    for (client, door) in [(app.stranger(), HOOK), (app.admin(), INSIDE)] {
        let answer = client.send("POST", door, Some("application/json"), b"be good".to_vec()).await;
        assert_eq!(answer.status.as_u16(), status, "{door}: {}", answer.text());
        if status == 404 {
            answer.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_route_is_there_while_a_version_that_has_it_runs() {
    let mut app = TestApp::start().await;
    says(&app, 404).await;
    install(&app, hostile("1.0.0", "POST")).await.ok(201);
    // Installed is not enabled.
    says(&app, 404).await;
    switched(&app, "enable", None).await;
    says(&app, 200).await;
    // Nobody else's company has it.
    let other = app.add_company("Other", kernel::Locale::En).await;
    let kind = Some("application/json");
    app.stranger().send("POST", &HOOK.replace("acme", "other"), kind, vec![]).await.problem(404, "not_found");
    app.by_of(other, "admin").send("POST", INSIDE, kind, vec![]).await.problem(404, "not_found");
    // A version that has it no more takes it away, one before brings it back.
    install(&app, hostile("1.1.0", "PUT")).await.ok(201);
    says(&app, 200).await;
    switched(&app, "enable", Some("1.1.0")).await;
    says(&app, 404).await;
    switched(&app, "enable", Some("1.0.0")).await;
    says(&app, 200).await;
    switched(&app, "disable", None).await;
    says(&app, 404).await;
    switched(&app, "enable", Some("1.0.0")).await;
    says(&app, 200).await;
    switched(&app, "disable", None).await;
    switched(&app, "purge", None).await;
    says(&app, 404).await;
    assert_eq!(app.admin().delete(&format!("/plugins/{PLUGIN}")).await.status, 204);
    says(&app, 404).await;
    // Another of the same name is not switched on by what was there before.
    install(&app, hostile("1.0.0", "POST")).await.ok(201);
    says(&app, 404).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn calls_under_way_end_and_none_begins_when_its_plugin_is_off() {
    let app = TestApp::start().await;
    install(&app, hostile("1.0.0", "POST")).await.ok(201);
    let inside = INSIDE.trim_start_matches("/api/v1");
    let admin = app.admin();
    for how in ["disable", "purge"] {
        switched(&app, "enable", None).await;
        let calls: Vec<_> = (0..20).map(|_| admin.begin(inside, &json!("be good"))).collect();
        switched(&app, "disable", None).await;
        if how == "purge" {
            switched(&app, how, None).await;
        }
        says(&app, 404).await;
        for answer in futures::future::join_all(calls).await {
            let answer = answer.unwrap();
            assert!([200, 404].contains(&answer.status.as_u16()), "{how}: {}", answer.text());
        }
        says(&app, 404).await;
    }
    app.drain().await;
    app.finish().await;
}
