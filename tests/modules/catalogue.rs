//! Switched on, off and on again: what people see of a module's entities, and that nothing else breaks when they go.

use kernel::Locale;
use serde_json::{Value, json};

use super::{LEAVE, REQUEST, days, disable, enable, install, leave, office, run, staff};
use crate::app::{TestApp, titles};
use crate::process::{Engine, one_task};

const EXTENSION: &str = "\n[[fields]]\nentity = \"lead\"\nkey = \"leave_days\"\ntype = \"integer\"\nmin = 0\n\
    [[fields]]\nentity = \"lead\"\nkey = \"leave_of\"\ntype = \"link\"\nentities = [\"leave_request\"]\n";
const TEXTS: [&str; 2] = ["field.lead.leave_days", "field.lead.leave_of"];

fn field<'a>(entity: &'a Value, key: &str) -> &'a Value {
    entity["fields"].as_array().unwrap().iter().find(|field| field["key"] == key).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn an_enabled_module_is_in_the_catalogue_in_the_readers_language_and_nowhere_else() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::Ru).await;
    install(&app, leave("1.0.0", |manifest| manifest, &[])).await.ok(201);
    let before = app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200);
    let planned: Vec<&str> =
        before["schema"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!(planned, ["entity_new", "field_new", "field_new", "field_new", "field_new", "field_new"]);
    assert_eq!(before["schema"][0]["label"], "Leave requests");
    app.admin().get(&format!("/entities/{REQUEST}")).await.problem(404, "not_found");
    enable(&app).await.ok(200);
    let seen = app.admin().get(&format!("/entities/{REQUEST}")).await.ok(200);
    assert_eq!(
        (&seen["label"], &seen["label_plural"], &seen["staged"], &seen["own"], &seen["plugin"]),
        (&json!("Leave request"), &json!("Leave requests"), &json!(true), &json!(false), &json!(LEAVE))
    );
    assert_eq!(seen["layout"]["list"], json!(["title", "owner", "starts", "ends", "days", "stage"]));
    assert_eq!(seen["layout"]["card"], json!(["owner", "starts", "ends"]));
    assert_eq!(
        seen["layout"]["sections"][0]["fields"],
        json!(["title", "owner", "kind", "starts", "ends", "days", "deputy"])
    );
    let kind = field(&seen, "kind");
    assert_eq!((&kind["choices"][1]["label"], &kind["default"]), (&json!("Unpaid leave"), &json!("yearly")));
    let stages = seen["pipelines"][0]["stages"].as_array().unwrap();
    let stages: Vec<_> = stages.iter().map(|stage| (stage["name"].as_str().unwrap(), &stage["semantic"])).collect();
    assert_eq!(stages[0], ("Asked for", &json!("open")));
    assert_eq!(stages[1], ("Approved", &json!("won")));
    // Nobody else has it.
    let stranger = app.by_of(other, "admin");
    let id = app.record(REQUEST, days(1, 2)).await;
    for path in [
        format!("/entities/{REQUEST}"),
        format!("/records/{REQUEST}"),
        format!("/records/{REQUEST}/{id}"),
        format!("/records/{REQUEST}/{id}/timeline"),
    ] {
        stranger.get(&path).await.problem(404, "not_found");
    }
    stranger.create(REQUEST, days(1, 2)).await.problem(404, "not_found");
    stranger.post(&format!("/records/{REQUEST}/bulk"), json!({"delete": [id]})).await.problem(404, "not_found");
    stranger
        .post(&format!("/records/{REQUEST}/aggregate"), json!({"measures": [{"op": "count"}]}))
        .await
        .problem(404, "not_found");
    // Until they switch it on themselves: in their language, with records of their own.
    stranger.post(&format!("/plugins/{LEAVE}/enable"), json!({"grants": "requested"})).await.ok(200);
    let russian = stranger.get(&format!("/entities/{REQUEST}")).await.ok(200);
    assert_eq!(
        (&russian["label"], &field(&russian, "starts")["label"], &russian["pipelines"][0]["stages"][1]["name"]),
        (&json!("Заявка на отпуск"), &json!("Первый день"), &json!("Одобрено"))
    );
    assert_eq!(stranger.found(REQUEST, json!({"and": []})).await, [""; 0]);
    stranger.get(&format!("/records/{REQUEST}/{id}")).await.problem(404, "not_found");
    stranger.create(REQUEST, days(1, 2)).await.ok(201);
    let taken = stranger.create(REQUEST, days(2, 3)).await.problem(409, "record.constraint");
    assert!(taken["detail"].as_str().unwrap().starts_with("Эти дни пересекаются"), "{taken}");
    app.finish().await;
}

