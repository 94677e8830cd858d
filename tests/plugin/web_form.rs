//! Its signed public route.

use plugin_host::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use serde_json::{Value, json};

use crate::app::{Answer, LEAD_DESK, START, TestApp};

struct Site<'a> {
    app: &'a TestApp,
    secret: String,
    url: String,
}

impl<'a> Site<'a> {
    async fn of(app: &'a TestApp) -> Self {
        let detail = app.admin().get(&format!("/plugins/{LEAD_DESK}")).await.ok(200);
        let url = detail["routes"][0]["url"].as_str().unwrap().to_owned();
        Self { app, secret: detail["secret"].as_str().unwrap().to_owned(), url }
    }

    async fn send(&self, at: i64, signature: &str, body: &[u8]) -> Answer {
        let client = self.app.stranger().header(TIMESTAMP_HEADER, &at.to_string()).header(SIGNATURE_HEADER, signature);
        client.send("POST", &self.url, Some("application/json"), body.to_vec()).await
    }

    async fn signed(&self, at: i64, body: &Value) -> Answer {
        let bytes = body.to_string().into_bytes();
        self.send(at, &sign(&self.secret, &at.to_string(), &bytes), &bytes).await
    }
}

const NOW: i64 = START.0 / 1_000_000;

fn form(name: &str) -> Value {
    json!({"name": name, "phone": "8 916 123-45-67", "message": "Call me", "amount": 1500, "currency": "RUB"})
}

#[tokio::test]
async fn a_signed_form_becomes_a_lead_that_is_tidied_and_followed_up() {
    let app = TestApp::build().person("max", "sales_manager").lead_desk(json!({"role": "sales_manager"})).start().await;
    let site = Site::of(&app).await;
    let made = site.signed(NOW, &form("Ann")).await.ok(201);
    let lead = app.admin().get(&format!("/records/lead/{}", made["id"].as_str().unwrap())).await.ok(200);
    let fields = &lead["fields"];
    assert_eq!(
        (&fields["title"], &fields["source"], &fields["amount"], &fields["comments"]),
        (&json!("Ann"), &json!("web"), &json!(1_500), &json!("Call me"))
    );
    assert_eq!((&fields["phones"][0]["value"], &fields["owner"]), (&json!("+79161234567"), &json!(app.id_of("max"))));
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM task").await, 1);
    app.settle().await;
    let events = app.admin().get("/events?entity=lead").await.ok(200);
    assert_eq!(events["items"][0]["actor"], json!({"kind": "plugin", "id": LEAD_DESK, "name": LEAD_DESK}));
    app.finish().await;
}

#[tokio::test]
async fn only_a_fresh_right_signature_counts_and_only_once() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let site = Site::of(&app).await;
    let body = form("Ann").to_string().into_bytes();
    let good = sign(&site.secret, &NOW.to_string(), &body);
    for (at, signature, sent) in [
        (NOW, "", body.clone()),
        (NOW, "sha256=00", body.clone()),
        (NOW, "sha256=nonsense", body.clone()),
        (NOW, &sign("another secret", &NOW.to_string(), &body), body.clone()),
        (NOW, &good, form("Eve").to_string().into_bytes()),
        (NOW + 1, &good, body.clone()),
        (NOW - 301, &sign(&site.secret, &(NOW - 301).to_string(), &body), body.clone()),
        (NOW + 301, &sign(&site.secret, &(NOW + 301).to_string(), &body), body.clone()),
    ] {
        site.send(at, signature, &sent).await.problem(401, "auth.required");
    }
    app.stranger().send("POST", &site.url, Some("application/json"), body.clone()).await.problem(401, "auth.required");
    site.send(NOW, &good, &body).await.ok(201);
    for again in [good.clone(), good.to_uppercase().replace("SHA256", "sha256"), good.replace("sha256=", "")] {
        site.send(NOW, &again, &body).await.problem(401, "auth.required");
    }
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    app.admin().post(&format!("/plugins/{LEAD_DESK}/secret"), json!({})).await.ok(200);
    site.signed(NOW, &form("Bo")).await.problem(401, "auth.required");
    Site::of(&app).await.signed(NOW, &form("Bo")).await.ok(201);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_form_that_is_refused_says_why() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let site = Site::of(&app).await;
    let refused = site.signed(NOW, &json!({"name": "Nobody"})).await.ok(422);
    assert!(refused["fields"]["phones"]["message"].as_str().unwrap().starts_with("Add a phone number"), "{refused}");
    site.signed(NOW, &json!([1])).await.ok(400);
    site.signed(NOW, &json!({"name": "x".repeat(70_000)})).await.problem(413, "too_large");
    site.signed(NOW, &json!({"name": "x", "phone": "89161234567", "amount": "much"})).await.ok(422);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 0);
    app.admin().post(&format!("/plugins/{LEAD_DESK}/disable"), json!({})).await.ok(200);
    site.signed(NOW, &form("Ann")).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}
