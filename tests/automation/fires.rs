//! What sets rules off, in which order, with whose rights, and what becomes of what fails.

use kernel::jobs::{self, NewJob};
use serde_json::{Value, json};

use super::{action, notices, rule, runs, tell, told};
use crate::app::TestApp;
use crate::process::{Engine, one_task};

async fn fields(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/records/deal/{id}")).await.ok(200)["fields"].clone()
}

#[tokio::test]
async fn each_kind_of_change_sets_off_its_rules_in_their_order() {
    let app = TestApp::start().await;
    let admin = app.admin();
    for (name, on) in [
        ("made", json!({"event": "created"})),
        ("amount", json!({"event": "updated", "fields": ["amount"]})),
        ("any", json!({"event": "updated"})),
        ("quoted", json!({"event": "stage_entered", "stage": "quote"})),
        ("left", json!({"event": "stage_left", "stage": "quote"})),
        ("gone", json!({"event": "deleted"})),
    ] {
        rule(&app, "deal", json!({"name": name, "on": on, "do": [tell(&format!("{name} {{{{record.title}}}}"))]}))
            .await;
    }
    let id = app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    admin.update("deal", &id, json!({"amount": 5})).await.ok(200);
    admin.update("deal", &id, json!({"title": "b"})).await.ok(200);
    app.drain().await;
    admin.update("deal", &id, json!({"stage": "quote"})).await.ok(200);
    admin.update("deal", &id, json!({"stage": "won"})).await.ok(200);
    app.drain().await;
    admin.delete(&format!("/records/deal/{id}")).await.ok(204);
    app.record("lead", json!({"title": "no deal"})).await;
    app.drain().await;
    let expected =
        ["made a", "amount a", "any a", "any b", "any b", "quoted b", "any b", "left b", "gone b"].map(str::to_owned);
    assert_eq!(notices(&app).await.len(), expected.len());
    let all = runs(&app, "").await;
    let names: Vec<&str> = all.iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, expected.each_ref().map(|text| text.split(' ').next().unwrap()));
    assert!(all.iter().all(|run| run["state"] == "done" && run["record"] == id.as_str()), "{all:?}");
    // A restored record was not made anew.
    admin.post(&format!("/records/deal/{id}/restore"), json!({})).await;
    app.drain().await;
    assert_eq!(runs(&app, "").await.len(), expected.len());
    app.finish().await;
}

#[tokio::test]
async fn conditions_see_before_and_after_and_actions_see_what_came_before_them() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let steps = json!([
        action("set-fields", json!({"comments": "was {{before.amount}}, is {{record.amount}}"})),
        action("create-record", json!({"entity": "activity", "title": "Call about {{record.title}}", "kind": "call"})),
        action("task", json!({"title": "After {{results[1].id}}", "executors": "owner", "within": "P1D"})),
    ]);
    let on = json!({"event": "updated", "fields": ["amount"]});
    let when = "record.amount >= before.amount * 2 && actor.kind == 'token'";
    rule(&app, "deal", json!({"name": "doubled", "on": on, "when": when, "do": steps})).await;
    let max = app.by("max");
    let id = max.create("deal", json!({"title": "a", "amount": 10.1})).await.id();
    max.update("deal", &id, json!({"amount": 20.19})).await.ok(200);
    app.drain().await;
    assert!(runs(&app, "").await.is_empty());
    max.update("deal", &id, json!({"amount": 40.38})).await.ok(200);
    app.drain().await;
    let done = runs(&app, &format!("&record={id}")).await;
    assert_eq!(told(&done), ["doubled done"], "{done:?}");
    assert_eq!(fields(&app, &id).await["comments"], "was 20.19, is 40.38");
    let call = done[0]["results"][1]["id"].as_str().unwrap();
    app.admin().get(&format!("/records/activity/{call}")).await.ok(200);
    let task = done[0]["results"][2]["id"].as_str().unwrap();
    let task = app.admin().get(&format!("/tasks/{task}")).await.ok(200);
    assert_eq!(task["title"], format!("After {call}"));
    assert_eq!(task["assignee"]["id"].as_str().or(task["assignee"].as_str()), Some(&*app.id_of("max").to_string()));
    assert_eq!(task["subject"]["id"], id.as_str());
    // In history it is the rule.
    let history = app.admin().get(&format!("/records/deal/{id}/timeline")).await.ok(200);
    assert!(history.to_string().contains("\"kind\":\"rule\""), "{history}");
    app.finish().await;
}

