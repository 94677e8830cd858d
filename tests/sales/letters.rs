//! Quotes and invoices by letter: one letter with one PDF, `sent` when the mail server has it.

use std::time::Duration;

use documents::typeset::{Sheet, Typesetter};
use kernel::child::{ChildCommand, ChildLimits};
use serde_json::{Value, json};

use super::papers::{letter, office, quote};
use super::{draft, fields, told};
use crate::app::TestApp;
use crate::process::smtp::{Fault, MailServer, Point};

const TO: &str = "client@example.com";

/// An office with a mail server, and a quote of it.
async fn post(mail: &MailServer) -> (TestApp, String) {
    let app = TestApp::build().config(mail.configure()).start().await;
    let company = office(&app, "uk").await;
    let id = quote(&app, &company, "UAH").await;
    app.drain().await;
    (app, id)
}

async fn papers(app: &TestApp, entity: &str, id: &str) -> Vec<Value> {
    let listed = app.admin().get(&format!("/documents?entity={entity}&id={id}")).await.ok(200);
    listed["items"].as_array().unwrap().clone()
}

/// Letters in the timeline of a record.
async fn in_timeline(app: &TestApp, entity: &str, id: &str) -> Vec<Value> {
    let page = app.admin().get(&format!("/records/{entity}/{id}/timeline")).await.ok(200);
    let entries = page["items"].as_array().unwrap().iter();
    entries.filter(|entry| entry["activity"]["fields"]["kind"] == "email").cloned().collect()
}

#[tokio::test]
async fn a_quote_goes_by_letter_and_is_sent_when_the_server_has_it() {
    let mail = MailServer::start();
    let (app, id) = post(&mail).await;
    let admin = app.admin();
    let drafted = admin.get(&format!("/records/quote/{id}/letter")).await.ok(200);
    assert_eq!(drafted["recipients"], json!([{"address": TO, "name": "Ёлки & Co"}]));
    assert_eq!(
        (&drafted["locale"], &drafted["template"], &drafted["mail"]),
        (&json!("uk"), &json!("quote"), &json!(true))
    );
    assert_eq!(drafted["subject"], "Комерційна пропозиція № {number} від 16\u{a0}березня\u{a0}2026\u{a0}р.");
    assert!(drafted["text"].as_str().unwrap().contains("{number} на суму 3\u{a0}070,80\u{a0}₴"), "{drafted:#}");

    let body = json!({"to": [TO], "cc": ["boss@example.com"], "subject": drafted["subject"], "text": drafted["text"]});
    let sent = admin.post(&format!("/records/quote/{id}/send"), body.clone()).await.ok(200);
    let of = &sent["fields"];
    assert_eq!((&of["state"], &of["document_number"]), (&json!("sending"), &json!("2026-0001")));
    assert_eq!(papers(&app, "quote", &id).await[0]["state"], "making");
    // Once more by a hand that trembles.
    admin.post(&format!("/records/quote/{id}/send"), body).await.problem(409, "document.sending");
    admin.update("quote", &id, json!({"terms": "x"})).await.problem(409, "quote.sent");
    app.drain().await;

    let came = mail.letter();
    assert_eq!(came.to, [TO, "boss@example.com"]);
    assert_eq!(
        came.header("Subject").replace('\u{a0}', " "),
        "Комерційна пропозиція № 2026-0001 від 16 березня 2026 р."
    );
    assert_eq!(came.text.matches("Content-Type: application/pdf").count(), 1, "{}", came.text);
    assert_eq!(came.header("Reply-To"), "office@ganok.test");
    let of = fields(&app, "quote", &id).await;
    assert_eq!(of["state"], "sent");
    let made = &papers(&app, "quote", &id).await[0];
    assert_eq!((&made["state"], &made["letter"]["state"]), (&json!("kept"), &json!("sent")), "{made:#}");
    let entries = in_timeline(&app, "quote", &id).await;
    assert_eq!(entries.len(), 1, "{entries:#?}");
    let kinds = told(&app, "quote", &id).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "quote.sent").count(), 1, "{kinds:?}");
    let files = admin.get(&format!("/records/quote/{id}/files")).await.ok(200);
    assert_eq!(files["items"][0]["sha256"], made["sha256"]);
    // The client has lost it: once more, without another number.
    admin.post(&format!("/records/quote/{id}/send"), letter("other@example.com")).await.ok(200);
    app.drain().await;
    assert_eq!(mail.letters().len(), 2);
    assert_eq!(mail.letters()[1].header("Subject"), "Пропозиція 2026-0001");
    assert_eq!(fields(&app, "quote", &id).await["document_number"], "2026-0001");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_letter_that_no_server_takes_is_told_and_can_be_sent_again() {
    let mail = MailServer::start();
    let (mut app, id) = post(&mail).await;
    app.person(0, "ann", &["sales_manager"]).await;
    let owner = json!({"owner": app.id_of("ann")});
    app.admin().update("quote", &id, owner).await.ok(200);
    app.drain().await;
    mail.fail([Fault::Say(Point::Recipient, "550 no such user")]);
    app.by("ann").post(&format!("/records/quote/{id}/send"), letter(TO)).await.ok(200);
    app.drain().await;
    assert_eq!(fields(&app, "quote", &id).await["state"], "sending");
    let made = &papers(&app, "quote", &id).await[0];
    assert_eq!(made["letter"]["state"], "failed", "{made:#}");
    assert!(made["problem"].as_str().unwrap().contains("no such user"), "{made:#}");
    let told = app.by("ann").get("/notifications").await.ok(200);
    assert_eq!(told["items"][0]["kind"], "document.letter", "{told:#}");
    assert_eq!(in_timeline(&app, "quote", &id).await.len(), 0);
    app.by("ann").post(&format!("/records/quote/{id}/send"), letter("right@example.com")).await.ok(200);
    app.drain().await;
    assert_eq!(
        (mail.letter().to, fields(&app, "quote", &id).await["state"].clone()),
        (vec!["right@example.com".to_owned()], json!("sent"))
    );
    app.finish().await;
}