#[tokio::test]
async fn off_and_on_again_everything_is_as_it_was_and_nothing_else_broke() {
    let mut app = TestApp::start().await;
    run(&app, leave("1.0.0", |manifest| manifest + EXTENSION, &TEXTS)).await;
    staff(&mut app).await;
    let admin = app.admin();
    let engine = Engine::of(&app);
    engine.deploy(one_task("decide")).await;
    let own = json!({"label": {"en": "Sheet"}, "type": "text"});
    admin.post(&format!("/entities/{REQUEST}/fields"), own).await.ok(201);
    let mut fields = days(1, 3);
    fields["x_sheet"] = json!("A4");
    let request = app.record(REQUEST, fields).await;
    // With the status that the module gives it, at each door.
    admin.update(REQUEST, &request, json!({"stage": "approved"})).await.problem(403, "leave.own_decision");
    let move_it = format!("/records/{REQUEST}/{request}/stage");
    admin.post(&move_it, json!({"stage": "approved"})).await.problem(403, "leave.own_decision");
    let lead = app.record("lead", json!({"title": "Ann", "leave_days": 28, "leave_of": request})).await;
    let instance = engine.start_about("decide", REQUEST, &request, json!({})).await;
    let view = json!({"entity": "lead", "name": "v", "kind": "list", "config": {"filter": {"field": "leave_days", "op": "gt", "value": 1}}});
    let view = admin.post("/views", view).await.ok(201)["id"].as_str().unwrap().to_owned();
    admin.post("/views", json!({"entity": REQUEST, "name": "w", "kind": "board", "config": {}})).await.ok(201);
    let leads = admin.get(&format!("/records/lead?view={view}")).await.ok(200);
    assert_eq!(titles(&leads), ["Ann"]);
    let linked = admin.get(&format!("/records/lead/{lead}")).await.ok(200);
    assert_eq!(linked["refs"][&request], json!({"entity": REQUEST, "title": "Yearly leave"}));
    disable(&app).await;
    admin.get(&format!("/entities/{REQUEST}")).await.problem(404, "not_found");
    admin.get(&format!("/records/{REQUEST}/{request}")).await.problem(404, "not_found");
    admin.create(REQUEST, days(5, 6)).await.problem(404, "not_found");
    let bare = admin.get(&format!("/records/lead/{lead}")).await.ok(200);
    assert!(bare["fields"].get("leave_days").is_none() && bare["fields"].get("leave_of").is_none());
    admin.update("lead", &lead, json!({"leave_days": 1})).await.problem(422, "record.invalid");
    admin.get(&format!("/records/lead?view={view}")).await.problem(400, "request.invalid");
    // The rest goes on: leads, roles that name it, tasks of processes about it.
    admin.update("lead", &lead, json!({"comments": "still here"})).await.ok(200);
    app.by("ann").get("/me").await.ok(200);
    admin.get("/roles").await.ok(200);
    admin.get("/views").await;
    app.drain().await;
    let tasks = admin.get("/tasks").await.ok(200);
    let task = tasks["items"][0]["id"].as_str().unwrap();
    admin.post(&format!("/tasks/{task}/complete"), json!({})).await.ok(200);
    assert_eq!(engine.instance(&instance).await["state"], "completed");
    admin.post(&format!("/entities/{REQUEST}/restore"), json!({})).await.problem(409, "config.plugin_off");
    enable(&app).await.ok(200);
    let back = admin.get(&format!("/records/{REQUEST}/{request}")).await.ok(200)["fields"].clone();
    assert_eq!((&back["days"], &back["x_sheet"], &back["title"]), (&json!(3), &json!("A4"), &json!("Yearly leave")));
    let lead = admin.get(&format!("/records/lead/{lead}")).await.ok(200)["fields"].clone();
    assert_eq!((&lead["leave_days"], &lead["leave_of"]), (&json!(28), &json!(request)));
    // Constraints remember as well.
    let taken = admin.create(REQUEST, days(3, 4)).await.problem(409, "record.constraint");
    assert_eq!(taken["other"], json!({"entity": REQUEST, "id": request}));
    assert_eq!(app.by("ann").create(REQUEST, days(3, 4)).await.ok(201)["fields"]["days"], 2);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn administrators_name_and_hide_what_a_plugin_declares_and_change_nothing_else() {
    let app = office().await;
    let admin = app.admin();
    let entity = format!("/entities/{REQUEST}");
    let renamed =
        admin.patch(&entity, json!({"label": {"en": "Holiday"}, "label_plural": {"en": "Holidays"}})).await.ok(200);
    assert_eq!(renamed["label_plural"], "Holidays");
    admin.patch(&format!("{entity}/fields/starts"), json!({"label": {"en": "From"}})).await.ok(200);
    let no =
        admin.patch(&format!("{entity}/fields/days"), json!({"required": true})).await.problem(422, "config.invalid");
    assert!(no["fields"]["required"]["message"].as_str().unwrap().contains(LEAVE), "{no}");
    admin.patch(&format!("{entity}/fields/kind"), json!({"choices": []})).await.problem(422, "config.invalid");
    for (part, given) in [("icon", json!("truck")), ("menu", json!({"shown": false}))] {
        let no = admin.patch(&entity, json!({(part): given})).await.problem(422, "config.invalid");
        assert_eq!(no["fields"][part]["code"], "of_plugin", "{no}");
    }
    app.by("ann").patch(&entity, json!({"label": {"en": "Mine"}})).await.problem(403, "denied");
    admin.delete(&format!("{entity}/fields/deputy")).await.ok(204);
    // Another version of the plugin overwrites none of it.
    run(&app, leave("1.1.0", |manifest| manifest, &[])).await;
    let seen = admin.get(&entity).await.ok(200);
    assert_eq!((&seen["label"], &field(&seen, "starts")["label"]), (&json!("Holiday"), &json!("From")));
    assert_eq!((field(&seen, "deputy"), &field(&seen, "ends")["label"]), (&Value::Null, &json!("Last day")));
    admin.post(&format!("{entity}/fields/deputy/restore"), json!({})).await.ok(200);
    admin.delete(&entity).await.ok(204);
    admin.get(&format!("/records/{REQUEST}")).await.problem(404, "not_found");
    run(&app, leave("1.2.0", |manifest| manifest, &[])).await;
    admin.get(&format!("/records/{REQUEST}")).await.problem(404, "not_found");
    let back = admin.post(&format!("{entity}/restore"), json!({})).await.ok(200);
    assert_eq!(field(&back, "deputy")["type"], "user");
    app.finish().await;
}
