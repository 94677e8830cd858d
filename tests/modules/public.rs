//! Pages for people without an account, by the example `callback-requests`: closed until somebody opens them, what strangers
//! see, send and are told, and what they do not get whatever they send.

mod floods;
mod links;

use std::sync::OnceLock;

use plugin_host::dev::project;
use serde_json::{Value, json};
use verstak::config::Config;

use super::install;
use crate::app::{Answer, Client, TestApp, root};

const PLUGIN: &str = "verstak.callback-requests";
const ENTITY: &str = "callback_request";
const PAGE: &str = "/public/acme/verstak.callback-requests/ask";

fn package() -> Vec<u8> {
    static PACKAGE: OnceLock<Vec<u8>> = OnceLock::new();
    let build = || {
        let folder = root().join("examples/callback-requests");
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::package(&folder, &component, None).unwrap()
    };
    PACKAGE.get_or_init(build).clone()
}

async fn switched(app: &TestApp, how: &str, body: Value) {
    app.admin().post(&format!("/plugins/{PLUGIN}/{how}"), body).await.ok(200);
}

async fn set(client: &Client<'_>, page: &str, open: bool) -> Answer {
    client.put(&format!("/plugins/{PLUGIN}/public-pages/{page}"), json!({"open": open})).await
}

/// A company that runs the example, its page not open yet.
async fn company_with(change: impl Fn(&mut Config) + 'static) -> TestApp {
    let app = TestApp::build().config(change).start().await;
    install(&app, package()).await.ok(201);
    switched(&app, "enable", json!({"grants": "requested"})).await;
    app
}

async fn company() -> TestApp {
    let app = company_with(|_| {}).await;
    set(&app.admin(), "ask", true).await.ok(200);
    app
}

fn sent(name: &str, phone: &str) -> Value {
    json!({"act": "send", "input": {"name": name, "phone": phone, "words": null}})
}

async fn send(client: &Client<'_>, body: Value) -> Answer {
    client.post(&format!("{PAGE}/act"), body).await
}

/// The source of the page as its tree has it.
async fn waiting(app: &TestApp) -> Value {
    let tree = app.stranger().get(PAGE).await.ok(200)["tree"].clone();
    let items = json!([{"name": "queue", "source": tree["sources"]["queue"]}]);
    let answer = app.stranger().post(&format!("{PAGE}/read"), json!({"items": items})).await.ok(200);
    answer["results"][0].clone()
}

