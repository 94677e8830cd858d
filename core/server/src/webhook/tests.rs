//! Webhooks against a server of the test's own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use kernel::clock::Env;
use kernel::{Locale, TenantId};
use serde_json::json;
use uuid::Uuid;

use super::*;

type Seen = Arc<Mutex<Vec<(Method, String, HeaderMap, Json)>>>;

async fn answer(
    State(seen): State<Seen>,
    method: Method,
    uri: Uri,
    Path(what): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let json = serde_json::from_slice(&body).unwrap_or(Json::Null);
    seen.lock().unwrap().push((method, uri.to_string(), headers, json));
    match what.as_str() {
        "json" => axum::Json(json!({"ok": true})).into_response(),
        "empty" => StatusCode::NO_CONTENT.into_response(),
        "text" => "fine".into_response(),
        "zero" => axum::Json(json!({"text": "\u{0}"})).into_response(),
        "bytes" => vec![0xff, 0xfe].into_response(),
        "large" => "x".repeat(wire::MAX_ANSWER + 1).into_response(),
        "endless" => {
            let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 65_536])));
            Body::from_stream(chunks).into_response()
        }
        "away" => (StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/")]).into_response(),
        "never" => std::future::pending().await,
        status => (StatusCode::from_u16(status.parse().unwrap()).unwrap(), "no\nway").into_response(),
    }
}

async fn server() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let router = Router::new().route("/{what}", any(answer)).with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, seen)
}

fn call(parameters: Json) -> ServiceCall {
    ServiceCall {
        instance: kernel::InstanceId(Uuid::nil()),
        wait: 3,
        element: "hook".to_owned(),
        kind: KIND.to_owned(),
        parameters: parameters.as_object().unwrap().clone(),
        subject: None,
        cause: None,
        batch: None,
    }
}

async fn send(allow_private: bool, parameters: Json) -> Result<Json, ServiceFailure> {
    let ctx = Ctx::system(TenantId(Uuid::nil()), "UTC".parse().unwrap(), Locale::En, &Env::system());
    let hooks = Webhooks { timeout: Duration::from_secs(2), ..Webhooks::new(allow_private).unwrap() };
    hooks.call(&ctx, &call(parameters)).await
}

fn check(got: Result<Json, ServiceFailure>, again: bool, expected: &str) {
    match got {
        Err(ServiceFailure::Again(why)) => assert!(again && why.contains(expected), "again: {why}"),
        Err(ServiceFailure::Never(why)) => assert!(!again && why.contains(expected), "never: {why}"),
        other => panic!("{other:?} instead of {expected}"),
    }
}

#[tokio::test]
async fn a_request_carries_its_key_its_headers_and_its_body() {
    let (address, seen) = server().await;
    let url = format!("http://{address}/json?a=1");
    for _ in 0..2 {
        let parameters = json!({"url": url, "amount": 5, "who": null, "headers": {"X-Mine": "yes"}});
        assert_eq!(send(true, parameters).await, Ok(json!({"ok": true})));
    }
    let body = json!({"url": url, "method": "put", "body": [1, 2]});
    assert_eq!(send(true, body).await, Ok(json!({"ok": true})));
    assert_eq!(send(true, json!({"url": url, "method": "GET"})).await, Ok(json!({"ok": true})));
    let seen = seen.lock().unwrap();
    let (method, uri, headers, sent) = &seen[0];
    assert_eq!((method.as_str(), uri.as_str(), sent), ("POST", "/json?a=1", &json!({"amount": 5, "who": null})));
    let key = call(json!({})).idempotency_key().to_string();
    assert!(headers["idempotency-key"] == key && seen[1].2["idempotency-key"] == key, "{headers:?}");
    assert!(headers["x-mine"] == "yes" && headers["content-type"] == "application/json", "{headers:?}");
    assert_eq!(headers["host"], address.to_string());
    assert_eq!((seen[2].0.as_str(), &seen[2].3), ("PUT", &json!([1, 2])));
    assert_eq!((seen[3].0.as_str(), &seen[3].3), ("GET", &Json::Null));
}

