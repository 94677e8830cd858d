//! What may not be asked, and by whom.

use serde_json::{Value, json};

use super::ask;
use crate::app::TestApp;

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_by_its_place() {
    let app = TestApp::start().await;
    let check = async |query: Value, place: &str| {
        let said = app.admin().post("/reports/query", query.clone()).await.problem(422, "report.invalid");
        assert!(said["fields"][place].is_object(), "{query}: {said}");
    };
    let with = |key: &str, value: Value| {
        let mut query = json!({"measures": ["deal.won"]});
        query[key] = value;
        query
    };
    check(json!({}), "measures").await;
    check(json!({"measures": ["deal.wonn"]}), "measures").await;
    check(json!({"measures": ["x".repeat(10_000)]}), "measures").await;
    check(json!({"measures": vec!["deal.won"; 11]}), "measures").await;
    for groups in [
        json!(["nothing"]),
        json!(["closed_at"]),
        json!([{"field": "stage", "bucket": "day"}]),
        json!([1]),
        json!([{"field": "closed_at", "bucket": "hour"}]),
        json!([{"fields": "stage"}]),
        json!(["contacts"]),
        json!(["stage", "source", "kind", "owner", "number"]),
    ] {
        check(with("group_by", groups), "group_by").await;
    }
    check(with("filter", json!({"field": "nothing", "op": "eq", "value": 1})), "filter").await;
    check(with("filter", json!("x")), "filter").await;
    check(with("filter", json!({"field": "title", "op": "in", "value": vec!["x"; 1_001]})), "filter").await;
    for period in [
        json!({"from": "yesterday"}),
        json!({"from": "2026-02-01", "to": "2026-01-01"}),
        json!({"preset": "someday"}),
        json!({"preset": "today", "from": "2026-01-01"}),
        json!({"from": "2026-02-30"}),
    ] {
        check(with("period", period), "period").await;
    }
    check(with("compare", json!("before")), "compare").await;
    check(with("currency", json!("XYZ1")), "currency").await;
    check(with("sort", json!("title")), "sort").await;
    check(with("limit", json!(0)), "limit").await;
    check(json!({"measures": ["deal.idle"], "as_of": "2020-01-01T00:00:00Z"}), "as_of").await;
    for body in [
        json!({"measures": "deal.won"}),
        json!({"measure": []}),
        with("compare", json!("never")),
        with("limit", json!(-1)),
    ] {
        app.admin().post("/reports/query", body).await.problem(400, "request.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn figures_are_of_ones_own_company_and_no_one_elses() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.record("lead", json!({"title": "ours", "phones": ["+79161234567"]})).await;
    let query = json!({"measures": ["lead.created"], "group_by": ["title"]});
    let theirs = app.by_of(other, "admin").post("/reports/query", query.clone()).await.ok(200);
    assert_eq!((&theirs["rows"], &theirs["totals"]["values"]["lead.created"]), (&json!([]), &json!(0)));
    app.stranger().post("/reports/query", query.clone()).await.problem(401, "auth.required");
    app.stranger().get("/reports/measures").await.problem(401, "auth.required");
    assert_eq!(ask(&app, "admin", query).await["rows"][0]["group"]["title"], "ours");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn rows_that_were_taken_out_are_counted_for_administrators_alone() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    for title in ["a", "b", "c"] {
        app.record("deal", json!({ "title": title })).await;
    }
    for _ in 0..2 {
        app.admin().post("/exports", json!({"entity": "deal", "format": "csv"})).await.ok(202);
        app.drain().await;
    }
    let asked = json!({"measures": ["export.rows"], "group_by": ["manager", {"field": "done_at", "bucket": "year"}]});
    let answer = ask(&app, "admin", asked.clone()).await;
    assert_eq!(answer["totals"]["values"], json!({"export.rows": 6}), "{answer}");
    assert_eq!(answer["totals"]["n"], json!({"export.rows": 2}), "files");
    assert_eq!(answer["rows"].as_array().unwrap().len(), 1);
    assert_eq!(answer["rows"][0]["group"]["manager"], json!(app.id_of("admin")));
    let before = json!({"measures": ["export.rows"], "period": {"to": "2020-01-01"}});
    assert_eq!(ask(&app, "admin", before).await["totals"]["values"]["export.rows"], 0);
    let theirs = app.by_of(other, "admin").post("/reports/query", asked.clone()).await.ok(200);
    assert_eq!((&theirs["totals"]["values"]["export.rows"], &theirs["rows"]), (&json!(0), &json!([])));
    app.by("max").post("/reports/query", asked).await.problem(403, "denied");
    for (name, shown) in [("admin", true), ("max", false)] {
        let listed = app.by(name).get("/reports/measures").await.ok(200);
        let there = listed["items"].as_array().unwrap().iter().any(|one| one["key"] == "export.rows");
        assert_eq!(there, shown, "{name}");
    }
    for (key, value, place) in [
        ("filter", json!({"field": "title", "op": "eq", "value": "x"}), "filter"),
        ("group_by", json!(["title"]), "group_by"),
        ("measures", json!(["export.rows", "deal.won"]), "measures"),
        ("compare", json!("before"), "period"),
    ] {
        let mut wrong = json!({"measures": ["export.rows"]});
        wrong[key] = value;
        let said = app.admin().post("/reports/query", wrong).await.problem(422, "report.invalid");
        assert!(said["fields"][place].is_object(), "{said}");
    }
    app.finish().await;
}

#[tokio::test]
async fn rates_are_set_by_administrators_and_are_numbers_of_known_currencies() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let one =
        |currency: &str, day: &str, rate: Value| json!({"rates": [{"currency": currency, "day": day, "rate": rate}]});
    let good = one("USD", "2026-01-01", json!("90.1234567891"));
    app.by("max").put("/currency-rates", good.clone()).await.problem(403, "denied");
    app.stranger().put("/currency-rates", good.clone()).await.problem(401, "auth.required");
    let set = app.admin().put("/currency-rates", good.clone()).await.ok(200);
    assert_eq!(set["items"], json!([{"currency": "USD", "day": "2026-01-01", "rate": "90.1234567891"}]));
    assert_eq!(app.by_of(other, "admin").get("/currency-rates").await.ok(200)["items"], json!([]));
    assert_eq!(app.by("max").get("/currency-rates").await.ok(200)["items"], set["items"]);
    for wrong in [
        one("XYZ1", "2026-01-01", json!("1")),
        one("USD", "2026-01-01", json!("0")),
        one("USD", "2026-01-01", json!("-1")),
        one("USD", "2026-01-01", json!("1000000001")),
        one("USD", "2026-01-01", json!("0.00000000001")),
    ] {
        let said = app.admin().put("/currency-rates", wrong.clone()).await.problem(422, "rate.invalid");
        assert!(said["fields"]["rates.0"].is_object(), "{wrong}: {said}");
    }
    let twice = json!({"rates": [good["rates"][0], good["rates"][0]]});
    app.admin().put("/currency-rates", twice).await.problem(422, "rate.invalid");
    let many = json!({"rates": vec![good["rates"][0].clone(); 1_001]});
    app.admin().put("/currency-rates", many).await.problem(422, "rate.invalid");
    for wrong in [
        one("USD", "2026-02-30", json!("1")),
        one("USD", "today", json!("1")),
        one("USD", "2026-01-01", json!("a lot")),
        json!({}),
    ] {
        app.admin().put("/currency-rates", wrong).await.problem(400, "request.invalid");
    }
    let gone = app.admin().put("/currency-rates", one("USD", "2026-01-01", Value::Null)).await.ok(200);
    assert_eq!(gone["items"], json!([]));
    app.finish().await;
}
