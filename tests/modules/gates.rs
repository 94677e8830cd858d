//! Modules that are on for some departments alone: outside, every door answers as if the module were off.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{LEAVE, REQUEST, days, disable, enable, leave, office, run, staff};
use crate::access::operations::{Objects, Operation};
use crate::app::{Answer, LEAD_DESK, TestApp};

/// Fields of the module on leads.
const EXTENSION: &str = "\n[[fields]]\nentity = \"lead\"\nkey = \"leave_days\"\ntype = \"integer\"\nmin = 0\n\
    required = true\n[[fields]]\nentity = \"lead\"\nkey = \"leave_of\"\ntype = \"link\"\nentities = [\"leave_request\"]\n";
const TEXTS: [&str; 2] = ["field.lead.leave_days", "field.lead.leave_of"];

async fn gate(app: &TestApp, plugin: &str, departments: Value) -> Answer {
    app.admin().put(&format!("/plugins/{plugin}/gate"), json!({"departments": departments})).await
}

/// `ann` and `ian` are in the field, `bob` in the office; the module is on for the field.
async fn gated() -> (TestApp, Uuid, Uuid) {
    let mut app = office().await;
    let all = app.department("All", None, &[]).await;
    let field = app.department("Field", Some(all), &["ian"]).await;
    app.department("North", Some(field), &["ann"]).await;
    let office = app.department("Office", Some(all), &["bob"]).await;
    let set = gate(&app, LEAVE, json!([field])).await.ok(200);
    assert_eq!(set["gate"], json!([{"id": field, "name": "Field"}]));
    (app, field, office)
}

async fn move_to(app: &TestApp, name: &str, department: Option<Uuid>) {
    let path = format!("/users/{}", app.id_of(name));
    app.admin().patch(&path, json!({"department_id": department})).await.ok(200);
}

