//! Texts and phones are the same to the product when they are to people: in searches, filters, orders, duplicates.

use kernel::Locale;
use serde_json::{Value, json};

use crate::app::{TestApp, titles};

fn test(field: &str, op: &str, value: impl Into<Value>) -> Value {
    json!({"field": field, "op": op, "value": value.into()})
}

/// Titles in the order of a list, page by page.
async fn ordered(app: &TestApp, entity: &str, sort: Value, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = app.admin().query(entity, json!({"sort": sort, "limit": limit, "cursor": cursor})).await.ok(200);
        let title = |item: &Value| item["fields"]["title"].as_str().unwrap().to_owned();
        found.extend(page["items"].as_array().unwrap().iter().map(title));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            return found;
        }
    }
}

#[tokio::test]
async fn lists_are_in_the_order_of_dictionaries_on_every_page() {
    let app = TestApp::start().await;
    let field = json!({"key": "x_alias", "type": "text", "label": {"en": "Alias"}});
    app.admin().post("/entities/company/fields", field).await.ok(201);
    let right = [
        "apple",
        "Banana",
        "cherry",
        "Date",
        "арбуз",
        "Гора",
        "Ґанок",
        "Ежевика",
        "Ёлка",
        "Єва",
        "Жук",
        "Іван",
        "Їжак",
        "Йосип",
        "яблоко",
    ];
    for title in right.iter().rev() {
        app.record("company", json!({"title": title, "tax_id": title, "x_alias": title})).await;
    }
    let latin_last = |found: Vec<String>| {
        let (latin, cyrillic): (Vec<String>, Vec<String>) = found.into_iter().partition(|title| title.is_ascii());
        [latin, cyrillic].concat()
    };
    for field in ["title", "tax_id", "x_alias"] {
        for limit in [1, 4, 100] {
            let up = ordered(&app, "company", json!([{"field": field}]), limit).await;
            assert_eq!(latin_last(up.clone()), right, "{field} by {limit}");
            let mut down = ordered(&app, "company", json!([{"field": field, "desc": true}]), limit).await;
            down.reverse();
            assert_eq!(down, up, "{field} down by {limit}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn letter_case_yo_and_composition_do_not_hide_records() {
    let app = TestApp::start().await;
    let field = json!({"key": "x_alias", "type": "text", "label": {"en": "Alias"}});
    app.admin().post("/entities/contact/fields", field).await.ok(201);
    let name = "Пётр Йод";
    app.record("contact", json!({"title": name, "last_name": name, "x_alias": name, "comments": name})).await;
    let stranger = "Иное Имя";
    app.record("contact", json!({"title": stranger, "last_name": stranger, "x_alias": stranger})).await;
    let role = json!([{"kind": "permission", "entity": "contact", "actions": ["read"]}]);
    let mut app = app;
    app.role("half", role, json!([{"entity": "contact", "field": "utm_term", "right": "hidden"}])).await;
    app.person(0, "hal", &["half"]).await;
    for spelled in ["Пётр Йод", "петр йод", "ПЁТР ЙОД", "Петр И\u{306}од"] {
        for field in ["title", "last_name", "x_alias"] {
            for op in ["eq", "contains", "starts_with"] {
                assert_eq!(
                    app.admin().found("contact", test(field, op, spelled)).await,
                    [name],
                    "{field} {op} {spelled}"
                );
            }
            let listed = test(field, "in", vec![spelled, "x"]);
            assert_eq!(app.admin().found("contact", listed).await, [name], "{field} in {spelled}");
            assert_eq!(
                app.admin().found("contact", test(field, "ne", spelled)).await,
                [stranger],
                "{field} ne {spelled}"
            );
        }
        assert_eq!(app.admin().found("contact", test("comments", "contains", spelled)).await, [name], "{spelled}");
        for who in [app.admin(), app.by("hal")] {
            let found = who.query("contact", json!({"q": spelled})).await.ok(200);
            assert_eq!(titles(&found), [name], "q {spelled}");
        }
    }
    let kept = app.record("contact", json!({"title": "И\u{306}од\u{200b}\u{feff}"})).await;
    let kept = app.admin().get(&format!("/records/contact/{kept}")).await.ok(200);
    assert_eq!(kept["fields"]["title"], "Йод");
    app.finish().await;
}

#[tokio::test]
async fn addresses_are_cleaned_of_what_nobody_sees() {
    let app = TestApp::start().await;
    let dirty = json!({
        "title": "a", "emails": ["\u{200e}Ann@Example.org\u{200b}\u{a0}"], "sites": ["\u{feff}https://a.example\u{200d}"],
        "messengers": [{"value": "@ann\u{2060}", "kind": "telegram"}], "phones": ["\u{202a}+7 916 123-45-67\u{202c}"],
    });
    let made = app.admin().create("contact", dirty).await.ok(201);
    let value = |field: &str| made["fields"][field][0]["value"].as_str().unwrap().to_owned();
    assert_eq!(value("emails"), "Ann@Example.org");
    assert_eq!(value("sites"), "https://a.example");
    assert_eq!(value("messengers"), "@ann");
    assert_eq!(value("phones"), "+7 916 123-45-67");
    for (field, term) in [("emails", "ann@example.org\u{feff}"), ("sites", "HTTPS://A.example"), ("messengers", "@Ann")]
    {
        assert_eq!(app.admin().found("contact", test(field, "eq", term)).await, ["a"], "{field}");
    }
    app.finish().await;
}

async fn by_phone(app: &TestApp, op: &str, term: &str) -> String {
    app.admin().found("contact", test("phones", op, term)).await.join(",")
}

#[tokio::test]
async fn phones_are_found_in_any_spelling_of_their_country_and_no_other() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    for (title, phone) in [
        ("moscow", "+7 916 555-12-34"),
        ("sacramento", "+1 916 555-1234"),
        ("office", "8 (495) 123-45-67 доб. 12"),
        ("anna", "8 800 555-35-35 (Анна)"),
        ("two", "+7 903 000-11-22, +7 903 000-33-44"),
    ] {
        app.record("contact", json!({"title": title, "phones": [phone]})).await;
    }
    for (op, term, expected) in [
        ("eq", "8 (916) 5551234", "moscow"),
        ("eq", "79165551234", "moscow"),
        ("eq", "007 916 555 12 34", "moscow"),
        ("eq", "+1 916 555 1234", "sacramento"),
        ("eq", "+7 495 1234567", "office"),
        ("eq", "84951234567 доб 12", "office"),
        ("eq", "+7 495 123-45-67 ext. 13", ""),
        ("eq", "88005553535", "anna"),
        ("eq", "+7 903 000 33 44", "two"),
        ("eq", "нет таких цифр", ""),
        ("contains", "8 916 555", "moscow"),
        ("contains", "+1 916", "sacramento"),
        ("starts_with", "8495", "office"),
        ("starts_with", "+7 495", "office"),
        ("contains", "анна", "anna"),
        ("contains", "нет таких цифр", ""),
        ("starts_with", "нет таких цифр", ""),
        ("contains", "()", ""),
        ("contains", "%", ""),
    ] {
        assert_eq!(by_phone(&app, op, term).await, expected, "{op} {term}");
    }
    assert_eq!(by_phone(&app, "ne", "+7 916 555-12-34").await, "anna,office,sacramento,two");
    app.finish().await;
}

#[tokio::test]
async fn a_word_of_letters_finds_no_phone_whoever_asks() {
    let mut app = TestApp::build().locale(Locale::Ru).start().await;
    let role = json!([{"kind": "permission", "entity": "contact", "actions": ["read"]}]);
    app.role("half", role, json!([{"entity": "contact", "field": "comments", "right": "hidden"}])).await;
    app.person(0, "hal", &["half"]).await;
    app.record("contact", json!({"title": "a", "phones": ["+7 916 555-12-34"]})).await;
    app.record("contact", json!({"title": "b", "phones": ["+7 495 555-12-34 (Борис)"]})).await;
    for (words, expected) in [
        ("абракадабра", vec![]),
        ("8 (916) 555-12-34", vec!["a"]),
        ("89165551234", vec!["a"]),
        ("+19165551234", vec![]),
        ("борис", vec!["b"]),
    ] {
        for who in [app.admin(), app.by("hal")] {
            let found = who.query("contact", json!({"q": words})).await.ok(200);
            assert_eq!(titles(&found), expected, "{words}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_too_long_to_look_for_is_refused_with_words() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let long = "7".repeat(100_000);
    admin.query("contact", json!({"q": long})).await.problem(400, "request.invalid");
    admin.query("contact", json!({"filter": test("phones", "eq", long.clone())})).await.problem(400, "request.invalid");
    admin.query("contact", json!({"filter": test("title", "contains", long)})).await.problem(400, "request.invalid");
    let one = test("title", "in", (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>());
    let many = json!({"or": vec![one; 250]});
    admin.query("contact", json!({"filter": many})).await.problem(400, "request.invalid");
    app.finish().await;
}
