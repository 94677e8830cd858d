//! Who changed what, and the way back.

use serde_json::{Value, json};

use super::{arrange, computed, exported, import, named, packed, unpacked};
use crate::app::{Client, TestApp};

async fn changes(client: &Client<'_>, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/configuration/changes?limit=200{query}")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

async fn restore(client: &Client<'_>, change: &Value, dry_run: bool) -> Value {
    let id = change["id"].as_str().unwrap();
    client.post(&format!("/configuration/changes/{id}/restore?dry_run={dry_run}"), json!({})).await.ok(200)
}

#[tokio::test]
async fn every_change_tells_who_when_what_was_and_what_became() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let rule = json!({"name": "Dear", "check": "record.amount > 5", "message": {"en": "Too little."}});
    let made = admin.post("/validation-rules", json!({"entity": "deal", "rule": rule})).await.ok(201);
    app.clock.advance_seconds(60);
    let mut other = rule.clone();
    other["check"] = json!("record.amount > 7");
    let path = format!("/validation-rules/{}", made["id"].as_str().unwrap());
    admin.put(&path, json!({"rule": other})).await.ok(200);
    let told = changes(&admin, "&area=rules").await;
    assert_eq!(told.len(), 2, "{told:?}");
    let newest = &told[0];
    assert_eq!((&newest["action"], &newest["key"]), (&json!("rule.updated"), &json!("deal.Dear")));
    assert_eq!(newest["before"]["rule"]["check"], "record.amount > 5");
    assert_eq!(newest["after"]["rule"]["check"], "record.amount > 7");
    assert_eq!((&newest["actor"]["name"], &newest["restorable"]), (&json!("Ada Admin"), &json!(true)));
    assert!(newest["at"].as_str().unwrap() > told[1]["at"].as_str().unwrap());
    assert_eq!(told[1].get("before"), None);

    let plan = restore(&admin, newest, true).await;
    assert_eq!((named(&plan, "change"), &plan["applied"]), (vec!["rules deal.Dear".into()], &json!(false)));
    let plan = restore(&admin, newest, false).await;
    assert_eq!(plan["applied"], true);
    let now = admin.get("/validation-rules?entity=deal").await.ok(200);
    assert_eq!(now["items"][0]["rule"]["check"], "record.amount > 5");
    app.clock.advance_seconds(60);
    // What was made goes again, and what went comes back.
    restore(&admin, &told[1], false).await;
    assert_eq!(admin.get("/validation-rules?entity=deal").await.ok(200)["items"], json!([]));
    let gone = changes(&admin, "&area=rules").await;
    assert_eq!(gone[0]["action"], "rule.removed");
    restore(&admin, &gone[0], false).await;
    let back = admin.get("/validation-rules?entity=deal").await.ok(200);
    assert_eq!(back["items"][0]["rule"]["check"], "record.amount > 5");
    app.finish().await;
}

