//! Imports of everything: product rows, price lists, tasks and kinds of records of the company's own; headers, values and
//! cells that are left out over HTTP; tables behind links.

use axum::Router;
use axum::http::header;
use axum::routing::any;
use kernel::Locale;
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

/// Takes a file in as somebody.
pub async fn upload(client: &Client<'_>, entity: &str, file: &[u8]) -> Answer {
    let head = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{entity}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n"
    );
    let form = [head.as_bytes(), file, b"\r\n--B--\r\n"].concat();
    client.send("POST", "/api/v1/imports", Some("multipart/form-data; boundary=B"), form).await
}

/// Imports a file as it is understood by itself.
async fn imported(app: &TestApp, entity: &str, file: &[u8], options: Value) -> Value {
    let made = upload(&app.admin(), entity, file).await.ok(201);
    started(app, &made, json!({"options": options})).await
}

pub async fn started(app: &TestApp, made: &Value, body: Value) -> Value {
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    app.admin().post(&format!("{path}/start"), body).await.ok(202);
    app.drain().await;
    app.admin().get(&path).await.ok(200)
}

pub fn counts(done: &Value) -> [u64; 4] {
    ["accepted", "refused", "skipped", "partial"].map(|key| done[key].as_u64().unwrap_or_else(|| panic!("{done:#}")))
}

async fn fields(app: &TestApp, entity: &str, title: &str) -> Value {
    let filter = json!({"filter": {"field": "title", "op": "eq", "value": title}});
    app.admin().query(entity, filter).await.ok(200)["items"][0]["fields"].clone()
}

