//! The forecast and plans, by the numbers of their definition.

use serde_json::{Value, json};

use super::{ask, at, office_hours, opens, stage};
use crate::app::TestApp;

#[tokio::test]
async fn a_deal_counts_by_its_own_probability_else_by_its_stages_and_a_past_date_is_no_forecast() {
    let app = TestApp::start().await;
    at(&app, "2027-01-15T10:00:00Z");
    app.admin().put("/reports/probabilities", json!({"items": [{"stage": "quote", "probability": 25}]})).await.ok(200);
    let deal = async |amount: i64, fields: Value| {
        let mut all = json!({"title": amount.to_string(), "amount": amount, "stage": "quote"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        app.admin().create("deal", all).await.id()
    };
    deal(10_000, json!({"probability": 50, "close_date": "2027-01-20"})).await;
    let staged = deal(20_000, json!({"close_date": "2027-02-10"})).await;
    deal(8_000, json!({"close_date": "2027-01-14"})).await;
    deal(1_000, json!({})).await;
    let forecast = app.admin().post("/reports/forecast", json!({})).await.ok(200);
    let figure = |bag: &str, key: &str| forecast[bag][key].clone();
    assert_eq!(
        (figure("totals", "weighted"), figure("overdue", "amount")),
        (json!(10_000), json!(8_000)),
        "{forecast:#}"
    );
    assert_eq!((figure("totals", "n"), figure("undated", "amount")), (json!(2), json!(1_000)));
    assert_eq!(figure("totals", "history"), json!(7_500));
    assert_eq!((figure("totals", "best_case"), figure("totals", "pipeline")), (json!(10_000), json!(20_000)));
    assert_eq!(forecast["months"].as_array().unwrap().len(), 6);
    assert_eq!(
        (&forecast["months"][0]["month"], &forecast["months"][0]["weighted"]),
        (&json!("2027-01-01"), &json!(5_000))
    );
    for bag in ["totals", "overdue", "undated"] {
        opens(&app, "admin", &forecast[bag]["drill"], forecast[bag]["n"].as_i64().unwrap()).await;
    }
    for month in forecast["months"].as_array().unwrap() {
        opens(&app, "admin", &month["drill"], month["n"].as_i64().unwrap()).await;
    }
    // Each sum opens its own deals.
    for (part, count) in [("commit", 0), ("best_case", 1), ("pipeline", 1), ("won", 0)] {
        opens(&app, "admin", &forecast["totals"]["drills"][part], count).await;
        let months = forecast["months"].as_array().unwrap().iter();
        for month in months {
            let worth = month[part].as_f64().unwrap_or(0.0);
            opens(&app, "admin", &month["drills"][part], i64::from(worth > 0.0)).await;
        }
    }
    opens(&app, "admin", &forecast["overdue"]["drills"]["pipeline"], 1).await;
    // The measure says the same.
    let answer = ask(&app, "admin", json!({"measures": ["deal.weighted"]})).await;
    assert_eq!(answer["totals"]["values"]["deal.weighted"], 10_000);
    super::opens_what_it_counts(&app, "admin", &answer).await;
    // By hand, and an own probability that is cleared.
    app.admin().update("deal", &staged, json!({"forecast_category": "commit", "probability": 90})).await.ok(200);
    let forecast = app.admin().post("/reports/forecast", json!({})).await.ok(200);
    assert_eq!((&forecast["totals"]["commit"], &forecast["totals"]["weighted"]), (&json!(20_000), &json!(23_000)));
    opens(&app, "admin", &forecast["totals"]["drills"]["commit"], 1).await;
    opens(&app, "admin", &forecast["totals"]["drills"]["pipeline"], 0).await;
    app.admin().update("deal", &staged, json!({"probability": null})).await.ok(200);
    stage(&app, "deal", &staged, "won").await;
    let forecast = app.admin().post("/reports/forecast", json!({})).await.ok(200);
    assert_eq!((&forecast["totals"]["weighted"], &forecast["months"][0]["won"]), (&json!(5_000), &json!(20_000)));
    for bag in [&forecast["totals"], &forecast["months"][0]] {
        opens(&app, "admin", &bag["drills"]["won"], 1).await;
    }
    app.admin()
        .put("/reports/probabilities", json!({"items": [{"stage": "won", "probability": 25}]}))
        .await
        .problem(422, "stage.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_stage_with_twenty_decided_deals_is_as_likely_as_they_were() {
    let app = TestApp::start().await;
    for index in 0..20 {
        let id = app.admin().create("deal", json!({"title": "x", "stage": "quote"})).await.id();
        stage(&app, "deal", &id, if index < 15 { "won" } else { "lost" }).await;
    }
    app.admin()
        .create("deal", json!({"title": "open", "stage": "quote", "amount": 1_000, "close_date": "2099-01-01"}))
        .await
        .id();
    let now = app.state.env.now().utc().format("%Y").to_string();
    let ask = json!({"period": {"from": format!("{now}-01-01"), "to": format!("{now}-12-31")}});
    let forecast = app.admin().post("/reports/forecast", ask).await.ok(200);
    let quote = forecast["probabilities"].as_array().unwrap().iter().find(|one| one["stage"] == "quote").unwrap();
    assert_eq!((&quote["history"], &quote["decided"]), (&json!(75.0), &json!(20)));
    for stage in ["deal_new", "negotiation"] {
        // Whoever came to a later stage has passed the earlier one; nobody but the won ones came further.
        let one = forecast["probabilities"].as_array().unwrap().iter().find(|one| one["stage"] == stage).unwrap();
        assert_eq!(one["decided"], if stage == "deal_new" { 20 } else { 15 }, "{one}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_plan_says_what_came_of_it_and_where_that_leads() {
    let app = TestApp::start().await;
    office_hours(&app).await;
    at(&app, "2027-01-05T10:00:00Z");
    let id = app.admin().create("deal", json!({"title": "x", "amount": 60_000})).await.id();
    stage(&app, "deal", &id, "won").await;
    let plan = |value: Value| json!({"items": [{"measure": "deal.won_amount", "who": {"kind": "company"}, "period": {"kind": "month", "from": "2027-01-01"}, "value": value}]});
    app.admin().put("/plans", plan(json!(100_000))).await.ok(200);
    at(&app, "2027-01-15T18:00:00Z");
    let plans = app.admin().get("/plans?period=2027-01").await.ok(200);
    let found = &plans["items"][0];
    assert_eq!(
        (&found["fact"], &found["percent"], &found["run_rate"]),
        (&json!(60_000), &json!(60), &json!(114_545.45)),
        "{plans:#}"
    );
    assert_eq!(
        (&found["working_days"], &found["working_days_gone"], &found["deviation"]),
        (&json!(21), &json!(11), &json!(-40_000))
    );
    opens(&app, "admin", &found["drill"], 1).await;
    // Of a year and of a quarter it is found too, of another month not.
    for (period, count) in [("2027", 1), ("2027-Q1", 1), ("2027-02", 0), ("2026", 0)] {
        let plans = app.admin().get(&format!("/plans?period={period}")).await.ok(200);
        assert_eq!(plans["items"].as_array().unwrap().len(), count, "{period}");
    }
    app.admin().get("/plans?period=someday").await.problem(422, "report.invalid");
    // Over another version than was seen nothing is written.
    let mut stale = plan(json!(1));
    stale["items"][0]["version"] = json!(7);
    app.admin().put("/plans", stale).await.problem(409, "report.conflict");
    for (field, value, place) in [
        ("measure", json!("deal.open"), "measure"),
        ("value", json!(-1), "value"),
        ("value", json!(0.00001), "value"),
        ("who", json!({"kind": "user", "id": uuid::Uuid::nil()}), "who"),
        ("period", json!({"kind": "quarter", "from": "2027-02-01"}), "period"),
        ("period", json!({"kind": "month", "from": "9999-12-01"}), "period"),
        ("period", json!({"kind": "year", "from": "+262141-01-01"}), "period"),
        ("period", json!({"kind": "month", "from": "-0001-01-01"}), "period"),
        ("note", json!("x".repeat(1_001)), "note"),
    ] {
        let mut wrong = plan(json!(1));
        wrong["items"][0][field] = value;
        let said = app.admin().put("/plans", wrong).await.problem(422, "report.invalid");
        assert!(said["fields"][format!("items.0.{place}")].is_object(), "{field}: {said}");
    }
    app.admin().put("/plans", plan(Value::Null)).await.ok(200);
    assert_eq!(app.admin().get("/plans").await.ok(200)["items"], json!([]));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn plans_are_written_by_heads_for_their_people_and_seen_by_whom_they_are_of() {
    let mut app = TestApp::build()
        .person("head", "sales_head")
        .person("max", "sales_manager")
        .person("eve", "sales_manager")
        .start()
        .await;
    let sales = app.department("Sales", None, &["max", "head"]).await;
    let body = json!({"head_ids": [app.id_of("head")], "name": "Sales"});
    app.admin().patch(&format!("/departments/{sales}"), body).await.ok(200);
    let plan = |kind: &str, id: Value| {
        let who = if id.is_null() { json!({"kind": kind}) } else { json!({"kind": kind, "id": id}) };
        json!({"items": [{"measure": "deal.won", "who": who, "period": {"kind": "month", "from": "2027-01-01"}, "value": 5}]})
    };
    for (who, id, may) in [
        ("user", json!(app.id_of("max")), true),
        ("department", json!(sales), true),
        ("user", json!(app.id_of("eve")), false),
        ("company", Value::Null, false),
    ] {
        let answer = app.by("head").put("/plans", plan(who, id)).await;
        assert_eq!(answer.status.as_u16(), if may { 200 } else { 403 }, "{who}");
    }
    app.by("max").put("/plans", plan("user", json!(app.id_of("max")))).await.problem(403, "denied");
    app.admin().put("/plans", plan("user", json!(app.id_of("eve")))).await.ok(200);
    for (name, count) in [("head", 2), ("max", 2), ("eve", 1), ("admin", 3)] {
        let plans = app.by(name).get("/plans").await.ok(200);
        assert_eq!(plans["items"].as_array().unwrap().len(), count, "{name}: {plans}");
    }
    app.drain().await;
    app.finish().await;
}