#[tokio::test]
async fn a_failure_stops_its_rule_alone_and_is_tried_again_by_hand() {
    let app = TestApp::start().await;
    let on = json!({"event": "created"});
    let bad = json!([tell("first"), action("webhook", json!({"url": "http://127.0.0.1:9/x"})), tell("never"),]);
    let id = rule(&app, "deal", json!({"name": "bad", "on": on, "do": bad})).await;
    rule(&app, "deal", json!({"name": "wrong", "on": on, "when": "record.amount / 0 > 1", "do": [tell("x")]})).await;
    rule(&app, "deal", json!({"name": "module", "on": on, "do": [action("plugin:gone/act", json!({}))]})).await;
    rule(&app, "deal", json!({"name": "good", "on": on, "do": [tell("good")]})).await;
    let deal = app.record("deal", json!({"title": "a", "amount": 1})).await;
    app.drain().await;
    let done = runs(&app, "").await;
    assert_eq!(told(&done), ["bad failed", "wrong failed", "module failed", "good done"], "{done:?}");
    assert!(done[0]["error"].as_str().unwrap().starts_with("webhook: "), "{done:?}");
    assert!(done[1]["error"].as_str().unwrap().contains("division by zero"), "{done:?}");
    assert!(done[2]["error"].as_str().unwrap().contains("gone is not enabled"), "{done:?}");
    assert_eq!(notices(&app).await, ["first", "good"]);
    // Mended, it goes on from where it stopped; what was done is not done again.
    let mended = json!([tell("first"), tell("second"), tell("third")]);
    let rule = json!({"rule": {"name": "bad", "on": on, "do": mended}});
    app.admin().put(&format!("/automations/{id}"), rule).await.ok(200);
    let failed = done[0]["id"].as_str().unwrap();
    app.admin().post(&format!("/automations/runs/{failed}/retry"), json!({})).await.ok(200);
    app.admin().post(&format!("/automations/runs/{failed}/retry"), json!({})).await.problem(409, "automation.state");
    app.drain().await;
    let run = runs(&app, &format!("&rule={id}")).await;
    assert_eq!((&run[0]["state"], run[0]["results"].as_array().unwrap().len()), (&json!("done"), 3), "{run:?}");
    assert_eq!(notices(&app).await, ["first", "good", "second", "third"]);
    assert_eq!(runs(&app, "&state=failed").await.len(), 2);
    assert_eq!(runs(&app, &format!("&record={deal}")).await.len(), 4);
    app.finish().await;
}

#[tokio::test]
async fn rules_on_each_others_change_are_stopped_at_eight_hops_with_the_chain() {
    let app = TestApp::start().await;
    for key in ["x_a", "x_b"] {
        let field = json!({"key": key, "label": {"en": key}, "type": "integer"});
        app.admin().post("/entities/deal/fields", field).await.ok(201);
    }
    for (name, from, to) in [("A", "x_b", "x_a"), ("B", "x_a", "x_b")] {
        let on = json!({"event": "updated", "fields": [from]});
        let set = action("set-fields", json!({to: format!("=record.{from} + 1")}));
        rule(&app, "deal", json!({"name": name, "on": on, "do": [set]})).await;
    }
    let id = app.record("deal", json!({"title": "a"})).await;
    app.admin().update("deal", &id, json!({"x_b": 1})).await.ok(200);
    app.drain().await;
    let fields = fields(&app, &id).await;
    assert_eq!((&fields["x_a"], &fields["x_b"]), (&json!(8), &json!(9)));
    let all = runs(&app, "").await;
    assert_eq!(all.len(), 9);
    let (last, done) = all.split_last().unwrap();
    assert!(done.iter().all(|run| run["state"] == "done"), "{done:?}");
    assert_eq!(last["state"], "stopped");
    let words = last["error"].as_str().unwrap();
    assert!(words.ends_with("A -> B -> A -> B -> A -> B -> A -> B -> A"), "{words}");
    app.finish().await;
}

#[tokio::test]
async fn a_rule_acts_with_its_own_rights_or_with_those_of_whoever_made_the_change() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let on = json!({"event": "created"});
    for (name, rights) in [("own", "rule"), ("theirs", "actor")] {
        let make = action("create-record", json!({"entity": "organization", "title": name}));
        rule(&app, "deal", json!({"name": name, "on": on, "as": rights, "do": [make]})).await;
    }
    app.by("max").create("deal", json!({"title": "a"})).await.ok(201);
    app.drain().await;
    assert_eq!(told(&runs(&app, "").await), ["own done", "theirs failed"]);
    assert_eq!(app.admin().found("organization", json!({"and": []})).await, ["own"]);
    app.record("deal", json!({"title": "b"})).await;
    app.drain().await;
    assert_eq!(told(&runs(&app, "").await)[2..], ["own done", "theirs done"]);
    // Nobody made what a rule made by itself.
    let make = action("create-record", json!({"entity": "deal", "title": "made"}));
    let on = json!({"event": "created"});
    rule(&app, "lead", json!({"name": "lead", "on": on, "do": [make]})).await;
    app.record("lead", json!({"title": "c"})).await;
    app.drain().await;
    let last = runs(&app, "&state=failed").await.pop().unwrap();
    assert_eq!(last["error"], "The rule acts as the person who made the change, but no person made it.");
    app.finish().await;
}

