//! Processes that call processes, moved from both ends at the same moment.

use futures::FutureExt;
use futures::future::{join, join_all};
use serde_json::json;

use super::{Engine, file, flows, one};
use crate::app::{TestApp, on_postgres, statement};
use kernel::db::ConnectionTrait;

/// A process that calls another one, which waits for a person for an hour.
fn calling() -> String {
    let parent = r#"<startEvent id="start"/><callActivity id="call" calledElement="child"/><endEvent id="end"/>"#;
    let child = r#"<startEvent id="begin"/><userTask id="ask" v:executors="owner"/><endEvent id="stop"/>
<boundaryEvent id="late" attachedToRef="ask"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="over"/>"#;
    let parent = one("parent", &(parent.to_owned() + &flows("start>call call>end")));
    file(&(parent + &one("child", &(child.to_owned() + &flows("begin>ask ask>stop late>over")))))
}

/// A parent, its child, and the child's task.
async fn start(engine: &Engine<'_>) -> (String, String, String) {
    let parent = engine.start("parent", json!({})).await;
    let children = engine.instances("limit=100").await;
    let child = children.iter().find(|one| one["parent"] == parent.as_str()).unwrap()["id"].as_str().unwrap();
    let task = engine.task(child).await;
    (parent, child.to_owned(), task)
}

#[tokio::test]
async fn children_that_end_and_parents_that_are_cancelled_never_fail() {
    let app = TestApp::build().config(|config| config.database.connections = 16).start().await;
    let engine = Engine::of(&app);
    engine.deploy(calling()).await;
    let mut trees = Vec::new();
    for _ in 0..20 {
        trees.push(start(&engine).await);
    }
    app.clock.advance_seconds(3_600);
    let completed = join_all(trees.iter().map(async |(.., task)| engine.complete(task, json!({})).await));
    let cancelled = join_all(trees.iter().map(async |(parent, ..)| engine.operate(parent, "cancel", json!({})).await));
    let ((completed, cancelled), _) = join(join(completed, cancelled), app.drain()).await;
    for answer in completed.iter().chain(&cancelled) {
        assert!([200, 409].contains(&answer.status.as_u16()), "{}: {}", answer.status, answer.text());
    }
    app.drain().await;
    for (parent, child, _) in &trees {
        for id in [parent, child] {
            assert_ne!(engine.instance(id).await["state"], "active", "{id}");
        }
    }
    app.finish().await;
}

/// Has `act` wait for the parent, which somebody else holds, and sees whether it holds the child meanwhile: then the other
/// one, who needs the child next, would wait for it in turn.
async fn waits_without_the_child(app: &TestApp, parent: &str, child: &str, act: impl Future<Output = ()>) {
    app.settle().await;
    let held = app.state.db.begin().await.unwrap();
    let hold = format!("SELECT id FROM process_instance WHERE id = '{parent}' FOR UPDATE");
    held.query_all_raw(statement(&hold)).await.unwrap();
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut act = Box::pin(act);
    while app.count(waiting).await == 0 {
        assert!((&mut act).now_or_never().is_none(), "it does not need the parent");
        tokio::task::yield_now().await;
    }
    let free = format!(
        "SELECT count(*) FROM (SELECT id FROM process_instance WHERE id = '{child}' FOR UPDATE SKIP LOCKED) AS free"
    );
    assert_eq!(app.count(&free).await, 1, "it holds the child while it waits for the parent");
    held.rollback().await.unwrap();
    act.await;
}

#[tokio::test]
async fn whoever_moves_a_child_has_the_lock_of_its_parent_first() {
    // SQLite has one writer at a time, and no locks of rows.
    if !on_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(calling()).await;
    let (parent, child, task) = start(&engine).await;
    waits_without_the_child(&app, &parent, &child, async { drop(engine.complete(&task, json!({})).await.ok(200)) })
        .await;
    assert_eq!(engine.instance(&parent).await["state"], "completed");
    let (parent, child, _) = start(&engine).await;
    waits_without_the_child(&app, &parent, &child, async {
        drop(engine.operate(&child, "cancel", json!({})).await.ok(200));
    })
    .await;
    let (parent, child, _) = start(&engine).await;
    app.clock.advance_seconds(3_600);
    waits_without_the_child(&app, &parent, &child, async { assert!(app.drain().await > 0) }).await;
    assert_eq!(engine.instance(&parent).await["state"], "completed");
    app.drain().await;
    app.finish().await;
}
