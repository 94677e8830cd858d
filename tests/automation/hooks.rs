//! Rules that somebody outside sets off: the address, what is sent, the record it is about, and what strangers may not.

use serde_json::{Value, json};

use super::{action, notices, rule, runs, tell, told};
use crate::app::{Answer, TestApp};

/// A rule that makes a deal of what is sent, or changes the one that it names.
async fn hooked(app: &TestApp) -> String {
    let on = json!({"event": "webhook", "record": "has(vars.id) ? vars.id : ''", "make": {"title": "=vars.name"}});
    let steps = json!([action("set-fields", json!({"comments": "from {{vars.source}}"})), tell("{{record.title}}")]);
    rule(app, "deal", json!({"name": "site", "on": on, "when": "vars.source != 'spam'", "do": steps})).await
}

/// A new address of a rule.
async fn opened(app: &TestApp, rule: &str) -> String {
    let made = app.admin().put(&format!("/automations/{rule}/hook"), json!({})).await.ok(200);
    made["path"].as_str().unwrap().to_owned()
}

async fn come(app: &TestApp, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    app.stranger().send("POST", path, Some(kind), body.into()).await
}

async fn deals(app: &TestApp) -> Vec<Value> {
    let page = app.admin().query("deal", json!({})).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_sent_makes_a_record_or_is_about_one_and_counts_once() {
    let app = TestApp::start().await;
    let id = hooked(&app).await;
    let path = opened(&app, &id).await;
    assert_eq!(come(&app, &path, "application/json", r#"{"name": "Ann", "source": "shop"}"#).await.status, 202);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(come(&app, &path, form, "name=Max+M&source=form").await.status, 202);
    // Where the condition does not hold the record is there, and nothing is done about it.
    assert_eq!(come(&app, &path, form, "name=Spammer&source=spam").await.status, 202);
    app.drain().await;
    let all = deals(&app).await;
    let said = |deal: &Value| (deal["fields"]["title"].clone(), deal["fields"]["comments"].clone());
    let mut titles: Vec<_> = all.iter().map(said).collect();
    titles.sort_by_key(|(title, _)| title.to_string());
    assert_eq!(titles[0], (json!("Ann"), json!("from shop")), "{all:#?}");
    assert_eq!(titles[1], (json!("Max M"), json!("from form")), "{all:#?}");
    assert_eq!((&titles[2].0, titles.len()), (&json!("Spammer"), 3));
    assert_eq!(notices(&app).await, ["Ann", "Max M"]);
    // About one that is there; the same key is one call.
    let ann = all.iter().find(|deal| deal["fields"]["title"] == "Ann").unwrap()["id"].clone();
    let again = json!({"id": ann, "source": "second"}).to_string();
    for _ in 0..2 {
        let keyed = app.stranger().header("idempotency-key", "k1");
        assert_eq!(keyed.send("POST", &path, Some("application/json"), again.clone().into()).await.status, 202);
    }
    let new = json!({"name": "Once", "source": "x"}).to_string();
    for _ in 0..2 {
        let keyed = app.stranger().header("idempotency-key", "k2");
        assert_eq!(keyed.send("POST", &path, Some("application/json"), new.clone().into()).await.status, 202);
    }
    app.drain().await;
    assert_eq!(deals(&app).await.len(), 4);
    assert_eq!(runs(&app, "").await.len(), 4);
    assert_eq!(told(&runs(&app, &format!("&record={}", ann.as_str().unwrap())).await), ["site done", "site done"]);
    app.finish().await;
}

#[tokio::test]
async fn an_address_is_secret_bounded_and_ends_with_its_rule() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let id = hooked(&app).await;
    let at = format!("/automations/{id}/hook");
    app.by("max").put(&at, json!({})).await.problem(403, "denied");
    app.by("max").get(&at).await.problem(403, "denied");
    app.by_of(other, "admin").put(&at, json!({})).await.problem(404, "not_found");
    assert_eq!(app.admin().get(&at).await.ok(200)["created"], Value::Null);
    let first = opened(&app, &id).await;
    let path = opened(&app, &id).await;
    assert!(!app.admin().get(&at).await.text().contains(path.rsplit('/').next().unwrap()), "a token is told once");
    let good = r#"{"name": "Ann", "source": "x"}"#;
    for wrong in [first.as_str(), "/hooks/automation/nonsense", "/hooks/automation/%20"] {
        assert_eq!(come(&app, wrong, "application/json", good).await.status, 404, "{wrong}");
    }
    let deep = "[".repeat(10_000);
    // It can be read here, and could not be where the job keeps it within an event.
    let levels = format!("{{\"name\": \"x\", \"a\": {}{}}}", "[".repeat(100), "]".repeat(100));
    for body in ["", "[]", "5", "{\"a\":", "{\"name\": \"\\u0000\"}", &format!("{{\"a\": {deep}"), &levels] {
        let start: String = body.chars().take(40).collect();
        assert_eq!(come(&app, &path, "application/json", body).await.status, 400, "{start}");
    }
    assert_eq!(come(&app, &path, "application/x-www-form-urlencoded", "name=%00").await.status, 400);
    let large = json!({"name": "x".repeat(70_000), "source": "x"}).to_string();
    assert_eq!(come(&app, &path, "application/json", large).await.status, 413);
    // A record of another company is none, and one without a name cannot be made.
    let theirs = app.by_of(other, "admin").create("deal", json!({"title": "theirs"})).await.id();
    let foreign = json!({"id": theirs, "source": "x"}).to_string();
    assert_eq!(come(&app, &path, "application/json", foreign).await.status, 422);
    assert_eq!(come(&app, &path, "application/json", r#"{"source": "x"}"#).await.status, 422);
    assert!(deals(&app).await.is_empty());
    // A rule that is off, or set off by something else, hears nothing; nor does an address that was closed.
    let kept = app.admin().get("/automations?entity=deal").await.ok(200)["items"][0]["rule"].clone();
    let mut off = kept.clone();
    off["enabled"] = json!(false);
    app.admin().put(&format!("/automations/{id}"), json!({"rule": off})).await.ok(200);
    assert_eq!(come(&app, &path, "application/json", good).await.status, 404);
    app.admin().put(&format!("/automations/{id}"), json!({"rule": kept})).await.ok(200);
    assert_eq!(come(&app, &path, "application/json", good).await.status, 202);
    app.admin().delete(&at).await.ok(204);
    app.admin().delete(&at).await.problem(404, "not_found");
    assert_eq!(come(&app, &path, "application/json", good).await.status, 404);
    let made = rule(&app, "deal", json!({"name": "made", "on": {"event": "created"}, "do": [tell("x")]})).await;
    app.admin().put(&format!("/automations/{made}/hook"), json!({})).await.problem(422, "config.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_webhook_says_which_record_is_meant_and_a_dry_run_takes_what_would_be_sent() {
    let app = TestApp::start().await;
    let refused = async |on: Value, part: &str, code: &str| {
        let rule = json!({"name": "a", "on": on, "do": [tell("x")]});
        let answer = app.admin().post("/automations", json!({"entity": "deal", "rule": rule})).await;
        let problem = answer.problem(422, "config.invalid");
        assert_eq!(problem["fields"][part]["code"], code, "{problem:#}");
    };
    refused(json!({"event": "webhook"}), "on.record", "required").await;
    refused(json!({"event": "webhook", "record": "1 +"}), "on.record", "expression").await;
    refused(json!({"event": "webhook", "make": {"nope": 1}}), "on.make.nope", "unknown").await;
    refused(json!({"event": "webhook", "make": {"number": 1}}), "on.make.number", "read_only").await;
    refused(json!({"event": "created", "record": "vars.id"}), "on.record", "unknown").await;
    refused(json!({"event": "created", "make": {"title": "x"}}), "on.make", "unknown").await;
    let deal = app.record("deal", json!({"title": "a"})).await;
    let rule = json!({"name": "w", "on": {"event": "webhook", "record": "vars.id"}, "do": [tell("{{vars.text}}")]});
    let input = json!({"entity": "deal", "rule": rule, "record": deal, "vars": {"text": "hello"}});
    let told = app.admin().post("/automations/dry-run", input).await.ok(200);
    assert_eq!(told["actions"][0]["parameters"]["text"], "hello", "{told:#}");
    // Without a record it is the one that is named, or what would be made: nothing is.
    let on = json!({"event": "webhook", "record": "has(vars.id) ? vars.id : ''", "make": {"title": "=vars.name"}});
    let makes = json!({"name": "m", "on": on, "when": "record.title != 'no'", "do": [tell("{{record.title}}")]});
    let dry = async |vars: Value| {
        app.admin().post("/automations/dry-run", json!({"entity": "deal", "rule": makes, "vars": vars})).await
    };
    let new = dry(json!({"name": "Ann"})).await.ok(200);
    assert_eq!(new["actions"][0], json!({"kind": "create-record", "count": 1, "parameters": {"title": "Ann"}}));
    assert_eq!((&new["actions"][1]["parameters"]["text"], &new["examples"]), (&json!("Ann"), &json!([])), "{new:#}");
    let passed = dry(json!({"name": "no"})).await.ok(200);
    assert_eq!((&passed["fired"], &passed["actions"][1]["count"]), (&json!(0), &json!(0)), "{passed:#}");
    let named = dry(json!({"id": deal})).await.ok(200);
    assert_eq!((&named["actions"][0]["kind"], &named["examples"][0]["record"]), (&json!("notice"), &json!(deal)));
    dry(json!({"id": "x"})).await.problem(422, "config.invalid");
    dry(json!({})).await.problem(422, "config.invalid");
    assert_eq!((deals(&app).await.len(), notices(&app).await.len()), (1, 0));
    let id = super::rule(&app, "deal", rule).await;
    app.admin().post(&format!("/automations/{id}/apply"), json!({})).await.problem(409, "automation.not_applicable");
    app.finish().await;
}

#[tokio::test]
async fn a_stranger_hears_nothing_of_the_records_that_are_there() {
    let app = TestApp::start().await;
    app.admin().put("/entities/contact/duplicates", json!({"mode": "block"})).await.ok(200);
    let ann = app.record("contact", json!({"title": "Ann Known", "emails": ["ann@acme.test"]})).await;
    let on = json!({"event": "webhook", "make": {"title": "=vars.name", "emails": ["=vars.email"]}});
    let id = rule(&app, "contact", json!({"name": "site", "on": on, "do": [tell("{{record.title}}")]})).await;
    let path = opened(&app, &id).await;
    let sent = |name: &str, email: &str| json!({"name": name, "email": email}).to_string();
    let refused = come(&app, &path, "application/json", sent("Ann", "Ann@acme.test")).await;
    let problem = refused.problem(422, "config.invalid");
    assert_eq!(problem["other"], Value::Null, "{problem:#}");
    assert!(!refused.text().contains(&ann) && !refused.text().contains("Ann Known"), "{}", refused.text());
    // The same call twice is like itself, and no duplicate.
    for _ in 0..2 {
        let keyed = app.stranger().header("idempotency-key", "k");
        let body = sent("Max", "max@acme.test").into();
        assert_eq!(keyed.send("POST", &path, Some("Application/JSON; charset=utf-8"), body).await.status, 202);
    }
    app.drain().await;
    assert_eq!((told(&runs(&app, "").await), notices(&app).await), (vec!["site done".into()], vec!["Max".to_owned()]));
    app.finish().await;
}

#[tokio::test]
async fn calls_with_one_key_at_the_same_time_are_one() {
    let app = TestApp::start().await;
    let id = hooked(&app).await;
    let path = opened(&app, &id).await;
    let calls = (0..5).map(|_| async {
        let keyed = app.stranger().header("idempotency-key", "same");
        let body = json!({"name": "Ann", "source": "x"}).to_string();
        keyed.send("POST", &path, Some("application/json"), body.into()).await.status.as_u16()
    });
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers, [202; 5]);
    app.drain().await;
    assert_eq!((deals(&app).await.len(), runs(&app, "").await.len()), (1, 1));
    assert_eq!(notices(&app).await, ["Ann"]);
    app.finish().await;
}

#[tokio::test]
async fn links_that_rules_make_at_the_same_time_all_stay() {
    let app = TestApp::start().await;
    let deal = app.record("deal", json!({"title": "a"})).await;
    let link = action("link", json!({"entity": "deal", "id": deal, "field": "contacts", "to": "=record.id"}));
    rule(&app, "contact", json!({"name": "r", "on": {"event": "created"}, "do": [link]})).await;
    for number in 0..6 {
        app.record("contact", json!({"title": format!("c{number}")})).await;
    }
    app.drain().await;
    assert!(told(&runs(&app, "").await).iter().all(|one| one == "r done"));
    let kept = app.admin().get(&format!("/records/deal/{deal}")).await.ok(200);
    assert_eq!(kept["fields"]["contacts"].as_array().unwrap().len(), 6, "{kept:#}");
    app.finish().await;
}
