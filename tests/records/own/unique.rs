//! Own fields in which no two records have the same: at every door, however many write at once.

use futures::future::join_all;
use serde_json::{Value, json};

use super::formulas::recomputed;
use crate::app::{Answer, Client, TestApp};
use crate::records::imports::import;

const FIELD: &str = "/entities/deal/fields/x_code";

async fn field(client: &Client<'_>, entity: &str, rest: Value) -> Answer {
    let mut field = json!({"key": "x_code", "label": {"en": "Code"}});
    field.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    client.post(&format!("/entities/{entity}/fields"), field).await
}

async fn coded() -> TestApp {
    let app = TestApp::start().await;
    field(&app.admin(), "deal", json!({"type": "text", "unique": true})).await.ok(201);
    app
}

async fn deal(app: &TestApp, title: &str, code: Value) -> String {
    app.record("deal", json!({"title": title, "x_code": code})).await
}

async fn is_unique(app: &TestApp) -> bool {
    let entity = app.admin().get("/entities/deal").await.ok(200);
    let found = entity["fields"].as_array().unwrap().iter().find(|field| field["key"] == "x_code").unwrap();
    found.get("unique") == Some(&json!(true))
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status.as_u16() == status).count()
}

// customize.md, acceptance 5.
#[tokio::test]
async fn it_is_refused_while_doubles_exist_and_they_are_named_in_groups() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    field(&admin, "deal", json!({"type": "text"})).await.ok(201);
    let mut ids = Vec::new();
    for (title, code) in [("a", "INN 1"), ("b", "inn 1"), ("c", "2"), ("d", "2"), ("e", "3"), ("f", "Ёж"), ("g", "еж")]
    {
        ids.push(deal(&app, title, json!(code)).await);
    }
    for title in ["h", "i"] {
        deal(&app, title, Value::Null).await;
    }
    app.by("max").patch(FIELD, json!({"unique": true})).await.problem(403, "denied");
    let refused = admin.patch(FIELD, json!({"unique": true})).await.problem(409, "config.doubles");
    let groups = refused["current"]["groups"].as_array().unwrap();
    let mut named: Vec<Vec<&str>> = groups
        .iter()
        .map(|group| {
            let records = group["records"].as_array().unwrap().iter();
            let mut titles: Vec<&str> = records.map(|record| record["title"].as_str().unwrap()).collect();
            titles.sort_unstable();
            titles
        })
        .collect();
    named.sort_unstable();
    assert_eq!(named, [vec!["a", "b"], vec!["c", "d"], vec!["f", "g"]], "{refused}");
    assert!(refused.to_string().contains(&ids[0]) && refused.to_string().contains(&ids[1]), "{refused}");
    assert!(!is_unique(&app).await);
    deal(&app, "more", json!("2")).await;

    // One is changed, the others go into the bin; nobody is in the way of oneself.
    admin.update("deal", &ids[0], json!({"x_code": "other"})).await.ok(200);
    let page = admin.query("deal", json!({"limit": 100})).await.ok(200);
    for item in page["items"].as_array().unwrap() {
        if ["d", "more", "g"].contains(&item["fields"]["title"].as_str().unwrap()) {
            admin.delete(&format!("/records/deal/{}", item["id"].as_str().unwrap())).await.ok(204);
        }
    }
    admin.patch(FIELD, json!({"unique": true})).await.ok(200);
    assert!(is_unique(&app).await);
    admin.create("deal", json!({"title": "x", "x_code": "Inn 1"})).await.problem(409, "record.constraint");
    // Once every node knows it, what is there is claimed again.
    app.sql("DELETE FROM record_claim").await;
    recomputed(&app).await;
    admin.create("deal", json!({"title": "x", "x_code": "Inn 1"})).await.problem(409, "record.constraint");
    // Turned off, they may repeat; then it is not turned on again.
    admin.patch(FIELD, json!({"unique": false})).await.ok(200);
    deal(&app, "again", json!("3")).await;
    admin.patch(FIELD, json!({"unique": true})).await.problem(409, "config.doubles");
    app.finish().await;
}

