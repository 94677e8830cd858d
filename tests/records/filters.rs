//! The query language over HTTP: every operator on every kind of field, hops, periods, placeholders.

use serde_json::{Value, json};

use crate::app::TestApp;

async fn check(app: &TestApp, filter: Value, expected: &str) {
    assert_eq!(app.admin().found("lead", filter.clone()).await.join(","), expected, "{filter}");
}

fn test(field: &str, op: &str, value: Value) -> Value {
    json!({"field": field, "op": op, "value": value})
}

async fn seed(app: &TestApp) {
    let company =
        app.record("company", json!({"title": "Steel", "industry": "it", "phones": ["+7 495 000-11-22"]})).await;
    let other = app.record("company", json!({"title": "Wood", "industry": "trade"})).await;
    app.record("lead", json!({"title": "a", "amount": 10.5, "source": "web", "last_name": "Іваненко", "birthdate": "1990-05-01", "company": company, "phones": ["8 (916) 123-45-67"], "returning_client": true, "comments": "Перезвонить УТРОМ"})).await;
    app.record("lead", json!({"title": "b", "amount": 20, "source": "call", "last_name": "Иванова", "birthdate": "2000-05-01", "company": other, "emails": ["B@Example.com"], "returning_client": false})).await;
    app.record("lead", json!({"title": "c", "last_name": "50%_off"})).await;
}

