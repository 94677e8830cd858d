//! kill -9 while thousands of letters of a plugin are asked for and go out: what `send` answered is there, no key is sent twice,
//! nothing is lost, and a letter of which nobody knows waits for a person's word.
//!
//! `VERSTAK_MESSAGES` says how many letters, 1,000 by default; `VERSTAK_KILLS` how many kills, 6 by default.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use kernel::clock::Env;
use serde_json::json;

use super::caller::{Caller, client, dice, kills, left_behind, number, rows};
use super::server::{Server, company, run};
use crate::app::Database;
use crate::messaging::{PLUGIN, package};
use crate::process::smtp::MailServer;

const KILLS: usize = 6;
const MESSAGES: usize = 1_000;
const BATCH: usize = 200;
/// How long a job is locked by whoever took it.
const LOCK_SECONDS: i64 = 120;

fn messages() -> usize {
    std::env::var("VERSTAK_MESSAGES").map_or(MESSAGES, |text| text.parse().unwrap())
}

/// Asks for a batch; none when the server is gone before it answered.
async fn ask(client: &reqwest::Client, url: &str, batch: usize) -> Option<()> {
    let body = format!("many {} {BATCH}", batch * BATCH);
    let answer = client.post(format!("{url}/hooks/acme/{PLUGIN}/send")).body(body).send().await.ok()?;
    let status = answer.status();
    let said = answer.text().await.ok()?;
    assert_eq!(status, 200, "{said}");
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_plugins_are_neither_lost_nor_doubled_by_kill_9() {
    let (kills, batches) = (kills(KILLS), messages() / BATCH);
    let database = Database::bare().await;
    let token = company(&database);
    let file = database.folder().join("messages.vpkg");
    std::fs::write(&file, package()).unwrap();
    run(&database, &["plugin", "install", &file.display().to_string()], "");
    run(&database, &["plugin", "enable", PLUGIN], "");
    let mail = MailServer::start();
    let mut settings = mail.environment();
    settings.push(("VERSTAK__MESSAGES__PLUGIN_PER_HOUR", "0".into()));
    let (client, begun) = (client(), Instant::now());
    let mut acknowledged = vec![false; batches];
    for round in 0..kills {
        let server = Server::start_in(&database, &[], &settings);
        let url = server.url.clone();
        let due = batches.div_ceil(kills);
        let asking = async {
            // What nobody answered is asked for again, under the same keys.
            for batch in (0..batches).filter(|batch| *batch < (round + 1) * due) {
                if !acknowledged[batch] && ask(&client, &url, batch).await.is_some() {
                    acknowledged[batch] = true;
                }
            }
        };
        let killing = async {
            tokio::time::sleep(Duration::from_millis(600 + dice(round, 1_500))).await;
            server.kill();
        };
        futures::join!(asking, killing);
    }
    let at = Env::system().now();
    let server = Server::start_in(&database, &["--test-clock"], &settings);
    for batch in 0..batches {
        ask(&client, &server.url, batch).await.expect("nobody kills this one");
    }
    let db = left_behind(&database).await;
    let caller = Caller { client: client.clone(), url: &server.url, token: &token };
    // Those at work end first; then the locks of the dead run out.
    for seconds in [0, LOCK_SECONDS + 30] {
        // Sending a thousand letters may outlast the patience of the client: asked again, the server goes on.
        drop(caller.post("/test/clock", json!({"advance_seconds": seconds}), 200).await);
        let dead = at.plus_seconds(LOCK_SECONDS).0;
        let left =
            format!("SELECT count(*) FROM job WHERE kind = 'mail.send' AND (state = 'ready' OR locked_until > {dead})");
        while number(&db, &left).await > 0 {
            drop(caller.post("/test/clock", json!({"advance_seconds": 0}), 200).await);
        }
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for letter in mail.letters() {
        *taken.entry(letter.header("Subject")).or_default() += 1;
    }
    let (mut sent, mut unsure, mut unsure_taken) = (0, 0, 0);
    let found = rows(&db, "SELECT dedup_key, state FROM message").await;
    for row in &found {
        let (key, state): (String, String) = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
        match (state.as_str(), taken.remove(&key).unwrap_or(0)) {
            ("sent", 1) => sent += 1,
            ("unsure", 0) => unsure += 1,
            ("unsure", 1) => unsure_taken += 1,
            other => panic!("{key}: {other:?}"),
        }
    }
    let elapsed = begun.elapsed();
    println!(
        "{kills} kills, {} letters in {elapsed:?}: {sent} sent, {unsure_taken} unsure and taken, {unsure} unsure and not taken",
        found.len()
    );
    assert!(taken.is_empty(), "letters of nobody: {taken:?}");
    assert_eq!((found.len(), sent + unsure + unsure_taken), (batches * BATCH, batches * BATCH));
    server.kill();
    db.close().await.unwrap();
}
