//! Money is an amount with its currency.

use serde_json::{Value, json};

use super::{MACHINE, workshop};
use crate::app::TestApp;

#[tokio::test]
async fn an_amount_and_its_currency_change_together_and_apart() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "Pipes"})).await;
    let check = async |patch: Value, amount: Value, currency: Value| {
        let fields = admin.update("deal", &id, patch.clone()).await.ok(200)["fields"].clone();
        assert_eq!((&fields["amount"], &fields["currency"]), (&amount, &currency), "{patch}");
        let read = admin.get(&format!("/records/deal/{id}")).await.ok(200)["fields"].clone();
        assert_eq!((&read["amount"], &read["currency"]), (&amount, &currency), "{patch}");
    };
    check(json!({"currency": "eur"}), json!(null), json!("EUR")).await;
    check(json!({"amount": 10}), json!(10), json!("EUR")).await;
    check(json!({"currency": "JPY"}), json!(10), json!("JPY")).await;
    check(json!({"amount": 5.5, "currency": "KWD"}), json!(5.5), json!("KWD")).await;
    check(json!({"amount": null}), json!(null), json!("KWD")).await;
    check(json!({"amount": 7, "currency": null}), json!(7), json!("USD")).await;
    app.finish().await;
}

#[tokio::test]
async fn an_amount_has_the_decimals_of_its_currency() {
    let app = workshop().await;
    let admin = app.admin();
    let refused = |fields: Value| async move { fields };
    for (amount, currency) in [(json!(10.5), "JPY"), (json!(1.005), "USD"), (json!(1.0005), "KWD")] {
        let fields = refused(json!({"title": "x", "amount": amount, "currency": currency})).await;
        let answer = admin.create("deal", fields).await.problem(422, "record.invalid");
        assert_eq!(answer["fields"]["amount"]["code"], "decimals", "{answer}");
    }
    for (amount, currency) in [(json!(10), "JPY"), (json!(1.05), "USD"), (json!(1.005), "KWD"), (json!(1.0005), "CLF")]
    {
        let made = admin.create("deal", json!({"title": "x", "amount": amount, "currency": currency})).await.ok(201);
        assert_eq!((&made["fields"]["amount"], &made["fields"]["currency"]), (&amount, &json!(currency)));
    }
    let answer = admin.create(MACHINE, json!({"title": "x", "x_price": 1.005, "x_price_currency": "RUB"})).await;
    assert_eq!(answer.problem(422, "record.invalid")["fields"]["x_price"]["code"], "decimals");
    let unknown = admin.create("deal", json!({"title": "x", "amount": 1, "currency": "ABC"})).await;
    assert_eq!(unknown.problem(422, "record.invalid")["fields"]["currency"]["code"], "choice");
    app.finish().await;
}

#[tokio::test]
async fn money_that_was_hidden_is_hidden_with_its_currency() {
    let mut app = TestApp::start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"]}]);
    app.role("blind", rows, json!([{"entity": "deal", "field": "amount", "right": "hidden"}])).await;
    app.person(0, "bea", &["blind"]).await;
    app.record("deal", json!({"title": "x", "amount": 1, "currency": "CHF"})).await;
    let page = app.by("bea").get("/records/deal").await.ok(200);
    let fields = page["items"][0]["fields"].as_object().unwrap();
    assert!(!fields.contains_key("amount") && !page.to_string().contains("CHF"), "{fields:?}");
    app.finish().await;
}
