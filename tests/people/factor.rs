//! The second factor: codes of an app, codes on paper.

use kernel::clock::Clock;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::app::{Answer, Client, PASSWORD, TestApp};

/// What an app shows that was given this secret.
pub fn shown(app: &TestApp, secret: &str) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build_noncompliant();
    let seconds = u64::try_from(app.clock.now().0 / 1_000_000).unwrap();
    totp.generate(seconds).to_string()
}

async fn start() -> TestApp {
    TestApp::build().config(|config| config.http.sign_in_per_minute = 0).person("max", "sales_manager").start().await
}

/// Sets one up for the administrator; the secret and the codes on paper.
async fn set_up(app: &TestApp, admin: &Client<'_>) -> (String, Vec<String>) {
    let begun = admin.post("/me/factor", json!({"present": PASSWORD})).await.ok(200);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let done = admin.put("/me/factor", json!({"code": shown(app, &secret)})).await.ok(200);
    let codes = done["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    app.clock.advance_seconds(30);
    (secret, codes)
}

async fn sign_in(app: &TestApp, totp: Option<&str>) -> Answer {
    let mut body = json!({"email": "admin@acme.test", "password": PASSWORD});
    if let Some(totp) = totp {
        body["totp"] = json!(totp);
    }
    app.stranger().post("/session", body).await
}

#[tokio::test]
async fn signing_in_asks_for_a_code_that_is_good_once() {
    let app = start().await;
    let admin = app.admin();
    assert_eq!(admin.get("/me/factor").await.ok(200), json!({"on": false, "recovery_left": 0}));
    // Begun and left alone, it is not in force.
    let begun = admin.post("/me/factor", json!({"present": PASSWORD})).await;
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let body = begun.ok(200);
    assert!(body["picture"].as_str().unwrap().contains("<svg"), "{body}");
    assert!(body["uri"].as_str().unwrap().starts_with("otpauth://totp/Verstak%20Acme:admin%40acme.test?"), "{body}");
    sign_in(&app, None).await.ok(200);
    let wrong = admin.put("/me/factor", json!({"code": "12345"})).await.problem(422, "people.invalid");
    assert_eq!(wrong["fields"]["code"]["code"], "wrong_code");
    let (secret, codes) = set_up(&app, &admin).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(admin.get("/me/factor").await.ok(200), json!({"on": true, "recovery_left": 10}));
    sign_in(&app, None).await.problem(401, "auth.code_required");
    sign_in(&app, Some("  ")).await.problem(401, "auth.code_required");
    let code = shown(&app, &secret);
    sign_in(&app, Some(&code)).await.ok(200);
    sign_in(&app, Some(&code)).await.problem(401, "auth.wrong_code");
    app.clock.advance_seconds(30);
    sign_in(&app, Some(&shown(&app, &secret))).await.ok(200);
    // A wrong password is told before anything about codes.
    let guess = json!({"email": "admin@acme.test", "password": "guess", "totp": shown(&app, &secret)});
    app.stranger().post("/session", guess).await.problem(401, "auth.invalid_credentials");
    app.finish().await;
}

#[tokio::test]
async fn a_code_on_paper_is_good_once_however_it_is_typed() {
    let app = start().await;
    let (_, codes) = set_up(&app, &app.admin()).await;
    let typed = codes[3].to_uppercase().replace('-', " ");
    sign_in(&app, Some(&typed)).await.ok(200);
    sign_in(&app, Some(&codes[3])).await.problem(401, "auth.wrong_code");
    assert_eq!(app.admin().get("/me/factor").await.ok(200)["recovery_left"], 9);
    let answers = futures::future::join_all((0..8).map(|_| sign_in(&app, Some(&codes[0])))).await;
    let inside = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(inside, 1, "of those who use one code at once one gets in");
    app.finish().await;
}

#[tokio::test]
async fn whoever_guesses_codes_has_to_wait_and_the_owner_gets_in_later() {
    let app = start().await;
    let (secret, _) = set_up(&app, &app.admin()).await;
    for guess in 0..10 {
        sign_in(&app, Some(&format!("00000{guess}"))).await.problem(401, "auth.wrong_code");
    }
    let late = sign_in(&app, Some(&shown(&app, &secret))).await;
    late.problem(429, "rate_limited");
    let wait: i64 = late.header("retry-after").unwrap().parse().unwrap();
    assert!((600..=901).contains(&wait), "{wait}");
    app.clock.advance_seconds(900);
    sign_in(&app, Some(&shown(&app, &secret))).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn it_is_taken_away_by_its_owner_or_by_an_administrator_for_a_lost_device() {
    let mut app = start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let admin = app.admin();
    set_up(&app, &admin).await;
    admin.post("/me/factor", json!({"present": PASSWORD})).await.problem(409, "auth.factor_on");
    let wrong = admin.post("/me/factor/remove", json!({"present": "guess"})).await.problem(422, "people.invalid");
    assert_eq!(wrong["fields"]["present"]["code"], "wrong_password");
    let path = format!("/users/{}/factor", app.id_of("admin"));
    app.by("max").delete(&path).await.problem(403, "denied");
    app.by_of(other, "admin").delete(&path).await.problem(404, "not_found");
    sign_in(&app, None).await.problem(401, "auth.code_required");
    let has = |users: Value| {
        let users = users["items"].as_array().unwrap().clone();
        users.iter().filter(|user| user["second_factor"] == json!(true)).count()
    };
    assert_eq!(has(admin.get("/users").await.ok(200)), 1);
    assert_eq!(has(app.by("max").get("/users").await.ok(200)), 0, "told to administrators alone");
    admin.post("/me/factor/remove", json!({"present": PASSWORD})).await.ok(204);
    sign_in(&app, None).await.ok(200);
    set_up(&app, &admin).await;
    admin.delete(&path).await.ok(204);
    sign_in(&app, None).await.ok(200);
    assert_eq!(has(admin.get("/users").await.ok(200)), 0);
    app.finish().await;
}

#[tokio::test]
async fn a_new_password_by_a_link_does_not_pass_it() {
    let app = start().await;
    set_up(&app, &app.admin()).await;
    let made = app.admin().post(&format!("/users/{}/invite", app.id_of("admin")), json!({})).await.ok(201);
    let secret = made["path"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let new = json!({"secret": secret, "password": "a walk in the rain"});
    let answer = app.stranger().post("/session/link/password", new).await;
    answer.ok(200);
    assert!(answer.header("set-cookie").is_none());
    let body = json!({"email": "admin@acme.test", "password": "a walk in the rain"});
    app.stranger().post("/session", body).await.problem(401, "auth.code_required");
    app.finish().await;
}
