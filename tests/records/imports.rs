//! Imports over HTTP: who is the same client, what a cell means.

use kernel::Locale;
use serde_json::{Value, json};

use crate::app::TestApp;

/// Imports a text file; columns go to these fields in their order.
pub async fn import(app: &TestApp, entity: &str, file: &str, fields: &[&str], duplicates: &str) -> Value {
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{entity}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n{file}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.admin().send("POST", "/api/v1/imports", kind, form.into_bytes()).await.ok(201);
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    let to = |(column, field): (usize, &&str)| json!({"column": column, "field": field});
    let mapping: Vec<Value> = fields.iter().enumerate().map(to).collect();
    let body = json!({"mapping": mapping, "options": {"duplicates": duplicates}});
    app.admin().post(&format!("{path}/start"), body).await.ok(202);
    app.drain().await;
    app.admin().get(&path).await.ok(200)
}

async fn titles(app: &TestApp, entity: &str) -> Vec<String> {
    app.admin().found(entity, json!({"and": []})).await
}

#[tokio::test]
async fn people_who_share_a_phone_or_an_address_stay_different_people() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    let office = "Имя;Телефон;Почта\nАнна Белова;+7 495 123-45-67;anna@a.example\nБорис Белов;8 495 123-45-67;info@a.example\nВера Галкина;+7 (495) 1234567;info@a.example\n";
    let done = import(&app, "contact", office, &["title", "phones", "emails"], "skip").await;
    assert_eq!((&done["accepted"], &done["skipped"]), (&json!(3), &json!(0)), "{done}");
    let again = "Имя;Телефон;Комментарий\nбелова анна;84951234567;своя\nГлеб;+7 495 123-45-67;чужой\n";
    let done = import(&app, "contact", again, &["title", "phones", "comments"], "update").await;
    assert_eq!((&done["accepted"], &done["refused"]), (&json!(2), &json!(0)), "{done}");
    assert_eq!(titles(&app, "contact").await, ["Борис Белов", "Вера Галкина", "Глеб", "белова анна"]);
    let own = json!({"field": "comments", "op": "contains", "value": "своя"});
    assert_eq!(app.admin().found("contact", own).await, ["белова анна"]);
    app.finish().await;
}

#[tokio::test]
async fn a_number_that_a_record_has_is_not_added_again_in_another_spelling_in_own_fields_either() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    let field = json!({"label": {"en": "Second phone"}, "type": "phones"});
    app.admin().post("/entities/contact/fields", field).await.ok(201);
    let columns = ["title", "phones", "x_second_phone"];
    let first = "Имя;Телефон;Второй\nАнна;+7 916 555-12-34;+7 495 123-45-67\n";
    let again = "Имя;Телефон;Второй\nАнна;89165551234;8 (495) 1234567\n";
    for file in [first, again] {
        let done = import(&app, "contact", file, &columns, "update").await;
        assert_eq!(done["accepted"], 1, "{done}");
    }
    let page = app.admin().query("contact", json!({})).await.ok(200);
    let fields = &page["items"][0]["fields"];
    let count = |key: &str| fields[key].as_array().map(Vec::len);
    assert_eq!((count("phones"), count("x_second_phone")), (Some(1), Some(1)), "{fields}");
    app.finish().await;
}

#[tokio::test]
async fn a_number_of_another_country_or_extension_is_another_client() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    for (title, phone) in [("Иван", "+7 916 555-12-34"), ("Отдел", "+7 495 123-45-67 доб. 1")] {
        app.record("contact", json!({"title": title, "phones": [phone]})).await;
    }
    let file = "Имя;Телефон\nИван;+1 916 555-1234\nОтдел;+7 495 123-45-67, доб. 2\nИван;8 916 555 12 34\nОтдел;84951234567 ext 1\n";
    let done = import(&app, "contact", file, &["title", "phones"], "skip").await;
    assert_eq!((&done["accepted"], &done["skipped"], &done["refused"]), (&json!(2), &json!(2), &json!(0)), "{done}");
    let kept = json!({"field": "phones", "op": "eq", "value": "+7 495 123-45-67 доб. 2"});
    assert_eq!(app.admin().found("contact", kept).await, ["Отдел"]);
    app.finish().await;
}

#[tokio::test]
async fn dates_of_a_column_are_read_in_one_order_and_doubts_are_refused() {
    let app = TestApp::start().await;
    let dated = async |rows: &[(&str, &str)]| {
        let rows: Vec<String> = rows.iter().map(|(title, day)| format!("{title};{day}\n")).collect();
        let done =
            import(&app, "deal", &format!("Title;Close\n{}", rows.concat()), &["title", "close_date"], "create").await;
        let codes = done["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap().to_owned());
        codes.collect::<Vec<_>>().join(",")
    };
    let on = async |day: &str| {
        app.admin().found("deal", json!({"field": "close_date", "op": "eq", "value": day})).await.join(",")
    };
    assert_eq!(dated(&[("us", "02/01/2026"), ("us31", "01/31/2026")]).await, "");
    assert_eq!((on("2026-02-01").await, on("2026-01-31").await), ("us".into(), "us31".into()));
    assert_eq!(dated(&[("eu", "02/01/2026"), ("eu31", "31/01/2026"), ("no", "01/31/2026")]).await, "date_order");
    assert_eq!(on("2026-01-31").await, "eu31,no,us31");
    assert_eq!(dated(&[("either", "02/03/2026"), ("same", "03/03/2026"), ("iso", "2026-03-02")]).await, "date_order");
    assert_eq!(dated(&[("far", "23.10.45"), ("near", "23.10.27")]).await, "year");
    assert_eq!(on("2027-10-23").await, "near");
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_born_in_the_future() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    let file = "Имя;Родился\nа;23.10.45\nб;16.07.68\nв;01.05.2049\n";
    let done = import(&app, "contact", file, &["title", "birthdate"], "create").await;
    assert_eq!(done["errors"][0]["code"], "future");
    let born = json!({"field": "birthdate", "op": "in", "value": ["1945-10-23", "1968-07-16"]});
    assert_eq!(app.admin().found("contact", born).await, ["а", "б"]);
    app.finish().await;
}
