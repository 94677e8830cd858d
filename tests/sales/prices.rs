//! Prices by price lists, rates by their day, and what a refresh shows.

use serde_json::{Value, json};

use super::fields;
use crate::app::TestApp;

async fn product(app: &TestApp, more: Value) -> String {
    let mut fields = json!({"title": "Chair", "unit": "pc"});
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.record("product", fields).await
}

async fn list(app: &TestApp, more: Value, prices: &[(&str, i64, &str)]) -> String {
    let mut fields = json!({"title": "List", "list_currency": "USD"});
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let list = app.record("price_list", fields).await;
    for (product, from, price) in prices {
        let entry = json!({"price_list": list, "product": product, "min_quantity": from, "price": price});
        app.record("price", entry).await;
    }
    list
}

/// Price and total of so many of a product.
async fn costs(app: &TestApp, product: &str, quantity: i64, more: Value) -> (Value, Value) {
    let mut input = json!({"rows": [{"product": product, "quantity": quantity}]});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = app.admin().post("/sales/calculate", input).await.ok(200);
    (answer["rows"][0]["price"].clone(), answer["totals"]["total"].clone())
}

#[tokio::test]
async fn a_larger_quantity_has_its_own_price() {
    let app = TestApp::start().await;
    let chair = product(&app, json!({})).await;
    list(&app, json!({}), &[(&chair, 0, "10.00"), (&chair, 10, "9.00")]).await;
    assert_eq!(costs(&app, &chair, 9, json!({})).await, (json!(10), json!(90)));
    assert_eq!(costs(&app, &chair, 10, json!({})).await, (json!(9), json!(90)));
    // Nothing is converted.
    assert_eq!(costs(&app, &chair, 1, json!({"currency": "EUR"})).await, (json!(null), json!(0)));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn the_first_valid_list_by_priority_that_has_the_product_counts() {
    let app = TestApp::start().await;
    let (chair, table) = (product(&app, json!({})).await, product(&app, json!({"title": "Table"})).await);
    let vip = app.record("company", json!({"title": "Vesna", "kind": "partner"})).await;
    let we = app.record("organization", json!({"title": "We"})).await;
    let partners = json!({"field": "kind", "op": "eq", "value": "partner"});
    let base = list(&app, json!({"priority": 9}), &[(&chair, 0, "100"), (&table, 0, "10.99")]).await;
    list(&app, json!({"priority": 1, "clients": partners}), &[(&chair, 0, "70")]).await;
    list(&app, json!({"priority": 2, "organization": we}), &[(&chair, 0, "80")]).await;
    list(&app, json!({"priority": 3, "valid_from": "2026-04-01", "valid_to": "2026-04-30"}), &[(&chair, 0, "60")])
        .await;
    let price = async |product: &str, more: Value| costs(&app, product, 1, more).await.0;
    assert_eq!(price(&chair, json!({})).await, json!(100));
    assert_eq!(price(&chair, json!({"company": vip})).await, json!(70));
    assert_eq!(price(&chair, json!({"organization": we})).await, json!(80));
    assert_eq!(price(&chair, json!({"tax_date": "2026-04-30"})).await, json!(60));
    assert_eq!(price(&chair, json!({"tax_date": "2026-05-01"})).await, json!(100));
    assert_eq!(price(&table, json!({"company": vip})).await, json!(10.99));
    // Percent of another list, rounded.
    list(&app, json!({"priority": 0, "percent_of": base, "percent": 90, "rounded_to": 0.5}), &[]).await;
    assert_eq!([price(&chair, json!({})).await, price(&table, json!({})).await], [json!(90), json!(10)]);
    let wrong = json!({"title": "x", "list_currency": "ZZZ", "clients": {"what": 1}, "percent_of": base});
    let refused = app.admin().create("price_list", wrong).await.problem(422, "record.invalid");
    for field in ["list_currency", "clients", "percent"] {
        assert!(refused["fields"].get(field).is_some(), "{field}: {refused:#}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn rates_are_those_of_the_day_and_issued_documents_keep_theirs() {
    let app = TestApp::start().await;
    let rate = async |rate: i64, from: &str| {
        app.record("tax", json!({"title": "VAT", "code": "vat", "rate": rate, "valid_from": from})).await
    };
    let (old, new) = (rate(20, "2019-01-01").await, rate(22, "2026-01-01").await);
    let again = json!({"title": "VAT", "code": "vat", "rate": 23, "valid_from": "2026-01-01"});
    app.admin().create("tax", again).await.ok(409);
    let total = async |day: &str| {
        let input = json!({"currency": "RUB", "tax_date": day, "rows": [{"quantity": 10, "price": 1000, "tax": old}]});
        let answer = app.admin().post("/sales/calculate", input).await.ok(200);
        (answer["totals"]["total"].clone(), answer["rows"][0]["tax"].clone())
    };
    assert_eq!(total("2025-12-31").await, (json!(12000), json!(old)));
    assert_eq!(total("2026-01-01").await, (json!(12200), json!(new)));
    let input = json!({"currency": "RUB", "rows": [{"price": 12000, "tax": old, "tax_included": true}]});
    let answer = app.admin().post("/sales/calculate", input).await.ok(200);
    assert_eq!((&answer["totals"]["net"], &answer["totals"]["tax"]), (&json!(9836.07), &json!(2163.93)));
    // A quote of last year makes an invoice at the rate of today, and says so.
    let quote = app.record("quote", json!({"currency": "RUB", "tax_date": "2025-12-01"})).await;
    let rows = json!({"rows": [{"title": "Work", "price": 1000, "tax": new}]});
    let put = app.admin().put(&format!("/records/quote/{quote}/rows"), rows).await.ok(200);
    assert_eq!(put["totals"]["total"], 1200);
    app.admin().post(&format!("/records/quote/{quote}/send"), json!({})).await.ok(200);
    let made = app.admin().post(&format!("/records/quote/{quote}/derive"), json!({"to": "invoice"})).await.ok(200);
    assert_eq!(made["changes"][0]["tax_rate"], json!([20, 22]));
    let invoice = fields(&app, "invoice", made["id"].as_str().unwrap()).await;
    assert_eq!((&invoice["amount"], &invoice["currency"]), (&json!(1220), &json!("RUB")));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn rows_copy_the_catalogue_and_only_a_refresh_changes_them() {
    let app = TestApp::start().await;
    let vat = app.record("tax", json!({"title": "VAT", "code": "vat", "rate": 20})).await;
    let chair = product(&app, json!({"tax": vat, "code": "C-1"})).await;
    app.admin().create("product", json!({"title": "Other", "code": "C-1"})).await.ok(409);
    let base = list(&app, json!({"tax_included": true}), &[(&chair, 0, "12")]).await;
    let quote = app.record("quote", json!({})).await;
    let path = format!("/records/quote/{quote}/rows");
    let put = app.admin().put(&path, json!({"rows": [{"product": chair}]})).await.ok(200);
    let row = &put["rows"][0];
    assert_eq!((&row["title"], &row["unit"], &row["price"]), (&json!("Chair"), &json!("pc"), &json!(12)));
    assert_eq!((&row["tax_rate"], &row["tax_included"]), (&json!(20), &json!(true)));
    assert_eq!((&put["totals"]["net"], &put["totals"]["tax"]), (&json!(10), &json!(2)));
    let filter = json!({"filter": {"field": "price_list", "op": "eq", "value": base}});
    let price = app.admin().query("price", filter).await.ok(200)["items"][0]["id"].as_str().unwrap().to_owned();
    app.admin().update("price", &price, json!({"price": 15})).await.ok(200);
    let shown = app.admin().put(&path, json!({"refresh": true, "dry_run": true})).await.ok(200);
    assert_eq!((&shown["changes"][0]["price"], &shown["totals"]["total"]), (&json!([12, 15]), &json!(15)));
    assert_eq!(fields(&app, "quote", &quote).await["amount"], 12);
    let kept = app.admin().put(&path, json!({"rows": put["rows"]})).await.ok(200);
    assert_eq!((&kept["changes"], &kept["rows"][0]["id"]), (&json!([]), &put["rows"][0]["id"]));
    let fresh = app.admin().put(&path, json!({"refresh": true, "version": kept["version"]})).await.ok(200);
    assert_eq!(fresh["totals"]["total"], 15);
    app.admin().put(&path, json!({"rows": [], "version": kept["version"]})).await.problem(409, "record.conflict");
    // What a lead is interested in has no price.
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let put =
        app.admin().put(&format!("/records/lead/{lead}/rows"), json!({"rows": [{"product": chair}]})).await.ok(200);
    assert_eq!(
        (&put["rows"][0]["title"], &put["rows"][0]["price"], &put["totals"]),
        (&json!("Chair"), &json!(null), &json!(null))
    );
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn products_that_may_not_be_seen_are_not_there() {
    let mut app = TestApp::start().await;
    let chair = product(&app, json!({})).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.by_of(other, "admin");
    let input = json!({"rows": [{"product": chair}]});
    let refused = stranger.post("/sales/calculate", input).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["rows.0.product"]["code"], "missing");
    app.drain().await;
    app.finish().await;
}