async fn noted(app: &TestApp) -> usize {
    app.admin().get(&format!("/records/{ENTITY}")).await.ok(200)["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_page_is_there_for_strangers_when_an_administrator_opens_it() {
    let mut app = company_with(|_| {}).await;
    app.person(0, "ann", &["sales_manager"]).await;
    let stranger = app.stranger();
    let gone = async || {
        for client in [app.stranger(), app.admin()] {
            client.get(PAGE).await.problem(404, "not_found");
            let items = json!({"items": [{"name": "queue", "source": {}}]});
            client.post(&format!("{PAGE}/read"), items).await.problem(404, "not_found");
            send(&client, sent("Ivan", "+380440000001")).await.problem(404, "not_found");
        }
    };
    gone().await;
    let pages = app.admin().get(&format!("/plugins/{PLUGIN}/public-pages")).await.ok(200);
    let path = "/p/acme/verstak.callback-requests/ask";
    let mine = json!({"id": "mine", "title": "My request", "open": false,
        "path": "/p/acme/verstak.callback-requests/mine"});
    let of = |open: bool| json!([{"id": "ask", "title": "Ask for a call", "open": open, "path": path}, mine]);
    assert_eq!(pages["items"], of(false));
    set(&app.by("ann"), "ask", true).await.problem(403, "denied");
    app.by("ann").get(&format!("/plugins/{PLUGIN}/public-pages")).await.problem(403, "denied");
    set(&app.admin(), "aks", true).await.problem(404, "not_found");
    gone().await;
    assert_eq!(set(&app.admin(), "ask", true).await.ok(200)["items"], of(true));
    set(&app.admin(), "ask", true).await.ok(200);
    let seen = stranger.get(PAGE).await;
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    let seen = seen.ok(200);
    assert_eq!((&seen["company"], &seen["title"]), (&json!("Acme"), &json!("Ask for a call")));
    assert_eq!(seen["texts"]["page.send"], "Ask for a call");
    let mut keys: Vec<&String> = seen.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["company", "texts", "title", "tree", "tree_hash"], "nothing else of the company");
    let uk = stranger.header("accept-language", "uk").get(PAGE).await.ok(200);
    assert_eq!((&uk["title"], &uk["texts"]["page.name"]), (&json!("Замовити дзвінок"), &json!("Ім’я")));
    // In the portal it is no page of anybody's.
    assert_eq!(app.admin().get("/ui").await.ok(200)["surfaces"], json!([]));
    let inside = json!({"plugin": PLUGIN, "surface": "ask", "act": "send", "input": {}});
    app.admin().post("/act", inside).await.problem(404, "not_found");
    set(&app.admin(), "ask", false).await.ok(200);
    gone().await;
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'plugin.page_opened'").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'plugin.page_closed'").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn what_a_stranger_sends_is_written_once_and_by_the_plugin() {
    let app = company().await;
    assert_eq!(waiting(&app).await["rows"][0]["fields"], json!({"waiting": 0}));
    let keyed = app.stranger().header("idempotency-key", "press-one");
    let done = send(&keyed, sent("Ivan", "+380 44 000-00-01")).await.ok(200);
    let set = json!({"op": "set", "params": {}, "state": {"sent": true}});
    assert_eq!((&done["patches"][0], &done["errors"]), (&set, &json!({})));
    assert!(done["patches"][1]["text"].as_str().unwrap().starts_with("Thank you"), "{done}");
    // The same press again, and the same words under another.
    send(&keyed, sent("Ivan", "+380 44 000-00-01")).await.ok(200);
    assert_eq!(noted(&app).await, 1);
    send(&app.stranger(), sent("Ivan", "+380 44 000-00-01")).await.ok(200);
    app.settle().await;
    assert_eq!((noted(&app).await, &waiting(&app).await["rows"][0]["fields"]), (2, &json!({"waiting": 2})));
    let events = app.admin().get(&format!("/events?entity={ENTITY}")).await.ok(200);
    assert_eq!(events["items"][0]["actor"]["kind"], "plugin", "{events}");
    // An administrator who looks is a stranger as well.
    let own = app.admin().header("accept-language", "ru");
    let refused = send(&own, sent("", "+380440000001")).await.ok(200);
    assert!(refused["errors"]["name"].as_str().unwrap().len() > 10, "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn strangers_read_the_packages_words_and_no_others() {
    let app = company().await;
    let rule = json!({"name": "never", "check": "record.phone != '+380440000009'",
        "message": {"en": "Ada Admin wants no calls to Smith"}});
    app.admin().post("/validation-rules", json!({"entity": ENTITY, "rule": rule})).await.ok(201);
    let refused = send(&app.stranger(), sent("Ivan", "+380440000009")).await;
    assert!(!refused.text().contains("Ada") && !refused.text().contains("Smith"), "{}", refused.text());
    let problem = refused.problem(422, "act.refused");
    let told = "This could not be accepted. Check what you entered, or try again later.";
    assert_eq!((&problem["detail"], problem.get("plugin")), (&json!(told), None));
    let ru = send(&app.stranger().header("accept-language", "ru-RU,ru;q=0.9"), sent("Ivan", "call me")).await.ok(200);
    assert_eq!(ru["errors"], json!({"phone": "Это не номер телефона."}));
    let lines = send(&app.stranger(), sent("Ivan\r\nBcc: all@acme.test", "+380440000001")).await.ok(200);
    assert_eq!(lines["errors"], json!({"name": "Say what to call you, in up to 100 characters."}));
    assert_eq!(noted(&app).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_request_for_something_else_gets_nothing() {
    let mut app = company().await;
    app.record("lead", json!({"title": "Secret lead"})).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.stranger();
    for place in [
        "/public/other/verstak.callback-requests/ask",
        "/public/nobody/verstak.callback-requests/ask",
        "/public/acme/verstak.lead-desk/ask",
        "/public/acme/verstak.callback-requests/other",
        "/public/acme/verstak.callback-requests/ask%0d%0aset-cookie:%20a=b",
    ] {
        stranger.get(place).await.problem(404, "not_found");
        stranger.post(&format!("{place}/act"), sent("Ivan", "+380440000001")).await.problem(404, "not_found");
    }
    // A company opens its own pages alone.
    set(&app.by_of(other, "admin"), "ask", true).await.problem(404, "not_found");
    set(&stranger, "ask", true).await.problem(401, "auth.required");
    let read = async |items: Value| app.stranger().post(&format!("{PAGE}/read"), json!({"items": items})).await;
    for (name, source) in [
        ("queue", json!({"records": "lead"})),
        ("queue", json!({"plugin": "other"})),
        ("leads", json!({"records": "lead"})),
    ] {
        let answer = read(json!([{"name": name, "source": source}])).await;
        assert!(!answer.text().contains("Secret"), "{}", answer.text());
        let one = answer.ok(200)["results"][0].clone();
        assert_eq!((&one["status"], &one["problem"]["code"]), (&json!("error"), &json!("ui.source_differs")), "{one}");
    }
    read(json!([])).await.problem(400, "request.invalid");
    read(json!(vec![json!({"name": "queue", "source": {}}); 2])).await.problem(400, "request.invalid");
    let with = |key: &str, value: Value| {
        let mut body = sent("Ivan", "+380440000001");
        body[key] = value;
        body
    };
    send(&stranger, with("act", json!("other"))).await.problem(404, "not_found");
    send(&stranger, with("tree_hash", json!("old"))).await.problem(409, "ui.stale");
    let nobody = json!({"entity": "lead", "id": "00000000-0000-7000-8000-000000000000"});
    for (key, value) in [("record", nobody), ("rows", json!(["x"])), ("plugin", json!("verstak.lead-desk"))] {
        send(&stranger, with(key, value)).await.problem(400, "request.invalid");
    }
    send(&stranger, with("input", json!({"name": "x".repeat(70_000)}))).await.problem(400, "request.invalid");
    send(&stranger, with("state", json!({"a": "x".repeat(17 * 1024)}))).await.problem(400, "request.invalid");
    let large = send(&stranger, with("input", json!({"name": "x".repeat(2 * 1024 * 1024)}))).await;
    assert!([400, 413].contains(&large.status.as_u16()), "{}", large.status);
    let elsewhere = stranger.header("host", "crm.test").header("origin", "https://evil.example");
    send(&elsewhere, sent("Ivan", "+380440000001")).await.problem(403, "denied");
    assert_eq!(noted(&app).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn while_the_module_is_off_strangers_read_what_it_left_or_nothing() {
    let app = company().await;
    let closed = async |locale: &str, words: &str| {
        let stranger = app.stranger().header("accept-language", locale);
        let told = stranger.get(PAGE).await.problem(409, "public.closed");
        assert_eq!(told["detail"], words);
        send(&stranger, sent("Ivan", "+380440000001")).await.problem(409, "public.closed");
    };
    let en = "We take no requests here at the moment. Please call us.";
    let ru = "Сейчас мы не принимаем здесь заявки. Позвоните нам.";
    switched(&app, "disable", json!({})).await;
    closed("en", en).await;
    closed("ru", ru).await;
    switched(&app, "enable", json!({"grants": "requested"})).await;
    app.stranger().get(PAGE).await.ok(200);
    switched(&app, "disable", json!({})).await;
    switched(&app, "purge", json!({})).await;
    app.stranger().get(PAGE).await.problem(404, "not_found");
    // What was removed for good is opened anew by somebody.
    switched(&app, "enable", json!({"grants": "requested"})).await;
    app.stranger().get(PAGE).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_gate_closes_no_page_to_strangers() {
    let mut app = company().await;
    app.person(0, "ann", &["sales_manager"]).await;
    let department = app.admin().post("/departments", json!({"name": "Desk"})).await.id();
    let gated = json!({"departments": [department]});
    app.admin().put(&format!("/plugins/{PLUGIN}/gate"), gated).await.ok(200);
    // In no department of the gate: to her there is no such module, and its page is everybody's as before.
    app.by("ann").get(&format!("/records/{ENTITY}")).await.problem(404, "not_found");
    for client in [app.stranger(), app.by("ann")] {
        client.get(PAGE).await.ok(200);
        send(&client, sent("Ivan", "+380440000001")).await.ok(200);
    }
    // What was sent is for those whom the module is on for.
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE kind = 'callback_request.created'").await, 2);
    // Off is off, whomever it was on for.
    switched(&app, "disable", json!({})).await;
    app.stranger().get(PAGE).await.problem(409, "public.closed");
    switched(&app, "enable", json!({"grants": "requested"})).await;
    app.stranger().get(PAGE).await.ok(200);
    set(&app.admin(), "ask", false).await.ok(200);
    app.stranger().get(PAGE).await.problem(404, "not_found");
    app.finish().await;
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and nothing more";
const OCTETS: Option<&str> = Some("application/octet-stream");

async fn offer(client: &Client<'_>, query: &str, bytes: &[u8]) -> Answer {
    client.send("POST", &format!("/api/v1{PAGE}/files?{query}"), OCTETS, bytes.to_vec()).await
}

async fn offered(app: &TestApp, name: &str) -> String {
    let answer = offer(&app.stranger(), &format!("input=photos&name={name}"), PNG).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.ok(201)["upload"].as_str().unwrap().to_owned()
}

fn with_photos(photos: &[&str]) -> Value {
    json!({"act": "send", "input": {"name": "Ivan", "phone": "+380440000001", "photos": photos}})
}

async fn kept(app: &TestApp) -> Vec<Value> {
    let requests = app.admin().get(&format!("/records/{ENTITY}")).await.ok(200)["items"].clone();
    let mut files = Vec::new();
    for request in requests.as_array().unwrap() {
        let path = format!("/records/{ENTITY}/{}/files", request["id"].as_str().unwrap());
        files.extend(app.admin().get(&path).await.ok(200)["items"].as_array().unwrap().iter().cloned());
    }
    files
}

#[tokio::test]
async fn files_of_a_stranger_wait_for_the_press_and_go_to_what_it_makes_once() {
    let app = company().await;
    let photo = offered(&app, "lathe.png").await;
    assert!(photo.len() >= 64, "{photo}");
    assert_eq!(kept(&app).await, Vec::<Value>::new());
    let keyed = app.stranger().header("idempotency-key", "press-with-a-photo");
    for _ in 0..2 {
        let done = send(&keyed, with_photos(&[&photo])).await.ok(200);
        assert!(done["patches"][1]["text"].as_str().unwrap().starts_with("Thank you. We"), "{done}");
    }
    let files = kept(&app).await;
    assert_eq!(files.len(), 1);
    assert_eq!((&files[0]["name"], &files[0]["media_type"]), (&json!("lathe.png"), &json!("image/png")));
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE kind = 'file.added'").await, 1);
    // Another press gets neither a file that is taken, nor one that nobody was given.
    for word in [photo.as_str(), "0000", ""] {
        let done = send(&app.stranger(), with_photos(&[word])).await.ok(200);
        assert!(done["patches"][1]["text"].as_str().unwrap().contains("not every photo"), "{done}");
    }
    assert_eq!((kept(&app).await.len(), noted(&app).await), (1, 4));
    app.finish().await;
}

#[tokio::test]
async fn what_no_press_takes_is_swept_and_is_taken_no_more() {
    let app = company().await;
    let (late, gone) = (offered(&app, "late.png").await, offered(&app, "gone.png").await);
    app.clock.advance_seconds(3_601);
    let done = send(&app.stranger(), with_photos(&[&late])).await.ok(200);
    assert!(done["patches"][1]["text"].as_str().unwrap().contains("not every photo"), "{done}");
    app.clock.advance_seconds(3_600);
    let fresh = offered(&app, "fresh.png").await;
    app.state.files.sweep().await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM stored_file").await, 1, "the fresh one waits");
    send(&app.stranger(), with_photos(&[&gone, &fresh])).await.ok(200);
    assert_eq!(kept(&app).await[0]["name"], "fresh.png");
    app.finish().await;
}

#[tokio::test]
async fn a_file_that_a_page_does_not_ask_for_is_not_kept() {
    let mut app = company().await;
    app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.stranger();
    let refused = async |query: &str, bytes: &[u8], status: u16, code: &str| {
        offer(&app.stranger(), query, bytes).await.problem(status, code);
    };
    let good = "input=photos&name=a.png";
    for bytes in [&b""[..], b"<html><script>alert(1)</script>", b"<svg onload='x'/>", b"MZ\x90\0\x03", b"\x7fELF"] {
        refused(good, bytes, 422, "file.invalid").await;
    }
    refused("input=photos&name=%2e%2e%2f", PNG, 422, "file.invalid").await;
    refused("input=name&name=a.png", PNG, 404, "not_found").await;
    refused("input=other&name=a.png", PNG, 404, "not_found").await;
    refused("name=a.png", PNG, 400, "request.invalid").await;
    refused("input=photos&name=a.png&record=1", PNG, 400, "request.invalid").await;
    let large = offer(&stranger, good, &vec![0x20; 5 * 1024 * 1024 + 1]).await;
    assert_eq!(large.status.as_u16(), 413, "{}", large.text());
    let elsewhere = stranger.header("host", "crm.test").header("origin", "https://evil.example");
    offer(&elsewhere, good, PNG).await.problem(403, "denied");
    let other = "/api/v1/public/other/verstak.callback-requests/ask/files?input=photos&name=a.png";
    app.stranger().send("POST", other, OCTETS, PNG.to_vec()).await.problem(404, "not_found");
    set(&app.admin(), "ask", false).await.ok(200);
    refused(good, PNG, 404, "not_found").await;
    assert_eq!(app.count("SELECT count(*) FROM stored_file").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn two_presses_at_once_with_one_file_leave_it_at_one_request() {
    let app = company().await;
    let photo = offered(&app, "one.png").await;
    let stranger = app.stranger();
    let (first, second) =
        tokio::join!(send(&stranger, with_photos(&[&photo])), send(&stranger, with_photos(&[&photo])),);
    first.ok(200);
    second.ok(200);
    assert_eq!((kept(&app).await.len(), noted(&app).await), (1, 2));
    assert_eq!(app.count("SELECT files FROM file_usage").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn no_page_stays_open_behind_who_removes_the_module_meanwhile() {
    let app = company_with(|_| {}).await;
    let admin = app.admin();
    for _ in 0..3 {
        let opening = async {
            for _ in 0..5 {
                let answer = set(&admin, "ask", true).await;
                assert!([200, 404].contains(&answer.status.as_u16()), "{}", answer.text());
            }
        };
        let removing = async {
            switched(&app, "disable", json!({})).await;
            switched(&app, "purge", json!({})).await;
        };
        tokio::join!(opening, removing);
        assert_eq!(app.count("SELECT count(*) FROM plugin_public_page").await, 0);
        switched(&app, "enable", json!({"grants": "requested"})).await;
        app.stranger().get(PAGE).await.problem(404, "not_found");
    }
    app.drain().await;
    app.finish().await;
}

/// The example under a number, its page called otherwise.
fn renamed(version: &str, page: &str) -> Vec<u8> {
    let folder = root().join("examples/callback-requests");
    let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
    let mut files = project::gather(&folder, &component).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let manifest = manifest.replace("version = \"1.0.0\"", &format!("version = \"{version}\""));
    let manifest = manifest.replace("id = \"ask\"", &format!("id = \"{page}\""));
    files.insert("plugin.toml".into(), manifest.into_bytes());
    plugin_host::package::write(&files, None).unwrap()
}

#[tokio::test]
async fn a_page_that_a_version_takes_away_is_closed_when_a_later_one_brings_it_back() {
    let app = company().await;
    let run = async |version: &str, page: &str| {
        install(&app, renamed(version, page)).await.ok(201);
        switched(&app, "enable", json!({"grants": "requested", "version": version})).await;
    };
    // The same page in another version stays open.
    run("1.1.0", "ask").await;
    app.stranger().get(PAGE).await.ok(200);
    run("1.2.0", "call").await;
    app.stranger().get(PAGE).await.problem(404, "not_found");
    app.stranger().get(&PAGE.replace("/ask", "/call")).await.problem(404, "not_found");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'plugin.page_closed'").await, 1);
    run("1.3.0", "ask").await;
    app.stranger().get(PAGE).await.problem(404, "not_found");
    set(&app.admin(), "ask", true).await.ok(200);
    app.stranger().get(PAGE).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn whoever_floods_a_page_is_told_to_wait_and_nobody_else() {
    let limited = |config: &mut Config| {
        (config.http.rate_per_second, config.http.rate_burst) = (1_000, 1_000);
        config.http.sign_in_per_minute = 20;
        config.http.client_address_header = "x-client".into();
    };
    let app = company_with(limited).await;
    set(&app.admin(), "ask", true).await.ok(200);
    let at = |address: &str| app.stranger().header("x-client", address);
    let (bad, good) = (at("192.0.2.1"), at("192.0.2.2"));
    let mut last = send(&bad, sent("Ivan", "+380440000001")).await;
    for _ in 0..20 {
        if last.status == 429 {
            break;
        }
        last = send(&bad, sent("Ivan", "+380440000001")).await;
    }
    assert!(last.status == 429 && last.header("retry-after").is_some(), "{}", last.status);
    assert!(noted(&app).await <= 11);
    send(&good, sent("Ivan", "+380440000001")).await.ok(200);
    let mut looked = bad.get(PAGE).await;
    for _ in 0..500 {
        if looked.status == 429 {
            break;
        }
        looked = bad.get(PAGE).await;
    }
    assert!(looked.status == 429 && looked.header("retry-after").is_some(), "{}", looked.status);
    good.get(PAGE).await.ok(200);
    app.admin().get("/me").await.ok(200);
    app.finish().await;
}
