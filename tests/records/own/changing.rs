//! Definitions change while people work, and other companies see nothing of it.

use kernel::Locale;
use serde_json::{Value, json};

use super::{MACHINE, make_machines, workshop};
use crate::app::TestApp;

async fn own_keys(app: &TestApp, company: usize, entity: &str) -> Vec<String> {
    let seen = app.by_of(company, "admin").get(&format!("/entities/{entity}")).await.ok(200);
    let fields = seen["fields"].as_array().unwrap().iter().filter(|field| field["own"] == true);
    fields.map(|field| field["key"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn another_company_sees_nothing_of_it() {
    let mut app = workshop().await;
    let other = app.add_company("Other", Locale::En).await;
    app.admin().post("/entities/lead/fields", json!({"label": {"en": "Secret"}, "type": "text"})).await.ok(201);
    let id = app.record(MACHINE, json!({"title": "ours"})).await;
    app.record("lead", json!({"title": "ours", "x_secret": "grey pike"})).await;
    let stranger = app.by_of(other, "admin");
    stranger.get(&format!("/entities/{MACHINE}")).await.problem(404, "not_found");
    stranger.get(&format!("/records/{MACHINE}")).await.problem(404, "not_found");
    stranger.get(&format!("/records/{MACHINE}/{id}")).await.problem(404, "not_found");
    stranger.create(MACHINE, json!({"title": "x"})).await.problem(404, "not_found");
    stranger
        .post(&format!("/entities/{MACHINE}/fields"), json!({"label": {"en": "A"}, "type": "text"}))
        .await
        .problem(404, "not_found");
    stranger.patch("/entities/lead/fields/x_secret", json!({"required": true})).await.problem(404, "not_found");
    stranger.delete("/entities/lead/fields/x_secret").await.problem(404, "not_found");
    stranger.delete(&format!("/entities/{MACHINE}")).await.problem(404, "not_found");
    assert_eq!(own_keys(&app, other, "lead").await, [""; 0]);
    // The same key is theirs to have, and the rows stay apart.
    stranger.post("/entities", json!({"label": {"en": "Machine"}})).await.ok(201);
    let theirs = stranger.create(MACHINE, json!({"title": "theirs"})).await.ok(201);
    assert_eq!(theirs["fields"]["number"], 1);
    assert_eq!(app.admin().found(MACHINE, json!({"and": []})).await, ["ours"]);
    assert_eq!(stranger.found(MACHINE, json!({"and": []})).await, ["theirs"]);
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_change_definitions() {
    let app = workshop().await;
    let max = app.by("max");
    max.post("/entities", json!({"label": {"en": "X"}})).await.problem(403, "denied");
    max.post("/entities/lead/fields", json!({"label": {"en": "X"}, "type": "text"})).await.problem(403, "denied");
    max.delete(&format!("/entities/{MACHINE}")).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn a_removed_field_is_gone_at_once_and_comes_back_with_its_values() {
    let app = workshop().await;
    let admin = app.admin();
    let id = app.record(MACHINE, json!({"title": "one", "x_hours": 5, "x_serial": "A"})).await;
    let view = json!({"entity": MACHINE, "name": "v", "kind": "list", "config": {"filter": {"field": "x_hours", "op": "eq", "value": 5}}});
    let view = admin.post("/views", view).await.ok(201)["id"].as_str().unwrap().to_owned();
    let named = admin.delete(&format!("/entities/{MACHINE}/fields/x_hours")).await.problem(409, "config.in_use");
    assert_eq!(named["current"]["users"], json!([{"kind": "view", "key": view, "name": "v"}]));
    admin.delete(&format!("/views/{view}")).await.ok(204);
    admin.delete(&format!("/entities/{MACHINE}/fields/x_hours")).await.ok(204);
    assert!(!own_keys(&app, 0, MACHINE).await.contains(&"x_hours".to_owned()));
    let seen = admin.get(&format!("/records/{MACHINE}/{id}")).await.ok(200);
    assert!(seen["fields"].get("x_hours").is_none());
    admin.update(MACHINE, &id, json!({"x_hours": 6})).await.problem(422, "record.invalid");
    admin
        .query(MACHINE, json!({"filter": {"field": "x_hours", "op": "eq", "value": 5}}))
        .await
        .problem(400, "request.invalid");
    // Work goes on beside it, and what is hidden stays.
    admin.update(MACHINE, &id, json!({"x_serial": "B"})).await.ok(200);
    admin
        .post(&format!("/entities/{MACHINE}/fields"), json!({"key": "x_hours", "label": {"en": "H"}, "type": "text"}))
        .await
        .problem(422, "config.invalid");
    admin.post(&format!("/entities/{MACHINE}/fields/x_hours/restore"), json!({})).await.ok(200);
    let back = admin.get(&format!("/records/{MACHINE}/{id}")).await.ok(200)["fields"].clone();
    assert_eq!((&back["x_hours"], &back["x_serial"]), (&json!(5), &json!("B")));
    admin.delete(&format!("/entities/{MACHINE}")).await.ok(204);
    admin.get(&format!("/records/{MACHINE}")).await.problem(404, "not_found");
    admin.post(&format!("/entities/{MACHINE}/restore"), json!({})).await.ok(200);
    assert_eq!(admin.found(MACHINE, json!({"and": []})).await, ["one"]);
    app.finish().await;
}

#[tokio::test]
async fn a_rule_about_a_removed_field_is_false_and_said_and_breaks_nothing() {
    let mut app = workshop().await;
    let rows = json!([
        {"kind": "permission", "entity": MACHINE, "actions": ["read"], "filter": {"field": "x_hours", "op": "gt", "value": 1}},
        {"kind": "permission", "entity": MACHINE, "actions": ["read"], "filter": {"field": "title", "op": "eq", "value": "open"}},
        {"kind": "permission", "entity": "lead", "actions": ["read"]},
    ]);
    let role = app.role("viewer", rows, json!([])).await;
    app.person(0, "vic", &["viewer"]).await;
    app.record(MACHINE, json!({"title": "busy", "x_hours": 5})).await;
    app.record(MACHINE, json!({"title": "open"})).await;
    let vic = app.by("vic");
    assert_eq!(vic.found(MACHINE, json!({"and": []})).await, ["busy", "open"]);
    app.admin().delete(&format!("/entities/{MACHINE}/fields/x_hours")).await.ok(204);
    assert_eq!(vic.found(MACHINE, json!({"and": []})).await, ["open"]);
    vic.get("/records/lead").await.ok(200);
    let shown = app.admin().get("/roles").await.ok(200);
    let shown = shown["items"].as_array().unwrap().iter().find(|one| one["id"] == json!(role)).unwrap().clone();
    assert_eq!(
        (&shown["problems"][0]["entity"], shown["problems"].as_array().unwrap().len()),
        (&json!(MACHINE), 1),
        "{shown}"
    );
    app.finish().await;
}

#[tokio::test]
async fn definitions_change_while_twenty_people_write_and_nothing_is_lost() {
    let app = TestApp::start().await;
    make_machines(&app).await;
    let admin = app.admin();
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(app.record(MACHINE, json!({"title": format!("m{n}"), "x_hours": 0, "x_serial": "s"})).await);
    }
    let writer = async |id: &str| {
        for n in 1..=10 {
            admin.update(MACHINE, id, json!({"x_hours": n, "x_price": n})).await.ok(200);
        }
    };
    let changer = async || {
        for n in 0..8 {
            let field = json!({"key": format!("x_new_{n}"), "label": {"en": "new"}, "type": "text"});
            admin.post(&format!("/entities/{MACHINE}/fields"), field).await.ok(201);
            admin.delete(&format!("/entities/{MACHINE}/fields/x_serial")).await.ok(204);
            admin.post(&format!("/entities/{MACHINE}/fields/x_serial/restore"), json!({})).await.ok(200);
        }
    };
    let writers = futures::future::join_all(ids.iter().map(|id| writer(id)));
    futures::future::join(writers, changer()).await;
    let page = admin.query(MACHINE, json!({"limit": 100})).await.ok(200);
    for item in page["items"].as_array().unwrap() {
        let fields = &item["fields"];
        assert_eq!(
            (&fields["x_hours"], &fields["x_price"], &fields["x_serial"]),
            (&json!(10), &json!(10), &json!("s"))
        );
        assert_eq!((&item["version"], &fields["x_new_7"]), (&json!(11), &Value::Null));
    }
    assert_eq!(app.count("SELECT revision FROM catalogue_revision").await, 1 + 18 + 8 * 3);
    app.finish().await;
}

#[tokio::test]
async fn parallel_definitions_get_keys_of_their_own() {
    let app = workshop().await;
    let admin = app.admin();
    let make = async || {
        let made =
            admin.post(&format!("/entities/{MACHINE}/fields"), json!({"label": {"ru": "Цех"}, "type": "text"})).await;
        made.ok(201)
    };
    futures::future::join_all((0..10).map(|_| make())).await;
    let keys = own_keys(&app, 0, MACHINE).await;
    let halls: Vec<&String> = keys.iter().filter(|key| key.starts_with("x_tsekh")).collect();
    assert_eq!(halls.len(), 10, "{keys:?}");
    app.finish().await;
}
