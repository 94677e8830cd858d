//! Signing in by a provider of identity: who gets in, as whom, and what is not believed.

use futures::future::join_all;
use kernel::clock::Clock;
use serde_json::json;

use super::idp::{Idp, Trip, begin, come_back, cookie, entered, led, travel};
use crate::app::{PASSWORD, TestApp, on_postgres};

/// A company whose server has an address, and may ask a provider on this machine.
pub async fn office() -> TestApp {
    let config = |config: &mut verstak::config::Config| {
        config.http.public_url = "https://crm.acme.test/".into();
        config.webhooks.allow_private = true;
    };
    TestApp::build().config(config).person("max", "sales_manager").person("olga", "sales_manager").start().await
}

#[tokio::test]
async fn somebody_is_found_by_their_email_once_and_by_their_subject_from_then_on() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let trip = begin(&app, &provider, "/records/deal/list?q=a%20b").await;
    let asked = &trip.asked;
    assert_eq!((asked["realm"].as_str(), asked["scope"].as_str()), ("x", "openid email profile"));
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", "crm"));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["redirect_uri"], format!("https://crm.acme.test/oidc/{provider}"));
    let path = idp.says(&trip, "17", &json!({"email": "Max@ACME.test", "email_verified": true}));
    let answer = come_back(&app, &trip, &path).await;
    assert_eq!(led(&answer), "/records/deal/list?q=a%20b");
    assert_eq!(entered(&app, &answer).await, "max@acme.test");
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(set.iter().all(|line| line.contains("HttpOnly; SameSite=Lax") && line.ends_with("; Secure")), "{set:?}");
    assert!(
        set.iter().any(|line| line.starts_with("__Host-verstak_sign_in=;") && line.contains("Max-Age=0")),
        "{set:?}"
    );
    assert_eq!(app.count("SELECT count(*) FROM sign_in_attempt").await, 0);

    // Whatever the provider calls them now, they are Max; whoever has that e-mail now is not.
    idp.signs("ES256");
    let answer = travel(&app, &idp, &provider, "17", "somebody@else.test").await;
    assert_eq!(entered(&app, &answer).await, "max@acme.test");
    assert_eq!(led(&travel(&app, &idp, &provider, "18", "max@acme.test").await), "/sign-in?refused=taken");
    let linked = "SELECT count(*) FROM audit WHERE action = 'user.provider_linked'";
    assert_eq!(app.count(linked).await, 1);

    // Until an administrator says that it is them.
    let forget = format!("/users/{}/providers", app.id_of("max"));
    app.by("olga").delete(&forget).await.problem(403, "denied");
    app.admin().delete(&forget).await.ok(204);
    let answer = travel(&app, &idp, &provider, "18", "max@acme.test").await;
    assert_eq!(entered(&app, &answer).await, "max@acme.test");
    app.finish().await;
}

