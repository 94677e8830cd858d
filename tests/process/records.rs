//! Processes and records: changes start instances, end waits and turn conditions; loops through records end.

use serde_json::{Value, json};

use super::{Engine, elements, file, flows, one, standing, trace};
use crate::app::TestApp;
use crate::app::database::statement;
use kernel::db::ConnectionTrait;

/// A process that begins by a message, and one more element.
fn by_event(id: &str, event: &str, then: &str) -> String {
    let message = format!(r#"<message id="m" name="{event}"/>"#);
    let inside = format!(
        r#"<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent>{then}{}"#,
        flows("start>then")
    );
    file(&(message + &one(id, &inside)))
}

const TASK: &str = r#"<userTask id="then" v:executors="owner"/>"#;

#[tokio::test]
async fn records_start_processes_about_themselves() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let engine = Engine::of(&app);
    engine.deploy(by_event("welcome", "lead.created", TASK)).await;
    engine.deploy(by_event("handover", "deal.stage:won", TASK)).await;
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    app.by_of(other, "admin").create("lead", json!({"title": "Strange"})).await.ok(201);
    let deal = app.record("deal", json!({"title": "Pipes"})).await;
    app.drain().await;
    let begun = engine.instances("").await;
    assert_eq!(begun.len(), 1, "{begun:#?}");
    assert_eq!((&begun[0]["key"], &begun[0]["subject"]), (&json!("welcome"), &json!({"entity": "lead", "id": lead})));
    // The task is the record's owner's and tells which record.
    let task = engine.tasks(begun[0]["id"].as_str().unwrap()).await[0].clone();
    assert_eq!((&task["subject"]["id"], &task["assignee"]), (&json!(lead), &json!(app.id_of("admin"))));

    app.admin().update("lead", &lead, json!({"title": "Anna"})).await.ok(200);
    let stage = async |stage: &str| {
        app.admin().post(&format!("/records/deal/{deal}/stage"), json!({"stage": stage})).await.ok(200)
    };
    stage("quote").await;
    app.drain().await;
    assert_eq!(engine.instances("").await.len(), 1);
    stage("won").await;
    app.drain().await;
    app.drain().await;
    let about = engine.instances(&format!("subject={deal}")).await;
    assert_eq!((about.len(), &about[0]["key"]), (1, &json!("handover")));
    // Many at once: one instance each.
    let rows: Vec<Value> = (0..40).map(|n| json!({"fields": {"title": format!("L{n}")}})).collect();
    app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    app.drain().await;
    assert_eq!(app.count("SELECT count(DISTINCT subject_id) FROM process_instance").await, 42);
    assert_eq!(app.count("SELECT count(*) FROM process_instance").await, 42);
    app.finish().await;
}

#[tokio::test]
async fn changes_of_the_record_end_waits_and_turn_conditions() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/>
<intermediateCatchEvent id="changed"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<intermediateCatchEvent id="large"><conditionalEventDefinition><condition>record.amount != null &amp;&amp; record.amount &gt; 100 &amp;&amp; vars.open</condition></conditionalEventDefinition></intermediateCatchEvent>
<endEvent id="end"/>"#;
    let message = r#"<message id="m" name="lead.updated"/>"#;
    engine
        .deploy(file(
            &(message.to_owned()
                + &one("watch", &(inside.to_owned() + &flows("start>changed changed>large large>end")))),
        ))
        .await;
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let bystander = app.record("lead", json!({"title": "Bob"})).await;
    app.drain().await;
    let id = engine.start_about("watch", "lead", &lead, json!({"open": true})).await;
    let far = engine.start_about("watch", "lead", &bystander, json!({"open": true})).await;
    let nothing = engine.start("watch", json!({"open": true})).await;
    app.admin().update("lead", &lead, json!({"amount": 50})).await.ok(200);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&id).await), "large");
    assert_eq!(standing(&engine.instance(&far).await), "changed");
    assert_eq!(standing(&engine.instance(&nothing).await), "changed");
    app.admin().update("lead", &lead, json!({"amount": 100})).await.ok(200);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&id).await), "large");
    // Variables count as well as the record.
    app.admin().patch(&format!("/process-instances/{id}"), json!({"variables": {"open": false}})).await.ok(200);
    app.admin().update("lead", &lead, json!({"amount": 500})).await.ok(200);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&id).await), "large");
    app.admin().patch(&format!("/process-instances/{id}"), json!({"variables": {"open": true}})).await.ok(200);
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start changed large end".into()));
    // A record that goes takes nothing with it.
    app.admin().delete(&format!("/records/lead/{bystander}")).await.ok(204);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&far).await), "changed");
    engine.operate(&far, "cancel", json!({})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn a_condition_that_a_change_makes_true_starts_a_process_about_the_record() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let early = app.record("deal", json!({"title": "Early", "amount": 5000})).await;
    app.drain().await;
    app.clock.advance_seconds(1);
    let condition = r#"record.entity == "deal" &amp;&amp; record.amount &gt; 1000"#;
    let start = format!(
        r#"<startEvent id="start"><conditionalEventDefinition><condition>{condition}</condition></conditionalEventDefinition></startEvent>"#
    );
    engine.deploy(file(&one("big", &format!("{start}{TASK}{}", flows("start>then"))))).await;
    // Of another kind, not yet, and nothing that the condition speaks of.
    app.record("lead", json!({"title": "Lead", "amount": 5000})).await;
    app.record("company", json!({"title": "Firm"})).await;
    let deal = app.record("deal", json!({"title": "Pipes", "amount": 10})).await;
    app.admin().update("deal", &early, json!({"title": "True before"})).await.ok(200);
    app.drain().await;
    assert_eq!(engine.instances("").await.len(), 0);
    let amount = async |amount: i64| {
        app.admin().update("deal", &deal, json!({"amount": amount})).await.ok(200);
        app.drain().await;
        engine.instances(&format!("subject={deal}")).await.len()
    };
    assert_eq!(amount(2000).await, 1, "it has turned true");
    assert_eq!(amount(3000).await, 1, "it was true before");
    assert_eq!(amount(500).await, 1);
    // True and false again before anybody looked: it was true once.
    app.admin().update("deal", &deal, json!({"amount": 4000})).await.ok(200);
    assert_eq!(amount(20).await, 2);
    let made = app.record("deal", json!({"title": "Large at once", "amount": 9000})).await;
    app.drain().await;
    let begun = engine.instances(&format!("subject={made}")).await;
    assert_eq!((begun.len(), &begun[0]["key"]), (1, &json!("big")));
    app.finish().await;
}

