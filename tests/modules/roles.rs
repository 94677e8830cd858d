//! Roles of modules over records of the product: only over those that the module itself has marked.

use serde_json::json;

use super::{LEAVE, REQUEST, days, disable, enable, install, leave, run, staff};
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

#[tokio::test]
async fn roles_are_given_with_switching_on_and_stay_with_people_while_it_is_off() {
    let mut app = TestApp::start().await;
    let ann = app.person(0, "ann", &[]).await;
    let ian = app.person(0, "ian", &[]).await;
    install(&app, leave("1.0.0", |manifest| manifest, &[])).await.ok(201);
    let path = format!("/plugins/{LEAVE}/enable");
    let given = json!({"leave_employee": [ann], "leave_head": [ian, ann]});
    app.admin().post(&path, json!({"grants": "requested", "roles": given})).await.ok(200);
    app.by("ann").create(REQUEST, days(1, 2)).await.ok(201);
    assert_eq!(app.by("ian").create(REQUEST, days(1, 2)).await.problem(403, "denied")["code"], "denied");
    let held = roles_of(&app, "leave_head").await;
    assert_eq!(held.len(), 2);
    // Given again, to somebody who has it and to nobody: whoever has it keeps it.
    app.admin()
        .post(&path, json!({"grants": "requested", "roles": {"leave_head": [ian], "leave_employee": []}}))
        .await
        .ok(200);
    assert_eq!(roles_of(&app, "leave_head").await, held);
    let audit = app.admin().get("/audit?area=role").await.ok(200);
    let told = audit["items"].as_array().unwrap().iter().filter(|act| act["action"] == "role.given");
    assert_eq!(told.count(), 2, "{audit}");
    // Off, the roles stay with people and give nothing; on again they do what they did.
    disable(&app).await;
    assert_eq!(roles_of(&app, "leave_head").await, held);
    app.by("ann").get(&format!("/records/{REQUEST}")).await.problem(404, "not_found");
    app.by("ann").get("/me").await.ok(200);
    enable(&app).await.ok(200);
    app.by("ann").create(REQUEST, days(5, 6)).await.ok(201);
    app.finish().await;
}

#[tokio::test]
async fn nobody_from_elsewhere_and_no_role_of_others_is_given_and_then_nothing_is_switched_on() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.person(other, "eve", &[]).await;
    let max = app.person(0, "max", &[]).await;
    install(&app, leave("1.0.0", |manifest| manifest, &[])).await.ok(201);
    let path = format!("/plugins/{LEAVE}/enable");
    for (role, people, code) in [
        ("leave_employee", json!([stranger]), "missing"),
        ("leave_employee", json!([max, "00000000-0000-0000-0000-000000000001"]), "missing"),
        ("admin", json!([max]), "unknown_name"),
        ("leave_nobody", json!([]), "unknown_name"),
    ] {
        let body = json!({"grants": "requested", "roles": {(role): people}});
        let problem = app.admin().post(&path, body).await.problem(422, "plugin.invalid");
        assert_eq!(problem["fields"][format!("roles.{role}")]["code"], code, "{problem}");
        assert_eq!(app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200)["enabled"], false);
    }
    let many: Vec<String> = (0..1_001).map(|n| format!("00000000-0000-0000-0000-{n:012}")).collect();
    let body = json!({"grants": "requested", "roles": {"leave_employee": many}});
    let problem = app.admin().post(&path, body).await.problem(422, "plugin.invalid");
    assert_eq!(problem["fields"]["roles.leave_employee"]["code"], "too_many", "{problem}");
    app.by("max").post(&path, json!({"grants": "requested"})).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn settings_name_stages_and_fields_that_are_there() {
    const NAMED: &str = r#"
[[settings]]
key = "begin"
type = "stage"
entity = "deal"
label.en = "Begin"
[[settings]]
key = "day"
type = "field"
entity = "leave_request"
label.en = "Day"
default = "starts"
"#;
    let app = TestApp::start().await;
    install(&app, leave("1.0.0", |manifest| manifest + NAMED, &[])).await.ok(201);
    let path = format!("/plugins/{LEAVE}/enable");
    let with = |settings: serde_json::Value| json!({"grants": "requested", "settings": settings});
    let wrong =
        app.admin().post(&path, with(json!({"begin": "nowhere"}))).await.problem(422, "plugin.settings_invalid");
    assert_eq!(wrong["fields"]["settings.begin"]["code"], "choice", "{wrong}");
    let detail = app.admin().post(&path, with(json!({"begin": "won", "day": "ends"}))).await.ok(200);
    let begin = detail["settings_schema"].as_array().unwrap().iter().find(|one| one["key"] == "begin").unwrap();
    assert_eq!((&begin["type"], &begin["entity"]), (&json!("stage"), &json!("deal")));
    let path = format!("/plugins/{LEAVE}/settings");
    let wrong = app.admin().put(&path, json!({"settings": {"day": "dayz"}})).await;
    assert_eq!(wrong.problem(422, "plugin.settings_invalid")["fields"]["settings.day"]["code"], "choice");
    app.admin().put(&path, json!({"settings": {"day": "starts"}})).await.ok(200);
    let refused = async |to: &str, why: &str| {
        let package = leave("2.0.0", |manifest| manifest + &NAMED.replacen("entity = \"deal\"", to, 1), &[]);
        let said = install(&app, package).await.problem(422, "plugin.invalid");
        assert!(said["fields"]["file"]["message"].as_str().unwrap().contains(why), "{to}: {said}");
    };
    refused("entity = \"daal\"", "did you mean `deal`?").await;
    refused("", "belongs to types `stage` and `field`").await;
    app.finish().await;
}

/// Ids of the people who have a role.
async fn roles_of(app: &TestApp, key: &str) -> Vec<String> {
    let roles = app.admin().get("/roles").await.ok(200);
    let role = roles["items"].as_array().unwrap().iter().find(|role| role["key"] == key).unwrap()["id"].clone();
    let users = app.admin().get("/users").await.ok(200);
    let has = |user: &&serde_json::Value| user["roles"].as_array().unwrap().contains(&role);
    let mut ids: Vec<String> = users["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(has)
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}
