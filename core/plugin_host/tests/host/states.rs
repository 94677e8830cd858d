//! Installed, enabled, running: what happens when a node cannot load what a company has enabled, and whose settings count.

use std::path::Path;
use std::time::Duration;

use kernel::child::{ChildCommand, ChildLimits};
use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, Locale, Value};
use plugin_host::dev::project;
use plugin_host::dev::scene::{Scene, company};
use plugin_host::engine::EngineConfig;
use plugin_host::view::PluginState;
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest, PluginHost};
use records::{Change, Records, WriteOptions};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use crate::support::{component, database, guest, package};

async fn scene(name: &str) -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&guest(name))).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    (scene, folder)
}

/// What is stored of a package, as another node may find it.
async fn store(scene: &Scene, plugin: &str, bytes: &[u8]) {
    let update = Query::update()
        .table("plugin_version")
        .value("package", bytes.to_vec())
        .and_where(Expr::col("plugin").eq(plugin))
        .to_owned();
    let tx = scene.db.begin().await.unwrap();
    tx.execute(&update).await.unwrap();
    tx.commit().await.unwrap();
}

/// Another node on the database of the scene: its records, and the plugins that watch over them.
fn node(scene: &Scene) -> (Records, PluginHost) {
    let records = Records::new(&scene.db, &scene.env);
    let host = PluginHost::new(&records, &scene.tasks, &scene.processes, HostConfig::default()).unwrap();
    (records, host)
}

