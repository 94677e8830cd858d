//! Bodies that are half-sent, slow, huge, deep.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Door, MARKER, PATIENCE, doors, faulty, unlike};
use crate::access::Objects;
use crate::app::TestApp;
use crate::hostile::connections::{Served, served};

/// More than any door takes in these tests.
const HUGE: usize = 12 * 1024 * 1024;

/// How a body comes that never ends.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Its beginning, and then nothing.
    Half,
    /// A byte now and then, for ever.
    Slow,
}

/// The beginning of a request whose body does not end.
struct Begun {
    method: String,
    address: String,
    kind: String,
    body: String,
}

impl Begun {
    fn at(door: &Door) -> Self {
        let good = door.good();
        Self {
            method: door.operation.method.clone(),
            address: door.address(),
            kind: door.kind().unwrap_or("application/json").to_owned(),
            body: String::from_utf8_lossy(&good[..good.len() / 2]).into_owned(),
        }
    }

    /// At an address that the document does not have.
    fn beside(method: &str, address: &str) -> Self {
        let (kind, body) = ("application/json".to_owned(), "{\"a\":".to_owned());
        Self { method: method.to_owned(), address: address.to_owned(), kind, body }
    }

    /// Sends it in this way; gives what the server said until it hung up.
    async fn send(&self, served: &Served, way: Way) -> Result<String, &'static str> {
        let token = &served.app.companies[0].people["admin"].token;
        let Self { method, address, kind, body } = self;
        let (length, body) = match way {
            Way::Half => ("content-length: 5000", body.clone()),
            Way::Slow => ("transfer-encoding: chunked", format!("{:x}\r\n{body} \r\n", body.len() + 1)),
        };
        let head = format!(
            "{method} {address} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: {kind}\r\n{length}\r\n\r\n"
        );
        let stream = TcpStream::connect(&served.address).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        writing.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let drip = async {
            let mut pauses = tokio::time::interval(Duration::from_millis(100));
            while matches!(way, Way::Slow) && writing.write_all(b"1\r\n \r\n").await.is_ok() {
                pauses.tick().await;
            }
            std::future::pending::<()>().await;
        };
        let mut text = Vec::new();
        let told = tokio::select! {
            read = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut text)) => read,
            () = drip => unreachable!("it drips for ever"),
        };
        // A server that hangs up while more comes may do it rudely; what it said counts.
        told.map_err(|_| "the connection is held for ever").map(drop)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// What is wrong with what a door said to such a body.
async fn fault(served: &Served, door: &Door, way: Way) -> Option<String> {
    let told = match Begun::at(door).send(served, way).await {
        Ok(told) => told,
        Err(error) => return Some(format!("{}: {way:?}: {error}", door.name())),
    };
    let refused = told.starts_with("HTTP/1.1 4") && told.contains("application/problem+json");
    (!refused).then(|| format!("{}: {way:?}: {told}", door.name()))
}

/// Addresses that the document cannot describe: routes of plugins, and what is no part of the API.
#[tokio::test]
async fn addresses_beside_the_document_wait_for_no_body_either() {
    let served = served(|config| (config.http.header_seconds, config.http.body_seconds) = (2, 1)).await;
    served.app.enable_lead_desk(json!({})).await;
    let beside = [
        ("POST", "/hooks/acme/verstak.lead-desk/web-form"),
        ("POST", "/hooks/nobody/nothing/x"),
        ("POST", "/api/v1/plugins/verstak.lead-desk/http/x"),
        ("GET", "/api/v1/openapi.json"),
        ("POST", "/api/v1/nothing"),
        ("POST", "/api/v1/test/clock"),
        ("GET", "/health/live"),
        ("POST", "/health/ready"),
        ("GET", "/metrics"),
        ("GET", "/"),
        ("POST", "/index.html"),
    ];
    let each = beside.iter().flat_map(|(method, at)| [Way::Half, Way::Slow].map(|way| (*method, *at, way)));
    let sent = each.map(async |(method, at, way)| (at, way, Begun::beside(method, at).send(&served, way).await));
    for (at, way, told) in futures::future::join_all(sent).await {
        let told = told.unwrap_or_else(|error| panic!("{at} {way:?}: {error}"));
        assert!(!told.starts_with("HTTP/1.1 5"), "{at} {way:?}: {told}");
    }
    served.app.drain().await;
    served.app.finish().await;
}