#[tokio::test]
async fn a_word_that_is_not_right_is_not_believed() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let now = app.clock.now().0 / 1_000_000;
    for wrong in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"aud": "another"}),
        json!({"aud": ["crm", "another"]}),
        json!({"aud": ["crm", "another"], "azp": "another"}),
        json!({"iss": "https://another.test"}),
        json!({"exp": now - 61}),
        json!({"exp": null}),
        json!({"iat": now + 3_600}),
        json!({"sub": ""}),
        json!({"sub": "x".repeat(256)}),
    ] {
        let trip = begin(&app, &provider, "/settings/profile").await;
        let mut claims = json!({"email": "max@acme.test", "email_verified": true});
        claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let path = idp.says(&trip, "17", &claims);
        let answer = come_back(&app, &trip, &path).await;
        assert_eq!(led(&answer), "/sign-in?refused=answer&next=%2Fsettings%2Fprofile", "{wrong}");
        assert_eq!(cookie(&answer, "verstak_session"), None);
    }
    for algorithm in ["none", "HS256", "RS1"] {
        idp.signs(algorithm);
        let answer = travel(&app, &idp, &provider, "17", "max@acme.test").await;
        assert_eq!(led(&answer), "/sign-in?refused=answer", "{algorithm}");
    }
    // Another code than the one that was given, and none.
    idp.signs("RS256");
    for (path, said) in [
        ("code=x", "answer"),
        ("", "answer"),
        ("error=access_denied", "denied"),
        ("error=server_error", "answer"),
        ("code=x&iss=https://evil.test", "answer"),
    ] {
        let trip = begin(&app, &provider, "/").await;
        let path = format!("/oidc/{provider}?{path}&state={}", trip.asked["state"]);
        assert_eq!(led(&come_back(&app, &trip, &path).await), format!("/sign-in?refused={said}"), "{path}");
    }
    assert_eq!(app.count("SELECT count(*) FROM session").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM provider_account").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn an_attempt_is_good_once_in_its_browser_for_ten_minutes() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let other = idp.known_to(&app, 0, &json!({"label": "Another"})).await;
    let claims = json!({"email": "max@acme.test", "email_verified": true});
    let gone = "/sign-in?refused=state";
    let (trip, stranger) = (begin(&app, &provider, "/").await, begin(&app, &provider, "/").await);
    let path = idp.says(&trip, "17", &claims);
    // In another browser, in one that began nothing, with another state, at another provider: it stays good.
    assert_eq!(led(&come_back(&app, &stranger, &path).await), gone);
    assert_eq!(led(&app.stranger().send("GET", &path, None, Vec::new()).await), gone);
    // Another host of the domain can set a cookie, but none of this host alone.
    let planted = app.stranger().header("cookie", trip.cookie.strip_prefix("__Host-").unwrap());
    assert_eq!(led(&planted.send("GET", &path, None, Vec::new()).await), gone);
    let wrong = path.replace(&trip.asked["state"], &stranger.asked["state"]);
    assert_eq!(led(&come_back(&app, &trip, &wrong).await), gone);
    assert_eq!(led(&come_back(&app, &trip, &path.replace(&provider, &other)).await), gone);
    for odd in [
        "/oidc/x?code=a&state=b",
        "/oidc/x",
        &format!("/oidc/{provider}"),
        &format!("/oidc/{provider}?state=&code=a"),
        &format!("/oidc/{provider}?state=a&state=b"),
    ] {
        assert_eq!(led(&come_back(&app, &trip, odd).await), gone, "{odd}");
    }
    // Of many who use it at once one gets in.
    let answers = join_all((0..6).map(|_| come_back(&app, &trip, &path))).await;
    let inside = answers.iter().filter(|answer| led(answer) == "/").count();
    assert_eq!(inside, 1);
    assert_eq!(answers.iter().filter(|answer| led(answer) == gone).count(), 5);
    assert_eq!(led(&come_back(&app, &trip, &path).await), gone);

    let trip = begin(&app, &provider, "/").await;
    let path = idp.says(&trip, "17", &claims);
    app.clock.advance_seconds(600);
    assert_eq!(led(&come_back(&app, &trip, &path).await), gone);
    assert_eq!(app.count("SELECT count(*) FROM session").await, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn other_keys_are_looked_for_once_a_minute() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let come = async || led(&travel(&app, &idp, &provider, "17", "max@acme.test").await);
    assert_eq!((come().await.as_str(), idp.key_questions()), ("/", 1));
    assert_eq!((come().await.as_str(), idp.key_questions()), ("/", 1), "they are remembered");
    idp.rotate();
    assert_eq!((come().await.as_str(), idp.key_questions()), ("/sign-in?refused=answer", 1));
    app.clock.advance_seconds(60);
    assert_eq!((come().await.as_str(), idp.key_questions()), ("/", 2));
    app.clock.advance_seconds(3_600);
    assert_eq!((come().await.as_str(), idp.key_questions()), ("/", 3), "after an hour they are asked for again");
    app.finish().await;
}

#[tokio::test]
async fn an_email_brings_an_account_where_the_provider_vouches_for_it() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({"domains": ["acme.test"]})).await;
    for (claims, said) in [
        (json!({"email": "max@acme.test", "email_verified": false}), "unverified"),
        (json!({"email": "max@acme.test"}), "unverified"),
        (json!({"email": "max@acme.test", "email_verified": "false"}), "unverified"),
        (json!({"email_verified": true}), "no_email"),
        (json!({"email": 5, "email_verified": true}), "no_email"),
        // With a Kelvin sign, which is no `k` although it becomes one in small letters.
        (json!({"email": "\u{212a}im@acme.test", "email_verified": true}), "no_email"),
        (json!({"email": "max@evil.test", "email_verified": true}), "domain"),
        (json!({"email": "max@acme.test@evil.test", "email_verified": true}), "domain"),
        (json!({"email": "nobody@acme.test", "email_verified": true}), "unknown"),
    ] {
        let trip = begin(&app, &provider, "/").await;
        let answer = come_back(&app, &trip, &idp.says(&trip, "17", &claims)).await;
        assert_eq!(led(&answer), format!("/sign-in?refused={said}"), "{claims}");
    }
    // A directory that says nothing of it is believed where an administrator said so, and never against its own word.
    let path = format!("/sign-in-providers/{provider}");
    app.admin().put(&path, idp.settings(&json!({"domains": ["acme.test"], "trusts_email": true}))).await.ok(200);
    let trip = begin(&app, &provider, "/").await;
    let said = json!({"email": "max@acme.test", "email_verified": false});
    assert_eq!(led(&come_back(&app, &trip, &idp.says(&trip, "17", &said)).await), "/sign-in?refused=unverified");
    let trip = begin(&app, &provider, "/").await;
    let answer = come_back(&app, &trip, &idp.says(&trip, "17", &json!({"email": "max@acme.test"}))).await;
    assert_eq!(entered(&app, &answer).await, "max@acme.test");
    // Known or not: whose domain is not allowed any more stays out.
    app.admin().put(&path, idp.settings(&json!({"domains": ["other.test"]}))).await.ok(200);
    assert_eq!(led(&travel(&app, &idp, &provider, "17", "max@acme.test").await), "/sign-in?refused=domain");
    app.finish().await;
}

