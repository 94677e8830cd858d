//! The scripts of first-party plugins and examples, as `verstak plugin test` runs them.

use plugin_host::dev::{project, test};

use crate::support::{database, guest, package, root};

async fn check(plugin: &str) {
    let folder = root().join(plugin);
    let package = package(&folder);
    let mut scripts: Vec<_> =
        std::fs::read_dir(folder.join("tests")).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    for script in scripts {
        let (db, _folder) = database().await;
        let report = test::run(db, &package, &script).await.unwrap();
        assert!(report.passed(), "{}", report.print());
        println!("{}", report.print());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lead_desk() {
    check("plugins/lead-desk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_action() {
    check("examples/process-action").await;
}

/// What `plugin new` makes builds, passes its own tests and packs, away from this repository.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_plugin_works_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = project::new(folder.path(), "acme", "first").unwrap();
    assert!(project::new(folder.path(), "acme", "first").is_err(), "nothing is overwritten");
    assert!(project::new(folder.path(), "Acme Inc", "second").is_err());
    let bytes = package(&plugin);
    assert_eq!(project::check(&bytes).await.unwrap(), ("acme.first".to_owned(), "0.1.0".to_owned()));
    let (db, _folder) = database().await;
    let report = test::run(db, &bytes, &plugin.join("tests/amount.toml")).await.unwrap();
    assert!(report.passed() && report.steps.len() == 2, "{}", report.print());
}

/// A component of the interfaces 1.0, as it was built then.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_with_older_interfaces_works() {
    let component = root().join("core/plugin_host/tests/guests/released/plain-1.0.wasm");
    let package = project::package(&guest("plain"), &component, None).unwrap();
    let (db, _folder) = database().await;
    let bench = plugin_host::bench::HookBench::new(db, &[package]).await.unwrap();
    bench.run(3).await.unwrap();
}
