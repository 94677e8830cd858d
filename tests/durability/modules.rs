//! kill -9 while a module is switched on, updated, off and purged, over and over: a company has all of it or nothing of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions};
use serde_json::{Value, json};

use super::server::{Server, company, run};
use crate::app::{Database, statement};
use crate::modules::{LEAVE, leave};

const ROUNDS: usize = 6;

/// Switches until the server is gone.
async fn switch(url: &str, token: &str, count: &AtomicUsize) {
    let client = reqwest::Client::new();
    let send = async |path: &str, body: Value| {
        let request = client.post(format!("{url}/api/v1{path}")).bearer_auth(token).json(&body);
        request.send().await.ok().map(|answer| answer.status().as_u16())
    };
    let plugin = format!("/plugins/{LEAVE}");
    let on = |version: &str| (format!("{plugin}/enable"), json!({"grants": "requested", "version": version}));
    let off = || (format!("{plugin}/disable"), json!({}));
    let record = json!({"fields": {"starts": "2026-03-01", "ends": "2026-03-02"}});
    let record = || ("/records/leave_request".to_owned(), record.clone());
    for turn in 0.. {
        let mut acts = vec![on("1.0.0"), record(), on("2.0.0"), off()];
        if turn % 2 == 1 {
            acts.push((format!("{plugin}/purge"), json!({})));
        }
        for (path, body) in acts {
            let Some(status) = send(&path, body).await else { return };
            assert!([200, 201, 409].contains(&status), "{path}: {status}");
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn a_module_is_never_half_there() {
    let database = Database::bare().await;
    let token = company(&database);
    let more = "{ key = \"deputy\", type = \"user\" }, { key = \"note\", type = \"text\" }";
    let edit = |manifest: String| manifest.replace("{ key = \"deputy\", type = \"user\" }", more);
    for (version, package) in [
        ("1.0.0", leave("1.0.0", |manifest| manifest, &[])),
        ("2.0.0", leave("2.0.0", edit, &["field.leave_request.note"])),
    ] {
        let file = database.folder().join(format!("leave-{version}.vpkg"));
        std::fs::write(&file, package).unwrap();
        run(&database, &["plugin", "install", &file.display().to_string()], "");
    }
    for round in 0..ROUNDS {
        let server = Server::start(&database);
        let url = server.url.clone();
        let count = AtomicUsize::new(0);
        let killer = async {
            // In the middle of another act every round.
            while count.load(Ordering::SeqCst) < 3 + round * 5 {
                tokio::task::yield_now().await;
            }
            server.kill();
        };
        futures::join!(switch(&url, &token, &count), killer);
        whole(&database).await;
    }
}

/// What is kept of the module fits the plugin's row.
async fn whole(database: &Database) {
    let mut options = DbOptions::new(database.url());
    options.connections = 2;
    let db = Db::open(&options).await.unwrap();
    let rows = async |sql: &str| db.read().query_all_raw(statement(sql)).await.unwrap();
    let number = async |sql: &str| rows(sql).await[0].try_get_by_index::<i64>(0).unwrap();
    let plugin = rows("SELECT version, enabled FROM plugin_tenant").await;
    let shown = number("SELECT count(*) FROM field_definition WHERE removed_at IS NULL").await;
    let entities = number("SELECT count(*) FROM entity_definition WHERE removed_at IS NULL").await;
    let expected = match plugin.first() {
        Some(row) if row.try_get_by_index::<bool>(1).unwrap() => {
            if row.try_get_by_index::<String>(0).unwrap() == "1.0.0" { (1, 5) } else { (1, 6) }
        }
        _ => (0, 0),
    };
    assert_eq!((entities, shown), expected);
    let left = number("SELECT count(*) FROM shared_record").await;
    let claims = number("SELECT count(*) FROM record_claim").await;
    assert_eq!(left, claims, "every request claims its days");
    let definitions = number("SELECT count(*) FROM entity_definition").await;
    let stages = number("SELECT count(*) FROM stage WHERE entity = 'leave_request'").await;
    assert_eq!(stages, definitions * 4);
    assert!(plugin.is_empty() || definitions == 1 || left == 0);
    db.close().await.unwrap();
}
