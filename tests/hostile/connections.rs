//! Connections that say nothing, half of something, or are too many: the others are answered all along.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use verstak::app::{Role, serve};
use verstak::config::Config;

use crate::app::TestApp;

/// The product behind a socket, until the sender is dropped.
pub struct Served {
    pub app: TestApp,
    pub address: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

pub async fn served(change: impl Fn(&mut Config) + 'static) -> Served {
    let app = TestApp::build().config(change).start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(serve(app.state.clone(), listener, Role::Web, async { drop(stopped.await) }));
    Served { app, address, _stop: stop }
}

impl Served {
    async fn open(&self, words: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(words.as_bytes()).await.unwrap();
        stream
    }

    /// A whole request by the administrator.
    pub async fn ask(&self) -> String {
        let token = &self.app.companies[0].people["admin"].token;
        let words =
            format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
        told(self.open(&words).await).await
    }
}

/// Everything that a connection says until it ends.
async fn told(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut text)).await;
    drop(read.expect("the connection is held for ever"));
    String::from_utf8_lossy(&text).into_owned()
}

fn half(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{\"a\": 1"
    )
}

#[tokio::test]
async fn half_sent_requests_take_no_slot_and_end() {
    let served = served(|config| {
        (config.http.concurrency, config.http.header_seconds, config.http.body_seconds) = (2, 1, 1);
    })
    .await;
    let mut half_sent = Vec::new();
    for n in 0..60 {
        half_sent.push(match n % 3 {
            0 => served.open("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nx-").await,
            1 => served.open(&half("/api/v1/session", 4_000_000)).await,
            _ => served.open(&half("/api/v1/records/lead", 1_000)).await,
        });
    }
    let answer = served.ask().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for stream in half_sent {
        let answer = told(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    served.app.finish().await;
}

#[tokio::test]
async fn connections_of_one_address_are_capped() {
    let served = served(|config| config.http.connections_per_address = 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(served.open("GET /").await);
    }
    let refused = served.ask().await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 503"), "{refused}");
    held.clear();
    let mut answer = served.ask().await;
    while !answer.starts_with("HTTP/1.1 200") {
        tokio::task::yield_now().await;
        answer = served.ask().await;
    }
    served.app.finish().await;
}

#[tokio::test]
async fn invented_methods_leave_no_label() {
    verstak::http::health::collect();
    let app = TestApp::start().await;
    for n in 0..20 {
        app.admin().send(&format!("INVENTED{n}"), "/api/v1/me", None, Vec::new()).await;
    }
    app.admin().post("/records/lead", json!({"fields": {"title": "x"}})).await.ok(201);
    let metrics = app.stranger().send("GET", "/metrics", None, Vec::new()).await.text();
    assert!(metrics.contains("method=\"POST\"") && !metrics.contains("INVENTED"), "{metrics}");
    app.finish().await;
}
