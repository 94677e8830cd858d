//! Packages that lie beside the program: installed at start like any upload, switched on by nobody.

use serde_json::{Value, json};
use verstak::packages::{Found, install_found};

use super::{LEAVE, enable, install, leave};
use crate::app::TestApp;

/// Lays a file into the folder of packages.
fn lay(app: &TestApp, name: &str, bytes: &[u8]) {
    let folder = app.state.config.data.dir.join("packages");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
}

/// What comes of looking: names of files, and whether each was new, or why not.
async fn look(app: &TestApp) -> Vec<(String, Result<bool, String>)> {
    let found = install_found(&app.state).await.unwrap();
    let name = |one: &Found| one.file.file_name().unwrap().to_string_lossy().into_owned();
    found.into_iter().map(|one| (name(&one), one.outcome.map(|package| package.new))).collect()
}

#[tokio::test]
async fn what_is_laid_beside_is_installed_and_an_administrator_switches_it_on() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    assert!(look(&app).await.is_empty());
    lay(&app, "leave.vpkg", &leave("1.0.0", |manifest| manifest, &[]));
    lay(&app, "notes.txt", b"not a package");
    assert_eq!(look(&app).await, [("leave.vpkg".to_owned(), Ok(true))]);
    assert_eq!(look(&app).await, [("leave.vpkg".to_owned(), Ok(false))], "it is there");
    for admin in [app.admin(), app.by_of(other, "admin")] {
        let listed = admin.get("/plugins").await.ok(200);
        let row = listed["items"].as_array().unwrap().iter().find(|row| row["id"] == LEAVE).unwrap().clone();
        assert_eq!((&row["enabled"], &row["version"]), (&json!(false), &json!("1.0.0")));
    }
    let audit = app.admin().get("/audit?area=plugin").await.ok(200);
    let installed = |act: &&Value| act["action"] == "plugin.installed";
    assert_eq!(audit["items"].as_array().unwrap().iter().filter(installed).count(), 1, "{audit}");
    enable(&app).await.ok(200);
    // A newer one beside it waits for an administrator.
    lay(&app, "newer.vpkg", &leave("1.1.0", |manifest| manifest, &[]));
    assert_eq!(look(&app).await.last().unwrap(), &("newer.vpkg".to_owned(), Ok(true)));
    let detail = app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200);
    assert_eq!((&detail["version"], &detail["update"]["version"]), (&json!("1.0.0"), &json!("1.1.0")));
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_and_keeps_nothing_else_from_being_installed() {
    let app = TestApp::start().await;
    install(&app, leave("1.0.0", |manifest| manifest, &[])).await.ok(201);
    lay(&app, "a-broken.vpkg", b"PK");
    lay(&app, "b-other.vpkg", &leave("1.0.0", |manifest| manifest + "\n", &["field.lead.leave_x"]));
    lay(&app, "c-good.vpkg", &leave("1.1.0", |manifest| manifest, &[]));
    lay(&app, "d-large.vpkg", &vec![0; plugin_host::package::MAX_PACKAGE + 1]);
    let found = look(&app).await;
    let problem = |index: usize| found[index].1.as_ref().unwrap_err().as_str();
    assert!(problem(0).contains("not a plugin package") || problem(0).contains(' '), "{}", problem(0));
    assert!(problem(1).contains("1.0.0"), "{}", problem(1));
    assert_eq!(found[2].1, Ok(true));
    assert!(problem(3).contains(' '), "{}", problem(3));
    let versions = app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200);
    assert_eq!(versions["version"], "1.1.0");
    app.finish().await;
}

#[tokio::test]
async fn two_nodes_that_start_at_once_install_it_once() {
    let app = TestApp::start().await;
    lay(&app, "leave.vpkg", &leave("1.0.0", |manifest| manifest, &[]));
    let (one, other) = futures::join!(look(&app), look(&app));
    assert!(one[0].1.is_ok() && other[0].1.is_ok(), "{one:?} {other:?}");
    let listed = app.admin().get("/plugins").await.ok(200);
    assert_eq!(listed["items"].as_array().unwrap().iter().filter(|row| row["id"] == LEAVE).count(), 1);
    app.finish().await;
}
