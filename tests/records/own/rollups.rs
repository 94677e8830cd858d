//! Rollups: counts and sums of linking records, as these come, change and go.

use futures::future::join_all;
use serde_json::{Value, json};

use super::formulas::recomputed;
use crate::app::TestApp;

/// Makes a field of companies that counts or adds up.
async fn rollup(app: &TestApp, key: &str, kind: &str, rollup: Value) {
    let field = json!({"key": key, "label": {"en": key}, "type": kind, "rollup": rollup});
    app.admin().post("/entities/company/fields", field).await.ok(201);
}

async fn refused(app: &TestApp, kind: &str, rollup: Value) -> Value {
    let field = json!({"key": "x_bad", "label": {"en": "bad"}, "type": kind, "rollup": rollup});
    app.admin().post("/entities/company/fields", field).await.problem(422, "config.invalid")["fields"].clone()
}

async fn value(app: &TestApp, company: &str, key: &str) -> Value {
    app.admin().get(&format!("/records/company/{company}")).await.ok(200)["fields"][key].clone()
}

fn open() -> Value {
    json!({"field": "stage", "op": "not_in", "value": ["won", "lost"]})
}

fn open_deals() -> Value {
    json!({"entity": "deal", "via": "company", "op": "count", "filter": open()})
}

// customize.md, acceptance 12.
#[tokio::test]
async fn a_company_knows_how_many_open_deals_it_has() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let (admin, company) = (app.admin(), app.record("company", json!({"title": "Steel"})).await);
    let other = app.record("company", json!({"title": "Wood"})).await;
    let mut deals = Vec::new();
    for title in ["a", "b"] {
        deals.push(app.record("deal", json!({"title": title, "company": company, "amount": 10})).await);
    }
    rollup(&app, "x_open", "integer", open_deals()).await;
    recomputed(&app).await;
    assert_eq!((value(&app, &company, "x_open").await, value(&app, &other, "x_open").await), (json!(2), json!(0)));
    deals.push(app.record("deal", json!({"title": "c", "company": company, "amount": 10})).await);
    app.drain().await;
    assert_eq!(value(&app, &company, "x_open").await, 3);
    admin.post(&format!("/records/deal/{}/stage", deals[0]), json!({"stage": "won"})).await.ok(200);
    app.drain().await;
    assert_eq!(value(&app, &company, "x_open").await, 2);
    // To another company, into the bin, back, away from any.
    admin.update("deal", &deals[1], json!({"company": other})).await.ok(200);
    app.drain().await;
    assert_eq!((value(&app, &company, "x_open").await, value(&app, &other, "x_open").await), (json!(1), json!(1)));
    admin.delete(&format!("/records/deal/{}", deals[1])).await.ok(204);
    app.drain().await;
    assert_eq!(value(&app, &other, "x_open").await, 0);
    admin.post(&format!("/records/deal/{}/restore", deals[1]), json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(value(&app, &other, "x_open").await, 1);
    admin.update("deal", &deals[1], json!({"company": null})).await.ok(200);
    app.drain().await;
    assert_eq!(value(&app, &other, "x_open").await, 0);
    // It is found and sorted by, a new company has none, and nobody writes it.
    let found = admin.found("company", json!({"field": "x_open", "op": "gte", "value": 1})).await;
    assert_eq!(found, ["Steel"]);
    let new = app.record("company", json!({"title": "New"})).await;
    assert_eq!(value(&app, &new, "x_open").await, 0);
    let wrong = admin.update("company", &new, json!({"x_open": 5})).await.problem(422, "record.invalid");
    assert_eq!(wrong["fields"]["x_open"]["code"], "read_only");
    // Who changed the company last is as before: it was nobody's doing.
    let events = admin.get(&format!("/records/company/{company}/timeline")).await.ok(200);
    assert_eq!(events["items"][0]["actor"]["kind"], "system", "{events}");
    app.finish().await;
}