#[tokio::test]
async fn an_invoice_is_issued_by_sending_it() {
    let mail = MailServer::start();
    let (app, _) = post(&mail).await;
    let admin = app.admin();
    let id = draft(&admin, json!(100), json!({"currency": "UAH"})).await;
    admin.post(&format!("/records/invoice/{id}/send"), letter(TO)).await.ok(200);
    app.drain().await;
    let of = fields(&app, "invoice", &id).await;
    assert_eq!((&of["state"], &of["document_number"]), (&json!("issued"), &json!("2026-0001")));
    assert_eq!(mail.letter().text.matches("Content-Type: application/pdf").count(), 1);
    assert_eq!(in_timeline(&app, "invoice", &id).await.len(), 1);
    let order = app.record("order", json!({"rows": [{"title": "x", "price": 1}]})).await;
    admin.post(&format!("/records/order/{order}/send"), letter(TO)).await.problem(409, "document.draft");
    admin.post(&format!("/records/invoice/{id}/void"), json!({"reason": "x"})).await.ok(200);
    admin.post(&format!("/records/invoice/{id}/send"), letter(TO)).await.problem(409, "document.void");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_happens() {
    let mail = MailServer::start();
    let (app, id) = post(&mail).await;
    let admin = app.admin();
    let path = format!("/records/quote/{id}/send");
    for (body, field) in [
        (json!({"to": ["nonsense"], "subject": "x", "text": "x"}), "to"),
        (json!({"to": [TO], "cc": ["a@"], "subject": "x", "text": "x"}), "cc"),
        (json!({"to": [TO], "subject": " ", "text": "x"}), "subject"),
        (json!({"to": [TO], "subject": "a\r\nBcc: x@example.com", "text": "x"}), "subject"),
        (json!({"to": [TO], "subject": "x", "text": ""}), "text"),
        (json!({"to": [TO], "subject": "x", "text": "x", "template": "invoice"}), "template"),
    ] {
        let refused = admin.post(&path, body).await.problem(422, "document.invalid");
        assert!(refused["fields"].get(field).is_some(), "{field}: {refused:#}");
    }
    let emoji = app.record("quote", json!({"rows": [{"title": "\u{1F600}", "price": 1}]})).await;
    let refused =
        admin.post(&format!("/records/quote/{emoji}/send"), letter(TO)).await.problem(422, "document.invalid");
    assert!(refused["fields"]["characters"]["message"].as_str().unwrap().contains("U+1F600"));
    let empty = app.record("quote", json!({})).await;
    let refused = admin.post(&format!("/records/quote/{empty}/send"), letter(TO)).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["rows"]["code"], "required");
    for id in [&id, &emoji, &empty] {
        let of = fields(&app, "quote", id).await;
        assert_eq!((&of["state"], &of["document_number"]), (&json!("draft"), &json!(null)));
    }
    app.drain().await;
    assert_eq!(mail.calls(), 0);
    app.finish().await;
    // Without a mail server.
    let app = TestApp::start().await;
    let company = office(&app, "en").await;
    let id = quote(&app, &company, "UAH").await;
    let drafted = app.admin().get(&format!("/records/quote/{id}/letter")).await.ok(200);
    assert_eq!(drafted["mail"], false);
    app.admin().post(&format!("/records/quote/{id}/send"), letter(TO)).await.problem(409, "document.no_mail");
    app.drain().await;
    app.finish().await;
}

