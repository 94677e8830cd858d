//! Plugins that ask whom modules are on for, and hear of changes.

use std::collections::BTreeSet;

use kernel::{Error, Locale, UserId};
use people::department::{self, DepartmentInput};
use plugin_host::dev::scene::Scene;
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest};
use uuid::Uuid;

use crate::support::{database, guest, package};

const PLUGIN: &str = "test.gates";

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let mut scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    for name in ["ann", "bob"] {
        scene.user(name, &["sales_manager"]).await.unwrap();
    }
    scene.begin();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&guest("gates"))).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    (scene, folder)
}

async fn department(scene: &Scene, name: &str, parent: Option<Uuid>, member: Option<Uuid>) -> Uuid {
    let input = DepartmentInput { name: name.to_owned(), parent_id: parent, head_id: None, head_ids: None };
    let made = department::create(&scene.db, &scene.system(), &input).await.unwrap();
    if let Some(member) = member {
        let patch = people::user::UserPatch { department_id: Some(Some(made.id)), ..Default::default() };
        people::user::update(&scene.db, &scene.system(), UserId(member), &patch).await.unwrap();
    }
    made.id
}

async fn ask(scene: &Scene, name: &str, query: &[(&str, String)]) -> kernel::Result<String> {
    let ctx = scene.ctx(name).await.unwrap();
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let request = HttpRequest { method: "GET".into(), path: "/who".into(), query, ..HttpRequest::default() };
    let answer = scene.host.http(HttpCaller::User(&ctx), PLUGIN, request).await?;
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    Ok(said["said"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_asks_whom_it_and_others_are_on_for_and_hears_of_changes() {
    let (scene, _folder) = scene().await;
    let (ann, bob) = (scene.users["ann"], scene.users["bob"]);
    let field = department(&scene, "Field", None, None).await;
    department(&scene, "North", Some(field), Some(ann)).await;
    department(&scene, "Office", None, Some(bob)).await;
    let both = format!("{ann},{bob},{}", Uuid::nil());
    let of = |plugin: &str| [("plugin", plugin.to_owned()), ("people", both.clone())];
    assert_eq!(ask(&scene, "bob", &[]).await.unwrap(), "everybody");
    assert_eq!(ask(&scene, "bob", &of(PLUGIN)).await.unwrap(), format!("{ann},{bob}"));
    assert_eq!(ask(&scene, "bob", &of("acme.nothing")).await.unwrap(), "");
    let admin = scene.ctx("admin").await.unwrap();
    scene.host.set_gate(&admin, PLUGIN, &Some(BTreeSet::from([field])), None).await.unwrap();
    assert_eq!(ask(&scene, "ann", &[]).await.unwrap(), field.to_string());
    assert_eq!(ask(&scene, "ann", &of(PLUGIN)).await.unwrap(), ann.to_string());
    assert_eq!(ask(&scene, "ann", &[("one", bob.to_string())]).await.unwrap(), "false");
    assert_eq!(ask(&scene, "ann", &[("one", ann.to_string())]).await.unwrap(), "true");
    assert!(ask(&scene, "ann", &[("one", "nobody".to_owned())]).await.unwrap().starts_with("invalid"));
    let many = vec![ann.to_string(); 201].join(",");
    let many = [("plugin", PLUGIN.to_owned()), ("people", many)];
    assert!(ask(&scene, "ann", &many).await.unwrap().starts_with("limit: more than 200 people"));
    // Its routes for people are not there outside, with or without rights.
    for name in ["bob", "admin"] {
        assert!(matches!(ask(&scene, name, &[]).await, Err(Error::NotFound(_))), "{name}");
    }
    scene.host.set_gate(&admin, PLUGIN, &None, None).await.unwrap();
    scene.drain().await.unwrap();
    scene.host.flush().await.unwrap();
    let mut lines = scene.host.logs(&admin, PLUGIN, None, None).await.unwrap();
    lines.reverse();
    let heard: Vec<String> = lines.into_iter().map(|line| line.message).filter(|line| line.contains("heard")).collect();
    // Whoever changed it: the administrator is outside the first.
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].contains("gate.changed gate") && heard[0].contains(&field.to_string()), "{heard:?}");
    assert!(heard[1].contains("departments=Value::Null"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_nothing_is_told_of_gates() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let mut files =
        plugin_host::dev::project::gather(&guest("gates"), &crate::support::component(&guest("gates"))).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let manifest = manifest.replace("[permissions.gates]\nreason.en = \"To say whom it is on for.\"\n", "");
    files.insert("plugin.toml".to_owned(), manifest.into_bytes());
    let refused = scene.host.install(&admin, &plugin_host::package::write(&files, None).unwrap()).await.unwrap_err();
    let words = format!("{:?}", refused.fields_in(Locale::En));
    assert!(words.contains("verstak:people/gates"), "{words}");
}
