//! Sums, counts and averages, by fields and by calendar periods of the company's zone.

use serde_json::{Value, json};

use crate::app::TestApp;

/// Figures of amounts in dollars.
fn figures(count: i64, sum: Value, avg: Value, min: Value, max: Value) -> Value {
    let by_currency = |value: &Value| if max.is_null() { json!({}) } else { json!({"USD": value}) };
    json!({
        "count": count, "sum_amount": sum, "avg_amount": avg, "min_amount": min, "max_amount": max,
        "sum_amount_by_currency": by_currency(&sum), "avg_amount_by_currency": by_currency(&avg),
        "min_amount_by_currency": by_currency(&min), "max_amount_by_currency": by_currency(&max),
    })
}

#[tokio::test]
async fn groups_and_measures_over_what_a_filter_finds() {
    let app = TestApp::start().await;
    for (stage, amount) in [("new", json!(10.5)), ("new", json!(0.25)), ("qualified", json!(7)), ("junk", Value::Null)]
    {
        app.record("lead", json!({"title": "x", "stage": stage, "amount": amount})).await;
    }
    let ask = async |body: Value| app.admin().post("/records/lead/aggregate", body).await.ok(200)["items"].clone();
    assert_eq!(ask(json!({})).await, json!([{"group": {}, "values": {"count": 4}}]));
    let by_stage = ask(json!({"group_by": ["stage"], "measures": [{"op": "count"}, {"op": "sum", "field": "amount"}, {"op": "avg", "field": "amount"}, {"op": "min", "field": "amount"}, {"op": "max", "field": "amount"}]})).await;
    assert_eq!(
        by_stage,
        json!([
            {"group": {"stage": "junk"}, "values": figures(1, json!(0), Value::Null, Value::Null, Value::Null)},
            {"group": {"stage": "new"}, "values": figures(2, json!(10.75), json!(5.375), json!(0.25), json!(10.5))},
            {"group": {"stage": "qualified"}, "values": figures(1, json!(7), json!(7), json!(7), json!(7))},
        ])
    );
    let filter = json!({"field": "amount", "op": "gt", "value": 5});
    assert_eq!(
        ask(json!({"filter": filter, "measures": [{"op": "sum", "field": "amount"}]})).await,
        json!([{"group": {}, "values": {"sum_amount": 17.5, "sum_amount_by_currency": {"USD": 17.5}}}])
    );
    let none = json!({"field": "amount", "op": "gt", "value": 500});
    assert_eq!(
        ask(json!({"filter": none, "measures": [{"op": "count"}, {"op": "sum", "field": "amount"}]})).await,
        json!([{"group": {}, "values": {"count": 0, "sum_amount": 0, "sum_amount_by_currency": {}}}])
    );
    for wrong in [
        json!({"group_by": ["phones"]}),
        json!({"group_by": ["created_at"]}),
        json!({"group_by": [{"field": "amount", "bucket": "day"}]}),
        json!({"group_by": ["stage", "source", "owner", "currency", "title"]}),
        json!({"measures": [{"op": "sum", "field": "title"}]}),
        json!({"measures": [{"op": "sum"}]}),
        json!({"measures": vec![json!({"op": "count"}); 11]}),
    ] {
        app.admin().post("/records/lead/aggregate", wrong).await.problem(400, "request.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn periods_begin_at_midnight_of_the_companys_zone_across_a_clock_change() {
    // Kyiv moves from +2 to +3 on 29 March 2026 at 03:00.
    let app = TestApp::build().locale(kernel::Locale::Uk).start().await;
    for at in [
        "2026-03-28T21:59:59Z", // 28th, 23:59
        "2026-03-28T22:00:00Z", // 29th, 00:00
        "2026-03-29T20:59:59Z", // 29th, 23:59 (+3)
        "2026-03-29T21:00:00Z", // 30th, 00:00 (+3)
        "2026-03-31T20:59:59Z", // 31st
        "2026-03-31T21:00:00Z", // 1 April
        "2026-12-31T22:00:00Z", // 1 January 2027 (+2)
    ] {
        app.record("activity", json!({"title": "x", "kind": "call", "deadline": at})).await;
    }
    let ask = async |bucket: &str| {
        let body = json!({"group_by": [{"field": "deadline", "bucket": bucket}]});
        let items = app.admin().post("/records/activity/aggregate", body).await.ok(200)["items"].clone();
        let pair =
            |item: &Value| format!("{}={}", item["group"]["deadline"].as_str().unwrap(), item["values"]["count"]);
        items.as_array().unwrap().iter().map(pair).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ask("day").await, "2026-03-28=1 2026-03-29=2 2026-03-30=1 2026-03-31=1 2026-04-01=1 2027-01-01=1");
    assert_eq!(ask("week").await, "2026-03-23=3 2026-03-30=3 2026-12-28=1");
    assert_eq!(ask("month").await, "2026-03-01=5 2026-04-01=1 2027-01-01=1");
    assert_eq!(ask("quarter").await, "2026-01-01=5 2026-04-01=1 2027-01-01=1");
    assert_eq!(ask("year").await, "2026-01-01=6 2027-01-01=1");
    app.finish().await;
}

#[tokio::test]
async fn dates_without_time_are_not_moved_by_zones() {
    let app = TestApp::build().locale(kernel::Locale::Ru).start().await;
    for day in ["2026-03-31", "2026-04-01"] {
        app.record("deal", json!({"title": "x", "close_date": day, "amount": 2})).await;
    }
    let body = json!({"group_by": [{"field": "close_date", "bucket": "month"}], "measures": [{"op": "sum", "field": "amount"}]});
    let items = app.admin().post("/records/deal/aggregate", body).await.ok(200)["items"].clone();
    assert_eq!(
        items,
        json!([
            {"group": {"close_date": "2026-03-01"}, "values": {"sum_amount": 2, "sum_amount_by_currency": {"RUB": 2}}},
            {"group": {"close_date": "2026-04-01"}, "values": {"sum_amount": 2, "sum_amount_by_currency": {"RUB": 2}}},
        ])
    );
    app.finish().await;
}

#[tokio::test]
async fn amounts_of_several_currencies_are_never_put_together() {
    let app = TestApp::start().await;
    let fee = json!({"key": "x_fee", "type": "money", "label": {"en": "Fee"}});
    app.admin().post("/entities/deal/fields", fee).await.ok(201);
    for (amount, currency, stage) in
        [(100, "USD", "deal_new"), (5000, "RUB", "deal_new"), (7, "EUR", "preparation"), (3, "EUR", "preparation")]
    {
        let fields = json!({"title": "x", "amount": amount, "currency": currency, "stage": stage, "x_fee": amount, "x_fee_currency": currency});
        app.record("deal", fields).await;
    }
    let ask = async |body: Value| app.admin().post("/records/deal/aggregate", body).await.ok(200)["items"].clone();
    for field in ["amount", "x_fee"] {
        let all = ["sum", "avg", "min", "max"].map(|op| json!({"op": op, "field": field}));
        let values = ask(json!({"measures": all})).await[0]["values"].clone();
        let of =
            |op: &str| (values[format!("{op}_{field}")].clone(), values[format!("{op}_{field}_by_currency")].clone());
        assert_eq!(of("sum"), (Value::Null, json!({"EUR": 10, "RUB": 5000, "USD": 100})));
        assert_eq!(of("avg"), (Value::Null, json!({"EUR": 5, "RUB": 5000, "USD": 100})));
        assert_eq!(of("max"), (Value::Null, json!({"EUR": 7, "RUB": 5000, "USD": 100})));
    }
    let measures = json!([{"op": "count"}, {"op": "sum", "field": "amount"}]);
    let by_stage = ask(json!({"group_by": ["stage"], "measures": measures})).await;
    assert_eq!(
        by_stage[0]["values"],
        json!({"count": 2, "sum_amount": null, "sum_amount_by_currency": {"RUB": 5000, "USD": 100}})
    );
    assert_eq!(by_stage[1]["values"], json!({"count": 2, "sum_amount": 10, "sum_amount_by_currency": {"EUR": 10}}));
    let by_currency = ask(json!({"group_by": ["currency"], "measures": measures})).await;
    let sums: Vec<&Value> = by_currency.as_array().unwrap().iter().map(|row| &row["values"]["sum_amount"]).collect();
    assert_eq!(sums, [&json!(10), &json!(5000), &json!(100)]);
    let funnel = json!({"over": "stage", "entity": "deal", "group_by": ["step"]});
    let funnel = app.admin().post("/reports/funnel", funnel).await.ok(200);
    let row = |step: &str| funnel["items"].as_array().unwrap().iter().find(|row| row["group"]["step"] == step).unwrap();
    assert_eq!(row("deal_new")["amount"], Value::Null);
    // Whoever stands further has reached what is before.
    assert_eq!(row("deal_new")["amounts"], json!({"EUR": 10.0, "RUB": 5000.0, "USD": 100.0}));
    assert_eq!((&row("preparation")["amount"], &row("preparation")["amounts"]), (&json!(10.0), &json!({"EUR": 10.0})));
    app.finish().await;
}

#[tokio::test]
async fn more_groups_than_an_answer_holds_are_refused_with_words() {
    let app = TestApp::start().await;
    app.record("company", json!({"title": "first"})).await;
    super::multiply(&app, "company", 20_001).await;
    let ask = json!({"group_by": ["title"]});
    let refused = app.admin().post("/records/company/aggregate", ask.clone()).await.problem(400, "request.invalid");
    assert_eq!(refused["fields"]["group_by"]["code"], "too_many");
    let mut some = ask;
    some["filter"] = json!({"field": "number", "op": "lte", "value": 20_000});
    let groups = app.admin().post("/records/company/aggregate", some).await.ok(200);
    assert_eq!(groups["items"].as_array().unwrap().len(), 20_000);
    app.finish().await;
}
