//! What a process may cost: bombs end in an incident that says what to do, and nobody else waits for them.

use std::time::Duration;

use kernel::Locale;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Engine, flows, process, when};
use crate::app::{Answer, TestApp};

/// Start, a loop around a script that makes `list` of itself, a task behind it.
pub fn looping(id: &str, script: &str, condition: &str) -> String {
    let inside = format!(
        r#"<startEvent id="start"/><exclusiveGateway id="round"/>
<scriptTask id="count" v:resultVariable="n"><script>vars.n + 1</script></scriptTask>
<scriptTask id="grow" v:resultVariable="list"><script>{script}</script></scriptTask>
<exclusiveGateway id="again" default="again-ask"/><userTask id="ask" v:executors="owner"/><endEvent id="end"/>"#
    );
    process(
        id,
        &(inside
            + &flows("start>round round>count count>grow grow>again again>ask ask>end")
            + &when("again", "round", condition)),
    )
}

/// What such a process begins with.
pub fn first() -> Value {
    json!({"n": 0, "list": [1]})
}

/// Sets variables.
async fn set(engine: &Engine<'_>, id: &str, variables: Value) -> Answer {
    engine.client.patch(&format!("/process-instances/{id}"), json!({"variables": variables})).await
}

/// What is wrong with the instance, in the company's language.
async fn problem(engine: &Engine<'_>, id: &str) -> (String, String) {
    let instance = engine.instance(id).await;
    let incident = &instance["incidents"][0];
    let text = |name: &str| incident[name].as_str().unwrap_or_default().to_owned();
    (text("element"), text("message"))
}

#[tokio::test]
async fn a_script_that_doubles_a_list_sixty_times_is_an_incident_that_says_what_to_do() {
    for (locale, words) in [
        (Locale::En, "would take more than 1024 KiB"),
        (Locale::Ru, "заняли бы больше 1024 КиБ"),
        (Locale::Uk, "зайняли б понад 1024 КіБ"),
    ] {
        let app = TestApp::build().locale(locale).start().await;
        let engine = Engine::of(&app);
        engine.deploy(looping("doubling", "vars.list + vars.list", "vars.n &lt; 60")).await;
        let id = engine.start("doubling", first()).await;
        app.drain().await;
        let (element, message) = problem(&engine, &id).await;
        assert_eq!(element, "grow");
        assert!(message.contains(words), "{message}");
        // With room it goes on from there.
        set(&engine, &id, json!({"list": [], "n": 60})).await.ok(200);
        engine.operate(&id, "retry", json!({})).await.ok(200);
        assert_eq!(engine.instance(&id).await["active"][0]["element"], "ask");
        app.finish().await;
    }
}

#[tokio::test]
async fn while_loops_run_that_never_end_others_are_answered_at_once_and_the_loops_end_in_incidents() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let engine = Engine::of(&app);
    engine.deploy(looping("growing", "vars.list + [vars.n]", "true")).await;
    engine.deploy(looping("idle", "vars.list", "true")).await;
    let bombs = async {
        let mut ids = Vec::new();
        for key in ["growing", "idle", "growing", "idle"] {
            ids.push(engine.start(key, first()).await);
        }
        app.drain().await;
        ids
    };
    let neighbour = app.by_of(other, "admin");
    let watch = async {
        let mut slowest = Duration::ZERO;
        loop {
            let begun = Instant::now();
            assert_eq!(app.stranger().send("GET", "/health/live", None, Vec::new()).await.status, 200);
            neighbour.get("/records/lead").await.ok(200);
            slowest = slowest.max(begun.elapsed());
            assert!(slowest < Duration::from_secs(1), "{slowest:?}");
            tokio::task::yield_now().await;
        }
    };
    let ids = tokio::select! { ids = bombs => ids, () = watch => unreachable!("it watches for ever") };
    for id in ids {
        let (element, message) = problem(&engine, &id).await;
        assert!(!element.is_empty(), "it was stopped");
        assert!(message.contains("a loop that never ends"), "{message}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_is_cut_when_its_time_is_over_and_nobody_has_more_than_four_at_once() {
    let app = TestApp::build().person("fred", "observer").start().await;
    let engine = Engine::of(&app);
    engine.deploy(looping("growing", "vars.list + [vars.n]", "true")).await;
    let dry = async || app.by("fred").post("/process-definitions/growing/dry-run", json!({"variables": first()})).await;
    let ran = dry().await.ok(200);
    assert_eq!(ran["cut"], true);
    let many: Vec<_> = (0..7).map(|_| dry()).collect();
    let watch = async {
        let begun = Instant::now();
        app.admin().get("/records/lead").await.ok(200);
        begun.elapsed()
    };
    let (answers, waited) = tokio::join!(futures::future::join_all(many), watch);
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    let limited = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((limited, answers.iter().filter(|answer| answer.status == 200).count()), (3, 4));
    dry().await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn variables_that_are_too_large_are_refused_at_the_doors() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(super::one_task("asks")).await;
    let large = json!({"text": "x".repeat(64 * 1024 + 1)});
    let start = app.admin().post("/process-instances", json!({"definition": "asks", "variables": large})).await;
    start.problem(422, "process.invalid");
    let id = engine.start("asks", json!({})).await;
    set(&engine, &id, large).await.problem(422, "process.invalid");
    // What fits alone and not beside what is there is refused with what to do.
    let half = |name: &str| json!({(name): vec!["x".repeat(60_000); 10]});
    set(&engine, &id, half("one")).await.ok(200);
    let refused = set(&engine, &id, half("two")).await.problem(422, "process.invalid");
    assert!(refused["fields"]["variables"]["message"].as_str().unwrap().contains("1024 KiB"), "{refused}");
    app.finish().await;
}
