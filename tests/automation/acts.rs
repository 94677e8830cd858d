//! Actions beside fields, tasks and letters: links, papers, messages to processes, expressions. The same services are asked
//! by processes.

use serde_json::{Value, json};

use super::{action, notices, rule, runs, tell, told};
use crate::app::TestApp;
use crate::process::{Engine, file, flows, one, process};

async fn contacts(app: &TestApp, deal: &str) -> Value {
    app.admin().get(&format!("/records/deal/{deal}")).await.ok(200)["fields"]["contacts"].clone()
}

/// A process that waits for the message `paid` about its record.
fn waiting() -> String {
    let inside = r#"<startEvent id="start"/><intermediateCatchEvent id="wait"><messageEventDefinition messageRef="paid" v:correlationKey="record.title"/></intermediateCatchEvent><endEvent id="end"/>"#;
    let waits = one("waits", &(inside.to_owned() + &flows("start>wait wait>end")));
    file(&(r#"<message id="paid" name="paid"/>"#.to_owned() + &waits))
}

#[tokio::test]
async fn records_are_put_into_a_link_and_taken_out_of_it_and_what_stands_there_stays() {
    let app = TestApp::start().await;
    let ann = app.record("contact", json!({"title": "Ann"})).await;
    let max = app.record("contact", json!({"title": "Max"})).await;
    let steps = json!([
        action("create-record", json!({"entity": "contact", "title": "New of {{record.title}}"})),
        action("link", json!({"field": "contacts", "to": "=results[0].id"})),
        action("link", json!({"field": "contacts", "to": ["=results[0].id", max]})),
        action("unlink", json!({"field": "contacts", "to": max})),
    ]);
    let when = "record.title == 'a'";
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "when": when, "do": steps})).await;
    let deal = app.record("deal", json!({"title": "a", "contacts": [ann]})).await;
    app.drain().await;
    let done = runs(&app, "").await;
    assert_eq!(told(&done), ["r done"], "{done:?}");
    let new = done[0]["results"][0]["id"].clone();
    assert_eq!(contacts(&app, &deal).await, json!([ann, new]));
    assert_eq!(done[0]["results"][1], json!({"entity": "deal", "id": deal}));
    // One that is not there is refused by the record's own rules, and the run says so.
    let link = action("link", json!({"field": "contacts", "to": "00000000-0000-7000-8000-000000000001"}));
    rule(&app, "deal", json!({"name": "gone", "on": {"event": "updated"}, "do": [link]})).await;
    app.admin().update("deal", &deal, json!({"title": "b"})).await.ok(200);
    app.drain().await;
    let failed = runs(&app, "&state=failed").await;
    assert!(failed[0]["error"].as_str().unwrap().starts_with("link: "), "{failed:?}");
    assert_eq!(contacts(&app, &deal).await, json!([ann, new]));
    app.finish().await;
}

