//! Letters and SMS that come in, at an address with a token.

use serde_json::{Value, json};

use super::{PLUGIN, install, send};
use crate::app::TestApp;
use crate::process::smtp::MailServer;

/// The path of a new address.
async fn opened(app: &TestApp, channel: &str) -> String {
    let opened = app.admin().put(&format!("/message-inboxes/{channel}"), json!({})).await.ok(200);
    opened["path"].as_str().unwrap().to_owned()
}

async fn come(app: &TestApp, path: &str, kind: &str, body: &str) -> u16 {
    let answer = app.stranger().send("POST", path, Some(kind), body.as_bytes().to_vec()).await;
    answer.status.as_u16()
}

/// Letters and SMS that were told, newest last.
async fn received(app: &TestApp) -> Vec<Value> {
    let log = "SELECT count(*) FROM event_log WHERE kind = 'message.received'";
    let count = app.count(log).await;
    let mut all = Vec::new();
    for n in 0..count {
        let sql = format!(
            "SELECT CAST(changes AS TEXT) FROM event_log WHERE kind = 'message.received' ORDER BY id LIMIT 1 OFFSET {n}"
        );
        all.push(serde_json::from_str(&app.text(&sql).await).unwrap());
    }
    all
}

fn letter(answers: &str, id: &str) -> String {
    format!(
        "From: Anna <anna@example.com>\r\nTo: crm@acme.test\r\nSubject: Re: Hello\r\nMessage-ID: <{id}@example.com>\r\n\
         In-Reply-To: {answers}\r\n\r\nFine, thank you.\r\n"
    )
}

