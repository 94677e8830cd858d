//! Lists by keyset: every record once, whatever the order, the empty values and the newcomers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::TestApp;

/// Pages through a list; after each page `between` may do something.
async fn walk(app: &TestApp, body: &Value, mut between: impl AsyncFnMut(usize)) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = Value::Null;
    for page in 0.. {
        assert!(page < 100, "the list never ends");
        let mut ask = body.clone();
        ask["cursor"] = cursor;
        let answer = app.admin().query("lead", ask).await.ok(200);
        items.extend(answer["items"].as_array().unwrap().iter().cloned());
        cursor = answer["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
        between(page).await;
    }
    items
}

async fn seed(app: &TestApp) {
    // Amounts repeat and a third of them is empty; names are empty on the other half.
    let row = |i: usize| {
        let amount = if i.is_multiple_of(3) { Value::Null } else { json!(i % 4) };
        let name = if i.is_multiple_of(2) { json!(format!("N{}", i % 5)) } else { Value::Null };
        json!({"fields": {"title": format!("L{i:02}"), "amount": amount, "last_name": name, "birthdate": format!("1990-01-{:02}", i % 28 + 1)}})
    };
    let rows: Vec<Value> = (0..40).map(row).collect();
    app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
}

#[tokio::test]
async fn pages_show_every_record_once_in_both_directions_with_empty_values() {
    let app = TestApp::start().await;
    seed(&app).await;
    for sort in [
        json!([{"field": "amount"}]),
        json!([{"field": "amount", "desc": true}]),
        json!([{"field": "last_name"}, {"field": "amount", "desc": true}]),
        json!([{"field": "last_name", "desc": true}, {"field": "amount"}, {"field": "birthdate"}]),
        json!([{"field": "created_at", "desc": true}]),
        json!([]),
    ] {
        let whole = app.admin().query("lead", json!({"sort": sort, "limit": 500})).await.ok(200);
        let expected: Vec<Value> = whole["items"].as_array().unwrap().clone();
        assert_eq!(expected.len(), 40);
        for limit in [1, 3, 7, 40] {
            let walked = walk(&app, &json!({"sort": sort, "limit": limit}), async |_| {}).await;
            assert_eq!(walked, expected, "{sort} by {limit}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn numbers_sort_as_numbers_and_dates_as_dates() {
    let app = TestApp::start().await;
    for (title, amount, day) in [("a", 10, "2026-01-02"), ("b", 9, "2025-12-31"), ("c", 100, "2026-01-10")] {
        app.record("lead", json!({"title": title, "amount": amount, "birthdate": day})).await;
    }
    let order = async |sort: &str| {
        let page = app.admin().get(&format!("/records/lead?sort={sort}")).await.ok(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["fields"]["title"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(order("amount").await, "bac");
    assert_eq!(order("-amount").await, "cab");
    assert_eq!(order("birthdate").await, "bac");
    assert_eq!(order("-title").await, "cba");
    app.finish().await;
}

#[tokio::test]
async fn records_without_a_value_stand_last_whichever_way_the_order_goes() {
    let app = TestApp::start().await;
    for (title, amount, name) in
        [("a", Some(1), None), ("b", None, Some("X")), ("c", Some(2), Some("X")), ("d", None, None)]
    {
        app.record("lead", json!({"title": title, "amount": amount, "last_name": name})).await;
    }
    for (sort, expected) in [
        (json!([{"field": "amount"}, {"field": "title"}]), "acbd"),
        (json!([{"field": "amount", "desc": true}, {"field": "title"}]), "cabd"),
        (json!([{"field": "last_name"}, {"field": "amount"}]), "cbad"),
        (json!([{"field": "last_name", "desc": true}, {"field": "amount", "desc": true}]), "cbad"),
        (json!([{"field": "title", "desc": true}]), "dcba"),
    ] {
        for limit in [1, 2, 4] {
            let walked = walk(&app, &json!({"sort": sort, "limit": limit}), async |_| {}).await;
            let titles: String = walked.iter().filter_map(|item| item["fields"]["title"].as_str()).collect();
            assert_eq!(titles, expected, "{sort} by {limit}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn pages_are_stable_under_inserts_and_removals() {
    let app = TestApp::start().await;
    seed(&app).await;
    for sort in [json!([{"field": "amount"}]), json!([{"field": "amount", "desc": true}])] {
        let before = walk(&app, &json!({"sort": sort, "limit": 500}), async |_| {}).await;
        let ask = json!({"sort": sort, "limit": 7});
        let walked = walk(&app, &ask, async |page| {
            for amount in [json!(0), Value::Null, json!(99)] {
                app.record("lead", json!({"title": format!("new {page}"), "amount": amount})).await;
            }
        });
        let walked = walked.await;
        let ids: Vec<&Value> = walked.iter().map(|item| &item["id"]).collect();
        let once: BTreeSet<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(once.len(), ids.len(), "nothing is shown twice");
        assert!(before.iter().all(|item| ids.contains(&&item["id"])), "nothing is left out");
    }
    app.finish().await;
}

#[tokio::test]
async fn chosen_fields_totals_and_limits() {
    let app = TestApp::start().await;
    seed(&app).await;
    let admin = app.admin();
    let page = admin.query("lead", json!({"fields": ["title", "amount"], "limit": 2, "total": true})).await.ok(200);
    assert_eq!(page["total"], 40);
    let keys: BTreeSet<&String> = page["items"][0]["fields"].as_object().unwrap().keys().collect();
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["amount", "title"]);
    let short = admin.get("/records/lead?fields=title&limit=3&sort=-title&total=true").await.ok(200);
    assert_eq!((short["items"].as_array().unwrap().len(), &short["items"][0]["fields"]), (3, &json!({"title": "L39"})));
    for (body, field) in [
        (json!({"limit": 0}), "limit"),
        (json!({"limit": 501}), "limit"),
        (json!({"fields": ["search"]}), "fields"),
        (json!({"sort": [{"field": "phones"}]}), "sort"),
        (json!({"sort": [{"field": "nothing"}]}), "sort"),
        (json!({"sort": vec![json!({"field": "amount"}); 5]}), "sort"),
        (json!({"cursor": "AAAA"}), "cursor"),
    ] {
        let refused = admin.query("lead", body.clone()).await.problem(400, "request.invalid");
        assert!(refused["fields"][field]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}: {refused}");
    }
    let other =
        admin.query("lead", json!({"limit": 1, "sort": [{"field": "title"}]})).await.ok(200)["next_cursor"].clone();
    admin
        .query("lead", json!({"limit": 1, "sort": [{"field": "amount"}], "cursor": other}))
        .await
        .problem(400, "request.invalid");
    app.finish().await;
}

#[tokio::test]
async fn words_are_found_in_every_alphabet_and_phones_in_any_spelling() {
    let app = TestApp::start().await;
    app.record("lead", json!({"title": "Заявка", "last_name": "Ёжиков", "phones": ["8 (916) 123-45-67"]})).await;
    app.record("lead", json!({"title": "Order", "company_title": "Їжак і Ко", "emails": ["Ann@Example.com"], "phones": ["+380501234567"]})).await;
    app.record("lead", json!({"title": "100% _safe_"})).await;
    let q = async |words: &str| {
        let page = app.admin().query("lead", json!({"q": words})).await.ok(200);
        crate::app::titles(&page).join(",")
    };
    assert_eq!(q("ЁЖИКОВ").await, "Заявка");
    assert_eq!(q("заяв ёжи").await, "Заявка");
    assert_eq!(q("їЖАК").await, "Order");
    assert_eq!(q("ANN@example").await, "Order");
    for spelling in ["+7 916 123 45 67", "89161234567", "(916)123-45-67", "9161234567"] {
        assert_eq!(q(&spelling.replace(' ', "")).await, "Заявка", "{spelling}");
    }
    assert_eq!(q("0501234567").await, "Order");
    assert_eq!(q("100%").await, "100% _safe_");
    assert_eq!(q("_safe_").await, "100% _safe_");
    assert_eq!(q("%").await, "100% _safe_");
    assert_eq!(q("nobody").await, "");
    app.finish().await;
}
