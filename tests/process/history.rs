//! What an instance left: the last of it with the instance, all of it by pages.

use serde_json::{Value, json};

use super::{Engine, flows, process, when};
use crate::app::TestApp;

/// A loop that makes so many rounds, then a task; and a repetition over nothing.
fn rounds() -> String {
    let inside = r#"<startEvent id="start"/><exclusiveGateway id="round"/>
<scriptTask id="count" v:resultVariable="n"><script>vars.n + 1</script></scriptTask>
<exclusiveGateway id="again" default="again-none"/>
<userTask id="none" name="None"><multiInstanceLoopCharacteristics><loopCardinality>0</loopCardinality></multiInstanceLoopCharacteristics></userTask>
<userTask id="ask" name="Ask" v:executors="owner"/><endEvent id="end"/>"#;
    process(
        "rounds",
        &(inside.to_owned()
            + &flows("start>round round>count count>again again>none none>ask ask>end")
            + &when("again", "round", "vars.n &lt; vars.rounds")),
    )
}

#[tokio::test]
async fn the_newest_visits_come_with_the_instance_and_all_of_them_by_pages_in_order() {
    let app = TestApp::build().person("fred", "observer").start().await;
    let engine = Engine::of(&app);
    engine.deploy(rounds()).await;
    let id = engine.start("rounds", json!({"n": 0, "rounds": 4_000})).await;
    app.drain().await;
    engine.pass(&id, json!({})).await;
    let shown = engine.instance(&id).await;
    let elements = super::elements(&shown, "visited");
    assert_eq!((elements.len(), elements.last().unwrap().as_str()), (500, "end"));

    let page = async |query: &str| app.admin().get(&format!("/process-instances/{id}/history?{query}")).await.ok(200);
    let (mut all, mut cursor) = (Vec::<Value>::new(), String::new());
    loop {
        let part = page(&format!("limit=500{cursor}")).await;
        all.extend(part["items"].as_array().unwrap().iter().cloned());
        match part["next_cursor"].as_i64() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    // Start, three for each round, the repetition over nothing, the task, the end.
    assert_eq!(all.len(), 1 + 3 * 4_000 + 3);
    let elements: Vec<&str> = all.iter().map(|visit| visit["element"].as_str().unwrap()).collect();
    assert_eq!(&elements[..4], ["start", "round", "count", "again"]);
    assert_eq!(&elements[12_001..], ["none", "ask", "end"]);
    assert_eq!(all[12_001]["outcome"], "skipped", "it ran zero times");
    assert_eq!(all[12_002]["outcome"], "completed");
    assert_eq!(shown["visited"].as_array().unwrap()[..], all[all.len() - 500..]);

    assert_eq!(page("").await["items"].as_array().unwrap().len(), 100);
    app.admin().get(&format!("/process-instances/{id}/history?limit=501")).await.problem(422, "process.invalid");
    app.by("fred").get(&format!("/process-instances/{id}/history")).await.problem(404, "not_found");
    app.finish().await;
}
