//! Frames of modules, by the example `skyline`: where their files are, what closes them in, what they may press.

use std::sync::OnceLock;

use plugin_host::dev::project;
use serde_json::{Value, json};

use super::install;
use crate::app::{Answer, TestApp, root};

const PLUGIN: &str = "verstak.skyline";

fn package() -> Vec<u8> {
    static PACKAGE: OnceLock<Vec<u8>> = OnceLock::new();
    let build = || {
        let folder = root().join("examples/skyline");
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::package(&folder, &component, None).unwrap()
    };
    PACKAGE.get_or_init(build).clone()
}

async fn company() -> TestApp {
    let app = TestApp::start().await;
    install(&app, package()).await.ok(201);
    app.admin().post(&format!("/plugins/{PLUGIN}/enable"), json!({"grants": "requested"})).await.ok(200);
    app
}

async fn surface(app: &TestApp) -> Value {
    app.admin().get("/ui").await.ok(200)["surfaces"][0].clone()
}

/// A file, as a frame asks for it: without a session.
async fn file(app: &TestApp, address: &str) -> Answer {
    app.stranger().header("host", "crm.test").send("GET", address, None, Vec::new()).await
}

#[tokio::test]
async fn files_of_a_frame_come_closed_in() {
    let app = company().await;
    let base = surface(&app).await["frames"].as_str().unwrap().to_owned();
    assert!(base.starts_with(&format!("/frames/{}/{PLUGIN}/", app.companies[0].tenant.id)), "{base}");
    for (name, kind) in [
        ("skyline/index.html", "text/html; charset=utf-8"),
        ("skyline/skyline.js", "text/javascript; charset=utf-8"),
        ("skyline/skyline.css", "text/css; charset=utf-8"),
    ] {
        let answer = file(&app, &format!("{base}{name}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some(kind)), "{name}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(answer.header("set-cookie").is_none());
        let policy = answer.header("content-security-policy").unwrap();
        for part in [
            "sandbox allow-scripts allow-forms;",
            "default-src 'none';",
            "connect-src 'none';",
            &format!("script-src http://crm.test{base};"),
            "frame-ancestors http://crm.test",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert!(!policy.contains("unsafe-eval") && !policy.contains("allow-same-origin"), "{policy}");
    }
    // The portal's own pages are framed by nobody, as before.
    let portal = app.stranger().send("GET", "/sign-in", None, Vec::new()).await;
    assert!(portal.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    // They frame those files alone: a frame that goes to another address of ours would tell it what it knows.
    let portal = app.stranger().header("host", "crm.test").send("GET", "/sign-in", None, Vec::new()).await;
    let policy = portal.header("content-security-policy").unwrap();
    assert!(policy.ends_with("; frame-src blob: http://crm.test/frames/"), "{policy}");
    let portal = app.stranger().header("host", "a; script-src *").send("GET", "/sign-in", None, Vec::new()).await;
    assert!(portal.header("content-security-policy").unwrap().ends_with("; frame-src blob:"));
    app.finish().await;
}

#[tokio::test]
async fn nothing_else_is_served_from_there() {
    let mut app = company().await;
    let base = surface(&app).await["frames"].as_str().unwrap().to_owned();
    let other = app.add_company("Other", kernel::Locale::En).await;
    let (own, theirs) = (app.companies[0].tenant.id.to_string(), app.companies[other].tenant.id.to_string());
    let hash = base.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    for address in [
        format!("{base}skyline.toml"),
        format!("{base}plugin.toml"),
        format!("{base}skyline/other.html"),
        format!("{base}skyline/../skyline.toml"),
        format!("{base}..%2fcomponent.wasm"),
        format!("{base}%2e%2e/%2e%2e/etc/passwd"),
        base.replace(&hash, &"0".repeat(64)) + "skyline/index.html",
        base.replace(&own, &theirs) + "skyline/index.html",
        base.replace(&own, "nobody") + "skyline/index.html",
        base.replace(PLUGIN, "verstak.lead-desk") + "skyline/index.html",
    ] {
        assert_eq!(file(&app, &address).await.status, 404, "{address}");
    }
    let page = format!("{base}skyline/index.html");
    for host in ["a b", "crm.test; script-src *", "crm.test'"] {
        let answer = app.stranger().header("host", host).send("GET", &page, None, Vec::new()).await;
        assert_eq!(answer.status, 400, "{host}");
    }
    let posted = app.stranger().header("host", "crm.test").send("POST", &page, None, Vec::new()).await;
    assert!(posted.status.is_client_error(), "{}", posted.status);
    assert_eq!(file(&app, &page).await.status, 200);
    app.admin().post(&format!("/plugins/{PLUGIN}/disable"), json!({})).await.ok(200);
    assert_eq!(file(&app, &page).await.status, 404, "it is off");
    app.finish().await;
}

#[tokio::test]
async fn a_frame_presses_what_its_block_declares() {
    let app = company().await;
    let detail = app.admin().get(&format!("/plugins/{PLUGIN}")).await.ok(200);
    assert!(detail["permissions"].to_string().contains("ui.frame"), "{detail}");
    let hash = surface(&app).await["tree_hash"].clone();
    let press = |act: &str| json!({"plugin": PLUGIN, "surface": "city", "tree_hash": hash, "act": act, "input": {"title": "A large deal"}});
    let done = app.admin().post("/act", press("greet")).await.ok(200);
    assert_eq!(done["patches"], json!([{"op": "toast", "text": "Greetings to A large deal", "tone": "ok"}]));
    app.admin().post("/act", press("remove")).await.problem(404, "not_found");
    app.stranger().post("/act", press("greet")).await.problem(401, "auth.required");
    app.finish().await;
}
