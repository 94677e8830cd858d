//! The log as pages, and readers that miss nothing and repeat rather than lose.

use futures::FutureExt;
use kernel::db::ConnectionTrait;
use kernel::event::{self, Cursor, NewEvent, Selection};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, on_postgres};

#[tokio::test]
async fn pages_tell_every_change_once_in_order() {
    let app = TestApp::start().await;
    let lead = app.record("lead", json!({"title": "a", "amount": 1})).await;
    let deal = app.record("deal", json!({"title": "b"})).await;
    app.admin().update("lead", &lead, json!({"amount": 2, "stage": "qualified"})).await.ok(200);
    app.admin().delete(&format!("/records/deal/{deal}")).await.ok(204);
    app.admin().post(&format!("/records/deal/{deal}/restore"), json!({})).await.ok(200);
    app.admin().update("lead", &lead, json!({"amount": 2})).await.ok(200);
    app.admin().create("lead", json!({"amount": "x"})).await.ok(422);
    app.settle().await;
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.admin().get(&format!("/events?limit=2{after}")).await.ok(200);
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            let same = app.admin().get(&format!("/events?limit=2{after}")).await.ok(200);
            assert_eq!(same["next_cursor"], page["next_cursor"]);
            break;
        }
        all.extend(items.iter().cloned());
        after = format!("&after={}", page["next_cursor"].as_str().unwrap());
    }
    let told: Vec<(&str, i64)> =
        all.iter().map(|e| (e["type"].as_str().unwrap(), e["version"].as_i64().unwrap())).collect();
    assert_eq!(
        told,
        [("lead.created", 1), ("deal.created", 1), ("lead.updated", 2), ("deal.deleted", 2), ("deal.restored", 3)]
    );
    assert_eq!(all[2]["changes"]["amount"], json!({"before": 1, "after": 2}));
    assert_eq!(all[2]["changes"]["stage"], json!({"before": "new", "after": "qualified"}));
    assert_eq!(all[2]["actor"]["kind"], "token");
    let deals = app.admin().get("/events?entity=deal").await.ok(200);
    assert_eq!(deals["items"].as_array().unwrap().len(), 3);
    app.finish().await;
}

fn told(record: u128) -> NewEvent<'static> {
    NewEvent {
        kind: "lead.updated".into(),
        entity: "lead",
        record: Uuid::from_u128(record),
        version: 1,
        changes: json!({}),
    }
}

async fn records(app: &TestApp, after: Cursor) -> Vec<u128> {
    let events = event::read_after(app.state.db.read(), after, &Selection::default(), 100).await.unwrap();
    events.iter().map(|event| event.record.as_u128()).collect()
}

/// Behind what was told before the test: the people it begins with.
async fn begun(app: &TestApp) -> Cursor {
    app.settle().await;
    let told = event::read_after(app.state.db.read(), Cursor::default(), &Selection::default(), 1_000).await.unwrap();
    told.last().map(event::Event::cursor).unwrap_or_default()
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_not_passed_over() {
    let app = TestApp::start().await;
    let (db, ctx) = (&app.state.db, app.system());
    let begun = begun(&app).await;
    let first = db.begin().await.unwrap();
    event::append(&first, &ctx, None, vec![told(1)]).await.unwrap();
    // An answer is wanted, so that it is written by now.
    first.execute_unprepared("SELECT 1").await.unwrap();
    if on_postgres() {
        // The second takes a higher number, commits first, and must wait to be read.
        let second = db.begin().await.unwrap();
        event::append(&second, &ctx, None, vec![told(2)]).await.unwrap();
        second.commit().await.unwrap();
        assert_eq!(records(&app, begun).await, [0_u128; 0], "the first may still come");
    } else {
        // There is one writer: the second cannot even begin.
        assert!(Box::pin(db.begin()).now_or_never().is_none());
        assert_eq!(records(&app, begun).await, [0_u128; 0]);
    }
    first.commit().await.unwrap();
    if !on_postgres() {
        let second = db.begin().await.unwrap();
        event::append(&second, &ctx, None, vec![told(2)]).await.unwrap();
        second.commit().await.unwrap();
    }
    app.settle().await;
    assert_eq!(records(&app, begun).await, [1, 2]);
    app.finish().await;
}

#[tokio::test]
async fn many_writers_at_once_are_all_read_in_pages_that_never_go_back() {
    let app = TestApp::start().await;
    let (db, ctx) = (&app.state.db, app.system());
    let write = async |n: u128| {
        for i in 0..10 {
            let tx = db.begin().await.unwrap();
            event::append(&tx, &ctx, None, vec![told(n * 100 + i)]).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    let mut seen: Vec<u128> = Vec::new();
    let mut cursor = begun(&app).await;
    let mut read = async || {
        for event in event::read_after(db.read(), cursor, &Selection::default(), 7).await.unwrap() {
            assert!(event.cursor() > cursor);
            cursor = event.cursor();
            seen.push(event.record.as_u128());
        }
    };
    let writers = futures::future::join_all((0..3).map(write));
    let mut writers = Box::pin(writers);
    while futures::future::poll_fn(|cx| std::task::Poll::Ready(writers.poll_unpin(cx).is_pending())).await {
        read().await;
    }
    app.settle().await;
    for _ in 0..10 {
        read().await;
    }
    assert_eq!(seen.len(), 30);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 30, "none twice");
    drop(writers);
    app.finish().await;
}

#[tokio::test]
async fn a_reader_that_dies_reads_again_and_two_readers_do_not_both_go_on() {
    let app = TestApp::start().await;
    let tx = app.state.db.begin().await.unwrap();
    assert!(event::advance(&tx, "test", Cursor::default(), begun(&app).await).await.unwrap());
    tx.commit().await.unwrap();
    for title in ["a", "b", "c"] {
        app.record("lead", json!({"title": title})).await;
    }
    app.settle().await;
    let db = &app.state.db;
    let from = event::reader(db.read(), "test").await.unwrap();
    let events = event::read_after(db.read(), from, &Selection::default(), 2).await.unwrap();
    let to = events.last().unwrap().cursor();
    // It dies before the commit: nothing is lost.
    let tx = db.begin().await.unwrap();
    assert!(event::advance(&tx, "test", from, to).await.unwrap());
    drop(tx);
    assert_eq!(event::reader(db.read(), "test").await.unwrap(), from);
    let tx = db.begin().await.unwrap();
    assert!(event::advance(&tx, "test", from, to).await.unwrap());
    tx.commit().await.unwrap();
    // Another node read the same page and comes too late.
    let tx = db.begin().await.unwrap();
    assert!(!event::advance(&tx, "test", from, to).await.unwrap());
    tx.rollback().await.unwrap();
    let from = event::reader(db.read(), "test").await.unwrap();
    let rest = event::read_after(db.read(), from, &Selection::default(), 100).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(event::lag(db.read(), from).await.unwrap(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_refused_or_undone_change_leaves_no_event() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    let id = app.record("lead", json!({"title": "x", "owner": app.id_of("ann")})).await;
    app.by("ann").update("lead", &id, json!({"owner": app.id_of("admin")})).await.problem(403, "denied");
    app.admin().create("lead", json!({"title": Value::Null, "amount": -1})).await.ok(422);
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE entity = 'lead'").await, 1);
    app.finish().await;
}
