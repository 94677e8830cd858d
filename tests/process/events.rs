//! What instances wait for: messages, signals, times; and what these start.

use serde_json::json;

use super::{Engine, elements, file, flows, one, process, standing, trace};
use crate::app::TestApp;

const MESSAGES: &str =
    r#"<message id="paid" name="paid"/><message id="order" name="order"/><signal id="holiday" name="holiday"/>"#;

fn with_messages(id: &str, inside: &str) -> String {
    file(&(MESSAGES.to_owned() + &one(id, inside)))
}

fn timer(text: &str) -> String {
    format!("<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>")
}

#[tokio::test]
async fn a_message_reaches_the_one_with_its_key() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/>
<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="paid" v:correlationKey="vars.order"/></intermediateCatchEvent><endEvent id="end"/>"#;
    engine.deploy(with_messages("waits", &(inside.to_owned() + &flows("start>wait wait>end")))).await;
    let first = engine.start("waits", json!({"order": "A1"})).await;
    let second = engine.start("waits", json!({"order": "A2"})).await;
    for key in [Some("A3"), None, Some("a1"), Some("A1 ")] {
        let got = engine.message("paid", key, json!({})).await;
        assert_eq!((&got["delivered"], &got["instances"]), (&json!(false), &json!([])), "{key:?}");
    }
    assert_eq!(engine.message("Paid", Some("A1"), json!({})).await["delivered"], false);
    let got = engine.message("paid", Some("A2"), json!({"sum": 5})).await;
    assert_eq!((&got["delivered"], &got["instances"]), (&json!(true), &json!([second])));
    let done = engine.instance(&second).await;
    assert_eq!((&done["state"], &done["variables"]["sum"]), (&json!("completed"), &json!(5)));
    assert_eq!(standing(&engine.instance(&first).await), "wait");
    // It was taken: the same once more reaches nobody.
    assert_eq!(engine.message("paid", Some("A2"), json!({})).await["delivered"], false);
    // Of two with one key the older one gets it.
    app.clock.advance_seconds(1);
    let third = engine.start("waits", json!({"order": "A1"})).await;
    assert_eq!(engine.message("paid", Some("A1"), json!({})).await["instances"], json!([first]));
    assert_eq!(engine.message("paid", Some("A1"), json!({})).await["instances"], json!([third]));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn messages_and_signals_start_instances_of_the_published_version() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let engine = Engine::of(&app);
    let by = |event: &str, task: &str| {
        let inside = format!(
            r#"<startEvent id="start">{event}</startEvent><userTask id="{task}" v:executors="role:sales_manager"/>"#
        );
        inside + &flows(&format!("start>{task}"))
    };
    let message = r#"<messageEventDefinition messageRef="order"/>"#;
    engine.deploy(with_messages("by-message", &by(message, "one"))).await;
    for id in ["by-signal", "by-signal-too"] {
        engine.deploy(with_messages(id, &by(r#"<signalEventDefinition signalRef="holiday"/>"#, "rest"))).await;
    }
    engine.client.post("/process-instances", json!({"definition": "by-message"})).await.problem(422, "process.invalid");
    let got = engine.message("order", Some("7"), json!({"n": 1})).await;
    let started = got["started"][0].as_str().unwrap().to_owned();
    let begun = engine.instance(&started).await;
    assert_eq!(
        (trace(&begun), standing(&begun), &begun["variables"]),
        ("start".into(), "one".into(), &json!({"n": 1}))
    );

    // A draft changes nothing; published it takes over.
    engine.send(with_messages("by-message", &by(message, "two")), false).await.ok(201);
    let again = engine.message("order", None, json!({})).await;
    assert_eq!(engine.instance(again["started"][0].as_str().unwrap()).await["version"], 1);
    engine.client.post("/process-definitions/by-message/publish", json!({})).await.ok(200);
    let again = engine.message("order", None, json!({})).await;
    assert_eq!(standing(&engine.instance(again["started"][0].as_str().unwrap()).await), "two");

    let got = engine.signal("holiday", json!({"days": 2})).await;
    assert_eq!((got["started"].as_array().unwrap().len(), &got["instances"]), (2, &json!([])));
    // Another company's messages and signals start nothing here.
    let stranger = Engine::by(app.by_of(other, "admin"));
    assert_eq!(stranger.message("order", None, json!({})).await["delivered"], false);
    assert_eq!(stranger.signal("holiday", json!({})).await["delivered"], false);
    assert_eq!(engine.instances("limit=100").await.len(), 5);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_signal_reaches_everybody_who_waits() {
    const WAITING: usize = 250;
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/>
<intermediateCatchEvent id="wait"><signalEventDefinition signalRef="holiday"/></intermediateCatchEvent><endEvent id="end"/>"#;
    engine.deploy(with_messages("waits", &(inside.to_owned() + &flows("start>wait wait>end")))).await;
    for _ in 0..WAITING {
        engine.start("waits", json!({})).await;
    }
    let got = engine.signal("holiday", json!({"days": 2})).await;
    assert_eq!(got["delivered"], true);
    // Who begins to wait after it was sent does not get it.
    app.clock.advance_seconds(1);
    let late = engine.start("waits", json!({})).await;
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM process_instance WHERE status = 'completed'").await, 250);
    assert_eq!(standing(&engine.instance(&late).await), "wait");
    // A process that throws the signal reaches it.
    let throws = r#"<startEvent id="start"/><intermediateThrowEvent id="tell"><signalEventDefinition signalRef="holiday"/></intermediateThrowEvent>
<endEvent id="pay"><messageEventDefinition messageRef="paid" v:correlationKey="vars.order"/></endEvent>"#;
    engine.deploy(with_messages("throws", &(throws.to_owned() + &flows("start>tell tell>pay")))).await;
    let thrown = engine.start("throws", json!({"order": 5})).await;
    assert_eq!(trace(&engine.instance(&thrown).await), "start tell pay");
    assert_eq!(engine.instance(&late).await["state"], "completed");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn times_come_by_the_clock() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = format!(
        r#"<startEvent id="start"/><intermediateCatchEvent id="pause">{}</intermediateCatchEvent>
<intermediateCatchEvent id="until"><timerEventDefinition><timeDate>=vars.until</timeDate></timerEventDefinition></intermediateCatchEvent><endEvent id="end"/>"#,
        timer("PT1H30M")
    );
    engine.deploy(process("timed", &(inside + &flows("start>pause pause>until until>end")))).await;
    let id = engine.start("timed", json!({"until": "2026-03-17T09:00:00Z"})).await;
    let waits = engine.instance(&id).await;
    assert_eq!((standing(&waits), &waits["active"][0]["due"]), ("pause".into(), &json!("2026-03-16T10:30:00Z")));
    app.clock.advance_seconds(5_399);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&id).await), "pause");
    app.clock.advance_seconds(1);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&id).await), "until");
    app.clock.advance_seconds(86_400);
    app.drain().await;
    assert_eq!(trace(&engine.instance(&id).await), "start pause until end");
    // A time that is over already comes at once.
    let id = engine.start("timed", json!({"until": "2020-01-01T00:00:00Z"})).await;
    app.clock.advance_seconds(6_000);
    app.drain().await;
    app.drain().await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    // One that is no time is an incident where it stands.
    let id = engine.start("timed", json!({"until": "soon"})).await;
    app.clock.advance_seconds(6_000);
    app.drain().await;
    assert_eq!(elements(&engine.instance(&id).await, "incidents"), ["until"]);
    app.finish().await;
}

