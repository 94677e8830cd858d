//! Counts and sums per stage that writers keep are what a count of the records gives: whatever was written, by however
//! many at once, for everybody within their rights.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::app::TestApp;

/// A count that the kept totals cannot answer: it looks at the records.
fn scanned(mut ask: Value) -> Value {
    let all = json!({"field": "title", "op": "not_empty"});
    ask["filter"] = match ask.get("filter") {
        Some(filter) if !filter.is_null() => json!({"and": [filter, all]}),
        _ => all,
    };
    ask
}

fn asks() -> Vec<Value> {
    let measures = json!([{"op": "count"}, {"op": "sum", "field": "amount"}, {"op": "avg", "field": "amount"}]);
    let of = |group_by: Value, filter: Value| {
        let mut ask = json!({"group_by": group_by, "measures": measures});
        if !filter.is_null() {
            ask["filter"] = filter;
        }
        ask
    };
    let me = json!({"field": "owner", "op": "eq", "value": {"me": true}});
    let open = json!({"not": {"field": "stage", "op": "in", "value": ["converted", "junk"]}});
    vec![
        of(json!([]), json!(null)),
        of(json!(["stage"]), json!(null)),
        of(json!(["stage", "owner"]), open.clone()),
        of(json!(["currency"]), json!({"or": [me, {"field": "owner", "op": "empty"}]})),
        of(json!(["pipeline", "stage"]), json!({"field": "currency", "op": "eq", "value": "EUR"})),
        json!({"group_by": ["stage"], "filter": open}),
    ]
}

async fn compare(app: &TestApp, entity: &str, people: &[&str]) {
    let path = format!("/records/{entity}/aggregate");
    for person in people {
        for ask in asks() {
            let kept = app.by(person).post(&path, ask.clone()).await.ok(200);
            let counted = app.by(person).post(&path, scanned(ask.clone())).await.ok(200);
            assert_eq!(kept, counted, "{person} {entity} {ask}");
        }
    }
}

/// An amount, a currency, an owner and a stage that differ with `n`.
fn fields(app: &TestApp, entity: &str, n: usize) -> Value {
    let stage =
        if entity == "lead" { ["new", "in_progress", "qualified"] } else { ["deal_new", "preparation", "deal_new"] }
            [n % 3];
    let currency = ["USD", "EUR", "JPY"][n / 2 % 3];
    let owner = [json!(app.id_of("admin")), json!(app.id_of("ann")), json!(null)][n / 5 % 3].clone();
    let amount = if n.is_multiple_of(4) { json!(null) } else { json!(n * 10) };
    json!({"title": format!("Lead {n}"), "stage": stage, "currency": currency, "owner": owner, "amount": amount})
}

