//! A lead becomes clients and a deal, and is itself again.

use serde_json::{Value, json};

use super::fields;
use crate::app::TestApp;

#[tokio::test]
async fn a_lead_becomes_three_with_links_both_ways_and_is_open_again_when_undone() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let lead = json!({"first_name": "Ann", "last_name": "Lee", "company_title": "Vesna", "phones": ["+79161234567"],
        "amount": 700, "currency": "EUR", "source": "web"});
    let lead = app.record("lead", lead).await;
    let before = fields(&app, "lead", &lead).await;
    for number in 0..5 {
        let about = json!({"kind": "call", "title": number.to_string(), "record_entity": "lead", "record_id": lead});
        app.record("activity", about).await;
    }
    let convert = format!("/records/lead/{lead}/convert");
    admin.post(&convert, json!({})).await.problem(422, "lead.nothing");
    let wrong = json!({"contact": {"create": {"birthdate": "x"}}, "deal": {"create": {}}});
    let refused = admin.post(&convert, wrong).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["contact.birthdate"]["code"], "date");
    assert_eq!(fields(&app, "lead", &lead).await, before);
    let three = json!({"contact": {"create": {}}, "company": {"create": {}}, "deal": {"create": {"title": "Chairs"}}});
    let made = admin.post(&convert, three.clone()).await.ok(200);
    let id = |key: &str| made[key].as_str().unwrap().to_owned();
    let (contact, company, deal) = (id("contact"), id("company"), id("deal"));
    let of = fields(&app, "lead", &lead).await;
    assert_eq!((&of["contact"], &of["company"], &of["deal"]), (&json!(contact), &json!(company), &json!(deal)));
    assert_eq!(of["stage"], "converted");
    let of = fields(&app, "deal", &deal).await;
    assert_eq!((&of["title"], &of["amount"], &of["currency"]), (&json!("Chairs"), &json!(700), &json!("EUR")));
    assert_eq!((&of["lead"], &of["company"], &of["contacts"]), (&json!(lead), &json!(company), &json!([contact])));
    let of = fields(&app, "contact", &contact).await;
    assert_eq!((&of["title"], &of["lead"], &of["companies"]), (&json!("Lee Ann"), &json!(lead), &json!([company])));
    assert_eq!(of["phones"][0]["value"], "+79161234567");
    let of = fields(&app, "company", &company).await;
    assert_eq!((&of["title"], &of["lead"], &of["phones"]), (&json!("Vesna"), &json!(lead), &json!(null)));
    let on = async |record: &str| {
        let filter = json!({"field": "record_id", "op": "eq", "value": record});
        admin.found("activity", filter).await.len()
    };
    assert_eq!((on(&deal).await, made["moved"].clone()), (5, json!(5)));
    admin.post(&convert, three).await.problem(409, "lead.converted");
    admin.post(&format!("/batches/{}/undo", id("batch")), json!({})).await;
    app.drain().await;
    let of = fields(&app, "lead", &lead).await;
    assert_eq!((&of["stage"], &of["contact"], &of["deal"]), (&before["stage"], &Value::Null, &Value::Null));
    for (entity, id) in [("contact", &contact), ("company", &company), ("deal", &deal)] {
        admin.get(&format!("/records/{entity}/{id}")).await.problem(404, "not_found");
        admin.get(&format!("/records/{entity}/{id}?deleted=true")).await.ok(200);
    }
    assert_eq!(on(&lead).await, 5);
    app.finish().await;
}

#[tokio::test]
async fn a_lead_is_linked_to_clients_that_are_there_and_strange_ones_are_not() {
    let mut app = TestApp::build().person("sam", "sales_manager").start().await;
    let company = app.record("company", json!({"title": "Vesna"})).await;
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let convert = format!("/records/lead/{lead}/convert");
    let other = app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.by_of(other, "admin");
    let strange = stranger.create("company", json!({"title": "x"})).await.id();
    let input = |company: &str| json!({"company": {"link": company}, "deal": {"create": {}}});
    let refused = app.admin().post(&convert, input(&strange)).await.problem(422, "record.invalid");
    assert!(refused["fields"].to_string().contains("missing"), "{refused}");
    stranger.post(&convert, input(&strange)).await.problem(404, "not_found");
    app.by("sam").post(&convert, input(&company)).await.problem(404, "not_found");
    let made = app.admin().post(&convert, input(&company)).await.ok(200);
    let deal = fields(&app, "deal", made["deal"].as_str().unwrap()).await;
    assert_eq!((&deal["company"], &made["contact"]), (&json!(company), &json!(null)));
    app.drain().await;
    app.finish().await;
}