#[tokio::test]
async fn amounts_are_added_up_in_one_currency_and_formulas_follow() {
    let app = TestApp::start().await;
    let admin = app.admin();
    admin.patch("/tenant", json!({"currency": "EUR"})).await.ok(200);
    let sum = |op: &str| json!({"entity": "deal", "via": "company", "op": op, "field": "amount"});
    rollup(&app, "x_sum", "money", sum("sum")).await;
    rollup(&app, "x_most", "money", sum("max")).await;
    let double =
        json!({"key": "x_double", "label": {"en": "double"}, "type": "money", "formula": "record.x_sum * 2.0"});
    admin.post("/entities/company/fields", double).await.ok(201);
    recomputed(&app).await;
    let company = app.record("company", json!({"title": "Steel"})).await;
    let deal =
        |amount: f64, currency: &str| json!({"title": "d", "company": company, "amount": amount, "currency": currency});
    app.record("deal", deal(10.10, "EUR")).await;
    let two = app.record("deal", deal(0.05, "EUR")).await;
    app.drain().await;
    let now = admin.get(&format!("/records/company/{company}")).await.ok(200)["fields"].clone();
    assert_eq!((&now["x_sum"], &now["x_sum_currency"], &now["x_most"]), (&json!(10.15), &json!("EUR"), &json!(10.1)));
    assert_eq!(now["x_double"], 20.3, "{now}");
    // In several currencies there is no sum.
    admin.update("deal", &two, json!({"currency": "USD"})).await.ok(200);
    app.drain().await;
    assert_eq!(value(&app, &company, "x_sum").await, Value::Null);
    // Another question: all follow.
    let usd = json!({"field": "currency", "op": "eq", "value": "USD"});
    let patch = json!({"rollup": {"entity": "deal", "via": "company", "op": "sum", "field": "amount", "filter": usd}});
    admin.patch("/entities/company/fields/x_sum", patch).await.ok(200);
    recomputed(&app).await;
    let now = admin.get(&format!("/records/company/{company}")).await.ok(200)["fields"].clone();
    assert_eq!((&now["x_sum"], &now["x_sum_currency"], &now["x_double"]), (&json!(0.05), &json!("USD"), &json!(0.1)));
    app.finish().await;
}

#[tokio::test]
async fn of_several_links_each_record_counts() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let field = json!({"key": "x_deals", "label": {"en": "Deals"}, "type": "integer",
        "rollup": {"entity": "deal", "via": "contacts", "op": "count"}});
    admin.post("/entities/contact/fields", field).await.ok(201);
    recomputed(&app).await;
    let one = app.record("contact", json!({"last_name": "One"})).await;
    let two = app.record("contact", json!({"last_name": "Two"})).await;
    let deal = app.record("deal", json!({"title": "d", "contacts": [one, two]})).await;
    app.drain().await;
    let count =
        async |id: &str| admin.get(&format!("/records/contact/{id}")).await.ok(200)["fields"]["x_deals"].clone();
    assert_eq!((count(&one).await, count(&two).await), (json!(1), json!(1)));
    admin.update("deal", &deal, json!({"contacts": [two]})).await.ok(200);
    app.drain().await;
    assert_eq!((count(&one).await, count(&two).await), (json!(0), json!(1)));
    app.finish().await;
}

#[tokio::test]
async fn many_who_write_at_once_are_all_counted() {
    let app = TestApp::start().await;
    rollup(&app, "x_open", "integer", open_deals()).await;
    recomputed(&app).await;
    let company = app.record("company", json!({"title": "Steel"})).await;
    let deals =
        join_all((0..20).map(|number| app.record("deal", json!({"title": number.to_string(), "company": company}))));
    let deals = deals.await;
    // Some change the company itself while it is counted.
    let lost = json!({"stage": "lost", "fields": {"lost_reason": "price"}});
    let (at, company, lost) = (&app, &company, &lost);
    let closing = deals.iter().take(5).map(|deal| async move {
        at.admin().post(&format!("/records/deal/{deal}/stage"), lost.clone()).await;
    });
    let naming = (0..5).map(|number| async move {
        at.admin().update("company", company, json!({"comments": number.to_string()})).await;
    });
    tokio::join!(join_all(closing), join_all(naming), app.drain());
    app.drain().await;
    let lost = app.admin().found("deal", json!({"field": "stage", "op": "eq", "value": "lost"})).await.len();
    assert_eq!(value(&app, company, "x_open").await, 20 - lost);
    app.finish().await;
}