#[tokio::test]
async fn no_operation_waits_for_a_body_that_does_not_come() {
    let served = served(|config| {
        (config.http.concurrency, config.http.body_seconds, config.http.timeout_seconds) = (16, 1, 15);
    })
    .await;
    served.app.enable_lead_desk(json!({})).await;
    let objects = Objects::make(&served.app, MARKER).await;
    let doors = doors(&served.app, &objects).await;
    // All operations at once would wait for a place longer than an answer may take.
    let both = doors.iter().flat_map(|door| [Way::Half, Way::Slow].map(|way| fault(&served, door, way)));
    let all = stream::iter(both).buffer_unordered(200).collect::<Vec<_>>();
    let (faults, others) = tokio::join!(all, served.ask());
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(others.starts_with("HTTP/1.1 200"), "{others}");
    served.app.drain().await;
    served.app.finish().await;
}

#[tokio::test]
async fn no_operation_takes_a_huge_body() {
    let app = TestApp::build()
        .config(|config| {
            (config.http.body_limit, config.http.upload_limit) = (10_000, 4_000_000);
            config.files.max_bytes = 4_000_000;
        })
        .lead_desk(json!({}))
        .start()
        .await;
    let objects = Objects::make(&app, MARKER).await;
    let admin = app.admin();
    let huge = Bytes::from(vec![b' '; HUGE]);
    let piece = huge.slice(..64 * 1024);
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await {
        let answer = door.send(&admin, &door.address(), huge.clone()).await;
        wrong.extend(unlike(&door, "huge, as its head says", answer.as_ref(), &[413]));
        // A form begins like one, so that it is read.
        let good = door.good();
        let begin =
            if door.media.as_deref() == Some("multipart/form-data") { &good[..good.len() - 9] } else { &good[..0] };
        let pieces =
            stream::iter([Bytes::copy_from_slice(begin)]).chain(stream::repeat(piece.clone()).take(HUGE / piece.len()));
        let endless = Body::from_stream(pieces.map(Ok::<_, std::convert::Infallible>));
        let answer = door.send(&admin, &door.address(), endless).await;
        wrong.extend(unlike(&door, "huge, and nobody said so", answer.as_ref(), &[413]));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test]
async fn no_operation_follows_a_body_into_the_depth() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let admin = app.admin();
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await.iter().filter(|door| door.media.is_some() && !door.excepted("depth")) {
        let tags = format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
        for (attack, body) in [
            ("deep lists", nested(100_000)),
            ("lists without an end", "[".repeat(200_000)),
            ("objects without an end", "{\"a\":".repeat(50_000)),
            ("deep tags", tags),
        ] {
            let answer = door.send(&admin, &door.address(), body).await;
            wrong.extend(unlike(door, attack, answer.as_ref(), &[400, 422]));
        }
        for key in door.whole.as_object().into_iter().flat_map(serde_json::Map::keys) {
            for (depth, statuses) in [(100, None), (2_000, Some(400))] {
                let mut body = door.whole.clone();
                body[key] = json!("HERE");
                let body = body.to_string().replace("\"HERE\"", &nested(depth));
                let answer = door.send(&admin, &door.address(), body).await;
                let attack = format!("`{key}` {depth} deep");
                wrong.extend(match statuses {
                    Some(status) => unlike(door, &attack, answer.as_ref(), &[status]),
                    None => faulty(door, &attack, answer.as_ref()),
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}