#[tokio::test]
async fn an_answer_leads_back_to_the_message_its_plugin_and_record() {
    let mail = MailServer::start();
    let app = TestApp::build().config(mail.configure()).start().await;
    install(&app).await;
    let path = opened(&app, "mail").await;
    let lead = app.record("lead", json!({"title": "send it"})).await;
    app.drain().await;
    let ours = mail.letter().header("Message-ID");
    assert_eq!(come(&app, &path, "message/rfc822", &letter(&ours, "a")).await, 204);
    // Told again by a server that did not hear the answer.
    assert_eq!(come(&app, &path, "message/rfc822", &letter(&ours, "a")).await, 204);
    assert_eq!(come(&app, &path, "message/rfc822", &letter("<unknown@example.com>", "b")).await, 204);
    let all = received(&app).await;
    assert_eq!(all.len(), 2, "{all:#?}");
    let answer = &all[0];
    assert_eq!((&answer["plugin"][1], &answer["record"][1]), (&json!(PLUGIN), &json!(lead)));
    assert_eq!((&answer["from"][1], &answer["subject"][1]), (&json!("anna@example.com"), &json!("Re: Hello")));
    assert!(answer["text"][1].as_str().unwrap().starts_with("Fine"), "{answer}");
    assert_eq!((all[1].get("plugin"), all[1].get("record")), (None, None), "it answers nothing of ours");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_letter_that_comes_back_is_bounced() {
    let mail = MailServer::start();
    let app = TestApp::build().config(mail.configure()).start().await;
    install(&app).await;
    let path = opened(&app, "mail").await;
    send(&app, "gone", 0, 1).await.ok(200);
    app.drain().await;
    let ours = mail.letter().header("Message-ID");
    let report = format!(
        "From: MAILER-DAEMON@example.com\r\nTo: crm@acme.test\r\nSubject: Undelivered\r\nMessage-ID: <r@example.com>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --B\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; anna@example.com\r\nAction: failed\r\n\
         Diagnostic-Code: smtp; 550 no such user\r\n\r\n--B\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n\r\n--B--\r\n"
    );
    assert_eq!(come(&app, &path, "message/rfc822", &report).await, 204);
    app.drain().await;
    let page = app.admin().get("/plugin-messages?state=bounced").await.ok(200);
    assert_eq!(
        (&page["items"][0]["key"], &page["items"][0]["problem"]),
        (&json!("gone-0"), &json!("smtp; 550 no such user"))
    );
    assert!(received(&app).await.is_empty(), "a report is no letter of anybody");
    app.finish().await;
}

#[tokio::test]
async fn an_sms_answers_the_newest_one_to_its_number() {
    let app = TestApp::build().start().await;
    install(&app).await;
    let gateway =
        json!({"title": "SMS", "url": "https://sms.invalid/", "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"});
    app.admin().put("/message-gateways/main", gateway).await.ok(200);
    let (ctx, tx) = (app.system(), app.state.db.begin().await.unwrap());
    let sms = messaging::messages::NewSms { to: "+380501234567".into(), text: "Ready?".into(), gateway: None };
    let content = messaging::messages::Content::Sms(sms);
    let message = messaging::messages::NewMessage { id: ctx.id(), key: "s1".into(), about: None, content };
    app.state.messages.put(&tx, &ctx, PLUGIN, &[message]).await.unwrap().remove(0).unwrap();
    tx.commit().await.unwrap();
    let path = opened(&app, "sms").await;
    let json = r#"{"from": "+380501234567", "text": "Yes", "id": "17"}"#;
    assert_eq!(come(&app, &path, "application/json", json).await, 204);
    assert_eq!(come(&app, &path, "application/json", json).await, 204);
    assert_eq!(come(&app, &path, "application/x-www-form-urlencoded", "from=%2B15550100&text=Who%3F").await, 204);
    let all = received(&app).await;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!((&all[0]["key"][1], &all[0]["channel"][1]), (&json!("s1"), &json!("sms")));
    assert_eq!((all[1].get("key"), &all[1]["text"][1]), (None, &json!("Who?")));
    // There is no gateway to send the first one; what came in is told to its plugin.
    app.sql("DELETE FROM job").await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn addresses_are_secret_and_what_comes_is_bounded() {
    let mut app = TestApp::build().person("ann", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.by("ann").put("/message-inboxes/mail", json!({})).await.problem(403, "denied");
    let first = opened(&app, "mail").await;
    let path = opened(&app, "mail").await;
    let plain = letter("<x@example.com>", "a");
    assert_eq!(come(&app, &first, "message/rfc822", &plain).await, 404, "the one before is none any more");
    for wrong in ["/hooks/inbound/mail/nonsense", "/hooks/inbound/mail/%20", &path.replace("/mail/", "/sms/")] {
        assert_eq!(come(&app, wrong, "message/rfc822", &plain).await, 404, "{wrong}");
    }
    let listed = app.admin().get("/message-inboxes").await;
    assert_eq!(listed.ok(200)["items"][0]["channel"], "mail");
    assert!(!listed.text().contains(path.rsplit('/').next().unwrap()), "a token is told once");
    assert_eq!(app.by_of(other, "admin").get("/message-inboxes").await.ok(200)["items"], json!([]));
    // Hostile letters are refused in words, or read within bounds.
    let heads = format!("From: a@example.com\r\n{}\r\nx", "Content-Type: text/plain\r\n".repeat(501));
    let answer = app.stranger().send("POST", &path, Some("message/rfc822"), heads.into_bytes()).await;
    assert!(answer.problem(422, "message.invalid")["fields"].get("parts").is_some(), "{}", answer.text());
    let parts = format!(
        "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n{}",
        "--B\r\n\r\nx\r\n".repeat(10_000)
    );
    assert_eq!(come(&app, &path, "message/rfc822", &parts).await, 204);
    let nested =
        format!("From: a@example.com\r\n{}", "Content-Type: message/rfc822\r\n\r\nFrom: b@example.com\r\n".repeat(450));
    assert_eq!(come(&app, &path, "message/rfc822", &nested).await, 204);
    assert_eq!(come(&app, &path, "message/rfc822", "nonsense").await, 422);
    assert_eq!(come(&app, &path, "message/rfc822", &"x".repeat(5_000_000)).await, 413);
    let sms = opened(&app, "sms").await;
    for (kind, body) in
        [("application/json", "{}"), ("application/json", "nonsense"), ("application/x-www-form-urlencoded", "from=")]
    {
        assert!([400, 422].contains(&come(&app, &sms, kind, body).await), "{body}");
    }
    app.admin().delete("/message-inboxes/mail").await.ok(204);
    assert_eq!(come(&app, &path, "message/rfc822", &plain).await, 404);
    app.finish().await;
}
