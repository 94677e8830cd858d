//! Connections that say nothing, half of something, or are too many: the others are answered all along.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower::ServiceExt;
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

/// Leads that take three megabytes to list.
async fn long_list(app: &TestApp) -> &'static str {
    for _ in 0..2 {
        let row = json!({"fields": {"title": "x", "comments": "y".repeat(19_000)}});
        let made = app.admin().post("/records/lead/bulk", json!({"create": vec![row; 80]})).await.ok(200);
        assert_eq!(made["results"][0]["status"], "created", "{}", made["results"][0]);
    }
    "/api/v1/records/lead?limit=200"
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let served = served(|config| config.http.body_seconds = 1).await;
    let path = long_list(&served.app).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(served.address.parse().unwrap()).await.unwrap();
    let token = &served.app.companies[0].people["admin"].token;
    let words = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut drips = tokio::time::interval(Duration::from_millis(100));
    let (mut drop, mut taken) = ([0; 16], 0);
    let drip = async {
        // By drops for ever, until the server hangs up.
        while stream.write_all(b"\r\n").await.is_ok() {
            drips.tick().await;
            match stream.read(&mut drop).await {
                Ok(0) | Err(_) => break,
                Ok(length) => taken += length,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), drip).await.expect("the answer is kept for ever");
    assert!(taken < 100_000, "{taken} bytes were read");
    assert!(served.ask().await.starts_with("HTTP/1.1 200"));
    served.app.finish().await;
}

#[tokio::test]
async fn answers_that_one_person_does_not_read_never_fill_the_memory() {
    let app = TestApp::build().person("ann", "admin").start().await;
    let path = long_list(&app).await;
    let asked = async |who: &str| {
        let token = format!("Bearer {}", app.companies[0].people[who].token);
        let request = axum::http::Request::get(path).header("authorization", token);
        app.router().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap()
    };
    let mut unread = Vec::new();
    while unread.len() < 30 {
        let answer = asked("admin").await;
        if answer.status() == 429 {
            break;
        }
        assert_eq!(answer.status(), 200);
        unread.push(answer);
    }
    let size = unread.last().map(|answer| axum::body::HttpBody::size_hint(answer.body()).exact());
    assert!((15..25).contains(&unread.len()), "{} answers of three megabytes wait, each of {size:?}", unread.len());
    app.admin().create("lead", json!({"title": "x"})).await.ok(201);
    assert_eq!(asked("ann").await.status(), 200);
    drop(unread);
    assert_eq!(asked("admin").await.status(), 200);
    app.finish().await;
}
