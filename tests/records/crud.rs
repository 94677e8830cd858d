//! One record: made, read, changed, thrown away, brought back.

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn a_record_is_made_read_changed_thrown_away_and_brought_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let made = admin
        .create("lead", json!({"title": "Ann", "amount": 99.5, "phones": ["+7 916 123-45-67"], "source": "web"}))
        .await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let made = made.ok(201);
    let (id, fields) = (made["id"].as_str().unwrap().to_owned(), &made["fields"]);
    assert_eq!((&made["version"], &made["entity"]), (&json!(1), &json!("lead")));
    assert_eq!((&fields["number"], &fields["stage"], &fields["currency"]), (&json!(1), &json!("new"), &json!("USD")));
    assert_eq!(fields["phones"], json!([{"value": "+7 916 123-45-67", "kind": "other"}]));
    assert_eq!(fields["created_at"], "2026-03-16T09:00:00Z");
    assert_eq!(made["refs"][fields["owner"].as_str().unwrap()], json!({"entity": "user", "title": "Ada Admin"}));
    assert_eq!(admin.get(&format!("/records/lead/{id}")).await.ok(200), made);

    app.clock.advance_seconds(60);
    let changed = admin.update("lead", &id, json!({"amount": 100, "last_name": "Lee", "source": null})).await.ok(200);
    assert_eq!((&changed["version"], &changed["fields"]["amount"]), (&json!(2), &json!(100)));
    assert_eq!((&changed["fields"]["title"], &changed["fields"]["source"]), (&json!("Ann"), &Value::Null));
    assert_eq!(changed["fields"]["updated_at"], "2026-03-16T09:01:00Z");
    assert_eq!(changed["fields"]["created_at"], "2026-03-16T09:00:00Z");
    let same = admin.update("lead", &id, json!({"amount": 100})).await.ok(200);
    assert_eq!(same["version"], 2, "what changes nothing is no new version");

    admin.delete(&format!("/records/lead/{id}")).await.ok(204);
    admin.get(&format!("/records/lead/{id}")).await.problem(404, "not_found");
    admin.update("lead", &id, json!({"amount": 1})).await.problem(404, "not_found");
    admin.delete(&format!("/records/lead/{id}")).await.problem(404, "not_found");
    assert_eq!(admin.get("/records/lead?total=true").await.ok(200)["total"], 0);
    let bin = admin.get("/records/lead?deleted=true").await.ok(200);
    assert_eq!(bin["items"][0]["id"], id.as_str());
    let back = admin.post(&format!("/records/lead/{id}/restore"), json!({})).await.ok(200);
    assert_eq!((&back["version"], &back["fields"]["deleted_at"]), (&json!(4), &Value::Null));
    assert_eq!(admin.get(&format!("/records/lead/{id}")).await.ok(200)["fields"]["amount"], 100);
    admin.post(&format!("/records/lead/{id}/restore"), json!({})).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_stale_version_is_refused_with_the_present_record() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "Pipes", "amount": 1})).await;
    let path = format!("/records/deal/{id}");
    admin.patch(&path, json!({"fields": {"amount": 2}, "version": 1})).await.ok(200);
    let refused =
        admin.patch(&path, json!({"fields": {"amount": 3}, "version": 1})).await.problem(409, "record.conflict");
    assert_eq!((&refused["current"]["version"], &refused["current"]["fields"]["amount"]), (&json!(2), &json!(2)));
    let by_header = admin.header("if-match", "\"1\"");
    by_header.patch(&path, json!({"fields": {"amount": 3}})).await.problem(409, "record.conflict");
    by_header.delete(&path).await.problem(409, "record.conflict");
    let moved = admin.post(&format!("{path}/stage"), json!({"stage": "won", "version": 1})).await;
    moved.problem(409, "record.conflict");
    admin.header("if-match", "\"2\"").patch(&path, json!({"fields": {"amount": 3}})).await.ok(200);
    admin
        .header("if-match", "nonsense")
        .patch(&path, json!({"fields": {"amount": 4}}))
        .await
        .problem(400, "request.invalid");
    assert_eq!(admin.get(&path).await.ok(200)["fields"]["amount"], 3);
    app.finish().await;
}

