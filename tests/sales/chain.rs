//! Deal -> quote -> order -> invoice -> credit, and revisions.

use serde_json::{Value, json};

use super::{fields, issued, told};
use crate::app::TestApp;

/// What an address makes of a record: its id.
async fn made(app: &TestApp, path: &str, body: Value) -> String {
    app.admin().post(path, body).await.ok(200)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn documents_are_made_of_each_other_and_keep_the_chain() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let company = app.record("company", json!({"title": "Vesna"})).await;
    let rows =
        json!([{"title": "Chair", "quantity": 10, "price": 50, "tax_rate": 20}, {"title": "Table", "price": 100}]);
    let deal =
        app.record("deal", json!({"title": "x", "company": company, "rows": rows, "discount_percent": 10})).await;
    let quote = made(&app, &format!("/records/deal/{deal}/derive"), json!({"to": "quote"})).await;
    let of = fields(&app, "quote", &quote).await;
    assert_eq!(
        (&of["deal"], &of["company"], &of["amount"], &of["state"]),
        (&json!(deal), &json!(company), &json!(630), &json!("draft"))
    );
    let order = made(&app, &format!("/records/quote/{quote}/derive"), json!({"to": "order"})).await;
    let of = fields(&app, "order", &order).await;
    assert_eq!((&of["quote"], &of["deal"], &of["amount"]), (&json!(quote), &json!(deal), &json!(630)));
    let chair = of["rows"][0]["id"].as_str().unwrap().to_owned();
    let derive = format!("/records/order/{order}/derive");
    let part = json!({"to": "invoice", "rows": [{"id": chair, "quantity": 4}]});
    let invoice = made(&app, &derive, part).await;
    let of = fields(&app, "invoice", &invoice).await;
    assert_eq!((&of["order"], &of["amount"], &of["rows"][0]["source"]), (&json!(order), &json!(216), &json!(chair)));
    admin.post(&format!("/records/invoice/{invoice}/issue"), json!({})).await.ok(200);
    assert_eq!(fields(&app, "order", &order).await["rows"][0]["invoiced"], 4);
    // More than is left asks; what is left is taken without a word.
    let more = json!({"to": "invoice", "rows": [{"id": chair, "quantity": 7}]});
    admin.post(&derive, more.clone()).await.problem(409, "order.over_invoiced");
    let mut confirmed = more;
    confirmed["confirm"] = json!(true);
    made(&app, &derive, confirmed).await;
    let rest = made(&app, &derive, json!({"to": "invoice"})).await;
    let of = fields(&app, "invoice", &rest).await;
    assert_eq!((&of["rows"][0]["quantity"], &of["rows"][1]["quantity"]), (&json!(6), &json!(1)));
    // A void invoice has taken nothing.
    admin.post(&format!("/records/invoice/{invoice}/void"), json!({"reason": "typo"})).await.ok(200);
    assert_eq!(fields(&app, "order", &order).await["rows"][0]["invoiced"], Value::Null);
    for (path, to) in [(&derive, "quote"), (&derive, "payment"), (&format!("/records/quote/{quote}/derive"), "quote")] {
        admin.post(path, json!({"to": to})).await.problem(422, "sale.invalid");
    }
    let strange = json!({"to": "invoice", "rows": [{"id": deal}]});
    admin.post(&derive, strange).await.problem(422, "sale.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_quote_is_sent_accepted_and_revised_under_the_same_number() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let quote = app.record("quote", json!({"rows": [{"title": "Work", "price": 10}]})).await;
    let at = |id: &str, what: &str| format!("/records/quote/{id}/{what}");
    admin.post(&at(&quote, "accept"), json!({})).await.problem(422, "record.invalid");
    admin.post(&at(&quote, "revise"), json!({})).await.problem(409, "quote.draft");
    let sent = admin.post(&at(&quote, "send"), json!({})).await.ok(200);
    assert_eq!(sent["fields"]["document_number"], "2026-0001");
    admin.put(&at(&quote, "rows"), json!({"rows": []})).await.problem(409, "quote.sent");
    let second = made(&app, &at(&quote, "revise"), json!({})).await;
    let of = fields(&app, "quote", &second).await;
    assert_eq!(
        (&of["revision"], &of["document_number"], &of["state"]),
        (&json!(2), &json!("2026-0001"), &json!("draft"))
    );
    admin.update("quote", &quote, json!({"title": "x"})).await.problem(409, "quote.revised");
    admin.post(&at(&quote, "accept"), json!({})).await.problem(409, "quote.revised");
    admin.post(&at(&quote, "revise"), json!({})).await.problem(409, "quote.revised");
    admin.put(&at(&second, "rows"), json!({"rows": [{"price": 20}]})).await.ok(200);
    let sent = admin.post(&at(&second, "send"), json!({})).await.ok(200);
    assert_eq!((&sent["fields"]["document_number"], &sent["fields"]["amount"]), (&json!("2026-0001"), &json!(20)));
    admin.post(&at(&second, "accept"), json!({})).await.ok(200);
    admin.post(&at(&second, "decline"), json!({})).await.problem(422, "record.invalid");
    assert!(told(&app, "quote", &second).await.contains(&"quote.accepted".to_owned()));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_credit_note_mirrors_its_invoice_and_lessens_the_debt() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let rows = json!([
        {"quantity": 1.75, "price": 12.98, "discount_percent": 15, "tax_rate": 20},
        {"quantity": 3, "price": 33.33, "discount_amount": 10, "tax_rate": 10},
    ]);
    let invoice = app.record("invoice", json!({"rows": rows, "discount_amount": 7.77})).await;
    let credit = format!("/records/invoice/{invoice}/credit");
    admin.post(&credit, json!({})).await.problem(409, "invoice.not_issued");
    admin.post(&format!("/records/invoice/{invoice}/issue"), json!({})).await.ok(200);
    let note = made(&app, &credit, json!({})).await;
    let (of, back) = (fields(&app, "invoice", &invoice).await, fields(&app, "invoice", &note).await);
    for key in ["net", "tax", "amount"] {
        assert_eq!(of[key].as_f64().unwrap(), -back[key].as_f64().unwrap(), "{key}");
    }
    for (row, mirrored) in of["rows"].as_array().unwrap().iter().zip(back["rows"].as_array().unwrap()) {
        for key in ["gross", "discount", "share", "net", "tax", "total"] {
            let pair = [row, mirrored].map(|row| row["figures"][key].as_f64().unwrap());
            assert_eq!(pair[0], -pair[1], "{key}");
        }
    }
    admin.post(&format!("/records/invoice/{note}/issue"), json!({})).await.ok(200);
    let of = fields(&app, "invoice", &invoice).await;
    assert_eq!((&of["debt"], &of["state"], &of["credited"]), (&json!(0), &json!("paid"), &of["amount"]));
    // A second one would credit more than there was.
    let again = made(&app, &credit, json!({})).await;
    admin.post(&format!("/records/invoice/{again}/issue"), json!({})).await.problem(422, "record.invalid");
    admin
        .post(&format!("/records/invoice/{invoice}/void"), json!({"reason": "x"}))
        .await
        .problem(409, "invoice.has_payments");
    admin.post(&format!("/records/invoice/{note}/void"), json!({"reason": "x"})).await.ok(200);
    assert_eq!(fields(&app, "invoice", &invoice).await["state"], "issued");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_void_needs_payments_taken_back_first() {
    let app = TestApp::start().await;
    let invoice = issued(&app, json!(10), json!({})).await;
    let payment = app.record("payment", json!({"amount": 4})).await;
    let allocate = format!("/payments/{payment}/allocate");
    app.admin().post(&allocate, json!({"invoice": invoice})).await.ok(200);
    let void = format!("/records/invoice/{invoice}/void");
    app.admin().post(&void, json!({"reason": "x"})).await.problem(409, "invoice.has_payments");
    app.admin().post(&allocate, json!({"invoice": invoice, "amount": 0})).await.ok(200);
    app.admin().post(&void, json!({"reason": "x"})).await.ok(200);
    app.drain().await;
    app.finish().await;
}
