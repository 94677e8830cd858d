//! What stands in the way of a move is told at once, at every door.

use people::token::Scope;
use serde_json::{Value, json};

use super::{rule, stage_of};
use crate::app::TestApp;
use crate::process::{Engine, flows, process};
use crate::records::imports::import;

const GUARD: &str = "record.amount > 0";

fn codes(problem: &Value) -> Vec<&str> {
    problem["conditions"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn acceptance_8_all_conditions_are_told_at_once_and_when_they_are_met_it_moves() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let message = json!({"en": "Agree on the sum first.", "ru": "Сначала согласуйте сумму."});
    rule(&app, "contract", json!({"guard": GUARD, "guard_message": message, "required": ["close_date"]})).await;
    let id = app.record("deal", json!({"title": "Pipes", "amount": 0})).await;
    let path = format!("/records/deal/{id}/stage");
    let refused = admin.post(&path, json!({"stage": "contract"})).await.problem(409, "stage.refused");
    assert_eq!(
        refused["conditions"],
        json!([
            {"code": "required", "field": "close_date", "message": "Fill in “Expected close”."},
            {"code": "guard", "field": "amount", "message": "Agree on the sum first."},
        ])
    );
    assert_eq!(refused["fields"]["close_date"]["code"], "required");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("“Contract”") && detail.contains("Expected close") && detail.contains("the sum"),
        "{detail}"
    );
    admin.patch("/me", json!({"locale": "ru"})).await.ok(200);
    let russian = admin.post(&path, json!({"stage": "contract"})).await;
    admin.patch("/me", json!({"locale": "en"})).await.ok(200);
    assert_eq!(russian.problem(409, "stage.refused")["conditions"][1]["message"], "Сначала согласуйте сумму.");
    // A change of the other fields is free, and both at once go in.
    admin.update("deal", &id, json!({"amount": 5})).await.ok(200);
    let one = admin.post(&path, json!({"stage": "contract"})).await.problem(409, "stage.refused");
    assert_eq!(codes(&one), ["required"]);
    let both = json!({"stage": "contract", "close_date": "2026-04-01"});
    assert_eq!(admin.update("deal", &id, both).await.ok(200)["fields"]["stage"], "contract");
    // Inside the stage the record may lose it again; leaving asks nothing of the old stage.
    admin.update("deal", &id, json!({"close_date": null})).await.ok(200);
    admin.post(&path, json!({"stage": "quote"})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn every_door_is_guarded() {
    let app = TestApp::start().await;
    let admin = app.admin();
    rule(&app, "contract", json!({"guard": GUARD, "required": ["close_date"]})).await;
    let id = app.record("deal", json!({"title": "Pipes"})).await;
    let refused = admin.update("deal", &id, json!({"stage": "contract"})).await.problem(409, "stage.refused");
    assert_eq!(codes(&refused), ["required", "guard"], "an empty amount is not more than nothing");
    let made = admin.create("deal", json!({"title": "new", "stage": "contract"})).await;
    assert_eq!(codes(&made.problem(409, "stage.refused")), ["required", "guard"]);
    // Several at once: a refused row keeps the others, unless all or nothing was asked for.
    let rows = json!([{"id": id, "fields": {"stage": "contract"}}]);
    let create = json!([{"fields": {"title": "beside"}}]);
    let bulk = admin.post("/records/deal/bulk", json!({"create": create, "update": rows})).await.ok(200);
    assert_eq!(
        (&bulk["results"][0]["status"], &bulk["results"][1]["code"]),
        (&json!("created"), &json!("stage.refused"))
    );
    assert_eq!(codes(&bulk["results"][1]), ["required", "guard"]);
    let all = json!({"create": create, "update": rows, "all_or_nothing": true});
    let bulk = admin.post("/records/deal/bulk", all).await.ok(200);
    assert_eq!(
        (&bulk["results"][0]["code"], &bulk["results"][1]["code"]),
        (&json!("batch.rolled_back"), &json!("stage.refused"))
    );
    let whole = json!({"filter": {"field": "title", "op": "eq", "value": "Pipes"}, "fields": {"stage": "contract"}});
    let job = admin.post("/records/deal/bulk", whole).await.ok(202);
    app.drain().await;
    let job = admin.get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.ok(200);
    assert_eq!(job["result"]["refused"], json!([{"id": id, "code": "stage.refused"}]));
    // A file.
    let done = import(&app, "deal", "Title;Stage\nFrom a file;contract\n", &["title", "stage"], "create").await;
    assert_eq!((&done["accepted"], &done["refused"]), (&json!(0), &json!(1)), "{done}");
    // A process.
    let engine = Engine::of(&app);
    let update = r#"<startEvent id="start"/><serviceTask id="move" v:service="update-record"><extensionElements><v:param name="stage">contract</v:param></extensionElements></serviceTask><endEvent id="end"/>"#;
    engine.deploy(process("mover", &(update.to_owned() + &flows("start>move move>end")))).await;
    let instance = engine.start_about("mover", "deal", &id, json!({})).await;
    app.drain().await;
    let instance = engine.instance(&instance).await;
    assert!(instance["incidents"][0]["message"].as_str().unwrap().contains("Expected close"), "{instance:#}");
    assert_eq!(stage_of(&app, &id).await, "deal_new");
    app.finish().await;
}

#[tokio::test]
async fn a_stage_names_where_it_is_entered_from_and_who_moves_there() {
    let mut app = TestApp::build().person("max", "sales_manager").person("eve", "sales_head").start().await;
    app.department("Sales", None, &["max", "eve"]).await;
    let main = super::main(&app, "deal").await;
    let list = super::with(super::stages(&main), "payment", json!({"from": ["contract"]}));
    let list = super::with(list, "won", json!({"roles": ["sales_head"]}));
    app.admin().put(&super::place(&main), json!({"stages": list})).await.ok(200);
    let max = app.by("max");
    let id = max.create("deal", json!({"title": "d"})).await.id();
    let refused = max.update("deal", &id, json!({"stage": "payment"})).await.problem(409, "stage.refused");
    assert_eq!(codes(&refused), ["from"]);
    assert!(refused["detail"].as_str().unwrap().contains("“Contract”"), "{refused}");
    max.update("deal", &id, json!({"stage": "contract"})).await.ok(200);
    max.update("deal", &id, json!({"stage": "payment"})).await.ok(200);
    let refused = max.update("deal", &id, json!({"stage": "won"})).await.problem(409, "stage.refused");
    assert_eq!(codes(&refused), ["roles"]);
    app.by("eve").update("deal", &id, json!({"stage": "won"})).await.ok(200);
    // A token of an administrator without that right is nobody's head.
    let company = &app.companies[0];
    let token = app.token_of(company, app.id_of("admin"), &[Scope::Write, Scope::Read]).await;
    let plain = app.with_token(&token);
    plain.update("deal", &id, json!({"stage": "contract"})).await.ok(200);
    plain.update("deal", &id, json!({"stage": "won"})).await.problem(409, "stage.refused");
    app.admin().update("deal", &id, json!({"stage": "won"})).await.ok(200);
    // What somebody does not see is asked for without a name.
    rule(&app, "quote", json!({"required": ["source"]})).await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read", "create", "update"]}]);
    app.role("blind", rows, json!([{"entity": "deal", "field": "source", "right": "hidden"}])).await;
    app.person(0, "bob", &["blind"]).await;
    let refused = app.by("bob").update("deal", &id, json!({"stage": "quote"})).await.problem(409, "stage.refused");
    assert_eq!(codes(&refused), ["hidden"]);
    assert!(!refused.to_string().to_lowercase().contains("source"), "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn a_guard_sees_the_record_before_and_whoever_acts_and_one_that_fails_lets_nothing_in() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let check = async |guard: &str, passes: bool| {
        rule(&app, "quote", json!({"guard": guard})).await;
        let id = app.record("deal", json!({"title": "d", "amount": 7.5, "probability": 20})).await;
        let answer = app.by("max").update("deal", &id, json!({"stage": "quote"})).await;
        let admin = app.admin().update("deal", &id, json!({"stage": "quote"})).await;
        let status = if answer.status == 404 { admin.status } else { answer.status };
        assert_eq!(status == 200, passes, "{guard}: {}", admin.text());
    };
    check("record.amount > 7 && record.probability == 20", true).await;
    check("record.title.startsWith('x')", false).await;
    check("before.stage == 'deal_new'", true).await;
    check("'nobody' in actor.roles", false).await;
    check("record.close_date > 'x'", false).await;
    check("1 / 0 > 1", false).await;
    check("record.amount", false).await;
    app.finish().await;
}

#[tokio::test]
async fn what_was_moved_into_a_guarded_stage_by_the_configuration_comes_back_by_undo() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "d", "stage": "quote"})).await;
    rule(&app, "contract", json!({"required": ["close_date"], "from": ["negotiation"]})).await;
    rule(&app, "quote", json!({"guard": "false"})).await;
    let main = super::main(&app, "deal").await;
    let sent = json!({"stages": super::without(super::stages(&main), "quote"), "move_to": {"quote": "contract"}});
    let done = admin.put(&super::place(&main), sent).await.ok(200);
    assert_eq!(stage_of(&app, &id).await, "contract");
    admin.post(&format!("/batches/{}/undo", done["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!(stage_of(&app, &id).await, "quote");
    app.finish().await;
}