/// The server's own command, with so many seconds.
fn child(seconds: u64) -> ChildCommand {
    let limits = ChildLimits { memory: 512 * 1024 * 1024, seconds };
    let program = crate::durability::server::binary().to_owned();
    ChildCommand { program, command: "typeset-paper".into(), limits }
}

/// A sheet of this template.
fn sheet(main: &str) -> Sheet {
    Sheet { main: main.to_owned(), day: (2026, 3, 16), ..Sheet::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_does_not_end_is_ended_while_the_server_answers() {
    let app = TestApp::start().await;
    let company = app.companies[0].tenant.id;
    let setter = Typesetter::new(Some(child(1)));
    assert!(setter.set(company, sheet("Hello")).await.unwrap().starts_with(b"%PDF"));
    let endless = "#for a in range(9999) { for b in range(9999) { for c in range(9999) { } } }";
    let begun = tokio::time::Instant::now();
    let ending = tokio::spawn({
        let setter = setter.clone();
        async move { setter.set(company, sheet(endless)).await }
    });
    let mut answers = 0;
    while !ending.is_finished() {
        app.admin().get("/me").await.ok(200);
        answers += 1;
    }
    let refused = ending.await.unwrap().unwrap_err().fields_in(kernel::Locale::En);
    assert!(refused["template"].1.contains("longer than 1 s"), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(10) && answers > 5, "{:?}, {answers} answers", begun.elapsed());
    let patient = Typesetter::new(Some(child(20)));
    for (main, words) in [
        ("#let f(n) = f(n + 1)\n#f(0)", "maximum function call depth"),
        ("#let a = range(200000000)\n#a.len()", "memory"),
        ("Line\n#nothing", "2: unknown variable: nothing"),
        ("#read(\"/etc/passwd\")", "file not found"),
        ("#image(\"../../../etc/passwd\")", ""),
        ("#import \"@preview/cetz:0.3.0\"", ""),
    ] {
        let refused = patient.set(company, sheet(main)).await.unwrap_err().fields_in(kernel::Locale::En);
        assert!(refused["template"].1.contains(words), "{main}: {refused:?}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_letter_brings_the_paper_of_an_own_template_as_it_was_when_it_was_asked_for() {
    let mail = MailServer::start();
    let (app, id) = post(&mail).await;
    let admin = app.admin();
    let octets = Some("application/octet-stream");
    let source = b"#let d = json(\"data.json\")\nOurs: #d.heading".to_vec();
    let uri = "/api/v1/document-templates/own?entity=quote&name=offer.typ";
    let own = admin.send("POST", uri, octets, source).await.ok(201)["id"].as_str().unwrap().to_owned();
    let drafted = admin.get(&format!("/records/quote/{id}/letter?own={own}")).await.ok(200);
    assert_eq!((&drafted["own"], &drafted["template"]), (&json!(own), &json!("quote")));
    let mut body = letter(TO);
    body["own"] = json!(own);
    admin.post(&format!("/records/quote/{id}/send"), body).await.ok(200);
    // Meanwhile it changes, and somebody wants to remove it.
    let uri = format!("/api/v1/document-templates/own/{own}/content?name=offer.typ&seen=1");
    admin.send("PUT", &uri, octets, b"Theirs".to_vec()).await.ok(200);
    let path = format!("/document-templates/own/{own}");
    admin.delete(&path).await.problem(409, "document.template_busy");
    app.drain().await;
    let made = &papers(&app, "quote", &id).await[0];
    assert_eq!((&made["own"], &made["template_version"]), (&json!(own), &json!(1)), "{made:#}");
    assert_eq!((&made["state"], &made["file_name"]), (&json!("kept"), &json!("offer 2026-0001.pdf")));
    let file = admin.get(&format!("/files/{}/content", made["file"].as_str().unwrap())).await;
    super::papers::has(&super::papers::text_of(&file.body), &["Ours:"]);
    assert_eq!(mail.letters().len(), 1);
    assert_eq!(admin.delete(&path).await.status, 204);
    app.drain().await;
    app.finish().await;
}
