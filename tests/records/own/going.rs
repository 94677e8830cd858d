//! Entities and fields that go while work about them is under way.

use futures::future::{join, join_all};
use serde_json::json;

use super::{MACHINE, workshop};
use crate::app::TestApp;
use crate::process::{Engine, one_task};

async fn remove(app: &TestApp) {
    app.admin().delete(&format!("/entities/{MACHINE}")).await.ok(204);
}

async fn restore(app: &TestApp) {
    app.admin().post(&format!("/entities/{MACHINE}/restore"), json!({})).await.ok(200);
}

/// Begins to import rows with a name.
async fn begin_import(app: &TestApp, rows: usize) -> String {
    let file = (0..rows).fold("Name\n".to_owned(), |file, row| format!("{file}m{row}\n"));
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{MACHINE}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n{file}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.admin().send("POST", "/api/v1/imports", kind, form.into_bytes()).await.ok(201);
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    let body = json!({"mapping": [{"column": 0, "field": "title"}], "options": {"duplicates": "create"}});
    app.admin().post(&format!("{path}/start"), body).await.ok(202);
    path
}

#[tokio::test]
async fn an_import_into_an_entity_that_goes_stops_with_words_and_ends_when_it_is_back() {
    let app = workshop().await;
    let path = begin_import(&app, 2).await;
    remove(&app).await;
    app.drain().await;
    let stopped = app.admin().get(&path).await.ok(200);
    assert_eq!((&stopped["state"], &stopped["accepted"]), (&json!("failed"), &json!(0)), "{stopped}");
    assert!(stopped["problem"].as_str().is_some_and(|words| words.contains("removed")), "{stopped}");
    restore(&app).await;
    app.admin().post(&format!("{path}/resume"), json!({})).await.ok(202);
    app.drain().await;
    let done = app.admin().get(&path).await.ok(200);
    assert_eq!((&done["state"], &done["accepted"]), (&json!("done"), &json!(2)), "{done}");
    assert_eq!(app.admin().found(MACHINE, json!({"and": []})).await, ["m0", "m1"]);
    app.finish().await;
}

#[tokio::test]
async fn a_long_undo_in_an_entity_that_goes_keeps_what_is_not_there_and_says_so() {
    let app = workshop().await;
    let import = begin_import(&app, 1_001).await;
    app.drain().await;
    let batch = app.admin().get(&import).await.ok(200)["batch"].as_str().unwrap().to_owned();
    let undo = format!("/batches/{batch}/undo");
    let job = app.admin().post(&undo, json!({})).await.ok(202);
    remove(&app).await;
    app.drain().await;
    let ended = app.admin().get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.ok(200);
    let result = &ended["result"];
    assert_eq!(
        (&ended["state"], &result["restored"], &result["kept_total"]),
        (&json!("done"), &json!(0), &json!(1_001))
    );
    assert_eq!(result["kept"][0]["reason"], "not_found", "{result}");
    restore(&app).await;
    let left = app.admin().query(MACHINE, json!({"total": true})).await.ok(200)["total"].clone();
    assert_eq!(left, 1_001);
    // The entity is back: asked again, the undo does what it could not.
    app.admin().post(&undo, json!({})).await.ok(202);
    app.drain().await;
    let undone = app.admin().post(&undo, json!({})).await.ok(200);
    assert_eq!((&undone["restored"], &undone["kept_total"]), (&json!(1_001), &json!(0)), "{undone}");
    let left = app.admin().query(MACHINE, json!({"total": true})).await.ok(200)["total"].clone();
    assert_eq!(left, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_process_about_a_record_of_an_entity_that_goes_can_still_be_ended() {
    let app = workshop().await;
    let engine = Engine::of(&app);
    engine.deploy(one_task("repair")).await;
    let machine = app.record(MACHINE, json!({"title": "saw"})).await;
    let ids = [
        engine.start_about("repair", MACHINE, &machine, json!({})).await,
        engine.start_about("repair", MACHINE, &machine, json!({})).await,
    ];
    remove(&app).await;
    app.drain().await;
    assert_eq!(engine.instance(&ids[0]).await["state"], "active");
    let tasks = app.admin().get("/tasks").await.ok(200);
    let of = |id: &str| tasks["items"].as_array().unwrap().iter().find(|task| task["instance"] == id).unwrap().clone();
    let task = of(&ids[0])["id"].as_str().unwrap().to_owned();
    app.admin().post(&format!("/tasks/{task}/complete"), json!({})).await.ok(200);
    assert_eq!(engine.instance(&ids[0]).await["state"], "completed");
    app.admin().post(&format!("/process-instances/{}/cancel", ids[1]), json!({})).await.ok(200);
    app.drain().await;
    restore(&app).await;
    assert_eq!(app.admin().found(MACHINE, json!({"and": []})).await, ["saw"]);
    app.finish().await;
}

#[tokio::test]
async fn twenty_people_change_one_amount_and_one_currency_and_each_change_counts() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "Pipes", "amount": 1, "currency": "USD"})).await;
    let amount = async |n: i64| admin.update("deal", &id, json!({"amount": n})).await.ok(200);
    let currency = async |name: &str| admin.update("deal", &id, json!({"currency": name})).await.ok(200);
    let names = ["EUR", "RUB", "JPY", "KWD", "CHF", "GBP", "UAH", "KZT", "BYN", "PLN"];
    join(join_all((2..12).map(amount)), join_all(names.iter().map(|name| currency(name)))).await;
    let deal = admin.get(&format!("/records/deal/{id}")).await.ok(200);
    assert_eq!(deal["version"], 21);
    let (amount, currency) = (deal["fields"]["amount"].as_i64().unwrap(), deal["fields"]["currency"].as_str().unwrap());
    assert!((2..12).contains(&amount) && names.contains(&currency), "{deal}");
    app.finish().await;
}

#[tokio::test]
async fn two_administrators_remove_and_restore_one_field_at_once() {
    let app = workshop().await;
    let admin = app.admin();
    let id = app.record(MACHINE, json!({"title": "saw", "x_hours": 5})).await;
    let field = format!("/entities/{MACHINE}/fields/x_hours");
    for _ in 0..5 {
        let removed = join_all((0..2).map(|_| admin.delete(&field))).await;
        let mut statuses: Vec<u16> = removed.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404], "one of them did it, the other is told that it is gone");
        let restore = format!("{field}/restore");
        let restored = join_all((0..2).map(|_| admin.post(&restore, json!({})))).await;
        assert!(restored.iter().any(|answer| answer.status == 200));
        assert!(restored.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 404)), "{:?}", restored[1].text());
    }
    let (gone, back) = join(admin.delete(&field), admin.post(&format!("{field}/restore"), json!({}))).await;
    assert_eq!(gone.status, 204);
    assert!(matches!(back.status.as_u16(), 200 | 404), "{}", back.text());
    if back.status == 404 {
        admin.post(&format!("{field}/restore"), json!({})).await.ok(200);
    }
    assert_eq!(admin.get(&format!("/records/{MACHINE}/{id}")).await.ok(200)["fields"]["x_hours"], 5);
    app.finish().await;
}
