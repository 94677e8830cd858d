//! Plugins in processes of their own: components compiled within limits, and nodes that only answer requests.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::{Caller, client};
use super::server::{Server, company, refused, run};
use crate::app::{Database, LEAD_DESK, lead_desk};

fn package(database: &Database) -> String {
    let file = database.folder().join("lead-desk.vpkg");
    std::fs::write(&file, lead_desk()).unwrap();
    file.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_takes_too_much_to_compile_is_refused_with_words() {
    let database = Database::fresh().await;
    company(&database);
    let file = package(&database);
    let little = [("VERSTAK__PLUGINS__COMPILE_MEMORY", "16777216".to_owned())];
    let words = refused(&database, &["plugin", "install", &file], &little);
    assert!(words.contains("it needs more than 16 MiB of memory to be compiled"), "{words}");
    let kept = database.folder().join("plugin-cache");
    let left = std::fs::read_dir(kept).map(Iterator::count).unwrap_or_default();
    assert_eq!(left, 0, "nothing half-made stays");
    let said = run(&database, &["plugin", "install", &file], "");
    assert!(said.contains(LEAD_DESK), "{said}");
    let said = run(&database, &["plugin", "review", LEAD_DESK], "");
    assert!(said.contains("creates records") && said.contains("Acts in its own name"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_plugins_cost_on_a_node_that_only_answers_is_written() {
    let database = Database::fresh().await;
    let token = company(&database);
    let file = package(&database);
    run(&database, &["plugin", "install", &file], "");
    run(&database, &["plugin", "enable", LEAD_DESK], "");
    let web = Server::start_with(&database, &["--role", "web"]);
    let other = Server::start_with(&database, &["--role", "web"]);
    let ask = |server: &Server| (server.url.clone(), client(), token.clone());
    let (url, client, token) = ask(&web);
    let here = Caller { client: client.clone(), url: &url, token: &token };
    here.post("/records/lead", json!({"fields": {"title": "A", "phones": ["+79161234567"]}}), 201).await.unwrap();
    let there = Caller { client, url: &other.url, token: &token };
    let calls = async || -> i64 {
        let cost = there.get(&format!("/plugins/{LEAD_DESK}/cost")).await.unwrap();
        cost["items"].as_array().unwrap().iter().map(|one: &Value| one["calls"].as_i64().unwrap()).sum()
    };
    let written = async {
        while calls().await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), written).await.expect("another node reads what it cost here");
}