#[tokio::test]
async fn after_a_delay_in_working_time_the_condition_is_asked_again() {
    let app = TestApp::start().await;
    let on = json!({"event": "stage_entered", "stage": "quote"});
    let wait = |name: &str, when: &str| json!({"name": name, "on": on, "when": when, "delay": "PT5H", "do": [tell("still {{record.title}}")]});
    rule(&app, "deal", wait("wait", "record.stage == 'quote'")).await;
    let (stays, leaves) =
        (app.record("deal", json!({"title": "stays"})).await, app.record("deal", json!({"title": "b"})).await);
    for id in [&stays, &leaves] {
        app.admin().update("deal", id, json!({"stage": "quote"})).await.ok(200);
    }
    app.drain().await;
    let waiting = runs(&app, "").await;
    // Monday 09:00, an hour for lunch.
    assert_eq!(told(&waiting), ["wait waiting"; 2]);
    assert_eq!(waiting[0]["due_at"], "2026-03-16T15:00:00Z");
    app.admin().update("deal", &leaves, json!({"stage": "won"})).await.ok(200);
    app.admin().update("deal", &stays, json!({"title": "renamed"})).await.ok(200);
    app.clock.advance_seconds(6 * 3_600);
    app.drain().await;
    let mut ends = told(&runs(&app, "").await);
    ends.sort();
    assert_eq!(ends, ["wait done", "wait passed"]);
    assert_eq!(notices(&app).await, ["still renamed"]);
    app.finish().await;
}

#[tokio::test]
async fn what_stands_in_a_stage_too_long_is_noticed_and_what_left_is_not() {
    let app = TestApp::start().await;
    let on = json!({"event": "stuck", "stage": "quote", "after": "PT2H"});
    rule(&app, "deal", json!({"name": "stuck", "on": on, "do": [tell("stuck {{record.title}}")]})).await;
    let mut ids = Vec::new();
    for title in ["stays", "leaves", "comes back"] {
        let id = app.record("deal", json!({"title": title, "stage": "quote"})).await;
        ids.push(id);
    }
    app.drain().await;
    app.clock.advance_seconds(3_600);
    app.admin().update("deal", &ids[1], json!({"stage": "won"})).await.ok(200);
    for stage in ["won", "quote"] {
        app.admin().update("deal", &ids[2], json!({"stage": stage})).await.ok(200);
    }
    app.drain().await;
    app.clock.advance_seconds(3_600);
    app.drain().await;
    assert_eq!(notices(&app).await, ["stuck stays"]);
    app.clock.advance_seconds(3_600);
    app.drain().await;
    assert_eq!(notices(&app).await, ["stuck comes back", "stuck stays"]);
    assert_eq!(told(&runs(&app, "").await), ["stuck done"; 2]);
    app.finish().await;
}

