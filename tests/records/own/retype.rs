//! Fields whose type changes with the values they have.

use serde_json::{Value, json};

use super::formulas::recomputed;
use crate::app::TestApp;

const PATH: &str = "/entities/deal/fields/x_size/type";

async fn field(app: &TestApp, rest: Value) {
    let mut field = json!({"key": "x_size", "label": {"en": "Size"}});
    field.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    app.admin().post("/entities/deal/fields", field).await.ok(201);
}

async fn deal(app: &TestApp, value: Value) -> String {
    app.record("deal", json!({"title": format!("deal {value}"), "x_size": value})).await
}

async fn value(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/records/deal/{id}")).await.ok(200)["fields"]["x_size"].clone()
}

// customize.md, acceptance 5.
#[tokio::test]
async fn text_becomes_a_number_where_all_of_it_is_one() {
    let app = TestApp::start().await;
    let admin = app.admin();
    field(&app, json!({"type": "text"})).await;
    let (number, word) = (deal(&app, json!("12")).await, deal(&app, json!("x")).await);
    deal(&app, Value::Null).await;
    let tried = admin.post(PATH, json!({"type": "integer", "dry_run": true})).await.ok(200);
    assert_eq!((&tried["fits"], &tried["misfits"]), (&json!(1), &json!(1)));
    assert_eq!(tried["examples"], json!([{"id": word, "title": "deal \"x\"", "value": "x"}]));
    let refused = admin.post(PATH, json!({"type": "integer"})).await.problem(409, "config.misfits");
    assert_eq!(refused["current"]["misfits"], 1, "{refused}");
    assert_eq!(value(&app, &number).await, "12", "nothing has changed");

    admin.update("deal", &word, json!({"x_size": "3"})).await.ok(200);
    let before = admin.get(&format!("/records/deal/{number}")).await.ok(200);
    admin.post(PATH, json!({"type": "integer"})).await.ok(200);
    // Read as numbers at once, found and sorted by once they are moved.
    assert_eq!((value(&app, &number).await, value(&app, &word).await), (json!(12), json!(3)));
    admin.post(PATH, json!({"type": "decimal"})).await.problem(409, "config.moving");
    // Written and emptied meanwhile.
    let (written, emptied) = (deal(&app, json!(7)).await, word);
    admin.update("deal", &emptied, json!({"x_size": null})).await.ok(200);
    assert_eq!(value(&app, &emptied).await, Value::Null);
    recomputed(&app).await;
    assert_eq!(value(&app, &emptied).await, Value::Null);
    let large = json!({"filter": {"field": "x_size", "op": "gt", "value": 5}, "sort": [{"field": "x_size"}]});
    let page = admin.query("deal", large).await.ok(200);
    let ids: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|record| &record["id"]).collect();
    assert_eq!(ids, [&json!(written), &json!(number)]);
    let after = admin.get(&format!("/records/deal/{number}")).await.ok(200);
    assert_eq!(
        (&after["version"], &after["fields"]["updated_at"]),
        (&before["version"], &before["fields"]["updated_at"])
    );
    admin.update("deal", &number, json!({"x_size": "many"})).await.problem(422, "record.invalid");
    // And on: a number with a point, and once more after that.
    admin.post(PATH, json!({"type": "decimal"})).await.ok(200);
    recomputed(&app).await;
    admin.update("deal", &number, json!({"x_size": 12.5})).await.ok(200);
    assert_eq!((value(&app, &number).await, value(&app, &written).await), (json!(12.5), json!(7)));
    app.finish().await;
}

#[tokio::test]
async fn choices_days_and_links_become_what_they_may() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let options = json!([{"key": "s", "label": {"en": "Small"}}, {"key": "l", "label": {"en": "Large"}}]);
    for (kind, rest, given, to, more, expected) in [
        ("text", json!({}), json!("large"), "choice", json!({"choices": options}), json!("l")),
        ("text", json!({}), json!("Small, l"), "choices", json!({"choices": options}), json!(["s", "l"])),
        ("text", json!({}), json!("Так"), "boolean", json!({}), json!(true)),
        ("text", json!({}), json!("16.03.2026"), "date", json!({}), json!("2026-03-16")),
        ("text", json!({}), json!("1\u{a0}000,50"), "decimal", json!({}), json!(1000.5)),
        ("choice", json!({"choices": options}), json!("s"), "choices", json!({}), json!(["s"])),
        ("choice", json!({"choices": options}), json!("s"), "text", json!({}), json!("Small")),
        ("datetime", json!({}), json!("2026-03-16T09:30:00Z"), "date", json!({}), json!("2026-03-16")),
    ] {
        let key = format!("x_{kind}_{to}");
        let mut made = json!({"key": key, "label": {"en": key}, "type": kind});
        made.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        admin.post("/entities/deal/fields", made).await.ok(201);
        let id = app.record("deal", json!({"title": key, (key.clone()): given})).await;
        let mut body = json!({"type": to});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let fit = admin.post(&format!("/entities/deal/fields/{key}/type"), body).await.ok(200);
        assert_eq!(
            (&fit["fits"], &fit["misfits"], &fit["narrows"]),
            (&json!(1), &json!(0), &json!(kind == "datetime")),
            "{key}"
        );
        for moment in ["at once", "moved"] {
            let now = admin.get(&format!("/records/deal/{id}")).await.ok(200)["fields"][&key].clone();
            assert_eq!(now, expected, "{key} {moment}");
            recomputed(&app).await;
        }
    }
    // One link becomes several, where it is.
    let company = app.record("company", json!({"title": "Steel"})).await;
    let link = json!({"key": "x_maker", "label": {"en": "Maker"}, "type": "link", "entities": ["company"]});
    admin.post("/entities/deal/fields", link).await.ok(201);
    let id = app.record("deal", json!({"title": "linked", "x_maker": company})).await;
    admin.post("/entities/deal/fields/x_maker/type", json!({"type": "links"})).await.ok(200);
    let now = admin.get(&format!("/records/deal/{id}")).await.ok(200);
    assert_eq!(now["fields"]["x_maker"], json!([company]));
    app.finish().await;
}

