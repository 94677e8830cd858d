//! Own fields with an index: made in the background, used by lists, gone with the wish, in nobody's way.

use kernel::Locale;
use serde_json::{Value, json};

use super::formulas::recomputed;
use super::{MACHINE, workshop};
use crate::app::{Answer, Client, TestApp, on_postgres};
use crate::records::plans::Watched;

async fn field(client: &Client<'_>, entity: &str, key: &str, rest: Value) -> Answer {
    let mut field = json!({"key": key, "label": {"en": key}});
    field.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    client.post(&format!("/entities/{entity}/fields"), field).await
}

/// How many indexes of such fields there are, once the work behind is done.
async fn indexes(app: &TestApp) -> i64 {
    recomputed(app).await;
    let from = if on_postgres() { "pg_class WHERE relname" } else { "sqlite_master WHERE name" };
    app.count(&format!("SELECT count(*) FROM {from} LIKE 'own_field_%'")).await
}

async fn is_indexed(app: &TestApp, entity: &str, key: &str) -> bool {
    let def = app.admin().get(&format!("/entities/{entity}")).await.ok(200);
    let found = def["fields"].as_array().unwrap().iter().find(|field| field["key"] == key).unwrap();
    found.get("indexed") == Some(&json!(true))
}

/// Whether the lists that were asked for by a field went through its index, on every page.
async fn found_by(app: &TestApp, entity: &str, key: &str, value: Value) -> bool {
    let mut watched = Watched::over(app, "admin").await;
    let filter = json!({"field": key, "op": "gte", "value": value});
    let mut query = json!({"filter": filter, "sort": [{"field": key}], "limit": 2});
    let path = format!("/records/{entity}/query");
    let first = watched.ask("POST", &path, query.clone()).await;
    query["cursor"] = first["next_cursor"].clone();
    let second = watched.ask("POST", &path, query).await;
    let values = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|item| item["fields"][key].clone()).collect()
    };
    assert_eq!((values(&first).len(), values(&second).len()), (2, 1), "{first} {second}");
    let plans = watched.plans().await;
    watched.state.db.clone().close().await.unwrap();
    plans.iter().filter(|plan| plan.contains("own_field_")).count() >= 2
}

