//! What a stage makes happen when a record enters it: a task that is done before the record leaves, and actions.

use serde_json::{Value, json};

use super::{main, place, rule, stage_of, stages, with, without};
use crate::app::TestApp;
use crate::automation::{action, notices, runs, tell};
use crate::records::imports::import;

fn signing() -> Value {
    json!({"title": {"en": "Sign it", "ru": "Подписать"}, "duration": "P1D", "remind": "PT1H"})
}

/// Open tasks about a deal.
async fn open(app: &TestApp, deal: &str) -> Vec<Value> {
    let page = app.admin().get(&format!("/tasks?state=open&subject=deal:{deal}")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

async fn go(app: &TestApp, deal: &str, stage: &str) -> crate::app::Answer {
    app.admin().post(&format!("/records/deal/{deal}/stage"), json!({"stage": stage})).await
}

#[tokio::test]
async fn a_record_does_not_leave_its_stage_before_the_task_of_it_is_done() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    rule(&app, "contract", json!({"contract": signing()})).await;
    let deal = app.record("deal", json!({"title": "Chairs", "owner": app.id_of("max")})).await;
    assert_eq!(open(&app, &deal).await.len(), 0);
    go(&app, &deal, "contract").await.ok(200);
    let tasks = open(&app, &deal).await;
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    let task = &tasks[0];
    assert_eq!((&task["title"], &task["assignee"]), (&json!("Sign it"), &json!(app.id_of("max"))), "{task:#}");
    assert!(task["due"].is_string(), "{task:#}");
    let refused = go(&app, &deal, "payment").await.problem(409, "stage.refused");
    assert_eq!(refused["conditions"][0]["code"], "task_open");
    assert!(refused["detail"].as_str().unwrap().contains("“Sign it”"), "{refused}");
    admin.update("deal", &deal, json!({"stage": "lost"})).await.problem(409, "stage.refused");
    let rows = json!({"update": [{"id": deal, "fields": {"stage": "won"}}]});
    let bulk = admin.post("/records/deal/bulk", rows).await.ok(200);
    assert_eq!(bulk["results"][0]["code"], "stage.refused");
    // Everything else of it may be changed, which makes no second task.
    admin.update("deal", &deal, json!({"amount": 5})).await.ok(200);
    assert_eq!(open(&app, &deal).await.len(), 1);
    let id = task["id"].as_str().unwrap();
    app.by("max").post(&format!("/tasks/{id}/complete"), json!({})).await.ok(200);
    go(&app, &deal, "payment").await.ok(200);
    assert_eq!(open(&app, &deal).await.len(), 0);
    // Entered again, it is done again.
    go(&app, &deal, "contract").await.ok(200);
    assert_eq!(open(&app, &deal).await.len(), 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_record_that_begins_there_has_the_task_and_what_is_undone_or_imported_has_none() {
    let app = TestApp::start().await;
    let admin = app.admin();
    rule(&app, "contract", json!({"contract": signing()})).await;
    let deal = app.record("deal", json!({"title": "Begins", "stage": "contract"})).await;
    assert_eq!(open(&app, &deal).await.len(), 1);
    let other = app.record("deal", json!({"title": "Moved"})).await;
    let rows = json!({"update": [{"id": other, "fields": {"stage": "contract"}}]});
    let bulk = admin.post("/records/deal/bulk", rows.clone()).await.ok(200);
    assert_eq!(open(&app, &other).await.len(), 1);
    let batch = bulk["batch"].as_str().unwrap();
    admin.post(&format!("/batches/{batch}/undo"), json!({})).await;
    app.drain().await;
    assert_eq!((stage_of(&app, &other).await, open(&app, &other).await.len()), (json!("deal_new"), 0));
    // Whoever moves many and wants nothing to follow is asked for nothing.
    let mut quiet = rows;
    quiet["run_rules"] = json!(false);
    admin.post("/records/deal/bulk", quiet).await.ok(200);
    assert_eq!((stage_of(&app, &other).await, open(&app, &other).await.len()), (json!("contract"), 0));
    go(&app, &other, "payment").await.ok(200);
    import(&app, "deal", "Title,Stage\nImported,contract\n", &["title", "stage"], "create").await;
    let found = json!({"filter": {"field": "title", "op": "eq", "value": "Imported"}});
    let page = admin.post("/records/deal/query", found).await.ok(200);
    let imported = page["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{page}"));
    assert_eq!(open(&app, imported).await.len(), 0);
    app.finish().await;
}

#[tokio::test]
async fn a_move_that_is_refused_or_lost_makes_no_task_and_two_at_once_make_one() {
    let app = TestApp::start().await;
    rule(&app, "contract", json!({"contract": signing()})).await;
    let main = main(&app, "deal").await;
    let guarded = with(stages(&main), "contract", json!({"guard": "record.amount > 0"}));
    app.admin().put(&place(&main), json!({ "stages": guarded })).await.ok(200);
    let deal = app.record("deal", json!({"title": "Chairs"})).await;
    go(&app, &deal, "contract").await.problem(409, "stage.refused");
    assert_eq!(open(&app, &deal).await.len(), 0);
    app.admin().update("deal", &deal, json!({"amount": 5})).await.ok(200);
    let tries = futures::future::join_all((0..6).map(|_| go(&app, &deal, "contract"))).await;
    assert!(tries.iter().any(|answer| answer.status.as_u16() == 200));
    assert_eq!(open(&app, &deal).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn the_task_of_a_stage_has_what_its_action_is_given_and_tells_when_it_is_late() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let given = json!({"subject": "Offer", "text": "Dear all"});
    let late = json!([{"to": "user:admin@acme.test", "after": "PT1H", "reassign": true}]);
    let contract = json!({"title": {"en": "Write"}, "duration": "PT1H", "main_action": "email", "parameters": given,
        "require_main_action": true, "escalate": late});
    rule(&app, "contract", json!({ "contract": contract })).await;
    let kept = main(&app, "deal").await;
    let stage = kept["stages"].as_array().unwrap().iter().find(|one| one["key"] == "contract").unwrap();
    assert_eq!((&stage["contract"]["parameters"], &stage["contract"]["escalate"]), (&given, &late));
    let deal = app.record("deal", json!({"title": "Chairs", "owner": app.id_of("max")})).await;
    go(&app, &deal, "contract").await.ok(200);
    let tasks = open(&app, &deal).await;
    assert_eq!((&tasks[0]["main_action"]["parameters"], &tasks[0]["assignee"]), (&given, &json!(app.id_of("max"))));
    // Two working hours later somebody else has it.
    app.clock.advance_seconds(7 * 86_400);
    app.drain().await;
    app.drain().await;
    assert_eq!(open(&app, &deal).await[0]["assignee"], json!(app.id_of("admin")));
    app.finish().await;
}

#[tokio::test]
async fn of_many_records_only_those_whose_task_cannot_be_made_stay_where_they_are() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    let long = json!({"title": {"en": "Sign it"}, "executors": ["owner"], "duration": "P3D"});
    rule(&app, "contract", json!({ "contract": long })).await;
    // Within ten years Max has not three days of working time.
    let max = app.id_of("max");
    let minute = json!({"calendar": {"week": {"mon": ["09:00-09:01"]}}});
    admin.put(&format!("/calendars/user:{max}"), minute).await.ok(200);
    let mut deals = Vec::new();
    for owner in ["admin", "max", "admin"] {
        deals.push(app.record("deal", json!({"title": owner, "owner": app.id_of(owner)})).await);
    }
    let rows: Vec<Value> =
        deals.iter().map(|deal| json!({"id": deal, "fields": {"stage": "contract", "amount": 7}})).collect();
    let whole = json!({"update": rows, "all_or_nothing": true});
    let none = admin.post("/records/deal/bulk", whole).await.ok(200);
    let codes: Vec<&Value> = none["results"].as_array().unwrap().iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, [&json!("batch.rolled_back"), &json!("task.invalid"), &json!("batch.rolled_back")], "{none}");
    assert_eq!(open(&app, &deals[0]).await.len(), 0);
    let some = admin.post("/records/deal/bulk", json!({ "update": rows })).await.ok(200);
    let states: Vec<&Value> = some["results"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(states, [&json!("updated"), &json!("refused"), &json!("updated")], "{some}");
    assert!(some["results"][1]["fields"].get("duration").is_some(), "{some}");
    for (deal, stage, tasks) in [(&deals[0], "contract", 1), (&deals[1], "deal_new", 0), (&deals[2], "contract", 1)] {
        assert_eq!((stage_of(&app, deal).await, open(&app, deal).await.len()), (json!(stage), tasks));
    }
    // One record alone is refused with the same words.
    let refused = go(&app, &deals[1], "contract").await.problem(422, "task.invalid");
    assert!(refused["fields"].get("duration").is_some(), "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn what_a_stage_asks_for_is_judged_by_part_and_stays_as_it_was_sent() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let pipeline = main(&app, "deal").await;
    let save = async |members: Value| {
        let list = json!({"stages": with(stages(&pipeline), "contract", members)});
        app.admin().put(&place(&pipeline), list).await
    };
    let place_of =
        main(&app, "deal").await["stages"].as_array().unwrap().iter().position(|one| one["key"] == "contract");
    let at = format!("stages.{}", place_of.unwrap());
    for (contract, part) in [
        (json!({}), "title"),
        (json!({"title": {"en": "x"}, "executors": ["somebody"]}), "executors"),
        (json!({"title": {"en": "x"}, "duration": "soon"}), "duration"),
        (json!({"title": {"en": "x"}, "duration": "PT1H", "remind": "P1D"}), "remind"),
        (json!({"title": {"en": "x"}, "main_action": "dance"}), "main_action"),
        (json!({"title": {"en": "x"}, "require_main_action": true}), "main_action"),
        (json!({"title": {"en": "x"}, "form": ["nothing"]}), "form"),
        (json!({"title": {"en": "x"}, "parameters": {"subject": "x"}}), "main_action"),
        (
            json!({"title": {"en": "x"}, "main_action": "email", "parameters": {"text": "x".repeat(100_000)}}),
            "main_action",
        ),
        (json!({"title": {"en": "x"}, "escalate": [{"to": "head"}]}), "escalate"),
        (json!({"title": {"en": "x"}, "duration": "P1D", "escalate": [{"to": "somebody"}]}), "escalate"),
        (json!({"title": {"en": "x"}, "duration": "P1D", "escalate": [{"to": "head", "every": "PT0S"}]}), "escalate"),
        (json!({"title": {"en": "x"}, "duration": "P1D", "escalate": vec![json!({"to": "head"}); 17]}), "escalate"),
        (json!({"title": {"en": "x"}, "description": "x".repeat(5_001)}), "description"),
    ] {
        let refused = save(json!({ "contract": contract })).await.problem(422, "config.invalid");
        assert!(refused["fields"].get(format!("{at}.contract.{part}")).is_some(), "{part}: {refused}");
    }
    for (acts, part) in [
        (json!([{"kind": "dance"}]), ".0.kind"),
        (json!([{"kind": "notice", "parameters": {"text": "x"}}]), ".0.parameters.to"),
        (json!([tell("x"), {"nothing": 1}]), ".1"),
    ] {
        let refused = save(json!({ "on_enter": acts })).await.problem(422, "config.invalid");
        assert!(refused["fields"].get(format!("{at}.on_enter{part}")).is_some(), "{part}: {refused}");
    }
    let sent = json!({"contract": signing(), "on_enter": [tell("{{record.title}} is signed")]});
    save(sent.clone()).await.ok(200);
    let kept = main(&app, "deal").await;
    let stage = kept["stages"].as_array().unwrap().iter().find(|one| one["key"] == "contract").unwrap().clone();
    assert_eq!((&stage["contract"]["title"], &stage["on_enter"]), (&sent["contract"]["title"], &sent["on_enter"]));
    app.by("max").put(&place(&kept), json!({"stages": stages(&kept)})).await.problem(403, "config.denied");
    app.finish().await;
}

#[tokio::test]
async fn a_stage_acts_on_entering_once_for_each_time() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let acts = json!([tell("{{record.title}} entered"), action("set-fields", json!({"comments": "came in"}))]);
    rule(&app, "contract", json!({ "on_enter": acts })).await;
    let deal = app.record("deal", json!({"title": "Chairs"})).await;
    app.drain().await;
    assert_eq!(notices(&app).await, [""; 0]);
    go(&app, &deal, "contract").await.ok(200);
    app.drain().await;
    assert_eq!(notices(&app).await, ["Chairs entered"]);
    assert_eq!(admin.get(&format!("/records/deal/{deal}")).await.ok(200)["fields"]["comments"], "came in");
    go(&app, &deal, "payment").await.ok(200);
    go(&app, &deal, "contract").await.ok(200);
    app.drain().await;
    assert_eq!(notices(&app).await.len(), 2);
    assert!(runs(&app, "").await.iter().all(|run| run["state"] == "done"));
    // It is the stage's: it is changed there alone, and away with its list.
    let rules = admin.get("/automations?entity=deal").await.ok(200);
    let id = rules["items"][0]["id"].as_str().unwrap().to_owned();
    let own = json!({"rule": rules["items"][0]["rule"]});
    admin.put(&format!("/automations/{id}"), own).await.problem(409, "automation.of_stage");
    admin.delete(&format!("/automations/{id}")).await.problem(409, "automation.of_stage");
    rule(&app, "contract", json!({"on_enter": []})).await;
    assert_eq!(admin.get("/automations?entity=deal").await.ok(200)["items"], json!([]));
    go(&app, &deal, "payment").await.ok(200);
    go(&app, &deal, "contract").await.ok(200);
    app.drain().await;
    assert_eq!(notices(&app).await.len(), 2);
    // Once it is there again, it looks at what happens from then on.
    rule(&app, "contract", json!({"on_enter": [tell("again {{record.title}}")]})).await;
    app.drain().await;
    assert_eq!(notices(&app).await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn a_stage_that_comes_back_by_undo_acts_again() {
    let app = TestApp::start().await;
    rule(&app, "contract", json!({"on_enter": [tell("{{record.title}} entered")]})).await;
    let deal = app.record("deal", json!({"title": "Chairs", "stage": "contract"})).await;
    app.drain().await;
    assert_eq!(notices(&app).await.len(), 1);
    let before = main(&app, "deal").await;
    let list = json!({"stages": without(stages(&before), "contract"), "move_to": {"contract": "payment"}});
    let gone = app.admin().put(&place(&before), list).await.ok(200);
    assert_eq!(app.admin().get("/automations?entity=deal").await.ok(200)["items"], json!([]));
    let batch = gone["batch"].as_str().unwrap();
    app.admin().post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200);
    assert_eq!(stage_of(&app, &deal).await, "contract");
    let rules = app.admin().get("/automations?entity=deal").await.ok(200);
    assert_eq!(rules["items"].as_array().unwrap().len(), 1, "{rules}");
    // What was put back by the undo is no news; who enters from now on is.
    app.drain().await;
    assert_eq!(notices(&app).await.len(), 1);
    go(&app, &deal, "payment").await.ok(200);
    go(&app, &deal, "contract").await.ok(200);
    app.drain().await;
    assert_eq!(notices(&app).await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn a_field_that_is_gone_is_not_asked_for_by_the_task() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let field = json!({"key": "x_note", "label": {"en": "Note"}, "type": "text"});
    admin.post("/entities/deal/fields", field).await.ok(201);
    let contract = json!({"title": {"en": "Sign it"}, "form": ["x_note", "comments"]});
    rule(&app, "contract", json!({ "contract": contract })).await;
    admin.delete("/entities/deal/fields/x_note").await.ok(204);
    let deal = app.record("deal", json!({"title": "Chairs", "stage": "contract"})).await;
    let task = open(&app, &deal).await[0]["id"].as_str().unwrap().to_owned();
    let complete = format!("/tasks/{task}/complete");
    let refused = admin.post(&complete, json!({})).await.problem(422, "task.invalid");
    assert!(refused["fields"].get("record.comments").is_some(), "{refused}");
    admin.post(&complete, json!({"variables": {"record.comments": "signed"}})).await.ok(200);
    go(&app, &deal, "payment").await.ok(200);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn whoever_has_the_task_does_it_and_does_not_take_it_back() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    rule(&app, "contract", json!({"contract": signing()})).await;
    let fields = json!({"title": "Chairs", "stage": "contract", "owner": app.id_of("max")});
    let (deal, other) = (app.record("deal", fields).await, app.record("deal", json!({"title": "Other"})).await);
    let id = open(&app, &deal).await[0]["id"].as_str().unwrap().to_owned();
    let max = app.by("max");
    max.post(&format!("/tasks/{id}/cancel"), json!({})).await.problem(403, "denied");
    for change in [json!({"state": "cancelled"}), json!({"record_id": other})] {
        let refused = max.update("task", &id, change.clone()).await;
        assert!(refused.status.is_client_error(), "{change}: {}", refused.text());
    }
    let refused = max.delete(&format!("/records/task/{id}")).await;
    assert!(refused.status.is_client_error(), "{}", refused.text());
    assert_eq!(open(&app, &deal).await.len(), 1);
    go(&app, &deal, "payment").await.problem(409, "stage.refused");
    // Those above may: no record is kept for ever.
    app.admin().post(&format!("/tasks/{id}/cancel"), json!({"note": "Signed on paper."})).await.ok(200);
    go(&app, &deal, "payment").await.ok(200);
    app.drain().await;
    app.finish().await;
}