async fn modules(app: &TestApp, name: &str) -> Vec<String> {
    let me = app.by(name).get("/me").await.ok(200);
    me["plugins"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// What somebody is told at a door, without what differs between two askings.
fn told(answer: &Answer) -> Value {
    let mut said: Value = serde_json::from_str(&answer.text()).unwrap_or(Value::Null);
    if let Some(problem) = said.as_object_mut() {
        problem.remove("request_id");
        // Of what was made.
        problem.remove("id");
        problem.remove("next_cursor");
    }
    json!([answer.status.as_u16(), said])
}

/// Every operation on an entity, and every other door at which a module could be seen.
fn doors(objects: &Objects, id: &str, hash: &Value) -> Vec<(String, String, Option<Value>)> {
    let of_entity = objects.operations_on(REQUEST).into_iter();
    let mut all: Vec<_> = of_entity.map(|Operation { method, path, body, .. }| (method, path, body)).collect();
    assert!(all.len() > 12, "the document has lost its operations: {all:?}");
    let page = |more: Value| {
        let mut body = json!({"plugin": LEAVE, "surface": "leave", "tree_hash": hash});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(body)
    };
    let get = |path: &str| ("GET".to_owned(), path.to_owned(), None);
    let post = |path: &str, body: Option<Value>| ("POST".to_owned(), path.to_owned(), body);
    let over = json!({"field": "leave_of.days", "op": "gt", "value": 0});
    let days = json!({"field": "leave_days", "op": "gt", "value": 0});
    let group = json!({"group_by": ["leave_days"], "measures": [{"op": "sum", "field": "leave_days"}]});
    all.extend([
        get("/me"),
        get("/entities"),
        get("/entities/lead"),
        get("/ui"),
        get("/ui/counts"),
        get(&format!("/views?entity={REQUEST}")),
        get("/views"),
        get(&format!("/events?entity={REQUEST}")),
        get("/events?entity=lead&limit=1000"),
        get("/records/lead?q=Marked"),
        get(&format!("/records/lead/{}", objects.id("lead"))),
        get(&format!("/records/lead/{}/timeline", objects.id("lead"))),
        get(&format!("/plugins/{LEAVE}/http/anything")),
        post("/views", Some(json!({"entity": REQUEST, "name": "mine"}))),
        post("/read", page(json!({"items": [{"name": "all", "source": {"records": REQUEST}}]}))),
        post("/act", page(json!({"act": "approve", "rows": [id]}))),
        post("/act", page(json!({"act": "approve", "entity": REQUEST, "rows": [id]}))),
        post("/render", page(json!({}))),
        post("/records/lead/query", Some(json!({"filter": over}))),
        post("/records/lead/query", Some(json!({"filter": days}))),
        post(
            "/records/lead/query",
            Some(json!({"fields": ["title", "leave_days"], "sort": [{"field": "leave_days"}]})),
        ),
        post("/records/lead/aggregate", Some(group)),
        post("/records/lead", Some(json!({"fields": {"title": "x", "leave_days": 3}}))),
        post("/reports/funnel", Some(json!({"entity": REQUEST}))),
        post("/tasks", Some(json!({"title": "x", "subject": {"entity": REQUEST, "id": id}}))),
        post("/tasks", Some(json!({"title": "x", "main_action": {"kind": "form", "entity": REQUEST}}))),
    ]);
    all
}

async fn ask(app: &TestApp, name: &str, (method, path, body): &(String, String, Option<Value>)) -> Answer {
    let body = body.as_ref().map(Value::to_string).unwrap_or_default().into_bytes();
    let kind = (!body.is_empty()).then_some("application/json");
    app.by(name).send(method, &format!("/api/v1{path}"), kind, body).await
}

async fn import(app: &TestApp, name: &str) -> Answer {
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{REQUEST}\r\n--B\r\nContent-Disposition: \
         form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\nstarts,ends\n2026-05-01,2026-05-02\n\r\n--B--\r\n"
    );
    app.by(name).send("POST", "/api/v1/imports", Some("multipart/form-data; boundary=B"), form.into_bytes()).await
}

/// What both of two people are told at every door.
async fn answers(app: &TestApp, name: &str, doors: &[(String, String, Option<Value>)]) -> Vec<Value> {
    let mut all = Vec::new();
    // Administrators configure a module from outside too, what its entities are called and which are hidden.
    let configures =
        |door: &(String, String, Option<Value>)| name == "eve" && door.0 != "GET" && door.1.starts_with("/entities/");
    for door in doors.iter().filter(|door| !configures(door)) {
        let answer = ask(app, name, door).await;
        assert!(answer.status.as_u16() < 500, "{name} {door:?}: {}", answer.text());
        all.push(json!([door.0, door.1, told(&answer)]));
    }
    all.push(told(&import(app, name).await));
    all
}

#[tokio::test]
async fn outside_its_gate_a_module_answers_every_door_as_if_it_were_off() {
    let mut app = office().await;
    run(&app, leave("1.2.0", |manifest| manifest + EXTENSION, &TEXTS)).await;
    let field = app.department("Field", None, &["ann"]).await;
    // Whoever may do most of all, and whoever may do what the roles of the module say.
    app.person(0, "eve", &["admin", "leave_employee"]).await;
    app.department("Office", None, &["bob", "eve"]).await;
    let id = app.by("bob").create(REQUEST, days(1, 2)).await.id();
    app.admin().post("/views", json!({"entity": REQUEST, "name": "Shared", "shared": true})).await.ok(201);
    let lead = json!({"title": "Marked", "phones": ["+79161234567"], "leave_days": 3, "leave_of": id});
    let lead = app.admin().create("lead", lead).await.id();
    let objects = Objects::made(vec![("lead", lead), (REQUEST, id.clone())]);
    app.drain().await;
    app.settle().await;
    let hash = app.admin().get("/ui").await.ok(200)["surfaces"][0]["tree_hash"].clone();
    let doors = doors(&objects, &id, &hash);
    // What is asked about at the doors is there for those inside.
    for name in ["bob", "eve"] {
        let open = ask(&app, name, &("GET".into(), format!("/records/{REQUEST}/{id}"), None)).await.ok(200);
        assert_eq!(open["id"], json!(id));
        let lead = app.by(name).get(&format!("/records/lead/{}", objects.id("lead"))).await;
        if name == "eve" {
            assert_eq!(lead.ok(200)["fields"]["leave_days"], 3);
        }
    }
    gate(&app, LEAVE, json!([field])).await.ok(200);
    let mut gated = Vec::new();
    for name in ["bob", "eve"] {
        gated.push(answers(&app, name, &doors).await);
    }
    let page = json!([{"name": "all", "source": {"records": REQUEST}}]);
    let page = json!({"plugin": LEAVE, "surface": "leave", "tree_hash": hash, "items": page});
    app.by("ann").post("/read", page).await.ok(200);
    disable(&app).await;
    for (name, gated) in ["bob", "eve"].into_iter().zip(gated) {
        let off = answers(&app, name, &doors).await;
        for (gated, off) in gated.into_iter().zip(off) {
            // Of what is not theirs to know there is not even a shared view or what happened before: less than of what is off.
            let less = |path: &str| {
                ["/views", "/events"].iter().any(|all| path.starts_with(all)) || path.ends_with("/timeline")
            };
            match gated[1].as_str().is_some_and(less) && gated[0] == "GET" {
                true => assert!(!gated[2].to_string().contains("leave_"), "{name}: {gated}"),
                false => assert_eq!(gated, off, "{name}"),
            }
        }
    }
    app.settle().await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_gate_counts_at_once_and_movers_follow_it() {
    let (app, field, office) = gated().await;
    let mine = app.by("ann").create(REQUEST, days(1, 2)).await.id();
    let hash = app.by("ann").get("/ui").await.ok(200)["surfaces"][0]["tree_hash"].clone();
    let press = json!({"plugin": LEAVE, "surface": "leave", "tree_hash": hash, "act": "approve", "rows": [mine]});
    let sees = async |name: &str| app.by(name).get(&format!("/records/{REQUEST}")).await.status.as_u16();
    // Those below a named department are inside; who is in none is not, whatever their rights.
    assert_eq!((sees("ann").await, sees("ian").await), (200, 200));
    assert_eq!((sees("bob").await, sees("admin").await), (404, 404));
    assert_eq!((modules(&app, "ann").await, modules(&app, "bob").await), (vec![LEAVE.to_owned()], vec![]));
    // A page that is open.
    app.by("ann").post("/act", press.clone()).await.ok(200);
    gate(&app, LEAVE, json!([office])).await.ok(200);
    app.by("ann").post("/act", press.clone()).await.problem(404, "not_found");
    let items = json!([{"name": "all", "source": {"records": REQUEST}}]);
    let read = json!({"plugin": LEAVE, "surface": "leave", "tree_hash": hash, "items": items});
    app.by("ann").post("/read", read).await.problem(404, "not_found");
    assert_eq!((sees("ann").await, sees("bob").await), (404, 200));
    // A mover.
    move_to(&app, "ann", Some(office)).await;
    assert_eq!(app.by("ann").get(&format!("/records/{REQUEST}/{mine}")).await.ok(200)["id"], json!(mine));
    move_to(&app, "ann", None).await;
    assert_eq!(sees("ann").await, 404);
    // A department that moves takes its people along.
    move_to(&app, "ann", Some(field)).await;
    let path = format!("/departments/{field}");
    app.admin().patch(&path, json!({"name": "Field", "parent_id": office})).await.ok(200);
    assert_eq!(sees("ann").await, 200);
    // For everybody, for nobody.
    gate(&app, LEAVE, Value::Null).await.ok(200);
    assert_eq!((sees("admin").await, sees("ian").await), (200, 200));
    gate(&app, LEAVE, json!([])).await.ok(200);
    assert_eq!((sees("admin").await, sees("ann").await), (404, 404));
    // Off and on again: whom it is on for stays.
    gate(&app, LEAVE, json!([field])).await.ok(200);
    disable(&app).await;
    let on = enable(&app).await.ok(200);
    assert_eq!(on["gate"], json!([{"id": field, "name": "Field"}]));
    let body = json!({"grants": "requested", "departments": null});
    app.admin().post(&format!("/plugins/{LEAVE}/enable"), body).await.ok(200);
    assert_eq!(sees("admin").await, 200);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn hooks_and_events_do_not_see_what_people_outside_do() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("bob", "sales_manager").start().await;
    app.enable_lead_desk(json!({"country": "RU"})).await;
    let field = app.department("Field", None, &["ann"]).await;
    gate(&app, LEAD_DESK, json!([field])).await.ok(200);
    let tasks = async || {
        app.drain().await;
        app.count("SELECT count(*) FROM task").await
    };
    // Inside: refused, tidied, followed up.
    app.by("ann").create("lead", json!({"title": "a"})).await.problem(422, "hook.rejected");
    let made = app.by("ann").create("lead", json!({"title": "a", "phones": ["8 916 123-45-67"]})).await.ok(201);
    assert_eq!(made["fields"]["phones"][0]["value"], "+79161234567");
    assert_eq!(tasks().await, 1);
    // Outside: nothing of it.
    let free = app.by("bob").create("lead", json!({"title": "b"})).await.ok(201);
    let bulk =
        json!({"create": [{"fields": {"title": "c"}}], "update": [{"id": free["id"], "fields": {"phones": ["12"]}}]});
    let bulk = app.by("bob").post("/records/lead/bulk", bulk).await.ok(200);
    assert_eq!(bulk["results"][1]["status"], "updated", "{bulk}");
    assert_eq!(tasks().await, 1);
    // What no person does is done as ever.
    let system = app.system();
    let change = records::Change::Create { fields: serde_json::from_value(json!({"title": "d"})).unwrap() };
    let options = records::WriteOptions::default();
    app.state.records.write_one(&system, "lead", change, &options).await.expect_err("the hook refuses it");
    // A mixed part of the log: only what was done inside is told.
    app.by("bob").create("lead", json!({"title": "e", "phones": ["+79161234560"]})).await.ok(201);
    app.by("ann").create("lead", json!({"title": "f", "phones": ["+79161234561"]})).await.ok(201);
    app.by("bob").create("lead", json!({"title": "g", "phones": ["+79161234562"]})).await.ok(201);
    assert_eq!(tasks().await, 2);
    move_to(&app, "bob", Some(field)).await;
    app.by("bob").create("lead", json!({"title": "h"})).await.problem(422, "hook.rejected");
    assert_eq!(tasks().await, 2);
    app.finish().await;
}

#[tokio::test]
async fn an_import_of_somebody_outside_is_not_hooked_and_fields_of_the_module_keep_their_values() {
    let mut app = TestApp::start().await;
    run(&app, leave("1.2.0", |manifest| manifest + EXTENSION, &TEXTS)).await;
    staff(&mut app).await;
    app.person(0, "max", &["sales_manager"]).await;
    let lead = app.by("max").create("lead", json!({"title": "a", "leave_days": 3})).await.ok(201);
    let path = format!("/records/lead/{}", lead["id"].as_str().unwrap());
    let field = app.department("Field", None, &["ann"]).await;
    gate(&app, LEAVE, json!([field])).await.ok(200);
    let max = app.by("max");
    assert!(max.get(&path).await.ok(200)["fields"].get("leave_days").is_none());
    let unknown = max.patch(&path, json!({"fields": {"leave_days": 4}})).await.problem(422, "record.invalid");
    assert_eq!(unknown["fields"]["leave_days"]["code"], "unknown");
    // What the module asks of a lead it does not ask of those outside; what stands there stays.
    max.create("lead", json!({"title": "b"})).await.ok(201);
    max.patch(&path, json!({"fields": {"title": "changed"}})).await.ok(200);
    gate(&app, LEAVE, Value::Null).await.ok(200);
    assert_eq!(max.get(&path).await.ok(200)["fields"]["leave_days"], 3);
    let missing = max.create("lead", json!({"title": "c"})).await.problem(422, "record.invalid");
    assert_eq!(missing["fields"]["leave_days"]["code"], "required");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_gate_is_set_by_administrators_and_names_departments_of_their_company() {
    let mut app = office().await;
    let field = app.department("Field", None, &["ann"]).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let foreign = app.by_of(other, "admin").post("/departments", json!({"name": "Theirs"})).await.id();
    let path = format!("/plugins/{LEAVE}/gate");
    let here = json!({"departments": [field]});
    app.by("ann").put(&path, here.clone()).await.problem(403, "denied");
    app.stranger().put(&path, here.clone()).await.problem(401, "auth.required");
    app.admin().put("/plugins/acme.nothing/gate", here.clone()).await.problem(404, "not_found");
    // Who never enabled it has no gate to set, and a gate concerns nobody else's company.
    app.by_of(other, "admin").put(&path, json!({"departments": []})).await.problem(404, "not_found");
    for (wrong, code) in [(json!([foreign]), "missing"), (json!([Uuid::nil()]), "missing")] {
        let said = gate(&app, LEAVE, wrong).await.problem(422, "plugin.gate_invalid");
        assert_eq!(said["fields"]["departments"]["code"], code);
    }
    let many: Vec<Uuid> = (0..1_001).map(Uuid::from_u128).collect();
    let said = gate(&app, LEAVE, json!(many)).await.problem(422, "plugin.gate_invalid");
    assert_eq!(said["fields"]["departments"]["code"], "too_many");
    for body in [json!({}), json!({"departments": "all"}), json!({"departments": ["x"]}), json!({"departments": {}})] {
        app.admin().put(&path, body).await.problem(400, "request.invalid");
    }
    let body = json!({"departments": [field], "more": 1});
    app.admin().put(&path, body).await.problem(400, "request.invalid");
    let enable = json!({"grants": "requested", "departments": [foreign]});
    let refused = app.admin().post(&format!("/plugins/{LEAVE}/enable"), enable).await;
    refused.problem(422, "plugin.gate_invalid");
    // Nothing of that was kept or told.
    let told = "SELECT count(*) FROM event_log WHERE kind = 'gate.changed'";
    assert_eq!(app.count(told).await, 0);
    assert_eq!(app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200)["gate"], Value::Null);
    gate(&app, LEAVE, json!([field, field])).await.ok(200);
    gate(&app, LEAVE, json!([field])).await.ok(200);
    assert_eq!(app.count(told).await, 1);
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'plugin.gate_changed'").await, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_department_that_was_removed_lets_nobody_in() {
    let (app, field, office) = gated().await;
    for name in ["ann", "ian"] {
        move_to(&app, name, Some(office)).await;
    }
    let all = app.admin().get("/departments").await.ok(200);
    let named =
        |name: &str| all["items"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()["id"].clone();
    for id in [named("North"), named("Field")] {
        app.admin().delete(&format!("/departments/{}", id.as_str().unwrap())).await.ok(204);
    }
    for name in ["ann", "bob", "admin"] {
        app.by(name).get(&format!("/records/{REQUEST}")).await.problem(404, "not_found");
    }
    // It is said so, and others can be named beside what is gone.
    let detail = app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200);
    assert_eq!(detail["gate"], json!([{"id": field, "name": null}]));
    gate(&app, LEAVE, json!([field, office])).await.ok(200);
    app.by("bob").get(&format!("/records/{REQUEST}")).await.ok(200);
    gate(&app, LEAVE, json!([office])).await.ok(200);
    gate(&app, LEAVE, json!([field])).await.problem(422, "plugin.gate_invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn another_process_on_the_same_database_closes_within_a_second() {
    let (app, _, office) = gated().await;
    let (config, env) = ((*app.state.config).clone(), app.state.env.clone());
    let node = verstak::AppState::over(config, env, app.state.db.clone()).unwrap();
    let sees = async |name: &str| {
        let token = app.token_of(&app.companies[0], app.id_of(name), &[]).await;
        let identity = node.identities.by_token(&token).await.unwrap();
        node.records.entity(&identity.ctx(&node.env), REQUEST).await.is_ok()
    };
    assert_eq!((sees("ann").await, sees("bob").await), (true, false));
    gate(&app, LEAVE, json!([office])).await.ok(200);
    let within = std::time::Duration::from_secs(5);
    let closed = tokio::time::timeout(within, async { while sees("ann").await {} }).await;
    closed.expect("the other process learns of it");
    assert_eq!((sees("ann").await, sees("bob").await), (false, true));
    app.finish().await;
}

#[tokio::test]
async fn a_gate_that_somebody_else_has_changed_is_not_overwritten() {
    let (app, field, office) = gated().await;
    let path = format!("/plugins/{LEAVE}");
    let seen = app.admin().get(&path).await.ok(200)["gate_version"].as_str().unwrap().to_owned();
    let set = async |version: &str, departments: Value| {
        let client = app.admin().header("if-match", &format!("\"{version}\""));
        client.put(&format!("{path}/gate"), json!({"departments": departments})).await
    };
    let now = set(&seen, json!([office])).await.ok(200)["gate_version"].as_str().unwrap().to_owned();
    assert_ne!(now, seen);
    set(&seen, json!([field])).await.problem(409, "plugin.gate_changed");
    let stands = app.admin().get(&path).await.ok(200);
    assert_eq!((&stands["gate"][0]["id"], &stands["gate_version"]), (&json!(office), &json!(now)));
    set(&now, json!(null)).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn a_layout_names_no_surface_of_a_closed_module() {
    let (mut app, field, _) = gated().await;
    app.person(0, "max", &["sales_manager"]).await;
    app.department("South", Some(field), &["max"]).await;
    let both = json!([format!("{LEAVE}.leave"), "other.panel"]);
    let tab = json!({"title": {"en": "More"}, "blocks": both});
    let layout = json!({"sections": [{"title": {"en": "A"}, "fields": ["amount"]}], "blocks": [], "tabs": [tab]});
    app.admin().put("/layouts", json!({"of": {"entity": "lead"}, "layout": layout})).await.ok(200);
    let blocks =
        async |name: &str| app.by(name).get("/entities/lead").await.ok(200)["layout"]["tabs"][0]["blocks"].clone();
    assert_eq!(blocks("max").await, both);
    assert_eq!(blocks("admin").await, json!(["other.panel"]), "outside the gate");
    app.finish().await;
}