/// Another node whose compiler notes that it was asked, and fails when it may end.
fn slow_node(scene: &Scene, folder: &Path) -> (Records, PluginHost) {
    let script = format!(
        "cat > /dev/null; echo x >> {0}/asked; until [ -e {0}/go ]; do sleep 0.02; done; exit 1",
        folder.display()
    );
    std::fs::write(folder.join("compiler"), script).unwrap();
    let compiler = ChildCommand {
        program: "/bin/sh".into(),
        command: folder.join("compiler").display().to_string(),
        limits: ChildLimits { memory: 1 << 30, seconds: 60 },
    };
    let engine = EngineConfig { cache: Some(folder.join("code")), compiler: Some(compiler), ..EngineConfig::default() };
    let records = Records::new(&scene.db, &scene.env);
    let config = HostConfig { engine, ..HostConfig::default() };
    let host = PluginHost::new(&records, &scene.tasks, &scene.processes, config).unwrap();
    (records, host)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_compiled_once_and_holds_nobody_up_who_does_not_need_it() {
    let (scene, _folder) = scene("plain").await;
    let other = async |name: &str| {
        let tenant = company(&scene.db, &scene.env, name, Locale::En).await.unwrap();
        tenant.system_ctx(&scene.env)
    };
    let (with, without) = (other("With").await, other("Without").await);
    scene.host.enable(&with, "test.plain", &Grants::Requested, None).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (records, _node) = slow_node(&scene, folder.path());
    let admin = scene.ctx("admin").await.unwrap();
    let create = async |ctx: &Ctx| {
        let fields = json!({ "title": "Lead" }).as_object().unwrap().clone();
        records.write_one(ctx, "lead", Change::Create { fields }, &WriteOptions::default()).await
    };
    let meanwhile = async {
        while !folder.path().join("asked").exists() {
            tokio::task::yield_now().await;
        }
        // Several, so that the other company that needs it has come to wait for it as well.
        let write = async || {
            for _ in 0..10 {
                create(&without).await?;
            }
            Ok::<_, Error>(())
        };
        let written = tokio::time::timeout(Duration::from_secs(60), write()).await;
        std::fs::write(folder.path().join("go"), "").unwrap();
        written
    };
    let (one, two, third) = tokio::join!(create(&admin), create(&with), meanwhile);
    assert!(third.expect("another company waits for the compiler").is_ok());
    assert!([one, two].iter().all(|refused| refused.as_ref().is_err_and(|error| error.code() == "hook.failed")));
    assert_eq!(std::fs::read_to_string(folder.path().join("asked")).unwrap(), "x\n", "one compilation for both");
}

async fn run(scene: &Scene, node: &PluginHost) -> usize {
    let worker = kernel::jobs::Worker::new(&scene.db, &scene.env, node.handlers());
    scene.settle().await.unwrap();
    node.dispatch().await.unwrap();
    worker.run_due().await.unwrap()
}

async fn create(scene: &Scene, records: &Records) -> Result<records::Record, Error> {
    let fields = json!({ "title": "Lead", "comments": "hello" }).as_object().unwrap().clone();
    let ctx = scene.ctx("admin").await.unwrap();
    let options = WriteOptions::default();
    Ok(records.write_one(&ctx, "lead", Change::Create { fields }, &options).await?.record)
}

/// A package whose manifest is understood and whose component is not.
fn broken(name: &str) -> Vec<u8> {
    let mut files = project::gather(&guest(name), &component(&guest(name))).unwrap();
    files.insert("component.wasm".to_owned(), b"made for another machine".to_vec());
    plugin_host::package::write(&files, None).unwrap()
}

async fn check_guard(stored: &[u8]) {
    let (scene, _folder) = scene("plain").await;
    let admin = scene.ctx("admin").await.unwrap();
    store(&scene, "test.plain", stored).await;
    let (records, node) = node(&scene);
    let refused = create(&scene, &records).await.unwrap_err();
    let words = refused.message().in_locale(Locale::En);
    assert!(refused.code() == "hook.failed" && words.contains("this server cannot load it"), "{words}");
    let contact = json!({ "last_name": "Ann" }).as_object().unwrap().clone();
    let unguarded = Change::Create { fields: contact };
    assert!(records.write_one(&admin, "contact", unguarded, &WriteOptions::default()).await.is_ok());
    let listed = node.list(&admin).await.unwrap();
    assert_eq!((listed[0].state, listed[0].enabled), (PluginState::Failed, true));
    assert!(listed[0].problem.as_ref().unwrap().contains("this node cannot load test.plain 1.0.0"), "{listed:?}");
    assert_eq!(node.get(&admin, "test.plain").await.unwrap().summary.state, PluginState::Failed);
    let failed = node.failed();
    assert_eq!((failed.len(), failed[0].0.as_str(), failed[0].1.as_str()), (1, "test.plain", "1.0.0"));
    // The cause is gone: the node notices by itself.
    store(&scene, "test.plain", &package(&guest("plain"))).await;
    node.dispatch().await.unwrap();
    assert!(create(&scene, &records).await.is_err(), "not tried again at once");
    scene.clock.advance_seconds(31);
    node.dispatch().await.unwrap();
    assert_eq!(create(&scene, &records).await.unwrap().fields["comments"], Value::Text("hello seen".into()));
    assert_eq!((node.list(&admin).await.unwrap()[0].state, node.failed().len()), (PluginState::Enabled, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_of_a_plugin_that_cannot_be_loaded_stay_closed() {
    check_guard(&broken("plain")).await;
    check_guard(b"not even a package").await;
}

async fn check_events(stored: &[u8]) {
    let (scene, _folder) = scene("listener").await;
    store(&scene, "test.listener", stored).await;
    let (_, node) = node(&scene);
    // On a node that has loaded it before.
    create(&scene, &scene.records).await.unwrap();
    for _ in 0..20 {
        assert!(run(&scene, &node).await >= 1);
        scene.clock.advance_seconds(40);
    }
    let heard = async || {
        let select = Query::select().column("key").from("plugin_kv").and_where(Expr::col("key").like("call/%")).take();
        scene.db.read().query_all(&select).await.unwrap().len()
    };
    assert_eq!(heard().await, 0);
    store(&scene, "test.listener", &package(&guest("listener"))).await;
    scene.clock.advance_seconds(40);
    while run(&scene, &node).await > 0 {}
    assert_eq!(heard().await, 1, "nothing was taken as delivered meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_for_a_plugin_that_cannot_be_loaded() {
    check_events(&broken("listener")).await;
    check_events(b"not even a package").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_and_actions_of_a_plugin_that_cannot_be_loaded_say_so() {
    let (scene, _folder) = scene("hostile").await;
    store(&scene, "test.hostile", &broken("hostile")).await;
    let (_, node) = node(&scene);
    let request = HttpRequest { method: "POST".into(), path: "/nasty".into(), ..HttpRequest::default() };
    let error = node.http(HttpCaller::Public(scene.tenant.id), "test.hostile", request).await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(why) if why.contains("cannot load test.hostile")), "{error:?}");
}

/// The plain guest under another version, with other settings.
fn version(number: &str, setting: &str) -> Vec<u8> {
    let mut files = project::gather(&guest("plain"), &component(&guest("plain"))).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let manifest = manifest.replace("version = \"1.0.0\"", &format!("version = \"{number}\""));
    let setting = format!("[[settings]]\nkey = \"{setting}\"\ntype = \"integer\"\nlabel.en = \"x\"\n");
    files.insert("plugin.toml".to_owned(), format!("{manifest}{setting}").into_bytes());
    plugin_host::package::write(&files, None).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_judged_by_the_version_that_runs() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &version("1.0.0", "old")).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    scene.host.install(&admin, &version("2.0.0", "new")).await.unwrap();
    let set = async |key: &str| scene.host.set_settings(&admin, &id, &[(key.to_owned(), json!(1))].into()).await;
    assert_eq!(set("new").await.unwrap_err().code(), "plugin.settings_invalid");
    set("old").await.unwrap();
    let detail = scene.host.get(&admin, &id).await.unwrap();
    assert_eq!((detail.summary.version.as_str(), detail.summary.available.as_deref()), ("1.0.0", Some("2.0.0")));
    assert_eq!(detail.settings_schema[0].key, "old");
    scene.host.enable(&admin, &id, &Grants::Requested, Some(&Default::default())).await.unwrap();
    assert_eq!(set("old").await.unwrap_err().code(), "plugin.settings_invalid");
    set("new").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_version_with_other_bytes_is_refused() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    scene.host.install(&admin, &version("1.0.0", "one")).await.unwrap();
    scene.host.install(&admin, &version("1.0.0", "one")).await.unwrap();
    let error = scene.host.install(&admin, &version("1.0.0", "two")).await.unwrap_err();
    assert!(error.fields_in(Locale::En)["file"].1.contains("is installed with other contents"), "{error:?}");
}