#[tokio::test]
async fn a_second_one_is_refused_and_the_first_is_named_to_those_who_may_see_it() {
    let mut app = coded().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["create"]}]);
    app.role("maker", rows, json!([])).await;
    app.person(0, "eve", &["maker"]).await;
    let admin = app.admin();
    let first = deal(&app, "first", json!("Ab-1")).await;
    let second = deal(&app, "second", json!("Ab-2")).await;
    let refused =
        admin.create("deal", json!({"title": "x", "x_code": " aB-1 "})).await.problem(409, "record.constraint");
    assert_eq!(refused["other"], json!({"entity": "deal", "id": first}));
    assert_eq!(refused["detail"], "There is such a record already. (first)");
    assert_eq!(refused["fields"]["x_code"]["message"], "There is such a record already. (first)");
    let blind = app.by("eve").create("deal", json!({"title": "x", "x_code": "ab-1"})).await;
    let blind = blind.problem(409, "record.constraint");
    assert_eq!((blind.get("other"), &blind["detail"]), (None, &json!("There is such a record already.")));
    admin.update("deal", &second, json!({"x_code": "AB-1"})).await.problem(409, "record.constraint");
    // Its own in another spelling, and what is empty.
    admin.update("deal", &first, json!({"x_code": "AB-1", "amount": 5})).await.ok(200);
    admin.update("deal", &second, json!({"x_code": ""})).await.ok(200);
    deal(&app, "empty", Value::Null).await;
    deal(&app, "free again", json!("ab-2")).await;
    // Another company has its own.
    let stranger = app.by_of(other, "admin");
    stranger.patch(FIELD, json!({"unique": false})).await.problem(404, "not_found");
    field(&stranger, "deal", json!({"type": "text", "unique": true})).await.ok(201);
    stranger.create("deal", json!({"title": "theirs", "x_code": "AB-1"})).await.ok(201);
    app.finish().await;
}

