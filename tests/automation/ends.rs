//! What did not come to its end: a letter that nobody took, a job that was given up.

use kernel::jobs::{self, NewJob};
use serde_json::{Value, json};

use super::fires::look;
use super::{action, notices, rule, runs, tell, told};
use crate::app::{TestApp, on_postgres};
use crate::process::smtp::{Fault, MailServer, Point};

#[tokio::test]
async fn a_letter_that_was_not_taken_is_told_where_its_rule_is_and_sent_again_by_hand() {
    let mail = MailServer::start();
    mail.fail([Fault::Say(Point::Recipient, "550 no such user")]);
    let app = TestApp::build().config(mail.configure()).start().await;
    let letter = action("email", json!({"to": "ann@client.test", "subject": "Hello", "text": "{{record.title}}"}));
    let steps = [letter, tell("after it")];
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": steps})).await;
    app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    let failed = runs(&app, "").await;
    assert_eq!(told(&failed), ["r failed"], "{failed:?}");
    assert!(failed[0]["error"].as_str().unwrap().contains("550"), "{failed:?}");
    assert_eq!((notices(&app).await.len(), mail.letters().len()), (1, 0));
    let again = async || {
        let path = format!("/automations/runs/{}/retry", failed[0]["id"].as_str().unwrap());
        app.admin().post(&path, json!({})).await.ok(200);
        app.drain().await;
    };
    mail.fail([Fault::Say(Point::Recipient, "551 moved")]);
    again().await;
    let failed_again = runs(&app, "&state=failed").await;
    assert!(failed_again[0]["error"].as_str().unwrap().contains("551"), "{failed_again:?}");
    again().await;
    assert_eq!(told(&runs(&app, "").await), ["r done"]);
    // What was done is not done again.
    assert_eq!((notices(&app).await.len(), mail.letters().len()), (1, 1));
    assert_eq!(mail.letter().to, ["ann@client.test"]);
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_is_given_up_leaves_a_run_that_can_be_tried_again() {
    let app = TestApp::start().await;
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": [tell("x")]})).await;
    app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    let id = runs(&app, "").await[0]["id"].as_str().unwrap().to_owned();
    // What came of its actions cannot be read.
    app.sql("UPDATE automation_run SET state = 'running', step = 0, results = '{}'").await;
    let tx = app.state.db.begin().await.unwrap();
    let job = NewJob::now(&app.state.env, "automation.run", json!({"run": id}));
    jobs::enqueue(&tx, &app.state.env, job.for_tenant(app.companies[0].tenant.id)).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..8 {
        app.drain().await;
        app.clock.advance_seconds(4_000);
    }
    app.sql("UPDATE automation_run SET results = '[]'").await;
    let failed = runs(&app, "").await;
    assert_eq!(told(&failed), ["r failed"]);
    assert!(failed[0]["error"].as_str().unwrap().starts_with("The server gave up"), "{failed:?}");
    app.admin().post(&format!("/automations/runs/{id}/retry"), json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(told(&runs(&app, "").await), ["r done"]);
    app.finish().await;
}

#[tokio::test]
async fn a_letter_that_went_out_is_not_worded_anew_when_the_rest_is_tried_again() {
    let mail = MailServer::start();
    let app = TestApp::build().config(mail.configure()).start().await;
    let letter = action("email", json!({"to": "client", "subject": "Hello", "text": "x"}));
    let body = |last: Value| json!({"name": "r", "on": {"event": "created"}, "do": [letter, last]});
    let id = rule(&app, "deal", body(action("webhook", json!({"url": "http://127.0.0.1:9/x"})))).await;
    let client = app.record("contact", json!({"title": "Ann", "emails": ["ann@client.test"]})).await;
    app.record("deal", json!({"title": "a", "contacts": [client]})).await;
    app.drain().await;
    let failed = runs(&app, "").await;
    assert_eq!((told(&failed), mail.letters().len()), (vec!["r failed".to_owned()], 1));
    // There is no address any more.
    app.admin().update("contact", &client, json!({"emails": []})).await.ok(200);
    app.admin().put(&format!("/automations/{id}"), json!({"rule": body(tell("after it"))})).await.ok(200);
    let path = format!("/automations/runs/{}/retry", failed[0]["id"].as_str().unwrap());
    app.admin().post(&path, json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(told(&runs(&app, "").await), ["r done"]);
    assert_eq!((notices(&app).await.len(), mail.letters().len()), (1, 1));
    app.finish().await;
}

/// Gives the job of an event up in the middle of its only run.
async fn give_up(app: &TestApp) {
    let event = app.text("SELECT CAST(event AS text) FROM automation_run").await;
    let event: Value = serde_json::from_str(&event).unwrap();
    app.sql("UPDATE automation_run SET state = 'running', step = 0, results = '{}'").await;
    let tx = app.state.db.begin().await.unwrap();
    let job = NewJob::now(&app.state.env, "automation.event", event);
    jobs::enqueue(&tx, &app.state.env, job.for_tenant(app.companies[0].tenant.id)).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..8 {
        app.drain().await;
        app.clock.advance_seconds(4_000);
    }
    app.sql("UPDATE automation_run SET results = '[]'").await;
}

#[tokio::test]
async fn of_an_event_that_is_given_up_administrators_are_told_as_later_rules_were_never_asked() {
    let app = TestApp::start().await;
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": [tell("x")]})).await;
    app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    give_up(&app).await;
    assert_eq!(told(&runs(&app, "").await), ["r failed"]);
    assert_eq!(app.count("SELECT count(*) FROM notification WHERE kind = 'process.given_up'").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_run_about_a_date_fails_when_its_job_is_given_up() {
    let app = TestApp::start().await;
    // Monday 2026-03-16, 09:00.
    let on = json!({"event": "date", "field": "close_date", "at": "10:00"});
    rule(&app, "deal", json!({"name": "r", "on": on, "do": [tell("x")]})).await;
    app.record("deal", json!({"title": "a", "close_date": "2026-03-16"})).await;
    app.clock.advance_seconds(2 * 3_600);
    look(&app).await;
    assert_eq!(told(&runs(&app, "").await), ["r done"]);
    give_up(&app).await;
    assert_eq!(told(&runs(&app, "").await), ["r failed"]);
    app.finish().await;
}

#[tokio::test]
async fn a_rule_about_a_date_that_cannot_look_keeps_no_other_waiting() {
    let app = TestApp::start().await;
    // Monday 2026-03-16, 09:00.
    let on = |offset: &str| json!({"event": "date", "field": "close_date", "at": "10:00", "offset": offset});
    for name in ["a", "b", "c"] {
        rule(&app, "deal", json!({"name": name, "on": on("P0D"), "do": [tell(name)]})).await;
    }
    let broken = json!({"name": "b", "on": on("P1M"), "do": [tell("b")]});
    app.sql(&format!("UPDATE automation_rule SET definition = '{broken}' WHERE name = 'b'")).await;
    app.record("deal", json!({"title": "a", "close_date": "2026-03-16"})).await;
    app.clock.advance_seconds(2 * 3_600);
    look(&app).await;
    assert_eq!(notices(&app).await, ["a", "c"]);
    app.finish().await;
}

#[tokio::test]
async fn what_is_tried_again_asks_the_condition_first() {
    let app = TestApp::start().await;
    let body = |when: &str| json!({"name": "r", "on": {"event": "created"}, "when": when, "do": [tell("x")]});
    let id = rule(&app, "deal", body("record.amount / 0 > 1")).await;
    app.record("deal", json!({"title": "a", "amount": 1})).await;
    app.drain().await;
    for (when, state) in [("record.amount / 0 > 2", "r failed"), ("record.amount > 2", "r passed")] {
        app.admin().put(&format!("/automations/{id}"), json!({"rule": body(when)})).await.ok(200);
        let run = runs(&app, "").await[0]["id"].as_str().unwrap().to_owned();
        app.admin().post(&format!("/automations/runs/{run}/retry"), json!({})).await.ok(200);
        app.drain().await;
        assert_eq!(told(&runs(&app, "").await), [state]);
    }
    assert!(notices(&app).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn what_is_written_and_the_note_of_it_are_one() {
    let app = TestApp::start().await;
    let field = json!({"key": "x_seen", "label": {"en": "Seen"}, "type": "integer"});
    app.admin().post("/entities/deal/fields", field).await.ok(201);
    let count = action("set-fields", json!({"x_seen": "=record.x_seen + 1"}));
    let on = json!({"event": "updated", "fields": ["title"]});
    rule(&app, "deal", json!({"name": "r", "on": on, "do": [count]})).await;
    let id = app.record("deal", json!({"title": "a", "x_seen": 1})).await;
    let seen = async || {
        let deal: Value = app.admin().get(&format!("/records/deal/{id}")).await.ok(200);
        deal["fields"]["x_seen"].as_i64()
    };
    // The end of a run cannot be noted.
    let (stop, go) = if on_postgres() {
        (
            "ALTER TABLE automation_run ADD CONSTRAINT open CHECK (state <> 'done')",
            "ALTER TABLE automation_run DROP CONSTRAINT open",
        )
    } else {
        (
            "CREATE TRIGGER open BEFORE UPDATE ON automation_run WHEN NEW.state = 'done' \
             BEGIN SELECT RAISE(ABORT, 'no'); END",
            "DROP TRIGGER open",
        )
    };
    app.sql(stop).await;
    app.admin().update("deal", &id, json!({"title": "b"})).await.ok(200);
    app.drain().await;
    assert_eq!((seen().await, told(&runs(&app, "").await)), (Some(1), vec!["r waiting".to_owned()]));
    app.sql(go).await;
    app.clock.advance_seconds(60);
    app.drain().await;
    assert_eq!((seen().await, told(&runs(&app, "").await)), (Some(2), vec!["r done".to_owned()]));
    app.finish().await;
}

#[tokio::test]
async fn a_dead_letter_that_cannot_be_told_keeps_no_other_waiting() {
    let app = TestApp::start().await;
    rule(&app, "deal", json!({"name": "r", "on": {"event": "created"}, "do": [tell("x")]})).await;
    for title in ["a", "b"] {
        app.record("deal", json!({"title": title})).await;
        app.drain().await;
    }
    let all = runs(&app, "").await;
    let ids: Vec<&str> = all.iter().map(|run| run["id"].as_str().unwrap()).collect();
    // How the first one ended cannot be written; what came of its actions cannot be read of either.
    let (stop, go) = if on_postgres() {
        let check = format!("CHECK (id <> '{}' OR state <> 'failed')", ids[0]);
        (
            format!("ALTER TABLE automation_run ADD CONSTRAINT stuck {check}"),
            "ALTER TABLE automation_run DROP CONSTRAINT stuck",
        )
    } else {
        let this = format!("lower(hex(NEW.id)) = '{}' AND NEW.state = 'failed'", ids[0].replace('-', ""));
        (
            format!(
                "CREATE TRIGGER stuck BEFORE UPDATE ON automation_run WHEN {this} BEGIN SELECT RAISE(ABORT, 'no'); END"
            ),
            "DROP TRIGGER stuck",
        )
    };
    app.sql("UPDATE automation_run SET state = 'running', step = 0, results = '{}'").await;
    app.sql(&stop).await;
    let tx = app.state.db.begin().await.unwrap();
    for id in &ids {
        let job = NewJob::now(&app.state.env, "automation.run", json!({"run": id}));
        jobs::enqueue(&tx, &app.state.env, job.for_tenant(app.companies[0].tenant.id)).await.unwrap();
    }
    tx.commit().await.unwrap();
    for _ in 0..8 {
        app.drain().await;
        app.clock.advance_seconds(4_000);
    }
    app.sql("UPDATE automation_run SET results = '[]'").await;
    assert_eq!(told(&runs(&app, "").await), ["r running", "r failed"]);
    app.sql(go).await;
    look(&app).await;
    assert_eq!(told(&runs(&app, "").await), ["r failed", "r failed"]);
    app.finish().await;
}
