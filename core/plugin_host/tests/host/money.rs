//! Amounts that plugins read have their currencies: whoever sees an amount knows what it is an amount of.

use kernel::Value;
use plugin_host::dev::scene::Scene;
use records::{Change, WriteOptions};
use serde_json::json;

use crate::guards::{hostile, scene};

async fn lead(scene: &Scene, comments: &str, currency: &str) -> Value {
    let fields = json!({ "title": "Lead", "comments": comments, "amount": 10, "currency": currency });
    let create = Change::Create { fields: fields.as_object().unwrap().clone() };
    let admin = scene.ctx("admin").await.unwrap();
    let written = scene.records.write_one(&admin, "lead", create, &WriteOptions::default()).await.unwrap();
    written.record.fields["comments"].clone()
}

/// What a hook, the records it looks for and events show of the currency to a plugin that may read these fields.
async fn check(read: &str, comments: &str, told: &str) {
    let (scene, _folder) = scene(&hostile(|manifest| manifest.replace("read = [\"*\"]", read))).await;
    lead(&scene, "be good", "USD").await;
    assert_eq!(lead(&scene, "money", "EUR").await, Value::Text(comments.into()), "{read}");
    scene.drain().await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let logs = scene.host.logs(&admin, "test.hostile", None, None).await.unwrap();
    assert!(logs.iter().any(|line| line.message.contains(told)), "{read}: {logs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_an_amount_reads_its_currency() {
    check("read = [\"comments\", \"amount\"]", "EUR USD", "Text(\"USD\")").await;
    check("read = [\"comments\"]", "none none", "never satisfied with None").await;
}
