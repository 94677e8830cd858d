//! Settings of the type secret: sealed where they lie, opened for the wire alone, on every node that has the key and on no other.

use std::path::Path;
use std::sync::Arc;

use kernel::clock::Env;
use kernel::db::{ConnectionTrait, DbOptions};
use kernel::seal::{self, Renewed, SealOptions};
use kernel::{Db, Locale};
use messaging::Mail;
use plugin_host::dev::scene::Scene;
use plugin_host::settings::Settings;
use plugin_host::{Grants, HostConfig, PluginHost, secrets};
use process::runtime::Processes;
use records::Records;
use sea_orm::sea_query::{Expr, Query};
use serde_json::{Value, json};
use tempfile::TempDir;
use work::{Calendars, Tasks};

use crate::support::place;
use crate::web::{PLUGIN, Wire, ask_host, over};

const DONE: &str = "200 content-type hello";
const CLOSED: &str = "unavailable: the secret `token` cannot be opened";

fn of(folder: &Path) -> SealOptions {
    SealOptions { keys: String::new(), file: folder.join("secrets.key") }
}

/// A company with the guest on a database that was told its keys.
async fn sealed() -> (Scene, Arc<Wire>, DbOptions, TempDir) {
    let (db, place, folder) = place().await;
    seal::prepare(&db, &Env::system(), &of(folder.path())).await.unwrap();
    let (scene, wire) = over(db).await;
    (scene, wire, place, folder)
}

/// One more node, or the same one after a restart.
struct Node {
    db: Db,
    host: PluginHost,
    wire: Arc<Wire>,
}

impl Node {
    async fn start(scene: &Scene, place: &DbOptions, keys: &SealOptions) -> Self {
        let db = Db::open(place).await.unwrap();
        seal::prepare(&db, &scene.env, keys).await.unwrap();
        let records = Records::new(&db, &scene.env);
        crm::join(&records);
        let tasks = Tasks::new(&records, &Calendars::new(&db), &Mail::new(&db, &scene.env, None));
        let processes = Processes::new(&records, &tasks);
        let host = PluginHost::new(&records, &tasks, &processes, HostConfig::default()).unwrap();
        let wire = Arc::new(Wire::default());
        host.set_outbound(Arc::<Wire>::clone(&wire));
        Self { db, host, wire }
    }

    /// What the guest says, and what was sent as the secret.
    async fn asks(&self, scene: &Scene) -> (String, Vec<String>) {
        asks(&self.host, &self.wire, scene).await
    }

    async fn renews(&self, scene: &Scene) -> Renewed {
        seal::renew(&self.db, &scene.env, &secrets(&self.db).await.unwrap()).await.unwrap()
    }
}

async fn asks(host: &PluginHost, wire: &Wire, scene: &Scene) -> (String, Vec<String>) {
    let said = ask_host(host, &scene.system(), "secrets", "").await;
    let headers = wire.sent().into_iter().flat_map(|(_, headers)| headers);
    (said, headers.filter(|(name, _)| name == "x-key").map(|(_, value)| value).collect())
}

fn sent(secret: &str) -> (String, Vec<String>) {
    (DONE.to_owned(), vec![secret.to_owned()])
}

