//! Events that one plugin publishes and others hear of.

use kernel::Locale;
use plugin_host::dev::project;
use plugin_host::dev::scene::{Scene, company};
use plugin_host::{Grants, HostConfig, package};
use process::runtime::{Service, ServiceCall};
use serde_json::json;
use uuid::Uuid;

use crate::support::{component, database, guest};

const HERALD: &str = "test.herald";
const LISTENER: &str = "test.listens";

/// The guest under another manifest.
fn packed(edit: impl Fn(String) -> String) -> Vec<u8> {
    let folder = guest("herald");
    let mut files = project::gather(&folder, &component(&folder)).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    files.insert("plugin.toml".to_owned(), edit(manifest).into_bytes());
    package::write(&files, None).unwrap()
}

fn listener(name: &str) -> Vec<u8> {
    packed(|manifest| {
        let manifest = manifest.replace(HERALD, LISTENER).replace("prefix = \"herald\"", "");
        let (before, rest) = manifest.split_once("[[publishes]]").unwrap();
        let (_, rest) = rest.split_once("[[events]]").unwrap();
        let manifest = format!("{before}[[events]]{rest}").replace("publish = true", &format!("listen = [\"{name}\"]"));
        manifest.replace("on = [\"herald.news.said\"]", &format!("on = [\"{name}\"]"))
    })
}

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    scene.begin();
    (scene, folder)
}

async fn run(scene: &Scene, package: &[u8]) -> Result<String, String> {
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, package).await.map_err(|error| format!("{:?}", error.fields_in(Locale::En)))?;
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    Ok(id)
}

async fn say(scene: &Scene, order: &str) -> String {
    let call = ServiceCall {
        instance: kernel::InstanceId(Uuid::nil()),
        wait: 7,
        element: "step".to_owned(),
        kind: format!("plugin:{HERALD}/publish"),
        parameters: json!({ "order": order }).as_object().unwrap().clone(),
        subject: None,
        cause: None,
        batch: None,
    };
    let answer = Service::call(&scene.host, &scene.system(), &call).await.unwrap();
    answer["said"].as_str().unwrap().to_owned()
}

/// What a plugin has heard, oldest first.
async fn heard(scene: &Scene, plugin: &str) -> Vec<String> {
    scene.drain().await.unwrap();
    scene.host.flush().await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let mut lines = scene.host.logs(&admin, plugin, None, None).await.unwrap();
    lines.reverse();
    lines.into_iter().map(|line| line.message).filter(|line| line.starts_with("heard ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plugin_hears_what_one_publishes() {
    let (scene, _folder) = scene().await;
    run(&scene, &packed(|manifest| manifest)).await.unwrap();
    run(&scene, &listener("herald.news.said")).await.unwrap();
    assert_eq!(say(&scene, "one").await, "ok");
    let line = "heard herald.news.said Some(Value::Text(\"hello\")) Some(Value::Integer(5)) Some(Value::Json(\"[1]\"))";
    assert_eq!(heard(&scene, LISTENER).await, [line]);
    assert!(heard(&scene, HERALD).await.is_empty(), "nobody hears of their own");
    // Those of one key come in order.
    assert_eq!(say(&scene, "order").await, "ok");
    let numbers: Vec<String> = (0..50).map(|n| format!("Some(Value::Integer({n}))")).collect();
    let lines = heard(&scene, LISTENER).await;
    assert!(lines[1..].iter().zip(&numbers).all(|(line, number)| line.contains(number)), "{lines:#?}");
    assert_eq!(lines.len(), 51);
    // A listener that is disabled hears nothing, also later.
    let admin = scene.ctx("admin").await.unwrap();
    scene.host.disable(&admin, LISTENER).await.unwrap();
    say(&scene, "one").await;
    scene.drain().await.unwrap();
    scene.host.enable(&admin, LISTENER, &Grants::Requested, None).await.unwrap();
    assert_eq!(heard(&scene, LISTENER).await.len(), 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_company_hears_of_it() {
    let (scene, _folder) = scene().await;
    run(&scene, &packed(|manifest| manifest)).await.unwrap();
    run(&scene, &listener("herald.news.said")).await.unwrap();
    let other = company(&scene.db, &scene.env, "Other", Locale::En).await.unwrap();
    let theirs = other.system_ctx(&scene.env);
    for plugin in [HERALD, LISTENER] {
        scene.host.enable(&theirs, plugin, &Grants::Requested, None).await.unwrap();
    }
    assert_eq!(say(&scene, "one").await, "ok");
    assert_eq!(heard(&scene, LISTENER).await.len(), 1);
    let lines = scene.host.logs(&theirs, LISTENER, None, None).await.unwrap();
    assert!(!lines.iter().any(|line| line.message.starts_with("heard ")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_declared_is_refused_whole() {
    let (scene, _folder) = scene().await;
    run(&scene, &packed(|manifest| manifest)).await.unwrap();
    run(&scene, &listener("herald.news.said")).await.unwrap();
    for (order, expected) in [
        ("undeclared", "publishes no `news.sayd`; did you mean `news.said`?"),
        ("foreign", "publishes no `lead.created`"),
        ("missing", "`text` is missing"),
        ("wrong type", "`text` must be a text"),
        ("more", "`other` is not declared"),
        ("no object", "not a JSON object"),
        ("large", "more than 16 KiB"),
        ("many", "more than 200 events"),
        ("half", "`text` is missing"),
    ] {
        let said = say(&scene, order).await;
        assert!(said.contains(expected), "{order}: {said}");
    }
    assert!(heard(&scene, LISTENER).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_checked_against_what_is_installed() {
    let (scene, _folder) = scene().await;
    let refused = run(&scene, &listener("herald.news.said")).await.unwrap_err();
    assert!(refused.contains("install that module first"), "{refused}");
    run(&scene, &packed(|manifest| manifest)).await.unwrap();
    let refused = run(&scene, &listener("herald.news.sayd")).await.unwrap_err();
    assert!(refused.contains("did you mean `herald.news.said`?"), "{refused}");
    run(&scene, &listener("herald.news.said")).await.unwrap();
    let detail = serde_json::to_value(scene.host.get(&scene.ctx("admin").await.unwrap(), LISTENER).await.unwrap());
    assert_eq!(detail.unwrap()["permissions"][0]["title"], "Hears from other modules: herald.news.said");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_ends() {
    let (scene, _folder) = scene().await;
    run(&scene, &packed(|manifest| manifest.replace("id = \"heard\"", "id = \"heard\"\nown_changes = true")))
        .await
        .unwrap();
    say(&scene, "echo").await;
    let lines = heard(&scene, HERALD).await;
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_publishes_in_the_name_of_another() {
    let (scene, _folder) = scene().await;
    run(&scene, &packed(|manifest| manifest)).await.unwrap();
    let refused = run(&scene, &packed(|manifest| manifest.replace(HERALD, "test.other"))).await.unwrap_err();
    assert!(refused.contains("another installed module has the prefix `herald`"), "{refused}");
    for prefix in ["lead", "process"] {
        let edit = |manifest: String| manifest.replace("prefix = \"herald\"", &format!("prefix = \"{prefix}\""));
        let refused = run(&scene, &packed(edit)).await.unwrap_err();
        assert!(refused.contains(&format!("the product has `{prefix}`")), "{refused}");
    }
}
