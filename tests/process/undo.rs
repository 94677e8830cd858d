//! What was done is undone; gateways that let some of their tokens go; events that only together are one.

use serde_json::{Value, json};

use super::{Engine, elements, file, flows, one, process, standing, trace, when};
use crate::app::TestApp;

/// A hotel and a flight in one transaction: without payment both are given back, the flight first. `drop` is what undoes
/// the hotel.
fn trip(drop: &str) -> String {
    let inside = r#"<startEvent id="start"/>
<transaction id="trip">
  <userTask id="hotel" name="Hotel" v:executors="owner"/><userTask id="flight" name="Flight" v:executors="owner"/>
  <userTask id="pay" name="Pay" v:executors="owner"/><exclusiveGateway id="paid" default="paid-booked"/>
  <endEvent id="booked"/><endEvent id="off"><cancelEventDefinition/></endEvent>
  <boundaryEvent id="flight-back" attachedToRef="flight"><compensateEventDefinition/></boundaryEvent>
  <scriptTask id="drop-flight" isForCompensation="true" v:resultVariable="log"><script>vars.log + [vars.number]</script></scriptTask>
  <association id="l2" sourceRef="flight-back" targetRef="drop-flight"/>{drop}{ways}
</transaction>
<boundaryEvent id="cancelled" attachedToRef="trip"><cancelEventDefinition/></boundaryEvent>
<userTask id="tell" name="Tell" v:executors="owner"/><endEvent id="told"/><endEvent id="end"/>"#;
    let ways = flows("hotel>flight flight>pay pay>paid paid>booked") + &when("paid", "off", "!vars.paid");
    let inside = inside.replace("{drop}", drop).replace("{ways}", &ways);
    process("journey", &(inside + &flows("start>trip trip>end cancelled>tell tell>told")))
}

const DROP: &str = r#"<boundaryEvent id="hotel-back" attachedToRef="hotel"><compensateEventDefinition/></boundaryEvent>
  <userTask id="drop-hotel" name="Give the room back" isForCompensation="true" v:executors="owner"/>
  <association id="l1" sourceRef="hotel-back" targetRef="drop-hotel"/>"#;

/// What was undone, in the order in which it was done.
fn undone(instance: &Value) -> Vec<&str> {
    let visited = instance["visited"].as_array().unwrap().iter().filter(|visit| visit["undone"] == true);
    visited.map(|visit| visit["element"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_cancelled_transaction_gives_everything_back_in_reverse() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(trip(DROP)).await;
    let id = engine.start("journey", json!({"log": []})).await;
    engine.pass(&id, json!({"number": "H1"})).await;
    engine.pass(&id, json!({"number": "F1"})).await;
    engine.pass(&id, json!({"paid": false})).await;
    let giving = engine.instance(&id).await;
    assert_eq!(standing(&giving), "drop-hotel");
    assert_eq!(giving["variables"]["log"], json!(["F1"]));
    let map = app.admin().get(&format!("/process-instances/{id}/map")).await.ok(200);
    assert_eq!(map["elements"]["drop-hotel"]["state"], "current", "{map}");
    assert_eq!(map["elements"]["drop-flight"]["state"], "done", "{map}");
    assert_eq!(map["elements"]["flight"]["state"], "undone", "{map}");
    assert_eq!(map["elements"]["hotel"]["state"], "done", "{map}");
    assert_eq!(undone(&giving), ["flight"]);
    engine.pass(&id, json!({})).await;
    assert_eq!(standing(&engine.instance(&id).await), "tell");
    engine.pass(&id, json!({})).await;
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], undone(&done)), (&json!("completed"), vec!["hotel", "flight"]));
    assert_eq!(trace(&done), "start hotel flight pay paid off drop-flight drop-hotel cancelled tell told");

    let paid = engine.start("journey", json!({"log": []})).await;
    for variables in [json!({}), json!({}), json!({"paid": true})] {
        engine.pass(&paid, variables).await;
    }
    let done = engine.instance(&paid).await;
    assert_eq!(
        (&done["state"], trace(&done)),
        (&json!("completed"), "start hotel flight pay paid booked trip end".into())
    );
    assert_eq!(app.count("SELECT count(*) FROM process_wait").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn what_can_be_undone_goes_with_the_instance_to_another_version() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(trip(DROP)).await;
    let id = engine.start("journey", json!({"log": []})).await;
    engine.pass(&id, json!({"number": "H1"})).await;
    engine.deploy(trip("")).await;
    let to = async |version: i64| engine.operate(&id, "migrate", json!({"version": version})).await;
    let report = engine.operate(&id, "migrate", json!({"version": 2, "dry_run": true})).await.ok(200);
    assert_eq!(report["refused"], 1, "{report}");
    to(2).await.problem(409, "process.migration_impossible");
    engine.deploy(trip(DROP).replace("Give the room back", "Cancel the room")).await;
    to(3).await.ok(200);
    engine.pass(&id, json!({"number": "F1"})).await;
    engine.pass(&id, json!({"paid": false})).await;
    let tasks = engine.tasks(&id).await;
    assert_eq!((tasks.len(), &tasks[0]["title"]), (1, &json!("Cancel the room")));
    app.finish().await;
}

