//! Drawings over HTTP: whatever is drawn is kept, one person edits at a time, only what runs is published.

mod compare;
mod dry_run;
mod hostile;
mod keep;
mod lease;
mod retention;
mod steps;

use serde_json::{Value, json};

use crate::app::{Answer, Client};

/// What a test asks of drawings, as one person.
pub struct Board<'a> {
    pub client: Client<'a>,
}

impl<'a> Board<'a> {
    pub fn by(client: Client<'a>) -> Self {
        Self { client }
    }

    pub async fn send(&self, xml: impl Into<Vec<u8>>, query: &str) -> Answer {
        let path = format!("/api/v1/process-drawings{query}");
        self.client.send("POST", &path, Some("application/xml"), xml.into()).await
    }

    /// A new drawing.
    pub async fn draw(&self, xml: impl Into<Vec<u8>>) -> Value {
        self.send(xml, "").await.ok(201)
    }

    pub async fn save(&self, id: &str, seen: i64, xml: impl Into<Vec<u8>>) -> Answer {
        let path = format!("/api/v1/process-drawings/{id}/xml");
        let client = self.client.header("if-match", &format!("\"{seen}\""));
        client.send("PUT", &path, Some("application/xml"), xml.into()).await
    }

    pub async fn xml(&self, id: &str) -> Answer {
        self.client.get(&format!("/process-drawings/{id}/xml")).await
    }

    pub async fn get(&self, id: &str) -> Value {
        self.client.get(&format!("/process-drawings/{id}")).await.ok(200)
    }

    pub async fn post(&self, id: &str, what: &str, body: Value) -> Answer {
        self.client.post(&format!("/process-drawings/{id}/{what}"), body).await
    }

    pub async fn lease(&self, id: &str, action: &str) -> Answer {
        self.post(id, "lease", json!({"action": action})).await
    }

    pub async fn revisions(&self, id: &str) -> Vec<i64> {
        let page = self.client.get(&format!("/process-drawings/{id}/revisions")).await.ok(200);
        page["items"].as_array().unwrap().iter().map(|it| it["revision"].as_i64().unwrap()).collect()
    }
}

/// The id in an answer.
pub fn id(view: &Value) -> String {
    view["id"].as_str().unwrap().to_owned()
}

/// Codes of problems with their elements, by spaces.
pub fn problems(view: &Value) -> String {
    let said = |it: &Value| format!("{}:{}", it["element"].as_str().unwrap_or("-"), it["code"].as_str().unwrap());
    view["problems"].as_array().unwrap().iter().map(said).collect::<Vec<_>>().join(" ")
}
