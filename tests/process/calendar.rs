//! A calendar without hours: refused, and where there is one, an incident instead of work that cannot be made.

use serde_json::json;

use super::{Engine, flows, process};
use crate::app::database::uuid_sql;
use crate::app::{Answer, TestApp};

async fn set_by_force(app: &TestApp, settings: &str) {
    let tenant = uuid_sql(&app.companies[0].tenant.id.0.to_string());
    app.sql("DELETE FROM calendar").await;
    app.sql(&format!(
        "INSERT INTO calendar (tenant_id, kind, owner_id, settings, updated_at) VALUES ({tenant}, 'company', {tenant}, '{settings}', 0)"
    ))
    .await;
    // Calendars are kept for some seconds.
    app.clock.advance_seconds(60);
}

#[tokio::test]
async fn a_calendar_without_hours_is_refused_with_words_and_one_that_is_there_is_an_incident() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let hours = json!({"calendar": {"week": {"mon": ["09:00-18:00"]}}});
    for (empty, place) in
        [(json!({"week": {}}), "week"), (json!({"cycle": {"anchor": "2026-01-01", "days": [[], []]}}), "cycle.days")]
    {
        let refused =
            app.admin().put("/calendars/company", json!({"calendar": empty})).await.problem(422, "calendar.invalid");
        assert!(refused["fields"][place]["message"].as_str().unwrap().contains("working hours"), "{refused}");
    }
    let inside = r#"<startEvent id="start"/><intermediateCatchEvent id="later"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
<userTask id="ask" name="Ask" v:executors="owner" v:duration="PT4H"/><endEvent id="end"/>"#;
    engine.deploy(process("timed", &(inside.to_owned() + &flows("start>later later>ask ask>end")))).await;
    let id = engine.start("timed", json!({})).await;
    set_by_force(&app, r#"{"week":{}}"#).await;
    app.clock.advance_seconds(3_600);
    app.drain().await;
    let stopped = engine.instance(&id).await;
    assert_eq!(stopped["incidents"][0]["element"], "ask", "the timer came, the task is what failed");
    assert!(stopped["incidents"][0]["message"].as_str().unwrap().contains("working hours"), "{stopped}");
    app.admin().put("/calendars/company", hours).await.ok(200);
    engine.operate(&id, "retry", json!({})).await.ok(200);
    engine.pass(&id, json!({})).await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_overdue_notice_comes_whatever_the_calendar_says_of_its_escalation() {
    let app = TestApp::build().person("mary", "sales_manager").start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><userTask id="ask" name="Ask" v:executors="role:sales_manager" v:duration="PT1H">
<extensionElements><v:escalate to="role:admin" after="PT1H"/></extensionElements></userTask><endEvent id="end"/>"#;
    engine.deploy(process("late", &(inside.to_owned() + &flows("start>ask ask>end")))).await;
    engine.start("late", json!({})).await;
    set_by_force(&app, r#"{"week":{}}"#).await;
    let told = async |kind: &str| app.count(&format!("SELECT count(*) FROM notification WHERE kind = '{kind}'")).await;
    app.clock.advance_seconds(3 * 86_400);
    app.drain().await;
    assert_eq!(told("task.overdue").await, 1);
    app.clock.advance_seconds(3_600);
    app.drain().await;
    assert_eq!(told("task.escalation").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn holidays_of_a_country_and_of_a_file_are_found_and_put_into_a_calendar() {
    let mut app = TestApp::start().await;
    app.person(0, "nobody", &[]).await;
    let admin = app.admin();
    let packs = admin.get("/calendars/holidays").await.ok(200);
    for key in ["UA", "PL", "DE", "DE-BY", "KZ"] {
        assert!(packs["items"].as_array().unwrap().iter().any(|pack| pack["key"] == key), "{key}");
    }
    let found = admin.post("/calendars/holidays", json!({"country": "UA", "year": 2026})).await.ok(200);
    let days = found["days"].as_array().unwrap();
    let easter = days.iter().find(|day| day["date"] == "2026-04-12").unwrap();
    assert_eq!((&easter["name"], &easter["hours"]), (&json!("Easter"), &json!([])));
    let file = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260504\r\nSUMMARY:Ours\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let ours = admin.post("/calendars/holidays", json!({"ics": file, "year": 2026})).await.ok(200);
    assert_eq!(ours["days"], json!([{"date": "2026-05-04", "hours": [], "name": "Ours"}]));
    let all: Vec<_> = days.iter().chain(ours["days"].as_array().unwrap()).cloned().collect();
    let calendar = json!({"week": {"mon": ["09:00-18:00"], "fri": ["09:00-18:00"]}, "days": all});
    admin.put("/calendars/company", json!({"calendar": calendar})).await.ok(200);
    let asked = async |body: serde_json::Value| what_is_wrong(&admin.post("/calendars/holidays", body).await);
    assert_eq!(asked(json!({"country": "XX", "year": 2026})).await, "country choice");
    assert_eq!(asked(json!({"ics": "<html>", "year": 2026})).await, "ics ics");
    assert_eq!(asked(json!({"country": "UA", "year": 1})).await, "year range");
    app.by("nobody").post("/calendars/holidays", json!({"country": "UA", "year": 2026})).await.problem(403, "denied");
    app.finish().await;
}

fn what_is_wrong(answer: &Answer) -> String {
    let refused = answer.problem(422, "calendar.invalid");
    let (field, error) = refused["fields"].as_object().unwrap().iter().next().unwrap();
    format!("{field} {}", error["code"].as_str().unwrap())
}