#[tokio::test]
async fn twenty_writers_of_one_value_and_one_of_them_has_it() {
    let app = coded().await;
    let admin = app.admin();
    let made = (0..20).map(|n| admin.create("deal", json!({"title": n.to_string(), "x_code": "A"})));
    let made = join_all(made).await;
    assert_eq!((count(&made, 201), count(&made, 409)), (1, 19));
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(deal(&app, &format!("empty {n}"), Value::Null).await);
    }
    let changed = join_all(ids.iter().map(|id| admin.update("deal", id, json!({"x_code": "B"})))).await;
    assert_eq!((count(&changed, 200), count(&changed, 409)), (1, 19));
    let filter = json!({"field": "x_code", "op": "in", "value": ["A", "B"]});
    assert_eq!(admin.found("deal", filter).await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn bulk_imports_and_undo_keep_it_too() {
    let app = coded().await;
    let admin = app.admin();
    let (one, two) = (deal(&app, "one", json!("1")).await, deal(&app, "two", json!("2")).await);
    let body = json!({"create": [
        {"fields": {"title": "taken", "x_code": "1"}},
        {"fields": {"title": "three", "x_code": "3"}},
        {"fields": {"title": "twice", "x_code": "3"}},
    ]});
    let answer = admin.post("/records/deal/bulk", body).await.ok(200);
    let results = answer["results"].as_array().unwrap();
    let told: Vec<&str> = results.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(told, ["refused", "created", "refused"], "{answer}");
    assert_eq!(results[0]["code"], "record.constraint");
    assert_eq!(results[0]["fields"]["x_code"]["code"], "constraint");
    // Two that change places at once.
    let swap = json!({"all_or_nothing": true, "update": [
        {"id": one, "fields": {"x_code": "2"}}, {"id": two, "fields": {"x_code": "1"}},
    ]});
    let answer = admin.post("/records/deal/bulk", swap).await.ok(200);
    assert!(answer["results"].as_array().unwrap().iter().all(|row| row["status"] == "updated"), "{answer}");

    let file = "Title,Code\nFour,4\nFour again,4\nTaken,3\nNone,\nNone again,\n";
    let done = import(&app, "deal", file, &["title", "x_code"], "create").await;
    assert_eq!((&done["accepted"], &done["refused"]), (&json!(3), &json!(2)), "{done}");

    // What was deleted frees its value; back it comes only while nobody else has it.
    let answer = admin.post("/records/deal/bulk", json!({"delete": [one]})).await.ok(200);
    let heir = deal(&app, "heir", json!("2")).await;
    let restore = format!("/records/deal/{one}/restore");
    let refused = admin.post(&restore, json!({})).await.problem(409, "record.constraint");
    assert_eq!(refused["other"], json!({"entity": "deal", "id": heir}));
    let undo = format!("/batches/{}/undo", answer["batch"].as_str().unwrap());
    let undone = admin.post(&undo, json!({})).await.ok(200);
    assert_eq!(undone["kept"], json!([{"entity": "deal", "id": one, "reason": "record.constraint"}]), "{undone}");
    admin.update("deal", &heir, json!({"x_code": "5"})).await.ok(200);
    admin.post(&restore, json!({})).await.ok(200);
    admin.create("deal", json!({"title": "x", "x_code": "2"})).await.problem(409, "record.constraint");
    app.finish().await;
}

#[tokio::test]
async fn values_of_each_type_are_the_same_however_they_are_written() {
    let app = TestApp::start().await;
    let admin = app.admin();
    for (kind, value, same, differs) in [
        ("text", json!("Пётр"), json!("ПЕТР"), json!("Пётр 2")),
        ("integer", json!(5), json!("5"), json!(6)),
        ("decimal", json!(1.5), json!("1.50"), json!(1.51)),
        ("duration", json!(90), json!("90"), json!(91)),
        ("date", json!("2026-03-01"), json!("2026-03-01"), json!("2026-03-02")),
        ("datetime", json!("2026-03-01T10:00:00Z"), json!("2026-03-01T11:00:00+01:00"), json!("2026-03-01T11:00:00Z")),
    ] {
        let key = format!("x_{kind}");
        let made = json!({"key": key, "label": {"en": kind}, "type": kind, "unique": true});
        admin.post("/entities/deal/fields", made).await.ok(201);
        app.record("deal", json!({"title": kind, (key.clone()): value})).await;
        let second = admin.create("deal", json!({"title": "x", (key.clone()): same})).await;
        let second = second.problem(409, "record.constraint");
        assert_eq!(second["fields"][&key]["code"], "constraint", "{kind}");
        admin.create("deal", json!({"title": "y", (key.clone()): differs})).await.ok(201);
    }
    // Two unique fields of one record: each by itself.
    let both = json!({"title": "z", "x_integer": 7, "x_text": "петр"});
    assert!(admin.create("deal", both).await.problem(409, "record.constraint")["fields"].get("x_text").is_some());
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_told_apart_is_refused_and_the_type_stays() {
    let app = coded().await;
    let admin = app.admin();
    let choices = json!([{"key": "a", "label": {"en": "A"}}]);
    for (n, rest) in [
        json!({"type": "money"}),
        json!({"type": "boolean"}),
        json!({"type": "long_text"}),
        json!({"type": "phones"}),
        json!({"type": "user"}),
        json!({"type": "choice", "choices": choices}),
        json!({"type": "money", "formula": "record.amount * 0.15"}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut rest = rest;
        rest["unique"] = json!(true);
        rest["key"] = json!(format!("x_{n}"));
        let refused = field(&admin, "deal", rest.clone()).await.problem(422, "config.invalid");
        assert_eq!(refused["fields"]["unique"]["code"], "not_unique", "{rest}: {refused}");
        rest["unique"] = json!(false);
        field(&admin, "deal", rest.clone()).await.ok(201);
        let path = format!("/entities/deal/fields/x_{n}");
        let refused = admin.patch(&path, json!({"unique": true})).await.problem(422, "config.invalid");
        assert_eq!(refused["fields"]["unique"]["code"], "not_unique", "{rest}: {refused}");
    }
    // Tasks are written by their own service.
    let of_task = field(&admin, "task", json!({"type": "text", "unique": true})).await.problem(422, "config.invalid");
    assert_eq!(of_task["fields"]["unique"]["code"], "unique_entity");
    let retype = format!("{FIELD}/type");
    let refused = admin.post(&retype, json!({"type": "integer"})).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["type"]["code"], "retype_unique");
    admin.patch(FIELD, json!({"unique": false})).await.ok(200);
    admin.post(&retype, json!({"type": "integer"})).await.ok(200);
    // While values are on their way.
    admin.patch(FIELD, json!({"unique": true})).await.problem(409, "config.moving");
    recomputed(&app).await;
    admin.patch(FIELD, json!({"unique": true})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn a_removed_field_comes_back_unique_or_says_who_is_in_the_way() {
    let app = coded().await;
    let admin = app.admin();
    let old = deal(&app, "old", json!("K")).await;
    admin.delete(&format!("/records/deal/{old}")).await.ok(204);
    let new = deal(&app, "new", json!("k")).await;
    admin.delete(FIELD).await.ok(204);
    // Nobody sees the field, so nobody is in the way.
    let restore = format!("/records/deal/{old}/restore");
    admin.post(&restore, json!({})).await.ok(200);
    let back = format!("{FIELD}/restore");
    let refused = admin.post(&back, json!({})).await.problem(409, "config.doubles");
    assert_eq!(refused["current"]["groups"][0]["records"].as_array().unwrap().len(), 2, "{refused}");
    admin.delete(&format!("/records/deal/{new}")).await.ok(204);
    admin.post(&back, json!({})).await.ok(200);
    assert!(is_unique(&app).await);
    admin.create("deal", json!({"title": "x", "x_code": "K"})).await.problem(409, "record.constraint");
    admin.post(&format!("/records/deal/{new}/restore"), json!({})).await.problem(409, "record.constraint");
    app.finish().await;
}
