//! Imports and mass edits ask whether rules run; a dry run counts what would have happened and does nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{action, rule, runs, tell, told};
use crate::app::TestApp;
use crate::process::smtp::MailServer;

/// "Stage won: task and letter".
fn won() -> Value {
    json!({"name": "won", "on": {"event": "stage_entered", "stage": "won"}, "do": [
        action("task", json!({"title": "Thank {{record.title}}", "executors": "owner", "within": "P1D"})),
        action("email", json!({"to": "client", "subject": "Thank you", "text": "For {{record.title}}."})),
    ]})
}

/// Imports deals that are won.
async fn import(app: &TestApp, titles: std::ops::Range<usize>, options: Value) {
    let mut file = "Title;Stage\n".to_owned();
    for number in titles {
        writeln!(file, "d{number};won").unwrap();
    }
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\ndeal\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n{file}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.admin().send("POST", "/api/v1/imports", kind, form.into_bytes()).await.id();
    let mapping = json!([{"column": 0, "field": "title"}, {"column": 1, "field": "stage"}]);
    let body = json!({"mapping": mapping, "options": options});
    app.admin().post(&format!("/imports/{made}/start"), body).await.ok(202);
    app.drain().await;
    let done = app.admin().get(&format!("/imports/{made}")).await.ok(200);
    assert_eq!(done["refused"], 0, "{done}");
}

async fn tasks(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM task").await
}

