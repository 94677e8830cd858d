//! Live updates: what is visible, at once, and on from where a broken stream ended.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_listener_hears_what_happens_after_it_connected() {
    let app = TestApp::start().await;
    app.go_live();
    app.record("lead", json!({"title": "before"})).await;
    app.settle().await;
    let mut stream = app.admin().stream().await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    let id = app.record("lead", json!({"title": "Ann", "amount": 1})).await;
    let heard = stream.next().await.unwrap();
    assert_eq!(
        (heard.event.as_str(), &heard.data["type"], &heard.data["record"]),
        ("record", &json!("lead.created"), &json!(id))
    );
    app.admin().update("lead", &id, json!({"amount": 2})).await.ok(200);
    let heard = stream.next().await.unwrap();
    assert_eq!((&heard.data["version"], &heard.data["changed"]), (&json!(2), &json!(["amount"])));
    drop(stream);
    // After a time without any listener the next one hears the very next change as well.
    app.record("lead", json!({"title": "unheard"})).await;
    app.settle().await;
    let mut stream = app.admin().stream().await;
    stream.next().await.unwrap();
    let deal = app.record("deal", json!({"title": "next"})).await;
    assert_eq!(stream.next().await.unwrap().data["record"], deal.as_str());
    app.finish().await;
}

#[tokio::test]
async fn a_listener_hears_only_what_it_may_see() {
    let mut app = TestApp::build().person("ann", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let hidden = json!([{"entity": "deal", "field": "amount", "right": "hidden"}]);
    app.role("deals", json!([{"kind": "permission", "entity": "deal", "actions": ["read"]}]), hidden).await;
    app.person(0, "dan", &["deals"]).await;
    app.go_live();
    let mut ann = app.by("ann").stream().await;
    let mut dan = app.by("dan").stream().await;
    let mut far = app.by_of(other, "admin").stream().await;
    for stream in [&mut ann, &mut dan, &mut far] {
        assert_eq!(stream.next().await.unwrap().event, "hello");
    }
    app.record("lead", json!({"title": "others"})).await;
    let deal = app.record("deal", json!({"title": "d", "amount": 5})).await;
    app.admin().update("deal", &deal, json!({"amount": 6, "probability": 10})).await.ok(200);
    let hers = app.record("lead", json!({"title": "hers", "owner": app.id_of("ann")})).await;
    let theirs = app.by_of(other, "admin").create("lead", json!({"title": "far"})).await.id();
    assert_eq!(ann.next().await.unwrap().data["record"], hers.as_str());
    let made = dan.next().await.unwrap().data;
    assert!(made["record"] == deal.as_str() && !made["changed"].to_string().contains("amount"), "{made}");
    assert_eq!(dan.next().await.unwrap().data["changed"], json!(["probability"]));
    assert_eq!(far.next().await.unwrap().data["record"], theirs.as_str());
    app.finish().await;
}

#[tokio::test]
async fn a_broken_stream_goes_on_from_its_last_event() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    app.go_live();
    let mut stream = app.by("ann").stream().await;
    stream.next().await.unwrap();
    app.record("lead", json!({"title": "first", "owner": app.id_of("ann")})).await;
    let last = stream.next().await.unwrap().id.unwrap();
    drop(stream);
    // More than a page, most of it not hers.
    let rows = |owner: uuid::Uuid, n: usize| {
        (0..n).map(|i| json!({"fields": {"title": format!("{i}"), "owner": owner}})).collect::<Vec<_>>()
    };
    app.admin().post("/records/lead/bulk", json!({"create": rows(app.id_of("admin"), 1_000)})).await.ok(200);
    app.admin().post("/records/lead/bulk", json!({"create": rows(app.id_of("ann"), 300)})).await.ok(200);
    app.settle().await;
    let mut stream = app.by("ann").header("last-event-id", &last).stream().await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..300 {
        ids.insert(stream.next().await.unwrap().data["record"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 300);
    let id = app.record("lead", json!({"title": "new", "owner": app.id_of("ann")})).await;
    assert_eq!(stream.next().await.unwrap().data["record"], id.as_str());
    app.finish().await;
}

#[tokio::test]
async fn what_happened_since_the_session_was_read_is_told_when_the_stream_opens() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    app.go_live();
    let hers = |title: &str| json!({"title": title, "owner": app.id_of("ann")});
    let before = app.record("lead", hers("before")).await;
    let session = app.by("ann").get("/session").await.ok(200);
    let cursor = session["cursor"].as_str().unwrap();
    app.record("lead", json!({"title": "not hers"})).await;
    let between = app.record("lead", hers("between")).await;
    let mut stream = app.by("ann").stream_of(&format!("/stream?after={cursor}")).await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    // While another company's transaction is open, PostgreSQL's place is a little further back: what is known may be told again.
    let mut first = stream.next().await.unwrap();
    if first.data["record"] == before.as_str() {
        first = stream.next().await.unwrap();
    }
    assert_eq!(first.data["record"], between.as_str());
    let after = app.record("lead", hers("after")).await;
    let last = stream.next().await.unwrap();
    assert_eq!(last.data["record"], after.as_str());
    drop(stream);
    // The browser repeats the address; where the line broke is newer.
    let newest = app.record("lead", hers("newest")).await;
    let again = app.by("ann").header("last-event-id", &last.id.unwrap());
    let mut stream = again.stream_of(&format!("/stream?after={cursor}")).await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    assert_eq!(stream.next().await.unwrap().data["record"], newest.as_str());
    for wrong in ["after=x", "after=", "after=-1--1", "since=1-1"] {
        app.by("ann").get(&format!("/stream?{wrong}")).await.problem(400, "request.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_revoked_listener_hears_nothing_more() {
    let app = TestApp::start().await;
    app.go_live();
    let made = app.admin().post("/tokens", json!({"name": "ear"})).await.ok(201);
    let mut stream = app.with_token(made["token"].as_str().unwrap()).stream().await;
    stream.next().await.unwrap();
    app.admin().delete(&format!("/tokens/{}", made["id"].as_str().unwrap())).await.ok(204);
    app.record("lead", json!({"title": "secret"})).await;
    assert!(stream.next().await.is_none());
    app.finish().await;
}
