//! Settings of providers of identity: who sees and changes them, what is refused, what the connection test says, what the
//! sign-in page offers.

use serde_json::{Value, json};

use super::idp::{Idp, SECRET, led, travel};
use super::oidc::office;
use crate::app::{PASSWORD, TestApp};

fn fields(answer: &crate::app::Answer) -> Vec<String> {
    answer.problem(422, "people.invalid")["fields"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn only_administrators_set_up_only_their_own_and_nobody_is_told_the_secret() {
    let mut app = office().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let idp = Idp::start(&app).await;
    let made = app.admin().post("/sign-in-providers", idp.settings(&json!({}))).await;
    let provider = made.ok(201);
    let id = provider["id"].as_str().unwrap();
    assert_eq!(
        (&provider["has_secret"], &provider["passwords"], &provider["enabled"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!(provider["callback"], format!("https://crm.acme.test/oidc/{id}"));
    let path = format!("/sign-in-providers/{id}");
    let saved = app.admin().put(&path, json!({"label": "ID", "issuer": idp.issuer(), "client_id": "crm"})).await;
    assert_eq!(saved.ok(200)["has_secret"], true, "what is left out stays");
    for answer in
        [&made, &saved, &app.admin().get("/sign-in-providers").await, &app.admin().get("/audit?area=provider").await]
    {
        assert!(answer.status.is_success() && !answer.text().contains(SECRET), "{}", answer.text());
    }
    for (client, status, code) in [
        (app.by("max"), 403, "denied"),
        (app.by_of(other, "admin"), 404, "not_found"),
        (app.stranger(), 401, "auth.required"),
    ] {
        client.put(&path, idp.settings(&json!({}))).await.problem(status, code);
        client.post(&format!("{path}/test"), json!({})).await.problem(status, code);
        client.delete(&path).await.problem(status, code);
    }
    app.by("max").get("/sign-in-providers").await.problem(403, "denied");
    app.by("max").post("/sign-in-providers", idp.settings(&json!({}))).await.problem(403, "denied");
    assert_eq!(app.by_of(other, "admin").get("/sign-in-providers").await.ok(200)["items"], json!([]));
    // What one provider gave is not shown to another.
    let moved = json!({"label": "ID", "issuer": "https://evil.test", "client_id": "crm"});
    assert_eq!(fields(&app.admin().put(&path, moved).await), ["client_secret"]);
    let public = app.admin().put(&path, idp.settings(&json!({"client_secret": ""}))).await.ok(200);
    assert_eq!(public["has_secret"], false);
    // One that is away is away for those under way too.
    let trip = super::idp::begin(&app, id, "/").await;
    let back = idp.says(&trip, "17", &json!({"email": "max@acme.test", "email_verified": true}));
    app.admin().delete(&path).await.ok(204);
    assert_eq!(led(&super::idp::come_back(&app, &trip, &back).await), "/sign-in?refused=state");
    app.stranger().post("/session/oidc", json!({"provider": id})).await.problem(409, "auth.provider_off");
    app.admin().delete(&path).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn what_would_let_anybody_in_is_refused() {
    let mut app = office().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let idp = Idp::start(&app).await;
    let (admin, theirs) = (app.companies[0].roles["admin"], app.companies[other].roles["observer"]);
    let many: Vec<String> = (0..51).map(|n| format!("d{n}.test")).collect();
    for (changes, field) in [
        (json!({"creates": true}), "domains"),
        (json!({"trusts_email": true}), "domains"),
        (json!({"domains": ["*.test"]}), "domains"),
        (json!({"domains": many}), "domains"),
        (json!({"role_id": admin}), "role_id"),
        (json!({"role_id": theirs}), "role_id"),
        (json!({"department_id": admin}), "department_id"),
        (json!({"issuer": "ftp://id.test"}), "issuer"),
        (json!({"issuer": "https://me:pw@id.test"}), "issuer"),
        (json!({"issuer": "https://id.test/?a=b"}), "issuer"),
        (json!({"issuer": format!("https://id.test/{}", "x".repeat(500))}), "issuer"),
        (json!({"label": " "}), "label"),
        (json!({"label": "x".repeat(61)}), "label"),
        (json!({"client_id": ""}), "client_id"),
        (json!({"client_secret": "x".repeat(501)}), "client_secret"),
    ] {
        assert_eq!(fields(&app.admin().post("/sign-in-providers", idp.settings(&changes)).await), [field], "{changes}");
    }
    for _ in 0..10 {
        idp.known_to(&app, 0, &json!({})).await;
    }
    assert_eq!(fields(&app.admin().post("/sign-in-providers", idp.settings(&json!({}))).await), ["label"]);
    app.finish().await;
}

#[tokio::test]
async fn the_connection_test_names_what_is_wrong() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let codes = async |changes: Value| {
        let id = idp.known_to(&app, 0, &changes).await;
        let told = app.admin().post(&format!("/sign-in-providers/{id}/test"), json!({})).await.ok(200);
        let troubles = told["troubles"].as_array().unwrap();
        assert_eq!(told["works"], troubles.is_empty(), "{told}");
        troubles.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(json!({})).await, Vec::<String>::new());
    assert_eq!(codes(json!({"client_secret": "another"})).await, ["client"]);
    assert_eq!(codes(json!({"client_secret": null})).await, ["client"]);
    assert_eq!(codes(json!({"issuer": format!("{}/", idp.issuer())})).await, ["issuer"]);
    assert_eq!(codes(json!({"issuer": format!("{}/nothing", idp.issuer())})).await, ["status"]);
    assert_eq!(codes(json!({"issuer": "http://169.254.169.254/latest"})).await, ["forbidden"]);
    app.finish().await;
}

#[tokio::test]
async fn a_server_that_may_not_ask_its_own_network_asks_nobody_there() {
    let app = TestApp::start().await;
    let idp = Idp::start(&app).await;
    // Without TLS nothing is said at all.
    assert_eq!(fields(&app.admin().post("/sign-in-providers", idp.settings(&json!({}))).await), ["issuer"]);
    let hidden = idp.settings(&json!({"issuer": idp.issuer().replace("http://", "https://")}));
    let id = app.admin().post("/sign-in-providers", hidden).await.ok(201)["id"].as_str().unwrap().to_owned();
    let told = app.admin().post(&format!("/sign-in-providers/{id}/test"), json!({})).await.ok(200);
    let codes: Vec<_> = told["troubles"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, [json!("public_url"), json!("forbidden")]);
    // Nowhere to come back to: nobody is sent away.
    app.stranger().post("/session/oidc", json!({"provider": id})).await.problem(409, "auth.provider_setup");
    assert_eq!(idp.key_questions(), 0);
    app.finish().await;
}

#[tokio::test]
async fn passwords_may_be_left_to_administrators() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let set = json!({"password": "a walk in the rain"});
    app.admin().patch(&format!("/users/{}", app.id_of("max")), set).await.ok(200);
    let sign_in = async |email: &str, password: &str| {
        app.stranger().post("/session", json!({"email": email, "password": password})).await
    };
    let id = idp.known_to(&app, 0, &json!({"passwords": false})).await;
    sign_in("max@acme.test", "a walk in the rain").await.problem(409, "auth.provider_only");
    // Whoever guesses is not told.
    sign_in("max@acme.test", "a guess").await.problem(401, "auth.invalid_credentials");
    sign_in("admin@acme.test", PASSWORD).await.ok(200);
    assert_eq!(led(&travel(&app, &idp, &id, "17", "max@acme.test").await), "/");
    let off = idp.settings(&json!({"passwords": false, "enabled": false}));
    app.admin().put(&format!("/sign-in-providers/{id}"), off).await.ok(200);
    sign_in("max@acme.test", "a walk in the rain").await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn the_sign_in_page_offers_what_the_company_has() {
    let mut app = office().await;
    let idp = Idp::start(&app).await;
    let offer =
        async |app: &TestApp, query: &str| app.stranger().get(&format!("/session/providers{query}")).await.ok(200);
    assert_eq!(offer(&app, "").await, json!({"items": [], "asks_company": false}));
    let id = idp.known_to(&app, 0, &json!({})).await;
    idp.known_to(&app, 0, &json!({"label": "Off", "enabled": false})).await;
    let ours = json!({"items": [{"id": id, "label": "Acme ID"}], "asks_company": false});
    assert_eq!(offer(&app, "").await, ours, "the only company need not be named");
    app.add_company("Other", kernel::Locale::En).await;
    let unnamed = json!({"items": [], "asks_company": true});
    assert_eq!(offer(&app, "").await, unnamed);
    let named = json!({"items": [{"id": id, "label": "Acme ID"}], "asks_company": true});
    assert_eq!(offer(&app, "?company=Acme").await, named);
    // One without providers looks like one that is not there.
    assert_eq!(offer(&app, "?company=other").await, unnamed);
    assert_eq!(offer(&app, "?company=nowhere").await, unnamed);
    app.finish().await;
}
