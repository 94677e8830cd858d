//! Secrets of others in the database: sealed, those of before too; a server without the key says so, and loses nothing.

use std::path::Path;
use std::sync::{Arc, Mutex};

use kernel::db::connected;
use kernel::seal::{self, Renewed, SealOptions};
use kernel::{Db, Result};
use people::provider::{self, SignInProviderInput};
use people::sign_in::{self, SignIn};
use serde_json::json;
use uuid::Uuid;
use verstak::secrets::{self, Rotated};

use super::factor::shown;
use super::idp::{Idp, SECRET};
use super::oidc::office;
use crate::app::{PASSWORD, TestApp, on_postgres};

const KEPT: &str = "SELECT client_secret FROM sign_in_provider WHERE label <> 'Copy'";

async fn troubles(app: &TestApp, id: &str) -> Vec<String> {
    let told = app.admin().post(&format!("/sign-in-providers/{id}/test"), json!({})).await.ok(200);
    told["troubles"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

async fn renewed(app: &TestApp) -> Renewed {
    secrets::renew(&app.state.db, &app.state.env).await.unwrap()
}

#[tokio::test]
async fn secrets_lie_sealed_and_open_at_their_place_alone() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let id = idp.known_to(&app, 0, &json!({})).await;
    let hook = json!({"url": "https://hooks.example.com/", "events": ["lead.created"]});
    let hook = app.admin().post("/webhooks", hook).await.ok(201);
    let gateway = json!({"title": "SMS", "url": "https://sms.example.com/send", "secret": "s3cret",
        "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"});
    app.admin().put("/message-gateways/main", gateway).await.ok(200);
    let (kept, signs) = (app.text(KEPT).await, app.text("SELECT secret FROM webhook").await);
    let sends = app.text("SELECT secret FROM message_gateway").await;
    for (kept, secret) in [(&kept, SECRET), (&signs, hook["secret"].as_str().unwrap()), (&sends, "s3cret")] {
        assert!(kept.starts_with("sealed:1:") && !kept.contains(secret), "{kept}");
    }
    assert_eq!((troubles(&app, &id).await, renewed(&app).await), (Vec::new(), Renewed::default()));
    // As an earlier version has left it.
    app.sql(&format!("UPDATE sign_in_provider SET client_secret = '{SECRET}'")).await;
    app.sql("UPDATE message_gateway SET secret = 's3cret'").await;
    assert_eq!(troubles(&app, &id).await, Vec::<String>::new());
    assert_eq!(renewed(&app).await, Renewed { sealed: 2, closed: 0 });
    let anew = app.text(KEPT).await;
    assert!(anew.starts_with("sealed:1:") && anew != kept, "{anew}");
    assert_eq!((troubles(&app, &id).await, renewed(&app).await), (Vec::new(), Renewed::default()));
    // What somebody copies to a place of theirs is nothing there.
    let copy = idp.known_to(&app, 0, &json!({"label": "Copy"})).await;
    app.sql(&format!("UPDATE sign_in_provider SET client_secret = '{anew}' WHERE label = 'Copy'")).await;
    assert_eq!((troubles(&app, &copy).await, troubles(&app, &id).await), (vec!["sealed".to_owned()], Vec::new()));
    // Nor is it sent to an issuer that it was not given for.
    app.sql("UPDATE sign_in_provider SET issuer = 'https://evil.example.com' WHERE label <> 'Copy'").await;
    assert_eq!(troubles(&app, &id).await, ["sealed"]);
    app.finish().await;
}

/// Signs the administrator in on a server, with a code.
async fn enters(app: &TestApp, db: &Db, code: &str) -> Result<(), String> {
    let input = SignIn {
        email: "admin@acme.test".to_owned(),
        password: PASSWORD.to_owned(),
        tenant: None,
        code: Some(code.to_owned()),
        agent: String::new(),
        address: String::new(),
    };
    sign_in::sign_in(db, &app.state.env, &input).await.map(drop).map_err(|error| error.code().to_owned())
}

#[tokio::test]
async fn second_factors_lie_sealed_and_without_the_key_codes_on_paper_let_in() {
    let app = TestApp::start().await;
    let begun = app.admin().post("/me/factor", json!({"present": PASSWORD})).await.ok(200);
    let secret = begun["secret"].as_str().unwrap();
    let done = app.admin().put("/me/factor", json!({"code": shown(&app, secret)})).await.ok(200);
    let paper = done["codes"][0].as_str().unwrap();
    let kept = app.text("SELECT secret FROM second_factor").await;
    assert!(kept.starts_with("sealed:1:") && !kept.contains(secret), "{kept}");
    app.clock.advance_seconds(30);
    let folder = tempfile::tempdir().unwrap();
    let other = node(&app, &of(folder.path())).await.unwrap();
    assert_eq!(enters(&app, &other, &shown(&app, secret)).await, Err("secrets.locked".to_owned()));
    let all = secrets::all(&other).await.unwrap();
    let lost = secrets::named(&other, &seal::unreadable(other.seals(), &all)).await.unwrap();
    assert!(lost.len() == 1 && lost[0].ends_with(": the second factor of admin@acme.test"), "{lost:?}");
    assert_eq!(enters(&app, &other, paper).await, Ok(()));
    assert_eq!(enters(&app, &app.state.db, &shown(&app, secret)).await, Ok(()));
    // As an earlier version has left it.
    app.sql(&format!("UPDATE second_factor SET secret = '{secret}'")).await;
    app.clock.advance_seconds(30);
    assert_eq!(enters(&app, &app.state.db, &shown(&app, secret)).await, Ok(()));
    assert_eq!(renewed(&app).await, Renewed { sealed: 1, closed: 0 });
    assert!(app.text("SELECT secret FROM second_factor").await.starts_with("sealed:1:"));
    app.clock.advance_seconds(30);
    assert_eq!(enters(&app, &app.state.db, &shown(&app, secret)).await, Ok(()));
    other.close().await.unwrap();
    app.finish().await;
}

fn of(folder: &Path) -> SealOptions {
    SealOptions { keys: String::new(), file: folder.join("secrets.key") }
}

/// Another server on the database.
async fn node(app: &TestApp, options: &SealOptions) -> Result<Db> {
    let db = Db::open(&app.state.config.db_options()).await?;
    seal::prepare(&db, &app.state.env, options).await?;
    Ok(db)
}

#[tokio::test]
async fn a_server_without_the_key_says_so_and_loses_nothing() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let id: Uuid = idp.known_to(&app, 0, &json!({})).await.parse().unwrap();
    let (ctx, folder) = (app.system(), tempfile::tempdir().unwrap());
    let (options, key) = (of(folder.path()), std::fs::read_to_string(app.state.config.secrets_file()).unwrap());
    let row = provider::one(&app.state.db, &ctx, id).await.unwrap();
    let opens =
        |db: &Db| provider::opened(db, &row).map(|row| row.client_secret).map_err(|error| error.code().to_owned());
    let secret: Result<Option<String>, String> = Ok(Some(SECRET.to_owned()));
    let locked: Result<Option<String>, String> = Err("secrets.locked".to_owned());

    let other = node(&app, &options).await.unwrap();
    let why = other.seals().locked().unwrap();
    assert!(why.contains("secrets.key") && why.contains("secrets rotate") && !options.file.exists(), "{why}");
    assert_eq!((opens(&other), opens(&app.state.db)), (locked.clone(), secret.clone()));
    let input: SignInProviderInput = serde_json::from_value(idp.settings(&json!({}))).unwrap();
    let refused = provider::create(&other, &ctx, &input, true).await.unwrap_err();
    assert_eq!((refused.code(), app.count("SELECT count(*) FROM sign_in_provider").await), ("secrets.locked", 1));
    assert_eq!(secrets::renew(&other, &app.state.env).await.unwrap(), Renewed { sealed: 0, closed: 1 });

    // Somebody else's key is none, and what is no key is named.
    std::fs::write(&options.file, "ab".repeat(32)).unwrap();
    assert!(node(&app, &options).await.unwrap().seals().locked().is_some());
    std::fs::write(&options.file, "nonsense").unwrap();
    let error = node(&app, &options).await.unwrap_err().to_string();
    assert!(error.contains("secrets.key") && error.contains("64 hexadecimal digits"), "{error}");
    let wrong = SealOptions { keys: "nonsense".to_owned(), ..of(folder.path()) };
    assert!(node(&app, &wrong).await.unwrap_err().to_string().contains("secrets.keys"));

    // Put back, or named in the configuration, it opens.
    std::fs::write(&options.file, &key).unwrap();
    assert_eq!(opens(&node(&app, &options).await.unwrap()), secret);
    let named = SealOptions { keys: key.clone(), file: folder.path().join("none") };
    assert_eq!(opens(&node(&app, &named).await.unwrap()), secret);

    // It is lost: a new one seals what is given anew. With the old one behind it both open.
    std::fs::remove_file(&options.file).unwrap();
    seal::rotate(&other, &app.state.env, &options).await.unwrap();
    let after = node(&app, &options).await.unwrap();
    assert_eq!((after.seals().locked(), opens(&after)), (None, locked));
    assert_eq!(secrets::renew(&after, &app.state.env).await.unwrap(), Renewed { sealed: 0, closed: 1 });
    let new = std::fs::read_to_string(&options.file).unwrap();
    std::fs::write(&options.file, format!("{new}{key}")).unwrap();
    let both = node(&app, &options).await.unwrap();
    assert_eq!(opens(&both), secret);
    assert_eq!(secrets::renew(&both, &app.state.env).await.unwrap(), Renewed { sealed: 1, closed: 0 });

    // Of keys that are configured the first one takes the place of one that is lost.
    let named = SealOptions { keys: "cd".repeat(32), file: folder.path().join("none") };
    assert!(node(&app, &named).await.unwrap().seals().locked().is_some());
    seal::rotate(&other, &app.state.env, &named).await.unwrap();
    assert_eq!(node(&app, &named).await.unwrap().seals().locked(), None);
    assert!(!named.file.exists());
    for db in [other, after, both] {
        db.close().await.unwrap();
    }
    app.finish().await;
}

