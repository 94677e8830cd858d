//! Steps that leave calls and documents of sale, and processes that wait for what becomes of these.

use serde_json::{Value, json};

use super::{Engine, file, flows, one, standing, trace};
use crate::app::TestApp;

const MESSAGES: &str = r#"<message id="m1" name="quote.accepted"/><message id="m2" name="invoice.paid"/>"#;

/// A call, a quote that is accepted, an invoice that is paid.
fn sale() -> String {
    let step = |id: &str, action: &str| {
        format!(
            r#"<userTask id="{id}" name="{id}" v:executors="owner" v:mainAction="{action}" v:requireMainAction="true" v:resultVariable="{id}"/>"#
        )
    };
    let inside = [
        r#"<startEvent id="start"/>"#.to_owned(),
        step("call", "call"),
        step("quote", "quote"),
        r#"<intermediateCatchEvent id="accepted"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>"#.to_owned(),
        step("invoice", "invoice"),
        r#"<intermediateCatchEvent id="paid"><messageEventDefinition messageRef="m2" v:correlationKey="vars.invoice.id"/></intermediateCatchEvent><endEvent id="end"/>"#
            .to_owned(),
        flows("start>call call>quote quote>accepted accepted>invoice invoice>paid paid>end"),
    ];
    file(&(MESSAGES.to_owned() + &one("sale", &inside.concat())))
}

async fn act(app: &TestApp, task: &str, kind: &str, fields: Value) -> Value {
    let body = json!({"kind": kind, "fields": fields});
    app.admin().post(&format!("/tasks/{task}/action"), body).await.ok(200)["main_action"].clone()
}

/// Refused, and why.
async fn refused(app: &TestApp, engine: &Engine<'_>, task: &str) -> String {
    engine.complete(task, json!({})).await.problem(409, "task.main_action_missing");
    let task = app.admin().get(&format!("/tasks/{task}")).await.ok(200);
    assert_eq!(task["blockers"][0]["code"], "main_action_missing", "{task}");
    task["blockers"][0]["fix"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sale_goes_from_the_call_to_the_payment_by_what_becomes_of_its_documents() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(sale()).await;
    let rows = json!([{"title": "Pump", "price": 500, "quantity": 2}]);
    let deal = app.record("deal", json!({"title": "Pumps", "rows": rows})).await;
    let other = app.record("deal", json!({"title": "Other", "rows": rows})).await;
    let begin = async |deal: &str| {
        let body = json!({"definition": "sale", "subject": {"entity": "deal", "id": deal}});
        app.admin().post("/process-instances", body).await.ok(201)["id"].as_str().unwrap().to_owned()
    };
    let (id, waits) = (begin(&deal).await, begin(&other).await);
    let task = engine.task(&id).await;
    assert_eq!(refused(&app, &engine, &task).await, "call");
    assert_eq!(act(&app, &task, "call", json!({"result": "They want two"})).await["done"], true);
    engine.complete(&task, json!({})).await.ok(200);

    let task = engine.task(&id).await;
    let made = act(&app, &task, "quote", json!({})).await;
    assert_eq!((&made["done"], &made["state"]), (&json!(false), &json!("made")), "{made}");
    let quote = made["result"]["id"].as_str().unwrap().to_owned();
    let drafted = app.admin().get(&format!("/records/quote/{quote}")).await.ok(200)["fields"].clone();
    assert_eq!((&drafted["deal"], &drafted["amount"]), (&json!(deal), &json!(1000)), "{drafted}");
    assert_eq!(refused(&app, &engine, &task).await, "quote");
    app.admin().post(&format!("/records/quote/{quote}/send"), json!({})).await.ok(200);
    engine.complete(&task, json!({})).await.ok(200);
    let now = engine.instance(&id).await;
    assert_eq!(
        (standing(&now), &now["variables"]["quote"]),
        ("accepted".to_owned(), &json!({"entity": "quote", "id": quote}))
    );
    // The same event of a quote of another deal is not for it.
    let foreign = app.admin().post(&format!("/records/deal/{other}/derive"), json!({"to": "quote"})).await.ok(200);
    for quote in [foreign["id"].as_str().unwrap(), &quote] {
        assert_eq!(standing(&engine.instance(&id).await), "accepted");
        if quote == foreign["id"] {
            app.admin().post(&format!("/records/quote/{quote}/send"), json!({})).await.ok(200);
        }
        app.admin().post(&format!("/records/quote/{quote}/accept"), json!({})).await.ok(200);
        app.drain().await;
    }
    assert_eq!(standing(&engine.instance(&id).await), "invoice");

    let task = engine.task(&id).await;
    let invoice = act(&app, &task, "invoice", json!({})).await["result"]["id"].as_str().unwrap().to_owned();
    assert_eq!(refused(&app, &engine, &task).await, "invoice");
    app.admin().post(&format!("/records/invoice/{invoice}/issue"), json!({})).await.ok(200);
    engine.complete(&task, json!({})).await.ok(200);
    assert_eq!(standing(&engine.instance(&id).await), "paid");
    let payment = app.record("payment", json!({"amount": 1000, "currency": "USD"})).await;
    app.admin().post(&format!("/payments/{payment}/allocate"), json!({"invoice": invoice})).await.ok(200);
    app.drain().await;
    let done = engine.instance(&id).await;
    assert_eq!(
        (&done["state"], trace(&done)),
        (&json!("completed"), "start call quote accepted invoice paid end".into()),
        "{done:#}"
    );
    assert_eq!(standing(&engine.instance(&waits).await), "call");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_document_of_a_template_is_a_problem_that_is_named() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let wrong = sale().replace("v:mainAction=\"quote\"", "v:mainAction=\"document\"");
    let refused = engine.send(wrong, true).await.problem(422, "process.invalid");
    let told = refused["fields"]["quote"]["message"].as_str().unwrap();
    assert!(told.contains("document") && told.contains("quote, invoice"), "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn what_somebody_may_not_make_is_refused_and_nothing_is_noted() {
    let mut app = TestApp::build().start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"]}]);
    app.role("reader", rows, json!([])).await;
    app.person(0, "rita", &["reader"]).await;
    let engine = Engine::of(&app);
    let step = r#"<startEvent id="start"/><userTask id="ask" name="Ask" v:executors="role:reader" v:mainAction="invoice" v:requireMainAction="true"/><endEvent id="end"/>"#;
    engine.deploy(file(&one("bill", &(step.to_owned() + &flows("start>ask ask>end"))))).await;
    let deal = app.record("deal", json!({"title": "Pumps"})).await;
    let body = json!({"definition": "bill", "subject": {"entity": "deal", "id": deal}});
    let id = app.admin().post("/process-instances", body).await.ok(201)["id"].as_str().unwrap().to_owned();
    let task = engine.task(&id).await;
    let answer = app.by("rita").post(&format!("/tasks/{task}/action"), json!({"kind": "invoice"})).await;
    assert!([403, 404].contains(&answer.status.as_u16()), "{}", answer.text());
    let seen = app.admin().get(&format!("/tasks/{task}")).await.ok(200);
    assert_eq!((&seen["main_action"]["done"], &seen["main_action"]["state"]), (&json!(false), &Value::Null), "{seen}");
    app.drain().await;
    app.finish().await;
}
