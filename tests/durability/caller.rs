//! A client of a server that will be killed, and what is read from the database it leaves behind.

use std::time::Duration;

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions, QueryResult};
use reqwest::Method;
use serde_json::Value;

use super::server::Server;
use crate::app::{Database, statement};

/// How often the server is killed: `VERSTAK_KILLS`, else so many times.
pub fn kills(otherwise: usize) -> usize {
    std::env::var("VERSTAK_KILLS").map_or(otherwise, |text| text.parse().unwrap())
}

/// Requests that do not wait for ever.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap()
}

pub struct Caller<'a> {
    pub client: reqwest::Client,
    pub url: &'a str,
    pub token: &'a str,
}

impl Caller<'_> {
    /// Status and body; none when the server is gone.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// The body of an answer with this status.
    pub async fn done(&self, method: Method, path: &str, body: Option<Value>, status: u16) -> Option<Value> {
        let (got, answer) = self.send(method, path, body).await?;
        assert_eq!(got, status, "{path}: {answer}");
        Some(answer)
    }

    pub async fn get(&self, path: &str) -> Option<Value> {
        self.done(Method::GET, path, None, 200).await
    }

    pub async fn post(&self, path: &str, body: Value, status: u16) -> Option<Value> {
        self.done(Method::POST, path, Some(body), status).await
    }
}

/// Publishes a process through a server of its own, which is killed then.
pub async fn deploy(database: &Database, token: &str, process: &'static str) {
    let server = Server::start(database);
    let url = format!("{}/api/v1/process-definitions?publish=true", server.url);
    let sent = client().post(url).bearer_auth(token).header("content-type", "application/xml").body(process);
    assert_eq!(sent.send().await.unwrap().status(), 201);
    server.kill();
}

/// A number that looks random, the same in every run.
pub fn dice(seed: usize, sides: u64) -> u64 {
    let mut n = u64::try_from(seed).unwrap().wrapping_add(0x9E37_79B9_7F4A_7C15);
    n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (n ^ (n >> 31)) % sides
}

/// What a dead server left.
pub async fn left_behind(database: &Database) -> Db {
    let mut options = DbOptions::new(database.url());
    options.connections = 2;
    Db::open(&options).await.unwrap()
}

pub async fn rows(db: &Db, sql: &str) -> Vec<QueryResult> {
    db.read().query_all_raw(statement(sql)).await.unwrap()
}

pub async fn number(db: &Db, sql: &str) -> i64 {
    rows(db, sql).await[0].try_get_by_index(0).unwrap()
}
