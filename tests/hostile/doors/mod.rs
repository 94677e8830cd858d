//! Every operation of the running server's OpenAPI document under attack. A new operation joins by itself: its address,
//! its parameters and its bodies come from the document. One whose ids or media type the walk does not know fails it.
//!
//! | module | attacks |
//! |---|---|
//! | `sent` | bodies that are half-sent, slow, huge, deep |
//! | `words` | NUL in texts, addresses and queries; unknown methods and media types |
//! | `callers` | no token, a wrong one, one that may only read, another company's, a field that is hidden |
//! | `example` | bodies from schemas |

mod callers;
mod example;
mod sent;
mod words;

use std::time::Duration;

use axum::body::Body;
use serde_json::Value;

use crate::access::{Objects, Operation};
use crate::app::{Answer, Client, TestApp};
use example::Schemas;

/// In every text of the company.
const MARKER: &str = "Stiller Karpfen";
/// Longer is a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// Doors at which an attack means nothing, and why. A line that names no operation fails.
const EXCEPTIONS: [(&str, &str, &str); 14] = [
    ("unknown media type", "POST /process-definitions", "a file is judged by what is in it"),
    ("depth", "POST /document-templates/own", "a text is set in type aside, for ten seconds: `sales::own_templates`"),
    ("depth", "PUT /document-templates/own/{id}/content", "a text is set in type aside, for ten seconds"),
    ("unknown media type", "POST /document-templates/own", "a file is judged by its name and what is in it"),
    (
        "unknown media type",
        "PUT /document-templates/own/{id}/content",
        "a file is judged by its name and what is in it",
    ),
    ("unknown media type", "POST /process-drawings", "a file is judged by what is in it"),
    ("unknown media type", "PUT /process-drawings/{id}/xml", "a file is judged by what is in it"),
    ("unknown media type", "POST /public/{company}/{plugin}/{page}/files", "a file is judged by what is in it"),
    (
        "depth",
        "POST /public/{company}/{plugin}/{page}/files",
        "a file is kept, not read; there is no page to send it to",
    ),
    ("unknown media type", "POST /plugins", "a package is judged by what is in it"),
    ("unknown media type", "POST /configuration/import", "a file is judged by what is in it"),
    ("hidden word", "POST /records/{entity}/{id}/files", "a file is called as its sender says, and others see that"),
    ("NUL in the file", "POST /records/{entity}/{id}/files", "a file holds whatever it holds"),
    ("words", "POST /session", "it is slow on purpose, and has a suite of its own"),
];

/// One operation with what the document says of it.
struct Door {
    operation: Operation,
    /// Media type of its body.
    media: Option<String>,
    /// A body with everything in it, its ids those of a lead; null where it is no JSON.
    whole: Value,
    /// Names in its query.
    query: Vec<String>,
    /// Open to everybody.
    public: bool,
}

impl Door {
    fn new(document: &Value, operation: Operation, id: &str) -> Self {
        let said = &document["paths"][format!("/api/v1{}", operation.template)][operation.method.to_lowercase()];
        let content = said["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
        let json = content.filter(|(media, _)| *media == "application/json");
        let whole = json.map(|(_, content)| Schemas::new(document, id).example(&content["schema"]));
        let parameters = said["parameters"].as_array().into_iter().flatten();
        let query = parameters.filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap().to_owned());
        Self {
            media: content.map(|(media, _)| media.clone()),
            whole: whole.unwrap_or_default(),
            query: query.collect(),
            public: said["security"] == serde_json::json!([{}]),
            operation,
        }
    }

    /// Method and template, as in the document.
    fn name(&self) -> String {
        format!("{} {}", self.operation.method, self.operation.template)
    }

    fn address(&self) -> String {
        format!("/api/v1{}", self.operation.path)
    }

    /// Whether it takes JSON.
    fn json(&self) -> bool {
        !self.whole.is_null()
    }

    fn excepted(&self, attack: &str) -> bool {
        let name = self.name();
        EXCEPTIONS.iter().any(|(which, door, _)| *which == attack && *door == name)
    }

