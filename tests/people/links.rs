//! Links by which people set their password: invitations, forgotten passwords.

use serde_json::{Value, json};

use crate::app::{Client, PASSWORD, TestApp};
use crate::process::smtp::{Letter, MailServer};

const NEW: &str = "a walk in the rain";
const HOUR: i64 = 3_600;

/// A company whose server sends letters that lead back to it.
async fn office(mail: &MailServer) -> TestApp {
    let server = mail.configure();
    let config = move |config: &mut verstak::config::Config| {
        server(config);
        config.http.public_url = "https://crm.acme.test/".into();
        config.http.sign_in_per_minute = 0;
    };
    TestApp::build().config(config).person("max", "sales_manager").start().await
}

fn secret_of(path: &str) -> String {
    path.split_once("/welcome#").unwrap().1.split_whitespace().next().unwrap().to_owned()
}

fn secret_in(letter: &Letter) -> String {
    let text = letter.body();
    assert!(text.contains("https://crm.acme.test/welcome#"), "{text}");
    secret_of(&text)
}

async fn forgotten(app: &TestApp, email: &str) {
    app.stranger().post("/session/forgotten", json!({"email": email})).await.ok(204);
    app.drain().await;
}

async fn set(app: &TestApp, secret: &str, password: &str) -> crate::app::Answer {
    app.stranger().post("/session/link/password", json!({"secret": secret, "password": password})).await
}

