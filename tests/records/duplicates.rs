//! Records that may be the same: who is told, and who is not; the refusal at every door.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

/// What is found where nobody is.
const NOBODY: [(String, Value); 0] = [];

/// Ids and reasons of the duplicates of a form, the surest first.
async fn found(client: &Client<'_>, entity: &str, fields: Value) -> Vec<(String, Value)> {
    let answer = client.post(&format!("/records/{entity}/duplicates"), json!({"fields": fields})).await.ok(200);
    let item = |item: &Value| (item["record"]["id"].as_str().unwrap().to_owned(), item["because"].clone());
    answer["items"].as_array().unwrap().iter().map(item).collect()
}

// sales.md, acceptance 13.
#[tokio::test]
async fn a_phone_is_found_in_any_spelling_and_hidden_records_are_not_hinted_at() {
    let mut app = TestApp::start().await;
    let rows = json!([{"kind": "permission", "entity": "contact", "actions": ["read", "create", "update", "delete"],
        "filter": {"field": "owner", "op": "eq", "value": {"me": true}}}]);
    app.role("own_contacts", rows, json!([])).await;
    app.person(0, "zoe", &["own_contacts"]).await;
    app.admin().patch("/tenant", json!({"currency": "UAH"})).await.ok(200);
    let admin = app.admin();
    let ann = app
        .record(
            "contact",
            json!({"last_name": "Lee", "first_name": "Ann", "phones": ["+380 (67) 123-45-67"],
        "emails": ["Ann@Acme.test"], "birthdate": "1990-01-02"}),
        )
        .await;
    let asked = json!({"phones": ["0671234567"]});
    assert_eq!(found(&admin, "contact", asked.clone()).await, [(ann.clone(), json!(["phone"]))]);
    assert_eq!(found(&admin, "lead", asked.clone()).await, [(ann.clone(), json!(["phone"]))], "a lead may be a client");
    let both = json!({"phones": ["067 123 45 67", "1"], "emails": ["ann@acme.TEST", "x"]});
    assert_eq!(found(&admin, "contact", both).await, [(ann.clone(), json!(["phone", "email"]))]);
    let named = |day: &str| json!({"first_name": "ANN", "last_name": "lee", "birthdate": day});
    assert_eq!(found(&admin, "contact", named("1990-01-02")).await, [(ann.clone(), json!(["name_and_birthdate"]))]);
    assert_eq!(found(&admin, "contact", named("1990-01-03")).await, NOBODY);
    assert_eq!(found(&admin, "contact", json!({"phones": ["0671234568"], "nonsense": 1})).await, NOBODY);
    // The record itself is none, and while it is changed neither.
    let path = "/records/contact/duplicates";
    assert_eq!(admin.post(path, json!({"id": ann})).await.ok(200)["items"], json!([]));
    let own = json!({"id": ann, "fields": asked});
    assert_eq!(admin.post(path, own).await.ok(200)["items"], json!([]));
    // Who does not see it, and another company, learn nothing.
    assert_eq!(found(&app.by("zoe"), "contact", asked.clone()).await, NOBODY);
    app.by("zoe").post(path, json!({"id": ann})).await.problem(404, "not_found");
    let other = app.add_company("Other", kernel::Locale::En).await;
    assert_eq!(found(&app.by_of(other, "admin"), "contact", asked.clone()).await, NOBODY);
    app.by_of(other, "admin").post(path, json!({"id": ann})).await.problem(404, "not_found");
    app.admin().post(path, json!({})).await.problem(400, "request.invalid");
    app.admin().post("/records/nothing/duplicates", json!({"fields": {}})).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn companies_are_found_by_legal_id_and_name_and_people_by_their_company() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let one = app.record("company", json!({"title": "ТОВ Весна", "tax_id": "12345678"})).await;
    let two = app.record("company", json!({"title": "тов  весна"})).await;
    let asked = json!({"title": "ТОВ ВЕСНА", "tax_id": "1234 5678"});
    let both = found(&admin, "company", asked).await;
    assert_eq!(both[0], (one.clone(), json!(["legal_id", "name"])));
    assert!(both.len() == 1 || both[1].0 == two, "{both:?}");
    let ann = app.record("contact", json!({"last_name": "Lee", "first_name": "Ann", "companies": [one]})).await;
    let person = json!({"last_name": "Lee", "first_name": "Ann", "companies": [one]});
    assert_eq!(found(&admin, "contact", person).await, [(ann, json!(["name_and_company"]))]);
    assert_eq!(found(&admin, "contact", json!({"last_name": "Lee", "first_name": "Ann"})).await, NOBODY);
    app.finish().await;
}

