//! Hidden and read-only fields: in every answer, not only in the obvious ones.

use serde_json::json;

use crate::app::TestApp;

const SECRET: &str = "98765";
const WORD: &str = "Geheimfirma";

/// A clerk who sees leads and deals, but not the amounts, comments and company titles of leads.
async fn app() -> TestApp {
    let mut app = TestApp::start().await;
    let all = json!(["read", "create", "update", "delete"]);
    app.role(
        "clerk",
        json!([
            {"kind": "permission", "entity": "lead", "actions": all},
            {"kind": "permission", "entity": "deal", "actions": all},
        ]),
        json!([
            {"entity": "lead", "field": "amount", "right": "hidden"},
            {"entity": "lead", "field": "comments", "right": "hidden"},
            {"entity": "lead", "field": "company_title", "right": "hidden"},
            {"entity": "lead", "field": "source", "right": "read_only"},
        ]),
    )
    .await;
    app.person(0, "clerk", &["clerk"]).await;
    app
}

fn silent(text: &str, what: &str) {
    for secret in [SECRET, WORD, "geheimfirma"] {
        assert!(!text.contains(secret), "{what} tells {secret}: {text}");
    }
}

#[tokio::test]
async fn a_hidden_field_is_in_no_answer() {
    let app = app().await;
    let clerk = app.by("clerk");
    let id = app
        .record(
            "lead",
            json!({"title": "Ann", "amount": 98765, "comments": WORD, "company_title": WORD, "source": "web"}),
        )
        .await;
    app.admin().update("lead", &id, json!({"amount": 98_766, "last_name": "Lee"})).await.ok(200);
    app.admin().update("lead", &id, json!({"amount": 98_765})).await.ok(200);
    let path = format!("/records/lead/{id}");
    app.settle().await;
    for url in [
        path.clone(),
        "/records/lead".into(),
        format!("{path}/timeline"),
        "/events".into(),
        "/records/lead?sort=-title".into(),
    ] {
        let answer = clerk.get(&url).await;
        answer.ok(200);
        silent(&answer.text(), &url);
    }
    let events = clerk.get("/events").await.ok(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 3, "that something happened is known");
    assert!(
        events["items"][1]["changes"]["last_name"].is_object() && events["items"][1]["changes"]["amount"].is_null()
    );
    let changed = clerk.update("lead", &id, json!({"last_name": "Li"})).await;
    silent(&changed.text(), "the answer to a change");
    assert_eq!(changed.ok(200)["version"], 4);
    let stale = clerk.patch(&path, json!({"fields": {"last_name": "Lo"}, "version": 1})).await;
    stale.problem(409, "record.conflict");
    silent(&stale.text(), "a conflict");
    let bulk = clerk
        .post(
            "/records/lead/bulk",
            json!({"update": [{"id": id, "fields": {"last_name": "Lu"}}, {"id": id, "fields": {"amount": 1}}]}),
        )
        .await;
    silent(&bulk.text(), "bulk");
    assert_eq!(bulk.ok(200)["results"][1]["fields"]["amount"]["code"], "unknown");
    let entity = clerk.get("/entities/lead").await;
    for key in ["amount", "comments", "company_title"] {
        assert!(!entity.text().contains(&format!("\"{key}\"")), "the catalogue names {key}");
    }
    assert_eq!(app.admin().get(&path).await.ok(200)["fields"]["amount"], 98_765, "a change of the rest keeps it");
    app.finish().await;
}

#[tokio::test]
async fn a_hidden_field_cannot_be_asked_about() {
    let app = app().await;
    let clerk = app.by("clerk");
    let lead = app.record("lead", json!({"title": "Ann", "amount": 98765, "company_title": WORD})).await;
    app.record("deal", json!({"title": "d", "lead": lead})).await;
    let test = |field: &str| json!({"field": field, "op": "not_empty"});
    for (entity, field) in
        [("lead", "amount"), ("lead", "comments"), ("deal", "lead.amount"), ("deal", "lead.company_title")]
    {
        let filter = test(field);
        clerk.query(entity, json!({"filter": filter})).await.problem(400, "request.invalid");
        clerk.query(entity, json!({"filter": {"not": filter}})).await.problem(400, "request.invalid");
        clerk
            .post(&format!("/records/{entity}/aggregate"), json!({"filter": filter}))
            .await
            .problem(400, "request.invalid");
    }
    assert_eq!(clerk.found("deal", test("lead.title")).await, ["d"], "the hop itself is allowed");
    clerk.query("lead", json!({"sort": [{"field": "amount"}]})).await.problem(400, "request.invalid");
    clerk.query("lead", json!({"fields": ["title", "amount"]})).await.problem(400, "request.invalid");
    clerk.post("/records/lead/aggregate", json!({"group_by": ["amount"]})).await.problem(400, "request.invalid");
    clerk
        .post("/records/lead/aggregate", json!({"measures": [{"op": "sum", "field": "amount"}]}))
        .await
        .problem(400, "request.invalid");
    assert_eq!(
        clerk.query("lead", json!({"q": "geheim"})).await.ok(200)["items"],
        json!([]),
        "words do not look into it"
    );
    assert_eq!(clerk.query("lead", json!({"q": "ann"})).await.ok(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.admin().query("lead", json!({"q": "geheim"})).await.ok(200)["items"].as_array().unwrap().len(), 1);
    let config = json!({"sort": [{"field": "amount"}]});
    let view = app
        .admin()
        .post("/views", json!({"entity": "lead", "name": "v", "shared": true, "config": config}))
        .await
        .ok(201);
    clerk.get(&format!("/records/lead?view={}", view["id"].as_str().unwrap())).await.problem(400, "request.invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_read_only_field_is_seen_and_not_written() {
    let app = app().await;
    let clerk = app.by("clerk");
    let id = app.record("lead", json!({"title": "Ann", "source": "web"})).await;
    assert_eq!(clerk.get(&format!("/records/lead/{id}")).await.ok(200)["fields"]["source"], "web");
    let refused = clerk.update("lead", &id, json!({"source": "call"})).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["source"]["code"], "read_only");
    clerk.create("lead", json!({"source": "call"})).await.problem(422, "record.invalid");
    let hidden = clerk.create("lead", json!({"amount": 1})).await.problem(422, "record.invalid");
    assert_eq!(hidden["fields"]["amount"]["code"], "unknown", "hidden is like not there");
    let entity = clerk.get("/entities/lead").await.ok(200);
    let source = entity["fields"].as_array().unwrap().iter().find(|field| field["key"] == "source").unwrap();
    assert_eq!(source["read_only"], true);
    app.finish().await;
}

#[tokio::test]
async fn one_more_role_that_sees_the_field_shows_it() {
    let mut app = app().await;
    app.person(0, "both", &["clerk", "observer"]).await;
    let id = app.record("lead", json!({"title": "Ann", "amount": 98765})).await;
    assert_eq!(app.by("both").get(&format!("/records/lead/{id}")).await.ok(200)["fields"]["amount"], 98_765);
    assert!(app.by("clerk").get(&format!("/records/lead/{id}")).await.ok(200)["fields"].get("amount").is_none());
    app.finish().await;
}
