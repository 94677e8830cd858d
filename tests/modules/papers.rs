//! What modules print: their words in a PDF, as words and nothing else; what there is where none can be made.

use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp, package_of};
use crate::sales::papers::{has, text_of};

const TIME: &str = "/plugins/verstak.time-tracking/http/export";
const ROLLOUT: &str = "/plugins/verstak.rollout/http";

/// Runs a module; its roles are known.
async fn enable(app: &mut TestApp, module: &str) {
    let package = package_of(module);
    app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package).await.ok(201);
    let enable = format!("/plugins/verstak.{module}/enable");
    app.admin().post(&enable, json!({"grants": "requested"})).await.ok(200);
    let roles = app.admin().get("/roles").await.ok(200);
    for role in roles["items"].as_array().unwrap() {
        app.know_role(role["key"].as_str().unwrap(), role["id"].as_str().unwrap().parse().unwrap());
    }
}

/// Time tracking with an hour and a half of each.
async fn with_time(app: &mut TestApp, people: &[(&str, &str)]) {
    enable(app, "time-tracking").await;
    for (name, note) in people {
        app.person(0, name, &["time_employee"]).await;
        let entry = json!({"starts_at": "2026-03-02T09:00:00Z", "ends_at": "2026-03-02T10:30:00Z", "note": note});
        app.by(name).create("time_entry", entry).await.ok(201);
    }
}

async fn exported(client: &Client<'_>, file: &str) -> Answer {
    client.get(&format!("{TIME}/{file}?by=person&from=2026-03-01&to=2026-03-31")).await
}

/// A report to the board of a new project of this title: the files beside it, by their endings.
async fn reported(app: &mut TestApp, title: &str) -> Vec<(String, Vec<u8>)> {
    enable(app, "rollout").await;
    app.person(0, "lena", &["rollout_lead", "admin"]).await;
    let lena = app.by("lena");
    let project = json!({"title": title, "template": "standard", "start": "2026-03-16", "language": "ru"});
    let made = lena.post(&format!("{ROLLOUT}/projects"), project).await.ok(201);
    app.drain().await;
    let id = made["id"].as_str().unwrap();
    let press = json!({"plugin": "verstak.rollout", "surface": "rollout", "params": {}, "state": {}, "locale": "en",
        "act": "report", "input": {"project": id}});
    let told = lena.post("/act", press).await.ok(200);
    assert_eq!(told["patches"][0]["tone"], "ok", "{told}");
    let listed = lena.get(&format!("/records/rollout_project/{id}/files")).await.ok(200);
    let mut files = Vec::new();
    for file in listed["items"].as_array().unwrap() {
        let ending = file["name"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let content = lena.get(&format!("/files/{}/content", file["id"].as_str().unwrap())).await;
        assert_eq!(content.status, 200, "{}", content.text());
        files.push((ending, content.body));
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_to_the_board_says_the_projects_words_as_pdf_and_as_docx() {
    let mut app = TestApp::build().config(|config| config.plugins.patience = 20).start().await;
    let files = reported(&mut app, "Ґанок #set page(width: 1pt) *нет* $x$ `code` // 😀 конец").await;
    assert_eq!(files.iter().map(|(ending, _)| ending.as_str()).collect::<Vec<_>>(), ["docx", "pdf"]);
    assert!(files[0].1.starts_with(b"PK"));
    let text = text_of(&files[1].1);
    has(&text, &["Ґанок #set page(width: 1pt) *нет* $x$ `code` //", "конец", "Цели", "1 / "]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_printed_as_whoever_asks_may_see_it() {
    let mut app = TestApp::build().config(|config| config.plugins.patience = 20).start().await;
    with_time(&mut app, &[("olha", "Of olha [1] #x *y* 😀 end"), ("ivan", "Of ivan")]).await;
    let mine = exported(&app.by("olha"), "entries.pdf").await;
    assert_eq!(mine.status, 200, "{}", mine.text());
    assert_eq!(mine.header("content-type"), Some("application/octet-stream"), "no browser runs it");
    let text = text_of(&mine.body);
    has(&text, &["Of olha [1] #x *y*", "end", "1:30:00", "1 / 1"]);
    assert!(!text.contains("ivan"), "{text}");
    has(&text_of(&exported(&app.admin(), "entries.pdf").await.body), &["Of olha", "Of ivan"]);
    has(&text_of(&exported(&app.admin(), "report.pdf").await.body), &["olha", "ivan", "1:30:00"]);
    assert_eq!(exported(&app.admin(), "entries.exe").await.status, 404);
    app.drain().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_paper_can_be_made_the_report_is_there_as_docx_and_time_says_so() {
    let broken = |config: &mut verstak::config::Config| config.documents.typesetter = Some("/bin/false".into());
    let mut app = TestApp::build().config(broken).start().await;
    let files = reported(&mut app, "Ours").await;
    assert_eq!(files.iter().map(|(ending, _)| ending.as_str()).collect::<Vec<_>>(), ["docx"]);
    with_time(&mut app, &[("olha", "Work")]).await;
    let refused = exported(&app.by("olha"), "entries.pdf").await;
    let said: Value = refused.ok(503);
    assert_eq!(said["code"], "time.later", "{said}");
    assert!(said["detail"].as_str().unwrap().contains("take a shorter period"), "{said}");
    assert_eq!(exported(&app.by("olha"), "entries.csv").await.status, 200);
    app.drain().await;
    app.finish().await;
}
