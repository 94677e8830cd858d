//! kill -9 under write load, several times: every acknowledged change and its event is there exactly once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions};
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{Server, company};
use crate::app::{Database, statement};

const ROUNDS: usize = 5;
const WRITERS: usize = 8;

/// What a writer was told is done: title -> (record, versions it was told).
type Told = BTreeMap<String, (Uuid, i64)>;

/// Makes records and changes some of them until the server is gone.
async fn write(url: &str, token: &str, name: String, count: &AtomicUsize) -> Told {
    let client = reqwest::Client::new();
    let send = async |method: reqwest::Method, path: String, key: String, body: Value| -> Option<(u16, Value)> {
        let request = client
            .request(method, format!("{url}/api/v1{path}"))
            .bearer_auth(token)
            .header("idempotency-key", key)
            .json(&body);
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    };
    let mut told = Told::new();
    for n in 0.. {
        let title = format!("{name}-{n}");
        let body = json!({"fields": {"title": title, "phones": ["+79161234567"], "amount": n}});
        let Some((status, made)) = send(reqwest::Method::POST, "/records/lead".into(), title.clone(), body).await
        else {
            break;
        };
        assert_eq!(status, 201, "{made}");
        let id: Uuid = made["id"].as_str().unwrap().parse().unwrap();
        told.insert(title.clone(), (id, 1));
        count.fetch_add(1, Ordering::SeqCst);
        if n % 3 == 0 {
            let body = json!({"fields": {"amount": n + 1, "stage": "qualified"}});
            let Some((status, changed)) =
                send(reqwest::Method::PATCH, format!("/records/lead/{id}"), title.clone(), body).await
            else {
                break;
            };
            assert_eq!((status, &changed["version"]), (200, &json!(2)), "{changed}");
            told.insert(title, (id, 2));
        }
    }
    told
}

async fn number(db: &Db, sql: &str) -> i64 {
    db.read().query_one_raw(statement(sql)).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn no_acknowledged_change_is_lost_or_doubled_by_kill_9() {
    let database = Database::bare().await;
    let token = company(&database);
    let mut told = Told::new();
    for round in 0..ROUNDS {
        let server = Server::start(&database);
        let url = server.url.clone();
        let count = AtomicUsize::new(0);
        let writers =
            futures::future::join_all((0..WRITERS).map(|n| write(&url, &token, format!("{round}-{n}"), &count)));
        let killer = async {
            // In the middle of things, a different one every round.
            while count.load(Ordering::SeqCst) < 40 + round * 23 {
                tokio::task::yield_now().await;
            }
            server.kill();
        };
        let (all, ()) = futures::join!(writers, killer);
        told.extend(all.into_iter().flatten());
    }
    assert!(told.len() > 40 * ROUNDS);

    // Sent again under its key, an acknowledged request gives the same record.
    let server = Server::start(&database);
    let client = reqwest::Client::new();
    for (title, (id, _)) in told.iter().take(20) {
        let n: i64 = title.rsplit('-').next().unwrap().parse().unwrap();
        let body = json!({"fields": {"title": title, "phones": ["+79161234567"], "amount": n}});
        let request = client
            .post(format!("{}/api/v1/records/lead", server.url))
            .bearer_auth(&token)
            .header("idempotency-key", title);
        let again: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(again["id"], id.to_string(), "{title}");
    }
    server.kill();

    let mut options = DbOptions::new(database.url());
    options.connections = 2;
    let db = Db::open(&options).await.unwrap();
    let select = "SELECT title, id, version FROM lead";
    let mut found: BTreeMap<String, Vec<(Uuid, i64)>> = BTreeMap::new();
    for row in db.read().query_all_raw(statement(select)).await.unwrap() {
        let lead = (row.try_get_by_index(1).unwrap(), row.try_get_by_index(2).unwrap());
        found.entry(row.try_get_by_index(0).unwrap()).or_default().push(lead);
    }
    for (title, (id, version)) in &told {
        let leads = found.get(title).unwrap_or_else(|| panic!("{title} was acknowledged and is lost"));
        assert_eq!(leads.len(), 1, "{title} is there twice");
        assert!(leads[0].0 == *id && leads[0].1 >= *version, "{title}: {leads:?}, told {version}");
    }
    // Acknowledged or not: a record has exactly the events of its versions, and numbers are unique.
    assert!(found.values().all(|leads| leads.len() == 1));
    assert_eq!(
        number(&db, "SELECT count(*) FROM event_log WHERE entity = 'lead'").await,
        number(&db, "SELECT CAST(sum(version) AS BIGINT) FROM lead").await
    );
    assert_eq!(number(&db, "SELECT count(*) FROM (SELECT record_id, version FROM event_log GROUP BY record_id, version HAVING count(*) > 1) AS twice").await, 0);
    assert_eq!(number(&db, "SELECT count(*) FROM lead WHERE NOT EXISTS (SELECT 1 FROM event_log WHERE record_id = lead.id AND event_log.version = lead.version)").await, 0);
    assert_eq!(
        number(&db, "SELECT count(DISTINCT number) FROM lead").await,
        number(&db, "SELECT count(*) FROM lead").await
    );
    assert_eq!(
        number(
            &db,
            "SELECT count(*) FROM lead WHERE NOT EXISTS (SELECT 1 FROM communication WHERE record_id = lead.id)"
        )
        .await,
        0
    );
    db.close().await.unwrap();
}
