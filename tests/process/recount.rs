//! A calendar changes while work is open: what moves is shown, moved at once or by a job that a crash does not cut short.

use serde_json::{Value, json};

use super::{Engine, flows, process};
use crate::app::{TestApp, uuid_sql};

/// Monday to Friday, 09-13 and 14-18; Tuesday off.
fn tuesday_off() -> Value {
    let day = ["09:00-13:00", "14:00-18:00"];
    let week = json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": [], "sun": []});
    json!({"time_zone": "UTC", "week": week, "days": [{"date": "2026-03-17", "hours": [], "name": "Holiday"}]})
}

fn dated() -> String {
    let inside = r#"<startEvent id="start"/><userTask id="ask" name="Ask" v:executors="owner" v:duration="P1D" v:remindBefore="PT1H"/><endEvent id="end"/>"#;
    process("dated", &(inside.to_owned() + &flows("start>ask ask>end")))
}

#[tokio::test]
async fn tuesday_made_a_holiday_moves_what_was_due_then_to_wednesday() {
    let app = TestApp::build().person("mary", "sales_manager").start().await;
    let engine = Engine::of(&app);
    let admin = app.admin();
    engine.deploy(dated()).await;
    // Monday 15:00: eight hours later is Tuesday 15:00.
    app.clock.advance_seconds(6 * 3_600);
    let instance = engine.start("dated", json!({})).await;
    let task = engine.task(&instance).await;
    let path = format!("/tasks/{task}");
    assert_eq!(admin.get(&path).await.ok(200)["due"], "2026-03-17T15:00:00Z");
    let trial = json!({"of": "company", "calendar": tuesday_off(), "from": "2026-03-16T15:00:00Z", "duration": 28_800});
    let preview = admin.post("/calendars/preview", trial.clone()).await.ok(200);
    let example = json!({
        "task": task, "title": "Ask", "assignee": app.id_of("admin"),
        "due": "2026-03-17T15:00:00Z", "then": "2026-03-18T15:00:00Z",
    });
    let expected = json!({"due": "2026-03-18T15:00:00Z", "moved": 1, "complete": true, "examples": [example]});
    assert_eq!(preview, expected);
    app.by("mary").post("/calendars/preview", trial).await.problem(403, "denied");
    app.by("mary").put("/calendars/company?open=recompute", json!({"calendar": null})).await.problem(403, "denied");
    admin.put("/calendars/company?open=all", json!({"calendar": null})).await.problem(400, "request.invalid");
    let body = json!({"calendar": tuesday_off()});
    assert_eq!(admin.put("/calendars/company?open=keep", body.clone()).await.ok(200)["moved"], 0);
    assert_eq!(admin.get(&path).await.ok(200)["due"], "2026-03-17T15:00:00Z");
    let set = admin.put("/calendars/company?open=recompute", body).await.ok(200);
    assert_eq!((&set["moved"], &set["calendar"]), (&json!(1), &tuesday_off()));
    assert_eq!(admin.get(&path).await.ok(200)["due"], "2026-03-18T15:00:00Z");
    // The act is the administrator's, and the map counts by the new deadline.
    let history = admin.get(&format!("{path}/history")).await.ok(200);
    assert_eq!(history["items"][0]["actor"]["kind"], "token", "{history}");
    let map = admin.get(&format!("/process-instances/{instance}/map")).await.ok(200);
    assert_eq!(map["elements"]["ask"]["due"], "2026-03-18T15:00:00Z", "{map}");
    app.clock.advance_seconds(48 * 3_600);
    app.drain().await;
    assert_eq!(admin.get(&path).await.ok(200)["overdue"], true);
    app.finish().await;
}

/// More than are looked at while the request waits.
const TASKS: usize = 240;

#[tokio::test]
async fn many_deadlines_are_a_job_that_survives_a_crash() {
    let app = TestApp::start().await;
    let admin = app.admin();
    for n in 0..TASKS {
        admin.post("/tasks", json!({"title": n.to_string(), "duration": 14 * 3_600})).await.ok(201);
    }
    let at = |day: &str| format!("SELECT count(*) FROM task WHERE due_at = {}", instant(day));
    assert_eq!(app.count(&at("2026-03-17T16:00:00Z")).await, i64::try_from(TASKS).unwrap());
    let begun = admin.put("/calendars/company?open=recompute", json!({"calendar": tuesday_off()})).await.ok(202);
    assert_eq!((&begun["kind"], &begun["total"]), (&json!("calendar.recompute"), &json!(TASKS)), "{begun}");
    let job = begun["id"].as_str().unwrap();
    let done = format!("SELECT done FROM long_job WHERE id = {}", uuid_sql(job));
    let far = async {
        while app.count(&done).await < 80 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = app.state.long_jobs.run(job.parse().unwrap()) => panic!("the job came to its end: {ended:?}"),
        () = far => {}
    }
    let half = app.count(&at("2026-03-18T16:00:00Z")).await;
    assert!((80..i64::try_from(TASKS).unwrap()).contains(&half), "{half}");
    assert_eq!(app.count(&done).await, half, "work and progress are one transaction");
    app.clock.advance_seconds(121);
    app.drain().await;
    let ended = admin.get(&format!("/jobs/{job}")).await.ok(200);
    assert_eq!((&ended["state"], &ended["result"]), (&json!("done"), &json!({"moved": TASKS})), "{ended}");
    assert_eq!(app.count(&at("2026-03-18T16:00:00Z")).await, i64::try_from(TASKS).unwrap());
    // Each was changed once.
    let changed = app.count("SELECT count(*) FROM event_log WHERE kind = 'task.updated'").await;
    assert_eq!(changed, i64::try_from(TASKS).unwrap());
    app.drain().await;
    app.finish().await;
}

fn instant(text: &str) -> i64 {
    kernel::Timestamp::parse(text).unwrap().0
}