// customize.md: *Indexed* builds in the background.
#[tokio::test]
async fn lists_go_through_the_index_of_a_field_for_as_long_as_it_is_wanted() {
    let app = workshop().await;
    let admin = app.admin();
    field(&admin, "lead", "x_size", json!({"type": "integer"})).await.ok(201);
    for n in 1..=5 {
        app.record("lead", json!({"title": format!("lead {n}"), "x_size": n})).await;
        app.record(MACHINE, json!({"title": format!("machine {n}"), "x_serial": n.to_string()})).await;
    }
    app.record("lead", json!({"title": "none"})).await;
    assert!(!found_by(&app, "lead", "x_size", json!(3)).await);
    app.by("max").patch("/entities/lead/fields/x_size", json!({"indexed": true})).await.problem(403, "denied");
    admin.patch("/entities/lead/fields/x_size", json!({"indexed": true})).await.ok(200);
    admin.patch(&format!("/entities/{MACHINE}/fields/x_serial"), json!({"indexed": true})).await.ok(200);
    assert_eq!(indexes(&app).await, 2);
    assert!(is_indexed(&app, "lead", "x_size").await && is_indexed(&app, MACHINE, "x_serial").await);
    assert!(found_by(&app, "lead", "x_size", json!(3)).await);
    assert!(found_by(&app, MACHINE, "x_serial", json!("3")).await);

    // Renamed it stays, unmarked or removed it goes, restored it comes back.
    admin.patch("/entities/lead/fields/x_size", json!({"label": {"en": "Size"}})).await.ok(200);
    assert_eq!(indexes(&app).await, 2);
    admin.patch("/entities/lead/fields/x_size", json!({"indexed": false})).await.ok(200);
    assert_eq!(indexes(&app).await, 1);
    assert!(!is_indexed(&app, "lead", "x_size").await);
    admin.delete(&format!("/entities/{MACHINE}/fields/x_serial")).await.ok(204);
    assert_eq!(indexes(&app).await, 0);
    admin.post(&format!("/entities/{MACHINE}/fields/x_serial/restore"), json!({})).await.ok(200);
    assert_eq!(indexes(&app).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn every_type_that_is_offered_has_one_and_the_others_are_refused_with_the_reason() {
    let app = workshop().await;
    let admin = app.admin();
    let mut refused = Vec::new();
    let mut made = 0;
    for (key, _) in super::fields() {
        let answer = admin.patch(&format!("/entities/{MACHINE}/fields/{key}"), json!({"indexed": true})).await;
        if answer.status.as_u16() == 200 {
            made += 1;
        } else {
            let problem = answer.problem(422, "config.invalid");
            assert_eq!(problem["fields"]["indexed"]["code"], "not_indexed", "{problem}");
            refused.push(key);
        }
    }
    let others =
        ["x_notes", "x_price", "x_tools", "x_client", "x_parts", "x_phones", "x_place", "x_data"].map(str::to_owned);
    assert_eq!((made, refused.as_slice()), (10, others.each_ref().map(String::as_str).as_slice()));
    assert_eq!(indexes(&app).await, 10);
    // What is written goes into each of them.
    let whole = json!({"title": "m", "x_serial": "Ёж", "x_hours": 7, "x_weight": "1.5", "x_leased": true,
        "x_bought": "2026-11-30", "x_serviced": "2026-11-30T10:00:00Z", "x_cycle": 60, "x_kind": "mill"});
    app.record(MACHINE, whole).await;
    let page = admin.query(MACHINE, json!({"filter": {"field": "x_serial", "op": "eq", "value": "еж"}})).await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");

    // Ten a kind of records, not eleven; nor one that is computed when it is read.
    let one_more = field(&admin, MACHINE, "x_more", json!({"type": "text", "indexed": true})).await;
    let problem = one_more.problem(422, "config.invalid");
    assert_eq!(problem["fields"]["indexed"]["code"], "too_many_indexes", "{problem}");
    let live = json!({"type": "integer", "formula": "1", "indexed": true});
    field(&admin, "deal", "x_kept", live).await.ok(201);
    let live = json!({"type": "datetime", "formula": "now", "indexed": true});
    let problem = field(&admin, "deal", "x_live", live).await.problem(422, "config.invalid");
    assert_eq!(problem["fields"]["indexed"]["code"], "not_indexed", "{problem}");
    field(&admin, "deal", "x_text", json!({"type": "text", "indexed": "yes"})).await.problem(400, "request.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn companies_with_other_types_of_the_same_name_are_in_nobodys_way() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    field(&admin, "lead", "x_size", json!({"type": "integer", "indexed": true})).await.ok(201);
    app.record("lead", json!({"title": "mine", "x_size": 5})).await;
    assert_eq!(indexes(&app).await, 1);
    // What they have under the name is no number, and is written at once.
    field(&stranger, "lead", "x_size", json!({"type": "text"})).await.ok(201);
    stranger.create("lead", json!({"title": "theirs", "x_size": "large"})).await.ok(201);
    // PostgreSQL's would refuse it; SQLite's takes anything.
    let left = i64::from(!on_postgres());
    assert_eq!(indexes(&app).await, left);
    let large = json!({"filter": {"field": "x_size", "op": "gt", "value": 4}});
    assert_eq!(admin.query("lead", large).await.ok(200)["items"].as_array().unwrap().len(), 1);
    // Nor does an index come in their way later.
    admin.patch("/entities/lead/fields/x_size", json!({"indexed": false})).await.ok(200);
    admin.patch("/entities/lead/fields/x_size", json!({"indexed": true})).await.ok(200);
    assert_eq!(indexes(&app).await, left);
    stranger.create("lead", json!({"title": "theirs", "x_size": "larger"})).await.ok(201);
    app.finish().await;
}

#[tokio::test]
async fn another_type_takes_the_index_along_or_leaves_it() {
    let app = TestApp::start().await;
    let admin = app.admin();
    field(&admin, "lead", "x_size", json!({"type": "text", "indexed": true})).await.ok(201);
    for n in 1..=5 {
        app.record("lead", json!({"title": format!("lead {n}"), "x_size": n.to_string()})).await;
    }
    assert_eq!(indexes(&app).await, 1);
    admin.post("/entities/lead/fields/x_size/type", json!({"type": "integer"})).await.ok(200);
    assert_eq!(indexes(&app).await, 1);
    assert!(found_by(&app, "lead", "x_size", json!(3)).await);
    field(&admin, "lead", "x_note", json!({"type": "text", "indexed": true})).await.ok(201);
    assert_eq!(indexes(&app).await, 2);
    admin.post("/entities/lead/fields/x_note/type", json!({"type": "long_text"})).await.ok(200);
    assert_eq!(indexes(&app).await, 1);
    assert!(is_indexed(&app, "lead", "x_size").await && !is_indexed(&app, "lead", "x_note").await);
    app.finish().await;
}

#[tokio::test]
async fn the_wish_for_an_index_goes_with_the_configuration() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    field(&admin, "lead", "x_size", json!({"type": "integer", "indexed": true})).await.ok(201);
    let file = crate::configuration::exported(&admin).await;
    crate::configuration::import(&stranger, &file, false).await.ok(200);
    let def = stranger.get("/entities/lead").await.ok(200);
    let size = def["fields"].as_array().unwrap().iter().find(|field| field["key"] == "x_size").unwrap();
    assert_eq!(size["indexed"], true, "{size}");
    // Both want the same one.
    assert_eq!(indexes(&app).await, 1);
    admin.delete("/entities/lead/fields/x_size").await.ok(204);
    assert_eq!(indexes(&app).await, 1);
    stranger.delete("/entities/lead/fields/x_size").await.ok(204);
    assert_eq!(indexes(&app).await, 0);
    app.finish().await;
}
