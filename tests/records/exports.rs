//! Lists as files.

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use super::imports_whole::{counts, started, upload};
use super::multiply;
use crate::app::{Answer, Client, TestApp};

/// The job of an export.
async fn exported(app: &TestApp, client: &Client<'_>, input: Value) -> Value {
    let begun = client.post("/exports", input).await.ok(202);
    app.drain().await;
    client.get(&format!("/jobs/{}", begun["id"].as_str().unwrap())).await.ok(200)
}

async fn content(client: &Client<'_>, job: &Value) -> Answer {
    let href = job["result"]["file"]["href"].as_str().unwrap_or_else(|| panic!("{job}"));
    client.get(href.strip_prefix("/api/v1").unwrap()).await
}

#[tokio::test]
async fn a_list_is_a_file_with_its_filter_columns_and_order() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let ann = app.record("contact", json!({"title": "Ann; Lee"})).await;
    for (title, amount) in [("=HYPERLINK(\"x\")", json!(10.5)), ("Б", json!(-0)), ("В", Value::Null)] {
        let fields = json!({"title": title, "amount": amount, "contacts": [ann], "close_date": "2026-11-29"});
        app.record("deal", fields).await;
    }
    app.record("deal", json!({"title": "other"})).await;
    let filter = json!({"field": "contacts", "op": "eq", "value": ann});
    let input = json!({"entity": "deal", "filter": filter, "sort": [{"field": "title", "desc": true}],
        "fields": ["title", "stage", "amount", "currency", "close_date", "contacts", "owner", "number"], "format": "csv", "name": "Угоди"});
    let job = exported(&app, &admin, input.clone()).await;
    assert_eq!((&job["state"], &job["done"], &job["total"]), (&json!("done"), &json!(3), &json!(3)));
    assert_eq!((&job["result"]["file"]["name"], &job["result"]["file"]["rows"]), (&json!("Угоди.csv"), &json!(3)));
    let file = content(&admin, &job).await;
    assert_eq!(file.status.as_u16(), 200);
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    let text = file.text();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("Title,Stage,Amount,Currency,"), "{}", lines[0]);
    assert!(lines[1].starts_with("В,") && lines[2].starts_with("Б,"), "{text}");
    assert!(lines[3].starts_with("\"'=HYPERLINK(\"\"x\"\")\","), "a formula is quoted: {text}");
    assert!(lines[3].contains(",10.5,") && lines[3].contains("2026-11-29,Ann; Lee,"), "{text}");
    let mut input = input;
    input["format"] = json!("xlsx");
    let job = exported(&app, &admin, input).await;
    let file = content(&admin, &job).await;
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(file.body)).unwrap();
    let range = book.worksheet_range("Sheet1").unwrap();
    assert_eq!(range.height(), 4);
    assert_eq!(range.get((3, 0)), Some(&Data::String("=HYPERLINK(\"x\")".into())), "a text, no formula");
    assert_eq!(range.get((3, 2)), Some(&Data::Float(10.5)));
    assert!(matches!(range.get((3, 4)), Some(Data::DateTime(_))), "{:?}", range.get((3, 4)));
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'records.exported'").await, 2);
    app.finish().await;
}

