//! Rules of roles while entities and fields come and go.

use serde_json::{Value, json};

use crate::app::{TestApp, uuid_sql};

/// Changes a rule of a role behind the product's back, as a field or an entity that came or went would.
async fn as_if(app: &TestApp, role: &str, set: &str) {
    let role = uuid_sql(&app.companies[0].roles[role].to_string());
    app.sql(&format!("UPDATE access_row SET {set} WHERE role_id = {role}")).await;
    app.state.forget_people();
}

fn row(kind: &str, entity: &str, filter: Value) -> Value {
    let mut row = json!({"kind": kind, "entity": entity, "actions": ["read", "update"]});
    if !filter.is_null() {
        row["filter"] = filter;
    }
    row
}

async fn role_of(app: &TestApp, key: &str) -> Value {
    let roles = app.admin().get("/roles").await.ok(200);
    roles["items"].as_array().unwrap().iter().find(|role| role["key"] == key).unwrap().clone()
}

#[tokio::test]
async fn a_star_covers_what_there_was_and_what_an_administrator_lets_in() {
    let mut app = TestApp::start().await;
    app.role("clerk", json!([row("permission", "*", json!(null))]), json!([])).await;
    app.person(0, "ann", &["clerk"]).await;
    let (ann, admin) = (app.by("ann"), app.admin());
    let deal = app.record("deal", json!({"title": "d"})).await;
    let lead = app.record("lead", json!({"title": "l"})).await;
    let read = async |entity: &str, id: &str| ann.get(&format!("/records/{entity}/{id}")).await;
    let role = role_of(&app, "clerk").await;
    let covers = role["rows"][0]["covers"].as_array().unwrap().clone();
    assert!(covers.contains(&json!("lead")) && covers.contains(&json!("deal")), "{role}");
    read("deal", &deal).await.ok(200);
    // Deals came when the role had been saved already.
    as_if(&app, "clerk", r#"covers = '["lead"]'"#).await;
    read("lead", &lead).await.ok(200);
    read("deal", &deal).await.problem(404, "not_found");
    ann.query("deal", json!({"total": true})).await.ok(200)["total"].as_i64().filter(|n| *n == 0).unwrap();
    admin.get(&format!("/records/deal/{deal}")).await.ok(200);
    // Saved as it is shown, it lets nothing in; saved with one more, that one.
    let path = format!("/roles/{}", role["id"].as_str().unwrap());
    let saved = async |covers: Value| {
        let mut star = row("permission", "*", json!(null));
        if !covers.is_null() {
            star["covers"] = covers;
        }
        admin.patch(&path, json!({"name": "Clerk", "rows": [star]})).await
    };
    saved(json!(["lead"])).await.ok(200);
    read("deal", &deal).await.problem(404, "not_found");
    saved(json!(["lead", "deal"])).await.ok(200);
    read("deal", &deal).await.ok(200);
    // What is no longer there falls away.
    assert_eq!(saved(json!(["deal", "gone"])).await.ok(200)["rows"][0]["covers"], json!(["deal"]));
    read("lead", &lead).await.problem(404, "not_found");
    // Without a word it covers all there are.
    assert_eq!(saved(json!(null)).await.ok(200)["rows"][0]["covers"].as_array().unwrap().len(), covers.len());
    app.finish().await;
}

#[tokio::test]
async fn a_rule_that_names_a_field_which_is_gone_is_false_and_told() {
    let mut app = TestApp::start().await;
    let big = json!({"field": "amount", "op": "gt", "value": 0});
    for (role, rows) in [
        ("granted", json!([row("permission", "lead", big.clone()), row("permission", "company", json!(null))])),
        (
            "narrowed",
            json!([
                row("permission", "lead", json!(null)),
                row("restriction", "lead", big.clone()),
                row("permission", "company", json!(null))
            ]),
        ),
        ("star", json!([row("permission", "*", big.clone())])),
    ] {
        app.role(role, rows, json!([])).await;
    }
    for (name, role) in [("ann", "granted"), ("bob", "narrowed"), ("eve", "star")] {
        app.person(0, name, &[role]).await;
    }
    let lead = app.record("lead", json!({"title": "l", "amount": 5})).await;
    let company = app.record("company", json!({"title": "c"})).await;
    let path = format!("/records/lead/{lead}");
    for name in ["ann", "bob", "eve"] {
        app.by(name).get(&path).await.ok(200);
    }
    // A contact has no amount: there the rule of `*` says nothing, and no request fails of it.
    app.by("eve").query("contact", json!({})).await.ok(200);
    assert_eq!(role_of(&app, "granted").await["problems"], json!([]));
    for role in ["granted", "narrowed"] {
        as_if(&app, role, r#"filter = '{"not": {"field": "gone", "op": "eq", "value": 1}}'"#).await;
        let rule = uuid_sql(&app.companies[0].roles[role].to_string());
        app.sql(&format!("UPDATE access_row SET filter = NULL WHERE role_id = {rule} AND (entity = 'company' OR (kind = 'permission' AND '{role}' = 'narrowed'))")).await;
        app.state.forget_people();
    }
    for name in ["ann", "bob"] {
        let person = app.by(name);
        person.get(&path).await.problem(404, "not_found");
        assert_eq!(person.query("lead", json!({"total": true})).await.ok(200)["total"], 0);
        person.update("lead", &lead, json!({"title": "x"})).await.problem(404, "not_found");
        person.get(&format!("/records/company/{company}")).await.ok(200);
        person.get("/me").await.ok(200);
    }
    for role in ["granted", "narrowed"] {
        let problems = role_of(&app, role).await["problems"].clone();
        let problem = &problems[0];
        assert_eq!(problem["entity"], "lead", "{problems}");
        assert!(problem["message"].as_str().unwrap().contains(' '), "{problems}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_role_that_names_what_is_not_there_is_refused_but_for_what_it_said_before() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let role =
        |rows: Value, rights: Value| json!({"key": "clerk", "name": "Clerk", "rows": rows, "field_rights": rights});
    let misspelt = json!({"field": "ovner", "op": "eq", "value": {"me": true}});
    let hidden = |entity: &str, field: &str| json!([{"entity": entity, "field": field, "right": "hidden"}]);
    for (what, body) in [
        ("rows.0", role(json!([row("permission", "laed", json!(null))]), json!([]))),
        ("rows.0", role(json!([row("permission", "lead", misspelt.clone())]), json!([]))),
        (
            "rows.1",
            role(json!([row("permission", "*", json!(null)), row("restriction", "*", misspelt.clone())]), json!([])),
        ),
        ("field_rights.0", role(json!([]), hidden("lead", "amuont"))),
        ("field_rights.0", role(json!([]), hidden("laed", "amount"))),
    ] {
        let refused = admin.post("/roles", body).await.problem(422, "people.invalid");
        assert!(refused["fields"][what].is_object(), "{refused}");
    }
    // Only some entities have such a field: the rule counts there.
    let amounts = json!({"field": "amount", "op": "gt", "value": 1});
    let body = role(json!([row("permission", "*", amounts)]), hidden("lead", "amount"));
    let made = admin.post("/roles", body).await.ok(201);
    // What went away since does not keep the rest of the role from being changed.
    let id = made["id"].as_str().unwrap();
    app.sql(&format!("UPDATE field_right SET field = 'gone' WHERE role_id = {}", uuid_sql(id))).await;
    let kept = json!({"name": "Clerks", "rows": made["rows"], "field_rights": hidden("lead", "gone")});
    admin.patch(&format!("/roles/{id}"), kept).await.ok(200);
    let more = json!({"name": "Clerks", "rows": [], "field_rights": hidden("lead", "other")});
    admin.patch(&format!("/roles/{id}"), more).await.problem(422, "people.invalid");
    app.finish().await;
}