#[tokio::test]
async fn once_is_once_for_a_record_and_a_rule_sees_only_what_happens_while_it_is_on() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "early", "stage": "quote"})).await;
    let on = json!({"event": "stage_entered", "stage": "won"});
    let body = |enabled: bool| json!({"name": "won", "on": on, "once": true, "enabled": enabled, "do": [tell("won")]});
    admin.update("deal", &id, json!({"stage": "won"})).await.ok(200);
    let made = rule(&app, "deal", body(true)).await;
    app.drain().await;
    assert!(notices(&app).await.is_empty());
    for stage in ["quote", "won", "quote", "won"] {
        admin.update("deal", &id, json!({"stage": stage})).await.ok(200);
    }
    app.drain().await;
    assert_eq!(notices(&app).await, ["won"]);
    admin.put(&format!("/automations/{made}"), json!({"rule": body(false)})).await.ok(200);
    app.record("deal", json!({"title": "off", "stage": "won"})).await;
    admin.put(&format!("/automations/{made}"), json!({"rule": body(true)})).await.ok(200);
    app.drain().await;
    assert_eq!(notices(&app).await, ["won"]);
    app.record("deal", json!({"title": "on", "stage": "won"})).await;
    app.drain().await;
    assert_eq!(notices(&app).await, ["won"; 2]);
    // What waits when its rule goes is not done; what it did is still shown.
    admin.delete(&format!("/automations/{made}")).await.ok(204);
    assert_eq!(told(&runs(&app, "").await), ["won done"; 2]);
    app.record("deal", json!({"title": "removed", "stage": "won"})).await;
    app.drain().await;
    assert_eq!(notices(&app).await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn once_is_not_used_up_by_what_did_nothing() {
    let app = TestApp::start().await;
    let on = json!({"event": "updated", "fields": ["amount"]});
    let body = |when: &str| json!({"name": "r", "on": on, "when": when, "once": true, "do": [tell("x")]});
    let rule = rule(&app, "deal", body("10 / record.amount > 1")).await;
    let id = app.record("deal", json!({"title": "a", "amount": 1})).await;
    for (amount, ends) in [(0, "r failed"), (100, "r failed"), (2, "r done"), (0, "r done"), (3, "r done")] {
        app.admin().update("deal", &id, json!({"amount": amount})).await.ok(200);
        app.drain().await;
        assert_eq!(told(&runs(&app, &format!("&rule={rule}")).await), [ends], "{amount}");
    }
    assert_eq!(notices(&app).await, ["x"]);
    app.finish().await;
}

#[tokio::test]
async fn a_rule_starts_a_process_about_the_record() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(one_task("follow")).await;
    let start = action("start-process", json!({"process": "follow", "note": "{{record.title}}"}));
    rule(&app, "deal", json!({"name": "start", "on": {"event": "created"}, "do": [start]})).await;
    let id = app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    let done = runs(&app, "").await;
    assert_eq!(told(&done), ["start done"], "{done:?}");
    let instance = done[0]["results"][0]["instance"].as_str().unwrap();
    let instance = app.admin().get(&format!("/process-instances/{instance}")).await.ok(200);
    assert_eq!((&instance["subject"]["id"], &instance["variables"]["note"]), (&json!(id), &json!("a")), "{instance}");
    app.finish().await;
}

/// Looks at dates as the schedule does.
pub async fn look(app: &TestApp) {
    let tx = app.state.db.begin().await.unwrap();
    let job = NewJob::now(&app.state.env, ::process::automation::DATES, json!(null));
    jobs::enqueue(&tx, &app.state.env, job).await.unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
}

#[tokio::test]
async fn a_date_of_a_record_is_an_occasion_once_for_each_day_it_has() {
    let app = TestApp::start().await;
    // Monday 2026-03-16, 09:00. Made before the rule, for dates to come it counts.
    let known = app.record("deal", json!({"title": "known", "close_date": "2026-03-20"})).await;
    app.record("deal", json!({"title": "too late", "close_date": "2026-03-18"})).await;
    app.record("deal", json!({"title": "today", "close_date": "2026-03-19"})).await;
    let on = json!({"event": "date", "field": "close_date", "offset": "-P3D", "at": "10:00"});
    let when = "record.title != 'unwanted'";
    let body = json!({"name": "closing", "on": on, "when": when, "do": [tell("soon {{record.title}}")]});
    rule(&app, "deal", body.clone()).await;
    for title in ["new", "unwanted", "binned"] {
        let id = app.record("deal", json!({"title": title, "close_date": "2026-03-20"})).await;
        if title == "binned" {
            app.admin().delete(&format!("/records/deal/{id}")).await.ok(204);
        }
    }
    look(&app).await;
    assert!(notices(&app).await.is_empty(), "ten o'clock is in an hour");
    app.clock.advance_seconds(86_400 + 1_800);
    look(&app).await;
    assert_eq!(notices(&app).await, ["soon today"]);
    // Nothing ran for a while.
    app.clock.advance_seconds(5 * 3_600);
    look(&app).await;
    look(&app).await;
    assert_eq!(notices(&app).await, ["soon known", "soon new", "soon today"]);
    app.admin().update("deal", &known, json!({"close_date": "2026-03-25"})).await.ok(200);
    app.clock.advance_seconds(10 * 86_400);
    look(&app).await;
    assert_eq!(notices(&app).await.len(), 4);
    let seen =
        app.admin().post("/automations/dry-run", json!({"entity": "deal", "rule": body, "days": 30})).await.ok(200);
    assert_eq!((&seen["set_off"], &seen["fired"]), (&json!(5), &json!(4)), "{seen}");
    app.finish().await;
}