#[tokio::test]
async fn new_people_come_with_their_role_and_department_once() {
    let mut app = office().await;
    let sales = app.department("Sales", None, &[]).await;
    let idp = Idp::start(&app).await;
    let role = app.companies[0].roles["observer"];
    let settings = json!({"domains": ["new.test"], "creates": true, "role_id": role, "department_id": sales});
    let provider = idp.known_to(&app, 0, &settings).await;
    let claims = json!({"email": "Nina@new.test", "email_verified": true, "name": "Nina\nNew"});
    let mut trips = Vec::new();
    for _ in 0..4 {
        let trip = begin(&app, &provider, "/").await;
        let path = idp.says(&trip, "99", &claims);
        trips.push((trip, path));
    }
    for answer in join_all(trips.iter().map(|(trip, path)| come_back(&app, trip, path))).await {
        assert_eq!(entered(&app, &answer).await, "nina@new.test");
    }
    let found = app.admin().get("/users?q=nina").await.ok(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let nina = &found["items"][0];
    assert_eq!(
        (&nina["name"], &nina["roles"], &nina["department_id"]),
        (&json!("NinaNew"), &json!([role]), &json!(sales))
    );
    // Without the role nobody comes half.
    app.admin().patch(&format!("/users/{}", nina["id"].as_str().unwrap()), json!({"roles": []})).await.ok(200);
    app.admin().delete(&format!("/roles/{role}")).await.ok(204);
    assert_eq!(led(&travel(&app, &idp, &provider, "100", "next@new.test").await), "/sign-in?refused=setup");
    assert_eq!(app.admin().get("/users?q=next@new.test").await.ok(200)["items"], json!([]));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn who_is_barred_stays_out() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let max = format!("/users/{}", app.id_of("max"));
    app.admin().patch(&max, json!({"active": false})).await.ok(200);
    assert_eq!(led(&travel(&app, &idp, &provider, "17", "max@acme.test").await), "/sign-in?refused=barred");
    assert_eq!(app.count("SELECT count(*) FROM provider_account").await, 0);
    app.admin().patch(&max, json!({"active": true})).await.ok(200);
    let answer = travel(&app, &idp, &provider, "17", "max@acme.test").await;
    assert_eq!(entered(&app, &answer).await, "max@acme.test");
    app.admin().patch(&max, json!({"active": false})).await.ok(200);
    let session = cookie(&answer, "verstak_session").unwrap();
    app.stranger().header("cookie", &session).get("/me").await.problem(401, "auth.required");
    assert_eq!(led(&travel(&app, &idp, &provider, "17", "max@acme.test").await), "/sign-in?refused=barred");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_provider_speaks_for_its_own_company_alone() {
    let mut app = office().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let idp = Idp::start(&app).await;
    let theirs = idp.known_to(&app, other, &json!({})).await;
    assert_eq!(led(&travel(&app, &idp, &theirs, "17", "max@acme.test").await), "/sign-in?refused=unknown");
    // The same person of the same issuer is somebody else in another company.
    let ours = idp.known_to(&app, 0, &json!({})).await;
    let answer = travel(&app, &idp, &ours, "17", "max@acme.test").await;
    assert_eq!(entered(&app, &answer).await, "max@acme.test");
    assert_eq!(led(&travel(&app, &idp, &theirs, "17", "max@acme.test").await), "/sign-in?refused=unknown");
    let answer = travel(&app, &idp, &theirs, "17", "admin@other.test").await;
    assert_eq!(entered(&app, &answer).await, "admin@other.test");
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_led_to_another_place() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    for next in [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "/.//evil.test",
        "javascript:alert(1)",
        "evil",
        "/\r\nset-cookie: a=b",
    ] {
        let trip = begin(&app, &provider, next).await;
        let path = idp.says(&trip, "17", &json!({"email": "max@acme.test", "email_verified": true}));
        assert_eq!(led(&come_back(&app, &trip, &path).await), "/", "{next}");
    }
    let strange = app.stranger().header("origin", "https://evil.test");
    strange.post("/session/oidc", json!({"provider": provider})).await.problem(403, "denied");
    strange.post("/session/oidc/code", json!({"code": "1"})).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn a_second_factor_is_asked_for_as_always() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let admin = app.admin();
    let begun = admin.post("/me/factor", json!({"present": PASSWORD})).await.ok(200);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    admin.put("/me/factor", json!({"code": super::factor::shown(&app, &secret)})).await.ok(200);
    app.clock.advance_seconds(30);
    let trip = begin(&app, &provider, "/tasks").await;
    let path = idp.says(&trip, "1", &json!({"email": "admin@acme.test", "email_verified": true}));
    let answer = come_back(&app, &trip, &path).await;
    assert_eq!(led(&answer), "/sign-in?code=asked&next=%2Ftasks");
    assert_eq!(cookie(&answer, "verstak_session"), None);
    let browser = app.stranger().header("cookie", &trip.cookie);
    let show = async |code: &str| browser.post("/session/oidc/code", json!({"code": code})).await;
    show("000000").await.problem(401, "auth.wrong_code");
    show("").await.problem(401, "auth.code_required");
    let code = super::factor::shown(&app, &secret);
    app.stranger().post("/session/oidc/code", json!({"code": code})).await.problem(409, "auth.provider_state");
    let done = show(&code).await;
    assert_eq!(done.ok(200), json!({"next": "/tasks"}));
    assert_eq!(entered(&app, &done).await, "admin@acme.test");
    show(&code).await.problem(409, "auth.provider_state");
    // Ten minutes, and not for somebody who is barred meanwhile.
    let trip = begin(&app, &provider, "/").await;
    let path = idp.says(&trip, "1", &json!({}));
    assert_eq!(led(&come_back(&app, &trip, &path).await), "/sign-in?code=asked");
    app.clock.advance_seconds(600);
    let late = app.stranger().header("cookie", &trip.cookie);
    let code = super::factor::shown(&app, &secret);
    late.post("/session/oidc/code", json!({"code": code})).await.problem(409, "auth.provider_state");
    app.finish().await;
}

#[tokio::test]
async fn what_is_under_way_ends_with_what_it_rests_on() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let path = format!("/sign-in-providers/{provider}");
    let max = json!({"email": "max@acme.test", "email_verified": true});
    let trip = begin(&app, &provider, "/").await;
    app.admin().put(&path, idp.settings(&json!({}))).await.ok(200);
    assert_eq!(led(&come_back(&app, &trip, &idp.says(&trip, "17", &max)).await), "/", "nothing has changed");
    let trip = begin(&app, &provider, "/").await;
    app.admin().put(&path, idp.settings(&json!({"client_secret": ""}))).await.ok(200);
    app.admin().put(&path, idp.settings(&json!({}))).await.ok(200);
    let answer = come_back(&app, &trip, &idp.says(&trip, "17", &max)).await;
    assert_eq!(led(&answer), "/sign-in?refused=state", "it is another one, though it looks the same again");

    // A code that somebody still owes is of no use after the provider, the link or the password has changed.
    let begun = app.admin().post("/me/factor", json!({"present": PASSWORD})).await.ok(200);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    app.admin().put("/me/factor", json!({"code": super::factor::shown(&app, &secret)})).await.ok(200);
    let user = format!("/users/{}", app.id_of("admin"));
    let asked = async || {
        let trip = begin(&app, &provider, "/").await;
        let path = idp.says(&trip, "1", &json!({"email": "admin@acme.test", "email_verified": true}));
        assert_eq!(led(&come_back(&app, &trip, &path).await), "/sign-in?code=asked");
        trip
    };
    let over = async |trip: Trip| {
        app.clock.advance_seconds(30);
        let code = json!({"code": super::factor::shown(&app, &secret)});
        let browser = app.stranger().header("cookie", &trip.cookie);
        browser.post("/session/oidc/code", code).await.problem(409, "auth.provider_state");
    };
    let trip = asked().await;
    app.admin().put(&path, idp.settings(&json!({"label": "Another"}))).await.ok(200);
    over(trip).await;
    let trip = asked().await;
    app.admin().delete(&format!("{user}/providers")).await.ok(204);
    over(trip).await;
    let trip = asked().await;
    app.admin().patch(&user, json!({"password": "a walk in the rain"})).await.ok(200);
    over(trip).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn strangers_who_begin_without_end_keep_nobody_out() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let provider = idp.known_to(&app, 0, &json!({})).await;
    let first = begin(&app, &provider, "/").await;
    let (id, numbers) = if on_postgres() {
        ("gen_random_uuid()", "generate_series(1, 9999) AS n (i)".to_owned())
    } else {
        let all = "n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)";
        ("randomblob(16)", format!("(WITH RECURSIVE {all} SELECT i FROM n) AS n"))
    };
    app.sql(&format!(
        "INSERT INTO sign_in_attempt
             (id, tenant_id, provider_id, state_hash, browser_hash, nonce, verifier, next, expires_at)
         SELECT {id}, tenant_id, provider_id, 's' || n.i, 'b', 'n', 'v', '/', expires_at - 1
         FROM sign_in_attempt, {numbers}"
    ))
    .await;
    let second = begin(&app, &provider, "/").await;
    assert_eq!(app.count("SELECT count(*) FROM sign_in_attempt").await, 9_901, "the oldest hundred made room");
    for trip in [first, second] {
        let path = idp.says(&trip, "17", &json!({"email": "max@acme.test", "email_verified": true}));
        assert_eq!(led(&come_back(&app, &trip, &path).await), "/");
    }
    app.finish().await;
}
