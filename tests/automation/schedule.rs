//! Rules about a time: which records they choose, and how often.

use serde_json::{Value, json};

use super::fires::look;
use super::{notices, rule, tell};
use crate::app::TestApp;

fn body(on: Value) -> Value {
    json!({"name": "r", "on": on, "do": [tell("{{record.title}}")]})
}

#[tokio::test]
async fn at_its_time_a_rule_acts_once_on_the_oldest_that_it_chooses() {
    let app = TestApp::start().await;
    // Monday 2026-03-16, 09:00.
    let filter = json!({"field": "amount", "op": "gt", "value": 5});
    let on = json!({"event": "schedule", "cron": "0 10 * * 1-5", "filter": filter, "most": 2});
    rule(&app, "deal", body(on.clone())).await;
    for (title, amount) in [("a", 10), ("small", 1), ("b", 10), ("c", 10)] {
        app.record("deal", json!({"title": title, "amount": amount})).await;
        app.clock.advance_seconds(1);
    }
    look(&app).await;
    assert!(notices(&app).await.is_empty(), "ten o'clock is in an hour");
    app.clock.advance_seconds(2 * 3_600);
    look(&app).await;
    assert_eq!(notices(&app).await, ["a", "b"]);
    look(&app).await;
    assert_eq!(notices(&app).await.len(), 2);
    // Nothing ran for three days: the last time is made up for.
    app.clock.advance_seconds(3 * 86_400);
    look(&app).await;
    assert_eq!(notices(&app).await, ["a", "a", "b", "b"]);
    let asked = json!({"entity": "deal", "rule": body(on), "days": 7});
    let seen = app.admin().post("/automations/dry-run", asked).await.ok(200);
    assert_eq!((&seen["set_off"], &seen["fired"], &seen["truncated"]), (&json!(2), &json!(2), &json!(true)), "{seen}");
    app.finish().await;
}

#[tokio::test]
async fn a_schedule_says_when_and_chooses_what_there_is() {
    let app = TestApp::start().await;
    let refused = async |on: Value, part: &str, code: &str| {
        let body = json!({"entity": "deal", "rule": body(on)});
        let problem = app.admin().post("/automations", body).await.problem(422, "config.invalid");
        assert_eq!(problem["fields"][part]["code"], code, "{problem}");
    };
    let on = |more: Value| {
        let mut on = json!({"event": "schedule", "cron": "0 9 * * *"});
        on.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        on
    };
    refused(json!({"event": "schedule"}), "on.cron", "required").await;
    for cron in ["* * * * * *", "0 0 31 2 *", "every day"] {
        refused(on(json!({"cron": cron})), "on.cron", "invalid").await;
    }
    for most in [0, 501] {
        refused(on(json!({"most": most})), "on.most", "range").await;
    }
    refused(on(json!({"filter": {"nope": 1}})), "on.filter", "filter").await;
    let strange = json!({"field": "nope", "op": "eq", "value": 1});
    let body = json!({"entity": "deal", "rule": body(on(json!({"filter": strange})))});
    let problem = app.admin().post("/automations", body).await.problem(422, "config.invalid");
    assert!(problem["fields"]["on.filter"].is_object(), "{problem}");
    refused(json!({"event": "created", "cron": "0 9 * * *"}), "on.cron", "unknown").await;
    app.finish().await;
}
