//! Figures by measure: each is what its formula says, and each cell opens exactly the records behind it.

mod agree;
mod boards;
mod doors;
mod figures;
mod invoices;
mod kept;
mod letters;
mod modules;
mod money;
mod people;
mod saved;
mod stages;

use kernel::Timestamp;
use kernel::clock::Clock;
use serde_json::{Value, json};

use crate::app::TestApp;

/// Moves the clock on to an instant.
pub fn at(app: &TestApp, instant: &str) {
    let to = Timestamp::parse(instant).unwrap();
    app.clock.advance_seconds((to.0 - app.clock.now().0) / 1_000_000);
}

/// Monday to Friday, 09:00 to 13:00 and 14:00 to 18:00.
pub async fn office_hours(app: &TestApp) {
    let week: serde_json::Map<String, Value> = ["mon", "tue", "wed", "thu", "fri"]
        .map(|day| (day.to_owned(), json!(["09:00-13:00", "14:00-18:00"])))
        .into_iter()
        .collect();
    app.admin().put("/calendars/company", json!({"calendar": {"week": week}})).await.ok(200);
}

/// Moves a record to a stage.
pub async fn stage(app: &TestApp, entity: &str, id: &str, stage: &str) {
    app.admin().post(&format!("/records/{entity}/{id}/stage"), json!({"stage": stage})).await.ok(200);
}

/// Whether a drill opens so many records.
pub async fn opens(app: &TestApp, name: &str, drill: &Value, count: i64) {
    let list = json!({"filter": drill["filter"], "total": true, "limit": 1});
    let found = app.by(name).query(drill["entity"].as_str().unwrap(), list).await.ok(200);
    assert_eq!(found["total"], count, "{drill}");
}

pub async fn ask(app: &TestApp, name: &str, query: Value) -> Value {
    app.by(name).post("/reports/query", query).await.ok(200)
}

/// The only figure of an answer without groups.
pub async fn figure(app: &TestApp, key: &str, period: Value) -> Value {
    let answer = ask(app, "admin", json!({"measures": [key], "period": period})).await;
    answer["totals"]["values"][key].clone()
}

/// Every cell of an answer opens as many records as it says, in rows and totals.
pub async fn opens_what_it_counts(app: &TestApp, name: &str, answer: &Value) {
    let cells = answer["rows"].as_array().unwrap().iter().chain([&answer["totals"]]);
    for row in cells {
        for (key, drill) in row["drill"].as_object().unwrap() {
            let entity = drill["entity"].as_str().unwrap();
            let list = json!({"filter": drill["filter"], "total": true, "limit": 1});
            let total = app.by(name).query(entity, list).await.ok(200)["total"].clone();
            assert_eq!(total, row["n"][key], "{key} {row}");
        }
    }
}