#[tokio::test]
async fn a_cycle_starts_instances_until_it_is_over_or_replaced() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let every = |cycle: &str| {
        let inside = format!(
            r#"<startEvent id="start"><timerEventDefinition><timeCycle>{cycle}</timeCycle></timerEventDefinition></startEvent><endEvent id="end"/>"#
        );
        process("hourly", &(inside + &flows("start>end")))
    };
    let count = async || engine.instances("definition=hourly&limit=100").await.len();
    engine.deploy(every("R3/PT1H")).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        app.clock.advance_seconds(3_600);
        app.drain().await;
        app.drain().await;
        seen.push(count().await);
    }
    assert_eq!(seen, [1, 2, 3, 3, 3]);
    // Without end, until another version is published.
    engine.deploy(every("R/PT2H")).await;
    for _ in 0..2 {
        app.clock.advance_seconds(7_200);
        app.drain().await;
    }
    assert_eq!(count().await, 5);
    engine.deploy(super::one_task("hourly")).await;
    app.clock.advance_seconds(7_200);
    app.drain().await;
    app.clock.advance_seconds(7_200);
    app.drain().await;
    assert_eq!(count().await, 5);
    app.finish().await;
}

#[tokio::test]
async fn of_several_events_the_first_decides() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = format!(
        r#"<startEvent id="start"/><eventBasedGateway id="which"/>
<intermediateCatchEvent id="money"><messageEventDefinition messageRef="paid" v:correlationKey="vars.order"/></intermediateCatchEvent>
<intermediateCatchEvent id="late">{}</intermediateCatchEvent><receiveTask id="free" messageRef="order"/>
<endEvent id="paid-end"/><endEvent id="late-end"/><endEvent id="free-end"/>"#,
        timer("P1D")
    );
    let ways = "start>which which>money which>late which>free money>paid-end late>late-end free>free-end";
    engine.deploy(with_messages("race", &(inside + &flows(ways)))).await;
    let mut all = Vec::new();
    for order in 0..3 {
        all.push(engine.start("race", json!({"order": order.to_string()})).await);
        app.clock.advance_seconds(1);
    }
    assert_eq!(engine.message("paid", Some("0"), json!({})).await["delivered"], true);
    assert_eq!(engine.message("order", None, json!({})).await["instances"], json!([all[1]]));
    app.clock.advance_seconds(86_400);
    app.drain().await;
    for (id, end) in all.iter().zip(["money paid-end", "free free-end", "late late-end"]) {
        let done = engine.instance(id).await;
        assert_eq!((&done["state"], trace(&done)), (&json!("completed"), format!("start which {end}")));
    }
    // What lost does not come any more.
    assert_eq!(engine.message("paid", Some("1"), json!({})).await["delivered"], false);
    assert_eq!(app.count("SELECT count(*) FROM process_wait").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn boundary_events_interrupt_or_go_beside() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = format!(
        r#"<startEvent id="start"/><userTask id="ask" v:executors="owner"/><endEvent id="end"/>
<boundaryEvent id="nudge" attachedToRef="ask" cancelActivity="false"><timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition></boundaryEvent>
<scriptTask id="count" v:resultVariable="nudges"><script>vars.nudges + 1</script></scriptTask><endEvent id="nudged"/>
<boundaryEvent id="late" attachedToRef="ask">{}</boundaryEvent><userTask id="rescue" v:executors="owner"/><endEvent id="rescued"/>
<boundaryEvent id="off" attachedToRef="ask"><messageEventDefinition messageRef="order" v:correlationKey="vars.order"/></boundaryEvent><endEvent id="called-off"/>"#,
        timer("P1D")
    );
    let ways = "start>ask ask>end nudge>count count>nudged late>rescue rescue>rescued off>called-off";
    engine.deploy(with_messages("watched", &(inside + &flows(ways)))).await;
    let late = engine.start("watched", json!({"nudges": 0, "order": "1"})).await;
    let done = engine.start("watched", json!({"nudges": 0, "order": "2"})).await;
    let off = engine.start("watched", json!({"nudges": 0, "order": "3"})).await;
    // Boundary events are not where it stands.
    assert_eq!(standing(&engine.instance(&late).await), "ask");
    engine.pass(&done, json!({})).await;
    assert_eq!(engine.message("order", Some("3"), json!({})).await["instances"], json!([off]));
    assert_eq!(trace(&engine.instance(&off).await), "start off called-off");
    assert_eq!(engine.tasks(&off).await.len(), 0);
    for hour in 1..=3 {
        app.clock.advance_seconds(3_600);
        app.drain().await;
        let now = engine.instance(&late).await;
        assert_eq!((&now["variables"]["nudges"], standing(&now)), (&json!(hour.min(2)), "ask".into()), "{hour}");
    }
    let asked = engine.task(&late).await;
    app.clock.advance_seconds(86_400);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&late).await), "rescue");
    engine.complete(&asked, json!({})).await.problem(409, "task.cancelled");
    engine.pass(&late, json!({})).await;
    assert_eq!(engine.instance(&late).await["state"], "completed");
    assert_eq!(trace(&engine.instance(&done).await), "start ask end");
    app.finish().await;
}