#[tokio::test]
async fn an_answer_is_a_value_a_try_again_or_the_end() {
    let (address, _) = server().await;
    let to = |what: &str| send(true, json!({"url": format!("http://{address}/{what}")}));
    assert_eq!(to("empty").await, Ok(Json::Null));
    assert_eq!(to("text").await, Ok(json!("fine")));
    for status in [408, 429, 500, 502, 503, 599] {
        check(to(&status.to_string()).await, true, &format!("/{status} answered {status}: no way"));
    }
    for status in [400, 401, 404, 409, 410, 422] {
        check(to(&status.to_string()).await, false, &format!("answered {status}: no way"));
    }
    check(to("away").await, false, "redirects are not followed");
    check(to("zero").await, false, "U+0000");
    check(to("bytes").await, false, "no UTF-8");
    check(to("large").await, false, "longer than 256 KiB");
    check(to("endless").await, false, "longer than 256 KiB");
    check(to("never").await, true, "no answer within 2 seconds");
}

#[tokio::test]
async fn a_connection_that_fails_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    check(send(true, json!({"url": format!("https://localhost:{}/", address.port())})).await, true, "no answer within");
    drop(listener);
    check(send(true, json!({"url": format!("http://{address}/")})).await, true, "no connection");
    check(send(true, json!({"url": "http://no-such-name.invalid/"})).await, true, "the name is not known");
    let (address, _) = server().await;
    check(send(true, json!({"url": format!("https://{address}/json")})).await, true, "no secure connection");
}

#[tokio::test]
async fn the_network_around_the_server_is_out_of_reach() {
    let (address, seen) = server().await;
    let port = address.port();
    for host in
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "0x7f000001", "2130706433", "0.0.0.0"]
    {
        check(
            send(false, json!({"url": format!("http://{host}:{port}/json")})).await,
            false,
            "not on the public internet",
        );
    }
    for host in ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fd00::1]", "[fe80::1]", "224.0.0.1"] {
        check(send(false, json!({"url": format!("https://{host}/")})).await, false, "not on the public internet");
    }
    for host in ["169.254.169.254", "[::ffff:a9fe:a9fe]", "0.0.0.0", "255.255.255.255"] {
        check(send(true, json!({"url": format!("http://{host}/")})).await, false, "not on the public internet");
    }
    assert!(seen.lock().unwrap().is_empty(), "nothing was asked");
    assert_eq!(send(true, json!({"url": format!("http://localhost:{port}/json")})).await, Ok(json!({"ok": true})));
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let at = "http://example.com/";
    for (parameters, expected) in [
        (json!({}), "`url` is missing"),
        (json!({"url": 5}), "`url` is missing"),
        (json!({"url": "example.com"}), "`url` is no address"),
        (json!({"url": "file:///etc/passwd"}), "must begin with http:// or https://"),
        (json!({"url": "ftp://example.com/"}), "must begin with http:// or https://"),
        (json!({"url": "http://a:b@example.com/"}), "has a name or password"),
        (json!({"url": at, "method": "TRACE"}), "`method` must be"),
        (json!({"url": at, "method": 5}), "`method` is no text"),
        (json!({"url": at, "headers": ["a"]}), "`headers` must be an object"),
        (json!({"url": at, "headers": {"Host": "x"}}), "`Host` cannot be set"),
        (json!({"url": at, "headers": {"Transfer-Encoding": "chunked"}}), "cannot be set"),
        (json!({"url": at, "headers": {"a b": "x"}}), "is no header's name"),
        (json!({"url": at, "headers": {"x": "a\r\nb: c"}}), "letters that a header cannot have"),
        (json!({"url": at, "headers": {"x": 5}}), "must be a text"),
        (json!({"url": at, "method": "GET", "a": 1}), "GET sends no body: put `a` into the url"),
        (json!({"url": at, "body": 1, "a": 1}), "`a` stands beside `body`"),
        (json!({"url": at, "body": "x".repeat(1024 * 1024)}), "the body is larger"),
    ] {
        check(send(true, parameters).await, false, expected);
    }
}