#[tokio::test]
async fn rows_of_the_file_become_product_rows_of_one_document() {
    let app = TestApp::start().await;
    let chair = app.record("product", json!({"title": "Chair", "code": "C-1"})).await;
    let file = b"Name,Currency,Company,Product,Quantity,Price,Discount percent\n\
        Office,USD,,C-1,2,10.50,\n\
        ,,,Table,1,100,10%\n\
        ,,,Delivery,,5,\n\
        Home,USD,Nobody,chair,1,7,\n\
        Wrong,USD,,C-1,1,3,\n\
        Wrong,USD,,C-1,many,3,\n";
    let made = upload(&app.admin(), "quote", file).await.ok(201);
    let targets: Vec<&str> =
        made["targets"].as_array().unwrap().iter().map(|target| target["key"].as_str().unwrap()).collect();
    assert!(targets.contains(&"rows.product") && targets.contains(&"rows.tax_rate"), "{targets:?}");
    let keys = ["title", "currency", "company", "rows.product", "rows.quantity", "rows.price", "rows.discount_percent"];
    let to = |(column, field): (usize, &str)| json!({"column": column, "field": field});
    let mapping: Vec<Value> = keys.into_iter().enumerate().map(to).collect();
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    app.admin().post(&format!("{path}/check"), json!({"mapping": mapping})).await.ok(202);
    app.drain().await;
    let checked = app.admin().get(&path).await.ok(200);
    assert_eq!(counts(&checked), [4, 2, 0, 3], "{checked:#}");
    let done = started(&app, &made, json!({})).await;
    // Table, Delivery and Nobody are in no list; a quantity that is no number refuses its document whole.
    assert_eq!(counts(&done), [4, 2, 0, 3], "{done:#}");
    assert_eq!((&done["state"], &done["processed"]), (&json!("done"), &json!(6)));
    let refused = done["errors"].as_array().unwrap().iter().filter(|error| error["left_out"] != json!(true));
    let refused: Vec<(&Value, &Value)> = refused.map(|error| (&error["row"], &error["code"])).collect();
    assert_eq!(refused, [(&json!(6), &json!("lines_together")), (&json!(7), &json!("number"))]);
    let office = fields(&app, "quote", "Office").await;
    let rows = office["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{office:#}");
    assert_eq!((&rows[0]["product"], &rows[0]["title"]), (&json!(chair), &json!("Chair")));
    assert_eq!((&rows[1]["product"], &rows[1]["title"]), (&Value::Null, &json!("Table")));
    // 2 by 10.50, 100 without 10 %, and 5.
    assert_eq!(office["amount"].as_f64(), Some(116.0), "{office:#}");
    let home = fields(&app, "quote", "Home").await;
    assert_eq!((&home["rows"][0]["product"], home["amount"].as_f64()), (&json!(chair), Some(7.0)));
    assert_eq!(app.admin().found("quote", json!({"and": []})).await, ["Home", "Office"]);
    let undone =
        app.admin().post(&format!("/batches/{}/undo", done["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!(undone["restored"], 2, "{undone}");
    assert!(app.admin().found("quote", json!({"and": []})).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn product_rows_take_from_the_catalogue_what_the_file_leaves_out() {
    let app = TestApp::start().await;
    let tax = app.record("tax", json!({"title": "VAT", "code": "VAT20", "rate": 20})).await;
    let chair = app.record("product", json!({"title": "Chair", "code": "C-1", "unit": "pc", "tax": tax})).await;
    let list = app.record("price_list", json!({"title": "List", "list_currency": "USD"})).await;
    for (from, price) in [(0, "10"), (10, "9")] {
        let price = json!({"price_list": list, "product": chair, "min_quantity": from, "price": price});
        app.record("price", price).await;
    }
    let file = b"Name,Currency,Product,Unit,Quantity,Price\n\
        Office,USD,C-1,,10,\n\
        ,,C-1,box,1,50\n\
        Abroad,EUR,C-1,,1,\n\
        Wrong,USD,C-1,,1,3\n\
        ,,,,,\n\
        ,,C-1,,1,-3\n";
    let made = upload(&app.admin(), "quote", file).await.ok(201);
    let keys = ["title", "currency", "rows.product", "rows.unit", "rows.quantity", "rows.price"];
    let to = |(column, field): (usize, &str)| json!({"column": column, "field": field});
    let mapping: Vec<Value> = keys.into_iter().enumerate().map(to).collect();
    let done = started(&app, &made, json!({"mapping": mapping})).await;
    assert_eq!(counts(&done), [3, 2, 0, 0], "{done:#}");
    let office = fields(&app, "quote", "Office").await;
    let parts =
        |row: &Value| (row["unit"].clone(), row["price"].as_f64(), row["tax"].clone(), row["tax_rate"].as_f64());
    assert_eq!(parts(&office["rows"][0]), (json!("pc"), Some(9.0), json!(tax), Some(20.0)), "{office:#}");
    assert_eq!(parts(&office["rows"][1]), (json!("box"), Some(50.0), json!(tax), Some(20.0)), "{office:#}");
    // 90 and 50 with 20 % of tax.
    assert_eq!(office["amount"].as_f64(), Some(168.0), "{office:#}");
    // No list has a price in that currency, and nothing is converted.
    let abroad = fields(&app, "quote", "Abroad").await;
    assert_eq!(parts(&abroad["rows"][0]), (json!("pc"), None, json!(tax), Some(20.0)), "{abroad:#}");
    // What is wrong in a product row is told of the row of the file that it is.
    let errors = done["errors"].as_array().unwrap().iter();
    let errors: Vec<Value> = errors.map(|error| json!([error["row"], error["field"], error["code"]])).collect();
    let expected = [json!([5, null, "lines_together"]), json!([7, "rows.price", "range"])];
    assert_eq!(errors, expected, "{done:#}");
    app.finish().await;
}

#[tokio::test]
async fn a_document_with_more_rows_than_it_may_have_is_refused_whole_and_no_other_is() {
    let app = TestApp::start().await;
    let rows: String = (0..1_500).map(|n| format!("Long,Thing {n},1,1\n")).collect();
    let file = format!("Name,Product,Quantity,Price\nShort,Thing,1,1\n{rows}Last,Thing,1,1\n");
    let made = upload(&app.admin(), "quote", file.as_bytes()).await.ok(201);
    let keys = ["title", "rows.title", "rows.quantity", "rows.price"];
    let to = |(column, field): (usize, &str)| json!({"column": column, "field": field});
    let mapping: Vec<Value> = keys.into_iter().enumerate().map(to).collect();
    let done = started(&app, &made, json!({"mapping": mapping})).await;
    assert_eq!(counts(&done), [2, 1_500, 0, 0], "{}", done["reasons"]);
    assert_eq!(app.admin().found("quote", json!({"and": []})).await, ["Last", "Short"]);
    app.finish().await;
}

#[tokio::test]
async fn price_lists_tasks_payments_and_organizations_are_imported_by_their_own_words() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    let check = async |entity: &str, file: &str, accepted: u64| {
        let done = imported(&app, entity, file.as_bytes(), json!({"strict": true, "duplicates": "create"})).await;
        assert_eq!(counts(&done), [accepted, 0, 0, 0], "{entity}: {done:#}");
        done
    };
    check("product", "Артикул;Номенклатура;Ед. изм.;Категория\nС-1;Стул;шт;Мебель\nС-2;Стол;шт;Мебель\n", 2).await;
    app.record("price_list", json!({"title": "Розница", "list_currency": "RUB"})).await;
    check("price", "Товар;Прайс-лист;Цена;Количество от\nС-1;Розница;1 200,50;\nстол;розница;5000;10\n", 2).await;
    let stul = fields(&app, "product", "Стул").await;
    assert_eq!((&stul["code"], &stul["category"]), (&json!("С-1"), &json!("Мебель")));
    let prices = app.admin().query("price", json!({"sort": [{"field": "price"}]})).await.ok(200);
    assert_eq!(prices["items"][0]["fields"]["price"].as_f64(), Some(1_200.5), "{prices:#}");
    check("task", "Задача;Крайний срок\nПозвонить;31.12.2026 18:00\n", 1).await;
    check("payment", "Дата платежа;Сумма;Назначение платежа;ИНН\n01.12.2026;1500,00;Счет 7;7701234567\n", 1).await;
    let paid = app.admin().query("payment", json!({})).await.ok(200);
    let paid = &paid["items"][0]["fields"];
    assert_eq!((&paid["paid_on"], &paid["payer_tax_id"]), (&json!("2026-12-01"), &json!("7701234567")));
    check("activity", "Тип;Тема;Дата\nЗвонок;Обсудить;01.12.2026 10:00\n", 1).await;
    let label = json!({"en": "Machine", "ru": "Станок"});
    let own = app.admin().post("/entities", json!({"label": label, "label_plural": label})).await.ok(201);
    check(own["key"].as_str().unwrap(), "Название\nТокарный\n", 1).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_table_of_windows_with_a_title_and_two_rows_of_names_is_taken_after_a_word() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    let text = "Клиенты за март;;;\r\n;;;\r\nКонтакт;;Сделка;\r\nИмя;Телефон;Сумма;Стадия\r\nАнна;8 916 111-22-33;1 234,50 руб.;Горячий\r\n";
    let made = upload(&app.admin(), "lead", &windows(text)).await.ok(201);
    // A title is no header, two rows of names are a person's word.
    assert_eq!(made["header"], json!({"first": 3, "last": 3}));
    assert_eq!(made["top"][0]["cells"][0], "Клиенты за март");
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    app.admin().post(&format!("{path}/header"), json!({"first": 2, "last": 4})).await.problem(422, "import.invalid");
    let chosen = app.admin().post(&format!("{path}/header"), json!({"first": 3, "last": 4})).await.ok(200);
    assert_eq!((&chosen["columns"][1]["name"], &chosen["total"]), (&json!("Контакт / Телефон"), &json!(1)));
    let mut mapping = chosen["mapping"].clone();
    let keys: Vec<&str> = mapping.as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(keys, ["first_name", "phones", "amount", "stage"]);
    let values = app.admin().get(&format!("{path}/values?column=3")).await.ok(200);
    assert_eq!((&values["items"][0]["value"], &values["items"][0]["to"]), (&json!("Горячий"), &Value::Null));
    let stage = values["choices"][1]["key"].clone();
    mapping[3]["values"] = json!([{"from": "горячий", "to": stage}]);
    let done = started(&app, &chosen, json!({"mapping": mapping, "options": {"strict": true}})).await;
    assert_eq!(counts(&done), [1, 0, 0, 0], "{done:#}");
    let lead = app.admin().query("lead", json!({})).await.ok(200)["items"][0]["fields"].clone();
    assert_eq!((&lead["stage"], lead["amount"].as_f64(), &lead["currency"]), (&stage, Some(1_234.5), &json!("RUB")));
    app.finish().await;
}

/// Cyrillic as windows-1251 has it.
fn windows(text: &str) -> Vec<u8> {
    let byte = |letter: char| match u32::from(letter) {
        code @ 0x410..=0x44f => u8::try_from(code - 0x410 + 0xc0).unwrap(),
        code => u8::try_from(code).unwrap(),
    };
    text.chars().map(byte).collect()
}

#[tokio::test]
async fn one_bad_cell_does_not_lose_its_row_unless_asked() {
    let app = TestApp::start().await;
    let file = b"Name,Amount,Source,Date of birth\nAnn,much,Mars,\nBob,5,Mars,soon\nCid,6,,\n";
    let done = imported(&app, "lead", file, json!({})).await;
    assert_eq!(counts(&done), [3, 0, 0, 2], "{done:#}");
    let reasons: Vec<(&Value, &Value, &Value)> = done["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| (&reason["field"], &reason["rows"], &reason["left_out"]))
        .collect();
    let yes = json!(true);
    assert_eq!(
        reasons,
        [
            (&json!("source"), &json!(2), &yes),
            (&json!("amount"), &json!(1), &yes),
            (&json!("birthdate"), &json!(1), &yes)
        ]
    );
    let path = format!("/imports/{}/report", done["id"].as_str().unwrap());
    assert_eq!(app.admin().get(&path).await.text().lines().count(), 1);
    let left = app.admin().get(&format!("{path}?left_out=true")).await.text();
    assert!(left.lines().count() == 3 && left.contains("Mars"), "{left}");
    let strict = imported(&app, "lead", file, json!({"strict": true})).await;
    assert_eq!(counts(&strict), [1, 2, 0, 0], "{strict:#}");
    assert_eq!(
        app.admin().get(&format!("/imports/{}/report", strict["id"].as_str().unwrap())).await.text().lines().count(),
        3
    );
    app.finish().await;
}

async fn sheets() -> String {
    let csv = [(header::CONTENT_DISPOSITION, "attachment; filename=\"Leads.csv\"")];
    let page = [(header::CONTENT_TYPE, "text/html")];
    let router = Router::new()
        .route("/leads", any(move || async move { (csv, "Name,Phone\nAnn,+79161112233\n") }))
        .route("/moved", any(|| async { (axum::http::StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/leads")]) }))
        .route("/closed", any(move || async move { (page, "<p>Sign in") }))
        .route(
            "/cloud",
            any(|| async { (axum::http::StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/")]) }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_table_behind_a_link_is_imported_like_a_file() {
    let app =
        TestApp::build().person("sam", "observer").config(|config| config.webhooks.allow_private = true).start().await;
    let server = sheets().await;
    let link = async |client: &Client<'_>, path: &str| {
        client.post("/imports/link", json!({"entity": "lead", "url": format!("{server}{path}")})).await
    };
    let made = link(&app.admin(), "/moved").await.ok(201);
    assert_eq!((&made["file_name"], &made["total"]), (&json!("Leads.csv"), &json!(1)));
    let done = started(&app, &made, json!({})).await;
    assert_eq!(counts(&done), [1, 0, 0, 0], "{done:#}");
    for (path, code) in [("/closed", "link_closed"), ("/cloud", "link_forbidden"), ("/none", "link_closed")] {
        let refused = link(&app.admin(), path).await.problem(422, "import.invalid");
        assert_eq!(refused["fields"]["url"]["code"], code, "{refused}");
    }
    // Nothing is asked for somebody who may not import.
    link(&app.by("sam"), "/leads").await.problem(403, "denied");
    let wrong = json!({"entity": "lead", "url": "file:///etc/passwd"});
    let refused = app.admin().post("/imports/link", wrong).await.problem(422, "import.invalid");
    assert_eq!(refused["fields"]["url"]["code"], "link");
    app.finish().await;
}

#[tokio::test]
async fn the_networks_around_the_server_are_no_tables() {
    let app = TestApp::start().await;
    for url in ["https://127.0.0.1/list.csv", "https://localhost/list.csv", "https://10.0.0.1/", "https://[::1]/"] {
        let refused = app.admin().post("/imports/link", json!({"entity": "lead", "url": url})).await;
        assert_eq!(refused.problem(422, "import.invalid")["fields"]["url"]["code"], "link_forbidden", "{url}");
    }
    app.finish().await;
}