#[tokio::test]
async fn an_error_of_a_sub_process_is_caught_outside_of_it() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><subProcess id="sub"><startEvent id="in"/><parallelGateway id="two"/><userTask id="slow" v:executors="owner"/>
<userTask id="check" v:executors="owner"/><exclusiveGateway id="ok"/><endEvent id="fine"/><endEvent id="wrong"><errorEventDefinition errorRef="e"/></endEvent>"#
        .to_owned()
        + &flows("in>two two>slow two>check check>ok")
        + &super::when("ok", "fine", "vars.ok")
        + &super::when("ok", "wrong", "!vars.ok")
        + r#"</subProcess><endEvent id="end"/><boundaryEvent id="caught" attachedToRef="sub"><errorEventDefinition errorRef="e"/></boundaryEvent><endEvent id="sorry"/>"#
        + &flows("start>sub sub>end caught>sorry");
    engine.deploy(file(&(r#"<error id="e" errorCode="E1"/>"#.to_owned() + &one("careful", &inside)))).await;
    let id = engine.start("careful", json!({})).await;
    assert_eq!(standing(&engine.instance(&id).await), "check slow");
    let tasks = engine.tasks(&id).await;
    let check = tasks.iter().find(|task| task["element"] == "check").unwrap()["id"].as_str().unwrap();
    engine.complete(check, json!({"ok": false})).await.ok(200);
    let done = engine.instance(&id).await;
    assert_eq!(done["state"], "completed", "{done:#}");
    assert!(trace(&done).ends_with("caught sorry"), "{}", trace(&done));
    assert_eq!(engine.tasks(&id).await.len(), 0);
    app.drain().await;
    app.finish().await;
}
