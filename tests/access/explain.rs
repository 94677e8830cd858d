//! Why somebody may or may not touch a record, and how many records they reach.

use serde_json::{Value, json};

use crate::app::TestApp;

/// The only one of an answer.
fn one(answer: &Value) -> &Value {
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{answer}");
    &items[0]
}

// customize.md, acceptance 13.
#[tokio::test]
async fn of_somebody_elses_deal_the_role_and_the_row_are_named() {
    let mut app = TestApp::build().person("ann", "observer").start().await;
    let small = json!({"field": "amount", "op": "lt", "value": 100});
    let rows = json!([
        {"kind": "permission", "entity": "company", "actions": ["read"]},
        {"kind": "permission", "entity": "deal", "actions": ["read", "update"], "filter": small},
    ]);
    let narrow = json!([{"entity": "deal", "field": "comments", "right": "hidden"},
        {"entity": "deal", "field": "close_date", "right": "read_only"}]);
    let role = app.role("small", rows, narrow).await;
    app.person(0, "bob", &["small"]).await;
    let admin = app.admin();
    let deal = app.record("deal", json!({"title": "A", "amount": 50, "owner": app.id_of("ann")})).await;
    app.record("deal", json!({"title": "large", "amount": 500, "owner": app.id_of("ann")})).await;
    let path = format!("/records/deal/{deal}/access?user={}", app.id_of("bob"));
    let answer = admin.get(&path).await.ok(200);
    let bob = one(&answer);
    assert_eq!((&bob["name"], &bob["active"]), (&json!("bob"), &json!(true)));
    // The row as the role lists it.
    let roles = admin.get("/roles").await.ok(200);
    let listed = roles["items"].as_array().unwrap().iter().find(|one| one["key"] == "small").unwrap();
    let row = listed["rows"].as_array().unwrap().iter().position(|row| row["entity"] == "deal").unwrap();
    let reason = json!({"role": role, "name": "small", "row": row, "kind": "permission", "matched": true,
        "filter": small});
    assert_eq!(bob["actions"]["read"], json!({"allowed": true, "because": [reason]}));
    assert_eq!(bob["actions"]["update"]["allowed"], true);
    assert_eq!(bob["actions"]["delete"], json!({"allowed": false, "because": []}));
    assert_eq!(bob["fields"], json!({"hidden": ["comments"], "read_only": ["close_date"]}));

    let preview = admin.post("/access/preview", json!({"user": app.id_of("bob"), "entity": "deal"})).await.ok(200);
    assert_eq!(preview, json!({"counts": {"read": 1, "update": 1, "delete": 0}, "create": false}));
    assert_eq!(app.by("bob").get("/records/deal?total=true").await.ok(200)["total"], 1, "as the list counts");

    // Larger than the row allows: it is named and does not match.
    admin.update("deal", &deal, json!({"amount": 100})).await.ok(200);
    let answer = admin.get(&path).await.ok(200);
    let read = &one(&answer)["actions"]["read"];
    assert_eq!((&read["allowed"], &read["because"][0]["matched"]), (&json!(false), &json!(false)));
    admin.update("deal", &deal, json!({"amount": 50})).await.ok(200);

    // The row removed.
    let rows = json!([{"kind": "permission", "entity": "company", "actions": ["read"]}]);
    admin.patch(&format!("/roles/{role}"), json!({"key": "small", "name": "small", "rows": rows})).await.ok(200);
    let answer = admin.get(&path).await.ok(200);
    assert_eq!(one(&answer)["actions"]["read"], json!({"allowed": false, "because": []}));
    let preview = admin.post("/access/preview", json!({"user": app.id_of("bob"), "entity": "deal"})).await.ok(200);
    assert_eq!(preview["counts"]["read"], 0);
    app.by("bob").get(&format!("/records/deal/{deal}")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn restrictions_administrators_and_the_barred_are_told_apart() {
    let mut app = TestApp::start().await;
    let small = json!({"field": "amount", "op": "lt", "value": 100});
    let rows = json!([
        {"kind": "restriction", "entity": "*", "actions": ["delete"]},
        {"kind": "restriction", "entity": "deal", "actions": ["read"], "filter": small},
    ]);
    app.role("narrow", rows, json!([])).await;
    app.person(0, "cat", &["admin", "narrow"]).await;
    let deal = app.record("deal", json!({"title": "A", "amount": 500})).await;
    let admin = app.admin();
    let path = format!("/records/deal/{deal}/access?user={}", app.id_of("cat"));
    let answer = admin.get(&path).await.ok(200);
    let actions = &one(&answer)["actions"];
    let read = &actions["read"];
    assert_eq!(read["allowed"], false);
    let told = |because: &Value| -> Vec<(String, bool)> {
        let reasons = because.as_array().unwrap().iter();
        let mut told: Vec<_> =
            reasons.map(|reason| (reason["kind"].as_str().unwrap().to_owned(), reason["matched"] == true)).collect();
        told.sort();
        told
    };
    assert_eq!(told(&read["because"]), [("permission".into(), true), ("restriction".into(), false)]);
    assert_eq!(told(&actions["delete"]["because"]), [("permission".into(), true), ("restriction".into(), false)]);
    assert_eq!(actions["update"]["allowed"], true);

    // Everybody who sees it: the administrator, not the narrowed one.
    let all = admin.get(&format!("/records/deal/{deal}/access")).await.ok(200);
    let names: Vec<&str> = all["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), &all["next_cursor"]), (1, &Value::Null), "{all}");

    admin.patch(&format!("/users/{}", app.id_of("cat")), json!({"active": false})).await.ok(200);
    let answer = admin.get(&path).await.ok(200);
    let cat = one(&answer);
    assert_eq!((&cat["active"], &cat["actions"]["update"]["allowed"]), (&json!(false), &json!(false)));
    let preview = admin.post("/access/preview", json!({"user": app.id_of("cat"), "entity": "deal"})).await.ok(200);
    assert_eq!(preview, json!({"counts": {"read": 0, "update": 0, "delete": 0}, "create": false}));
    app.finish().await;
}

#[tokio::test]
async fn owners_are_told_names_others_of_themselves_strangers_nothing() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("bob", "observer").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let deal = app.record("deal", json!({"title": "A", "amount": 500, "owner": app.id_of("ann")})).await;
    let path = format!("/records/deal/{deal}/access");
    let all = app.by("ann").get(&path).await.ok(200);
    let mut names: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert!(names.contains(&"ann"), "{names:?}");
    for person in all["items"].as_array().unwrap() {
        for reason in person["actions"]["read"]["because"].as_array().unwrap() {
            assert!(reason.get("filter").is_none() && reason.get("row").is_none(), "{person}");
        }
    }
    // Whoever sees it and does not own it learns of themselves alone.
    app.by("bob").get(&path).await.problem(403, "denied");
    let of_ann = format!("{path}?user={}", app.id_of("ann"));
    app.by("bob").get(&of_ann).await.problem(403, "denied");
    let preview = json!({"user": app.id_of("ann"), "entity": "deal"});
    app.by("bob").post("/access/preview", preview.clone()).await.problem(403, "denied");
    let own = app.by("bob").get(&format!("{path}?user={}", app.id_of("bob"))).await.ok(200);
    assert_eq!(one(&own)["actions"]["read"]["allowed"], true);

    let stranger = app.by_of(other, "admin");
    stranger.get(&path).await.problem(404, "not_found");
    stranger.post("/access/preview", preview).await.problem(404, "not_found");
    let foreign = app.companies[other].people["admin"].id;
    app.admin().get(&format!("{path}?user={foreign}")).await.problem(404, "not_found");
    app.admin().post("/access/preview", json!({"user": foreign, "entity": "deal"})).await.problem(404, "not_found");
    let unknown = json!({"user": app.id_of("ann"), "entity": "nothing"});
    app.admin().post("/access/preview", unknown).await.problem(404, "not_found");
    app.admin().get(&format!("{path}?user=x")).await.problem(400, "request.invalid");
    app.finish().await;
}