#[tokio::test]
async fn a_key_that_is_lost_is_replaced_when_somebody_has_seen_what_goes_with_it() {
    let app = office().await;
    let idp = Idp::start(&app).await;
    let id = idp.known_to(&app, 0, &json!({})).await;
    let hook = json!({"url": "https://hooks.example.com/", "events": ["lead.created"]});
    app.admin().post("/webhooks", hook).await.ok(201);
    let (env, ctx, folder) = (&app.state.env, app.system(), tempfile::tempdir().unwrap());
    let lost = of(folder.path());
    let open = async || Db::open(&app.state.config.db_options()).await.unwrap();
    let lies = async || (app.text("SELECT name FROM seal_key").await, app.text(KEPT).await);

    let (before, db) = (lies().await, open().await);
    let refused = secrets::rotate(&db, env, &lost, false).await.unwrap_err().to_string();
    for part in ["(2)", ": sign-in by the provider ", ": the webhook https://hooks.example.com/", "--forget-unreadable"]
    {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert_eq!(lies().await, before);
    assert!(!lost.file.exists() && !refused.contains(SECRET), "{refused}");
    db.close().await.unwrap();

    // With the old one at hand nothing is lost, and nobody is asked.
    let db = open().await;
    let rotated = secrets::rotate(&db, env, &app.state.config.seal_options(), false).await.unwrap();
    assert_eq!((rotated, lies().await.0 == before.0), (Rotated { sealed: 2, forgotten: 0 }, false));
    db.close().await.unwrap();

    let db = open().await;
    let rotated = secrets::rotate(&db, env, &lost, true).await.unwrap();
    assert_eq!(
        (rotated, secrets::renew(&db, env).await.unwrap()),
        (Rotated { sealed: 0, forgotten: 2 }, Renewed::default())
    );
    let all = secrets::all(&db).await.unwrap();
    assert!(seal::unreadable(db.seals(), &all).is_empty() && all.iter().all(|one| seal::is_forgotten(&one.text)));
    let row = provider::one(&db, &ctx, id.parse().unwrap()).await.unwrap();
    let opened = provider::opened(&db, &row).map(|row| row.client_secret);
    assert_eq!(opened.map_err(|error| error.code().to_owned()), Err("secrets.forgotten".to_owned()));
    let shown = app.admin().get("/sign-in-providers").await.ok(200);
    assert_eq!(shown["items"][0]["has_secret"], json!(false), "{shown}");
    assert_eq!(troubles(&app, &id).await, ["sealed"]);
    let input: SignInProviderInput = serde_json::from_value(idp.settings(&json!({}))).unwrap();
    let row = provider::change(&db, &ctx, id.parse().unwrap(), &input, true).await.unwrap();
    assert_eq!(provider::opened(&db, &row).unwrap().client_secret.as_deref(), Some(SECRET));
    db.close().await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_start_that_finds_all_as_it_was_only_reads() {
    let app = TestApp::start().await;
    let empty = tempfile::tempdir().unwrap();
    for options in [app.state.config.seal_options(), of(empty.path())] {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = Arc::clone(&seen);
        let db = Db::open(&app.state.config.db_options()).await.unwrap();
        let db = db.watched(move |statement| told.lock().unwrap().push(statement.sql.clone()));
        seal::prepare(&db, &app.state.env, &options).await.unwrap();
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert!(seen.len() == 1 && seen[0].starts_with("SELECT"), "{seen:?}");
        db.close().await.unwrap();
    }
    app.finish().await;
}

#[tokio::test]
async fn who_else_is_connected_is_known_where_the_database_tells_it() {
    let app = TestApp::start().await;
    let others = connected(&app.state.config.db_options()).await.unwrap();
    assert_eq!(others.is_empty(), !on_postgres(), "{others:?}");
    app.finish().await;
}

// Each node has threads of its own: who waits for the lock of the file holds its thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_servers_that_begin_together_one_makes_the_key() {
    let app = TestApp::start().await;
    let all = async |folders: Vec<std::path::PathBuf>| {
        app.sql("DELETE FROM seal_key").await;
        let begun = folders.into_iter().map(|folder| {
            let (url, env) = (app.state.config.db_options(), app.state.env.clone());
            tokio::spawn(async move {
                let db = Db::open(&url).await.unwrap();
                seal::prepare(&db, &env, &of(&folder)).await.unwrap();
                db
            })
        });
        let mut open = 0;
        for node in begun.collect::<Vec<_>>() {
            let db = node.await.unwrap();
            open += usize::from(db.seals().locked().is_none());
            db.close().await.unwrap();
        }
        (open, app.count("SELECT count(*) FROM seal_key").await)
    };
    let own = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let folders = own.iter().map(|folder| folder.path().to_owned()).collect();
    assert_eq!(all(folders).await, (1, 1));
    assert_eq!(own.iter().filter(|folder| folder.path().join("secrets.key").exists()).count(), 1);
    let shared = tempfile::tempdir().unwrap();
    assert_eq!(all(vec![shared.path().to_owned(); 3]).await, (3, 1));
    app.finish().await;
}
