//! Letters of plugins by a real mail server.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PLUGIN, install, send};
use crate::app::TestApp;
use crate::process::smtp::{Fault, MailServer, Point};

async fn office(mail: &MailServer) -> TestApp {
    let app = TestApp::build().config(mail.configure()).person("ann", "sales_manager").start().await;
    install(&app).await;
    app
}

async fn listed(app: &TestApp, which: &str) -> Vec<Value> {
    let page = app.admin().get(&format!("/plugin-messages?plugin={PLUGIN}{which}")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_letter_goes_with_the_record_that_is_saved_and_with_no_other() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let lead = app.by("ann").create("lead", json!({"title": "send it"})).await.id();
    app.by("ann").create("lead", json!({"title": "send it, refused"})).await.problem(422, "hook.rejected");
    app.by("ann").create("lead", json!({"title": "send it", "stage": "nowhere"})).await.problem(422, "record.invalid");
    let set = json!({"all_or_nothing": true, "create": [{"fields": {"title": "send one"}}, {"fields": {"title": "send two, refused"}}]});
    app.by("ann").post("/records/lead/bulk", set).await;
    app.drain().await;
    let letter = mail.letter();
    assert_eq!(
        (letter.to.as_slice(), letter.header("Subject").as_str()),
        (&["anna@example.com".to_owned()][..], "Hello")
    );
    let all = listed(&app, &format!("&record={lead}")).await;
    assert_eq!((all.len(), &all[0]["state"], &all[0]["entity"]), (1, &json!("sent"), &json!("lead")));
    assert_eq!(listed(&app, "").await.len(), 1);
    assert_eq!(app.count("SELECT count(*) FROM mail_outbox").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn twenty_who_ask_for_the_same_keys_at_once_send_each_letter_once() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let answers = futures::future::join_all((0..20).map(|n| send(&app, "same", n % 2, 5))).await;
    let mut ids = BTreeSet::new();
    for answer in &answers {
        for id in answer.ok(200).as_array().unwrap() {
            assert!(uuid::Uuid::parse_str(id.as_str().unwrap()).is_ok(), "{}", answer.text());
            ids.insert(id.as_str().unwrap().to_owned());
        }
    }
    app.drain().await;
    assert_eq!((ids.len(), mail.letters().len(), listed(&app, "&state=sent").await.len()), (6, 6, 6));
    // Long after, too.
    send(&app, "same", 0, 6).await.ok(200);
    app.drain().await;
    assert_eq!(mail.letters().len(), 6);
    app.finish().await;
}

#[tokio::test]
async fn what_became_of_letters_is_seen_filtered_and_decided() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    mail.fail([Fault::Say(Point::Recipient, "550 no such user")]);
    send(&app, "refused", 0, 1).await.ok(200);
    app.drain().await;
    mail.fail([Fault::HangUp(Point::Dot)]);
    send(&app, "doubtful", 0, 1).await.ok(200);
    app.drain().await;
    send(&app, "fine", 0, 1).await.ok(200);
    app.drain().await;
    for (state, key) in [("failed", "refused-0"), ("unsure", "doubtful-0"), ("sent", "fine-0")] {
        let found = listed(&app, &format!("&state={state}")).await;
        assert_eq!((found.len(), &found[0]["key"]), (1, &json!(key)), "{state}");
    }
    assert_eq!(listed(&app, "&channel=sms").await.len(), 0);
    // Nobody but an administrator.
    app.by("ann").get("/plugin-messages").await.problem(403, "denied");
    let failed = listed(&app, "&state=failed").await[0].clone();
    assert!(failed["problem"].as_str().unwrap().contains("no such user"), "{failed}");
    let path = format!("/plugin-messages/{}/settle", failed["id"].as_str().unwrap());
    app.by("ann").post(&path, json!({"decision": "resend"})).await.problem(403, "denied");
    app.admin().post(&path, json!({"decision": "resend"})).await.ok(204);
    app.admin().post(&path, json!({"decision": "resend"})).await.problem(409, "mail.settled");
    app.drain().await;
    let doubtful = listed(&app, "&state=unsure").await[0]["id"].as_str().unwrap().to_owned();
    app.admin().post(&format!("/letters/{doubtful}/settle"), json!({"decision": "sent"})).await.ok(204);
    app.drain().await;
    assert_eq!((listed(&app, "&state=sent").await.len(), mail.letters().len()), (3, 3));
    app.finish().await;
}

#[tokio::test]
async fn letters_wait_for_their_turn_and_plugins_for_theirs() {
    let mail = MailServer::start();
    let configure = mail.configure();
    let app = TestApp::build()
        .config(move |config| {
            configure(config);
            config.mail.per_second = 10;
            config.messages.plugin_per_hour = 30;
        })
        .start()
        .await;
    install(&app).await;
    send(&app, "turn", 0, 25).await.ok(200);
    for _ in 0..25 {
        app.drain().await;
        let now = mail.letters().len();
        if now == 25 {
            break;
        }
        app.clock.advance_seconds(1);
        app.drain().await;
        assert!(mail.letters().len() <= now + 10, "{} after {now}", mail.letters().len());
    }
    assert_eq!(mail.letters().len(), 25);
    let refused = send(&app, "turn", 25, 6).await.ok(422);
    assert!(refused.as_str().unwrap().contains("as many messages as it may in an hour"), "{refused}");
    app.clock.advance_seconds(3_601);
    send(&app, "turn", 25, 6).await.ok(200);
    app.drain().await;
    app.clock.advance_seconds(10);
    app.drain().await;
    assert_eq!(mail.letters().len(), 31);
    app.finish().await;
}

#[tokio::test]
async fn old_messages_are_forgotten_when_the_operator_says_so() {
    let mail = MailServer::start();
    let configure = mail.configure();
    let app = TestApp::build()
        .config(move |config| {
            configure(config);
            config.messages.keep_days = 30;
        })
        .start()
        .await;
    install(&app).await;
    send(&app, "old", 0, 3).await.ok(200);
    app.drain().await;
    let count = async |table: &str| app.count(&format!("SELECT count(*) FROM {table}")).await;
    assert_eq!((count("message").await, count("mail_outbox").await), (3, 3));
    app.clock.advance_seconds(29 * 86_400);
    assert_eq!(app.state.messages.forget_old(app.state.env.now()).await.unwrap(), 0);
    send(&app, "new", 0, 1).await.ok(200);
    app.drain().await;
    app.clock.advance_seconds(2 * 86_400);
    assert_eq!(app.state.messages.forget_old(app.state.env.now()).await.unwrap(), 3);
    assert_eq!((count("message").await, count("mail_outbox").await), (1, 1));
    app.finish().await;
}