async fn invite(admin: &Client<'_>, user: uuid::Uuid) -> Value {
    admin.post(&format!("/users/{user}/invite"), json!({})).await.ok(201)
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

#[tokio::test]
async fn somebody_new_sets_a_password_by_the_letter_and_signs_in() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let body = json!({"name": "Оля", "email": "olya@acme.test", "locale": "ru"});
    let olya = app.admin().post("/users", body).await.ok(201);
    let path = format!("/users/{}/invite", olya["id"].as_str().unwrap());
    let answer = app.admin().post(&path, json!({})).await;
    let made = answer.ok(201);
    assert_eq!((answer.header("cache-control"), &made["letter"]), (Some("no-store"), &json!(true)));
    app.drain().await;
    let letter = mail.letter();
    assert_eq!(
        (letter.to[0].as_str(), letter.header("Subject").as_str()),
        ("olya@acme.test", "Ваша учётная запись в Acme")
    );
    let secret = secret_in(&letter);
    assert_eq!(secret_of(made["path"].as_str().unwrap()), secret);
    let link = app.stranger().post("/session/link", json!({"secret": secret})).await.ok(200);
    assert_eq!(
        (&link["purpose"], &link["email"], &link["company"], &link["locale"]),
        (&json!("invite"), &json!("olya@acme.test"), &json!("Acme"), &json!("ru"))
    );
    // A weak one is refused, and the link is good still.
    set(&app, &secret, "olya2026").await.problem(422, "people.invalid");
    assert_eq!(set(&app, &secret, NEW).await.ok(200)["tenant"], "acme");
    app.stranger().post("/session", credentials("olya@acme.test", NEW)).await.ok(200);
    set(&app, &secret, "another one entirely").await.problem(410, "auth.link_gone");
    app.finish().await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_within_an_hour_once() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    app.admin().patch(&format!("/users/{}", app.id_of("max")), json!({"password": "the one before"})).await.ok(200);
    let session = app.stranger().post("/session", credentials("max@acme.test", "the one before")).await;
    let cookie = session.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    forgotten(&app, " Max@ACME.test").await;
    let old = secret_in(&mail.letter());
    forgotten(&app, "max@acme.test").await;
    assert_eq!(mail.letters().len(), 1, "asked again within a minute, the first letter stands");
    app.stranger().post("/session/link", json!({"secret": old})).await.ok(200);
    app.clock.advance_seconds(61);
    forgotten(&app, "max@acme.test").await;
    let letters = mail.letters();
    set(&app, &old, NEW).await.problem(410, "auth.link_gone");
    let secret = secret_in(&letters[1]);
    set(&app, &secret, NEW).await.ok(200);
    app.stranger().header("cookie", &cookie).get("/me").await.problem(401, "auth.required");
    app.stranger().post("/session", credentials("max@acme.test", NEW)).await.ok(200);
    forgotten(&app, "max@acme.test").await;
    let late = secret_in(&mail.letters()[2]);
    app.clock.advance_seconds(HOUR);
    set(&app, &late, NEW).await.problem(410, "auth.link_gone");
    let audit = "SELECT count(*) FROM audit WHERE action = 'user.password_changed'";
    assert_eq!(app.count(audit).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_told_whether_there_is_such_an_account() {
    let mail = MailServer::start();
    let mut app = office(&mail).await;
    app.admin().patch(&format!("/users/{}", app.id_of("max")), json!({"active": false})).await.ok(200);
    for email in ["nobody@acme.test", "max@acme.test", "", "🙂", &"x".repeat(10_000)] {
        forgotten(&app, email).await;
    }
    assert_eq!(mail.letters().len(), 0);
    app.admin().post(&format!("/users/{}/invite", app.id_of("max")), json!({})).await.problem(409, "auth.barred");
    // One e-mail in two companies: a letter for each, each for its own.
    let other = app.add_company("Other", kernel::Locale::Uk).await;
    let ada = json!({"name": "Ada", "email": "admin@acme.test", "password": PASSWORD});
    app.by_of(other, "admin").post("/users", ada).await.ok(201);
    forgotten(&app, "admin@acme.test").await;
    let letters = mail.letters();
    let mut companies = Vec::new();
    for letter in &letters {
        let found = app.stranger().post("/session/link", json!({"secret": secret_in(letter)})).await.ok(200);
        companies.push(found["tenant"].as_str().unwrap().to_owned());
    }
    companies.sort();
    assert_eq!(companies, ["acme", "other"]);
    app.finish().await;
}

#[tokio::test]
async fn a_link_ends_with_what_it_was_made_for() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let (max, admin) = (app.id_of("max"), app.admin());
    let path = format!("/users/{max}");
    for change in
        [json!({"email": "maxim@acme.test"}), json!({"password": "set by hand today"}), json!({"active": false})]
    {
        let made = invite(&admin, max).await;
        assert_eq!(made["letter"], false, "there is no mail server");
        let secret = secret_of(made["path"].as_str().unwrap());
        admin.patch(&path, json!({"name": "Maxim"})).await.ok(200);
        app.stranger().post("/session/link", json!({"secret": secret})).await.ok(200);
        admin.patch(&path, change).await.ok(200);
        app.stranger().post("/session/link", json!({"secret": secret})).await.problem(410, "auth.link_gone");
        set(&app, &secret, NEW).await.problem(410, "auth.link_gone");
    }
    admin.patch(&path, json!({"active": true})).await.ok(200);
    let secret = secret_of(invite(&admin, max).await["path"].as_str().unwrap());
    app.clock.advance_seconds(7 * 24 * HOUR);
    set(&app, &secret, NEW).await.problem(410, "auth.link_gone");
    // Without letters that lead back nobody is left waiting for one.
    app.stranger().post("/session/forgotten", json!({"email": "max@acme.test"})).await.problem(409, "auth.no_letters");
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_invite_and_only_their_own_people() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let path = format!("/users/{}/invite", app.id_of("max"));
    app.by("max").post(&path, json!({})).await.problem(403, "denied");
    app.by_of(other, "admin").post(&path, json!({})).await.problem(404, "not_found");
    app.stranger().post(&path, json!({})).await.problem(401, "auth.required");
    for secret in ["", "0", "' OR 1=1 --", &"f".repeat(64), &"я".repeat(100_000)] {
        app.stranger().post("/session/link", json!({"secret": secret})).await.problem(410, "auth.link_gone");
    }
    let strange = app.stranger().header("origin", "https://evil.test");
    strange.post("/session/forgotten", json!({"email": "max@acme.test"})).await.problem(403, "denied");
    strange.post("/session/link/password", json!({"secret": "x", "password": NEW})).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn of_many_who_use_one_link_at_once_one_sets_the_password() {
    let app = TestApp::build()
        .config(|config| config.http.sign_in_per_minute = 0)
        .person("max", "sales_manager")
        .start()
        .await;
    let secret = secret_of(invite(&app.admin(), app.id_of("max")).await["path"].as_str().unwrap());
    let passwords: Vec<String> = (0..6).map(|n| format!("password of number {n}")).collect();
    let answers = futures::future::join_all(passwords.iter().map(|password| set(&app, &secret, password))).await;
    let done: Vec<usize> = (0..6).filter(|n| answers[*n].status == 200).collect();
    assert_eq!(done.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.problem(410, "auth.link_gone");
    }
    app.stranger().post("/session", credentials("max@acme.test", &passwords[done[0]])).await.ok(200);
    app.finish().await;
}
