//! Formula fields: exact, stored like others, computed anew when inputs or the formula change, live by the clock.

use kernel::Locale;
use serde_json::{Value, json};

use super::{MACHINE, workshop};
use crate::app::TestApp;

/// Makes a computed field of deals.
pub async fn formula(app: &TestApp, key: &str, kind: &str, text: &str) {
    let field = json!({"key": key, "label": {"en": key}, "type": kind, "formula": text});
    app.admin().post("/entities/deal/fields", field).await.ok(201);
}

/// Lets the job that computes all rows run: it waits until every node knows the formula.
pub async fn recomputed(app: &TestApp) {
    app.clock.advance_seconds(3);
    app.drain().await;
}

async fn fields(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/records/deal/{id}")).await.ok(200)["fields"].clone()
}

#[tokio::test]
async fn a_margin_is_exact_and_is_found_sorted_and_summed_like_a_stored_field() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let old = app.record("deal", json!({"title": "old", "amount": 200.10, "currency": "EUR"})).await;
    let before = app.admin().get(&format!("/records/deal/{old}")).await.ok(200);
    app.clock.advance_seconds(60);
    formula(&app, "x_margin", "money", "record.amount * 0.15").await;
    // Another session sees it at once; a new record has it in the same write.
    let seen = app.by("max").get("/entities/deal").await.ok(200);
    let field = seen["fields"].as_array().unwrap().iter().find(|field| field["key"] == "x_margin").unwrap().clone();
    assert_eq!(
        (&field["computed"], &field["read_only"], &field["sortable"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert!(field.get("formula").is_none(), "{field}");
    let made = app.admin().create("deal", json!({"title": "new", "amount": 200.10, "currency": "EUR"})).await.ok(201);
    assert_eq!((&made["fields"]["x_margin"], &made["fields"]["x_margin_currency"]), (&json!(30.02), &json!("EUR")));
    // The others are computed by a job, as nobody's doing.
    assert_eq!(fields(&app, &old).await["x_margin"], Value::Null);
    recomputed(&app).await;
    let after = app.admin().get(&format!("/records/deal/{old}")).await.ok(200);
    assert_eq!(after["fields"]["x_margin"], 30.02);
    assert_eq!(after["fields"]["updated_at"], before["fields"]["updated_at"]);
    assert_eq!(after["version"].as_i64(), before["version"].as_i64().map(|version| version + 1));
    // Inputs change: so does it, in the same write, at each door.
    let changed = app.admin().update("deal", &old, json!({"amount": 100})).await.ok(200);
    assert_eq!(changed["fields"]["x_margin"], 15);
    let bulk = json!({"create": [{"fields": {"title": "bulk", "amount": 10, "currency": "USD"}}]});
    app.admin().post("/records/deal/bulk", bulk).await.ok(200);
    let small = json!({"field": "x_margin", "op": "lt", "value": 20});
    let asked = json!({"filter": small, "sort": [{"field": "x_margin"}]});
    let page = app.admin().query("deal", asked).await.ok(200);
    assert_eq!(crate::app::titles(&page), ["bulk", "old"]);
    let sum = json!({"measures": [{"op": "sum", "field": "x_margin"}], "group_by": ["x_margin_currency"]});
    let sums = app.admin().post("/records/deal/aggregate", sum).await.ok(200);
    let euros =
        sums["items"].as_array().unwrap().iter().find(|row| row["group"]["x_margin_currency"] == "EUR").cloned();
    assert_eq!(euros.unwrap()["values"]["sum_x_margin"], 45.02, "{sums}");
    // Nobody writes it.
    for key in ["x_margin", "x_margin_currency"] {
        let value = if key == "x_margin" { json!(1) } else { json!("USD") };
        let refused = app.admin().update("deal", &old, json!({(key): value})).await.problem(422, "record.invalid");
        assert_eq!(refused["fields"][key]["code"], "read_only", "{refused}");
    }
    app.finish().await;
}

#[tokio::test]
async fn formulas_of_formulas_are_computed_in_order_and_never_in_a_circle() {
    let app = TestApp::start().await;
    formula(&app, "x_b", "decimal", "record.amount").await;
    formula(&app, "x_a", "decimal", "record.x_b + 1").await;
    let refused = app.admin().patch("/entities/deal/fields/x_b", json!({"formula": "record.x_a"})).await;
    let refused = refused.problem(422, "config.invalid");
    let words = refused["fields"]["formula"]["message"].as_str().unwrap();
    assert!(words.contains("x_a -> x_b -> x_a"), "{words}");
    let own = json!({"key": "x_c", "label": {"en": "c"}, "type": "decimal", "formula": "record.x_c"});
    let refused = app.admin().post("/entities/deal/fields", own).await.problem(422, "config.invalid");
    assert!(refused["fields"]["formula"]["message"].as_str().unwrap().contains("x_c -> x_c"), "{refused}");
    let id = app.record("deal", json!({"title": "a", "amount": 1.5})).await;
    assert_eq!(fields(&app, &id).await["x_a"], 2.5);
    // The formula changes: all rows follow, through what depends on it too.
    app.admin().patch("/entities/deal/fields/x_b", json!({"formula": "record.amount * 2"})).await.ok(200);
    recomputed(&app).await;
    assert_eq!(fields(&app, &id).await["x_a"], 4);
    // Something looks at it: it cannot go first.
    let used = app.admin().delete("/entities/deal/fields/x_b").await.problem(409, "config.in_use");
    assert_eq!(
        (&used["current"]["users"][0]["kind"], &used["current"]["users"][0]["key"]),
        (&json!("formula"), &json!("x_a"))
    );
    // Frozen, the values stay and are written like others.
    app.admin().patch("/entities/deal/fields/x_a", json!({"formula": ""})).await.ok(200);
    assert_eq!(fields(&app, &id).await["x_a"], 4);
    app.admin().update("deal", &id, json!({"x_a": 7})).await.ok(200);
    app.admin().delete("/entities/deal/fields/x_b").await.ok(204);
    app.admin().update("deal", &id, json!({"amount": 10})).await.ok(200);
    app.admin().post("/entities/deal/fields/x_b/restore", json!({})).await.ok(200);
    recomputed(&app).await;
    assert_eq!((&fields(&app, &id).await["x_b"], &fields(&app, &id).await["x_a"]), (&json!(20), &json!(7)));
    app.finish().await;
}

#[tokio::test]
async fn what_looks_at_the_clock_is_computed_when_it_is_read() {
    let app = TestApp::start().await;
    formula(&app, "x_left", "integer", "daysBetween(today(), record.close_date)").await;
    formula(&app, "x_late", "boolean", "record.x_left < 0").await;
    let made = app.admin().create("deal", json!({"title": "a", "close_date": "2026-12-31"})).await.ok(201);
    let id = made["id"].as_str().unwrap();
    let left = made["fields"]["x_left"].as_i64().unwrap();
    app.clock.advance_seconds(2 * 24 * 3600);
    assert_eq!(fields(&app, id).await["x_left"].as_i64(), Some(left - 2));
    let page = app.admin().query("deal", json!({"fields": ["x_late"]})).await.ok(200);
    assert_eq!(page["items"][0]["fields"], json!({"x_late": left - 2 < 0}));
    for asked in [
        json!({"sort": [{"field": "x_left"}]}),
        json!({"filter": {"field": "x_left", "op": "gt", "value": 1}}),
        json!({"filter": {"field": "x_late", "op": "eq", "value": true}}),
        json!({"fields": ["nothing"]}),
    ] {
        app.admin().query("deal", asked).await.problem(400, "request.invalid");
    }
    // A change of something else says nothing of it in history.
    app.admin().update("deal", id, json!({"title": "b"})).await.ok(200);
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE CAST(changes AS TEXT) LIKE '%x_left%'").await, 0);
    recomputed(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_computed_is_empty_and_listed_and_the_save_goes_on() {
    let app = TestApp::start().await;
    formula(&app, "x_each", "decimal", "record.amount / record.probability").await;
    formula(&app, "x_more", "decimal", "record.x_each + 1").await;
    let id = app.record("deal", json!({"title": "none", "amount": 10, "probability": 0})).await;
    let good = app.record("deal", json!({"title": "good", "amount": 10, "probability": 4})).await;
    app.record("deal", json!({"title": "empty"})).await;
    assert_eq!((&fields(&app, &id).await["x_each"], &fields(&app, &id).await["x_more"]), (&Value::Null, &Value::Null));
    assert_eq!(fields(&app, &good).await["x_more"], 3.5);
    let listed = app.admin().get("/entities/deal/violations").await.ok(200);
    let items = listed["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["title"]), (1, &json!("none")), "{listed}");
    let error = &items[0]["errors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!("x_each"), &json!("formula")));
    assert!(error["message"].as_str().unwrap().contains("division by zero"), "{error}");
    recomputed(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn hostile_and_senseless_formulas_are_refused_with_the_reason() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let check = async |kind: &str, text: &str, part: &str| {
        let field = json!({"label": {"en": "f"}, "type": kind, "formula": text});
        let refused = app.admin().post("/entities/deal/fields", field).await.problem(422, "config.invalid");
        let said = refused["fields"]["formula"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains(part), "{text}: {refused}");
    };
    check("money", &format!("{}1{}", "(".repeat(400), ")".repeat(400)), "nested").await;
    check("money", &"1 + ".repeat(2000), "longer").await;
    check("money", "record.nothing * 2", "no field nothing").await;
    check("money", "record", "Name the fields").await;
    check("money", "record.map(key, key).size()", "Name the fields").await;
    check("money", "before.amount", "not defined").await;
    check("money", "record.amount >", "column").await;
    check("money", "record.number + 1", "after formulas").await;
    check("user", "record.owner", "cannot give values").await;
    check("money", "[1].all(a, [1].all(b, [1].all(c, true))) ? 1 : 2", "comprehensions").await;
    let typed = json!({"label": {"en": "f"}, "type": "formula", "formula": "1"});
    let refused = app.admin().post("/entities/deal/fields", typed).await.problem(422, "config.invalid");
    assert!(refused["fields"].get("type").is_some(), "{refused}");
    let required = json!({"label": {"en": "f"}, "type": "integer", "formula": "1", "required": true});
    app.admin().post("/entities/deal/fields", required).await.problem(422, "config.invalid");
    // Results that do not fit are errors of their record alone.
    for (key, kind, text) in [
        ("x_text", "text", "record.amount > 1"),
        ("x_whole", "integer", "9223372036854775807"),
        ("x_long", "text", "record.title + record.title + record.title"),
        ("x_moment", "date", "now() > now()"),
    ] {
        formula(&app, key, kind, text).await;
    }
    let id = app.record("deal", json!({"title": "x".repeat(200), "amount": 2})).await;
    let kept = fields(&app, &id).await;
    assert!(["x_text", "x_whole", "x_long", "x_moment"].iter().all(|key| kept[*key].is_null()), "{kept}");
    // Amounts of two currencies are not added.
    let price = json!({"key": "x_cost", "label": {"en": "Cost"}, "type": "money"});
    app.admin().post("/entities/deal/fields", price).await.ok(201);
    formula(&app, "x_profit", "money", "record.amount - record.x_cost").await;
    let costs = json!({"amount": 10, "currency": "EUR", "x_cost": 4, "x_cost_currency": "EUR"});
    assert_eq!(app.admin().update("deal", &id, costs).await.ok(200)["fields"]["x_profit"], 6);
    let mixed = app.admin().update("deal", &id, json!({"x_cost_currency": "USD"})).await.ok(200);
    assert_eq!(mixed["fields"]["x_profit"], Value::Null);
    // Nobody else, and no other company.
    let field = json!({"label": {"en": "f"}, "type": "integer", "formula": "1"});
    app.by("max").post("/entities/deal/fields", field).await.problem(403, "denied");
    let trying = json!({"text": "record.amount * 2", "result": "money"});
    app.by("max").post("/entities/deal/expressions/check", trying.clone()).await.problem(403, "denied");
    let other = app.add_company("Other", Locale::En).await;
    let tried = app.by_of(other, "admin").post("/entities/deal/expressions/check", trying.clone()).await.ok(200);
    assert_eq!(tried["items"], json!([]));
    let tried = app.admin().post("/entities/deal/expressions/check", trying).await.ok(200);
    assert_eq!(tried["items"][0]["value"], 20, "{tried}");
    recomputed(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn writers_beside_each_other_and_beside_the_job_leave_what_the_formula_says() {
    let app = TestApp::start().await;
    formula(&app, "x_double", "decimal", "record.amount * 2").await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(app.record("deal", json!({"title": format!("d{n}"), "amount": n})).await);
    }
    app.admin().patch("/entities/deal/fields/x_double", json!({"formula": "record.amount * 3"})).await.ok(200);
    app.clock.advance_seconds(3);
    let client = app.admin();
    let writes = ids.iter().flat_map(|id| (10..14).map(move |amount| (id, amount)));
    let writes = writes.map(|(id, amount)| client.update("deal", id, json!({"amount": amount})));
    let (answers, _) = tokio::join!(futures::future::join_all(writes), app.drain());
    answers.iter().for_each(|answer| drop(answer.ok(200)));
    app.drain().await;
    for id in &ids {
        let kept = fields(&app, id).await;
        assert_eq!(kept["x_double"].as_f64(), kept["amount"].as_f64().map(|amount| amount * 3.0), "{kept}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_read_is_what_evaluation_says() {
    let app = workshop().await;
    let of_machine = async |key: &str, kind: &str, text: &str| {
        let field = json!({"key": key, "label": {"en": key}, "type": kind, "formula": text});
        app.admin().post(&format!("/entities/{MACHINE}/fields"), field).await.ok(201);
    };
    of_machine("x_rate", "decimal", "record.x_price / record.x_hours").await;
    of_machine("x_worth", "money", "record.x_rate * 1.337 - record.x_weight").await;
    of_machine("x_name", "text", "record.title + ' ' + string(record.x_hours)").await;
    // A walk over odd values, the same each time.
    let mut seed = 7_u64;
    let mut next = |most: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    for _ in 0..40 {
        let cents = f64::from(u32::try_from(next(1_000_000)).unwrap()) / 100.0;
        let given = json!({"title": "m", "x_price": cents, "x_hours": next(50), "x_weight": next(9)});
        let asked = json!({"fields": given});
        let said = app.admin().post(&format!("/records/{MACHINE}/evaluate"), asked).await.ok(200);
        let made = app.admin().create(MACHINE, given.clone()).await.ok(201);
        for key in ["x_rate", "x_worth", "x_worth_currency", "x_name"] {
            assert_eq!(made["fields"][key], said["formulas"][key], "{key} of {given}");
        }
    }
    recomputed(&app).await;
    app.finish().await;
}