// customize.md, acceptance 16, by the list of all changes.
#[tokio::test]
async fn roles_pipelines_layouts_and_fields_come_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    arrange(&app).await;
    let before = exported(&admin).await;
    app.clock.advance_seconds(3_600);
    let layout = json!({"sections": [{"title": {"en": "Less"}, "fields": ["amount"]}]});
    admin.put("/layouts", json!({"of": {"entity": "deal"}, "layout": layout})).await.ok(200);
    let roles = admin.get("/roles").await.ok(200);
    let fitter = roles["items"].as_array().unwrap().iter().find(|role| role["key"] == "fitter").unwrap().clone();
    let path = format!("/roles/{}", fitter["id"].as_str().unwrap());
    admin.patch(&path, json!({"key": "fitter", "name": "Fitters", "rows": []})).await.ok(200);
    let pipelines = admin.get("/pipelines?entity=deal").await.ok(200);
    let partners = pipelines["items"].as_array().unwrap().iter().find(|one| one["key"] == "partners").unwrap().clone();
    let path = format!("/pipelines/{}", partners["id"].as_str().unwrap());
    admin.patch(&path, json!({"label": {"en": "Friends"}, "archived": true})).await.ok(200);
    admin.patch("/entities/deal/fields/x_margin", json!({"label": {"en": "Profit"}})).await.ok(200);
    admin.put("/entities/deal/fields/x_share/conditions", json!({"read_only": "true"})).await.ok(200);
    assert_ne!(exported(&admin).await, before);
    let since = changes(&admin, "").await;
    for action in ["layout.changed", "role.updated", "pipeline.updated", "field.updated", "field.conditions"] {
        let change = since.iter().find(|one| one["action"] == action).unwrap_or_else(|| panic!("{action}"));
        assert_eq!(change["restorable"], true, "{change}");
        let plan = restore(&admin, change, false).await;
        assert_eq!(plan["applied"], true, "{action}: {plan}");
        app.clock.advance_seconds(60);
    }
    computed(&app).await;
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_removed_field_comes_back_with_its_values() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let field = json!({"key": "x_size", "label": {"en": "Size"}, "type": "integer"});
    admin.post("/entities/deal/fields", field).await.ok(201);
    let id = app.record("deal", json!({"title": "Pipes", "x_size": 7})).await;
    app.clock.advance_seconds(60);
    admin.delete("/entities/deal/fields/x_size").await.ok(204);
    let removed = changes(&admin, "&area=fields").await[0].clone();
    assert_eq!((&removed["action"], &removed["restorable"]), (&json!("field.removed"), &json!(true)));
    restore(&admin, &removed, true).await;
    assert_eq!(admin.get(&format!("/records/deal/{id}")).await.ok(200)["fields"].get("x_size"), None);
    restore(&admin, &removed, false).await;
    assert_eq!(admin.get(&format!("/records/deal/{id}")).await.ok(200)["fields"]["x_size"], 7);
    computed(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn an_import_is_taken_back_as_a_whole() {
    let mut app = TestApp::start().await;
    arrange(&app).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let (file, stranger) = (exported(&app.admin()).await, app.by_of(other, "admin"));
    let before = exported(&stranger).await;
    app.clock.advance_seconds(60);
    let done = import(&stranger, &file, false).await.ok(200);
    computed(&app).await;
    app.clock.advance_seconds(60);
    let told = changes(&stranger, "").await;
    let imported = told.iter().find(|one| one["action"] == "configuration.imported").unwrap();
    assert_eq!((&imported["key"], &imported["restorable"]), (&done["change_id"], &json!(true)));
    assert!(imported["note"].as_str().unwrap().contains(&done["create"].as_array().unwrap().len().to_string()));
    let plan = restore(&stranger, imported, false).await;
    assert_eq!(plan["applied"], true, "{plan}");
    computed(&app).await;
    // A process that was published stays, and that is said.
    assert_eq!(named(&plan, "missing"), ["processes quote-approval"]);
    let without = |file: &[u8]| {
        let mut files = unpacked(file);
        files.remove("processes.json");
        files
    };
    assert_eq!(without(&exported(&stranger).await), without(&before));
    // Another company's change is nobody's here.
    let id = imported["id"].as_str().unwrap();
    app.admin().post(&format!("/configuration/changes/{id}/restore"), json!({})).await.problem(404, "not_found");
    app.finish().await;
}

// What an import brought goes with it, as long as no record has it; a file by itself takes nothing away.
#[tokio::test]
async fn options_that_an_import_brought_go_with_it() {
    let app = TestApp::start().await;
    arrange(&app).await;
    let admin = app.admin();
    let before = exported(&admin).await;
    let mut files = unpacked(&before);
    let directories = files.get_mut("directories.json").unwrap().as_array_mut().unwrap();
    let regions = directories.iter_mut().find(|one| one["key"] == "x_regions").unwrap();
    let items = regions["items"].as_array_mut().unwrap();
    items.push(json!({"key": "pl", "label": {"en": "Poland"}}));
    let more = packed(&files);
    let directories = files.get_mut("directories.json").unwrap().as_array_mut().unwrap();
    let regions = directories.iter_mut().find(|one| one["key"] == "x_regions").unwrap();
    regions["items"].as_array_mut().unwrap().retain(|item| item["key"] != "kyiv");
    let plan = import(&admin, &packed(&files), true).await.ok(200);
    assert_eq!(named(&plan, "conflicts"), ["directories x_regions"], "{plan}");

    app.clock.advance_seconds(60);
    let done = import(&admin, &more, false).await.ok(200);
    assert_eq!((named(&done, "change"), &done["applied"]), (vec!["directories x_regions".into()], &json!(true)));
    let company = admin.create("company", json!({"title": "Steel", "x_region": "pl"})).await.id();
    let told = changes(&admin, "").await;
    let imported = told.iter().find(|one| one["action"] == "configuration.imported").unwrap();
    let plan = restore(&admin, imported, true).await;
    assert_eq!(named(&plan, "conflicts"), ["directories x_regions"], "a record has it: {plan}");
    admin.update("company", &company, json!({"x_region": "ua"})).await.ok(200);
    assert_eq!(restore(&admin, imported, false).await["applied"], true);
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}

#[tokio::test]
async fn what_names_somebody_comes_back_too() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    let tell = |text: &str| {
        let to = format!("user:{}", app.id_of("max"));
        let action = json!({"kind": "notice", "parameters": {"to": to, "text": text}});
        json!({"name": "Tell Max", "on": {"event": "deleted"}, "do": [action]})
    };
    let made = admin.post("/automations", json!({"entity": "deal", "rule": tell("one")})).await.ok(201);
    app.clock.advance_seconds(60);
    let path = format!("/automations/{}", made["id"].as_str().unwrap());
    admin.put(&path, json!({"rule": tell("two")})).await.ok(200);
    let changed = changes(&admin, "&area=automations").await[0].clone();
    assert_eq!(restore(&admin, &changed, false).await["applied"], true);
    let now = admin.get("/automations?entity=deal").await.ok(200);
    assert_eq!(now["items"][0]["rule"]["do"][0]["parameters"]["text"], "one");
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_change_of_the_configuration_is_not_in_the_list() {
    let app = TestApp::start().await;
    let admin = app.admin();
    admin.post("/roles", json!({"key": "clerk", "name": "Clerk"})).await.ok(201);
    admin.post("/tokens", json!({"name": "walk"})).await.ok(201);
    let told = changes(&admin, "").await;
    assert!(told.iter().all(|one| !one["action"].as_str().unwrap().starts_with("token.")), "{told:?}");
    let acts = admin.get("/audit?area=token").await.ok(200);
    let id = acts["items"][0]["id"].as_str().unwrap();
    admin.post(&format!("/configuration/changes/{id}/restore"), json!({})).await.problem(404, "not_found");
    admin.get("/configuration/changes?cursor=x").await.problem(400, "request.invalid");
    admin.get("/configuration/changes?area=people").await.problem(400, "request.invalid");
    app.finish().await;
}
