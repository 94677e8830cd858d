//! A company's own entities and fields: made without a restart, then like any other at every door.

mod changing;
mod directories;
mod doors;
pub mod formulas;
mod going;
mod hostile;
mod indexed;
mod layout_tabs;
mod layouts;
mod menu;
mod money;
mod retype;
mod rollups;
mod rules;
mod unique;
mod words;

use serde_json::{Value, json};

use crate::app::TestApp;

/// Machines of a workshop: an own entity with a field of each kind that may be made.
pub const MACHINE: &str = "x_machine";

/// An app whose first company has machines.
pub async fn workshop() -> TestApp {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    make_machines(&app).await;
    app
}

pub async fn make_machines(app: &TestApp) {
    let admin = app.admin();
    let label = json!({"en": "Machine", "ru": "Станок", "uk": "Верстат"});
    let made =
        admin.post("/entities", json!({"label": label, "label_plural": {"en": "Machines"}, "staged": true})).await;
    assert_eq!(made.ok(201)["key"], MACHINE);
    for (key, rest) in fields() {
        let mut field = json!({"key": key, "label": {"en": key}});
        field.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        admin.post(&format!("/entities/{MACHINE}/fields"), field).await.ok(201);
    }
}

/// Keys with the rest of their definitions.
pub fn fields() -> Vec<(&'static str, Value)> {
    let choices = json!([{"key": "mill", "label": {"en": "Mill"}}, {"key": "lathe"}, {"key": "saw"}]);
    vec![
        ("x_serial", json!({"type": "text", "max_length": 20})),
        ("x_notes", json!({"type": "long_text"})),
        ("x_hours", json!({"type": "integer", "min": 0, "max": 100000})),
        ("x_weight", json!({"type": "decimal"})),
        ("x_price", json!({"type": "money"})),
        ("x_leased", json!({"type": "boolean"})),
        ("x_bought", json!({"type": "date"})),
        ("x_serviced", json!({"type": "datetime"})),
        ("x_cycle", json!({"type": "duration"})),
        ("x_kind", json!({"type": "choice", "choices": choices})),
        ("x_tools", json!({"type": "choices", "choices": choices})),
        ("x_client", json!({"type": "link", "entities": ["company"]})),
        ("x_parts", json!({"type": "links", "entities": ["x_machine", "contact"]})),
        ("x_keeper", json!({"type": "user"})),
        ("x_hall", json!({"type": "department"})),
        ("x_phones", json!({"type": "phones"})),
        ("x_place", json!({"type": "address"})),
        ("x_data", json!({"type": "json"})),
    ]
}