#[tokio::test]
async fn every_operator_finds_what_it_says() {
    let app = TestApp::start().await;
    seed(&app).await;
    for (filter, expected) in [
        (test("amount", "eq", json!(10.5)), "a"),
        (test("amount", "ne", json!(10.5)), "b,c"),
        (test("amount", "gt", json!(10.5)), "b"),
        (test("amount", "gte", json!(10.5)), "a,b"),
        (test("amount", "lt", json!(20)), "a"),
        (test("amount", "lte", json!("20")), "a,b"),
        (test("amount", "between", json!([10, 15])), "a"),
        (test("amount", "in", json!([20, 30])), "b"),
        (test("amount", "not_in", json!([20, 30])), "a,c"),
        (test("amount", "eq", Value::Null), "c"),
        (test("amount", "ne", Value::Null), "a,b"),
        (json!({"field": "amount", "op": "empty"}), "c"),
        (json!({"field": "amount", "op": "not_empty"}), "a,b"),
        (test("source", "eq", json!("web")), "a"),
        (test("source", "in", json!(["web", "call"])), "a,b"),
        (test("source", "not_in", json!([])), "a,b,c"),
        (test("source", "in", json!([])), ""),
        (test("birthdate", "between", json!(["1995-01-01", "2005-01-01"])), "b"),
        (test("birthdate", "lt", json!("1995-01-01")), "a"),
        (test("returning_client", "eq", json!(true)), "a"),
        (test("returning_client", "ne", json!(true)), "b,c"),
        (test("created_at", "lte", json!("2026-03-16T09:00:00Z")), "a,b,c"),
        (test("created_at", "gt", json!("2026-03-16T12:00:00+03:00")), ""),
        (test("number", "eq", json!(2)), "b"),
        (test("stage", "eq", json!("new")), "a,b,c"),
        (json!({"and": [test("amount", "gt", json!(1)), {"not": test("source", "eq", json!("web"))}]}), "b"),
        (json!({"or": [test("amount", "gt", json!(15)), json!({"field": "amount", "op": "empty"})]}), "b,c"),
        (json!({"not": test("amount", "gt", json!(15))}), "a,c"),
        (json!({"and": []}), "a,b,c"),
        (json!({"or": []}), ""),
    ] {
        check(&app, filter, expected).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn text_is_searched_in_any_letter_case_of_any_alphabet() {
    let app = TestApp::start().await;
    seed(&app).await;
    for (filter, expected) in [
        (test("last_name", "contains", json!("ІВАН")), "a"),
        (test("last_name", "contains", json!("иван")), "b"),
        (test("last_name", "starts_with", json!("ИВ")), "b"),
        (test("last_name", "starts_with", json!("ва")), ""),
        (test("comments", "contains", json!("утром")), "a"),
        (test("last_name", "contains", json!("0%_o")), "c"),
        (test("last_name", "contains", json!("%")), "c"),
        (test("last_name", "contains", json!(".*")), ""),
        (test("emails", "eq", json!("b@example.COM")), "b"),
        (test("emails", "contains", json!("EXAMPLE")), "b"),
        (test("emails", "starts_with", json!("b@")), "b"),
        (json!({"field": "emails", "op": "empty"}), "a,c"),
    ] {
        check(&app, filter, expected).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn a_phone_is_found_in_any_spelling() {
    let app = TestApp::start().await;
    seed(&app).await;
    for spelling in ["+79161234567", "8 916 123 45 67", "(916) 123-45-67", "007 916 1234567"] {
        check(&app, test("phones", "eq", json!(spelling)), "a").await;
        check(&app, test("phones", "ne", json!(spelling)), "b,c").await;
    }
    check(&app, test("phones", "eq", json!("+79161234568")), "").await;
    check(&app, test("phones", "contains", json!("123-45")), "a").await;
    check(&app, json!({"field": "phones", "op": "not_empty"}), "a").await;
    app.finish().await;
}

#[tokio::test]
async fn one_hop_crosses_a_link_and_no_more() {
    let app = TestApp::start().await;
    seed(&app).await;
    check(&app, test("company.industry", "eq", json!("it")), "a").await;
    check(&app, test("company.phones", "eq", json!("84950001122")), "a").await;
    check(&app, test("company.title", "contains", json!("OO")), "b").await;
    let contact = app.record("contact", json!({"title": "Ann", "position": "CEO"})).await;
    app.record("deal", json!({"title": "d", "contacts": [contact]})).await;
    app.record("deal", json!({"title": "e"})).await;
    assert_eq!(app.admin().found("deal", test("contacts.position", "eq", json!("CEO"))).await, ["d"]);
    assert_eq!(app.admin().found("deal", test("contacts", "eq", json!(contact))).await, ["d"]);
    assert_eq!(app.admin().found("deal", test("contacts", "ne", json!(contact))).await, ["e"]);
    assert_eq!(app.admin().found("deal", json!({"field": "contacts", "op": "empty"})).await, ["e"]);
    app.admin().delete(&format!("/records/contact/{contact}")).await.ok(204);
    assert_eq!(app.admin().found("deal", test("contacts.position", "eq", json!("CEO"))).await, Vec::<String>::new());
    for field in ["company.owner.name", "title.x", "company.nothing", "nothing.title", "company."] {
        app.admin()
            .query("lead", json!({"filter": test(field, "eq", json!("x"))}))
            .await
            .problem(400, "request.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn periods_follow_the_clock_and_the_companys_zone() {
    // Kyiv: 09:00 UTC is 11:00 on Monday, 16 March; local midnight is 22:00 UTC of the day before.
    let app = TestApp::build().locale(kernel::Locale::Uk).start().await;
    let times = [
        ("sun", "2026-03-15T21:59:59Z"),
        ("mon", "2026-03-15T22:00:00Z"),
        ("late", "2026-03-16T21:59:59Z"),
        ("tue", "2026-03-16T22:00:00Z"),
        ("feb", "2026-02-28T12:00:00Z"),
        ("last", "2025-12-31T22:00:00Z"),
    ];
    for (title, at) in times {
        app.record("activity", json!({"title": title, "kind": "call", "deadline": at})).await;
    }
    let find =
        async |op: &str, period: Value| app.admin().found("activity", test("deadline", op, period)).await.join(",");
    let named = |name: &str| json!({"relative": name});
    assert_eq!(find("eq", named("today")).await, "late,mon");
    assert_eq!(find("ne", named("today")).await, "feb,last,sun,tue");
    assert_eq!(find("eq", named("yesterday")).await, "sun");
    assert_eq!(find("eq", named("tomorrow")).await, "tue");
    assert_eq!(find("eq", named("this_week")).await, "late,mon,tue");
    assert_eq!(find("eq", named("last_week")).await, "sun");
    assert_eq!(find("eq", named("this_month")).await, "late,mon,sun,tue");
    assert_eq!(find("eq", named("last_month")).await, "feb");
    assert_eq!(find("eq", named("this_year")).await, "feb,last,late,mon,sun,tue");
    assert_eq!(find("lt", named("today")).await, "feb,last,sun");
    assert_eq!(find("gt", named("today")).await, "tue");
    assert_eq!(find("gte", json!({"relative": "days_ago", "n": 1})).await, "late,mon,sun,tue");
    assert_eq!(find("eq", json!({"relative": "days_ahead", "n": 1})).await, "tue");
    app.clock.advance_seconds(24 * 3_600);
    assert_eq!(find("eq", named("today")).await, "tue");
    assert_eq!(find("eq", named("yesterday")).await, "late,mon");
    app.finish().await;
}

#[tokio::test]
async fn placeholders_mean_the_asker() {
    let mut app = TestApp::build().person("ann", "admin").person("bob", "admin").person("cat", "admin").start().await;
    let top = app.department("Sales", None, &["ann"]).await;
    let north = app.department("North", Some(top), &["bob"]).await;
    for name in ["ann", "bob", "cat"] {
        app.record("lead", json!({"title": name, "owner": app.id_of(name)})).await;
    }
    let find =
        async |who: &str, op: &str, value: Value| app.by(who).found("lead", test("owner", op, value)).await.join(",");
    assert_eq!(find("ann", "eq", json!({"me": true})).await, "ann");
    assert_eq!(find("ann", "ne", json!({"me": true})).await, "bob,cat");
    assert_eq!(find("ann", "in", json!({"my_department": true})).await, "ann");
    assert_eq!(find("ann", "in", json!({"my_subtree": true})).await, "ann,bob");
    assert_eq!(find("ann", "not_in", json!({"my_subtree": true})).await, "cat");
    assert_eq!(find("bob", "in", json!({"my_subtree": true})).await, "bob");
    let headed = json!({"name": "North", "parent_id": top, "head_ids": [app.id_of("ann")]});
    app.admin().patch(&format!("/departments/{north}"), headed).await.ok(200);
    assert_eq!(find("ann", "in", json!({"my_headed": true})).await, "ann,bob");
    assert_eq!(find("bob", "in", json!({"my_headed": true})).await, "bob", "nobody beside them");
    assert_eq!(find("cat", "not_in", json!({"my_headed": true})).await, "ann,bob");
    assert_eq!(
        find("cat", "in", json!({"my_department": true})).await,
        "cat",
        "somebody without a department has themselves"
    );
    app.finish().await;
}

#[tokio::test]
async fn wrong_filters_are_refused_with_the_place() {
    let app = TestApp::start().await;
    let many: Vec<Value> = (0..301).map(|_| test("title", "eq", json!("x"))).collect();
    let mut deep = test("title", "eq", json!("x"));
    for _ in 0..20 {
        deep = json!({"not": deep});
    }
    for filter in [
        test("nothing", "eq", json!(1)),
        test("search", "eq", json!("x")),
        test("tenant_id", "eq", json!("x")),
        test("title", "like", json!("x")),
        test("amount", "eq", json!("much")),
        test("amount", "contains", json!("1")),
        test("amount", "between", json!([1])),
        test("amount", "in", json!(5)),
        test("amount", "eq", json!([5])),
        test("amount", "gt", Value::Null),
        test("owner", "eq", json!("me")),
        test("amount", "eq", json!({"me": true})),
        test("title", "eq", json!({"relative": "today"})),
        test("created_at", "eq", json!({"relative": "someday"})),
        test("source", "in", json!(vec!["web"; 1_001])),
        test("title", "contains", json!("x".repeat(201))),
        json!({"field": "amount", "op": "eq"}),
        json!({"field": "amount", "op": "eq", "value": 1, "or": []}),
        json!({"and": [], "or": []}),
        json!({"and": {}}),
        json!([]),
        json!("x"),
        json!({"and": many}),
        deep,
    ] {
        let refused = app.admin().query("lead", json!({"filter": filter})).await.problem(400, "request.invalid");
        assert!(refused["fields"]["filter"]["message"].as_str().is_some(), "{filter}: {refused}");
        app.admin().post("/records/lead/aggregate", json!({"filter": filter})).await.problem(400, "request.invalid");
    }
    app.finish().await;
}