    /// The content type with which its bodies come.
    fn kind(&self) -> Option<&str> {
        match self.media.as_deref() {
            Some("multipart/form-data") => Some("multipart/form-data; boundary=B"),
            known => known,
        }
    }

    /// A body as its door takes it.
    fn good(&self) -> Vec<u8> {
        match self.media.as_deref() {
            None => Vec::new(),
            Some("application/json") => self.whole.to_string().into_bytes(),
            Some("application/xml") => self.operation.body.as_ref().and_then(Value::as_str).unwrap().into(),
            Some("multipart/form-data") => form("lead").into_bytes(),
            Some("application/octet-stream") => b"PK\x05\x06".to_vec(),
            Some(other) => panic!("{}: the walk knows no bodies of `{other}`: teach it", self.name()),
        }
    }

    /// Sends it; none when there is no answer in time.
    async fn send(&self, client: &Client<'_>, address: &str, body: impl Into<Body>) -> Option<Answer> {
        self.send_as(client, address, self.kind(), body).await
    }

    async fn send_as(
        &self,
        client: &Client<'_>,
        at: &str,
        kind: Option<&str>,
        body: impl Into<Body>,
    ) -> Option<Answer> {
        // A stream never ends; its head is enough.
        let stream = self.operation.template == "/stream";
        let method = if stream { "HEAD" } else { &self.operation.method };
        tokio::time::timeout(PATIENCE, client.send_body(method, at, kind, body.into())).await.ok()
    }
}

/// A form with a file.
fn form(entity: &str) -> String {
    format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{entity}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\nTitle\nwalk\n\r\n--B--\r\n"
    )
}

/// Every door; of the entities only leads, since all go through the same ones.
async fn doors(app: &TestApp, objects: &Objects) -> Vec<Door> {
    let told = app.stranger().get("/openapi.json").await.ok(200);
    let of_leads = |one: &Operation| !one.template.contains("{entity}") || one.path.split('/').nth(2) == Some("lead");
    let all = objects.operations_of(&told).into_iter().filter(of_leads);
    let mut doors: Vec<Door> = all.map(|operation| Door::new(&told, operation, objects.id("lead"))).collect();
    // What is removed is not there for the others.
    doors.sort_by_key(|door| door.operation.method == "DELETE");
    doors
}

/// What is wrong with an answer that should be a refusal with one of these statuses.
fn unlike(door: &Door, attack: &str, answer: Option<&Answer>, statuses: &[u16]) -> Option<String> {
    let Some(answer) = answer else { return Some(format!("{}: {attack}: no answer", door.name())) };
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    // To HEAD there is no body.
    let problem = door.operation.template == "/stream"
        || (answer.header("content-type") == Some("application/problem+json")
            && body["code"].is_string()
            && body["status"] == answer.status.as_u16()
            && body["detail"].as_str().is_some_and(|words| words.contains(' ')));
    let right = statuses.contains(&answer.status.as_u16()) && problem;
    (!right).then(|| format!("{}: {attack}: {} {}", door.name(), answer.status, shown(answer)))
}

/// What is wrong with an answer that may be anything but a fault of ours.
fn faulty(door: &Door, attack: &str, answer: Option<&Answer>) -> Option<String> {
    match answer {
        None => Some(format!("{}: {attack}: no answer", door.name())),
        Some(answer) if answer.status.is_server_error() => {
            Some(format!("{}: {attack}: {} {}", door.name(), answer.status, shown(answer)))
        }
        Some(answer) if answer.status.is_client_error() => {
            unlike(door, attack, Some(answer), &[answer.status.as_u16()])
        }
        Some(_) => None,
    }
}

fn shown(answer: &Answer) -> String {
    answer.text().chars().take(300).collect()
}

#[tokio::test]
async fn exceptions_name_operations_that_there_are() {
    let app = TestApp::build().lead_desk(serde_json::json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let names: Vec<String> = doors(&app, &objects).await.iter().map(Door::name).collect();
    let lost: Vec<_> = EXCEPTIONS.iter().filter(|(_, door, _)| !names.iter().any(|name| name == door)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    app.drain().await;
    app.finish().await;
}
