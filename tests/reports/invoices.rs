//! Measures of invoices and payments, and what is sold by product.

use serde_json::{Value, json};

use super::{ask, at, figure, opens_what_it_counts, stage};
use crate::app::TestApp;

/// An invoice over one row that was issued.
async fn issued(app: &TestApp, fields: Value) -> String {
    let made = app.admin().create("invoice", fields).await;
    made.ok(201);
    let id = made.id();
    app.admin().post(&format!("/records/invoice/{id}/issue"), json!({})).await.ok(200);
    id
}

#[tokio::test]
async fn invoices_are_issued_paid_owed_and_overdue() {
    let app = TestApp::start().await;
    at(&app, "2027-01-10T10:00:00Z");
    let rates = json!({"rates": [{"currency": "EUR", "day": "2027-01-01", "rate": "2"}]});
    app.admin().put("/currency-rates", rates).await.ok(200);
    let row = |price: i64| json!([{"title": "Work", "price": price}]);
    let first = issued(&app, json!({"rows": row(1000), "due_date": "2027-01-20"})).await;
    issued(&app, json!({"rows": row(100), "currency": "EUR", "due_date": "2027-03-01"})).await;
    let draft = json!({"rows": row(7)});
    app.admin().create("invoice", draft).await.ok(201);
    let payment = app.record("payment", json!({"amount": 700, "currency": "USD", "paid_on": "2027-01-12"})).await;
    let part = json!({"invoice": first, "amount": 600});
    app.admin().post(&format!("/payments/{payment}/allocate"), part).await.ok(200);
    at(&app, "2027-01-25T10:00:00Z");
    let january = json!({"from": "2027-01-01", "to": "2027-02-01"});
    for (key, expected) in
        [("invoice.issued", 1200), ("invoice.paid", 600), ("invoice.debt", 600), ("invoice.overdue", 400)]
    {
        assert_eq!(figure(&app, key, january.clone()).await, json!(expected), "{key}");
    }
    let all = json!({"measures": ["invoice.issued", "invoice.debt", "invoice.overdue"], "group_by": ["company"]});
    opens_what_it_counts(&app, "admin", &ask(&app, "admin", all).await).await;
    let months = json!({"measures": ["invoice.paid"], "group_by": [{"field": "paid_on", "bucket": "month"}]});
    let answer = ask(&app, "admin", months).await;
    assert_eq!(answer["rows"][0]["values"]["invoice.paid"], 600, "{answer}");
    opens_what_it_counts(&app, "admin", &answer).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_sum_of_deals_is_not_told_apart_by_product_and_what_rows_come_to_is() {
    let app = TestApp::start().await;
    let product = async |title: &str| app.record("product", json!({"title": title, "kind": "goods"})).await;
    let (pump, pipe) = (product("Pump").await, product("Pipe").await);
    let rows = json!([
        {"product": pump, "price": 50}, {"product": pipe, "price": 30}, {"product": pipe, "price": 20},
    ]);
    let deal = app.record("deal", json!({"title": "Three rows", "rows": rows})).await;
    stage(&app, "deal", &deal, "won").await;
    let by = |measure: &str| json!({"measures": [measure], "group_by": ["product"]});
    let refused = app.admin().post("/reports/query", by("deal.won_amount")).await.problem(422, "report.fan_out");
    let told = refused["fields"]["group_by"]["message"].as_str().unwrap();
    assert!(told.contains("Sold by won deals, by their rows"), "{refused}");
    let answer = ask(&app, "admin", by("deal.rows")).await;
    let sums: Vec<(Value, Value)> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let product = row["group"]["product"].as_str().unwrap();
            (answer["refs"][product]["title"].clone(), row["values"]["deal.rows"].clone())
        })
        .collect();
    assert!(sums.contains(&(json!("Pump"), json!(50))) && sums.contains(&(json!("Pipe"), json!(50))), "{answer}");
    assert_eq!(answer["totals"]["values"]["deal.rows"], 100, "{answer}");
    assert_eq!(answer["columns"][0]["label"], "Product");
    opens_what_it_counts(&app, "admin", &answer).await;
    // Beside another axis, and in a file.
    let both = json!({"measures": ["deal.rows"], "group_by": ["product", "manager"]});
    assert_eq!(ask(&app, "admin", both).await["rows"].as_array().unwrap().len(), 2);
    app.drain().await;
    app.finish().await;
}