/// Settings as the database has them.
async fn raw(db: &Db) -> String {
    let text = Query::select().expr(Expr::cust("CAST(settings AS TEXT)")).from("plugin_tenant").to_owned();
    db.read().query_one(&text).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn overwrite(db: &Db, settings: &Value) {
    let update = format!("UPDATE plugin_tenant SET settings = '{settings}'");
    db.for_migrations().execute_unprepared(&update).await.unwrap();
}

fn settings(pairs: Value) -> Settings {
    serde_json::from_value(pairs).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_settings_lie_sealed_and_nothing_tells_them() {
    let (scene, wire, _place, _folder) = sealed().await;
    let (admin, host) = (scene.ctx("admin").await.unwrap(), &scene.host);
    let lies = raw(&scene.db).await;
    assert!(lies.contains("sealed:1:") && !lies.contains("s3cret"), "{lies}");
    assert_eq!(asks(host, &wire, &scene).await, sent("s3cret"));
    // Neither the portal nor who takes the module's data along reads them, sealed or not.
    let shown = host.get(&admin, PLUGIN).await.unwrap();
    assert_eq!(shown.settings, settings(json!({"open": "plain"})));
    let mut export = host.export(&admin, PLUGIN).await.unwrap();
    let head = host.next_lines(&mut export).await.unwrap().unwrap().remove(0);
    assert_eq!((&head["settings"], &head["asked_anew"]), (&json!({}), &json!(["token"])));
    for text in [serde_json::to_string(&shown).unwrap(), head.to_string()] {
        assert!(!text.contains("s3cret") && !text.contains("sealed:"), "{text}");
    }

    // A form comes back without them; one that is as long as it may be stays as well.
    let long = "x".repeat(10_000);
    for (form, expected) in [
        (json!({"open": "other"}), sent("s3cret")),
        (json!({"token": "t0ken"}), sent("t0ken")),
        (json!({"token": "", "open": "other"}), ("unavailable: nobody has set the secret `token`".to_owned(), vec![])),
        (json!({"token": "t0ken"}), sent("t0ken")),
    ] {
        host.set_settings(&admin, PLUGIN, &settings(form)).await.unwrap();
        let lies = raw(&scene.db).await;
        assert!(!lies.contains("s3cret") && !lies.contains("t0ken"), "{lies}");
        assert_eq!(asks(host, &wire, &scene).await, expected);
    }
    host.set_settings(&admin, PLUGIN, &settings(json!({"token": long}))).await.unwrap();
    let lies = raw(&scene.db).await;
    host.set_settings(&admin, PLUGIN, &Settings::new()).await.unwrap();
    host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
    assert!(raw(&scene.db).await == lies && lies.len() > long.len(), "what stays is not sealed again");
    let refused = host.set_settings(&admin, PLUGIN, &settings(json!({"token": long + "x"}))).await.unwrap_err();
    assert!(refused.fields_in(Locale::En).contains_key("settings.token"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lay_clear_is_sealed_and_opens_after_a_restart_and_another_key() {
    let (scene, _wire, place, folder) = sealed().await;
    let keys = of(folder.path());
    let admin = scene.ctx("admin").await.unwrap();
    // As an earlier version has left it.
    overwrite(&scene.db, &json!({"token": "s3cret", "open": "clear"})).await;
    let node = Node::start(&scene, &place, &keys).await;
    assert_eq!(node.asks(&scene).await, sent("s3cret"));
    assert_eq!(node.renews(&scene).await, Renewed { sealed: 1, closed: 0 });
    let lies = raw(&scene.db).await;
    assert!(lies.contains("sealed:1:") && lies.contains("clear") && !lies.contains("s3cret"), "{lies}");
    assert_eq!((node.renews(&scene).await, node.asks(&scene).await), (Renewed::default(), sent("s3cret")));
    let node = Node::start(&scene, &place, &keys).await;
    assert_eq!(node.asks(&scene).await, sent("s3cret"));

    // A module that is switched off is looked through too, and a change of it seals what is clear.
    overwrite(&scene.db, &json!({"token": "s3cret"})).await;
    node.host.disable(&admin, PLUGIN).await.unwrap();
    assert_eq!(node.renews(&scene).await, Renewed { sealed: 1, closed: 0 });
    overwrite(&scene.db, &json!({"token": "s3cret"})).await;
    node.host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
    let lies = raw(&scene.db).await;
    assert!(lies.contains("sealed:1:") && !lies.contains("s3cret"), "{lies}");
    assert_eq!((node.renews(&scene).await, node.asks(&scene).await), (Renewed::default(), sent("s3cret")));

    // Another key: with both it opens, and sealed anew with the new one alone.
    let old = std::fs::read_to_string(&keys.file).unwrap();
    seal::rotate(&node.db, &scene.env, &keys).await.unwrap();
    let both = Node::start(&scene, &place, &keys).await;
    assert_eq!(both.asks(&scene).await, sent("s3cret"));
    assert_eq!(both.renews(&scene).await, Renewed { sealed: 1, closed: 0 });
    assert_ne!(raw(&scene.db).await, lies);
    let new = std::fs::read_to_string(&keys.file).unwrap();
    std::fs::write(&keys.file, new.lines().next().unwrap()).unwrap();
    let alone = Node::start(&scene, &place, &keys).await;
    assert_eq!(alone.asks(&scene).await, sent("s3cret"));
    std::fs::write(&keys.file, old).unwrap();
    let late = Node::start(&scene, &place, &keys).await;
    let (said, out) = late.asks(&scene).await;
    assert!(said.starts_with(CLOSED) && out.is_empty(), "{said} {out:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_nothing_is_sent_or_kept_and_what_is_given_up_is_asked_for_anew() {
    let (scene, wire, place, folder) = sealed().await;
    let (admin, empty) = (scene.ctx("admin").await.unwrap(), tempfile::tempdir().unwrap());
    let node = Node::start(&scene, &place, &of(empty.path())).await;
    assert!(node.db.seals().locked().is_some());
    let (said, out) = node.asks(&scene).await;
    assert!(said.starts_with(CLOSED) && out.is_empty() && !said.contains("sealed:"), "{said} {out:?}");
    // Other settings are changed, a new secret is refused, and the one that is there stays.
    let lies = raw(&scene.db).await;
    let refused = node.host.set_settings(&admin, PLUGIN, &settings(json!({"token": "new"}))).await.unwrap_err();
    assert_eq!((refused.code(), raw(&scene.db).await), ("secrets.locked", lies));
    node.host.set_settings(&admin, PLUGIN, &settings(json!({"open": "other"}))).await.unwrap();
    assert_eq!(node.renews(&scene).await, Renewed { sealed: 0, closed: 1 });
    let again = Node::start(&scene, &place, &of(folder.path())).await;
    assert_eq!(again.asks(&scene).await, sent("s3cret"));
    // What was written into another row, or for another setting, is nothing there.
    let lies: Value = serde_json::from_str(&raw(&scene.db).await).unwrap();
    overwrite(&scene.db, &json!({"token": lies["token"], "empty": lies["token"]})).await;
    let moved = Node::start(&scene, &place, &of(folder.path())).await;
    let all = secrets(&moved.db).await.unwrap();
    let lost: Vec<&str> = seal::unreadable(moved.db.seals(), &all).iter().map(|one| one.what.as_str()).collect();
    assert_eq!(lost, ["the setting empty of the module test.web"]);
    assert_eq!(moved.asks(&scene).await, sent("s3cret"));

    let all = secrets(&node.db).await.unwrap();
    let lost = seal::unreadable(node.db.seals(), &all);
    assert_eq!((lost.len(), seal::forget(&node.db, &lost).await.unwrap()), (2, 2));
    assert_eq!((node.renews(&scene).await, again.renews(&scene).await), (Renewed::default(), Renewed::default()));
    let after = Node::start(&scene, &place, &of(folder.path())).await;
    assert_eq!(after.asks(&scene).await.0, "unavailable: nobody has set the secret `token`");
    scene.host.set_settings(&admin, PLUGIN, &settings(json!({"token": "given anew"}))).await.unwrap();
    assert_eq!(asks(&scene.host, &wire, &scene).await, sent("given anew"));
}
