//! Personal links: what somebody without an account sees of a record and does with it, and when a link opens nothing.

use kernel::Locale;
use serde_json::{Value, json};

use super::fields;
use super::papers::{office, quote};
use crate::app::{Answer, TestApp};

/// A link to a record, made by somebody: its token.
async fn link(app: &TestApp, who: &str, entity: &str, id: &str, body: Value) -> String {
    let mut all = json!({"scope": "view", "label": "Ivan of Ganok"});
    all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let made = app.by(who).post(&format!("/records/{entity}/{id}/share"), all).await;
    assert_eq!(made.header("cache-control"), Some("no-store"));
    made.ok(201)["path"].as_str().unwrap().strip_prefix("/g#").unwrap().to_owned()
}

async fn guest(app: &TestApp, what: &str, token: &str, more: Value) -> Answer {
    let mut body = json!({"token": token});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.stranger().post(&format!("/guest/{what}"), body).await
}

async fn opened(app: &TestApp, token: &str) -> Value {
    guest(app, "open", token, json!({})).await.ok(200)
}

async fn gone(app: &TestApp, token: &str) {
    for (what, more) in [
        ("open", json!({})),
        ("paper", json!({})),
        ("comments", json!({"name": "a", "text": "b"})),
        ("answer", json!({"name": "a", "accept": true})),
    ] {
        guest(app, what, token, more).await.problem(404, "not_found");
    }
}

/// A quote that was sent.
async fn sent(app: &TestApp) -> String {
    let company = office(app, "en").await;
    let id = quote(app, &company, "UAH").await;
    app.admin().post(&format!("/records/quote/{id}/send"), json!({})).await.ok(200);
    id
}