#[tokio::test]
async fn a_long_list_comes_in_steps_and_is_whole() {
    let app = TestApp::start().await;
    app.record("company", json!({"title": "T1"})).await;
    multiply(&app, "company", 9_001).await;
    for format in ["csv", "xlsx"] {
        let job = exported(
            &app,
            &app.admin(),
            json!({"entity": "company", "fields": ["title"], "sort": [{"field": "number"}], "format": format}),
        )
        .await;
        assert_eq!((&job["state"], &job["done"]), (&json!("done"), &json!(9_001)), "{job}");
        let file = content(&app.admin(), &job).await;
        let titles: Vec<String> = if format == "csv" {
            file.text().trim_start_matches('\u{feff}').lines().skip(1).map(str::to_owned).collect()
        } else {
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(file.body)).unwrap();
            let range = book.worksheet_range("Sheet1").unwrap();
            range.rows().skip(1).map(|row| row[0].to_string()).collect()
        };
        let expected: Vec<String> = (1..=9_001).map(|n| format!("T{n}")).collect();
        assert!(titles == expected, "{}", titles.len());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_file_has_what_its_asker_may_see_and_is_nobody_elses() {
    let mut app = TestApp::build().person("sam", "sales_manager").start().await;
    let rows = json!([{"kind": "permission", "entity": "lead", "actions": ["read"]}]);
    app.role("clerk", rows, json!([{"entity": "lead", "field": "comments", "right": "hidden"}])).await;
    app.person(0, "clerk", &["clerk"]).await;
    app.record("lead", json!({"title": "strange", "comments": "secret"})).await;
    let sam = app.by("sam");
    sam.create("lead", json!({"title": "own"})).await.ok(201);
    let job = exported(&app, &sam, json!({"entity": "lead", "fields": ["title"], "format": "csv"})).await;
    let text = content(&sam, &job).await.text();
    assert!(text.contains("own") && !text.contains("strange"), "{text}");
    content(&app.admin(), &job).await.problem(404, "not_found");
    content(&app.by("clerk"), &job).await.problem(404, "not_found");
    let clerk = app.by("clerk");
    let input = |fields: Value| json!({"entity": "lead", "fields": fields, "format": "csv"});
    clerk.post("/exports", input(json!(["title", "comments"]))).await.problem(400, "request.invalid");
    let job = exported(&app, &clerk, input(json!([]))).await;
    assert!(!content(&clerk, &job).await.text().contains("secret"));
    clerk.post("/exports", json!({"entity": "deal", "format": "csv"})).await.problem(404, "not_found");
    let other = app.add_company("Other", kernel::Locale::En).await;
    content(&app.by_of(other, "admin"), &job).await.problem(404, "not_found");
    let admin = app.admin();
    admin.post("/exports", json!({"entity": "nothing", "format": "csv"})).await.problem(404, "not_found");
    let wrong = json!({"entity": "lead", "format": "csv", "filter": {"field": "nothing", "op": "eq", "value": 1}});
    admin.post("/exports", wrong).await.problem(400, "request.invalid");
    admin
        .post("/exports", json!({"entity": "lead", "format": "csv", "name": "x".repeat(101)}))
        .await
        .problem(400, "request.invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_finished_file_is_closed_to_its_asker_when_their_rights_go() {
    let mut app = TestApp::start().await;
    let rows = json!([{"kind": "permission", "entity": "lead", "actions": ["read"]}]);
    app.role("clerk", rows, json!([])).await;
    app.person(0, "clerk", &["clerk"]).await;
    app.record("lead", json!({"title": "Ann"})).await;
    let clerk = app.by("clerk");
    let list = exported(&app, &clerk, json!({"entity": "lead", "fields": ["title"], "format": "csv"})).await;
    let report =
        clerk.post("/reports/export", json!({"config": {"measures": ["lead.created"]}, "format": "csv"})).await;
    let report = report.ok(202)["id"].as_str().unwrap().to_owned();
    app.drain().await;
    let report = clerk.get(&format!("/jobs/{report}")).await.ok(200);
    for job in [&list, &report] {
        assert_eq!(content(&clerk, job).await.status.as_u16(), 200, "{job}");
    }
    // One begun before and made after is not made.
    let late = clerk.post("/exports", json!({"entity": "lead", "format": "csv"})).await.ok(202);
    let role = app.companies[0].roles["clerk"];
    let narrow = json!({"key": "clerk", "name": "clerk", "rows": [{"kind": "permission", "entity": "lead", "actions": ["read"],
        "filter": {"field": "owner", "op": "eq", "value": {"me": true}}}]});
    app.admin().patch(&format!("/roles/{role}"), narrow).await.ok(200);
    let clerk = app.by("clerk");
    for job in [&list, &report] {
        content(&clerk, job).await.problem(409, "export.stale");
    }
    app.drain().await;
    let late = clerk.get(&format!("/jobs/{}", late["id"].as_str().unwrap())).await.ok(200);
    assert_eq!((&late["state"], &late["problem"]["code"]), (&json!("failed"), &json!("export.stale")));
    app.finish().await;
}

#[tokio::test]
async fn what_went_out_as_a_file_comes_in_again_as_it_was() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let mut clients = Vec::new();
    for title in ["Ann, Lee", "Bob"] {
        clients.push(app.record("contact", json!({"title": title})).await);
    }
    let formulas = ["=1+1", "+7", "-5", "@sum", "'=quoted", "plain; \"two\", three"];
    for title in formulas {
        let fields = json!({"title": title, "amount": 10.5, "contacts": clients, "close_date": "2026-11-29"});
        app.record("deal", fields).await;
    }
    app.record("deal", json!({"title": "other", "amount": 5})).await;
    // One of two conditions, as the filter of a view says it.
    let any =
        json!({"or": [{"field": "amount", "op": "gt", "value": 7}, {"field": "title", "op": "eq", "value": "none"}]});
    let config = json!({"filter": any, "columns": ["title", "amount", "currency", "contacts", "close_date", "stage"]});
    let view = admin.post("/views", json!({"entity": "deal", "name": "Either", "config": config})).await.ok(201);
    let job = exported(&app, &admin, json!({"entity": "deal", "view": view["id"], "format": "csv"})).await;
    assert_eq!(job["result"]["file"]["rows"], json!(formulas.len()), "{job}");
    let file = content(&admin, &job).await;
    let text = file.text();
    for risky in ["=1+1", "+7", "@sum"] {
        assert!(text.contains(&format!("\n'{risky},")), "{risky}: {text}");
    }
    let made = upload(&admin, "deal", &file.body).await.ok(201);
    let done = started(&app, &made, json!({"options": {"strict": true, "duplicates": "create"}})).await;
    assert_eq!(counts(&done), [6, 0, 0, 0], "{done:#}");
    for title in formulas {
        let same = json!({"filter": {"field": "title", "op": "eq", "value": title}});
        let found = admin.query("deal", same).await.ok(200);
        let items = found["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "{title}: {found}");
        for key in ["amount", "currency", "contacts", "close_date", "stage"] {
            assert_eq!(items[0]["fields"][key], items[1]["fields"][key], "{title} {key}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_file_that_was_called_off_is_not_there() {
    let app = TestApp::start().await;
    app.record("lead", json!({"title": "Ann"})).await;
    let begun = app.admin().post("/exports", json!({"entity": "lead", "format": "csv"})).await.ok(202);
    let id = begun["id"].as_str().unwrap();
    assert_eq!(app.admin().delete(&format!("/jobs/{id}")).await.ok(200)["state"], "cancelled");
    app.drain().await;
    app.admin().get(&format!("/exports/{id}/content")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn files_end_after_a_week() {
    let app = TestApp::start().await;
    app.record("lead", json!({"title": "Ann"})).await;
    let job = exported(&app, &app.admin(), json!({"entity": "lead", "format": "xlsx"})).await;
    app.sql("UPDATE list_export SET at = at - 604801000000").await;
    content(&app.admin(), &job).await.problem(404, "not_found");
    let queued = kernel::jobs::NewJob::now(&app.state.env, ::records::export::SWEEP, json!({}));
    let tx = app.state.db.begin().await.unwrap();
    kernel::jobs::enqueue(&tx, &app.state.env, queued).await.unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM list_export_piece").await, 0);
    app.finish().await;
}
