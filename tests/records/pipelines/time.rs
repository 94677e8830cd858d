//! How long a record may stand in a stage, in working time of the company.

use kernel::clock::Clock;
use serde_json::{Value, json};

use super::{main, place, rule, stages, with};
use crate::app::TestApp;

/// Monday to Friday, 09-13 and 14-18.
async fn hours(app: &TestApp) {
    let day = json!(["09:00-13:00", "14:00-18:00"]);
    let week = json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": [], "sun": []});
    app.admin().put("/calendars/company", json!({"calendar": {"week": week}})).await.ok(200);
}

async fn overdue(app: &TestApp) -> Vec<String> {
    let now = app.clock.now().to_string();
    app.admin().found("deal", json!({"field": "stage_due", "op": "lt", "value": now})).await
}

#[tokio::test]
async fn acceptance_9_a_day_entered_on_monday_at_three_is_over_on_tuesday_at_three() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    hours(&app).await;
    rule(&app, "quote", json!({"duration": "P1D", "remind": "PT1H"})).await;
    // The clock stands on Monday, 09:00.
    app.clock.advance_seconds(6 * 3_600);
    let max = app.by("max");
    let id = max.create("deal", json!({"title": "Pipes"})).await.id();
    let moved = max.update("deal", &id, json!({"stage": "quote"})).await.ok(200);
    assert_eq!(moved["fields"]["stage_since"], "2026-03-16T15:00:00Z");
    assert_eq!(moved["fields"]["stage_due"], "2026-03-17T15:00:00Z");
    app.clock.advance_seconds(23 * 3_600 - 1);
    app.drain().await;
    let told = async || max.get("/notifications").await.ok(200)["items"].clone();
    assert_eq!(told().await, json!([]));
    app.clock.advance_seconds(1);
    app.drain().await;
    assert_eq!(told().await[0]["kind"], "stage.reminder");
    assert_eq!(told().await[0]["link"], format!("/records/deal/{id}"));
    app.clock.advance_seconds(3_600);
    assert_eq!(overdue(&app).await, [""; 0], "at three sharp it is not over yet");
    app.clock.advance_seconds(1);
    assert_eq!(overdue(&app).await, ["Pipes"]);
    app.drain().await;
    let notice = told().await[0].clone();
    assert_eq!(notice["kind"], "stage.overdue");
    assert!(notice["text"].as_str().unwrap().contains("Pipes"), "{notice}");
    // Elsewhere there is no deadline, and nobody is told of the old one.
    let left = max.update("deal", &id, json!({"stage": "contract"})).await.ok(200);
    assert_eq!(left["fields"]["stage_due"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn a_changed_duration_counts_for_those_who_stand_there() {
    let app = TestApp::start().await;
    hours(&app).await;
    let id = app.record("deal", json!({"title": "Pipes", "stage": "quote"})).await;
    let due = async || app.admin().get(&format!("/records/deal/{id}")).await.ok(200)["fields"]["stage_due"].clone();
    assert_eq!(due().await, Value::Null);
    let before = main(&app, "deal").await;
    let sent = json!({"stages": with(stages(&before), "quote", json!({"duration": "PT2H", "remind": "PT1H"}))});
    let done = app.admin().put(&place(&before), sent).await.ok(200);
    assert_eq!((&done["retimed"], &done["closes"]), (&json!(1), &json!(0)));
    assert_eq!(due().await, "2026-03-16T11:00:00Z");
    rule(&app, "quote", json!({"duration": null, "remind": null})).await;
    assert_eq!(due().await, Value::Null);
    app.clock.advance_seconds(3 * 3_600);
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM notification").await, 0, "a deadline that is no more tells nobody");
    app.finish().await;
}
