//! Who gets a message or a signal, when many come at once, when very many wait, and when processes set each other off.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use super::{Engine, file, flows, one, standing};
use crate::app::TestApp;

fn with(roots: &str, id: &str, inside: &str) -> String {
    file(&(roots.to_owned() + &one(id, inside)))
}

/// Waits for the message `paid`.
fn waiting() -> String {
    let inside = r#"<startEvent id="start"/>
<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="paid"/></intermediateCatchEvent><endEvent id="end"/>"#;
    with(r#"<message id="paid" name="paid"/>"#, "waits", &(inside.to_owned() + &flows("start>wait wait>end")))
}

fn instances(answers: &[Value]) -> Vec<&str> {
    answers.iter().flat_map(|answer| answer["instances"].as_array().unwrap()).map(|id| id.as_str().unwrap()).collect()
}

#[tokio::test]
async fn of_twenty_parallel_messages_each_moves_one_of_twenty_waits_and_says_so() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(waiting()).await;
    let mut ids = BTreeSet::new();
    for _ in 0..20 {
        ids.insert(engine.start("waits", json!({})).await);
    }
    let answers = join_all((0..20).map(|_| engine.message("paid", None, json!({})))).await;
    assert!(answers.iter().all(|answer| answer["delivered"] == true), "{answers:?}");
    let moved = instances(&answers);
    assert_eq!(moved.len(), 20);
    assert_eq!(moved.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), ids, "each got one");
    for id in &ids {
        assert_eq!(engine.instance(id).await["state"], "completed");
    }
    assert_eq!(engine.message("paid", None, json!({})).await["delivered"], false);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_message_is_delivered_only_when_it_moved_somebody() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(waiting()).await;
    let id = engine.start("waits", json!({})).await;
    let answers = join_all((0..20).map(|_| engine.message("paid", None, json!({})))).await;
    let delivered = answers.iter().filter(|answer| answer["delivered"] == true).count();
    assert_eq!((delivered, instances(&answers)), (1, vec![id.as_str()]));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn two_messages_thrown_in_one_step_go_to_two_receivers() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(waiting()).await;
    let throw = |id: &str| {
        format!(
            r#"<intermediateThrowEvent id="{id}"><messageEventDefinition messageRef="paid"/></intermediateThrowEvent>"#
        )
    };
    let inside = format!(r#"<startEvent id="start"/>{}{}<endEvent id="end"/>"#, throw("one"), throw("two"));
    engine
        .deploy(with(r#"<message id="paid" name="paid"/>"#, "pays", &(inside + &flows("start>one one>two two>end"))))
        .await;
    let ids = [engine.start("waits", json!({})).await, engine.start("waits", json!({})).await];
    engine.start("pays", json!({})).await;
    for id in &ids {
        assert_eq!(engine.instance(id).await["state"], "completed");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn of_parallel_signals_only_the_one_that_moved_an_instance_names_it() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/>
<intermediateCatchEvent id="wait"><signalEventDefinition signalRef="go"/></intermediateCatchEvent><endEvent id="end"/>"#;
    let signal = r#"<signal id="go" name="go"/>"#;
    engine.deploy(with(signal, "waits", &(inside.to_owned() + &flows("start>wait wait>end")))).await;
    let id = engine.start("waits", json!({})).await;
    let answers = join_all((0..10).map(|_| engine.signal("go", json!({})))).await;
    assert_eq!(instances(&answers), [id.as_str()]);
    assert_eq!(answers.iter().filter(|answer| answer["delivered"] == true).count(), 1);
    app.drain().await;
    app.finish().await;
}

/// A process that begins by each of so many start events of this kind.
fn many_starts(roots: &str, id: &str, event: &str, count: usize) -> String {
    let mut inside =
        r#"<userTask id="task" v:executors="owner"/><exclusiveGateway id="all"/>"#.to_owned() + &flows("all>task");
    for n in 0..count {
        inside += &format!(r#"<startEvent id="s{n}">{event}</startEvent>"#);
        inside += &flows(&format!("s{n}>all"));
    }
    with(roots, id, &inside)
}

#[tokio::test]
async fn more_than_a_hundred_start_events_of_one_signal_or_record_all_begin_once() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let signal = r#"<signal id="go" name="go"/>"#;
    engine.deploy(many_starts(signal, "signalled", r#"<signalEventDefinition signalRef="go"/>"#, 130)).await;
    let message = r#"<message id="m" name="lead.created"/>"#;
    engine.deploy(many_starts(message, "made", r#"<messageEventDefinition messageRef="m"/>"#, 130)).await;
    let count = async |definition: &str| {
        let sql = "SELECT count(*) FROM process_instance WHERE process = ";
        app.count(&format!("{sql}'{definition}'")).await
    };
    let at_once = engine.signal("go", json!({})).await;
    assert_eq!(at_once["started"].as_array().unwrap().len(), 100);
    app.drain().await;
    assert_eq!(count("signalled").await, 130);
    // With large variables in smaller batches, and none twice.
    let large = json!({"text": vec!["x".repeat(60_000); 10]});
    assert!(engine.signal("go", large).await["started"].as_array().unwrap().len() < 20);
    app.drain().await;
    assert_eq!(count("signalled").await, 260);
    app.record("lead", json!({"title": "Pipes"})).await;
    app.drain().await;
    assert_eq!(count("made").await, 130);
    app.finish().await;
}

/// Begins by one signal and throws another twice.
fn thrower(id: &str, by: &str, throws: &str) -> String {
    let inside = format!(
        r#"<startEvent id="start"><signalEventDefinition signalRef="{by}"/></startEvent><parallelGateway id="both"/>
<endEvent id="one"><signalEventDefinition signalRef="{throws}"/></endEvent><endEvent id="two"><signalEventDefinition signalRef="{throws}"/></endEvent>"#
    );
    let signals = r#"<signal id="ping" name="ping"/><signal id="pong" name="pong"/>"#;
    with(signals, id, &(inside + &flows("start>both both>one both>two")))
}

#[tokio::test]
async fn processes_that_throw_each_others_start_signal_come_to_an_end_with_incidents() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(thrower("pings", "ping", "pong")).await;
    engine.deploy(thrower("pongs", "pong", "ping")).await;
    engine.signal("ping", json!({})).await;
    app.drain().await;
    let made = app.count("SELECT count(*) FROM process_instance").await;
    assert!((30..3_000).contains(&made), "{made}");
    let stopped = engine.instances("state=incident&limit=5").await;
    let incident = &stopped[0]["incidents"][0];
    assert_eq!(incident["element"], "start");
    let message = incident["message"].as_str().unwrap();
    assert!(message.contains("in a loop") && message.contains("thrown:p"), "{message}");
    // Nothing goes on by itself.
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM process_instance").await, made);
    app.finish().await;
}

#[tokio::test]
async fn a_process_that_waits_between_its_rounds_may_begin_itself_again_for_ever() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"><signalEventDefinition signalRef="again"/></startEvent>
<intermediateCatchEvent id="hour"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
<endEvent id="end"><signalEventDefinition signalRef="again"/></endEvent>"#;
    engine
        .deploy(with(
            r#"<signal id="again" name="again"/>"#,
            "hourly",
            &(inside.to_owned() + &flows("start>hour hour>end")),
        ))
        .await;
    engine.signal("again", json!({})).await;
    for _ in 0..25 {
        app.clock.advance_seconds(3_600);
        app.drain().await;
    }
    let active = engine.instances("state=active").await;
    assert_eq!((active.len(), standing(&active[0])), (1, "hour".to_owned()));
    assert_eq!(app.count("SELECT count(*) FROM process_instance").await, 26);
    app.finish().await;
}

#[tokio::test]
async fn a_start_condition_that_cannot_be_answered_is_one_incident_and_no_silent_false() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let start = |id: &str, condition: &str| {
        let inside = format!(
            r#"<startEvent id="start"><conditionalEventDefinition><condition>{condition}</condition></conditionalEventDefinition></startEvent><userTask id="task" v:executors="owner"/>"#
        );
        with("", id, &(inside + &flows("start>task")))
    };
    engine.deploy(start("broken", "record.amount.startsWith('1')")).await;
    engine.deploy(start("good", "record.amount &gt; 100")).await;
    for amount in [50, 150, 250] {
        app.record("lead", json!({"title": "Pipes", "amount": amount})).await;
        // What has no such field is not meant.
        app.record("contact", json!({"first_name": "Ann"})).await;
        app.drain().await;
    }
    let broken = engine.instances("definition=broken").await;
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0]["incidents"][0]["element"], "start");
    assert!(broken[0]["incidents"][0]["message"].as_str().unwrap().contains("startsWith"));
    assert_eq!(engine.instances("definition=good").await.len(), 2);
    // What asks for something that is not there before the process is not published.
    let refused = engine.send(start("early", "vars.amount &gt; 100"), true).await.problem(422, "process.invalid");
    assert!(refused["fields"]["start"].to_string().contains("`vars`"), "{refused}");
    app.finish().await;
}