#[tokio::test]
async fn a_change_whose_job_comes_twice_starts_one_instance() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(by_event("welcome", "lead.created", TASK)).await;
    app.record("lead", json!({"title": "Ann"})).await;
    app.settle().await;
    app.state.processes.dispatch().await.unwrap();
    let row = "SELECT id, tenant_id, kind, payload FROM job WHERE kind = 'process.record_event'";
    let row = app.state.db.read().query_one_raw(statement(row)).await.unwrap().unwrap();
    let job = kernel::jobs::Job {
        id: row.try_get_by_index(0).unwrap(),
        tenant: Some(kernel::TenantId(row.try_get_by_index(1).unwrap())),
        kind: row.try_get_by_index(2).unwrap(),
        payload: row.try_get_by_index(3).unwrap(),
        attempt: 1,
        max_attempts: 8,
        order_key: None,
        taken_over: false,
    };
    let handlers = app.state.processes.handlers();
    let handler = handlers.iter().find(|handler| handler.kind() == job.kind).unwrap();
    handler.run(&job).await.unwrap();
    // Killed before the queue knew of it: the job is taken again.
    app.drain().await;
    assert_eq!(engine.instances("").await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn what_happened_before_anybody_listened_is_not_meant() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    app.admin().update("lead", &lead, json!({"amount": 50})).await.ok(200);
    app.clock.advance_seconds(1);
    engine.deploy(by_event("welcome", "lead.created", TASK)).await;
    let inside =
        r#"<startEvent id="start"/><receiveTask id="changed" messageRef="m"/>"#.to_owned() + &flows("start>changed");
    engine.deploy(file(&(r#"<message id="m" name="lead.updated"/>"#.to_owned() + &one("watch", &inside)))).await;
    let id = engine.start_about("watch", "lead", &lead, json!({})).await;
    app.drain().await;
    assert_eq!(engine.instances("").await.len(), 1);
    assert_eq!(standing(&engine.instance(&id).await), "changed");
    // A new version that begins by the same event misses nothing that came before it.
    let second = app.record("lead", json!({"title": "Bob"})).await;
    app.clock.advance_seconds(1);
    engine.deploy(by_event("welcome", "lead.created", TASK) + "\n").await;
    app.drain().await;
    assert_eq!(engine.instances(&format!("subject={second}")).await.len(), 1);
    app.admin().update("lead", &lead, json!({"amount": 60})).await.ok(200);
    app.drain().await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    app.finish().await;
}

/// Two ways to chase one's own tail: every change starts an instance that changes the record, and one instance that
/// waits for the change it makes.
#[tokio::test]
async fn loops_through_records_come_to_an_end() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let update = |id: &str| {
        format!(
            r#"<serviceTask id="{id}" v:service="update-record"><extensionElements><v:param name="amount">=record.amount + 1</v:param></extensionElements></serviceTask>"#
        )
    };
    engine.deploy(by_event("tail", "lead.updated", &update("then"))).await;
    let lead = app.record("lead", json!({"title": "Ann", "amount": 0})).await;
    app.admin().update("lead", &lead, json!({"amount": 1})).await.ok(200);
    app.drain().await;
    let after = app.admin().get(&format!("/records/lead/{lead}")).await.ok(200)["fields"]["amount"].as_i64().unwrap();
    assert!((3..=40).contains(&after), "{after}");
    let stopped = engine.instances("definition=tail&state=incident").await;
    let stopped = engine.instance(stopped[0]["id"].as_str().unwrap()).await;
    assert!(stopped["incidents"][0]["message"].as_str().unwrap().contains("in a loop"), "{stopped:#}");
    // A person's next change goes its way again, as far as the first.
    engine.deploy(by_event("tail", "lead.never", TASK)).await;

    let inside = r#"<startEvent id="start"/><exclusiveGateway id="again"/><intermediateCatchEvent id="changed"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>"#
        .to_owned()
        + &update("change")
        + &flows("start>again again>changed changed>change change>again");
    engine.deploy(file(&(r#"<message id="m" name="lead.updated"/>"#.to_owned() + &one("round", &inside)))).await;
    let id = engine.start_about("round", "lead", &lead, json!({})).await;
    app.admin().update("lead", &lead, json!({"amount": 1_000})).await.ok(200);
    app.drain().await;
    let round = engine.instance(&id).await;
    assert_eq!(
        (standing(&round), elements(&round, "incidents")),
        ("changed".into(), vec!["changed".into()]),
        "{round:#}"
    );
    let after = app.admin().get(&format!("/records/lead/{lead}")).await.ok(200)["fields"]["amount"].as_i64().unwrap();
    assert!((1_003..=1_040).contains(&after), "{after}");
    app.finish().await;
}
