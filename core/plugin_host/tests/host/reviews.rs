//! What an admin sees and decides before another version runs: differences of permissions, names that fit nothing.

use std::collections::BTreeSet;

use kernel::{Error, Locale};
use plugin_host::dev::project;
use plugin_host::dev::scene::Scene;
use plugin_host::view::PluginDetail;
use plugin_host::{Grants, HostConfig};
use serde_json::json;

use crate::support::{component, database, guest};

/// The plain guest under another number, with its manifest changed.
fn plain(number: &str, edit: impl Fn(String) -> String) -> Vec<u8> {
    let mut files = project::gather(&guest("plain"), &component(&guest("plain"))).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let manifest = edit(manifest.replace("version = \"1.0.0\"", &format!("version = \"{number}\"")));
    files.insert("plugin.toml".to_owned(), manifest.into_bytes());
    plugin_host::package::write(&files, None).unwrap()
}

fn wider(manifest: String) -> String {
    let kv = "[permissions.kv]\nreason.en = \"To keep.\"\n[permissions.records.lead]\nactions = [\"delete\"]";
    manifest.replace("[permissions.records.lead]", kv)
}

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    (Scene::new(db, Locale::En, HostConfig::default()).await.unwrap(), folder)
}

fn changes(detail: &PluginDetail) -> Vec<(String, serde_json::Value)> {
    let update = detail.update.as_ref().unwrap();
    update.permissions.iter().map(|one| (one.key.clone(), json!(one.change))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_permission_keeps_the_old_version_running_until_it_is_approved() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &plain("1.0.0", |m| m)).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    assert!(scene.host.get(&admin, &id).await.unwrap().update.is_none());
    scene.host.install(&admin, &plain("2.0.0", wider)).await.unwrap();
    let detail = scene.host.get(&admin, &id).await.unwrap();
    assert_eq!(detail.summary.version, "1.0.0");
    assert_eq!(detail.permissions.len(), 1, "what runs is shown as it is");
    let update = detail.update.as_ref().unwrap();
    assert_eq!((update.version.as_str(), update.replaces.as_str(), update.asks_more), ("2.0.0", "1.0.0", true));
    assert_eq!(changes(&detail), [("records.lead".to_owned(), json!("wider")), ("kv".to_owned(), json!("new"))]);
    assert!(update.permissions[0].title.contains("deletes records"), "{:?}", update.permissions);
    let named = Grants::Keys(BTreeSet::from(["kv".to_owned(), "records.lead".to_owned()]));
    for grants in [Grants::Requested, named] {
        let error = scene.host.enable(&admin, &id, &grants, None).await.unwrap_err();
        assert_eq!(error.code(), "plugin.review_needed");
        assert!(error.fields_in(Locale::En).contains_key("grants.records.lead"), "{error:?}");
        assert_eq!(scene.host.get(&admin, &id).await.unwrap().summary.version, "1.0.0");
    }
    // Off and on again is no way around it.
    scene.host.disable(&admin, &id).await.unwrap();
    assert_eq!(
        scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap_err().code(),
        "plugin.review_needed"
    );
    let seen = |version: &str| Grants::Seen { version: version.to_owned(), keys: None };
    scene.host.enable(&admin, &id, &seen("2.0.0"), None).await.unwrap();
    let detail = scene.host.get(&admin, &id).await.unwrap();
    assert!(detail.summary.version == "2.0.0" && detail.permissions.iter().all(|one| one.granted));
    // Back again: less is asked for, and the newest is offered with what would be more.
    scene.host.enable(&admin, &id, &seen("1.0.0"), None).await.unwrap();
    assert!(scene.host.get(&admin, &id).await.unwrap().update.unwrap().asks_more);
    assert!(matches!(scene.host.enable(&admin, &id, &seen("3.0.0"), None).await.unwrap_err(), Error::NotFound(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_asks_for_no_more_needs_no_review() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &plain("1.0.0", wider)).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    scene.host.install(&admin, &plain("2.0.0", |m| m)).await.unwrap();
    let detail = scene.host.get(&admin, &id).await.unwrap();
    assert!(!detail.update.as_ref().unwrap().asks_more);
    assert_eq!(changes(&detail), [("records.lead".to_owned(), json!("narrower")), ("kv".to_owned(), json!("gone"))]);
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    assert_eq!(scene.host.get(&admin, &id).await.unwrap().summary.version, "2.0.0");
}

async fn check_refused(edit: impl Fn(String) -> String, expected: &str) {
    let bytes = plain("1.0.0", edit);
    let checked = project::check(&bytes).await.unwrap_err().to_string();
    assert!(checked.contains(expected), "plugin check: {checked}");
    let (scene, _folder) = scene().await;
    let error = scene.host.install(&scene.ctx("admin").await.unwrap(), &bytes).await.unwrap_err();
    let words = error.fields_in(Locale::En)["file"].1.clone();
    assert!(words.contains(expected), "install: {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn misspelt_names_are_refused_with_the_nearest_right_one() {
    check_refused(|m| m.replace("lead", "laed"), "no entity `laed`; did you mean `lead`?").await;
    check_refused(|m| m.replace("\"comments\"", "\"coments\""), "`coments`; did you mean `comments`?").await;
    let coment = |m: String| m.replace("id = \"comment\"", "id = \"coment\"");
    check_refused(coment, "the hook `coment`, which the component does not have; did you mean `comment`?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn own_entities_of_a_company_are_judged_where_they_are() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let bytes = plain("1.0.0", |m| m.replace("write = [\"comments\"]", "write = [\"comments\", \"x_flor\"]"));
    let id = scene.host.install(&admin, &bytes).await.unwrap();
    let error = scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap_err();
    assert!(error.fields_in(Locale::En)["manifest"].1.contains("no field of lead `x_flor`"), "{error:?}");
}