#[tokio::test]
async fn kept_counts_and_sums_are_those_of_the_records_after_every_kind_of_write() {
    let app = TestApp::build().person("ann", "sales_manager").person("bob", "sales_head").start().await;
    let people = ["admin", "ann", "bob"];
    let admin = app.admin();
    let stages = admin.post("/records/lead/aggregate", json!({"group_by": ["stage"]})).await.ok(200);
    assert_eq!(stages["items"].as_array().map(Vec::len), Some(0), "{stages}");
    let rows: Vec<Value> = (0..150).map(|n| json!({"fields": fields(&app, "lead", n)})).collect();
    let made = admin.post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    let ids: Vec<String> =
        made["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    compare(&app, "lead", &people).await;
    // Many at once, on the same records too.
    let change = async |n: usize| {
        let id = &ids[n * 7 % 150];
        match n % 5 {
            0 => admin.delete(&format!("/records/lead/{id}")).await,
            1 => admin.update("lead", id, json!({"amount": n, "stage": "in_progress"})).await,
            2 => admin.update("lead", id, json!({"currency": "CHF"})).await,
            3 => admin.update("lead", id, json!({"owner": null, "title": "Nobody's"})).await,
            _ => admin.create("lead", fields(&app, "lead", n)).await,
        }
    };
    for batch in 0..4 {
        join_all((batch * 25..batch * 25 + 25).map(change)).await;
    }
    compare(&app, "lead", &people).await;
    let undone = admin.post(&format!("/batches/{}/undo", made["batch"].as_str().unwrap()), json!({})).await;
    undone.ok(200);
    for id in &ids[..20] {
        admin.post(&format!("/records/lead/{id}/restore"), json!({})).await;
    }
    compare(&app, "lead", &people).await;
    // More writes than a writer leaves apart: the rows are put together, and say the same.
    for n in 0..30 {
        let rows: Vec<Value> = (0..20).map(|row| json!({"fields": fields(&app, "deal", n * 20 + row)})).collect();
        admin.post("/records/deal/bulk", json!({"create": rows})).await.ok(200);
    }
    let kept = app.count("SELECT count(*) FROM stage_total WHERE entity = 'deal'").await;
    assert!(kept < 400, "{kept} rows");
    compare(&app, "deal", &people).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn totals_are_made_anew_out_of_the_records_and_nobody_elses_are_touched() {
    let mut app = TestApp::build().person("ann", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    for n in 0..20 {
        app.record("lead", fields(&app, "lead", n)).await;
    }
    app.by_of(other, "admin").create("lead", json!({"title": "Theirs", "amount": 5})).await.ok(201);
    let ask = json!({"group_by": [], "measures": [{"op": "count"}, {"op": "sum", "field": "amount"}]});
    app.sql("UPDATE stage_total SET records = records + 1000").await;
    let wrong = app.admin().post("/records/lead/aggregate", ask.clone()).await.ok(200);
    assert_ne!(wrong["items"][0]["values"]["count"], 20, "the answer comes from the totals");
    let tenant = app.system().tenant;
    app.state.records.rebuild_totals(tenant).await.unwrap();
    compare(&app, "lead", &["admin", "ann"]).await;
    let theirs = app.by_of(other, "admin").post("/records/lead/aggregate", ask).await.ok(200);
    assert_ne!(theirs["items"][0]["values"]["count"], 1, "another company's were left alone");
    let tenant = app.system_of(other).tenant;
    app.state.records.rebuild_totals(tenant).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn sums_reach_beyond_what_one_number_of_the_database_holds() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    let admin = app.admin();
    let fields = json!({"title": "Large", "amount": 1, "currency": "USD", "owner": app.id_of("ann")});
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(app.record("deal", fields.clone()).await);
    }
    // As much as ten thousand of the largest amounts each: together more than twice what 64 bits hold.
    app.sql("UPDATE deal SET amount = 999999999999990000").await;
    app.state.records.rebuild_totals(app.system().tenant).await.unwrap();
    compare(&app, "deal", &["admin", "ann"]).await;
    let measures = json!([{"op": "sum", "field": "amount"}, {"op": "avg", "field": "amount"}]);
    let ask = json!({"group_by": ["stage"], "measures": measures});
    for ask in [ask.clone(), scanned(ask.clone())] {
        let answer = admin.post("/records/deal/aggregate", ask).await.ok(200);
        assert_eq!(answer["items"][0]["values"]["sum_amount"], json!(1_999_999_999_999_980_i64), "{answer}");
        assert_eq!(answer["items"][0]["values"]["avg_amount"], json!(99_999_999_999_999_i64));
    }
    let funnel = json!({"over": "stage", "entity": "deal", "group_by": ["step"]});
    let funnel = admin.post("/reports/funnel", funnel).await.ok(200);
    assert_eq!(funnel["items"][0]["amount"], json!(1_999_999_999_999_980.0), "{funnel}");
    // Taken away one by one, and put together by a writer.
    for id in &ids[..18] {
        admin.delete(&format!("/records/deal/{id}")).await.ok(204);
    }
    let rows: Vec<Value> = (0..500).map(|n| json!({"fields": fields_of_none(n)})).collect();
    admin.post("/records/deal/bulk", json!({"create": rows})).await.ok(200);
    compare(&app, "deal", &["admin", "ann"]).await;
    let left = admin.post("/records/deal/aggregate", ask).await.ok(200);
    assert_eq!(left["items"][0]["values"]["sum_amount"], json!(199_999_999_999_998_i64), "{left}");
    app.finish().await;
}

/// A deal that nobody owns, in no currency but the company's, without an amount.
fn fields_of_none(n: usize) -> Value {
    json!({"title": format!("Empty {n}"), "owner": null})
}
