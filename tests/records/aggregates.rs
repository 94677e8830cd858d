//! Sums, counts and averages, by fields and by calendar periods of the company's zone.

use serde_json::{Value, json};

use crate::app::TestApp;

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
            {"group": {"stage": "junk"}, "values": {"count": 1, "sum_amount": 0, "avg_amount": null, "min_amount": null, "max_amount": null}},
            {"group": {"stage": "new"}, "values": {"count": 2, "sum_amount": 10.75, "avg_amount": 5.375, "min_amount": 0.25, "max_amount": 10.5}},
            {"group": {"stage": "qualified"}, "values": {"count": 1, "sum_amount": 7, "avg_amount": 7, "min_amount": 7, "max_amount": 7}},
        ])
    );
    let filter = json!({"field": "amount", "op": "gt", "value": 5});
    assert_eq!(
        ask(json!({"filter": filter, "measures": [{"op": "sum", "field": "amount"}]})).await,
        json!([{"group": {}, "values": {"sum_amount": 17.5}}])
    );
    let none = json!({"field": "amount", "op": "gt", "value": 500});
    assert_eq!(
        ask(json!({"filter": none, "measures": [{"op": "count"}, {"op": "sum", "field": "amount"}]})).await,
        json!([{"group": {}, "values": {"count": 0, "sum_amount": 0}}])
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
            {"group": {"close_date": "2026-03-01"}, "values": {"sum_amount": 2}},
            {"group": {"close_date": "2026-04-01"}, "values": {"sum_amount": 2}},
        ])
    );
    app.finish().await;
}
