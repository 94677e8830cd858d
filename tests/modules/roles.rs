//! Roles of modules over records of the product: only over those that the module itself has marked.

use serde_json::json;

use super::{LEAVE, disable, enable, install, leave, run, staff};
use crate::app::TestApp;

/// A field on leads, and a role for whoever watches the leads that have it.
const WATCHER: &str = r#"
[[fields]]
entity = "lead"
key = "leave_days"
type = "integer"
[permissions.records.lead]
actions = ["read", "update"]
read = ["title", "leave_days"]
write = ["leave_days"]
reason.en = "To count days of leads."
[[roles]]
key = "leave_watcher"
[[roles.rows]]
entity = "lead"
actions = ["read"]
filter = { field = "leave_days", op = "not_empty" }
"#;
const TEXTS: [&str; 2] = ["field.lead.leave_days", "role.leave_watcher"];

#[tokio::test]
async fn a_role_of_a_module_opens_what_the_module_has_marked_and_nothing_else() {
    let mut app = TestApp::start().await;
    run(&app, leave("1.0.0", |manifest| manifest + WATCHER, &TEXTS)).await;
    staff(&mut app).await;
    let roles = app.admin().get("/roles").await.ok(200);
    let watcher = roles["items"].as_array().unwrap().iter().find(|role| role["key"] == "leave_watcher").unwrap();
    app.know_role("leave_watcher", watcher["id"].as_str().unwrap().parse().unwrap());
    app.person(0, "wes", &["leave_watcher"]).await;
    app.person(0, "max", &["sales_manager", "leave_watcher"]).await;
    let marked = app.record("lead", json!({"title": "Marked", "leave_days": 3})).await;
    let plain = app.record("lead", json!({"title": "Plain"})).await;
    app.by("max").create("lead", json!({"title": "Own"})).await.ok(201);
    let elsewhere = app.department("Elsewhere", None, &[]).await;
    let sees = async |name: &str| app.by(name).found("lead", json!({"and": []})).await;
    assert_eq!((sees("wes").await, sees("max").await), (vec!["Marked".into()], vec!["Marked".into(), "Own".into()]));
    app.by("wes").get(&format!("/records/lead/{plain}")).await.problem(404, "not_found");
    app.by("wes").update("lead", &marked, json!({"leave_days": 4})).await.problem(403, "denied");
    // What is not marked any more is not theirs any more.
    app.admin().update("lead", &marked, json!({"leave_days": null})).await.ok(200);
    assert!(sees("wes").await.is_empty());
    app.admin().update("lead", &marked, json!({"leave_days": 3})).await.ok(200);
    // Off for them, or for all: the row opens nothing, and what other roles open stays open.
    app.admin().put(&format!("/plugins/{LEAVE}/gate"), json!({"departments": [elsewhere]})).await.ok(200);
    assert_eq!((sees("wes").await.len(), sees("max").await), (0, vec!["Own".into()]));
    app.by("max").get("/tasks").await.ok(200);
    app.admin().put(&format!("/plugins/{LEAVE}/gate"), json!({"departments": null})).await.ok(200);
    assert_eq!(sees("max").await.len(), 2);
    disable(&app).await;
    assert_eq!(sees("max").await, ["Own"]);
    enable(&app).await.ok(200);
    assert_eq!(sees("max").await.len(), 2);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_role_that_would_open_more_of_the_product_is_refused_by_its_place() {
    let app = TestApp::start().await;
    let refused = async |from: &str, to: &str, why: &str| {
        assert!(WATCHER.contains(from), "{from}");
        let package = leave("1.0.0", |manifest| manifest + &WATCHER.replace(from, to), &TEXTS);
        let said = install(&app, package).await.problem(422, "plugin.invalid");
        assert!(said["fields"]["file"]["message"].as_str().unwrap().contains(why), "{to}: {said}");
    };
    let filter = "filter = { field = \"leave_days\", op = \"not_empty\" }";
    for escape in [
        "",
        "filter = { field = \"title\", op = \"not_empty\" }",
        "filter = { field = \"leave_days\", op = \"empty\" }",
        "filter = { field = \"leave_days\", op = \"ne\", value = 3 }",
        "filter = { or = [{ field = \"leave_days\", op = \"not_empty\" }, { field = \"title\", op = \"not_empty\" }] }",
        "filter = { not = { field = \"leave_days\", op = \"empty\" } }",
        "filter = { and = [{ or = [{ field = \"leave_days\", op = \"not_empty\" }] }] }",
        "filter = { and = [] }",
    ] {
        refused(filter, escape, "roles[2].rows[0].filter").await;
    }
    refused("actions = [\"read\"]", "actions = [\"read\", \"delete\"]", "roles[2].rows[0].actions").await;
    refused("actions = [\"read\"]", "actions = [\"create\"]", "roles[2].rows[0].actions").await;
    refused("actions = [\"read\"]", "kind = \"restriction\"\nactions = [\"read\"]", "roles[2].rows[0].actions").await;
    refused("actions = [\"read\", \"update\"]", "actions = [\"update\"]", "roles[2].rows[0].actions").await;
    // An entity that it adds no field to.
    refused("entity = \"lead\"\nactions", "entity = \"deal\"\nactions", "is not an entity of this plugin").await;
    app.finish().await;
}
