//! Payments are allocated at a rate that is kept; the debt decides the state.

use serde_json::{Value, json};

use super::{fields, issued, told};
use crate::app::TestApp;

/// What an invoice owes, and its state.
async fn owes(app: &TestApp, invoice: &str) -> (Value, Value) {
    let of = fields(app, "invoice", invoice).await;
    (of["debt"].clone(), of["state"].clone())
}

async fn payment(app: &TestApp, amount: i64, currency: &str, more: Value) -> String {
    let mut fields = json!({"amount": amount, "currency": currency});
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.record("payment", fields).await
}

#[tokio::test]
async fn a_payment_in_another_currency_counts_at_its_rate() {
    let app = TestApp::start().await;
    let invoice = issued(&app, json!(1000), json!({"currency": "EUR"})).await;
    let pay = async |amount: i64| {
        let payment = payment(&app, amount, "UAH", json!({})).await;
        let part = json!({"invoice": invoice, "amount": amount, "rate": "45.10"});
        app.admin().post(&format!("/payments/{payment}/allocate"), part).await.ok(200)["fields"].clone()
    };
    let first = pay(20_000).await;
    assert_eq!((&first["state"], &first["left_over"]), (&json!("matched"), &json!(0)));
    assert_eq!(first["allocations"][0]["paid"], 443.46);
    assert_eq!(owes(&app, &invoice).await, (json!(556.54), json!("partly_paid")));
    pay(25_100).await;
    assert_eq!(owes(&app, &invoice).await, (json!(0), json!("paid")));
    let paid = told(&app, "invoice", &invoice).await.into_iter().filter(|kind| kind == "invoice.paid").count();
    assert_eq!(paid, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_over_stays_as_credit_and_is_offered_to_the_next_invoice() {
    let app = TestApp::start().await;
    let company = app.record("company", json!({"title": "Vesna"})).await;
    let first = issued(&app, json!(1000), json!({"company": company})).await;
    let payment = payment(&app, 1200, "USD", json!({"company": company})).await;
    let allocate = format!("/payments/{payment}/allocate");
    let over = json!({"invoice": first, "amount": 1200});
    app.admin().post(&allocate, over).await.problem(422, "record.invalid");
    let paid = app.admin().post(&allocate, json!({"invoice": first})).await.ok(200);
    assert_eq!((&paid["fields"]["left_over"], &paid["fields"]["state"]), (&json!(200), &json!("received")));
    assert_eq!(owes(&app, &first).await, (json!(0), json!("paid")));
    let second = issued(&app, json!(500), json!({"company": company})).await;
    let offered = app.admin().get(&format!("/payments/{payment}/proposals")).await.ok(200);
    let offered = offered["items"].as_array().unwrap();
    assert_eq!(offered.len(), 1, "{offered:#?}");
    let offer = &offered[0];
    assert_eq!((&offer["invoice"], &offer["amount"], &offer["certain"]), (&json!(second), &json!(200), &json!(false)));
    app.admin().post(&allocate, json!({"invoice": second})).await.ok(200);
    assert_eq!(owes(&app, &second).await, (json!(300), json!("partly_paid")));
    app.admin().delete(&format!("/records/payment/{payment}")).await.problem(409, "payment.allocated");
    // Taken back, the debt is there again.
    let back = app.admin().post(&allocate, json!({"invoice": first, "amount": 0})).await.ok(200);
    assert_eq!(back["fields"]["left_over"], 1000);
    assert_eq!(owes(&app, &first).await, (json!(1000), json!("issued")));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_invoice_is_proposed_for_certain_when_number_amount_and_tax_id_agree() {
    let app = TestApp::start().await;
    let company = app.record("company", json!({"title": "Vesna", "tax_id": "7701234567"})).await;
    let invoice = issued(&app, json!(100), json!({"company": company})).await;
    issued(&app, json!(100), json!({"company": company})).await;
    let proposed = async |more: Value| {
        let payment = payment(&app, 100, "USD", more).await;
        app.admin().get(&format!("/payments/{payment}/proposals")).await.ok(200)["items"].clone()
    };
    let purpose = "Payment for invoice 2026-0001, without VAT";
    let certain = proposed(json!({"purpose": purpose, "payer_tax_id": "7701234567"})).await;
    assert_eq!((&certain[0]["invoice"], &certain[0]["certain"]), (&json!(invoice), &json!(true)), "{certain:#}");
    let doubtful = proposed(json!({"purpose": purpose, "payer_tax_id": "1"})).await;
    assert_eq!((&doubtful[0]["agrees"], &doubtful[0]["certain"]), (&json!(["number", "amount"]), &json!(false)));
    assert_eq!(proposed(json!({"purpose": "thanks"})).await, json!([]));
    assert_eq!(proposed(json!({"company": company})).await.as_array().unwrap().len(), 2);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn allocations_that_cannot_be_are_refused_and_figures_are_not_believed() {
    let mut app = TestApp::build().person("sam", "sales_manager").start().await;
    let invoice = issued(&app, json!(100), json!({})).await;
    let paper = app.record("payment", json!({"amount": 50})).await;
    let set = async |parts: Value| app.admin().update("payment", &paper, json!({"allocations": parts})).await;
    for parts in [
        json!("x"),
        json!([{}]),
        json!([{"invoice": invoice, "amount": -1}]),
        json!([{"invoice": invoice, "amount": 51}]),
        json!([{"invoice": invoice, "amount": 1, "rate": "0"}]),
        json!([{"invoice": paper, "amount": 1}]),
        json!(vec![json!({"invoice": invoice, "amount": 0.01}); 101]),
    ] {
        set(parts.clone()).await.problem(422, "record.invalid");
    }
    // What the payer says was paid is computed anew.
    let told = json!([{"invoice": invoice, "amount": 10, "paid": 100, "rate": "0.1", "currency": "USD"}]);
    let kept = set(told).await.ok(200)["fields"]["allocations"].clone();
    assert_eq!((&kept[0]["paid"], &kept[0]["rate"]), (&json!(10), &json!("1")));
    assert_eq!(owes(&app, &invoice).await, (json!(90), json!("partly_paid")));
    let lost = app.admin().post(&format!("/payments/{paper}/allocate"), json!({"invoice": paper})).await;
    lost.problem(404, "not_found");
    app.by("sam")
        .post(&format!("/payments/{paper}/allocate"), json!({"invoice": invoice}))
        .await
        .problem(404, "not_found");
    let other = app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.by_of(other, "admin");
    let own = stranger.create("payment", json!({"amount": 5})).await.id();
    stranger.post(&format!("/payments/{own}/allocate"), json!({"invoice": invoice})).await.problem(404, "not_found");
    let parts = json!({"allocations": [{"invoice": invoice, "amount": 1}]});
    stranger.update("payment", &own, parts).await.problem(422, "record.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn payments_of_one_invoice_at_once_do_not_pay_it_twice() {
    let app = TestApp::start().await;
    let invoice = issued(&app, json!(100), json!({})).await;
    let mut payments = Vec::new();
    for _ in 0..8 {
        payments.push(payment(&app, 30, "USD", json!({})).await);
    }
    let admin = app.admin();
    let pay = async |id: &String| {
        let part = json!({"invoice": invoice, "amount": 30});
        admin.post(&format!("/payments/{id}/allocate"), part).await.status.as_u16()
    };
    let done = futures::future::join_all(payments.iter().map(pay)).await;
    assert_eq!(done.iter().filter(|status| **status == 200).count(), 3, "{done:?}");
    assert_eq!(owes(&app, &invoice).await, (json!(10), json!("partly_paid")));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_invoice_tells_who_paid_it_and_takes_what_its_client_has_left_over() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let company = app.record("company", json!({"title": "Vesna"})).await;
    let first = issued(&app, json!(1000), json!({"company": company, "currency": "EUR"})).await;
    let at = |invoice: &str| format!("/records/invoice/{invoice}/payments");
    let empty = admin.get(&at(&first)).await.ok(200);
    assert_eq!((&empty["items"], &empty["credit"], &empty["debt"]), (&json!([]), &json!([]), &json!(1000)));
    // One request makes the payment and pays by it.
    let told = json!({"fields": {"amount": 20_000, "currency": "UAH", "paid_on": "2026-11-20"}, "rate": "45.10"});
    let made = admin.post(&at(&first), told).await.ok(201);
    assert_eq!((&made["fields"]["company"], &made["fields"]["state"]), (&json!(company), &json!("matched")));
    let paid = admin.get(&at(&first)).await.ok(200);
    let part = &paid["items"][0];
    assert_eq!((&part["payment"], &part["paid"], &part["rate"]), (&made["id"], &json!(443.46), &json!("45.1")));
    assert_eq!(
        (&part["amount"], &part["currency"], &part["paid_on"]),
        (&json!(20_000), &json!("UAH"), &json!("2026-11-20"))
    );
    assert_eq!((&paid["paid"], &paid["debt"], &paid["unseen"]), (&json!(443.46), &json!(556.54), &json!(0)));
    // What is over stays the client's and is offered to the next invoice.
    let over = admin.post(&at(&first), json!({"fields": {"amount": 756.54}})).await.ok(201);
    assert_eq!((&over["fields"]["left_over"], &over["fields"]["currency"]), (&json!(200), &json!("EUR")));
    assert_eq!(owes(&app, &first).await, (json!(0), json!("paid")));
    admin.post(&at(&first), json!({"fields": {"amount": 1}})).await.problem(422, "record.invalid");
    let second = issued(&app, json!(500), json!({"company": company, "currency": "EUR"})).await;
    let offered = admin.get(&at(&second)).await.ok(200);
    let credit = &offered["credit"][0];
    assert_eq!((&credit["payment"], &credit["left_over"], &credit["amount"]), (&over["id"], &json!(200), &json!(200)));
    let payment = over["id"].as_str().unwrap();
    admin.post(&format!("/payments/{payment}/allocate"), json!({"invoice": second})).await.ok(200);
    let paid = admin.get(&at(&second)).await.ok(200);
    assert_eq!((&paid["items"][0]["payment"], &paid["credit"]), (&over["id"], &json!([])));
    // Taken back, it is with neither of them.
    admin.post(&format!("/payments/{payment}/allocate"), json!({"invoice": second, "amount": 0})).await.ok(200);
    assert_eq!(admin.get(&at(&second)).await.ok(200)["items"], json!([]));
    assert_eq!(admin.get(&at(&first)).await.ok(200)["items"].as_array().unwrap().len(), 2);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn payments_of_an_invoice_are_for_those_who_see_them() {
    let mut app = TestApp::build().person("sam", "sales_manager").start().await;
    let invoice = issued(&app, json!(100), json!({})).await;
    let at = format!("/records/invoice/{invoice}/payments");
    for wrong in [
        json!({}),
        json!({"fields": {"amount": 0}}),
        json!({"fields": {"amount": "x"}}),
        json!({"fields": {"amount": 5, "paid_on": "soon"}}),
        json!({"fields": {"amount": 5, "allocations": []}}),
        json!({"fields": {"amount": 5, "currency": "EUR"}, "rate": "0"}),
    ] {
        app.admin().post(&at, wrong.clone()).await.problem(422, "record.invalid");
    }
    assert_eq!(app.count("SELECT count(*) FROM sale_payment").await, 0);
    app.admin().post(&at, json!({"fields": {"amount": 30}})).await.ok(201);
    app.by("sam").get(&at).await.problem(404, "not_found");
    app.by("sam").post(&at, json!({"fields": {"amount": 1}})).await.problem(404, "not_found");
    let read = |entity: &str| json!({"kind": "permission", "entity": entity, "actions": ["read"]});
    app.role("reader", json!([read("invoice")]), json!([])).await;
    app.person(0, "rita", &["reader"]).await;
    let seen = app.by("rita").get(&at).await.ok(200);
    assert_eq!((&seen["items"], &seen["paid"], &seen["unseen"]), (&json!([]), &json!(30), &json!(30)));
    app.by("rita").post(&at, json!({"fields": {"amount": 1}})).await.problem(403, "denied");
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.by_of(other, "admin").get(&at).await.problem(404, "not_found");
    app.by_of(other, "admin").post(&at, json!({"fields": {"amount": 1}})).await.problem(404, "not_found");
    assert_eq!(owes(&app, &invoice).await, (json!(70), json!("partly_paid")));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn issuing_an_invoice_is_one_entry_of_its_history() {
    let app = TestApp::start().await;
    let invoice = issued(&app, json!(100), json!({})).await;
    let page = app.admin().get(&format!("/records/invoice/{invoice}/timeline")).await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page:#}");
    let kinds = told(&app, "invoice", &invoice).await;
    assert!(kinds.iter().any(|kind| kind == "invoice.issued"), "processes are told still: {kinds:?}");
    app.finish().await;
}
