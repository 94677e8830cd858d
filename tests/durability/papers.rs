//! kill -9 while quotes are sent: none goes to its client twice, none that was acknowledged is lost, each that the mail server
//! has is `sent`, and one of which nobody knows waits for a person's word.
//!
//! `VERSTAK_KILLS` says how many times; 5 by default.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::clock::Env;
use serde_json::json;

use super::caller::{Caller, client, dice, kills, left_behind, number, rows};
use super::server::{Server, company};
use crate::app::Database;
use crate::process::smtp::MailServer;

const KILLS: usize = 5;
const QUOTES: usize = 12;
/// How long a job is locked by whoever took it.
const LOCK_SECONDS: i64 = 120;
/// The kinds of jobs that a letter with a paper takes.
const WORK: &str = "kind IN ('document.send', 'document.sent', 'mail.send')";

/// Makes the quotes through a server of its own.
async fn quotes(database: &Database, token: &str) -> Vec<String> {
    let server = Server::start(database);
    let caller = Caller { client: client(), url: &server.url, token };
    let mut made = Vec::new();
    for n in 0..QUOTES {
        let fields =
            json!({"title": format!("Offer {n}"), "currency": "EUR", "rows": [{"title": "Work", "price": 10 + n}]});
        let quote = caller.post("/records/quote", json!({"fields": fields}), 201).await.unwrap();
        made.push(quote["id"].as_str().unwrap().to_owned());
    }
    server.kill();
    made
}

/// Asks for the letters that nobody acknowledged yet, until the server is gone.
async fn ask(caller: &Caller<'_>, quotes: &[String], told: &mut [bool]) {
    for (n, id) in quotes.iter().enumerate() {
        if told[n] {
            continue;
        }
        let letter = json!({"to": ["client@example.com"], "subject": format!("Offer {n}"), "text": "Attached."});
        let path = format!("/records/quote/{id}/send");
        match caller.send(reqwest::Method::POST, &path, Some(letter)).await {
            Some((200, _)) => told[n] = true,
            // It was promised before the server died and could say so.
            Some((409, body)) if body["code"] == "document.sending" => told[n] = true,
            Some((status, body)) => panic!("{n}: {status} {body}"),
            None => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_are_sent_once_whatever_kill_9_does() {
    let database = Database::bare().await;
    let token = company(&database);
    let ids = quotes(&database, &token).await;
    let mail = MailServer::start();
    let settings = mail.environment();
    let mut told = vec![false; QUOTES];
    for round in 0..kills(KILLS) {
        let server = Server::start_in(&database, &[], &settings);
        let caller = Caller { client: client(), url: &server.url.clone(), token: &token };
        let killing = async {
            tokio::time::sleep(Duration::from_millis(300 + dice(round, 3_000))).await;
            server.kill();
        };
        futures::join!(ask(&caller, &ids, &mut told), killing);
    }
    let at = Env::system().now();
    let server = Server::start_in(&database, &["--test-clock"], &settings);
    let caller = Caller { client: client(), url: &server.url, token: &token };
    let db = left_behind(&database).await;
    for seconds in [0, LOCK_SECONDS + 30, LOCK_SECONDS + 30] {
        caller.post("/test/clock", json!({"advance_seconds": seconds}), 200).await.unwrap();
        let dead = at.plus_seconds(LOCK_SECONDS).0;
        let left = format!("SELECT count(*) FROM job WHERE {WORK} AND (state = 'ready' OR locked_until > {dead})");
        while number(&db, &left).await > 0 {
            caller.post("/test/clock", json!({"advance_seconds": 0}), 200).await.unwrap();
        }
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for letter in mail.letters() {
        assert_eq!(letter.text.matches("Content-Type: application/pdf").count(), 1);
        *taken.entry(letter.header("Subject")).or_default() += 1;
    }
    let sql = "SELECT d.letter_state, q.state, q.title, (SELECT count(*) FROM activity a WHERE a.record_id = q.id) \
               FROM made_document d JOIN sale_quote q ON q.id = d.record_id";
    let found = rows(&db, sql).await;
    let (mut sent, mut unsure) = (0, 0);
    for row in &found {
        let word = |index: usize| row.try_get_by_index::<String>(index).unwrap();
        let title = word(2);
        let entries: i64 = row.try_get_by_index(3).unwrap();
        let went = taken.remove(&title).unwrap_or(0);
        match (word(0).as_str(), word(1).as_str(), went, entries) {
            ("sent", "sent", 1, 1) => sent += 1,
            ("unsure", "sending", 0 | 1, 0) => unsure += 1,
            other => panic!("{title}: {other:?}"),
        }
    }
    println!(
        "{} quotes asked for, {} promised: {sent} sent, {unsure} unsure",
        told.iter().filter(|one| **one).count(),
        found.len()
    );
    assert!(taken.is_empty(), "letters of nobody: {taken:?}");
    let promised = number(&db, "SELECT count(DISTINCT record_id) FROM made_document").await;
    assert_eq!(usize::try_from(promised).unwrap(), found.len(), "a quote was promised twice");
    assert!(found.len() >= told.iter().filter(|one| **one).count() && sent > 0);
    assert_eq!(number(&db, "SELECT count(*) FROM job WHERE state = 'dead'").await, 0);
    server.kill();
    db.close().await.unwrap();
}
