//! The small store of a plugin: its limits in words, and a store that is full when many write into it at once.

use kernel::Locale;
use kernel::db::ConnectionTrait;
use plugin_host::dev::scene::Scene;
use plugin_host::{Grants, HostConfig};
use sea_orm::sea_query::{Expr, Query};

use crate::foreign::{PLUGIN, ask};
use crate::support::{database, guest, package};

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let system = scene.system();
    scene.host.install(&system, &package(&guest("nosy"))).await.unwrap();
    scene.host.enable(&system, PLUGIN, &Grants::Requested, None).await.unwrap();
    (scene, folder)
}

async fn kept(scene: &Scene) -> i64 {
    let select = Query::select().expr(Expr::cust("count(*)")).from("plugin_kv").take();
    scene.db.read().query_one(&select).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// So many keys `fill/<n>` beside the one that is there.
async fn fill(scene: &Scene, count: usize) {
    let same = "value, revision, expires_at";
    let fill = format!(
        "INSERT INTO plugin_kv (tenant_id, plugin, key, {same}) SELECT tenant_id, plugin, 'fill/' || i, {same} FROM \
         plugin_kv CROSS JOIN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         SELECT i FROM n) AS numbers"
    );
    scene.db.for_migrations().execute_unprepared(&fill).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_a_store_is_said() {
    let (scene, _folder) = scene().await;
    let system = scene.system();
    let long = "k".repeat(201);
    for (what, key, expected) in [
        ("set", "", "limit: a key has 1 to 200 bytes"),
        ("set", long.as_str(), "limit: a key has 1 to 200 bytes"),
        ("set", "a\0b", "limit: a key has 1 to 200 bytes"),
        ("get", long.as_str(), "limit: a key has 1 to 200 bytes"),
        ("keys", "a\0b", "limit: a key has no character U+0000"),
        ("large", "a", "limit: a value has at most 65536 bytes"),
        ("many", "a", "limit: more than 200 keys at once"),
    ] {
        assert_eq!(ask(&scene, &system, &format!("kept/{what}"), key, None).await, expected, "{what}");
    }
    assert_eq!(kept(&scene).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_full_takes_changes_and_no_new_keys_however_many_come_at_once() {
    let (scene, _folder) = scene().await;
    let system = scene.system();
    let set = async |key: &str| ask(&scene, &system, "kept/set", key, None).await;
    assert_eq!(set("seed").await, "done");
    fill(&scene, 9_989).await;
    let keys: Vec<String> = (0..20).map(|n| format!("new/{n}")).collect();
    let said = futures::future::join_all(keys.iter().map(|key| set(key))).await;
    let done = said.iter().filter(|said| *said == "done").count();
    let full = said.iter().filter(|said| said.starts_with("limit: more than 10000 keys")).count();
    assert_eq!((done, full, kept(&scene).await), (10, 10, 10_000), "{said:?}");
    assert_eq!(set("seed").await, "done", "what is there may change");
    assert!(set("another").await.starts_with("limit"), "and nothing comes");
    // Keys are found among thousands, 200 at a time.
    for (prefix, expected) in [("fill/99", "101"), ("fill/", "200"), ("new/", "10"), ("nothing", "0")] {
        assert_eq!(ask(&scene, &system, "kept/keys", prefix, None).await, expected, "{prefix}");
    }
}
