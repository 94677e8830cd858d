//! Installing, enabling, settings, and what a failing plugin does to people.

use std::collections::BTreeSet;

use kernel::{Error, Locale, Value};
use plugin_host::dev::project;
use plugin_host::dev::scene::{Scene, company};
use plugin_host::view::PluginState;
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest, PluginHost, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use records::{Change, WriteOptions};
use serde_json::json;

use crate::support::{component, database, guest, package, root};

async fn scene(plugins: &[&str]) -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    for plugin in plugins {
        let id = scene.host.install(&admin, &package(&guest(plugin))).await.unwrap();
        scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    }
    (scene, folder)
}

async fn create(scene: &Scene, comments: &str) -> Result<records::Record, Error> {
    let fields = json!({ "title": "Lead", "comments": comments });
    let change = Change::Create { fields: fields.as_object().unwrap().clone() };
    let ctx = scene.ctx("admin").await.unwrap();
    Ok(scene.records.write_one(&ctx, "lead", change, &WriteOptions::default()).await?.record)
}

fn refusal(outcome: Result<records::Record, Error>) -> (String, String) {
    let error = outcome.unwrap_err();
    (error.code().to_owned(), error.message().in_locale(Locale::En))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_outside_the_grant_is_refused() {
    let (scene, _folder) = scene(&["hostile"]).await;
    let patched = create(&scene, "patch comments").await.unwrap();
    assert_eq!(patched.fields["comments"], Value::Text("patched".into()));
    for (order, field) in [("patch title", "title"), ("patch number", "number")] {
        let (code, words) = refusal(create(&scene, order).await);
        assert_eq!(code, "hook.failed");
        assert!(words.contains(&format!("sets `{field}`")), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_names_the_plugin_and_opens_the_breaker() {
    let (scene, _folder) = scene(&["hostile"]).await;
    let admin = scene.ctx("admin").await.unwrap();
    for _ in 0..5 {
        let (code, words) = refusal(create(&scene, "trap").await);
        assert_eq!(code, "hook.failed");
        assert!(words.contains("Hostile") && words.contains("crashed"), "{words}");
    }
    let (_, words) = refusal(create(&scene, "be good").await);
    assert!(words.contains("switched off for a while"), "{words}");
    assert_eq!(scene.host.list(&admin).await.unwrap()[0].state, PluginState::Failing);
    scene.clock.advance_seconds(31);
    assert!(create(&scene, "be good").await.is_ok(), "the probe");
    assert_eq!(scene.host.list(&admin).await.unwrap()[0].state, PluginState::Enabled);
    let logs = scene.host.logs(&admin, "test.hostile", None, None).await.unwrap();
    assert!(logs.iter().any(|line| line.message.contains("on purpose") && line.point == "hook:nasty"));
    let cost = scene.host.cost(&admin, "test.hostile").await.unwrap();
    assert_eq!((cost[0].calls, cost[0].failures), (6, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_three_times_in_an_hour_stops_the_point() {
    let (scene, _folder) = scene(&["hostile"]).await;
    let admin = scene.ctx("admin").await.unwrap();
    for _ in 0..5 {
        assert!(create(&scene, "trap").await.is_err());
    }
    for pause in [31, 61] {
        scene.clock.advance_seconds(pause);
        assert!(create(&scene, "trap").await.is_err());
    }
    let before = calls(&scene).await;
    let (_, words) = refusal(create(&scene, "be good").await);
    assert!(words.contains("stopped after repeated failures"), "a guard stays closed: {words}");
    assert_eq!(calls(&scene).await, before, "and is not called any more");
    let detail = scene.host.get(&admin, "test.hostile").await.unwrap();
    assert_eq!(serde_json::to_value(detail.hooks[0].breaker).unwrap(), "disabled");
    scene.host.enable(&admin, "test.hostile", &Grants::Requested, None).await.unwrap();
    assert!(create(&scene, "be good").await.is_ok(), "enabling again starts afresh");
}

async fn calls(scene: &Scene) -> i64 {
    let admin = scene.ctx("admin").await.unwrap();
    scene.host.cost(&admin, "test.hostile").await.unwrap().iter().map(|cost| cost.calls).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_retried_and_end_as_dead_letters() {
    let (scene, _folder) = scene(&["hostile"]).await;
    create(&scene, "be good").await.unwrap();
    for _ in 0..20 {
        scene.drain().await.unwrap();
        scene.clock.advance_seconds(3_700);
    }
    let dead = kernel::jobs::dead(scene.db.read(), Some(scene.tenant.id)).await.unwrap();
    assert_eq!((dead.len(), dead[0].kind.as_str()), (1, "plugin.event"));
    let logs = scene.host.logs(&scene.ctx("admin").await.unwrap(), "test.hostile", None, None).await.unwrap();
    assert!(logs.iter().any(|line| line.message.contains("not handled after")), "{logs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_lives_in_the_tenants_that_enabled_it_only() {
    let (scene, _folder) = scene(&["plain"]).await;
    let other = company(&scene.db, &scene.env, "Other", Locale::En).await.unwrap();
    let stranger = other.system_ctx(&scene.env);
    assert!(!scene.host.list(&stranger).await.unwrap()[0].enabled);
    let fields = json!({ "title": "Lead", "comments": "hello" }).as_object().unwrap().clone();
    let written =
        scene.records.write_one(&stranger, "lead", Change::Create { fields }, &WriteOptions::default()).await.unwrap();
    assert_eq!(written.record.fields["comments"], Value::Text("hello".into()));
    assert_eq!(create(&scene, "hello").await.unwrap().fields["comments"], Value::Text("hello seen".into()));
    let admin = scene.ctx("admin").await.unwrap();
    scene.host.disable(&admin, "test.plain").await.unwrap();
    assert_eq!(create(&scene, "hello").await.unwrap().fields["comments"], Value::Text("hello".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_on_the_same_database_is_noticed() {
    let (scene, _folder) = scene(&[]).await;
    let admin = scene.ctx("admin").await.unwrap();
    assert_eq!(create(&scene, "hello").await.unwrap().fields["comments"], Value::Text("hello".into()));
    let other = records::Records::new(&scene.db, &scene.env);
    let other = PluginHost::new(&other, &scene.tasks, &scene.processes, HostConfig::default()).unwrap();
    let id = other.install(&admin, &package(&guest("plain"))).await.unwrap();
    other.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    let mut seen = false;
    for _ in 0..40 {
        seen = create(&scene, "hello").await.unwrap().fields["comments"] == Value::Text("hello seen".into());
        if seen {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_settings_and_uninstalling_are_checked() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::Ru, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&root().join("plugins/lead-desk"))).await.unwrap();
    let some = Grants::Keys(BTreeSet::from(["kv".to_owned(), "files".to_owned()]));
    let error = scene.host.enable(&admin, &id, &some, None).await.unwrap_err();
    let fields = error.fields_in(Locale::En);
    assert!(fields.contains_key("grants.people") && fields.contains_key("grants.files"), "{fields:?}");
    let wrong = [
        ("country".to_owned(), json!("XX")),
        ("follow_up_hours".to_owned(), json!(-1)),
        ("colour".to_owned(), json!(1)),
    ]
    .into();
    let error = scene.host.enable(&admin, &id, &Grants::Requested, Some(&wrong)).await.unwrap_err();
    assert_eq!(error.fields_in(Locale::En).len(), 3);
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    let detail = scene.host.get(&admin, &id).await.unwrap();
    assert_eq!(detail.summary.title, "Приём лидов");
    assert_eq!(detail.settings["country"], "RU");
    assert!(detail.permissions.iter().all(|permission| permission.granted && !permission.reason.is_empty()));
    assert_eq!(scene.host.uninstall(&admin, &id).await.unwrap_err().code(), "plugin.in_use");
    scene.host.disable(&admin, &id).await.unwrap();
    scene.host.uninstall(&admin, &id).await.unwrap();
    assert!(matches!(scene.host.get(&admin, &id).await.unwrap_err(), Error::NotFound(_)));
    let mut nobody = admin.clone();
    nobody.rights = std::sync::Arc::default();
    assert!(matches!(scene.host.list(&nobody).await.unwrap_err(), Error::Denied(_)));
}

/// The hostile component under another manifest.
async fn check_install(manifest: &str, expected: &str) {
    let (scene, _folder) = scene(&[]).await;
    let mut files = project::gather(&guest("hostile"), &component(&guest("hostile"))).unwrap();
    files.insert("plugin.toml".to_owned(), manifest.as_bytes().to_vec());
    let bytes = plugin_host::package::write(&files, None).unwrap();
    let error = scene.host.install(&scene.ctx("admin").await.unwrap(), &bytes).await.unwrap_err();
    let words = error.fields_in(Locale::En)["file"].1.clone();
    assert!(words.contains(expected), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn component_and_manifest_must_agree() {
    let manifest = std::fs::read_to_string(guest("hostile").join("plugin.toml")).unwrap();
    let without = |part: &str| {
        assert!(manifest.contains(part));
        manifest.replace(part, "")
    };
    check_install(&without("[permissions.kv]\nreason.en = \"To be nasty.\"\n"), "does not ask for the permission `kv`")
        .await;
    check_install(
        &without("[permissions.tasks]\nactions = [\"read\", \"complete\", \"create\"]\nreason.en = \"To be nasty.\"\n"),
        "does not ask for the permission `tasks`",
    )
    .await;
    let (before_conditions, _) = manifest.split_once("[[conditions]]").unwrap();
    check_install(before_conditions, "exports `conditions`, the manifest declares none").await;
    check_install(
        &without("[[events]]\nid = \"created\"\non = [\"lead.created\"]\n"),
        "exports `events`, the manifest declares none",
    )
    .await;
    check_install(
        &manifest.replacen("title.en", "lifecycle = true\ntitle.en", 1),
        "declares lifecycle, the component does not export",
    )
    .await;
    check_install(&manifest.replace("entity = \"lead\"", "entity = \"deal\""), "hooks[0].entity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_guarded() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    for folder in [guest("hostile"), root().join("plugins/lead-desk")] {
        let id = scene.host.install(&admin, &package(&folder)).await.unwrap();
        scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    }
    let post = |path: &str, body: &str, headers: Vec<(String, String)>| HttpRequest {
        method: "POST".into(),
        path: path.into(),
        body: body.into(),
        headers,
        query: Vec::new(),
    };
    let public = HttpCaller::Public(scene.tenant.id);
    let html = scene.host.http(public, "test.hostile", post("/nasty", "html", vec![])).await.unwrap();
    assert!(html.headers.contains(&("content-type".into(), "application/octet-stream".into())));
    assert!(scene.host.http(public, "test.hostile", post("/nasty", "status", vec![])).await.is_err());
    assert!(matches!(
        scene.host.http(public, "test.hostile", post("/other", "", vec![])).await.unwrap_err(),
        Error::NotFound(_)
    ));
    assert!(matches!(
        scene.host.http(public, "test.hostile", post("/nasty", &"x".repeat(70_000), vec![])).await.unwrap_err(),
        Error::TooLarge(_)
    ));
    assert!(matches!(
        scene.host.http(public, "test.hostile", post("/nasty", "loop", vec![])).await.unwrap_err(),
        Error::Unavailable(_)
    ));

    let secret = scene.host.get(&admin, "verstak.lead-desk").await.unwrap().secret.unwrap();
    let at = (scene.env.now().micros() / 1_000_000).to_string();
    let body = json!({ "name": "Ann", "email": "ann@example.com" }).to_string();
    let signed = |signature: String, at: &str| {
        post("/web-form", &body, vec![(SIGNATURE_HEADER.into(), signature), (TIMESTAMP_HEADER.into(), at.into())])
    };
    let good = sign(&secret, &at, body.as_bytes());
    let call = |request| scene.host.http(public, "verstak.lead-desk", request);
    assert!(matches!(
        call(signed(sign("guess", &at, body.as_bytes()), &at)).await.unwrap_err(),
        Error::Unauthenticated
    ));
    assert_eq!(call(signed(good.clone(), &at)).await.unwrap().status, 201);
    assert!(matches!(call(signed(good.clone(), &at)).await.unwrap_err(), Error::Unauthenticated), "a replay");
    let old = (scene.env.now().micros() / 1_000_000 - 301).to_string();
    assert!(matches!(
        call(signed(sign(&secret, &old, body.as_bytes()), &old)).await.unwrap_err(),
        Error::Unauthenticated
    ));
    assert!(matches!(
        scene
            .host
            .http(HttpCaller::Public(kernel::TenantId(uuid::Uuid::nil())), "verstak.lead-desk", signed(good, &at))
            .await
            .unwrap_err(),
        Error::NotFound(_)
    ));
}
