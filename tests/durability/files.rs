//! kill -9 while files are sent: what was acknowledged is there with its bytes, and the sweep removes the rest of what was not.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::caller::client;
use super::server::{Server, company};
use crate::app::Database;

const ROUNDS: usize = 3;

/// Sends files of half a megabyte until the server is gone; gives what it was told is there.
async fn send(url: &str, token: &str, lead: &str, count: &AtomicUsize) -> Vec<Value> {
    let client = client();
    let mut told = Vec::new();
    for n in 0.. {
        let body = vec![u8::try_from(n % 200).unwrap(); 500_000];
        let request = client.post(format!("{url}/api/v1/records/lead/{lead}/files?name={n}.bin")).bearer_auth(token);
        let Ok(answer) = request.body(body).send().await else { break };
        assert_eq!(answer.status().as_u16(), 201);
        let Ok(file) = answer.json::<Value>().await else { break };
        told.push(file);
        count.fetch_add(1, Ordering::SeqCst);
    }
    told
}

fn files_in(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn no_acknowledged_file_is_lost_and_no_half_stays_after_kill_9() {
    let database = Database::bare().await;
    let token = company(&database);
    let mut told = Vec::new();
    let mut lead = String::new();
    for round in 0..ROUNDS {
        let server = Server::start(&database);
        let url = server.url.clone();
        if lead.is_empty() {
            let request = client().post(format!("{url}/api/v1/records/lead")).bearer_auth(&token);
            let made: Value =
                request.json(&json!({"fields": {"title": "Ann"}})).send().await.unwrap().json().await.unwrap();
            lead = made["id"].as_str().unwrap().to_owned();
        }
        let count = AtomicUsize::new(0);
        let senders = futures::future::join_all((0..3).map(|_| send(&url, &token, &lead, &count)));
        let killer = async {
            while count.load(Ordering::SeqCst) < 5 + round * 4 {
                tokio::task::yield_now().await;
            }
            server.kill();
        };
        let (sent, ()) = tokio::join!(senders, killer);
        told.extend(sent.into_iter().flatten());
    }
    // Hours later: what was half sent is removed.
    let server = Server::start_with(&database, &["--test-clock"]);
    let clock = client().post(format!("{}/api/v1/test/clock", server.url)).bearer_auth(&token);
    let advanced = clock.json(&json!({"advance_seconds": 8 * 3_600})).send().await.unwrap();
    assert!(advanced.status().is_success(), "{}", advanced.text().await.unwrap());
    for file in &told {
        let path = format!("{}/api/v1/files/{}/content", server.url, file["id"].as_str().unwrap());
        let answer = client().get(path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{file}");
        assert_eq!(answer.bytes().await.unwrap().len(), 500_000);
    }
    let list = client().get(format!("{}/api/v1/records/lead/{lead}/files", server.url)).bearer_auth(&token);
    let list: Value = list.send().await.unwrap().json().await.unwrap();
    let there = list["items"].as_array().unwrap().len();
    // One more each may have been taken without the word reaching its sender.
    assert!(there >= told.len() && there <= told.len() + 3 * ROUNDS, "{there} of {}", told.len());
    let folder = database.folder().join("files/records");
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while files_in(&folder) != there {
        assert!(tokio::time::Instant::now() < deadline, "{} files are left for {there}", files_in(&folder));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