#[tokio::test]
async fn a_paper_is_made_by_a_template_and_kept_with_the_record_once() {
    let app = TestApp::start().await;
    let typ = "#let d = json(\"data.json\")\n= #d.record.title";
    let uri = "/api/v1/document-templates/own?entity=deal&title=Contract&name=contract.typ";
    let admin = app.admin();
    admin.send("POST", uri, Some("application/octet-stream"), typ.into()).await.ok(201);
    let steps =
        json!([action("document", json!({"template": "Contract", "locale": "uk"})), tell("{{results[0].name}}"),]);
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": steps})).await;
    let deal = app.record("deal", json!({"title": "Big"})).await;
    app.drain().await;
    let done = runs(&app, "").await;
    assert_eq!(told(&done), ["r done"], "{done:?}");
    let files = admin.get(&format!("/records/deal/{deal}/files")).await.ok(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1, "{files:#}");
    assert_eq!(files["items"][0]["id"], done[0]["results"][0]["file"]);
    assert_eq!(notices(&app).await, [files["items"][0]["name"].as_str().unwrap()]);
    // What was cut off before it was noted finds what it had made.
    app.sql("UPDATE automation_run SET state = 'failed', step = 0, results = '[]'").await;
    let run = done[0]["id"].as_str().unwrap();
    admin.post(&format!("/automations/runs/{run}/retry"), json!({})).await.ok(200);
    app.drain().await;
    let again = runs(&app, "").await;
    assert_eq!(again[0]["results"][0], done[0]["results"][0], "{again:?}");
    let files = admin.get(&format!("/records/deal/{deal}/files")).await.ok(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1, "{files:#}");
    // A template that is not there is told by its name.
    let lost = action("document", json!({"template": "Nope"}));
    rule(&app, "deal", json!({"name": "lost", "on": {"event": "updated"}, "do": [lost]})).await;
    admin.update("deal", &deal, json!({"title": "Bigger"})).await.ok(200);
    app.drain().await;
    let failed = runs(&app, "&state=failed").await;
    assert!(failed[0]["error"].as_str().unwrap().contains("no template `Nope` of `deal`"), "{failed:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_message_reaches_the_one_process_that_waits_for_it() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(waiting()).await;
    let mut waits = Vec::new();
    for title in ["one", "two"] {
        let deal = app.record("deal", json!({"title": title})).await;
        waits.push((engine.start_about("waits", "deal", &deal, json!({})).await, deal));
    }
    app.drain().await;
    let send = action("message", json!({"message": "paid", "key": "{{record.title}}", "sum": "=record.amount"}));
    let said = tell("{{results[0].delivered}}");
    rule(&app, "deal", json!({"name": "r", "on": {"event": "updated", "fields": ["amount"]}, "do": [send, said]}))
        .await;
    let deal = &waits[1].1;
    app.admin().update("deal", deal, json!({"amount": 7})).await.ok(200);
    app.drain().await;
    let done = runs(&app, "").await;
    assert_eq!(told(&done), ["r done"], "{done:?}");
    assert_eq!(done[0]["results"][0]["instances"], json!([waits[1].0]), "{done:?}");
    let (first, second) = (engine.instance(&waits[0].0).await, engine.instance(&waits[1].0).await);
    assert_eq!((&first["state"], &second["state"]), (&json!("active"), &json!("completed")), "{second:#}");
    assert!(second["variables"]["sum"].to_string().contains('7'), "{second:#}");
    // Nobody waits any more: the rule says so and goes on.
    app.admin().update("deal", deal, json!({"amount": 8})).await.ok(200);
    app.drain().await;
    assert_eq!(notices(&app).await, ["false", "true"]);
    app.finish().await;
}

#[tokio::test]
async fn a_script_gives_a_value_to_the_actions_after_it_and_a_dry_run_shows_it() {
    let app = TestApp::start().await;
    let steps = json!([
        action("script", json!({"script": "'very ' + record.title"})),
        tell("{{results[0]}} of {{record.title}}"),
    ]);
    let body = json!({"name": "r", "on": {"event": "created"}, "do": steps});
    rule(&app, "deal", body.clone()).await;
    let deal = app.record("deal", json!({"title": "a", "amount": 6})).await;
    app.drain().await;
    assert_eq!(told(&runs(&app, "").await), ["r done"]);
    assert_eq!(notices(&app).await, ["very a of a"]);
    let dry = |extra: Value| {
        let mut input = json!({"entity": "deal", "rule": body});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        input
    };
    let one = app.admin().post("/automations/dry-run", dry(json!({"record": deal}))).await.ok(200);
    assert_eq!(one["actions"][0]["kind"], "script", "{one:#}");
    assert_eq!(one["actions"][0]["parameters"]["script"], "very a", "{one:#}");
    let past = app.admin().post("/automations/dry-run", dry(json!({"days": 1}))).await.ok(200);
    assert_eq!(past["actions"][0], json!({"kind": "script", "count": 1}), "{past:#}");
    // It cannot be understood, or fails: nothing after it is done.
    let wrong = json!({"name": "w", "on": {"event": "created"}, "do": [action("script", json!({"script": "1 +"}))]});
    app.admin().post("/automations", json!({"entity": "deal", "rule": wrong})).await.problem(422, "config.invalid");
    app.finish().await;
}

#[tokio::test]
async fn what_such_actions_name_must_be_there() {
    let app = TestApp::start().await;
    let refused = async |kind: &str, parameters: Value, part: &str, code: &str| {
        let rule = json!({"name": "a", "on": {"event": "created"}, "do": [action(kind, parameters)]});
        let answer = app.admin().post("/automations", json!({"entity": "deal", "rule": rule})).await;
        let problem = answer.problem(422, "config.invalid");
        assert_eq!(problem["fields"][format!("do.0.{part}")]["code"], code, "{problem:#}");
    };
    refused("link", json!({}), "parameters.field", "required").await;
    refused("link", json!({"field": "nope", "to": "=record.id"}), "parameters.field", "unknown").await;
    refused("link", json!({"field": "title", "to": "=record.id"}), "parameters.field", "unknown_name").await;
    refused("link", json!({"field": "contacts", "to": "ann"}), "parameters.to", "invalid").await;
    refused("unlink", json!({"entity": "nope", "field": "x", "to": "=1"}), "parameters.entity", "unknown_name").await;
    refused("message", json!({"key": "x"}), "parameters.message", "required").await;
    refused("script", json!({}), "parameters.script", "required").await;
    let bin = json!({"name": "a", "on": {"event": "deleted"}, "do": [
        action("document", json!({})),
        action("link", json!({"field": "contacts", "to": "=record.id"})),
    ]});
    let problem = app.admin().post("/automations", json!({"entity": "deal", "rule": bin})).await;
    let problem = problem.problem(422, "config.invalid");
    for part in ["do.0.kind", "do.1.kind"] {
        assert_eq!(problem["fields"][part]["code"], "rule_record_gone", "{problem:#}");
    }
    app.finish().await;
}

#[tokio::test]
async fn processes_link_tell_and_start_others_by_the_same_services() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let service = |id: &str, kind: &str, params: &[(&str, &str)]| {
        let params: String =
            params.iter().map(|(name, value)| format!(r#"<v:param name="{name}">{value}</v:param>"#)).collect();
        format!(
            r#"<serviceTask id="{id}" v:service="{kind}" v:resultVariable="{id}"><extensionElements>{params}</extensionElements></serviceTask>"#
        )
    };
    let ann = app.record("contact", json!({"title": "Ann"})).await;
    engine
        .deploy(process("other", &(r#"<startEvent id="start"/><endEvent id="end"/>"#.to_owned() + &flows("start>end"))))
        .await;
    let inside = r#"<startEvent id="start"/><endEvent id="end"/>"#.to_owned()
        + &service("linked", "link", &[("field", "contacts"), ("to", &ann)])
        + &service("told", "notice", &[("to", "user:admin@acme.test"), ("text", "=\"Told of \" + record.title")])
        + &service("begun", "start-process", &[("process", "other")])
        + &flows("start>linked linked>told told>begun begun>end");
    engine.deploy(process("does", &inside)).await;
    let deal = app.record("deal", json!({"title": "a"})).await;
    let instance = engine.start_about("does", "deal", &deal, json!({})).await;
    app.drain().await;
    let ended = engine.instance(&instance).await;
    assert_eq!(ended["state"], "completed", "{ended:#}");
    assert_eq!(ended["variables"]["told"], json!({"told": 1}), "{ended:#}");
    assert_eq!(contacts(&app, &deal).await, json!([ann]));
    assert_eq!(notices(&app).await, ["Told of a"]);
    let other = engine.instance(ended["variables"]["begun"]["instance"].as_str().unwrap()).await;
    assert_eq!((&other["state"], &other["subject"]["id"]), (&json!("completed"), &json!(deal)), "{other:#}");
    // People that are not found are an incident, and nobody is told.
    let nobody = r#"<startEvent id="start"/><endEvent id="end"/>"#.to_owned()
        + &service("tell", "notice", &[("to", "nobody"), ("text", "x")])
        + &flows("start>tell tell>end");
    engine.deploy(process("lost", &nobody)).await;
    let lost = engine.start("lost", json!({})).await;
    app.drain().await;
    let lost = engine.instance(&lost).await;
    assert_eq!(lost["incidents"][0]["element"], "tell", "{lost:#}");
    app.finish().await;
}

#[tokio::test]
async fn a_rule_is_opened_as_a_drawing_that_does_the_same_and_the_rule_stays() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let steps = json!([
        action("create-record", json!({"entity": "contact", "title": "Of {{record.title}}"})),
        action("link", json!({"field": "contacts", "to": "=results[0].id"})),
        action("notice", json!({"to": "user:admin@acme.test", "text": "{{record.title}} has {{results[0].id}}"})),
    ]);
    let body =
        json!({"name": "Grows", "on": {"event": "created"}, "when": "record.title == 'a'", "do": steps, "once": true});
    let id = rule(&app, "deal", body).await;
    let path = format!("/automations/{id}/drawing");
    app.by("max").post(&path, json!({})).await.problem(403, "denied");
    let drawing = app.admin().post(&path, json!({})).await.ok(201);
    assert_eq!((&drawing["title"], &drawing["kind"]), (&json!("Grows"), &json!("draft")), "{drawing:#}");
    let xml = app.admin().get(&format!("/process-drawings/{}/xml", drawing["id"].as_str().unwrap())).await;
    assert!(xml.text().contains("once for a record"), "{}", xml.text());
    // The rule is off, the process does its work.
    let engine = Engine::of(&app);
    engine.deploy(xml.text()).await;
    let kept = app.admin().get("/automations?entity=deal").await.ok(200)["items"][0]["rule"].clone();
    assert_eq!((&kept["enabled"], &kept["name"]), (&json!(true), &json!("Grows")));
    let mut off = kept;
    off["enabled"] = json!(false);
    app.admin().put(&format!("/automations/{id}"), json!({"rule": off})).await.ok(200);
    let deal = app.record("deal", json!({"title": "a"})).await;
    app.record("deal", json!({"title": "other"})).await;
    app.drain().await;
    let linked = contacts(&app, &deal).await;
    assert_eq!(linked.as_array().unwrap().len(), 1, "{linked}");
    assert_eq!(notices(&app).await, [format!("a has {}", linked[0].as_str().unwrap())]);
    assert!(runs(&app, "").await.is_empty());
    app.admin().post(&format!("/automations/{deal}/drawing"), json!({})).await.problem(404, "not_found");
    app.finish().await;
}
