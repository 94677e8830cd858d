//! kill -9 while a mass edit is undone, its client gone: the undo goes on after each restart and ends, and puts back
//! every record exactly once.
//!
//! `VERSTAK_UNDO_ROWS` says how many records; 6,000 by default. `VERSTAK_KILLS` how often; 3.

use tokio::time::Instant;

use serde_json::{Value, json};

use super::caller::{Caller, client, dice, kills, left_behind, number};
use super::server::{Server, company};
use crate::app::{Database, on_postgres};
use kernel::db::ConnectionTrait;

fn size() -> usize {
    std::env::var("VERSTAK_UNDO_ROWS").map_or(6_000, |text| text.parse().unwrap())
}

/// As if two minutes had passed since the server died: its locks have run out. The only server of a folder with SQLite's
/// file knows that they are nobody's and does not wait.
async fn later(database: &Database) {
    if !on_postgres() {
        return;
    }
    let db = left_behind(database).await;
    for sql in ["UPDATE job SET locked_until = 0 WHERE state = 'running'", "UPDATE long_job SET held_until = 0"] {
        db.for_migrations().execute_unprepared(sql).await.unwrap();
    }
    db.close().await.unwrap();
}

/// The job when it is over, or has done so many pieces.
async fn watched(caller: &Caller<'_>, job: &str, pieces: i64) -> Value {
    loop {
        let seen = caller.get(&format!("/jobs/{job}")).await.unwrap();
        if seen["state"] != "running" || seen["done"].as_i64().unwrap() >= pieces {
            return seen;
        }
        tokio::task::yield_now().await;
    }
}

async fn filled(caller: &Caller<'_>, rows: usize) -> String {
    for part in 0..rows.div_ceil(1_000) {
        let rows: Vec<Value> = (0..1_000).map(|n| json!({"fields": {"title": format!("{part}-{n}")}})).collect();
        caller.post("/records/lead/bulk", json!({"create": rows}), 200).await.unwrap();
    }
    let edit = json!({"filter": {"and": []}, "fields": {"source": "web"}});
    let job = caller.post("/records/lead/bulk", edit, 202).await.unwrap();
    let done = watched(caller, job["id"].as_str().unwrap(), i64::MAX).await;
    assert_eq!((&done["state"], &done["result"]["changed"]), (&json!("done"), &json!(rows)), "{done}");
    done["result"]["batch"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_is_killed_goes_on_and_ends() {
    let database = Database::fresh().await;
    let token = company(&database);
    let rows = size();
    let server = Server::start(&database);
    let caller = Caller { client: client(), url: &server.url, token: &token };
    let began = Instant::now();
    let batch = filled(&caller, rows).await;
    let made = began.elapsed();
    let undo = format!("/batches/{batch}/undo");
    let job = caller.post(&undo, json!({}), 202).await.unwrap()["id"].as_str().unwrap().to_owned();
    let total = i64::try_from(rows).unwrap();
    let began = Instant::now();
    let mut seen = watched(&caller, &job, 1).await;
    drop(caller);
    server.kill();
    assert!(seen["done"].as_i64().unwrap() < total, "nothing was left to kill: {seen}");
    for round in 1..kills(3) {
        later(&database).await;
        let server = Server::start(&database);
        let caller = Caller { client: client(), url: &server.url, token: &token };
        // A little further, or a good deal.
        let step = 1 + i64::try_from(dice(round, u64::try_from(total / 10).unwrap())).unwrap();
        let at = seen["done"].as_i64().unwrap();
        seen = watched(&caller, &job, at + step).await;
        server.kill();
        assert!(seen["done"].as_i64().unwrap() > at, "{seen}");
    }
    later(&database).await;
    let server = Server::start(&database);
    let caller = Caller { client: client(), url: &server.url, token: &token };
    let done = watched(&caller, &job, i64::MAX).await;
    let undone = began.elapsed();
    assert_eq!(done["state"], "done", "{done}");
    let answer = caller.post(&undo, json!({}), 200).await.unwrap();
    assert_eq!(answer, json!({"restored": rows, "kept": [], "kept_total": 0}));
    server.kill();
    let db = left_behind(&database).await;
    assert_eq!(number(&db, "SELECT count(*) FROM lead WHERE source IS NULL AND version = 3").await, total);
    assert_eq!(number(&db, "SELECT count(*) FROM event_log WHERE kind = 'lead.updated'").await, 2 * total);
    println!("{rows} records made and changed in {made:?}, undone with {} kills in {undone:?}", kills(3));
    db.close().await.unwrap();
}
