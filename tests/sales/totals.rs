//! What documents of sale come to, as the table of the specification has it.

use serde_json::{Value, json};

use crate::app::TestApp;

/// Rows and terms with what they come to.
pub fn table() -> Vec<(&'static str, Value, [f64; 3])> {
    let three = |price: &str, included: bool| {
        vec![json!({"quantity": 1, "price": price, "tax_rate": 20, "tax_included": included}); 3]
    };
    let mixed = json!([
        {"quantity": 1, "price": 1000, "tax_rate": 20},
        {"quantity": 4, "price": "55.50", "discount_percent": 10, "tax_rate": 10},
        {"quantity": 2, "price": 300, "discount_amount": 50, "tax_rate": 0},
    ]);
    let modes = json!([
        {"price": 1200, "tax_rate": 20, "tax_included": true},
        {"price": "199.80", "tax_rate": 10},
        {"price": 550, "tax_rate": 0},
    ]);
    let yen = json!([{"quantity": 3, "price": 105, "tax_rate": 10}, {"quantity": 3, "price": 98.5, "tax_rate": 8}]);
    let dinar = json!([{"quantity": 7, "price": 1.2345, "discount_percent": 12.5, "tax_rate": 5}]);
    let one = |percent: i64| json!([{"quantity": 1.75, "price": 12.98, "discount_percent": percent, "tax_rate": 20}]);
    let less = json!([{"price": 84, "discount_amount": 70, "tax_rate": 20}]);
    let tens = vec![json!({"price": 10, "tax_rate": 20}); 3];
    vec![
        ("group", json!({"rows": three("33.33", false)}), [99.99, 20.0, 119.99]),
        ("row", json!({"rows": three("33.33", false), "tax_rounding": "row"}), [99.99, 20.01, 120.0]),
        ("group, included", json!({"rows": three("9.97", true)}), [24.92, 4.99, 29.91]),
        ("row, included", json!({"rows": three("9.97", true), "tax_rounding": "row"}), [24.93, 4.98, 29.91]),
        ("all off", json!({"rows": one(100)}), [0.0, 0.0, 0.0]),
        ("part off", json!({"rows": one(15)}), [19.31, 3.86, 23.17]),
        ("an amount off", json!({"rows": less}), [14.0, 2.8, 16.8]),
        ("shares", json!({"rows": tens, "discount": {"amount": 10}}), [20.0, 4.0, 24.0]),
        ("all kinds", json!({"rows": mixed, "discount": {"percent": 5}}), [1662.31, 208.98, 1871.29]),
        ("both modes", json!({"rows": modes}), [1749.8, 219.98, 1969.78]),
        ("yen", json!({"rows": yen, "currency": "JPY"}), [611.0, 56.0, 667.0]),
        ("dinar", json!({"rows": dinar, "currency": "KWD"}), [7.562, 0.378, 7.94]),
    ]
}

#[tokio::test]
async fn every_case_of_the_table_comes_out() {
    let app = TestApp::start().await;
    for (name, mut input, [net, tax, total]) in table() {
        input.as_object_mut().unwrap().entry("currency").or_insert(json!("RUB"));
        let answer = app.admin().post("/sales/calculate", input).await.ok(200);
        let totals = &answer["totals"];
        let got = ["net", "tax", "total"].map(|key| totals[key].as_f64().unwrap());
        assert_eq!(got, [net, tax, total], "{name}: {answer:#}");
        let rows = answer["rows"].as_array().unwrap();
        let column: f64 = rows.iter().map(|row| row["figures"]["tax"].as_f64().unwrap()).sum();
        assert!((column - tax).abs() < 1e-9, "{name}: {answer:#}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_sum_has_words_in_the_readers_language_and_rows_without_a_price_count_for_nothing() {
    let app = TestApp::build().locale(kernel::Locale::Ru).start().await;
    let input = json!({"currency": "RUB", "rows": [{"title": "?"}, {"quantity": 2, "price": "10760.51"}]});
    let answer = app.admin().post("/sales/calculate", input).await.ok(200);
    let words = "Двадцать одна тысяча пятьсот двадцать один рубль 02 копейки";
    assert_eq!((&answer["totals"]["in_words"], &answer["totals"]["unpriced"]), (&json!(words), &json!(1)));
    assert_eq!(
        (&answer["rows"][0]["figures"], &answer["rows"][1]["figures"]["gross"]),
        (&json!(null), &json!(21521.02))
    );
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_reckoned_is_refused_with_its_place() {
    let app = TestApp::start().await;
    let ask = async |input: Value, code: &str| app.admin().post("/sales/calculate", input).await.problem(422, code);
    let mixed = json!({"discount": {"percent": 5}, "rows": [
        {"price": 1200, "tax_rate": 20, "tax_included": true}, {"price": 10, "tax_rate": 10}]});
    ask(mixed, "sale.mixed_tax_mode").await;
    for (input, field) in [
        (json!({"rows": [{"price": 1}, {"price": -1}]}), "rows.1.price"),
        (json!({"rows": [{"price": 99_999_999_999_i64, "quantity": 1000}]}), "rows.0.price"),
        (json!({"rows": [{}, {"price": 1, "discount_amount": 2}]}), "rows.1.discount_amount"),
        (json!({"rows": [{"price": 1}], "discount": {"amount": 2}}), "discount_amount"),
        (json!({"rows": [], "discount": {"percent": 101}}), "discount_amount"),
        (json!({"rows": [], "discount": {"percent": 1, "amount": 1}}), "discount.amount"),
        (json!({"rows": vec![json!({}); 201]}), "rows"),
        (json!({"rows": "x"}), "rows"),
        (json!({"rows": [{"price": "1.00001"}]}), "rows.0.price"),
        (json!({"rows": [], "currency": "EURO"}), "currency"),
        (json!({"rows": [], "tax_rounding": "up"}), "tax_rounding"),
        (json!({"rows": [], "cash_rounding": -1}), "cash_rounding"),
    ] {
        let problem = ask(input, "sale.invalid").await;
        assert!(problem["fields"].get(field).is_some(), "{field}: {problem:#}");
    }
    app.stranger().post("/sales/calculate", json!({"rows": []})).await.problem(401, "auth.required");
    app.drain().await;
    app.finish().await;
}