#[tokio::test]
async fn a_quote_is_looked_at_and_accepted_by_whoever_has_the_link() {
    let app = TestApp::start().await;
    let id = sent(&app).await;
    let token = link(&app, "admin", "quote", &id, json!({"scope": "accept"})).await;
    let seen = opened(&app, &token).await;
    assert_eq!((&seen["company"], &seen["scope"], &seen["asks"]), (&json!("Acme"), &json!("accept"), &json!(true)));
    assert!(seen["rows"].as_array().is_some_and(|rows| !rows.is_empty() && rows[0]["title"].is_string()), "{seen}");
    assert_eq!(seen["sums"]["currency"], "UAH");
    for row in seen["rows"].as_array().unwrap() {
        let mut keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["price", "quantity", "title", "total", "unit"], "nothing of the company's own");
    }
    let paper = guest(&app, "paper", &token, json!({})).await;
    assert_eq!((paper.status.as_u16(), paper.header("content-type")), (200, Some("application/pdf")));
    assert!(paper.body.starts_with(b"%PDF"));
    // A name is asked for, and it is answered once.
    let unnamed = guest(&app, "answer", &token, json!({"accept": true, "name": " "})).await;
    assert_eq!(unnamed.problem(422, "people.invalid")["fields"]["name"]["code"], "required");
    let body = json!({"accept": true, "name": "Ivan", "text": "Begin on Monday"});
    let answered = guest(&app, "answer", &token, body.clone()).await.ok(200);
    assert_eq!((&answered["asks"], &answered["comments"][0]["answer"]), (&json!(false), &json!("accepted")));
    guest(&app, "answer", &token, body).await.problem(409, "sale.state");
    guest(&app, "answer", &token, json!({"accept": false, "name": "Ivan"})).await.problem(409, "sale.state");
    assert_eq!(fields(&app, "quote", &id).await["state"], "accepted");
    // It was the guest's act, in history and in the audit; colleagues read it in the timeline.
    let timeline = app.admin().get(&format!("/records/quote/{id}/timeline")).await.ok(200);
    let entries = timeline["items"].as_array().unwrap();
    let acts: Vec<&Value> = entries.iter().filter(|entry| entry["actor"]["kind"] == "guest").collect();
    assert!(acts.iter().any(|entry| entry["changes"]["state"]["after"] == "accepted"), "{timeline}");
    assert!(timeline.to_string().contains("Begin on Monday"));
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'guest.answered'").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM guest_comment").await, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn of_answers_at_once_one_counts_and_is_noted_once() {
    let app = TestApp::start().await;
    let id = sent(&app).await;
    let token = link(&app, "admin", "quote", &id, json!({"scope": "accept"})).await;
    let body = |accept: bool| json!({"accept": accept, "name": "Ivan"});
    let (one, two, three) = futures::join!(
        guest(&app, "answer", &token, body(true)),
        guest(&app, "answer", &token, body(true)),
        guest(&app, "answer", &token, body(false)),
    );
    let mut told = [one.status.as_u16(), two.status.as_u16(), three.status.as_u16()];
    told.sort_unstable();
    assert_eq!(told, [200, 409, 409]);
    let accepted = three.status.as_u16() != 200;
    assert_eq!(fields(&app, "quote", &id).await["state"], if accepted { "accepted" } else { "declined" });
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'guest.answered'").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM guest_comment").await, 1);
    let timeline = app.admin().get(&format!("/records/quote/{id}/timeline")).await.ok(200);
    let noted = |entry: &&Value| entry.to_string().contains("by a personal link: Ivan");
    assert_eq!(timeline["items"].as_array().unwrap().iter().filter(noted).count(), 1, "{timeline}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_answer_is_told_as_given_even_where_its_record_leaves_the_makers_sight() {
    let mut app = TestApp::start().await;
    let id = sent(&app).await;
    let rows = json!([{"kind": "permission", "entity": "quote", "actions": ["read", "update"],
        "filter": {"field": "state", "op": "eq", "value": "sent"}}]);
    app.role("open_quotes", rows, json!([])).await;
    app.person(0, "ann", &["open_quotes"]).await;
    let token = link(&app, "ann", "quote", &id, json!({"scope": "accept"})).await;
    let seen = guest(&app, "answer", &token, json!({"accept": true, "name": "Ivan"})).await.ok(200);
    assert_eq!((&seen["asks"], &seen["comments"][0]["answer"]), (&json!(false), &json!("accepted")));
    assert_eq!(fields(&app, "quote", &id).await["state"], "accepted");
    gone(&app, &token).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_offer_that_is_over_or_was_revised_is_not_the_guests_to_accept() {
    let app = TestApp::start().await;
    let id = sent(&app).await;
    let year = json!({"scope": "accept", "expires": "2026-12-31T00:00:00Z"});
    let token = link(&app, "admin", "quote", &id, year.clone()).await;
    let answer = json!({"accept": true, "name": "Ivan"});
    // Its last day is the first of April.
    assert_eq!(opened(&app, &token).await["asks"], true);
    app.clock.advance_seconds(18 * 86_400);
    assert_eq!(opened(&app, &token).await["asks"], false);
    guest(&app, "answer", &token, answer.clone()).await.problem(409, "guest.refused");
    // The same of a quote whose next revision is being written.
    let company = fields(&app, "quote", &id).await["company"].clone();
    let rows = json!([{"title": "Work", "quantity": 1, "price": 10}]);
    let other = app.record("quote", json!({"company": company, "currency": "UAH", "rows": rows})).await;
    app.admin().post(&format!("/records/quote/{other}/send"), json!({})).await.ok(200);
    let token = link(&app, "admin", "quote", &other, year).await;
    assert_eq!(opened(&app, &token).await["asks"], true);
    app.admin().post(&format!("/records/quote/{other}/revise"), json!({})).await.ok(200);
    assert_eq!(opened(&app, &token).await["asks"], false);
    guest(&app, "answer", &token, answer).await.problem(409, "guest.refused");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_guest_sees_what_the_maker_sees_and_the_link_names() {
    let mut app = TestApp::start().await;
    let all = json!(["read", "update"]);
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": all}]);
    app.role("half", rows, json!([{"entity": "deal", "field": "amount", "right": "hidden"}])).await;
    app.person(0, "ben", &["half"]).await;
    let company = app.record("company", json!({"title": "Secret client"})).await;
    let deal = json!({"title": "Pipes", "amount": 4711, "currency": "USD", "comments": "internal", "company": company,
        "close_date": "2026-04-01"});
    let id = app.record("deal", deal).await;
    // By itself the card, without what the maker does not see: amounts, and the client whose name is hidden.
    let seen = opened(&app, &link(&app, "ben", "deal", &id, json!({})).await).await;
    assert_eq!((&seen["title"], &seen["paper"], &seen["rows"]), (&json!("Pipes"), &json!(false), &json!([])));
    let text = seen.to_string();
    for hidden in ["4711", "internal", "Secret client", company.as_str()] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let keys = |seen: &Value| -> Vec<String> {
        seen["fields"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect()
    };
    assert!(keys(&seen).contains(&"close_date".to_owned()), "{seen}");
    // What is named and nothing else.
    let named = link(&app, "admin", "deal", &id, json!({"fields": ["stage", "amount"]})).await;
    let seen = opened(&app, &named).await;
    assert_eq!(keys(&seen), ["stage", "amount"]);
    assert_eq!((&seen["fields"][0]["value"], &seen["fields"][1]["value"]), (&Value::Null, &json!(4711)));
    assert_eq!(seen["fields"][1]["currency"], "USD", "an amount has its currency");
    assert!(seen["fields"][0]["text"].is_string(), "the stage has its name: {seen}");
    // What the maker does not see, or is not there, cannot be named; only a quote is accepted.
    let path = format!("/records/deal/{id}/share");
    for (field, body) in [
        ("fields", json!({"scope": "view", "label": "x", "fields": ["amount"]})),
        ("fields", json!({"scope": "view", "label": "x", "fields": ["nope"]})),
        ("scope", json!({"scope": "accept", "label": "x"})),
        ("label", json!({"scope": "view", "label": " "})),
        ("expires", json!({"scope": "view", "label": "x", "expires": "2026-03-15T00:00:00Z"})),
        ("expires", json!({"scope": "view", "label": "x", "expires": "2027-06-01T00:00:00Z"})),
    ] {
        let problem = app.by("ben").post(&path, body.clone()).await.problem(422, "people.invalid");
        assert!(problem["fields"][field].is_object(), "{body}: {problem}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_link_that_ended_was_revoked_or_lost_its_maker_opens_nothing() {
    let mut app = TestApp::start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read", "update"],
        "filter": {"field": "owner", "op": "eq", "value": {"me": true}}}]);
    app.role("own_deals", rows, json!([])).await;
    app.person(0, "ann", &["own_deals"]).await;
    let ann = app.id_of("ann");
    let id = app.record("deal", json!({"title": "Pipes", "owner": ann})).await;
    gone(&app, "nonsense").await;
    gone(&app, &"x".repeat(10_000)).await;
    let day = link(&app, "ann", "deal", &id, json!({"expires": "2026-03-17T09:00:00Z"})).await;
    let month = link(&app, "ann", "deal", &id, json!({})).await;
    assert_eq!(opened(&app, &day).await["title"], "Pipes");
    opened(&app, &day).await;
    let listed = app.admin().get(&format!("/records/deal/{id}/share")).await;
    assert!(!listed.text().contains(&day), "the token is told once");
    let listed = listed.ok(200)["items"].clone();
    let one = listed.as_array().unwrap().iter().find(|one| one["expires"] == "2026-03-17T09:00:00Z").unwrap().clone();
    assert_eq!((&one["opened"], &one["made_by"], &one["made_by_name"]), (&json!(2), &json!(ann), &json!("ann")));
    // Whoever asks who sees the record is told of its links.
    let access = app.admin().get(&format!("/records/deal/{id}/access")).await.ok(200);
    assert_eq!((&access["also"][0]["kind"], access["also"].as_array().unwrap().len()), (&json!("guest"), 2));
    app.clock.advance_seconds(86_400);
    gone(&app, &day).await;
    opened(&app, &month).await;
    // Their record no more: the link shows nothing while it is not theirs.
    app.admin().update("deal", &id, json!({"owner": app.id_of("admin")})).await.ok(200);
    gone(&app, &month).await;
    app.admin().update("deal", &id, json!({"owner": ann})).await.ok(200);
    opened(&app, &month).await;
    app.admin().patch(&format!("/users/{ann}"), json!({"active": false})).await.ok(200);
    gone(&app, &month).await;
    app.admin().patch(&format!("/users/{ann}"), json!({"active": true})).await.ok(200);
    // Revoked, for good.
    let listed = app.admin().get(&format!("/records/deal/{id}/share")).await.ok(200);
    let which = listed["items"][0]["id"].as_str().unwrap().to_owned();
    app.admin().delete(&format!("/records/deal/{id}/share/{which}")).await.ok(204);
    app.admin().delete(&format!("/records/deal/{id}/share/{which}")).await.problem(404, "not_found");
    gone(&app, &month).await;
    // A record in the bin.
    let other = link(&app, "admin", "deal", &id, json!({})).await;
    app.admin().delete(&format!("/records/deal/{id}")).await.ok(204);
    gone(&app, &other).await;
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'guest.link_made'").await, 3);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn only_whoever_may_change_a_record_shares_it_and_strangers_hear_nothing_of_it() {
    let mut app = TestApp::build().person("obs", "observer").start().await;
    let stranger = app.add_company("Other", Locale::En).await;
    let id = app.record("deal", json!({"title": "Pipes"})).await;
    let (path, body) = (format!("/records/deal/{id}/share"), json!({"scope": "view", "label": "x"}));
    app.by("obs").post(&path, body.clone()).await.problem(403, "denied");
    app.by("obs").get(&path).await.problem(403, "denied");
    let theirs = app.by_of(stranger, "admin");
    theirs.post(&path, body.clone()).await.problem(404, "not_found");
    theirs.get(&path).await.problem(404, "not_found");
    let made = app.admin().post(&path, body).await.ok(201);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    theirs.delete(&one).await.problem(404, "not_found");
    theirs.post(&format!("{one}/comments"), json!({"text": "x"})).await.problem(404, "not_found");
    app.by("obs").delete(&one).await.problem(403, "denied");
    // A link of one record is none of another.
    let second = app.record("deal", json!({"title": "Other"})).await;
    let crossed = one.replace(&id, &second);
    app.admin().delete(&crossed).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_discussion_is_between_the_guest_and_the_company_and_shows_no_other_notes() {
    let app = TestApp::start().await;
    let id = app.record("deal", json!({"title": "Pipes"})).await;
    let view = link(&app, "admin", "deal", &id, json!({})).await;
    let body = json!({"name": "Ivan", "text": "<b>When?</b>"});
    guest(&app, "comments", &view, body.clone()).await.problem(404, "not_found");
    let token = link(&app, "admin", "deal", &id, json!({"scope": "comment", "label": "Ivan"})).await;
    app.admin().post(&format!("/records/deal/{id}/timeline"), json!({"text": "internal remark"})).await.ok(201);
    let seen = guest(&app, "comments", &token, body).await.ok(200);
    assert_eq!((&seen["comments"][0]["text"], &seen["comments"][0]["mine"]), (&json!("<b>When?</b>"), &json!(true)));
    let listed = app.admin().get(&format!("/records/deal/{id}/share")).await.ok(200);
    let which = listed["items"].as_array().unwrap().iter().find(|one| one["scope"] == "comment").unwrap();
    let reply = format!("/records/deal/{id}/share/{}/comments", which["id"].as_str().unwrap());
    app.clock.advance_seconds(60);
    app.admin().post(&reply, json!({"text": "On Monday"})).await.ok(204);
    let seen = opened(&app, &token).await;
    let texts: Vec<&str> =
        seen["comments"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["<b>When?</b>", "On Monday"]);
    assert_eq!((&seen["comments"][1]["author"], &seen["comments"][1]["mine"]), (&json!("Ada Admin"), &json!(false)));
    assert!(!seen.to_string().contains("internal remark"));
    let timeline = app.admin().get(&format!("/records/deal/{id}/timeline")).await.ok(200).to_string();
    assert!(timeline.contains("When?") && timeline.contains("On Monday"), "{timeline}");
    for (field, body) in [
        ("text", json!({"name": "Ivan", "text": " "})),
        ("text", json!({"name": "Ivan", "text": "x".repeat(5_001)})),
        ("name", json!({"name": "x".repeat(101), "text": "x"})),
    ] {
        let problem = guest(&app, "comments", &token, body).await.problem(422, "people.invalid");
        assert!(problem["fields"][field].is_object(), "{problem}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn guesses_are_counted_as_attempts_to_sign_in() {
    let app = TestApp::build().config(|config| config.http.sign_in_per_minute = 3).start().await;
    for _ in 0..3 {
        guest(&app, "open", "nonsense", json!({})).await.problem(404, "not_found");
    }
    let limited = guest(&app, "open", "nonsense", json!({})).await;
    limited.problem(429, "rate_limited");
    assert!(limited.header("retry-after").is_some());
    app.finish().await;
}
