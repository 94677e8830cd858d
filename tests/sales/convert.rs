//! A lead becomes clients and a deal, and is itself again.

use serde_json::{Value, json};

use super::fields;
use crate::app::TestApp;
use crate::automation::{action, rule, runs};
use crate::records::pipelines::{main, place, stages, with};

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

#[tokio::test]
async fn a_lead_is_won_by_converting_it_and_by_no_other_door() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("lead", json!({"title": "Ann", "amount": 5})).await;
    let before = fields(&app, "lead", &id).await;
    let stage = format!("/records/lead/{id}/stage");
    let told = admin.post(&stage, json!({"stage": "converted"})).await.problem(409, "lead.convert_required");
    assert!(told["detail"].as_str().unwrap().contains("Convert"), "{told}");
    let won = json!({"stage": "converted"});
    admin.update("lead", &id, won.clone()).await.problem(409, "lead.convert_required");
    let rows = json!({"update": [{"id": id, "fields": won}]});
    let answer = admin.post("/records/lead/bulk", rows).await.ok(200);
    assert_eq!(answer["results"][0]["code"], "lead.convert_required");
    assert_eq!(fields(&app, "lead", &id).await, before);
    // What was converted elsewhere comes as it is, and may be opened again.
    let past = app.record("lead", json!({"title": "Old", "stage": "converted"})).await;
    admin.update("lead", &past, json!({"stage": "new"})).await.ok(200);
    admin.update("lead", &past, json!({"stage": "converted"})).await.problem(409, "lead.convert_required");
    // Deals are not converted.
    let deal = app.record("deal", json!({"title": "Chairs"})).await;
    admin.update("deal", &deal, json!({"stage": "won"})).await.ok(200);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_rule_moves_no_lead_into_a_won_stage_but_converts_it() {
    let app = TestApp::start().await;
    let on = json!({"event": "stage_entered", "stage": "qualified"});
    let moves = json!({"name": "moves", "on": on, "do": [action("move-stage", json!({"stage": "converted"}))]});
    rule(&app, "lead", moves).await;
    let id = app.record("lead", json!({"title": "Ann", "amount": 700, "currency": "EUR"})).await;
    app.admin().update("lead", &id, json!({"stage": "qualified"})).await.ok(200);
    app.drain().await;
    let all = runs(&app, "").await;
    assert_eq!((all.len(), &all[0]["state"]), (1, &json!("failed")), "{all:?}");
    assert_eq!(fields(&app, "lead", &id).await["stage"], "qualified");
    let on = json!({"event": "stage_entered", "stage": "proposal"});
    let become_deal = action("convert-lead", json!({"contact": "create", "deal": "create"}));
    rule(&app, "lead", json!({"name": "converts", "on": on, "do": [become_deal]})).await;
    app.admin().update("lead", &id, json!({"stage": "proposal"})).await.ok(200);
    app.drain().await;
    let of = fields(&app, "lead", &id).await;
    assert_eq!(of["stage"], "converted");
    let deal = fields(&app, "deal", of["deal"].as_str().unwrap()).await;
    assert_eq!(
        (&deal["title"], &deal["amount"], &deal["contacts"]),
        (&json!("Ann"), &json!(700), &json!([of["contact"]]))
    );
    assert_eq!(of["company"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn a_conversion_that_was_cut_off_is_carried_to_its_end_by_the_call_that_comes_again() {
    let app = TestApp::start().await;
    let on = json!({"event": "stage_entered", "stage": "converted"});
    let again = action("convert-lead", json!({"contact": "create", "deal": "create"}));
    rule(&app, "lead", json!({"name": "again", "on": on, "do": [again]})).await;
    let about = async |lead: &str| {
        let about = json!({"kind": "call", "title": "Left", "record_entity": "lead", "record_id": lead});
        app.record("activity", about).await
    };
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let three = json!({"contact": {"create": {}}, "deal": {"create": {}}});
    let made = app.admin().post(&format!("/records/lead/{lead}/convert"), three).await.ok(200);
    let left = about(&lead).await;
    // One that became what was there before tells nothing of where its calls belong.
    let known = app.record("contact", json!({"title": "Known"})).await;
    let other = app.record("lead", json!({"title": "Bob"})).await;
    let linked = json!({"contact": {"link": known}});
    app.admin().post(&format!("/records/lead/{other}/convert"), linked).await.ok(200);
    let stays = about(&other).await;
    app.drain().await;
    let all = runs(&app, "").await;
    assert!(all.len() == 2 && all.iter().all(|run| run["state"] != "failed"), "{all:?}");
    let of = fields(&app, "activity", &left).await;
    assert_eq!((&of["record_entity"], &of["record_id"]), (&json!("deal"), &made["deal"]));
    assert_eq!(fields(&app, "activity", &stays).await["record_id"], json!(other));
    app.finish().await;
}

#[tokio::test]
async fn what_an_applied_rule_converted_is_taken_back_with_all_else_that_it_did() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("lead", json!({"title": "Ann", "stage": "proposal"})).await;
    app.drain().await;
    let on = json!({"event": "stage_entered", "stage": "proposal"});
    let acts = [
        action("set-fields", json!({"comments": "applied"})),
        action("convert-lead", json!({"contact": "create", "deal": "create"})),
    ];
    let made = rule(&app, "lead", json!({"name": "converts", "on": on, "do": acts})).await;
    let job = admin.post(&format!("/automations/{made}/apply"), json!({})).await.ok(202);
    app.drain().await;
    let job = admin.get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.ok(200);
    let of = fields(&app, "lead", &id).await;
    assert_eq!((&of["stage"], &of["comments"]), (&json!("converted"), &json!("applied")));
    let batch = job["result"]["batch"].as_str().unwrap();
    admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200);
    app.drain().await;
    let back = fields(&app, "lead", &id).await;
    assert_eq!((&back["stage"], &back["comments"], &back["deal"]), (&json!("proposal"), &Value::Null, &Value::Null));
    for (entity, link) in [("deal", "deal"), ("contact", "contact")] {
        admin.get(&format!("/records/{entity}/{}", of[link].as_str().unwrap())).await.problem(404, "not_found");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_company_may_let_leads_be_won_by_hand_and_says_so_by_stage() {
    let app = TestApp::start().await;
    let leads = main(&app, "lead").await;
    let list = stages(&leads);
    assert!(list.iter().any(|stage| stage["key"] == "converted" && stage["convert_only"] == true), "{list:?}");
    let by_hand = with(list, "converted", json!({"convert_only": false}));
    app.admin().put(&place(&leads), json!({ "stages": by_hand })).await.ok(200);
    // Whoever does not speak of it leaves it as it is.
    let mut silent = by_hand.clone();
    silent.iter_mut().for_each(|stage| drop(stage.as_object_mut().unwrap().remove("convert_only")));
    app.admin().put(&place(&leads), json!({ "stages": silent })).await.ok(200);
    let id = app.record("lead", json!({"title": "Ann"})).await;
    app.admin().update("lead", &id, json!({"stage": "converted"})).await.ok(200);
    // Of other entities, and of stages that are not won, it means nothing.
    let deals = main(&app, "deal").await;
    let odd = with(stages(&deals), "won", json!({"convert_only": true}));
    app.admin().put(&place(&deals), json!({ "stages": odd })).await.ok(200);
    let deal = app.record("deal", json!({"title": "Chairs"})).await;
    app.admin().update("deal", &deal, json!({"stage": "won"})).await.ok(200);
    app.finish().await;
}