#[tokio::test]
async fn a_won_deal_makes_one_task_and_one_letter_and_a_thousand_imported_ones_none_but_are_counted() {
    let mail = MailServer::start();
    let app = TestApp::build().config(mail.configure()).start().await;
    rule(&app, "deal", won()).await;
    let client = app.record("contact", json!({"title": "Ann", "emails": ["ann@client.test"]})).await;
    let deal = app.record("deal", json!({"title": "first", "contacts": [client]})).await;
    app.admin().update("deal", &deal, json!({"stage": "won"})).await.ok(200);
    app.drain().await;
    assert_eq!((tasks(&app).await, mail.letters().len()), (1, 1));
    assert!(mail.letter().body().contains("For first."));
    assert_eq!(told(&runs(&app, "").await), ["won done"]);
    import(&app, 0..1_000, json!({"duplicates": "create"})).await;
    assert_eq!(app.count("SELECT count(*) FROM deal").await, 1_001);
    assert_eq!((tasks(&app).await, mail.letters().len(), runs(&app, "").await.len()), (1, 1, 1));
    let asked = json!({"entity": "deal", "rule": won(), "days": 7});
    let seen = app.admin().post("/automations/dry-run", asked).await.ok(200);
    assert_eq!((&seen["set_off"], &seen["fired"], &seen["letters"]), (&json!(1_001), &json!(1_001), &json!(1_001)));
    let counts = json!([{"kind": "task", "count": 1_001}, {"kind": "email", "count": 1_001}]);
    assert_eq!((&seen["actions"], &seen["truncated"], &seen["problems"]), (&counts, &json!(false), &json!([])));
    assert_eq!(seen["examples"][0]["title"], "first");
    app.drain().await;
    assert_eq!((tasks(&app).await, mail.letters().len()), (1, 1));
    // Asked for, they act; whoever has no address has a task and a failure.
    import(&app, 1_000..1_003, json!({"duplicates": "create", "run_rules": true})).await;
    assert_eq!((tasks(&app).await, mail.letters().len()), (4, 1));
    let failed = runs(&app, "&state=failed").await;
    assert_eq!(failed.len(), 3);
    assert!(failed[0]["error"].as_str().unwrap().contains("There is no address"), "{failed:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_mass_edit_runs_rules_unless_asked_not_to_and_undo_never_does() {
    let app = TestApp::start().await;
    rule(&app, "deal", json!({"name": "r", "on": {"event": "updated"}, "do": [tell("x")]})).await;
    let id = app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    let admin = app.admin();
    let update = |title: &str| json!([{"id": id, "fields": {"title": title}}]);
    admin.post("/records/deal/bulk", json!({"update": update("b"), "run_rules": false})).await.ok(200);
    app.drain().await;
    assert_eq!(runs(&app, "").await.len(), 0);
    let done = admin.post("/records/deal/bulk", json!({"update": update("c")})).await.ok(200);
    app.drain().await;
    assert_eq!(runs(&app, "").await.len(), 1);
    let batch = done["batch"].as_str().unwrap();
    admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(runs(&app, "").await.len(), 1);
    let all = json!({"and": []});
    for (rules, expected) in [(false, 1), (true, 2)] {
        let title = format!("whole {rules}");
        let body = json!({"filter": all, "fields": {"title": title}, "run_rules": rules});
        admin.post("/records/deal/bulk", body).await.ok(202);
        app.drain().await;
        assert_eq!(runs(&app, "").await.len(), expected);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_on_a_record_shows_what_would_be_written_and_writes_nothing() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let client = app.record("contact", json!({"title": "Ann", "emails": ["ann@client.test"]})).await;
    let id = app.record("deal", json!({"title": "a", "amount": 7, "contacts": [client]})).await;
    let rule = json!({"name": "try", "on": {"event": "updated"}, "when": "record.amount > 5", "do": [
        action("set-fields", json!({"comments": "{{record.title}} at {{record.amount}}"})),
        action("email", json!({"to": "client, owner", "subject": "s", "text": "t"})),
        action("notice", json!({"to": "owner", "text": "{{results[9].id}}"})),
    ]});
    let before = app.count("SELECT count(*) FROM event_log").await;
    let ask = async |record: &str, rule: &Value| {
        app.admin().post("/automations/dry-run", json!({"entity": "deal", "rule": rule, "record": record})).await
    };
    let seen = ask(&id, &rule).await.ok(200);
    assert_eq!((&seen["fired"], &seen["letters"]), (&json!(1), &json!(1)), "{seen}");
    assert_eq!(seen["actions"][0]["parameters"]["comments"], "a at 7", "{seen}");
    assert_eq!(seen["actions"][1]["parameters"]["to"], json!(["ann@client.test", "admin@acme.test"]), "{seen}");
    assert!(seen["problems"][0]["problem"].as_str().unwrap().starts_with("notice: text"), "{seen}");
    let small = app.record("deal", json!({"title": "b", "amount": 1})).await;
    assert_eq!(ask(&small, &rule).await.ok(200)["fired"], 0);
    ask(&uuid::Uuid::nil().to_string(), &rule).await.problem(404, "not_found");
    for wrong in [json!({"days": 0}), json!({"days": 91}), json!({}), json!({"days": 1, "record": id})] {
        let mut body = json!({"entity": "deal", "rule": rule});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        app.admin().post("/automations/dry-run", body).await.problem(422, "config.invalid");
    }
    app.by("max")
        .post("/automations/dry-run", json!({"entity": "deal", "rule": rule, "days": 1}))
        .await
        .problem(403, "denied");
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM event_log").await, before + 1, "the small deal alone");
    assert_eq!(app.count("SELECT count(*) FROM automation_run").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn the_past_knows_what_stood_too_long_what_is_once_and_what_is_older() {
    let app = TestApp::start().await;
    let old = app.record("deal", json!({"title": "old", "stage": "quote"})).await;
    app.clock.advance_seconds(9 * 86_400);
    let ids = [
        app.record("deal", json!({"title": "a", "stage": "quote"})).await,
        app.record("deal", json!({"title": "b", "stage": "quote"})).await,
    ];
    app.clock.advance_seconds(2 * 86_400);
    app.admin().update("deal", &ids[1], json!({"stage": "won"})).await.ok(200);
    app.admin().update("deal", &ids[1], json!({"stage": "quote"})).await.ok(200);
    app.admin().update("deal", &old, json!({"stage": "won"})).await.ok(200);
    app.drain().await;
    let seen = async |on: Value, once: bool| {
        let rule = json!({"name": "x", "on": on, "once": once, "do": [tell("x")]});
        let seen =
            app.admin().post("/automations/dry-run", json!({"entity": "deal", "rule": rule, "days": 7})).await.ok(200);
        (seen["set_off"].as_i64().unwrap(), seen["fired"].as_i64().unwrap())
    };
    assert_eq!(seen(json!({"event": "created"}), false).await, (2, 2));
    assert_eq!(seen(json!({"event": "stage_entered", "stage": "quote"}), false).await, (3, 3));
    assert_eq!(seen(json!({"event": "stage_entered", "stage": "quote"}), true).await, (3, 2));
    assert_eq!(seen(json!({"event": "stuck", "stage": "quote", "after": "P1D"}), false).await, (2, 2));
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_whose_time_is_over_says_how_far_it_came() {
    let app = TestApp::start().await;
    app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    let rule = json!({"name": "x", "on": {"event": "created"}, "do": [tell("x")]});
    let input = json!({"entity": "deal", "rule": rule, "days": 7});
    let asked = serde_json::from_value(input.clone()).unwrap();
    let hasty = app.state.automations.clone().patient(std::time::Duration::ZERO);
    let seen = hasty.dry_run(&app.system(), asked).await.unwrap();
    let since = app.state.env.now().plus_seconds(-7 * 86_400);
    assert_eq!((seen.truncated, seen.fired, seen.until), (true, 0, Some(since)));
    let seen = app.admin().post("/automations/dry-run", input).await.ok(200);
    assert_eq!((&seen["truncated"], &seen["fired"], &seen["until"]), (&json!(false), &json!(1), &Value::Null));
    app.finish().await;
}