#[tokio::test]
async fn wrong_fields_are_named_one_by_one_in_the_language_of_the_caller() {
    let app = TestApp::start().await;
    let wrong = json!({
        "title": "x".repeat(256), "amount": -1, "source": "moon", "emails": ["no address"], "owner": "nobody",
        "number": 7, "colour": "red", "birthdate": "2026-02-30",
    });
    let fields = app.admin().create("lead", wrong.clone()).await.problem(422, "record.invalid")["fields"].clone();
    let code = |key: &str| fields[key]["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [code("number"), code("colour"), code("owner"), code("birthdate")],
        ["read_only", "unknown", "id", "date"]
    );
    let typed = json!({"title": "x".repeat(256), "amount": -1, "source": "moon", "emails": ["no address"], "owner": uuid::Uuid::nil(), "contact": uuid::Uuid::nil()});
    let fields = app.admin().create("lead", typed).await.problem(422, "record.invalid")["fields"].clone();
    let code = |key: &str| fields[key]["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [code("title"), code("amount"), code("source"), code("emails")],
        ["too_long", "range", "choice", "email"]
    );
    assert_eq!([code("owner"), code("contact")], ["missing", "missing"]);
    app.admin().patch("/me", json!({"locale": "ru"})).await.ok(200);
    let russian = app.admin().create("lead", wrong).await.problem(422, "record.invalid");
    let message = russian["fields"]["number"]["message"].as_str().unwrap();
    assert!(message.chars().any(|c| ('а'..='я').contains(&c)), "{message}");
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE entity = 'lead'").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn links_go_both_ways_with_titles_and_unknown_entities_are_not_there() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let company = app.record("company", json!({"title": "Steel & Co", "industry": "it"})).await;
    let one = app.record("contact", json!({"last_name": "Lee", "first_name": "Ann", "companies": [company]})).await;
    let two = app.record("contact", json!({"title": "Bo"})).await;
    let deal = app.record("deal", json!({"title": "Pipes", "company": company, "contacts": [two, one, two]})).await;
    let read = admin.get(&format!("/records/deal/{deal}")).await.ok(200);
    assert_eq!(read["fields"]["contacts"], json!([two, one]), "in the order given, once each");
    assert_eq!(read["refs"][&company]["title"], "Steel & Co");
    assert_eq!(read["refs"][&one]["title"], "Lee Ann");
    admin.update("deal", &deal, json!({"contacts": [one], "company": null})).await.ok(200);
    let read = admin.get(&format!("/records/deal/{deal}")).await.ok(200);
    assert_eq!((&read["fields"]["contacts"], &read["fields"]["company"]), (&json!([one]), &Value::Null));
    admin.delete(&format!("/records/company/{company}")).await.ok(204);
    admin.update("deal", &deal, json!({"company": company})).await.problem(422, "record.invalid");
    for path in ["/records/spaceship", "/records/spaceship/query", "/entities/spaceship"] {
        let answer = if path.ends_with("query") { admin.post(path, json!({})).await } else { admin.get(path).await };
        answer.problem(404, "not_found");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_change_cannot_empty_what_must_have_a_value() {
    let app = TestApp::start().await;
    let field = json!({"key": "x_code", "type": "text", "label": {"en": "Code"}, "required": true});
    app.admin().post("/entities/lead/fields", field).await.ok(201);
    let id = app.record("lead", json!({"title": "Ann", "x_code": "a"})).await;
    for field in ["title", "stage", "x_code"] {
        for empty in [json!(null), json!(""), json!(" \u{200b}")] {
            let refused = app.admin().update("lead", &id, json!({(field): empty})).await.problem(422, "record.invalid");
            assert_eq!(refused["fields"][field]["code"], "required", "{field}");
        }
    }
    let bulk = json!({"update": [{"id": id, "fields": {"title": null}}]});
    let answer = app.admin().post("/records/lead/bulk", bulk).await.ok(200);
    assert_eq!(answer["results"][0]["fields"]["title"]["code"], "required");
    assert_eq!(app.admin().get(&format!("/records/lead/{id}")).await.ok(200)["fields"]["title"], "Ann");
    let unnamed = app.admin().create("lead", json!({"title": null, "x_code": "b", "last_name": "Lee"})).await.ok(201);
    assert_eq!(unnamed["fields"]["title"], "Lee");
    app.finish().await;
}

#[tokio::test]
async fn a_list_of_links_keeps_what_was_deleted_or_hidden_when_one_is_added() {
    let mut app = TestApp::start().await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        ids.push(app.record("contact", json!({"title": title})).await);
    }
    let deal = app.record("deal", json!({"title": "d", "contacts": [ids[0], ids[1]]})).await;
    app.admin().delete(&format!("/records/contact/{}", ids[0])).await.ok(204);
    let all = json!({"contacts": ids});
    let kept = app.admin().update("deal", &deal, all.clone()).await.ok(200);
    assert_eq!(kept["fields"]["contacts"], all["contacts"]);
    let rows = json!([
        {"kind": "permission", "entity": "deal", "actions": ["read", "update"]},
        {"kind": "permission", "entity": "contact", "actions": ["read"], "filter": {"field": "title", "op": "eq", "value": "c"}},
    ]);
    app.role("narrow", rows, json!([])).await;
    app.person(0, "nan", &["narrow"]).await;
    let hidden = app.record("deal", json!({"title": "e", "contacts": [ids[1]]})).await;
    let both = json!({"contacts": [ids[1], ids[2]]});
    let kept = app.by("nan").update("deal", &hidden, both.clone()).await.ok(200);
    assert_eq!(kept["fields"]["contacts"], both["contacts"]);
    let newly = json!({"contacts": [ids[1], ids[2], ids[0]]});
    let refused = app.by("nan").update("deal", &hidden, newly).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["contacts"]["code"], "missing");
    app.finish().await;
}