#[tokio::test]
async fn two_of_three_votes_are_enough() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let voters: String =
        ["a", "b", "c"].iter().map(|id| format!(r#"<userTask id="{id}" name="{id}" v:executors="owner"/>"#)).collect();
    let inside = format!(
        r#"<startEvent id="start"/><parallelGateway id="split"/>{voters}
<complexGateway id="enough"><activationCondition>activationCount &gt;= 2</activationCondition></complexGateway>
<userTask id="go" name="Go" v:executors="owner"/><endEvent id="end"/>"#
    );
    let ways = "start>split split>a split>b split>c a>enough b>enough c>enough enough>go go>end";
    engine.deploy(process("votes", &(inside + &flows(ways)))).await;
    let id = engine.start("votes", json!({})).await;
    let vote = async |title: &str| {
        let tasks = engine.tasks(&id).await;
        let task = tasks.iter().find(|task| task["title"] == title).unwrap_or_else(|| panic!("{tasks:#?}"));
        engine.complete(task["id"].as_str().unwrap(), json!({})).await.ok(200);
    };
    vote("c").await;
    assert_eq!(standing(&engine.instance(&id).await), "a b");
    vote("a").await;
    assert_eq!(standing(&engine.instance(&id).await), "b go");
    vote("Go").await;
    assert_eq!(engine.instance(&id).await["state"], "active");
    engine.pass(&id, json!({})).await;
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start split c a enough go end b enough".into()));
    app.finish().await;
}

const MESSAGES: &str = r#"<message id="paid" name="paid"/><message id="order" name="order"/>"#;

/// What begins an instance when both messages are there, and a task behind it.
async fn begun_by_both(app: &TestApp, inside: &str, first: &str) {
    let engine = Engine::of(app);
    engine.deploy(file(&(MESSAGES.to_owned() + &one("both", inside)))).await;
    let begun: Value = engine.message("paid", None, json!({"sum": 5})).await;
    let id = begun["started"][0].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    assert_eq!(standing(&engine.instance(&id).await), first);
    let come = engine.message("order", None, json!({"number": "A1"})).await;
    assert_eq!((&come["instances"], &come["started"]), (&json!([id]), &json!([])));
    let now = engine.instance(&id).await;
    assert_eq!(
        (elements(&now, "active"), &now["variables"]),
        (vec!["ask".to_owned()], &json!({"sum": 5, "number": "A1"}))
    );
    engine.pass(&id, json!({})).await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
}

#[tokio::test]
async fn an_instance_begins_when_all_its_events_are_there() {
    let app = TestApp::start().await;
    let inside = r#"<startEvent id="start" parallelMultiple="true"><messageEventDefinition messageRef="paid"/><messageEventDefinition messageRef="order"/></startEvent>
<userTask id="ask" name="Ask" v:executors="owner"/><endEvent id="end"/>"#;
    begun_by_both(&app, &(inside.to_owned() + &flows("start>ask ask>end")), "start").await;
    let inside = r#"<eventBasedGateway id="which" instantiate="true" eventGatewayType="Parallel"/>
<intermediateCatchEvent id="money"><messageEventDefinition messageRef="paid"/></intermediateCatchEvent><receiveTask id="wish" messageRef="order"/>
<parallelGateway id="join"/><userTask id="ask" name="Ask" v:executors="owner"/><endEvent id="end"/>"#;
    let ways = "which>money which>wish money>join wish>join join>ask ask>end";
    begun_by_both(&app, &(inside.to_owned() + &flows(ways)), "wish").await;
    app.finish().await;
}