#[tokio::test]
async fn a_hidden_field_is_no_way_to_find_anybody() {
    let mut app = TestApp::start().await;
    let all = json!(["read", "create", "update", "delete"]);
    let rows = json!([{"kind": "permission", "entity": "contact", "actions": all}]);
    app.role("clerk", rows, json!([{"entity": "contact", "field": "phones", "right": "hidden"}])).await;
    app.person(0, "clerk", &["clerk"]).await;
    let ann = app.record("contact", json!({"title": "Ann", "phones": ["+79161234567"], "emails": ["a@b.test"]})).await;
    let clerk = app.by("clerk");
    assert_eq!(found(&clerk, "contact", json!({"phones": ["+79161234567"]})).await, NOBODY);
    assert_eq!(found(&clerk, "contact", json!({"emails": ["a@b.test"]})).await, [(ann.clone(), json!(["email"]))]);
    app.admin().put("/entities/contact/duplicates", json!({"mode": "block"})).await.ok(200);
    let twin = json!({"title": "Twin", "emails": ["a@b.test"]});
    let refused = clerk.create("contact", twin).await.problem(409, "record.duplicate");
    assert_eq!((&refused["other"]["id"], &refused["fields"]["emails"]["code"]), (&json!(ann), &json!("duplicate")));
    app.finish().await;
}

#[tokio::test]
async fn a_company_may_want_none_and_every_door_refuses_them() {
    let mut app = TestApp::build().person("sam", "sales_manager").start().await;
    let ann = app.record("lead", json!({"title": "Ann", "phones": ["+79161234567"]})).await;
    let twin = json!({"title": "Twin", "phones": ["8 (916) 123-45-67"]});
    app.record("lead", json!({"title": "warned", "phones": ["+79161234567"]})).await;
    app.by("sam").put("/entities/lead/duplicates", json!({"mode": "block"})).await.problem(403, "denied");
    app.admin().put("/entities/task/duplicates", json!({"mode": "block"})).await.problem(409, "merge.not_offered");
    app.admin().put("/entities/lead/duplicates", json!({"mode": "block"})).await.ok(200);
    let admin = app.admin();
    assert_eq!(admin.get("/entities/lead").await.ok(200)["duplicates"], "block");
    admin.create("lead", twin.clone()).await.problem(409, "record.duplicate");
    let rows = json!({"create": [{"fields": twin}, {"fields": {"title": "1", "phones": ["+79160000001"]}},
        {"fields": {"title": "2", "phones": ["+79160000001"]}}]});
    let bulk = admin.post("/records/lead/bulk", rows).await.ok(200);
    let codes: Vec<&Value> = bulk["results"].as_array().unwrap().iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, [&json!("record.duplicate"), &Value::Null, &json!("record.duplicate")]);
    let free = admin.create("lead", json!({"title": "Bob", "phones": ["+79160000002"]})).await.id();
    let taken = json!({"phones": ["+79160000002", "+79161234567"]});
    admin.update("lead", &free, taken).await.problem(409, "record.duplicate");
    // What was there stays changeable, and a record is no duplicate of itself.
    admin.update("lead", &ann, json!({"title": "Anna", "phones": ["+7 916 123-45-67"]})).await.ok(200);
    // Nobody learns of what they do not see.
    app.by("sam").create("lead", twin.clone()).await.ok(201);
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.by_of(other, "admin").create("lead", twin.clone()).await.ok(201);
    app.admin().put("/entities/lead/duplicates", json!({"mode": "off"})).await.ok(200);
    app.admin().create("lead", twin).await.ok(201);
    app.finish().await;
}
