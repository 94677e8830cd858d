//! Figures as plugins get them: the same as the API's, with the rights of whoever acts.

use kernel::Locale;
use plugin_host::dev::scene::Scene;
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest};
use records::{Change, WriteOptions};
use serde_json::{Value, json};

use crate::support::{database, guest, package};

const PLUGIN: &str = "test.figures";

async fn ask(scene: &Scene, name: &str, query: &str) -> (u16, String) {
    let ctx = scene.ctx(name).await.unwrap();
    let (method, path, body) = ("POST".to_owned(), "/ask".to_owned(), query.as_bytes().to_vec());
    let request = HttpRequest { method, path, body, ..HttpRequest::default() };
    let answer = scene.host.http(HttpCaller::User(&ctx), PLUGIN, request).await.unwrap();
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_gets_the_rows_of_the_api_byte_for_byte_and_only_what_its_caller_sees() {
    let (db, _folder) = database().await;
    let mut scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    scene.user("ann", &["sales_manager"]).await.unwrap();
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"],
        "filter": {"field": "owner", "op": "eq", "value": {"me": true}}}]);
    let role = serde_json::from_value(json!({"key": "own", "name": "own", "rows": rows})).unwrap();
    let keys = scene.records.entity_keys(scene.tenant.id).await.unwrap();
    people::role::create(&scene.db, &scene.system(), &role, &keys).await.unwrap();
    scene.user("bob", &["own"]).await.unwrap();
    scene.begin();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&guest("figures"))).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    for (name, amount) in [("admin", 100), ("ann", 20), ("ann", 3)] {
        let Value::Object(fields) = json!({"title": name, "amount": amount, "source": "web"}) else { unreachable!() };
        let ctx = scene.ctx(name).await.unwrap();
        scene.records.write_one(&ctx, "deal", Change::Create { fields }, &WriteOptions::default()).await.unwrap();
    }
    let query = json!({"measures": ["deal.open_amount", "deal.open", "deal.won"], "group_by": ["owner", "source"], "sort": "-deal.open"});
    for (name, count) in [("admin", 2), ("ann", 2), ("bob", 0)] {
        let asked = serde_json::from_value(query.clone()).unwrap();
        let ctx = scene.ctx(name).await.unwrap();
        let api = scene.host.reports().query(&ctx, &asked).await.unwrap();
        let (status, text) = ask(&scene, name, &query.to_string()).await;
        assert_eq!(status, 200, "{text}");
        let rows = serde_json::to_string(&api.rows).unwrap();
        assert!(text.contains(&format!("\"rows\":{rows}")), "{text}\n{rows}");
        assert_eq!(api.rows.len(), count, "{name}");
    }
    for (query, words) in [
        ("{", "invalid: query: "),
        (r#"{"measures": ["deal.wonn"]}"#, "invalid"),
        (r#"{"measures": [], "more": 1}"#, "unknown field"),
        (&"[".repeat(100_000), "limit: query: more than 64 KiB"),
        (&"[".repeat(60_000), "invalid: query: "),
    ] {
        let (status, text) = ask(&scene, "admin", query).await;
        assert_eq!(status, 422, "{text}");
        assert!(text.contains(words), "{text}");
    }
    // What people take out as files is the administrators' to see: this plugin acts as whoever asks it.
    let exports = r#"{"measures": ["export.rows"]}"#;
    assert_eq!(ask(&scene, "admin", exports).await.0, 200);
    let (status, text) = ask(&scene, "ann", exports).await;
    assert!(status == 422 && text.contains("denied"), "{text}");
    scene.drain().await.unwrap();
}
