//! Requests to the product and what it answers.

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use super::TestApp;

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    headers: Vec<(String, String)>,
}

impl<'a> Client<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, headers: Vec::new() }
    }

    /// The same with one more header.
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.push((name.to_owned(), value.to_owned()));
        with
    }

    fn request(&self, method: &str, uri: &str, kind: Option<&str>, body: Body) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(uri).body(body).unwrap();
        for (name, value) in &self.headers {
            request
                .headers_mut()
                .append(HeaderName::try_from(name.as_str()).unwrap(), HeaderValue::try_from(value.as_str()).unwrap());
        }
        if let Some(kind) = kind {
            request.headers_mut().insert("content-type", kind.parse().unwrap());
        }
        request
    }

    /// Any request; the address is whole.
    pub async fn send(&self, method: &str, uri: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        self.send_body(method, uri, kind, body.into()).await
    }

    /// The same with a body that may come in pieces.
    pub async fn send_body(&self, method: &str, uri: &str, kind: Option<&str>, body: Body) -> Answer {
        let request = self.request(method, uri, kind, body);
        answered(self.app.router(), request, format!("{method} {uri}")).await
    }

    /// A POST as a task of its own, as requests over the network are.
    pub fn begin(&self, path: &str, body: &Value) -> JoinHandle<Answer> {
        let uri = format!("/api/v1{path}");
        let request = self.request("POST", &uri, Some("application/json"), body.to_string().into());
        tokio::spawn(answered(self.app.router(), request, format!("POST {uri}")))
    }

    async fn json(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let kind = body.as_ref().map(|_| "application/json");
        let bytes = body.map(|body| serde_json::to_vec(&body).unwrap()).unwrap_or_default();
        self.send(method, &format!("/api/v1{path}"), kind, bytes).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.json("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json("PUT", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json("PATCH", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.json("DELETE", path, None).await
    }

    pub async fn create(&self, entity: &str, fields: Value) -> Answer {
        self.post(&format!("/records/{entity}"), json!({"fields": fields})).await
    }

    pub async fn update(&self, entity: &str, id: &str, fields: Value) -> Answer {
        self.patch(&format!("/records/{entity}/{id}"), json!({"fields": fields})).await
    }

    pub async fn query(&self, entity: &str, body: Value) -> Answer {
        self.post(&format!("/records/{entity}/query"), body).await
    }

    /// Titles of the records that a filter finds, sorted.
    pub async fn found(&self, entity: &str, filter: Value) -> Vec<String> {
        let page = self.query(entity, json!({"filter": filter, "limit": 500})).await.ok(200);
        titles(&page)
    }

    /// Opens the live stream.
    pub async fn stream(&self) -> Stream {
        self.stream_of("/stream").await
    }

    /// The same with parameters.
    pub async fn stream_of(&self, path: &str) -> Stream {
        let request = self.request("GET", &format!("/api/v1{path}"), None, Body::empty());
        let response = self.app.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Stream { body: response.into_body().into_data_stream(), text: String::new() }
    }
}

async fn answered(router: Router, request: Request<Body>, what: String) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 64 * 1024 * 1024).await.unwrap();
    Answer { what, status: parts.status, headers: parts.headers, body: bytes.to_vec() }
}

/// Titles of a page, sorted.
pub fn titles(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    let mut titles: Vec<String> =
        items.iter().map(|item| item["fields"]["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    what: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` when there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.what, self.text()))
        }
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.text());
        self.json()
    }

    /// The problem details of a refusal with this status and code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.ok(status);
        assert_eq!(body["code"], code, "{}: {body}", self.what);
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.what);
        assert_eq!(body["status"], status);
        assert_eq!(body["request_id"].as_str().unwrap(), self.headers["x-request-id"].to_str().unwrap());
        let words = body["detail"].as_str().unwrap();
        assert!(words.contains(' ') && !words.starts_with("error."), "{}: `{words}` is not for people", self.what);
        body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The id of the record in the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("{}: {}", self.what, self.text())).to_owned()
    }
}

/// A live stream.
pub struct Stream {
    body: BodyDataStream,
    text: String,
}

/// One server-sent event.
#[derive(Debug, Clone)]
pub struct Sent {
    pub event: String,
    pub id: Option<String>,
    pub data: Value,
}

impl Stream {
    /// The next event; none when the stream has ended.
    pub async fn next(&mut self) -> Option<Sent> {
        let told = tokio::time::timeout(std::time::Duration::from_secs(20), self.wait()).await;
        told.expect("the stream says nothing")
    }

    async fn wait(&mut self) -> Option<Sent> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(sent) = Sent::read(&block) {
                    return Some(sent);
                }
                continue;
            }
            let chunk = self.body.next().await?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

impl Sent {
    fn read(block: &str) -> Option<Self> {
        let field = |name: &str| {
            block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(|v| v.trim().to_owned()))
        };
        Some(Self { event: field("event")?, id: field("id"), data: serde_json::from_str(&field("data")?).unwrap() })
    }
}
