//! Refusals of what administrators set up reach them in their language.

use serde_json::{Value, json};

use super::MACHINE;
use crate::app::Answer;

/// Words of the reader's own, without a place where a parameter should stand.
fn check(answer: &Answer, field: &str, code: &str) {
    let problem = answer.json();
    let found = &problem["fields"][field];
    let words = found["message"].as_str().unwrap_or_default();
    let russian = words.chars().any(|c| ('а'..='я').contains(&c)) && !words.contains('{');
    assert!(found["code"] == code && russian, "{field} {code}: {problem}");
}

#[tokio::test]
async fn what_is_wrong_with_entities_calendars_and_files_is_said_in_the_readers_language() {
    let app = super::workshop().await;
    app.admin().patch("/me", json!({"locale": "ru"})).await.ok(200);
    let admin = app.admin();
    let label = json!({"en": "Boat"});
    check(
        &admin.post("/entities", json!({"key": "Boat", "label": label, "label_plural": label})).await,
        "key",
        "own_key",
    );
    let choices = |key: &str, color: Value| json!([{"key": key, "color": color}]);
    for (field, code, given) in [
        ("type", "type_not_yet", json!({"type": "file"})),
        ("type", "type_of_product", json!({"type": "stage"})),
        ("entities", "link_entities", json!({"type": "link"})),
        ("min", "bounds_of_numbers", json!({"type": "text", "min": 1})),
        ("default", "no_default", json!({"type": "phones", "default": []})),
        ("choices", "choices_of_choice", json!({"type": "choice"})),
        ("choices", "choice_key", json!({"type": "choice", "choices": choices("A b", Value::Null)})),
        ("choices", "color", json!({"type": "choice", "choices": choices("a", json!("red"))})),
    ] {
        let mut input = json!({"key": "x_new", "label": {"en": "New"}});
        input.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        check(&admin.post(&format!("/entities/{MACHINE}/fields"), input).await, field, code);
    }
    let lost = json!({"choices": [{"key": "mill"}]});
    check(&admin.patch(&format!("/entities/{MACHINE}/fields/x_kind"), lost).await, "choices", "choice_lost");
    let hours = |hours: Value| json!({"week": {"mon": hours}});
    let day = |days: Value| json!({"week": {"mon": ["09:00-18:00"]}, "days": days});
    for (field, code, calendar) in [
        ("week.mon", "hours", hours(json!(["nine"]))),
        ("week.mon", "hours_order", hours(json!(["09:00-13:00", "12:00-18:00"]))),
        ("cycle", "week_or_cycle", json!({"week": {}, "cycle": {"anchor": "2026-01-01", "days": [[]]}})),
        ("time_zone", "time_zone", json!({"week": {"mon": ["09:00-18:00"]}, "time_zone": "Mars"})),
        ("days.0", "day_span", day(json!([{"date": "2026-05-02", "until": "2026-05-01"}]))),
        ("days.1", "day_twice", day(json!([{"date": "2026-05-02"}, {"date": "2026-05-02"}]))),
    ] {
        check(&admin.put("/calendars/company", json!({"calendar": calendar})).await, field, code);
    }
    let form =
        |part: &str| format!("--B\r\ncontent-disposition: form-data; {part}\r\n\r\nlead\r\n--B--\r\n").into_bytes();
    let kind = Some("multipart/form-data; boundary=B");
    check(&admin.send("POST", "/api/v1/imports", kind, form("name=\"entity\"")).await, "file", "no_file");
    let file = form("name=\"file\"; filename=\"a.csv\"");
    check(&admin.send("POST", "/api/v1/imports", kind, file).await, "entity", "no_entity");
    app.finish().await;
}