#[tokio::test]
async fn what_it_looks_at_stays_and_what_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let of = |rest: Value| {
        let mut rollup = json!({"entity": "deal", "via": "company", "op": "count"});
        rollup.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        rollup
    };
    let unknown = json!({"field": "nothing", "op": "eq", "value": 1});
    let today = json!({"field": "close_date", "op": "lt", "value": {"relative": "today"}});
    let hop = json!({"field": "company.title", "op": "eq", "value": "x"});
    for (kind, rest, code) in [
        ("integer", json!({"entity": "nothing"}), "choice"),
        ("integer", json!({"via": "title"}), "rollup_via"),
        ("integer", json!({"via": "contacts"}), "rollup_via"),
        ("text", json!({}), "rollup_type"),
        ("integer", json!({"field": "amount"}), "rollup_type"),
        ("integer", json!({"op": "sum", "field": "amount"}), "rollup_type"),
        ("money", json!({"op": "sum", "field": "nothing"}), "rollup_type"),
        ("date", json!({"op": "max", "field": "close_date"}), "rollup_type"),
        ("integer", json!({"filter": today}), "rollup_fixed"),
        ("integer", json!({"filter": {"not": {"field": "owner", "op": "eq", "value": {"me": true}}}}), "rollup_fixed"),
        ("integer", json!({"filter": hop}), "rollup_fixed"),
        ("integer", json!({"filter": unknown}), "filter"),
    ] {
        let fields = refused(&app, kind, of(rest.clone())).await;
        assert_eq!(fields["rollup"]["code"], code, "{kind} {rest}: {fields}");
    }
    for rollup in [json!("deal"), json!({"entity": "deal"}), json!({"entity": "deal", "via": "company", "op": "all"})] {
        let field = json!({"key": "x_bad", "label": {"en": "bad"}, "type": "integer", "rollup": rollup});
        assert_eq!(admin.post("/entities/company/fields", field).await.status, 400);
    }
    let both =
        json!({"key": "x_bad", "label": {"en": "bad"}, "type": "integer", "formula": "1", "rollup": of(json!({}))});
    let both = admin.post("/entities/company/fields", both).await.problem(422, "config.invalid");
    assert_eq!(both["fields"]["rollup"]["code"], "rollup_or_formula");

    // What one looks at does not go before it, and one does not come back to itself.
    let field = json!({"key": "x_weight", "label": {"en": "Weight"}, "type": "decimal"});
    admin.post("/entities/deal/fields", field).await.ok(201);
    let weight = of(json!({"op": "sum", "field": "x_weight"}));
    rollup(&app, "x_total", "decimal", weight.clone()).await;
    let used = admin.delete("/entities/deal/fields/x_weight").await.problem(409, "config.in_use");
    assert_eq!(used["current"]["users"][0]["key"], "company.x_total", "{used}");
    let round = json!({"key": "x_round", "label": {"en": "round"}, "type": "decimal",
        "rollup": {"entity": "company", "via": "x_back", "op": "sum", "field": "x_total"}});
    let back = json!({"key": "x_back", "label": {"en": "Back"}, "type": "link", "entities": ["deal"]});
    admin.post("/entities/company/fields", back).await.ok(201);
    admin.post("/entities/deal/fields", round).await.ok(201);
    let circle = json!({"rollup": of(json!({"op": "sum", "field": "x_round"}))});
    let circle = admin.patch("/entities/company/fields/x_total", circle).await.problem(422, "config.invalid");
    assert_eq!(circle["fields"]["rollup"]["code"], "formula_cycle", "{circle}");
    admin.patch("/entities/company/fields/x_total", json!({"rollup": weight})).await.ok(200);
    admin
        .patch("/entities/company/fields/x_back", json!({"rollup": of(json!({}))}))
        .await
        .problem(422, "config.invalid");
    app.drain().await;
    app.finish().await;
}