#[tokio::test]
async fn what_looks_at_a_field_keeps_its_type() {
    let app = TestApp::start().await;
    let admin = app.admin();
    field(&app, json!({"type": "text"})).await;
    let id = deal(&app, json!("12")).await;
    let to_integer = json!({"type": "integer"});
    let refused = async |dry_run: bool| {
        let body = json!({"type": "integer", "dry_run": dry_run});
        let refused = admin.post(PATH, body).await.problem(409, "config.in_use");
        refused["current"]["users"][0]["kind"].as_str().unwrap().to_owned()
    };
    // By a count of another entity.
    let filter = json!({"field": "x_size", "op": "contains", "value": "1"});
    let count = json!({"entity": "deal", "via": "company", "op": "count", "filter": filter});
    let count = json!({"key": "x_sizes", "label": {"en": "Sizes"}, "type": "integer", "rollup": count});
    admin.post("/entities/company/fields", count).await.ok(201);
    assert_eq!((refused(true).await, refused(false).await), ("rollup".to_owned(), "rollup".to_owned()));
    admin.delete("/entities/company/fields/x_sizes").await.ok(204);
    // By a formula.
    let formula = json!({"key": "x_loud", "label": {"en": "Loud"}, "type": "text", "formula": "record.x_size + \"!\""});
    admin.post("/entities/deal/fields", formula).await.ok(201);
    assert_eq!(refused(false).await, "formula");
    admin.delete("/entities/deal/fields/x_loud").await.ok(204);
    // By a rule of a role that would make no sense any more; one that goes on making sense does not matter.
    for (op, value, breaks) in [("contains", json!("1"), true), ("not_empty", Value::Null, false)] {
        let mut filter = json!({"field": "x_size", "op": op, "value": value});
        if value.is_null() {
            filter.as_object_mut().unwrap().remove("value");
        }
        let row = json!({"kind": "permission", "entity": "deal", "actions": ["read"], "filter": filter});
        let role = json!({"key": format!("sized_{op}"), "name": "Sized", "rows": [row]});
        let role = admin.post("/roles", role).await.ok(201);
        if breaks {
            assert_eq!(refused(true).await, "role");
            admin.delete(&format!("/roles/{}", role["id"].as_str().unwrap())).await.ok(204);
        }
    }
    admin.post(PATH, to_integer).await.ok(200);
    assert_eq!(value(&app, &id).await, 12);
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_become_another_is_refused_and_a_removed_field_goes_on_when_it_is_back() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let admin = app.admin();
    field(&app, json!({"type": "text"})).await;
    let id = deal(&app, json!("12")).await;
    for (body, part) in [
        (json!({"type": "money"}), "type"),
        (json!({"type": "text"}), "type"),
        (json!({"type": "link"}), "type"),
        (json!({"type": "choice"}), "choices"),
        (json!({"type": "integer", "choices": [{"key": "a"}]}), "choices"),
    ] {
        let refused = admin.post(PATH, body.clone()).await.problem(422, "config.invalid");
        assert!(refused["fields"].get(part).is_some(), "{body}: {refused}");
    }
    admin.post("/entities/deal/fields/amount/type", json!({"type": "integer"})).await.problem(404, "not_found");
    admin.post("/entities/deal/fields/x_none/type", json!({"type": "integer"})).await.problem(404, "not_found");
    app.by("max").post(PATH, json!({"type": "integer", "dry_run": true})).await.problem(403, "denied");
    app.by_of(other, "admin").post(PATH, json!({"type": "integer"})).await.problem(404, "not_found");

    admin.post(PATH, json!({"type": "integer"})).await.ok(200);
    admin.delete("/entities/deal/fields/x_size").await.ok(204);
    recomputed(&app).await;
    admin.post("/entities/deal/fields/x_size/restore", json!({})).await.ok(200);
    assert_eq!(value(&app, &id).await, 12);
    recomputed(&app).await;
    assert_eq!(admin.found("deal", json!({"field": "x_size", "op": "eq", "value": 12})).await.len(), 1);
    app.finish().await;
}
