//! Order of hooks, patches seen by the next, and plugins that set each other off.

use kernel::{Locale, Value};
use plugin_host::bench::HookBench;
use plugin_host::dev::project;
use plugin_host::dev::scene::Scene;
use plugin_host::{Grants, HostConfig};
use records::{Change, WriteOptions};
use serde_json::json;

use crate::support::{component, database, guest, package};

/// A guest under another id, with changes to its manifest.
fn renamed(name: &str, id: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut files = project::gather(&guest(name), &component(&guest(name))).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap().replace(&format!("test.{name}"), id);
    files.insert("plugin.toml".to_owned(), change(manifest).into_bytes());
    plugin_host::package::write(&files, None).unwrap()
}

async fn scene(packages: &[Vec<u8>]) -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    for package in packages {
        let id = scene.host.install(&admin, package).await.unwrap();
        scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    }
    (scene, folder)
}

async fn create(scene: &Scene, comments: &str) -> kernel::Result<records::Record> {
    let fields = json!({ "title": "Lead", "comments": comments }).as_object().unwrap().clone();
    let ctx = scene.ctx("admin").await?;
    Ok(scene.records.write_one(&ctx, "lead", Change::Create { fields }, &WriteOptions::default()).await?.record)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hook_sees_the_patches_of_those_before_it() {
    // The hostile one obeys the comment only if the plain one has not marked it yet.
    let (first, _one) = scene(&[
        renamed("plain", "test.plain", |m| m.replace("operations =", "order = 1\noperations =")),
        package(&guest("hostile")),
    ])
    .await;
    assert_eq!(
        create(&first, "patch comments").await.unwrap().fields["comments"],
        Value::Text("patch comments seen".into())
    );
    let (last, _two) = scene(&[
        renamed("plain", "test.plain", |m| m.replace("operations =", "order = 2000\noperations =")),
        package(&guest("hostile")),
    ])
    .await;
    assert_eq!(create(&last, "patch comments").await.unwrap().fields["comments"], Value::Text("patched seen".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_keep_hooks_from_being_called() {
    let (scene, _folder) = scene(&[renamed("plain", "test.plain", |m| {
        m.replace("operations =", "when = \"fields.comments.startsWith('call')\"\noperations =")
    })])
    .await;
    assert_eq!(create(&scene, "call me").await.unwrap().fields["comments"], Value::Text("call me seen".into()));
    assert_eq!(create(&scene, "leave me").await.unwrap().fields["comments"], Value::Text("leave me".into()));
    let admin = scene.ctx("admin").await.unwrap();
    assert_eq!(scene.host.cost(&admin, "test.plain").await.unwrap()[0].calls, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_that_set_each_other_off_are_stopped_with_the_chain() {
    let packages = ["test.a", "test.b"].map(|id| {
        renamed("hostile", id, |m| {
            m.replace("[permissions.records.lead]", "[permissions]\nrun_as = \"plugin\"\n[permissions.records.lead]")
        })
    });
    let (scene, _folder) = scene(&packages).await;
    create(&scene, "be good").await.unwrap();
    let started = tokio::time::Instant::now();
    // a writes to a record, b answers with a write, a answers ... Every write is refused by the end of the chain.
    let error = create(&scene, "write in a loop").await.unwrap_err();
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
    let admin = scene.ctx("admin").await.unwrap();
    let logs = scene.host.logs(&admin, "test.a", None, None).await.unwrap();
    let chain =
        logs.iter().find(|line| line.message.contains("in a loop: test.a:nasty -> test.b:nasty -> test.a:nasty"));
    assert!(chain.is_some(), "{error:?} {logs:#?}");
    assert!(create(&scene, "be good").await.is_ok() || create(&scene, "be good").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_one_call() {
    let (scene, _folder) = scene(&[package(&guest("plain"))]).await;
    let changes = (0..450)
        .map(|n| Change::Create { fields: json!({ "title": format!("Lead {n}") }).as_object().unwrap().clone() });
    let admin = scene.ctx("admin").await.unwrap();
    let written = scene.records.write(&admin, "lead", changes.collect(), &WriteOptions::default()).await.unwrap();
    assert!(written.iter().all(|one| one.as_ref().unwrap().record.fields["comments"] == Value::Text(" seen".into())
        || one.as_ref().unwrap().record.fields["comments"] == Value::Text("seen".into())));
    assert_eq!(scene.host.cost(&admin, "test.plain").await.unwrap()[0].calls, 3, "200 + 200 + 50");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_runs() {
    let (db, _folder) = database().await;
    let bench = HookBench::new(db, &[package(&guest("plain"))]).await.unwrap();
    let times = bench.run(200).await.unwrap();
    println!("{times:?}");
    assert!(times.p50 <= times.p99);
}
