//! Many who move the same instances at the same moment: whoever comes second is told so, and nobody meets a fault of ours.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join, join_all};
use serde_json::json;

use super::{Engine, flows, process, trace};
use crate::app::TestApp;

/// A task that is taken back when its time is over.
fn timed() -> String {
    let inside = r#"<startEvent id="start"/><userTask id="ask" v:executors="owner"/><endEvent id="end"/>
<boundaryEvent id="late" attachedToRef="ask"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
<userTask id="rescue" v:executors="owner"/>"#;
    process("timed", &(inside.to_owned() + &flows("start>ask ask>end late>rescue")))
}

#[tokio::test]
async fn tasks_completed_while_their_time_is_over_are_completed_or_taken_back_and_never_fail() {
    let app = TestApp::build().config(|config| config.database.connections = 16).start().await;
    let engine = Engine::of(&app);
    engine.deploy(timed()).await;
    for _ in 0..3 {
        let mut tasks = BTreeMap::new();
        for _ in 0..25 {
            let id = engine.start("timed", json!({})).await;
            tasks.insert(engine.task(&id).await, id);
        }
        app.clock.advance_seconds(3_600);
        let twice = tasks.keys().chain(tasks.keys());
        let completions = join_all(twice.map(async |task| (task, engine.complete(task, json!({})).await)));
        let (answers, _) = join(completions, app.drain()).await;
        let mut completed = BTreeSet::new();
        for (task, answer) in answers {
            match answer.status.as_u16() {
                200 => assert!(completed.insert(task), "a task was completed twice"),
                _ => {
                    let code = answer.ok(409)["code"].clone();
                    assert!(code == "task.completed" || code == "task.cancelled", "{code}");
                }
            }
        }
        for (task, id) in &tasks {
            let way = if completed.contains(task) { "start ask end" } else { "start ask late" };
            assert_eq!(trace(&engine.instance(id).await), way);
        }
    }
    app.finish().await;
}
