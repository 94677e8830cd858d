//! Messages of plugins in the whole product: letters and SMS under keys, with the records they go with, by gateways; webhooks.

mod gateways;
mod inbound;
mod letters;
mod webhooks;

use std::sync::OnceLock;

use plugin_host::dev::project;
use serde_json::json;

use crate::app::{Answer, TestApp, root};

pub const PLUGIN: &str = "test.messages";

/// The guest that sends whatever it is told to, built once.
pub fn package() -> &'static [u8] {
    static PACKAGE: OnceLock<Vec<u8>> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let folder = root().join("core/plugin_host/tests/guests/messages");
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::package(&folder, &component, None).unwrap()
    })
}

async fn install(app: &TestApp) {
    let sent = app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package().to_vec()).await;
    sent.ok(201);
    app.admin().post(&format!("/plugins/{PLUGIN}/enable"), json!({"grants": "requested"})).await.ok(200);
}

/// Letters with the keys `<key>-<first>` and so on, by the plugin's public route.
async fn send(app: &TestApp, key: &str, first: usize, count: usize) -> Answer {
    let tenant = &app.companies[0].tenant.slug;
    let body = format!("{key} {first} {count}").into_bytes();
    app.stranger().send("POST", &format!("/hooks/{tenant}/{PLUGIN}/send"), Some("text/plain"), body).await
}
