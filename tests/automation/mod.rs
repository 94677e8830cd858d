//! Rules of automation: what sets them off, what they do, who may make them, what a dry run says.

mod acts;
mod apply;
mod buttons;
mod doors;
mod ends;
mod fires;
mod hooks;
mod past;
mod schedule;
mod twice;

use serde_json::{Value, json};

use crate::app::TestApp;

/// Makes a rule of the first company's.
pub async fn rule(app: &TestApp, entity: &str, rule: Value) -> String {
    app.admin().post("/automations", json!({"entity": entity, "rule": rule})).await.id()
}

/// An action.
pub fn action(kind: &str, parameters: Value) -> Value {
    json!({"kind": kind, "parameters": parameters})
}

/// A notice to the administrator.
pub fn tell(text: &str) -> Value {
    action("notice", json!({"to": "user:admin@acme.test", "text": text}))
}

/// What rules did, oldest first.
pub async fn runs(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app.admin().get(&format!("/automations/runs?limit=200{query}")).await.ok(200);
    page["items"].as_array().unwrap().iter().rev().cloned().collect()
}

/// Names of rules with how their runs stand, oldest first.
pub fn told(runs: &[Value]) -> Vec<String> {
    let one = |run: &Value| format!("{} {}", run["name"].as_str().unwrap(), run["state"].as_str().unwrap());
    runs.iter().map(one).collect()
}

/// Texts of the administrator's notifications of rules, sorted.
pub async fn notices(app: &TestApp) -> Vec<String> {
    let page = app.admin().get("/notifications?limit=200").await.ok(200);
    let ours = page["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "automation.notice");
    let mut texts: Vec<String> = ours.map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}
